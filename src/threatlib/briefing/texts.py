"""Numbers that published words give for a withheld figure: alt text, titles, sentences, names of files, metadata.

A number counts as the figure's where the words name the measure, no other area than the figure's, and its period (or no
period at all, which means the latest), and put the number where a value stands.
"""

from __future__ import annotations

import json
import re
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd

from threatlib.briefing.sums import Place
from threatlib.wording import period_short, period_words

Told = tuple[Place, float, str]

_NUMBER = r"(\d+)\b(?![.,]?\d)(?!\s*(?:%|per|to\b|–|of\b|values?\b|quarters?\b|months?\b|years?\b|weeks?\b|days?\b))"
_AT = re.compile(rf"\b(?:to|at|is|was|now|latest|value|reached)\W{{1,2}}{_NUMBER}", re.I)
_BY = re.compile(rf"\b(fell|fall|dropped|down|rose|rise|up|grew)\b[^.;\d]{{0,12}}\bby {_NUMBER}", re.I)
_NAME = 4
"""Letters that a name must have to be known in running text."""
_FALLS = ("fell", "fall", "dropped", "down")
_ATTRIBUTE = re.compile(r'\b(?:alt|aria-label|title|content|data-value)="([^"]*)"')
_BLOCK = re.compile(r"<(p|li|h[1-6]|title|desc|figcaption|text|metadata|caption)\b[^>]*>(.*?)</\1>", re.DOTALL)
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
_EMBEDDED = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")


@dataclass
class _Hidden:
    """Withheld figures by the names of their measure, and what is shown of the same series."""

    by_name: dict[str, list[tuple[Place, float, float]]] = field(default_factory=dict)
    shown: dict[tuple[str, str, str], dict[str, float]] = field(default_factory=dict)
    latest: dict[tuple[str, str, str], str] = field(default_factory=dict)
    areas: set[str] = field(default_factory=set)
    spoken: dict[str, tuple[str, ...]] = field(default_factory=dict)


def told(folder: Path, table: pd.DataFrame, catalogue: pd.DataFrame) -> Iterator[Told]:
    """Each number that words in some file give for a withheld count."""
    hidden = _hidden(table, dict(zip(catalogue["id"], catalogue["name"], strict=True)))
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        where = path.relative_to(folder).as_posix()
        for text in {*_texts(path), re.sub(r"[-_/]", " ", where.rsplit(".", 1)[0])}:
            yield from _heard(text, hidden, where)


def _hidden(table: pd.DataFrame, names: Mapping[str, str]) -> _Hidden:
    found = _Hidden(areas={str(a) for a in table["area"].unique()})
    counts = table[table["unit"].isin(["count", "fte"])].sort_values("end" if "end" in table else "period")
    for record in counts.to_dict("records"):
        series = (record["indicator"], record["area"], record["breakdown"])
        place = (*series, record["period"])
        found.latest[series] = record["period"]
        if record["period"] not in found.spoken:
            found.spoken[record["period"]] = _ways(record["period"])
        if record["status"] == "withheld" and pd.notna(record["lower"]):
            high = record["upper"] if pd.notna(record["upper"]) else float("inf")
            name = re.sub(r"[-_/]", " ", record["indicator"])
            for word in {record["indicator"], name, names.get(record["indicator"], name)}:
                if len(word) >= _NAME:
                    found.by_name.setdefault(word.casefold(), []).append((place, record["lower"], high))
        elif pd.notna(record["value"]):
            found.shown.setdefault(series, {})[record["period"]] = float(record["value"])
    return found


def _ways(period: str) -> tuple[str, ...]:
    """How a period is written: its label, in full, and short."""
    return tuple(dict.fromkeys((period, period_words(period), period_short(period))))


