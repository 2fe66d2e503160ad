"""The tables that leave the house: nothing executes, nothing is blank, nothing is hidden, and no clock is in them."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from tests.small import SHOCK, WORLD, assessed, commented, declared, figure
from threatlib.assessment import Assessment
from threatlib.briefing.workbook import PUBLISHED, texts, write

EVIL = ("=cmd|' /C calc'!A0", "+1+2", "-1+2", "@SUM(A1)", "\t=1", "{=1+2}", "http://example.org/")
EVIL += ("[here](javascript:alert(1))", "[two](a.xlsx) in [one](b)", "$$note$$")


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    rows = [*WORLD, figure("offences", "2022-08", None, note="=1+1", sheet="=2+2")]
    evil = [declared(SHOCK, id=f"evil-{n}", title=text, reason=text) for n, text in enumerate(EVIL)]
    return assessed(*rows, annotations=evil)


@pytest.fixture(scope="module")
def folder(assessment: Assessment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables")
    write(path, assessment)
    return path


def test_every_table_is_a_csv_file_and_says_what_the_assessment_says(folder: Path, assessment: Assessment) -> None:
    assert {p.stem for p in (folder / "tables").iterdir()} == set(PUBLISHED)
    for name, text in texts(assessment).items():
        assert (folder / "tables" / f"{name}.csv").read_text(encoding="utf-8") == text
    found = pd.read_csv(folder / "tables" / "findings.csv", keep_default_na=False)
    assert list(found["sentence"]) == list(assessment.findings["sentence"])
    assert found["value"].astype(float).tolist() == pytest.approx(assessment.findings["value"].tolist())


def test_days_have_no_time_and_lists_are_words(assessment: Assessment) -> None:
    signals = pd.read_csv(io.StringIO(texts(assessment)["signals"]))
    assert set(signals["end"]) == {"2022-09-30", "2021-06-30"}
    words = pd.read_csv(io.StringIO(texts(commented(assessment))["commentary"]), keep_default_na=False)
    assert words[["dated", "reviewed_on"]].to_numpy().tolist() == [["2022-10-20", ""]] * 5
    catalogue = pd.read_csv(io.StringIO(texts(assessment)["catalogue"]), keep_default_na=False)
    assert catalogue.set_index("id").loc["referrals", "comparators"] == "Midham; England"


def test_a_withheld_figure_has_its_interval_and_no_value(assessment: Assessment) -> None:
    rows = list(csv.DictReader(io.StringIO(texts(assessment)["observations"])))
    hidden = [row for row in rows if row["status"] == "withheld"]
    assert [(row["value"], float(row["lower"]), float(row["upper"])) for row in hidden] == [("", 1, 5)]


def test_no_text_starts_like_a_formula_in_a_csv_file(assessment: Assessment) -> None:
    for name, text in texts(assessment).items():
        for row in csv.reader(io.StringIO(text)):
            for cell in row:
                assert not cell.startswith(("=", "+", "@", "\t", "\r")), f"{name}: {cell}"
                assert not cell.startswith("-") or float(cell) < 0, f"{name}: {cell}"


def test_a_day_is_text_in_the_workbook_too(assessment: Assessment, tmp_path: Path) -> None:
    write(tmp_path, commented(assessment))
    cells = {cell.value for row in load_workbook(tmp_path / "tables.xlsx")["commentary"].iter_rows() for cell in row}
    assert "2022-10-20" in cells


def test_no_cell_of_the_workbook_is_a_formula_or_a_link_elsewhere(folder: Path) -> None:
    book = load_workbook(folder / "tables.xlsx")
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", f"{sheet.title}!{cell.coordinate}: {cell.value}"
                assert cell.hyperlink is None or cell.hyperlink.target is None, f"{sheet.title}!{cell.coordinate}"
    texts_there = {cell.value for row in book["annotations"].iter_rows() for cell in row}
    assert {f"'{EVIL[0]}", "{=1+2}", "[here] (javascript:alert(1))", "$$note$$"} <= texts_there


def test_no_blank_cell_and_shorthand_for_what_is_missing(folder: Path) -> None:
    book = load_workbook(folder / "tables.xlsx")
    for sheet in book.worksheets[1:]:
        if sheet.title in ("Contents", "Notes"):
            continue
        rows = list(sheet.iter_rows(values_only=True))
        head = next(n for n, row in enumerate(rows) if sum(cell is not None for cell in row) > 2)
        assert len(rows) > head + 1
        for row in rows[head:]:
            assert all(cell not in (None, "") for cell in row), f"{sheet.title}: {row}"
    rows = list(book["observations"].iter_rows(values_only=True))
    head = next(n for n, row in enumerate(rows) if "status" in row)
    where = {name: n for n, name in enumerate(rows[head])}
    shown = {row[where["status"]]: row[where["value"]] for row in rows[head + 1 :]}
    assert (shown["withheld"], shown["not_returned"]) == ("[c]", "[x]")


def test_nothing_is_hidden(folder: Path) -> None:
    book = load_workbook(folder / "tables.xlsx")
    assert {sheet.sheet_state for sheet in book.worksheets} == {"visible"}
    assert not book.defined_names
    for sheet in book.worksheets:
        assert not [letter for letter, column in sheet.column_dimensions.items() if column.hidden]
        assert not [number for number, row in sheet.row_dimensions.items() if row.hidden]
    assert not [name for name in zipfile.ZipFile(folder / "tables.xlsx").namelist() if "vba" in name.lower()]


def test_two_writes_seconds_apart_give_the_same_bytes(folder: Path, assessment: Assessment, tmp_path: Path) -> None:
    time.sleep(max(0.0, 2.1 - (time.time() - (folder / "tables.xlsx").stat().st_mtime)))
    write(tmp_path, assessment)
    assert (tmp_path / "tables.xlsx").read_bytes() == (folder / "tables.xlsx").read_bytes()


def test_cover_and_every_sheet_say_for_whom_it_is(folder: Path) -> None:
    book = load_workbook(folder / "tables.xlsx")
    assert book.sheetnames[0] == "Cover"
    assert set(book.sheetnames) <= {"Cover", "Contents", "Notes", *PUBLISHED}
    cover = " ".join(str(cell) for row in book["Cover"].iter_rows(values_only=True) for cell in row if cell)
    assert "Audience: Partners." in cover
    assert "Small numbers are withheld." in cover
    assert "[c] means" in cover
    assert "imulated" not in cover
    top = " ".join(str(cell) for row in book["findings"].iter_rows(max_row=4, values_only=True) for cell in row if cell)
    assert "Small numbers are withheld." in top
