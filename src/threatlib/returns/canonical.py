"""The layout that is always accepted: a header row, then one row a figure."""

from __future__ import annotations

from threatlib.observations import bare
from threatlib.returns.problems import Problem
from threatlib.returns.rows import OPTIONAL, PUBLISHED, REQUIRED

PUBLISHED_NAMES = {
    "indicator_id": "indicator",
    "direction": "said",
    "comparator_role": "role",
    "source_section": "section",
    "source_offset": "offset",
    "period_type": "kind",
}
"""Columns of the partnership's published figures, and what they are called here."""

BESIDE = ("name", "indicator_name", "definition", "theme", "last period", "last value")
"""Columns a return form or a published table has for its readers: they say nothing new and are passed over."""

_NUMBERS = ("value", "numerator", "denominator")

_LOOKED_AT = 40
"""Rows among which the header is looked for."""

_AS_WIDE = "as many cells as the header has columns"
_NAME_IT = "Give the column its name, or clear the cell; in a CSV, put quotes around a cell with a comma."

Grid = list[list[str]]


def header_place(grid: Grid) -> int | None:
    """The row of the header: the first with `indicator` and one more of the wanted names, or with three of them."""
    for place, line in enumerate(grid[:_LOOKED_AT]):
        there = set(_names(line)) & set(REQUIRED)
        if len(there) >= 3 or ("indicator" in there and len(there) == 2):
            return place
    return None


def read_canonical(
    grid: Grid, place: int, file: str, sheet: str
) -> tuple[dict[str, list[str]], list[int], dict[str, str], list[Problem]]:
    """Columns of text under their canonical names, the row of each line, the sender's headings, and problems."""
    names, headings = _names(grid[place]), grid[place]
    problems = _header_problems(names, headings, file, sheet, place + 1)
    if problems:
        return {}, [], {}, problems
    width = len(names)
    unnamed = [i for i, name in enumerate(names) if not name]
    lines, rows = [], []
    for number, line in enumerate(grid[place + 1 :], start=place + 2):
        if len(line) != width or unnamed:
            beyond = next((c for c in [*line[width:], *(line[i] for i in unnamed if i < len(line))] if c.strip()), "")
            if beyond:
                found = f"'{beyond[:40]}' in a column without a name"
                problems.append(Problem(file, sheet, number, "", found, _AS_WIDE, _NAME_IT))
                continue
            line = [*line[:width], *[""] * (width - len(line))]
        if line[0].strip() or any(cell.strip() for cell in line):
            lines.append(line)
            rows.append(number)
    columns = {
        name: list(cells) if name in _NUMBERS else [bare(cell) for cell in cells]
        for name, cells in zip(names, zip(*lines, strict=True), strict=False)
        if name
    }
    return columns, rows, dict(zip(names, headings, strict=False)), problems  # headings may end in blanks


def _names(line: list[str]) -> list[str]:
    plain = [" ".join(cell.lower().split()) for cell in line]
    names = [PUBLISHED_NAMES.get(name, name) for name in plain]
    while names and not names[-1]:
        names.pop()
    return names


def _header_problems(names: list[str], headings: list[str], file: str, sheet: str, row: int) -> list[Problem]:
    known = {*REQUIRED, *OPTIONAL, *PUBLISHED, *BESIDE}
    wanted = f"{', '.join(REQUIRED)} and, if need be, {', '.join(OPTIONAL)}"
    found = [f"no column '{name}'" for name in REQUIRED if name not in names]
    found += [f"column '{name}' twice" for name in dict.fromkeys(names) if name and names.count(name) > 1]
    found += [
        f"column '{heading.strip()[:40]}'"
        for name, heading in zip(names, headings, strict=False)
        if name and name not in known
    ]
    todo = "Name each column once, as in the return form, or declare the layout under layouts/."
    return [Problem(file, sheet, row, "", what, wanted, todo) for what in found]
