"""What a workbook holds and its sender does not see as it would be read: what is hidden, merged, never worked out."""

from __future__ import annotations

from collections.abc import Iterator

from threatlib.returns.grids import Sheet, Span
from threatlib.returns.problems import Problem
from threatlib.sources.source import letter

_SEEN = "figures that are seen"


def unseen(sheet: Sheet, file: str, header: int) -> list[Problem]:
    """Why figures under a header (its row, from 1) cannot be trusted to be what the sender sees."""

    def say(row: int, found: str, todo: str, wanted: str = _SEEN) -> Problem:
        return Problem(file, sheet.name, row, "", found, wanted, todo)

    problems = []
    if sheet.hidden:
        todo = "Show the sheet if its figures count; otherwise remove it."
        problems.append(say(0, "figures on a hidden sheet", todo))
    for first, last in _filled_rows(sheet, header):
        found = f"figures in hidden rows {first} to {last}" if last > first else "figures in a hidden row"
        problems.append(say(first, found, "Show them if they count; otherwise remove them."))
    for heading in _filled_columns(sheet, header):
        found = f"a hidden column '{heading}'" if heading else "a hidden column without a heading"
        problems.append(say(header, found, "Show the column if it counts; otherwise remove it."))
    for first, last in sheet.merged:
        if first > header:
            found = f"merged cells in rows {first} to {last}" if last > first else "merged cells"
            todo = "Unmerge them, and write each figure into its own cell."
            problems.append(say(first, found, todo, "each figure in a cell of its own"))
    return problems + without_value(sheet, file, header)


def without_value(sheet: Sheet, file: str, header: int) -> list[Problem]:
    """Formulas under a header (its row, from 1) that nobody has worked out: they would be read as blank cells."""
    headings = sheet.grid[header - 1] if sheet.grid else []
    found, wanted = "a formula without its value", "the value of every formula stored with it"
    todo = "Open the workbook in Excel, save it, and send that."
    return [
        Problem(
            file,
            sheet.name,
            r + 1,
            (headings[c].strip() if c < len(headings) else "") or letter(c),
            found,
            wanted,
            todo,
        )
        for r, c in sorted(sheet.without_value)
        if r >= header
    ]


def _filled_rows(sheet: Sheet, header: int) -> list[Span]:
    """Hidden rows under the header that are not empty, those that follow each other together."""
    found: list[Span] = []
    for row, _ in sheet.hidden_rows:
        if header < row <= len(sheet.grid) and any(cell.strip() for cell in sheet.grid[row - 1]):
            first = found.pop()[0] if found and found[-1][1] == row - 1 else row
            found.append((first, row))
    return found


def _filled_columns(sheet: Sheet, header: int) -> Iterator[str]:
    """Headings of hidden columns with something in or under the header."""
    if not sheet.hidden_columns:
        return
    lines = sheet.grid[header - 1 :]
    width = max(map(len, lines))
    for first, last in sheet.hidden_columns:
        for column in range(first, min(last, width) + 1):
            cells = [line[column - 1].strip() if len(line) >= column else "" for line in lines]
            if any(cells):
                yield cells[0]
