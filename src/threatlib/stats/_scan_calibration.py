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
THRESHOLD = {12: 0.009, 4: 0.010}
LEVELS = (0.98, 0.9, 0.75, 0.5, 0.25, 0.1, 0.03, 0.01, 0.003, 0.001)
# log Bayes factor exceeded with each probability: constant, log10 of the mean, its square, 1 / sqrt(points seen)
QUANTILES: dict[int, tuple[tuple[float, ...], ...]] = {
    12: (
        (-2.443, -0.904, -0.250, 4.509),
        (-2.228, -0.965, -0.085, 4.507),
        (-1.959, -0.885, -0.030, 4.280),
        (-1.595, -0.740, -0.005, 4.181),
        (-1.081, -0.430, -0.038, 3.841),
        (-0.450, 0.045, -0.140, 3.227),
        (0.391, 0.475, -0.237, 2.524),
        (1.332, 0.532, -0.238, 1.710),
        (2.631, 0.281, -0.164, 0.110),
        (3.739, -0.029, -0.107, -0.539),
    ),
    4: (
        (-2.051, -0.663, -0.174, 2.681),
        (-1.706, -0.807, -0.031, 2.202),
        (-1.482, -0.698, -0.015, 1.955),
        (-1.272, -0.468, -0.039, 2.175),
        (-1.035, -0.089, -0.103, 2.811),
        (-0.737, 0.334, -0.180, 3.588),
        (0.121, 0.470, -0.162, 3.038),
        (1.355, 0.333, -0.109, 1.604),
        (2.817, 0.009, -0.038, 0.087),
        (4.151, -0.350, 0.020, -1.358),
    ),
}

# how much wider the predictive intervals of few points must be, by the mean of a period; half as much at 35 points
WIDER_AT, WIDER = (5.0, 20.0, 80.0, 300.0, 1000.0), (0.0, -0.07, 0.06, 0.01, -0.05)
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
