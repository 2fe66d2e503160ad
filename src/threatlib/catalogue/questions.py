"""The requirements' file read: a header, then one question a row, with every fault named at once."""

from __future__ import annotations

import csv
import io

from pydantic import ValidationError

from threatlib.catalogue.entry import complaint
from threatlib.catalogue.threats import Requirement
from threatlib.errors import meant

COLUMNS = tuple(Requirement.model_fields)
_NEEDED = tuple(name for name, field in Requirement.model_fields.items() if field.is_required())


def rows_of(raw: bytes) -> tuple[list[Requirement], list[str]]:
    """The questions of a file, and its faults: each begins with its place, to stand behind the file's name."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        place = raw.count(b"\n", 0, fault.start) + 1
        return [], [f", row {place}: found bytes that are not UTF-8, wanted CSV in UTF-8. Save it anew as 'CSV UTF-8'."]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[list[str]] = []
    try:
        lines.extend(reader)
    except csv.Error as fault:
        wanted = "cells between commas, with quotes opened and closed"
        return [], [f", row {len(lines) + 1}: found a line that is not CSV ({fault}), wanted {wanted}. Mend the row."]
    header = [name.strip() for name in lines[0]] if lines else []
    while header and not header[-1]:
        header.pop()
    faults = _header_faults(header)
    if faults:
        return [], faults
    found = []
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        beyond = next((cell.strip() for cell in line[len(header) :] if cell.strip()), "")
        if beyond:
            todo = "Put quotes around a cell with a comma, or clear the cell."
            faults.append(
                f", row {number}: found '{beyond[:80]}' beyond the last column, wanted {len(header)} cells. {todo}"
            )
            continue
        row = dict(zip(header, line, strict=False))
        try:
            found.append(Requirement.model_validate(row))
        except ValidationError as fault:
            faults += [f", row {number}, {e['loc'][0]}: {complaint(e)}" for e in fault.errors()]
    return found, faults


def _header_faults(header: list[str]) -> list[str]:
    if not any(header):
        return [f", row 1: found no header, wanted {','.join(COLUMNS)}. Write it into the first row."]
    faults = []
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            faults.append(
                f", row 1, {name}: found the column {header.count(name)} times, wanted it once. Remove the others."
            )
        if name not in COLUMNS:
            advice = f"{meant(name, COLUMNS)} Name it so, or remove it.".strip()
            faults.append(f", row 1: found a column '{name[:80]}', wanted one of {', '.join(COLUMNS)}. {advice}")
    lost = [name for name in _NEEDED if name not in header]
    if lost:
        faults.append(f", row 1: found no column {', '.join(lost)}, wanted {', '.join(_NEEDED)} at least. Add it.")
    return faults
