"""One area among others: funnels that allow for overdispersion, verdicts, and neighbours that are near enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from threatlib.stats._funnel import MIN_AREAS, Funnel, chance_limits, funnel
from threatlib.stats._intervals import Interval, arrays, joined, usable
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import FloatArray, IntArray, Outcome, TextArray
from threatlib.stats.contrasts import Contrast
from threatlib.stats.rates import Bounds, Estimate, rate

__all__ = [
    "MIN_AREAS",
    "MIN_NEIGHBOURS",
    "NEAR_ENOUGH",
    "Comparison",
    "Funnel",
    "Pool",
    "chance_limits",
    "compare",
    "funnel",
    "pool_neighbours",
]

MIN_NEIGHBOURS = 5
"""Close neighbours below which their pool says more about which were left than about the area."""
NEAR_ENOUGH = ("extremely close", "very close", "close", "somewhat close")
"""The Department for Education's words for a neighbour worth comparing with; "not close" is the one left out."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Verdict ("higher", "lower", "similar" or "cannot say") and the difference it rests on, with its interval."""

    verdict: TextArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, slots=True)
class Pool(Outcome):
    """The pooled rate of the neighbours that are near enough, NaN where fewer than `needed` are."""

    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    phi: FloatArray
    not_close: IntArray
    n: IntArray
    needed: int = MIN_NEIGHBOURS


def compare(estimate: Estimate | Contrast | Bounds, benchmark: Estimate | Bounds | ArrayLike) -> Comparison:
    """Is a rate or proportion higher or lower than a benchmark that may have an interval of its own?

    Parameters
    ----------
    estimate : Estimate or Bounds
        From `rate`, `proportion` or `bounds`; the interval's level is the verdict's.
    benchmark : Estimate, Bounds or array_like
        The same, at the same level, or a plain number (a target) without an interval.

    Returns
    -------
    Comparison
        "cannot say" where either is missing, or where the verdict would depend on a hidden count's value. Better or
        worse is for whoever knows the indicator's polarity.

    Notes
    -----
    The difference's interval is recovered from the two (Zou and Donner), so two intervals that overlap a little may
    still differ; with a benchmark that has no interval the verdict is whether the estimate's leaves it out.
    """
    low, high = _ends(estimate)
    bench_low, bench_high = _ends(benchmark)
    _, lower, up_to = joined(low, bench_high)
    _, down_to, upper = joined(high, bench_low)
    known = np.isfinite(lower) & np.isfinite(upper)
    with np.errstate(invalid="ignore"):
        similar = (lower <= 0) & (up_to >= 0) & (down_to <= 0) & (upper >= 0)
    cases = [known & (lower > 0), known & (upper < 0), known & similar]
    return Comparison(np.select(cases, ["higher", "lower", "similar"], "cannot say"), lower, upper)


def pool_neighbours(
    count: ArrayLike,
    population: ArrayLike,
    closeness: ArrayLike,
    *,
    per: float = 10_000,
    confidence: float = 0.95,
    near_enough: Sequence[str] = NEAR_ENOUGH,
) -> Pool:
    """The rate of an area's statistical neighbours taken together, refused where too few are close.

    Parameters
    ----------
    count, population : array_like, shape (..., neighbours)
        Each neighbour's events and population.
    closeness : array_like of str, shape (neighbours,) or as count
        How close each is, in the Department for Education's words, whatever their case.
    per, confidence
        As in `rate`.
    near_enough : sequence of str
        Words that count as close.

    Returns
    -------
    Pool
        NaN where fewer than `needed` close neighbours have usable figures; `not_close` counts those set aside for
        not being close, and `shortfall` says how many of the needed ones there were.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Neighbours differ by more than chance, so the interval is widened by their dispersion, Pearson's chi-squared over
    n - 1 and at least 1.
    """
    x, n = (np.atleast_1d(part) for part in arrays(count, population))
    close = np.isin(
        np.char.lower(np.char.strip(np.asarray(closeness, dtype=np.str_))), [w.lower() for w in near_enough]
    )
    used = usable(x, n) & close
    events, people = np.where(used, x, 0).sum(axis=-1), np.where(used, n, 0).sum(axis=-1)
    found = used.sum(axis=-1)
    enough = found >= MIN_NEIGHBOURS
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(used, n, np.nan) * (events / people)[..., None]
        phi = np.nansum((x - expected) ** 2 / expected, axis=-1) / (found - 1)
    phi = np.where(enough, np.fmax(phi, 1.0), np.nan)
    answer = rate(np.where(enough, events, np.nan), people, per=per, confidence=confidence, dispersion=phi)
    set_aside = (~np.broadcast_to(close, x.shape)).sum(axis=-1)
    return Pool(answer.value, answer.lower, answer.upper, phi, set_aside, found)


def _ends(part: Estimate | Contrast | Bounds | ArrayLike) -> tuple[Interval, Interval]:
    """Value and interval at the lowest and at the highest a hidden count allows; the same twice if none is hidden."""
    if isinstance(part, Bounds):
        return (part.low.value, part.low.lower, part.low.upper), (part.high.value, part.high.lower, part.high.upper)
    if isinstance(part, Estimate | Contrast):
        return ((part.value, part.lower, part.upper),) * 2
    plain = floats(part)
    plain = np.where(np.isfinite(plain), plain, np.nan)
    return ((plain, plain, plain),) * 2
