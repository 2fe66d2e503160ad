"""farrington() and ears(): by hand, on degenerate input, and what must hold whatever the counts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from threatlib.errors import NotEnoughPoints
from threatlib.stats.surveillance import REASONS, Surveillance, ears, farrington

QUARTERLY = {"frequency": 4, "b": 3, "w": 0, "n_periods": 4, "past_not_included": 1}
MONTHLY = {"frequency": 12, "b": 3, "w": 1, "n_periods": 4, "past_not_included": 3}
FLOATS = ("expected", "lower", "upper", "score", "p", "phi", "slope")


def reason(result: Surveillance) -> np.ndarray:
    return np.array(REASONS)[result.status]


def same(a: Surveillance, b: Surveillance, pick=lambda x: x) -> None:
    """Equal but for rounding, which a level without a single case magnifies (its mean has no smallest value)."""
    for name in (*FLOATS, "flag", "trend_kept", "status"):
        np.testing.assert_allclose(
            getattr(a, name).astype(float), pick(getattr(b, name)).astype(float), rtol=1e-4, atol=1e-6, err_msg=name
        )


# ---- by hand


def test_the_contract_names_its_fields_in_order():
    names = [field.name for field in dataclasses.fields(Surveillance)]
    assert names[:8] == ["expected", "lower", "upper", "score", "p", "flag", "phi", "trend_kept"]


def test_a_quarter_is_expected_to_be_what_it_was():
    """Quarters of (8, 12), (20, 20), (30, 34), (41, 39); the next is a first quarter: mean 10 of 8 and 12.

    Pearson: 2 x 4/10 + 0 + 2 x 4/32 (one of the last two quarters is left out) + 0; on 7 rows and 4 levels.
    """
    counts = [8, 20, 30, 41, 12, 20, 34, 39, 25]
    options = QUARTERLY | {"b": 2}
    result = farrington(counts, **options, reweight=False, first=8, plug_in=True)
    assert result.expected[8] == pytest.approx(10, rel=1e-6)
    phi = max(1.0, (2 * 4 / 10 + 2 * 4 / 32) / 3)
    assert result.phi[8] == pytest.approx(phi)
    assert result.upper[8] == stats.poisson(10).ppf(0.995)
    assert result.p[8] == pytest.approx(2 * stats.poisson(10).sf(24), rel=1e-5)
    assert result.score[8] == pytest.approx((25 - 10) / (stats.poisson(10).ppf(0.995) - 10), rel=1e-5)
    assert result.flag[8]
    assert not result.trend_kept[8]
    assert reason(result)[7:].tolist() == ["before the first monitored point", "judged"]


def test_by_default_the_limits_allow_for_what_seven_quarters_cannot_tell():
    """log-mean variance 1/20, so mean 10.25 and dispersion 1.5 above; 10 below; tails by t."""
    counts = [8, 20, 30, 41, 12, 20, 34, 39, 25]
    result = farrington(counts, **(QUARTERLY | {"b": 2}), reweight=False, first=8)
    mean_of_rows = (20 + 40 + 64 + 41) / 7 + 0.5 / 7
    df = max(3 / (1 + 0.5 / mean_of_rows), 3)
    tail = stats.norm.cdf(stats.t(df).ppf(0.005))
    assert result.upper[8] == stats.nbinom(10.25 / 0.5, 1 / 1.5).ppf(1 - tail)
    assert result.lower[8] == stats.nbinom(10 / 0.5, 1 / 1.5).ppf(tail)
    at_least = stats.nbinom(10.25 / 0.5, 1 / 1.5).sf(24)
    assert result.p[8] == pytest.approx(2 * stats.t(df).cdf(stats.norm.ppf(at_least)), rel=1e-4)


def test_a_trend_is_followed_unless_it_leads_above_all_that_was_seen():
    months = np.arange(72)
    rising = np.round(200 * np.exp(0.01 * months) * (1 + 0.03 * (-1.0) ** months))
    falling = rising[::-1].copy()
    result = farrington([rising, falling], **MONTHLY, first=71)
    assert result.trend_kept[:, 71].tolist() == [False, True]
    assert result.slope[1, 71] == pytest.approx(-0.01, abs=0.001)
    assert np.isnan(result.slope[0, 71])
    assert not farrington(falling, **(MONTHLY | {"b": 2}), first=71).trend_kept[71]  # two years are no trend
    assert not farrington(falling, **MONTHLY, first=71, trend=False).trend_kept[71]
    assert not farrington(falling, **MONTHLY, first=71, trend_p_threshold=0.0).trend_kept[71]


def test_a_population_that_doubles_doubles_what_is_expected():
    counts = np.append(np.tile([10.0, 14.0, 12.0, 9.0], 6), 20.0)
    people = np.append(np.full(24, 5000.0), 10_000.0)
    options = QUARTERLY | {"first": 24, "trend": False}
    alone = farrington(counts, **options).expected[24]
    assert farrington(counts, **options, population=people).expected[24] == pytest.approx(2 * alone)
    assert alone == pytest.approx(10)


def test_ears_by_hand():
    """Mean 5, sd 0.8165; C2 leaves out the last two."""
    counts = np.array([4, 6, 5, 5, 4, 6, 5, 19])
    c1 = ears(counts)
    sd = np.std(counts[:7], ddof=1)
    assert c1.expected[7] == 5
    assert c1.upper[7] == pytest.approx(5 + stats.norm.ppf(0.999) * sd)
    assert c1.p[7] == pytest.approx(stats.norm.sf(14 / sd))
    assert c1.score[7] == pytest.approx(14 / sd / stats.norm.ppf(0.999))
    assert c1.lower[7] == 0
    c2 = ears(np.append(counts[:7], [30.0, 30.0, 19.0]), method="C2")
    assert c2.upper[9] == pytest.approx(c1.upper[7])


@pytest.mark.parametrize(("method", "periods"), [("C1", 1), ("C3", 3)])
def test_calibrated_ears_by_hand(method, periods):
    """Baseline 35 cases in 7 points and one more: 36/7 a period, dispersion 1 (its variance is below its mean)."""
    counts = np.array([4, 6, 5, 5, 4, 6, 5] + [6.0] * (periods - 1) + [19])
    result = ears(counts, method=method, alpha=0.01, calibrated=True)
    mean = periods * 36 / 7
    spread = 2 / 3 * mean ** (-1 / 3) * np.sqrt(mean * (1 + periods / 7))
    earlier, total = 6 * (periods - 1), 19 + 6 * (periods - 1)
    assert result.needed == counts.size
    assert result.upper[-1] == pytest.approx((mean ** (2 / 3) + stats.t(6).ppf(0.99) * spread) ** 1.5 - earlier)
    assert result.p[-1] == pytest.approx(stats.t(6).sf((total ** (2 / 3) - mean ** (2 / 3)) / spread))
    assert result.flag[-1] == (result.p[-1] < 0.01) == (result.score[-1] > 1)
    assert result.expected[-1] == 5


def test_calibrated_ears_after_a_constant_or_an_empty_baseline():
    for level, last in ((4.0, 9.0), (0.0, 2.0)):
        quiet = ears(np.append(np.full(7, level), last), calibrated=True)
        assert quiet.status[7] == 0
        assert not quiet.flag[7]
        assert ears(np.append(np.full(7, level), 40.0), calibrated=True).flag[7]


def test_c3_adds_up_what_three_days_exceed():
    """Baselines of 5 with sd 0.8165: 7 twice and then once more exceed it by 1.449 + 1.449 + 1.449 sd, less."""
    counts = np.array([4, 6, 5, 5, 4, 6, 5, 4, 6, 7, 7, 7.0])
    result = ears(counts, method="C3", alpha=0.025)
    c2 = [(counts[t] - counts[t - 9 : t - 2].mean()) / counts[t - 9 : t - 2].std(ddof=1) for t in (9, 10, 11)]
    total = sum(max(0.0, z - 1) for z in c2)
    assert result.score[11] == pytest.approx(total / stats.norm.ppf(0.975))
    assert result.flag[11] == (total > stats.norm.ppf(0.975))
    assert result.flag[11]
    assert np.isnan(result.p[11])
    assert result.upper[11] == -np.inf  # the two before suffice
    counts[10] = 5  # now they do not, and the limit is the count from which the sum does
    limit = ears(counts, method="C3", alpha=0.025).upper[11]
    for nudge in (-1e-9, 1e-9):
        counts[11] = limit + nudge
        assert ears(counts, method="C3", alpha=0.025).flag[11] == (nudge > 0)
        assert ears(counts, method="C3", alpha=0.025).score[11] == pytest.approx(1)


# ---- what it finds, and on which side


def planted(events: dict[int, float]) -> np.ndarray:
    rng = np.random.default_rng(11)
    months = np.arange(96)
    counts = rng.poisson(30 * np.exp(0.3 * np.sin(2 * np.pi * months / 12))).astype(float)
    for month, factor in events.items():
        counts[month] = np.round(counts[month] * factor)
    return counts


def test_a_doubling_and_a_silence_are_both_found_and_r_sees_only_the_first():
    counts = planted({80: 2.5, 90: 0.0})
    options = MONTHLY | {"b": 5, "w": 0, "n_periods": 12, "first": 76}
    ours, theirs = farrington(counts, **options), farrington(counts, **options, compat="surveillance-1.20")
    assert np.flatnonzero(ours.flag).tolist() == [80, 90]
    assert ours.score[80] > 1
    assert ours.score[90] < -1
    assert np.flatnonzero(theirs.flag).tolist() == [80]


def test_a_past_outbreak_does_not_hide_the_next_one():
    counts = planted({68: 6.0, 80: 2.5})
    options = MONTHLY | {"b": 5, "w": 0, "n_periods": 12, "first": 80}
    assert farrington(counts, **options).flag[80]
    assert not farrington(counts, **options, reweight=False).flag[80]


def test_few_cases_hold_back_a_high_flag_but_never_a_low_one():
    counts = np.zeros(61)
    counts[:57] = np.tile([0.0, 0.0, 1.0], 19)
    counts[60] = 4
    options = MONTHLY | {"b": 4, "trend": False, "first": 60}
    assert farrington(counts, **options, limit54=(0, 4)).flag[60]
    assert not farrington(counts, **options, limit54=(5, 4)).flag[60]
    assert farrington(counts, **options, limit54=(4, 4)).flag[60]
    gone = np.append(np.full(56, 20.0), np.zeros(5))
    assert farrington(gone, **options, limit54=(5, 4)).flag[60]


# ---- missing, impossible, too short


def test_too_short_a_history_says_how_short():
    result = farrington(np.arange(20.0), **MONTHLY)
    assert result.shortfall()[()] == NotEnoughPoints(20, 38)
    assert set(reason(result)) == {"too little history"}
    assert ears([1.0, 2, 3]).shortfall()[()] == NotEnoughPoints(3, 8)
    assert farrington(np.ones(38), **MONTHLY).enough
    assert reason(farrington(np.ones(38), **MONTHLY))[-1] == "judged"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.nan, "count or population missing"),
        (np.inf, "not a count, or a population that is not positive"),
        (-np.inf, "not a count, or a population that is not positive"),
        (-1.0, "not a count, or a population that is not positive"),
    ],
)
def test_what_is_no_count_is_not_judged_and_not_learnt_from(value, why):
    counts = np.tile([10.0, 14.0, 12.0, 9.0], 7)
    last, past = counts.copy(), counts.copy()
    last[-1], past[16] = value, value
    result = farrington(last, **QUARTERLY)
    assert reason(result)[-1] == why
    assert not result.flag[-1]
    assert np.isnan([result.expected[-1], result.upper[-1], result.lower[-1], result.score[-1], result.p[-1]]).all()
    blank = past.copy()
    blank[16] = np.nan
    for name in FLOATS:
        np.testing.assert_array_equal(
            getattr(farrington(past, **QUARTERLY), name)[20:], getattr(farrington(blank, **QUARTERLY), name)[20:]
        )
    judged = ears(last)
    assert reason(judged)[-1] == why
    assert np.isnan(judged.upper[-1])


@pytest.mark.parametrize("people", [0.0, -5.0, np.inf, np.nan])
def test_a_population_of_nobody_is_a_reason_not_a_crash(people):
    population = np.full(28, 1000.0)
    population[27] = people
    result = farrington(np.tile([10.0, 14.0, 12.0, 9.0], 7), **QUARTERLY, population=population)
    assert "population" in reason(result)[27]
    assert reason(result)[26] == "judged"
    population[:] = people
    assert not (farrington(np.full(28, 9.0), **QUARTERLY, population=population).status == 0).any()


def test_a_gap_is_waited_out_and_not_bridged():
    """Eighteen months missing: their own points cannot be judged; the next ones are, from what is left."""
    counts = planted({})
    counts[60:78] = np.nan
    result = farrington(counts, **(MONTHLY | {"b": 4}), first=60)
    assert set(reason(result)[60:78]) == {"count or population missing"}
    assert set(reason(result)[78:]) == {"judged"}
    after = ears(counts, method="C1")
    assert set(reason(after)[78:85]) == {"too few baseline points present"}
    assert reason(after)[85] == "judged"


def test_hardly_any_baseline_is_too_thin():
    counts = np.full(60, np.nan)
    counts[[0, 20, 59]] = 5
    assert reason(farrington(counts, **MONTHLY))[-1] == "too few baseline points present"
    empty = farrington(np.full(60, 5.0), **(MONTHLY | {"past_not_included": 59}), first=59)
    assert reason(empty)[-1] == "too few baseline points present"


def test_constant_and_empty_series():
    constant = farrington(np.full(48, 7.0), **MONTHLY)
    assert not constant.flag.any()
    assert (constant.phi[constant.status == 0] == 1).all()
    nothing = farrington(np.zeros(48), **MONTHLY)
    assert not nothing.flag.any()
    assert (nothing.status[37:] == 0).all()
    assert (nothing.upper[37:] >= 0).all()
    assert (nothing.lower[37:] == 0).all()
    first_ever = np.append(np.zeros(48), 1.0)
    assert not farrington(first_ever, **MONTHLY, limit54=(0, 4)).flag[-1]
    assert farrington(np.append(np.zeros(48), 9.0), **MONTHLY).flag[-1]
    flat = ears(np.append(np.full(9, 4.0), 5.0))
    assert not flat.flag[:9].any()
    assert flat.flag[9]
    assert flat.score[9] == np.inf
    flat = ears(np.full(12, 4.0), method="C3", compat="surveillance-1.20")
    assert reason(flat)[11] == "the baseline does not vary"


@pytest.mark.parametrize("shape", [(0,), (1,), (0, 40), (3, 0), (2, 0, 5), (3, 1)])
def test_empty_shapes(shape):
    for result in (farrington(np.ones(shape), **MONTHLY), ears(np.ones(shape))):
        assert result.expected.shape == shape
        assert result.n.shape == shape[:-1]
        assert not result.flag.any()
        assert result.shortfall().shape == shape[:-1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: farrington(5.0, frequency=12), "counts: found a single number"),
        (lambda: farrington(np.ones(60), frequency=12, first=-1), "first: found -1"),
        (lambda: farrington(np.ones(60), frequency=12, population=np.ones(3)), r"population: found shape \(3,\)"),
        (lambda: ears(np.ones(60), method="C4"), "method: found 'C4'"),
        (lambda: ears(np.ones(60), baseline=1), "baseline: found 1"),
        (lambda: ears(np.ones(60), min_sigma=-1.0), "min_sigma: found -1.0"),
        (lambda: ears(np.ones(60), alpha=1.0), "alpha: found 1.0"),
        (lambda: ears(np.ones(60), calibrated=True, compat="surveillance-1.20"), "calibrated, compat: found both"),
        (lambda: ears(np.ones(60), compat="r"), "compat: found 'r'"),
    ],
)
def test_a_call_that_cannot_be_meant_says_so(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- whatever the counts


WILD = st.one_of(
    st.integers(0, 40).map(float), st.sampled_from([np.nan, np.inf, -np.inf, -3.0, 0.0, 0.5, 1e6, 1e15, 1e300, 5e-324])
)
PANELS = st.integers(1, 46).flatmap(
    lambda points: st.lists(st.lists(WILD, min_size=points, max_size=points), min_size=1, max_size=3)
)
OPTIONS = st.fixed_dictionaries(
    {
        "frequency": st.sampled_from([4, 12]),
        "b": st.integers(1, 3),
        "w": st.integers(0, 1),
        "n_periods": st.sampled_from([1, 2, 4]),
        "past_not_included": st.integers(0, 4),
        "threshold_method": st.sampled_from(["nb", "delta", "muan"]),
        "power_transform": st.sampled_from(["2/3", "1/2", "none"]),
        "limit54": st.sampled_from([(0, 4), (5, 4)]),
        "trend": st.booleans(),
        "reweight": st.booleans(),
        "plug_in": st.booleans(),
    }
)


def check(result: Surveillance, counts: np.ndarray) -> None:
    judged = result.status == 0
    assert not result.flag[~judged].any()
    for name in ("expected", "lower", "upper", "score"):
        assert np.isnan(getattr(result, name)[~judged]).all(), name
        assert not np.isnan(getattr(result, name)[judged]).any(), name
    p = result.p[judged]
    assert (np.isnan(p) | ((p >= 0) & (p <= 1))).all()
    assert (result.lower[judged] <= result.upper[judged]).all() or np.isneginf(result.upper[judged]).any()
    assert np.isin(result.status, range(len(REASONS))).all()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@settings(max_examples=30, deadline=None)
@given(PANELS, OPTIONS)
def test_no_counts_crash_it_and_every_answer_is_a_verdict_or_a_reason(counts, options):
    counts = np.array(counts)
    result = farrington(counts, **options)
    check(result, counts)
    outside = (counts < result.lower) | ((counts > result.upper) & (options["limit54"][0] == 0))
    np.testing.assert_array_equal(result.flag & (np.abs(result.score) > 1), result.flag)
    assert (result.flag | ~outside).all()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@settings(max_examples=30, deadline=None)
@given(PANELS, st.sampled_from(["C1", "C2", "C3"]), st.integers(2, 8), st.sampled_from([0.0, 0.5]))
def test_ears_neither(counts, method, baseline, min_sigma):
    counts = np.array(counts)
    check(ears(counts, method=method, baseline=baseline, min_sigma=min_sigma), counts)
    check(ears(counts, method=method, baseline=baseline, min_sigma=min_sigma, calibrated=True), counts)


@settings(max_examples=12, deadline=None)
@given(PANELS, OPTIONS, st.integers(1, 20))
def test_nothing_later_changes_a_verdict(counts, options, cut):
    counts = np.array(counts)
    whole, part = farrington(counts, **options), farrington(counts[:, :-cut], **options)
    same(part, whole, lambda x: x[:, : counts.shape[1] - min(cut, counts.shape[1])])


@settings(max_examples=12, deadline=None)
@given(PANELS, OPTIONS)
def test_a_panel_is_its_series(counts, options):
    counts = np.array(counts)
    together = farrington(counts[:, None, :], **options)
    assert together.expected.shape == (len(counts), 1, counts.shape[1])
    for row in range(len(counts)):
        same(farrington(counts[row], **options), together, lambda x, row=row: x[row, 0])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 30).map(float), min_size=30, max_size=44), OPTIONS, st.integers(1, 30))
def test_missing_periods_before_a_series_begins_change_nothing(counts, options, before):
    late = np.append(np.full(before, np.nan), counts)
    alone, padded = farrington(counts, **options), farrington(late, **options)
    judged = alone.status == 0
    same_where = lambda x: x[before:]  # noqa: E731
    np.testing.assert_array_equal(alone.status, same_where(padded.status))
    for name in ("expected", "upper", "lower", "phi"):
        np.testing.assert_allclose(
            getattr(alone, name)[judged], same_where(getattr(padded, name))[judged], rtol=1e-4, atol=1e-6
        )
    assert padded.n == alone.n


def test_blocks_do_not_change_the_answer(monkeypatch):
    counts = np.random.default_rng(2).poisson(6, (40, 60)).astype(float)
    whole = farrington(counts, **MONTHLY, first=55)
    monkeypatch.setattr("threatlib.stats.surveillance._CELLS", 100)
    same(whole, farrington(counts, **MONTHLY, first=55))


def test_regular_dates_give_nearly_what_counting_periods_gives():
    counts = planted({80: 2.5})
    dates = np.arange("2015-04", "2023-04", dtype="datetime64[M]")
    plain, dated = (farrington(counts, **(MONTHLY | {"b": 5}), first=76, dates=d) for d in (None, dates))
    np.testing.assert_allclose(plain.expected[76:], dated.expected[76:], rtol=0.01)
    quarters = np.arange("2015-04", "2022-04", 3, dtype="datetime64[M]")
    result = farrington(np.tile([10.0, 14.0, 12.0, 9.0], 7), **QUARTERLY, dates=quarters)
    assert (result.status[13:] == 0).all()
