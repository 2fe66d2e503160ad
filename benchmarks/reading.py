"""How fast a region's files are read and checked, and one large CSV: ``python benchmarks/reading.py``.

The region has 33 areas, 60 indicators and 48 quarters, about 100,000 values in 400 files (half of them workbooks); the
large CSV has 1,000,000 rows. Each is made in a temporary folder, then read and checked in a process of its own, so
that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

QUARTERS = [f"{2011 + n // 4}-{(2012 + n // 4) % 100:02d}-Q{n % 4 + 1}" for n in range(48)]
AREAS = [f"Borough {n:02d}" for n in range(33)]
INDICATORS = [f"indicator_{n:02d}" for n in range(60)]
FILES = 400


def definitions(folder: Path) -> None:
    folder.mkdir(parents=True)
    rule = {"name": "One to five", "withhold_from": 1, "withhold_to": 5, "source": "DfE"}
    partnership = {
        "name": "A region", "data_kind": "simulated", "areas": [{"name": area} for area in AREAS],
        "agencies": [{"name": "Region", "footprint": AREAS}], "rules": {"dfe": rule},
        "audiences": {"partners": {"title": "Partners", "rule": "dfe", "marking": "Small numbers are withheld."}},
        "default_audience": "partners",
    }  # fmt: skip
    indicators = [
        {"id": name, "name": name, "definition": name, "unit": "count", "polarity": "neither", "theme": "demand",
         "agency": "Region", "frequency": "quarterly"}
        for name in INDICATORS
    ]  # fmt: skip
    item = {"id": "item", "name": "Item", "standing": "measured", "indicators": [INDICATORS[0]]}
    sub = {"id": "sub", "name": "Sub", "page": "demand", "items": [item]}
    threats = {"threats": [{"id": "threat", "name": "Threat", "subtopics": [sub]}]}
    for name, content in (("partnership", partnership), ("catalogue", {"indicators": indicators}), ("threats", threats),
                          ("annotations", {"annotations": []})):  # fmt: skip
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    (folder / "requirements.csv").write_text("ref,threat,kind,question,owner,raised,due,depends_on,status,answer\n")


def rows(chance: random.Random, many: int) -> list[list[str]]:
    """Rows of distinct figures: every area, indicator and quarter, then the same for breakdowns."""
    found = []
    for n in range(many):
        place, rest = n % len(AREAS), n // len(AREAS)
        indicator, rest = rest % len(INDICATORS), rest // len(INDICATORS)
        quarter, group = rest % len(QUARTERS), rest // len(QUARTERS)
        value = chance.choice(["*", "", "0"]) if chance.random() < 0.05 else f"{chance.randrange(5, 2000):,}"
        found.append([INDICATORS[indicator], AREAS[place], QUARTERS[quarter], value, f"group {group}" if group else ""])
    return found


HEADER = ["indicator", "area", "period", "value", "breakdown"]


def as_csv(lines: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([HEADER, *lines])
    return out.getvalue().encode()


def as_workbook(lines: list[list[str]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Return")
    for line in [["Return of the region"], [], HEADER, *lines]:
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def make(folder: Path, files: int, many: int) -> None:
    definitions(folder)
    lines, size = rows(random.Random(20220930), many), -(-many // files)
    entries = ["file,sha256,agency,period,received_on,supersedes,kind,note"]
    for n in range(files):
        quarter = QUARTERS[n % len(QUARTERS)]
        workbook = files > 1 and n % 2
        name = f"returns/{quarter}/region_{n:03d}.{'xlsx' if workbook else 'csv'}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = lines[n * size : (n + 1) * size]
        path.write_bytes(as_workbook(part) if workbook else as_csv(part))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entries.append(f"{name},{digest},Region,{quarter},2023-01-{n % 28 + 1:02d},,return,")
    (folder / "register.csv").write_text("\n".join(entries) + "\n")


def measure(folder: Path) -> None:
    from threatlib import returns
    from threatlib.catalogue import load
    from threatlib.returns.meaning import doubts

    begun, spent = time.perf_counter(), time.process_time()
    found = load(folder)
    table, register, problems = returns.read(folder, found)
    read = time.perf_counter() - begun
    doubted = doubts(table, found)
    spent, passed = time.process_time() - spent, time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(register)} files, {len(table):,} figures, {len(problems)} problems, {len(doubted)} doubts")
    print(
        f"  read in {read:.1f} s, read and checked in {passed:.1f} s ({spent:.1f} s of one processor), {peak:.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure)
        return
    with tempfile.TemporaryDirectory() as place:
        for name, files, many in (("region", FILES, 33 * 60 * 48), ("large", 1, 1_000_000)):
            make(Path(place) / name, files, many)
            print(f"{name}: ", end="", flush=True)
            subprocess.run([sys.executable, __file__, "--measure", Path(place) / name], check=True)


if __name__ == "__main__":
    main()
