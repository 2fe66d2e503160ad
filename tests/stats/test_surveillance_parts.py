"""The parts under surveillance: which points a baseline holds, the regression, and the limits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize, stats

from threatlib.stats._farrington_design import Settings, calendar, design
from threatlib.stats._glm import Design, anscombe_weights, fit
from threatlib.stats._thresholds import count_limits, power_limits

QUARTERLY = {"frequency": 4, "b": 2, "w": 0, "n_periods": 4, "past_not_included": 1}


def settings(**changes) -> Settings:
    options = {
        "frequency": 12,
        "b": 1,
        "w": 1,
        "n_periods": 4,
        "past_not_included": 2,
        "reweight": True,
        "weights_threshold": 2.58,
        "trend": True,
        "trend_p_threshold": 1.0,
        "alpha": 0.005,
        "threshold_method": "nb",
        "power_transform": "2/3",
        "limit54": (5, 4),
        "compat": None,
        "plug_in": False,
    }
    return Settings(**(options | changes))


# ---- which points, and in which part of the year


def test_a_year_of_months_in_a_window_and_three_blocks():
    """Point 14, a year back is 2: window 1-3; the nine months to 13 in three blocks; window 13-14 left out."""
    plan = design(14, settings(), None)
    assert plan.rows.tolist() == list(range(1, 12))
    assert plan.level.tolist() == [3, 3, 3, 0, 0, 0, 1, 1, 1, 2, 2]
    assert plan.time.tolist() == list(range(-13, -2))
    assert plan.target == 3


def test_a_rest_of_the_division_goes_to_the_first_blocks():
    plan = design(14, settings(n_periods=5, past_not_included=0), None)
    assert plan.level.tolist() == [4, 4, 4, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_quarters_of_the_year():
    plan = design(9, settings(**QUARTERLY), None)
    assert plan.rows.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert plan.level.tolist() == [3, 0, 1, 2, 3, 0, 1]


def test_one_level_uses_windows_only():
    assert design(14, settings(n_periods=1), None).rows.tolist() == [1, 2, 3]


@pytest.mark.parametrize(("point", "reaches"), [(12, False), (13, True)])
def test_the_window_of_the_first_year_must_be_there_in_full(point, reaches):
    assert (design(point, settings(past_not_included=0), None) is not None) is reaches


def test_more_levels_than_periods_leave_some_empty_but_r_lets_them_overwrite_a_neighbour():
    """Window 3, five months between, nine blocks asked for: five hold one month each, four hold none."""
    options = {"w": 3, "n_periods": 10, "past_not_included": 0}
    ours = design(15, settings(**options), None).level
    theirs = design(15, settings(**options, compat="surveillance-1.20"), None).level
    assert ours.tolist() == [9] * 7 + [0, 1, 2, 3, 4] + [9] * 3
    assert theirs.tolist() == [9] * 7 + [0, 1, 2, 3, 8] + [8, 9, 9]


def test_a_window_wider_than_the_year_is_narrowed_by_default_and_refused_as_r_does():
    assert settings(frequency=4, w=3).half_width == 1
    assert settings(frequency=12, w=3).half_width == 3
    with pytest.raises(ValueError, match="w: found 3, which leaves -3 of 4 periods"):
        settings(frequency=4, w=3, compat="surveillance-1.20")


def test_weeks_go_back_to_the_nearest_same_weekday():
    """15 June 2019 is a Saturday, so that Monday the 17th is nearest; 15 June 2017 a Thursday: Monday the 12th."""
    days = calendar(np.arange("2017-01-02", "2020-06-16", 7, dtype="datetime64[D]"), 52, 181)
    plan = design(180, settings(frequency=52, w=0, n_periods=1, b=3, past_not_included=0), days)
    assert [str(days[row]) for row in plan.rows] == ["2017-06-12", "2018-06-18", "2019-06-17"]
    assert plan.time.tolist() == [-157.0, -104.0, -52.0]


def test_months_by_date_are_as_long_as_they_are():
    days = calendar(np.arange("2019-01", "2020-03", dtype="datetime64[M]"), 12, 14)
    plan = design(13, settings(n_periods=1, w=0), days)
    assert plan.rows.tolist() == [1]
    assert plan.time.tolist() == [-365 / 31]


@pytest.mark.parametrize(
    ("dates", "frequency", "message"),
    [
        (["2020-01-01", "2020-03-01", "2020-04-01"], 12, "2020-01-01 is followed by 2020-03-01"),
        (["2020-01-01", "2020-04-01", "2020-04-01"], 4, "2020-04-01 is followed by 2020-04-01"),
        (["2020-01-06", "2020-01-13", "2020-01-21"], 52, "2020-01-13 is followed by 2020-01-21"),
        (["2020-01-06", "2020-01-13"], 52, "found 2, wanted 3"),
    ],
)
def test_a_period_left_out_of_the_dates_is_named(dates, frequency, message):
    with pytest.raises(ValueError, match=message):
        calendar(dates, frequency, 3)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("frequency", 0),
        ("b", 0),
        ("w", -1),
        ("n_periods", 0),
        ("past_not_included", -1),
        ("b", 1.5),
        ("alpha", 0.0),
        ("alpha", 0.5),
        ("alpha", float("nan")),
        ("threshold_method", "NB"),
        ("power_transform", "3/2"),
        ("compat", "surveillance"),
        ("limit54", (5, 0)),
    ],
)
def test_an_option_out_of_its_range_is_named(option, value):
    with pytest.raises(ValueError, match=f"^{option}: found"):
        settings(**{option: value})


# ---- the regression


def plan_of(level, time=None) -> Design:
    level = np.asarray(level)
    time = np.arange(-len(level), 0.0) if time is None else np.asarray(time, dtype=float)
    return Design(len(level), np.arange(len(level)), time, level, int(level.max()) + 1, int(level.max()))


def test_without_a_slope_a_level_is_fitted_by_its_mean():
    counts = np.array([[2.0, 4.0, 9.0, 11.0], [0.0, 0.0, 5.0, 5.0]])
    plan = plan_of([0, 0, 1, 1])
    fitted = fit(counts, np.ones_like(counts), np.zeros_like(counts), plan, slope=False)
    np.testing.assert_allclose(fitted.mean[0], [3, 3, 10, 10], rtol=1e-5)
    np.testing.assert_allclose(fitted.mean[1], [0, 0, 5, 5], atol=1e-7)
    # (1 + 1)/3 + (1 + 1)/10 over two degrees of freedom
    np.testing.assert_allclose(fitted.pearson(counts, fitted.weight)[0], (2 / 3 + 2 / 10) / 2, rtol=1e-5)
    np.testing.assert_allclose(fitted.hat(plan)[0], 0.5, rtol=1e-5)
    eta, variance = fitted.predict(plan)
    np.testing.assert_allclose(np.exp(eta), [10, 5], rtol=1e-5)
    np.testing.assert_allclose(variance, [1 / 20, 1 / 10], rtol=1e-5)


def test_with_a_slope_and_an_offset_it_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(3)
    level, time = np.tile([0, 1, 2], 8), np.arange(-24.0, 0.0)
    offset = rng.normal(0, 0.3, (1, 24))
    counts = rng.poisson(np.exp(1.5 + 0.4 * level + 0.03 * time + offset)).astype(float)
    prior = rng.uniform(0.5, 1.5, counts.shape)
    plan = plan_of(level, time)
    fitted = fit(counts, prior, offset, plan, slope=True)
    x = np.column_stack([plan.indicators, time])

    def loss(beta):
        eta = x @ beta + offset[0]
        return np.sum(prior * (np.exp(eta) - counts * eta))

    best = optimize.minimize(loss, np.array([1.5, 1.9, 2.3, 0.03]), method="BFGS", options={"gtol": 1e-10})
    np.testing.assert_allclose(fitted.slope, best.x[3], rtol=1e-5)
    np.testing.assert_allclose(fitted.mean[0], np.exp(x @ best.x + offset[0]), rtol=1e-5)
    information = (x * (prior[0] * fitted.mean[0])[:, None]).T @ x
    at = np.array([0, 0, 1, 0])
    np.testing.assert_allclose(fitted.predict(plan)[1], at @ np.linalg.inv(information) @ at, rtol=1e-5)
    np.testing.assert_allclose(fitted.hat(plan).sum(), 4, rtol=1e-9)


def test_a_slope_the_times_cannot_tell_from_the_levels_is_left_out():
    counts = np.array([[4.0, 6.0, 20.0, 22.0]])
    fitted = fit(counts, np.ones((1, 4)), np.zeros((1, 4)), plan_of([0, 0, 1, 1], [-2, -2, -1, -1]), slope=True)
    assert fitted.slope[0] == 0
    assert fitted.df[0] == 2
    np.testing.assert_allclose(fitted.mean[0], [5, 5, 21, 21])


def test_rows_without_weight_change_nothing():
    counts = np.array([[2.0, 4.0, 9.0, 11.0, 900.0]])
    prior = np.array([[1.0, 1.0, 1.0, 1.0, 0.0]])
    five = fit(counts, prior, np.zeros((1, 5)), plan_of([0, 0, 1, 1, 1]), slope=True)
    four = fit(counts[:, :4], prior[:, :4], np.zeros((1, 4)), plan_of([0, 0, 1, 1], range(-5, -1)), slope=True)
    np.testing.assert_allclose(five.slope, four.slope, rtol=1e-9)
    assert five.df[0] == four.df[0] == 1


def test_past_outbreaks_and_only_they_are_discounted():
    counts = np.full((1, 20), 10.0)
    counts[0, 4], counts[0, 9] = 60.0, 0.0
    plan = plan_of(np.zeros(20, dtype=int))
    present = np.ones_like(counts)
    fitted = fit(counts, present, np.zeros_like(counts), plan, slope=False)
    weights = anscombe_weights(counts, present, fitted, np.ones(1), plan, 2.58)
    assert weights[0, 4] < 0.02
    assert len(set(np.delete(weights[0], 4))) == 1  # the drop keeps the weight of any other point
    np.testing.assert_allclose(weights.sum(), 20)


# ---- limits


@pytest.mark.parametrize("phi", [1.0, 1.2, 3.0, 40.0])
def test_quantiles_and_tails_are_those_of_scipy(phi):
    mean = np.array([0.0, 1e-6, 0.01, 0.3, 1.0, 2.5, 20.0, 300.0, 12345.6])
    for alpha, shift in itertools.product([1e-6, 0.005, 0.1], [0, 2]):
        y = np.floor(mean) + shift
        found = count_limits(y, mean, mean, np.full_like(mean, phi), alpha)
        size = np.maximum(mean, 1e-300) / (phi - 1) if phi > 1 else mean
        known = stats.nbinom(size, 1 / phi) if phi > 1 else stats.poisson(mean)
        np.testing.assert_array_equal(found.upper, np.maximum(known.ppf(1 - alpha), 0))
        np.testing.assert_allclose(found.at_least, known.sf(y - 1), rtol=1e-9, atol=1e-290)
        np.testing.assert_allclose(found.at_most, known.cdf(y), rtol=1e-9)
        # the lower limit is the largest count undercut with probability at most alpha
        assert (known.cdf(found.lower - 1) <= alpha).all()
        assert (known.cdf(found.lower) > alpha).all()


def test_a_count_is_outside_the_limits_exactly_where_its_tail_is_within_alpha():
    mean = np.repeat([0.2, 3.0, 40.0], 120)
    y = np.tile(np.arange(120.0), 3)
    for df in (None, np.full(mean.shape, 9.0)):
        found = count_limits(y, mean, mean, np.full(mean.shape, 1.7), 0.01, df)
        np.testing.assert_array_equal(y > found.upper, found.at_least <= 0.01)
        np.testing.assert_array_equal(y < found.lower, found.at_most <= 0.01)


def test_absurd_predictions_get_no_limits_rather_than_an_endless_search():
    mean = np.array([np.nan, np.inf, 1e300, 1e9, 5.0, 5.0])
    phi = np.array([2.0, 2.0, 2.0, 1.5, np.nan, 1e300])
    found = count_limits(np.full(6, 3.0), mean, mean, phi, 0.005)
    assert np.isnan(found.upper).tolist() == [True, True, True, False, True, True]


def test_power_limits_by_hand():
    """Mean 64, standard error 6, phi 1.5: variance 96 + 36 = 132 on the count's own scale."""
    y, mean, se, phi = (np.array([value]) for value in (80.0, 64.0, 6.0, 1.5))
    z = stats.norm.ppf(0.975)
    plain = power_limits(y, mean, se, phi, 0.025, "none")
    np.testing.assert_allclose([plain.lower[0], plain.upper[0]], 64 + z * np.sqrt(132) * np.array([-1, 1]))
    root = power_limits(y, mean, se, phi, 0.025, "1/2")
    np.testing.assert_allclose(root.upper, (8 + z * np.sqrt(132) / 16) ** 2)
    skew = power_limits(y, mean, se, phi, 0.025, "2/3")
    np.testing.assert_allclose(skew.upper, (16 + z * np.sqrt(132) * (2 / 3) / 4) ** 1.5)
    assert power_limits(y, mean / 64, se, phi, 0.025, "none").lower[0] == 0
