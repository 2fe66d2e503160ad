"""Rows of text under their canonical names, gathered from every sheet so that they are interpreted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.returns.cells import Column

REQUIRED = ("indicator", "area", "period", "value")
OPTIONAL = ("numerator", "denominator", "breakdown", "status", "note", "agency", "unit", "basis")
PUBLISHED = ("said", "role", "section", "offset", "kind")
FIELDS = (*REQUIRED, *OPTIONAL, *PUBLISHED)
_KEPT = (*FIELDS, "cell", "letter")


@dataclass(frozen=True)
class Place:
    """Where rows come from: their file and sheet, who sent it and when, and what the sender calls each column."""

    file: str
    sheet: str
    agency: str
    received_on: str
    source: str
    headings: Mapping[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """How the ids of its figures begin: without spaces, since ids are strung together with them."""
        return (f"{self.file}#{self.sheet}" if self.sheet else self.file).replace(" ", "%20")


class Rows:
    """Columns of text as long as each other, with the place and row of each line.

    `cell` and `letter` name the column of a figure (in the sender's words, and as Excel does) where one row of a sheet
    holds several. A column is kept as its distinct spellings and the number of each line's: a file of a million rows
    has few of them.
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._spellings: dict[str, dict[str, int]] = {name: {"": 0} for name in _KEPT}
        self._codes: dict[str, list[NDArray[np.int32]]] = {name: [] for name in _KEPT}
        self._place: list[NDArray[np.int32]] = []
        self._row: list[NDArray[np.int32]] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(
        self,
        place: Place,
        columns: Mapping[str, Sequence[str]],
        row: Sequence[int],
        cells: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Gather a sheet's rows; a column it does not have is blank."""
        if cells:
            columns = {**columns, "cell": [cell for cell, _ in cells], "letter": [letter for _, letter in cells]}
        for name in _KEPT:
            self._codes[name].append(self._coded(name, columns.get(name) or (), len(row)))
        self._place.append(np.full(len(row), len(self.places), dtype=np.int32))
        self._row.append(np.array(row, dtype=np.int32))
        self.places.append(place)
        self._size += len(row)

    def _coded(self, name: str, cells: Sequence[str], size: int) -> NDArray[np.int32]:
        if not len(cells):
            return np.zeros(size, dtype=np.int32)
        codes, distinct = pd.factorize(np.array(cells, dtype=object))
        known = self._spellings[name]
        numbers = [known.setdefault(text, len(known)) for text in distinct]
        return np.array(numbers, dtype=np.int32)[codes]

    def column(self, name: str) -> Column:
        """A column of all rows, with `cell` and `letter` among the names."""
        codes = np.concatenate(self._codes[name]) if self._codes[name] else np.zeros(0, dtype=np.int32)
        return Column(codes, [text.strip() for text in self._spellings[name]])

    @property
    def place(self) -> NDArray[np.int32]:
        """The place of each row, as its number among `places`."""
        return np.concatenate(self._place) if self._place else np.zeros(0, dtype=np.int32)

    @property
    def row(self) -> NDArray[np.int32]:
        """The number of each row in its sheet."""
        return np.concatenate(self._row) if self._row else np.zeros(0, dtype=np.int32)
