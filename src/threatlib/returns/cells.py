"""Numbers as people write them: a value, or a status with the interval it implies, by a declared table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SHORTHAND: dict[str, tuple[str, float, float]] = {
    "": ("not_returned", np.nan, np.nan),
    "n/k": ("not_returned", np.nan, np.nan),
    "nk": ("not_returned", np.nan, np.nan),
    "not known": ("not_returned", np.nan, np.nan),
    "x": ("not_collected", np.nan, np.nan),
    "[x]": ("not_collected", np.nan, np.nan),
    ":": ("not_collected", np.nan, np.nan),
    "..": ("not_collected", np.nan, np.nan),
    "z": ("not_applicable", np.nan, np.nan),
    "[z]": ("not_applicable", np.nan, np.nan),
    "-": ("not_applicable", np.nan, np.nan),
    "n/a": ("not_applicable", np.nan, np.nan),
    "na": ("not_applicable", np.nan, np.nan),
    "c": ("suppressed_by_source", 1, 5),
    "[c]": ("suppressed_by_source", 1, 5),
    "*": ("suppressed_by_source", 0, 7),
    "low": ("suppressed_by_source", 0, 0.5),
    "[low]": ("suppressed_by_source", 0, 0.5),
    "u": ("suppressed_by_source", 0, np.inf),
    "[u]": ("suppressed_by_source", 0, np.inf),
}
"""What people write where a number should stand: its status and the interval it implies. ``*`` is used by publishers
whose rules differ (below 5 with zero, 1 to 7), so its interval is the widest of them; ``low`` rounds to zero but is
not; ``u`` is a figure its publisher holds to be too unreliable to print."""

MARKED: dict[str, str] = {"[p]": "provisional", "[e]": "estimated", "[r]": "reported", "[b]": "reported"}
"""What people write behind a number, and the status it gives."""

LARGEST = 2.0**53
"""Where whole numbers cease to be told apart: no count is as large."""

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?(?P<percent>\s*%)?")
_BELOW = re.compile(r"<\s*(\d{1,9})")
_MARK = re.compile(r"(.*\S)\s*(\[[perb]\])")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of text as its distinct spellings and the place of each: work is done once a spelling."""

    codes: NDArray[np.int32]
    distinct: list[str]

    @classmethod
    def of(cls, cells: Iterable[str]) -> Column:
        codes, distinct = pd.factorize(np.array(list(cells), dtype=object))
        return cls(codes.astype(np.int32), [str(cell).strip() for cell in distinct])

    def __getitem__(self, position: int) -> str:
        return self.distinct[int(self.codes[position])]

    def map(self, work: Callable[[str], Any], kind: str = "object") -> NDArray[Any]:
        """The result of `work` for every row, worked out once a spelling."""
        found = np.empty(len(self.distinct), dtype=kind)
        for place, text in enumerate(self.distinct):
            found[place] = work(text)
        return found[self.codes]

    def paired(self, other: Column, work: Callable[[str, str], Any]) -> NDArray[Any]:
        """The result of `work` for every row of this column and another, worked out once a pair of spellings."""
        many = len(other.distinct)
        codes, pairs = pd.factorize(self.codes.astype(np.int64) * many + other.codes)
        found = np.empty(len(pairs), dtype=object)
        for place, pair in enumerate(pairs.tolist()):
            found[place] = work(self.distinct[pair // many], other.distinct[pair % many])
        return found[codes]

    @property
    def text(self) -> NDArray[Any]:
        return self.map(lambda cell: cell)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a column of cells says: arrays as long as the column; `percent` where a percent sign was written."""

    value: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    status: NDArray[Any]
    percent: NDArray[np.bool_]
    bad: NDArray[np.bool_]


def numbers(column: Column) -> Numbers:
    """Values, known intervals and statuses of a column, and which cells are neither a number nor a shorthand."""
    found = [_number(cell) for cell in column.distinct]
    parts = list(zip(*found, strict=True)) if found else [()] * 6
    kinds = ("float64", "float64", "float64", "object", "bool", "bool")
    arrays = [np.array(part, dtype=kind)[column.codes] for part, kind in zip(parts, kinds, strict=True)]
    return Numbers(*arrays)


def _number(cell: str) -> tuple[float, float, float, str, bool, bool]:
    plain = cell.strip().lower()
    if plain in SHORTHAND:
        status, low, high = SHORTHAND[plain]
        return np.nan, low, high, status, False, False
    below = _BELOW.fullmatch(plain)
    if below and int(below[1]) > 0:
        return np.nan, 0.0, float(below[1]) - 1, "suppressed_by_source", False, False
    mark = _MARK.fullmatch(plain)
    status = MARKED[mark[2]] if mark else "reported"
    number = _NUMBER.fullmatch(mark[1] if mark else plain)
    if number and number[0].isascii():
        value = float(number[0].rstrip("% ").replace(",", "")) + 0.0  # a negative zero is a zero
        if abs(value) < LARGEST:
            return value, value, value, status, number["percent"] is not None, False
    return np.nan, np.nan, np.nan, "", False, True
