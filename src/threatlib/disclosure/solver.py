"""Integer programs by HiGHS, without the debug line that its compiled side sometimes writes to standard output."""

from __future__ import annotations

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
            os.dup2(kept, 1)
            os.close(kept)


def milp(*words: Any, **options: Any) -> Any:
    """`scipy.optimize.milp`, quiet."""
    with _quiet():
        return scipy.optimize.milp(*words, **options)
