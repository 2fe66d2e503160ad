"""Return forms: what is asked, what they offer, and that a filled one reads back with nothing to map."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook

from tests.returns.small import HEADER, partnership, receive
from threatlib import forms, returns
from threatlib.catalogue import Definitions, load
from threatlib.cli_data import template
from threatlib.periods import parse
from threatlib.returns.checking import check


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return partnership(tmp_path / "data" / "small")


def made(folder: Path, agency: str = "Northam Council", quarter: str = "2022-23-Q1") -> Workbook:
    definitions = load(folder)
    table, _, problems = returns.read(folder, definitions)
    assert problems == []
    found = forms.agency_of(definitions, agency)
    assert found is not None
    book = forms.form(definitions, table, found, parse(quarter))
    assert book is not None
    out = io.BytesIO()
    book.save(out)
    return load_workbook(io.BytesIO(out.getvalue()))


def rows(book: Workbook) -> list[dict[str, object]]:
    lines = [[cell.value for cell in row] for row in book["Return"].iter_rows(min_row=4)]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:] if line[0]]


def test_what_is_asked_follows_frequency_and_footprint(folder: Path) -> None:
    asked = {(r["indicator"], r["area"], r["period"]) for r in rows(made(folder))}
    months = {(i, "Northam", f"2022-0{m}") for i in ("referrals", "rereferrals", "rereferral_share") for m in (4, 5, 6)}
    assert asked == months | {(i, "Northam", "2022-06-30") for i in ("workers", "population_children")}
    assert {(r["indicator"], r["area"], r["period"]) for r in rows(made(folder, "police", "2022-23-Q2"))} == {
        ("offences", "Northam", "2022-23-Q2"), ("offences", "Southam", "2022-23-Q2")
    }  # fmt: skip
    yearly = {r["indicator"] for r in rows(made(folder, quarter="2022-23-Q4")) if r["period"] == "2022-23"}
    assert yearly == {"plans", "plans_neglect", "plans_other"}


def test_last_quarters_values_stand_beside(folder: Path) -> None:
    lines = ["referrals,Northam,2022-03,40", "rereferrals,Northam,2022-03,c", "workers,Northam,2022-03-31,"]
    receive(folder, "returns/2021-22-Q4/northam_council.csv", "\n".join([HEADER, *lines]))
    beside = {
        (r["indicator"], r["last period"]): r["last value"] for r in rows(made(folder)) if r["last value"] is not None
    }
    assert beside == {
        ("referrals", "2022-03"): 40, ("rereferrals", "2022-03"): "[c]", ("workers", "2022-03-31"): "[x]"
    }  # fmt: skip


def test_the_form_has_dropdowns_validation_definitions_and_help(folder: Path) -> None:
    book = made(folder)
    kinds = {str(v.sqref).split("5", 1)[0]: v.type for v in book["Return"].data_validations.dataValidation}
    assert kinds == {"I": "list", "C": "list", "A": "list", "F": "custom", "G": "decimal", "H": "decimal"}
    assert book["Lists"].sheet_state == "hidden"
    assert [cell.value for cell in book["Lists"]["A"] if cell.value][0] == "reported"  # noqa: RUF015
    assert "withheld" not in {cell.value for cell in book["Lists"]["A"]}
    assert book["Definitions"]["C2"].value == "Referrals received."
    assert "leave" in book["How to fill it in"]["A1"].value


def fill(path: Path, entries: dict[tuple[str, str], dict[str, object]]) -> None:
    book = load_workbook(path)
    sheet = book["Return"]
    columns = {cell.value: cell.column for cell in sheet[4]}
    for line in range(5, sheet.max_row + 1):
        key = (sheet.cell(line, columns["indicator"]).value, sheet.cell(line, columns["period"]).value)
        for name, value in entries.get(key, {}).items():
            sheet.cell(line, columns[name]).value = value
    book.save(path)


FILLED: dict[tuple[str, str], dict[str, object]] = {
    ("referrals", "2022-04"): {"value": 0},
    ("referrals", "2022-05"): {"value": 1234, "status": "provisional", "note": "one system was down"},
    ("rereferrals", "2022-04"): {"value": "*"},
    ("rereferrals", "2022-05"): {"value": "[z]"},
    ("rereferral_share", "2022-05"): {"value": 12.5, "numerator": 1, "denominator": 8},
    ("workers", "2022-06-30"): {"value": 101.25},
}


def as_read(folder: Path, definitions: Definitions) -> dict[tuple[str, str], tuple[object, ...]]:
    checked = check(folder, definitions, date(2022, 7, 20))
    assert [str(p) for p in checked.faults] == []
    columns = ["value", "status", "numerator", "denominator", "note"]
    table = checked.table.astype(object).where(checked.table.notna(), None)
    return {(r["indicator"], r["period"]): tuple(r[c] for c in columns) for r in table.to_dict("records")}


WANTED = {
    ("referrals", "2022-04"): (0, "reported", None, None, ""),
    ("referrals", "2022-05"): (1234, "provisional", None, None, "one system was down"),
    ("referrals", "2022-06"): (None, "not_returned", None, None, ""),
    ("rereferrals", "2022-04"): (None, "suppressed_by_source", None, None, ""),
    ("rereferrals", "2022-05"): (None, "not_applicable", None, None, ""),
    ("rereferral_share", "2022-05"): (12.5, "reported", 1, 8, ""),
    ("workers", "2022-06-30"): (101.25, "reported", None, None, ""),
}


def test_a_filled_form_reads_back_exactly(folder: Path, tmp_path: Path) -> None:
    place = folder / "returns" / "2022-23-Q1" / "northam_council_2022-23-Q1.xlsx"
    place.parent.mkdir(parents=True)
    done = CliRunner().invoke(
        template, ["northam_council", "2022-23-Q1", "--data", str(folder.parent), "--out", str(place)]
    )
    assert done.exit_code == 0, done.output
    fill(place, FILLED)
    found = as_read(folder, load(folder))
    assert found | WANTED == found
    assert len(found) == 11


def test_a_form_that_went_through_libreoffice_reads_back_exactly(folder: Path, tmp_path: Path) -> None:
    """Opened and saved as LibreOffice's own kind of file, opened again, and sent as a workbook."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")

    def saved_as(kind: str, path: Path, place: Path) -> Path:
        profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
        command = [office, profile, "--headless", "--convert-to", kind, "--outdir", str(place), str(path)]
        subprocess.run(command, check=True, timeout=120, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        return place / f"{path.stem}.{kind}"

    plain = tmp_path / "northam_council_2022-23-Q1.xlsx"
    made(folder).save(plain)
    fill(plain, FILLED)
    target = folder / "returns" / "2022-23-Q1"
    target.mkdir(parents=True)
    sent = saved_as("xlsx", saved_as("ods", plain, tmp_path / "office"), target)
    assert sent.read_bytes() != plain.read_bytes()
    found = as_read(folder, load(folder))
    assert found | WANTED == found
    assert len(found) == 11


def test_text_of_the_catalogue_is_never_a_formula(folder: Path) -> None:
    path = folder / "catalogue.yaml"
    path.write_text(path.read_text().replace("name: Referrals, definition: Referrals received.",
                                             "name: '=2+2', definition: '+cmd()'"))  # fmt: skip
    book = made(folder)
    assert {book["Return"]["B5"].data_type, book["Definitions"]["C2"].data_type} == {"s"}
    assert book["Return"]["B5"].value == "=2+2"


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(template, [*arguments, "--data", str(folder.parent)])
    return str(done.exception)


def test_what_no_form_can_be_made_of(folder: Path) -> None:
    assert "no agency 'Fire'; there are Northam Council, Police" in run(folder, "Fire", "2022-23-Q1")
    assert "found '2022-23', wanted a financial quarter" in run(folder, "Police", "2022-23")
    assert "quarter: found 'spring'" in run(folder, "Police", "spring")
    assert "cannot be written" in run(folder, "Police", "2022-23-Q1", "--out", str(folder / "no" / "form.xlsx"))


def test_a_demo_form_asks_for_what_was_sent_last_quarter() -> None:
    root = Path(__file__).resolve().parents[1] / "data" / "demo"
    definitions = load(root)
    table, _, _ = returns.read(root, definitions)
    agency = forms.agency_of(definitions, "lanternhouse_camhs")
    assert agency is not None
    book = forms.form(definitions, table, agency, parse("2022-23-Q3"))
    assert book is not None
    asked = pd.DataFrame(rows(book))
    sent = table[(table["agency"] == agency.name) & (table["file"].str.contains("2022-23-Q2"))]
    assert set(asked["indicator"]) >= set(sent["indicator"])
    assert asked["last value"].notna().any()
