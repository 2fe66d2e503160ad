"""Mann-Kendall with the Theil-Sen slope: ours against the loop of pymannkendall, and our growth to 100,000 series.

Run: python benchmarks/trends.py   in an environment with threatlib, and with pymannkendall beside it
(python -m pip install pymannkendall); without it the comparison is left out. Seeded. About half a minute.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from threatlib.stats.trends import Trend, mann_kendall

POINTS = 60
OPTIONS: dict[str, dict[str, Any]] = {
    "original_test": {},
    "hamed_rao_modification_test": {"correction": "hamed-rao"},
    "seasonal_test": {"period": 12},
}


def cpu(work: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """Shortest CPU time of a few runs, and the last answer."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        answer = work()
        taken.append(time.process_time() - start)
    return min(taken), answer


def against_the_peer(values: np.ndarray) -> None:
    """CPU seconds of both on the same series, and how far the answers are apart."""
    try:
        import pymannkendall
    except ImportError:
        print("pymannkendall is not installed, so nothing is compared: python -m pip install pymannkendall")
        return
    print(f"{len(values):,} series of {POINTS} points, CPU seconds, against pymannkendall {named('pymannkendall')}\n")
    print("| test | threatlib | pymannkendall | ratio | largest difference in p | in slope |")
    print("|---|---|---|---|---|---|")
    for name, options in OPTIONS.items():
        ours, trend = cpu(lambda options=options: mann_kendall(values, exact=False, **options), times=3)
        test = getattr(pymannkendall, name)
        theirs, answers = cpu(lambda test=test: [test(series) for series in values])
        p, slope = differences(trend, answers)
        print(f"| {name} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.0f} | {p:.0e} | {slope:.0e} |")


def differences(trend: Trend, answers: list[Any]) -> tuple[float, float]:
    """Largest distance in p and slope, where the peer gives a number."""
    p, slope = (np.array([getattr(answer, name) for answer in answers], dtype=float) for name in ("p", "slope"))
    return float(np.nanmax(np.abs(trend.p - p))), float(np.nanmax(np.abs(trend.slope - slope)))


def named(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(no version)"


def growth(most: int, rng: np.random.Generator) -> None:
    """Time and peak memory as the panel grows."""
    print("\n| series | CPU seconds | microseconds a series | peak memory, MiB |")
    print("|---|---|---|---|")
    for series in (size for size in (1_000, 10_000, 100_000) if size <= most):
        values = rng.poisson(20, (series, POINTS)).astype(float)
        taken, _ = cpu(lambda values=values: mann_kendall(values))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {series:,} | {taken:.2f} | {1e6 * taken / series:.0f} | {peak:.0f} |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1_000, help="series in the comparison")
    parser.add_argument("--most", type=int, default=100_000, help="largest panel")
    chosen = parser.parse_args()
    rng = np.random.default_rng(60)
    mann_kendall(rng.poisson(20, (10, POINTS)))
    against_the_peer(rng.normal(50, 5, (chosen.series, POINTS)).round(1))
    growth(chosen.most, rng)


if __name__ == "__main__":
    main()
