"""The charts of a sub-topic, from the tables of an assessment; each stands once on a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from threatlib import wording
from threatlib.assessment import Assessment
from threatlib.assessment.sentences import headline
from threatlib.briefing.components import figure_html
from threatlib.briefing.fragments import slug
from threatlib.briefing.pages.words import ARROWS, flags
from threatlib.periods import parse
from threatlib.signals import expected_range

if TYPE_CHECKING:
    from threatlib.figures import Caption

LINES_A_SUBTOPIC = 3
POINTS_FOR_A_LINE = 5
_RECORDS = "files as registered"

Row = Mapping[Any, Any]


def charts(assessment: Assessment, main: pd.DataFrame, record: Row, drawn: set[str]) -> Iterator[Markup]:
    """Lines where there is a history, parts of a whole, and one chart of all changes where there is no history.

    `drawn` holds the signals that the page has a line of already, and is added to: a line stands once on a page.
    """
    main = main[~main["signal_id"].isin(drawn)]
    yield from _lines(assessment, main, drawn)
    yield from _parts(assessment, main, drawn)
    rest = main[(main["measure"] == "ratio") & main["change"].notna() & ~main["signal_id"].isin(drawn)]
    rest = rest[rest["change_lower"].notna() & rest["change_upper"].map(lambda v: v < 1e6)]
    if len(rest) >= 2:
        yield _changes(assessment, rest, record)


def caption(assessment: Assessment, id: str, said: str, subtitle: str, source: str) -> Caption:
    """What stands around a chart of this assessment; a chart of simulated figures is marked as one.

    The drawing itself is imported where it is used: it takes seconds, and most commands draw nothing.
    """
    from threatlib.figures import Caption

    marking = "" if assessment.data_kind == "real" else "SIMULATED DATA"
    return Caption(id=slug(id), headline=said, subtitle=subtitle, source=source, marking=marking)


def declared(assessment: Assessment, row: Row) -> dict[str, Any]:
    """Gaps and breaks declared for a series, as a chart of time wants them."""
    noted = assessment.tables["annotations"]
    here = [entry for entry in noted.to_dict("records") if _about(entry, row) and isinstance(entry["start"], str)]
    gaps = [(parse(e["start"]).start, parse(e["end"]).end, e["title"]) for e in here
            if e["kind"] == "gap" and isinstance(e["end"], str)]  # fmt: skip
    breaks = [(parse(e["start"]).start, e["title"]) for e in here if e["kind"] in ("break", "definition")]
    return {"gaps": gaps, "breaks": breaks}


def past(assessment: Assessment, row: Row) -> pd.DataFrame:
    """A signal's series as a chart of time wants it."""
    frame = assessment.history(row).rename(columns={"end": "period_end", "obs": "rows"})
    return frame[["period", "period_end", "value", "lower", "upper", "status", "marks", "rows"]].reset_index(drop=True)


def _lines(assessment: Assessment, main: pd.DataFrame, drawn: set[str]) -> Iterator[Markup]:
    order = {"worse": 0, "better": 1, "neither": 2}
    told = flags(assessment)
    found = pd.Series([bool(told.get(key)) for key in zip(main["indicator"], main["area"], strict=True)], main.index)
    moved = (main["arrow"].isin(["up", "down"]) | found.astype(bool)).map({True: 0, False: 1})
    ranked = main.assign(moved=moved, order=main["judgement"].map(order).fillna(3))
    made = 0
    for row in ranked.sort_values(["moved", "order"], kind="stable").to_dict("records"):
        frame = past(assessment, row)
        if made < LINES_A_SUBTOPIC and frame["value"].notna().sum() >= POINTS_FOR_A_LINE:
            drawn.add(row["signal_id"])
            made += 1
            yield _line(assessment, row, frame, told.get((row["indicator"], row["area"]), ""))


def _line(assessment: Assessment, row: Row, frame: pd.DataFrame, flag: str) -> Markup:
    from threatlib import figures

    found = expected_range(assessment.history(row), assessment.tables["annotations"])
    ranged = found.set_index("period")[["expected_lower", "expected_upper", "direction", "flag"]]
    frame = frame.join(ranged, on="period")
    side = np.where(frame["direction"].gt(0), "higher than expected", "lower than expected")  # its form: in the finding
    frame["flag"] = np.where(frame["flag"].eq(True), side, "")
    around = caption(
        assessment,
        f"line-{row['signal_id']}",
        f"{row['name']} ({row['area']}): {flag}" if flag and not row["event"] else headline(row),
        f"{row['name']}, {wording.UNIT_WORDS.get(row['unit'], row['unit'])}, {row['area']}",
        f"{row['agency']}; {_RECORDS}",
    )
    return figure_html(figures.time_series(frame, around, unit=row["unit"], **declared(assessment, row)))


def _parts(assessment: Assessment, main: pd.DataFrame, drawn: set[str]) -> Iterator[Markup]:
    """Totals whose declared parts are all here, part by part: how long people have waited, for instance."""
    catalogue = assessment.tables["catalogue"]
    for whole in catalogue[catalogue["parts"].map(len).between(2, 5)].to_dict("records"):
        rows = main[main["indicator"] == whole["id"]].to_dict("records")
        for row in rows:
            frame = _by_part(assessment, whole, row)
            if frame["row"].nunique() and f"parts-{row['signal_id']}" not in drawn:
                drawn.add(f"parts-{row['signal_id']}")
                yield _bands(assessment, row, frame)


