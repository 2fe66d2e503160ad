"""From staging to readers in one step: the old briefing or the new one, never a mix and never nothing."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from threatlib.errors import LockedError, OutputError

_HERE, _EXCHANGE = -100, 2
"""Linux's AT_FDCWD and RENAME_EXCHANGE (renameat2(2))."""
KEPT = 8
"""Briefings of one partnership and quarter that are kept, the one readers see included."""


@contextmanager
def staging(out: Path, name: str) -> Iterator[Path]:
    """A private folder on the file system of the outputs, gone afterwards whatever happens.

    What a run that was killed left under the name is taken away first: hold the lock of that name.
    """
    folder = out / ".staging" / name
    try:
        shutil.rmtree(folder, ignore_errors=True)
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


def tidy(out: Path, slug: str) -> None:
    """Take away what a run that was killed left in staging, unless another run is at it."""
    with suppress(LockedError, OutputError), lock(out, slug):
        shutil.rmtree(out / ".staging" / slug, ignore_errors=True)


def publish(staged: Path, target: Path, *, shelf: Path | None = None, kept: int = KEPT) -> None:
    """Put a finished folder in the place of the last one.

    Files are flushed to disk first. Then the two folders change places in one step, so that even a run that is killed
    leaves one of them there. Where the system cannot do that, the old folder is moved aside and the new one moved in;
    if moving in fails, the old one is put back.

    Parameters
    ----------
    staged, target : Path
        Both on one file system.
    shelf : Path, optional
        Where the old folder goes, with as many before it as make `kept` briefings together with the new one; on the
        same file system, too. It is deleted if not given.

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
    if shelf is not None and aside.exists():
        _shelve(aside, shelf, kept - 1)
    shutil.rmtree(aside, ignore_errors=True)


def _shelve(folder: Path, shelf: Path, kept: int) -> None:
    """Put a replaced briefing on the shelf, numbered in order, and take the oldest off it if there are too many."""
    with suppress(OSError):  # the new briefing stands; an old one that cannot be kept is no reason to say it does not
        shelf.mkdir(parents=True, exist_ok=True)
        before = sorted(path for path in shelf.iterdir() if path.name.isdigit())
        folder.rename(shelf / f"{int(before[-1].name) + 1 if before else 1:06d}")
        for old in before[: max(0, len(before) + 1 - kept)]:
            shutil.rmtree(old, ignore_errors=True)


def shelved(out: Path, slug: str, name: str) -> Path:
    """Where the earlier briefings of a partnership and quarter (or ``<quarter>-internal``) are kept."""
    return out / ".earlier" / slug / name


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
