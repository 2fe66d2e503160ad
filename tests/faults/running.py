"""Runs of the command line in processes that can be killed, forked from one that has done the imports."""

from __future__ import annotations

import hashlib
import importlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.small import QUARTER
from threatlib.briefing.runner import SENTINEL
from threatlib.pipeline.plan import records_of
from threatlib.pipeline.records import Run, runs

PAGES = ("briefing", "demand")
"""Pages of the small briefing that is made here: two are enough to have one run while the other fails."""

PARAMETERS = 'partnership = ""\nquarter = ""\naudience = ""\nrelease = ""\nrun_id = ""'
DRAW = 'from IPython.display import HTML\nHTML("<h2>Figures</h2><p>Referrals rose.</p>")'
DONE = (
    "from IPython.display import display\n"
    f"display({{'{SENTINEL}': {{'run_id': run_id}}, 'text/plain': 'done'}}, raw=True)"
)
_servers = multiprocessing.get_context("forkserver")
_servers.set_forkserver_preload(["tests.faults.running", "threatlib.pipeline", "papermill", "nbconvert", "gptables"])


def notebook(path: Path, *sources: str) -> None:
    """A notebook with the parameters of a briefing's and the cells given."""
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder by its digest."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@dataclass
class World:
    """A partnership, its notebooks and its published briefing of the quarter."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def returned(self) -> Path:
        """The one file an agency sent."""
        return self.data / "small" / "returns" / QUARTER / "council.csv"

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def published(self) -> Path:
        return self.out / "small" / QUARTER

    def spoil(self, *sources: str) -> None:
        """Give the second page other cells."""
        notebook(self.notebooks / f"{PAGES[1]}.ipynb", *sources)

    def records(self) -> list[Run]:
        return runs(records_of(self.data, self.out))

    def start(self, *words: str, at: str = "", **environment: str) -> Process:
        """`threatlib run` on this world; `at` names a step of ours at which the process kills itself."""
        argv = ["run", QUARTER, "--data", str(self.data), "--out", str(self.out), "--notebooks", str(self.notebooks)]
        usual = {"THREATLIB_KERNELS": "ordinary", "THREATLIB_PDF": "0", "TEST_WORLD": str(self.root)}
        return Process(self.root, [*argv, *words], {**usual, **environment}, at)

    def run(self, *words: str, at: str = "", **environment: str) -> Process:
        """The same, to its end."""
        return self.start(*words, at=at, **environment).end()

    def alive(self) -> list[int]:
        """Processes that a run of this world has left behind."""
        mark = f"TEST_WORLD={self.root}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (path / "environ").read_bytes() and int(path.name) != os.getpid():
                    found.append(int(path.name))
            except OSError:
                continue
        return found

    def settled(self, seconds: float = 15) -> bool:
        """Whether every process of a run is gone before long."""
        until = time.monotonic() + seconds
        while self.alive() and time.monotonic() < until:
            time.sleep(0.05)
        return not self.alive()


class Process:
    """A run under way, or ended: its exit code and what it said."""

    def __init__(self, root: Path, argv: list[str], environment: Mapping[str, str], at: str) -> None:
        self._said = root / "stdout", root / "stderr"
        for path in self._said:
            path.unlink(missing_ok=True)
        self._process = _servers.Process(target=_be, args=(argv, dict(environment), str(root), at))
        self._process.start()
        self.pid = int(self._process.pid or 0)

    def end(self, seconds: float = 120) -> Process:
        """Wait for the end."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, "the run never ended"
        return self

    def running(self) -> bool:
        return self._process.exitcode is None

    def signal(self, signum: int) -> None:
        os.kill(self.pid, signum)

    def says(self, text: str, seconds: float = 60) -> None:
        """Wait until it has said something."""
        until = time.monotonic() + seconds
        while text not in self.out + self.err:
            assert self.running(), f"it ended without saying {text!r}: {self.out}{self.err}"
            assert time.monotonic() < until, f"it has not said {text!r}: {self.out}{self.err}"
            time.sleep(0.02)

    @property
    def code(self) -> int:
        return int(self._process.exitcode or 0)

    @property
    def out(self) -> str:
        return self._said[0].read_text() if self._said[0].exists() else ""

    @property
    def err(self) -> str:
        return self._said[1].read_text() if self._said[1].exists() else ""

    @property
    def outcome(self) -> dict[str, Any]:
        """What ``--json`` said of the one partnership."""
        found: list[dict[str, Any]] = json.loads(self.out)
        return found[0]


def _be(argv: list[str], environment: Mapping[str, str], root: str, at: str) -> None:
    """In the forked process: be the command line."""
    os.setsid()
    for name, stream in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(f"{root}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.environ.update(environment)
    os.chdir(root)
    sys.argv = ["threatlib", *argv]
    from threatlib.briefing import pages
    from threatlib.cli import main

    for name in [name for name in pages.PAGES if name not in PAGES]:
        del pages.PAGES[name]
    if at:
        _die_at(at)
    try:
        main()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def _die_at(step: str) -> None:
    """Kill this process where a function of ours begins ("before module.function") or ends ("after ...")."""
    when, _, what = step.partition(" ")
    where, _, name = what.rpartition(".")
    module = importlib.import_module(where)
    inner = getattr(module, name)

    def last(*given: Any, **named: Any) -> None:
        if when == "after":
            inner(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, last)
