"""What a value is held against: the range it was expected in, and a control chart's mean and limits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from threatlib.figures import canvas, margins
from threatlib.figures.canvas import Sheet

Cut = tuple[pd.Timestamp, pd.Timestamp, str]

EXPECTED = ("expected_lower", "expected_upper")
LIMITS = ("centre", "limit_lower", "limit_upper")
_DASHES: Any = (0, (4, 2.5))
_LINES = {"centre": ("Mean", "-"), "limit_lower": ("Lower limit", _DASHES), "limit_upper": ("Upper limit", _DASHES)}


def draw(ax: Axes, rows: pd.DataFrame, sheet: Sheet, cuts: Sequence[Cut] = ()) -> None:
    """The expected range as a band with edges, limits as dashed steps; neither bridges a gap or a break."""
    if rows.empty:
        return
    ends = list(rows["period_end"])
    piece = np.cumsum([False, *(parted(before, after, cuts) for before, after in pairwise(ends))])
    for _, part in rows.groupby(piece):
        days = np.array([margins.day_number(day) for day in part["period_end"]])
        _band(ax, days, *(part[name].to_numpy(dtype=float) for name in EXPECTED))
        for name, (_, dashes) in _LINES.items():
            ax.plot(days, part[name].to_numpy(dtype=float), color=canvas.SOFT, linewidth=1, linestyle=dashes,
                    zorder=1.2, drawstyle="steps-mid")  # fmt: skip
    known = rows[rows["centre"].notna()].head(1)
    for name, (words, _) in _LINES.items() if len(known) and not _crowded(ax, rows) else ():
        ax.annotate(words, (margins.day_number(known["period_end"].iloc[0]), float(known[name].iloc[0])),
                    xytext=(0, 2), textcoords="offset points", ha="left", va="bottom", size=sheet.size - 2,
                    color=canvas.SOFT, zorder=1.3)  # fmt: skip


def parted(before: pd.Timestamp, after: pd.Timestamp, cuts: Sequence[Cut]) -> bool:
    """Whether a gap (or a break, where both ends are one day) stands between two points."""
    return any(before < start <= after or (start < after and end > before) for start, end, _ in cuts)


def _band(ax: Axes, days: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    there = np.isfinite(low) & np.isfinite(high)
    if not there.any():
        return
    ax.fill_between(days, low, high, where=there.tolist(), color=canvas.WASH, lw=0, zorder=0.8)
    for edge in (low, high):
        ax.plot(days, np.where(there, edge, np.nan), color=canvas.EDGE, linewidth=0.9, zorder=0.9)
    for i in np.flatnonzero(_alone(there)):
        ax.plot([days[i]] * 2, [low[i], high[i]], color=canvas.EDGE, linewidth=7, alpha=0.5, zorder=0.9,
                solid_capstyle="butt")  # fmt: skip


def _crowded(ax: Axes, rows: pd.DataFrame) -> bool:
    """Whether the limits lie too near each other to be named one by one."""
    low, high = ax.get_ylim()
    width = (rows["limit_upper"] - rows["limit_lower"]).median()
    return not width > 0.2 * (high - low)


def _alone(there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Points with a range whose neighbours have none: a band of no width would not be seen."""
    padded = np.concatenate([[False], there, [False]])
    alone: NDArray[np.bool_] = there & ~padded[:-2] & ~padded[2:]
    return alone
