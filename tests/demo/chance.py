"""Chance that is the same on every machine: a frozen generator, one stream a series.

Every series has its own stream, named after it, so that adding an indicator leaves the others as they were.
"""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, *name: str) -> np.random.RandomState:
    """A stream of random numbers for one purpose.

    Notes
    -----
    `RandomState` is used on purpose: its streams are frozen for good (NumPy Enhancement Proposal 19). Those of the
    newer `Generator` may change with a release, and committed figures must be reproducible byte for byte.
    """
    return np.random.RandomState(zlib.crc32("/".join([*name, str(seed)]).encode()))


def negative_binomial(rng: np.random.RandomState, mean: np.ndarray, phi: float) -> np.ndarray:
    """Counts with variance `phi` times the mean, as a Poisson whose mean varies (Poisson itself for `phi` 1)."""
    mean = np.maximum(mean, 0).round(6)
    if phi <= 1:
        return rng.poisson(mean).astype(float)
    vary = np.where(mean > 0, rng.gamma(np.maximum(mean, 1e-9) / (phi - 1), phi - 1), 0.0)
    return rng.poisson(vary).astype(float)


def wander(rng: np.random.RandomState, length: int, spread: float, memory: float = 0.7) -> np.ndarray:
    """A stationary series around 0 with standard deviation `spread` that remembers its last value."""
    steps = rng.normal(0, 1, length)
    path = np.empty(length)
    path[0] = steps[0]
    for t in range(1, length):
        path[t] = memory * path[t - 1] + np.sqrt(1 - memory**2) * steps[t]
    return path * spread
