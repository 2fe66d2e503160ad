"""Numbers in published files that stand beside a withheld figure: pages, notebooks, workbook, other tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from threatlib.briefing.sums import Place

Leak = tuple[Place, float, str]

_MARKED = re.compile(r"""<data\b[^>]*\bvalue=\\?["']([^"'\\]*)\\?["'][^>]*\bdata-from=\\?["']([^"'\\]*)\\?["']""")


def printed(folder: Path, table: pd.DataFrame) -> Iterator[Leak]:
    """Each number that some file gives for a withheld row, or from which one can be worked out exactly."""
    rows = _withheld(table)
    for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.ipynb"), *folder.rglob("*.json")]):
        where = path.relative_to(folder).as_posix()
        for text in _texts(path):
            for value, sources in _MARKED.findall(text):
                yield from _beside(rows, value, sources.split(), where)
    for path in sorted((folder / "tables").glob("*.csv")):
        frame = pd.read_csv(path, keep_default_na=False, dtype=str)
        yield from _in_table(rows, frame, f"tables/{path.name}")
    if (folder / "tables.xlsx").is_file():
        for name, frame in _sheets(folder / "tables.xlsx"):
            yield from _in_table(rows, frame, f"tables.xlsx, sheet '{name}'")


def _withheld(table: pd.DataFrame) -> dict[str, tuple[Place, float, float]]:
    """Withheld counts by the source their numbers would name: file, sheet and row."""
    hidden = table[(table["status"] == "withheld") & table["unit"].isin(["count", "fte"])]
    found = {}
    for record in hidden.to_dict("records"):
        sheet = f"#{record['sheet']}" if record["sheet"] else ""
        place = (record["indicator"], record["area"], record["breakdown"], record["period"])
        high = record["upper"] if pd.notna(record["upper"]) else np.inf
        found[f"{record['file']}{sheet}:{record['row']}"] = (place, record["lower"], high)
    return found


def _texts(path: Path) -> Iterator[str]:
    """A file's text; of JSON every string in it, so that no escape hides a number."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        yield text
        return
    waiting: list[Any] = [json.loads(text)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            yield "".join(p for p in part if isinstance(p, str))
            waiting += [p for p in part if not isinstance(p, str)]


def _beside(rows: dict[str, tuple[Place, float, float]], value: str, sources: list[str], where: str) -> Iterator[Leak]:
    """A number that names a withheld row as its one source is that row's figure."""
    number = _number(value)
    if len(sources) == 1 and number is not None and sources[0] in rows:
        place, low, high = rows[sources[0]]
        if low <= number <= high and number == round(number):
            yield place, number, f"{where} prints it"


def _in_table(rows: dict[str, tuple[Place, float, float]], frame: pd.DataFrame, where: str) -> Iterator[Leak]:
    """Rows of a table that rest on a withheld figure: itself, a rate times its base, a change times its start."""
    by_place = {place: (low, high) for place, low, high in rows.values()}
    if not {"indicator", "area", "breakdown", "period", "status"} <= set(frame.columns):
        return
    for record in frame[frame["status"] == "withheld"].to_dict("records"):
        place = (record["indicator"], record["area"], _blank(record["breakdown"]), record["period"])
        if place not in by_place:
            continue
        low, high = by_place[place]
        for column, number in _implied(record):
            if low <= number <= high and abs(number - round(number)) < 1e-4:
                yield place, float(round(number)), f"{where} gives it by its {column}"


def _implied(record: dict[Any, Any]) -> Iterator[tuple[str, float]]:
    """Counts that follow from the numbers of a row whose figure is withheld."""
    number = {name: _number(text) for name, text in record.items()}
    if (value := number.get("value")) is not None:
        yield "value", value
    rate, base = number.get("rate"), number.get("denominator")
    if rate is not None and base is not None:
        yield "rate", rate * base / 10_000
    change, before = number.get("change"), number.get("previous_value")
    if change is not None and before is not None:
        yield "change", change * before if record.get("measure") == "ratio" else before + change


def _blank(text: str) -> str:
    return "" if text in ("[z]", "[x]") else text


def _number(text: object) -> float | None:
    try:
        found = float(str(text))
    except ValueError:
        return None
    return found if np.isfinite(found) else None


def _sheets(path: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Every sheet of a workbook, hidden ones too, from the row that heads its table."""
    import openpyxl

    book = openpyxl.load_workbook(path, data_only=True, read_only=True)
    for sheet in book.worksheets:
        rows = [[("" if cell is None else str(cell)) for cell in row] for row in sheet.iter_rows(values_only=True)]
        heads = [i for i, row in enumerate(rows) if {"indicator", "period", "status"} <= set(row)]
        if heads:
            yield sheet.title, pd.DataFrame(rows[heads[0] + 1 :], columns=rows[heads[0]])
