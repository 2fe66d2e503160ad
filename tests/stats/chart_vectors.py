"""Read the golden vectors of `tests/golden/spc` and `tests/golden/trend`."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[1] / "golden"


def read(name: str) -> list[dict[str, str]]:
    """All rows of a table, packed or not."""
    path = FOLDER / name
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert rows, name
    return rows


def read_json(name: str) -> Any:
    path = FOLDER / name
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as handle:
        return json.load(handle)


class Case:
    """The rows of one case: `case["mean"]` as floats (NA is NaN), `case.text("type")` as text."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.rows = rows
        self._floats: dict[str, np.ndarray] = {}

    def __getitem__(self, column: str) -> np.ndarray:
        if column not in self._floats:
            texts = (row[column] for row in self.rows)
            self._floats[column] = np.array([np.nan if text in ("", "NA") else float(text) for text in texts])
        return self._floats[column].copy()

    def text(self, column: str) -> np.ndarray:
        return np.array([row[column] for row in self.rows])

    def true(self, column: str) -> np.ndarray:
        return self.text(column) == "TRUE"


def cases(name: str, *keys: str) -> Iterator[tuple[tuple[str, ...], Case]]:
    """Rows gathered by the given columns, in order."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in read(name):
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    for key, rows in groups.items():
        yield key, Case(rows)


def agree(found: np.ndarray, wanted: np.ndarray, tolerance: float = 1e-9) -> bool:
    """Equal to a relative tolerance (absolute below 1), missing where the reference is missing."""
    return bool(np.allclose(found, wanted, rtol=tolerance, atol=tolerance, equal_nan=True))
