"""Many partnerships on a local Dask cluster: how well two workers share the work, and what a nation would cost.

``python benchmarks/scale.py [--partnerships 33] [--rounds 1] [--demo 2] [--cores 2]``

Each round makes the same briefings (six notebooks each) on one worker and on two, in turn, every worker warm before
the clock starts. On an idle machine the wall clock says what the second worker is worth. On a busy one it does not; two
figures are given that neighbours disturb less: the share of the time that the workers were busy, and the CPU seconds of
a briefing with one worker over those with two. Their product is the efficiency by CPU seconds.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from distributed import Client, LocalCluster

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
QUARTER = "2022-23-Q2"
NATION = 153
MACHINES = (1, 4, 16)


@dataclass(frozen=True)
class Round:
    """What it took to make all briefings once: seconds by the clock, of all units and of one; CPU seconds of one."""

    wall: float
    busy: float
    cpu: float
    start: float
    unit: float


def cpu() -> float:
    """CPU seconds of this worker and of everything it started, ended or not."""
    here = psutil.Process()
    there = [here, *here.children(recursive=True)]
    times = [process.cpu_times() for process in there]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def measured(data: Path, names: list[str], workers: int, room: Path) -> Round:
    from threatlib.pipeline import cluster

    begun = time.perf_counter()
    how = {"notebooks": ROOT / "notebooks", "jobs": 1, "out": str(room / "out"), "records": str(room / "records")}
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50) as here,
        Client(here) as client,
    ):
        cluster.brief_on(here.scheduler_address, str(data), names[:workers], QUARTER, **how)
        start = time.perf_counter() - begun
        used, begun = sum(client.run(cpu).values()), time.perf_counter()
        ended = cluster.brief_on(here.scheduler_address, str(data), names, QUARTER, **how)
        wall = time.perf_counter() - begun
        used = sum(client.run(cpu).values()) - used
    bad = [outcome.message for outcome in ended if outcome.exit_code]
    assert not bad, bad[0]
    busy = sum(outcome.seconds for outcome in ended)
    return Round(wall, busy, used / len(names), start, busy / len(names))


def efficiency(one: Round, two: Round) -> tuple[float, float, float, float]:
    """By the clock; share of the time that two workers were busy; dearer by CPU; by CPU seconds."""
    busy, ratio = two.busy / (2 * two.wall), one.cpu / two.cpu
    return one.wall / (2 * two.wall), busy, ratio, busy * ratio


def partnerships(data: Path, number: int) -> list[str]:
    from tests.small import folder

    names = [f"area-{n:03d}" for n in range(number)]
    for name in names:
        folder(data / name)
    return names


def capacity(unit: float, start: float, cores: int) -> list[tuple[int, float, float]]:
    """Of 1, 4 and 16 machines: minutes until all of the nation's briefings are there, and machine hours."""
    rows = []
    for machines in MACHINES:
        seconds = start + math.ceil(NATION / (machines * cores)) * unit
        rows.append((machines, seconds / 60, machines * seconds / 3600))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partnerships", type=int, default=33)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--demo", type=int, default=2, help="briefings of the demo partnership, for the capacity")
    parser.add_argument("--cores", type=int, default=2, help="cores of each machine in the capacity table")
    asked = parser.parse_args()
    os.environ["THREATLIB_PDF"] = "0"
    rounds: dict[int, list[Round]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as place:
        room = Path(place)
        names = partnerships(room / "data", asked.partnerships)
        for number in range(asked.rounds):
            for workers in sorted(rounds, reverse=bool(number % 2)):
                rounds[workers].append(measured(room / "data", names, workers, room))
                print(f"round {number + 1}, {workers} workers: {rounds[workers][-1]}", file=sys.stderr, flush=True)
        large = []
        for n in range(asked.demo):
            shutil.copytree(ROOT / "data" / "demo", room / "large" / f"demo-{n}")
            large.append(f"demo-{n}")
        whole = measured(room / "large", large, 1, room) if large else None
    print(
        f"{asked.partnerships} partnerships, {asked.rounds} rounds, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}\n"
    )
    print("| workers | wall, s | busy | CPU s a briefing |\n|---|---|---|---|")
    for workers, found in rounds.items():
        middle = [statistics.median(getattr(each, name) for each in found) for name in ("wall", "busy", "cpu")]
        print(f"| {workers} | {middle[0]:.1f} | {middle[1] / (workers * middle[0]):.1%} | {middle[2]:.2f} |")
    said = [efficiency(one, two) for one, two in zip(rounds[1], rounds[2], strict=True)]
    clock, busy, ratio, by_cpu = (statistics.median(column) for column in zip(*said, strict=True))
    print(
        f"\nEfficiency on two workers: {clock:.1%} by the clock; {by_cpu:.1%} by CPU seconds "
        f"(busy {busy:.1%}, CPU ratio {ratio:.2f}).\n"
    )
    start = statistics.median(each.start for each in [*rounds[1], *rounds[2]])
    for title, unit in (("small", statistics.median(r.unit for r in rounds[2])), ("demo", whole.unit if whole else 0)):
        if unit:
            spent = statistics.median(r.cpu for r in rounds[2]) if title == "small" or not whole else whole.cpu
            print(f"{title}: {unit:.1f} s a briefing, of which {spent:.1f} CPU s; {start:.0f} s to start\n")
            print("| machines | workers | minutes | machine hours |\n|---|---|---|---|")
            for machines, minutes, hours in capacity(unit, start, asked.cores):
                print(f"| {machines} | {machines * asked.cores} | {minutes:.1f} | {hours:.2f} |")
            print()


if __name__ == "__main__":
    main()
