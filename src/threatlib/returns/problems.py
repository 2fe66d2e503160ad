"""What is wrong with a file, in words its sender can act on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import pandas as pd

from threatlib.observations import harmless

FORMS = ("text", "csv", "json")
"""How problems can be shown."""

LIKE_IT = 200
"""Problems of one kind in one column of a file that are listed one by one; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, what was found, what was wanted, what to do.

    A `doubt` can be right after all: it is to be looked at, and does not stop a run.
    """

    file: str
    sheet: str
    row: int
    column: str
    found: str
    wanted: str
    todo: str
    doubt: bool = False

    def __post_init__(self) -> None:
        for name in ("file", "sheet", "column", "found", "wanted"):
            object.__setattr__(self, name, _visible(getattr(self, name)))

    def __str__(self) -> str:
        place = [self.file]
        if self.sheet:
            place.append(f"sheet '{self.sheet}'")
        if self.row:
            place.append(f"row {self.row}")
        if self.column:
            place.append(f"'{self.column}'")
        return f"{', '.join(place)}: found {self.found}, wanted {self.wanted}. {self.todo}"

    def under(self, folder: str) -> Problem:
        """The same problem with its file named from outside the partnership's folder."""
        return replace(self, file=f"{folder}/{self.file}")


def _visible(text: str) -> str:
    """Text with what nobody can see (marks of order or width, line ends, controls) written as its code."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def as_records(problems: Iterable[Problem]) -> pd.DataFrame:
    """The problems as a table."""
    return pd.DataFrame([asdict(p) for p in problems], columns=[*Problem.__dataclass_fields__])


def shown(problems: Sequence[Problem], form: str) -> str:
    """The problems as lines of text, as CSV or as JSON; nothing in a CSV can be taken for a formula."""
    return as_text(as_records(problems), form) if form != "text" else "\n".join(map(str, problems))


def as_text(table: pd.DataFrame, form: str) -> str:
    """A table as CSV in which nothing can be taken for a formula, or as JSON."""
    if form == "json":
        records = json.loads(table.to_json(orient="records", date_format="iso"))
        return json.dumps(records, indent=1, ensure_ascii=False)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    blank = table.astype(object).where(table.notna(), "")
    writer.writerows(
        [harmless(v) if isinstance(v, str) else v for v in row] for row in blank.itertuples(index=False, name=None)
    )
    return out.getvalue().rstrip("\n")
