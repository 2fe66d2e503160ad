"""No room above the gate can reach a figure that has not passed it.

Import contracts keep rooms from reaching upwards; what lies under the gate could still be imported from above it. So
here is said what may be, name by name, and where the one place is that hands received figures to the gate.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "threatlib"
ABOVE = ("assessment", "figures", "briefing", "signals", "wording.py", "manifest.py")
BELOW = ("threatlib.observations", "threatlib.returns", "threatlib.sources", "threatlib.starting", "threatlib.forms")
ALLOWED = {
    "HAS_VALUE", "HIDDEN", "STATUSES", "KEY", "COLUMNS",  # names of things
    "references",  # where rows of a table, a Release's too, say they are from
    "digest",  # a file's checksum, for the manifest
}  # fmt: skip
READERS = {"read_csv", "read_excel", "load_workbook", "load_definitions"}
AUDITORS = {"audit.py", "printed.py", "texts.py", "sums.py", "elsewhere.py", "drawn.py"}
"""They read what is published, as an outsider would."""
NOTEBOOKS = ("briefing", "workforce", "demand", "csa", "mental_health", "data_quality")


def _modules() -> list[Path]:
    return sorted(
        p for room in ABOVE for p in ([SOURCE / room] if room.endswith(".py") else (SOURCE / room).rglob("*.py"))
    )


def _from_below(tree: ast.AST) -> Iterator[str]:
    """Names imported from the rooms in which figures are that have not passed the gate."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(BELOW))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(BELOW):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "threatlib":
            yield from (alias.name for alias in node.names if f"threatlib.{alias.name}" in BELOW)


def _reads(tree: ast.AST) -> set[str]:
    """Names of functions that read a table from a file, of those that are called."""
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {n.attr if isinstance(n, ast.Attribute) else getattr(n, "id", "") for n in called} & READERS


def test_rooms_above_the_gate_import_no_function_of_received_figures():
    found = {
        path.relative_to(SOURCE).as_posix(): names
        for path in _modules()
        if (names := set(_from_below(ast.parse(path.read_text(encoding="utf-8")))) - ALLOWED)
    }
    assert found == {}


def test_rooms_above_the_gate_read_no_tables_from_files():
    found = {
        path.relative_to(SOURCE).as_posix(): names
        for path in _modules()
        if path.name not in AUDITORS and (names := _reads(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        "from threatlib.observations import with_bases", "from threatlib import returns",
        "import threatlib.sources.dfe", "import pandas\npandas.read_csv('returns/x.csv')",
    ],
)  # fmt: skip
def test_a_way_around_would_be_seen(line):
    tree = ast.parse(line)
    assert (set(_from_below(tree)) - ALLOWED) | _reads(tree)


def test_one_module_of_the_pipeline_hands_received_figures_to_the_gate():
    """Received figures are a Dataset's `received`, `table` and `known`; a run has a Dataset and uses none of these."""
    found = set()
    for path in sorted((SOURCE / "pipeline").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Attribute):
                continue
            if node.attr in ("received", "known") or (node.attr == "table" and "dataset" in ast.unparse(node.value)):
                found.add(path.name)
    assert found == {"analysis.py"}


def test_what_is_assessed_is_made_from_the_release():
    """What calls the gate hands on the Release; of received figures only an internal briefing's revisions."""
    tree = ast.parse((SOURCE / "pipeline" / "analysis.py").read_text(encoding="utf-8"))
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and "protect(" in ast.unparse(n)]
    (body,) = (function.body for function in functions)
    calls = [n for part in body for n in ast.walk(part) if isinstance(n, ast.Call)]
    received = [ast.unparse(c) for c in calls if any("dataset.received" in ast.unparse(a) for a in c.args)]
    assert [text.partition("(")[0] for text in received] == ["observations.revisions"]
    guarded = next(n for n in body if isinstance(n, ast.If) and "withholds" in ast.unparse(n.test))
    assert "dataset.received" in ast.unparse(guarded.orelse[0])
    assert not any("dataset.received" in ast.unparse(part) for part in guarded.body)
    (build,) = [c for c in calls if ast.unparse(c.func) == "build"]
    assert {ast.unparse(a) for a in build.args} == {"release", "spoken(dataset.definitions, release)"}
    assert not {"table", "dataset.table"} & {ast.unparse(k.value) for k in build.keywords}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_page_s_notebook_draws_from_its_page_and_nothing_else(name):
    book = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    calls = [
        ast.unparse(node.func)
        for cell in book["cells"]
        if cell["cell_type"] == "code"
        for node in ast.walk(ast.parse("".join(cell["source"])))
        if isinstance(node, ast.Call)
    ]
    assert calls.count("tl.page") == 1
    assert {call for call in calls if not call.startswith("page.")} == {"tl.page"}
