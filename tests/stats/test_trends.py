"""Mann-Kendall, Theil-Sen and OHID's recent trend: by hand, against reference packages, planted, and on empty input."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from chart_vectors import agree, cases, read_json
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from threatlib.errors import NotEnoughPoints
from threatlib.stats.trends import mann_kendall, recent_trend

NAN = np.nan
NUMBERS = ("s", "var_s", "z", "p", "tau", "slope", "slope_lower", "slope_upper", "intercept", "factor")


def test_by_hand():
    trend = mann_kendall([1, 3, 2, 4], exact=False)
    assert (trend.s, trend.tau) == (4, 4 / 6)
    np.testing.assert_allclose(trend.var_s, 4 * 3 * 13 / 18)
    np.testing.assert_allclose(trend.z, 3 / np.sqrt(26 / 3))
    assert trend.slope == 0.75  # halfway between the middle two of -1, 1/2, 1/2, 1, 2 and 2
    assert trend.intercept == 2.5 - 0.75 * 1.5


def test_ties_by_hand():
    trend = mann_kendall([5, 5, 7, 7, 7, 9], exact=False)
    assert trend.s == 6 + 2 + 3
    np.testing.assert_allclose(trend.var_s, (6 * 5 * 17 - 2 * 1 * 9 - 3 * 2 * 11) / 18)


@pytest.mark.parametrize("n", range(2, 8))
def test_exact_p_is_the_share_of_orders_as_far_out(n: int):
    orders = np.array(list(permutations(range(n))), dtype=float)
    trends = mann_kendall(orders)
    assert trends.exact.all()
    scores = np.abs(trends.s)
    for found in np.unique(scores):
        np.testing.assert_allclose(trends.p[scores == found], (scores >= found).mean(), rtol=1e-12)


def test_exact_p_stops_at_ten_points_and_at_ties():
    assert mann_kendall(np.arange(10)).exact
    np.testing.assert_allclose(mann_kendall(np.arange(10)).p, 2 / 3628800)
    assert not mann_kendall(np.arange(11)).exact
    assert not mann_kendall([1, 2, 2, 4]).exact
    assert not mann_kendall(np.arange(8), correction="hamed-rao").exact
    assert not mann_kendall(np.arange(8), exact=False).exact


def test_a_season_is_compared_with_itself():
    season = np.tile([10.0, 50, 30, 20], 5)
    assert mann_kendall(season, period=4).s == 0
    climbing = season + np.repeat(np.arange(5), 4)
    trend = mann_kendall(climbing, period=4)
    assert (trend.s, trend.tau, trend.slope) == (4 * 10, 1, 1)
    np.testing.assert_allclose(trend.var_s, 4 * 5 * 4 * 15 / 18)
    assert mann_kendall(climbing, period=4, times=np.arange(20) / 4 + 2018).slope == 1
    assert mann_kendall(np.append(climbing, NAN), period=4).s == 40


def test_real_time_positions():
    when = np.array([2010, 2011, 2012, 2020])
    trend = mann_kendall(3 * when - 7, times=when)
    assert trend.slope == trend.slope_lower == trend.slope_upper == 3
    np.testing.assert_allclose(trend.intercept, -7)
    each = mann_kendall([[1, 2, 3.0], [2, 4, 6]], times=[[0, 1, 2], [0, 2, 4]])
    assert each.slope.tolist() == [1, 1]


def test_gaps_keep_their_place_for_the_slope():
    trend = mann_kendall([0, NAN, 2, 3, np.inf, 5])
    assert (trend.n, trend.s, trend.slope, trend.intercept) == (4, 6, 1, 0)


@pytest.mark.parametrize("step", [0.1, -2.0, 1e-7, 1e9])
@pytest.mark.parametrize("points", [2, 3, 5, 15, 80])
def test_a_perfect_trend_is_never_nan(step: float, points: int):
    values = step * np.arange(points) + 7
    for options in ({}, {"correction": "hamed-rao"}, {"correction": "hamed-rao", "max_lag": 3}):
        trend = mann_kendall(values, **options)
        assert all(np.isfinite(getattr(trend, name)) for name in NUMBERS)
        assert trend.tau == np.sign(step)
        assert trend.factor == 1
    assert mann_kendall(values, period=4).p <= 1 or points < 5


def test_the_correction_widens_what_is_autocorrelated():
    rng = np.random.default_rng(6)
    noise = rng.normal(size=(500, 80))
    for t in range(1, 80):
        noise[:, t] += 0.6 * noise[:, t - 1]
    plain, corrected = mann_kendall(noise), mann_kendall(noise, correction="hamed-rao", max_lag=3)
    assert (plain.p < 0.05).mean() > 0.2
    assert (corrected.p < 0.05).mean() < 0.6 * (plain.p < 0.05).mean()
    assert (corrected.var_s > 0).all()
    wide = (corrected.slope_upper - corrected.slope_lower) > (plain.slope_upper - plain.slope_lower)
    assert wide[corrected.factor > 1.5].all()


def test_planted_trends_are_found_and_measured():
    rng = np.random.default_rng(7)
    values = 20 + 0.5 * np.arange(40) + rng.normal(0, 3, (500, 40))
    trend = mann_kendall(values)
    assert (trend.p < 0.05).mean() > 0.99
    np.testing.assert_allclose(trend.slope.mean(), 0.5, atol=0.01)
    covered = (trend.slope_lower <= 0.5) & (trend.slope_upper >= 0.5)
    assert 0.92 < covered.mean() < 0.98


def test_nothing_one_point_constant():
    for values in ([], [4.0], [NAN, np.inf, 3]):
        trend = mann_kendall(values)
        assert trend.s == 0
        assert all(np.isnan(getattr(trend, name)) for name in NUMBERS if name not in ("s", "factor"))
    flat = mann_kendall([3.0] * 12, correction="hamed-rao")
    assert (flat.z, flat.p, flat.slope, flat.var_s, flat.tau, flat.intercept) == (0, 1, 0, 0, 0, 3)
    assert mann_kendall(np.empty((0, 5))).p.shape == (0,)
    assert mann_kendall(np.empty((2, 3, 0))).p.shape == (2, 3)


@pytest.mark.parametrize(("period", "needed"), [(None, 5), (4, 12), (12, 24)])
def test_points_needed_are_those_that_could_reach_five_percent(period, needed):
    short, long = mann_kendall(np.arange(needed - 1), period=period), mann_kendall(np.arange(needed), period=period)
    assert short.shortfall()[()] == NotEnoughPoints(needed - 1, needed)
    assert long.shortfall()[()] is None
    assert long.p < 0.05
    assert mann_kendall(np.arange({None: 4, 4: 8, 12: 12}[period]), period=period).p > 0.05 or period == 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period": 7}, "period 7: wanted None, 4 or 12"),
        ({"correction": "yue"}, "correction 'yue': wanted None or 'hamed-rao'"),
        ({"period": 4, "correction": "hamed-rao"}, "found both"),
        ({"calibrated": True}, "calibrated: found True"),
        ({"calibrated": True, "correction": "hamed-rao", "max_lag": 3}, "calibrated: found True"),
        ({"confidence": 1.0}, "confidence: found 1.0"),
        ({"times": [1, 2]}, r"times: found shape \(2,\)"),
        ({"times": [1, 2, 2]}, "two that do not rise"),
        ({"times": [1, NAN, 2]}, "missing or infinite"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        mann_kendall([1, 2, 3], **options)
    with pytest.raises(ValueError, match="found a single number"):
        mann_kendall(3.0)


def test_a_panel_is_its_series_side_by_side(monkeypatch: pytest.MonkeyPatch):
    panel = np.random.default_rng(4).poisson(6, (3, 2, 25)).astype(float)
    panel[panel == 4] = NAN
    monkeypatch.setattr("threatlib.stats.trends._CELLS", 600)  # blocks of one or two series
    for options in ({}, {"period": 4}, {"correction": "hamed-rao"}):
        whole = mann_kendall(panel, **options)
        for place in np.ndindex(3, 2):
            one = mann_kendall(panel[place], **options)
            for name in NUMBERS:
                assert getattr(whole, name)[place] == getattr(one, name)


GOLDEN = read_json("trend/mann_kendall.json.gz")
COLUMNS = {"s": "s", "var_s": "var_s", "z": "z", "p": "p", "Tau": "tau", "slope": "slope", "intercept": "intercept"}
TESTS = {
    "original_test": {},
    "hamed_rao": {"correction": "hamed-rao"},
    "hamed_rao_lag3": {"correction": "hamed-rao", "max_lag": 3},
    "seasonal_test_4": {"period": 4},
    "seasonal_sens_slope_4": {"period": 4},
    "seasonal_test_12": {"period": 12},
    "seasonal_sens_slope_12": {"period": 12},
}


@pytest.mark.parametrize("test", TESTS)
def test_pymannkendall(test: str):
    tested = refused = 0
    for case in GOLDEN:
        wanted = case["results"].get(test)
        if wanted is None:
            continue
        trend = mann_kendall(np.array(case["values"], dtype=float), exact=False, **TESTS[test])
        no_variance = "var_s" in wanted and not (wanted["var_s"] or -1) > 0 and test.startswith("hamed")
        if wanted["status"] == "error" or no_variance:
            refused += 1
            assert np.isfinite(trend.z), case["case_id"]
            assert trend.factor == 1, case["case_id"]
            continue
        tested += 1
        for theirs, ours in COLUMNS.items():
            if theirs in wanted:
                assert agree(getattr(trend, ours), wanted[theirs]), (case["case_id"], theirs)
    assert tested >= 3
    assert refused == {"hamed_rao": 8, "hamed_rao_lag3": 11}.get(test, 0)


def test_scipy():
    exact = 0
    for case in GOLDEN:
        values, wanted = np.array(case["values"], dtype=float), case["scipy"]
        trend = mann_kendall(values)
        if trend.exact and wanted.get("kendall_exact_p_no_ties") is not None:
            exact += 1
            assert agree(trend.p, wanted["kendall_exact_p_no_ties"], 1e-12), case["case_id"]
        if wanted.get("theil_sen"):
            assert agree(trend.slope_lower, wanted["theil_sen"]["low95"]), case["case_id"]
            assert agree(trend.slope_upper, wanted["theil_sen"]["high95"]), case["case_id"]
        if wanted.get("p_from_z_survival_function"):
            normal = mann_kendall(values, exact=False).p
            np.testing.assert_allclose(normal, wanted["p_from_z_survival_function"], rtol=1e-8)
    assert exact >= 10


FINGERTIPS = {key[0]: case for key, case in cases("trend/fingertips_inputs.csv", "case_id")}


def test_fingertips():
    found = set()
    for (name,), wanted in cases("trend/fingertips_trend_markers.csv", "case_id"):
        case = FINGERTIPS[name]
        if wanted.text("value_type")[0] == "proportion":
            trend = recent_trend(case["numerator"], case["denominator"])
        else:
            trend = recent_trend(case["value"], lower=case["lower95"], upper=case["upper95"])
        assert agree(trend.chi_square, wanted["chi_square"][0]), name
        if wanted.text("status")[0] == "error":  # R stops at 0% and 100%
            assert str(trend.words) in ("Increasing", "Decreasing")
            continue
        found.add(str(trend.words))
        assert trend.words == wanted.text("recent_trend")[0], name
        assert trend.outlier == (wanted.text("reason")[0] == "Outlier found"), name
        assert agree(trend.slope, wanted["beta"][0]), name
    assert found == {"Increasing", "Decreasing", "No significant change", "Cannot be calculated"}


def test_recent_trend_by_hand():
    rising = recent_trend(
        [999, 10, 20, 30, 40, 50], lower=np.array([999, 9, 19, 29, 39, 49]), upper=[1e3, 11, 21, 31, 41, 51]
    )
    assert (rising.direction, rising.n) == (1, 5)
    np.testing.assert_allclose(rising.slope, 10)
    np.testing.assert_allclose(rising.chi_square, 100 * 10 * 1.959964**2, rtol=1e-6)
    panel = recent_trend([[10, 10, 10, 10, 10], [50, 40, 30, 20, 10]], 100)
    assert panel.words.tolist() == ["No significant change", "Decreasing"]
    assert panel.direction.tolist() == [0, -1]


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([1, 2, 3, 4], 9),
        ([1, 2, NAN, 4, 5], 9),
        ([1, 2, -3, 4, 5], 9),
        ([1, 2, 3, 4, 10], 9),
        ([0] * 5, 9),
        ([9] * 5, 9),
    ],
)
def test_recent_trend_that_cannot_be_calculated(values, total):
    trend = recent_trend(values, total)
    assert trend.words == "Cannot be calculated"
    assert np.isnan(trend.chi_square)
    assert trend.direction == 0


def test_recent_trend_refuses_what_it_cannot_read():
    with pytest.raises(ValueError, match="found neither a denominator nor both lower and upper"):
        recent_trend([1, 2, 3], lower=[0, 1, 2])
    with pytest.raises(ValueError, match=r"shapes: found values \(3,\), denominator \(2,\)"):
        recent_trend([1, 2, 3], [4, 5])
    with pytest.raises(ValueError, match="found a single number"):
        recent_trend(3, 4)


ODD = st.one_of(st.integers(-3, 9).map(float), st.floats(-1e6, 1e6, width=32), st.sampled_from([NAN, np.inf, -np.inf]))
ANY = arrays(np.float64, array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=14), elements=ODD)


@settings(deadline=None)
@given(
    ANY,
    st.sampled_from(
        [
            {},
            {"period": 4},
            {"correction": "hamed-rao"},
            {"correction": "hamed-rao", "calibrated": True},
            {"exact": False},
        ]
    ),
)
def test_whatever_comes_in_the_outcome_is_as_documented(values, options):
    trend = mann_kendall(values, **options)
    assert all(getattr(trend, name).shape == values.shape[:-1] for name in (*NUMBERS, "n", "exact"))
    assert (trend.n == np.isfinite(values).sum(axis=-1)).all()
    some = np.isfinite(trend.tau)
    assert (trend.n >= 2)[some].all()
    for name in NUMBERS:
        assert np.isfinite(getattr(trend, name)[some]).all(), name
    assert ((trend.p[some] > 0) & (trend.p[some] <= 1)).all()
    assert ((trend.slope_lower <= trend.slope) & (trend.slope <= trend.slope_upper))[some].all()
    assert (trend.factor > 0).all()


@settings(deadline=None)
@given(ANY)
def test_upside_down_is_the_opposite_trend(values):
    up, down = mann_kendall(values), mann_kendall(-values)
    np.testing.assert_array_equal(up.s, -down.s)
    np.testing.assert_array_equal(up.p, down.p)
    np.testing.assert_allclose(up.slope, -down.slope)


@settings(deadline=None)
@given(ANY, st.one_of(ODD, st.just(20.0)))
def test_whatever_comes_in_recent_trend_answers(values, total):
    for trend in (recent_trend(values, total), recent_trend(values, lower=values - 1, upper=values + 2.0)):
        assert trend.words.shape == trend.chi_square.shape == values.shape[:-1]
        assert (np.isnan(trend.chi_square) == (trend.words == "Cannot be calculated")).all()
        assert (trend.direction[trend.n < 5] == 0).all()
