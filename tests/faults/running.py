"""A small partnership's world, and runs of the command line on it that can be killed."""

from __future__ import annotations

import hashlib
import importlib
import os
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.forked import Process, assessed_once, light_zygote
from tests.small import QUARTER
from threatlib.briefing.runner import SENTINEL
from threatlib.pipeline import records
from threatlib.pipeline.plan import records_of

PAGES = ("briefing", "demand")
"""Pages of the small briefing that is made here: two are enough to have one run while the other fails."""

PARAMETERS = 'partnership = ""\nquarter = ""\naudience = ""\nrelease = ""\nrun_id = ""'
DRAW = 'from IPython.display import HTML\nHTML("<h2>Figures</h2><p>Referrals rose.</p>")'
DONE = (
    "from IPython.display import display\n"
    f"display({{'{SENTINEL}': {{'run_id': run_id}}, 'text/plain': 'done'}}, raw=True)"
)


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
    assessed: Path
    """Assessments that earlier tests of the same world made, to be used again."""

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

    def records(self) -> list[records.Run]:
        return records.runs(records_of(self.data, self.out))

    def start(self, *words: str, at: str = "", **environment: str) -> Process:
        """`threatlib run` on this world; `at` names a step of ours at which the process kills itself."""
        argv = ["run", QUARTER, "--data", str(self.data), "--out", str(self.out), "--notebooks", str(self.notebooks)]
        given = {"THREATLIB_KERNELS": "forked", "THREATLIB_PDF": "0", "TEST_WORLD": str(self.root), **environment}
        first = partial(_begin, str(self.assessed), at)
        return Process([*argv, *words], cwd=self.root, environment=given, first=first)

    def run(self, *words: str, at: str = "", **environment: str) -> Process:
        """The same, to its end."""
        return self.start(*words, at=at, **environment).end()

    def alive(self) -> list[int]:
        """Processes that a run of this world has left behind: in its folders, or with its mark from the beginning."""
        mark, here = f"TEST_WORLD={self.root}".encode(), f"{self.root}/"
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                inside = f"{(path / 'cwd').readlink()}/".startswith(here)
                if inside or mark in (path / "environ").read_bytes():
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


def _begin(assessed: str, at: str) -> None:
    """In the new process, before the run: a briefing of two pages, and nothing done twice that earlier tests did."""
    from threatlib.briefing import pages

    for name in [name for name in pages.PAGES if name not in PAGES]:
        del pages.PAGES[name]
    light_zygote()
    assessed_once(Path(assessed))
    if at:
        _die_at(at)


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
