"""Files to sheets of text with their header found: CSV and Excel alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from threatlib.returns.problems import Problem

REQUIRED = ("indicator", "area", "period", "value")
OPTIONAL = ("numerator", "denominator", "breakdown", "status", "note", "agency", "unit", "basis")
PUBLISHED_NAMES = {
    "indicator_id": "indicator",
    "direction": "said",
    "comparator_role": "role",
    "source_section": "section",
    "source_offset": "offset",
    "period_type": "kind",
}
"""Columns of the partnership's published figures, and what they are called here."""


def grids(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """Sheets of a file as lists of rows of text; a CSV is one sheet without a name."""
    if path.suffix == ".xlsx":
        from openpyxl import load_workbook

        book = load_workbook(path, read_only=True, data_only=True)
        for sheet in book.worksheets:
            yield sheet.title, [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        book.close()
        return
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    yield "", list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value)


def with_header(grid: list[list[str]], file: str, sheet: str) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Find the header row (title rows may stand above it) and give the rows below under their canonical names."""
    renamed = [
        [PUBLISHED_NAMES.get(name, name) for name in (cell.strip().lower() for cell in line)] for line in grid[:20]
    ]
    place = next((i for i, names in enumerate(renamed) if {"indicator", "period", "value"} <= set(names)), None)
    if place is None:
        if sheet and not any("indicator" in [cell.strip().lower() for cell in line] for line in grid):
            return None, []  # a sheet of notes beside the data
        return None, [
            Problem(
                file,
                sheet,
                1,
                "",
                "no header row",
                f"a row with {', '.join(REQUIRED)}",
                "Use the return form, or declare the layout under layouts/.",
            )
        ]
    names = renamed[place]
    problems = []
    doubled = sorted({n for n in names if n and names.count(n) > 1})
    missing = [name for name in REQUIRED if name not in names]
    if doubled or missing:
        found = f"column '{doubled[0]}' twice" if doubled else f"no column '{missing[0]}'"
        problems.append(
            Problem(file, sheet, place + 1, "", found, ", ".join(REQUIRED), "Name each column once, as in the form.")
        )
        return None, problems
    width = len(names)
    body = [(place + 2 + i, [*row[:width], *[""] * (width - len(row))]) for i, row in enumerate(grid[place + 1 :])]
    body = [(number, row) for number, row in body if any(cell.strip() for cell in row)]
    frame = pd.DataFrame([row for _, row in body], columns=names, dtype="str")
    frame = frame[[name for name in names if name]].apply(lambda column: column.str.strip())
    frame["row"] = [number for number, _ in body]
    return frame, problems
