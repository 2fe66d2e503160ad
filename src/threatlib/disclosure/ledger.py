"""The record of what was released to an audience: only ever added to, each release sealed with a checksum.

It holds nothing that was not published. A release adds the figures that are new or different since the one before, then
a line with the SHA-256 of the seal before it and of its own lines; a changed or missing line breaks every later seal.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from threatlib.errors import DataError
from threatlib.observations import HAS_VALUE, KEY

COLUMNS = ("release", "quarter", *KEY, "status", "value", "lower", "upper")
_SEAL = "sealed"
_FIRST = "0" * 64


def read(path: Path, *, until: str = "", before: str = "") -> pd.DataFrame:
    """What has been released, oldest first (`COLUMNS`).

    Parameters
    ----------
    path : Path
        The ledger; one that is not there yet holds nothing.
    until : str, optional
        Leave out releases for later quarters than this one.
    before : str, optional
        Id of a run: leave out its release and all that came after it.

    Raises
    ------
    DataError
        If a line was changed, lost or added outside a release.
    """
    rows = []
    for block, _, run_id in _releases(path):
        if before and run_id == before:
            break
        rows += block
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    for name in ("value", "lower", "upper"):
        table[name] = pd.to_numeric(table[name])
    table["release"] = table["release"].astype("int64")
    return table[table["quarter"] <= until].reset_index(drop=True) if until else table


def append(path: Path, released: pd.DataFrame, *, quarter: str, run_id: str) -> None:
    """Add a release: the rows (columns of a Release's table) that differ from what the ledger holds, and a seal.

    Raises
    ------
    DataError
        If the ledger so far does not hold together.
    """
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    seal, number = _FIRST, 0
    for block, latest, _ in _releases(path):
        seal, number = latest, number + 1
        for row in block:
            known[tuple(row[2:7])] = tuple(row[7:])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for key, told in _told(released):
        if known.get(key) != told:
            writer.writerow([number + 1, quarter, *key, *told])
            known[key] = told
    lines = text.getvalue()
    writer.writerow([_SEAL, number + 1, quarter, run_id, _sealed(seal, lines)])
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")  # whole or not at all: a full disk or a kill leaves no half release
    try:
        with fresh.open("wb") as handle:
            handle.write(path.read_bytes() if path.exists() else b"")
            handle.write(text.getvalue().encode())
            handle.flush()
            os.fsync(handle.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _told(released: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    rows = released[released["status"].isin([*HAS_VALUE, "withheld"]) & (released["indicator"] != "")]
    for *key, status, value, lower, upper in rows[[*KEY, "status", "value", "lower", "upper"]].itertuples(
        index=False, name=None
    ):
        yield (
            tuple(key),
            (status, *("" if number != number else repr(float(number)) for number in (value, lower, upper))),
        )


def _sealed(before: str, lines: str) -> str:
    return hashlib.sha256(f"{before}\n{lines}".encode()).hexdigest()


def _releases(path: Path) -> Iterator[tuple[list[list[str]], str, str]]:
    """Rows, seal and run of each release, the seal checked."""
    if not path.exists():
        return
    seal, block = _FIRST, ""
    with path.open(encoding="utf-8", newline="") as handle:
        for number, line in enumerate(handle, start=1):
            if not line.startswith(f"{_SEAL},"):
                block += line
                continue
            *_, run_id, found = line.rstrip("\n").split(",")
            seal = _sealed(seal, block)
            if found != seal:
                raise DataError(
                    f"{path}, line {number}: found seal {found[:12]}, wanted {seal[:12]}. The record of what was "
                    "released has been changed; restore it from a copy before anything else is published."
                )
            yield list(csv.reader(io.StringIO(block))), seal, run_id
            block = ""
    if block:
        raise DataError(
            f"{path}: the last release has no seal, so it was not written to its end. Remove the lines after the last "
            f"line that begins with '{_SEAL}'."
        )
