"""From staging to readers in one step: the old briefing or the new one, never a mix and never nothing."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from threatlib.errors import LockedError, OutputError

_HERE, _EXCHANGE = -100, 2
"""Linux's AT_FDCWD and RENAME_EXCHANGE (renameat2(2))."""


@contextmanager
def staging(out: Path, name: str) -> Iterator[Path]:
    """A private folder on the file system of the outputs, gone afterwards whatever happens."""
    folder = out / ".staging" / name
    try:
        folder.mkdir(parents=True)
    except OSError as fault:
        raise OutputError(f"{out}: cannot be written ({fault.strerror}). Choose another folder with --out.") from fault
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def lock(out: Path, slug: str) -> Iterator[None]:
    """Keep two runs of one partnership apart; released by the system if the process dies.

    Raises
    ------
    LockedError
        If another run holds it.
    """
    path = out / ".locks" / f"{slug}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a")
    except OSError as fault:
        raise OutputError(f"{out}: cannot be written ({fault.strerror}). Choose another folder with --out.") from fault
    with handle:
        try:
            import fcntl
        except ImportError:  # not a POSIX system: runs there are a person's, one at a time
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise LockedError(f"{slug}: another run of this partnership is under way. Wait for it to end.") from fault
        yield


def publish(staged: Path, target: Path) -> None:
    """Put a finished folder in the place of the last one.

    Files are flushed to disk first. Then the two folders change places in one step, so that even a run that is killed
    leaves one of them there. Where the system cannot do that, the old folder is moved aside and the new one moved in;
    if moving in fails, the old one is put back.

    Raises
    ------
    OutputError
        If anything cannot be written or moved; the last briefing then stands as it did.
    """
    aside = staged.with_name(f"{staged.name}-replaced")
    try:
        for path in sorted(staged.rglob("*")):
            if path.is_file():
                _flush(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        _swap(staged, target, aside)
        _flush(target.parent)
    except OSError as fault:
        raise OutputError(f"{target}: cannot be written ({fault.strerror}); the last briefing is unchanged.") from fault
    shutil.rmtree(aside, ignore_errors=True)


def _swap(staged: Path, target: Path, aside: Path) -> None:
    replaced = target.exists()
    if replaced and _exchanged(staged, target):
        staged.rename(aside)
        return
    if replaced:
        target.rename(aside)
    try:
        staged.rename(target)
    except OSError:
        if replaced:
            aside.rename(target)
        raise


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two folders of one file system could change places in a single step; only Linux has the call."""
    try:
        swap = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(swap(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
