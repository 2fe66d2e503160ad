"""Calibrated funnels: an area's count judged by the tails of the distribution counts have where areas differ."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from threatlib.stats._beta_binomial import share_limits
from threatlib.stats._funnel_scale import Kind
from threatlib.stats._intervals import Interval, tail_of
from threatlib.stats._outcome import FloatArray
from threatlib.stats._thresholds import count_limits


def as_judged(x: FloatArray, n: FloatArray, theta: FloatArray, kind: Kind) -> tuple[FloatArray, FloatArray, Kind]:
    """Totals, target and scale a calibrated funnel works on: a count given what is expected, or cases of a total.

    Of two counts that are Poisson with means in the ratio theta, the first is binomial given both together, with a
    share of theta / (1 + theta): their ratio is judged as a proportion.
    """
    if kind == "ratio":
        return x + n, theta / (1 + theta), "proportion"
    return n, theta, "rate" if kind == "shmi" else kind


def by_tails(
    x: FloatArray,
    n: FloatArray,
    theta: FloatArray,
    tau2: FloatArray,
    z: FloatArray,
    levels: FloatArray,
    worth: FloatArray,
    kind: Kind,
) -> Interval:
    """z, lower and upper limits of count over population, by a negative binomial's or a beta-binomial's tails.

    `n`, `theta` and `tau2` are those of `as_judged`'s scale. `worth` is the degrees of freedom of tau2: tails are wider
    for it, as Student's t is wider than the normal. A tail too small for a number keeps the z of the scale.
    """
    shape = np.broadcast_to(theta, x.shape)
    spread, df = np.broadcast_to(4.0 * tau2, x.shape), np.broadcast_to(worth, x.shape)
    whole = np.where(np.abs(x - np.round(x)) < 1e-6, np.round(x), x)  # a rate times a population, but for rounding
    tails = [tail_of(level) for level in levels.ravel()]
    if kind in ("rate", "shmi"):
        expected = n * shape
        bounds = [count_limits(whole, expected, expected, 1.0 + spread * expected, tail, df) for tail in tails]
    else:
        bounds = [share_limits(whole, n, shape, spread, tail, df) for tail in tails]
    lower = np.array([np.where(b.lower > 0, b.lower - 0.5, b.lower) / n for b in bounds])
    upper = np.array([(b.upper + 0.5) / n for b in bounds])
    if kind == "proportion":
        upper = np.minimum(upper, 1.0)
    if kind == "ratio":
        lower, upper = (np.where(end >= 1, np.inf, end / (1 - end)) for end in (lower, upper))
    lower, upper = (ends.reshape(levels.shape + x.shape) for ends in (lower, upper))
    at_most, at_least = bounds[0].at_most, bounds[0].at_least
    deviate = np.where(at_least < at_most, np.maximum(-ndtri(at_least), 0.0), np.minimum(ndtri(at_most), 0.0))
    return np.where(np.isinf(deviate), z, deviate), lower, upper