def _by_part(assessment: Assessment, whole: Row, row: Row) -> pd.DataFrame:
    """Each part at the latest period and at the one before, where all of them are there; none without the latest."""
    table = assessment.observations
    names = assessment.tables["catalogue"].set_index("id")["name"]
    here = table[table["indicator"].isin(whole["parts"]) & (table["area"] == row["area"]) & table["used"]]
    found = []
    for period in (row["previous_period"], row["period"]):
        then = here[(here["period"] == period) & (here["breakdown"] == "")].set_index("indicator")
        then = then[~then.index.duplicated()].reindex(list(whole["parts"]))
        if then["status"].isna().any() or then["value"].isna().sum() > 1:
            continue
        found.append(
            pd.DataFrame(
                {"row": wording.period_short(str(period)), "band": [names[part] for part in whole["parts"]],
                 "value": then["value"].to_numpy(dtype=float), "lower": then["lower"].to_numpy(dtype=float),
                 "upper": then["upper"].to_numpy(dtype=float), "status": then["status"].to_numpy(),
                 "rows": then["obs"].to_numpy()}
            )
        )  # fmt: skip
    columns = ["row", "band", "value", "lower", "upper", "status", "rows"]
    latest = bool(found) and found[-1]["row"].iloc[0] == wording.period_short(str(row["period"]))
    return pd.concat(found, ignore_index=True) if latest else pd.DataFrame(columns=columns)


def _bands(assessment: Assessment, row: Row, frame: pd.DataFrame) -> Markup:
    from threatlib import figures

    around = caption(
        assessment,
        f"parts-{row['signal_id']}",
        f"{headline(row)}; its parts side by side",
        f"{row['name']}, {wording.UNIT_WORDS.get(row['unit'], row['unit'])}, {row['area']}, by part",
        f"{row['agency']}; {_RECORDS}",
    )
    return figure_html(figures.bands(frame, around, unit=row["unit"]))


def _changes(assessment: Assessment, rows: pd.DataFrame, record: Row) -> Markup:
    from threatlib import figures

    frame = pd.DataFrame(
        {
            "label": rows["name"] + ", " + rows["area"] + rows["marks"].map(lambda marks: _disputed(assessment, marks)),
            "change": 100 * (rows["change"] - 1),
            "lower": 100 * (rows["change_lower"] - 1),
            "upper": 100 * (rows["change_upper"] - 1),
            "direction": rows["arrow"].map(ARROWS),
            "judgement": rows["judgement"].where(rows["judgement"].isin(["better", "worse"]), ""),
            "rows": rows["rows"] + " " + rows["previous_rows"],
        }
    )
    moved = rows["arrow"].isin(["up", "down"]).any()
    said = "what moved beyond chance, and what did not" if moved else "no single change is beyond what chance explains"
    around = caption(
        assessment,
        f"changes-{record['id']}",
        f"{record['name']}: {said}",
        "Change from the earlier to the latest period, per cent, with its interval",
        "Comparisons of the table above",
    )
    return figure_html(figures.changes(frame, around))


def absences(assessment: Assessment, indicators: list[str], record: Row) -> Iterator[Markup]:
    """What was recorded against what was to be expected, where anything could be expected."""
    from threatlib import figures

    table = assessment.tables.get("absence")
    if table is None or table.empty:
        return
    rows = _by_own_past(table[table["indicator"].isin(indicators) & (table["breakdown"] == "")])
    rows = rows[rows["expected_lower"].notna()]
    if not rows["kind"].str.startswith("low").any():
        return
    largest = rows[["expected_upper", "upper"]].to_numpy(dtype=float).max()
    rows = rows[rows["expected_upper"] * 60 > largest]
    frame = rows[["value", "lower", "upper", "status", "expected", "expected_lower", "expected_upper", "rows"]].assign(
        label=rows["name"] + ", " + rows["area"], verdict=rows["kind"].str.replace("_", " ")
    )
    low = list(dict.fromkeys(rows.loc[rows["kind"].str.startswith("low"), "name"]))
    around = caption(
        assessment,
        f"absence-{record['id']}",
        f"Fewer recorded than was to be expected: {'; '.join(low)}",
        "Number recorded in the latest year, beside the range to be expected",
        "Returns and reference figures, as registered",
    )
    yield figure_html(figures.absence(frame, around))


def _by_own_past(rows: pd.DataFrame) -> pd.DataFrame:
    """What is not low beside its own earlier years, where there are any: it is there to show that it stayed so."""
    usual = (rows["kind"] == "not_low") & rows["before_expected"].notna()
    ends = {"expected": "before_expected", "expected_lower": "before_lower", "expected_upper": "before_upper"}
    return rows.assign(**{name: rows[name].where(~usual, rows[own]) for name, own in ends.items()})


def _disputed(assessment: Assessment, marks: str) -> str:
    noted = assessment.tables["annotations"]
    conflicts = set(noted.loc[noted["kind"] == "conflict", "id"])
    return " (disputed)" if conflicts & set(marks.split()) else ""


def _about(entry: Row, row: Row) -> bool:
    return (not entry["indicators"] or row["indicator"] in entry["indicators"]) and (
        not entry["areas"] or row["area"] in entry["areas"]
    )
