"""Notebooks as they are kept: thin, clean, without a figure of their own, and they run where an analyst opens them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from threatlib.briefing import parameters
from threatlib.briefing.clean import cleaned, text_of
from threatlib.briefing.pages import PAGES
from threatlib.errors import UsageError

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
BRIEFING = [path for path in NOTEBOOKS if path.stem in PAGES]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Path:
    return request.param


def code_of(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_every_page_has_its_notebook() -> None:
    assert {path.stem for path in NOTEBOOKS} == {*PAGES, "explore"}


def test_it_is_clean(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    assert text == text_of(cleaned(json.loads(text)))


def test_it_has_one_parameters_cell(notebook: Path) -> None:
    assert {"partnership", "quarter", "audience"} <= set(parameters.read(notebook))


def test_it_is_thin(notebook: Path) -> None:
    for cell in code_of(notebook):
        assert len(cell.source.splitlines()) <= 15
        kinds = {type(node) for node in ast.walk(ast.parse(cell.source))}
        assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef}


@pytest.mark.parametrize("path", BRIEFING, ids=lambda path: path.stem)
def test_no_figure_is_typed_in_a_briefing_notebook(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if "parameters" not in cell.metadata.get("tags", []):
            assert not re.search(r"\d", cell.source), cell.source


@pytest.mark.parametrize("path", BRIEFING, ids=lambda path: path.stem)
def test_a_briefing_notebook_ends_with_its_sentinel(path: Path) -> None:
    assert code_of(path)[-1].source == "page.finish()"


def test_it_runs_in_its_own_folder_with_its_defaults() -> None:
    """One that is quick, without JupyterLab; `tests/lab` opens every notebook in it."""
    book = nbformat.read(FOLDER / "csa.ipynb", as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    assert all(cell.execution_count for cell in book.cells if cell.cell_type == "code")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([], "found 0 cells tagged 'parameters'"),
        (["quarter = 'a'", "quarter = 'b'"], "found 2 cells tagged 'parameters'"),
        (["import os"], "holds more than assignments"),
        (["quarter = open('x')"], "has no literal default"),
    ],
)
def test_a_bad_parameters_cell_is_refused(tmp_path: Path, cells: list[str], said: str) -> None:
    tagged = [nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]}) for source in cells]
    path = tmp_path / "odd.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=tagged), path)
    with pytest.raises(UsageError, match=re.escape(said)):
        parameters.read(path)
