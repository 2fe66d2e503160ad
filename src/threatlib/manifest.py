"""What a run was: inputs, digests, versions, parameters, tests made, outputs.

A file's checksum gives a withheld count away to whoever can guess the rest of the file. So for every audience but the
internal one an input's digest is keyed, and is made of what the gate let through of the file, not of its bytes; the key
stays with the analyst, beside the data and out of the repository.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import platform
import secrets
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from threatlib._version import __version__
from threatlib.errors import DataError
from threatlib.returns import digest

SCHEMA = 1
KEY_FILE = ".digest-key"
KEY_VARIABLE = "THREATLIB_DIGEST_KEY"
_KEY_BYTES = 32
LIBRARIES = ("jupyterlab", "matplotlib", "nbconvert", "numpy", "pandas", "papermill", "scipy", "seaborn")


def key_of(data: Path) -> bytes:
    """The analyst's key for digests, made on first use in the data folder (which git is told to ignore).

    ``THREATLIB_DIGEST_KEY`` (64 hexadecimal digits) stands in for the file, so that runs on two machines can agree.

    Raises
    ------
    DataError
        If the key is damaged, cannot be read, or is not there and cannot be made.
    """
    path = data / KEY_FILE
    given = os.environ.get(KEY_VARIABLE)
    if given is not None:
        return _key(given, KEY_VARIABLE)
    try:
        return _key(path.read_text(encoding="ascii", errors="replace"), str(path))
    except FileNotFoundError:
        return _new_key(path)
    except OSError as fault:
        raise DataError(f"{path}: the key for digests cannot be read ({fault.strerror}).") from fault


def _new_key(path: Path) -> bytes:
    """A fresh key, its file from its first byte on for its owner only."""
    key = secrets.token_bytes(_KEY_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another run was quicker
        return _key(path.read_text(encoding="ascii", errors="replace"), str(path))
    except OSError as fault:
        raise DataError(
            f"{path}: the key for digests is not there and cannot be made ({fault.strerror}). "
            f"Make the folder writable, or set {KEY_VARIABLE}."
        ) from fault
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
    return key


def _key(text: str, where: str) -> bytes:
    digits = text.strip()
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise DataError(
            f"{where}: found {len(digits)} characters that are no key, wanted {2 * _KEY_BYTES} hexadecimal digits. "
            "Restore it from a copy, or remove it: the next run makes another, and digests differ from then on."
        )
    return key


def inputs(folder: Path, files: Iterable[str], released: pd.DataFrame, key: bytes | None) -> list[dict[str, str]]:
    """Path (inside the partnership's folder) and digest of every file that took part.

    Without a key (internal audience) the digest is the file's SHA-256. With one it is an HMAC of the rows released from
    the file: two files that differ only in what is withheld have the same.
    """
    rows = dict(iter(released.groupby("file", sort=False)))
    return [{"path": name, "digest": _digest(folder / name, rows.get(name), key)} for name in sorted(files)]


def _digest(path: Path, rows: pd.DataFrame | None, key: bytes | None) -> str:
    if key is None:
        return f"sha256:{digest(path)}"
    content = rows.to_csv(index=False, lineterminator="\n").encode() if rows is not None else b""
    return f"hmac-sha256:{hmac.new(key, content, hashlib.sha256).hexdigest()}"


def outputs(folder: Path) -> list[dict[str, str]]:
    """Path and checksum of every file of a finished briefing, the manifest itself left out."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / "manifest.json")
    return [{"path": p.relative_to(folder).as_posix(), "sha256": digest(p)} for p in files]


def faults(folder: Path) -> list[str]:
    """What is wrong with a published folder, by its own manifest: files changed, lost or added."""
    try:
        record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [f"{folder}: there is no manifest.json, so nothing here was published by threatlib."]
    except ValueError as fault:
        return [f"{folder / 'manifest.json'}: not readable as JSON ({fault})."]
    try:
        said = {entry["path"]: entry["sha256"] for entry in record["outputs"]}
    except (KeyError, TypeError):
        return [f"{folder / 'manifest.json'}: it lists no outputs with their checksums, so it is no manifest of ours."]
    there = {entry["path"]: entry["sha256"] for entry in outputs(folder)}
    found = [f"{name}: in the manifest, but not there." for name in said if name not in there]
    found += [f"{name}: there, but not in the manifest." for name in there if name not in said]
    found += [
        f"{name}: its contents changed since it was published."
        for name in said
        if there.get(name, said[name]) != said[name]
    ]
    return found


def fingerprint(parts: Iterable[Path], parameters: Mapping[str, Any]) -> str:
    """One digest of everything a briefing is a function of: files (folders with all that is in them) and parameters.

    It depends on withheld values, so it is kept beside the outputs and never published.
    """
    whole = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode())
    for part in parts:
        files = [part] if part.is_file() else sorted(p for p in part.rglob("*") if p.is_file())
        for path in files:
            if "__pycache__" not in path.parts and path.name != KEY_FILE:
                whole.update(f"{path.relative_to(part.parent).as_posix()}:{digest(path)}\n".encode())
    return whole.hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python, threatlib and the libraries that shape the numbers or the pages."""
    found = {name: metadata.version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), "threatlib": __version__, **found}


def commit() -> str:
    """Commit of the working copy that threatlib runs from; empty for an installed package."""
    here = Path(__file__).resolve().parent
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(here), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest: sorted by our order, readable by people, one newline at the end."""
    path.write_text(json.dumps({"schema": SCHEMA, **content}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
