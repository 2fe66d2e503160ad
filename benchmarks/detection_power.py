"""What the detector finds of the benchmark's events planted in real monthly series, and in simulated ones like them.

Run: python benchmarks/detection_power.py DATA [--seed 1] [--each 2]
where DATA holds the published files (see `detection_real.SOURCES`); without them it says so.

Events are those of `detection_series.py`, their size in standard deviations of a month. There a month varies about its
trend and season by chance alone; a real one by its wander too. So the s.d. is measured both ways: about trend and
season, as the benchmark's is, and about the level of the year round each month. Then come events by their share of the
level: half as many again, and so on. Each is planted in the real window, in a twin (the same level month by month,
season and chance variation) and in a series of the benchmark's make of the same mean, length and s.d.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from detection_real import LOCKDOWN, SOURCES, Real, read
from detection_series import counts, simulate, watched

from threatlib.stats.scan import THRESHOLD, scan

EVENTS = ("spike", "step_up", "drift_up", "drop", "zero_run")
MEASURES = {
    "trend": "s.d. about trend and season, as in the benchmark",
    "level": "s.d. about the level of the year round it",
    "share": "a share of the level",
}
BACKGROUNDS = {"real": "real windows", "twin": "simulated twins", "plain": "the benchmark's own"}
BANDS = (1, 2.5, 10, 40, 150, np.inf)
STRAYS = (0, 0.25, 0.5, 1, np.inf)


class Trial(NamedTuple):
    """A series with an event (or none) and what it was planted in."""

    measure: str
    background: str
    kind: str
    values: np.ndarray
    onset: int
    mean: float
    stray: float


def windows(series: list[Real], rng: np.random.Generator, each: int) -> Iterator[np.ndarray]:
    """Random windows of 36 to 84 months, wholly recorded, that leave lockdown out."""
    for s in series:
        shut = range(s.place(LOCKDOWN[0]), s.place("2022-03") + 1)
        for _ in range(each):
            n = int(rng.choice([36, 48, 60, 84]))
            places = [
                a for a in range(len(s.values) - n + 1)
                if np.isfinite(s.values[a : a + n]).all() and not any(a <= t < a + n for t in (shut[0], shut[-1]))
            ]  # fmt: skip
            if places:
                at = int(rng.choice(places))
                if s.values[at : at + n].mean() >= 1:
                    yield s.values[at : at + n]


def level_and_season(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A year's running mean, and half the seasonal departure from it (mean 1)."""
    pad = np.concatenate([np.repeat(y[:6].mean(), 6), y, np.repeat(y[-6:].mean(), 6)])
    level = np.maximum(np.convolve(pad, np.ones(13) / 13, mode="valid"), 0.3)
    month = np.arange(len(y)) % 12
    ratio = np.array([np.mean((y / level)[month == m]) for m in range(12)])
    return level, np.maximum((1 + 0.5 * (ratio - 1) / max(ratio.mean(), 1e-9)), 0.2)[month]


def dispersion(y: np.ndarray, mean: np.ndarray, spent: int = 0) -> float:
    """Variance over mean, robust: a half of the squared residuals are below 0.4549 times it."""
    return max(1.0, float(np.median((y - mean) ** 2 / mean)) / 0.4549 * len(y) / (len(y) - spent))


def trend_and_season(y: np.ndarray) -> tuple[np.ndarray, float]:
    """Log-linear trend and two harmonics, oddities down-weighted, and the dispersion about them."""
    t = np.arange(len(y))
    columns = [f(2 * np.pi * j * t / 12) for j in (1, 2) for f in (np.cos, np.sin)]
    x = np.stack([np.ones(len(y)), (t - len(y) / 2) / 12, *columns], axis=1)
    b, ridge, phi = np.zeros(6), np.array([0.0, 1, 16, 16, 16, 16]), 1.0
    b[0] = np.log(max(y.mean(), 0.3))
    for _ in range(30):
        mean = np.exp(np.clip(x @ b, -5, 12))
        weight = np.minimum(1, 2.58 / np.maximum(np.abs(y - mean) / np.sqrt(phi * mean), 1e-9))
        curve = (x * (weight * mean)[:, None]).T @ x + phi * np.diag(ridge + 0.01)
        b += np.clip(np.linalg.solve(curve, x.T @ (weight * (y - mean)) - phi * ridge * b), -1, 1)
        mean = np.exp(np.clip(x @ b, -5, 12))
        phi = dispersion(y, mean, 6)
    return mean, phi


def strays(level: np.ndarray, sd: np.ndarray) -> float:
    """How far a level strays from steady growth over its window, in s.d. of a month about it."""
    month, log = np.arange(len(level)), np.log(level)
    rest = log - np.polyval(np.polyfit(month, log, 1), month)
    return float(np.sqrt(np.mean(rest**2)) / np.mean(sd / level))


