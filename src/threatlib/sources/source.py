"""What is known of an official download: where it comes from, the columns it must have, and how its rows are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

ROWS = ("measure", "code", "name", "breakdown", "period", "value", "status", "note", "row", "letter")
"""Columns of what a source reads: text, except `row`; `code` and `name` are of the area as the publisher has them."""

Read = Callable[[pd.DataFrame, Collection[str]], pd.DataFrame]
Shapes = Mapping[str, tuple[str, str]]

YEAR = (r"(?:19|20)\d\d", "a year such as 2024")
MONTH = (r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])", "a month such as 2024-03")
DAY = (r"(?:19|20)\d\d-\d\d-\d\d|\d\d/\d\d/(?:19|20)\d\d", "a day such as 2024-03-31")
SOMETHING = (r".+", "a name")
"""Shapes of cells: what they look like, and the words for it."""


@dataclass(frozen=True)
class Source:
    """An official download.

    Parameters
    ----------
    id, title, publisher, page : str
        Its name on the command line, in words, who publishes it, and the page it is downloaded from.
    versions : tuple of tuple of str
        The columns of each version in circulation, newest first.
    read : callable
        Text of the file (with a column ``row``) and the measures wanted to rows (`ROWS`); all measures if none named.
    repeated : str, optional
        What further columns look like where their number grows with time (``202406`` in a table by month).
    period, value : str, optional
        What the publisher calls the columns of the period and of the figure, where each is one column.
    shapes : mapping, optional
        What every cell of a column looks like, for the columns that reading relies on (`YEAR` and the like).
    """

    id: str
    title: str
    publisher: str
    page: str
    versions: tuple[tuple[str, ...], ...]
    read: Read
    repeated: str = ""
    period: str = "period"
    value: str = "value"
    shapes: Shapes = field(default_factory=dict)

    def difference(self, header: Sequence[str]) -> str:
        """How a header differs from the version that is nearest to it; nothing if it is one of them."""
        names = [name.strip() for name in header if not self._repeats(name)]
        further = len(header) - len(names)
        if self.repeated and not further:
            return "no column that looks like a month, such as 202406"
        every = [name.strip() for name in header]
        twice = sorted({name for name in every if every.count(name) > 1})
        if not twice and any(set(names) == set(version) for version in self.versions):
            return ""
        nearest = min(self.versions, key=lambda version: len(set(version) ^ set(names)))
        parts = []
        for words, lost in (
            ("without", [n for n in nearest if n not in names]),
            ("with the new", [n for n in names if n not in nearest]),
            ("twice", twice),
        ):
            if lost:
                shown = ", ".join(f"'{name[:60]}'" for name in lost[:12])
                parts.append(f"{words} {shown}{f' and {len(lost) - 12} more' if len(lost) > 12 else ''}")
        return "; ".join(parts)

    def _repeats(self, name: str) -> bool:
        return bool(self.repeated and re.fullmatch(self.repeated, name.strip(), re.ASCII))


def melted(frame: pd.DataFrame, ids: Sequence[str], measures: Sequence[str]) -> pd.DataFrame:
    """One row a figure of a table with one column a measure: `ids` repeated, then `measure`, `value`, `letter`."""
    places = {name: letter(place) for place, name in enumerate(frame.columns)}
    parts = [frame[list(ids)].assign(measure=name, value=frame[name], letter=places[name]) for name in measures]
    nothing = frame[list(ids)].iloc[:0].assign(measure="", value="", letter="")
    return pd.concat(parts, ignore_index=True) if parts else nothing


def letter(place: int) -> str:
    """The column as Excel names it: A, B, ..., Z, AA."""
    letters, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def finished(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every column of `ROWS`, blank where the source says nothing."""
    for name in ROWS:
        if name not in rows:
            rows[name] = ""
    rows["row"] = rows["row"].astype(np.int64)
    return rows[list(ROWS)].reset_index(drop=True)
