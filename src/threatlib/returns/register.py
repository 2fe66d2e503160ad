"""The register: every file received, with its checksum, before it is used."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from threatlib.returns.problems import Problem
from threatlib.returns.safety import READABLE

REGISTER = ("file", "sha256", "agency", "period", "received_on", "supersedes", "kind", "note")
KINDS = ("return", "published", "official", "simulated")
FOLDERS = ("published", "official", "returns", "reference")
"""Where a partnership's files of figures lie."""

REFUSED = (".xls", ".xlsm", ".xlsb", ".ods", ".zip", ".pdf", ".docx", ".parquet")
"""What also gets sent: not read, and said so. Among the returns that holds of a file of any other kind, too."""

_BESIDE = ("thumbs.db", "desktop.ini", "readme.md")
"""What Windows and people leave beside the files."""


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_register(folder: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """The register, with `row` (in the file) and `received_on` as a day, and what is wrong with it."""
    path = folder / "register.csv"
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (FileNotFoundError, pd.errors.EmptyDataError):
        table = pd.DataFrame({name: pd.Series(dtype="str") for name in REGISTER})
    except (pd.errors.ParserError, UnicodeDecodeError) as fault:
        found = f"a table that cannot be read ({' '.join(str(fault).split())})"
        return _empty(), [Problem("register.csv", "", 0, "", found, "CSV in UTF-8", "Mend it, or restore it.")]
    missing = [name for name in REGISTER if name not in table.columns]
    if missing:
        found = f"no column {', '.join(missing)}"
        return _empty(), [Problem("register.csv", "", 1, "", found, ", ".join(REGISTER), "Add it.")]
    table["row"] = np.arange(2, len(table) + 2)
    received = pd.to_datetime(table["received_on"], format="%Y-%m-%d", errors="coerce")
    problems: list[Problem] = []
    bad = pd.Series(False, table.index)
    for name, wrong, wanted, todo in (
        ("received_on", received.isna(), "a day as 2022-10-14", "Write the day the file was received."),
        ("kind", ~table["kind"].isin(KINDS), f"one of {', '.join(KINDS)}", "Say what kind of file it is."),
        ("file", table["file"].duplicated(), "each file once", "Remove the second entry."),
        (
            "supersedes",
            (table["supersedes"] != "") & ~table["supersedes"].isin(table["file"]),
            "a file of the register",
            "Name the file as the register does.",
        ),
    ):
        for row, found in zip(table.loc[wrong, "row"], table.loc[wrong, name], strict=True):
            problems.append(Problem("register.csv", "", int(row), name, f"'{found}'", wanted, todo))
        bad |= wrong
    table["received_on"] = received
    return table[~bad].reset_index(drop=True), problems


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in [*REGISTER, "row"]})


def data_files(folder: Path) -> Iterator[Path]:
    """Files of figures under a partnership's folder; what is no file but is named like one, too (refused when read)."""
    for place in FOLDERS:
        for path in sorted((folder / place).rglob("*")):
            known = path.suffix.lower() in READABLE + REFUSED
            named = known or (place == "returns" and not path.is_dir())
            beside = path.name.startswith(("~$", ".")) or path.name.lower() in _BESIDE
            if named and not beside:
                yield path


def append(folder: Path, entries: Sequence[Mapping[str, str]]) -> None:
    """Add entries to the register: whole, or not at all."""
    path = folder / "register.csv"
    before = path.read_text(encoding="utf-8-sig") if path.is_file() else ",".join(REGISTER) + "\n"
    staged = path.with_name(f".register-{os.getpid()}.csv")
    with staged.open("w", encoding="utf-8", newline="") as handle:
        handle.write(before if before.endswith("\n") else before + "\n")
        names = next(csv.reader(before.splitlines()))
        writer = csv.DictWriter(handle, names, restval="", lineterminator="\n")
        writer.writerows(entries)
    staged.replace(path)
