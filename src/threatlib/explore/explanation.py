"""From a sentence to the evidence behind it, to the rows, to the file and the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from threatlib.errors import UsageError
from threatlib.explore.show import paragraph, table_html, together
from threatlib.observations import STATUSES
from threatlib.returns.grids import Unreadable, sheets

ROW_COLUMNS = ("indicator", "area", "period", "value", "status", "file", "sheet", "row", "received_on", "line", "obs")
"""Columns of `Explanation.rows`: the figure, where it was read, and that line as it stands in the file."""


@dataclass(frozen=True)
class Explanation:
    """Why a finding says what it says.

    `finding` is its row; `evidence` the signals it rests on (columns of `threatlib.signals.COLUMNS`); `rows` the
    figures those were made from, each with its file, row and the line itself (`ROW_COLUMNS`); `steps` the walk in
    sentences.
    """

    finding: Mapping[str, Any]
    evidence: pd.DataFrame
    rows: pd.DataFrame
    steps: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return str(self.finding["sentence"])

    def __str__(self) -> str:
        lines = [self.sentence, *(f"  {number}. {step}" for number, step in enumerate(self.steps, 1))]
        for row in self.rows.to_dict("records"):
            lines.append(f"  - {row['period']}, {_place(row)}: {row['line']}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = [
            (row["period"], _figure(row), row["status"], _place(row), row["line"])
            for row in self.rows.to_dict("records")
        ]
        steps = table_html(["step", ""], list(enumerate(self.steps, 1)), caption="How it was reached")
        head = ["period", "value", "status", "where", "the line"]
        figures = table_html(head, shown, caption="The figures it rests on") if shown else ""
        return together(paragraph(self.sentence, strong=True), steps, figures)


def chosen(finding: object, findings: pd.DataFrame) -> Mapping[str, Any]:
    """The finding that is meant, by its row, its id, or a table of it alone.

    Raises
    ------
    UsageError
        If it is none of these, or there is no such finding; it names those there are.
    """
    there = ", ".join(findings["finding_id"])
    if isinstance(finding, str):
        known = findings[findings["finding_id"] == finding]
        if known.empty:
            raise UsageError(f"no finding '{finding}'; there are {there or 'none'}.")
        finding = known
    if isinstance(finding, pd.DataFrame) and len(finding) == 1:
        finding = finding.iloc[0]
    if isinstance(finding, pd.Series):
        finding = finding.to_dict()
    if not isinstance(finding, Mapping) or "finding_id" not in finding:
        raise UsageError(
            f"explain: wanted a row of findings, such as assessment.findings.iloc[0], or one of the ids {there}."
        )
    return finding


def explain(
    folder: Path, table: pd.DataFrame, finding: Mapping[str, Any], signals: pd.DataFrame, released: pd.DataFrame
) -> Explanation:
    """Walk back from a finding.

    Parameters
    ----------
    folder : Path
        The partnership's.
    table : DataFrame
        `Dataset.table`.
    finding : Mapping
        A row of `Assessment.findings`.
    signals : DataFrame
        `Assessment.signals` of the same assessment.
    released : DataFrame
        `Assessment.observations`: a figure withheld there is shown as withheld, without the line it was read from.
    """
    same = [signals[name] == finding[name] for name in ("indicator", "agency", "area", "breakdown")]
    series = signals[pd.concat(same, axis=1).all(axis=1)] if len(signals) else signals
    wanted = str(finding["rows"]).split()
    withheld = released[released["obs"].isin(wanted) & (released["row"] == 0)].assign(value=float("nan"))
    rows = pd.concat([table[table["obs"].isin(wanted)], withheld]).drop_duplicates("obs").set_index("obs", drop=False)
    rows = rows.reindex([obs for obs in dict.fromkeys(wanted) if obs in rows.index]).reset_index(drop=True)
    read = cache(lambda file: _lines(folder / file, file))
    lines = [_line(read(row["file"]), row["sheet"], row["row"]) for row in rows.to_dict("records")]
    rows = rows.assign(line=lines)[list(ROW_COLUMNS)]
    return Explanation(dict(finding), series.reset_index(drop=True), rows, _steps(finding, series, rows))


def _steps(finding: Mapping[str, Any], series: pd.DataFrame, rows: pd.DataFrame) -> tuple[str, ...]:
    """The walk: what was asked, what was found, how sure, what else it could be."""
    own = series[series["signal_id"] == finding["signal_id"]]
    many = f"compares {len(rows)} figure{'s' * (len(rows) != 1)}" if len(rows) else "has no figure to compare"
    said = [f"It {many} by the check '{finding['check']}'."]
    others = series[(series["signal_id"] != finding["signal_id"]) & (series["arrow"] != "cannot_say")]
    for row in own.to_dict("records"):
        why = f" ({row['why']})" if row["why"] else ""
        said.append(f"The check's verdict on {row['period']} is '{row['arrow']}'{why}.")
    if len(others):
        agree = int((others["arrow"] == finding["direction"]).sum())
        many, verb = f"{len(others)} other check{'s' * (len(others) != 1)}", "says" if agree == 1 else "say"
        said.append(f"Of {many} of the same series, {agree} {verb} the same.")
    reasons = f": {finding['confidence_reasons']}" if finding["confidence_reasons"] else ""
    said.append(f"Severity {finding['severity']}; confidence {finding['confidence']}{reasons}.")
    if finding["probability_term"]:
        said.append(f"In the words of the probability yardstick: {finding['probability_term']}.")
    alternatives = [text for text in str(finding["alternatives"]).split(" | ") if text]
    said += [f"It could also be: {text}" for text in alternatives]
    return tuple(said)


def _lines(path: Path, file: str) -> dict[str, list[list[str]]]:
    """The sheets of a file as they stand in it; nothing if it is there no more."""
    try:
        return {sheet.name: sheet.grid for sheet in sheets(path, file)}
    except (OSError, Unreadable):
        return {}


def _line(found: Mapping[str, list[list[str]]], sheet: str, row: int) -> str:
    if row == 0:
        return "[c] (withheld from this audience)"
    grid = found.get(sheet, [])
    return " | ".join(cell for cell in grid[row - 1] if cell) if 0 < row <= len(grid) else "(the file is not there)"


def _figure(row: Mapping[Any, Any]) -> str:
    """The figure as it is said, or the shorthand of why there is none."""
    return STATUSES.get(row["status"], "") if pd.isna(row["value"]) else f"{row['value']:,.10g}"


def _place(row: Mapping[Any, Any]) -> str:
    sheet, line = (f", {name} {row[name]}" if row[name] else "" for name in ("sheet", "row"))
    return f"{row['file']}{sheet}{line}"
