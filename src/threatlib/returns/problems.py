"""What is wrong with a file, in words its sender can act on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, what was found, what was wanted, what to do."""

    file: str
    sheet: str
    row: int
    column: str
    found: str
    wanted: str
    todo: str

    def __str__(self) -> str:
        place = [self.file]
        if self.sheet:
            place.append(f"sheet '{self.sheet}'")
        if self.row:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"'{self.column}'")
        return f"{', '.join(place)}: found {self.found}, wanted {self.wanted}. {self.todo}"


def as_records(problems: Iterable[Problem]) -> pd.DataFrame:
    """The problems as a table."""
    return pd.DataFrame([asdict(p) for p in problems], columns=[*Problem.__dataclass_fields__])
