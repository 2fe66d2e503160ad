"""Kernels forked from a preloaded process, and kernels started the ordinary way: each fresh, both the same."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.running import DONE, notebook
from threatlib.briefing import kernels, runner, zygote

RUN = "20220930T000000-abc"
GIVEN = {"partnership": "", "quarter": "", "audience": "", "release": "", "run_id": RUN}
forking = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture
def ours() -> Iterator[None]:
    """A zygote for one test, whatever was there before."""
    before, kernels._zygotes[:] = list(kernels._zygotes), []
    yield
    for each in kernels._zygotes:
        each.close()
    kernels._zygotes[:] = before


def said(room: Path, *sources: str) -> list[str]:
    """What the cells of a notebook print."""
    room.mkdir(exist_ok=True)
    notebook(room / "asked.ipynb", *sources, DONE)
    book = runner.execute(room / "asked.ipynb", room / "done.ipynb", GIVEN, run_id=RUN, log=room / "kernel.log")
    cells = [cell for cell in book.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in cells[1:-1]]


@forking
def test_a_forked_kernel_is_a_fresh_process_each_time(tmp_path: Path, ours: None) -> None:
    ask = (
        "import os, random, sys, numpy\nprint(os.getppid(), os.getpid(), 'pandas' in sys.modules, 'left' in globals())"
    )
    lots = "left = 1; print(random.random(), numpy.random.rand())"
    first, drawn = said(tmp_path / "a", ask, lots)
    second, again = said(tmp_path / "b", ask, lots)
    parent = kernels.preloaded()
    assert parent is not None
    assert first.split()[0] == second.split()[0] == str(parent._process.pid)
    assert first.split()[1] != second.split()[1]
    assert first.split()[2:] == second.split()[2:] == ["True", "False"]
    assert drawn.split()[0] != again.split()[0], "two kernels drew the same random numbers"
    assert drawn.split()[1] != again.split()[1]


@pytest.mark.parametrize("how", ["ordinary", "forked"])
def test_both_ways_give_a_kernel_the_same_surroundings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: None, how: str
) -> None:
    monkeypatch.setenv("THREATLIB_KERNELS", how)
    ask = (
        "import os, sys, time\n"
        "print(os.path.basename(os.getcwd()), os.getpgid(0) == os.getpid(), sys.path[0] == '' or '' in sys.path)\n"
        "print(time.tzname[0], os.environ['MPLBACKEND'], os.environ['OMP_NUM_THREADS'], sys.stdin.read is not None)\n"
        "os.write(2, b'to the log')"
    )
    (found,) = said(tmp_path / "room", ask)
    assert found.splitlines()[:2] == ["room True True", "UTC module://matplotlib_inline.backend_inline 1 True"]
    assert "to the log" in (tmp_path / "room" / "kernel.log").read_text()
    assert bool(kernels._zygotes) == (how == "forked" and sys.platform == "linux")


@forking
def test_without_a_preloaded_process_kernels_start_the_ordinary_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: None
) -> None:
    monkeypatch.setattr(zygote, "_PRELOADED", ("no_such_module",))
    monkeypatch.setattr(zygote.Zygote, "ready", lambda self: False)
    assert said(tmp_path / "room", "print('here')") == ["here\n"]


@forking
def test_a_preloaded_process_that_has_died_is_done_without(tmp_path: Path, ours: None) -> None:
    parent = kernels.preloaded()
    assert parent is not None
    assert parent.ready()
    parent._process.kill()
    parent._process.wait()
    assert said(tmp_path / "room", "print('here')") == ["here\n"]


@forking
def test_closing_it_ends_its_kernels(tmp_path: Path, ours: None) -> None:
    parent = zygote.Zygote()
    assert parent.ready()
    env = {**os.environ, **zygote.ENVIRONMENT, "IPYTHONDIR": str(tmp_path)}
    kernel = parent.start(["-f", str(tmp_path / "k.json")], cwd=tmp_path, env=env, log=tmp_path / "log", largest=10**6)
    assert kernel.poll() is None
    parent.close()
    until = time.monotonic() + 10
    while Path(f"/proc/{kernel.pid}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{kernel.pid}").exists()
    assert kernel.poll() == -9


@forking
def test_a_function_is_called_in_a_process_of_its_own_and_ended_with_the_run(tmp_path: Path, ours: None) -> None:
    alive, log = kernels.Kernels(), tmp_path / "log"
    note, made = tmp_path / "note", str(tmp_path / "made")
    assert kernels.called("os.system", f"echo $PPID > {note}", folder=tmp_path, log=log, kernels=alive)
    assert int(note.read_text()) != os.getpid()
    assert kernels.called("os.mkdir", made, folder=tmp_path, log=log, kernels=alive)
    assert not kernels.called("os.mkdir", made, folder=tmp_path, log=log, kernels=alive)
    assert "FileExistsError" in log.read_text()
    threading.Timer(0.3, alive.end, ["the run was ended"]).start()
    begun = time.monotonic()
    assert kernels.called("os.system", f"echo $PPID > {note}; sleep 60", folder=tmp_path, log=log, kernels=alive)
    assert time.monotonic() - begun < 30
    assert not Path("/proc", note.read_text().strip()).exists()


def test_where_nothing_can_be_forked_nothing_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREATLIB_KERNELS", "ordinary")
    alive = kernels.Kernels()
    assert not kernels.called("os.mkdir", str(tmp_path / "made"), folder=tmp_path, log=tmp_path / "log", kernels=alive)
    assert not (tmp_path / "made").exists()


def test_what_ends_a_run_ends_kernels_that_are_still_to_come() -> None:
    alive = kernels.Kernels()
    alive.end("the run was ended")
    with alive.one(60) as kernel:
        assert kernel.reason == "the run was ended"


def test_a_kernel_is_ended_when_its_time_is_up() -> None:
    ended = threading.Event()
    with kernels.Kernels().one(0) as kernel:
        for _ in range(200):
            if kernel.reason:
                ended.set()
                break
            time.sleep(0.01)
    assert ended.is_set()
    assert kernel.reason == "ran for more than 0 seconds"
