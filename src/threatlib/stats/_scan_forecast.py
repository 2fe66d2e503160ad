"""What should follow each cut: the forecast summed over the next periods, averaged over the hyper-parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from threatlib.stats._scan_model import (
    PRIORS,
    Fit,
    FloatArray,
    Past,
    back_substitute,
    design,
    eliminate,
    fit,
    harmonics,
    hyper_grid,
    precision,
    respond,
    shares,
)

HORIZON = 12  # longest window, periods
_RUNNING = np.tril(np.ones((HORIZON, HORIZON)))  # sums up to each period


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
    p, (lags, batch) = mode.columns, past.y.shape
    x = design(-np.arange(1.0, HORIZON + 1), past.freq, lags)
    rows = np.zeros((HORIZON + 1, len(mode.a), batch))
    rows[0], rows[1:, :p] = mode.b / mode.phi, x[..., None]
    counted = (~np.isnan(ahead) & (size_ahead > 0)).astype(float)
    size = np.where(counted > 0, size_ahead, 1.0)
    ramp = np.arange(1.0, HORIZON + 1)[:, None]
    place = -np.arange(1, HORIZON + 1) % past.freq
    sharp, unsure = mode.echo.shift[place], mode.echo.variance[place]
    base = x @ mode.centre[:p] + sharp
    seasonal = mode.centre[2 : 2 + 2 * harmonics(past.freq)]
    parts, evidence, seasons = [], [], []
    for post, (_, wander, _), weight in zip(
        _posteriors(mode, past, rows), hyper_grid(priors), past.weight, strict=True
    ):
        y, root = post.y, post.root
        evidence.append(0.5 * (y[0] ** 2).sum(0) - root + weight)
        drift = wander**2 * 12 / past.freq
        eta = base + (y[1:] * y[0]).sum(1)
        if past.kind == "count":  # mean of a log-normal
            eta = eta + 0.5 * np.minimum((y[1:] ** 2).sum(1) + drift * ramp, 1.0)
        mu, slope = respond(eta, size, past.kind)
        parts.append([_sums(mu, slope, by, y[1:], drift, unsure) for by in (counted, counted * ramp)])
        seasons.append(post.season + seasonal)
    share = shares(np.stack(evidence))
    plain, ramped = (_mix(share, [part[i] for part in parts]) for i in range(2))
    value = np.where(counted > 0, ahead, 0.0)
    return Forecast(
        mean=(plain[0], ramped[0]),
        variance=(plain[1], ramped[1]),
        unit=(plain[2], ramped[2]),
        recorded=(np.cumsum(value, 0), np.cumsum(value * ramp, 0)),
        size=np.cumsum(size * counted, 0),
        grid=np.asarray(priors.grid),
        grid_weight=mode.grid_weight,
        dispersion=np.log(mode.phi),
        dispersion_prior=mode.phi_before,
        hyper_weight=share,
        season=np.einsum("hb,hjb->jb", share, np.stack(seasons)),
        seen=mode.seen,
    )


class _Posterior(NamedTuple):
    """Under one pair of hyper-parameters: rows @ inv(L)', log det L less the prior's, and the seasonal coefficients."""

    y: FloatArray
    root: FloatArray
    season: FloatArray


def _posteriors(mode: Fit, past: Past, rows: FloatArray) -> list[_Posterior]:
    """The posterior under each pair of hyper-parameters, in the order of `hyper_grid`.

    Columns are put in the order level, trend and breaks; wander; season. The first part is the same for all, the second
    for all of one wander, and so each is swept once.
    """
    priors, freq = PRIORS[past.kind], past.freq
    p, full = mode.columns, len(mode.a)
    k, extra = 2 + 2 * harmonics(freq), full - mode.columns
    order = np.array([0, 1, *range(p, full), *range(k, p), *range(2, k)])
    fixed, steady, last = 2 + extra, full - (k - 2), np.arange(full)
    start = np.concatenate([(mode.a[order[:, None], order]) / mode.phi, rows[:, order]])
    sds = [precision(priors, freq, p, extra, season, wander)[order] for season, wander, _ in hyper_grid(priors)]
    wanders = len(priors.wander)
    start[last[:fixed], last[:fixed]] += sds[0][:fixed, None]
    eliminate(start, range(fixed), full)
    found: dict[int, _Posterior] = {}
    for w in range(wanders):
        middle = start.copy()
        place = last[fixed:steady]
        middle[place, place] += sds[w][fixed:steady, None]
        eliminate(middle, range(fixed, steady), full)
        diagonal = middle[last[:steady], last[:steady]]
        for s in range(len(priors.season)):
            prior = sds[s * wanders + w]
            end = middle[steady:, steady:].copy()
            place = last[: full - steady]
            end[place, place] += prior[steady:, None]
            eliminate(end, range(full - steady), full - steady)
            y = np.concatenate([middle[full:, :steady], end[full - steady :]], axis=1)
            root = np.log(diagonal).sum(0) + np.log(end[place, place]).sum(0) - 0.5 * np.log(prior).sum()
            found[s * wanders + w] = _Posterior(y, root, back_substitute(end[: full - steady], y[0, steady:]))
    return [found[n] for n in range(len(found))]


def _sums(
    mu: FloatArray, slope: FloatArray, by: FloatArray, y: FloatArray, drift: float, unsure: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Running totals over the horizon, each period weighted: mean, variance of the mean, noise at dispersion 1."""
    step = slope * by
    total = np.cumsum(step, 0)
    each = (step[:, None] * y).reshape(len(step), -1)
    variance = ((_RUNNING @ each).reshape(y.shape) ** 2).sum(1) + np.cumsum(step**2 * unsure, 0)
    if drift > 0:  # a random walk after the cut: sum over its steps of (all that is still to come)^2
        before = total - step
        count = np.arange(1.0, len(total) + 1)[:, None]
        variance = variance + drift * (count * total**2 - 2 * total * np.cumsum(before, 0) + np.cumsum(before**2, 0))
    return np.cumsum(mu * by, 0), variance, np.cumsum(slope * by**2, 0)


def _mix(
    share: FloatArray, parts: list[tuple[FloatArray, FloatArray, FloatArray]]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    mean, variance, unit = (np.stack([part[i] for part in parts]) for i in range(3))
    mixed = np.einsum("hb,hrb->rb", share, mean)
    spread = np.einsum("hb,hrb->rb", share, variance + (mean - mixed) ** 2)
    return mixed, spread, np.einsum("hb,hrb->rb", share, unit)
