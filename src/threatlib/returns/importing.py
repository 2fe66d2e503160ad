"""Official downloads into a partnership's folder: read as `threatlib check` reads them, then copied and registered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from threatlib import returns
from threatlib.catalogue import Definitions
from threatlib.errors import DataError, UsageError
from threatlib.returns.downloads import clashes, downloads
from threatlib.returns.grids import Sheet, Unreadable, sheets
from threatlib.returns.interpret import interpret
from threatlib.returns.neighbours import SOURCE as NEIGHBOURS
from threatlib.returns.neighbours import neighbourhood
from threatlib.returns.official import FOLDER, figures_of, gather, read_source, source_of
from threatlib.returns.problems import Problem
from threatlib.returns.register import append, digest, read_register
from threatlib.returns.rows import Place, Rows
from threatlib.returns.safety import refusal
from threatlib.sources import SOURCES, Source


@dataclass(frozen=True)
class Imported:
    """An official download that is now registered: its name in the register and how many figures count here.

    `neighbours` counts the statistical neighbours it gave, `absent` names our own areas that it says nothing of,
    `doubts` are what is probably wrong with it.
    """

    file: str
    figures: int
    neighbours: int = 0
    absent: tuple[str, ...] = ()
    doubts: tuple[Problem, ...] = ()


def import_file(folder: Path, definitions: Definitions, name: str, path: Path, received_on: date) -> Imported:
    """Copy an official download into ``official/<source>/`` and register it; or say all that is wrong, and do nothing.

    Raises
    ------
    UsageError
        For a source there is none of, or a file that is not there.
    DataError
        For a file that cannot be read, whose columns are not those of the source (with the difference), some of whose
        figures cannot be read, that holds nothing of the partnership's areas, that was imported before, or that would
        undo what a newer one gave.
    """
    if name not in SOURCES:
        raise UsageError(f"no source '{name}'; there are {', '.join(SOURCES)}.")
    source = SOURCES[name]
    if not path.is_file():
        raise UsageError(f"{path}: no such file. {source.title}: {source.page}")
    refused = refusal(path, path.as_posix(), path.parent)
    if refused:
        raise DataError("the download cannot be used:", [refused])
    sha256 = digest(path)
    register, problems = read_register(folder)
    if problems:
        raise DataError(f"{folder}: the register cannot be used:", problems)
    before = register.loc[register["sha256"] == sha256, "file"]
    if len(before):
        raise DataError(f"{path}: these are the contents of {before.iloc[0]}, imported before.")
    sheet, frame = _table(path, source)
    known = _known(frame, source, definitions)
    target = _free_name(folder / FOLDER / source.id, path, received_on)
    file = target.relative_to(folder).as_posix()
    place = Place(path.as_posix(), sheet.name, source.publisher, received_on.isoformat(), "official")
    table = _figures(sheet, source, place, definitions)
    others, _, _ = returns.read(
        folder, definitions, only=lambda e: e["received_on"].date() == received_on or source_of(e["file"]) == source
    )
    problems = clashes(table, others[~others["file"].isin(register["supersedes"])])
    found = neighbourhood(known, folder, definitions, path.as_posix()) if source.id == NEIGHBOURS else None
    problems += found if isinstance(found, list) else []
    if problems:
        raise DataError(f"{path}: cannot be taken in as it stands:", problems)
    with _copied(path, target):
        append(folder, [{"file": file, "sha256": sha256, "agency": source.publisher, "period": "", "kind": "official",
                         "received_on": received_on.isoformat(), "supersedes": "", "note": source.title}])  # fmt: skip
        neighbours = 0
        if found is not None and not isinstance(found, list):
            found.write(folder)
            neighbours = len(found.neighbours)
    doubts = downloads(pd.concat([others, table.assign(file=file)], ignore_index=True), register)
    told = {*known["code"], *known["name"]}
    own = [a for a in definitions.partnership.areas if a.role == "local" and not a.parts]
    absent = tuple(area.name for area in own if area.name not in told and area.code not in told)
    return Imported(
        file, figures_of(frame, source, definitions), neighbours, absent, tuple(d for d in doubts if d.file == file)
    )


def _table(path: Path, source: Source) -> tuple[Sheet, pd.DataFrame]:
    try:
        sheet = sheets(path, path.as_posix())[0]
    except Unreadable as fault:
        raise DataError("the download cannot be used:", [fault.problem]) from fault
    frame, problems = read_source(sheet, source, path.as_posix())
    if frame is None or frame.empty:
        raise DataError(f"{path}: not as '{source.id}' is read:", problems or ["no rows under the header"])
    return sheet, frame


def _figures(sheet: Sheet, source: Source, place: Place, definitions: Definitions) -> pd.DataFrame:
    """What the download gives, by the door that `threatlib check` goes in by."""
    rows = Rows()
    problems = gather(sheet, source, place, definitions, rows)
    table, faults = interpret(rows, definitions)
    if problems or faults:
        raise DataError(f"{place.file}: cannot be taken in as it stands:", [*problems, *faults])
    return table


def _known(table: pd.DataFrame, source: Source, definitions: Definitions) -> pd.DataFrame:
    """The rows about areas of the partnership; none at all is a mistake somewhere.

    Neighbours are those of our own areas only: the areas they became are not ours.
    """
    rows = source.read(table, ())
    areas = definitions.partnership.areas
    if source.id == NEIGHBOURS:
        areas = tuple(area for area in areas if area.role == "local" and not area.parts)
    chosen = rows[rows["code"].isin([a.code for a in areas if a.code]) | rows["name"].isin([a.name for a in areas])]
    if chosen.empty:
        some = ", ".join(sorted({name for name in rows["name"] if name})[:8])
        names = ", ".join(area.name for area in areas)
        raise DataError(
            f"{source.title}: nothing about {names}; the file is about {some} and so on. Mend partnership.yaml."
        )
    return chosen


def _free_name(folder: Path, path: Path, day: date) -> Path:
    """The file's own name, with the day it was received where that name is taken by an earlier download."""
    target = folder / path.name
    if target.exists():
        target = folder / f"{path.stem}-{day.isoformat()}{path.suffix}"
    if target.exists():
        raise DataError(f"{target}: is there already; give the download another name.")
    return target


@contextmanager
def _copied(path: Path, target: Path) -> Iterator[None]:
    """The download in its place; gone again, with the folders made for it, where what follows fails."""
    made = [place for place in (target.parent, target.parent.parent) if not place.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{target.name}-{os.getpid()}")
    try:
        shutil.copyfile(path, staged)
        staged.replace(target)
        yield
    except BaseException:
        for written in (staged, target):
            written.unlink(missing_ok=True)
        for place in made:
            place.rmdir()
        raise
