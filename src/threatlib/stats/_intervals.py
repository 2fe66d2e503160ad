"""The intervals under every rate and proportion, and what an input must be to have one."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainccinv, gammaincinv, ndtri

from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray

BYAR_FROM = 10
"""Events from which Byar's approximation replaces the exact Poisson interval."""


Interval: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]
"""Value, lower limit, upper limit."""


def arrays(*parts: ArrayLike) -> list[FloatArray]:
    """Floats, broadcast together."""
    return list(np.broadcast_arrays(*(floats(part) for part in parts)))


def usable(count: FloatArray, population: FloatArray) -> BoolArray:
    """Where a rate is defined at all."""
    return np.asarray(np.isfinite(count) & np.isfinite(population) & (count >= 0) & (population > 0))


def overdispersed(dispersion: ArrayLike) -> FloatArray:
    """Counts are never taken to be more regular than chance."""
    return np.maximum(floats(dispersion, "dispersion"), 1.0)


def tail_of(confidence: float) -> float:
    """Probability left out on each side."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence!r}: wanted a number above 0 and below 1, such as 0.95.")
    return (1 - confidence) / 2


def rate_interval(x: FloatArray, n: FloatArray, phi: FloatArray, *, per: float, confidence: float) -> Interval:
    """Exact Poisson below ten events, Byar from ten, on events divided by their dispersion; NaN counts stay NaN."""
    tail, events = tail_of(confidence), x / phi
    z = -ndtri(tail)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lower = np.asarray(events * np.maximum(1 - 1 / (9 * events) - z / (3 * np.sqrt(events)), 0) ** 3)
        upper = np.asarray((events + 1) * (1 - 1 / (9 * (events + 1)) + z / (3 * np.sqrt(events + 1))) ** 3)
    few = events < BYAR_FROM
    lower[few] = np.where(events[few] > 0, gammaincinv(np.maximum(events[few], np.finfo(float).tiny), tail), 0.0)
    upper[few] = gammainccinv(events[few] + 1, tail)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scale = np.where(np.isfinite(per / n), per / n, np.nan)  # a population beyond all sense, 1e-300
        return x * scale, lower * phi * scale, upper * phi * scale


def wilson_interval(x: FloatArray, n: FloatArray, *, confidence: float) -> Interval:
    """Wilson's score interval, exactly 0 and 1 at the ends whatever the rounding."""
    z = -ndtri(tail_of(confidence))
    half = z * np.sqrt(z**2 + 4 * x * (1 - x / n))
    lower = np.where(x == 0, 0.0, np.clip((2 * x + z**2 - half) / (2 * (n + z**2)), 0, 1))
    upper = np.where(x == n, 1.0, np.clip((2 * x + z**2 + half) / (2 * (n + z**2)), 0, 1))
    return x / n, lower, upper


def joined(one: Interval, two: Interval) -> Interval:
    """Difference of two estimates, its interval recovered from both (Zou and Donner's MOVER)."""
    value = one[0] - two[0]
    return value, value - np.hypot(one[0] - one[1], two[2] - two[0]), value + np.hypot(one[2] - one[0], two[0] - two[1])
