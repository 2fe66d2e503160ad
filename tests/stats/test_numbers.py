"""What is taken for a number, what for missing, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from threatlib.stats._numbers import floats
from threatlib.stats.absence import silent_run
from threatlib.stats.rates import bounds, rate
from threatlib.stats.spc import xmr

NAN = np.nan


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (3, 3.0),
        ([1, 2, None], [1, 2, NAN]),
        (np.array([1, 2], dtype=np.uint8), [1, 2]),
        ([True, False], [1, 0]),
        ([Decimal("1.5"), 2], [1.5, 2]),
        (np.ma.masked_array([1, 2, 3], mask=[False, True, False]), [1, NAN, 3]),
        (pd.Series([1, None, 3], dtype="Int64", index=[7, 8, 9]), [1, NAN, 3]),
        (pd.Series([1, pd.NA, pd.NaT], dtype=object), [1, NAN, NAN]),
        ([], []),
        (np.array([[]], dtype=object), [[]]),
    ],
)
def test_numbers_and_what_is_missing(given, wanted):
    found = floats(given)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("5", "found text"),
        (["3", "4"], "found text"),
        ([1, "c"], "found text"),
        (np.array([1, "c"], dtype=object), "found 'c'"),
        (np.array(["2024-01-01"], dtype="datetime64[D]"), "found dates"),
        ([1j], "found complex numbers"),
        (np.array([{}, 1], dtype=object), "found {}"),
        ([[1, 2], [3]], "inhomogeneous"),
    ],
)
def test_what_is_no_number_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        floats(given)


def test_a_masked_point_is_a_gap_and_a_name_is_said():
    """A mask used to be passed over, and the value behind it judged."""
    masked = np.ma.masked_array([5.0, 6, 900, 5, 6, 7], mask=[0, 0, 1, 0, 0, 0])
    np.testing.assert_array_equal(xmr(masked).centre, xmr(masked.filled(NAN)).centre)
    assert np.isnan(rate(np.ma.masked_array([3], mask=[1]), 1000).value[0])
    with pytest.raises(ValueError, match="values: found text, wanted numbers"):
        xmr(["1", "2"])


def test_the_bounds_of_a_rate_and_the_dispersion_of_a_silent_run_come_in_by_the_same_door():
    masked = np.ma.masked_array([5.0, 300], mask=[False, True])
    found = bounds(rate, masked, 1000)
    np.testing.assert_array_equal(found.value_lower, rate(masked, 1000).value)
    with pytest.raises(ValueError, match="found text"):
        bounds(rate, ["3"], 1000)
    counts, dispersion = [4, 5, 6, 5, 4, 6, 5, 4, 0, 0], np.ma.masked_array([2.0], mask=[True])
    assert silent_run([counts], dispersion=[2.0]).length[0] == 2
    assert np.isnan(silent_run([counts], dispersion=dispersion).length[0])
    with pytest.raises(ValueError, match="found text"):
        silent_run([counts], dispersion=["2"])
