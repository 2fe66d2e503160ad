"""From evidence to an honest p-value: what quiet series of that size, length and frequency give.

The quantiles were fitted by quantile regression to simulated quiet series (`python
benchmarks/detection_calibration.py constants` prints them afresh), the widths by hand to the coverage of others
(`... quiet`); docs/calibration/detection.md shows how both do on series used for neither.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from threatlib.stats._scan_model import FloatArray

# largest p that is a flag, if it is also news; monthly series get three times the verdicts
THRESHOLD = {12: 0.009, 4: 0.011}
LEVELS = (0.98, 0.9, 0.75, 0.5, 0.25, 0.1, 0.03, 0.01, 0.003, 0.001)
# log Bayes factor exceeded with each probability: constant, log10 of the mean, its square, 1 / sqrt(points seen)
QUANTILES: dict[int, tuple[tuple[float, ...], ...]] = {
    12: (
        (-2.223, -0.798, -0.170, 4.210),
        (-2.007, -0.880, -0.026, 4.167),
        (-1.756, -0.866, 0.041, 3.916),
        (-1.364, -0.779, 0.069, 3.496),
        (-0.827, -0.547, 0.030, 2.979),
        (-0.212, -0.151, -0.069, 2.371),
        (0.682, -0.146, -0.043, 2.039),
        (1.653, -0.056, -0.078, 0.789),
        (2.898, -0.167, -0.052, -1.258),
        (3.919, -0.502, 0.075, -2.812),
    ),
    4: (
        (-1.853, -0.534, -0.136, 2.376),
        (-1.523, -0.679, 0.004, 1.882),
        (-1.312, -0.621, 0.031, 1.629),
        (-1.092, -0.451, 0.007, 1.697),
        (-0.964, -0.099, -0.077, 2.547),
        (-0.709, 0.318, -0.179, 3.278),
        (0.011, 0.480, -0.201, 3.124),
        (1.401, 0.249, -0.136, 1.444),
        (2.859, 0.116, -0.139, -0.286),
        (3.692, -0.123, -0.028, -1.265),
    ),
}

# how much wider the predictive intervals of few points must be, by the mean of a period; half as much at 35 points
WIDER_AT, WIDER = (5.0, 20.0, 80.0, 300.0, 1000.0), (0.0, -0.09, 0.04, -0.03, -0.08)
_HALF_AS_MUCH = 35.0


def terms(mean: FloatArray, seen: FloatArray) -> FloatArray:
    """What the quantiles depend on, last axis: mean of a period (events) and points of history."""
    size = np.log10(np.clip(mean, 0.3, 3000.0))
    return np.stack([np.ones_like(size), size, size**2, 1 / np.sqrt(np.maximum(seen, 3.0))], axis=-1)


def probability(evidence: FloatArray, mean: FloatArray, seen: FloatArray, freq: int) -> FloatArray:
    """Share of quiet verdicts with at least this much evidence (log Bayes factor).

    Between the fitted levels log p is linear in the evidence; beyond the last, p falls as 1 / Bayes factor, which is
    the most that a Bayes factor may be trusted (Markov's inequality).
    """
    at = np.maximum.accumulate(terms(np.nan_to_num(mean, nan=1.0), seen) @ np.asarray(QUANTILES[freq]).T, axis=-1)
    log_p = np.log(LEVELS)
    x = np.nan_to_num(evidence, nan=0.0, neginf=-50.0)
    left = np.clip((x[..., None] > at).sum(-1) - 1, 0, len(LEVELS) - 2)
    low, high = (np.take_along_axis(at, end[..., None], axis=-1)[..., 0] for end in (left, left + 1))
    part = np.clip((x - low) / np.maximum(high - low, 1e-6), 0, 1)
    out = log_p[left] + (log_p[left + 1] - log_p[left]) * part
    out = np.where(x > at[..., 0], out, np.minimum(log_p[0] * np.exp(x - at[..., 0]), 0.0))
    out = np.where(x > at[..., -1], log_p[-1] - (x - at[..., -1]), out)
    return np.asarray(np.exp(out))


def honest_share(confidence: float, mean: FloatArray, seen: FloatArray) -> FloatArray:
    """The nominal coverage at which the predictive intervals of quiet counts cover `confidence`.

    Few points leave the dispersion to its prior, which is smooth in the mean; that of real and simulated series is not.
    """
    wider = np.interp(np.log(np.maximum(mean, 1e-6)), np.log(WIDER_AT), WIDER) / (1 + (seen / _HALF_AS_MUCH) ** 2)
    return np.asarray(2 * ndtr((1 + wider) * ndtri((1 + confidence) / 2)) - 1)
