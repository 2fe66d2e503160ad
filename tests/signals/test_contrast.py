"""Change as a ratio, in points, as a difference; rates; what a withheld count leaves open."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from tests.small import QUARTER, WORLD, asked, figure, main_of, withheld

THEN = "2021-22-Q2"


def two(indicator: str, then: float, now: float, **more: float) -> tuple[dict[str, object], dict[str, object]]:
    return figure(indicator, THEN, then, **more), figure(indicator, QUARTER, now, **more)


def test_a_count_changes_by_a_ratio() -> None:
    row = main_of(*two("offences", 100, 150))
    assert (row["measure"], row["change"]) == ("ratio", 1.5)
    odds = [q / (1 - q) for q in beta.ppf([0.025, 0.975], 150.5, 100.5)]
    assert [row["change_lower"], row["change_upper"]] == pytest.approx(odds)


def test_a_count_of_people_changes_as_a_rate() -> None:
    """Twice the referrals of twice the children are no change."""
    people = [figure("population_children", "2020-06-30", 10_000), figure("population_children", "2022-06-30", 20_000)]
    row = asked(*people, *two("referrals", 400, 800)).set_index("indicator").loc["referrals"]
    assert row["change"] == 1.0
    assert row["change_lower"] < 1 < row["change_upper"]
    assert row["rate"] == 400.0
    assert row["rate_lower"] < 400 < row["rate_upper"]


def test_one_base_missing_leaves_a_ratio_of_counts() -> None:
    people = [figure("population_children", "2022-06-30", 20_000)]
    row = asked(*people, *two("referrals", 400, 800)).set_index("indicator").loc["referrals"]
    assert row["change"] == 2.0


def wilson(count: float, total: float) -> tuple[float, float, float]:
    z, p = 1.959963985, count / total
    middle, half = p + z * z / 2 / total, z * math.sqrt(p * (1 - p) / total + z * z / 4 / total**2)
    return p, (middle - half) / (1 + z * z / total), (middle + half) / (1 + z * z / total)


def test_a_percentage_changes_by_points() -> None:
    rows = (figure("seen_in_time", THEN, 30, numerator=30, denominator=100),
            figure("seen_in_time", QUARTER, 60, numerator=60, denominator=100))  # fmt: skip
    row = main_of(*rows)
    assert (row["measure"], row["change"], row["arrow"]) == ("points", 30.0, "up")
    (p, low, _), (q, _, high) = wilson(60, 100), wilson(30, 100)
    assert row["change_lower"] == pytest.approx(100 * (p - q - math.hypot(p - low, high - q)))


def test_a_percentage_without_its_base_cannot_be_judged() -> None:
    row = main_of(*two("seen_in_time", 30, 60))
    assert row["change"] == 30.0
    assert (row["arrow"], row["why"]) == ("cannot_say", "the number the percentage is of is not known for both periods")


def test_a_percentage_that_is_not_its_numerator_over_its_base_is_not_judged() -> None:
    rows = (figure("seen_in_time", THEN, 30, numerator=30, denominator=100),
            figure("seen_in_time", QUARTER, 60, numerator=60, denominator=200))  # fmt: skip
    row = main_of(*rows)
    assert (row["arrow"], row["why"]) == ("cannot_say", "the percentage is not what its own numbers give")
    assert np.isnan(row["change_lower"])


@pytest.mark.parametrize(("printed", "judged"), [(33.0, True), (34.3, True), (34.4, False)])
def test_rounding_is_no_disagreement(printed: float, judged: bool) -> None:
    rows = (figure("seen_in_time", THEN, 90, numerator=90, denominator=100),
            figure("seen_in_time", QUARTER, printed, numerator=100, denominator=300))  # fmt: skip
    assert (main_of(*rows)["arrow"] == "down") is judged


def test_zero_is_a_value_on_either_side() -> None:
    assert main_of(*two("offences", 0, 0))["arrow"] == "cannot_say"
    gone, come = main_of(*two("offences", 90, 0)), main_of(*two("offences", 0, 90))
    assert (gone["change"], gone["change_lower"], gone["arrow"]) == (0.0, 0.0, "down")
    assert (come["change"], come["change_upper"], come["arrow"]) == (math.inf, math.inf, "up")


def test_a_withheld_count_gives_what_holds_for_every_value() -> None:
    known = [main_of(*two("offences", then, 40)) for then in (1, 5)]
    hidden = main_of(withheld("offences", THEN, 1, 5), figure("offences", QUARTER, 40))
    assert hidden["change_lower"] == known[1]["change_lower"]
    assert hidden["change_upper"] == known[0]["change_upper"]
    assert np.isnan(hidden["change"])
    assert hidden["arrow"] == "up"
    narrow = main_of(withheld("offences", THEN, 1, 5), figure("offences", QUARTER, 9))
    assert narrow["arrow"] == "cannot_say"


@settings(max_examples=20, deadline=None)
@given(other=st.integers(0, 60), low=st.integers(0, 6), width=st.integers(0, 8), first=st.booleans())
def test_no_verdict_on_a_withheld_count_is_refuted_by_a_value_it_may_have(
    other: int, low: int, width: int, first: bool
) -> None:
    when = (THEN, QUARTER) if first else (QUARTER, THEN)
    rows = [withheld("offences", when[0], low, low + width), figure("offences", when[1], other)]
    for value in range(low, low + width + 1):
        group = {"breakdown": f"value={value}"}
        rows += [figure("offences", when[0], value, **group), figure("offences", when[1], other, **group)]
    found = asked(*rows)
    hidden, told = found.iloc[0], found.iloc[1:]
    assert len(told) == width + 1
    assert hidden["arrow"] == "cannot_say" or (told["arrow"] == hidden["arrow"]).all()
    assert (hidden["change_lower"] <= told["change_lower"]).all()
    assert (hidden["change_upper"] >= told["change_upper"]).all()


def test_a_withheld_count_of_unknown_size_leaves_one_side_open() -> None:
    """No bound is stated above: the count may be anything from the lower one upwards."""
    more = main_of(figure("offences", THEN, 20), withheld("offences", QUARTER, 90, math.nan))
    assert (more["change_upper"], more["arrow"]) == (math.inf, "up")
    unclear = main_of(figure("offences", THEN, 900), withheld("offences", QUARTER, 1, math.nan))
    assert (unclear["change_upper"], unclear["arrow"]) == (math.inf, "cannot_say")
    less = main_of(withheld("offences", THEN, 90, math.nan), figure("offences", QUARTER, 20))
    assert (less["change_lower"], less["arrow"]) == (0.0, "down")
    blind = main_of(withheld("offences", THEN, math.nan, math.nan), figure("offences", QUARTER, 20))
    assert (blind["arrow"], blind["why"]) == ("cannot_say", "a figure is withheld")


def test_the_rate_of_a_withheld_count_runs_from_its_least_to_its_most() -> None:
    people = figure("population_children", "2021-06-30", 10_000)
    rows = asked(people, withheld("referrals", QUARTER, 1, 5))
    row = rows.set_index("indicator").loc["referrals"]
    least, most = (asked(people, figure("referrals", QUARTER, n)).set_index("indicator").loc["referrals"]
                   for n in (1, 5))  # fmt: skip
    assert np.isnan(row["rate"])
    assert (row["rate_lower"], row["rate_upper"]) == (least["rate_lower"], most["rate_upper"])


def test_the_rate_of_a_group_is_of_that_group() -> None:
    group = {"breakdown": "sex=girls"}
    whole = figure("population_children", "2021-06-30", 10_000)
    girls = figure("population_children", "2021-06-30", 4_000, **group)
    rows = (figure("referrals", THEN, 40, **group), figure("referrals", QUARTER, 40, **group))
    alone = asked(whole, *rows).set_index("indicator").loc["referrals"]
    assert np.isnan(alone["rate"])
    known = asked(whole, girls, *rows)
    known = known[known["indicator"] == "referrals"].iloc[0]
    assert known["denominator"] == 4_000
    assert known["rate"] == 100.0


def test_only_counts_have_a_rate() -> None:
    found = asked(*WORLD)
    assert set(found.loc[found["rate"].notna(), "unit"]) == {"count"}
    assert found.loc[found["indicator"] == "offences", "rate"].isna().all()
