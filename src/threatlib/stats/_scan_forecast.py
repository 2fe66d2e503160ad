"""What should follow each cut: the forecast summed over the next periods, averaged over the hyper-parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from threatlib.stats._scan_algebra import back_substitute, eliminate, running, shares
from threatlib.stats._scan_model import (
    PRIORS,
    Fit,
    FloatArray,
    Past,
    design,
    fit,
    harmonics,
    hyper_grid,
    precision,
    respond,
)

HORIZON = 12  # longest window, periods


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cumulated over the periods after the cut: first axis periods 1 to HORIZON, last axis batch.

    Pairs are (plain sum, sum weighted 1, 2, 3, ...): its mean, the variance of that mean, its noise variance at
    dispersion 1, and what was recorded. `grid` and `grid_weight` are the dispersion and its posterior, `dispersion` and
    `dispersion_prior` the means of its log after and before.
    """

    mean: tuple[FloatArray, FloatArray]
    variance: tuple[FloatArray, FloatArray]
    unit: tuple[FloatArray, FloatArray]
    recorded: tuple[FloatArray, FloatArray]
    size: FloatArray
    grid: FloatArray
    grid_weight: FloatArray
    dispersion: FloatArray
    dispersion_prior: FloatArray
    hyper_weight: FloatArray
    season: FloatArray
    seen: FloatArray


def forecast(past: Past, ahead: FloatArray, size_ahead: FloatArray) -> Forecast:
    """Forecast from every cut; `ahead` (HORIZON, batch) is what was recorded, `size_ahead` out of how many.

    Notes
    -----
    Given season size and wander the posterior is Gaussian about the mode (Laplace); each is weighed by its evidence.
    The wander goes on after the cut, so its share of the variance grows with the horizon.
    """
    priors, mode = PRIORS[past.kind], fit(past)
    smooth = 2 + 2 * harmonics(past.freq)  # what was wandered before the cut is zero after it
    x = design(-np.arange(1.0, HORIZON + 1), past.freq, 0)
    counted = (~np.isnan(ahead) & (size_ahead > 0)).astype(float)
    size = np.where(counted > 0, size_ahead, 1.0)
    ramp = np.arange(1.0, HORIZON + 1)[:, None]
    place = -np.arange(1, HORIZON + 1) % past.freq
    sharp, unsure = mode.echo.shift[place], mode.echo.variance[place]
    post = _posteriors(mode, past, x)
    share = shares(post.evidence + past.weight)
    drift = np.array([[wander**2 * 12 / past.freq] for _, wander, _ in hyper_grid(priors)])
    eta = (x @ mode.centre[:smooth] + sharp)[:, None] + post.ahead
    if past.kind == "count":  # mean of a log-normal
        eta = eta + 0.5 * np.minimum(np.einsum("tkhb,tkhb->thb", post.root, post.root) + drift * ramp[..., None], 1.0)
    mu, slope = respond(eta, size[:, None], past.kind)
    plain, ramped = (
        _mix(share, _sums(mu, slope, by[:, None], post.root, drift, unsure[:, None]))
        for by in (counted, counted * ramp)
    )
    seasonal = post.season + mode.centre[2:smooth, None]
    value = np.where(counted > 0, ahead, 0.0)
    return Forecast(
        mean=(plain[0], ramped[0]),
        variance=(plain[1], ramped[1]),
        unit=(plain[2], ramped[2]),
        recorded=(running(value.copy()), running(value * ramp)),
        size=running(size * counted),
        grid=np.asarray(priors.grid),
        grid_weight=mode.grid_weight,
        dispersion=np.log(mode.phi),
        dispersion_prior=mode.phi_before,
        hyper_weight=share,
        season=(share * seasonal).sum(1),
        seen=mode.seen,
    )


class _Posterior(NamedTuple):
    """By pair of hyper-parameters, the next to last axis, in the order of `hyper_grid`."""

    ahead: FloatArray  # (HORIZON, hypers, batch): linear predictor after the cut, less the centre's
    root: FloatArray  # (HORIZON, smooth columns, hypers, batch): a square root of its covariance
    evidence: FloatArray
    season: FloatArray


