"""Axes of numbers: as many ticks as fit, with just the decimals that tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axis import Axis
from matplotlib.ticker import MaxNLocator

from threatlib import wording
from threatlib.figures import canvas

_LARGE = ((1e9, "bn"), (1e6, "m"))
_SIGNED = ("percent_change", "percentage_points")


def number_scale(
    axis: Axis, low: float, high: float, unit: str, *, most: int, room: float = math.inf, size: float = 11.0
) -> list[str]:
    """Put ticks on an axis from `low` to `high` and give their labels.

    Parameters
    ----------
    axis : Axis
    low, high : float
        Ends of the axis; ticks stand between them.
    unit : str
        Its sign (%, £) stands at each tick; other units are said in the subtitle.
    most : int
        Most intervals between ticks.
    room, size : float
        Points along the axis, and the size of the lettering: ticks are left out until none touches its neighbour.
    """
    for wanted in range(most, 0, -1):
        ticks = _ticks(low, high, wanted, whole=unit == "count" and high - low >= 1)
        labels = _labels(ticks, unit)
        if sum(canvas.text_width(label, size) + 10 for label in labels) <= room:
            break
    axis.set_ticks(ticks, labels)
    return labels


def _ticks(low: float, high: float, most: int, *, whole: bool) -> list[float]:
    found = MaxNLocator(most, integer=whole, min_n_ticks=1).tick_values(low, high)
    slack = 1e-9 * (high - low)
    return [float(t) + 0.0 for t in found if low - slack <= t <= high + slack]


def _labels(ticks: Sequence[float], unit: str) -> list[str]:
    largest = max((abs(t) for t in ticks), default=0.0)
    scale, letters = next(((s, w) for s, w in _LARGE if largest >= 2 * s), (1.0, ""))
    step = min((b - a for a, b in pairwise(ticks)), default=0.0) / scale
    decimals = next((d for d in range(12) if all(_told(t / scale, d, step) for t in ticks)), 12)
    return [_label(t, scale, decimals, letters, unit) for t in ticks]


def _told(tick: float, decimals: int, step: float) -> bool:
    """Whether a tick written with so many decimals is the tick."""
    return abs(round(tick, decimals) - tick) <= 0.001 * step


def _label(tick: float, scale: float, decimals: int, letters: str, unit: str) -> str:
    digits = f"{abs(tick) / scale:,.{decimals}f}{letters}" if tick else "0"
    sign = wording.MINUS if tick < 0 else "+" if tick > 0 and unit in _SIGNED else ""
    return f"{sign}{'£' if unit == 'gbp' else ''}{digits}{'%' if unit in ('percent', 'percent_change') else ''}"
