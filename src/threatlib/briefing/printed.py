"""Numbers in published files that stand beside a withheld figure: pages, notebooks, workbook, other tables."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from threatlib.briefing.drawn import charts, sparklines
from threatlib.briefing.sums import Place
from threatlib.briefing.texts import told
from threatlib.periods import parse
from threatlib.stats.rates import rate
from threatlib.stats.spc import xmr

Leak = tuple[Place, float, float, str]
"""A place, the ends of what a file gives for it, and how."""

_PLACE = ("indicator", "area", "breakdown", "period")
_MADE = ("rate_lower", "rate_upper", "centre", "limit_lower", "limit_upper")
_TRIED = 200
"""So many counts are tried for one withheld figure."""
_SORTED = 6
"""So many different counts in a row make an order no accident."""
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
_EXPECTED = re.compile(r"""<td data-label=\\?["']Expected.*?</td>""", re.DOTALL)
"""Cells of what was expected of a figure: worked out from those before it, though they name its row."""
_MARKED = re.compile(r"""<data\b[^>]*\bvalue=\\?["']([^"'\\]*)\\?["'][^>]*\bdata-from=\\?["']([^"'\\]*)\\?["']""")
_ELSE_BEFORE = re.compile(r"(?:</data> to|range|expected)\s*$")
_ELSE_AFTER = re.compile(r"[^<]*</data>\s*(?:to\b|expected|months?|quarters?|years?|weeks?)")
"""Words around a number that make it an end of an interval, an expectation or a length of time."""


def printed(folder: Path, table: pd.DataFrame, catalogue: pd.DataFrame) -> Iterator[Leak]:
    """Each number that some file gives for a withheld row, or from which one can be worked out exactly."""
    rows = withheld_rows(table)
    ends = {source: (low, high) for source, (_, low, high) in rows.items()}
    series = _series(table, rows)
    for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.ipynb"), *folder.rglob("*.json")]):
        where = path.relative_to(folder).as_posix()
        for text in _texts(path):
            for value, sources in _values(_EXPECTED.sub("", text)):
                yield from _beside(rows, value, sources.split(), where)
            for frame in _records(text):
                yield from _in_table(rows, frame, f"data embedded in {where}")
        if path.suffix == ".html":
            html = path.read_text(encoding="utf-8")
            for read in charts(html, ends):
                yield rows[read.source][0], read.low, read.high, f"a chart in {where} has a mark there"
            for read in sparklines(html, series):
                if read.source in rows:
                    yield rows[read.source][0], read.low, read.high, f"a sparkline in {where} has a point there"
    for path in sorted((folder / "tables").glob("*.csv")):
        frame = pd.read_csv(path, keep_default_na=False, dtype=str)
        yield from _in_table(rows, frame, f"tables/{path.name}")
        yield from _worked_back(rows, frame, series, f"tables/{path.name}")
        yield from _in_order(rows, frame, f"tables/{path.name}")
    for workbook in sorted(folder.glob("tables*.xlsx")):
        for name, frame in _sheets(workbook):
            yield from _in_table(rows, frame, f"{workbook.name}, sheet '{name}'")
    for place, number, how in told(folder, table, catalogue):
        yield place, number, number, how


def _values(text: str) -> Iterator[tuple[str, str]]:
    """Numbers on a page with what they name as their source, where they may be the figure itself."""
    for found in _MARKED.finditer(text):
        end = text.find(">", found.end()) + 1
        if not (_ELSE_BEFORE.search(text, found.start() - 20, found.start()) or _ELSE_AFTER.match(text, end)):
            yield found[1], found[2]


def withheld_rows(table: pd.DataFrame) -> dict[str, tuple[Place, float, float]]:
    """Withheld counts by the source their numbers would name: their file and their turn in it (``c1``, ``c2``)."""
    hidden = table[table["status"] == "withheld"].copy()
    turn = hidden.groupby(["file", "sheet"], sort=False).cumcount() + 1
    sheet = ("#" + hidden["sheet"]).where(hidden["sheet"] != "", "")
    hidden["obs"] = hidden["file"] + sheet + ":c" + turn.astype(str)
    found = {}
    for record in hidden[hidden["unit"].isin(["count", "fte"])].to_dict("records"):
        place = (record["indicator"], record["area"], record["breakdown"], record["period"])
        high = record["upper"] if pd.notna(record["upper"]) else np.inf
        found[record["obs"]] = (place, record["lower"], high)
    return found


