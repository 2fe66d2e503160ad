"""Read the golden vectors of `tests/golden/rates`."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "golden" / "rates"


class Table:
    """A golden table by column: `table["x"]` as floats (NA is NaN), `table.text("id")` as text."""

    def __init__(self, name: str) -> None:
        with gzip.open(FOLDER / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as handle:
            self.rows = list(csv.DictReader(handle))
        assert self.rows, name

    def text(self, column: str) -> np.ndarray:
        return np.array([row[column] for row in self.rows])

    def __getitem__(self, column: str) -> np.ndarray:
        return np.array([float(row[column]) if row[column] not in ("", "NA") else np.nan for row in self.rows])

    def levels(self) -> np.ndarray:
        """Confidence as a share: the reference also takes 99.8 for 0.998."""
        level = self["confidence_arg"]
        return np.where(level > 1, level / 100, level)

    def where(self, keep: np.ndarray) -> Table:
        part = object.__new__(Table)
        part.rows = [row for row, kept in zip(self.rows, keep, strict=True) if kept]
        return part


def assert_close(found: object, wanted: object, tolerance: float = 1e-9) -> None:
    """Equal to a relative tolerance, missing where the reference is missing; 0 is 0 to the same absolute one."""
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.asarray(wanted, dtype=float), tolerance, tolerance)
