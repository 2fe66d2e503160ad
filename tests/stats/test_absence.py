from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rates_vectors import assert_close
from scipy.stats import nbinom

from threatlib.errors import NotEnoughPoints
from threatlib.stats.absence import between_area_spread, silent_run, since_last, under_identification
from threatlib.stats.rates import Between

pytestmark = pytest.mark.filterwarnings("error")
NAN, INF = np.nan, np.inf
REFERENCE = (2_000, 1_000_000)


# low beside a reference


def test_expected_range_and_probability_by_hand():
    answer = under_identification(3, 8_000, *REFERENCE, spread=0.4)
    shape, mean = 1 / (0.16 + 1 / 2_000.5), 8_000 * 2_000.5 / 1e6
    success = shape / (shape + mean)
    assert_close([answer.expected, answer.gap], [16, 13])
    assert float(answer.probability_below) == pytest.approx(nbinom.cdf(3, shape, success))
    assert [float(answer.lower), float(answer.upper)] == [*nbinom.ppf([0.025, 0.975], shape, success)]
    assert str(answer.verdict) == "lower"


def test_a_zero_is_lower_only_where_cases_were_to_be_expected():
    answer = under_identification(0, [1_000, 8_000, 60_000], *REFERENCE)
    assert answer.verdict.tolist() == ["similar", "lower", "lower"]
    assert (np.diff(answer.probability_below) < 0).all()


def test_verdicts_in_order():
    answer = under_identification([2, 16, 60], 8_000, *REFERENCE)
    assert answer.verdict.tolist() == ["lower", "similar", "higher"]


def test_wider_spread_and_smaller_reference_ask_for_more():
    narrow, wide = (under_identification(8, 8_000, *REFERENCE, spread=s) for s in (0, 0.5))
    assert narrow.probability_below < wide.probability_below
    small = under_identification(8, 8_000, 4, 2_000, spread=0)
    assert small.probability_below > narrow.probability_below
    assert small.upper > narrow.upper


def test_a_hidden_count():
    assert str(under_identification(Between(1, 5), 40_000, *REFERENCE).verdict) == "lower"
    assert str(under_identification(Between(1, 5), 8_000, *REFERENCE).verdict) == "cannot say"
    assert str(under_identification(Between(1, 5), 2_000, *REFERENCE).verdict) == "similar"
    answer, most = (under_identification(c, 8_000, *REFERENCE) for c in (Between(1, 5), 5))
    assert_close([answer.probability_below, answer.gap], [most.probability_below, most.gap])


@given(st.integers(0, 40), st.integers(0, 6), st.floats(500, 60_000))
def test_a_hidden_verdict_holds_for_every_value(low, extra, people):
    hidden = under_identification(Between(low, low + extra), people, *REFERENCE)
    every = under_identification(np.arange(low, low + extra + 1), people, *REFERENCE)
    if str(hidden.verdict) != "cannot say":
        assert set(every.verdict.tolist()) == {str(hidden.verdict)}
    else:
        assert len(set(every.verdict.tolist())) > 1
    assert_close(hidden.probability_below, every.probability_below.max())
    assert_close(hidden.gap, every.gap.min())


@pytest.mark.parametrize(
    "inputs",
    [
        (NAN, 10, 5, 100),
        (-1, 10, 5, 100),
        (INF, 10, 5, 100),
        (1, 0, 5, 100),
        (1, 10, NAN, 100),
        (1, 10, 5, 0),
        (Between(5, 1), 10, 5, 100),
        (Between(NAN, 5), 10, 5, 100),
    ],
)
def test_nothing_can_be_said_of_an_unusable_input(inputs):
    answer = under_identification(*inputs)
    assert str(answer.verdict) == "cannot say"
    assert np.isnan([answer.expected, answer.lower, answer.upper, answer.probability_below, answer.gap]).all()


