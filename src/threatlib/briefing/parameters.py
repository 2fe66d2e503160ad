"""A notebook's parameters: read without running it, and what it is given checked against them."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from threatlib.errors import UsageError, meant


def read(notebook: Path) -> dict[str, Any]:
    """Names and defaults of a notebook's parameters, read without running it.

    Raises
    ------
    UsageError
        If the notebook does not have exactly one cell tagged ``parameters``, first among its code cells, made of plain
        assignments of literals.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UsageError(f"{notebook}: found something that is not a notebook ({fault}).") from fault
    tagged = [place for place, cell in enumerate(code) if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if tagged != [0]:
        raise UsageError(
            f"{notebook}: found {len(tagged)} cells tagged 'parameters', wanted one, before any other code. "
            "Tag the first code cell 'parameters'."
        )
    source = code[0]["source"]
    return _assigned(notebook, source if isinstance(source, str) else "".join(source))


def _assigned(notebook: Path, source: str) -> dict[str, Any]:
    try:
        body = ast.parse(source).body
    except SyntaxError as fault:
        raise UsageError(f"{notebook}: the parameters cell is not Python (line {fault.lineno}).") from fault
    found: dict[str, Any] = {}
    for node in body:
        name, value = _assignment(node)
        if value is None:
            raise UsageError(f"{notebook}: the parameters cell holds more than assignments (line {node.lineno}).")
        try:
            found[name] = ast.literal_eval(value)
        except ValueError as fault:
            raise UsageError(f"{notebook}: parameter '{name}' has no literal default.") from fault
    return found


def _assignment(node: ast.stmt) -> tuple[str, ast.expr | None]:
    """The one name that a statement assigns to, and what; no value if it is another kind of statement."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    if isinstance(node, ast.Assign | ast.AnnAssign) and len(targets) == 1 and isinstance(targets[0], ast.Name):
        return targets[0].id, node.value
    return "", None


def check(notebook: Path, given: Mapping[str, Any]) -> None:
    """Refuse a parameter the notebook does not have, or one of another type, before any kernel starts.

    Raises
    ------
    UsageError
        Naming every fault, with the nearest name that does exist.
    """
    defaults = read(notebook)
    faults = []
    for name, value in given.items():
        if name not in defaults:
            hint = meant(name, defaults)
            faults.append(f"'{name}' is not one of its parameters: {', '.join(defaults)}. {hint}".rstrip())
        elif type(value) is not type(defaults[name]):
            wanted, got = type(defaults[name]).__name__, type(value).__name__
            faults.append(f"'{name}' is {got} ({value!r}), wanted {wanted}.")
    if faults:
        raise UsageError("\n".join(f"{notebook.name}: {fault}" for fault in faults))
