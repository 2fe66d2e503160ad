"""The tables of a briefing for those who work with them: CSV files and one accessible workbook.

The workbook follows the Analysis Function's guidance on spreadsheets through gptables: a cover, a list of contents,
one table a sheet, shorthand in square brackets and no blank cell. Text never becomes a formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from threatlib.assessment import Assessment
from threatlib.briefing.fragments import SHORTHAND
from threatlib.observations import HAS_VALUE, STATUSES

FIXED_DATE = datetime(2000, 1, 1)
"""Creation date written into every workbook: the clock stays in the manifest."""

PUBLISHED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "findings": ("Findings, most severe first", ()),
    "signals": ("Every comparison made", ()),
    "comparisons": ("Comparisons counted, and what chance alone would give", ()),
    "observations": (
        "Released figures",
        (
            *("indicator", "agency", "area", "breakdown", "period", "value", "lower", "upper", "status", "numerator"),
            *("denominator", "unit", "basis", "role", "marks", "obs", "file", "sheet", "row", "locator", "received_on"),
        ),
    ),
    "evidence": ("What each finding rests on", ()),
    "absence": ("Low figures: safe, unseen or lost", ()),
    "coupling": ("What is read together", ()),
    "disproportionality": ("Groups beside everybody else", ()),
    "outlooks": ("Where the year is heading", ()),
    "forecasts": ("What is said of the next quarter and the year", ()),
    "scored": ("What was said before, and what came", ()),
    "scores": ("How good what was said has been", ()),
    "judgements": ("What the draft said, and what its figures say", ()),
    "requirements": ("Intelligence requirements", ()),
    "proposed": ("Requirements proposed by the findings", ()),
    "commentary": ("The analyst's commentary: written, not computed", ()),
    "tree": ("Threats, sub-topics and items", ()),
    "conflicts": ("Where sources disagree: the figures side by side", ()),
    "checks": ("Where sources disagree: the arithmetic done again", ()),
    "claims": ("What reports claim, worked out again", ()),
    "revisions": ("Figures that were different before", ()),
    "annotations": ("Declared gaps, breaks and other oddities", ()),
    "catalogue": ("What is measured, and how", ()),
}
"""Tables that leave the house, in order: title, and the columns shown (all of them if none are named)."""

_SHORTHAND_NOTE = "; ".join(f"{short} {words}" for short, words in SHORTHAND.items())
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write(folder: Path, assessment: Assessment) -> None:
    """Write ``tables/<name>.csv`` for each table and ``tables.xlsx`` with all of them."""
    (folder / "tables").mkdir()
    frames = _frames(assessment)
    for name, frame in frames.items():
        (folder / "tables" / f"{name}.csv").write_text(_text(frame), encoding="utf-8", newline="")
    _workbook(folder / "tables.xlsx", frames, assessment)


def texts(assessment: Assessment) -> dict[str, str]:
    """Each table as the text of its CSV file."""
    return {name: _text(frame) for name, frame in _frames(assessment).items()}


def _text(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def _frames(assessment: Assessment) -> dict[str, pd.DataFrame]:
    return {name: _frame(assessment, name, columns) for name, (_, columns) in PUBLISHED.items()}


def _frame(assessment: Assessment, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """A table as text and numbers: days without a time, lists as words, and nothing a spreadsheet would execute."""
    frame = assessment.tables[name]
    frame = (frame[list(columns)] if columns else frame).reset_index(drop=True)
    out = pd.DataFrame(index=frame.index)
    for column in frame.columns:
        values = frame[column]
        if pd.api.types.is_datetime64_any_dtype(values):
            out[column] = values.dt.strftime("%Y-%m-%d")
        elif pd.api.types.is_float_dtype(values):
            out[column] = values.where(np.isfinite(values)).round(6)
        elif pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
            out[column] = values
        else:
            out[column] = pd.Series([_safe(value) for value in values], values.index, dtype=object)
    return out


def _safe(value: object) -> object:
    if value is None or value is pd.NaT:
        return ""
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (list, tuple)):
        value = "; ".join(str(part) for part in value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _workbook(path: Path, frames: Mapping[str, pd.DataFrame], assessment: Assessment) -> None:
    import gptables

    simulated = assessment.data_kind != "real"
    marking = ["Simulated data: a fictional partnership."] if simulated else []
    scope = f"{assessment.partnership}, {assessment.quarter}"
    sheets = {
        name: gptables.GPTable(
            table=_filled(frame),
            table_name=name,
            title=PUBLISHED[name][0],
            subtitles=[*marking, f"{assessment.protection.marking} $$shorthand$$"],
            instructions="This sheet holds one table. Shorthand in square brackets is explained on the cover.",
            scope=scope,
            source="Partnership returns and published figures, as registered",
            index_columns={1: 0},
        )
        for name, frame in frames.items()
        if len(frame)
    }
    cover = gptables.Cover(
        title=f"{assessment.partnership}: tables for {assessment.quarter}",
        intro=[*marking, f"Audience: {assessment.protection.title}.", assessment.protection.marking],
        about=[*_left_out(frames), *(f"{short} means {words}." for short, words in SHORTHAND.items())],
    )
    book = gptables.produce_workbook(
        str(path),
        sheets,
        cover=cover,
        notes_table=pd.DataFrame({"Note reference": ["shorthand"], "Note text": [_SHORTHAND_NOTE]}),
        auto_width=True,
        workbook_options={"strings_to_formulas": False, "strings_to_urls": False},
    )
    book.set_properties(
        {
            "title": f"{assessment.partnership} {assessment.quarter}",
            "subject": "Simulated data" if simulated else "Threat assessment tables",
            "author": assessment.partnership,
            "created": FIXED_DATE,
        }
    )
    try:
        book.close()
    except Exception as fault:
        if fault.args and isinstance(fault.args[0], OSError):  # what the system said: a full disk is the user's to mend
            raise fault.args[0] from fault
        raise


def _left_out(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Which tables have no sheet because they have no row."""
    empty = [PUBLISHED[name][0] for name, frame in frames.items() if frame.empty]
    return [f"Without a sheet, for they have no rows this quarter: {'; '.join(empty)}."] if empty else []


def _filled(frame: pd.DataFrame) -> pd.DataFrame:
    """No blank cells: the shorthand of the figure's status, else ``[z]``; and no words taken for a link."""
    out = frame.astype(object).map(_no_link)
    for column in out.columns:
        empty = frame[column].isna() | (frame[column].astype(str) == "")
        if column == "value" and "status" in frame:
            short = frame["status"].map(lambda s: "[z]" if s in HAS_VALUE else STATUSES.get(s) or "[z]")
            out[column] = out[column].where(~empty, short)
        else:
            out[column] = out[column].where(~empty, "[z]")
    return out


def _no_link(value: object) -> object:
    """Text as it is: ``[here](there)`` of somebody's Markdown would be written as a link, or stop the run."""
    return value.replace("](", "] (") if isinstance(value, str) else value
