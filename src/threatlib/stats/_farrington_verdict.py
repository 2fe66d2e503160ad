"""From a prediction to a verdict on the monitored point, by the papers or as R's `surveillance` gives it."""

from __future__ import annotations

from typing import Any

import numpy as np

from threatlib.stats import _panel
from threatlib.stats._farrington import Prediction, limits, predict
from threatlib.stats._farrington_design import Settings
from threatlib.stats._glm import Design
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray
from threatlib.stats._thresholds import Limits


def judge(panel: _panel.Panel, series: IntArray, plan: Design, settings: Settings) -> dict[str, Any]:
    """The entries of an answer for some series of a panel at one monitored point, one value a series."""
    if not plan.rows.size:
        return {"status": np.full(series.size, _panel.THIN)}
    values, offset, status = panel.values[series], panel.offset[series], panel.status[series, plan.point]
    y = values[:, plan.point]
    prediction = predict(values, offset, plan, settings)
    bounds = limits(y, prediction, settings)
    enough = _panel.enough_cases(values, plan.point, *settings.limit54, all_present=settings.as_in_r)
    if settings.as_in_r:
        found = _as_in_r(y, prediction, bounds, enough, log_centre=settings.threshold_method != "delta")
    else:
        found = _by_the_papers(y, prediction, bounds, enough)
    status = np.where(status == _panel.JUDGED, _model_status(prediction, bounds), status)
    judged = status == _panel.JUDGED
    return {
        **{name: np.where(judged, value, np.nan) for name, value in found.items() if name != "flag"},
        "flag": judged & found["flag"],
        "phi": prediction.phi,
        "trend_kept": prediction.trend_kept,
        "slope": prediction.slope,
        "status": status,
    }


def _by_the_papers(y: FloatArray, prediction: Prediction, bounds: Limits, enough: BoolArray) -> dict[str, Any]:
    """Two-sided; too few cases hold back a high flag only, for they are what a low flag is about."""
    return {
        "expected": prediction.mean,
        "lower": bounds.lower,
        "upper": bounds.upper,
        "score": _panel.score(y, prediction.mean, bounds.lower, bounds.upper),
        "p": np.minimum(1.0, 2.0 * np.minimum(bounds.at_most, bounds.at_least)),
        "flag": ((y > bounds.upper) & enough) | (y < bounds.lower),
    }


def _as_in_r(
    y: FloatArray, prediction: Prediction, bounds: Limits, enough: BoolArray, *, log_centre: bool
) -> dict[str, Any]:
    """Upper side only; too few cases, or a missing one among the last, leave no limit and no expectation.

    For quantile limits R takes the logarithm of the mean for the mean in the score, and flags by that score.
    """
    centre = prediction.eta if log_centre else prediction.mean
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (y - centre) / (bounds.upper - centre)
    shown = enough & np.isfinite(bounds.upper)
    hidden = np.where(shown, 0.0, np.nan)
    return {
        "expected": prediction.mean + hidden,
        "lower": bounds.lower + hidden,
        "upper": bounds.upper + hidden,
        "score": score,
        "p": bounds.at_least,
        "flag": (score > 1.0) & shown & (y > 0),
    }


def _model_status(prediction: Prediction, bounds: Limits) -> IntArray:
    known = prediction.fitted & np.isfinite(bounds.lower) & np.isfinite(bounds.upper)
    return np.where(prediction.thin, _panel.THIN, np.where(known, _panel.JUDGED, _panel.UNSETTLED))
