"""Integer programs by HiGHS, without the debug line that its compiled side sometimes writes to standard output."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import scipy.optimize


@contextmanager
def _quiet() -> Iterator[None]:
    """Standard output of the process, not only of Python, goes nowhere meanwhile."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # no standard output at all: nothing to keep quiet
        yield
        return
    with open(os.devnull, "wb") as sink:  # noqa: PTH123
        os.dup2(sink.fileno(), 1)
        try:
            yield
        finally:
            _flush_compiled()
            os.dup2(kept, 1)
            os.close(kept)


def _flush_compiled() -> None:
    """Empty the compiled side's own buffer while it still goes nowhere; else it would speak later."""
    try:
        ctypes.CDLL(None).fflush(None)
    except (OSError, AttributeError, TypeError):  # no C library to ask under that name, as on Windows
        return


def milp(*words: Any, **options: Any) -> Any:
    """`scipy.optimize.milp`, quiet."""
    with _quiet():
        return scipy.optimize.milp(*words, **options)
