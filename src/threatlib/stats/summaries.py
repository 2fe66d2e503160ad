"""The mean of a sample with its interval, and groups of equal size by rank."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit
from scipy.stats import rankdata

from threatlib.stats._intervals import tail_of
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import FloatArray
from threatlib.stats.rates import Estimate


def mean(values: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Mean of the last axis with Student's t interval.

    Parameters
    ----------
    values : array_like, shape (..., sample)
        One missing or infinite value makes the answer NaN: which are missing is seldom chance.
    confidence : float
        Level of the interval, above 0 and below 1.

    Returns
    -------
    Estimate
        One value has a mean without limits; none has neither.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    References
    ----------
    Student (1908) Biometrika 6:1.
    """
    x = np.atleast_1d(floats(values))
    n, tail = x.shape[-1], tail_of(confidence)
    x = np.where(np.isfinite(x), x, np.nan)
    value = x.mean(axis=-1) if n else np.full(x.shape[:-1], np.nan)
    half = -stdtrit(n - 1, tail) * x.std(axis=-1, ddof=1) / np.sqrt(n) if n > 1 else np.full(x.shape[:-1], np.nan)
    return Estimate(value, value - half, value + half, confidence, "mean, Student's t")


def quantile_group(values: ArrayLike, groups: int, *, invert: bool = False) -> FloatArray:
    """Which of `groups` equal groups each value of the last axis falls in, 1 being the lowest.

    Parameters
    ----------
    values : array_like, shape (..., areas)
        Missing or infinite values take no part.
    groups : int
        How many: 5 for quintiles.
    invert : bool
        Let 1 be the highest.

    Returns
    -------
    array
        Whole numbers 1 to `groups`, shaped like the input; tied values share a group. NaN where a value takes no part
        and throughout where fewer than `groups` do.

    Raises
    ------
    ValueError
        If `groups` is below 1.

    Notes
    -----
    ``floor(groups + 1 - ceil((N + 1 - rank) / (N / groups)))``, the rank being the lowest of those tied; as in
    OHID's tools.
    """
    if groups < 1:
        raise ValueError(f"groups {groups!r}: wanted 1 or more.")
    x = np.atleast_1d(floats(values))
    ok = np.isfinite(x)
    n = ok.sum(axis=-1, keepdims=True)
    rank = rankdata(np.where(ok, -x if invert else x, np.inf), method="min", axis=-1) if x.size else x
    with np.errstate(divide="ignore", invalid="ignore"):
        group = np.maximum(np.floor(groups + 1 - np.ceil((n + 1 - rank) / (n / groups))), 1)
    return np.where(ok & (n >= groups), group, np.nan)
