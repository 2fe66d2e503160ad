"""Each group's rate beside everybody else's, by population and by the stage before."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.assessment.linked import entries, figure, quarters, shown, totals
from tests.small import withheld
from threatlib.assessment.disproportionality import COLUMNS, disproportionality

GROUPS = ("sex=Girls", "sex=Boys")


def compared(*rows: Any) -> pd.DataFrame:
    found = disproportionality(shown(*rows), totals(*rows), entries())
    assert list(found.columns) == list(COLUMNS)
    return found.set_index(["indicator", "against", "group"])


def groups(indicator: str, girls: float, boys: float) -> list[dict[str, Any]]:
    both = zip(GROUPS, (girls, boys), strict=True)
    return [row for group, n in both for row in quarters(indicator, [n] * 4, breakdown=group)]


PEOPLE = [figure("population_children", "2021-06-30", 5_000, breakdown=group) for group in GROUPS]


def test_twice_as_often_by_population() -> None:
    found = compared(*groups("referrals", 100, 50), *PEOPLE)
    girls = found.loc[("referrals", "population_children", "Girls")]
    assert girls["relative"] == pytest.approx(2.0)
    assert girls["relative_lower"] > 1.5
    assert (girls["verdict"], girls["expected"]) == ("more", 200)
    assert found.loc[("referrals", "population_children", "Boys"), "verdict"] == "less"
    assert "2.00 times" in girls["sentence"]


def test_the_stage_before_is_a_base_of_its_own() -> None:
    """Girls are referred twice as often; once referred they are enquired about as often as boys."""
    found = compared(*groups("referrals", 100, 50), *groups("enquiries", 20, 10), *PEOPLE)
    assert found.loc[("enquiries", "population_children", "Girls"), "verdict"] == "more"
    by_stage = found.loc[("enquiries", "referrals", "Girls")]
    assert by_stage["relative"] == pytest.approx(1.0)
    assert by_stage["verdict"] == "no clear difference"


def test_small_numbers_are_marked_and_tiny_ones_not_read() -> None:
    small = compared(*groups("referrals", 2, 2), *PEOPLE).iloc[0]
    assert small["small"]
    assert "small numbers" in small["sentence"]
    tiny = compared(*groups("referrals", 1, 1), *PEOPLE).iloc[0]
    assert tiny["verdict"] == "cannot say"


def test_a_withheld_group_is_judged_by_what_holds_whatever_it_is() -> None:
    rows = groups("referrals", 100, 50)
    hidden = withheld("referrals", "2022-23-Q2", 1, 5) | {"breakdown": "sex=Boys"}
    kept = [row for row in rows if not (row["breakdown"] == "sex=Boys" and row["period"] == "2022-23-Q2")]
    row = compared(*kept, hidden, *PEOPLE).loc[("referrals", "population_children", "Girls")]
    assert row["verdict"] == "more"
    assert pd.isna(row["relative"])
    assert row["relative_lower"] < 2.58 < row["relative_upper"]


def test_without_the_groups_people_it_says_so_once() -> None:
    found = compared(*groups("referrals", 100, 50)).reset_index()
    assert len(found) == 1
    assert found["verdict"].iloc[0] == "cannot say"
    assert "is not known" in found["sentence"].iloc[0]


def test_no_breakdown_no_row() -> None:
    assert compared(*quarters("referrals", [100] * 4)).empty
