from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rates_vectors import assert_close
from scipy.stats import beta

from threatlib.stats.contrasts import proportion_difference, rate_difference, rate_ratio
from threatlib.stats.rates import rate

pytestmark = pytest.mark.filterwarnings("error")
METHODS = (rate_ratio, rate_difference, proportion_difference)


def test_a_ratio_by_hand():
    answer = rate_ratio(15, 1_000, 10, 2_000)
    share = beta.ppf([0.025, 0.975], 15.5, 10.5)
    assert float(answer.value) == pytest.approx(3)
    assert_close([answer.lower, answer.upper], share / (1 - share) * 2, 1e-8)
    assert float(answer.p) == pytest.approx(2 * beta.cdf(1 / 3, 15.5, 10.5))


def test_a_difference_by_hand():
    answer = rate_difference(15, 1_000, 10, 2_000, per=1_000)
    one, two = rate(15, 1_000, per=1_000), rate(10, 2_000, per=1_000)
    assert float(answer.value) == pytest.approx(10)
    assert float(answer.lower) == pytest.approx(10 - np.hypot(15 - one.lower, two.upper - 5))
    assert float(answer.upper) == pytest.approx(10 + np.hypot(one.upper - 15, 5 - two.lower))
    assert float(answer.p) == float(rate_ratio(15, 1_000, 10, 2_000).p)


def test_newcombes_own_example():
    # 56/70 against 48/80 (Newcombe 1998, table II, method 10): 0.2000, 0.0524 to 0.3339
    answer = proportion_difference(56, 70, 48, 80)
    assert [round(float(part), 4) for part in (answer.value, answer.lower, answer.upper)] == [0.2, 0.0524, 0.3339]
    # pooled share 104/150, chi-squared 7.0234 x 149/150 = 6.9766
    assert float(answer.p) == pytest.approx(0.00826, abs=1e-5)


def test_zero_counts():
    silent = rate_ratio(0, 100, 5, 100)
    assert [float(silent.value), float(silent.lower)] == [0, 0]
    assert float(silent.upper) < 1.2
    fresh = rate_ratio(5, 100, 0, 100)
    assert np.isposinf([fresh.value, fresh.upper]).all()
    assert float(fresh.lower) > 0.8
    nothing = rate_ratio(0, 100, 0, 100)
    assert np.isnan(nothing.value)
    assert [float(part) for part in (nothing.lower, nothing.upper, nothing.p)] == [0, np.inf, 1]
    assert [float(rate_difference(0, 100, 0, 100).value), float(rate_difference(0, 100, 0, 100).p)] == [0, 1]
    # a zero is never evidence of a high rate, however small the place
    assert float(rate_ratio(0, 1e-3, 1, 1e6).p) == 1


def test_all_or_none_on_both_sides():
    for count in (0, 10):
        answer = proportion_difference(count, 10, count, 10)
        assert [float(answer.value), float(answer.p)] == [0, 1]
        assert -1 <= float(answer.lower) < 0 < float(answer.upper) <= 1


@pytest.mark.parametrize("method", METHODS)
def test_dispersion_widens_by_about_its_root(method):
    plain, wide = method(3_000, 8_000, 2_800, 8_000), method(3_000, 8_000, 2_800, 8_000, dispersion=9)
    assert float((wide.upper - wide.lower) / (plain.upper - plain.lower)) == pytest.approx(3, rel=0.03)
    assert float(wide.p) > float(plain.p)
    less = method(3_000, 8_000, 2_800, 8_000, dispersion=0.5)
    assert_close([less.lower, less.p], [plain.lower, plain.p])
    assert np.isnan(method(30, 80, 28, 80, dispersion=np.nan).p)


@pytest.mark.parametrize("method", METHODS)
def test_empty_and_shapes(method):
    assert method([], [], [], []).p.shape == (0,)
    assert method(np.ones((2, 3)), 10, [1, 2, 3], 10).p.shape == (2, 3)
    with pytest.raises(ValueError, match="above 0 and below 1"):
        method(1, 2, 1, 2, confidence=1)


number = st.one_of(st.integers(0, 400).map(float), st.sampled_from([np.nan, np.inf, -1.0, 0.0]))
size = st.one_of(st.integers(1, 500).map(float), st.sampled_from([np.nan, np.inf, -1.0, 0.0]))


@given(number, size, number, size, st.sampled_from([1.0, 3.0, np.nan]))
def test_every_answer_is_ordered_or_missing(x, n, y, m, phi):
    for method in METHODS:
        answer = method(x, n, y, m, dispersion=phi)
        parts = np.array([answer.value, answer.lower, answer.upper, answer.p])
        if np.isnan(parts[3]):
            assert np.isnan(parts).all()
        else:
            assert 0 <= parts[3] <= 1
            assert parts[1] <= parts[2]
            assert np.isnan(parts[0]) or parts[1] - 1e-9 <= parts[0] <= parts[2] + 1e-9


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.1, 10), st.sampled_from([1.0, 2.5]))
def test_p_and_interval_of_a_ratio_never_disagree(x, y, times, phi):
    answer = rate_ratio(x, 1_000 * times, y, 1_000, dispersion=phi)
    outside = not answer.lower <= 1 <= answer.upper
    assert outside == bool(answer.p < 0.05) or abs(float(answer.p) - 0.05) < 1e-9


@pytest.mark.parametrize("mean", [0.2, 1, 5, 20, 300])
@pytest.mark.parametrize("phi", [1, 3])
def test_false_alarms_of_a_ratio_are_what_it_claims(mean, phi):
    rng = np.random.default_rng(round(mean * 10 + phi))

    def draw(mu):
        return rng.poisson(mu, 20_000) if phi == 1 else rng.negative_binomial(mu / 2, 1 / 3, 20_000)

    p = rate_ratio(draw(mean), 1_000, draw(4 * mean), 4_000, dispersion=phi).p
    assert (p < 0.05).mean() <= 0.058
    assert (p < 0.01).mean() <= 0.0135
    if mean >= 20:
        assert (p < 0.05).mean() >= 0.042


@pytest.mark.parametrize(("n", "m"), [(15, 15), (40, 100), (300, 3_000)])
def test_false_alarms_and_coverage_of_two_proportions(n, m):
    rng = np.random.default_rng(n)
    for share in (0.1, 0.5, 0.9):
        answer = proportion_difference(rng.binomial(n, share, 20_000), n, rng.binomial(m, share, 20_000), m)
        assert (answer.p < 0.05).mean() <= 0.062
        assert ((answer.lower <= 0) & (answer.upper >= 0)).mean() >= 0.935


@pytest.mark.parametrize("mean", [1, 5, 20, 300])
def test_coverage_of_a_difference_of_rates(mean):
    rng = np.random.default_rng(mean)
    answer = rate_difference(rng.poisson(2 * mean, 20_000), 1, rng.poisson(mean, 20_000), 1, per=1)
    covered = ((answer.lower <= mean) & (answer.upper >= mean)).mean()
    assert 0.94 <= covered <= (0.965 if mean >= 20 else 1)  # exact intervals of few events are wide
