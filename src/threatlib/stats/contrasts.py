"""What separates two rates or two proportions: ratio and differences, with interval and p."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincc, betaincinv, ndtr

from threatlib.stats._intervals import (
    arrays,
    joined,
    overdispersed,
    rate_interval,
    tail_of,
    usable,
    wilson_interval,
)
from threatlib.stats._outcome import FloatArray


@dataclass(frozen=True, slots=True)
class Contrast:
    """What separates two rates or proportions: the estimate, its interval and a two-sided p."""

    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    p: FloatArray
    confidence: float = 0.95
    method: str = ""


def rate_ratio(
    count: ArrayLike,
    population: ArrayLike,
    reference_count: ArrayLike,
    reference_population: ArrayLike,
    *,
    confidence: float = 0.95,
    dispersion: ArrayLike = 1.0,
) -> Contrast:
    """One rate over another, with an interval and a two-sided p against a ratio of 1.

    Parameters
    ----------
    count, population, reference_count, reference_population : array_like
        As in `rate`; the four broadcast together.
    confidence : float
        Level of the interval, above 0 and below 1.
    dispersion : array_like
        As in `rate`.

    Returns
    -------
    Contrast
        The lower limit is 0 where the count is 0; value and upper limit are infinite where the reference count is 0.
        Both 0: value NaN, interval 0 to infinity, p 1. NaN throughout where an input is not usable (see `rate`).

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Given both counts' sum, the first is binomial with odds ``ratio x n1/n2``. The odds' limits are those of the
    Jeffreys interval, Beta(x + 1/2, y + 1/2), whose coverage is close to nominal on average where the exact one's is
    well above; p is the same distribution's tail doubled, so p < 1 - confidence exactly when the interval leaves 1
    out. Dispersion phi divides both counts, which widens the interval by about sqrt(phi).

    References
    ----------
    Brown LD, Cai TT, DasGupta A (2001) Statistical Science 16:101. Przyborowski J, Wilenski H (1940) Biometrika 31:313.
    """
    x, n, y, m, phi = arrays(count, population, reference_count, reference_population, overdispersed(dispersion))
    ok = usable(x, n) & usable(y, m) & np.isfinite(phi)
    x, n, y, m = (np.where(ok, part, np.nan) for part in (x, n, y, m))
    tail = tail_of(confidence)
    a, b = x / phi + 0.5, y / phi + 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (x / y) * (m / n)
        lower = np.where(x == 0, 0.0, betaincinv(a, b, tail) / betaincinv(b, a, 1 - tail) * (m / n))
        upper = np.where(y == 0, np.inf, betaincinv(a, b, 1 - tail) / betaincinv(b, a, tail) * (m / n))
    lower, upper = np.where(ok, lower, np.nan), np.where(ok, upper, np.nan)
    return Contrast(value, lower, upper, _same_rate_p(x, n, y, m, phi), confidence, "conditional Jeffreys")


def rate_difference(
    count: ArrayLike,
    population: ArrayLike,
    reference_count: ArrayLike,
    reference_population: ArrayLike,
    *,
    per: float = 10_000,
    confidence: float = 0.95,
    dispersion: ArrayLike = 1.0,
) -> Contrast:
    """One rate less another, per `per` people, with an interval and the two-sided p of `rate_ratio`.

    Parameters
    ----------
    count, population, reference_count, reference_population, per, confidence, dispersion
        As in `rate` and `rate_ratio`.

    Returns
    -------
    Contrast
        NaN throughout where an input is not usable (see `rate`). Two zero counts differ by 0, p 1.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    The interval joins those of the two rates: ``d - sqrt((r1 - l1)^2 + (u2 - r2)^2)`` and
    ``d + sqrt((u1 - r1)^2 + (r2 - l2)^2)``. "No difference" and "a ratio of 1" are one hypothesis, so p is that of
    the ratio; within rounding of the chosen level the interval and p may part.

    References
    ----------
    Zou GY, Donner A (2008) Statistics in Medicine 27:1693.
    """
    x, n, y, m, phi = arrays(count, population, reference_count, reference_population, overdispersed(dispersion))
    ok = usable(x, n) & usable(y, m) & np.isfinite(phi)
    x, n, y, m = (np.where(ok, part, np.nan) for part in (x, n, y, m))
    one = rate_interval(x, n, phi, per=per, confidence=confidence)
    two = rate_interval(y, m, phi, per=per, confidence=confidence)
    return Contrast(*joined(one, two), _same_rate_p(x, n, y, m, phi), confidence, "joined exact Poisson and Byar")


def proportion_difference(
    count: ArrayLike,
    total: ArrayLike,
    reference_count: ArrayLike,
    reference_total: ArrayLike,
    *,
    confidence: float = 0.95,
    dispersion: ArrayLike = 1.0,
) -> Contrast:
    """One proportion less another, with Newcombe's hybrid interval and a two-sided p.

    Parameters
    ----------
    count, total, reference_count, reference_total : array_like
        As in `proportion`; the four broadcast together.
    confidence : float
        Level of the interval, above 0 and below 1.
    dispersion : array_like
        Variance over its binomial value; less than 1 counts as 1. It divides counts and totals alike, which widens
        the interval by about sqrt(phi).

    Returns
    -------
    Contrast
        Always within -1 to 1. NaN throughout where an input is not usable (see `proportion`). p is 1 where all cases
        or none are counted on both sides.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Interval: Newcombe's method 10 (two Wilson intervals joined as in `rate_difference`). p: the pooled score test
    with Campbell's factor ``(N - 1)/N``, which holds its level in small tables.

    References
    ----------
    Newcombe RG (1998) Statistics in Medicine 17:873. Campbell I (2007) Statistics in Medicine 26:3661.
    """
    x, n, y, m, phi = arrays(count, total, reference_count, reference_total, overdispersed(dispersion))
    ok = usable(x, n) & usable(y, m) & (x <= n) & (y <= m) & np.isfinite(phi)
    x, n, y, m = (np.where(ok, part, np.nan) / phi for part in (x, n, y, m))
    one, two = wilson_interval(x, n, confidence=confidence), wilson_interval(y, m, confidence=confidence)
    pooled, everyone = (x + y) / (n + m), phi * (n + m)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = pooled * (1 - pooled) * (1 / n + 1 / m) * everyone / np.maximum(everyone - 1, 0)
        z = np.where(pooled * (1 - pooled) > 0, (x / n - y / m) / np.sqrt(variance), 0.0)
    p = np.where(ok, 2 * ndtr(-np.abs(z)), np.nan)
    return Contrast(*joined(one, two), p, confidence, "Newcombe hybrid score")


def _same_rate_p(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, phi: FloatArray) -> FloatArray:
    """Two-sided p that two rates are one; a count of 0 is never evidence of a high rate."""
    a, b, share = x / phi + 0.5, y / phi + 0.5, n / (n + m)
    higher = np.where(x == 0, 1.0, betainc(a, b, share))
    lower = np.where(y == 0, 1.0, betaincc(a, b, share))
    return np.where(np.isfinite(a + b), np.minimum(2 * np.minimum(higher, lower), 1.0), np.nan)
