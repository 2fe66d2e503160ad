"""The prospective scan: its parts by hand, degenerate input, no peeking, planted events, gaps, breaks, quiet series."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, nbinom, norm

from threatlib.errors import UsageError
from threatlib.stats import _scan_algebra as algebra
from threatlib.stats import _scan_cuts as cuts
from threatlib.stats import _scan_forecast as forecasting
from threatlib.stats import _scan_model as model
from threatlib.stats import _scan_window as window
from threatlib.stats._scan_calibration import (
    LEVELS,
    QUANTILES,
    THRESHOLD,
    WIDER,
    WIDER_AT,
    honest_share,
    probability,
    terms,
)
from threatlib.stats.scan import _news, scan

NAN = np.nan
EXACT = ("score", "p", "flag", "news", "event", "direction", "expected", "length", "recorded_in_window", "seen")


def counts(seed: int, mean: float, n: int, series: int | None = None) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, n if series is None else (series, n)).astype(float)


def same(a, b) -> None:
    for name in EXACT:
        left, right = getattr(a, name), getattr(b, name)
        if left.dtype.kind == "f":
            np.testing.assert_allclose(left, right, rtol=1e-7, atol=1e-10, err_msg=name)
        else:
            np.testing.assert_array_equal(left, right, err_msg=name)


# ------------------------------------------------------------------------------------------------ parts by hand
def test_elimination_is_a_cholesky_factor_and_a_forward_substitution():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(3, 4, 4))
    matrices = root @ root.transpose(0, 2, 1) + np.eye(4)
    rows = rng.normal(size=(2, 4, 3))
    swept = np.concatenate([np.moveaxis(matrices, 0, -1), rows])
    algebra.eliminate(swept, range(1), 4)
    algebra.eliminate(swept, range(1, 4), 4)
    factor, solved = swept[:4], swept[4:]
    for b in range(3):
        lower = np.linalg.cholesky(matrices[b])
        np.testing.assert_allclose(np.tril(factor[..., b]), lower)
        np.testing.assert_allclose(solved[..., b], rows[..., b] @ np.linalg.inv(lower).T)
        np.testing.assert_allclose(
            algebra.back_substitute(factor, solved[0])[:, b], np.linalg.solve(matrices[b], rows[0, :, b])
        )


def test_a_system_is_solved_and_the_diagonal_of_its_inverse_found():
    rng = np.random.default_rng(3)
    root, b, ridge = rng.normal(size=(5, 4, 4)), rng.normal(size=(4, 5)), rng.uniform(1, 2, (4, 5))
    a = np.moveaxis(root @ root.transpose(0, 2, 1), 0, -1)
    x, factor = algebra.solve(a, b, ridge)
    spread = algebra.inverse_diagonal(factor)
    for k in range(5):
        whole = a[..., k] + np.diag(ridge[:, k])
        np.testing.assert_allclose(x[:, k], np.linalg.solve(whole, b[:, k]))
        np.testing.assert_allclose(spread[:, k], np.diag(np.linalg.inv(whole)))


def test_running_totals_are_made_in_place():
    values = np.arange(6.0).reshape(3, 2)
    assert algebra.running(values) is values
    assert values.tolist() == [[0, 1], [2, 4], [6, 9]]


@pytest.mark.parametrize(("columns", "steps"), [(3, 0), (4, 0), (4, 2)])
def test_weighted_cross_products(columns, steps):
    rng = np.random.default_rng(4)
    x, weight = rng.normal(size=(7, columns)), rng.uniform(size=(7, 5))
    breaks = rng.integers(0, 2, (steps, 7, 5)).astype(float)
    found = algebra.gram(x, algebra.products(x), breaks, weight)
    for k in range(5):
        whole = np.column_stack([x, *breaks[..., k]])
        np.testing.assert_allclose(found[..., k], whole.T @ (weight[:, [k]] * whole))


def test_the_walk_seen_through_knots_has_the_variance_of_a_walk_at_its_knots():
    x = model.design(np.array([0.0, 1, 2, 4, 7, 11, 17]), 12, 18)[:, 6:]
    np.testing.assert_allclose((x**2).sum(1), [0, 1, 2, 4, 7, 11, 17])
    np.testing.assert_allclose(x[3] @ x[5], 4)  # covariance of a walk: the smaller of the two lags


def test_the_wander_to_come_has_the_covariance_of_a_random_walk():
    rng = np.random.default_rng(2)
    slope, by = rng.uniform(1, 5, (12, 1, 1)), rng.uniform(0, 1, (12, 1, 1))
    _, variance, _ = forecasting._sums(slope, slope, by, np.zeros((12, 3, 1, 1)), np.array([[0.04]]), 0 * slope)
    steps = np.arange(1, 13)
    for r in (1, 2, 7, 12):
        g = (slope * by)[:r, 0, 0]
        np.testing.assert_allclose(variance[r - 1, 0, 0], 0.04 * g @ np.minimum.outer(steps[:r], steps[:r]) @ g)


@pytest.mark.parametrize(("mean", "phi"), [(1, 1.5), (1, 3), (3, 1.2), (10, 3), (50, 1.5), (50, 10), (500, 4)])
def test_the_normal_score_of_a_count_is_its_mid_p(mean, phi):
    s = np.unique(np.round(np.clip(mean + np.sqrt(phi * mean) * np.linspace(-5, 6, 23), 0, None)))
    size, p = mean / (phi - 1), 1 / phi
    exact = nbinom.sf(s, size, p) + nbinom.pmf(s, size, p) / 2
    ours = window._normal_score(s, np.full_like(s, mean), np.full_like(s, phi * mean), np.ones_like(s), "count")
    near = (exact > 1e-10) & (exact < 1 - 1e-10)
    np.testing.assert_allclose(ours[near], norm.isf(exact[near]), atol=0.07)
    if s[0] == 0:
        np.testing.assert_allclose(norm.cdf(ours[0]), nbinom.pmf(0, size, p) / 2, rtol=1e-6)  # nothing at all: exact


def test_the_normal_score_of_a_share_is_its_mid_p():
    s = np.arange(0, 41.0)
    exact = binom.sf(s, 40, 0.7) + binom.pmf(s, 40, 0.7) / 2
    ours = window._normal_score(s, np.full(41, 28.0), np.full(41, 40 * 0.7 * 0.3), np.full(41, 40.0), "proportion")
    near = (exact > 1e-9) & (exact < 1 - 1e-9)
    np.testing.assert_allclose(ours[near], norm.isf(exact[near]), atol=0.1)


def test_calibration_gives_back_its_own_levels_and_falls_throughout():
    mean, seen = np.array([2.0, 80.0]), np.array([10.0, 60.0])
    for freq in (12, 4):
        quantiles = terms(mean, seen) @ np.array(QUANTILES[freq]).T
        for i, level in enumerate(LEVELS):
            np.testing.assert_allclose(probability(quantiles[:, i], mean, seen, freq), level)
        p = probability(np.linspace(-12, 40, 500), np.full(500, 20.0), np.full(500, 30.0), freq)
        assert (np.diff(p) < 0).all()
        assert p[0] > 0.999
        assert p[-1] < 1e-12


def test_the_nominal_coverage_is_wider_where_few_points_mislead_and_plain_where_many_tell():
    at, many = np.array(WIDER_AT), np.full(5, 1e6)
    np.testing.assert_allclose(honest_share(0.8, at, many), 0.8, atol=1e-6)
    half = norm.isf((1 - honest_share(0.8, at, np.full(5, 35.0))) / 2) / norm.isf(0.1)
    np.testing.assert_allclose(half, 1 + np.array(WIDER) / 2)
    assert honest_share(0.95, np.array([0.2, 5.0]), np.array([8.0, 8.0])) == pytest.approx([0.95, 0.95])


@pytest.mark.parametrize(("frequency", "n"), [(12, 36), (4, 12)])
def test_intervals_of_few_points_cover_what_they_say(frequency, n):
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    try:
        from detection_series import simulate
    finally:
        sys.path.pop(0)
    rng = np.random.default_rng(31)
    for mean in (20.0, 80.0, 1000.0):
        y = np.stack([simulate(rng, "clean", mean, n, frequency).values for _ in range(250)])
        on = scan(y, frequency=frequency, first=n - 4, confidence=0.8)
        assert ((y >= on.lower) & (y <= on.upper))[:, n - 4 :].mean() == pytest.approx(0.8, abs=0.035)


def test_news_outdoes_the_last_half_year_in_its_own_direction():
    rise = np.array([[1.0, 3.0, 2.0, 4.0, 0.0, 0.0]])
    fall = np.array([[0.0, 0.0, 0.0, 0.0, 1.0, 5.0]])
    assert _news(rise, fall, 3).tolist() == [[True, True, False, True, True, True]]
    assert _news(np.array([[5.0, 1.0, 1.0, 1.0]]), np.full((1, 4), -9.0), 2).tolist() == [[True, False, False, True]]


# ------------------------------------------------------------------------------------------------ degenerate input
def test_too_few_points_cannot_be_judged():
    on = scan([3, 4, 5, 4], frequency=12)
    assert np.isnan(on.p).all()
    assert not on.flag.any()
    assert on.event.tolist() == [""] * 4
    assert (~np.isnan(scan([3, 4, 5, 4, 4], frequency=4).p)).tolist() == [False] * 4 + [True]


@pytest.mark.parametrize("values", [[NAN] * 20, [0.0] * 20, [7.0] * 20, [5.0], [1e6] * 15])
@pytest.mark.parametrize("frequency", [12, 4])
def test_empty_and_constant_series_are_quiet(values, frequency):
    assert not scan(values, frequency=frequency).flag.any()


@pytest.mark.parametrize("level", [0.0, 3.2, -50.0])
def test_a_constant_level_is_quiet_and_a_jump_from_it_is_not(level):
    values = np.full(20, level)
    assert not scan(values, frequency=12, kind="level").flag.any()
    values[-1] += 10
    assert scan(values, frequency=12, kind="level").flag[-1]


def test_counts_of_many_millions_are_expected_where_they_are():
    counts = 2e7 * (1 + 0.02 * np.random.default_rng(1).random(48))
    seen = scan(np.round(counts), frequency=12, kind="count", first=47)
    assert 1.9e7 < seen.lower[-1] < seen.expected[-1] < seen.upper[-1] < 2.2e7
    jump = scan(np.round(np.append(counts[:-1], 3.2e7)), frequency=12, kind="count", first=47)
    assert (bool(jump.flag[-1]), int(jump.direction[-1])) == (True, 1)
    seen = scan(np.round(50 * counts), frequency=12, kind="count", first=47)
    assert 0.5e9 < seen.lower[-1] < seen.expected[-1] < seen.upper[-1] < 2e9


def test_missing_points_have_no_verdict_and_do_not_count_as_nothing_recorded():
    y = counts(3, 30, 60)
    y[[20, 41, 50]] = NAN
    on = scan(y, frequency=12)
    assert np.isnan(on.p[[20, 41, 50]]).all()
    assert not np.isnan(np.delete(on.p, [20, 41, 50])[4:]).any()
    assert on.seen[42] == 40
    assert not on.flag.any()


def test_a_series_is_judged_alike_alone_and_in_company():
    y = counts(4, 12, 40, 3)
    y[1] = NAN
    together = scan(y, frequency=4)
    for i in range(3):
        alone = scan(y[i], frequency=4)
        np.testing.assert_allclose(together.p[i], alone.p, rtol=1e-7)
    assert scan(y.reshape(3, 1, 40), frequency=4).p.shape == (3, 1, 40)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frequency": 52}, "frequency: found 52, wanted 12"),
        ({"kind": "rate"}, "kind: found 'rate', wanted one of count, proportion, level"),
        ({"kind": "proportion"}, "denominator: found none"),
        ({"kind": "level", "denominator": 1.0}, "denominator: found one, wanted none"),
        ({"kind": "proportion", "denominator": 2.0}, "values: found more than the denominator"),
        ({"provisional": 9}, "provisional: found 9, wanted 0 to 6"),
        ({"first": -1}, "first: found -1"),
        ({"panel": np.ones((2, 5))}, "panel: found 5 periods, wanted 6"),
        ({"denominator": [1, 2]}, r"denominator: found shape \(2,\), wanted one for each value, \(6,\)"),
        ({"weights": [1, 1]}, r"weights: found shape \(2,\)"),
        ({"values": []}, "values: found no periods"),
        ({"values": [1, -1, 2]}, "values: found a negative or infinite value"),
        ({"values": [1, np.inf, 2]}, "values: found a negative or infinite value"),
    ],
)
def test_what_cannot_be_judged_is_said(options, message):
    with pytest.raises(UsageError, match=message):
        scan(**({"values": [1, 2, 3, 4, 5, 6], "frequency": 12} | options))


# ------------------------------------------------------------------------------------------------ no peeking
def awkward(n: int) -> np.ndarray:
    y = counts(5, 25, n)
    y[n // 3 : n // 3 + 8] = NAN
    y[n - 9 :] *= 2
    return y


@pytest.mark.parametrize("frequency", [12, 4])
@pytest.mark.parametrize(
    "options", [{}, {"breaks": (31,)}, {"kind": "level"}, {"denominator": np.linspace(50, 90, 60)}]
)
def test_a_verdict_is_the_same_whether_or_not_later_points_exist(frequency, options):
    y = awkward(60)
    whole = scan(y, frequency=frequency, **options)
    for t in (4, 11, 19, 30, 33, 41, 52, 59):
        part_options = {k: v[: t + 1] if k == "denominator" else v for k, v in options.items()}
        part = scan(y[: t + 1], frequency=frequency, **part_options)
        np.testing.assert_allclose(part.score[-1], whole.score[t], rtol=1e-6)
        assert (part.flag[-1], part.event[-1]) == (whole.flag[t], whole.event[t])


def test_nor_do_later_points_of_a_panel_matter():
    y, panel = awkward(40), counts(6, 40, 40, 12)
    whole = scan(y, frequency=4, panel=panel)
    for t in (9, 30, 39):
        part = scan(y[: t + 1], frequency=4, panel=panel[:, : t + 1])
        np.testing.assert_allclose(part.score[-1], whole.score[t], rtol=1e-6)


def test_starting_later_changes_no_verdict():
    y = awkward(60)
    whole, late = scan(y, frequency=12), scan(y, frequency=12, first=45)
    np.testing.assert_allclose(late.score[45:], whole.score[45:], rtol=1e-7)
    assert np.isnan(late.score[:45]).all()


# ------------------------------------------------------------------------------------------------ planted events
def planted(event: str) -> np.ndarray:
    y = counts(7, 40, 60)
    if event == "spike":
        y[50] += 45
    elif event == "step":
        y[50:] += 16
    elif event == "drift":
        y[42:] += np.arange(18) * 1.6
    elif event == "fall":
        y[50:] = np.floor(y[50:] * 0.6)
    elif event == "silence":
        y[50:] = 0
    return y


@pytest.mark.parametrize(
    ("event", "direction"), [("spike", 1), ("step", 1), ("drift", 1), ("fall", -1), ("silence", -1)]
)
def test_planted_events_are_found_and_named(event, direction):
    on = scan(planted(event), frequency=12)
    assert not on.flag[:42].any()
    raised = np.flatnonzero(on.flag)
    assert len(raised)
    assert (on.direction[raised] == direction).all()
    names = {"drift": {"drift", "step"}}.get(event, {event})  # a slow drift is first credible as a small step
    assert names & set(on.event[raised].tolist())


def test_a_flag_says_what_it_saw():
    y = planted("fall")
    on = scan(y, frequency=12)
    t = int(np.flatnonzero(on.flag)[-1])
    r = int(on.length[t])
    assert on.recorded_in_window[t] == y[t - r + 1 : t + 1].sum()
    assert on.recorded_in_window[t] < on.window_lower[t] <= on.expected_in_window[t] <= on.window_upper[t]
    assert abs(on.expected_in_window[t] - 40 * r) < 6 * r
    assert on.lower[t] < on.expected[t] < on.upper[t]


def test_one_change_is_one_flag_unless_it_deepens():
    y = counts(8, 100, 60)
    y[45:] += 60
    flags = scan(y, frequency=12).flag
    assert flags[45]
    assert flags[47:].sum() <= 3


def test_a_silent_run_is_found_at_small_means_too():
    y = np.tile([1.0, 2, 1, 3, 0, 2], 10)
    y[48:] = 0
    on = scan(y, frequency=12)
    raised = np.flatnonzero(on.flag)
    assert 50 <= raised[0] <= 54  # a mean of 1.5 takes some 4 or 5 months of nothing
    assert on.event[raised[-1]] == "silence"


def test_past_outbreaks_do_not_blind_it():
    y = counts(9, 20, 40)
    y[[6, 15, 16, 27]] += [90, 60, 80, 120]
    assert not scan(y, frequency=4).flag[30:].any()
    y[39] += 25
    assert scan(y, frequency=4).flag[39]


# ------------------------------------------------------------------------------------------------ gaps and breaks
def test_a_new_level_after_a_gap_is_said_in_the_first_year_and_then_accepted():
    y = counts(10, 60, 96)
    y[40:58] = NAN
    assert not scan(y, frequency=12).flag.any()
    y[58:] = counts(11, 110, 38)
    on = scan(y, frequency=12)
    raised = np.flatnonzero(on.flag)
    assert raised[0] < 60
    assert on.event[raised[0]] == "level after gap"
    assert not on.flag[72:].any()
    assert abs(on.expected[-1] - 110) < 15


def test_level_terms_start_at_breaks_and_a_year_after_gaps():
    y = np.ones((1, 30))
    y[0, 10:14] = NAN
    task = cuts.Task(y, np.ones_like(y), 4, "count", (25,))
    gaps = cuts._gaps(y, 2)
    assert gaps == [[(10, 14)]]
    at = np.array([17, 18, 25, 27])
    declared, gap = cuts._step_columns(task, slice(0, 1), at, 27, gaps).reshape(2, 27, 4)
    assert gap.sum(0).tolist() == [0, 27 - 4, 27 - 11, 27 - 13]  # three quarters recorded since: not yet
    assert np.flatnonzero(gap[:, 1])[0] == 4
    assert declared.sum(0).tolist() == [0, 0, 0, 27 - 2]


def test_nothing_is_compared_across_a_declared_break():
    y = np.concatenate([counts(12, 30, 30), counts(13, 80, 30)])
    assert scan(y, frequency=12).flag[30:33].any()
    on = scan(y, frequency=12, breaks=[30])
    assert np.isnan(on.p[30:32]).all()
    assert not np.isnan(on.p[32:]).any()
    assert not on.flag.any()
    assert abs(on.expected[-1] - 80) < 12
    y[50] += 70
    assert scan(y, frequency=12, breaks=[30, 44]).flag[50]


def test_falls_are_muted_on_a_provisional_tail_and_rises_are_not():
    y = counts(14, 60, 48)
    y[-2:] = [30, 10]
    assert scan(y, frequency=12).flag[-2:].any()
    assert not scan(y, frequency=12, provisional=2).flag.any()
    y[-1] = 160
    assert scan(y, frequency=12, provisional=2).flag[-1]


# ------------------------------------------------------------------------------------------------ other kinds
def test_a_rate_is_judged_by_its_population():
    population = np.concatenate([np.full(40, 1000.0), np.full(8, 2000.0)])
    y = np.random.default_rng(15).poisson(population * 0.05).astype(float)
    assert scan(y, frequency=12).flag[40:].any()
    assert not scan(y, frequency=12, denominator=population).flag.any()


def test_a_proportion_is_judged_by_its_total():
    rng = np.random.default_rng(16)
    total = rng.integers(40, 200, 48).astype(float)
    met = rng.binomial(total.astype(int), 0.85).astype(float)
    assert not scan(met, frequency=12, kind="proportion", denominator=total).flag.any()
    met[45:] = np.floor(total[45:] * 0.6)
    on = scan(met, frequency=12, kind="proportion", denominator=total)
    assert on.flag[45:].any()
    assert on.direction[45] == -1
    assert (on.upper[5:] <= total[5:]).all()


def test_a_level_may_wander_but_not_jump():
    rng = np.random.default_rng(17)
    level = 150 + np.cumsum(rng.normal(0, 1.0, 60)) + rng.normal(0, 1.5, 60)
    assert scan(level, frequency=12, kind="level").flag.sum() <= 1
    level[52] += 18
    on = scan(level, frequency=12, kind="level")
    assert on.flag[52]
    assert on.event[52] == "spike"
    scaled = scan(1000 * level, frequency=12, kind="level")
    np.testing.assert_allclose(scaled.p, on.p, rtol=1e-6)  # the unit does not matter


def test_a_panel_lends_its_season():
    rng = np.random.default_rng(18)
    season = np.tile([1.5, 0.8, 0.6, 1.1], 2)
    panel, mine = rng.poisson(100 * season, (20, 8)).astype(float), rng.poisson(100 * season).astype(float)
    alone, helped = scan(mine, frequency=4), scan(mine, frequency=4, panel=panel)
    due = 100 * season
    assert abs(helped.expected - due)[5:].sum() < 0.8 * abs(alone.expected - due)[5:].sum()
    assert (helped.upper - helped.lower)[5:].sum() < (alone.upper - alone.lower)[5:].sum()


# ------------------------------------------------------------------------------------------------ quiet series
def quiet(frequency: int) -> np.ndarray:
    rng = np.random.default_rng(19)
    n = 60 if frequency == 12 else 24
    mean = np.exp(rng.uniform(0, 6, (300, 1)) + rng.normal(0, 0.05, (300, 1)) * np.arange(n) / frequency)
    phi = rng.choice([1.2, 2.0, 4.0], (300, 1))
    return rng.poisson(rng.gamma(mean / (phi - 1), phi - 1)).astype(float)


@pytest.mark.parametrize("frequency", [12, 4])
def test_quiet_series_are_left_alone(frequency):
    y = quiet(frequency)
    start = y.shape[1] - 12
    on = scan(y, frequency=frequency, first=start)
    p = on.p[:, start:]
    assert 0.003 < on.flag[:, start:].mean() < 0.012
    assert 0.005 < (p <= 0.01).mean() < 0.016
    shares = np.histogram(p, np.linspace(0, 1, 6))[0] / p.size
    np.testing.assert_allclose(shares, 0.2, atol=0.07)  # calibrated on series with season: plainer ones are quieter
    inside = (y >= on.lower) & (y <= on.upper)
    assert 0.93 < inside[:, start:].mean() < 0.985


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 10**7)), min_size=1, max_size=40),
    st.sampled_from([4, 12]),
    st.sampled_from(["count", "level"]),
    st.lists(st.integers(0, 45), max_size=3),
)
def test_any_series_gets_honest_answers(values, frequency, kind, breaks):
    y = np.array([NAN if v is None else v for v in values], dtype=float)
    on = scan(y, frequency=frequency, kind=kind, breaks=breaks)
    said = ~np.isnan(on.p)
    assert not said[np.isnan(y)].any()
    assert ((on.p[said] >= 0) & (on.p[said] <= 1)).all()
    assert (np.isnan(on.score) == ~said).all()
    assert (on.p[on.flag] <= THRESHOLD[frequency]).all()
    assert (on.event[said] != "").all()
    assert (on.lower[said] <= on.upper[said]).all()


# ------------------------------------------------------------------------------------------------ a sharp season, tails
def test_a_month_that_is_odd_every_year_is_the_season_and_no_news():
    """Schools refer next to nothing in August; an August like any other month is then what stands out."""
    y = np.random.default_rng(8).poisson(80.0, 72).astype(float)
    y[10::12] = 4.0
    on = scan(y, frequency=12)
    assert on.flag[10]  # the first one is news
    assert not on.flag[[34, 46, 58, 70]].any()
    assert on.expected[70] < 12 < 60 < on.expected[69]
    y[70] = 80.0
    assert scan(y, frequency=12).flag[70]


def test_one_odd_month_of_the_past_is_no_season():
    y = np.random.default_rng(9).poisson(80.0, 72).astype(float)
    y[10] = 4.0
    assert scan(y, frequency=12).expected[70] > 60


def test_what_is_expected_of_an_incomplete_point_is_its_share():
    y = np.random.default_rng(10).poisson(60.0, 48).astype(float)
    whole, part = (scan(y, frequency=12, provisional=2, completeness=share) for share in (None, (0.75, 0.4)))
    np.testing.assert_allclose(part.expected[-1], 0.4 * whole.expected[-1], rtol=0.05)
    for bad in ((0.5,), (0.0, 0.5), (1.2, 0.5)):
        with pytest.raises(UsageError, match="completeness: found"):
            scan(y, frequency=12, provisional=2, completeness=bad)


def test_a_point_of_little_weight_teaches_little():
    y = np.random.default_rng(11).poisson(60.0, 48).astype(float)
    y[30:42] = 15.0
    weights = np.ones(48)
    weights[30:42] = 0.1
    plain, told = (scan(y, frequency=12, weights=w).expected[44] for w in (None, weights))
    assert abs(told - 60) < abs(plain - 60)
    with pytest.raises(UsageError, match="weights: found one outside 0 to 1"):
        scan(y, frequency=12, weights=2.0)


def test_silence_takes_longer_where_events_are_rarer():
    often, seldom = (scan(np.random.default_rng(12).poisson(m, 48), frequency=12).silence[-1] for m in (20.0, 1.5))
    assert often == 1
    assert 2 < seldom < 12


def test_at_a_mean_of_one_the_interval_is_the_nearer_of_what_whole_numbers_allow():
    rng = np.random.default_rng(13)
    y = rng.poisson(np.exp(rng.uniform(np.log(0.7), np.log(1.6), (400, 1))), (400, 40)).astype(float)
    for level, slack in ((0.8, 0.05), (0.95, 0.025)):
        on = scan(y, frequency=12, first=38, confidence=level)
        assert ((y >= on.lower) & (y <= on.upper))[:, 38:].mean() == pytest.approx(level, abs=slack)
