from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom

from threatlib.stats._negative_binomial import quantile

pytestmark = pytest.mark.filterwarnings("error")


def test_quantiles_are_scipys():
    shape, success = (grid.ravel() for grid in np.meshgrid([0.2, 1, 7.5, 90], [0.001, 0.2, 0.7, 1.0]))
    for level in (1e-6, 0.025, 0.1, 0.5, 0.9, 0.975, 0.9999):
        assert (quantile(level, shape, success) == np.maximum(nbinom.ppf(level, shape, success), 0)).all()


def test_a_quantile_too_large_to_be_whole_still_comes_back():
    assert 1e20 < quantile(0.5, np.array(2.0), np.array(1e-21)) < 1e22


def test_a_level_met_exactly_is_reached():
    # shape 1, success 1/2: P(0) = 1/2
    assert quantile(0.5, np.array(1.0), np.array(0.5)) == 0


def test_no_series():
    assert quantile(0.5, np.zeros(0), np.zeros(0)).shape == (0,)
