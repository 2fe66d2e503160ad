"""P, U, G, T and run charts, and the choice between charts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from threatlib.stats.spc import choose_chart, g_chart, p_chart, run_chart, t_chart, u_chart

NAN = np.nan
FLAGS = ("outside", "shift", "trend", "two_of_three")


def flagged(chart) -> np.ndarray:
    return np.any([getattr(chart, name) for name in FLAGS], axis=0)


def test_p_chart_by_hand():
    chart = p_chart([20, 30, 10, 20], [100, 100, 100, 100], laney=False)
    assert chart.value.tolist() == [0.2, 0.3, 0.1, 0.2]
    np.testing.assert_allclose(chart.centre, 0.2)
    np.testing.assert_allclose(chart.upper, 0.2 + 3 * 0.04)
    np.testing.assert_allclose(chart.near_lower, 0.2 - 2 * 0.04)
    assert chart.sigma_z.tolist() == [1] * 4


def test_laney_factor_by_hand():
    chart = p_chart([20, 30, 10, 20], 100, screen=False)
    np.testing.assert_allclose(chart.sigma_z, (2.5 + 5 + 2.5) / 3 / 1.128)
    np.testing.assert_allclose(chart.upper, 0.2 + 3 * 0.04 * chart.sigma_z)


def test_limits_follow_the_denominator_and_stay_possible():
    chart = p_chart([1, 900, 3], [10, 10_000, 20], laney=False)
    assert (chart.lower >= 0).all()
    assert (p_chart([9, 97, 10], [10, 100, 10], laney=False).upper <= 1).all()
    width = chart.upper - chart.centre
    assert width[1] < width[2] < width[0]


def test_u_chart_by_hand():
    chart = u_chart([4, 9, 8, 3], [2, 2, 1, 1], laney=False)
    assert chart.value.tolist() == [2, 4.5, 8, 3]
    np.testing.assert_allclose(chart.centre, 4)
    np.testing.assert_allclose(chart.upper, 4 + 3 * np.sqrt(4 / np.array([2, 2, 1, 1])))
    assert chart.lower.tolist() == [0] * 4


def test_laney_calms_a_chart_of_large_denominators():
    rng = np.random.default_rng(8)
    total = rng.integers(20_000, 60_000, (200, 40))
    count = rng.binomial(total, np.clip(rng.normal(0.3, 0.02, total.shape), 0, 1))
    assert p_chart(count, total, laney=False).outside.mean() > 0.4
    assert p_chart(count, total).outside.mean() < 0.012


def test_charts_share_the_rules_of_xmr():
    count = np.array([12, 8] * 10 + [11] * 7 + [9])
    chart = p_chart(count, 100, baseline_n=20)
    assert chart.shift[20:27].all()
    assert (chart.spans.rule.tolist(), chart.spans.start.tolist(), chart.spans.stop.tolist()) == (["shift"], [20], [26])
    assert not p_chart(np.where(np.arange(28) == 23, NAN, count), 100, baseline_n=20).shift.any()
    cut = p_chart(count, 100, segments=[20])
    np.testing.assert_allclose(cut.centre[[0, 20]], [0.1, 86 / 800])


def test_periods_that_make_no_sense_are_missing():
    bad = p_chart([5, NAN, 5, -1, 5, 11, np.inf, 5, 4], [10, 10, 0, 10, NAN, 10, 10, np.inf, 10])
    assert bad.n == 2
    assert np.isfinite(bad.value).tolist() == [True] + [False] * 7 + [True]
    assert np.isfinite(bad.upper).tolist() == [True] + [False] * 7 + [True]
    assert not flagged(bad).any()


def test_shares_that_are_all_the_same_are_constant():
    for count, total in (([5, 10, 20], [10, 20, 40]), ([0, 0, 0], [10, 20, 40]), ([10, 20, 40], [10, 20, 40])):
        chart = p_chart(count, total)
        np.testing.assert_allclose(chart.lower, chart.value)
        np.testing.assert_allclose(chart.upper, chart.value)
        assert not flagged(chart).any()


def test_g_chart_by_hand():
    chart = g_chart([2, 4, 6, 4])
    np.testing.assert_allclose(chart.centre, 4)
    np.testing.assert_allclose(chart.upper, 4 + 3 * np.sqrt(20))
    np.testing.assert_allclose(chart.near_upper, 4 + 2 * np.sqrt(20))
    assert chart.lower.tolist() == [0] * 4
    np.testing.assert_allclose(g_chart([0, 1, 9, NAN, 2, -3]).centre, 1.5)  # median of 0, 1, 2 and 9


def test_g_chart_takes_events_on_one_day():
    chart = g_chart([0, 0, 0, 0])
    assert chart.upper.tolist() == [0] * 4
    assert not flagged(chart).any()


def test_t_chart_by_hand():
    times = np.array([1.0, 2.0, 3.0, 2.0]) ** 3.6
    chart = t_chart(times, screen=False)
    np.testing.assert_allclose(chart.centre, 2**3.6)
    np.testing.assert_allclose(chart.near_upper, (2 + 2 / 1.128) ** 3.6)
    assert chart.lower.tolist() == [0] * 4
    assert t_chart([5.0] * 12).upper.tolist() == pytest.approx([5.0] * 12)


def test_a_long_silence_is_outside_on_both():
    rng = np.random.default_rng(2)
    gaps = np.append(rng.exponential(10, 40), 150)
    assert t_chart(gaps, baseline_n=40).outside.tolist() == [False] * 40 + [True]
    assert g_chart(np.floor(gaps), baseline_n=40).outside[-1]


def test_run_chart_by_hand():
    chart = run_chart([1, 3, 1, 3, 2, 1, 1, 3, 3])
    assert [int(part[0]) for part in (chart.useful, chart.longest_run, chart.crossings)] == [8, 2, 5]
    assert chart.centre[0] == 2
    assert [int(part[0]) for part in (chart.longest_allowed, chart.crossings_needed)] == [6, 1]


def test_run_chart_finds_an_order_and_none_in_noise():
    step = np.repeat([1.0, 2.0], 12) + np.tile([0.0, 0.1], 12)
    assert run_chart(step).signal.all()
    noise = np.random.default_rng(3).normal(size=(2000, 24))
    assert 0.02 < run_chart(noise).signal[:, 0].mean() < 0.09


def test_run_chart_of_nothing():
    for values in ([], [NAN, NAN], [4.0], [4.0] * 9):
        chart = run_chart(values)
        assert not chart.signal.any()
        assert not chart.useful.any()
        assert not chart.crossings.any()


@pytest.mark.parametrize(
    ("values", "options", "chart"),
    [
        ([1.9] * 12, {}, "g"),
        ([2.0] * 12, {}, "xmr"),
        ([0, 1] * 6, {"denominator": 5000}, "g"),
        ([3, 5] * 6, {"denominator": 5000}, "u"),
        ([3, 5] * 6, {"denominator": 50, "kind": "proportion"}, "p"),
        ([49, 49] * 6, {"denominator": 50, "kind": "proportion"}, "g"),
        ([0.1, -0.2] * 6, {"kind": "level"}, "xmr"),
        ([0, 0, 0], {}, "none"),
        ([7], {}, "none"),
        ([], {}, "none"),
        ([NAN, NAN, np.inf], {}, "none"),
        ([-4, -4, 9, 9], {}, "xmr"),
    ],
)
def test_the_chart_chosen(values, options, chart):
    choice = choose_chart(values, **options)
    assert choice.chart == chart
    assert str(choice.reason)


def test_the_choice_says_why_and_how_many_points():
    choice = choose_chart([[0, 1, 0, 0], [9, 8, NAN, 7]])
    assert choice.chart.tolist() == ["g", "xmr"]
    assert "fewer than 2 events a period" in choice.reason[0]
    assert [str(short) for short in choice.shortfall()] == ["4 of 12 points needed", "3 of 12 points needed"]
    np.testing.assert_allclose(choice.mean, [0.25, 8])


def test_what_cannot_be_meant_is_refused():
    with pytest.raises(ValueError, match=r"count and total: found shapes \(3,\) and \(2,\)"):
        p_chart([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="kind 'share': wanted"):
        choose_chart([1, 2], kind="share")
    with pytest.raises(ValueError, match="found no denominator"):
        choose_chart([1, 2], kind="proportion")
    with pytest.raises(ValueError, match=r"denominator: found shape \(3,\)"):
        choose_chart([1, 2], [1, 2, 3])
    for chart in (g_chart, t_chart, run_chart, u_chart):
        with pytest.raises(ValueError, match="found a single number"):
            chart(3.0)
        with pytest.raises(ValueError, match="baseline_n: found 1"):
            chart([1, 2, 3], baseline_n=1)


ODD = st.one_of(st.integers(0, 6).map(float), st.floats(-1e6, 1e6, width=32), st.sampled_from([NAN, np.inf, -np.inf]))
ANY = arrays(np.float64, array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=16), elements=ODD)


@settings(deadline=None)
@given(ANY, st.one_of(ODD, st.just(40.0)), st.booleans())
def test_whatever_comes_in_attribute_charts_answer(values, size, laney):
    for chart, ceiling in ((p_chart(values, size, laney=laney), 1.0), (u_chart(values, size, laney=laney), np.inf)):
        assert chart.value.shape == chart.upper.shape == chart.shift.shape == values.shape
        missing = np.isnan(chart.value)
        assert not (flagged(chart) & missing).any()
        assert (chart.n == (~missing).sum(axis=-1)).all()
        known = np.isfinite(chart.upper)
        assert ((chart.lower[known] >= 0) & (chart.upper[known] <= ceiling)).all()
        assert (chart.lower[known] <= chart.upper[known]).all()
        assert not (known & missing).any()


@settings(deadline=None)
@given(ANY)
def test_whatever_comes_in_the_other_charts_answer(values):
    for chart in (g_chart(values), t_chart(values)):
        usable = np.isfinite(values) & (values >= 0)
        assert (chart.n == usable.sum(axis=-1)).all()
        assert not (flagged(chart) & ~usable).any()
        known = np.isfinite(chart.upper)
        assert ((chart.lower[known] >= 0) & (chart.upper[known] >= chart.lower[known])).all()
    run = run_chart(values)
    assert (run.longest_run <= run.useful).all()
    assert not (run.signal & (run.useful == 0)).any()
    assert set(np.unique(choose_chart(values).chart)) <= {"xmr", "g", "none"}
    assert set(np.unique(choose_chart(values, 10.0, kind="proportion").chart)) <= {"p", "g", "none"}
    assert set(np.unique(choose_chart(values, kind="level").chart)) <= {"xmr", "none"}
