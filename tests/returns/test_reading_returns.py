"""Returns in the canonical layout: values and statuses, and every problem at its place, all at once."""

from __future__ import annotations

import io
import json
import math
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from tests.returns.small import HEADER, partnership, receive, workbook
from threatlib import observations, returns
from threatlib.catalogue import load
from threatlib.returns import Problem
from threatlib.returns.cells import SHORTHAND, Column, numbers

Q1 = "returns/2022-23-Q1/northam_council.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return partnership(tmp_path / "small")


def read(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    table, _, problems = returns.read(folder, load(folder))
    return table, [str(problem) for problem in problems]


def one(folder: Path, content: str | bytes, name: str = Q1) -> tuple[pd.DataFrame, list[str]]:
    receive(folder, name, content)
    return read(folder)


# ---------------------------------------------------------------- numbers as people write them


@pytest.mark.parametrize(
    ("cell", "value", "status", "lower", "upper"),
    [
        ("0", 0, "reported", 0, 0),
        (" 12 ", 12, "reported", 12, 12),
        ("1,234", 1234, "reported", 1234, 1234),
        ("1,234,567.5", 1234567.5, "reported", 1234567.5, 1234567.5),
        ("-3", -3, "reported", -3, -3),
        ("12%", 12, "reported", 12, 12),
        ("12 [p]", 12, "provisional", 12, 12),
        ("12[e]", 12, "estimated", 12, 12),
        ("<5", None, "suppressed_by_source", 0, 4),
        ("< 10", None, "suppressed_by_source", 0, 9),
        ("*", None, "suppressed_by_source", 0, 7),
        ("c", None, "suppressed_by_source", 1, 5),
        ("[C]", None, "suppressed_by_source", 1, 5),
        ("low", None, "suppressed_by_source", 0, 0.5),
        ("u", None, "suppressed_by_source", 0, math.inf),
        ("x", None, "not_collected", None, None),
        ("..", None, "not_collected", None, None),
        ("z", None, "not_applicable", None, None),
        ("-", None, "not_applicable", None, None),
        ("n/a", None, "not_applicable", None, None),
        ("N/K", None, "not_returned", None, None),
        ("", None, "not_returned", None, None),
    ],
)
def test_numbers_and_shorthand(
    cell: str, value: float | None, status: str, lower: float | None, upper: float | None
) -> None:
    found = numbers(Column.of([cell, "1"]))
    assert not found.bad[0]
    assert found.status[0] == status
    for array, wanted in ((found.value, value), (found.lower, lower), (found.upper, upper)):
        assert math.isnan(array[0]) if wanted is None else array[0] == wanted


@pytest.mark.parametrize(
    "cell",
    ["2l4", "12,5", "1,23", "1.234,5", "1e5", "12 34", "=1+1", "nan", "inf", "<0", "<", "--", "£5", "0x10", "12%%",
     "one", "\u0661\u0662", "5-9", ">5", "1_000", "9" * 400],
)  # fmt: skip
def test_what_is_neither_is_never_guessed(cell: str) -> None:
    assert numbers(Column.of([cell])).bad[0]


def test_every_shorthand_gives_a_status_of_the_table() -> None:
    assert {status for status, _, _ in SHORTHAND.values()} <= set(observations.STATUSES)


def test_a_column_of_no_cells_gives_no_numbers() -> None:
    assert len(numbers(Column.of([])).value) == 0


# ---------------------------------------------------------------- the canonical layout


def test_zero_missing_and_suppressed_are_three_different_things(folder: Path) -> None:
    lines = [HEADER, "referrals,Northam,2022-04,0", "referrals,Northam,2022-05,", "referrals,Northam,2022-06,[c]"]
    table, problems = one(folder, "\n".join(lines))
    assert problems == []
    assert table["status"].tolist() == ["reported", "not_returned", "suppressed_by_source"]
    assert table["value"].fillna(-1).tolist() == [0, -1, -1]
    assert table["lower"].fillna(-1).tolist() == [0, -1, 1]
    assert table["upper"].fillna(-1).tolist() == [0, -1, 5]


def test_a_figure_knows_where_it_stands(folder: Path) -> None:
    content = workbook(
        ("Notes", [["Nothing here"]]),
        ("Return", [["Northam Council, first quarter"], [], ["Indicator", "Area", "Period", "Value"],
                    ["workers", "Northam", date(2022, 6, 30), 123.5]]),
    )  # fmt: skip
    table, problems = one(folder, content, "returns/2022-23-Q1/northam_council.xlsx")
    assert problems == []
    row = table.iloc[0]
    assert row["obs"] == "returns/2022-23-Q1/northam_council.xlsx#Return:4"
    assert (row["sheet"], row["row"], row["value"], row["period"]) == ("Return", 4, 123.5, "2022-06-30")
    assert (row["agency"], row["received_on"], row["source"]) == (
        "Northam Council",
        pd.Timestamp("2022-07-20"),
        "return",
    )
    assert list(table.columns) == list(observations.COLUMNS)
    assert table.dtypes.astype(str).to_dict() == observations.COLUMNS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le-bom", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_common_encoding_and_delimiter(folder: Path, encoding: str, delimiter: str) -> None:
    text = f"A title, with a comma\r\n\r\n{HEADER},note\r\nreferrals,Northam,2022-04,7,na\u00efve\r\n".replace(
        ",", delimiter
    )
    raw = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-bom" else text.encode(encoding)
    table, problems = one(folder, raw)
    assert problems == []
    assert table[["value", "note", "row"]].to_numpy().tolist() == [[7, "na\u00efve", 4]]


def test_a_delimiter_that_the_file_declares(folder: Path) -> None:
    table, problems = one(folder, f"sep=;\n{HEADER}\nreferrals,Northam,2022-04,7\n".replace(",", ";"))
    assert problems == []
    assert table["value"].tolist() == [7]


@pytest.mark.parametrize("blanks", [",", ",,,", ", "])
def test_a_header_that_ends_in_empty_cells(folder: Path, blanks: str) -> None:
    table, problems = one(folder, f"{HEADER}{blanks}\nreferrals,Northam,2022-04,7{blanks}\n")
    assert problems == []
    assert table["value"].tolist() == [7]


def test_excel_percentages_dates_formulas_and_text_numbers(folder: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["indicator", "area", "period", "value"])
    sheet.append(["rereferral_share", "Northam", "2022-04", 0.125])
    sheet["D2"].number_format = "0.0%"
    sheet.append(["referrals", "Northam", datetime(2022, 5, 1), "1,234"])
    sheet.append(["referrals", "Northam", datetime(2022, 5, 2), 12])
    sheet.append(["referrals", "Northam", "2022-06", True])
    out = io.BytesIO()
    book.save(out)
    table, problems = one(folder, out.getvalue(), "returns/2022-23-Q1/northam_council.xlsx")
    assert table[["period", "value"]].to_numpy().tolist() == [["2022-04", 12.5], ["2022-05", 1234]]
    assert problems == [
        "returns/2022-23-Q1/northam_council.xlsx, sheet 'Sheet', row 4, 'period': found '2022-05-02', wanted a month "
        "such as 2022-05. Correct the period.",
        "returns/2022-23-Q1/northam_council.xlsx, sheet 'Sheet', row 5, 'value': found 'TRUE', wanted a whole number. "
        "Write digits; '*' if suppressed; leave blank if not returned.",
    ]


def test_the_value_of_a_formula_is_used_and_noted(folder: Path) -> None:
    plain = workbook(("Return", [["indicator", "area", "period", "value"], ["referrals", "Northam", "2022-04", 7]]))
    with_formula = _with_part(plain, "xl/worksheets/sheet1.xml", b"<v>7</v>", b"<f>3+4</f><v>7</v>")
    table, problems = one(folder, with_formula, "returns/2022-23-Q1/northam_council.xlsx")
    assert problems == []
    assert table[["value", "note"]].to_numpy().tolist() == [[7, "the value of a formula"]]


def test_a_formula_beside_the_value_is_no_formula_of_the_value(folder: Path) -> None:
    rows = [["indicator", "area", "period", "value", "denominator"], ["rereferral_share", "Northam", "2022-04", 7, 9]]
    plain = workbook(("Return", rows))
    with_formula = _with_part(plain, "xl/worksheets/sheet1.xml", b"<v>9</v>", b"<f>3*3</f><v>9</v>")
    table, problems = one(folder, with_formula, "returns/2022-23-Q1/northam_council.xlsx")
    assert problems == []
    assert table[["value", "denominator", "note"]].to_numpy().tolist() == [[7, 9, ""]]


def test_a_formula_without_its_value_is_a_problem(folder: Path) -> None:
    content = workbook(("R", [["indicator", "area", "period", "value"], ["referrals", "Northam", "2022-04", "=3+4"]]))
    _, problems = one(folder, content, "returns/2022-23-Q1/northam_council.xlsx")
    assert problems == [
        "returns/2022-23-Q1/northam_council.xlsx, sheet 'R', row 2, 'value': found a formula without its value, "
        "wanted the value of every formula stored with it. Open the workbook in Excel, save it, and send that."
    ]


def _with_part(book: bytes, part: str, old: bytes, new: bytes) -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            assert name != part or old in content
            target.writestr(name, content.replace(old, new) if name == part else content)
    return out.getvalue()


# ---------------------------------------------------------------- problems


def test_a_problem_says_place_found_wanted_and_what_to_do() -> None:
    problem = Problem(
        "data/returns/2022-23-Q2/camhs.xlsx", "Referrals", 7, "Referrals received", "'2l4'", "a whole number",
        "Write digits; '*' if suppressed; leave blank if not returned.",
    )  # fmt: skip
    assert str(problem) == (
        "data/returns/2022-23-Q2/camhs.xlsx, sheet 'Referrals', row 7, 'Referrals received': found '2l4', wanted a "
        "whole number. Write digits; '*' if suppressed; leave blank if not returned."
    )


def test_all_problems_of_a_file_come_at_once(folder: Path) -> None:
    lines = [
        f"{HEADER},status,numerator",
        "referals,Northam,2022-04,7,,",
        "referrals,Nordham,2022-04,7,,",
        "referrals,Northam,soon,7,,",
        "referrals,Northam,2022-04,2l4,,",
        "referrals,Northam,2022-04,7,sent,",
        "referrals,Northam,2022-04,,provisional,",
        "rereferral_share,Northam,2022-04,12%,,six",
        "referrals,Northam,2022-04,12%,,",
        "referrals,Northam,2022-04,-1,,",
        "referrals,Northam,2022-05,7,provisional,",
    ]
    table, problems = one(folder, "\n".join(lines))
    assert table["period"].tolist() == ["2022-05"]
    digits = "Write digits; '*' if suppressed; leave blank if not returned."
    areas = "one of England, Northam, Northam and Southam, Southam"
    statuses = (
        "one of reported, provisional, estimated, not_returned, not_collected, not_applicable, suppressed_by_source"
    )
    assert problems == [
        f"{Q1}, row 2, 'indicator': found 'referals', wanted an indicator of catalogue.yaml. "
        "Did you mean 'referrals'? `threatlib catalogue` lists them.",
        f"{Q1}, row 3, 'area': found 'Nordham', wanted {areas}. Did you mean 'Northam'? "
        "Use the area's name as in partnership.yaml.",
        f"{Q1}, row 4, 'period': found 'soon', wanted a period such as 2022-23-Q1, 2022-04, 2022-23, 2022-04/2022-09 "
        "or 2022-03-31. Correct the period.",
        f"{Q1}, row 5, 'value': found '2l4', wanted a whole number. {digits}",
        f"{Q1}, row 9, 'value': found '12%', wanted a whole number. {digits}",
        f"{Q1}, row 10, 'value': found '-1', wanted a whole number. {digits}",
        f"{Q1}, row 8, 'numerator': found 'six', wanted a number or blank. Write digits, or leave it blank.",
        f"{Q1}, row 6, 'status': found 'sent', wanted {statuses}. Correct or clear it.",
        f"{Q1}, row 7, 'status': found 'provisional', wanted a status that agrees with the value. A number has a "
        "status with a value, a blank has not.",
    ]


def test_thousands_of_problems_of_one_kind_are_counted(folder: Path) -> None:
    lines = [HEADER, *(f"referrals,Northam,2022-04,x{i}" for i in range(1500))]
    _, problems = one(folder, "\n".join(lines))
    assert len(problems) == 201
    assert "found 1,300 more problems like the ones above" in problems[-1]


def test_problems_as_csv_and_json_are_data_not_formulas() -> None:
    problem = Problem("a.csv", "", 2, "value", "=2+2", "a number", "Write digits.")
    assert returns.shown([problem], "csv").splitlines() == [
        "file,sheet,row,column,found,wanted,todo,doubt", "a.csv,,2,value,'=2+2,a number,Write digits.,False"
    ]  # fmt: skip
    assert json.loads(returns.shown([problem], "json"))[0]["found"] == "=2+2"
    assert returns.shown([problem], "text") == "a.csv, row 2, 'value': found =2+2, wanted a number. Write digits."
    assert returns.as_records([problem])["row"].tolist() == [2]


# ---------------------------------------------------------------- the register


def test_a_file_nobody_registered_and_one_that_changed_are_refused(folder: Path) -> None:
    path = receive(folder, Q1, f"{HEADER}\nreferrals,Northam,2022-04,7\n")
    path.write_text(f"{HEADER}\nreferrals,Northam,2022-04,8\n")
    (folder / "returns/2022-23-Q1/police.csv").write_text(f"{HEADER}\n")
    table, problems = read(folder)
    assert table.empty
    assert problems == [
        "returns/2022-23-Q1/police.csv: found a file that is not in register.csv, wanted every file registered before "
        "it is used. Run `threatlib check` to register it.",
        f"{Q1}: found contents that differ from the registered checksum, wanted the file as it was received. Restore "
        "it; a corrected file is registered anew under its own name.",
    ]


def test_faults_of_the_register_are_named_by_row(folder: Path) -> None:
    with (folder / "register.csv").open("a") as register:
        register.write("a.csv,0,Police,2022-23-Q1,last week,,return,\nb.csv,0,Police,,2022-07-01,,memo,\n")
        register.write("c.csv,0,Police,,2022-07-01,d.csv,return,\n")
    _, problems = read(folder)
    assert problems == [
        "register.csv, row 2, 'received_on': found 'last week', wanted a day as 2022-10-14. Write the day the file was "
        "received.",
        "register.csv, row 3, 'kind': found 'memo', wanted one of return, published, official, simulated. Say what "
        "kind of file it is.",
        "register.csv, row 4, 'supersedes': found 'd.csv', wanted a file of the register. Name the file as the "
        "register does.",
    ]
