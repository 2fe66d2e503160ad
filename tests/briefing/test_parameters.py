"""A notebook's parameters are read without running it; what does not fit is refused with what does."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from threatlib.briefing import parameters
from threatlib.errors import UsageError


def book(path: Path, source: str, *, tags: tuple[str, ...] = ("parameters",)) -> Path:
    nbformat.write(new_notebook(cells=[new_code_cell(source, metadata={"tags": list(tags)})]), path / "a.ipynb")
    return path / "a.ipynb"


def test_names_and_defaults_of_every_kind_of_literal(tmp_path: Path) -> None:
    source = (
        'quarter: str = "2022-23-Q2"  # of the report\nlevels = (0.8, 0.95)\nlabel = "#x=1"\ndays: int | None = None'
    )
    assert parameters.read(book(tmp_path, source)) == {
        "quarter": "2022-23-Q2",
        "levels": (0.8, 0.95),
        "label": "#x=1",
        "days": None,
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("quarter = ", "the parameters cell is not Python (line 1)"),
        ("import os", "holds more than assignments (line 1)"),
        ("a = b = 1", "holds more than assignments (line 1)"),
        ("a, b = 1, 2", "holds more than assignments (line 1)"),
        ("x = 1\nquarter: str", "holds more than assignments (line 2)"),
        ("x = input()", "parameter 'x' has no literal default"),
    ],
)
def test_a_cell_that_is_more_than_literals_is_refused(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parameters.read(book(tmp_path, source))
    assert said in str(raised.value)


def test_a_notebook_without_the_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found 0 cells tagged 'parameters', wanted one"):
        parameters.read(book(tmp_path, "x = 1", tags=()))


def test_every_fault_is_named_with_the_nearest_name_that_exists(tmp_path: Path) -> None:
    path = book(tmp_path, 'quarter = ""\njobs = 2')
    parameters.check(path, {"quarter": "2022-23-Q2", "jobs": 3})
    with pytest.raises(UsageError) as raised:
        parameters.check(path, {"quater": "2022-23-Q2", "jobs": "3"})
    assert str(raised.value).splitlines() == [
        "a.ipynb: 'quater' is not one of its parameters: quarter, jobs. Did you mean 'quarter'?",
        "a.ipynb: 'jobs' is str ('3'), wanted int.",
    ]
    with pytest.raises(UsageError, match="'jobs' is bool"):
        parameters.check(path, {"jobs": True})
