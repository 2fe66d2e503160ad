"""Numbers read back from drawings: where a mark stands is as good as the number itself.

A chart's own ticks give its scale; the figures shown beside it tell which of its marks are data and where along the
other axis each row stands. A mark where a withheld row stands is then read off. A sparkline has no ticks: the shown
figures of its series are its scale.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np

_FIGURE = re.compile(r"<figure\b.*?</figure>", re.DOTALL)
_ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)
_SHOWN = re.compile(r'<data value="([^"]*)" data-from="([^"]*)"')
_SOURCE = re.compile(r'data-from="([^"]*)"')
_EMBEDDED = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")
_INLINE = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_VERTEX = re.compile(r"[ML] ?(-?[\d.]+)[ ,](-?[\d.]+)")
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")

Marks = np.ndarray
"""Coordinates of marks, shape (marks, 2)."""
_CLOSE = 0.02
"""How near to a number, in units of the data, a mark must be to stand for it."""


@dataclass(frozen=True, slots=True)
class Read:
    """A withheld row and where a mark stands for it, in units of the data."""

    source: str
    low: float
    high: float


def charts(html: str, withheld: Mapping[str, tuple[float, float]]) -> Iterator[Read]:
    """Marks of a page's charts that stand where a withheld row would.

    Parameters
    ----------
    html : str
    withheld : mapping
        Stated ends of each withheld figure, by the source its numbers would name.
    """
    for figure in _FIGURE.findall(html):
        rows = [_row(row) for row in _ROW.findall(figure)]
        rows = [row for row in rows if row[1]]
        if not any(source in withheld for _, source in rows):
            continue
        for drawing in {*(b64decode(t).decode() for t in _EMBEDDED.findall(figure)), *_INLINE.findall(figure)}:
            root = _parsed(drawing)
            for axis in (1, 0) if root is not None else ():
                yield from _measured(root, axis, rows, withheld)


def _row(html: str) -> tuple[float, str]:
    """The first number of a table's row (NaN if withheld) and its source."""
    shown, sources = _SHOWN.search(html), _SOURCE.findall(html)
    if shown and shown[2] == sources[0]:
        return float(shown[1]), shown[2]
    return np.nan, sources[0] if sources else ""


def _parsed(drawing: str) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(drawing)  # noqa: S314  our own pages, and nothing in them is expanded
    except ElementTree.ParseError:
        return None


def _measured(
    root: Any, axis: int, rows: Sequence[tuple[float, str]], withheld: Mapping[str, tuple[float, float]]
) -> Iterator[Read]:
    """Read marks along one axis (1 is upwards); nothing if it has no scale."""
    scale = _scale(root, axis)
    if scale is None:
        return
    values = np.array([value for value, _ in rows])
    for name, marks in _groups(root).items():
        at = scale[0] + scale[1] * marks[:, axis]
        places = _places(values, at, marks[:, 1 - axis])
        if places is None:
            continue
        step = np.abs(np.diff(places)).min()
        for position, (value, source) in enumerate(rows):
            if not np.isnan(value) or source not in withheld:
                continue
            here = at[np.abs(marks[:, 1 - axis] - places[position]) < 0.3 * step]
            yield from _off(source, here, withheld[source], whole=name == "bars")


def _off(source: str, here: np.ndarray, ends: tuple[float, float], *, whole: bool) -> Iterator[Read]:
    """Marks that say more than the stated ends; a bar from one end to the other says no more."""
    inside = here[(here > ends[0] - _CLOSE) & (here < ends[1] + _CLOSE)]
    at_end = [np.abs(inside - end) < _CLOSE for end in ends]
    if len(inside) and (not (at_end[0] | at_end[1]).all() or (not whole and not (at_end[0].any() and at_end[1].any()))):
        told = inside[~(at_end[0] | at_end[1])] if not (at_end[0] | at_end[1]).all() else inside
        yield Read(source, float(np.ceil(told.min() - _CLOSE)), float(np.floor(told.max() + _CLOSE)))


def _scale(root: Any, axis: int) -> tuple[float, float] | None:
    """Offset and slope from coordinates to data, by the ticks of an axis that are numbers."""
    found = []
    for tick in root.iter():
        if not str(tick.get("id", "")).startswith(("xtick_", "ytick_")[axis]):
            continue
        words = "".join(text for text in tick.itertext()).strip()
        number, marks = _NUMBER.fullmatch(words), [m for part in tick.iter() for m in _marks(part)]
        if number and marks:
            found.append((marks[0][axis], float(words.replace(",", ""))))
    if len({place for place, _ in found}) < 2:
        return None
    slope, offset = np.polyfit([place for place, _ in found], [number for _, number in found], 1)
    return float(offset), float(slope)


