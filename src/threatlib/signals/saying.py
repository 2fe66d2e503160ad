"""What a flag saw, in one line: the window, what was recorded and expected there, its kind, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

from threatlib.periods import parse, plain

_WAYS = {"up": "higher", "down": "lower"}
_EVERY = {"month": "month", "quarter": "quarter", "snapshot": "count"}


def saw(row: Mapping[Hashable, Any]) -> str:
    """The line of one row of signals; empty where nothing was flagged.

    Such as ``lower than expected over the last 6 months (to July 2022): 9 recorded, 21 expected, range 14 to 30; fall,
    99% probable; 3 months of silence would have been enough to be sure``. The probability allows for all the tests of
    the round; totals of counts, otherwise averages.
    """
    if not row["event"] or row["arrow"] not in _WAYS:
        return ""
    many, every = int(row["window"]), _EVERY[str(row["window_kind"])]
    last = plain(parse(str(row["window_last"])))
    over = f"in {last}" if many == 1 and every != "count" else f"on {last}" if many == 1 else ""
    over = over or f"over the last {many} {every}s (to {last})"
    sign = "%" if row.get("unit") == "percent" else ""
    recorded = _figure(row["recorded_lower"])
    if row["recorded_upper"] > row["recorded_lower"]:
        recorded = f"{recorded} to {_figure(row['recorded_upper'])}"
    due, low, high = (_figure(row[f"expected{end}"], way) for end, way in (("", 0), ("_lower", -1), ("_upper", 1)))
    quiet = row["silence"]
    sure = "" if not math.isfinite(quiet) or row["arrow"] == "up" else (
        f"; {quiet:.0f} {every}{'' if quiet == 1 else 's'} of silence would have been enough to be sure"
    )  # fmt: skip
    return (
        f"{_WAYS[row['arrow']]} than expected {over}: {recorded}{sign} recorded, {due}{sign} expected, "
        f"range {low} to {high}{sign}; "
        f"{row['event']}, {_percent(1 - row['q'])} probable{sure}"
    )


def _percent(probability: float) -> str:
    return "over 99%" if probability > 0.99 else f"{100 * probability:.0f}%"


def _figure(value: float, way: int = 0) -> str:
    """A figure in few digits; the end of a range (`way` -1 or 1) is rounded away from its middle."""
    digits = 0 if abs(value) >= 10 or value == round(value) else 1
    if way:
        value = way * math.ceil(way * value * 10**digits - 1e-6) / 10**digits
    return f"{value:,.{digits}f}"
