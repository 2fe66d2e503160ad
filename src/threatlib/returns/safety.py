"""What is refused before it is read: files that are not what they seem, or larger than any return can be."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from threatlib.returns.problems import Problem

READABLE = (".csv", ".tsv", ".txt", ".xlsx")
"""Kinds of file that are read."""

MAX_BYTES = 512 * 2**20
"""Largest file that is read."""

MAX_UNPACKED = 256 * 2**20
"""Largest size a workbook may unpack to."""

MAX_PARTS = 5_000
"""Most parts a workbook may have inside."""

MAX_COLUMNS = 2_000
"""Most columns a sheet may have."""

MAX_ROWS = 2**20
"""Most rows a sheet of a workbook may have, as in Excel."""

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
    if not file.isprintable():
        return say("a name with what nobody can see", "a name of letters and digits", "Give the file another name.")
    if not path.is_file():
        return say("no file", "a file", "Put the file back, or remove its entry.")
    try:
        path.open("rb").close()
    except PermissionError:
        todo = "Give the account that runs threatlib leave to read it."
        return say("a file that may not be read", "a file that may be read", todo)
    size = path.stat().st_size
    if size > MAX_BYTES:
        return say(f"{size / 2**20:,.0f} MiB", f"at most {MAX_BYTES // 2**20} MiB")
    if size == 0:
        return say("an empty file", "a return", "Ask the sender to send it again.")
    if path.suffix.lower() not in READABLE:
        return say(f"a {path.suffix} file" if path.suffix else "a file of no kind", "a .csv or .xlsx file")
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
    if len(names) > MAX_PARTS:
        return say(f"a workbook of {len(names):,} parts", f"at most {MAX_PARTS:,} parts")
    unpacked = sum(part.file_size for part in names)
    if unpacked > MAX_UNPACKED:
        return say(
            f"a workbook that unpacks to {unpacked / 2**20:,.0f} MiB", f"at most {MAX_UNPACKED // 2**20} MiB unpacked"
        )
    if any(part.flag_bits & 1 for part in names):
        return say("an encrypted workbook", "a plain .xlsx workbook")
    inside = [part.filename.lower().replace("\\", "/") for part in names]
    if any("vbaproject" in name or "macrosheets" in name for name in inside) or _says_macros(path):
        return say("a workbook with macros", "a workbook without macros", "Save it as .xlsx without macros.")
    if b"purl.oclc.org/ooxml" in _part(path, "xl/workbook.xml"):
        found, todo = "a workbook saved as 'Strict Open XML'", "Save it anew as 'Excel Workbook (.xlsx)'."
        return say(found, "a plain .xlsx workbook", todo)
    if any("/activex/" in name or "/embeddings/" in name for name in inside):
        found, wanted = "a workbook with controls or other files inside", "a workbook of cells alone"
        return say(found, wanted, "Copy its cells into a new workbook and send that.")
    if any(name.startswith("/") or ".." in name.split("/") for name in inside):
        return say("a workbook whose parts lead out of it", "a plain .xlsx workbook")
    return None


def _says_macros(path: Path) -> bool:
    """Whether a workbook calls itself one with macros, under whatever name it was sent."""
    return b"macroenabled" in _part(path, "[Content_Types].xml").lower()


def _part(path: Path, name: str) -> bytes:
    """The beginning of a part of a workbook; nothing where it is damaged, which is said when it is read."""
    try:
        with zipfile.ZipFile(path) as parts, parts.open(name) as part:
            return part.read(2**20)
    except (KeyError, zipfile.BadZipFile, zlib.error, OSError, NotImplementedError):
        return b""