def planted(
    rng: np.random.Generator, kind: str, background: np.ndarray, start: int, sd: np.ndarray | None, level: np.ndarray
) -> tuple[np.ndarray, int]:
    """The event on top of a background, and when it begins; sized by the level where no s.d. is given."""
    y, n = background.copy(), len(background)
    onset = int(rng.integers(start, n if kind == "spike" else start + (n - start) // 2))
    size = level if sd is None else sd
    if kind == "spike":
        y[onset] += max(1, rng.poisson(rng.choice([3, 5, 8] if sd is not None else [0.5, 1]) * size[onset]))
    elif kind == "step_up":
        y[onset:] += rng.poisson(rng.choice([1.5, 3] if sd is not None else [0.3, 0.6]) * size[onset:])
    elif kind == "drift_up":
        onset, top = start, 4 if sd is not None else 0.6
        y[start:] += rng.poisson(top * np.arange(1, n - start + 1) / (n - start) * size[start:])
    elif kind == "drop":
        y[onset:] = rng.binomial(y[onset:].astype(int), rng.choice([0.6, 0.3]))
    else:
        y[onset:] = 0
    return y, onset


def trials(series: list[Real], seed: int, each: int) -> Iterator[Trial]:
    rng = np.random.default_rng(seed)
    for y in windows(series, rng, each):
        n, mean, start = len(y), float(y.mean()), len(y) - watched(len(y), 12)
        level, season = level_and_season(y)
        phi = {"level": dispersion(y, level * season)}
        curve, phi["trend"] = trend_and_season(y)
        sd = {"level": np.sqrt(phi["level"] * level), "trend": np.sqrt(phi["trend"] * curve), "share": None}
        told = (mean, strays(level, np.sqrt(phi["level"] * level)))
        twin = counts(rng, level * season, phi["level"])
        for measure, of in sd.items():
            plain = simulate(rng, "clean", mean, n, 12, phi[measure if of is not None else "trend"])
            quiet = {"real": (y, level), "twin": (twin, level), "plain": (plain.values, plain.mu)}
            for name, (background, expected) in quiet.items():
                yield Trial(measure, name, "quiet", background, start, *told)
                for kind in EVENTS:
                    if name == "plain" and of is not None:
                        made = simulate(rng, kind, mean, n, 12, phi[measure])
                        yield Trial(measure, name, kind, made.values, made.onset, *told)
                    else:
                        yield Trial(measure, name, kind, *planted(rng, kind, background, start, of, expected), *told)


def scores(made: list[Trial]) -> list[np.ndarray]:
    """Scores of the watched points of each series, series of one length at a time."""
    by_length = defaultdict(list)
    for i, one in enumerate(made):
        by_length[len(one.values)].append(i)
    out = [np.empty(0)] * len(made)
    for n, members in by_length.items():
        for some in np.array_split(members, -(-len(members) // 600)):
            y = np.stack([made[i].values for i in some])
            found = scan(y, frequency=12, first=n - watched(n, 12), confidence=None).score
            for i, row in zip(some, found, strict=True):
                out[i] = np.nan_to_num(row, nan=-np.inf)
    return out


def hit(one: Trial, row: np.ndarray, cut: float) -> bool:
    return bool((row[one.onset : one.onset + 1 if one.kind == "spike" else None] > cut).any())


def power(series: list[Real], seed: int, each: int) -> None:
    made = list(trials(series, seed, each))
    rows, shipped = scores(made), -np.log10(THRESHOLD[12]) - 1e-12
    found = defaultdict(list)
    print("| size | planted in | " + " | ".join(EVENTS) + " | mean | flags per quiet point | mean at 1% of those |")
    print("|" + "---|" * 10)
    for measure, words in MEASURES.items():
        for name, of in BACKGROUNDS.items():
            mine = [(o, r) for o, r in zip(made, rows, strict=True) if (o.measure, o.background) == (measure, name)]
            calm = np.concatenate([r[o.onset :] for o, r in mine if o.kind == "quiet"])
            cut = float(np.sort(calm)[int(np.ceil(0.99 * len(calm))) - 1])
            share = {k: [hit(o, r, shipped) for o, r in mine if o.kind == k] for k in EVENTS}
            even = np.mean([hit(o, r, cut) for o, r in mine if o.kind != "quiet"])
            found[measure, name] = [(o, hit(o, r, shipped)) for o, r in mine if o.kind != "quiet"]
            told = [*(np.mean(v) for v in share.values()), np.mean(list(share.values()))]
            numbers = " | ".join(f"{v:.2f}" for v in told)
            print(f"| {words} | {of} | {numbers} | {np.mean(calm > shipped):.2%} | {even:.2f} |")
    for words, at, edges in (("events a month", "mean", BANDS), ("strays, in s.d. of a month", "stray", STRAYS)):
        heads = " | ".join(f"{measure}: {of}" for measure in MEASURES for of in BACKGROUNDS)
        print(f"\n| {words} | windows | {heads} |\n|" + "---|" * (2 + len(MEASURES) * len(BACKGROUNDS)))
        for low, high in pairwise(edges):
            cells = [[h for o, h in pairs if low <= getattr(o, at) < high] for pairs in found.values()]
            numbers = " | ".join(f"{np.mean(v):.2f}" for v in cells)
            print(f"| {low:g} to {high:g} | {len(cells[0]) // len(EVENTS)} | {numbers} |")
    print("\n| planted in | 80% interval covers | 95% |\n|---|---|---|")
    for name, of in BACKGROUNDS.items():
        quiet = [o for o in made if (o.measure, o.background, o.kind) == ("trend", name, "quiet")]
        print(f"| {of} | " + " | ".join(f"{np.mean([covered(o, c) for o in quiet]):.3f}" for c in (0.8, 0.95)) + " |")


def covered(one: Trial, confidence: float) -> float:
    """Share of the watched points inside their predictive interval."""
    on = scan(one.values, frequency=12, first=one.onset, confidence=confidence)
    return float(((one.values >= on.lower) & (one.values <= on.upper))[one.onset :].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=2, help="windows of each series")
    o = parser.parse_args()
    absent = [name for name in SOURCES.values() if not (o.data / name).is_file()]
    if absent:
        print(f"Left out: {o.data} does not hold {', '.join(absent)}, published files that are not kept here.")
    else:
        power(read(o.data), o.seed, o.each)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
