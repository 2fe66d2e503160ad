from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rates_vectors import Table, assert_close
from scipy.stats import chi2

from threatlib.stats.rates import (
    Between,
    bounds,
    proportion,
    proportion_difference,
    rate,
    rate_difference,
    rate_ratio,
)

pytestmark = pytest.mark.filterwarnings("error")
NAN, INF = np.nan, np.inf


def three(estimate):
    return [float(estimate.value), float(estimate.lower), float(estimate.upper)]


# by hand


def test_nine_events_are_exact():
    assert three(rate(9, 14)) == pytest.approx(
        [9 / 14 * 1e4, chi2.ppf(0.025, 18) / 2 / 14 * 1e4, chi2.ppf(0.975, 20) / 2 / 14 * 1e4]
    )
    assert float(rate(9, 14).lower) == pytest.approx(2939.552, abs=5e-4)


def test_ten_events_are_byars():
    assert float(rate(10, 12).lower) == pytest.approx(10 * (1 - 1 / 90 - 1.959964 / (3 * 10**0.5)) ** 3 / 12 * 1e4)
    assert float(rate(10, 12).lower) == pytest.approx(3989.542, abs=5e-4)


def test_no_event_still_has_an_upper_limit():
    value, lower, upper = three(rate(0, 1_000, per=1_000))
    assert (value, lower) == (0, 0)
    assert upper == pytest.approx(-np.log(0.025))


def test_wilson_by_hand():
    # 8 of 10: centre (8 + 1.92)/(10 + 3.84), half-width 0.2266
    assert three(proportion(8, 10)) == pytest.approx([0.8, 0.490162, 0.943318], abs=1e-6)


def test_wilson_is_exact_at_both_ends():
    assert three(proportion(0, 7))[:2] == [0, 0]
    assert three(proportion(7, 7))[::2] == [1, 1]
    n = np.arange(1, 3_000)
    for confidence in (0.9, 0.95, 0.998):
        none, every = proportion(0, n, confidence=confidence), proportion(n, n, confidence=confidence)
        assert (none.lower == 0).all()
        assert (every.upper == 1).all()
        assert ((none.upper > 0) & (every.lower < 1)).all()


def test_dispersion_widens_by_its_root():
    plain, wide = rate(4_000, 1e5), rate(4_000, 1e5, dispersion=4)
    ratio = (wide.upper - wide.lower) / (plain.upper - plain.lower)
    assert float(ratio) == pytest.approx(2, rel=0.01)
    assert_close(rate(3, 10, dispersion=0.2).upper, rate(3, 10).upper)


# degenerate


@pytest.mark.parametrize(
    ("count", "population"),
    [(NAN, 10), (1, NAN), (-1, 10), (1, 0), (1, -5), (INF, 10), (1, INF), (-INF, 10), (NAN, NAN)],
)
def test_no_rate_is_three_times_missing(count, population):
    for method in (rate, proportion):
        assert np.isnan(three(method(count, population))).all()
        answer = method([count, 2], [population, 50])
        assert np.isnan(answer.value).tolist() == [True, False]
    for method in (rate_ratio, rate_difference, proportion_difference):
        for inputs in ((count, population, 2, 50), (2, 50, count, population)):
            answer = method(*inputs)
            assert np.isnan([answer.value, answer.lower, answer.upper, answer.p]).all(), method


def test_more_than_the_total_is_no_proportion_but_may_be_a_rate():
    assert np.isnan(three(proportion(6, 5))).all()
    assert three(rate(6, 5, per=1))[0] == pytest.approx(1.2)


def test_empty_and_shapes():
    assert rate([], []).value.shape == (0,)
    assert proportion(np.zeros((0, 3)), 1).lower.shape == (0, 3)
    assert rate(np.ones((2, 3)), [10, 20, 30]).upper.shape == (2, 3)
    assert bounds(rate, Between([], []), []).lower.shape == (0,)


@pytest.mark.parametrize("confidence", [0, 1, -0.1, 1.5, 95, NAN])
def test_a_confidence_that_is_none(confidence):
    with pytest.raises(ValueError, match=r"above 0 and below 1, such as 0\.95"):
        rate(1, 2, confidence=confidence)
    with pytest.raises(ValueError, match="above 0 and below 1"):
        proportion(1, 2, confidence=confidence)


anything = st.one_of(st.floats(-10, 1e6), st.sampled_from([0.0, 1.0, NAN, INF, -INF, -1.0, 9.0, 10.0, 5e-324, 1e300]))


@given(st.lists(st.tuples(anything, anything), max_size=8), st.sampled_from([0.5, 0.95, 0.998]))
def test_limits_enclose_the_value_or_all_are_missing(pairs, confidence):
    x, n = np.array(pairs, dtype=float).reshape(-1, 2).T
    for method in (rate, proportion):
        answer = method(x, n, confidence=confidence)
        missing = np.isnan(answer.value)
        assert (np.isnan(answer.lower) == missing).all()
        assert (np.isnan(answer.upper) == missing).all()
        slack = 1e-12 * np.abs(answer.value[~missing])
        assert (answer.lower[~missing] <= answer.value[~missing] + slack).all()
        assert (answer.value[~missing] <= answer.upper[~missing] + slack).all()
        assert (answer.lower[~missing] >= 0).all()
    assert (answer.upper[~missing] <= 1).all()