def test_edges():
    assert np.isnan(under_identification(1, 10, 5, 100, spread=-1).expected)
    assert under_identification([], [], 5, 100).verdict.shape == (0,)
    nothing_known = under_identification(0, 1_000, 0, 100_000)
    assert [float(nothing_known.expected), str(nothing_known.verdict)] == [0, "similar"]
    with pytest.raises(ValueError, match="above 0 and below 1"):
        under_identification(1, 10, 5, 100, confidence=0)


@pytest.mark.parametrize("expected", [0.2, 1, 5, 20, 300])
@pytest.mark.parametrize("spread", [0, 0.4])
def test_false_alarms_are_at_most_what_it_claims(expected, spread):
    rng = np.random.default_rng(round(expected * 10))
    rates = rng.gamma(1 / spread**2, spread**2, 20_000) if spread else 1.0
    count = rng.poisson(expected * rates, 20_000)
    answer = under_identification(count, 1, expected * 1e5, 1e5, spread=spread)
    low, high = (answer.verdict == "lower").mean(), (answer.verdict == "higher").mean()
    assert low <= 0.0275
    assert high <= 0.0275
    if expected >= 20:
        assert low + high >= 0.035
    if expected == 20 and spread:
        # the same areas held to chance alone: what allowing for honest differences saves
        assert (under_identification(count, 1, expected * 1e5, 1e5, spread=0).verdict == "lower").mean() > 0.15


# spread between areas


def test_spread_by_hand():
    # e = 10 each; sum (x - e)^2 / e = 20, less 3, over 40 - 400/40
    assert float(between_area_spread([0, 10, 20, 10], [5, 5, 5, 5])) == pytest.approx(np.sqrt(17 / 30))
    assert float(between_area_spread([10, 10, 10], [5, 5, 5])) == 0


def test_spread_is_recovered():
    rng = np.random.default_rng(1)
    people = rng.uniform(1e4, 1e5, (400, 33))
    count = rng.poisson(people * 1e-3 * rng.gamma(6.25, 0.16, (400, 33)))
    assert np.median(between_area_spread(count, people)) == pytest.approx(0.4, abs=0.03)


def test_spread_of_nothing():
    for count, people in (([], []), ([3], [10]), ([0, 0], [5, 5]), ([NAN, 3], [5, 5]), ([-1, 3], [5, 5])):
        assert np.isnan(between_area_spread(count, people))
    assert_close(between_area_spread([3, 9, INF, 5], [10, 10, 10, 0]), between_area_spread([3, 9], [10, 10]))


# silence


BUSY = [2, 1, 0, 3, 1, 2, 0, 1]


def test_a_silence_by_hand():
    answer = silent_run([*BUSY, 0, 0, 0, 0], dispersion=1)
    assert [float(answer.length), float(answer.expected), int(answer.n)] == [4, 5, 8]
    assert float(answer.probability) == pytest.approx((8 / 12) ** 10.5)
    # it is the negative binomial predictive's zero
    assert float(answer.probability) == pytest.approx(nbinom.pmf(0, 10.5, 8 / 12))
    assert silent_run([*BUSY, 0, 0, 0, 0], dispersion=2).probability > answer.probability


def test_no_silence():
    answer = silent_run(BUSY)
    assert [float(answer.length), float(answer.expected), float(answer.probability)] == [0, 0, 1]


def test_a_missing_period_is_neither_a_zero_nor_an_end():
    answer = silent_run([*BUSY, 0, NAN, NAN, 0, NAN], dispersion=1)
    assert float(answer.length) == 2
    assert_close(answer.probability, silent_run([*BUSY, 0, 0], dispersion=1).probability)


def test_a_short_baseline_says_so():
    answer = silent_run([[1, 2, 1, 0, 1, 2, 1, 0, 0, 0], [*BUSY, 0, 0]])
    assert answer.shortfall().tolist() == [NotEnoughPoints(7, 8), None]
    assert np.isnan(answer.probability).tolist() == [True, False]
    for nothing in ([], [NAN] * 12, [0] * 20):
        assert silent_run(nothing).shortfall()[()] == NotEnoughPoints(0, 8)


