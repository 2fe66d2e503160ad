"""Official downloads into a partnership's folder: columns checked, copied untouched, registered."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import yaml

from threatlib.catalogue import Definitions
from threatlib.catalogue.files import NEIGHBOURS
from threatlib.errors import DataError, UsageError
from threatlib.returns.grids import Unreadable, sheets
from threatlib.returns.official import FOLDER, figures_of, read_source
from threatlib.returns.register import append, digest, read_register
from threatlib.returns.safety import refusal
from threatlib.sources import SOURCES, Source


@dataclass(frozen=True)
class Imported:
    """An official download that is now registered: its name in the register and how many figures count here.

    `neighbours` counts the statistical neighbours it gave, `absent` names our own areas that it says nothing of.
    """

    file: str
    figures: int
    neighbours: int = 0
    absent: tuple[str, ...] = ()


def import_file(folder: Path, definitions: Definitions, name: str, path: Path, received_on: date) -> Imported:
    """Copy an official download into ``official/<source>/`` and register it.

    Raises
    ------
    UsageError
        For a source there is none of, or a file that is not there.
    DataError
        For a file that cannot be read, whose columns are not those of the source (with the difference), that holds
        nothing of the partnership's areas, or that was imported before.
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
    table = _table(path, source)
    known = _known(table, source, definitions)
    target = _free_name(folder / FOLDER / source.id, path, received_on)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    file = target.relative_to(folder).as_posix()
    neighbours = _write_neighbours(folder, known) if source.id == "statistical-neighbours" else 0
    append(folder, [{"file": file, "sha256": sha256, "agency": source.publisher, "period": "", "kind": "official",
                     "received_on": received_on.isoformat(), "supersedes": "", "note": source.title}])  # fmt: skip
    own = [a for a in definitions.partnership.areas if a.role == "local" and not a.parts]
    told = {*known["code"], *known["name"]}
    absent = tuple(area.name for area in own if area.name not in told and area.code not in told)
    return Imported(file, figures_of(table, source, definitions), neighbours, absent)


def _table(path: Path, source: Source) -> pd.DataFrame:
    try:
        sheet = sheets(path, path.as_posix())[0]
    except Unreadable as fault:
        raise DataError("the download cannot be used:", [fault.problem]) from fault
    frame, problems = read_source(sheet, source, path.as_posix())
    if frame is None or frame.empty:
        raise DataError(f"{path}: not as '{source.id}' is read:", problems or ["no rows under the header"])
    return frame


def _known(table: pd.DataFrame, source: Source, definitions: Definitions) -> pd.DataFrame:
    """The rows about areas of the partnership; none at all is a mistake somewhere."""
    rows = source.read(table, ())
    areas = definitions.partnership.areas
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


def _write_neighbours(folder: Path, rows: pd.DataFrame) -> int:
    """Write the newest model's neighbours of our own areas, and say how many they are."""
    model = max(rows["period"])
    newest = rows[rows["period"] == model]
    found = [
        {"area": row.name_, "rank": int(row.value), "name": row.breakdown, "closeness": row.note}
        for row in newest.rename(columns={"name": "name_"}).itertuples(index=False)
    ]
    text = "# Statistical neighbours, written by `threatlib import statistical-neighbours`.\n"
    text += yaml.safe_dump({"model": model, "neighbours": found}, sort_keys=False, allow_unicode=True)
    (folder / NEIGHBOURS).write_text(text, encoding="utf-8")
    return len(found)
