"""Kernels: this environment's Python, private sockets, a process group that can be ended whole, limits.

Where the platform allows, a kernel is forked from a process that has done the imports already (`zygote`); elsewhere, or
if that fails, it is started like any other. ``THREATLIB_KERNELS=ordinary`` asks for the ordinary way.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threatlib.briefing import strays, zygote

_PRIVATE = "tl-"
_LONGEST_PATH = 96
"""Of a folder of sockets: a socket's path ends at 104 bytes on some systems. Beyond it kernels listen on TCP."""
INJECTED = "injected-parameters"
"""papermill's tag for the cell that it adds after the notebook's own parameters."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a notebook may take before its kernel is ended.

    Parameters
    ----------
    cell_seconds, notebook_seconds, start_seconds : int
    output_bytes : int
        All that its cells display or print.
    file_bytes : int
        The largest file that it may write.
    """

    cell_seconds: int = 300
    notebook_seconds: int = 1200
    start_seconds: int = 120
    output_bytes: int = 64 * 2**20
    file_bytes: int = 256 * 2**20


@dataclass
class Kernel:
    """One kernel's process group, the cell that it is at, and why it was ended if we ended it.

    `mark` is what only its environment holds, and that of whatever it started.
    """

    group: int = 0
    mark: str = ""
    reason: str = ""
    cell: int = 0
    source: str = ""

    def at(self, cell: Any, cell_index: int) -> None:
        """Take note of the cell begun, counted from 1 as in the notebook it came from."""
        before_injected = "parameters" in cell.metadata.get("tags", [])
        self.cell, self.source = cell_index + before_injected, str(cell.source)

    def end(self, reason: str = "") -> None:
        """End every process of the group at once, and those that the notebook started and that left it."""
        self.reason = self.reason or reason
        strays.end(self.group, self.mark)
        if self.group and hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, signal.SIGKILL)


@dataclass
class Kernels:
    """The kernels of a run, so that they can be ended together."""

    _alive: set[int] = field(default_factory=set)
    _kernels: list[Kernel] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: str = ""

    @contextmanager
    def one(self, seconds: float) -> Iterator[Kernel]:
        """A kernel that is ended after so many seconds, and in any case at the end."""
        kernel = Kernel(reason=self._ended)
        with self._lock:
            self._kernels.append(kernel)
        clock = threading.Timer(seconds, kernel.end, [f"ran for more than {seconds} seconds"])
        clock.daemon = True
        clock.start()
        try:
            yield kernel
        finally:
            clock.cancel()
            kernel.end()
            with self._lock:
                self._kernels.remove(kernel)

    def end(self, reason: str) -> None:
        """End them all, and those about to start."""
        self._ended = reason
        with self._lock:
            for kernel in self._kernels:
                kernel.end(reason)


def sweep() -> None:
    """Take away the private folders, and end the strays, of processes that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PRIVATE}[0-9]*-*"):
        owner = folder.name.removeprefix(_PRIVATE).partition("-")[0]
        if sys.platform == "linux" and owner.isdigit() and not Path("/proc", owner).exists():
            strays.end(0, str(folder))
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sockets() -> Iterator[Path]:
    """A private folder for a kernel's sockets and files."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PRIVATE}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def manager(folder: Path, private: Path, log: Path, kernel: Kernel, limits: Limits) -> type:
    """A kernel manager class for one notebook.

    Parameters
    ----------
    folder : Path
        The kernel's current folder.
    private : Path
        For its sockets, connection file and IPython's own files.
    log : Path
        Where its output and errors go that are not a cell's.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner

    class Provisioner(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
            how = (folder, options["env"], log, limits)
            process: Any = _forked(cmd[3:], *how) or _started(cmd, *how)
            self.process = process
            self.pid = self.pgid = kernel.group = process.pid
            self.cwd = str(folder)
            if kernel.reason:  # the run was ended while this kernel was on its way
                kernel.end()
            return self.connection_info

    class Manager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self._kernel_spec = KernelSpec(argv=[sys.executable], display_name="Python 3", language="python")
            self.connection_file = str(private / "kernel.json")
            if os.name == "posix" and len(os.fsencode(private)) < _LONGEST_PATH:
                self.transport = "ipc"
                self.ip = str(private / "k")

        def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
            return [sys.executable, "-m", "ipykernel_launcher", "-f", self.connection_file, *(extra_arguments or [])]

        async def _async_pre_start_kernel(self, **options: Any) -> Any:
            own = {**zygote.ENVIRONMENT, "IPYTHONDIR": str(private / "ipython")}
            options["env"] = {**os.environ, **options.get("env", {}), **own}
            self.provisioner = Provisioner(kernel_id="", kernel_spec=self._kernel_spec, parent=self)
            return await super()._async_pre_start_kernel(**options)

        pre_start_kernel = _async_pre_start_kernel

    return Manager


def _started(cmd: list[str], folder: Path, env: dict[str, str], log: Path, limits: Limits) -> Any:
    """A kernel started the ordinary way."""
    with log.open("ab") as stream:
        process = subprocess.Popen(  # noqa: S603
            cmd,
            cwd=folder,
            env={**env, "JPY_PARENT_PID": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    zygote.limit_files(process.pid, limits.file_bytes)
    return process


def _forked(argv: list[str], folder: Path, env: dict[str, str], log: Path, limits: Limits) -> zygote.Forked | None:
    """A kernel forked from the zygote, or None where there is none that can."""
    parent = preloaded()
    if parent is None or not parent.ready():
        return None
    try:
        return parent.start(argv, cwd=folder, env=env, log=log, largest=limits.file_bytes)
    except OSError:
        return None


def called(function: str, *given: str, folder: Path, log: Path, kernels: Kernels) -> bool:
    """Have a function of ours called in a process of its own; whether it came to its end, or else the run was ended.

    It does not where nothing can be forked, and if anything goes wrong: then whoever asked calls it here, and is told
    what did. It is ended with the kernels of its run.

    Parameters
    ----------
    function : str
        With its module, for instance ``threatlib.pipeline.run.tables``.
    given : str
        What it is given.
    folder : Path
        The process's current folder.
    log : Path
        Where its output and errors go.
    """
    parent = preloaded()
    if parent is None or not parent.ready():
        return False
    with kernels.one(threading.TIMEOUT_MAX) as process:
        try:
            forked = parent.call(function, given, cwd=folder, env={**os.environ, **zygote.ENVIRONMENT}, log=log)
        except OSError:
            return False
        process.group = forked.pid
        if process.reason:  # the run was ended while it was on its way
            process.end()
        return forked.wait() == 0 or bool(process.reason)


def forks() -> bool:
    """Whether kernels are forked here."""
    parent = preloaded()
    return parent is not None and parent.ready()


_zygotes: list[zygote.Zygote] = []
_starting = threading.Lock()


def preloaded() -> zygote.Zygote | None:
    """This process's zygote, started on the first call; None where kernels are started the ordinary way."""
    if sys.platform != "linux" or os.environ.get("THREATLIB_KERNELS") == "ordinary":
        return None
    with _starting:
        if not _zygotes or _zygotes[-1].owner != os.getpid():
            try:
                _zygotes.append(zygote.Zygote())
            except OSError:
                return None
            atexit.register(_zygotes[-1].close)
        return _zygotes[-1]
