"""Ctrl-C and termination signals: heeded at once, but never in the middle of publishing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from threatlib.errors import INTERRUPTED

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
_held = 0
_waiting: list[int] = []


class Ended(KeyboardInterrupt):
    """The run was told to end; `exit_code` is the one that shells give the signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"ended by {signal.Signals(signum).name}")
        self.exit_code = INTERRUPTED if signum == signal.SIGINT else 128 + signum


@contextmanager
def heeded() -> Iterator[None]:
    """Inside, the first signal raises `Ended` in the main thread; those after it are ignored while it cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield  # a worker of somebody else's: signals are theirs
        return
    before = {each: signal.signal(each, _heed) for each in _SIGNALS}
    try:
        yield
    finally:
        _waiting.clear()
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def held() -> Iterator[None]:
    """Inside, a signal waits until what was begun is done."""
    global _held
    _held += 1
    try:
        yield
    finally:
        _held -= 1
    if not _held and _waiting:
        raise Ended(_waiting.pop())


def _heed(signum: int, _frame: FrameType | None) -> None:
    if _held:
        _waiting.append(signum)
        return
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Ended(signum)
