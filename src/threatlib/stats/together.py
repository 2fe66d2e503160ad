"""Do two series rise and fall together, at once or one after the other?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from threatlib.stats._intervals import tail_of
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome

FEWEST = 12
"""Pairs of values that are needed to say anything."""
MEMORY = 4
"""Lags up to which a series' own memory is allowed for."""


@dataclass(frozen=True, slots=True)
class Together(Outcome):
    """The strongest correlation among the lags tried, with its interval and a p-value for having tried them all.

    One entry a pair. `lag` is by how many periods the second series follows the first (negative: it leads); `n` the
    pairs of values at that lag.
    """

    correlation: FloatArray
    lower: FloatArray
    upper: FloatArray
    p: FloatArray
    lag: IntArray
    n: IntArray
    needed: int
    confidence: float = 0.95


def together(first: ArrayLike, second: ArrayLike, *, lags: int = 2, confidence: float = 0.95) -> Together:
    """Correlation of two series of changes at the lag where it is strongest.

    Parameters
    ----------
    first, second : array_like, shape (..., time)
        Changes rather than levels (two trends always correlate); NaN is missing.
    lags : int
        Lags from -lags to lags are tried, 0 or more.
    confidence : float
        Level of the interval, for all lags tried taken together.

    Returns
    -------
    Together
        NaN where no lag has `needed` pairs or a series does not vary.

    Raises
    ------
    ValueError
        If the series differ in length, `lags` is negative, or `confidence` is not between 0 and 1.

    Notes
    -----
    Fisher's z with standard error ``1 / sqrt(m - 3)``; m is the pairs n divided by ``1 + 2 sum r1(k) r2(k)`` over the
    two series' own autocorrelations up to lag 4, at most n, since neighbouring changes repeat each other. The p-value
    and the interval's tail are Bonferroni-adjusted for the lags tried.

    References
    ----------
    Bartlett MS (1935) JRSS 98:536. Fisher RA (1921) Metron 1:3. Pyper BJ, Peterman RM (1998) Can J Fish Aquat Sci
    55:2127.
    """
    x, y = np.broadcast_arrays(floats(first, "first"), floats(second, "second"))
    if lags < 0:
        raise ValueError(f"lags {lags}: wanted 0 or more.")
    tail = tail_of(confidence) / (2 * lags + 1)
    shape = x.shape[:-1]
    best = {name: np.full(shape, np.nan) for name in ("r", "score", "error")}
    lag, pairs = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for step in sorted(range(-lags, lags + 1), key=abs):  # of equals the shortest lag
        r, m, n = _correlation(*_shifted(x, y, step))
        error = 1 / np.sqrt(np.maximum(m - 3, 0.5))
        score = np.where(n >= FEWEST, np.abs(np.arctanh(r)) / error, np.nan)
        better = np.isfinite(score) & ~(score <= best["score"])
        for name, part in (("r", r), ("score", score), ("error", error)):
            best[name] = np.where(better, part, best[name])
        lag, pairs = np.where(better, step, lag), np.where(better, n, np.where(np.isnan(best["r"]), n, pairs))
    z, width = np.arctanh(best["r"]), -ndtri(tail) * best["error"]
    p = np.minimum(2 * ndtr(-best["score"]) * (2 * lags + 1), 1.0)
    return Together(best["r"], np.tanh(z - width), np.tanh(z + width), p, lag, pairs, FEWEST, confidence)


def _shifted(x: FloatArray, y: FloatArray, step: int) -> tuple[FloatArray, FloatArray]:
    """The pairs of which the second comes `step` periods after the first."""
    length = max(x.shape[-1] - abs(step), 0)
    first, second = max(-step, 0), max(step, 0)
    return x[..., first : first + length], y[..., second : second + length]


def _correlation(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Correlation of the pairs that are whole, the independent pairs they are worth, and their number."""
    whole = np.isfinite(x) & np.isfinite(y)
    n = whole.sum(axis=-1)
    a, b = (_centred(part, whole) for part in (x, y))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (a * b).sum(axis=-1) / np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    memory = 1 + 2 * sum(
        (_memory(a, k) * _memory(b, k) for k in range(1, min(MEMORY, x.shape[-1] - 1) + 1)), start=np.zeros(n.shape)
    )
    return np.clip(r, -0.999999, 0.999999), n / np.maximum(memory, 1.0), n


def _centred(values: FloatArray, whole: BoolArray) -> FloatArray:
    """Values about their mean; 0 where a pair is not whole."""
    kept = np.where(whole, values, 0.0)
    mean = kept.sum(axis=-1) / np.maximum(whole.sum(axis=-1), 1)
    return np.where(whole, kept - mean[..., None], 0.0)


def _memory(centred: FloatArray, lag: int) -> FloatArray:
    """A series' correlation with itself `lag` periods later."""
    total = (centred**2).sum(axis=-1)
    product = (centred[..., lag:] * centred[..., :-lag]).sum(axis=-1)
    return np.where(total > 0, product / np.where(total > 0, total, 1.0), 0.0)
