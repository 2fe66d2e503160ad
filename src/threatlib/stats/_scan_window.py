"""From forecasts to evidence: how surprising each window since each cut is, and what kind of event would explain it.

Batch-last arrays, as in the model. A window is a cut and the periods since; its shape is a plain sum (step, thinning,
silence) or a sum weighted towards the end (drift).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from threatlib.stats._scan_forecast import Forecast
from threatlib.stats._scan_model import FloatArray, Kind

PLAIN, RAMP = 0, 1
_STEPS, _DRIFTS = {12: (1, 2, 3, 4, 6, 9, 12), 4: (1, 2, 3, 4, 6)}, {12: (4, 6, 9, 12), 4: (2, 3, 4, 5, 6)}
WINDOWS = {f: tuple([(r, PLAIN) for r in _STEPS[f]] + [(r, RAMP) for r in _DRIFTS[f]]) for f in (12, 4)}
_RISES = (1.5, 2.5, 4.0, 6.0)  # sizes of an event, in s.d. of a period
_FALLS = (0.35, 0.55, 0.75, 1.0)  # shares of what was due that went unrecorded
_LONGEST_SILENCE = 24  # periods
_SHORT_WINDOWS_FIRST = {12: 0.35, 4: 0.6}  # prior of a window falls with its length to this power
_DOUBT, _DOUBT_POWER, _DOUBT_SEEN, _DOUBT_HOLDS = (
    0.1,
    2.0,
    7.0,
    0.9,
)  # how far a window whose forecast is mostly guesswork may be believed


class Window(NamedTuple):
    """One window from each cut: what it held, what was due, and the Bayes factors either way."""

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
        nothing = ndtri(0.5 * np.exp(np.maximum(-shape * np.log1p(mean / shape), -600)))
        return np.asarray(np.where(s < 1, nothing + np.maximum(s, 0) * (z - nothing), z))
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
    each = np.stack([_normal_score(s, mean, phi * noise + v, size, kind) for phi in f.grid])
    low, high = (f.grid_weight * ndtr(each)).sum(0), (f.grid_weight * ndtr(-each)).sum(0)
    return np.asarray(np.where(low < 0.5, ndtri(np.maximum(low, 1e-290)), -ndtri(np.maximum(high, 1e-290))))


def surprise(f: Forecast, r: int, shape: int, kind: Kind) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(z, noise share of the variance, noise s.d.) of the first r periods after each cut."""
    mean, unit = f.mean[shape][r - 1], np.maximum(f.unit[shape][r - 1], 1e-12)
    scale = unit / np.maximum(mean, 1e-12) if kind == "count" else np.ones_like(mean)
    s, m, v = f.recorded[shape][r - 1] / scale, mean / scale, f.variance[shape][r - 1] / scale**2
    noise = unit / scale**2
    if kind == "proportion" and shape == RAMP:
        scale_size = f.size[r - 1] * mean / np.maximum(f.mean[PLAIN][r - 1], 1e-12)
    else:
        scale_size = f.size[r - 1]
    size = np.maximum(scale_size, 1e-9)
    z = _mixed_score(f, s, m, noise, v, size, kind)
    phi = np.exp(f.dispersion)
    return z, phi * noise / (phi * noise + v), np.sqrt(phi * noise)


def weigh(f: Forecast, r: int, shape: int, kind: Kind, resumed: NDArray[np.bool_]) -> Window:
    """Evidence (Bayes factors) for a rise and for a fall over the window.

    `resumed` marks windows that hold all that was recorded since a gap: what came before is a fair comparison however
    uncertain, so the doubt is smaller there.
    """
    z, certain, noise = surprise(f, r, shape, kind)
    root = np.sqrt(certain)
    reach = np.sqrt(r if shape == PLAIN else 0.45 * r)
    few = 1 + (_DOUBT_SEEN / np.maximum(f.seen, 1.0)) ** 2
    doubt = np.where(resumed, 0.1 * _DOUBT, _DOUBT * few * np.maximum(1 - certain, 0.02) ** _DOUBT_POWER)

    def factor(shifts: list[FloatArray]) -> FloatArray:
        each = [np.exp(np.clip(d * z - 0.5 * d * d, -50, 300)) for d in shifts]
        bf = np.asarray(sum(each)) / (2 * len(each))
        return np.asarray(bf / (1 + doubt * bf) ** _DOUBT_HOLDS)

    rise = factor([size * reach * root for size in _RISES])
    if kind == "level":
        fall = factor([-size * reach * root for size in _RISES])
    else:
        scale = f.unit[shape][r - 1] / np.maximum(f.mean[shape][r - 1], 1e-12) if kind == "count" else 1.0
        due = f.mean[shape][r - 1] / np.maximum(scale * noise, 1e-12)
        fall = factor([-np.minimum(share * due, 6 * reach) * root for share in _FALLS])
    return Window(f.recorded[PLAIN][r - 1], f.mean[PLAIN][r - 1], rise, fall)


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


def interval(f: Forecast, r: int, confidence: float, kind: Kind) -> tuple[FloatArray, FloatArray]:
    """Equal-tailed predictive interval of the sum over the first r periods, by secant steps on the normal score."""
    mean, unit, v = f.mean[PLAIN][r - 1], f.unit[PLAIN][r - 1], f.variance[PLAIN][r - 1]
    sd = np.sqrt((f.grid_weight * f.grid[:, None]).sum(0) * unit + v)
    size = np.maximum(f.size[r - 1], 1e-9)
    top = size if kind == "proportion" else np.full_like(mean, np.inf)
    bottom = np.full_like(mean, -np.inf if kind == "level" else 0.0)
    first = bottom if kind == "level" else 0.25 * mean

    def root(x: FloatArray) -> FloatArray:  # counts are nearly linear in the normal score on this scale
        return np.asarray(np.sqrt(np.clip(x, 0, None)) if kind == "count" else x)

    def score(x: FloatArray) -> FloatArray:
        at = np.asarray(x**2 if kind == "count" else x)
        return _mixed_score(f, at, mean, unit, v, size, kind)

    ends = []
    for target in (ndtri((1 - confidence) / 2), -ndtri((1 - confidence) / 2)):
        x, trial = (
            root(mean),
            root(np.clip(mean + target * sd, first, top)),
        )
        z, z_trial = score(x), score(trial)
        for _ in range(4):
            rise = np.where(np.abs(z_trial - z) > 1e-6, z_trial - z, np.inf)
            reach = 2 * np.abs(trial - x)
            moved = trial + np.clip((target - z_trial) * (trial - x) / rise, -reach, reach)
            x, z, trial = trial, z_trial, np.clip(moved, bottom, top)
            z_trial = score(trial)
        ends.append(trial**2 if kind == "count" else trial)
    if kind == "level":
        return ends[0], ends[1]
    return np.ceil(ends[0]), np.maximum(np.floor(ends[1]), np.ceil(ends[0]))  # the counts inside
