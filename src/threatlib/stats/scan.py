"""Is this point odd, given its own past? A prospective scan for spikes, steps, drifts, falls and silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threatlib.errors import UsageError
from threatlib.stats._numbers import floats
from threatlib.stats._scan_calibration import THRESHOLD, probability
from threatlib.stats._scan_cuts import FEWEST, LOOK_BACK, Evidence, Task, collect, learn
from threatlib.stats._scan_model import PRIORS, FloatArray, Kind
from threatlib.stats._scan_window import RAMP, WINDOWS

__all__ = ["THRESHOLD", "Scan", "scan"]

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scan saw at each point; arrays shaped like the input, NaN (or "") where it cannot say.

    Attributes
    ----------
    score : larger = more anomalous: -log10 p, less 10 where the point says nothing new.
    p : share of quiet verdicts with as much evidence.
    flag : p at or below the shipped threshold, and news.
    news : more evidence, that way, than at any verdict of the last half year.
    event : strongest alternative: spike, step, drift, fall, silence or level after gap.
    direction : +1 rise, -1 fall, 0 cannot say.
    expected, lower, upper : forecast of the point itself and its predictive interval.
    length : periods in the strongest alternative's window.
    recorded_in_window, expected_in_window, window_lower, window_upper : the window's total and its forecast.
    seen : points of history behind the verdict.
    silence : periods like this one that would have to pass without an event to be sure; NaN if more than 24.
    """

    score: FloatArray
    p: FloatArray
    flag: BoolArray
    news: BoolArray
    event: NDArray[np.str_]
    direction: IntArray
    expected: FloatArray
    lower: FloatArray
    upper: FloatArray
    length: IntArray
    recorded_in_window: FloatArray
    expected_in_window: FloatArray
    window_lower: FloatArray
    window_upper: FloatArray
    seen: IntArray
    silence: FloatArray


def scan(
    values: ArrayLike,
    *,
    frequency: int,
    kind: Kind = "count",
    denominator: ArrayLike | None = None,
    provisional: int = 0,
    completeness: ArrayLike | None = None,
    breaks: Sequence[int] = (),
    panel: ArrayLike | None = None,
    panel_denominator: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    first: int | None = None,
    confidence: float | None = 0.95,
) -> Scan:
    """Verdicts on each point of one series or a panel, each from what came before the point and the point itself.

    Parameters
    ----------
    values : (..., periods)
        Counts, the numerators of proportions, or levels; NaN = missing. Consecutive periods, none left out.
    frequency : 12 or 4
        Periods a year.
    kind : "count", "proportion" or "level"
        Negative-binomial counts (a rate, with `denominator`), overdispersed binomial shares of `denominator`, or a
        Gaussian level that may wander.
    denominator : (..., periods), optional
        Population behind a rate, or the total behind a proportion (required there).
    provisional : int
        Trailing points known to be incomplete: falls are not flagged there.
    completeness : (provisional,), optional
        Share of each of those points that is usually there by now (0 to 1, oldest first): what is expected of them is
        so much less, and a rise above that can be told. Counts only.
    breaks : indices
        First point of each new regime (definition change, migration): nothing is compared across it.
    panel : (series, periods), optional
        Comparable series over the same periods, to learn season, dispersion and wander from.
    weights : (..., periods), optional
        How far each point counts as part of the past, 0 to 1: less than 1 for a declared shock such as a lockdown.
    first : int, optional
        First point to judge (default: as early as possible). Earlier points get NaN.
    confidence : float or None
        Coverage of the predictive intervals; None leaves them out (quicker).

    Returns
    -------
    Scan

    Raises
    ------
    UsageError
        For a frequency, kind, shape or value outside the above.

    Notes
    -----
    A trend-and-season model with a local random walk is fitted to the past of every point, past oddities down-weighted
    on both sides, and averaged over season size, wander and dispersion by their evidence. The last 1 to 12 periods are
    compared with the forecast made before them; Bayes factors for rises and falls of known sizes are averaged over
    windows, and the sum is turned into a p-value by simulation. A flag is news: it is raised when the evidence exceeds
    that of every verdict of the last half year in the same direction, so one change is one flag (it is raised again if
    it deepens). After a gap of half a year or more, the first year is compared with the level before; then a new level
    starts.

    References
    ----------
    Noufaily A et al (2013), Stat Med 32:1206; West M, Harrison J (1997), Bayesian Forecasting and Dynamic Models;
    Kulldorff M (2001), J R Stat Soc A 164:61 (prospective scans); Kass R, Raftery A (1995), JASA 90:773.
    """
    y, size = _panel(values, denominator, frequency, kind)
    shape, n = np.shape(values), y.shape[1]
    marks = tuple(sorted({int(b) for b in breaks if b > 0}))
    _check(provisional, first, n)
    if completeness is not None:
        size[:, n - provisional :] *= _shares(completeness, provisional, kind)
    task = Task(y, size, frequency, kind, marks, _worth(weights, np.shape(values)))
    start = max(FEWEST + 1, 0 if first is None else first)
    lessons = None
    if panel is not None and np.size(panel):  # a panel of no series teaches nothing
        others, theirs = _panel(panel, panel_denominator, frequency, kind)
        if others.shape[1] != n:
            raise UsageError(f"panel: found {others.shape[1]} periods, wanted {n}, those of the values.")
        lessons = learn(Task(others, theirs, frequency, kind, marks))
    look = LOOK_BACK[frequency]
    e = collect(task, max(FEWEST + 1, start - look), lessons, confidence)
    return _verdicts(e, task, start, provisional, look, shape)


