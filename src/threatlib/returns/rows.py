"""Rows of text under their canonical names, gathered from every sheet so that they are interpreted once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

REQUIRED = ("indicator", "area", "period", "value")
OPTIONAL = ("numerator", "denominator", "breakdown", "status", "note", "agency", "unit", "basis")
PUBLISHED = ("said", "role", "section", "offset", "kind")
FIELDS = (*REQUIRED, *OPTIONAL, *PUBLISHED)


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
    """Columns of text as long as each other, with the place and row of each line; `cell` and `letter` name the column
    of a figure (in the sender's words, and as Excel does) where one row of a sheet holds several."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.columns: dict[str, list[str]] = {name: [] for name in FIELDS}
        self.place: list[int] = []
        self.row: list[int] = []
        self.cell: list[str] = []
        self.letter: list[str] = []

    def __len__(self) -> int:
        return len(self.row)

    def add(
        self,
        place: Place,
        columns: Mapping[str, Iterable[str]],
        row: Sequence[int],
        cells: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Gather a sheet's rows; a column it does not have is blank."""
        for name in FIELDS:
            self.columns[name].extend(columns.get(name) or [""] * len(row))
        self.place.extend([len(self.places)] * len(row))
        self.places.append(place)
        self.row.extend(row)
        self.cell.extend([cell for cell, _ in cells] or [""] * len(row))
        self.letter.extend([letter for _, letter in cells] or [""] * len(row))
