from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rates_vectors import Table, assert_close

from threatlib.stats.multiplicity import benjamini_hochberg, expected_false_flags

pytestmark = pytest.mark.filterwarnings("error")
NAN = np.nan


def test_adjusted_by_hand():
    assert_close(benjamini_hochberg([0.01, 0.04, 0.03, 0.005]), [0.02, 0.04, 0.04, 0.02])
    assert_close(benjamini_hochberg([0.9, 0.8]), [0.9, 0.9])


def test_adjusted_as_the_reference_has_it():
    table = Table("padjust")
    assert_close(benjamini_hochberg(table["p"]), table["BH"], 1e-12)
    assert np.isnan(table["p"]).any()


def test_a_test_not_made_is_not_counted():
    assert_close(benjamini_hochberg([0.01, NAN, 0.04]), [0.02, NAN, 0.04])
    assert expected_false_flags([0.01, NAN, 0.04]) == pytest.approx(0.05)
    assert expected_false_flags([0.5, NAN, 0.2], alpha=0.01) == pytest.approx(0.02)


def test_families():
    p = np.array([[0.01, 0.04], [0.03, 0.005]])
    assert_close(benjamini_hochberg(p), [[0.02, 0.04], [0.04, 0.02]])
    assert_close(benjamini_hochberg(p, axis=-1), [[0.02, 0.04], [0.03, 0.01]])
    assert_close(benjamini_hochberg(p, axis=0), [[0.02, 0.04], [0.03, 0.01]])
    assert_close(expected_false_flags(p, axis=0), [0.04, 0.045])


def test_nothing_tested():
    assert benjamini_hochberg([]).shape == (0,)
    assert benjamini_hochberg(np.zeros((0, 3)), axis=-1).shape == (0, 3)
    assert benjamini_hochberg(0.3).shape == ()
    assert np.isnan(benjamini_hochberg([NAN, NAN])).all()
    assert expected_false_flags([]) == 0
    assert expected_false_flags([NAN], alpha=0.05) == 0


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.inf, -np.inf])
def test_no_probability(bad):
    for function in (benjamini_hochberg, expected_false_flags):
        with pytest.raises(ValueError, match="wanted 0 to 1"):
            function([0.5, bad])
    with pytest.raises(ValueError, match="wanted 0 to 1"):
        expected_false_flags([0.5], alpha=bad)


@given(st.lists(st.one_of(st.floats(0, 1), st.just(NAN)), max_size=30))
def test_adjusting_keeps_the_order_and_never_lowers(p):
    p = np.array(p)
    adjusted = benjamini_hochberg(p)
    made = np.isfinite(p)
    assert (np.isfinite(adjusted) == made).all()
    assert (adjusted[made] >= p[made] * (1 - 1e-12)).all()
    assert (adjusted[made] <= 1).all()
    assert (np.diff(adjusted[made][np.argsort(p[made], kind="stable")]) >= -1e-15).all()


def test_the_share_of_false_flags_is_held():
    rng = np.random.default_rng(0)
    p = rng.uniform(size=(2_000, 100))
    p[:, :10] = rng.beta(0.05, 20, (2_000, 10))
    flagged = benjamini_hochberg(p, axis=-1) <= 0.1
    share = (flagged[:, 10:].sum(axis=1) / np.maximum(flagged.sum(axis=1), 1)).mean()
    assert 0.07 <= share <= 0.1
    assert flagged[:, :10].mean() > 0.5


def test_the_flags_of_chance_alone_are_as_many_as_foretold():
    rng = np.random.default_rng(1)
    p = rng.uniform(size=(4_000, 50))
    assert (p <= 0.02).sum(axis=1).mean() == pytest.approx(expected_false_flags(p[0], alpha=0.02), rel=0.05)
