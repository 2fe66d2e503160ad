"""Areas of different sizes on one chart: how far from the average chance and ordinary variation may take each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from threatlib import wording
from threatlib.figures import canvas, describing
from threatlib.figures.canvas import Caption, Figure, Sheet
from threatlib.figures.scales import number_scale

_LIMITS: dict[str, Any] = {"inner": (0, (4, 2.5)), "outer": "-"}
_MARGIN = 0.06


def funnel(frame: pd.DataFrame, limits: pd.DataFrame, caption: Caption, *, unit: str) -> Figure:
    """Draw areas by size and value, with the limits of what is usual at each size.

    Parameters
    ----------
    frame : DataFrame
        `area`, `size` (what the value is a share or rate of), `value` (NaN where withheld), and where they apply
        `lower`, `upper`, `role` (``local`` or ``neighbour``), `verdict`, `status`, `rows`.
    limits : DataFrame
        The curves, by rising `size`: `target`, `inner_lower`, `inner_upper`, `outer_lower`, `outer_upper`.
    unit : str
        Unit of the value.
    """
    data = canvas.filled(frame, role="neighbour", verdict="", status="reported", rows="", lower=np.nan, upper=np.nan)
    data = data.astype({"size": float, "value": float})

    def paint(ax: Axes, sheet: Sheet) -> None:
        _axes(ax, data, limits, unit, sheet, marked=bool(caption.marking))
        _curves(ax, data, limits)
        named = _points(ax, data)
        _names(ax, named, sheet)
        if not data["value"].notna().any() and not data["upper"].notna().any():
            canvas.nothing_to_show(ax)

    texts = [_said(row, unit) for row in canvas.records(data)]
    return canvas.build(
        caption,
        paint,
        height=lambda narrow: 300 if narrow else 360,
        table=data[["area", "size", "value", "lower", "upper", "status", "verdict"]].assign(
            unit=unit, rows=data["rows"]
        ),
        alt=describing.of_rows("Funnel chart", caption.subtitle, list(data["area"]), texts),
        key="Each dot is an area; the line is the average of all. Were the areas alike but for chance and ordinary "
        "variation, the dashed limits would hold 19 in 20 of them and the solid ones 499 in 500.",
    )


def _axes(ax: Axes, data: pd.DataFrame, limits: pd.DataFrame, unit: str, sheet: Sheet, *, marked: bool) -> None:
    sizes = np.concatenate([data["size"], limits["size"]]) if len(limits) else data["size"].to_numpy()
    sizes = sizes[np.isfinite(sizes)]
    most = float(sizes.max()) if sizes.size else 1.0
    values = data[["value", "upper"]].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    inside = limits.loc[limits["size"] >= data["size"].min(), "outer_upper"] if len(limits) else pd.Series(dtype=float)
    high = max(float(values.max()) if values.size else 1.0, float(inside.max()) if inside.notna().any() else 0.0) or 1.0
    ax.set_xlim(0, most * 1.04)
    ax.set_ylim(-_MARGIN * high, high * 1.1)
    labels = number_scale(ax.yaxis, 0, high * 1.1, unit, most=5)
    ax.grid(axis="y")
    left = max((canvas.text_width(text, sheet.size) for text in labels), default=10) + 8
    sheet.place(ax, left=left, right=8, top=18 if marked else 6, bottom=sheet.line * 2.5)
    most_ticks = 3 if sheet.narrow else 6
    number_scale(ax.xaxis, 0, most, "count", most=most_ticks, room=sheet.room(ax), size=sheet.size)
    ax.annotate("Size of the area", (1, 0), xycoords="axes fraction", xytext=(0, -sheet.line * 1.6), ha="right",
                va="top", textcoords="offset points", color=canvas.SOFT, annotation_clip=False)  # fmt: skip


def _curves(ax: Axes, data: pd.DataFrame, limits: pd.DataFrame) -> None:
    if limits.empty or data.empty:
        return
    ax.plot(limits["size"], limits["target"], color=canvas.INK, linewidth=1.2, zorder=1)
    for name, dashes in _LIMITS.items():
        for side in ("lower", "upper"):
            ax.plot(
                limits["size"], limits[f"{name}_{side}"], color=canvas.EDGE, linewidth=1.1, linestyle=dashes, zorder=1
            )


def _points(ax: Axes, data: pd.DataFrame) -> list[tuple[float, float, str, bool]]:
    """Draw each area and give the places and names of those to label: our own, and those beyond the limits."""
    named = []
    for row in canvas.records(data):
        own = row["role"] == "local"
        colour = canvas.PALETTE[0] if own else canvas.SOFT
        high = row["value"]
        if not math.isfinite(row["value"]):
            if not (math.isfinite(row["lower"]) and math.isfinite(row["upper"])):
                continue
            high = row["upper"]
            ax.plot([row["size"]] * 2, [row["lower"], row["upper"]], color=colour, linewidth=5, alpha=0.45,
                    solid_capstyle="butt", zorder=3)  # fmt: skip
        else:
            ax.plot(row["size"], row["value"], "D" if own else "o", markersize=8 if own else 6, markeredgewidth=1.4,
                    markeredgecolor=colour, markerfacecolor=colour if own else "white", zorder=3 + own)  # fmt: skip
        if own or row["verdict"] in ("higher", "lower"):
            named.append((row["size"], high, str(row["area"]), own))
    return named


def _names(ax: Axes, named: list[tuple[float, float, str, bool]], sheet: Sheet) -> None:
    """Names beside their dots, on the side with room, each kept clear of the one below it."""
    low, high = ax.get_ylim()
    tall = ax.get_position().height * sheet.height / (high - low)
    wide = ax.get_position().width * sheet.width / ax.get_xlim()[1]
    floor = -math.inf
    for size, value, name, own in sorted(named, key=lambda entry: entry[1]):
        at = max((value - low) * tall, floor + sheet.line)
        floor = at
        left = size * wide > ax.get_position().width * sheet.width / 2
        room = (size * wide if left else ax.get_xlim()[1] * wide - size * wide) - 12
        ax.annotate(
            canvas.wrapped(name, max(room, 40), sheet.size - 1, lines=1), (size, value),
            xytext=(-8 if left else 8, at - (value - low) * tall), textcoords="offset points",
            ha="right" if left else "left", va="center", size=sheet.size - 1, weight="bold" if own else "normal",
            zorder=5, bbox={"facecolor": "white", "alpha": 0.8, "lw": 0, "pad": 0.8},
        )  # fmt: skip


def _said(row: dict[str, Any], unit: str) -> str:
    beyond = f" ({row['verdict']} than usual)" if row["verdict"] in ("higher", "lower") else ""
    if math.isfinite(row["value"]):
        return wording.number(row["value"], unit) + beyond
    if math.isfinite(row["lower"]) and math.isfinite(row["upper"]):
        return f"[c] {wording.interval(row['lower'], row['upper'], unit)}{beyond}"
    return "[x]"
