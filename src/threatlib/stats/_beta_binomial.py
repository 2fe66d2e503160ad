"""Tails of a number of cases out of a total whose chance varies from area to area: the beta-binomial."""

from __future__ import annotations

import numpy as np
from scipy import special

from threatlib.stats._outcome import FloatArray
from threatlib.stats._thresholds import Limits

_LONGEST = 1024
"""Counts a distribution is written out for; further out a beta takes its place, and 0.1% stays within 0.12%."""
_ROWS = 256
"""Distributions written out at a time, so that memory stays small."""
_REACH = 20.0
"""Standard deviations above the mean that hold all but a hundred-thousandth, however skew."""
_MOST = 0.99
"""Largest correlation of two cases in one area: at 1 an area has all cases or none and there is nothing to judge."""


def share_limits(
    x: FloatArray, n: FloatArray, p: FloatArray, rho: FloatArray, alpha: float, df: FloatArray | None = None
) -> Limits:
    """Outermost counts within, and tail probabilities, of `x` cases out of `n` with mean share `p`.

    The variance is ``n p (1 - p) (1 + (n - 1) rho)``; at ``rho = 0`` it is the binomial. `alpha`, `df` and the answer
    are as in `threatlib.stats._thresholds.count_limits`. Arguments are arrays of one shape; NaN where one is not.
    """
    tail = np.full(x.shape, alpha) if df is None else special.ndtr(special.stdtrit(df, alpha))
    known = np.isfinite(x + n + rho + tail) & (p >= 0) & (p <= 1) & (n > 0)
    flip = p[known] > 0.5  # the rarer outcome is written out from 0 on
    near = np.where(flip, n[known] - x[known], x[known])
    rarer = np.minimum(p[known], 1.0 - p[known])
    low, high, few, many = _tails(near, n[known], rarer, np.clip(rho[known], 0.0, _MOST), tail[known])
    parts = (
        np.where(flip, n[known] - high, low),
        np.where(flip, n[known] - low, high),
        np.where(flip, many, few),
        np.where(flip, few, many),
    )
    lower, upper, at_most, at_least = (np.full(x.shape, np.nan) for _ in parts)
    for whole, part in zip((lower, upper, at_most, at_least), parts, strict=True):
        whole[known] = part
    if df is not None:
        at_most, at_least = (special.stdtr(df, special.ndtri(q)) for q in (at_most, at_least))
    return Limits(lower, upper, at_most, at_least)


def _tails(x: FloatArray, n: FloatArray, p: FloatArray, rho: FloatArray, tail: FloatArray) -> tuple[FloatArray, ...]:
    """Limits, P(X <= x) and P(X >= x) of flat arrays, in blocks of like length."""
    end = np.ceil(np.minimum(n, n * p + _REACH * np.sqrt(n * p * (1 - p) * (1 + (n - 1) * rho))))
    order = np.argsort(end, kind="stable")
    short = int(np.searchsorted(end[order], _LONGEST, side="right"))
    answer = tuple(np.empty(x.shape) for _ in range(4))
    for rows in np.split(order, [*range(_ROWS, short, _ROWS), short]):
        given = x[rows], n[rows], p[rows], rho[rows], tail[rows]
        longest = int(end[rows].max(initial=0))
        parts = _written_out(*given, longest) if longest <= _LONGEST else _by_beta(*given)
        for whole, part in zip(answer, parts, strict=True):
            whole[rows] = part
    return answer


def _written_out(
    x: FloatArray, n: FloatArray, p: FloatArray, rho: FloatArray, tail: FloatArray, end: int
) -> tuple[FloatArray, ...]:
    """From the probability of every count from 0 to `end`, each from the one before."""
    k = np.arange(end)
    left, share, together = np.maximum(n[:, None] - k, 0.0), p[:, None], rho[:, None]
    with np.errstate(divide="ignore"):
        case = np.log(left * (share * (1 - together) + k * together))
        other = np.log((k + 1) * ((1 - share) * (1 - together) + np.maximum(left - 1, 0.0) * together))
    log = np.concatenate([np.zeros((x.size, 1)), np.cumsum(case - other, axis=1)], axis=1)
    each = np.exp(log - log.max(axis=1, keepdims=True))
    each /= each.sum(axis=1, keepdims=True)
    below, above = np.cumsum(each, axis=1), np.cumsum(each[:, ::-1], axis=1)[:, ::-1]
    low = (below > tail[:, None]).argmax(axis=1)
    high = end - (above[:, ::-1] > tail[:, None]).argmax(axis=1)
    row = np.arange(x.size)
    at_most = below[row, np.clip(np.floor(x), 0, end).astype(np.intp)]
    at_least = np.where(np.ceil(x) > end, 0.0, above[row, np.clip(np.ceil(x), 0, end).astype(np.intp)])
    return low.astype(np.float64), high.astype(np.float64), at_most, at_least


def _by_beta(x: FloatArray, n: FloatArray, p: FloatArray, rho: FloatArray, tail: FloatArray) -> tuple[FloatArray, ...]:
    """The share as a beta of the beta-binomial's mean and variance, half a case allowed for."""
    weight = n / (1 + (n - 1) * rho) - 1
    a, b = p * weight, (1 - p) * weight
    low = np.ceil(special.betaincinv(a, b, tail) * n - 0.5) + 0.0  # never -0
    high = np.floor(special.betainccinv(a, b, tail) * n + 0.5)
    at_most = special.betainc(a, b, np.clip((np.floor(x) + 0.5) / n, 0, 1))
    at_least = special.betaincc(a, b, np.clip((np.ceil(x) - 0.5) / n, 0, 1))
    return low, high, at_most, at_least
