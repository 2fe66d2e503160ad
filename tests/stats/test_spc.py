"""The XmR chart: answers by hand, each rule at its threshold, gaps, segments, baselines, and empty input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from threatlib.errors import NotEnoughPoints
from threatlib.stats.spc import XmR, xmr

NAN = np.nan
FLOATS = ("centre", "lower", "upper", "near_lower", "near_upper", "moving_range", "mean_moving_range")
FLAGS = ("outside", "shift", "trend", "two_of_three")


def spans(chart: XmR, rule: str) -> list[tuple[int, int, int, int]]:
    kept = chart.spans.rule == rule
    columns = (chart.spans.series, chart.spans.direction, chart.spans.start, chart.spans.stop)
    return list(zip(*(column[kept].tolist() for column in columns), strict=True))


def calm(points: int) -> np.ndarray:
    """Alternates about 0 without raising any flag."""
    return np.where(np.arange(points) % 2, 1.0, -1.0)


def test_limits_by_hand():
    chart = xmr([10, 12, 9, 13], screen=False)
    assert chart.centre.tolist() == [11] * 4
    assert chart.moving_range.tolist()[1:] == [2, 3, 4]
    np.testing.assert_allclose(chart.lower, 11 - 2.66 * 3)
    np.testing.assert_allclose(chart.near_upper, 11 + 2 * 2.66)
    assert chart.side.tolist() == [-1, 1, -1, 1]


def test_screening_leaves_out_ranges_of_3267_times_their_mean_once():
    values = [0, 1, 0, 1, 0, 1, 0, 1, 0, 50]
    plain, screened = xmr(values, screen=False), xmr(values)
    np.testing.assert_allclose(plain.mean_moving_range, (8 + 50) / 9)
    np.testing.assert_allclose(screened.mean_moving_range, 1)
    assert screened.centre[0] == plain.centre[0] == 5.4
    assert plain.outside.tolist() == [False] * 9 + [True]
    assert screened.outside.all()  # the outlier stays in the mean: 5.4 -/+ 2.66 holds neither 0 nor 1


def test_outside_is_strictly_beyond_the_limit():
    values = np.append(calm(20), 0.0)
    limit = xmr(values, baseline_n=20).upper[0]
    for value, fires in ((limit, False), (limit * (1 + 1e-9), True), (-limit, False), (-limit * (1 + 1e-9), True)):
        values[-1] = value
        assert xmr(values, baseline_n=20).outside[-1] == fires


@pytest.mark.parametrize(("rules", "run"), [("mdc-2023", 7), ("mdc-6", 6), ("nhsr-0.2.2", 7)])
@pytest.mark.parametrize("way", [1, -1])
def test_a_shift_needs_its_run_and_marks_all_of_it(rules: str, run: int, way: int):
    for length in (run - 1, run, run + 1):
        values = np.concatenate([calm(20), way * np.tile([0.5, 0.6], 10)[:length], [-way * 0.1]])
        chart = xmr(values, baseline_n=20, rules=rules)
        first = 19 if way > 0 else 20  # the calm stretch ends above the centre
        length += way > 0
        assert chart.shift[first : first + length].all() == (length >= run)
        assert spans(chart, "shift") == ([(0, way, first, first + length - 1)] if length >= run else [])


def test_a_point_on_the_centre_ends_a_shift():
    six = [0.5, 0.6] * 3
    values = np.concatenate([calm(20), [-1], six, [0.0], six, [-1]])
    assert xmr(values, baseline_n=20).side[27] == 0
    assert not xmr(values, baseline_n=20).shift.any()
    values[27] = 0.1
    assert xmr(values, baseline_n=20).shift.sum() == 13


@pytest.mark.parametrize(("rules", "run"), [("mdc-2023", 7), ("mdc-6", 6), ("nhsr-0.2.2", 7)])
@pytest.mark.parametrize("way", [1, -1])
def test_a_trend_needs_its_points(rules: str, run: int, way: int):
    for length in (run - 1, run, run + 2):
        climb = way * np.linspace(-0.9, 0.9, length)
        chart = xmr(np.concatenate([calm(20) * way, climb, [0.0]]), baseline_n=20, rules=rules)
        assert spans(chart, "trend") == ([(0, way, 20, 19 + length)] if length >= run else [])
        assert chart.trend.sum() == (length if length >= run else 0)


def test_a_repeated_value_neither_counts_nor_cancels_a_trend():
    climb = [-0.9, -0.6, -0.3, -0.3, 0.0, 0.3, 0.6, 0.9]
    values = np.concatenate([calm(20), climb, [0.9, 0.0]])
    assert spans(xmr(values, baseline_n=20), "trend") == [(0, 1, 20, 27)]
    assert not xmr(values, baseline_n=20, rules="nhsr-0.2.2").trend.any()
    values[26] = 0.3  # now only six rises are left of seven points
    assert spans(xmr(values, baseline_n=20), "trend") == []


def test_a_peak_belongs_to_the_rise_and_to_the_fall():
    up = np.linspace(-0.8, 0.8, 7)
    chart = xmr(np.concatenate([calm(20), up, up[-2::-1], [0.0]]), baseline_n=20)
    assert spans(chart, "trend") == [(0, 1, 20, 26), (0, -1, 26, 32)]


@pytest.mark.parametrize("rules", ["mdc-2023", "mdc-6", "nhsr-0.2.2"])
def test_two_of_three(rules: str):
    near = xmr(np.append(calm(20), [0] * 3), baseline_n=20).near_upper[0]
    far = 1.6 * near
    table = [
        ([near * 1.01, 0.1, near * 1.01], [True, False, True]),
        ([near * 1.01, -0.1, near * 1.01], [False, False, False]),
        ([near, 0.1, near * 1.01], [False, False, False]),
        ([far, 0.1, near * 1.01], [rules != "nhsr-0.2.2", False, rules != "nhsr-0.2.2"]),
    ]
    for window, wanted in table:
        for way in (1, -1):
            values = np.concatenate([calm(20) * way, [-way], way * np.array(window), [-way * 0.1]])
            assert xmr(values, baseline_n=20, rules=rules).two_of_three[21:24].tolist() == wanted


def test_no_run_crosses_a_gap():
    values = np.concatenate([calm(20), [-1], [0.5, 0.6] * 4, [-1]])
    assert xmr(values, baseline_n=20).shift.sum() == 8
    values[24] = NAN
    chart = xmr(values, baseline_n=20)
    assert not chart.shift.any()
    assert chart.side[24] == 0
    climb = np.concatenate([calm(20), np.linspace(-0.9, 0.9, 9), [0]])
    climb[24] = NAN
    assert not xmr(climb, baseline_n=20).trend.any()
    assert np.isnan(xmr([1, NAN, 3, 5]).moving_range[:3]).all()


def test_a_segment_has_its_own_limits_and_runs():
    values = [1, 2, 1, 2, 1, 2, 1, 11, 12, 11, 12, 11, 12, 11]
    whole, cut = xmr(values), xmr(values, segments=[7])
    assert whole.shift.all()
    assert not cut.flagged.any()
    np.testing.assert_allclose(cut.centre[[0, 13]], [10 / 7, 80 / 7])
    assert np.isnan(cut.moving_range[7])
    for same in ([0, 7], [0] * 7 + [1] * 7, ["old"] * 7 + ["new"] * 7, [[3] * 7 + [9] * 7]):
        assert (
            xmr([values] if np.ndim(same) == 2 else values, segments=same).centre.ravel().tolist()
            == cut.centre.tolist()
        )


@pytest.mark.parametrize("rules", ["mdc-2023", "mdc-6", "nhsr-0.2.2"])
def test_segments_are_charts_side_by_side(rules: str):
    """Noise with a strong drift, so that runs and windows would cross the cut if they could."""
    values = np.random.default_rng(9).normal(size=(400, 40)).cumsum(axis=-1)
    values[1::2] = np.round(values[1::2])
    whole = xmr(values, segments=[17], rules=rules)
    parts = [xmr(values[:, :17], rules=rules), xmr(values[:, 17:], rules=rules)]
    for name in (*FLAGS, "side", "trial", "upper", "moving_range"):
        np.testing.assert_allclose(getattr(whole, name), np.hstack([getattr(part, name) for part in parts]))
    assert all(getattr(whole, name).any() for name in FLAGS)


def test_each_series_may_have_its_own_segments():
    values = np.array([[1.0, 2, 1, 11, 12, 11], [1, 2, 1, 11, 12, 11]])
    chart = xmr(values, segments=[[0, 0, 0, 1, 1, 1], [0] * 6])
    np.testing.assert_allclose(chart.centre[:, 0], [4 / 3, 38 / 6])


def test_a_fixed_baseline_holds():
    early = xmr([1, 2, 1, 2, 90, 80], baseline_n=4)
    assert early.centre.tolist() == [1.5] * 6
    np.testing.assert_allclose(early.upper, 1.5 + 2.66)
    assert np.isnan(early.moving_range[4:]).all()
    assert early.outside.tolist() == [False] * 4 + [True] * 2


def test_a_constant_baseline_does_not_make_limits_collapse():
    chart = xmr([5] * 12 + [6, 7, 5, 6], baseline_n=12)
    assert (chart.upper > chart.lower).all()
    assert chart.centre[0] == 5


def test_a_constant_series_is_constant():
    for value in (0.0, 0.1, -7.3, 1e9):
        chart = xmr([value] * 25)
        for limit in (chart.centre, chart.lower, chart.upper, chart.near_lower, chart.near_upper):
            assert (limit == value).all()
        assert not chart.flagged.any()
        assert not chart.side.any()


def test_limits_do_not_collapse_while_values_vary():
    for values in ([4] * 12 + [9] * 12, [4] * 20 + [5] + [4] * 3, [1, NAN, 5, NAN, 2], [1, 1, NAN, 5, 5], [3, 8]):
        chart = xmr(values)
        assert (chart.upper > chart.lower).all(), values


def test_where_screening_leaves_nothing_the_ranges_are_still_those_of_neighbours():
    chart = xmr([4, 4, 4, 4, 4, 4, 4, 5, 4, 4, NAN, 4, 4])
    np.testing.assert_allclose(chart.mean_moving_range, 2 / 10)


def test_a_decimal_mean_that_rounds_is_still_a_tie():
    values = [0.1, 0.3, 0.2, 0.1, 0.3, 0.2]
    assert np.mean(values) != 0.2
    assert xmr(values).side.tolist() == [-1, 1, 0, -1, 1, 0]


@pytest.mark.parametrize(("points", "trial"), [(11, True), (12, False)])
def test_trial_limits_below_twelve_points(points: int, trial: bool):
    chart = xmr(np.append(calm(points), [NAN, np.inf]))
    assert chart.trial.all() == trial
    assert chart.shortfall()[()] == (NotEnoughPoints(11, 12) if trial else None)


def test_nothing_one_point_all_missing():
    assert xmr([]).centre.shape == (0,)
    assert xmr(np.empty((0, 5))).outside.shape == (0, 5)
    assert xmr(np.empty((2, 0))).n.tolist() == [0, 0]
    assert xmr(np.empty((2, 0, 7))).side.shape == (2, 0, 7)
    for values, centre in (([3.0], 3.0), ([NAN] * 4, NAN), ([np.inf, -np.inf], NAN)):
        chart = xmr(values)
        np.testing.assert_equal(chart.centre, np.full(len(values), centre))
        assert np.isnan(chart.upper).all()
        assert not chart.flagged.any()
        assert not chart.enough


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": "nelson"}, "rules 'nelson': wanted 'mdc-2023', 'mdc-6', 'nhsr-0.2.2'"),
        ({"baseline_n": 1}, "baseline_n: found 1, wanted at least 2 periods"),
        ({"segments": [0, 3]}, r"segments: found \[0, 3\], wanted start positions from 0 to 2"),
        ({"segments": [0.5]}, "wanted start positions"),
        ({"segments": [[0, 1, 1]] * 2}, "wanted"),
        ({"segments": 2}, "wanted start positions or one id a point"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict, message: str):
    with pytest.raises(ValueError, match=message):
        xmr([1, 2, 3], **options)
    with pytest.raises(ValueError, match="found a single number"):
        xmr(3.0)


def test_a_panel_is_its_series_side_by_side(monkeypatch: pytest.MonkeyPatch):
    panel = np.random.default_rng(4).poisson(6, (3, 4, 30)).astype(float)
    panel[panel == 4] = NAN
    monkeypatch.setattr("threatlib.stats._chart_panel._CELLS", 70)  # blocks of two series
    whole = xmr(panel, segments=[11])
    for place in np.ndindex(3, 4):
        one = xmr(panel[place], segments=[11])
        for name in (*FLOATS, *FLAGS, "side", "trial"):
            np.testing.assert_array_equal(getattr(whole, name)[place], getattr(one, name))
        flat = np.ravel_multi_index(place, (3, 4))
        for rule in FLAGS:
            assert [span[1:] for span in spans(whole, rule) if span[0] == flat] == [s[1:] for s in spans(one, rule)]


ANY = arrays(
    np.float64,
    array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=25),
    elements=st.one_of(
        st.floats(-1e9, 1e9, width=32), st.integers(0, 3).map(float), st.sampled_from([NAN, np.inf, -np.inf, 1.7e308])
    ),
)


@settings(deadline=None)
@given(ANY, st.sampled_from(["mdc-2023", "mdc-6", "nhsr-0.2.2"]), st.sampled_from([None, 2, 9]), st.booleans())
def test_whatever_comes_in_the_outcome_is_as_documented(values, rules, baseline_n, screen):
    chart = xmr(values, rules=rules, baseline_n=baseline_n, screen=screen)
    assert all(getattr(chart, name).shape == values.shape for name in (*FLOATS, *FLAGS, "side", "trial"))
    present = np.abs(values) < 1e150
    assert not (chart.flagged & ~present).any()
    assert not chart.side[~present].any()
    assert (chart.n == present.sum(axis=-1)).all()
    known = np.isfinite(chart.upper)
    slack = 1e-9 * np.abs(np.where(present, values, 0)).max(initial=0)
    assert (chart.upper >= chart.lower)[known].all()
    for row in range(chart.n.size):
        kept = values.reshape(chart.n.size, -1)[row]
        kept = kept[np.abs(kept) < 1e150]
        if baseline_n is None and kept.size > 1:
            width = (chart.upper - chart.lower).reshape(chart.n.size, -1)[row, 0]
            assert width == 0 if np.ptp(kept) == 0 else np.ptp(kept) < 1e-9 * np.abs(kept).max() or width > 0
    assert (chart.near_upper <= chart.upper + slack)[known].all()


@settings(deadline=None)
@given(arrays(np.float64, (30,), elements=st.integers(0, 40).map(float)), st.floats(0.1, 100), st.floats(-100, 100))
def test_a_change_of_unit_changes_no_verdict(values, scale, shift):
    plain, moved = xmr(values), xmr(values * scale + shift)
    np.testing.assert_allclose(moved.upper, plain.upper * scale + shift, rtol=1e-9, atol=1e-6)
    assert (moved.side == plain.side).all()