@pytest.mark.parametrize("fault", [-1, INF, -INF])
def test_a_faulty_count_gives_no_silence(fault):
    answer = silent_run([*BUSY, fault, *BUSY, 0, 0])
    assert int(answer.n) == 0
    assert np.isnan(answer.probability)


def test_hidden_counts_in_a_silence():
    low, high = [1, 1, 0, 1, 1, 2, 0, 1, 0, 0, 0], [5, 5, 0, 5, 5, 2, 0, 5, 0, 0, 0]
    hidden = silent_run(Between(low, high), dispersion=1.5)
    assert_close(hidden.probability, silent_run(low, dispersion=1.5).probability)
    assert hidden.probability > silent_run(high, dispersion=1.5).probability
    # 0 to 4 hidden may be a case, so the run ends there
    ended = silent_run(Between([*BUSY, 0, 0], [*BUSY, 4, 0]), dispersion=1.5)
    assert float(ended.length) == 1
    with pytest.raises(ValueError, match=r"give one, such as 1\.5"):
        silent_run(Between(low, high))
    assert np.isnan(silent_run(Between(high, low), dispersion=1.5).probability)


@pytest.mark.parametrize("mean", [0.2, 1, 3])
@pytest.mark.parametrize("phi", [1.001, 2])
def test_false_alarms_of_a_silence(mean, phi):
    rng = np.random.default_rng(round(mean * 10))
    counts = rng.poisson(rng.gamma(mean / (phi - 1), phi - 1, (20_000, 60))).astype(float)
    p = silent_run(counts).probability
    assert (p <= 0.01).mean() <= 0.02
    assert (p <= 0.05).mean() <= 0.065


# waits


def test_a_wait_by_hand():
    answer = since_last([10, 30, 20, 50], 220)
    assert [float(answer.length), float(answer.expected), int(answer.n)] == [220, 8, 4]
    assert float(answer.probability) == pytest.approx(3.0**-4)
    assert float(since_last([10, 30, 20, 50], 220, dispersion=2).probability) == pytest.approx(1 / 9)
    assert float(since_last([10, 30, 20], 0).probability) == 1


def test_the_waits_chance_is_exact():
    rng = np.random.default_rng(3)
    for k in (3, 10):
        p = since_last(rng.exponential(40, (40_000, k)), rng.exponential(40, 40_000)).probability
        for level in (0.01, 0.05, 0.5):
            assert (p <= level).mean() == pytest.approx(level, abs=4 * np.sqrt(level / 40_000))


def test_waits_that_say_nothing():
    assert since_last([[5, 6, NAN], [5, 6, 7]], [90, 90]).shortfall().tolist() == [NotEnoughPoints(2, 3), None]
    for waits, wait in (
        ([0, 0, 0], 5),
        ([1, 2, 3], NAN),
        ([1, 2, 3], -1),
        ([1, 2, 3], INF),
        ([1, INF, 3, 4], 5),
        ([], 5),
    ):
        assert np.isnan(since_last(waits, wait).probability)
    assert int(since_last([1, -2, 3, 4], 5).n) == 0


anything = st.one_of(st.integers(0, 50).map(float), st.sampled_from([NAN, INF, -1.0, 0.0, 0.5]))


@settings(max_examples=60)
@given(st.lists(anything, max_size=16), anything)
def test_any_input_gives_an_outcome(values, one):
    for answer in (silent_run(values), since_last(values, one)):
        assert np.isnan(answer.probability) or 0 <= answer.probability <= 1
        assert answer.enough or np.isnan(answer.probability)
    people = np.array([one] * len(values))
    absent = under_identification(np.array(values), people, one, people)
    assert set(absent.verdict.tolist()) <= {"lower", "similar", "higher", "cannot say"}
    assert ((absent.verdict == "cannot say") == np.isnan(absent.expected)).all()
    assert np.isnan(between_area_spread(values, people)) or between_area_spread(values, people) >= 0
