"""The register: every file received, with its checksum, before it is used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from threatlib.returns.problems import Problem

REGISTER = ("file", "sha256", "agency", "period", "received_on", "supersedes", "kind", "note")
KINDS = ("return", "published", "official", "simulated")


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_register(folder: Path) -> tuple[pd.DataFrame, list[Problem]]:
    path = folder / "register.csv"
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (FileNotFoundError, pd.errors.EmptyDataError):
        table = pd.DataFrame({name: pd.Series(dtype="str") for name in REGISTER})
    missing = [name for name in REGISTER if name not in table.columns]
    if missing:
        fault = Problem("register.csv", "", 1, "", f"no column {', '.join(missing)}", ", ".join(REGISTER), "Add it.")
        return pd.DataFrame({name: pd.Series(dtype="str") for name in [*REGISTER, "row"]}), [fault]
    table["row"] = np.arange(2, len(table) + 2)
    problems = []
    received = pd.to_datetime(table["received_on"], format="%Y-%m-%d", errors="coerce")
    for bad in table[received.isna()].to_dict("records"):
        problems.append(
            Problem(
                "register.csv",
                "",
                bad["row"],
                "received_on",
                f"'{bad['received_on']}'",
                "a day as 2022-10-14",
                "Write the day the file was received.",
            )
        )
    for bad in table[~table["kind"].isin(KINDS)].to_dict("records"):
        problems.append(
            Problem(
                "register.csv",
                "",
                bad["row"],
                "kind",
                f"'{bad['kind']}'",
                f"one of {', '.join(KINDS)}",
                "Say what kind of file it is.",
            )
        )
    table["received_on"] = received
    return table[received.notna() & table["kind"].isin(KINDS)].reset_index(drop=True), problems


def data_files(folder: Path) -> Iterator[Path]:
    for place in ("published", "official", "returns", "reference"):
        yield from sorted(p for p in (folder / place).rglob("*") if p.is_file() and p.suffix in (".csv", ".xlsx"))
