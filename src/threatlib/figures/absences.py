"""Recorded against expected: a low number alone does not say whether it is low because safe, unseen or lost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from threatlib import wording
from threatlib.figures import canvas, describing
from threatlib.figures.canvas import Caption, Figure, Sheet
from threatlib.figures.rows import Ladder
from threatlib.figures.scales import number_scale


def absence(frame: pd.DataFrame, caption: Caption, *, unit: str = "count") -> Figure:
    """Draw what was recorded beside the range that was to be expected.

    Parameters
    ----------
    frame : DataFrame
        `label`, `value` (NaN where withheld), `expected_lower`, `expected_upper` (NaN where nothing can be expected),
        and where they apply `expected`, `lower`, `upper`, `status`, `verdict` (words), `rows`.
    unit : str
        Unit of both.
    """
    data = canvas.filled(frame, expected=np.nan, lower=np.nan, upper=np.nan, status="reported", verdict="", rows="")
    labels = list(data["label"])
    words = [_recorded(row, unit) for row in canvas.records(data)]

    def paint(ax: Axes, sheet: Sheet) -> None:
        ladder = Ladder(sheet, labels, words)
        ladder.lay(ax, marked=bool(caption.marking))
        _scale(ax, data, unit, sheet)
        for y, row in zip(ladder.heights, canvas.records(data), strict=True):
            _row(ax, y, row)
        if data.empty:
            canvas.nothing_to_show(ax)

    shown = ["label", "value", "lower", "upper", "status", "expected_lower", "expected_upper"]
    said = ["verdict"] if data["verdict"].astype(str).ne("").any() else []
    texts = [_in_words(row, unit) for row in canvas.records(data)]
    return canvas.build(
        caption,
        paint,
        height=lambda narrow: Ladder.pixels(labels, narrow, marked=bool(caption.marking)),
        table=data[[*shown, *said]].assign(unit=unit, rows=data["rows"]),
        alt=describing.of_rows("Recorded against expected", caption.subtitle, labels, texts),
        key="Bar: the range to be expected. Dot: what was recorded, a diamond where that is below the range."
        + (" A bar with [c]: a withheld number lies along it." if data["value"].isna().any() else ""),
    )


def _scale(ax: Axes, data: pd.DataFrame, unit: str, sheet: Sheet) -> None:
    numbers = data[["value", "lower", "upper", "expected_lower", "expected_upper"]].to_numpy(dtype=float)
    known = numbers[np.isfinite(numbers)]
    low, high = (min(float(known.min()), 0.0), max(float(known.max()), 0.0)) if known.size else (0.0, 1.0)
    spread = (high - low) or 1.0
    ax.set_xlim(low - 0.02 * spread, low + spread * 1.04)
    most = 4 if sheet.narrow else 6
    number_scale(ax.xaxis, *ax.get_xlim(), unit, most=most, room=sheet.room(ax), size=sheet.size)
    ax.grid(axis="x")


def _row(ax: Axes, y: float, row: dict[str, Any]) -> None:
    low, high = row["expected_lower"], row["expected_upper"]
    if math.isfinite(low) and math.isfinite(high):
        ax.plot([low, high], [y, y], color="#b9cbdc", linewidth=12, solid_capstyle="butt", zorder=1)
        for end in (low, high):
            ax.plot(end, y, "|", color=canvas.EDGE, markersize=12, markeredgewidth=1.6, zorder=1.5)
    if math.isfinite(row["expected"]):
        ax.plot(row["expected"], y, "|", color=canvas.INK, markersize=12, markeredgewidth=1.2, zorder=2)
    if math.isfinite(row["value"]):
        below = math.isfinite(low) and row["value"] < low
        shape, colour = ("D", canvas.PALETTE[3]) if below else ("o", canvas.PALETTE[0])
        ax.plot(row["value"], y, shape, markersize=8, markeredgewidth=1.4, clip_on=False, zorder=4,
                markerfacecolor=colour, markeredgecolor=canvas.INK)  # fmt: skip
    elif math.isfinite(row["lower"]) and math.isfinite(row["upper"]):
        ax.plot([row["lower"], row["upper"]], [y, y], color=canvas.PALETTE[0], linewidth=5, alpha=0.6, zorder=3,
                solid_capstyle="butt")  # fmt: skip


def _recorded(row: dict[str, Any], unit: str) -> str:
    short = unit if unit in ("percent", "gbp") else "count"
    if math.isfinite(row["value"]):
        return wording.number(row["value"], short)
    if math.isfinite(row["lower"]) and math.isfinite(row["upper"]):
        return f"[c] {wording.interval(row['lower'], row['upper'], short)}"
    return "[x]"


def _in_words(row: dict[str, Any], unit: str) -> str:
    expected = (
        f"{wording.interval(row['expected_lower'], row['expected_upper'], unit)} expected"
        if math.isfinite(row["expected_lower"]) and math.isfinite(row["expected_upper"])
        else "nothing to expect it from"
    )
    return f"{_recorded(row, unit)} recorded, {expected}"