def _texts(path: Path) -> Iterator[str]:
    """Pieces of text in a file, each about one thing."""
    if path.suffix == ".html":
        yield from _of_page(path.read_text(encoding="utf-8"))
    elif path.suffix in (".ipynb", ".json"):
        for text in strings(json.loads(path.read_text(encoding="utf-8"))):
            yield from _of_page(text) if "<" in text else text.splitlines()
    elif path.suffix == ".csv":
        frame = pd.read_csv(path, keep_default_na=False, dtype=str)
        yield from (text for column in frame if column in ("sentence", "title", "why") for text in frame[column])
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            for name in book.namelist():
                if name.startswith("docProps/") or "comment" in name:
                    yield from re.findall(r">([^<>]+)<", book.read(name).decode("utf-8", "replace"))
    elif path.suffix in (".txt", ".svg", ".md"):
        yield from _of_page(path.read_text(encoding="utf-8")) if path.suffix == ".svg" else path.read_text().split("\n")


def strings(part: Any) -> Iterator[str]:
    """Every string in a JSON value; lines of a notebook's cell together."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for inner in part.values():
            yield from strings(inner)
    elif isinstance(part, list):
        if part and all(isinstance(p, str) for p in part):
            yield "".join(part)
        else:
            for inner in part:
                yield from strings(inner)


def _of_page(html: str) -> Iterator[str]:
    for drawing in _EMBEDDED.findall(html):
        yield from _of_page(b64decode(drawing).decode("utf-8", "replace"))
    yield from map(unescape, _ATTRIBUTE.findall(html))
    yield from _COMMENT.findall(html)
    yield from _SCRIPT.findall(html)
    for _, inner in _BLOCK.findall(html):
        yield unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inner))).strip()


def _heard(text: str, hidden: _Hidden, where: str) -> Iterator[Told]:
    """What one piece of text gives away, if it names a measure and a number at all."""
    if len(text) > 2_000 or not re.search(r"\d", text):
        return
    low = text.casefold()
    for name, places in hidden.by_name.items():
        if name not in low or not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", low):
            continue
        areas = _longest(hidden.areas, text)
        periods = {p for p, ways in hidden.spoken.items() if any(w in text for w in ways)}
        for place, lower, upper in places:
            about_area = not areas or place[1] in areas
            about_then = place[3] in periods if periods else hidden.latest[place[:3]] == place[3]
            if about_area and about_then:
                bare = re.sub(rf"\b{lower:g} (?:to|and) {upper:g}\b", " ", text)  # what is stated of it anyway
                for number in _numbers(bare, name, place, hidden, alone=len(periods) < 2):
                    if lower <= number <= upper:
                        yield place, number, f"{where} says it in words"


def _longest(areas: set[str], text: str) -> set[str]:
    """Areas that a text names; of two that overlap the longer."""
    there = {a for a in areas if a and a in text}
    return {a for a in there if not any(a != b and a in b for b in there)}


def _numbers(text: str, name: str, place: Place, hidden: _Hidden, *, alone: bool) -> Iterator[float]:
    """Numbers that stand where the value of a figure would; beside its period if there are several periods."""
    for way in hidden.spoken[place[3]]:
        period = re.escape(way)
        for pattern in (
            rf"{_NUMBER}(?: \w+){{0,2}} (?:in|at|on|for) {period}",
            rf"{period}\W{{1,3}}(?:was |is )?{_NUMBER}",
        ):
            yield from (float(n) for n in re.findall(pattern, text))
    if not alone:
        return
    bare = text
    for way in hidden.spoken[place[3]]:
        bare = bare.replace(way, " ")
    yield from (float(n) for n in re.findall(rf"{re.escape(name)}(?:(?!\bby\b)[^.;\d]){{0,25}}?{_NUMBER}", bare, re.I))
    yield from (float(n) for n in _AT.findall(bare))
    before = [value for period, value in hidden.shown.get(place[:3], {}).items() if period < place[3]]
    for way_, number in _BY.findall(bare) if before else ():
        yield before[-1] + (-float(number) if way_.casefold() in _FALLS else float(number))
