"""One monitored point of a panel under the Farrington algorithm: fit its baseline, predict it, set its limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from threatlib.stats._farrington_design import Settings
from threatlib.stats._glm import Design, Fit, anscombe_weights, fit
from threatlib.stats._outcome import BoolArray, FloatArray
from threatlib.stats._thresholds import Limits, count_limits, power_limits

_MINIMUM_DF = 3  # fewer residual degrees of freedom say next to nothing about the dispersion


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the baseline expects of the point, one entry a series; NaN where `fitted` is False."""

    eta: FloatArray  # log of the expected count
    variance: FloatArray  # of eta
    phi: FloatArray
    df: FloatArray  # what phi is worth
    trend_kept: BoolArray
    slope: FloatArray
    thin: BoolArray  # not enough rows present
    fitted: BoolArray

    @property
    def mean(self) -> FloatArray:
        """The expected count."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.eta))


@dataclass(frozen=True, slots=True)
class _Model:
    fit: Fit
    phi: FloatArray
    dispersion: FloatArray  # the one that standard errors are made with

    def put(self, where: BoolArray, other: _Model) -> _Model:
        values = (self.phi.copy(), self.dispersion.copy())
        values[0][where], values[1][where] = other.phi, other.dispersion
        return _Model(self.fit.put(where, other.fit), *values)


def predict(counts: FloatArray, offset: FloatArray, design: Design, settings: Settings) -> Prediction:
    """Fit the baseline of every series and predict the monitored point.

    Parameters
    ----------
    counts, offset : float array, shape (series, time)
        NaN where a count, or the log of a population, is missing.
    """
    y, exposure = counts[:, design.rows], offset[:, design.rows]
    here = np.isfinite(y) & np.isfinite(exposure)
    y, exposure, present = np.where(here, y, 0.0), np.where(here, exposure, 0.0), here.astype(np.float64)
    at = _origin(present, design) if settings.as_in_r else np.zeros(len(y))
    slope = settings.trend and settings.b >= 3  # a slope needs three years behind it
    model = _model(y, present, exposure, design, settings, slope=slope)
    kept = np.zeros(len(y), dtype=bool)
    if slope:
        kept = _trend_holds(model, y, offset[:, design.point], at, design, settings)
        rest = ~kept
        if rest.any():
            model = model.put(rest, _model(y[rest], present[rest], exposure[rest], design, settings, slope=False))
    eta, variance = model.fit.predict(design, at)
    thin = (model.fit.df < (1 if settings.as_in_r else _MINIMUM_DF)) | ~np.isfinite(variance)
    fitted = model.fit.converged & ~thin
    unknown = np.where(fitted, 0.0, np.nan)
    return Prediction(
        eta=eta + offset[:, design.point] + unknown,
        variance=variance * (model.dispersion if settings.as_in_r else model.phi) + unknown,
        phi=model.phi + unknown,
        df=_worth(model, present),
        trend_kept=kept & fitted,
        slope=np.where(kept & fitted, model.fit.slope, np.nan),
        thin=thin,
        fitted=fitted,
    )


def limits(y: FloatArray, p: Prediction, settings: Settings) -> Limits:
    """Limits of the monitored counts by the method asked for.

    Notes
    -----
    The default ("nb" without `plug_in`) lets the fitted mean be uncertain. With v the variance of its logarithm, the
    mean is given a gamma distribution of shape 1/v + 1/2 (Jeffreys' half a case included), so that the count has
    mean mu (1 + v/2) and dispersion phi + mu v; the lower limit, where the half case would reassure, is set from mu
    itself. Tails are Student's t with the degrees of freedom phi is worth.
    """
    mean, se = p.mean, np.sqrt(p.variance)
    if settings.threshold_method == "delta":
        return power_limits(y, mean, mean * se, p.phi, settings.alpha, settings.power_transform)
    if settings.threshold_method == "muan":
        reach = special.ndtri(1.0 - settings.alpha) * se
        with np.errstate(over="ignore"):
            return count_limits(y, np.exp(p.eta - reach), np.exp(p.eta + reach), p.phi, settings.alpha)
    if not settings.predictive:
        return count_limits(y, mean, mean, p.phi, settings.alpha)
    phi = p.phi + mean * p.variance
    return count_limits(y, mean, mean * (1.0 + p.variance / 2.0), phi, settings.alpha, p.df)


def _model(
    y: FloatArray, present: FloatArray, exposure: FloatArray, design: Design, settings: Settings, *, slope: bool
) -> _Model:
    """Fit, discount past outbreaks once, fit again."""
    fitted, weight = fit(y, present, exposure, design, slope=slope), present
    phi = np.fmax(fitted.pearson(y, fitted.weight), 1.0)
    if settings.reweight:
        weight = anscombe_weights(y, present, fitted, phi, design, settings.weights_threshold)
        settled = fitted.converged
        fitted = fit(y, weight, exposure, design, slope=slope)
        fitted = replace(fitted, converged=fitted.converged & settled)
        phi = np.fmax(fitted.pearson(y, fitted.weight), 1.0)
    # R's surveillance replaces the working weights by the prior ones before it asks for standard errors.
    quirk = settings.as_in_r and settings.reweight
    return _Model(fitted, phi, fitted.pearson(y, weight if quirk else fitted.weight))


def _trend_holds(
    model: _Model, y: FloatArray, offset: FloatArray, at: FloatArray, design: Design, settings: Settings
) -> BoolArray:
    """Keep a slope that is significant enough and does not predict more than the baseline has ever seen.

    By the papers alone a handful of cases, all early or all late, has a slope without bounds. Limits that allow for
    what is unknown also ask that the slope's standard error move the prediction by a factor of e at most.
    """
    f = model.fit
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = f.slope / np.sqrt(model.dispersion / f.spread)
        p = 2.0 * special.stdtr(f.df, -np.abs(t))
        mean = np.exp(f.predict(design, at)[0] + offset)
        uncertainty = model.phi * (at - f.centre[:, design.target]) ** 2 / f.spread
    holds = f.converged & (f.spread > 0) & (p < settings.trend_p_threshold) & (mean <= y.max(axis=-1))
    return np.asarray(holds & (uncertainty <= 1.0) if settings.predictive else holds)


def _origin(present: FloatArray, design: Design) -> FloatArray:
    """Where R places the monitored point on the time axis of the fit.

    With dates it measures the fit's time from the first row, the monitored point's from the first row present.
    """
    if not design.dated:
        return np.zeros(len(present))
    return np.asarray(design.time[0] - design.time[np.argmax(present > 0, axis=-1)])


def _worth(model: _Model, present: FloatArray) -> FloatArray:
    """Degrees of freedom that the estimate of phi is worth.

    A squared Pearson residual varies by 2 + its excess kurtosis, which for a negative binomial of variance
    phi x mean is 6 (phi - 1)/mean + 1/(phi mean): rare counts say less about their dispersion than frequent ones.
    """
    rows = np.maximum(present.sum(axis=-1), 1.0)
    mean = (np.sum(model.fit.mean * present, axis=-1) + 0.5) / rows
    worth = model.fit.df / (1.0 + 3.0 * (model.phi - 1.0) / mean + 0.5 / (model.phi * mean))
    return np.asarray(np.maximum(worth, _MINIMUM_DF))
