"""Tails of cases out of a total where shares differ between areas, against the library routine and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom, binom

from threatlib.stats import _beta_binomial
from threatlib.stats._beta_binomial import share_limits


def judged(x, n, p, rho, alpha=0.025):
    return share_limits(*(np.atleast_1d(np.asarray(part, dtype=float)) for part in (x, n, p, rho)), alpha)


def test_by_hand():
    """Of 3 cases at a half each: 1/8, 3/8, 3/8, 1/8; with a uniform share every number of cases is as likely."""
    answer = judged([1, 1], [3, 3], [0.5, 0.5], [0, 1 / 3], 0.2)
    assert answer.at_most == pytest.approx([0.5, 0.5])
    assert answer.at_least == pytest.approx([0.875, 0.75])
    assert answer.lower.tolist() == [1, 0]
    assert answer.upper.tolist() == [2, 3]


@pytest.mark.parametrize("rho", [0, 0.001, 0.05, 0.6])
@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (12, 0.5), (40, 0.9), (700, 0.02), (900, 0.7)])
def test_as_the_library_routine(n, p, rho):
    weight = (1 - rho) / rho if rho else 0
    reference = betabinom(n, p * weight, (1 - p) * weight) if rho else binom(n, p)
    x = np.unique(np.linspace(0, n, 9).round())
    same = np.ones_like(x)
    answer = judged(x, n * same, p * same, rho * same)
    assert answer.at_most == pytest.approx(reference.cdf(x), rel=1e-7, abs=1e-9)
    assert answer.at_least == pytest.approx(reference.sf(x - 1), rel=1e-7, abs=1e-9)
    low, high = answer.lower[0], answer.upper[0]
    assert reference.cdf(low - 1) <= 0.025 < reference.cdf(low)
    assert reference.sf(high) <= 0.025 < reference.sf(high - 1)


@pytest.mark.parametrize(("n", "p", "rho"), [(3000, 0.1, 0.018), (5000, 0.3, 0.0), (2000, 0.9, 0.02)])
def test_a_beta_takes_over_where_the_distribution_is_long(n, p, rho, monkeypatch):
    sd = np.sqrt(n * p * (1 - p) * (1 + (n - 1) * rho))
    x = n * p + sd * np.array([-3.0, -1, 0, 1, 3])
    given = x, *(np.full(x.shape, part) for part in (n, p, rho))
    monkeypatch.setattr(_beta_binomial, "_LONGEST", 10_000)
    exact = judged(*given)
    monkeypatch.setattr(_beta_binomial, "_LONGEST", 0)
    close = judged(*given)
    assert close.at_most == pytest.approx(exact.at_most, rel=0.3, abs=0.01)
    assert close.at_least == pytest.approx(exact.at_least, rel=0.3, abs=0.01)
    assert close.lower == pytest.approx(exact.lower, abs=2)
    assert close.upper == pytest.approx(exact.upper, abs=2)


def test_a_panel_is_its_rows_whatever_the_length():
    """Blocks hold distributions of like length; none is cut short by another, and mixed lengths keep their places."""
    rng = np.random.default_rng(5)
    n = rng.permutation(np.repeat([2.0, 50, 900, 1e6], 200))
    p, rho = rng.uniform(0.01, 0.99, n.size), rng.choice([0, 0.01, 0.2], n.size)
    x = rng.binomial(n.astype(int), p).astype(float)
    whole = judged(x, n, p, rho)
    for i in range(0, n.size, 79):
        one = judged(x[i], n[i], p[i], rho[i])
        for name in ("lower", "upper", "at_most", "at_least"):
            assert getattr(whole, name)[i] == pytest.approx(getattr(one, name)[0], rel=1e-9, abs=1e-12)


def test_shares_of_none_and_of_all_and_what_is_not_usable():
    answer = judged([0, 4, 1, np.nan, 1, 1], [4, 4, 4, 4, np.inf, 4], [0, 1, 0, 0.5, 0.5, 2], [0.1] * 6)
    assert answer.lower[:2].tolist() == [0, 4]
    assert answer.upper[:2].tolist() == [0, 4]
    assert answer.at_least[2] == 0
    assert np.isnan(answer.lower[3:]).all()
    assert judged([], [], [], []).lower.shape == (0,)
