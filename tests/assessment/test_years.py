"""Twelve months at a time: sums of flows, levels of stocks, nothing of an incomplete year."""

from __future__ import annotations

import math

import pytest

from tests.assessment.linked import PEOPLE, entries, figure, quarters, shown, totals
from tests.small import withheld
from threatlib.assessment.years import people, said


def test_four_quarters_are_a_year_and_three_are_none() -> None:
    found = totals(*quarters("plans", [1, 2, 3, 4, 5, 6, 7, 8, 9]))
    assert list(found["back"]) == [0, 1]
    assert list(found["value"]) == [6 + 7 + 8 + 9, 2 + 3 + 4 + 5]
    assert list(found["period"]) == ["2021-10/2022-09", "2020-10/2021-09"]
    assert totals(*quarters("plans", [1, 2, 3])).empty
    rows = quarters("plans", [1, 2, 3, 4, 5])
    assert totals(*rows[:2], *rows[3:]).empty


def test_a_withheld_quarter_makes_the_year_an_interval() -> None:
    rows = quarters("plans", [10, 10, 10, 10])
    found = totals(*rows[:3], withheld("plans", "2022-23-Q2", 1, 5)).iloc[0]
    assert math.isnan(found["value"])
    assert (found["lower"], found["upper"], found["status"]) == (31, 35, "withheld")


def test_a_stock_is_its_level_on_the_same_day() -> None:
    days = [figure("workers", day, n) for n, day in enumerate(("2020-09-30", "2021-06-30", "2021-09-30", "2022-09-30"))]
    found = totals(*days)
    assert list(found["value"]) == [3, 2, 0]
    assert list(found["back"]) == [0, 1, 2]


def test_months_speak_where_the_quarter_is_not_over() -> None:
    months = [figure("plans", f"2021-{m:02d}", 1) for m in range(10, 13)]
    months += [figure("plans", f"2022-{m:02d}", 1) for m in range(1, 10)]
    found = totals(*months, *quarters("plans", [100] * 4, last="2022-23-Q1"))
    assert list(found["value"]) == [12]
    assert list(found["kind"]) == ["month"]


def test_the_population_is_the_latest_and_says_its_date() -> None:
    later = figure("population_children", "2022-06-30", 11_000)
    found = people(shown(*PEOPLE, later), entries()).set_index(["indicator", "area"])
    assert found.loc[("plans", "Northam"), "denominator"] == 11_000
    assert found.loc[("plans", "Northam"), "denominator_period"] == "2022-06-30"
    assert ("crimes", "Northam") not in found.index


@pytest.mark.parametrize(
    ("label", "words"), [("2021-10/2022-09", "in the year to September 2022"), ("2022-03-31", "on 31 March 2022")]
)
def test_a_year_in_words(label: str, words: str) -> None:
    assert said(label) == words
