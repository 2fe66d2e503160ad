"""From forecasts to evidence: how surprising each window since each cut is, and what kind of event would explain it.

Batch-last arrays, as in the model. A window is a cut and the periods since; its shape is a plain sum (step, thinning,
silence) or a sum weighted towards the end (drift).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtr, ndtri

from threatlib.stats._scan_calibration import honest_share
from threatlib.stats._scan_forecast import Forecast
from threatlib.stats._scan_model import FloatArray, Kind

BoolArray: TypeAlias = NDArray[np.bool_]

PLAIN, RAMP = 0, 1
_STEPS, _DRIFTS = {12: (1, 2, 3, 4, 6, 9, 12), 4: (1, 2, 3, 4, 6)}, {12: (4, 6, 9, 12), 4: (2, 3, 4, 5, 6)}
WINDOWS = {f: tuple([(r, PLAIN) for r in _STEPS[f]] + [(r, RAMP) for r in _DRIFTS[f]]) for f in (12, 4)}
_RISES = (2.0, 3.5, 5.5)  # sizes of an event, in s.d. of a period
_FALLS = (0.35, 0.55, 0.75, 1.0)  # shares of what was due that went unrecorded
_LONGEST_SILENCE = 24  # periods
_FEW_EVENTS = 10.0  # mean below which whole numbers are too coarse to cover what they should
_SHORT_WINDOWS_FIRST = {12: 0.4, 4: 0.6}  # prior of a window falls with its length to this power
_DOUBT, _DOUBT_POWER, _DOUBT_SEEN, _DOUBT_HOLDS = (
    0.1,
    2.0,
    7.0,
    0.9,
)  # how far a window whose forecast is mostly guesswork may be believed


class Held(NamedTuple):
    """What each of several windows held, (windows, batch): recorded, mean, unit, variance, size; and who they are."""

    recorded: FloatArray
    mean: FloatArray
    unit: FloatArray
    variance: FloatArray
    size: FloatArray
    whole: FloatArray  # the mean of the plain sum
    periods: FloatArray  # (windows, 1), as is the next
    ramp: BoolArray


class Window(NamedTuple):
    """Every window from each cut, (windows, batch): what it held, what was due, and the Bayes factors either way."""

    recorded: FloatArray
    expected: FloatArray
    rise: FloatArray
    fall: FloatArray


def _normal_score(s: FloatArray, mean: FloatArray, variance: FloatArray, size: FloatArray, kind: Kind) -> FloatArray:
    """Mid-p normal score of a count (gamma-Poisson), a share of `size` (scaled binomial) or a level.

    Notes
    -----
    The saddlepoint form r + log(u / r) / r, r the signed root of the deviance and u the standardised canonical
    parameter, is within 0.06 of the exact mid-p score at means of 1 and more, at a hundredth of its cost; the
    probability of nothing at all is exact.

    References
    ----------
    Barndorff-Nielsen O (1991), Biometrika 78:557; Lugannani R, Rice S (1980), Adv Appl Prob 12:475.
    """
    if kind == "level":
        return np.asarray((s - mean) / np.sqrt(np.maximum(variance, 1e-12)))  # 0 where nothing was recorded
    mean = np.maximum(mean, 1e-6)
    near = 1e-3 * (mean + 0.1)  # at the mean itself the form is 0 / 0
    at = np.maximum(s, 1.0) if kind == "count" else s
    at = np.where(np.abs(at - mean) < near, mean + near, at)
    if kind == "count":
        shape = mean**2 / np.maximum(variance - mean, 1e-4 * mean)
        log_odds, log_size = np.log(at / mean), np.log((at + shape) / (mean + shape))
        deviance = 2 * (at * log_odds - (at + shape) * log_size)
        z = _saddlepoint(at - mean, deviance, (log_odds - log_size) * np.sqrt(at * (at + shape) / shape))
        few = s < 1
        if few.any():
            shape, some = shape[..., few], z[..., few]
            nothing = ndtri(0.5 * np.exp(np.maximum(-shape * np.log1p(mean[few] / shape), -600)))
            z[..., few] = nothing + np.maximum(s[few], 0) * (some - nothing)
        return z
    mean = np.minimum(mean, size * (1 - 1e-6))
    scale = np.maximum(variance * size / (mean * (size - mean)), 0.05)  # overdispersion: so many fewer trials
    some, rest, due, left = (np.maximum(v / scale, 1e-9) for v in (at, size - at, mean, size - mean))
    win, lose = np.log(some / due), np.log(rest / left)
    z = _saddlepoint(at - mean, 2 * (some * win + rest * lose), (win - lose) * np.sqrt(some * rest / (some + rest)))
    z = np.where(s <= 0, ndtri(0.5 * np.exp((due + left) * np.log(left / (due + left)))), z)
    return np.where(s >= size, -ndtri(0.5 * np.exp((due + left) * np.log(due / (due + left)))), z)


def _saddlepoint(side: FloatArray, deviance: FloatArray, u: FloatArray) -> FloatArray:
    r = np.sign(side) * np.sqrt(np.maximum(deviance, 1e-12))
    return np.asarray(r + np.log(np.maximum(u / r, 1e-9)) / r)


def _mixed_score(
    f: Forecast, s: FloatArray, mean: FloatArray, noise: FloatArray, v: FloatArray, size: FloatArray, kind: Kind
) -> FloatArray:
    """The normal score with the dispersion mixed out: tails as heavy as its uncertainty makes them."""
    grid, weight = f.grid[:, None, None], f.grid_weight[:, None]
    each = _normal_score(s, mean, grid * noise + v, size, kind)
    below, tail = each < 0, ndtr(-np.abs(each))
    low, high = ((weight * np.where(side, tail, 1 - tail)).sum(0) for side in (below, ~below))
    return np.asarray(np.where(low < 0.5, ndtri(np.maximum(low, 1e-290)), -ndtri(np.maximum(high, 1e-290))))


def held(f: Forecast, windows: Sequence[tuple[int, int]]) -> Held:
    """The sums of several windows side by side."""
    forms = np.array([form for _, form in windows])
    last = np.array([r for r, _ in windows]) - 1

    def pick(pair: tuple[FloatArray, FloatArray]) -> FloatArray:
        return np.asarray(np.where(forms[:, None] == PLAIN, pair[PLAIN][last], pair[RAMP][last]))

    sums = (pick(f.recorded), pick(f.mean), np.maximum(pick(f.unit), 1e-12), pick(f.variance))
    return Held(*sums, f.size[last], f.mean[PLAIN][last], last[:, None] + 1.0, forms[:, None] == RAMP)


def _surprise(f: Forecast, h: Held, kind: Kind) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(z, noise share of the variance, noise s.d.) of each window."""
    if kind == "count":  # a weighted sum as a count of its own, of variance equal to its mean at dispersion 1
        scale = h.unit / np.maximum(h.mean, 1e-12)
        s, m, v, noise = h.recorded / scale, h.mean / scale, h.variance / scale**2, h.unit / scale**2
    else:
        s, m, v, noise = h.recorded, h.mean, h.variance, h.unit
    size = h.size
    if kind == "proportion":
        size = np.where(h.ramp, size * m / np.maximum(h.whole, 1e-12), size)
    z = _mixed_score(f, s, m, noise, v, np.maximum(size, 1e-9), kind)
    noise = np.exp(f.dispersion) * noise
    return z, noise / (noise + v), np.sqrt(noise)


