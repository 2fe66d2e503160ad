"""Limits and tail probabilities of a count about to be seen, given what a Farrington model expects of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from threatlib.stats._outcome import BoolArray, FloatArray
from threatlib.stats._panel import LARGEST


@dataclass(frozen=True, slots=True)
class Limits:
    """Lower and upper limit, and the probability of a count at most and at least as large as the one seen."""

    lower: FloatArray
    upper: FloatArray
    at_most: FloatArray
    at_least: FloatArray


def power_limits(y: FloatArray, mean: FloatArray, se: FloatArray, phi: FloatArray, alpha: float, power: str) -> Limits:
    """Normal limits on a power scale (Farrington 1996): variance phi x mean, plus that of the fitted mean.

    `power` is "2/3" (skewness removed), "1/2" (variance steadied) or "none". `se` is the standard error of `mean`.
    """
    exponent = {"2/3": 2 / 3, "1/2": 1 / 2, "none": 1.0}[power]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        sd = exponent * mean ** (exponent - 1.0) * np.sqrt(phi * mean + se**2)
        centre, reach = mean**exponent, special.ndtri(1.0 - alpha) * sd
        z = (y**exponent - centre) / sd
        lower, upper = np.maximum(centre - reach, 0.0) ** (1.0 / exponent), (centre + reach) ** (1.0 / exponent)
    return Limits(lower, upper, special.ndtr(z), special.ndtr(-z))


def count_limits(
    y: FloatArray,
    low: FloatArray,
    high: FloatArray,
    phi: FloatArray,
    alpha: float,
    df: FloatArray | None = None,
) -> Limits:
    """Quantiles of a negative binomial with variance phi x mean, or of a Poisson where phi is 1.

    `low` and `high` are the means that the lower and the upper limit are made with. The upper limit is the smallest
    count exceeded with probability at most alpha, the lower one the largest count undercut with probability at most
    alpha; so a count outside them has a tail probability of at most alpha.

    With `df`, the degrees of freedom phi was estimated with, tails are widened as Student's t is wider than the
    normal: the probability is carried over through the corresponding deviate.
    """
    tail = np.full(y.shape, alpha) if df is None else special.ndtr(special.stdtrit(df, alpha))
    lower, upper = _quantile(low, phi, tail, above=False), _quantile(high, phi, tail, above=True)
    unknown = np.isnan(lower + upper + y)
    at_most, at_least = _tail(np.floor(y), low, phi, above=False), _tail(np.ceil(y) - 1.0, high, phi, above=True)
    if df is not None:
        at_most, at_least = (special.stdtr(df, special.ndtri(p)) for p in (at_most, at_least))
    return Limits(lower, upper, np.where(unknown, np.nan, at_most), np.where(unknown, np.nan, at_least))


def _tail(k: FloatArray, mean: FloatArray, phi: FloatArray, *, above: bool) -> FloatArray:
    """P(Y > k), or P(Y <= k)."""
    poisson = ~(phi > 1.0)
    k1 = np.maximum(k, 0.0) + 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        size = mean / np.where(poisson, 1.0, phi - 1.0)
        odds = 1.0 / np.where(poisson, 2.0, phi)
        nb = special.betaincc(size, k1, odds) if above else special.betainc(size, k1, odds)
        po = special.gammainc(k1, mean) if above else special.gammaincc(k1, mean)
    return np.asarray(np.where(k < 0, 1.0 if above else 0.0, np.where(poisson, po, nb)))


def _quantile(mean: FloatArray, phi: FloatArray, tail: FloatArray, *, above: bool) -> FloatArray:
    """Smallest k with P(Y > k) <= tail (above), or largest k with P(Y < k) <= tail: a bounded search over integers.

    Both are the smallest k of a condition that, once true, stays true: for the lower limit it is P(Y <= k) > tail.
    """
    known = (mean >= 0) & (mean < LARGEST) & (phi < LARGEST) & (tail > 0)
    m, f, p = mean[known], phi[known], tail[known]

    def reached(k: FloatArray) -> BoolArray:
        return np.asarray(_tail(k, m, f, above=above) <= p if above else _tail(k, m, f, above=False) > p, dtype=bool)

    z, sd = special.ndtri(p) * (-1 if above else 1), np.sqrt(m * f)
    high = np.floor(np.maximum(m + z * sd + (2.0 * f - 1.0) * (z**2 - 1.0) / 6.0, 0.0))
    step = np.floor(1.0 + 0.02 * sd)
    low = high - step
    while not (hit := reached(high)).all():  # move the bracket up, in growing steps, until its top is reached
        low, high = np.where(hit, low, high), np.where(hit, high, high + step)
        step = np.where(hit, step, 2.0 * step)
    while (hit := reached(low)).any():  # and down until its bottom is not
        high, low = np.where(hit, low, high), np.where(hit, low - step, low)
        step = np.where(hit, 2.0 * step, step)
    low = np.maximum(low, -1.0)
    while (high - low > 1.0).any():
        middle = np.floor((low + high) / 2.0)
        hit = reached(middle)
        low, high = np.where(hit, low, middle), np.where(hit, middle, high)
    out = np.full(mean.shape, np.nan)
    out[known] = high
    return out
