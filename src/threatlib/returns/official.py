"""Official downloads, untouched under ``official/<source>/``, to rows under the partnership's own names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.returns.grids import Sheet
from threatlib.returns.problems import LIKE_IT, Problem
from threatlib.returns.rows import Place, Rows
from threatlib.returns.unseen import without_value
from threatlib.sources import SOURCES, Source
from threatlib.sources.source import letter

FOLDER = "official"


def source_of(file: str) -> Source | None:
    """The source of a registered file, by the folder it lies in."""
    parts = file.split("/")
    return SOURCES.get(parts[1]) if parts[0] == FOLDER and len(parts) > 2 else None


def read_source(sheet: Sheet, source: Source, file: str) -> tuple[pd.DataFrame | None, list[Problem]]:
    """The sheet as a table of text with its row numbers, if its columns are those of the source."""
    header = [cell.strip() for cell in sheet.grid[0]] if sheet.grid else []
    difference = source.difference(header)
    if difference:
        wanted = f"the columns of '{source.id}' ({source.title}; {source.publisher})"
        todo = "See what the publisher changed; until the source is brought up to date the file is not read."
        return None, [Problem(file, sheet.name, 1, "", f"a header {difference}", wanted, todo)]
    body = [(i, line) for i, line in enumerate(sheet.grid[1:], start=2) if any(cell.strip() for cell in line)]
    problems = _misshapen(body, header, source, file, sheet.name) + without_value(sheet, file, 1)
    if problems:
        return None, problems
    columns = zip(*(line for _, line in body), strict=True) if body else [()] * len(header)
    frame = pd.DataFrame(
        {name: np.array([c.strip() for c in cells], dtype=object) for name, cells in zip(header, columns, strict=True)}
    )
    return frame.assign(row=[i for i, _ in body]), []


def _misshapen(
    body: Sequence[tuple[int, list[str]]], header: list[str], source: Source, file: str, sheet: str
) -> list[Problem]:
    """Rows that are not as wide as the header, and cells that are not what reading relies on."""
    width, todo = len(header), "Download it again; if it is so at the publisher's, ask them."
    found = [(i, "", f"{len(line)} cells", f"{width}, as the header has") for i, line in body if len(line) != width]
    for name, (shape, wanted) in source.shapes.items():
        place, fits = header.index(name), re.compile(shape, re.ASCII).fullmatch
        known = {
            cell: fits(cell.strip()) is not None for cell in {line[place] for _, line in body if len(line) == width}
        }
        wrong = [(i, line[place].strip()) for i, line in body if len(line) == width and not known[line[place]]]
        found += [(i, name, f"'{cell[:80]}'" if cell else "nothing", wanted) for i, cell in wrong]
    problems = [Problem(file, sheet, *place, todo) for place in sorted(found)[:LIKE_IT]]
    if len(found) > LIKE_IT:
        more = f"{len(found) - LIKE_IT:,} more problems like the ones above"
        problems.append(Problem(file, sheet, 0, "", more, "what is said above", todo))
    return problems


def gather(sheet: Sheet, source: Source, origin: Place, definitions: Definitions, rows: Rows) -> list[Problem]:
    """Gather the figures that an indicator of the catalogue takes from the source, of the partnership's areas."""
    frame, problems = read_source(sheet, source, origin.file)
    if frame is None:
        return problems
    if frame.empty:
        todo = "Download it again."
        return [Problem(origin.file, sheet.name, 2, "", "no rows under the header", "the publisher's figures", todo)]
    takers = _takers(definitions, source)
    if not takers:
        return []
    found = source.read(frame, tuple(takers))
    area = _areas(found, definitions)
    found = found.assign(area=area)[area != ""]
    named = {letter(place): name for place, name in enumerate(frame.columns)} | {"": source.value}
    origin = replace(origin, headings={"period": source.period})
    for measure, indicators in takers.items():
        chosen = found[found["measure"] == measure]
        for indicator in indicators:
            columns = {
                "indicator": [indicator] * len(chosen),
                "kind": ["month" if len(period) == 7 and period[4] == "-" else "" for period in chosen["period"]],
                "agency": [source.publisher] * len(chosen),
            } | {name: chosen[name].tolist() for name in ("area", "breakdown", "period", "value", "status", "note")}
            cells = [(named[at], f"{at}{indicator if len(indicators) > 1 else ''}") for at in chosen["letter"]]
            rows.add(origin, columns, chosen["row"].tolist(), cells)
    return []


def figures_of(frame: pd.DataFrame, source: Source, definitions: Definitions) -> int:
    """How many figures of a table count in this partnership."""
    takers = _takers(definitions, source)
    found = source.read(frame, tuple(takers)) if takers else frame.iloc[:0]
    return int((_areas(found, definitions) != "").sum()) if len(found) else 0


def _takers(definitions: Definitions, source: Source) -> Mapping[str, list[str]]:
    """Measures of the source, and the indicators that take each."""
    takers: dict[str, list[str]] = {}
    for indicator in definitions.catalogue.indicators:
        for name in indicator.official:
            place, _, measure = name.partition("/")
            if place == source.id:
                takers.setdefault(measure, []).append(indicator.id)
    return takers


def _areas(found: pd.DataFrame, definitions: Definitions) -> pd.Series:
    """The partnership's name of each row's area: by its code, else by its name where the publisher gives no code."""
    areas = definitions.partnership.areas
    by_code = {area.code: area.name for area in areas if area.code}
    by_name = {area.name: area.name for area in areas}
    coded = found["code"].map(by_code)
    named = found["name"].map(by_name)
    uncoded = (found["code"] == "") | ~named.isin([area.name for area in areas if area.code])
    return coded.fillna(named.where(uncoded)).fillna("").astype("str")
