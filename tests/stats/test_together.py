from __future__ import annotations

import numpy as np
import pytest

from threatlib.stats.together import FEWEST, together

pytestmark = pytest.mark.filterwarnings("error")


def test_a_series_and_its_copy_move_together_at_no_lag():
    x = np.random.default_rng(1).normal(size=30)
    answer = together(x, x)
    assert float(answer.correlation) > 0.999
    assert (int(answer.lag), int(answer.n)) == (0, 30)
    assert float(together(x, -x).upper) < 0


@pytest.mark.parametrize("lag", [-2, -1, 1, 2])
def test_the_one_that_follows_is_found_with_its_lag(lag):
    rng = np.random.default_rng(abs(lag))
    x = rng.normal(size=44)
    first, second = (x[2:-2], x[2 - lag : 42 - lag])
    answer = together(first, second + 0.3 * rng.normal(size=40))
    assert int(answer.lag) == lag
    assert float(answer.lower) > 0.5


def test_too_few_pairs_say_nothing():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, FEWEST - 1))
    assert np.isnan(together(x, y).correlation)
    assert not together(x, y).enough
    gaps = np.where(np.arange(30) % 3 == 0, 1.0, np.nan)
    assert np.isnan(together(gaps, rng.normal(size=30)).p)


def test_a_series_that_does_not_vary_says_nothing():
    assert np.isnan(together(np.ones(30), np.random.default_rng(4).normal(size=30)).correlation)


@pytest.mark.parametrize("seasonal", [False, True])
def test_unrelated_series_are_seldom_called_related(seasonal):
    """Also where each value is the change on a year earlier, which repeats itself four periods later."""
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(2, 3_000, 28))
    x, y = noise[..., 4:] - noise[..., :-4] if seasonal else noise[..., 4:]
    answer = together(x, y)
    assert 0.01 < np.mean(answer.p < 0.05) < 0.06
    assert np.mean((answer.lower > 0) | (answer.upper < 0)) == np.mean(answer.p < 0.05)


def test_a_panel_is_its_pairs():
    x, y = np.random.default_rng(6).normal(size=(2, 4, 20))
    whole = together(x, y)
    for i in range(4):
        one = together(x[i], y[i])
        assert float(one.correlation) == pytest.approx(float(whole.correlation[i]))
        assert int(one.lag) == int(whole.lag[i])


def test_what_does_not_fit():
    with pytest.raises(ValueError, match="lags -1"):
        together([1.0], [1.0], lags=-1)
    with pytest.raises(ValueError, match="shape"):
        together(np.ones(3), np.ones(4))
