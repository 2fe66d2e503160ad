"""Quasi-Poisson regression for a whole panel at once: one effect a season level and, if asked, one slope.

The Farrington models are all of one shape, log mean = level effect + slope x time + offset. Because the levels do
not overlap, each step of the fit has a closed form (a regression within groups): no matrix is factorised, a level
whose counts are all zero harms no other, and a thousand series cost one pass over one array.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from threatlib.stats._outcome import BoolArray, FloatArray, IntArray

_TOLERANCE = 1e-8  # on the relative change of the deviance, the criterion of R's glm
_STEPS = 25
_TINY = np.finfo(np.float64).eps  # no fitted mean goes below this, as in R's log link


@dataclass(frozen=True, slots=True)
class Design:
    """What every series of a panel shares at one monitored point.

    `rows` are the positions of the baseline points in the series, `time` and `level` their covariates (centred on
    the monitored point's time, which is therefore 0), `target` the level of the monitored point itself.
    """

    point: int
    rows: IntArray
    time: FloatArray
    level: IntArray
    n_levels: int
    target: int
    dated: bool = False

    @property
    def indicators(self) -> FloatArray:
        """Shape (rows, levels): 1 where the row belongs to the level."""
        return np.asarray(self.level[:, None] == np.arange(self.n_levels), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted panel: `mean` and `weight` are (series, rows), `mass` and `centre` (series, levels), the rest (series,).

    `weight` is the working weight of the last step (prior weight x mean), `mass` its sum by level, `centre` the
    weighted mean time of a level, `spread` the weighted sum of squares of time within levels.
    """

    mean: FloatArray
    weight: FloatArray
    mass: FloatArray
    centre: FloatArray
    height: FloatArray  # (series, levels): linear predictor at the level's centre
    slope: FloatArray
    spread: FloatArray
    df: FloatArray
    converged: BoolArray

    def put(self, where: BoolArray, other: Fit) -> Fit:
        """A copy in which the series selected by a mask are those of another fit."""
        changed = {}
        for name in self.__dataclass_fields__:
            values = getattr(self, name).copy()
            values[where] = getattr(other, name)
            changed[name] = values
        return replace(self, **changed)

    def hat(self, design: Design) -> FloatArray:
        """Leverage of each row, shape (series, rows); 0 for rows of no weight."""
        distance = design.time - self.centre[:, design.level]
        return np.asarray(self.weight * (_inverse(self.mass)[:, design.level] + distance**2 * self._slope_variance()))

    def pearson(self, counts: FloatArray, weight: FloatArray) -> FloatArray:
        """Sum of weight x squared relative residual over the residual degrees of freedom; NaN without any."""
        total = np.sum(weight * (counts / self.mean - 1.0) ** 2, axis=-1)
        return np.asarray(np.divide(total, self.df, out=np.full_like(total, np.nan), where=self.df > 0))

    def predict(self, design: Design, at: FloatArray | float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Linear predictor of the monitored point without its offset, and its variance for a dispersion of 1."""
        ahead = at - self.centre[:, design.target]
        eta = self.height[:, design.target] + self.slope * ahead
        mass = self.mass[:, design.target]
        variance = np.divide(1.0, mass, out=np.full_like(mass, np.nan), where=mass > 0)
        return eta, variance + ahead**2 * self._slope_variance()[:, 0]

    def _slope_variance(self) -> FloatArray:
        return _inverse(self.spread)[:, None]


def fit(counts: FloatArray, prior: FloatArray, offset: FloatArray, design: Design, *, slope: bool) -> Fit:
    """Fit a panel by iteratively reweighted least squares, each series until its own deviance settles.

    Parameters
    ----------
    counts, prior, offset : float array, shape (series, rows)
        Counts (any finite number where the prior weight is 0), prior weights (0 leaves the row out), log exposure.
    design : Design
        Levels and times of the rows.
    slope : bool
        Whether to fit a common slope; one that the times cannot identify is left out.

    Returns
    -------
    Fit
        `converged` is False where 25 steps were not enough or the means overflowed.
    """
    panel, indicators = _blank(counts, design), design.indicators
    eta, active = np.log(counts + 0.1), np.arange(len(counts))
    y, w, o = counts, prior, offset
    mean = counts + 0.1
    deviance = _deviance(y, w, eta, mean)
    for _ in range(_STEPS):
        if not active.size:
            break
        working = w * mean
        step = _within_levels(working, eta - o + y / mean - 1.0, design, indicators, slope)
        eta = o + step["height"][:, design.level]
        eta += step["slope"][:, None] * (design.time - step["centre"][:, design.level])
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.maximum(np.exp(eta), _TINY)
            now = _deviance(y, w, eta, mean)
            lost = ~np.isfinite(now)
            done = np.abs(now - deviance) < _TOLERANCE * (np.abs(now) + 0.1)
        _store(panel, active, done | lost, done, mean=mean, weight=working, **step)
        rest = ~(done | lost)
        if not rest.all():
            active, y, w, o, now = active[rest], y[rest], w[rest], o[rest], now[rest]
            eta, mean = eta[rest], mean[rest]
        deviance = now
    used = np.sum(prior > 0, axis=-1)
    parameters = np.sum(panel["mass"] > 0, axis=-1) + (panel["spread"] > 0)
    return Fit(**panel, df=np.asarray(used - parameters, dtype=np.float64))


def anscombe_weights(
    counts: FloatArray, present: FloatArray, fitted: Fit, phi: FloatArray, design: Design, threshold: float
) -> FloatArray:
    """Prior weights that discount past outbreaks: 1/s^2 where the standardised residual s exceeds the threshold.

    Shape (series, rows); 0 where `present` is 0, and otherwise scaled to sum to the number of rows present. Only
    high residuals are discounted, as in Farrington (1996) and Noufaily (2013).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = 1.5 * (np.cbrt(counts) ** 2 / fitted.mean ** (1 / 6) - np.sqrt(fitted.mean))
        s = residual / np.sqrt(phi[:, None] * (1.0 - fitted.hat(design)))
        raw = np.where((s > threshold) & np.isfinite(s), s**-2.0, 1.0) * present
    total = raw.sum(axis=-1, keepdims=True)
    return np.asarray(raw * present.sum(axis=-1, keepdims=True) / np.where(total > 0, total, 1.0))


def _within_levels(
    weight: FloatArray, z: FloatArray, design: Design, indicators: FloatArray, slope: bool
) -> dict[str, FloatArray]:
    """One weighted least-squares step: level means, and the slope from what varies within levels."""
    mass = weight @ indicators
    inverse = _inverse(mass)
    height = (weight * z) @ indicators * inverse
    if not slope:
        zero = np.zeros(len(weight))
        return {"mass": mass, "centre": np.zeros_like(mass), "height": height, "slope": zero, "spread": zero}
    centre = (weight @ (indicators * design.time[:, None])) * inverse
    within = design.time - centre[:, design.level]
    pull = weight * within
    spread = np.sum(pull * within, axis=-1)
    # A slope that the times cannot tell from the levels is not fitted (its variance is rounding error).
    spread = np.where(spread > 1e-14 * (weight @ design.time**2), spread, 0.0)
    return {
        "mass": mass,
        "centre": centre,
        "height": height,
        "slope": np.sum(pull * z, axis=-1) * _inverse(spread),
        "spread": spread,
    }


def _deviance(y: FloatArray, w: FloatArray, eta: FloatArray, mean: FloatArray) -> FloatArray:
    return np.asarray(2.0 * np.sum(w * (special.xlogy(y, y) - y * eta - y + mean), axis=-1))


def _blank(counts: FloatArray, design: Design) -> dict[str, Any]:
    series, rows = counts.shape
    by_level = {name: np.zeros((series, design.n_levels)) for name in ("mass", "centre", "height")}
    by_series = {name: np.zeros(series) for name in ("slope", "spread")}
    return {
        "mean": np.ones((series, rows)),
        "weight": np.zeros((series, rows)),
        "converged": np.zeros(series, dtype=bool),
        **by_level,
        **by_series,
    }


def _store(panel: dict[str, Any], active: IntArray, leaving: BoolArray, done: BoolArray, **values: FloatArray) -> None:
    panel["converged"][active[done]] = True
    for name, value in values.items():
        panel[name][active[leaving]] = value[leaving]


def _inverse(x: FloatArray) -> FloatArray:
    """1/x, and 0 where x is 0: a level without rows, or a slope not fitted, adds nothing."""
    return np.divide(1.0, x, out=np.zeros_like(x), where=x > 0)
