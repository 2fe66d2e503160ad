"""Where a measure is heading: what is known, then a fan that widens with what is not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from threatlib import wording
from threatlib.figures import canvas, describing, margins, series
from threatlib.figures.canvas import Caption, Figure, Sheet

_FAN, _INNER = "#cfe0ef", "#a3c0db"
_RANGES = ("outer_lower", "forecast_lower", "forecast_upper", "outer_upper")


def fan(frame: pd.DataFrame, caption: Caption, *, unit: str = "count", level: str = "") -> Figure:
    """Draw known values and a forecast with its range.

    Parameters
    ----------
    frame : DataFrame
        `period`, `period_end`, `value` (NaN for periods to come), `forecast`, `forecast_lower`, `forecast_upper` (NaN
        for those known), and where they apply `outer_lower`, `outer_upper` (a wider range), `lower`, `upper`,
        `status`, `rows`.
    unit : str
    level : str
        What the range holds, in words: ``8 in 10 such forecasts``.
    """
    data = series.prepared(canvas.filled(frame, **dict.fromkeys(("forecast", *_RANGES), np.nan)))
    data = data.astype(dict.fromkeys(("forecast", *_RANGES), float))
    scaled = data.assign(
        lower=data[["lower", "forecast_lower", "outer_lower"]].min(axis=1),
        upper=data[["upper", "forecast_upper", "outer_upper"]].max(axis=1),
    )
    ahead = data[data["forecast"].notna()]
    end = _end(ahead, unit)

    def paint(ax: Axes, sheet: Sheet) -> None:
        left, right = series.room_for(ax, scaled, unit, sheet)
        written = end.replace(" (", "\n(")
        right = max(right, canvas.text_width(written, sheet.size, bold=True) + 12 if end else 0)
        sheet.place(
            ax, left=left, right=right, top=sheet.line * 1.4 if caption.marking else 6, bottom=sheet.line * 2.4 + 6
        )
        margins.time_axis(ax, data, sheet, sheet.width - left - right)
        _fan(ax, data)
        final = [(float(ahead["forecast"].iloc[-1]), written, canvas.INK)] if end else None
        series.draw(ax, data, [""], unit, sheet, [], [], ends=final)

    known = series.table(data, [""], unit).drop(columns=["unit", "rows"])
    extra = [name for name in ("forecast", *_RANGES) if data[name].notna().any()]
    return canvas.build(
        caption,
        paint,
        height=lambda narrow: 270 if narrow else 330,
        table=known.assign(**{name: data[name] for name in extra}, unit=unit, rows=data["rows"]),
        alt=describing.of_forecast(data, caption.subtitle, unit, end),
        key=f"The fan holds {level}. The line inside it is the forecast itself." if level and end else "",
    )


def _fan(ax: Axes, data: pd.DataFrame) -> None:
    """The ranges, opening from the last known point."""
    known = data[data["value"].notna()].tail(1)
    ahead = data[data["forecast"].notna()]
    if ahead.empty:
        return
    start = known.assign(**dict.fromkeys(("forecast", *_RANGES), known["value"]))
    whole = pd.concat([start, ahead])
    days = [margins.day_number(day) for day in whole["period_end"]]
    for low, high, colour in (("outer_lower", "outer_upper", _FAN), ("forecast_lower", "forecast_upper", _INNER)):
        if ahead[low].notna().any():
            ax.fill_between(days, whole[low], whole[high], color=colour, lw=0, zorder=0.8)
            for edge in (low, high):
                ax.plot(days, whole[edge], color=canvas.EDGE, linewidth=0.9, zorder=0.9)
    ax.plot(days, whole["forecast"], color=canvas.INK, linewidth=1.5, linestyle=(0, (4, 2.5)), zorder=2)
    ax.plot(days[-1], whole["forecast"].iloc[-1], "s", markersize=6, markerfacecolor="white", markeredgewidth=1.4,
            markeredgecolor=canvas.INK, zorder=3)  # fmt: skip
    if known.empty and len(days) == 1:
        row = ahead.iloc[-1]
        ax.plot(
            [days[-1]] * 2, [row["forecast_lower"], row["forecast_upper"]], color=canvas.EDGE, linewidth=5, alpha=0.5
        )


def _end(ahead: pd.DataFrame, unit: str) -> str:
    """The last forecast in words, with its range."""
    if ahead.empty:
        return ""
    last = ahead.iloc[-1]
    short = unit if unit in ("percent", "gbp") else "count"
    text = wording.number(float(last["forecast"]), short)
    if not (math.isfinite(last["forecast_lower"]) and math.isfinite(last["forecast_upper"])):
        return text
    return f"{text} ({wording.interval(float(last['forecast_lower']), float(last['forecast_upper']), short)})"
