"""Each series of a Release, through CHECKS: what changed, by how much, and whether it can be said at all.

A verdict is computed from an interval, never typed: up, down, level, or *cannot be said* with the reason. Where a count
is withheld the verdict is the one that holds for every value it may have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from threatlib.catalogue import Annotation, Definitions, Indicator
from threatlib.disclosure import Release
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import PER_YEAR, Period, parse, shift
from threatlib.signals.comparators import compare
from threatlib.signals.contrast import contrast, dispersion, level_spread, rate
from threatlib.signals.verdict import judge

SERIES = ["indicator", "agency", "area", "breakdown"]
_FIGURE = ("period", "kind", "end", "value", "lower", "upper", "status", "basis", "numerator", "denominator")
LENGTHLESS = ("percent", "per_10k", "per_1000", "ratio", "mean", "days", "months")
"""Units that do not grow with the length of the period, so that a half-year may stand beside a year."""
KIND_ORDER = ("quarter", "half_year", "financial_year", "month", "snapshot", "span", "calendar_year", "undated")
"""Which of several figures ending on the same day speaks for the quarter."""

COLUMNS = (
    *("signal_id", "check", "main", *SERIES, "name", "theme", "unit", "polarity"),
    *("period", "end", "value", "lower", "upper", "status", "basis", "numerator", "denominator", "rows", "marks"),
    *("previous_period", "previous_value", "previous_lower", "previous_upper", "previous_status", "previous_rows"),
    *("kind", "previous_kind"),
    *("measure", "change", "change_lower", "change_upper", "p", "dispersion", "history", "recording", "arrow", "why"),
    *("judgement", "rate", "rate_lower", "rate_upper"),
    *("comparator", "comparator_value", "comparator_period", "comparator_rows"),
)
"""Columns of the signals table: the figure, the one it is held against, what may be said of the change."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question put to every series that it applies to."""

    name: str
    question: str
    earlier: Callable[[pd.DataFrame, pd.Series], pd.Series[bool]]
    minimum_points: int
    applies: Callable[[Indicator], bool]


def _year_before(past: pd.DataFrame, now: pd.Series) -> pd.Series[bool]:
    """Where in the past stands the same stretch one year earlier; a snapshot may be six weeks off."""
    day = pd.Timestamp(now["end"]) - pd.DateOffset(years=1)
    off = 45 if now["kind"] == "snapshot" else 3
    found: pd.Series[bool] = (past["kind"] == now["kind"]) & ((past["end"] - day).abs() <= pd.Timedelta(days=off))
    return found


def _before(past: pd.DataFrame, now: pd.Series) -> pd.Series[bool]:
    """Where in the past stands the period just before, or the latest earlier one where periods do not tile the year."""
    found: pd.Series[bool] = past["kind"] == now["kind"]
    if now["kind"] in PER_YEAR:
        found &= past["period"] == shift(parse(now["period"], kind=now["kind"]), -1).label
    else:
        found &= past["end"] == past.loc[found, "end"].max()
    return found


def _latest(past: pd.DataFrame, _: pd.Series) -> pd.Series[bool]:
    """Where stands the latest earlier row of any dated kind; only for measures that do not grow with the period."""
    dated: pd.Series[bool] = past["kind"] != "undated"
    dated &= past["end"] == past.loc[dated, "end"].max()
    return dated


CHECKS: tuple[Check, ...] = (
    Check("year_before", "Has it changed since the same time a year earlier?", _year_before, 2, lambda _: True),
    Check("previous", "Has it changed since the period before?", _before, 2, lambda _: True),
    Check(
        "latest_earlier",
        "Has it changed since the last figure, of whatever length of period?",
        _latest,
        2,
        lambda indicator: indicator.unit in LENGTHLESS,
    ),
)
"""Every check made, in the order in which one is preferred for the page."""


def signals(release: Release, definitions: Definitions, quarter: Period) -> pd.DataFrame:
    """One row for each series and check (columns: `COLUMNS`), as the Release stood at the end of a quarter."""
    table = release.table
    seen = table["used"] & (table["end"] <= pd.Timestamp(quarter.end)) & (table["basis"] != "forecast")
    local = table[seen & (table["role"] == "local") & table["status"].isin([*HAS_VALUE, *HIDDEN])]
    breaks = [a for a in definitions.annotations.annotations if a.kind in ("break", "definition") and a.start]
    rows = [row for _, series in local.groupby(SERIES, sort=False) for row in _ask(series, definitions, breaks)]
    if not rows:
        return pd.DataFrame(columns=list(COLUMNS))
    frame = pd.DataFrame(rows)
    for step in (contrast, rate, judge):
        frame = step(frame)
    comparators = table[seen & (table["role"] == "comparator")]
    return compare(frame, comparators, definitions)[list(COLUMNS)].reset_index(drop=True)


def _ask(series: pd.DataFrame, definitions: Definitions, breaks: list[Annotation]) -> Iterator[dict[str, object]]:
    indicator = definitions.catalogue.by_id[str(series["indicator"].iloc[0])]
    order = series["kind"].map({kind: i for i, kind in enumerate(KIND_ORDER)})
    series = series.assign(order=order).sort_values(["end", "order"], ascending=[True, False], kind="stable")
    now = series.iloc[-1]
    past = series[series["end"] < now["end"]]
    main = True
    for check in CHECKS:
        if not check.applies(indicator):
            continue
        earlier = past[check.earlier(past, now)]
        if earlier.empty or (not main and check.name == "latest_earlier"):
            continue
        before = earlier.iloc[-1]
        yield _pair(indicator, check, main, now, before, past) | {"recording": _broken(now, before, breaks)}
        main = False
    if main:
        yield _pair(indicator, CHECKS[0], main, now, None, past) | {"recording": ""}


def _pair(
    indicator: Indicator, check: Check, main: bool, now: pd.Series, before: pd.Series | None, past: pd.DataFrame
) -> dict[str, object]:
    row: dict[str, object] = {name: now[name] for name in SERIES}
    phi, pairs = dispersion(past[past["kind"] == now["kind"]])
    row |= {
        "signal_id": ":".join([check.name, *(str(now[name]) for name in SERIES)]),
        "check": check.name,
        "main": main,
        "name": indicator.name,
        "theme": indicator.theme,
        "unit": indicator.unit,
        "polarity": indicator.polarity,
        "rows": now["obs"],
        "dispersion": phi,
        "history": pairs,
        "spread": level_spread(past[past["kind"] == now["kind"]]),
        "previous_rows": before["obs"] if before is not None else "",
    }
    for name in _FIGURE:
        row[name] = now[name]
        row[f"previous_{name}"] = before[name] if before is not None else None
    both = f"{now['marks']} {before['marks'] if before is not None else ''}"
    # a change is as doubtful as the more doubtful of its ends
    return row | {"marks": " ".join(dict.fromkeys(both.split()))}


def _broken(now: pd.Series, before: pd.Series | None, breaks: list[Annotation]) -> str:
    """Title of a declared change in recording that lies between two figures; empty where there is none."""
    if before is None:
        return ""
    for entry in breaks:
        concerns = (not entry.indicators or now["indicator"] in entry.indicators) and (
            not entry.areas or now["area"] in entry.areas
        )
        began = pd.Timestamp(parse(str(entry.start)).start)
        if concerns and before["start"] < began <= now["end"]:
            return entry.title
    return ""
