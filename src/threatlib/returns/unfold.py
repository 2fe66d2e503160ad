"""A sheet in an agency's own layout, unfolded to one row a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from threatlib.returns.grids import Sheet
from threatlib.returns.layouts import Layout
from threatlib.returns.problems import Problem
from threatlib.returns.rows import Place, Rows
from threatlib.returns.unseen import unseen
from threatlib.sources.source import letter

Grid = list[list[str]]

_CHANGED = "If the agency changed its form, declare the new layout under layouts/; otherwise ask for the usual form."


def unfold(sheet: Sheet, layouts: Sequence[Layout], origin: Place, rows: Rows) -> list[Problem]:
    """Gather a sheet's figures as its layout declares them, or say how the sheet differs from it.

    Of several layouts for the sheet (an agency's old form and its new one) the one whose header it has is taken; where
    it has those of two, neither is.
    """
    grid = sheet.grid
    headed = [layout for layout in layouts if _header(grid, layout) is not None]
    if len(headed) > 1:
        found = f"a sheet for each of the layouts {', '.join(repr(layout.id) for layout in headed)}"
        todo = "Narrow `files`, `sheets` or `header_has` of all but one of them under layouts/."
        return [Problem(origin.file, sheet.name, 0, "", found, "one layout for a sheet", todo)]
    layout = headed[0] if headed else layouts[0]
    last = _header(grid, layout)
    if last is None:
        wanted = f"a header row with {', '.join(layout.header_has)}, as layout '{layout.id}' says"
        return [Problem(origin.file, sheet.name, 1, "", _nearest(grid, layout), wanted, _CHANGED)]
    first = last - layout.header_rows + 1
    header = [_filled(grid[r]) if r < last else [_plain(c) for c in grid[r]] for r in range(first, last + 1)]
    width = max(len(line) for line in grid[last:])
    header = [[*line, *[""] * (width - len(line))] for line in header]
    problems = _differences(header, grid, last, layout, origin, sheet.name)
    title, missing = _titles(grid[:first], layout, origin, sheet.name)
    not_seen = unseen(sheet, origin.file, last + 1)
    if problems or missing or sheet.hidden:
        return problems + missing + not_seen
    body = list(_body(grid, last, layout))
    if "value" in layout.fields:
        _one_a_row(body, header[-1], title, layout, origin, sheet, rows)
    else:
        _one_a_column(body, header, title, layout, origin, sheet, rows)
    return not_seen


def _plain(cell: str) -> str:
    return " ".join(cell.split())


def _header(grid: Grid, layout: Layout) -> int | None:
    wanted = {_plain(name) for name in layout.header_has}
    for place, line in enumerate(grid[:60]):
        if wanted <= {_plain(cell) for cell in line} and place >= layout.header_rows - 1:
            return place
    return None


def _nearest(grid: Grid, layout: Layout) -> str:
    """The row that comes closest to the header, in words: what it lacks."""
    wanted = [_plain(name) for name in layout.header_has]
    lines = [{_plain(cell) for cell in line} for line in grid[:60]]
    best = max(lines, key=lambda there: len(set(wanted) & there), default=set())
    if not set(wanted) & best:
        return "no header row"
    return f"a header row without {', '.join(repr(name) for name in wanted if name not in best)}"


def _filled(line: list[str]) -> list[str]:
    """A merged heading stands in its first cell only: it counts for every column under it."""
    filled, current = [], ""
    for cell in line:
        current = _plain(cell) or current
        filled.append(current)
    return filled


def _figure_columns(header: list[list[str]], layout: Layout) -> list[int]:
    named = set(layout.columns)
    return [
        place
        for place, heading in enumerate(header[-1])
        if heading not in named
        and any(line[place] for line in header)
        and not any(fnmatchcase(heading, pattern) for pattern in layout.pass_over)
    ]


def _differences(
    header: list[list[str]], grid: Grid, last: int, layout: Layout, origin: Place, sheet: str
) -> list[Problem]:
    """How the header differs from the declared one: columns that went, columns that came, columns twice."""
    wanted = f"the columns of layout '{layout.id}'"
    there = Counter(heading for heading in header[-1] if heading)
    found = [f"no column '{name}'" for name in layout.columns if not there[name]]
    found += [f"column '{name}' twice" for name in layout.columns if there[name] > 1]
    columns = _figure_columns(header, layout)
    if "value" in layout.fields:
        found += [f"a new column '{header[-1][place]}'" for place in columns]
    else:
        allowed = layout.figures or ("*",)
        found += [
            f"a new column '{header[-1][place]}'"
            for place in columns
            if not any(fnmatchcase(header[-1][place], pattern) for pattern in allowed)
        ]
        same = Counter(tuple(line[place] for line in header) for place in columns)
        found += [f"column '{' '.join(filter(None, names))}' twice" for names, count in same.items() if count > 1]
        if not columns:
            found.append("no column of figures")
    problems = [Problem(origin.file, sheet, last + 1, "", what, wanted, _CHANGED) for what in found]
    blank = [place for place in range(len(header[-1])) if not any(line[place] for line in header)]
    for number, line in enumerate(grid[last + 1 :], start=last + 2):
        beyond = next((line[p] for p in blank if p < len(line) and line[p].strip()), "")
        if beyond:
            problems.append(
                Problem(
                    origin.file, sheet, number, "", f"'{beyond[:40]}' in a column without a heading", wanted, _CHANGED
                )
            )
    return problems


def _titles(above: Grid, layout: Layout, origin: Place, sheet: str) -> tuple[dict[str, str], list[Problem]]:
    """Fields that stand in the rows above the header, in the sheet's name, or in the layout itself."""
    found: dict[str, str] = {}
    problems = []
    for name, source in layout.fields.items():
        if source.constant is not None:
            found[name] = source.constant
        elif source.sheet:
            found[name] = source.named(sheet)
        elif source.title is not None:
            cells = [_plain(cell) for line in above for cell in line]
            place = next((i for i, cell in enumerate(cells) if cell.lower().startswith(source.title.lower())), None)
            if place is None:
                wanted = f"a cell above the table that begins with '{source.title}'"
                problems.append(Problem(origin.file, sheet, 1, name, "none", wanted, "Ask for the usual form."))
                continue
            rest = cells[place][len(source.title) :].strip(" :")
            found[name] = source.named(rest or next((cell for cell in cells[place + 1 :] if cell), ""))
    return found, problems


def _body(grid: Grid, last: int, layout: Layout) -> list[tuple[int, list[str]]]:
    found = []
    for number, line in enumerate(grid[last + 1 :], start=last + 2):
        first = _plain(next((cell for cell in line if cell.strip()), ""))
        if any(fnmatchcase(first, pattern) for pattern in layout.ends_at):
            break
        if first and not any(fnmatchcase(first, pattern) for pattern in layout.skip_rows):
            found.append((number, line))
    return found


def _cell(line: list[str], place: int) -> str:
    return line[place].strip() if place < len(line) else ""


def _of_row(line: list[str], heading: list[str], layout: Layout) -> dict[str, str]:
    return {
        field: source.named(_cell(line, heading.index(_plain(source.column))))
        for field, source in layout.fields.items()
        if source.column is not None
    }


def _one_a_row(
    body: list[tuple[int, list[str]]], heading: list[str], fixed: dict[str, str], layout: Layout, origin: Place,
    sheet: Sheet, rows: Rows,
) -> None:  # fmt: skip
    figures = [fixed | _of_row(line, heading, layout) for _, line in body]
    place = heading.index(next(name for name, field in layout.columns.items() if field == "value"))
    _noted(figures, [(number, place) for number, _ in body], sheet)
    called = {field: name for name, field in layout.columns.items()}
    names: set[str] = {*layout.fields, "note"}
    columns = {name: [figure.get(name, "") for figure in figures] for name in names}
    rows.add(replace(origin, headings=called), columns, [number for number, _ in body])


def _one_a_column(
    body: list[tuple[int, list[str]]], header: list[list[str]], fixed: dict[str, str], layout: Layout, origin: Place,
    sheet: Sheet, rows: Rows,
) -> None:  # fmt: skip
    columns = _figure_columns(header, layout)
    from_header = {
        place: {
            name: source.named(header[source.header][place])
            for name, source in layout.fields.items()
            if source.header is not None
        }
        for place in columns
    }
    figures, places, cells = [], [], []
    for number, line in body:
        of_row = fixed | _of_row(line, header[-1], layout)
        for place in columns:
            figures.append(of_row | from_header[place] | {"value": _cell(line, place)})
            places.append((number, place))
            heading = " ".join(dict.fromkeys(filter(None, (part[place] for part in header))))
            cells.append((heading, letter(place)))
    _noted(figures, places, sheet)
    names: set[str] = {*layout.fields, "value", "note"}
    called = {field: name for name, field in layout.columns.items()}
    rows.add(
        replace(origin, headings=called),
        {name: [figure.get(name, "") for figure in figures] for name in names},
        [number for number, _ in places],
        cells,
    )


def _noted(figures: list[dict[str, str]], places: list[tuple[int, int]], sheet: Sheet) -> None:
    for figure, (number, place) in zip(figures, places, strict=True):
        if (number - 1, place) in sheet.formulas:
            figure["note"] = f"{figure.get('note', '')}; the value of a formula".removeprefix("; ")