def weigh(f: Forecast, windows: Sequence[tuple[int, int]], kind: Kind, resumed: BoolArray) -> Window:
    """Evidence (Bayes factors) for a rise and for a fall over each window.

    `resumed` (windows, batch) marks windows that hold all that was recorded since a gap: what came before is a fair
    comparison however uncertain, so the doubt is smaller there.
    """
    h = held(f, windows)
    z, certain, noise = _surprise(f, h, kind)
    root = np.sqrt(certain)
    reach = np.sqrt(np.where(h.ramp, 0.45, 1.0) * h.periods)
    few = 1 + (_DOUBT_SEEN / np.maximum(f.seen, 1.0)) ** 2
    doubt = np.where(resumed, 0.1 * _DOUBT, _DOUBT * few * np.maximum(1 - certain, 0.02) ** _DOUBT_POWER)

    def factor(shifts: list[FloatArray]) -> FloatArray:
        total = np.zeros_like(z)
        for d in shifts:
            total += np.exp(np.clip(d * z - 0.5 * d * d, -50, 300))
        bf = total / (2 * len(shifts))
        return np.asarray(bf / (1 + doubt * bf) ** _DOUBT_HOLDS)

    reached = reach * root
    rise = factor([size * reached for size in _RISES])
    if kind == "level":
        fall = factor([-size * reached for size in _RISES])
    else:
        scale = h.unit / np.maximum(h.mean, 1e-12) if kind == "count" else 1.0
        due = h.mean / np.maximum(scale * noise, 1e-12)
        fall = factor([-np.minimum(share * due, 6 * reach) * root for share in _FALLS])
    last = h.periods[:, 0].astype(int) - 1
    return Window(f.recorded[PLAIN][last], h.whole, rise, fall)


def prior_weight(r: int, freq: int) -> float:
    return float(r ** -_SHORT_WINDOWS_FIRST[freq])


