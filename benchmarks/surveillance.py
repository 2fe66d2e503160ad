"""Farrington and EARS: CPU seconds, growth to 100,000 series, and the ratio to a loop over series with statsmodels.

    python benchmarks/surveillance.py              # pip install statsmodels beside threatlib for the peer
    python benchmarks/surveillance.py --largest 10000

Memory is the peak of the process after each size, so sizes go up. The peer fits the same model (quasi-Poisson, two
passes, negative-binomial limit) with `statsmodels.GLM`, one series and point at a time, and must agree.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import time
from typing import Any

import numpy as np
from scipy import stats

from threatlib.stats._farrington_design import Settings, design
from threatlib.stats.surveillance import ears, farrington

PROSPECTIVE = 12
MONTHLY: dict[str, Any] = {"frequency": 12, "w": 1, "n_periods": 10, "past_not_included": 6}
IN_R = "surveillance-1.20"


def simulate(series: int, points: int, seed: int = 1) -> np.ndarray:
    """Monthly counts with means from about 3 to 150, a season and twice the variance of a Poisson."""
    rng = np.random.default_rng(seed)
    mean = np.exp(rng.normal(3.0, 1.0, (series, 1))) * np.exp(0.3 * np.sin(2 * np.pi * np.arange(points) / 12))
    return rng.negative_binomial(mean, 0.5).astype(np.float64)


def years(points: int) -> int:
    """Years back that leave the first of the prospective points its whole baseline."""
    return min(5, (points - PROSPECTIVE - MONTHLY["w"]) // 12)


def timed(counts: np.ndarray, **options: Any) -> tuple[float, Any]:
    """CPU seconds and the answer."""
    points = counts.shape[1]
    began = time.process_time()
    result = farrington(counts, b=years(points), first=points - PROSPECTIVE, **MONTHLY, **options)
    return time.process_time() - began, result


def peer(counts: np.ndarray, first: int) -> tuple[float, np.ndarray]:
    """The same limits by a loop over series and points with statsmodels, trend always kept as far as the rules let."""
    import statsmodels.api as sm

    settings = Settings(
        **MONTHLY,
        b=years(counts.shape[1]),
        reweight=True,
        weights_threshold=2.58,
        trend=True,
        trend_p_threshold=1.0,
        alpha=0.005,
        threshold_method="nb",
        power_transform="2/3",
        limit54=(0, 4),
        compat=None,
        plug_in=True,
    )
    upper = np.full(counts.shape, np.nan)
    began = time.process_time()
    for row, series in enumerate(counts):
        for point in range(first, counts.shape[1]):
            plan = design(point, settings, None)
            assert plan is not None
            y = series[plan.rows]
            for slope in (True, False):
                x = np.column_stack([plan.indicators, plan.time] if slope else [plan.indicators])
                model = sm.GLM(y, x, family=sm.families.Poisson()).fit(scale="X2")
                phi, hat = max(model.scale, 1.0), model.get_hat_matrix_diag()
                mean = model.fittedvalues
                s = 1.5 * (y ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(phi * (1 - hat))
                weight = np.where(s > 2.58, s**-2.0, 1.0)
                again = sm.GLM(y, x, family=sm.families.Poisson(), freq_weights=weight * y.size / weight.sum())
                model = again.fit(scale="X2")
                phi = max(model.scale, 1.0)
                mu = float(np.exp(model.params[plan.target]))  # time is counted from the monitored point
                if mu <= y.max():
                    break
            known = stats.nbinom(mu / (phi - 1), 1 / phi) if phi > 1 else stats.poisson(mu)
            upper[row, point] = known.ppf(0.995)
    return time.process_time() - began, upper


def targets() -> None:
    print(f"\n## 1,000 monthly series, {PROSPECTIVE} prospective points each\n")
    print("| points | years back | CPU s, default | CPU s, as in R | target |")
    print("|---|---|---|---|---|")
    for points in (60, 84, 120):
        counts = simulate(1000, points)
        default, as_in_r = timed(counts)[0], timed(counts, compat=IN_R)[0]
        print(f"| {points} | {years(points)} | {default:.2f} | {as_in_r:.2f} | under 3 |")
    counts = simulate(1000, 120)
    for method in ("C1", "C3"):
        began = time.process_time()
        ears(counts, method=method)
        print(f"\nEARS {method}, every one of 120,000 points: {time.process_time() - began:.3f} s.")


def ratio(series: int) -> None:
    print("\n## Beside a loop with statsmodels\n")
    try:
        import statsmodels
    except ImportError:
        print("statsmodels is not installed here: the peer is absent, no ratio.")
        return
    counts = simulate(series, 120)
    theirs, upper = peer(counts, 120 - PROSPECTIVE)
    options = {"plug_in": True, "limit54": (0, 4)}
    ours, result = timed(counts, **options)
    thousand = timed(simulate(1000, 120), **options)[0] / 1000
    judged = upper[:, -PROSPECTIVE:]
    same = np.mean(result.upper[:, -PROSPECTIVE:] == judged)
    print(f"statsmodels {statsmodels.__version__}, {series} series x {PROSPECTIVE} points: {theirs:.2f} s; ours")
    print(f"{ours:.3f} s: **{theirs / ours:.0f} times faster** ({theirs / series / thousand:.0f} times per series in a")
    print(f"panel of 1,000). {100 * same:.1f}% of the upper limits are the same count.")


def growth(largest: int) -> None:
    print("\n## Growth: 72 points, 12 of them prospective\n")
    print("| series | CPU s | CPU ms a series | peak memory, MiB |")
    print("|---|---|---|---|")
    for series in (100, 1_000, 10_000, 100_000):
        if series <= largest:
            seconds, _ = timed(simulate(series, 72))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"| {series:,} | {seconds:.2f} | {1000 * seconds / series:.2f} | {peak:.0f} |", flush=True)


def reference() -> None:
    """Say plainly whether R's surveillance is here to be compared with."""
    print("\n## R's surveillance\n")
    script = 'cat(requireNamespace("surveillance", quietly = TRUE))'
    found = shutil.which("Rscript")
    here = found and "TRUE" in subprocess.run([found, "-e", script], capture_output=True, text=True).stdout
    if not here:
        print("Rscript with the package surveillance is not on this machine: the peer is absent, no ratio here.")
        return
    program = """library(surveillance); set.seed(1); y <- matrix(rpois(120 * 20, 20), 120)
    s <- sts(y, start = c(2010, 1), frequency = 12)
    o <- list(range = 109:120, b = 5, w = 1, noPeriods = 10, pastWeeksNotIncluded = 6, weightsThreshold = 2.58,
              pThresholdTrend = 1, alpha = 0.005, thresholdMethod = "nbPlugin")
    cat(sum(system.time(farringtonFlexible(s, o))[1:2]))"""
    theirs = 50 * float(subprocess.run([found, "-e", program], capture_output=True, text=True, check=True).stdout)
    ours, _ = timed(simulate(1000, 120), compat=IN_R)
    print(f"1,000 series x 12 points: {theirs:.1f} s (from 20 series); ours {ours:.2f} s: {theirs / ours:.0f} times.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=100_000, help="largest panel of the growth table")
    parser.add_argument("--peer-series", type=int, default=20, help="series that the statsmodels loop is timed on")
    chosen = parser.parse_args()
    print("# Surveillance: performance\n\nCPU seconds of one process.")
    targets()
    growth(chosen.largest)
    ratio(chosen.peer_series)
    reference()


if __name__ == "__main__":
    main()
