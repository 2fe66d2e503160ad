"""The model behind `scan`: what each series would do next if nothing happened, from its own past alone.

Arrays here are batch-last: a batch is every (series, cut) pair, a cut being the number of periods already seen.
Time runs backwards from the cut (lag 0 is the last period seen), so that one small design matrix serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from threatlib.stats._scan_algebra import Pairs, gram, inverse_diagonal, products, project, shares, solve
from threatlib.stats._scan_echo import Echo, echo

FloatArray = NDArray[np.float64]
Kind = Literal["count", "proportion", "level"]

MEMORY = 120  # periods of history used
_KNOTS = (0.0, 1.0, 2.0, 4.0, 7.0, 11.0, 17.0, 26.0, 40.0, 62.0, 96.0, 150.0)
_SPARE = 1 << 19  # numbers, 4 MB, never touched
_ROUNDS, _HUBER_ROUNDS = 5, 3
_OUTLIER_SHARE, _OUTLIER_DENSITY = 0.06, 0.05  # past oddities: how many, and how widely spread (per s.d.)


@dataclass(frozen=True, slots=True)
class Priors:
    """What is believed before the first point; docs/calibration/detection.md says where each number comes from.

    Scales are s.d.s on the link scale: `trend` a year, `wander` a month, `season` a harmonic, `step` a declared break.
    `dispersion` is (median at 5 events, slope on log mean, s.d. of the log).
    """

    level: float = 2.0
    trend: float = 0.05
    season: tuple[float, ...] = (0.04, 0.18)
    season_weight: tuple[float, ...] = (0.5, 0.5)
    wander: tuple[float, ...] = (0.0, 0.03)
    wander_weight: tuple[float, ...] = (0.75, 0.25)
    step: float = 1.0
    dispersion: tuple[float, float, float] = (1.5, 0.22, 0.7)
    grid: tuple[float, ...] = (1.0, 1.5, 2.3, 3.6, 6.0, 10.0, 17.0)


PRIORS: dict[Kind, Priors] = {
    "count": Priors(),
    "proportion": Priors(trend=0.1, season=(0.05, 0.25), wander=(0.0, 0.04)),
    "level": Priors(  # in units of the series' own period-to-period noise
        level=5.0,
        trend=1.0,
        season=(0.1, 0.8),
        wander=(0.0, 0.25, 0.8),
        wander_weight=(0.75, 0.17, 0.08),
        step=5.0,
        dispersion=(1.0, 0.0, 0.6),
        grid=(0.3, 0.5, 0.8, 1.2, 1.8, 2.8, 5.0),
    ),
}


@dataclass(frozen=True, slots=True)
class Past:
    """What was known at each cut (lags, latest first, by batch; NaN = missing).

    `size` is the denominator, ones if there is none; `worth` how far each point counts, 0 to 1. `steps` (breaks, lags,
    batch) is 1 on the lags before each break: the level there was another one. The last three are believed beforehand:
    log weights of the hyper-parameters (hypers, batch), a shift of the dispersion (batch) and a seasonal shape
    (2 * harmonics, batch).
    """

    y: FloatArray
    size: FloatArray
    worth: FloatArray
    steps: FloatArray
    freq: int
    kind: Kind
    weight: FloatArray
    shift: FloatArray
    season: FloatArray


@dataclass(frozen=True, slots=True)
class Fit:
    """Normal equations of each past at its mode, `a` (p, p, batch) and `b` (p, batch) about `centre`; dispersion."""

    a: FloatArray
    b: FloatArray
    centre: FloatArray
    columns: int  # of the design; the rest of p are steps
    phi: FloatArray
    grid_weight: FloatArray
    phi_before: FloatArray  # log, as believed beforehand
    seen: FloatArray
    echo: Echo


def hyper_grid(priors: Priors) -> list[tuple[float, float, float]]:
    """All (season s.d., wander s.d., log prior weight)."""
    pairs = product(
        zip(priors.season, priors.season_weight, strict=True), zip(priors.wander, priors.wander_weight, strict=True)
    )
    return [(s, w, float(np.log(a * b))) for (s, a), (w, b) in pairs]


def harmonics(freq: int) -> int:
    return 2 if freq == 12 else 1


def design(lag: FloatArray, freq: int, reach: int) -> FloatArray:
    """Columns: level, trend a year, harmonics, and a random walk seen through knots ever further back."""
    columns = [np.ones_like(lag), -lag / freq]
    for j in range(1, harmonics(freq) + 1):
        angle = 2 * np.pi * j * lag / freq
        columns += [np.cos(angle) / j, np.sin(angle) / j]
    for near, far in pairwise(_KNOTS):
        if near < reach:
            columns.append(np.clip((lag - near) / (far - near), 0, 1) * np.sqrt(far - near))
    return np.stack(columns, axis=1)


@lru_cache(maxsize=32)
def _seen(lags: int, freq: int) -> tuple[FloatArray, Pairs]:
    """The design of the last so many periods and the products of its columns: the same for every series."""
    x = design(np.arange(lags, dtype=float), freq, lags)
    np.empty(_SPARE)  # a block given back this big teaches the allocator to keep what comes after it at hand
    return x, products(x)


def precision(priors: Priors, freq: int, columns: int, steps: int, season: float, wander: float) -> FloatArray:
    k = 2 + 2 * harmonics(freq)
    period = np.sqrt(12 / freq)
    sd = np.full(columns + steps, wander * period + 1e-3)
    sd[0], sd[1], sd[2:k], sd[columns:] = priors.level, priors.trend, season, priors.step
    return np.asarray(sd**-2.0)


def respond(eta: FloatArray, size: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray]:
    """Expected value and its slope in eta (for these links also the variance function)."""
    if kind == "count":
        mu = size * np.exp(np.clip(eta, -9, 34))
        return mu, mu
    if kind == "proportion":
        share = expit(np.clip(eta, -9, 9))
        return size * share, size * share * (1 - share)
    return eta, np.ones_like(eta)


def _residual(
    y: FloatArray, y23: FloatArray, mu: FloatArray, slope: FloatArray, phi: FloatArray, kind: Kind
) -> FloatArray:
    if kind == "count":  # Anscombe's, which is nearly normal however small the counts
        root = np.sqrt(mu)
        return np.asarray((y23 / np.cbrt(root) - root) * (1.5 / np.sqrt(phi)))
    return np.asarray((y - mu) / np.sqrt(phi * slope))


def _trust(residual: FloatArray, present: FloatArray, settled: bool) -> FloatArray:
    """Weight of each past point: Huber's while the fit settles, then the chance that it was no oddity."""
    if not settled:
        return np.asarray(present * np.minimum(1.0, 1.5 / np.maximum(np.abs(residual), 1e-9)))
    usual = (1 - _OUTLIER_SHARE) * np.exp(-0.5 * residual**2) / np.sqrt(2 * np.pi)
    return np.asarray(present * usual / (usual + _OUTLIER_SHARE * _OUTLIER_DENSITY))


