"""A generated partnership as a folder: definitions, returns, reference files, register and planted truths."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import zipfile
from datetime import date, datetime
from pathlib import Path

import yaml
from openpyxl import Workbook

from tests.demo import reference, returns
from tests.demo.returns import File, Row
from tests.demo.timeline import quarters
from tests.demo.truths import Truths, draw
from tests.demo.world import simulate
from threatlib.periods import parse

DEFINITIONS = Path(__file__).parent / "definitions"
_REGISTER = ("file", "sha256", "agency", "period", "received_on", "supersedes", "kind", "note")
_STILL = (2016, 10, 1, 0, 0, 0)


def build(folder: Path, seed: int, quarters: int = 24) -> Truths:
    """Write a fictional partnership into a folder and say what was planted in it.

    Parameters
    ----------
    folder : Path
        Made if it is not there; earlier returns, reference files and register in it are replaced.
    seed : int
        The same seed gives the same bytes on every machine.
    quarters : int, at least 12
        How many quarters of returns, the last one being 2022-23-Q2.

    Returns
    -------
    Truths
        Also written to `truths.yaml`.

    Raises
    ------
    ValueError
        For a history too short to hold what is planted.
    """
    if quarters < 12:
        raise ValueError(f"{quarters} quarters are too few to plant anything in; 12 or more are needed")
    for name in ("returns", "reference", "layouts"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    truths = draw(seed, quarters)
    received = [*reference.files(seed), *returns.files(simulate(seed, quarters, truths), seed, quarters)]
    _write_register(folder, [(file, _write(folder, file)) for file in received])
    _write_definitions(folder, quarters)
    (folder / "truths.yaml").write_text(truths.as_yaml(), encoding="utf-8", newline="\n")
    return truths


def _write(folder: Path, file: File) -> str:
    """Write one file; its checksum is the answer."""
    content = _workbook(file) if file.sender.suffix == "xlsx" else _csv_bytes(file)
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _cells(row: Row, columns: tuple[str, ...]) -> list[str | int | float]:
    return [_plain(getattr(row, name)) for name in columns]


def _plain(value: object) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 1)
    return value  # type: ignore[return-value]


def _csv_bytes(file: File) -> bytes:
    text = io.StringIO(newline="")
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow(file.sender.columns)
    sheet.writerows(_cells(row, file.sender.columns) for row in file.rows)
    return text.getvalue().encode()


def _workbook(file: File) -> bytes:
    """An Excel file whose bytes depend on nothing but its cells: no clock, and no compression to differ by version."""
    book = Workbook()
    book.properties.title = f"Simulated return of {file.sender.name}"
    book.properties.creator = "simulated"
    book.properties.created = datetime(*_STILL)
    sheet = book.active
    sheet.title = "Return"
    sheet.append([f"{file.sender.name}: return for {file.period} (simulated figures)"])
    sheet.append([])
    sheet.append(file.sender.columns)
    for row in file.rows:
        sheet.append([None if cell == "" else cell for cell in _cells(row, file.sender.columns)])
    notes = book.create_sheet("Notes")
    notes.append(["Simulated figures of a fictional partnership. No child is described here."])
    made = io.BytesIO()
    book.save(made)
    still = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(still, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, _STILL), _without_clock(name, source.read(name), book))
    return still.getvalue()


def _without_clock(name: str, content: bytes, book: Workbook) -> bytes:
    """Saving stamps the moment into the properties; the day of creation takes its place."""
    if name != "docProps/core.xml":
        return content
    stamped = f"{book.properties.modified:%Y-%m-%dT%H:%M:%SZ}".encode()
    return content.replace(stamped, f"{book.properties.created:%Y-%m-%dT%H:%M:%SZ}".encode())


def _write_register(folder: Path, written: list[tuple[File, str]]) -> None:
    with (folder / "register.csv").open("w", encoding="utf-8", newline="") as handle:
        sheet = csv.writer(handle, lineterminator="\n")
        sheet.writerow(_REGISTER)
        for file, checksum in written:
            told = (file.sender.name, file.period, file.received.isoformat(), file.supersedes)
            sheet.writerow([file.path, checksum, *told, "simulated", file.note])


def _write_definitions(folder: Path, count: int) -> None:
    """The hand-written definitions, without annotations of what lies before the history begins."""
    for path in sorted(DEFINITIONS.iterdir()):
        if path.is_file():
            shutil.copyfile(path, folder / path.name)
        else:
            shutil.copytree(path, folder / path.name, dirs_exist_ok=True)
    begins = quarters(count)[0].start
    declared = yaml.safe_load((DEFINITIONS / "annotations.yaml").read_text(encoding="utf-8"))
    kept = [entry for entry in declared["annotations"] if _start(entry) >= begins]
    if len(kept) < len(declared["annotations"]):
        text = yaml.safe_dump({"annotations": kept}, sort_keys=False, width=110, allow_unicode=True)
        (folder / "annotations.yaml").write_text(text, encoding="utf-8", newline="\n")


def _start(entry: dict[str, str]) -> date:
    return parse(entry["start"]).start if entry.get("start") else date.max