def as_numbers(values: ArrayLike, name: str) -> FloatArray:
    """Numbers as floats, what is masked or None as NaN; text and dates are the caller's mistake."""
    try:
        return floats(values, name)
    except ValueError as problem:
        raise UsageError(f"{problem}.") from problem


def _panel(
    values: ArrayLike, denominator: ArrayLike | None, frequency: int, kind: str
) -> tuple[FloatArray, FloatArray]:
    """Series by periods, and what each was recorded out of, scaled to about one for a rate."""
    if frequency not in WINDOWS:
        raise UsageError(f"frequency: found {frequency!r}, wanted 12 (monthly) or 4 (quarterly).")
    if kind not in PRIORS:
        raise UsageError(f"kind: found {kind!r}, wanted one of {', '.join(PRIORS)}.")
    given = as_numbers(values, "values")
    if given.ndim == 0 or given.shape[-1] == 0:
        raise UsageError("values: found no periods, wanted at least one.")
    y = given.reshape(-1, given.shape[-1]).copy()
    if np.isinf(y).any() or (kind != "level" and (y < 0).any()):
        raise UsageError("values: found a negative or infinite value, wanted counts of 0 or more (NaN if missing).")
    if denominator is None:
        if kind == "proportion":
            raise UsageError("denominator: found none, wanted the total behind each proportion.")
        return y, np.ones_like(y)
    if kind == "level":
        raise UsageError("denominator: found one, wanted none for a level.")
    size = alike(denominator, given.shape, "denominator").reshape(y.shape).copy()
    known = size > 0
    y[~known] = np.nan
    size[~known] = np.nan
    if kind == "proportion":
        if (y > size).any():
            raise UsageError("values: found more than the denominator, wanted the part of it that met the test.")
        return y, size
    earliest = np.array([row[ok][0] if ok.any() else 1.0 for row, ok in zip(size, known, strict=True)])
    return y, size / earliest[:, None]  # by the first one: what is known at every later point


def alike(given: ArrayLike, shape: tuple[int, ...], name: str) -> FloatArray:
    """Numbers, one for each value of that shape."""
    numbers = as_numbers(given, name)
    try:
        return np.broadcast_to(numbers, shape)
    except ValueError as problem:
        raise UsageError(f"{name}: found shape {numbers.shape}, wanted one for each value, {shape}.") from problem


def _worth(weights: ArrayLike | None, shape: tuple[int, ...]) -> FloatArray | None:
    if weights is None:
        return None
    worth = alike(weights, shape, "weights")
    if not ((worth >= 0) & (worth <= 1)).all():
        raise UsageError("weights: found one outside 0 to 1, wanted how far each point counts.")
    return worth.reshape(-1, shape[-1])


