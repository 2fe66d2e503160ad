"""The latest year beside the earlier ones: slow changes found, ordinary years left alone, honest rates of both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.assessment.linked import declared, entries, figure, quarters, totals
from tests.small import BREAK
from threatlib.assessment.levels import ALPHA, levels, words
from threatlib.assessment.sentences import plain


def one(*rows: Any, annotations: tuple[Any, ...] = ()) -> pd.Series:
    found = levels(totals(*rows), entries(*annotations))
    assert len(found) == 1
    return found.iloc[0]


def test_a_slow_rise_of_a_stock_is_above_its_earlier_years() -> None:
    days = [figure("workers", f"{2017 + n}-09-30", level) for n, level in enumerate((20, 21, 20, 19, 24, 30))]
    row = one(*days)
    assert (row["arrow"], row["expected"]) == ("up", 20)
    assert row["p"] < ALPHA


def test_last_year_is_left_out_for_the_change_may_have_begun_in_it() -> None:
    row = one(*quarters("crimes", [100] * 12 + [10] * 4 + [10] * 4))
    assert (row["arrow"], row["expected"]) == ("down", 400)
    assert row["expected_lower"] > 40


def test_a_year_like_the_others_is_level() -> None:
    assert one(*quarters("crimes", [100, 110, 90, 100] * 5))["arrow"] == "level"
    days = [figure("workers", f"{2017 + n}-09-30", level) for n, level in enumerate((20, 21, 20, 19, 20, 21))]
    assert one(*days)["arrow"] == "level"


def test_years_before_a_change_of_recording_are_not_asked() -> None:
    rows = quarters("crimes", [100] * 16 + [300] * 4)
    assert one(*rows)["arrow"] == "up"
    assert levels(totals(*rows), entries(declared(BREAK, start="2021-10"))).empty


@pytest.mark.parametrize(("now", "arrow"), [(7, "level"), (60, "up")])
def test_a_rise_is_one_whatever_the_withheld_years_were(now: float, arrow: str) -> None:
    """Quarters of 1 to 5 make years of 4 to 20: a year of 28 lies above the least, not above the most, of them."""
    rows = quarters("crimes", [3] * 16 + [now] * 4)
    hidden = [row | {"value": None, "lower": 1, "upper": 5, "status": "withheld"} for row in rows[:16]]
    row = one(*hidden, *rows[16:])
    assert row["arrow"] == arrow
    if arrow == "up":
        assert row["expected"] == pytest.approx(20, abs=0.5)
        assert row["recorded_lower"] > row["expected_upper"]


def test_one_earlier_year_is_too_few() -> None:
    assert levels(totals(*quarters("crimes", [100] * 8)), entries()).empty


def test_the_sentence_follows_the_figures() -> None:
    row = one(*quarters("crimes", [100] * 16 + [300] * 4)).to_dict()
    said = plain(words(row))
    assert said.startswith("Crimes (Northam): 1,200 in the year to September 2022, above the range of earlier years.")
    assert "We expected about 400 (range" in said
    assert "about 500" in plain(words(row | {"expected": 500.0}))


@pytest.mark.parametrize("between", [0.0, 0.1])
def test_quiet_years_are_seldom_called_changed(between: float) -> None:
    """Poisson quarters whose yearly level wanders by as much as real ones do."""
    rng = np.random.default_rng(3)
    rows = []
    for area in range(60):
        level = 50 * np.exp(rng.normal(0, between, 6))
        counts = rng.poisson(np.repeat(level, 4))
        rows += quarters("crimes", list(map(float, counts)), area=f"Area {area}")
    found = levels(totals(*rows), entries())
    assert len(found) == 60
    assert (found["arrow"] != "level").mean() <= 0.1
