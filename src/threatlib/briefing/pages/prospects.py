"""The charts that set a sub-topic's figures beside something else: other areas, its staff, the year to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from threatlib import wording
from threatlib.assessment import Assessment
from threatlib.assessment.peers import limits, peers
from threatlib.briefing.components import figure_html
from threatlib.briefing.pages.drawings import caption, declared, past
from threatlib.periods import parse, shift
from threatlib.signals import usual_limits

PEERS_A_SUBTOPIC = 2
FANS_A_SUBTOPIC = 2
YEARS_BEFORE_A_FAN = 2
_MOST_PEERS = 14
_NOUNS = ("remote chance", "realistic possibility")

Row = Mapping[Any, Any]


def compared(assessment: Assessment, main: pd.DataFrame, drawn: set[str]) -> Iterator[Markup]:
    """Our areas beside others: dots with intervals, or a funnel where there are enough of them."""
    made = 0
    for row in main[main["comparator"] != ""].drop_duplicates("indicator").to_dict("records"):
        id = f"areas-{row['indicator']}"
        areas = peers(assessment.observations, row, assessment.unlike)
        if made == PEERS_A_SUBTOPIC or id in drawn or (areas["role"] != "local").sum() < 2:
            continue
        drawn.add(id)
        made += 1
        yield _beside(assessment, row, areas, id)


def _beside(assessment: Assessment, row: Row, areas: pd.DataFrame, id: str) -> Markup:
    from threatlib import figures

    areas = areas.assign(area=areas["area"].str.replace("_", " "))
    unit = str(areas["unit"].iloc[0])
    words = wording.UNIT_WORDS.get(unit, unit)
    judged, curve = limits(areas)
    around = caption(
        assessment, id, f"{row['name']}: {_standing(areas if curve.empty else judged)}",
        f"{row['name']}, {words}, {wording.period_words(row['period'])}, by area", "Returns and reference figures",
    )  # fmt: skip
    if len(curve):
        return figure_html(figures.funnel(judged, curve, around, unit=unit))
    return figure_html(figures.comparison(areas.head(_MOST_PEERS), around, unit=unit))


def _standing(areas: pd.DataFrame) -> str:
    """Where our areas lie among the others, in words that hold whatever the withheld figures are."""
    others = areas.loc[areas["role"] != "local"]
    own = areas[(areas["role"] == "local") & areas["value"].notna()]
    if own.empty or not others["value"].notna().any() or own[["lower", "upper"]].isna().any(axis=None):
        return "beside other areas"  # without its interval nobody can tell a difference from chance
    said = []
    for row in own.to_dict("records"):
        above, below = bool((others["value"] < row["lower"]).all()), bool((others["value"] > row["upper"]).all())
        said.append(f"{row['area']} {'above' if above else 'below' if below else 'among'} the other areas")
    return wording.listed(said)


def pressures(assessment: Assessment, indicators: list[str], drawn: set[str]) -> Iterator[Markup]:
    """Work and the staff who meet it, one above the other, for the pairs that the catalogue declares."""
    table = assessment.tables.get("coupling")
    if table is None or table.empty:
        return
    rows = table[(table["kind"] == "workload") & table["indicator"].isin(indicators)]
    for row in rows.to_dict("records"):
        work, staff = (_series(assessment, row[name], row["area"]) for name in ("indicator", "other"))
        id = f"pressure-{row['indicator']}-{row['other']}-{row['area']}"
        if work is None or staff is None or id in drawn:
            continue
        frames = [past(assessment, part) for part in (work, staff)]
        if min(frame["value"].notna().sum() for frame in frames) < 3:
            continue
        drawn.add(id)
        yield _pressure(assessment, row, (work, staff), frames, id)


def _pressure(assessment: Assessment, row: Row, pair: tuple[Row, Row], frames: list[pd.DataFrame], id: str) -> Markup:
    from threatlib import figures

    verdict = {"more": "more work for each than a year before", "less": "less work for each than a year before"}
    said = verdict.get(str(row["verdict"]), "no clear change in the work for each")
    names = [str(part["name"]) for part in pair]
    noted = [declared(assessment, part) for part in pair]
    around = caption(
        assessment, id, f"{row['link']} ({row['area']}): {said}",
        f"{names[0]}, and {names[1][:1].lower()}{names[1][1:]}, {row['area']}", "Returns, as registered",
    )  # fmt: skip
    framed = [_limited(assessment, part, frame, known) for part, frame, known in zip(pair, frames, noted, strict=True)]
    drawing = figures.pressure(
        pd.concat([frame.assign(series=name) for frame, name in zip(framed, names, strict=True)]),
        around,
        units={name: str(part["unit"]) for name, part in zip(names, pair, strict=True)},
        gaps=list(dict.fromkeys(gap for part in noted for gap in part["gaps"])),
        breaks=list(dict.fromkeys(day for part in noted for day in part["breaks"])),
    )
    return figure_html(drawing)


def _limited(assessment: Assessment, row: Row, frame: pd.DataFrame, noted: dict[str, Any]) -> pd.DataFrame:
    """A measure with the limits of its usual variation since its recording last began anew."""
    starts = [pd.Timestamp(end) for _, end, _ in noted["gaps"]] + [pd.Timestamp(day) for day, _ in noted["breaks"]]
    return frame.join(usual_limits(assessment.history(row).reset_index(drop=True), starts))


def _series(assessment: Assessment, indicator: str, area: str) -> Row | None:
    """The main signal of an indicator in an area, which knows its series."""
    signals = assessment.signals
    rows = signals[signals["main"].astype(bool) & (signals["indicator"] == indicator) & (signals["breakdown"] == "")]
    found = rows[rows["area"] == area].to_dict("records")
    return found[0] if found else None


def fans(assessment: Assessment, indicators: list[str], drawn: set[str]) -> Iterator[Markup]:
    """Where the year is heading, after the years that are whole."""
    table = assessment.tables.get("outlooks")
    if table is None or table.empty:
        return
    rows = table[table["indicator"].isin(indicators) & table["estimate"].notna() & (table["breakdown"] == "")]
    surest = (rows["probability_above"] - 0.5).abs().fillna(0)
    made = 0
    for row in rows.assign(surest=surest).sort_values("surest", ascending=False, kind="stable").to_dict("records"):
        id = f"fan-{row['indicator']}-{row['area']}"
        years = _years(assessment, row)
        if made == FANS_A_SUBTOPIC or id in drawn or years["value"].notna().sum() < YEARS_BEFORE_A_FAN:
            continue
        drawn.add(id)
        made += 1
        yield _fan(assessment, row, years, id)


def _years(assessment: Assessment, row: Row) -> pd.DataFrame:
    """Totals of the earlier financial years, from the first of which every period is known; NaN where one is not."""
    history = assessment.history(row)
    year = parse(str(row["year"]))
    found: list[dict[str, Any]] = []
    for back in range(8, 0, -1):
        then = shift(year, -back)
        part = history[(history["end"] > pd.Timestamp(then.start)) & (history["end"] <= pd.Timestamp(then.end))]
        whole = len(part) == row["of"] and part["value"].notna().all()
        if whole or found:
            found.append({"period": str(then), "period_end": pd.Timestamp(then.end), "rows": " ".join(part["obs"]),
                          "value": part["value"].sum() if whole else np.nan,
                          "status": "reported" if whole else "not_returned"})  # fmt: skip
    return pd.DataFrame(found, columns=["period", "period_end", "rows", "value", "status"])


def _fan(assessment: Assessment, row: Row, years: pd.DataFrame, id: str) -> Markup:
    from threatlib import figures

    year = parse(str(row["year"]))
    ahead = pd.DataFrame(
        [{"period": str(year), "period_end": pd.Timestamp(year.end), "forecast": round(row["estimate"]),
          "forecast_lower": round(row["lower"]), "forecast_upper": round(row["upper"]), "status": "estimated",
          "rows": row["rows"]}]
    )  # fmt: skip
    around = caption(
        assessment, id, f"{row['name']} ({row['area']}): {_heading(row)}",
        f"{row['name']}, number in each financial year, {row['area']}; this year if current volumes continue",
        f"{row['agency']}; files as registered",
    )  # fmt: skip
    frame = pd.concat([years, ahead], ignore_index=True)
    return figure_html(figures.fan(frame, around, unit=row["unit"], level="four such forecasts in five"))


def _heading(row: Row) -> str:
    """The outlook in a few words."""
    term = str(row["probability_term"])
    if not term:
        return "where the year is heading"
    if term == _NOUNS[0]:
        return "only a remote chance that this year passes the last"
    if term == _NOUNS[1]:
        return "a realistic possibility that this year passes the last"
    return f"this year is {term} to pass the last"
