"""OHID's recent trend: are the last five annual figures rising or falling?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import chi2

from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome, TextArray

POINTS = 5
"""Points the test looks at, and needs."""

CRITICAL = float(chi2.isf(0.002, 1))
"""Chi-squared above which a trend is significant: 99.8%, one degree of freedom (9.5495)."""

_Z95 = float(ndtri(0.975))


@dataclass(frozen=True, slots=True)
class RecentTrend(Outcome):
    """Recent trend of every series: arrays of the input's leading shape.

    Attributes
    ----------
    chi_square, slope : float array
        Statistic, and slope per year (of the logit of a proportion; weighted, in the unit of the value, otherwise).
    direction : int array
        1 increasing, -1 decreasing, 0 no significant change, or not to be calculated (`enough` tells them apart).
    outlier : bool array
        Significant, but leaving out one year turns the slope round.
    words : str array
        As OHID prints it.
    n : int array
        Usable figures among the last five years.
    """

    chi_square: FloatArray
    slope: FloatArray
    direction: IntArray
    outlier: BoolArray
    words: TextArray
    n: IntArray
    needed: int = POINTS


def recent_trend(
    values: ArrayLike,
    denominator: ArrayLike | None = None,
    *,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
) -> RecentTrend:
    """Fingertips' recent trend, for annual figures whose years do not overlap.

    Parameters
    ----------
    values : array_like, shape (..., years)
        Numerators, where `denominator` is given; otherwise rates, means or any figures with a 95% interval.
    denominator : array_like, optional
        Totals the numerators are out of.
    lower, upper : array_like, optional
        Ends of each figure's 95% interval; wanted where there is no denominator.

    Returns
    -------
    RecentTrend
        "Cannot be calculated" with NaN numbers where one of the last five years is missing, infinite or makes no
        sense (a negative count, more cases than the total, a total of 0, an interval without width), where there are
        fewer than five years, and where all five proportions are 0% or all 100%.

    Raises
    ------
    ValueError
        If neither a denominator nor both ends of the interval are given, or shapes do not fit together.

    Notes
    -----
    The years are taken as one apart. Proportions, with D = sum n, X = sum x and t the year: chi-squared =
    D (D sum(x t) - X sum(n t))^2 / (X (D - X) (D sum(n t^2) - (sum n t)^2)), the direction from the unweighted slope
    of logit(x/n). Otherwise the weighted slope, weights 1/sigma^2 with sigma = (upper - lower)/(2 x 1.96),
    chi-squared = slope^2/variance. Significant above 9.55 (99.8%) if the slope keeps its sign whichever year is left
    out. A year at 0% or 100% has no logit: the logits of that series are then taken of (x + 1/2)/(n + 1).

    Not for monthly or quarterly figures, nor across a break.

    References
    ----------
    OHID, Public Health Technical Guidance, Trend markers. Armitage P (1955) Biometrics 11:375.

    Examples
    --------
    >>> str(recent_trend([110, 130, 160, 170, 200], 1000).words)
    'Increasing'
    """
    if denominator is not None:
        (x, n), shape = _last_years(values=values, denominator=denominator)
        ok = (x >= 0) & (n > 0) & (x <= n)
    elif lower is not None and upper is not None:
        (x, low, high), shape = _last_years(values=values, lower=lower, upper=upper)
        n = (high - low) / (2 * _Z95)
        ok = np.isfinite(x) & (n > 0)
    else:
        raise ValueError("recent_trend: found neither a denominator nor both lower and upper, wanted one or the other")
    found = (ok & np.isfinite(x) & np.isfinite(n)).sum(axis=-1, dtype=np.int64)
    usable = (found == POINTS)[:, None] if x.shape[-1] == POINTS else np.zeros((len(x), 1), dtype=bool)
    x, n = (np.where(usable, part, np.nan) for part in (x, n))
    with np.errstate(divide="ignore", invalid="ignore"):
        chi_square, y, weight = _proportions(x, n) if denominator is not None else _weighted(x, n)
        slope = _slope(y, weight)
        turns = [np.sign(_slope(y, np.where(np.arange(x.shape[-1]) == gone, 0.0, weight))) for gone in range(POINTS)]
    known = np.isfinite(chi_square) & np.isfinite(slope)
    significant = known & (chi_square > CRITICAL)
    outlier = significant & (np.stack(turns) != np.sign(slope)).any(axis=0)
    direction = np.where(significant & ~outlier, np.nan_to_num(np.sign(slope)), 0).astype(np.int64)
    words = np.where(known, _WORDS[direction], "Cannot be calculated")
    lead = shape[:-1]
    chi_square, slope = (np.where(known, part, np.nan).reshape(lead) for part in (chi_square, slope))
    verdict = direction.reshape(lead), outlier.reshape(lead), words.reshape(lead), found.reshape(lead)
    return RecentTrend(chi_square, slope, *verdict)


_WORDS = np.array(["No significant change", "Increasing", "Decreasing"])  # by direction: 0, 1 and -1 from the end


def _last_years(**given: ArrayLike) -> tuple[list[FloatArray], tuple[int, ...]]:
    """The last five years of each array, in rows; infinite numbers are missing."""
    arrays = [floats(part, name) for name, part in given.items()]
    try:
        shape = np.broadcast_shapes(*(part.shape for part in arrays))
    except ValueError:
        found = ", ".join(f"{name} {part.shape}" for name, part in zip(given, arrays, strict=True))
        raise ValueError(f"shapes: found {found}, wanted ones that fit together") from None
    if not shape:
        raise ValueError("values: found a single number, wanted an array with years on its last axis")
    rows = [np.broadcast_to(part, shape).reshape(int(np.prod(shape[:-1])), shape[-1])[:, -POINTS:] for part in arrays]
    return [np.where(np.isfinite(part), part, np.nan) for part in rows], shape


def _proportions(x: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Armitage's chi-squared for trend, and what the direction is read from: logits, all weighing the same."""
    t = np.arange(x.shape[-1])
    cases, total = x.sum(axis=-1), n.sum(axis=-1)
    above = total * (total * (x * t).sum(axis=-1) - cases * (n * t).sum(axis=-1)) ** 2
    below = cases * (total - cases) * (total * (n * t**2).sum(axis=-1) - (n * t).sum(axis=-1) ** 2)
    edge = ((x == 0) | (x == n)).any(axis=-1)[:, None] / 2
    return above / below, np.log((x + edge) / (n - x + edge)), np.ones(x.shape)


def _weighted(x: FloatArray, sigma: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Chi-squared of the weighted slope, the figures and their weights."""
    weight = sigma**-2.0
    t = np.arange(x.shape[-1])
    centre = (weight * t).sum(axis=-1) / weight.sum(axis=-1)
    precision = (weight * (t - centre[:, None]) ** 2).sum(axis=-1)
    return _slope(x, weight) ** 2 * precision, x, weight


def _slope(y: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted least squares slope against 0, 1, 2 ..."""
    t = np.arange(y.shape[-1])
    centre = (weight * t).sum(axis=-1) / weight.sum(axis=-1)
    away = weight * (t - centre[:, None])
    return np.asarray((away * y).sum(axis=-1) / (away * t).sum(axis=-1))
