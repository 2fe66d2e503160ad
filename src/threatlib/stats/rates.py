"""Rates and proportions with intervals, what separates two of them, and what holds when a count is hidden."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from threatlib.stats._intervals import BYAR_FROM, arrays, overdispersed, rate_interval, usable, wilson_interval
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import FloatArray
from threatlib.stats.contrasts import Contrast, proportion_difference, rate_difference, rate_ratio

__all__ = [
    "Between",
    "Bounds",
    "Contrast",
    "Estimate",
    "bounds",
    "proportion",
    "proportion_difference",
    "rate",
    "rate_difference",
    "rate_ratio",
]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate or proportion with its interval: three arrays of one shape, NaN in all three where there is none."""

    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    confidence: float = 0.95
    method: str = ""


@dataclass(frozen=True, slots=True)
class Between:
    """A count known only to lie between two values, both included (`Between(1, 5)`)."""

    lower: ArrayLike
    upper: ArrayLike


@dataclass(frozen=True, slots=True)
class Bounds:
    """The two ends of what a hidden count allows: the estimate at its lowest and at its highest."""

    low: Estimate | Contrast
    high: Estimate | Contrast

    @property
    def value_lower(self) -> FloatArray:
        """Lowest value possible."""
        return self.low.value

    @property
    def value_upper(self) -> FloatArray:
        """Highest value possible."""
        return self.high.value

    @property
    def lower(self) -> FloatArray:
        """Lowest lower limit possible."""
        return self.low.lower

    @property
    def upper(self) -> FloatArray:
        """Highest upper limit possible."""
        return self.high.upper


Countlike: TypeAlias = ArrayLike | Between


def rate(
    count: ArrayLike,
    population: ArrayLike,
    *,
    per: float = 10_000,
    confidence: float = 0.95,
    dispersion: ArrayLike = 1.0,
) -> Estimate:
    """Events per `per` people, with an interval.

    Parameters
    ----------
    count, population : array_like
        Events, 0 or more (whole numbers or not), and people or person-years, above 0. They broadcast together.
    per : float
        Rate per how many: 10,000 by default.
    confidence : float
        Level of the interval, above 0 and below 1.
    dispersion : array_like
        Variance over mean of the counts (quasi-Poisson); 1 is Poisson, and less than 1 counts as 1.

    Returns
    -------
    Estimate
        Shaped like the inputs. NaN in value, lower and upper where either input is missing, infinite or negative,
        or the population is 0: no rate is defined there.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Exact Poisson limits below 10 events (Garwood), Byar's approximation from 10:
    ``x (1 - 1/(9x) - z/(3 sqrt x))^3`` and the same with ``x + 1`` and ``+ z``. With dispersion phi the interval is
    phi times that of ``x / phi`` events, wider by about ``sqrt(phi)`` and still right at zero.

    References
    ----------
    Garwood F (1936) Biometrika 28:437. Breslow N, Day N (1987) Statistical Methods in Cancer Research II, p. 69.
    """
    x, n, phi = arrays(count, population, overdispersed(dispersion))
    ok = usable(x, n) & np.isfinite(phi)
    x, n = np.where(ok, x, np.nan), np.where(ok, n, np.nan)
    method = f"exact Poisson below {BYAR_FROM} events, Byar from {BYAR_FROM}"
    return Estimate(*rate_interval(x, n, phi, per=per, confidence=confidence), confidence, method)


def proportion(count: ArrayLike, total: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Share of a total, with Wilson's interval; never outside 0 to 1.

    Parameters
    ----------
    count, total : array_like
        Cases, 0 to `total`, and the total, above 0. They broadcast together.
    confidence : float
        Level of the interval, above 0 and below 1.

    Returns
    -------
    Estimate
        Shaped like the inputs, as a share (0 to 1). The lower limit at count 0 is exactly 0 and the upper limit at
        count = total exactly 1. NaN in all three where an input is missing, infinite or negative, the total is 0,
        or the count exceeds the total.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    ``(2x + z^2 -/+ z sqrt(z^2 + 4x(1 - x/n))) / (2(n + z^2))``.

    References
    ----------
    Wilson EB (1927) JASA 22:209. Newcombe RG (1998) Statistics in Medicine 17:857.
    """
    x, n = arrays(count, total)
    ok = usable(x, n) & (x <= n)
    x, n = np.where(ok, x, np.nan), np.where(ok, n, np.nan)
    return Estimate(*wilson_interval(x, n, confidence=confidence), confidence, "Wilson")


def bounds(method: Callable[..., Any], *counts: Countlike, **options: Any) -> Bounds:
    """What holds whatever a hidden count is: lowest and highest value, lowest lower and highest upper limit.

    Parameters
    ----------
    method : callable
        One of this module's: `rate`, `proportion`, `rate_ratio`, `rate_difference`, `proportion_difference`.
    *counts : array_like or Between
        Its positional arguments, any of them a `Between` where only an interval is known.
    **options
        Its keyword arguments.

    Returns
    -------
    Bounds
        NaN where an input is not usable or a `Between` has its ends the wrong way round.

    Notes
    -----
    Each of these rises with the first count and falls with its denominator, and the other way round for the
    reference, so the extremes lie at two corners and nothing between need be tried. A count never exceeds the total
    it is part of, so a corner that would have it so is moved to count = total.

    Examples
    --------
    >>> hidden = bounds(rate, Between(1, 5), 8_000)
    >>> [round(float(end), 1) for end in (hidden.value_lower, hidden.value_upper, hidden.lower, hidden.upper)]
    [1.2, 6.2, 0.0, 14.6]
    """
    rises = (True, False, False, True)[: len(counts)]
    low = [_end(part, high=not up) for part, up in zip(counts, rises, strict=True)]
    high = [_end(part, high=up) for part, up in zip(counts, rises, strict=True)]
    if method in (proportion, proportion_difference):
        high[0] = _capped(counts[0], high[0], high[1])
        if len(counts) == 4:
            low[2] = _capped(counts[2], low[2], low[3])
    return Bounds(method(*low, **options), method(*high, **options))


def _end(part: Countlike, *, high: bool) -> FloatArray:
    """One end of an argument; NaN where the two ends are the wrong way round."""
    if not isinstance(part, Between):
        return floats(part)
    lower, upper = arrays(part.lower, part.upper)
    return np.where(lower <= upper, upper if high else lower, np.nan)


def _capped(part: Countlike, count: FloatArray, total: FloatArray) -> FloatArray:
    """A hidden count at its highest, no more than its total so long as its lowest fits into that total."""
    return np.where(_end(part, high=False) <= total, np.minimum(count, total), count)
