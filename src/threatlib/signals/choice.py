"""Which method judges a series: a table that a reader can see, and the choice explained on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.catalogue import Indicator
from threatlib.observations import HAS_VALUE, HIDDEN

FREQUENCIES: dict[str, int] = {"month": 12, "quarter": 4}
_EVERY = {"month": "a month", "quarter": "a quarter"}
_LEVELS = ("percent", "per_10k", "per_1000", "fte", "mean", "days", "months", "ratio", "weekly_mean", "monthly_mean")


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table: the first row whose conditions all hold is the method.

    Attributes
    ----------
    id : name in the signals table.
    units : units of the catalogue it is for (empty: any).
    kinds : kinds of period; a snapshot counts only if taken every month or quarter.
    least_points : figures it takes, withheld ones included.
    least_mean : least mean of a period, in events.
    based : every figure must come with the number it is a share of.
    model : the scan's model; empty where the scan is not used.
    does, why : the words of the explanation.
    """

    id: str
    units: tuple[str, ...]
    kinds: tuple[str, ...]
    least_points: int
    least_mean: float
    based: bool
    model: Literal["count", "proportion", "level", ""]
    does: str
    why: str


METHODS: tuple[Method, ...] = (
    Method("scan-counts", ("count",), ("month", "quarter"), 8, 0.5, False, "count",
           "a scan of negative-binomial counts with trend and season", "events vary at least as chance counting does"),
    Method("scan-stock", ("count",), ("snapshot",), 8, 30.0, False, "level",
           "a scan of a level that may wander", "a large stock is mostly the stock of the day before"),
    Method("scan-small-stock", ("count",), ("snapshot",), 8, 0.5, False, "count",
           "a scan of negative-binomial counts", "a small stock varies as chance counting does"),
    Method("scan-shares", ("percent",), ("month", "quarter"), 8, 0.0, True, "proportion",
           "a scan of overdispersed shares of their own totals", "a share of few varies more than a share of many"),
    Method("scan-levels", _LEVELS, ("month", "quarter", "snapshot"), 8, 0.0, False, "level",
           "a scan of a level that may wander, its noise learnt from the series itself",
           "nothing is known of its noise but what it shows"),
    Method("year-before", (), (), 2, 0.0, False, "",
           "the figure a year earlier, with an interval", "the scan needs more, or more frequent, figures"),
)  # fmt: skip
"""Every method, first that fits first; the last fits always."""

MODELS = {method.id: method.model for method in METHODS}
FLOWS = ("scan-counts",)
"""Methods whose figures add up over periods; the others are averaged."""
STOCKS = ("scan-stock", "scan-small-stock")
"""Methods of cases that are counted on a day."""


def choose(unit: str, kind: str, points: int, mean: float, *, based: bool, least: int = 2) -> Method:
    """The method for a series of so many figures of one kind of period; `least` are the catalogue's minimum points."""
    for method in METHODS[:-1]:
        if (
            unit in method.units
            and kind in method.kinds
            and points >= max(method.least_points, least)
            and (mean >= method.least_mean)
            and (based or not method.based)
        ):
            return method
    return METHODS[-1]


def explain_choice(indicator: Indicator, series: pd.DataFrame) -> str:
    """Say in one sentence which method judges a series, and why that one.

    Parameters
    ----------
    indicator : Indicator
        As the catalogue defines it.
    series : DataFrame
        The observations of one area, group and kind of period, as `Assessment.history` gives them.

    Returns
    -------
    str
        Such as "Referrals (count, every month, 72 figures, 314 a month on average): judged by a scan of
        negative-binomial counts with trend and season, since events vary at least as chance counting does."
    """
    kind, points, mean, based = described(series)
    method = choose(indicator.unit, kind, points, mean, based=based, least=indicator.minimum_points)
    every = _EVERY.get(kind, f"{kind.replace('_', ' ')} by {kind.replace('_', ' ')}" if kind else "no dated period")
    size = f", {mean:,.3g} on average" if np.isfinite(mean) else ""
    least = f", {max(method.least_points, indicator.minimum_points)} needed" if method.model else ""
    return (
        f"{indicator.name} ({indicator.unit}, {every}, {points} figures{least}{size}): "
        f"judged by {method.does}, since {method.why}."
    )


def described(series: pd.DataFrame) -> tuple[str, int, float, bool]:
    """Kind of period (empty where there is none), figures, their mean, and whether all have a base."""
    known = series[series["status"].isin([*HAS_VALUE, *HIDDEN])]
    middle = known["value"].fillna((known["lower"] + known["upper"]) / 2)
    known = known[middle.notna()]
    if known.empty:
        return "", 0, np.nan, False
    kind = str(known["kind"].iloc[-1])
    if kind == "snapshot" and not frequency(kind, known["end"].to_numpy().astype("datetime64[D]").astype(np.int64)):
        kind = "irregular snapshot"
    return kind, len(known), float(middle.mean()), bool((known["denominator"] > 0).all())


def frequency(kind: str, days: NDArray[np.int64]) -> int:
    """Figures a year, 12 or 4, of one kind of period; 0 where neither (half-years, years, irregular snapshots)."""
    if kind != "snapshot":
        return FREQUENCIES.get(kind, 0)
    apart = np.diff(np.unique(days))
    usual = float(np.median(apart)) if len(apart) else 0.0
    return 12 if 25 <= usual <= 35 else 4 if 80 <= usual <= 100 else 0