def silence(f: Forecast, chance: float) -> FloatArray:
    """Periods like the first after the cut that would have to pass without a single event to be sure that it is odd.

    "Sure" is a chance of `chance` or less that nothing would be recorded had nothing changed; NaN where more than
    `_LONGEST_SILENCE` periods would not do. The doubt about the level grows with the periods, as it does in a window.
    """
    periods = np.arange(1.0, _LONGEST_SILENCE + 1)[:, None]
    mean = np.maximum(f.mean[PLAIN][0], 1e-6)
    of_level, total = f.variance[PLAIN][0] / mean**2, periods * mean
    nothing = np.zeros_like(total)
    for phi, weight in zip(f.grid, f.grid_weight, strict=True):
        spread = np.maximum((phi - 1) / total + of_level, 1e-6)  # squared coefficient of variation beyond Poisson's
        nothing += weight * np.exp(-np.log1p(spread * total) / spread)
    found = np.argmax(nothing <= chance, axis=0) + 1.0
    return np.where((nothing <= chance).any(0), found, np.nan)


def interval(
    f: Forecast, windows: Sequence[tuple[int, int]], confidence: float, kind: Kind
) -> tuple[FloatArray, FloatArray]:
    """Equal-tailed predictive intervals of the windows' plain sums, by secant steps on the normal score."""
    lengths = sorted({r for r, _ in windows})  # of two shapes of one length the plain sum is the same
    each = [lengths.index(r) for r, _ in windows]
    h = held(f, [(r, PLAIN) for r in lengths])
    sd = np.sqrt((f.grid_weight * f.grid[:, None]).sum(0) * h.unit + h.variance)
    size = np.maximum(h.size, 1e-9)
    share = np.full_like(h.mean, confidence)
    if kind == "count":
        share = honest_share(confidence, h.mean / h.periods, f.seen)
    top = size if kind == "proportion" else np.full_like(h.mean, np.inf)
    bottom = np.full_like(h.mean, -np.inf if kind == "level" else 0.0)
    first = bottom if kind == "level" else 0.25 * h.mean

    def root(x: FloatArray) -> FloatArray:  # counts are nearly linear in the normal score on this scale
        return np.asarray(np.sqrt(np.clip(x, 0, None)) if kind == "count" else x)

    def score(x: FloatArray) -> FloatArray:
        at = np.asarray(x**2 if kind == "count" else x)
        return _mixed_score(f, at, h.mean, h.unit, h.variance, size, kind)

    ends = []
    for target in (ndtri((1 - share) / 2), -ndtri((1 - share) / 2)):
        x, trial = root(h.mean), root(np.clip(h.mean + target * sd, first, top))
        z, z_trial = score(x), score(trial)
        for _ in range(4):
            rise = np.where(np.abs(z_trial - z) > 1e-6, z_trial - z, np.inf)
            reach = 2 * np.abs(trial - x)
            moved = trial + np.clip((target - z_trial) * (trial - x) / rise, -reach, reach)
            x, z, trial = trial, z_trial, np.clip(moved, bottom, top)
            z_trial = score(trial)
        ends.append(trial**2 if kind == "count" else trial)
    low, high = ends
    if kind != "level":
        low, high = np.ceil(low), np.maximum(np.floor(high), np.ceil(low))  # the counts inside
    if kind == "count":
        low, high = _nearest(f, h, low, high, share)
    return low[each], high[each]


def _nearest(
    f: Forecast, h: Held, low: FloatArray, high: FloatArray, share: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Of intervals within a count of this one, that which covers most nearly what it should (few events only).

    Whole numbers cannot cover 80% of a mean of 1: 0 to 1 covers 74%, 0 to 2 covers 92%. The nearer is taken, so that
    over means that differ the misses cancel; where two are as near, the one with more equal tails.
    """
    few = np.nonzero(h.mean < _FEW_EVENTS)
    column = few[1]
    mean, unit, variance = np.maximum(h.mean[few], 1e-6), h.unit[few], h.variance[few]

    def below(count: FloatArray) -> FloatArray:  # chance of fewer than so many
        total = np.zeros_like(mean)
        for phi, weight in zip(f.grid, f.grid_weight[:, column], strict=True):
            shape = mean**2 / np.maximum(phi * unit + variance - mean, 1e-3 * mean)
            total += weight * betainc(shape, np.maximum(count, 1e-9), shape / (shape + mean))
        return np.where(count <= 0, 0.0, total)

    aim = share[few]
    ends = [[end[few] + step for step in (-1, 0, 1)] for end in (low, high)]
    under, over = [below(end) for end in ends[0]], [1 - below(end + 1) for end in ends[1]]
    best, miss = (low[few], high[few]), np.full(len(column), np.inf)
    for start, less in zip(ends[0], under, strict=True):
        for stop, more in zip(ends[1], over, strict=True):
            off = np.abs(1 - less - more - aim) + 0.1 * np.abs(less - more)
            better = (off < miss) & (start >= 0) & (stop >= start)
            best = (np.where(better, start, best[0]), np.where(better, stop, best[1]))
            miss = np.where(better, off, miss)
    low[few], high[few] = best
    return low, high
