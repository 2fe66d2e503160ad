"""A notebook as it is kept in the repository: its cells and tags, and nothing of any run.

``python -m threatlib.briefing.clean NOTEBOOK...`` rewrites those that are not clean, and then exits 1 as pre-commit
wants.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_KEPT = ("kernelspec", "title")


def cleaned(book: dict[str, Any]) -> dict[str, Any]:
    """The notebook without outputs, counts and run metadata; kernel, title, tags and ids stay."""
    cells = []
    for number, cell in enumerate(book["cells"]):
        tags = cell.get("metadata", {}).get("tags", [])
        kept = {
            "cell_type": cell["cell_type"],
            "id": cell.get("id", f"cell-{number}"),
            "metadata": {"tags": tags} if tags else {},
            "source": cell["source"],
        }
        if cell["cell_type"] == "code":
            kept |= {"execution_count": None, "outputs": []}
        cells.append(dict(sorted(kept.items())))
    metadata = {name: book["metadata"][name] for name in _KEPT if name in book["metadata"]}
    metadata["language_info"] = {"name": "python"}
    return {"cells": cells, "metadata": dict(sorted(metadata.items())), "nbformat": 4, "nbformat_minor": 5}


def text_of(book: dict[str, Any]) -> str:
    """The notebook's file content: one-space indent, a newline at the end."""
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def main(files: list[str]) -> int:
    changed = 0
    for path in map(Path, files):
        before = path.read_text(encoding="utf-8")
        after = text_of(cleaned(json.loads(before)))
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"cleaned {path}")  # noqa: T201
            changed += 1
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