def _shares(completeness: ArrayLike, provisional: int, kind: str) -> FloatArray:
    share = as_numbers(completeness, "completeness")
    if kind != "count" or share.shape != (provisional,) or not ((share > 0) & (share <= 1)).all():
        raise UsageError(
            f"completeness: found {completeness!r:.60}, wanted a share above 0 and up to 1 for each of the "
            f"{provisional} provisional point(s) of counts."
        )
    return share


def _check(provisional: int, first: int | None, n: int) -> None:
    if not 0 <= provisional <= n:
        raise UsageError(f"provisional: found {provisional}, wanted 0 to {n}.")
    if first is not None and first < 0:
        raise UsageError(f"first: found {first}, wanted 0 or more.")


def _news(rise: FloatArray, fall: FloatArray, look: int) -> BoolArray:
    """The stronger direction's evidence exceeds all it had in the last `look` verdicts."""
    out = np.ones(rise.shape, bool)
    for evidence, leading in ((rise, rise >= fall), (fall, fall > rise)):
        past = np.where(np.isnan(evidence), -np.inf, evidence)
        padded = np.concatenate([np.full((len(past), look), -np.inf), past], axis=1)
        before = np.lib.stride_tricks.sliding_window_view(padded, look, axis=1)[:, :-1].max(-1)
        out &= ~leading | (past >= before)
    return out


def _events(expected: FloatArray, task: Task) -> FloatArray:
    """Events a period, the rarer way for a proportion; a level is calibrated as a count of fifty."""
    if task.kind == "level":
        return np.full_like(expected, 50.0)
    return np.minimum(expected, task.size - expected) if task.kind == "proportion" else expected


def _verdicts(e: Evidence, task: Task, start: int, provisional: int, look: int, shape: tuple[int, ...]) -> Scan:
    n = task.y.shape[1]
    fall = e.fall.copy()
    if provisional:
        fall[:, n - provisional :] = np.where(np.isnan(fall[:, n - provisional :]), np.nan, -np.inf)
    said = ~np.isnan(e.rise)
    said[:, :start] = False
    total = np.logaddexp(np.where(said, e.rise, 0.0), np.where(said, fall, 0.0))
    p = np.where(said, probability(total, _events(e.expected[0], task), e.seen, task.freq), np.nan)
    news = said & _news(e.rise, fall, look)
    down = fall > e.rise
    best = np.where(down, e.best_fall, e.best_rise)
    windows = WINDOWS[task.freq]
    length = np.array([r for r, _ in windows])[best]
    form = np.array([f for _, f in windows])[best]

    def at(stack: FloatArray, which: IntArray | None = None) -> FloatArray:
        chosen = best if which is None else which
        return np.where(said, np.take_along_axis(stack, chosen[None], axis=0)[0], np.nan)

    recorded, expected = at(e.recorded), at(e.expected)
    resumed = np.take_along_axis(e.resumed, best[None], axis=0)[0]
    event = np.select([~said, resumed, down & (recorded == 0) & (task.kind != "level"), down, form == RAMP, length > 1],
                      ["", "level after gap", "silence", "fall", "drift", "step"], "spike")  # fmt: skip
    point = np.zeros_like(best)
    score = np.where(said, -np.log10(np.maximum(p, 1e-300)) - np.where(news, 0.0, 10.0), np.nan)

    judged = {
        "score": score,
        "p": p,
        "flag": said & news & (np.nan_to_num(p, nan=1.0) <= THRESHOLD[task.freq]),
        "news": news,
    }
    judged |= {
        "event": event,
        "direction": np.where(said, np.where(down, -1, 1), 0),
        "length": np.where(said, length, 0),
    }
    judged |= {"expected": at(e.expected, point), "lower": at(e.lower, point), "upper": at(e.upper, point)}
    judged |= {"recorded_in_window": recorded, "expected_in_window": expected, "seen": e.seen.astype(np.int64)}
    judged |= {"silence": np.where(said, e.silence, np.nan)}
    judged |= {"window_lower": at(e.lower), "window_upper": at(e.upper)}
    return Scan(**{name: value.reshape(shape) for name, value in judged.items()})
