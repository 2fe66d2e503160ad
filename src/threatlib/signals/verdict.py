"""What may be said of a change: arrow, reason, better or worse, all from its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from threatlib.observations import HIDDEN

LEVEL_RATIO = (0.8, 1.25)
"""A change is called level if its whole interval lies inside this ratio; a wider one says too little."""
LEVEL_POINTS = 10.0
"""The same for percentages, in percentage points."""
TOO_WIDE = "the interval is too wide to tell a change from none"
WITHIN = "the latest figures stay within the range of their own past"
"""The same where a year apart looks like a change and the detector, which sees the whole series, found none."""
CHANCE = (TOO_WIDE, WITHIN)
"""The reasons that are about chance; every other is about figures that cannot be compared."""
UNDECIDED = "whether it stands out depends on figures that are withheld"
INCOMPLETE = "figures that are still coming in say nothing of a fall"
ONE = 1.0
"""Posts or cases: a level that moved by less has not surely moved, for one person is all of it."""
UNDER_ONE = {"fte": "the change is of less than one post", "count": "the change is of less than one case"}
_STATED_CHANGES = ("percent_change", "percentage_points", "points")


def judge(frame: pd.DataFrame) -> pd.DataFrame:
    """Arrow from the interval, with the reason; better or worse from the catalogue's polarity."""
    frame = frame.copy()
    ratio = frame["measure"] == "ratio"
    none = ratio.astype(float)
    low, high = frame["change_lower"], frame["change_upper"]
    known = low.notna() & high.notna() & (frame["recording"] == "")
    narrow = _narrow(frame) & (frame["measure"] != "difference")
    frame["arrow"] = np.select(
        [known & (low > none), known & (high < none), known & narrow], ["up", "down", "level"], "cannot_say"
    )
    frame["tiny"] |= (frame["method"] == "") & (frame["unit"] == "fte") & known & (frame["change"].abs() < ONE)
    _of_scan(frame)
    frame["arrow"] = frame["arrow"].mask(frame["tiny"] & (frame["arrow"] != "level"), "cannot_say")
    frame["why"] = _reasons(frame)
    worse = frame["polarity"].map({"higher_is_worse": "up", "lower_is_worse": "down"})
    moved = frame["arrow"].isin(["up", "down"])
    frame["judgement"] = np.select(
        [frame["arrow"] == "cannot_say", ~moved, worse.isna(), frame["arrow"] == worse],
        ["cannot_say", "level", "neither", "worse"],
        "better",
    )
    return frame


def _narrow(frame: pd.DataFrame) -> pd.Series:
    """Whether the whole interval of a change is narrow; that of a level beside the earlier figure."""
    before = frame["previous_value"].astype("float64").abs()
    ratio, apart = frame["measure"] == "ratio", frame["measure"] == "difference"
    least, most = (
        pd.Series(points, frame.index).mask(ratio, end).mask(apart, (end - 1) * before)
        for points, end in zip((-LEVEL_POINTS, LEVEL_POINTS), LEVEL_RATIO, strict=True)
    )
    return (frame["change_lower"] >= least) & (frame["change_upper"] <= most)


def _of_scan(frame: pd.DataFrame) -> None:
    """The scan's own arrow: its flag; level where it saw nothing and would have seen a change of a quarter.

    The interval of the change that is printed beside it, where there is one, must be narrow too and hold no change.
    """
    scanned = frame["method"] != ""
    expected = frame["expected"]
    narrow = (frame["expected_lower"] >= LEVEL_RATIO[0] * expected) & (
        frame["expected_upper"] <= LEVEL_RATIO[1] * expected
    )
    said = frame["flagged"].astype(bool)
    none = (frame["measure"] == "ratio").astype(float)
    below = frame["change_upper"] < none
    printed = frame["change_lower"].notna() & frame["change_upper"].notna() & (frame["recording"] == "")
    narrow &= ~printed | (_narrow(frame) & (frame["change_lower"] <= none) & ~below)
    frame["muted"] = ~said & (frame["status"] == "provisional") & below  # of a fall nothing was asked
    arrow = np.select(
        [said & (frame["way"] > 0), said & (frame["way"] < 0),
         narrow & ~frame["split"].astype(bool) & ~frame["muted"] & ~frame["tiny"]],
        ["up", "down", "level"], "cannot_say",
    )  # fmt: skip
    frame["arrow"] = frame["arrow"].mask(scanned, pd.Series(arrow, frame.index))


def _reasons(frame: pd.DataFrame) -> pd.Series:
    """Why a change cannot be said; empty where it can. The first reason that fits is given."""
    hidden = frame["status"].isin(HIDDEN) | frame["previous_status"].isin(HIDDEN)
    scanned = frame["method"] != ""
    none = (frame["measure"] == "ratio").astype(float)
    apart = (frame["change_lower"] > none) | (frame["change_upper"] < none)
    reasons = [
        (frame["arrow"] != "cannot_say", ""),
        (scanned & frame["split"].astype(bool), UNDECIDED),
        (scanned & frame["muted"], INCOMPLETE),
        *((frame["tiny"] & (frame["unit"] == unit), words) for unit, words in UNDER_ONE.items()),
        (scanned & apart, WITHIN),
        (scanned, TOO_WIDE),
        (frame["previous_rows"] == "", "no earlier figure for a period of the same kind"),
        (frame["recording"] != "", "recording changed in between: " + frame["recording"]),
        (frame["unit"].isin(_STATED_CHANGES), "only a change is stated, not what it was worked out from"),
        (frame["change_lower"].notna(), TOO_WIDE),
        (hidden, "a figure is withheld"),
        (frame["mismatch"], "the percentage is not what its own numbers give"),
        (frame["unit"] == "percent", "the number the percentage is of is not known for both periods"),
    ]
    found = pd.Series("too few earlier figures to know how much this varies", frame.index, dtype="str")
    for fits, words in reversed(reasons):
        found = found.mask(fits.astype(bool), words)
    return found
