"""How much each series varies anyway, learnt from its own pairs of figures a year apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from threatlib.catalogue import Annotation
from threatlib.observations import HAS_VALUE
from threatlib.signals.contrast import HISTORY_FOR_DISPERSION
from threatlib.signals.panel import Panel, Places, broken

MEDIAN_CHI2_1 = 0.4549364
"""Median of chi-squared with one degree of freedom."""
_MONTHS = 1_000_000
"""More months than any series is long."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Variation:
    """One entry a series: variance over the chance one (1 at least), pairs it was learnt from, spread of a level."""

    dispersion: Floats
    pairs: Places
    spread: Floats


def variation(panel: Panel, breaks: Sequence[Annotation] = ()) -> Variation:
    """Dispersion and spread of each series, from its past of the same kind of period.

    Pairs with one of the `breaks` in between teach nothing.

    Notes
    -----
    Dispersion is the median of ``(a - b)^2 / v`` over that of chi-squared, so that a single odd year does not decide
    it; v is the variance that chance alone gives: ``a + b`` for counts, ``P (1 - P) (1/m + 1/n)`` with the pooled share
    P for percentages of m and n. The spread is the median absolute deviation of a year's change. Below
    `HISTORY_FOR_DISPERSION` pairs the first is 1 and the second NaN.
    """
    later, earlier = _year_apart(panel)
    whole = broken(panel, breaks, earlier, later) < 0
    later, earlier = later[whole], earlier[whole]
    series, count = panel.series[later], len(panel.last)
    value = panel.table["value"].to_numpy(dtype=float)
    change = value[later] - value[earlier]
    known = np.isfinite(change)
    spread = _deviation(change[known], series[known], count)
    chi2 = _chi2(panel, later, earlier)
    usable = np.isfinite(chi2)
    pairs = np.bincount(series[usable], minlength=count)
    phi = np.maximum(_medians(chi2[usable], series[usable], count) / MEDIAN_CHI2_1, 1.0)
    return Variation(np.where(pairs >= HISTORY_FOR_DISPERSION, phi, 1.0), pairs, spread)


def _chi2(panel: Panel, later: Places, earlier: Places) -> Floats:
    """Squared change over the variance that chance alone would give it; NaN where that is none or not known."""
    value, base, top = (panel.table[name].to_numpy(dtype=float) for name in ("value", "denominator", "numerator"))
    share = np.array([indicator.unit == "percent" for indicator in panel.indicators])[panel.series]
    top = np.where(np.isfinite(top), top, value / 100 * base)
    change, together = value[later] - value[earlier], value[later] + value[earlier]
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = top[later] / base[later] - top[earlier] / base[earlier]
        pooled = (top[later] + top[earlier]) / (base[later] + base[earlier])
        variance = pooled * (1 - pooled) * (1 / base[later] + 1 / base[earlier])
        squared = np.where(share[later], apart, change) ** 2
        variance = np.where(share[later], variance, together)
        found: Floats = np.where(variance > 0, squared / variance, np.nan)
    return found


def _year_apart(panel: Panel) -> tuple[Places, Places]:
    """Positions of each known figure of the past and of the one a year before it."""
    known = panel.table["status"].isin(HAS_VALUE).to_numpy()
    rows = np.flatnonzero(panel.past & known & (panel.kind == panel.kind[panel.now]))
    series, end = panel.series[rows], panel.end[rows]
    rows = rows[(np.diff(series, prepend=-1) != 0) | (end != np.roll(end, 1))]  # the first of those that end together
    key = panel.series[rows] * _MONTHS + panel.end[rows].astype("datetime64[M]").astype(np.int64) + _MONTHS // 2
    final = np.diff(key, append=-1) != 0  # the last one of a month
    rows, key = rows[final], key[final]
    place = np.searchsorted(key, key - 12)
    found = key[np.minimum(place, len(key) - 1)] == key - 12 if len(key) else np.zeros(0, dtype=bool)
    return rows[found], rows[place[found]]


def _deviation(change: Floats, series: Places, count: int) -> Floats:
    """Standard deviation of the changes of each series, by their median absolute deviation."""
    middle = _medians(change, series, count)
    away = _medians(np.abs(change - middle[series]), series, count) * 1.4826 + 1e-12
    return np.where(np.bincount(series, minlength=count) >= HISTORY_FOR_DISPERSION, away, np.nan)


def _medians(values: Floats, group: Places, groups: int) -> Floats:
    """Median of each group; NaN of an empty one."""
    ordered = values[np.lexsort((values, group))]
    size = np.bincount(group, minlength=groups)
    first, some = np.cumsum(size) - size, size > 0
    found = np.full(groups, np.nan)
    low, high = first + (size - 1) // 2, first + size // 2
    found[some] = (ordered[low[some]] + ordered[high[some]]) / 2
    return found
