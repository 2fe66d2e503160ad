"""Rates that allow for areas having people of different ages."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from threatlib.stats._intervals import arrays, overdispersed, rate_interval, usable
from threatlib.stats.rates import Estimate

MIN_EVENTS = 10
"""Events below which a directly standardised rate is withheld: its interval is not to be trusted."""


def directly_standardised(
    count: ArrayLike,
    population: ArrayLike,
    standard: ArrayLike,
    *,
    per: float = 100_000,
    confidence: float = 0.95,
    variance_count: ArrayLike | None = None,
) -> Estimate:
    """The rate an area would have with the standard population's ages (Dobson's interval).

    Parameters
    ----------
    count, population, standard : array_like, shape (..., ages)
        Events (missing counts as none), people above 0 and the standard population, 0 or more, by age band.
    per, confidence
        As in `rates.rate`.
    variance_count : array_like, shape (..., ages), optional
        For events that come several to a person: the sum over persons of their number of events squared.

    Returns
    -------
    Estimate
        One entry an area. NaN with fewer than ten events, an infinite or negative count, or an age band without
        people.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    ``D = sum(w x / n) / sum(w)``; limits ``D + sqrt(V / X) (Byar(X) - X)``, ``V = sum(x (w/n)^2) / sum(w)^2``.

    References
    ----------
    Dobson AJ et al. (1991) Statistics in Medicine 10:457.
    """
    x, n, w, v = arrays(count, population, standard, count if variance_count is None else variance_count)
    x, v = np.where(np.isnan(x), 0, x), np.where(np.isnan(v), 0, v)
    ok = (usable(x, n) & usable(v, n) & np.isfinite(w) & (w >= 0)).all(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        total, weight = x.sum(axis=-1), w.sum(axis=-1)
        ok &= (total >= MIN_EVENTS) & (weight > 0)
        value = (w * x / n).sum(axis=-1) / weight
        scale = np.sqrt((v * (w / n) ** 2).sum(axis=-1) / weight**2 / total)
    total = np.where(ok, total, np.nan)
    _, low, high = rate_interval(total, np.ones_like(total), np.ones_like(total), per=1, confidence=confidence)
    value = np.where(ok, value, np.nan)
    lower, upper = value + scale * (low - total), value + scale * (high - total)
    return Estimate(value * per, lower * per, upper * per, confidence, "directly standardised, Dobson")


def indirectly_standardised(
    count: ArrayLike, expected: ArrayLike, *, reference: ArrayLike = 1.0, confidence: float = 0.95
) -> Estimate:
    """Events over those expected at a reference's age-specific rates, times the reference rate.

    Parameters
    ----------
    count, expected : array_like
        Events, and ``sum over ages of people x reference events / reference people``, above 0.
    reference : array_like
        What to multiply by: 1 (or 100) for a ratio, the reference's crude rate for a rate.
    confidence : float
        Level of the interval, above 0 and below 1.

    Returns
    -------
    Estimate
        NaN where an input is not usable (see `rates.rate`).

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Exact Poisson limits below ten events, Byar's from ten.

    References
    ----------
    Breslow N, Day N (1987) Statistical Methods in Cancer Research II, ch. 2.
    """
    x, e, scale, phi = arrays(count, expected, reference, overdispersed(1.0))
    ok = usable(x, e)
    x, e = np.where(ok, x, np.nan), np.where(ok, e, np.nan)
    value, lower, upper = rate_interval(x, e, phi, per=1, confidence=confidence)
    return Estimate(value * scale, lower * scale, upper * scale, confidence, "indirectly standardised")
