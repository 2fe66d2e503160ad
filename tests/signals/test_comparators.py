"""Which other area a figure stands beside, and in what unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.small import QUARTER, asked, definitions, figure, withheld
from threatlib.catalogue.partnership import Neighbour
from threatlib.signals.comparators import compare

PEOPLE = (
    figure("population_children", "2021-06-30", 10_000), figure("population_children", "2021-06-30", 50_000, "Midham"),
    figure("population_children", "2021-06-30", 1_000_000, "England"),
)  # fmt: skip


def of(indicator: str, *rows: dict[str, object]) -> pd.Series:
    found = asked(*rows)
    return found[found["indicator"] == indicator].iloc[0]


def test_a_count_stands_beside_a_rate_never_beside_the_count_of_another_size() -> None:
    row = of("referrals", *PEOPLE, figure("referrals", QUARTER, 100), figure("referrals", QUARTER, 400, "Midham"))
    assert row["rate"] == 100.0
    assert (row["comparator"], row["comparator_value"], row["comparator_unit"]) == ("Midham", 80.0, "per_10k")
    assert row["comparator_period"] == QUARTER
    assert row["comparator_rows"] == "a.csv:6"


def test_a_count_without_a_base_on_either_side_stands_alone() -> None:
    alone = of("offences", figure("offences", QUARTER, 100), figure("offences", QUARTER, 400, "Midham"))
    assert (alone["comparator"], alone["comparator_unit"], alone["comparator_rows"]) == ("", "", "")
    assert np.isnan(alone["comparator_value"])
    theirs = of("referrals", PEOPLE[0], figure("referrals", QUARTER, 100), figure("referrals", QUARTER, 400, "Midham"))
    assert theirs["comparator"] == ""
    ours = of("referrals", PEOPLE[1], figure("referrals", QUARTER, 100), figure("referrals", QUARTER, 400, "Midham"))
    assert ours["comparator"] == ""


def test_the_first_comparator_that_can_be_compared_is_taken() -> None:
    rows = (*PEOPLE, figure("referrals", QUARTER, 100), figure("referrals", QUARTER, 9_000, "England"))
    assert of("referrals", *rows)["comparator"] == "England"
    both = (*rows, figure("referrals", QUARTER, 400, "Midham"))
    assert of("referrals", *both)["comparator"] == "Midham"
    hidden = (*rows, withheld("referrals", QUARTER, 1, 5, "Midham"))
    assert of("referrals", *hidden)["comparator"] == "England"


def test_a_percentage_stands_beside_the_same_period_else_the_latest_one() -> None:
    ours = figure("seen_in_time", QUARTER, 80)
    older, newer = figure("seen_in_time", "2020-21", 60, "Midham"), figure("seen_in_time", "2021-22", 65, "Midham")
    row = of("seen_in_time", ours, newer, older)
    assert (row["comparator_value"], row["comparator_period"], row["comparator_unit"]) == (65.0, "2021-22", "percent")
    row = of("seen_in_time", ours, newer, figure("seen_in_time", QUARTER, 70, "Midham"), older)
    assert (row["comparator_value"], row["comparator_period"]) == (70.0, QUARTER)


def test_a_rate_of_a_quarter_never_stands_beside_a_rate_of_a_year() -> None:
    ours = figure("referrals", QUARTER, 100)
    year = figure("referrals", "2021-22", 1_600, "Midham")
    assert of("referrals", *PEOPLE, ours, year)["comparator"] == ""
    earlier = figure("referrals", "2022-23-Q1", 300, "Midham")
    row = of("referrals", *PEOPLE, ours, year, earlier)
    assert (row["comparator_value"], row["comparator_period"]) == (60.0, "2022-23-Q1")


def test_what_is_not_known_yet_or_of_another_group_is_no_comparator() -> None:
    row = of(
        "seen_in_time", figure("seen_in_time", QUARTER, 80), figure("seen_in_time", "2022-23-Q3", 1, "Midham"),
        figure("seen_in_time", QUARTER, 2, "Midham", breakdown="sex=girls"),
    )  # fmt: skip
    assert row["comparator"] == ""


def test_an_indicator_without_comparators_has_none() -> None:
    row = of("workers", figure("workers", "2022-09-30", 80), figure("workers", "2022-09-30", 70, "England"))
    assert row["comparator"] == ""


def test_a_neighbour_stands_only_beside_the_area_that_it_is_like() -> None:
    like = [Neighbour(area="Northam", rank=1, name="Midham", closeness="Not close")]
    rows = pd.DataFrame([figure("seen_in_time", QUARTER, 80), figure("seen_in_time", QUARTER, 70, "Midham"),
                         figure("seen_in_time", QUARTER, 60, "England")])  # fmt: skip
    rows = rows.assign(value=rows["value"].astype(float), denominator=np.nan)
    ours, others = rows.head(1), rows.tail(2)
    known = definitions()
    assert compare(ours, others, known)["comparator"].item() == "Midham"
    unlike = known.model_copy(update={"neighbours": tuple(like)})
    assert compare(ours, others, unlike)["comparator"].item() == "England"


def test_an_average_of_neighbours_stands_beside_the_area_it_is_made_for() -> None:
    entries = definitions()
    *local, midham, england = entries.partnership.areas
    areas = (*local, midham.model_copy(update={"neighbours_of": ("Northam",)}), england)
    held = entries.model_copy(update={"partnership": entries.partnership.model_copy(update={"areas": areas})})
    seen = held.catalogue.by_id["seen_in_time"]
    assert held.comparators(seen, "Northam") == ("Midham", "England")
    assert held.comparators(seen, "Northam and Southam") == ("Midham", "England")
    assert held.comparators(seen, "Southam") == ("England",)
    assert entries.comparators(seen, "Southam") == ("Midham", "England")