def _posteriors(mode: Fit, past: Past, x: FloatArray) -> _Posterior:
    """The posterior under each pair of hyper-parameters, seen through the design x of the periods after the cut.

    Columns are put in the order breaks; wander; level, trend; season, and what several pairs share is swept once: the
    breaks for all, then all but the season for those of one wander. After the cut only the last three kinds matter.
    """
    priors, freq = PRIORS[past.kind], past.freq
    p, full, smooth, extra = mode.columns, len(mode.a), x.shape[1], len(mode.a) - mode.columns
    order, inner = np.array([*range(p, full), *range(smooth, p), *range(smooth)]), full - smooth
    seasons, wanders = len(priors.season), len(priors.wander)
    prior = [precision(priors, freq, p, extra, season, wander)[order] for season, wander, _ in hyper_grid(priors)]
    by_hyper, place = np.stack(prior, axis=1), np.arange(full)  # (columns, hypers)
    first, walked, last = place[:extra], place[extra:inner], place[: smooth - 2]

    start = np.concatenate([mode.a[order[:, None], order], mode.b[None, order]]) / mode.phi
    start[first, first] += by_hyper[first, :1]
    eliminate(start, range(extra), full)
    walk = np.repeat(start[:, :, None], wanders, axis=2)
    walk[walked, walked] += by_hyper[walked, :wanders, None]
    eliminate(walk, range(extra, inner), full)
    rest = np.empty((smooth + 1 + HORIZON, smooth, *walk.shape[2:]))
    rest[: smooth + 1], rest[smooth + 1 :] = walk[inner:, inner:], x[..., None, None]
    rest[place[:2], place[:2]] += by_hyper[inner : inner + 2, :1, None]
    eliminate(rest, range(2), smooth)
    end = np.repeat(rest[2:, 2:, None], seasons, axis=2)
    end[last, last] += by_hyper[inner + 2 :, ::wanders, None, None]
    eliminate(end, range(smooth - 2), smooth - 2)

    root = np.empty((HORIZON, smooth, *end.shape[2:]))
    root[:, :2], root[:, 2:] = rest[smooth + 1 :, :2, None], end[smooth - 1 :]
    late, hypers = end[smooth - 2], (seasons * wanders, -1)
    fitted = (walk[full, :inner] ** 2).sum(0) + (rest[smooth, :2] ** 2).sum(0) + (late**2).sum(0)
    size = sum(
        np.log(part).sum(0) for part in (walk[place[:inner], place[:inner]], rest[[0, 1], [0, 1]], end[last, last])
    )
    ahead = (root[:, :2] * rest[smooth, :2, None]).sum(1) + (root[:, 2:] * late).sum(1)
    season = back_substitute(end[: smooth - 2], late)
    evidence = (0.5 * fitted - size).reshape(hypers) + 0.5 * np.log(by_hyper).sum(0)[:, None]
    ahead, root, season = (a.reshape(*a.shape[:-3], *evidence.shape) for a in (ahead, root, season))
    return _Posterior(ahead, root, evidence, season)


def _sums(
    mu: FloatArray, slope: FloatArray, by: FloatArray, y: FloatArray, drift: FloatArray, unsure: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Running totals over the horizon, each period weighted: mean, variance of the mean, noise at dispersion 1."""
    step = slope * by
    total = running(step.copy())
    each = running(step[:, None] * y)
    variance = np.einsum("tkhb,tkhb->thb", each, each) + running(step**2 * unsure)
    # a random walk after the cut: sum over its steps of (all that is still to come)^2
    before = total - step
    count = np.arange(1.0, len(total) + 1)[:, None, None]
    variance += drift * (count * total**2 - 2 * total * running(before.copy()) + running(before**2))
    return running(mu * by), variance, running(slope * by**2)


def _mix(
    share: FloatArray, parts: tuple[FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, variance and noise of the mixture over the hyper-parameters (next to last axis)."""
    mean, variance, unit = parts
    mixed = (share * mean).sum(1)
    return mixed, (share * (variance + (mean - mixed[:, None]) ** 2)).sum(1), (share * unit).sum(1)
