"""50 runs in a row, two at a time, and 200 kernel starts: no failure, and nothing left behind.

``python benchmarks/soak.py [--runs 50] [--kernels 200]``

Runs are whole: a small partnership's six notebooks, exported and published. Two processes make half of them each, one
after the other, into one output folder. Then one process starts so many kernels, every second one the ordinary way.
What is looked for afterwards: processes, sockets and temporary files, and in the process itself open files and threads.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
QUARTER = "2022-23-Q2"
MARK = "THREATLIB_SOAK"


def runs(root: Path, name: str, count: int) -> None:
    """So many runs of one partnership, in this process."""
    from threatlib import pipeline

    for number in range(count):
        begun = time.perf_counter()
        done = pipeline.brief(
            str(root / "data" / name), QUARTER, out=str(root / "out"), notebooks=str(ROOT / "notebooks"), jobs=2
        )
        if done.exit_code:
            raise SystemExit(f"{name}, run {number + 1}: {done.exit_code}, {done.message}")
        print(f"{name} {number + 1}: {time.perf_counter() - begun:.1f} s", flush=True)


def starts(root: Path, count: int) -> None:
    """So many kernels started, each asked for something and ended."""
    from tests.faults.running import DONE, notebook
    from threatlib.briefing import runner

    notebook(root / "asked.ipynb", "1 + 1", DONE)
    given = {**dict.fromkeys(("partnership", "quarter", "audience", "release"), ""), "run_id": "soak"}
    open_files, threads = [], []
    for number in range(count):
        os.environ["THREATLIB_KERNELS"] = "ordinary" if number % 2 else "forked"
        runner.execute(root / "asked.ipynb", root / "done.ipynb", given, run_id="soak", log=root / "kernel.log")
        open_files.append(len(list(Path("/proc/self/fd").iterdir())))
        threads.append(threading.active_count())
    half = count // 2
    print(f"open files after {half} and {count} kernels: {open_files[half - 1]}, {open_files[-1]}")
    print(f"threads after {half} and {count} kernels: {threads[half - 1]}, {threads[-1]}")
    if open_files[-1] > open_files[half - 1] + 2 or threads[-1] > threads[half - 1] + 1:
        raise SystemExit("they grow")


def left(before: set[str], root: Path) -> list[str]:
    """Processes with our mark, and whatever is new in the folder of temporary files."""
    mark = f"{MARK}={root}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if int(path.name) != os.getpid() and mark in (path / "environ").read_bytes():
                found.append(f"process {path.name}: {(path / 'cmdline').read_bytes()[:80]!r}")
        except OSError:
            continue
    room = Path(os.environ["TMPDIR"])
    found += [f"file {name}" for name in sorted({path.name for path in room.iterdir()} - before)]
    sockets = Path("/proc/net/unix").read_text()
    found += [f"socket {line.split()[-1]}" for line in sockets.splitlines() if str(room) in line]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--kernels", type=int, default=200)
    parser.add_argument("--part", nargs=3, metavar=("WHAT", "ROOT", "COUNT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        what, root, count = asked.part
        starts(Path(root), int(count)) if what == "kernels" else runs(Path(root), what, int(count))
        return
    from tests.small import folder

    with tempfile.TemporaryDirectory() as name:
        root, room = Path(name), Path(name, "tmp")
        room.mkdir()
        for each in ("small", "other"):
            folder(root / "data" / each)
        os.environ.update({"TMPDIR": str(room), MARK: str(root), "THREATLIB_PDF": "0"})
        before = {path.name for path in room.iterdir()}
        for parts in (
            [("small", asked.runs // 2), ("other", asked.runs - asked.runs // 2)],
            [("kernels", asked.kernels)],
        ):
            begun = time.perf_counter()
            words = [
                [sys.executable, __file__, "--part", what, str(root), str(count)] for what, count in parts if count
            ]
            codes = [process.wait() for process in [subprocess.Popen(each) for each in words]]
            time.sleep(1)
            found = left(before, root)
            print(
                f"{parts}: exit codes {codes}, {time.perf_counter() - begun:.0f} s, left behind: {found or 'nothing'}"
            )
            if any(codes) or found:
                raise SystemExit(1)
        staged = list((root / "out" / ".staging").iterdir())
        print(f"staging: {staged or 'empty'}")


if __name__ == "__main__":
    main()
