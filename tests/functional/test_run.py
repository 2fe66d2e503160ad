"""The main job through the command line: what it makes, what it refuses, what it leaves alone."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from openpyxl import load_workbook

from tests.functional.conftest import PARTNERSHIPS, QUARTER, ROOT, threatlib, threatlib_anew
from tests.small import folder as small
from threatlib.briefing.lint import lint, lint_site
from threatlib.briefing.pages import PAGES

pytestmark = pytest.mark.xdist_group("briefings")


@pytest.fixture(params=PARTNERSHIPS)
def folder(request: pytest.FixtureRequest, briefings: Path) -> Path:
    return briefings / request.param / QUARTER


def digests(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


def test_every_page_table_and_notebook_is_there(folder: Path) -> None:
    names = set(digests(folder))
    assert {"index.html", "manifest.json", "tables.xlsx", "tables/findings.csv"} <= names
    assert {f"{name}.html" for name in PAGES} <= names
    assert {f"notebooks/{name}.ipynb" for name in PAGES} <= names


def test_nothing_else_is_left_behind(briefings: Path) -> None:
    assert {p.name for p in briefings.iterdir()} <= {*PARTNERSHIPS, ".earlier", ".locks", ".staging"}
    assert not list((briefings / ".staging").iterdir())


def test_pages_pass_the_linter_alone_and_together(folder: Path) -> None:
    pages = {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.html")}
    simulated = folder.parent.name == "demo"
    for name, html in pages.items():
        assert lint(html, simulated=simulated) == [], name
    assert not {name: found for name, found in lint_site(pages).items() if found}


def test_simulated_pages_say_so_and_real_ones_do_not(briefings: Path) -> None:
    for page in (briefings / "demo" / QUARTER).glob("*.html"):
        assert "Simulated data" in page.read_text(encoding="utf-8"), page.name
    for page in (briefings / "city-hackney" / QUARTER).glob("*.html"):
        assert "Simulated data" not in page.read_text(encoding="utf-8"), page.name


def test_the_manifest_says_what_the_run_was(folder: Path) -> None:
    record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert record["status"] == "ok"
    assert record["quarter"] == QUARTER
    assert record["data_kind"] == ("simulated" if folder.parent.name == "demo" else "real")
    assert record["tests_made"] > 0
    counted = pd.read_csv(folder / "tables" / "comparisons.csv")
    assert record["tests_made"] == counted["made"].sum()
    assert record["expected_false_flags"] == pytest.approx(counted.loc[counted["raises"], "expected_false"].sum())
    assert all(entry["digest"].startswith("hmac-sha256:") for entry in record["inputs"])
    wanted = {name: value for name, value in digests(folder).items() if name != "manifest.json"}
    assert {entry["path"]: entry["sha256"] for entry in record["outputs"]} == wanted


def test_findings_have_the_promised_columns(folder: Path) -> None:
    wanted = [
        "finding_id",
        "threat",
        "indicator",
        "area",
        "period",
        "check",
        "direction",
        "polarity",
        "severity",
        "confidence",
        "probability_term",
        "value",
        "expected",
        "lower",
        "upper",
        "sentence",
        "status",
        "requirement",
    ]
    assert set(wanted) <= set(pd.read_csv(folder / "tables/findings.csv").columns)


def test_the_workbook_opens_has_a_cover_and_no_blank_cell(folder: Path) -> None:
    book = load_workbook(folder / "tables.xlsx", read_only=True)
    assert book.sheetnames[0] == "Cover"
    for sheet in book.worksheets[1:]:
        if sheet.title in ("Contents", "Notes"):
            continue
        rows = list(sheet.iter_rows(values_only=True))
        head = next(i for i, row in enumerate(rows) if sum(cell is not None for cell in row) > 2)
        width = len(rows[head])
        assert all(cell not in (None, "") for row in rows[head:] for cell in row[:width]), sheet.title


def test_published_notebooks_carry_no_trace_of_the_machine(folder: Path) -> None:
    for path in (folder / "notebooks").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert "papermill" not in nbformat.reads(text, as_version=4).metadata


def test_verify_proves_a_briefing_and_sees_a_changed_one(briefings: Path, tmp_path: Path) -> None:
    folder = briefings / "city-hackney" / QUARTER
    assert threatlib("verify", folder).returncode == 0
    copy = tmp_path / "city-hackney" / QUARTER
    shutil.copytree(folder, copy)
    (copy / "tables/findings.csv").write_text("changed", encoding="utf-8")
    (copy / "stray.txt").write_text("stray", encoding="utf-8")
    done = threatlib("verify", copy)
    assert done.returncode == 7
    assert "tables/findings.csv: its contents changed" in done.stderr
    assert "stray.txt: there, but not in the manifest" in done.stderr


def test_the_same_inputs_give_the_same_bytes_however_kernels_are_started(briefings: Path, tmp_path: Path) -> None:
    """Another process, kernels that were not forked; but for the manifest, which says when, and prints (see there)."""
    done = threatlib_anew(
        "run", QUARTER, "city-hackney", "--out", tmp_path, THREATLIB_KERNELS="ordinary", THREATLIB_PDF="0"
    )
    assert done.returncode == 0, done.stderr
    first, second = (digests(out / "city-hackney" / QUARTER) for out in (briefings, tmp_path))
    index = (tmp_path / "city-hackney" / QUARTER / "index.html").read_text(encoding="utf-8")
    with_prints = (briefings / "city-hackney" / QUARTER / "index.html").read_text(encoding="utf-8")
    assert re.sub(r"<li><a [^>]*\.pdf.*\n", "", with_prints) == index
    for name in ("manifest.json", "index.html"):
        del first[name], second[name]
    assert len(second) > 20
    assert {name: value for name, value in first.items() if not name.endswith(".pdf")} == second


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "2031-32-Q1"], 2, "no data for 2031-32-Q1; there are data from"),
        (["run", "2012-13-Q1", "demo"], 2, "no data for 2012-13-Q1; there are data from 2016-17-Q3 to 2022-23-Q2"),
        (["run", QUARTER, "demo", "--as-of", "2020-01-31"], 2, "known on 2020-01-31; there are data from"),
        (["run", "2022-23"], 2, "wanted a financial quarter such as 2022-23-Q2"),
        (["run", "soon"], 2, "found 'soon', wanted a period such as"),
        (["run", QUARTER, "atlantis"], 2, "no partnership 'atlantis'; there are city-hackney, demo"),
        (["run", QUARTER, "demo", "--audience", "press"], 2, "no audience 'press'; it has"),
        (["run", QUARTER, "--data", "nowhere"], 2, "no partnership in it"),
        (["catalogue", "csc_referals"], 2, "no indicator 'csc_referals'"),
        (["frobnicate"], 2, "No such command"),
        (["run", QUARTER, "--jobs", "none"], 2, "Invalid value for '--jobs'"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(words: list[str], code: int, said: str, tmp_path: Path) -> None:
    done = threatlib(*words, *(["--out", tmp_path] if words[0] == "run" else []))
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.html"))


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    return tmp_path / "notebooks"


def spoil(path: Path, source: str, *, place: int = -1) -> None:
    book = nbformat.read(path, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    code[place].source = source
    nbformat.write(book, path)


def test_a_notebook_that_fails_publishes_nothing(notebooks: Path, tmp_path: Path) -> None:
    """The command as it is typed, the six notebooks as they are; every other fault is in ``tests/faults``."""
    data, out = small(tmp_path / "data" / "small").parent, tmp_path / "out"
    last = out / "small" / QUARTER
    last.mkdir(parents=True)
    (last / "index.html").write_text("last quarter's briefing", encoding="utf-8")
    before = digests(out / "small")
    spoil(notebooks / "briefing.ipynb", "raise ValueError('the data are odd')", place=1)
    done = threatlib("run", QUARTER, "--data", data, "--out", out, "--notebooks", notebooks)
    assert done.returncode == 1, done.stderr
    assert "briefing.ipynb, cell 3: ValueError: the data are odd" in done.stderr
    assert digests(out / "small") == before
    assert not list((out / ".staging").iterdir())


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ('quarter = "x"\naudience = "x"\nrelease = ""\nrun_id = ""', "'partnership' is not one of its parameters"),
        ('partnership = 1\nquarter = "x"\naudience = "x"\nrelease = ""\nrun_id = ""', "'partnership' is str"),
        ('partnerships = ""\nquarter = ""\naudience = ""\nrelease = ""\nrun_id = ""', "Did you mean 'partnerships'?"),
        ("partnership = input()", "has no literal default"),
    ],
)
def test_parameters_are_checked_before_any_kernel_starts(
    notebooks: Path, tmp_path: Path, parameters: str, said: str
) -> None:
    spoil(notebooks / "demand.ipynb", parameters, place=0)
    done = threatlib("run", QUARTER, "demo", "--out", tmp_path / "out", "--notebooks", notebooks)
    assert done.returncode == 2
    assert said in done.stderr
    assert "briefing  " not in done.stdout


def test_two_runs_of_one_partnership_are_kept_apart(tmp_path: Path) -> None:
    from threatlib.briefing.publish import lock
    from threatlib.errors import LockedError

    with lock(tmp_path, "demo"):
        with lock(tmp_path, "city-hackney"):
            pass
        with pytest.raises(LockedError, match="another run of this partnership"), lock(tmp_path, "demo"):
            pass
    with lock(tmp_path, "demo"):
        pass


def test_what_has_not_changed_is_left_alone_when_asked(briefings: Path) -> None:
    before = digests(briefings / "demo" / QUARTER)
    done = threatlib("run", QUARTER, "demo", "--out", briefings, "--resume")
    assert done.returncode == 0
    assert "nothing has changed since" in done.stdout
    assert digests(briefings / "demo" / QUARTER) == before
