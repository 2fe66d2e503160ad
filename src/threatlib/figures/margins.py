"""The lettering around a time series: labels of gaps and breaks above it, periods below it, names at its right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from threatlib import wording
from threatlib.figures import canvas
from threatlib.figures.canvas import Sheet

_EVERY = (1, 2, 4, 12, 24, 36, 60, 120)


@dataclass(frozen=True, slots=True)
class Strip:
    """Labels above the axes: each with its place in time, its words and the level it stands on."""

    labels: tuple[tuple[Any, str, int], ...]
    levels: int
    height: float


def strip(
    spans: Sequence[tuple[Any, Any, str]], cuts: Sequence[tuple[Any, str]], days: pd.Series, sheet: Sheet
) -> Strip:
    """Stack the labels of gaps (at their middle) and breaks (at their day) so that none covers another."""
    wanted = sorted(
        [(start + (end - start) / 2, label) for start, end, label in spans] + [(day, label) for day, label in cuts]
    )
    first, last = _bounds(days)
    room = sheet.width * 0.8
    taken: list[float] = []
    placed = []
    for day, label in wanted:
        text = canvas.wrapped(label, room, sheet.size - 1, lines=2)
        width = canvas.text_width(text, sheet.size - 1)
        middle = (day_number(day) - day_number(first)) / (day_number(last) - day_number(first)) * room
        begin = min(max(middle - width / 2, 0), max(room - width, 0))
        level = next((i for i, end in enumerate(taken) if end + 8 < begin), len(taken))
        taken[level:level + 1] = [begin + width]  # fmt: skip
        placed.append((day, text, level))
    tallest = max((text.count("\n") + 1 for _, text, _ in placed), default=1)
    return Strip(tuple(placed), len(taken), len(taken) * (tallest * (sheet.size - 1) * 1.25 + 5) + 4 * bool(taken))


def write_strip(ax: Axes, labels: Strip, sheet: Sheet, *, above: float = 0.0) -> None:
    """Write the labels over the axes, `above` points higher where a title stands between."""
    if not labels.labels:
        return
    each = labels.height / labels.levels
    left, right = ax.get_xlim()
    room = ax.get_position().width * sheet.width
    for day, _, level in labels.labels:
        ax.annotate(
            "", (day, 1), xycoords=("data", "axes fraction"), xytext=(0, 4 + above + level * each),
            textcoords="offset points", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": canvas.SOFT, "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    for day, text, level in labels.labels:
        x = (day_number(day) - left) / (right - left) * room
        half = canvas.text_width(text, sheet.size - 1) / 2
        shift = max(half - x, 0) - max(x + half - room, 0)
        ax.annotate(
            text, (day, 1), xycoords=("data", "axes fraction"), xytext=(shift, 4 + above + level * each),
            textcoords="offset points", ha="center", va="bottom", size=sheet.size - 1, color=canvas.INK,
            linespacing=1.15, annotation_clip=False, bbox={"facecolor": "white", "lw": 0, "pad": 1.2},
        )  # fmt: skip


def day_number(day: Any) -> float:
    """A day on matplotlib's scale of dates: days since the start of 1970."""
    return float((pd.Timestamp(day) - pd.Timestamp(1970, 1, 1)) / pd.Timedelta(days=1))


def time_axis(ax: Axes, data: pd.DataFrame, sheet: Sheet, room: float) -> None:
    """Name as many periods as there is room for, counted back from the latest."""
    first, last = _bounds(data["period_end"])
    ax.set_xlim(day_number(first), day_number(last))
    shown = data.drop_duplicates("period_end").sort_values("period_end")
    days, labels = list(shown["period_end"]), [_two_lines(str(p)) for p in shown["period"]]
    if not days:
        ax.set_xticks([])
        return
    points_a_day = room / (day_number(last) - day_number(first))
    for every in _EVERY:
        chosen = list(range(len(days) - 1, -1, -every))[::-1]
        widths = [canvas.text_width(labels[i], sheet.size) for i in chosen]
        steps = [(day_number(days[b]) - day_number(days[a])) * points_a_day
                 for a, b in pairwise(chosen)]  # fmt: skip
        fits = all(s >= (a + b) / 2 + 7 for s, a, b in zip(steps, widths, widths[1:], strict=False))
        if fits:
            break
    ax.set_xticks([day_number(days[i]) for i in chosen], [labels[i] for i in chosen])
    ax.tick_params(axis="x", length=4, width=0.8, bottom=True, pad=3)


def write_ends(ax: Axes, labels: Sequence[tuple[float, str, str]], sheet: Sheet) -> None:
    """Name each series at its end, pushed apart where the ends lie close together."""
    low, high = ax.get_ylim()
    height = ax.get_position().height * sheet.height
    floor, above = 0.0, height + 10
    heights = [(text.count("\n") + 1) * sheet.size * 1.2 + 2 for _, text, _ in sorted(labels)]
    for place, (value, text, colour) in enumerate(sorted(labels)):
        wanted = (value - low) / (high - low) * height - heights[place] / 2
        y = max(min(wanted, above - sum(heights[place:])), floor)
        floor = y + heights[place]
        ax.annotate(
            text, (1, 0), xycoords="axes fraction", xytext=(7, y), textcoords="offset points", ha="left", va="bottom",
            color=colour, weight="bold", linespacing=1.1, annotation_clip=False,
        )  # fmt: skip


def _two_lines(label: str) -> str:
    """``Jul–Sep`` over ``2022``, so that more of them fit."""
    head, _, year = wording.period_short(label).rpartition(" ")
    return f"{head}\n{year}" if head else year


def _bounds(days: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day with a little air; a year around a single point."""
    known = pd.to_datetime(days).dropna()
    if known.empty:
        return pd.Timestamp(2000, 1, 1), pd.Timestamp(2001, 1, 1)
    first, last = known.min(), known.max()
    air = (last - first) * 0.035 if last > first else pd.Timedelta(days=180)
    return first - air, last + air
