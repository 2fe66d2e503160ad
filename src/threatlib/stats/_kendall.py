"""The sums behind the Mann-Kendall test and the Theil-Sen slope, for a block of series at a time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from threatlib.stats._outcome import BoolArray, FloatArray, IntArray

EXACT_UP_TO = 10
"""Points up to which p is exact where no value is repeated; the normal approximation is good beyond."""

_MOST = 0.95
"""The largest autocorrelation believed in; beyond, no number of points says anything about a trend."""

Parts: TypeAlias = dict[str, NDArray[Any]]


def score(values: FloatArray, step: int) -> FloatArray:
    """S: pairs that rise less pairs that fall, among points a multiple of `step` apart; a missing point is in none."""
    s = np.zeros(len(values))
    with np.errstate(invalid="ignore"):
        for lag in range(step, values.shape[-1], step):
            late, early = values[:, lag:], values[:, :-lag]
            s += (late > early).sum(axis=-1) - (late < early).sum(axis=-1)
    return s


def variance(values: FloatArray, step: int) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Variance of S without a trend, number of pairs, both summed over seasons, and whether any value is repeated."""
    rows, points = values.shape
    cycles = -(-points // step)
    padded = np.pad(values, ((0, 0), (0, cycles * step - points)), constant_values=np.nan)
    ordered = np.sort(padded.reshape(rows, cycles, step), axis=1)
    n = np.isfinite(ordered).sum(axis=1, dtype=np.float64)
    ties = _tied(ordered).sum(axis=(1, 2), dtype=np.float64)
    full = (n * (n - 1) * (2 * n + 5)).sum(axis=-1)
    return (full - ties) / 18, (n * (n - 1) / 2).sum(axis=-1), ties > 0


def _tied(ordered: FloatArray) -> IntArray:
    """What each value adds to t(t-1)(2t+5) over its group of t equal values, by its rank in the group."""
    here = np.arange(ordered.shape[1])[:, None]
    same = np.zeros(ordered.shape, dtype=bool)
    same[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    rank = here - np.maximum.accumulate(np.where(same, 0, here), axis=1)
    return np.asarray(6 * rank * (rank + 2))


def pair_slopes(values: FloatArray, times: FloatArray | None, step: int) -> FloatArray:
    """Slope of every pair a multiple of `step` apart, sorted, missing last; per `step` points, or per unit of time."""
    points = values.shape[-1]
    lags = range(step, points, step)
    slopes = np.empty((len(values), sum(points - lag for lag in lags)))
    at = 0
    for lag in lags:
        part = slopes[:, at : at + points - lag]
        np.subtract(values[:, lag:], values[:, :-lag], out=part)
        part /= lag // step if times is None else times[:, lag:] - times[:, :-lag]
        at += points - lag
    slopes.sort(axis=-1)
    return slopes


def slope_interval(slopes: FloatArray, pairs: FloatArray, var_s: FloatArray, confidence: float) -> list[FloatArray]:
    """Median slope and the order statistics around it (Sen 1968), from sorted slopes."""
    found = pairs.astype(np.int64)
    half = ndtri(0.5 + confidence / 2) * np.sqrt(var_s)
    upper = np.minimum(np.round((found + half) / 2), found - 1)
    lower = np.maximum(np.round((found - half) / 2) - 1, 0)
    middle = (_pick(slopes, (found - 1) // 2, found) + _pick(slopes, found // 2, found)) / 2
    return [middle, _pick(slopes, lower, found), _pick(slopes, upper, found)]


def _pick(slopes: FloatArray, place: NDArray[Any], found: IntArray) -> FloatArray:
    if not slopes.shape[-1]:
        return np.full(len(slopes), np.nan)
    place = np.where(found > 0, place, 0).astype(np.intp)
    taken = np.take_along_axis(slopes, place[:, None], axis=-1)[:, 0]
    return np.where(found > 0, taken, np.nan)


def inflation(values: FloatArray, slope: FloatArray, times: FloatArray | None, max_lag: int | None) -> FloatArray:
    """Hamed and Rao's factor on the variance of S, from the significant autocorrelations of detrended ranks.

    1 where it cannot be worked out (fewer than 3 points, or a perfect trend that leaves nothing over) and where the
    sum of autocorrelations makes it 0 or less, which no variance can be.
    """
    centred, n, usable = _left_over(values, slope, times)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = (centred**2).sum(axis=-1)
        bound = ndtri(0.975) / np.sqrt(n)
        total = np.zeros(len(values))
        for lag in range(1, min(values.shape[-1], 1 + (max_lag or values.shape[-1]))):
            r = (centred[:, lag:] * centred[:, :-lag]).sum(axis=-1) / whole
            total += np.where((lag < n) & (np.abs(r) > bound), _reach(n, lag) * r, 0.0)
        factor = 1 + 2 * total
    return np.where(usable & (factor > 0), factor, 1.0)


def calibrated_inflation(values: FloatArray, slope: FloatArray, times: FloatArray | None) -> FloatArray:
    """The factor on the variance of S of a series whose value depends on the one before; never below 1.

    The first autocorrelation of detrended ranks, freed of its bias (detrending lowers it by about (2 + 4 r)/n), stands
    for all lags: those of a first-order autoregression, carried over to ranks (Hamed 2009).
    """
    centred, n, usable = _left_over(values, slope, times)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (centred[:, 1:] * centred[:, :-1]).sum(axis=-1) / (centred**2).sum(axis=-1)
        unbiased = np.where(n > 4, (n * r + 2) / (n - 4), _MOST)
        first = 2 * np.sin(np.pi / 6 * np.clip(np.nan_to_num(unbiased), 0.0, _MOST))
        total = np.zeros(len(values))
        for lag in range(1, values.shape[-1]):
            total += np.where(lag < n, _reach(n, lag) * 6 / np.pi * np.arcsin(first**lag / 2), 0.0)
    return np.where(usable, 1 + 2 * total, 1.0)


def _reach(n: IntArray, lag: int) -> FloatArray:
    """What an autocorrelation at this lag weighs in the variance of S."""
    return (n - lag) * (n - lag - 1) * (n - lag - 2) / (n * (n - 1) * (n - 2))


def _left_over(
    values: FloatArray, slope: FloatArray, times: FloatArray | None
) -> tuple[FloatArray, IntArray, BoolArray]:
    """Ranks of what the slope leaves, less their mean (0 where missing); how many; and whether they tell anything."""
    packed, when, n = _packed(values, times)
    with np.errstate(invalid="ignore", over="ignore"):
        left = packed - when * slope[:, None]
        spread = np.nanmax(left, axis=-1, initial=-np.inf) - np.nanmin(left, axis=-1, initial=np.inf)
        size = np.nanmax(np.abs(packed), axis=-1, initial=0.0)
    ranks = rankdata(np.where(np.isnan(left), np.inf, left), axis=-1)
    centred = np.where(np.isnan(left), 0.0, ranks - ((n + 1) / 2)[:, None])
    return centred, n, (n >= 3) & (spread > 1e-9 * size)


def _packed(values: FloatArray, times: FloatArray | None) -> tuple[FloatArray, FloatArray, IntArray]:
    """Present points moved to the front of each row, their times (1, 2, ... where none are given), and how many."""
    present = np.isfinite(values)
    order = np.argsort(~present, axis=-1, kind="stable")
    packed = np.take_along_axis(values, order, axis=-1)
    count = np.arange(1.0, values.shape[-1] + 1)
    when = np.broadcast_to(count, values.shape) if times is None else np.take_along_axis(times, order, axis=-1)
    return packed, when, present.sum(axis=-1)


def exact_p(s: FloatArray, n: IntArray) -> FloatArray:
    """Two-sided probability of an S at least as far from 0, all orders of n different values being equally likely."""
    p = np.full(s.shape, np.nan)
    for size in range(2, EXACT_UP_TO + 1):
        here = n == size
        table = _tail(size)
        p[here] = table[np.minimum((np.abs(s[here]).astype(np.int64)), len(table) - 1)]
    return p


@lru_cache
def _tail(n: int) -> FloatArray:
    """P(|S| >= s) for s = 0, 1, 2 ... with n different values."""
    counts = np.ones(1, dtype=np.int64)  # orders of n values by number of pairs that fall
    for size in range(2, n + 1):
        counts = np.convolve(counts, np.ones(size, dtype=np.int64))
    pairs = n * (n - 1) // 2
    scores = np.abs(pairs - 2 * np.arange(pairs + 1))
    exactly = np.bincount(scores, weights=counts, minlength=pairs + 1) / counts.sum()
    return np.asarray(np.cumsum(exactly[::-1])[::-1])
