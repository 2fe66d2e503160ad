"""Agencies' files to rows: every figure with its file, sheet and row, and every problem of a file at once.

The canonical layout is a header with ``indicator, area, period, value`` and optionally ``numerator, denominator,
breakdown, status, note``; the partnership's own published figures carry their place in the report besides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.observations import COLUMNS, empty
from threatlib.returns.grids import grids, with_header
from threatlib.returns.interpret import interpret
from threatlib.returns.problems import Problem, as_records
from threatlib.returns.register import data_files, digest, read_register

__all__ = ["Problem", "as_records", "digest", "read"]


def read(folder: Path, definitions: Definitions) -> tuple[pd.DataFrame, pd.DataFrame, list[Problem]]:
    """Read every registered file of a partnership.

    Returns
    -------
    (DataFrame, DataFrame, list of Problem)
        Observations (see `observations.COLUMNS`), the register, and all problems of all files.
    """
    register, problems = read_register(folder)
    known = set(register["file"])
    for path in data_files(folder):
        name = path.relative_to(folder).as_posix()
        if name not in known:
            problems.append(
                Problem(
                    name,
                    "",
                    0,
                    "",
                    "a file that is not in register.csv",
                    "every file registered before it is used",
                    "Run `threatlib check` to register it.",
                )
            )
    tables = []
    for _, entry in register.iterrows():
        path = folder / entry["file"]
        if not path.is_file():
            problems.append(
                Problem(
                    "register.csv",
                    "",
                    entry["row"],
                    "file",
                    f"'{entry['file']}', which is not there",
                    "a file that exists",
                    "Put the file back, or remove the entry.",
                )
            )
            continue
        if digest(path) != entry["sha256"]:
            problems.append(
                Problem(
                    entry["file"],
                    "",
                    0,
                    "",
                    "contents that differ from the registered checksum",
                    "the file as it was received",
                    "Restore it; a corrected file is registered anew under its own name.",
                )
            )
            continue
        rows, faults = _read_file(path, entry, definitions)
        tables.append(rows)
        problems += faults
    table = pd.concat([empty(), *tables], ignore_index=True) if tables else empty()
    return table.astype(COLUMNS), register, problems


def _read_file(path: Path, entry: pd.Series[Any], definitions: Definitions) -> tuple[pd.DataFrame, list[Problem]]:
    tables, problems = [], []
    for sheet, grid in grids(path):
        raw, faults = with_header(grid, entry["file"], sheet)
        problems += faults
        if raw is None:
            continue
        rows, faults = interpret(raw, entry, sheet, definitions)
        tables.append(rows)
        problems += faults
    return (pd.concat(tables, ignore_index=True) if tables else empty()), problems
