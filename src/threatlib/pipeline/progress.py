"""What is being done while somebody waits for it: in a terminal, in a notebook, and nowhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show a line while something lasts; afterwards a terminal forgets it, a notebook keeps how long it took."""
    begun = time.monotonic()
    say = _in_a_notebook() or _on_a_terminal()
    if say is None:
        yield
        return
    say(f"{what} ...", False)
    try:
        yield
    finally:
        say(f"{what}: {time.monotonic() - begun:.1f} s", True)


def _in_a_notebook() -> Callable[[str, bool], None] | None:
    # never imported for this: where a notebook runs, it is there
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python else None
    if python is None or not hasattr(shell, "kernel"):
        return None
    place: list[Any] = []

    def say(text: str, done: bool) -> None:
        line = {"text/plain": text}
        if done:
            place[0].update(line, raw=True)
        else:
            place.append(python.display.display(line, raw=True, display_id=True))

    return say


def _on_a_terminal() -> Callable[[str, bool], None] | None:
    if sys.stderr is None or not sys.stderr.isatty():
        return None

    def say(text: str, done: bool) -> None:
        sys.stderr.write("\r\x1b[K" if done else f"\r\x1b[K{text}")
        sys.stderr.flush()

    return say
