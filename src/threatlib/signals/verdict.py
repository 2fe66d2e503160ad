"""What may be said of a change: arrow, reason, better or worse, all from its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

LEVEL_RATIO = (0.8, 1.25)
"""A change is called level if its whole interval lies inside this ratio; a wider one says too little."""
LEVEL_POINTS = 10.0
"""The same for percentages, in percentage points."""


def judge(frame: pd.DataFrame) -> pd.DataFrame:
    """Arrow from the interval, with the reason; better or worse from the catalogue's polarity."""
    frame = frame.copy()
    ratio = frame["measure"] == "ratio"
    none = ratio.astype(float)
    low, high = frame["change_lower"], frame["change_upper"]
    known = low.notna() & high.notna() & (frame["recording"] == "")
    narrow = np.where(
        ratio, (low >= LEVEL_RATIO[0]) & (high <= LEVEL_RATIO[1]), (low >= -LEVEL_POINTS) & (high <= LEVEL_POINTS)
    )
    narrow &= frame["measure"] != "difference"
    frame["arrow"] = np.select(
        [known & (low > none), known & (high < none), known & narrow], ["up", "down", "level"], "cannot_say"
    )
    frame["why"] = [_reason(row) for row in frame.to_dict("records")]
    worse = frame["polarity"].map({"higher_is_worse": "up", "lower_is_worse": "down"})
    moved = frame["arrow"].isin(["up", "down"])
    frame["judgement"] = np.select(
        [frame["arrow"] == "cannot_say", ~moved, worse.isna(), frame["arrow"] == worse],
        ["cannot_say", "level", "neither", "worse"],
        "better",
    )
    return frame


def _reason(row: dict[Any, Any]) -> str:
    """Why a change cannot be said; empty where it can."""
    if row["arrow"] != "cannot_say":
        return ""
    if not row["previous_rows"]:
        return "no earlier figure for a period of the same kind"
    if row["recording"]:
        return f"recording changed in between: {row['recording']}"
    if row["unit"] in ("percent_change", "percentage_points", "points"):
        return "only a change is stated, not what it was worked out from"
    if pd.notna(row["change_lower"]):
        return "the interval is too wide to tell a change from none"
    if {"withheld", "suppressed_by_source"} & {row["status"], row["previous_status"]}:
        return "a figure is withheld"
    if row["unit"] == "percent":
        return "the number the percentage is of is not known for both periods"
    return "too few earlier figures to know how much this varies"