# golden


def test_every_crude_rate_of_the_reference():
    table = Table("phe_rate")
    keys = np.stack([table.levels(), table["multiplier"]])
    assert len(table.rows) == 1_860
    for level, per in np.unique(keys, axis=1).T:
        part = table.where((keys == [[level], [per]]).all(axis=0))
        answer = rate(part["x"], part["n"], per=per, confidence=level)
        for found, column in ((answer.value, "value"), (answer.lower, "lowercl"), (answer.upper, "uppercl")):
            assert_close(found, part[column])


@pytest.mark.parametrize(
    ("name", "per"),
    [("phe_rate_two_levels", 10_000), ("phe_rate_grouped", 10_000), ("phe_proportion_two_levels", None)],
)
def test_two_levels_and_groups_of_the_reference(name, per):
    table = Table(name)
    for level, label in ((0.95, "95_0"), (0.998, "99_8")):
        if per is None:
            answer, scale = proportion(table["x"], table["n"], confidence=level), 100
        else:
            answer, scale = rate(table["x"], table["n"], per=per, confidence=level), 1
        assert_close(answer.lower * scale, table[f"lower{label}cl"])
        assert_close(answer.upper * scale, table[f"upper{label}cl"])
        assert_close(answer.value * scale, table["value"])


def test_more_events_than_people_of_the_reference():
    table = Table("phe_rate_over")
    answer = rate(table["x"], table["n"], per=1_000)
    assert_close(answer.lower, table["lowercl"])
    assert_close(answer.upper, table["uppercl"])


def test_every_proportion_of_the_reference():
    table = Table("phe_proportion")
    assert len(table.rows) == 1_240
    for level in np.unique(table.levels()):
        part = table.where(table.levels() == level)
        answer, scale = proportion(part["x"], part["n"], confidence=level), part["multiplier"]
        for found, column in ((answer.value, "value"), (answer.lower, "lowercl"), (answer.upper, "uppercl")):
            assert_close(found * scale, part[column])


def test_grouped_proportions_of_the_reference():
    table = Table("phe_proportion_grouped")
    assert_close(proportion(table["x"], table["n"], confidence=0.998).upper * 100, table["upper99_8cl"])


def test_the_references_own_exact_and_byar_limits():
    table = Table("byars_exact_wilson")
    for level in np.unique(table["confidence"]):
        part = table.where(table["confidence"] == level)
        answer, few = rate(part["x"], part["n"], per=part["n"], confidence=level), part["x"] < 10
        assert_close(answer.lower, np.where(few, part["exact_lower"], part["byars_lower"]))
        assert_close(answer.upper, np.where(few, part["exact_upper"], part["byars_upper"]))
        assert_close(proportion(part["x"], part["n"], confidence=level).lower, part["wilson_lower"])


# hidden counts


def test_a_count_of_one_to_five():
    hidden = bounds(rate, Between(1, 5), 8_000)
    assert_close([hidden.value_lower, hidden.value_upper], [1.25, 6.25])
    assert_close([hidden.lower, hidden.upper], [rate(1, 8_000).lower, rate(5, 8_000).upper])


def test_a_hidden_total_never_falls_below_its_count():
    share = bounds(proportion, Between(1, 5), Between(3, 10))
    assert_close([share.value_lower, share.value_upper], [0.1, 1.0])
    assert float(share.upper) == 1


def test_ends_the_wrong_way_round_are_missing():
    for ends in (Between(5, 1), Between(NAN, 5), Between(-1, 5), Between(1, INF)):
        hidden = bounds(rate, ends, 100)
        assert np.isnan([hidden.value_lower, hidden.value_upper]).any()


interval = st.tuples(st.integers(0, 9), st.integers(0, 4)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(max_examples=60)
@given(interval, interval, st.integers(15, 60), st.integers(15, 60), st.sampled_from([1.0, 2.5]))
def test_the_corners_hold_for_every_value_between(first, second, n, m, phi):
    for method in (rate_ratio, rate_difference, proportion_difference):
        hidden = bounds(method, Between(*first), n, Between(*second), m, dispersion=phi)
        x, y = np.meshgrid(np.arange(first[0], first[1] + 1), np.arange(second[0], second[1] + 1))
        every = method(x, n, y, m, dispersion=phi)
        assert np.nanmin(every.lower) >= hidden.lower - 1e-9
        assert np.nanmax(every.upper) <= hidden.upper + 1e-9
        if y.min() > 0:
            assert_close([every.value.min(), every.value.max()], [hidden.value_lower, hidden.value_upper])
    for method in (rate, proportion):
        one = bounds(method, Between(*first), Between(n, n + 5))
        x, size = np.meshgrid(np.arange(first[0], first[1] + 1), np.arange(n, n + 6))
        every = method(x, size)
        assert_close([every.lower.min(), every.upper.max()], [one.lower, one.upper])
        assert_close([every.value.min(), every.value.max()], [one.value_lower, one.value_upper])
