"""Changes of many measures on one scale: how far each is from no change, and how sure that is."""

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

_SHAPE = {"up": "^", "down": "v", "level": "s", "cannot be said": "o"}
_COLOUR = {"worse": canvas.WORSE, "better": canvas.BETTER}


def changes(frame: pd.DataFrame, caption: Caption, *, unit: str = "percent_change", reach: float = 100.0) -> Figure:
    """Draw each measure's change with its interval against a line of no change.

    Parameters
    ----------
    frame : DataFrame
        `label`, `change`, `lower`, `upper` (NaN where not known), `direction` (``up``, ``down``, ``level``, ``cannot be
        said``), and where it applies `judgement` (``better``, ``worse`` or empty) and `rows`.
    unit : str
        Unit of the change.
    reach : float
        An interval that goes further than this, and well beyond every change itself, is cut: its end is an arrow.
    """
    data = canvas.filled(frame, judgement="", rows="")
    records = canvas.records(data)
    words = [wording.signed(r["change"], unit) if math.isfinite(r["change"]) else "[x]" for r in records]
    far = _edges(data, reach)

    def paint(ax: Axes, sheet: Sheet) -> None:
        ladder = Ladder(sheet, list(data["label"]), words)
        ladder.lay(ax, marked=bool(caption.marking))
        ax.set_xlim(*far)
        axis_unit = "percent_change" if unit == "percent_change" else "percentage_points"
        number_scale(ax.xaxis, *far, axis_unit, most=4 if sheet.narrow else 6, room=sheet.room(ax), size=sheet.size)
        ax.grid(axis="x")
        ax.axvline(0, color=canvas.INK, linewidth=1.2, zorder=1)
        for y, row in zip(ladder.heights, records, strict=True):
            _change(ax, y, row, far)
        if data.empty:
            canvas.nothing_to_show(ax)

    return canvas.build(
        caption,
        paint,
        height=lambda narrow: Ladder.pixels(list(data["label"]), narrow, marked=bool(caption.marking)),
        table=data[["label", "change", "lower", "upper", "direction", "judgement"]].assign(
            unit=unit, rows=data["rows"]
        ),
        alt=describing.of_rows("Chart of changes", caption.subtitle, list(data["label"]), words),
        key="Triangles point up or down where the change is beyond doubt; a square is level; a hollow circle cannot be "
        "said. Lines show the interval.",
    )


def _edges(data: pd.DataFrame, reach: float) -> tuple[float, float]:
    numbers = data[["change", "lower", "upper"]].to_numpy(dtype=float)
    known = numbers[np.isfinite(numbers)]
    middle = data["change"].to_numpy(dtype=float)
    middle = middle[np.isfinite(middle)]
    if not known.size:
        return -reach, reach
    limit_low = min(-reach, 1.3 * float(middle.min(initial=0)))
    limit_high = max(reach, 1.3 * float(middle.max(initial=0)))
    low, high = max(float(known.min()), limit_low), min(float(known.max()), limit_high)
    low, high = min(low, 0.0), max(high, 0.0)
    spread = (high - low) or 1.0
    return low - 0.05 * spread, high + 0.05 * spread


def _change(ax: Axes, y: float, row: dict[str, Any], far: tuple[float, float]) -> None:
    colour = _COLOUR.get(row["judgement"], canvas.SOFT)
    lower, upper = row["lower"], row["upper"]
    if not (math.isnan(lower) or math.isnan(upper)):
        ends = max(lower, far[0]), min(upper, far[1])
        ax.plot(ends, [y, y], color=colour, linewidth=2.2, solid_capstyle="butt", zorder=2)
        for cut, end, shape in ((lower < far[0], far[0], "<"), (upper > far[1], far[1], ">")):
            if cut:
                ax.plot(end, y, shape, color=colour, markersize=7, clip_on=False, zorder=3)
    if math.isfinite(row["change"]):
        unsure = row["direction"] == "cannot be said"
        ax.plot(row["change"], y, _SHAPE.get(row["direction"], "o"), markersize=8.5, zorder=4, markeredgewidth=1.6,
                markerfacecolor="white" if unsure else colour, markeredgecolor=colour)  # fmt: skip
