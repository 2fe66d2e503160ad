"""Agencies' files to rows: every figure with its file, sheet and row, and every problem of a file at once.

The canonical layout is a header with ``indicator, area, period, value`` and optionally ``numerator, denominator,
breakdown, status, note``; the partnership's own published figures carry their place in the report besides.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.returns.canonical import header_place, read_canonical
from threatlib.returns.grids import Sheet, Unreadable, sheets
from threatlib.returns.interpret import interpret
from threatlib.returns.layouts import Layout, load_layouts
from threatlib.returns.layouts import of as layouts_of
from threatlib.returns.official import gather, source_of
from threatlib.returns.problems import Problem, as_records, as_text, shown
from threatlib.returns.register import REGISTER, data_files, digest, read_register
from threatlib.returns.rows import REQUIRED, Place, Rows
from threatlib.returns.safety import refusal
from threatlib.returns.unfold import unfold
from threatlib.returns.unseen import unseen

__all__ = ["Problem", "as_records", "as_text", "digest", "read", "shown"]


def read(
    folder: Path,
    definitions: Definitions,
    candidates: Sequence[Mapping[str, str]] = (),
    *,
    only: Callable[[dict[Any, Any]], bool] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, list[Problem]]:
    """Read every registered file of a partnership.

    Parameters
    ----------
    folder : Path
        The partnership's folder.
    definitions : Definitions
        What its folder declares.
    candidates : sequence of register entries
        Files to be read as if they were registered; see `check`.
    only : callable, optional
        Which entries of the register are read; all if not given.

    Returns
    -------
    (DataFrame, DataFrame, list of Problem)
        Observations (see `observations.COLUMNS`), the register, and all problems of all files.
    """
    register, problems = read_register(folder)
    if candidates:
        more = pd.DataFrame(candidates, columns=[*REGISTER]).assign(row=0)
        register = pd.concat(
            [register, more.assign(received_on=pd.to_datetime(more["received_on"]))], ignore_index=True
        )
    problems += _unregistered(folder, set(register["file"]))
    layouts, faults = load_layouts(folder, definitions.partnership)
    problems += faults
    rows = Rows()
    with _without_collection():
        for entry in register.to_dict("records"):
            if only is None or only(entry):
                problems += _gather(folder, entry, definitions, layouts, rows)
        table, faults = interpret(rows, definitions)
    return table, register, problems + faults


@contextmanager
def _without_collection() -> Iterator[None]:
    """Millions of lists of text hold no cycles: looking for cycles among them takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _unregistered(folder: Path, known: set[str]) -> list[Problem]:
    names = [path.relative_to(folder).as_posix() for path in data_files(folder)]
    found, wanted = "a file that is not in register.csv", "every file registered before it is used"
    return [
        Problem(name, "", 0, "", found, wanted, "Run `threatlib check` to register it.")
        for name in names
        if name not in known
    ]


def _gather(
    folder: Path, entry: dict[Any, Any], definitions: Definitions, layouts: list[Layout], rows: Rows
) -> list[Problem]:
    """Add a registered file's rows of text, or say why it cannot be read."""
    path, file = folder / entry["file"], entry["file"]
    refused = refusal(path, file, folder)
    if refused:
        return [refused]
    if digest(path) != entry["sha256"]:
        found, wanted = "contents that differ from the registered checksum", "the file as it was received"
        return [
            Problem(
                file, "", 0, "", found, wanted, "Restore it; a corrected file is registered anew under its own name."
            )
        ]
    try:
        found_sheets = sheets(path, file)
    except Unreadable as fault:
        return [fault.problem]
    source = source_of(file)
    if source:
        return gather(found_sheets[0], source, _origin(entry, found_sheets[0].name), definitions, rows)
    declared = [(sheet, fitting) for sheet in found_sheets if (fitting := layouts_of(layouts, file, sheet.name))]
    before, problems = len(rows), []
    for sheet, fitting in declared:
        problems += unfold(sheet, fitting, _origin(entry, sheet.name), rows)
    if not declared:
        problems += _add_canonical(found_sheets, entry, rows)
    if not problems and len(rows) == before:
        todo = "Ask the sender for the figures; one that is not known has a row whose value is blank."
        problems.append(Problem(file, "", 0, "", "no rows under the header", "a row for every figure", todo))
    return problems


def _origin(entry: dict[Any, Any], sheet: str) -> Place:
    return Place(entry["file"], sheet, entry["agency"], entry["received_on"].isoformat()[:10], entry["kind"])


def _add_canonical(found: list[Sheet], entry: dict[Any, Any], rows: Rows) -> list[Problem]:
    """Add the sheets that have a header row; the others are notes, unless there is no header at all."""
    headed = [(sheet, place) for sheet in found if (place := header_place(sheet.grid)) is not None]
    if not headed:
        first = found[0].name if found else ""
        wanted = f"a row with {', '.join(REQUIRED)}"
        todo = "Use the return form, or declare the layout under layouts/."
        return [Problem(entry["file"], first, 1, "", "no header row", wanted, todo)]
    problems = []
    for sheet, place in headed:
        columns, numbers, headings, faults = read_canonical(sheet.grid, place, entry["file"], sheet.name)
        faults += unseen(sheet, entry["file"], place + 1)
        problems += faults
        if columns and not sheet.hidden:
            notes = _with_formulas(columns, numbers, list(headings), sheet)
            rows.add(replace(_origin(entry, sheet.name), headings=headings), columns | {"note": notes}, numbers)
    return problems


def _with_formulas(columns: dict[str, list[str]], numbers: list[int], headings: list[str], sheet: Sheet) -> list[str]:
    """The note of each figure; where its value is a formula's it says so."""
    notes = columns.get("note") or [""] * len(numbers)
    if not sheet.formulas:
        return notes
    place, told = headings.index("value"), "the value of a formula"
    return [
        f"{note}; {told}".removeprefix("; ") if (number - 1, place) in sheet.formulas else note
        for note, number in zip(notes, numbers, strict=True)
    ]
