"""Arrow, reason, better or worse: a table of every boundary."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from threatlib.signals.verdict import LEVEL_POINTS, LEVEL_RATIO, judge

BLANK = {
    "measure": "ratio", "change_lower": math.nan, "change_upper": math.nan, "recording": "", "polarity": "neither",
    "previous_rows": "a.csv:2", "status": "reported", "previous_status": "reported", "unit": "count", "mismatch": False,
    "method": "", "flagged": False, "split": False, "way": 0, "expected": math.nan, "expected_lower": math.nan,
    "expected_upper": math.nan, "previous_value": math.nan, "change": math.nan, "tiny": False,
}  # fmt: skip


def judged(**row: Any) -> pd.Series:
    return judge(pd.DataFrame([BLANK | row])).iloc[0]


LOW, HIGH = LEVEL_RATIO
TINY = 1e-6
TABLE = [
    ("ratio", 1 + TINY, 9, "up"), ("ratio", 1, 1.2, "level"), ("ratio", 0.1, 1 - TINY, "down"),
    ("ratio", 0.9, 1, "level"), ("ratio", LOW, HIGH, "level"), ("ratio", LOW - TINY, HIGH, "cannot_say"),
    ("ratio", LOW, HIGH + TINY, "cannot_say"), ("ratio", 1, math.inf, "cannot_say"), ("ratio", 1.1, math.inf, "up"),
    ("ratio", 0, 0.5, "down"), ("ratio", math.nan, 0.5, "cannot_say"), ("ratio", 2, math.nan, "cannot_say"),
    ("points", TINY, 40, "up"), ("points", -40, -TINY, "down"), ("points", 0, LEVEL_POINTS, "level"),
    ("points", -LEVEL_POINTS, LEVEL_POINTS, "level"), ("points", -LEVEL_POINTS - TINY, 1, "cannot_say"),
    ("points", -1, LEVEL_POINTS + TINY, "cannot_say"), ("difference", TINY, 5, "up"),
    ("difference", -5, -TINY, "down"), ("difference", -TINY, TINY, "cannot_say"), ("", 2, 3, "up"),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "low", "high", "arrow"), TABLE)
def test_the_arrow_follows_the_interval(measure: str, low: float, high: float, arrow: str) -> None:
    row = judged(measure=measure, change_lower=low, change_upper=high)
    assert row["arrow"] == arrow
    assert (row["why"] == "") is (arrow != "cannot_say")


@pytest.mark.parametrize(("low", "high"), [(2, 3), (0.1, 0.2), (0.9, 1.1)])
def test_no_interval_makes_an_arrow_across_a_break(low: float, high: float) -> None:
    row = judged(change_lower=low, change_upper=high, recording="New system")
    assert (row["arrow"], row["judgement"]) == ("cannot_say", "cannot_say")
    assert row["why"] == "recording changed in between: New system"


@pytest.mark.parametrize(
    ("polarity", "low", "high", "judgement"),
    [
        ("higher_is_worse", 2, 3, "worse"), ("higher_is_worse", 0.2, 0.3, "better"),
        ("lower_is_worse", 2, 3, "better"), ("lower_is_worse", 0.2, 0.3, "worse"),
        ("neither", 2, 3, "neither"), ("neither", 0.2, 0.3, "neither"),
        ("higher_is_worse", 0.9, 1.1, "level"), ("higher_is_worse", 0.1, 9, "cannot_say"),
    ],
)  # fmt: skip
def test_better_or_worse_is_what_the_catalogue_says(polarity: str, low: float, high: float, judgement: str) -> None:
    assert judged(polarity=polarity, change_lower=low, change_upper=high)["judgement"] == judgement


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"previous_rows": ""}, "no earlier figure for a period of the same kind"),
        (
            {"previous_rows": "", "recording": "x", "status": "withheld"},
            "no earlier figure for a period of the same kind",
        ),
        ({"recording": "New", "unit": "points"}, "recording changed in between: New"),
        ({"unit": "percent_change"}, "only a change is stated, not what it was worked out from"),
        ({"change_lower": 0.5, "change_upper": 2.0}, "the interval is too wide to tell a change from none"),
        ({"previous_status": "withheld"}, "a figure is withheld"),
        ({"status": "suppressed_by_source", "unit": "percent"}, "a figure is withheld"),
        ({"unit": "percent", "mismatch": True}, "the percentage is not what its own numbers give"),
        ({"unit": "percent"}, "the number the percentage is of is not known for both periods"),
        ({"unit": "fte"}, "too few earlier figures to know how much this varies"),
    ],
)
def test_each_reason_in_its_order(row: dict[str, Any], why: str) -> None:
    assert judged(**row)["why"] == why


def test_rows_are_judged_one_by_one_and_the_frame_given_is_left_alone() -> None:
    frame = pd.DataFrame([BLANK | {"change_lower": 2.0, "change_upper": 3.0}, BLANK])
    assert list(judge(frame)["arrow"]) == ["up", "cannot_say"]
    assert "arrow" not in frame


QUIET = {"method": "scan-counts", "expected": 100.0, "expected_lower": 85.0, "expected_upper": 118.0}
STAFF = {"measure": "difference", "previous_value": 40.0}
WIDE = "the interval is too wide to tell a change from none"
INSIDE = "the latest figures stay within the range of their own past"


@pytest.mark.parametrize(
    ("row", "arrow", "why"),
    [
        ({"change_lower": 0.85, "change_upper": 1.2}, "level", ""),
        ({"change_lower": LOW, "change_upper": HIGH}, "level", ""),
        ({"change_lower": 0.826, "change_upper": 1.412}, "cannot_say", WIDE),
        ({"change_lower": LOW - TINY, "change_upper": 1.1}, "cannot_say", WIDE),
        ({"change_lower": 1 + TINY, "change_upper": 1.2}, "cannot_say", INSIDE),
        ({"change_lower": 0.9, "change_upper": 1 - TINY}, "cannot_say", INSIDE),
        ({}, "level", ""),
        ({"change_lower": 0.5, "change_upper": 2.0, "recording": "New"}, "level", ""),
        ({"expected_upper": 126.0, "change_lower": 0.9, "change_upper": 1.1}, "cannot_say", WIDE),
        ({"measure": "points", "change_lower": -LEVEL_POINTS, "change_upper": LEVEL_POINTS}, "level", ""),
        ({"measure": "points", "change_lower": -3.0, "change_upper": LEVEL_POINTS + TINY}, "cannot_say", WIDE),
        (STAFF | {"change_lower": -7.9, "change_upper": 9.9}, "level", ""),
        (STAFF | {"change_lower": -8.1, "change_upper": 9.0}, "cannot_say", WIDE),
        (STAFF | {"change_lower": 1.0, "change_upper": 9.0}, "cannot_say", INSIDE),
    ],
)  # fmt: skip
def test_what_the_scan_calls_level_is_level_in_the_change_printed_beside_it(
    row: dict[str, Any], arrow: str, why: str
) -> None:
    said = judged(**QUIET | row)
    assert (said["arrow"], said["why"]) == (arrow, why)


def test_a_flag_stands_whatever_the_change_beside_it() -> None:
    row = judged(**QUIET, flagged=True, way=1, change_lower=0.5, change_upper=2.0)
    assert row["arrow"] == "up"


@pytest.mark.parametrize(
    ("change", "arrow"), [(0.99, "cannot_say"), (1.0, "up"), (-0.99, "cannot_say"), (-1.0, "down")]
)
def test_less_than_one_post_is_no_change(change: float, arrow: str) -> None:
    ends = {"change_lower": change - 0.1, "change_upper": change + 0.1}
    said = judged(unit="fte", measure="difference", change=change, polarity="higher_is_worse", **ends)
    assert said["arrow"] == arrow
    assert said["why"] == ("the change is of less than one post" if arrow == "cannot_say" else "")
    assert judged(unit="mean", measure="difference", change=change, **ends)["arrow"] in ("up", "down")