def _series(table: pd.DataFrame, rows: dict[str, tuple[Place, float, float]]) -> dict[str, list[tuple[float, str]]]:
    """For each figure's source, its series up to there: values (NaN if withheld) and sources, oldest first."""
    of = {place: source for source, (place, _, _) in rows.items()}
    counts = table[table["unit"].isin(["count", "fte"]) & (table["indicator"] != "")]
    keyed = []
    for record in counts.to_dict("records"):
        place = (record["indicator"], record["area"], record["breakdown"], record["period"])
        try:
            period = parse(record["period"])
        except ValueError:
            continue
        sheet = f"#{record['sheet']}" if record["sheet"] else ""
        source = of.get(place, f"{record['file']}{sheet}:{record['row']}")
        keyed.append(((*place[:3], period.kind), period.end, float(record["value"]), source))
    found: dict[str, list[tuple[float, str]]] = {}
    runs: dict[tuple[str, ...], list[tuple[float, str]]] = {}
    once = {source for source, times in Counter(k[3] for k in keyed).items() if times == 1}
    for key, _, value, source in sorted(keyed, key=lambda k: (k[0], k[1])):
        runs.setdefault(key, []).append((value, source))
        if source in once:  # one row of a sheet may hold many figures, and then names none
            found[source] = list(runs[key])
    return found


def _texts(path: Path) -> Iterator[str]:
    """A file's text; of JSON every string in it, so that no escape hides a number."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        yield text
        return
    yield text
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
            yield place, number, number, f"{where} prints it"


def _records(text: str) -> Iterator[pd.DataFrame]:
    """Rows of figures that a text holds as JSON, in a script or a whole file."""
    for part in [*_SCRIPT.findall(text), *([text] if text.lstrip()[:1] in ("{", "[") else [])]:
        try:
            waiting: list[Any] = [json.loads(part)]
        except ValueError:
            continue
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, dict):
                waiting += inner.values()
                if {"indicator", "area", "period"} <= set(inner):
                    row = {"breakdown": "", "status": "withheld", **inner}
                    yield pd.DataFrame([{name: str(value) for name, value in row.items()}])
            elif isinstance(inner, list):
                waiting += inner


def _in_order(rows: dict[str, tuple[Place, float, float]], frame: pd.DataFrame, where: str) -> Iterator[Leak]:
    """In a table that is sorted by its counts a withheld one lies between its neighbours."""
    if not {*_PLACE, "status", "value"} <= set(frame.columns):
        return
    by_place = {place: (low, high) for place, low, high in rows.values()}
    places = list(zip(*(frame[name].map(_blank) for name in _PLACE), strict=True))
    values = pd.to_numeric(frame["value"], errors="coerce").to_numpy(dtype=float)
    counts = frame["unit"].isin(["count", "fte"]).to_numpy() if "unit" in frame else np.ones(len(frame), dtype=bool)
    shown = np.flatnonzero(counts & ~np.isnan(values))
    if len(set(values[shown])) < _SORTED or (np.diff(values[shown]) < 0).any() == (np.diff(values[shown]) > 0).any():
        return
    for position in np.flatnonzero(counts & (frame["status"] == "withheld").to_numpy()):
        before, after = (values[shown[s]] for s in (shown < position, shown > position))
        if places[position] in by_place and len(before) and len(after):
            low, high = by_place[places[position]]
            ends = sorted((before[-1], after[0]))
            yield places[position], max(low, ends[0]), min(high, ends[1]), f"the order of {where}"


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
                yield place, float(round(number)), float(round(number)), f"{where} gives it by its {column}"


def _worked_back(
    rows: dict[str, tuple[Place, float, float]],
    frame: pd.DataFrame,
    series: dict[str, list[tuple[float, str]]],
    where: str,
) -> Iterator[Leak]:
    """Intervals of rates, centre lines and limits: each count that a row may be is tried until one gives them."""
    of = {place: (source, low, high) for source, (place, low, high) in rows.items()}
    if not {*_PLACE, "status"} <= set(frame.columns):
        return
    for record in frame[frame["status"] == "withheld"].to_dict("records"):
        place = (record["indicator"], record["area"], _blank(record["breakdown"]), record["period"])
        told = {name: number for name in _MADE if (number := _number(record.get(name))) is not None}
        if place not in of or not told:
            continue
        source, low, high = of[place]
        values = np.array([value for value, _ in series.get(source, [])])
        base = _number(record.get("denominator"))
        fits = [
            count
            for count in np.arange(low, min(high, low + _TRIED) + 1)
            if all(_close(told[name], made) for name, made in _made(count, base, values).items() if name in told)
        ]
        if fits:
            yield place, float(fits[0]), float(fits[-1]), f"{where} gives it by its {', '.join(told)}"


def _made(count: float, base: float | None, values: np.ndarray) -> dict[str, float]:
    """What a count would give: the ends of its rate's interval; its series' centre line and limits."""
    found: dict[str, float] = {}
    if base:
        ends = rate(np.array([count]), np.array([base]))
        found |= {"rate_lower": float(ends.lower[0]), "rate_upper": float(ends.upper[0])}
    if np.isnan(values).sum() == 1 and len(values) > 2:
        chart = xmr(np.where(np.isnan(values), count, values))
        ends_of = {"centre": chart.centre, "limit_lower": chart.lower, "limit_upper": chart.upper}
        found |= {name: float(line[-1]) for name, line in ends_of.items()}
    return found


def _close(one: float, other: float) -> bool:
    return abs(one - other) < 1e-5 * max(1.0, abs(other))


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
