"""Is there a trend, and how steep? Mann-Kendall with the Theil-Sen slope; the five-point test is `recent_trend`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, stdtr

from threatlib.stats._chart_panel import HUGE
from threatlib.stats._kendall import (
    EXACT_UP_TO,
    Parts,
    calibrated_inflation,
    exact_p,
    inflation,
    pair_slopes,
    score,
    slope_interval,
    variance,
)
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome
from threatlib.stats.recent import RecentTrend, recent_trend

__all__ = ["EXACT_UP_TO", "RecentTrend", "Trend", "mann_kendall", "recent_trend"]

NEEDED = {None: 5, 4: 12, 12: 24}
"""Points below which even a perfect trend cannot reach p < 0.05: none, quarterly and monthly season."""

_CELLS = 1 << 21  # pairs worked on at once: 16 MB


@dataclass(frozen=True, slots=True)
class Trend(Outcome):
    """Trend of every series: arrays of the input's leading shape.

    Attributes
    ----------
    s, var_s, z, p : float array
        Kendall's S, its variance (after the correction, if one was asked for), S in standard deviations with continuity
        1, and the two-sided p.
    tau : float array
        S over the number of pairs (tau-a), -1 to 1.
    slope, slope_lower, slope_upper : float array
        Theil-Sen slope and its interval, per point, per unit of `times`, or per cycle of a season.
    intercept : float array
        Level of the line at time 0, or at the first point where no times are given.
    n : int array
        Points used.
    needed : int
        Points below which even a perfect trend cannot reach p < 0.05; the numbers are given all the same.
    exact : bool array
        Whether p is exact rather than from the normal approximation.
    factor : float array
        What the correction multiplied the variance by; 1 without one.
    """

    s: FloatArray
    var_s: FloatArray
    z: FloatArray
    p: FloatArray
    tau: FloatArray
    slope: FloatArray
    slope_lower: FloatArray
    slope_upper: FloatArray
    intercept: FloatArray
    n: IntArray
    exact: BoolArray
    factor: FloatArray
    needed: int = NEEDED[None]


def mann_kendall(
    values: ArrayLike,
    *,
    times: ArrayLike | None = None,
    period: Literal[4, 12] | None = None,
    correction: Literal["hamed-rao"] | None = None,
    confidence: float = 0.95,
    max_lag: int | None = None,
    exact: bool = True,
    calibrated: bool = False,
) -> Trend:
    """Mann-Kendall test of a monotone trend, with the Theil-Sen slope and its interval.

    Parameters
    ----------
    values : array_like, shape (..., points)
        Any numbers; NaN and infinite ones are missing.
    times : array_like, optional
        When each point was, rising, shaped like the values or like one series; slopes are then per unit of time. Left
        out, points are one apart.
    period : {None, 4, 12}
        Season: only points of the same quarter or month, by position, are compared, and slopes are per year (unless
        `times` are given).
    correction : {None, "hamed-rao"}
        Widen (or narrow) the variance by the autocorrelation of the detrended ranks. Not together with `period`.
    confidence : float
        Level of the slope's interval, above 0 and below 1.
    max_lag : int, optional
        Longest lag the correction looks at; all of them if left out. Hamed and Rao advise 3.
    exact : bool
        Exact p up to 10 points without ties, season or correction; False takes the normal approximation throughout.
    calibrated : bool
        With a correction: a form of it whose p holds what it claims from 8 points on, with and without
        autocorrelation. The tests without a correction hold as they are.

    Returns
    -------
    Trend
        Fewer than two points (with a season: in every season) give s = 0 and NaN for the rest. With fewer than
        `needed` the numbers are given, but `shortfall()` says that no trend could have been found. All values the same
        give z = 0, p = 1, slope 0. A perfect trend has a finite z and p with and without correction.

    Raises
    ------
    ValueError
        If `times` do not fit or do not rise, `period` or `correction` is not one of those listed or both are given,
        `calibrated` is asked for without a correction or with a `max_lag`, or `confidence` is not between 0 and 1.

    Notes
    -----
    S = sum sign(x_j - x_i), Var = (n(n-1)(2n+5) - sum t(t-1)(2t+5))/18 over groups of t ties, z = (S -/+ 1)/sqrt(Var).
    With a season S, Var and pairs are summed over the seasons. Slope: median of all pairs' slopes; interval: the order
    statistics sqrt(Var) z apart. Hamed-Rao: Var (1 + 2/(n(n-1)(n-2)) sum (n-k)(n-k-1)(n-k-2) r_k) over lags k whose r_k
    is beyond 1.96/sqrt(n); lags count the points present. Where that is not above 0 it is no variance and the plain
    one is kept; so it is where detrending leaves nothing over. Memory: 8 n(n-1)/2 bytes for the longest series, blocks
    of 16 MB otherwise.

    References
    ----------
    Kendall MG (1975) Rank Correlation Methods. Hirsch RM, Slack JR, Smith RA (1982) Water Resources Research 18:107.
    Sen PK (1968) JASA 63:1379. Hamed KH, Rao AR (1998) Journal of Hydrology 204:182.
    Hamed KH (2009) Journal of Hydrology 368:143.

    Examples
    --------
    >>> trend = mann_kendall([3, 5, 4, 6, 8, 7, 9])
    >>> float(trend.s), round(float(trend.p), 4), float(trend.slope)
    (17.0, 0.0107, 1.0)
    """
    if period not in NEEDED:
        raise ValueError(f"period {period!r}: wanted None, 4 or 12")
    if correction not in (None, "hamed-rao"):
        raise ValueError(f"correction {correction!r}: wanted None or 'hamed-rao'")
    if period is not None and correction is not None:
        raise ValueError("period and correction: found both; Hamed and Rao's correction is for series without a season")
    if calibrated and (correction is None or max_lag is not None):
        raise ValueError("calibrated: found True, wanted it with a correction and without max_lag")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: found {confidence}, wanted a number between 0 and 1")
    x = floats(values).copy()
    if x.ndim == 0:
        raise ValueError("values: found a single number, wanted an array with time on its last axis")
    lead, points = x.shape[:-1], x.shape[-1]
    x[~(np.abs(x) <= HUGE)] = np.nan
    when = None if times is None else _times(times, x.shape)
    rows = x.reshape(int(np.prod(lead)), points)
    step = period or 1
    parts = []
    for block in _blocks(len(rows), points, step):
        moments = None if when is None else when[block]
        form = "calibrated" if calibrated else correction
        parts.append(_block(rows[block], moments, step, confidence, form, max_lag, exact))
    fields = {name: np.concatenate([part[name] for part in parts]).reshape(lead) for name in parts[0]}
    return Trend(**fields, needed=NEEDED[period])


def _times(times: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    given = floats(times, "times")
    try:
        when = np.broadcast_to(given, shape)
    except ValueError:
        raise ValueError(f"times: found shape {given.shape}, wanted {shape} or ({shape[-1]},)") from None
    if not (np.isfinite(when).all() and (np.diff(when, axis=-1) > 0).all()):
        raise ValueError("times: found a missing or infinite one, or two that do not rise; wanted rising numbers")
    return when.reshape(int(np.prod(shape[:-1])), shape[-1])


def _blocks(rows: int, points: int, step: int) -> Iterator[slice]:
    """Rows whose pairs fit into memory comfortably; one empty block for an empty panel."""
    size = max(1, _CELLS // max(1, points * points // (2 * step)))
    for start in range(0, max(rows, 1), size):
        yield slice(start, min(start + size, rows))


def _block(
    x: FloatArray,
    when: FloatArray | None,
    step: int,
    confidence: float,
    form: str | None,
    max_lag: int | None,
    exact: bool,
) -> Parts:
    """All numbers of a block of series."""
    n = np.isfinite(x).sum(axis=-1, dtype=np.int64)
    s = score(x, step)
    plain, pairs, tied = variance(x, step)
    slopes = pair_slopes(x, when, step)
    slope = slope_interval(slopes, pairs, plain, confidence)[0]
    factor = np.ones(len(x))
    if form is not None:
        factor = calibrated_inflation(x, slope, when) if form == "calibrated" else inflation(x, slope, when, max_lag)
    var_s = plain * factor
    _, lower, upper = slope_interval(slopes, pairs, var_s, confidence)
    some = pairs > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(var_s > 0, (s - np.sign(s)) / np.sqrt(var_s), 0.0)
        tau = s / pairs
    z = np.where(some, z, np.nan)
    p = 2 * (stdtr(np.maximum(n / factor - 2, 1.0), -np.abs(z)) if form == "calibrated" else ndtr(-np.abs(z)))
    by_table = (n >= 2) & (n <= EXACT_UP_TO) & ~tied & exact & (step == 1) & (form is None)
    p = np.where(by_table, exact_p(s, n), p)
    intercept = _intercept(x, when, slope, step)
    line = {"slope": slope, "slope_lower": lower, "slope_upper": upper, "intercept": intercept}
    var_s = np.where(some, var_s, np.nan)
    return {"s": s, "var_s": var_s, "z": z, "p": p, "tau": tau, **line, "n": n, "exact": by_table, "factor": factor}


def _intercept(x: FloatArray, when: FloatArray | None, slope: FloatArray, step: int) -> FloatArray:
    """Median value less the slope times the median time of the points present (Conover 1980)."""
    clock = np.broadcast_to(np.arange(x.shape[-1]), x.shape) if when is None else when
    middle = _median(np.where(np.isfinite(x), clock, np.nan))
    return np.asarray(_median(x) - (middle if when is not None else middle / step) * slope)


def _median(x: FloatArray) -> FloatArray:
    """Median of what is present in each row; NaN where nothing is."""
    ordered = np.sort(x, axis=-1)
    found = np.isfinite(x).sum(axis=-1)
    middle = np.stack([np.maximum(found - 1, 0) // 2, np.minimum(found // 2, max(x.shape[-1] - 1, 0))], axis=-1)
    if not x.shape[-1]:
        return np.full(len(x), np.nan)
    return np.asarray(np.take_along_axis(ordered, middle, axis=-1).mean(axis=-1))
