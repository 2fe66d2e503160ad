"""Proportions, rates and levels: false flags and events found, by length: ``python benchmarks/detection_kinds.py``.

Simulated quarterly and monthly series: overdispersed shares of 40 to 400, counts of a growing population given with and
without it, and staff levels with noise of 1% to 5% of the level, steady or wandering. Half hold a step in the watched
points: ten points of a share, 30% of a rate, three standard deviations of a level's noise.
"""

from __future__ import annotations

import argparse

import numpy as np
from detection_series import watched

from threatlib.stats.scan import scan

LENGTHS = {12: (24, 60), 4: (8, 16, 28)}
EACH = 150


def shares(rng: np.random.Generator, n: int, step: bool, at: int) -> tuple[np.ndarray, np.ndarray]:
    total = rng.poisson(rng.choice([40, 120, 400]), n).astype(float) + 1
    mean = np.full(n, rng.uniform(0.2, 0.8))
    mean[at:] += (0.1 if mean[0] < 0.5 else -0.1) * step
    concentration = rng.choice([60.0, 300.0])
    chance = rng.beta(mean * concentration, (1 - mean) * concentration)
    return rng.binomial(total.astype(int), chance).astype(float), total


def rates(rng: np.random.Generator, n: int, step: bool, at: int) -> tuple[np.ndarray, np.ndarray]:
    people = 50_000 * np.cumprod(1 + rng.normal(0.004, 0.002, n))
    people[n // 2 :] *= rng.choice([0.85, 1.15])  # rebased by a census
    mean = people * rng.choice([2, 6, 20]) / 10_000
    mean[at:] *= 1.3 if step else 1.0
    return rng.poisson(rng.gamma(mean / 0.8, 0.8)).astype(float), people


def levels(rng: np.random.Generator, n: int, step: bool, at: int) -> tuple[np.ndarray, None]:
    noise = rng.choice([0.01, 0.05]) * 100
    y = 100 + rng.normal(0, noise, n) + rng.choice([0, 0.3]) * np.cumsum(rng.normal(0, noise, n))
    y[at:] += 3 * noise * step
    return y, None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    rng = np.random.default_rng(parser.parse_args().seed)
    print("| kind | frequency | points | flags per quiet point | steps found |\n|---|---|---|---|---|")
    for kind, make in (
        ("proportion", shares),
        ("rate", rates),
        ("rate, population not told", rates),
        ("level", levels),
    ):
        for freq, lengths in LENGTHS.items():
            for n in lengths:
                start, quiet, found = n - watched(n, freq), [], []
                for step in (False, True):
                    made = [make(rng, n, step, start + 1) for _ in range(EACH)]
                    size = None if made[0][1] is None or "not told" in kind else np.stack([s for _, s in made])
                    model = kind if kind in ("proportion", "level") else "count"
                    y = np.stack([v for v, _ in made])
                    on = scan(y, frequency=freq, kind=model, denominator=size, first=start, confidence=None)
                    if step:
                        found.append(on.flag[:, start + 1 :].any(1).mean())
                    else:
                        quiet.append(on.flag[:, start:].mean())
                print(f"| {kind} | {freq} | {n} | {np.mean(quiet):.2%} | {np.mean(found):.2f} |", flush=True)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
