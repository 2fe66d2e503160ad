"""XmR with all rules: ours against control-chart packages' loops, in one run; then our growth to 100,000 series.

Run: python benchmarks/spc.py   in an environment with threatlib, and with the packages beside it
(python -m pip install pycontrolcharts statprocon); a package that is not there is left out. Seeded.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np

from threatlib.stats.spc import g_chart, p_chart, u_chart, xmr

POINTS = 60


class Peer(NamedTuple):
    """A package, what it was asked for, and its upper limits for a panel."""

    package: str
    does: str
    limits: Callable[[np.ndarray], list[float]]


def peers() -> Iterator[Peer]:
    """The packages that are installed; a sentence for each that is not."""
    try:
        from pycontrolcharts import RunTestConfig, calc_xmr

        rules = RunTestConfig(test6=False, test2_n=7, test3_n=7)
        yield Peer(
            "pycontrolcharts",
            "limits, four rules as Making Data Count counts them",
            lambda panel: [float(calc_xmr(series.tolist(), run_tests=rules)["ucl"].iloc[-1]) for series in panel],
        )
    except ImportError:
        print("pycontrolcharts is not installed, so it is left out: python -m pip install pycontrolcharts\n")
    try:
        import statprocon

        yield Peer("statprocon", "limits and its three rules", lambda panel: [stat(statprocon, s) for s in panel])
    except ImportError:
        print("statprocon is not installed, so it is left out: python -m pip install statprocon\n")


def stat(statprocon: Any, series: np.ndarray) -> float:
    chart = statprocon.XmR(series.tolist())
    chart.rule_1_x_indices_beyond_limits()
    chart.rule_2_runs_about_central_line()
    chart.rule_3_runs_near_limits()
    return float(chart.upper_natural_process_limit()[-1])


def cpu(work: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """Shortest CPU time of a few runs, and the last answer."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        answer = work()
        taken.append(time.process_time() - start)
    return min(taken), answer


def against_the_peers(values: np.ndarray) -> None:
    """CPU seconds of each on the same series, and how far the upper limits are apart (2.66 against 3/1.128)."""
    installed = list(peers())
    ours, chart = cpu(lambda: xmr(values, screen=False), times=5)
    print(f"{len(values):,} series of {POINTS} points, CPU seconds, no screening of moving ranges\n")
    print("| package | what it does | CPU seconds | ratio to ours | largest relative difference in the upper limit |")
    print("|---|---|---|---|---|")
    print(f"| threatlib | limits, four rules and their spans | {ours:.4f} | 1 | |")
    for peer in installed:
        taken, limits = cpu(lambda peer=peer: peer.limits(values))
        apart = float(np.max(np.abs(np.array(limits) / chart.upper[:, -1] - 1)))
        print(
            f"| {peer.package} {version(peer.package)} | {peer.does} | {taken:.2f} | {taken / ours:.0f} | {apart:.0e} |"
        )


def others(values: np.ndarray) -> None:
    """Our other charts on the same panel."""
    total = np.full(values.shape, 200.0)
    charts: dict[str, Callable[[], Any]] = {
        "xmr, screened": lambda: xmr(values),
        "p_chart, Laney": lambda: p_chart(values, total),
        "u_chart, Laney": lambda: u_chart(values, total),
        "g_chart": lambda: g_chart(values),
    }
    print("\n| chart | CPU seconds |\n|---|---|")
    for name, work in charts.items():
        print(f"| {name} | {cpu(work, times=3)[0]:.4f} |")


def growth(most: int, rng: np.random.Generator) -> None:
    """Time and peak memory as the panel grows."""
    print("\n| series | CPU seconds | microseconds a series | peak memory, MiB |")
    print("|---|---|---|---|")
    for series in (size for size in (1_000, 10_000, 100_000) if size <= most):
        values = rng.poisson(20, (series, POINTS)).astype(float)
        taken, _ = cpu(lambda values=values: xmr(values))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {series:,} | {taken:.3f} | {1e6 * taken / series:.0f} | {peak:.0f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1_000, help="series in the comparison")
    parser.add_argument("--most", type=int, default=100_000, help="largest panel")
    chosen = parser.parse_args()
    rng = np.random.default_rng(60)
    xmr(rng.poisson(20, (10, POINTS)))
    values = rng.poisson(40, (chosen.series, POINTS)).astype(float)
    against_the_peers(values)
    others(values)
    growth(chosen.most, rng)


if __name__ == "__main__":
    main()
