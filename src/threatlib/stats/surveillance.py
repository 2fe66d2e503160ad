"""Is the newest count unusual? Farrington's flexible algorithm and the EARS charts, prospective, panels at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threatlib.stats import _panel
from threatlib.stats._ears import Options, chart
from threatlib.stats._farrington_design import Settings, calendar, design
from threatlib.stats._farrington_verdict import judge
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome
from threatlib.stats._panel import REASONS

__all__ = ["REASONS", "Surveillance", "ears", "farrington"]

_CELLS = 1 << 17  # baseline cells worked on at once: about a megabyte an array, so that they stay in the cache


@dataclass(frozen=True, slots=True)
class Surveillance(Outcome):
    """Verdicts on the monitored points of a panel; arrays are shaped like the counts unless said otherwise.

    Attributes
    ----------
    expected, lower, upper : float array
        What was expected, and the limits: a count outside them is flagged. NaN where the answer is "cannot say".
    score : float array
        Position between expected (0) and limit (1 above, -1 below); beyond is flagged, unless too few cases.
    p : float array
        Probability of a count at least as far out: two-sided, or of the upper tail with `compat` and for `ears`.
    flag : bool array
        Unusual. False, too, where the answer is "cannot say": ask `status`.
    phi : float array
        Dispersion (variance over mean, at least 1); NaN for `ears`.
    trend_kept : bool array
        Whether the expectation follows a trend.
    slope : float array
        The trend on the log scale, per period; NaN where none was kept.
    status : int8 array
        0 where judged, otherwise why not: an index to `REASONS`.
    n : int array, leading shape
        Periods from the first one present to the last of the series.
    needed : int
        Periods needed before any point can be judged, that point included.
    """

    expected: FloatArray
    lower: FloatArray
    upper: FloatArray
    score: FloatArray
    p: FloatArray
    flag: BoolArray
    phi: FloatArray
    trend_kept: BoolArray
    slope: FloatArray
    status: NDArray[np.int8]
    n: IntArray
    needed: int


def farrington(
    counts: ArrayLike,
    *,
    frequency: int,
    b: int = 5,
    w: int = 3,
    n_periods: int = 10,
    past_not_included: int = 26,
    reweight: bool = True,
    weights_threshold: float = 2.58,
    trend: bool = True,
    trend_p_threshold: float = 1.0,
    alpha: float = 0.005,
    threshold_method: Literal["nb", "delta", "muan"] = "nb",
    power_transform: Literal["2/3", "1/2", "none"] = "2/3",
    limit54: tuple[float, int] = (5, 4),
    population: ArrayLike | None = None,
    dates: Any = None,
    first: int | None = None,
    compat: Literal["surveillance-1.20"] | None = None,
    plug_in: bool = False,
) -> Surveillance:
    """Judge each monitored count by the same time of year in the years before it.

    The defaults are those of Noufaily et al. (2013) for **weekly** series. Monthly, use `w=1, n_periods=10,
    past_not_included=6` (or `w=0, n_periods=12` where the season is strong); quarterly, `w=0, n_periods=4,
    past_not_included=1`.

    Parameters
    ----------
    counts : array, shape (..., time)
        Counts, NaN where missing. Infinite (above 1e12) and negative ones are left out and never judged.
    frequency : int
        Periods a year: 12, 4, 52 or any other.
    b : int
        Years back, 1 or more. A trend needs 3.
    w : int
        Half-width of the window round the same time of year, in periods. Windows never meet: with `compat=None` a
        `w` of more than (frequency - 1) // 2 counts as that.
    n_periods : int
        Levels of the season: the window is one, the rest of the year is cut into the others. 1 uses windows only.
    past_not_included : int
        Periods just before the monitored one that are kept out of its baseline.
    reweight, weights_threshold
        Discount past counts whose standardised Anscombe residual exceeds the threshold, once.
    trend, trend_p_threshold
        Fit a log-linear trend; keep it where its p-value is smaller (1: always) and it does not predict a mean above
        every count of the baseline.
    alpha : float
        Probability of a flag on each side, where nothing has changed; between 0 and 0.5.
    threshold_method : {"nb", "delta", "muan"}
        Limits from negative-binomial quantiles (2013), from a normal on a power scale (1996), or from quantiles at
        the upper (lower) confidence limit of the mean.
    power_transform : {"2/3", "1/2", "none"}
        Power scale of "delta".
    limit54 : (cases, periods)
        No high flag unless the last `periods` hold at least `cases`, the monitored one included. (0, 4) turns it off.
    population : array, broadcastable to counts, optional
        Exposure, positive; its logarithm is the offset.
    dates : array of dates, shape (time,), optional
        First day of each period, in order and without a period left out; then years back are calendar years.
    first : int, optional
        0-based index of the first monitored point; otherwise every point with enough history is monitored.
    compat : {None, "surveillance-1.20"}
        Reproduce R's `surveillance::farringtonFlexible`, its slips included, with flags on the upper side only.
    plug_in : bool
        Take the fitted mean and dispersion of "nb" for the truth, as the 2013 paper does. The level is then not a
        promise: measured, false alarms are two to thirty times `alpha`; so they are with "delta" and `compat`.

    Returns
    -------
    Surveillance
        NaN before `first`, and wherever the answer is "cannot say"; `status` tells why, `shortfall()` by how much.

    Raises
    ------
    ValueError
        An option out of its range, counts without a time axis, or dates that skip a period.

    Notes
    -----
    log mean = level + slope x time + log population, quasi-Poisson with dispersion phi = max(1, Pearson / df). Each
    verdict uses the monitored count, its baseline and nothing later. Where `compat=None` differs from R is listed in
    `docs/deviations/surveillance.md`; measured false-alarm rates are in `docs/calibration/surveillance.md`.

    References
    ----------
    Farrington et al. (1996), J. R. Statist. Soc. A 159:547. Noufaily et al. (2013), Statist. Med. 32:1206.
    Salmon et al. (2016), J. Statist. Software 70(10).

    Examples
    --------
    >>> quiet = np.tile([9.0, 11.0, 10.0, 12.0], 7)
    >>> result = farrington(np.append(quiet, [40.0]), frequency=4, w=0, n_periods=4, past_not_included=1, first=28)
    >>> bool(result.flag[28]), round(float(result.expected[28]), 1)
    (True, 9.0)
    """
    settings = Settings(
        frequency=frequency,
        b=b,
        w=w,
        n_periods=n_periods,
        past_not_included=past_not_included,
        reweight=reweight,
        weights_threshold=weights_threshold,
        trend=trend,
        trend_p_threshold=trend_p_threshold,
        alpha=alpha,
        threshold_method=threshold_method,
        power_transform=power_transform,
        limit54=limit54,
        compat=compat,
        plug_in=plug_in,
    )
    panel, begin = _panel.read(counts, population), 0 if first is None else first
    days = calendar(dates, frequency, panel.points)
    if begin < 0:
        raise ValueError(f"first: found {first}, wanted the 0-based index of a point")
    answer = _panel.blank(panel)
    answer["status"][:, :begin] = _panel.BEFORE
    for point in range(begin, panel.points):
        plan = design(point, settings, days)
        if plan is None:
            answer["status"][:, point] = _panel.SHORT
            continue
        ready = (panel.since <= point - settings.needed + 1) | settings.as_in_r
        answer["status"][~ready, point] = _panel.SHORT
        for block in _blocks(np.flatnonzero(ready), plan.rows.size):
            for name, values in judge(panel, block, plan, settings).items():
                answer[name][block, point] = values
    return _result(panel, answer, settings.needed)


def ears(
    counts: ArrayLike,
    *,
    method: Literal["C1", "C2", "C3"] = "C1",
    baseline: int = 7,
    min_sigma: float = 0.0,
    alpha: float = 0.001,
    calibrated: bool = False,
    compat: Literal["surveillance-1.20"] | None = None,
) -> Surveillance:
    """Judge each count by the few before it: the EARS charts, for want of a longer history.

    Parameters
    ----------
    counts : array, shape (..., time)
        Counts, NaN where missing. Infinite (above 1e12) and negative ones are left out and never judged.
    method : {"C1", "C2", "C3"}
        C1 uses the `baseline` points just before, C2 leaves two between, C3 adds up what the C2 statistics of the
        point and the two before exceed 1 by.
    baseline : int
        Points in the baseline, at least 2; all of them must be present.
    min_sigma : float
        Smallest standard deviation to believe in, 0 or more.
    alpha : float
        Probability of a flag where nothing has changed, between 0 and 0.5: met with `calibrated=True`; otherwise a
        name for the limit and not a promise.
    calibrated : bool
        Set the limit so that `alpha` holds; C3 then judges the last three counts together by the seven before them.
    compat : {None, "surveillance-1.20"}
        Reproduce R's `surveillance::earsC`, whose C3 does not look at the monitored count itself.

    Returns
    -------
    Surveillance
        Flags on the upper side only, so `lower` is 0. As defined, `p` is NaN for C3, for which no distribution is
        claimed, and `score` is infinite where a count exceeds a baseline that does not vary; an `upper` of minus
        infinity says that C3 flags any count after the two before it, as does one below 0 with `calibrated=True`.

    Raises
    ------
    ValueError
        An option out of its range, or counts without a time axis.

    Notes
    -----
    z = (y - mean) / sd; flagged where z exceeds the normal quantile. A standard deviation from 7 points has a wide
    distribution and rare counts are skewed, so that the charts as defined flag 1.5 to 7% of steady points (C1, C2 at
    0.1%) and 7 to 20% (C3 at 2.5%), more with a season: the formula's nominal level is not a promise.

    Calibrated: on the 2/3 power scale, (y^(2/3) - m^(2/3)) / (2/3 m^(-1/3) sqrt(phi m (1 + k/baseline))) against
    Student's t with baseline - 1 degrees of freedom; m expects k periods (3 for C3, otherwise 1) from the baseline and
    one case more, phi = max(1, variance / mean). It holds at every mean from 0.2 to 300 for variances up to twice the
    mean, and says little at 0.1%: ask for 1%. There is no trend and no season in it; C2 and C3 must not be used with a
    season in either form, nor C1 above alpha = 0.001: use `farrington`. See `docs/calibration/surveillance.md`.

    References
    ----------
    Hutwagner et al. (2003), J. Urban Health 80(Suppl 1):i89. Fricker, Hegler and Dunfee (2008), Statist. Med. 27:3407.

    Examples
    --------
    >>> result = ears([4, 6, 5, 5, 4, 6, 5, 19], method="C1")
    >>> bool(result.flag[7]), round(float(result.upper[7]), 2)
    (True, 7.52)
    """
    options = Options(method, baseline, min_sigma, alpha, calibrated, compat)
    panel = _panel.read(counts)
    answer = _panel.blank(panel)
    for block in _blocks(np.arange(panel.series), panel.points):
        for name, values in _read_chart(panel.values[block], answer["status"][block], options).items():
            answer[name][block] = values
    return _result(panel, answer, options.needed)


def _read_chart(values: FloatArray, status: NDArray[np.int8], options: Options) -> dict[str, Any]:
    """The entries of an answer for a block of series, NaN where there is no verdict."""
    c = chart(values, options)
    unknown = np.isnan(c.upper)
    status[(status == _panel.JUDGED) & (c.sd == 0) & unknown] = _panel.CONSTANT
    status[(status == _panel.JUDGED) & unknown] = _panel.THIN
    status[:, : options.needed - 1] = _panel.SHORT
    judged = status == _panel.JUDGED
    with np.errstate(invalid="ignore"):
        score = c.statistic / c.critical
    found = {"expected": c.mean, "lower": np.zeros_like(c.mean), "upper": c.upper, "score": score, "p": c.p}
    shown = {name: np.where(judged, array, np.nan) for name, array in found.items()}
    return {**shown, "flag": judged & (values > c.upper), "status": status}


def _blocks(series: IntArray, rows: int) -> Iterator[IntArray]:
    """The series in portions whose baselines of so many rows together hold about `_CELLS` cells."""
    size = max(1, _CELLS // max(1, rows))
    return (series[begin : begin + size] for begin in range(0, series.size, size))


def _result(panel: _panel.Panel, answer: dict[str, Any], needed: int) -> Surveillance:
    shaped = {name: values.reshape(panel.shape) for name, values in answer.items()}
    n = (panel.points - panel.since).reshape(panel.shape[:-1])
    return Surveillance(**shaped, n=n, needed=needed)