def _groups(root: Any) -> dict[str, Marks]:
    """Marks that are drawn alike: one line, one set of markers, all bars."""
    found: dict[str, list[tuple[float, float]]] = {}

    def walk(part: Any, name: str) -> None:
        name = str(part.get("id") or name)
        if name.startswith("matplotlib.axis") or part.tag.endswith("defs"):
            return
        marks = _marks(part)
        if name.startswith("patch") and len(marks) >= 4:
            marks = _bar(marks)
        found.setdefault("bars" if name.startswith("patch") else name, []).extend(marks)
        for inner in part:
            walk(inner, name)

    walk(root, "")
    return {name: np.array(marks) for name, marks in found.items() if len(marks) > 1}


def _marks(part: Any) -> list[tuple[float, float]]:
    """Coordinates that one element draws at."""
    if part.tag.endswith("path"):
        return [(float(x), float(y)) for x, y in _VERTEX.findall(part.get("d", ""))]
    if part.tag.endswith("use"):
        return [(float(part.get("x", 0)), float(part.get("y", 0)))]
    if part.tag.endswith("circle"):
        return [(float(part.get("cx", 0)), float(part.get("cy", 0)))]
    if part.tag.endswith("polyline"):
        return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", part.get("points", ""))]
    return []


def _bar(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A bar's ends, each at its middle."""
    xs, ys = sorted({x for x, _ in corners}), sorted({y for _, y in corners})
    middle = ((xs[0] + xs[-1]) / 2, (ys[0] + ys[-1]) / 2)
    return [*((middle[0], y) for y in (ys[0], ys[-1])), *((x, middle[1]) for x in (xs[0], xs[-1]))]


def _places(values: np.ndarray, at: np.ndarray, along: np.ndarray) -> np.ndarray | None:
    """Where each row stands along the other axis, if these marks are the rows' values in their order."""
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < 3:
        return None
    first, last = known[0], known[-1]
    for start in along[np.abs(at - values[first]) < _CLOSE]:
        for end in along[np.abs(at - values[last]) < _CLOSE]:
            if start == end:
                continue
            places = start + (np.arange(len(values)) - first) * (end - start) / (last - first)
            near = np.abs(along[:, None] - places[known]) < 0.3 * abs(end - start) / (last - first)
            if (near & (np.abs(at[:, None] - values[known]) < _CLOSE)).any(axis=0).mean() > 0.9:
                return np.asarray(places)
    return None


def sparklines(html: str, series: Mapping[str, Sequence[tuple[float, str]]]) -> Iterator[Read]:
    """Points of a page's sparklines that stand for a withheld figure.

    Parameters
    ----------
    html : str
    series : mapping
        For each source of a figure, its series up to there: value (NaN if withheld) and source, oldest first.
    """
    for row in _ROW.findall(html):
        sources = [source for source in _SOURCE.findall(row) if source in series]
        for drawing in re.findall(r'<svg class="spark".*?</svg>', row, re.DOTALL) if sources else ():
            yield from _spark(drawing, series[sources[0]])


def _spark(drawing: str, history: Sequence[tuple[float, str]]) -> Iterator[Read]:
    root = _parsed(drawing)
    marks = np.array([m for part in root.iter() for m in _marks(part)]) if root is not None else np.empty((0, 2))
    if len(marks) < 3 or len(history) < 3:
        return
    steps = np.diff(np.unique(marks[:, 0]))
    count = round((marks[:, 0].max() - marks[:, 0].min()) / steps.min()) + 1
    shown = history[-count:]
    turn = np.round((marks[:, 0] - marks[:, 0].max()) / steps.min()).astype(int) + len(shown) - 1
    values = np.array([value for value, _ in shown])
    there = (turn >= 0) & ~np.isnan(values[np.maximum(turn, 0)])
    if len(np.unique(values[turn[there]])) < 3:
        return
    slope, offset = np.polyfit(marks[there, 1], values[turn[there]], 1)
    off = np.abs(offset + slope * marks[there, 1] - values[turn[there]]).max()
    if off > 0.08 * abs(slope):
        return
    for i in np.flatnonzero((turn >= 0) & ~there):
        read, doubt = offset + slope * marks[i, 1], off + 0.06 * abs(slope)
        yield Read(shown[turn[i]][1], float(np.ceil(read - doubt)), float(np.floor(read + doubt)))
