"""Quantiles of the negative binomial for whole panels, safe where a library routine can hang."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc

from threatlib.stats._outcome import FloatArray


def quantile(level: float | FloatArray, shape: FloatArray, success: FloatArray) -> FloatArray:
    """The smallest whole number at which the distribution function reaches `level`, found by halving.

    `shape` and `success` as in scipy's `nbinom` (shape above 0, not necessarily whole; success above 0, at most 1).
    """
    low = np.full(np.broadcast(level, shape, success).shape, -1.0)
    high = np.ceil(10 * (shape * (1 - success) / success + 1)) + low * 0
    for _ in range(60):  # a bracket 4^60 times the mean holds any level a caller asks for
        short = betainc(shape, high + 1, success) < level
        if not short.any():
            break
        high = np.where(short, 4 * high, high)
    while (wide := high - low > 1).any():
        middle = np.floor((low + high) / 2)
        if ((middle <= low) | (middle >= high))[wide].all():  # whole numbers beyond 2^53 have no middle
            break
        reached = betainc(shape, middle + 1, success) >= level
        low, high = np.where(wide & ~reached, middle, low), np.where(wide & reached, middle, high)
    return np.asarray(high)
