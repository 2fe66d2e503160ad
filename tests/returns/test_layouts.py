"""Agencies' own spreadsheets, read as declared: one column a period, one row a figure, merged headings, title rows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from tests.returns.small import partnership, receive, workbook
from threatlib import returns
from threatlib.catalogue import load

FILE = "returns/2022-23-Q1/front_door.xlsx"

PERIODS_ACROSS = """
layouts:
  - id: front-door
    agency: Northam Council
    files: "front_door*.xlsx"
    sheets: "Monthly*"
    header_has: [Measure]
    header_rows: 2
    fields:
      indicator: {column: Measure, names: {Referrals received: referrals, Second referrals: rereferrals}}
      area: {header: 0}
      period: {header: 1}
      note: {column: Comment}
    figures: ["???-22"]
    skip_rows: [Total*]
    ends_at: ["Source:*"]
"""

ROW_A_FIGURE = """
layouts:
  - id: staff
    agency: Northam Council
    files: "staff*"
    header_has: [Staff group, Month, FTE]
    fields:
      indicator: {constant: workers}
      area: {title: "Borough:", names: {LB Northam: Northam}}
      period: {column: Month}
      value: {column: FTE}
      breakdown: {column: Staff group}
    pass_over: [Manager]
"""

GRID: list[list[Any]] = [
    ["Front door activity"],
    [],
    ["", "Northam", "", "Southam", "", ""],
    ["Measure", "Apr-22", "May-22", "Apr-22", "May-22", "Comment"],
    ["Referrals received", 10, "1,200", 0, "*", "as sent"],
    ["Second referrals", 1, None, "c", "n/a", None],
    ["Total of all", 11, 1200, 0, 0, None],
    ["Source: case system"],
    ["anything", "at all"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return partnership(tmp_path / "small")


def read(folder: Path, layouts: str, content: bytes | str, name: str = FILE) -> tuple[pd.DataFrame, list[str]]:
    (folder / "layouts").mkdir(exist_ok=True)
    (folder / "layouts" / "all.yaml").write_text(layouts)
    receive(folder, name, content)
    table, _, problems = returns.read(folder, load(folder))
    return table, [str(p) for p in problems]


def changed(*edits: tuple[int, int, Any]) -> bytes:
    grid = [list(row) for row in GRID]
    for row, column, value in edits:
        grid[row] += [None] * (column + 1 - len(grid[row]))
        grid[row][column] = value
    return workbook(("Monthly", grid), ("Help", [["Write here"]]))


def test_one_column_a_period_under_merged_headings(folder: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = "Monthly"
    for row in GRID:
        sheet.append(row)
    sheet.merge_cells("B3:C3")
    sheet.merge_cells("D3:E3")
    out = io.BytesIO()
    book.save(out)
    table, problems = read(folder, PERIODS_ACROSS, out.getvalue())
    assert problems == []
    figures = table[["indicator", "area", "period", "value", "status", "row"]].fillna({"value": -1})
    assert figures.to_numpy().tolist() == [
        ["referrals", "Northam", "2022-04", 10, "reported", 5],
        ["referrals", "Northam", "2022-05", 1200, "reported", 5],
        ["referrals", "Southam", "2022-04", 0, "reported", 5],
        ["referrals", "Southam", "2022-05", -1, "suppressed_by_source", 5],
        ["rereferrals", "Northam", "2022-04", 1, "reported", 6],
        ["rereferrals", "Northam", "2022-05", -1, "not_returned", 6],
        ["rereferrals", "Southam", "2022-04", -1, "suppressed_by_source", 6],
        ["rereferrals", "Southam", "2022-05", -1, "not_applicable", 6],
    ]
    assert table["obs"].is_unique
    assert table["obs"][0] == f"{FILE}#Monthly:5:B"
    assert table["note"].tolist() == ["as sent"] * 4 + [""] * 4


def test_one_row_a_figure_with_fields_from_the_title(folder: Path) -> None:
    lines = ["Borough: LB Northam;;;", ";;;", "Staff group;Month;FTE;Manager", "Qualified;30/06/2022;12,345;A N Other"]
    table, problems = read(folder, ROW_A_FIGURE, "\n".join(lines), "returns/2022-23-Q1/staff.csv")
    assert problems == []
    row = table.iloc[0]
    assert (row["indicator"], row["area"], row["breakdown"], row["value"]) == ("workers", "Northam", "Qualified", 12345)
    assert (row["agency"], row["period"], row["row"]) == ("Northam Council", "2022-06-30", 4)


def test_a_bad_cell_is_named_as_its_sender_would(folder: Path) -> None:
    _, problems = read(folder, PERIODS_ACROSS, changed((4, 2, "2l4"), (5, 0, "Third referrals")))
    at = f"{FILE}, sheet 'Monthly', row"
    digits = "Write digits; '*' if suppressed; leave blank if not returned."
    assert f"{at} 5, 'Northam May-22': found '2l4', wanted a whole number. {digits}" in problems
    listed = "wanted an indicator of catalogue.yaml. `threatlib catalogue` lists them."
    assert f"{at} 6, 'Measure': found 'Third referrals', {listed}" in problems


CHANGED = "If the agency changed its form, declare the new layout under layouts/; otherwise ask for the usual form."


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            (3, 0, "Activity"),
            "row 1: found no header row, wanted a header row with Measure, as layout 'front-door' says",
        ),
        ((3, 5, "Remark"), "row 4: found no column 'Comment', wanted the columns of layout 'front-door'"),
        ((3, 4, "Q1 to date"), "row 4: found a new column 'Q1 to date', wanted the columns of layout 'front-door'"),
        ((3, 2, "Apr-22"), "row 4: found column 'Northam Apr-22' twice, wanted the columns of layout 'front-door'"),
        ((4, 8, 99), "row 5: found '99' in a column without a heading, wanted the columns of layout 'front-door'"),
    ],
)
def test_a_sheet_that_differs_from_its_layout_is_refused_with_the_difference(
    folder: Path, edit: tuple[int, int, Any], said: str
) -> None:
    table, problems = read(folder, PERIODS_ACROSS, changed(edit))
    assert table.empty
    assert f"{FILE}, sheet 'Monthly', {said}. {CHANGED}" in problems


def test_a_title_that_is_gone_is_missed(folder: Path) -> None:
    _, problems = read(folder, ROW_A_FIGURE, "Staff group,Month,FTE\nA,30/06/2022,1\n", "returns/2022-23-Q1/staff.csv")
    assert "found none, wanted a cell above the table that begins with 'Borough:'" in problems[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{column: Comment}", "{column: Comment, constant: x}", "wanted exactly one of column, header, title"),
        ("period: {header: 1}", "period: {header: 2}", "front-door has 2 header rows, so 'header' is below 2"),
        ("      area: {header: 0}\n", "", "front-door does not say where to find: area"),
        ("figures:", "numbers:", "layouts > 0 > numbers"),
        ("layouts:", "layouts: [", "found no YAML"),
        (
            "      note: {column: Comment}",
            "      value: {column: Comment}",
            "either a column for 'value' or a field taken",
        ),
    ],
)
def test_a_layout_that_cannot_be_is_named(folder: Path, old: str, new: str, said: str) -> None:
    assert old in PERIODS_ACROSS
    _, problems = read(folder, PERIODS_ACROSS.replace(old, new), changed())
    assert any(problem.startswith("layouts/all.yaml") and said in problem for problem in problems)
