"""What is refused before it is read: files that are not what they seem, or larger than any return can be."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from threatlib.returns.problems import Problem

READABLE = (".csv", ".tsv", ".txt", ".xlsx")
"""Kinds of file that are read."""

MAX_BYTES = 512 * 2**20
"""Largest file that is read."""

MAX_UNPACKED = 256 * 2**20
"""Largest size a workbook may unpack to."""

MAX_COLUMNS = 2_000
"""Most columns a sheet may have."""

MAX_CELLS = 40_000_000
"""Most cells a sheet may have."""

_OLD_WORKBOOK = bytes.fromhex("d0cf11e0a1b11ae1")
_ASK = "Ask the sender for a plain .xlsx workbook or a .csv file."


def refusal(path: Path, file: str, folder: Path) -> Problem | None:
    """Why a file must not be opened, if there is a reason.

    Parameters
    ----------
    path : Path
        The file.
    file : str
        Its name in the register, for the message.
    folder : Path
        The partnership's folder, which the file must lie in.
    """

    def say(found: str, wanted: str, todo: str = _ASK) -> Problem:
        return Problem(file, "", 0, "", found, wanted, todo)

    inside = "a file of its own inside the partnership's folder"
    if any(part.is_symlink() for part in (path, *path.parents) if folder in part.parents):
        return say("a symbolic link", inside, "Put the file itself there.")
    if not path.resolve().is_relative_to(folder.resolve()):
        return say("a path that leads out of the folder", inside, "Put the file there and mend its entry.")
    if not path.is_file():
        return say("no file", "a file", "Put the file back, or remove its entry.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        return say(f"{size / 2**20:,.0f} MiB", f"at most {MAX_BYTES // 2**20} MiB")
    if size == 0:
        return say("an empty file", "a return", "Ask the sender to send it again.")
    if path.suffix.lower() not in READABLE:
        return say(f"a {path.suffix} file", "a .csv or .xlsx file")
    if path.suffix.lower() != ".xlsx":
        return None
    return _workbook_refusal(path, say)


def _workbook_refusal(path: Path, say: Callable[..., Problem]) -> Problem | None:
    with path.open("rb") as handle:
        first = handle.read(8)
    if first == _OLD_WORKBOOK:
        return say("an old or password-protected workbook", "a plain .xlsx workbook")
    try:
        with zipfile.ZipFile(path) as parts:
            names = parts.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return say("a file that is not a workbook inside, or a damaged one", "a plain .xlsx workbook")
    unpacked = sum(part.file_size for part in names)
    if unpacked > MAX_UNPACKED:
        return say(
            f"a workbook that unpacks to {unpacked / 2**20:,.0f} MiB", f"at most {MAX_UNPACKED // 2**20} MiB unpacked"
        )
    if any("vbaproject" in part.filename.lower() or "macrosheets" in part.filename.lower() for part in names):
        return say("a workbook with macros", "a workbook without macros", "Save it as .xlsx without macros.")
    if any(part.flag_bits & 1 for part in names):
        return say("an encrypted workbook", "a plain .xlsx workbook")
    return None