def _median(values: FloatArray) -> FloatArray:
    """Median of each column, NaN left out; a column has one value at least."""
    ordered = np.sort(values, axis=0)  # NaN last
    known, column = (~np.isnan(values)).sum(0), np.arange(values.shape[1])
    return np.asarray((ordered[(known - 1) // 2, column] + ordered[known // 2, column]) / 2)


def _start(y: FloatArray, size: FloatArray, present: FloatArray, kind: Kind) -> FloatArray:
    """A level to start from: the median on the link scale, one a batch entry."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(present > 0, y / size, np.nan)
    ratio[:, present.sum(0) == 0] = 0.5
    mean = np.nansum(ratio, axis=0) / np.maximum(present.sum(0), 1e-9) if kind == "count" else 0.0
    middle = _median(ratio)
    if kind == "count":
        return np.asarray(np.log(np.maximum(middle, 0.5 * np.minimum(mean, 1.0) + 0.1)))
    if kind == "proportion":
        return np.asarray(logit(np.clip(middle, 0.02, 0.98)))
    return np.asarray(middle)


def _dispersion_prior(priors: Priors, mean: FloatArray, shift: FloatArray) -> FloatArray:
    middle, slope, sd = priors.dispersion
    centre = np.log(middle) + slope * np.log(np.maximum(mean, 0.3) / 5) + shift
    if priors.grid[0] >= 1:
        centre = np.maximum(centre, 0.0)
    log_prior = -0.5 * ((np.log(priors.grid)[:, None] - centre) / sd) ** 2
    return np.asarray(log_prior)


def _dispersion(priors: Priors, kind: Kind, pearson: FloatArray, df: FloatArray, mean: FloatArray, phi: FloatArray,
                shift: FloatArray) -> FloatArray:  # fmt: skip
    """Posterior weights over the grid from a Pearson statistic, its degrees of freedom cut for skew small counts."""
    grid = np.asarray(priors.grid)[:, None]
    if kind == "count":
        excess = (1 + 6 * (phi - 1) + 6 * (phi - 1) ** 2) / (phi * np.maximum(mean, 0.05))
        shrink = 2 / (2 + excess)
    else:
        shrink = np.ones_like(phi)
    log_post = _dispersion_prior(priors, mean, shift) - 0.5 * shrink * (df * np.log(grid) + pearson / grid)
    return shares(log_post)


def fit(past: Past) -> Fit:
    """Find each past's mode under middling hyper-parameters, oddities down-weighted, and its dispersion.

    Notes
    -----
    Iteratively reweighted least squares with a Gaussian prior. The weights are Huber's for the first rounds and then
    the posterior chance that a point is no oddity, so that a wild start cannot freeze. The dispersion comes from the
    weighted Pearson statistic over a grid, after each round but the first.
    """
    priors, freq, kind = PRIORS[past.kind], past.freq, past.kind
    lags, batch = past.y.shape
    present = (~np.isnan(past.y) & (past.size > 0)) * past.worth
    y, size = np.where(present > 0, past.y, 0.0), np.where(present > 0, past.size, 1.0)
    (x, pairs), steps = _seen(lags, freq), past.steps
    p, extra = x.shape[1], len(steps)
    centre = np.zeros((p + extra, batch))
    centre[0], centre[2 : 2 + 2 * harmonics(freq)] = _start(y, size, present, kind), past.season
    middle = precision(priors, freq, p, extra, 0.7 * priors.season[-1], 0.4 * priors.wander[1])[:, None]
    log_grid = np.log(priors.grid)[:, None]
    usual = np.ones(batch)
    if kind == "proportion" or (size != 1).any():
        usual = np.nan_to_num(_median(np.where(present > 0, size, np.nan)), nan=1.0)
    before = np.exp(_dispersion_prior(priors, respond(centre[0], usual, kind)[0], past.shift))
    phi = np.exp((before * log_grid).sum(0) / before.sum(0))
    y23 = y ** (2 / 3) if kind == "count" else y
    moved, base = np.zeros_like(centre), x @ centre[:p]
    for turn in range(_ROUNDS + 1):
        gone = x @ moved[:p]
        if extra:
            gone += np.einsum("klb,kb->lb", steps, moved[p:])
        mu, slope = respond(base + gone, size, kind)
        residual = _residual(y, y23, mu, slope, phi, kind)
        trust = _trust(residual, present, turn >= _HUBER_ROUNDS)
        miss = y - mu
        weight, off = trust * slope, trust * miss
        a = gram(x, pairs, steps, weight)
        b = project(x, steps, weight * gone + off)
        found, factor = solve(a, b, phi * middle)
        if turn in (1, _ROUNDS):  # effective parameters: those the data, not the prior, decide
            spent = p + extra - phi * (middle * inverse_diagonal(factor)).sum(0)
        if turn > 0:
            used = trust.sum(0)
            pearson = (off * miss / np.maximum(slope, 1e-9)).sum(0)
            mean = (trust * mu).sum(0) / np.maximum(used, 1e-9)
            post = _dispersion(priors, kind, pearson, np.maximum(used - spent, 0.5), mean, phi, past.shift)
            phi = np.exp((post * log_grid).sum(0))
        if turn < _ROUNDS:
            moved = found
    before = np.exp(_dispersion_prior(priors, mean, past.shift))
    known = present if kind == "count" else np.zeros_like(present)  # a sharp season is one of counts
    sharp = echo(y, mu, residual, known, phi, freq)
    return Fit(a, b, centre, p, phi, post, (before * log_grid).sum(0) / before.sum(0), present.sum(0), sharp)
