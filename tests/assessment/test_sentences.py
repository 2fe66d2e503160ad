"""Sentences follow their rows: another number, another sentence, and never more than the interval allows."""

from __future__ import annotations

import math
from typing import Any

import pytest

from threatlib.assessment.sentences import Part, change, headline, plain, quantity
from threatlib.signals.verdict import TOO_WIDE

ROW: dict[str, Any] = {
    "name": "Referrals", "area": "Northam", "breakdown": "", "unit": "count", "period": "2022-23-Q2", "value": 800.0,
    "previous_period": "2021-22-Q2", "previous_value": 400.0, "rows": "a.csv:6", "previous_rows": "a.csv:5",
    "arrow": "up", "why": "", "measure": "ratio", "change": 2.0, "change_lower": 1.7748, "change_upper": 2.2564,
}  # fmt: skip


def said(**changed: Any) -> str:
    return plain(change(ROW | changed))


def test_a_rise_with_its_size_and_interval() -> None:
    assert said() == (
        "Referrals (Northam) rose from 400 in July to September 2021 to 800 in July to September 2022. "
        "That is a rise of 100% (range 77.4% to 125.7%)."
    )


def test_every_figure_keeps_its_source() -> None:
    parts = [part for part in change(ROW) if part.value is not None]
    assert [(part.text, part.value, part.rows) for part in parts] == [
        ("400", 400.0, "a.csv:5"), ("800", 800.0, "a.csv:6"), ("100%", 100.0, "a.csv:6 a.csv:5"),
        ("77.4%", pytest.approx(77.48), "a.csv:6 a.csv:5"), ("125.7%", pytest.approx(125.64), "a.csv:6 a.csv:5"),
    ]  # fmt: skip
    assert not [part for part in change(ROW) if part.value is None and part.rows]


@pytest.mark.parametrize(
    "changed",
    [{"value": 801.0}, {"previous_value": 399.0}, {"change": 2.1}, {"change_lower": 1.5}, {"change_upper": 2.5},
     {"period": "2022-23-Q1"}, {"previous_period": "2022-23-Q1"}, {"area": "Southam"}, {"breakdown": "sex=girls"},
     {"arrow": "down", "change_upper": 0.9}, {"unit": "percent", "measure": "points"}],
)  # fmt: skip
def test_another_number_another_sentence(changed: dict[str, Any]) -> None:
    assert said(**changed) != said()


def test_a_snapshot_is_on_a_day_and_a_group_is_named() -> None:
    text = said(period="2022-09-30", breakdown="sex=girls", arrow="down", change_upper=0.9, change_lower=0.4)
    assert text.startswith("Referrals (Northam, sex: girls) fell from 400 in July to September 2021 to 800 on 30 Sep")


def test_points_for_percentages_and_own_units_for_levels() -> None:
    points = said(unit="percent", measure="points", value=60.0, previous_value=30.0, change=30.0, change_lower=16.2,
                  change_upper=42.0)  # fmt: skip
    assert "from 30% in" in points
    assert points.endswith("That is a rise of 30 percentage points (range 16.2 to 42 percentage points).")
    level = said(unit="fte", measure="difference", value=60.0, previous_value=50.0, change=10.0, change_lower=5.6,
                 change_upper=14.4)  # fmt: skip
    assert level.endswith("That is a rise of 10 FTE (range 5.6 to 14.4 FTE).")


def test_level_and_cannot_say_claim_no_movement() -> None:
    level = said(arrow="level", value=410.0, change=1.025, change_lower=0.9, change_upper=1.17)
    assert "stayed level, from 400" in level
    assert level.endswith("The change is between \N{MINUS SIGN}10% and +17%.")
    silent = said(arrow="cannot_say", why="a figure is withheld")
    assert silent.endswith(" Whether that is a real change cannot be said: a figure is withheld.")
    assert "rose" not in silent
    assert "%" not in silent


def test_a_figure_without_an_earlier_one_stands_alone() -> None:
    text = said(arrow="cannot_say", previous_rows="", previous_value=math.nan, why="no earlier figure")
    assert text == (
        "Referrals (Northam) stood at 800 in July to September 2022. Whether that is a change cannot be said: "
        "no earlier figure."
    )


def test_a_withheld_figure_is_shorthand_and_the_change_only_a_bound() -> None:
    text = said(previous_value=math.nan, change=math.nan, change_lower=3.41499, change_upper=377.0)
    assert text == (
        "Referrals (Northam) rose from [c] in July to September 2021 to 800 in July to September 2022. "
        "That is a rise of at least 241.4%, whatever the withheld figure is."
    )
    fell = said(arrow="down", value=math.nan, change=math.nan, change_lower=0.01, change_upper=0.4567)
    assert "to [c] in" in fell
    assert fell.endswith("That is a fall of at least 54.3%, whatever the withheld figure is.")


def test_a_rise_from_nothing_has_a_lower_bound_only_and_nothing_is_withheld() -> None:
    text = said(previous_value=0.0, change=math.inf, change_lower=14.55, change_upper=math.inf)
    assert text.endswith(" at least 1,355%.")


@pytest.mark.parametrize(
    ("arrow", "low", "high", "claimed"),
    [("up", 1.12359, 9.0, "12.3%"), ("up", 1.00045, 9.0, "0.045%"), ("down", 0.1, 0.87641, "12.3%")],
)
def test_at_least_is_never_rounded_up(arrow: str, low: float, high: float, claimed: str) -> None:
    text = said(arrow=arrow, value=math.nan, change=math.nan, change_lower=low, change_upper=high)
    assert f" at least {claimed}, " in text


def test_the_interval_said_holds_the_change_said() -> None:
    low, high = 100 * (ROW["change_lower"] - 1), 100 * (ROW["change_upper"] - 1)
    values = [part.value for part in change(ROW) if part.value is not None][2:]
    assert values == [pytest.approx(100.0), pytest.approx(low), pytest.approx(high)]
    assert low < 100 < high


def test_headlines_say_no_more_than_the_arrow() -> None:
    assert headline(ROW) == "Referrals (Northam) rose"
    assert headline(ROW | {"arrow": "down", "change_upper": 0.9}) == "Referrals (Northam) fell"
    assert headline(ROW | {"arrow": "level"}) == "Referrals (Northam) stayed level"
    assert (
        headline(ROW | {"arrow": "cannot_say", "why": TOO_WIDE})
        == "Referrals (Northam): no change can be told from chance"
    )


def test_a_headline_does_not_blame_chance_for_what_could_not_be_compared() -> None:
    for why in ("a figure is withheld", "recording changed in between: New system"):
        assert "chance" not in headline(ROW | {"arrow": "cannot_say", "why": why, "change_lower": math.nan})


def test_quantities() -> None:
    assert quantity(4.5, "fte", "a.csv:2") == Part("4.5 FTE", 4.5, "a.csv:2")
    assert quantity(math.nan, "fte", "a.csv:2") == Part("[c]", None, "a.csv:2")
