"""How often a comparison flags a series in which nothing happens: the rates that the page adds up.

A comparison with earlier years or with a counterpart allows for the ordinary wander of real places, so chance counting
alone flags far less than its level says. What chance alone would flag is worked out from the limits that were set.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, stdtr

from threatlib.signals import SERIES
from threatlib.signals.contrast import HISTORY_FOR_DISPERSION

Floats = NDArray[np.float64]

SCAN: dict[tuple[str, str], float] = {
    ("scan-counts", "month"): 0.017,
    ("scan-counts", "quarter"): 0.005,
    ("scan-small-stock", "snapshot"): 0.009,
    ("scan-stock", "snapshot"): 0.048,
    ("scan-shares", "month"): 0.013,
    ("scan-shares", "quarter"): 0.001,
    ("scan-levels", "month"): 0.047,
    ("scan-levels", "quarter"): 0.034,
    ("scan-levels", "snapshot"): 0.034,
}
"""Quiet series flagged in a quarter, by method and kind of period: means over several makes of series, measured by
benchmarks/false_alarms_findings.py. A stock or level that remembers its last value is flagged more often than the level
that the scan is set to, a count by the quarter less often."""
CLUSTERED = 1.5
"""Variance over mean of counts whose own cannot be worked out."""


def scanned(signals: pd.DataFrame) -> pd.Series:
    """The measured rate of the scan for each of its signals; the level it was set to where that was not measured."""
    if signals.empty:
        return pd.Series(dtype=float)
    known = [SCAN.get((str(m), str(k)), np.nan) for m, k in zip(signals["method"], signals["window_kind"], strict=True)]
    return pd.Series(known, signals.index, dtype=float).fillna(signals["alpha"])


def dispersions(signals: pd.DataFrame) -> dict[tuple[str, ...], float]:
    """Variance over mean of each series' own counts, where there is enough to learn it from, by its names."""
    if signals.empty:
        return {}
    learnt = signals[signals["history"].astype(float) >= HISTORY_FOR_DISPERSION]
    keys = learnt[SERIES].itertuples(index=False, name=None)
    return {tuple(map(str, key)): float(phi) for key, phi in zip(keys, learnt["dispersion"], strict=True)}


def counts(expected: ArrayLike, variance: ArrayLike, lower: ArrayLike, upper: ArrayLike = np.inf) -> Floats:
    """Chance that a count lies below or above a range.

    Parameters
    ----------
    expected : array_like
        Mean, above 0.
    variance : array_like
        Of the count about `expected`, the doubt of `expected` itself included; at least the Poisson one is taken.
    lower, upper : array_like
        Ends of the range, whole numbers; both belong to it.

    Returns
    -------
    array
        0 to 1; NaN where the mean is not above 0.

    Notes
    -----
    Negative binomial with that mean and variance.
    """
    mean, low, high = (np.asarray(part, dtype=np.float64) for part in (expected, lower, upper))
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.maximum(np.asarray(variance, dtype=np.float64) - mean, 1e-6 * mean)
        shape, success = mean**2 / excess, mean / (mean + excess)
        below = np.where(low > 0, betainc(shape, np.maximum(low, 1), success), 0.0)
        above = np.where(np.isfinite(high), 1 - betainc(shape, np.where(np.isfinite(high), high, 0) + 1, success), 0.0)
    return np.where(mean > 0, below + above, np.nan)


def levels(width: ArrayLike, deviation: ArrayLike, n: ArrayLike) -> Floats:
    """Chance that a level lies further than `width` from the mean of `n` earlier ones with that standard deviation.

    Notes
    -----
    Student's t of the levels' own deviation, without what is usual elsewhere; 1 where there are fewer than two.
    """
    many = np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.asarray(width) / (np.asarray(deviation) * np.sqrt(1 + 1 / many))
    return np.where(many > 1, 2 * stdtr(np.maximum(many - 1, 1), -np.nan_to_num(away, posinf=1e9)), 1.0)


def silence(cases: float, periods: int, phi: float, level: float) -> float:
    """Chance that the shortest run of nothing that would be called odd at a level ends a quiet series.

    Notes
    -----
    With S cases in n periods a run of r has the chance ``(n / (n + r))^(S/phi + 1/2)`` (`stats.absence.silent_run`).
    """
    power = cases / phi + 0.5
    run = max(np.ceil(periods * (level ** (-1 / power) - 1)), 1.0)
    return float((periods / (periods + run)) ** power)
