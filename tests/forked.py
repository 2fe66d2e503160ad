"""The command line in real processes, forked from one that has imported everything: a second less for each of them."""

from __future__ import annotations

import hashlib
import importlib
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_KERNELS = ("ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.completer")
_servers = multiprocessing.get_context("forkserver")
_servers.set_forkserver_preload(
    ["tests.forked", "tests.faults.running", "threatlib.pipeline", "papermill", "nbconvert", "gptables", *_KERNELS]
)


class Process:
    """The command line under way, or ended: its exit code and what it said.

    Parameters
    ----------
    argv : list of str
        What follows ``threatlib``.
    cwd : Path
    environment : mapping
        Added to this process's.
    first : callable, optional
        Called in the new process before anything else; to be pickled.
    said : Path, optional
        Folder for what it says; its current one if not given.
    """

    def __init__(
        self,
        argv: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        first: Callable[[], None] | None = None,
        said: Path | None = None,
    ) -> None:
        self._said = tuple((said or cwd) / name for name in ("stdout", "stderr"))
        for path in self._said:
            path.unlink(missing_ok=True)
        given = ({**os.environ, **environment}, str(cwd), [str(path) for path in self._said])
        self._process = _servers.Process(target=_be, args=(argv, *given, first))
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


def completed(*words: str, cwd: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The command line to its end."""
    with tempfile.TemporaryDirectory(prefix="threatlib-said-") as said:
        done = Process(list(words), cwd=cwd, environment=environment, said=Path(said)).end(600)
        return subprocess.CompletedProcess(list(words), done.code, done.out, done.err)


def _be(
    argv: list[str], environment: Mapping[str, str], cwd: str, said: list[str], first: Callable[[], None] | None
) -> None:
    """In the forked process: be the command line."""
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for path, stream in zip(said, (1, 2), strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["threatlib", *argv]
    from threatlib.cli import main

    if first:
        first()
    try:
        main()
    finally:
        for stream_ in (sys.stdout, sys.stderr):
            stream_.flush()


def light_zygote() -> None:
    """Let the process that forks kernels be forked from this one, which has imported what a bare kernel needs.

    All else about it is as it always is: what it is asked, how it forks, how it ends.
    """
    from threatlib.briefing import zygote

    zygote.subprocess = SimpleNamespace(  # type: ignore[assignment]
        Popen=_Forked, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired
    )


class _Forked:
    """What the zygote's owner needs of `subprocess.Popen`."""

    def __init__(self, argv: list[str], *, env: Mapping[str, str], **_: Any) -> None:
        from threatlib.briefing import zygote

        self.pid, number = os.fork(), int(argv[-1])
        if self.pid:
            return
        try:
            os.setsid()
            for stream in range(3):
                os.dup2(os.open(os.devnull, os.O_RDWR), stream)
            os.closerange(3, number)
            os.closerange(number + 1, 1024)
            os.environ.clear()
            os.environ.update(env)
            signal.set_wakeup_fd(-1)
            zygote._PRELOADED = _KERNELS
            zygote.serve(number)
        finally:
            os._exit(0)

    def wait(self, _: float | None = None) -> int:
        return os.waitpid(self.pid, 0)[1]

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def assessed_once(kept: Path, put: Callable[[Any, str, Any], None] = setattr) -> None:
    """Let the assessment and the tables that an earlier run of these tests made be used again.

    An assessment is a function of the partnership's folder, what was asked for and what was released before; the tables
    are one of their own text and of what stands around it.
    `put` is how they are put in their places: a monkeypatch's ``setattr`` takes them back.
    """
    from threatlib import manifest

    run = importlib.import_module("threatlib.pipeline.run")
    real_assess, real = run.assess, run.workbook

    def assess(dataset: Any, quarter: Any, as_of: Any = None, *, audience: str = "", history: Any = None) -> Any:
        told = "" if history is None else history.to_csv()
        mark = manifest.fingerprint([dataset.folder], {"asked": [str(quarter), str(as_of), audience, told]})
        path = kept / f"{mark}.pickle"
        if path.exists():
            made = pickle.loads(path.read_bytes())
        else:
            made = real_assess(dataset, quarter, as_of, audience=audience, history=history)
            fresh = path.with_name(f"{mark}.{os.getpid()}")
            fresh.write_bytes(pickle.dumps(made))
            fresh.replace(path)
        return made

    def write(folder: Path, assessment: Any) -> None:
        around = [assessment.partnership, str(assessment.quarter), assessment.data_kind, str(assessment.protection)]
        said = json.dumps([*around, real.texts(assessment)])
        there = kept / hashlib.sha256(said.encode()).hexdigest()
        if not there.exists():
            fresh = there.with_name(f"{there.name}-{os.getpid()}")
            fresh.mkdir()
            real.write(fresh, assessment)
            with suppress(OSError):  # another process was quicker
                fresh.rename(there)
        for path in (path for path in there.rglob("*") if path.is_file()):
            target = folder / path.relative_to(there)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)

    put(run, "assess", assess)
    put(run, "workbook", SimpleNamespace(write=write))
