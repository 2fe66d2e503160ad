"""Simulated series with known events, for `detection.py` and `detection_calibration.py`.

Monthly (24 to 120 points) and quarterly (8 to 40) counts of Noufaily's form (Stat Med 2013, 32:1206): trend, harmonics,
variance phi times the mean, and past outbreaks left in the history of a third. The last 12 months (4 or 6 quarters) are
watched.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MEANS = (1, 5, 20, 80, 300, 1000)
LENGTHS = {12: (24, 36, 60, 84, 120), 4: (8, 12, 20, 28, 40)}
EVENTS = ("spike", "step_up", "drift_up", "drop", "zero_run", "gap_shift")
QUIET = ("clean", "clean_ar", "gap_clean", "lag_clean")


class Series(NamedTuple):
    """A simulated series: what was recorded, when the watch starts, and when the event does (-1: nothing happens)."""

    freq: int
    kind: str
    mean: float
    values: np.ndarray
    watch: int
    onset: int
    mu: np.ndarray  # the truth, for the bound
    phi: float


def watched(n: int, freq: int) -> int:
    return 12 if freq == 12 else (4 if n <= 8 else 6)


def counts(rng: np.random.Generator, mean: np.ndarray, phi: float) -> np.ndarray:
    """Counts with variance phi times the mean."""
    if phi > 1:
        mean = rng.gamma(mean / (phi - 1), phi - 1)
    return rng.poisson(mean).astype(float)


def simulate(rng: np.random.Generator, kind: str, mean: float, n: int, freq: int, phi: float | None = None) -> Series:
    """One series with one kind of event (or none) in its watched points; its dispersion drawn unless given."""
    t, start = np.arange(n), n - watched(n, freq)
    eta = np.log(mean) + rng.choice([0, 0, 0.05, -0.05, 0.12]) * (t - n / 2) / freq
    a, b = rng.uniform(-0.3, 0.3, 2)
    for j in range(1, 1 + rng.integers(0, 3 if freq == 12 else 2)):
        eta += (a * np.cos(2 * np.pi * j * t / freq) + b * np.sin(2 * np.pi * j * t / freq)) / j
    phi = float(rng.choice([1, 1.5, 3] if mean <= 20 else [1.5, 4, 10])) if phi is None else phi
    if kind == "clean_ar":
        noise = rng.normal(0, 0.1, n)
        for i in range(1, n):
            noise[i] += 0.5 * noise[i - 1]
        eta += noise - noise[0]
    mu = np.exp(eta)
    y, sd = counts(rng, mu, phi), np.sqrt(phi * mu)
    if rng.random() < 1 / 3:
        for i in rng.integers(0, max(1, start - freq // 2), rng.integers(1, 4)):
            y[i] += rng.poisson(rng.choice([3, 5, 10]) * sd[i])
    middle = start + max(1, (n - start) // 2)
    onset = int(rng.integers(start, n if kind == "spike" else middle))
    after = slice(onset, None)
    if kind == "spike":
        y[onset] += max(1, rng.poisson(rng.choice([3, 5, 8]) * sd[onset]))
    elif kind == "step_up":
        y[after] = counts(rng, mu[after] + rng.choice([1.5, 3]) * sd[after], phi)
    elif kind == "drift_up":
        onset = start
        y[start:] = counts(rng, mu[start:] + 4 * np.arange(1, n - start + 1) / (n - start) * sd[start:], phi)
    elif kind == "drop":
        y[after] = rng.binomial(y[after].astype(int), rng.choice([0.6, 0.3]))
    elif kind == "zero_run":
        y[after] = 0
    elif kind.startswith("gap"):
        onset = start
        y[start - 18 * freq // 12 : start] = np.nan
        if kind == "gap_shift":
            y[start:] = counts(rng, mu[start:] * rng.choice([1.5, 0.6]), phi)
    elif kind == "lag_clean":
        y[-2:] = rng.binomial(y[-2:].astype(int), [0.75, 0.4])
    return Series(freq, kind, mean, y, start, onset if kind in EVENTS else -1, mu, phi)


def make(seed: int, clean: int, events: int) -> list[Series]:
    """All kinds at all means and lengths (after a gap: where a year of history is left)."""
    rng, out = np.random.default_rng(seed), []
    for freq, lengths in LENGTHS.items():
        for kind in QUIET + EVENTS:
            for n in lengths:
                if kind.startswith("gap") and n - watched(n, freq) - 18 * freq // 12 < freq:
                    continue
                for mean in MEANS:
                    out += [simulate(rng, kind, mean, n, freq) for _ in range(clean if kind == "clean" else events)]
    return out
