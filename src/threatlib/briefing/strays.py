"""What a notebook leaves running: processes that went out of their kernel's group, and out of its line of descent.

Linux only; elsewhere nothing is found, and nothing ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PROCESSES = Path("/proc")


def end(kernel: int, mark: str) -> None:
    """End a kernel's descendants, and whatever else has `mark` in its environment: call it before the kernel is gone.

    Parameters
    ----------
    kernel : int
        Its process; 0 if there is none.
    mark : str
        What only this kernel's environment holds; empty if nothing is known.
    """
    _kill([*_below(kernel), *_marked(mark)])


def adopt() -> None:
    """Let orphans of this process's descendants become its children, so that `end_children` finds them."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_children() -> None:
    """End every child of this process, and those that become its children by that."""
    while found := [pid for pid, parent in _parents() if parent == os.getpid()]:
        _kill(found)
        for pid in found:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _below(kernel: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(kernel, ())) if kernel else []
    for pid in found:  # which grows
        found += children.get(pid, ())
    return found


def _parents() -> Iterator[tuple[int, int]]:
    """Every process and its parent."""
    for path in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            after_name = (path / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
            yield int(path.name), int(after_name.split()[1])


def _marked(mark: str) -> Iterator[int]:
    for path in _PROCESSES.glob("[0-9]*") if mark else ():
        with suppress(OSError):
            if mark.encode() in (path / "environ").read_bytes() and int(path.name) != os.getpid():
                yield int(path.name)


def _kill(processes: Iterable[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
