"""What chance alone flags: checked against distributions worked out elsewhere, and against series that do nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom, poisson, t

from tests.assessment.linked import entries, quarters, totals
from threatlib.assessment import chance
from threatlib.assessment.levels import ALPHA, levels


def test_a_count_beyond_a_range() -> None:
    outside = poisson.cdf(9, 20) + poisson.sf(30, 20)
    assert chance.counts(20, 20, 10, 30) == pytest.approx(outside, rel=1e-4)
    wide = nbinom.cdf(9, 20, 0.5) + nbinom.sf(30, 20, 0.5)  # mean 20, variance 40
    assert chance.counts(20, 40, 10, 30) == pytest.approx(wide, rel=1e-9)
    assert chance.counts(20, 40, 10) == pytest.approx(nbinom.cdf(9, 20, 0.5), rel=1e-9)


def test_the_ends_of_a_range_belong_to_it_and_nothing_lies_below_none() -> None:
    assert chance.counts(3, 3, 0) == 0
    assert chance.counts(3, 3, 1) == pytest.approx(poisson.pmf(0, 3), rel=1e-4)
    assert np.isnan(chance.counts(0, 0, 1))


def test_a_level_further_off_than_its_own_years() -> None:
    assert chance.levels(4.0, 1.0, 4) == pytest.approx(2 * t.sf(4 / np.sqrt(1.25), 3))
    assert chance.levels(4.0, 0.0, 4) == pytest.approx(0)
    assert chance.levels(4.0, 1.0, 1) == 1


def test_a_silence_that_would_be_called_odd() -> None:
    """Ten cases in twenty periods: a run of r has the chance (20 / (20 + r))^10.5, and twelve are the fewest."""
    assert chance.silence(10, 20, 1.0, 0.01) == pytest.approx((20 / 32) ** 10.5)
    assert (20 / 31) ** 10.5 > 0.01
    assert chance.silence(2_000, 20, 1.0, 0.01) < 1e-12


def test_the_measured_rates_are_those_of_the_methods() -> None:
    made = pd.DataFrame({"method": ["scan-counts", "?"], "window_kind": ["month", "month"], "alpha": [0.027, 0.5]})
    assert list(chance.scanned(made)) == [chance.SCAN["scan-counts", "month"], 0.5]
    assert all(0 < rate < 0.06 for rate in chance.SCAN.values())


def test_what_is_added_up_is_what_quiet_years_are_flagged_at() -> None:
    """Poisson quarters of a steady level: far fewer than one in twenty, and no more than is added up."""
    rng = np.random.default_rng(11)
    rows = [row for n in range(150) for row in quarters("crimes", list(map(float, rng.poisson(60, 24))), area=f"A{n}")]
    found = levels(totals(*rows), entries(), {("crimes", "", f"A{n}", ""): 1.0 for n in range(150)})
    assert found["alpha"].between(0, ALPHA).all()
    assert found["alpha"].mean() < 0.02
    assert (found["arrow"] != "level").mean() <= found["alpha"].mean() + 2 * np.sqrt(0.02 / 150)
