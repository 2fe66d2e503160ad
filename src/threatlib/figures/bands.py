"""A whole and its parts in order, such as how long people have waited."""

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

SHADES = ("#c9d8e8", "#7fa3c7", "#3d6fa3", "#12436D", "#801650")
"""Light to dark, so that the order of the bands is seen without colour vision; the last stands apart."""


def bands(frame: pd.DataFrame, caption: Caption, *, unit: str = "percent") -> Figure:
    """Draw each row's parts end to end, in the order in which `band` first appears.

    Parameters
    ----------
    frame : DataFrame
        `row` (period, area or service), `band`, `value` (NaN where withheld), and where they apply `lower`, `upper`,
        `status`, `rows`.

    Raises
    ------
    ValueError
        With more bands than there are shades to tell apart.
    """
    data = canvas.filled(frame, lower=np.nan, upper=np.nan, status="reported", rows="")
    names, rows = list(dict.fromkeys(data["band"])), list(dict.fromkeys(data["row"]))
    if len(names) > len(SHADES):
        raise ValueError(f"found {len(names)} bands, wanted at most {len(SHADES)}")
    shades = dict(zip(names, _spread(len(names)), strict=True))

    def paint(ax: Axes, sheet: Sheet) -> None:
        ladder = Ladder(sheet, rows, [""] * len(rows))
        ladder.lay(ax, marked=bool(caption.marking), grid=False)
        _legend(ax, names, shades, sheet, marked=bool(caption.marking))
        longest = max((_length(data[data["row"] == row]) for row in rows), default=1.0)
        ax.set_xlim(0, longest or 1.0)
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        for y, row in zip(ladder.heights, rows, strict=True):
            _bar(ax, y, canvas.records(data[data["row"] == row]), shades, unit, sheet)
        if data.empty:
            canvas.nothing_to_show(ax)

    texts = [
        "; ".join(f"{r['band']} {_text(r, unit)}" for r in canvas.records(data[data["row"] == row])) for row in rows
    ]
    return canvas.build(
        caption,
        paint,
        height=lambda narrow: Ladder.pixels(rows, narrow, marked=bool(caption.marking)) + _legend_pixels(names, narrow),
        table=data[["row", "band", "value", "lower", "upper", "status"]].assign(unit=unit, rows=data["rows"]),
        alt=describing.of_rows("Stacked bars", caption.subtitle, [f"{row}:" for row in rows], texts),
        key="A hatched part marked [c] is withheld and drawn at the most it can be."
        if data["value"].isna().any()
        else "",
    )


def _spread(n: int) -> list[str]:
    return list(SHADES[:n]) if n > 2 else [SHADES[0], SHADES[3]][:n]


def _drawn(row: dict[str, Any]) -> float:
    size = row["value"] if math.isfinite(row["value"]) else row["upper"]
    return float(size) if math.isfinite(size) else 0.0


def _length(rows: pd.DataFrame) -> float:
    return float(sum(_drawn(r) for r in canvas.records(rows)))


def _text(row: dict[str, Any], unit: str) -> str:
    return wording.number(row["value"], unit) if math.isfinite(row["value"]) else "[c]"


def _bar(ax: Axes, y: float, rows: list[dict[str, Any]], shades: dict[str, str], unit: str, sheet: Sheet) -> None:
    start, height = 0.0, 0.46 if sheet.narrow else 0.62
    room = ax.get_position().width * sheet.width / (ax.get_xlim()[1] or 1.0)
    for row in rows:
        size, shade = _drawn(row), shades[row["band"]]
        hidden = not math.isfinite(row["value"])
        ax.barh(y, size, left=start, height=height, color="white" if hidden else shade, edgecolor=canvas.INK,
                linewidth=0.8, hatch="////" if hidden else None)  # fmt: skip
        text = _text(row, unit)
        if size and canvas.text_width(text, sheet.size, bold=True) + 4 < size * room:
            light = not hidden and canvas.contrast_with_white(shade) > 4.5
            ax.text(start + size / 2, y, text, ha="center", va="center_baseline", weight="bold",
                    color="white" if light else canvas.INK)  # fmt: skip
        start += size


def _legend_rows(names: list[str], narrow: bool) -> list[list[str]]:
    sheet = canvas.paper(narrow)
    rows: list[list[str]] = [[]]
    used = 0.0
    for name in names:
        width = canvas.text_width(name, sheet.size) + 28
        if rows[-1] and used + width > sheet.width:
            rows.append([])
            used = 0.0
        rows[-1].append(name)
        used += width
    return rows


def _legend_pixels(names: list[str], narrow: bool) -> float:
    return len(_legend_rows(names, narrow)) * canvas.paper(narrow).line * 4 / 3 + 4


def _legend(ax: Axes, names: list[str], shades: dict[str, str], sheet: Sheet, *, marked: bool) -> None:
    """Name the shades in a line above the bars, in the order of the bands."""
    lines = _legend_rows(names, sheet.narrow)
    box = ax.get_position()
    taken = len(lines) * sheet.line / sheet.height
    ax.set_position((box.x0, box.y0, box.width, box.height - taken))
    top = sheet.height - (18 * 0.75 if marked else 0)
    for i, line in enumerate(lines):
        x = 0.0
        for name in line:
            y = (top - (i + 0.55) * sheet.line) / sheet.height
            ax.annotate("■", (x / sheet.width, y), xycoords="figure fraction", color=shades[name], va="center",
                        size=sheet.size * 1.3, annotation_clip=False)  # fmt: skip
            ax.annotate(
                name, ((x + 14) / sheet.width, y), xycoords="figure fraction", va="center", annotation_clip=False
            )
            x += canvas.text_width(name, sheet.size) + 28
