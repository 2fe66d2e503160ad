"""A process that has imported what every notebook imports, and forks a fresh kernel whenever it is asked for one.

Each kernel is a new process with nothing of another notebook in it; it is only spared the imports. So is a process that
calls one function of ours, for what would hold up the run's own. The zygote itself never starts a thread, opens no
ZeroMQ socket and runs no notebook. When whoever started it goes away, however that happens, it ends its kernels, what
these left running, and then itself.

Notes
-----
Linux only: elsewhere libraries start threads while they are imported, and a fork would copy their locks.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from threatlib.briefing import strays

_PRELOADED = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.completer", "matplotlib_inline.backend_inline"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg", "seaborn"),
    *("scipy.stats", "scipy.optimize", "threatlib.pipeline", "threatlib.figures", "gptables"),
)
_START = f"import sys; sys.path[:] = filter(None, sys.path); from {__name__} import serve; serve(int(sys.argv[1]))"
"""Without the current folder on the path while importing, as ipykernel's own launcher does it."""
_READY_SECONDS = 120
LAZY = (50_000, 20, 20)
"""Thresholds of the garbage collector for a process that computes and ends: it looks less often, and saves a tenth."""
_PR_SET_PDEATHSIG = 1
ENVIRONMENT: Mapping[str, str] = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}
"""What every kernel's environment has, forked or not."""


class Forked:
    """A forked process, with what `subprocess.Popen` has of methods."""

    stdin = stdout = stderr = None

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self._zygote, self.pid = zygote, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Exit code, negative for a signal, or None while it runs."""
        if self.returncode is None:
            try:
                self.returncode = self._zygote.ask(poll=self.pid)["returncode"]
            except OSError:  # the zygote has died, and its kernels with it
                self.returncode = -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, once there is one."""
        pause = threading.Event()
        waited = 0.0
        while self.poll() is None:
            if timeout is not None and waited > timeout:
                raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout)
            pause.wait(0.02)
            waited += 0.02
        return int(self.returncode or 0)

    def send_signal(self, signum: int) -> None:
        """Signal the kernel if it is still there."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Zygote:
    """The process that forks kernels, as its owner sees it. It starts at once and imports while the owner works on."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", _START, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **ENVIRONMENT},
                start_new_session=True,
            )
        ours.settimeout(_READY_SECONDS)
        self.owner = os.getpid()
        self._socket, self._lines = ours, ours.makefile("rw", encoding="utf-8")
        self._lock = threading.Lock()
        self._ready: bool | None = None

    def ready(self) -> bool:
        """Whether it can fork kernels; waits until it has imported everything."""
        with self._lock:
            if self._ready is None:
                try:
                    self._ready = bool(json.loads(self._lines.readline() or "{}").get("ready"))
                except (OSError, ValueError):
                    self._ready = False
            return self._ready

    def ask(self, **request: Any) -> dict[str, Any]:
        """One request, one answer.

        Raises
        ------
        OSError
            If the zygote is gone or could not fork.
        """
        with self._lock:
            self._lines.write(json.dumps(request) + "\n")
            self._lines.flush()
            line = self._lines.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"fault": "the zygote has ended"}
        if "fault" in answer:
            raise OSError(answer["fault"])
        return answer

    def start(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path, largest: int) -> Forked:
        """A fresh kernel, given ipykernel's own arguments; its output goes to `log`, its files end at `largest` bytes.

        Raises
        ------
        OSError
            If it cannot be forked.
        """
        said = self.ask(start=list(argv), cwd=str(cwd), env=dict(env), log=str(log), largest=largest)
        return Forked(self, said["pid"])

    def call(self, function: str, given: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Forked:
        """A process that calls a function, such as ``threatlib.pipeline.run.tables``; it ends with 0 if that returns.

        Raises
        ------
        OSError
            If it cannot be forked.
        """
        said = self.ask(call=function, given=list(given), cwd=str(cwd), env=dict(env), log=str(log), largest=-1)
        return Forked(self, said["pid"])

    def close(self) -> None:
        """End it and every kernel that it forked."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve(number: int) -> None:
    """Be the zygote: import everything, then fork kernels for whoever is at the other end of a socket."""
    control = socket.socket(fileno=number)
    for name in _PRELOADED:
        importlib.import_module(name)
    lines = control.makefile("rw", encoding="utf-8")
    alone = len(list(Path("/proc/self/task").iterdir())) == 1
    strays.adopt()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*LAZY)
    lines.write(json.dumps({"ready": alone}) + "\n")
    lines.flush()
    kernels: set[int] = set()
    try:
        for line in lines if alone else ():
            lines.write(json.dumps(_answered(json.loads(line), kernels, control)) + "\n")
            lines.flush()
    finally:
        for pid in kernels:
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        strays.end_children()


def _answered(request: dict[str, Any], kernels: set[int], control: socket.socket) -> dict[str, Any]:
    if "poll" in request:
        return {"returncode": _returncode(request["poll"], kernels)}
    try:
        pid = os.fork()
    except OSError as fault:
        return {"fault": str(fault)}
    if pid == 0:
        _be_forked(request, control)
    with suppress(OSError):
        os.setpgid(pid, pid)  # here as well as in the kernel: whoever comes first
    kernels.add(pid)
    return {"pid": pid}


def _returncode(pid: int, kernels: set[int]) -> int | None:
    if pid not in kernels:
        return -signal.SIGKILL
    done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        return None
    kernels.discard(pid)
    if not kernels:
        strays.end_children()
    return os.waitstatus_to_exitcode(status)


def _be_forked(request: dict[str, Any], control: socket.socket) -> None:
    """Turn this fork into the kernel, or the caller of a function, that was asked for; never returns."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        with suppress(OSError):
            os.setpgid(0, 0)
        control.close()
        log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.environ.clear()
        os.environ.update({**request["env"], "JPY_PARENT_PID": str(os.getppid())})
        os.chdir(request["cwd"])
        limit_files(os.getpid(), request["largest"])
        if "call" in request:
            where, _, name = request["call"].rpartition(".")
            getattr(importlib.import_module(where), name)(*request["given"])
        else:
            _be_kernel(request["start"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _be_kernel(argv: Sequence[str]) -> None:
    sys.argv = ["ipykernel_launcher", *argv]
    importlib.import_module("numpy").random.seed()
    kernel = importlib.import_module("ipykernel.kernelapp")
    kernel.launch_new_instance()


def limit_files(pid: int, largest: int) -> None:
    """No file of a process and of its children may grow beyond so many bytes (-1: any): writing on is an error.

    Linux only.
    """
    if sys.platform == "linux":
        import resource

        with suppress(OSError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, largest))
