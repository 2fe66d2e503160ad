"""The analysis of a national panel: 153 areas, 60 indicators, 48 quarters; seconds, memory, growth.

Makes a partnership of so many areas in a temporary folder (canonical returns, one file a quarter), then loads and
assesses it: ``python benchmarks/national.py [--areas 17 51 153]``. Each size is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

INDICATORS, QUARTERS = 60, 48
THEMES = ("workforce", "demand", "csa", "mental_health")
LAST = (2022, 2)


def quarters() -> list[tuple[str, str]]:
    """Labels of the quarters and the day after which their returns came in, oldest first."""
    year, quarter = LAST
    found = []
    for _ in range(QUARTERS):
        ended = {1: f"{year}-07-20", 2: f"{year}-10-20", 3: f"{year + 1}-01-20", 4: f"{year + 1}-04-20"}[quarter]
        found.append((f"{year}-{(year + 1) % 100:02d}-Q{quarter}", ended))
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    return found[::-1]


def generate(folder: Path, areas: int, seed: int = 1) -> None:
    """A partnership's folder with counts, two thirds of the indicators, and shares with their two counts."""
    rng = np.random.default_rng(seed)
    names = [f"Area {n:03d}" for n in range(1, areas + 1)]
    there = "\n".join(f"  - {{name: {name}}}" for name in names)
    (folder / "partnership.yaml").write_text(
        f"""name: The Nation
data_kind: simulated
areas:
{there}
agencies:
  - {{name: Council, footprint: [{", ".join(names)}], aliases: [council]}}
rules:
  none: {{name: Nothing withheld, withhold_from: 0, withhold_to: 0}}
audiences:
  internal: {{title: Internal, rule: none, marking: Internal. Nothing is withheld.}}
default_audience: internal
severity_weights: {{workforce: 1.0}}
""",
        encoding="utf-8",
    )
    share = [n % 3 == 2 for n in range(INDICATORS)]
    lines = [
        f"  - {{id: measure_{n:02d}, name: Measure {n}, definition: Measure {n}., "
        f"unit: {'percent' if share[n] else 'count'}, polarity: higher_is_worse, theme: {THEMES[n % 4]}, "
        f"agency: Council, frequency: quarterly{'' if share[n] else ', denominator: population_children'}}}"
        for n in range(INDICATORS)
    ]
    lines.append(
        "  - {id: population_children, name: Children, definition: Children aged 0 to 17., unit: count, "
        "polarity: neither, theme: context, agency: Council, frequency: snapshot, disclosive: false}"
    )
    (folder / "catalogue.yaml").write_text("indicators:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    items = "\n".join(
        f"          - {{id: measure-{n:02d}, name: Measure {n}, standing: measured, indicators: [measure_{n:02d}]}}"
        for n in range(INDICATORS)
    )
    (folder / "threats.yaml").write_text(
        "threats:\n  - id: all\n    name: All\n    subtopics:\n      - id: everything\n        name: Everything\n"
        f"        page: demand\n        items:\n{items}\n",
        encoding="utf-8",
    )
    (folder / "annotations.yaml").write_text("annotations: []\n", encoding="utf-8")
    (folder / "requirements.csv").write_text("ref,threat,kind,question,owner,due,status\n", encoding="utf-8")
    _returns(folder, names, share, rng)


def _returns(folder: Path, names: list[str], share: list[bool], rng: np.random.Generator) -> None:
    level = rng.uniform(20, 400, (len(names), INDICATORS))
    people = rng.integers(8_000, 90_000, len(names))
    register = ["file,sha256,agency,period,received_on,supersedes,kind,note"]
    for place, (quarter, received) in enumerate(quarters()):
        lines = ["indicator,area,period,value,numerator,denominator"]
        if place == 0:
            lines += [f"population_children,{a},2010-06-30,{n},," for a, n in zip(names, people, strict=True)]
        counts = rng.poisson(level)
        for a, name in enumerate(names):
            for n in range(INDICATORS):
                if share[n]:
                    of = int(counts[a, n]) + 5
                    part = int(rng.binomial(of, 0.7))
                    lines.append(f"measure_{n:02d},{name},{quarter},{100 * part / of:.1f},{part},{of}")
                else:
                    lines.append(f"measure_{n:02d},{name},{quarter},{counts[a, n]},,")
        path = folder / "returns" / quarter / "council.csv"
        path.parent.mkdir(parents=True)
        text = "\n".join(lines) + "\n"
        path.write_text(text, encoding="utf-8")
        name = path.relative_to(folder).as_posix()
        register.append(f"{name},{hashlib.sha256(text.encode()).hexdigest()},Council,{quarter},{received},,return,")
    (folder / "register.csv").write_text("\n".join(register) + "\n", encoding="utf-8")


def measure(folder: Path) -> dict[str, float]:
    """Seconds and memory of one analysis, in this process."""
    import threatlib as tl

    begun, cpu = time.perf_counter(), time.process_time()
    dataset = tl.load(folder)
    loaded = time.process_time()
    assessment = tl.assess(dataset, f"{LAST[0]}-{(LAST[0] + 1) % 100:02d}-Q{LAST[1]}")
    done = time.process_time()
    return {
        "load": loaded - cpu,
        "assess": done - loaded,
        "wall": time.perf_counter() - begun,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "tests": assessment.tests_made,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--areas", type=int, nargs="+", default=[17, 51, 153])
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help="make the data here and leave them")
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.measure)))
        return
    print("| areas | figures | load, CPU s | assess, CPU s | both, wall s | peak memory, MiB | tests |")
    print("|---|---|---|---|---|---|---|")
    for areas in asked.areas:
        with tempfile.TemporaryDirectory() as room:
            folder = (asked.keep or Path(room)) / f"nation-{areas}"
            if not folder.exists():
                folder.mkdir(parents=True)
                generate(folder, areas)
            done = subprocess.run([sys.executable, __file__, "--measure", folder], capture_output=True, text=True)
            if done.returncode:
                print(done.stderr[-2000:], file=sys.stderr)
                continue
            found = json.loads(done.stdout)
            print(
                f"| {areas} | {areas * INDICATORS * QUARTERS:,} | {found['load']:.1f} | {found['assess']:.1f} | "
                f"{found['wall']:.1f} | {found['mib']:.0f} | {found['tests']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
