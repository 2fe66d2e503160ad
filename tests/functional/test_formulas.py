"""Text that a spreadsheet would execute never reaches a table that leaves the house as a formula."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from tests import small
from threatlib import forms, pipeline, returns
from threatlib.briefing import workbook
from threatlib.catalogue import load
from threatlib.cli_data import check
from threatlib.observations import as_returned, bare, harmless
from threatlib.periods import parse

HOSTILE = {
    "name: Referrals,": "name: '=HYPERLINK(\"http://evil.example\")',",
    "Referrals received.": "'@SUM(A1:A9)'",
    "Northam": "+Northam",
    "Too few workers": "'-2+3+cmd|'' /C calc''!A0'",
    "Council": "'=Council'",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = small.folder(
        tmp_path / "data" / "small", small.SHOCK | {"title": "=1+1", "reason": "@now", "said_by": "+me"}
    )
    for file in path.glob("*.yaml"):
        text = file.read_text()
        for plain, evil in HOSTILE.items():
            text = text.replace(plain, evil)
        file.write_text(text.replace("name: +Northam and Southam", "name: '+Northam and Southam'"))
    sent = next((path / "returns").rglob("*.csv"))
    lines = sent.read_text().replace("Northam", "+Northam").splitlines()
    sent.write_text("\n".join([f"{lines[0]},breakdown,note", *(f"{line},,=cmd()" for line in lines[1:])]))
    register = path / "register.csv"
    digest = returns.digest(sent)
    register.write_text(re.sub(r"[0-9a-f]{64}", digest, register.read_text()).replace(",Council,", ",=Council,"))
    return path


def is_formula(cell: str) -> bool:
    return bool(re.match(r"[=+\-@\t\r]", cell)) and not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)


def test_no_table_of_a_briefing_holds_a_formula(folder: Path, tmp_path: Path) -> None:
    assessment = pipeline.assess(pipeline.load(folder), small.QUARTER)
    assert set(assessment.observations["area"]) >= {"+Northam"}
    out = tmp_path / "out"
    out.mkdir()
    workbook.write(out, assessment)
    seen = 0
    for path in sorted((out / "tables").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.reader(handle):
                assert not [cell for cell in row if is_formula(cell)], path.name
                seen += sum(cell.startswith("'") for cell in row)
    assert seen > 10
    book = load_workbook(next(out.glob("*.xlsx")))
    for sheet in book.worksheets:
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"], sheet.title
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.hyperlink and "evil" in str(
            cell.hyperlink.target)], sheet.title  # fmt: skip


def test_no_form_and_no_list_of_problems_holds_a_formula(folder: Path) -> None:
    definitions = load(folder)
    table, _, problems = returns.read(folder, definitions)
    assert problems == []
    book = forms.form(definitions, table, definitions.partnership.agencies[0], parse("2022-23-Q3"))
    assert book is not None
    out = io.BytesIO()
    book.save(out)
    for sheet in load_workbook(io.BytesIO(out.getvalue())).worksheets:
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    (folder / "published").mkdir()
    (folder / "published" / "claims.yaml").write_text("- {says: '=cmd() rose 15% from 595 to 694', at: '@here'}")
    place = folder / "returns" / "2022-23-Q3" / "=council_late.csv"
    for options in (("--claims",), ("--revisions", "2022-23-Q3"), ()):
        if not options:
            place.parent.mkdir(parents=True)
            place.write_text("indicator,area,period,value\n=cmd(),@x,+y,-z\n")
        done = CliRunner().invoke(check, ["--data", str(folder.parent), "--format", "csv", *options])
        cells = [cell for row in csv.reader(io.StringIO(done.output)) for cell in row]
        assert cells
        assert not [cell for cell in cells if is_formula(cell)]


def test_what_is_written_as_a_return_is_harmless_and_reads_back(folder: Path) -> None:
    table, _, _ = returns.read(folder, load(folder))
    text = as_returned(table)
    assert "'=cmd()" in text
    assert not [cell for row in csv.reader(io.StringIO(text)) for cell in row if is_formula(cell)]
    again = folder / "returns" / "2022-23-Q1" / "council_again.csv"
    again.parent.mkdir(parents=True)
    again.write_text(text)
    from threatlib.returns.checking import check as check_folder

    checked = check_folder(folder, load(folder), date(2022, 11, 1))
    assert checked.faults == []
    assert set(checked.table["note"]) == {"=cmd()"}
    assert "+Northam" in set(checked.table["area"])


@pytest.mark.parametrize("text", ["=1", "+1", "-", "@x", "'=1", "''=1", "'", "'plain", "", "\tx", "x=1", " =1"])
def test_an_apostrophe_comes_and_goes(text: str) -> None:
    written = harmless(text)
    assert not re.match(r"[=+\-@\t\r\n]", written)
    assert bare(written) == text
