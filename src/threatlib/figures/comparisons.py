"""One measure side by side: areas against each other, and two periods against each other."""

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

_LOOK: dict[str, tuple[str, str, str]] = {
    "local": ("o", canvas.PALETTE[0], canvas.PALETTE[0]),
    "neighbour": ("o", "white", canvas.SOFT),
    "average": ("D", canvas.PALETTE[1], canvas.INK),
}


def comparison(frame: pd.DataFrame, caption: Caption, *, unit: str) -> Figure:
    """Draw areas as dots with their intervals, in the order given.

    Parameters
    ----------
    frame : DataFrame
        `area`, `value` (NaN where withheld), `lower`, `upper`, and where they apply `role` (``local``, ``neighbour``
        or ``average``), `status`, `period`, `rows`.
    """
    data = canvas.filled(frame, role="neighbour", status="reported", period="", rows="", lower=np.nan, upper=np.nan)

    def paint(ax: Axes, sheet: Sheet) -> None:
        texts = [_said(row, unit) for row in canvas.records(data)]
        bold = [role == "local" for role in data["role"]]
        ladder = Ladder(sheet, list(data["area"]), texts, bold)
        ladder.lay(ax, marked=bool(caption.marking))
        _scale(ax, data[["value", "lower", "upper"]], unit, sheet)
        for y, row in zip(ladder.heights, canvas.records(data), strict=True):
            _dot(ax, y, row)
        if data.empty:
            canvas.nothing_to_show(ax)

    texts = [_said(row, unit, whole=True) for row in canvas.records(data)]
    shown = data[["area", *(["period"] if (data["period"] != "").any() else []), "value", "lower", "upper", "status"]]
    return canvas.build(
        caption,
        paint,
        height=lambda narrow: Ladder.pixels(list(data["area"]), narrow, marked=bool(caption.marking)),
        table=shown.assign(unit=unit, rows=data["rows"]),
        alt=describing.of_rows("Dot plot", caption.subtitle, list(data["area"]), texts),
        key="Lines show the range the true value is likely to lie in." if data["lower"].notna().any() else "",
    )


def paired_change(frame: pd.DataFrame, caption: Caption, *, unit: str) -> Figure:
    """Draw the previous and the latest value of several measures that share a unit.

    Parameters
    ----------
    frame : DataFrame
        `label`, `previous`, `value` (NaN where not known), and where they apply `lower` and `upper` (interval of the
        latest value), `previous_period`, `period`, `previous_rows`, `rows`.
    """
    data = canvas.filled(frame, lower=np.nan, upper=np.nan, period="", previous_period="", rows="", previous_rows="")

    def paint(ax: Axes, sheet: Sheet) -> None:
        ladder = Ladder(sheet, list(data["label"]), [_pair(row, unit) for row in canvas.records(data)])
        ladder.lay(ax, marked=bool(caption.marking))
        _scale(ax, data[["previous", "value", "lower", "upper"]], unit, sheet)
        for y, row in zip(ladder.heights, canvas.records(data), strict=True):
            _dumbbell(ax, y, row)
        if data.empty:
            canvas.nothing_to_show(ax)

    columns = ["label", "previous", "value", "lower", "upper"]
    dates = [c for c in ("previous_period", "period") if (data[c] != "").any()]
    texts = [_pair(row, unit, words=True) for row in canvas.records(data)]
    return canvas.build(
        caption,
        paint,
        height=lambda narrow: Ladder.pixels(list(data["label"]), narrow, marked=bool(caption.marking)),
        table=data[[*columns, *dates]].assign(unit=unit, rows=data["rows"], previous_rows=data["previous_rows"]),
        alt=describing.of_rows("Paired dot plot", caption.subtitle, list(data["label"]), texts),
        key="Hollow circle: previous value. Filled circle: latest value."
        + (" Thin bar: the range the latest value is likely to lie in." if data["lower"].notna().any() else ""),
    )


def _scale(ax: Axes, numbers: pd.DataFrame, unit: str, sheet: Sheet) -> None:
    known = numbers.to_numpy(dtype=float)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    spread = (high - low) or 1.0
    ax.set_xlim(low - 0.04 * spread, high + 0.04 * spread)
    most = 4 if sheet.narrow else 6
    number_scale(ax.xaxis, *ax.get_xlim(), unit, most=most, room=sheet.room(ax), size=sheet.size)
    ax.grid(axis="x")
    if low < 0 < high:
        ax.axvline(0, color=canvas.SOFT, linewidth=1)


def _dot(ax: Axes, y: float, row: dict[str, Any]) -> None:
    shape, fill, edge = _LOOK.get(row["role"], _LOOK["neighbour"])
    hidden = not math.isfinite(row["value"])
    if math.isfinite(row["lower"]) and math.isfinite(row["upper"]):
        width, alpha = (6, 0.45) if hidden else (2, 1.0)
        ax.plot([row["lower"], row["upper"]], [y, y], color=edge, linewidth=width, alpha=alpha, solid_capstyle="butt")
    if not hidden:
        ax.plot(row["value"], y, shape, color=fill, markeredgecolor=edge, markeredgewidth=1.6, markersize=7.5, zorder=3)


def _dumbbell(ax: Axes, y: float, row: dict[str, Any]) -> None:
    colour = canvas.PALETTE[0]
    if math.isfinite(row["lower"]) and math.isfinite(row["upper"]):
        ax.plot([row["lower"], row["upper"]], [y, y], color="#a9bdd2", linewidth=5, solid_capstyle="butt", zorder=1.5)
    if math.isfinite(row["previous"]) and math.isfinite(row["value"]):
        ax.plot([row["previous"], row["value"]], [y, y], color=colour, linewidth=1.8, zorder=2)
    for value, fill in ((row["previous"], "white"), (row["value"], colour)):
        if math.isfinite(value):
            ax.plot(value, y, "o", markersize=7.5, markerfacecolor=fill, markeredgecolor=colour, markeredgewidth=1.7,
                    zorder=3)  # fmt: skip


def _said(row: dict[str, Any], unit: str, *, whole: bool = False) -> str:
    short = unit if whole or unit in ("percent", "percent_change", "gbp") else "count"
    if math.isfinite(row["value"]):
        return wording.number(row["value"], short)
    if math.isfinite(row["lower"]) and math.isfinite(row["upper"]):
        return f"[c] {wording.interval(row['lower'], row['upper'], short)}"
    return "[x]"


def _pair(row: dict[str, Any], unit: str, *, words: bool = False) -> str:
    short = unit if unit in ("percent", "percent_change", "gbp") else "count"
    before, after = (wording.number(v, short) if math.isfinite(v) else "[x]" for v in (row["previous"], row["value"]))
    return f"from {before} to {after}" if words else f"{before} → {after}"
