"""A whole run in this process: notebooks' cells are executed here, and all else of a run is as it is in earnest.

A kernel costs seconds, and a Release that reaches it is a file: what a cell displays depends on that file alone. Pairs
through real kernels are run beside this, a few of them.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from tests.disclosure.pairs import World
from threatlib import manifest
from threatlib.briefing import kernels, runner
from threatlib.pipeline import brief

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
KEY = "5a" * 32


def execute(notebook: Path, output: Path, given: Mapping[str, Any], *, run_id: str, **_: Any) -> Any:
    """In place of `runner.execute`: the same notebook with the same parameters in the same folder."""
    book = load_notebook_node(str(notebook))
    book = parameterize_notebook(book, dict(given), kernel_name="python3", language="python")
    formatter, names, before = DisplayFormatter(), {"__name__": "__main__"}, Path.cwd()
    os.chdir(output.parent)
    try:
        code = [cell for cell in book.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code, start=1):
            cell.execution_count, cell.outputs = number, []
            shown = _run(cell.source, names)
            if shown is not None:
                data, metadata = formatter.format(shown)
                cell.outputs = [
                    nbformat.v4.new_output("execute_result", data, metadata=metadata, execution_count=number)
                ]
    finally:
        os.chdir(before)
    nbformat.write(book, output)
    runner._prove_finished(notebook.name, book, run_id)
    return book


def _run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line if that is an expression."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last is not None else None


def fixed(monkeypatch: pytest.MonkeyPatch, *, in_process: bool = True, pdf: bool = False) -> None:
    """Clock, run id, key and commit as a test wants them, no kernels, and no PDF copies unless asked for."""
    monkeypatch.setattr(manifest, "commit", lambda: "0" * 40)  # somebody may commit between two runs
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("THREATLIB_RUN_ID", "fixed")
    monkeypatch.setenv(manifest.KEY_VARIABLE, KEY)
    monkeypatch.setenv("THREATLIB_PDF", str(int(pdf)))  # a Chromium costs seconds
    if in_process:
        monkeypatch.setattr(runner, "execute", execute)
        monkeypatch.setattr(kernels, "preloaded", lambda: None)


def briefed(folder: Path, made: World, out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Every file under the output folder after every run of a world, hidden folders too."""
    for quarter, day in made.runs:
        monkeypatch.setenv("THREATLIB_RUN_ID", f"run-of-{quarter}")
        done = brief(str(folder), quarter, out=str(out), notebooks=str(NOTEBOOKS), as_of=day, jobs=1)
        assert done.exit_code == 0, done.message
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
