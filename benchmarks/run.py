"""The quarter's run against a shell loop of papermill and nbconvert, and against the floor.

``python benchmarks/run.py [--partnership demo] [--quarter 2022-23-Q2] [--rounds 3]``

All three do the same six notebooks, in turn, so that a busy machine is busy for each of them; the ratios are of the
medians. The floor is one warm process (everything imported) that loads, assesses, draws the same pieces, fills the same
template and writes the same tables, one after the other: no kernel, no record, no publishing. PDF copies are left out,
for neither of the others makes any; ``THREATLIB_PDF=1`` has them printed.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def ours(partnership: str, quarter: str, room: Path) -> None:
    """As a person types it."""
    subprocess.run(
        [sys.executable, "-m", "threatlib", "run", quarter, partnership, "--out", str(room / "ours")],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        env={"THREATLIB_PDF": "0", **os.environ, "THREATLIB_RECORDS": str(room / "records")},
    )  # fmt: skip


def loop(partnership: str, quarter: str, room: Path) -> None:
    """papermill, then nbconvert, one notebook after the other."""
    script = (
        'for n in $NAMES; do "$BIN/papermill" --no-progress-bar "$n.ipynb" "$ROOM/$n.ipynb" -p partnership "$WHO" '
        '-p quarter "$WHEN" --cwd . 2>/dev/null && "$BIN/jupyter" nbconvert --to html --no-input --log-level ERROR '
        '"$ROOM/$n.ipynb" || exit 1; done'
    )
    asked = {"NAMES": " ".join(names()), "BIN": str(BIN), "ROOM": str(room), "WHO": partnership, "WHEN": quarter}
    subprocess.run(["sh", "-c", script], cwd=ROOT / "notebooks", check=True, env={**os.environ, **asked})


def names() -> list[str]:
    from threatlib.briefing.pages import PAGES

    return list(PAGES)


def floor(partnership: str, quarter: str, room: Path) -> dict[str, float]:
    """Everything but kernels, in a process that is warm before the clock starts; returns its seconds by part."""
    words = [sys.executable, __file__, "--floor", str(room), "--partnership", partnership, "--quarter", quarter]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _floor(partnership: str, quarter: str, room: Path) -> dict[str, float]:
    import matplotlib.pyplot as plt
    import nbconvert.exporters  # noqa: F401
    import nbformat
    import seaborn  # noqa: F401

    from threatlib import pipeline
    from threatlib.briefing import export, workbook
    from threatlib.briefing.pages import Page

    plt.figure().savefig(room / "warm.svg")
    nbformat.v4.new_notebook()
    clock = [time.perf_counter()]
    assessment = pipeline.assess(pipeline.load(ROOT / "data" / partnership), quarter)
    clock.append(time.perf_counter())
    for name in names():
        page = Page(name, assessment)
        text = "".join(str(piece.html) for piece in _drawn(page))
        made = export.export(export.page_of(export.Markup(text)), page=page.info())
        (room / f"{name}.html").write_text(made, encoding="utf-8")
    clock.append(time.perf_counter())
    workbook.write(room, assessment)
    clock.append(time.perf_counter())
    return dict(zip(("analysis", "drawing", "tables"), (b - a for a, b in pairwise(clock)), strict=True))


def _drawn(page: object) -> list[object]:
    """What the page's notebook displays, by calling what its cells call."""
    book = json.loads((ROOT / "notebooks" / f"{page.name}.ipynb").read_text())
    found = []
    for cell in book["cells"]:
        for node in ast.walk(ast.parse("".join(cell["source"]))) if cell["cell_type"] == "code" else ():
            call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if call and isinstance(node.func.value, ast.Name) and node.func.value.id == "page":
                found.append(getattr(page, node.func.attr)())
    return [piece for piece in found if hasattr(piece, "html")]


def spent() -> float:
    """CPU seconds of all children so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partnership", default="demo")
    parser.add_argument("--quarter", default="2022-23-Q2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.floor:
        print(json.dumps(_floor(asked.partnership, asked.quarter, asked.floor)))
        return
    wall: dict[str, list[float]] = {"threatlib run": [], "the floor": [], "papermill and nbconvert": []}
    cpu: dict[str, list[float]] = {name: [] for name in wall}
    parts: list[dict[str, float]] = []
    for number in range(asked.rounds):
        for name, job in zip(wall, (ours, floor, loop), strict=True):
            with tempfile.TemporaryDirectory() as room:
                begun, used = time.perf_counter(), spent()
                said = job(asked.partnership, asked.quarter, Path(room))
                wall[name].append(sum(said.values()) if said else time.perf_counter() - begun)
                cpu[name].append(spent() - used)
                parts += [said] if said else []
            print(f"round {number + 1}: {name}, {wall[name][-1]:.1f} s", file=sys.stderr, flush=True)
    middle = {name: statistics.median(found) for name, found in wall.items()}
    print(
        f"| {asked.partnership}, {asked.quarter}, {os.cpu_count()} cores | wall, s | CPU, s | ratio to threatlib run |"
    )
    print("|---|---|---|---|")
    for name, seconds in middle.items():
        ratio = seconds / middle["threatlib run"]
        print(f"| {name} | {seconds:.1f} | {statistics.median(cpu[name]):.1f} | {ratio:.2f} |")
    split = {name: statistics.median(part[name] for part in parts) for name in parts[0]}
    print(f"\nThe floor: {', '.join(f'{name} {seconds:.1f} s' for name, seconds in split.items())}.")
    print(f"threatlib run / the floor = {middle['threatlib run'] / middle['the floor']:.2f}")


if __name__ == "__main__":
    main()
