"""False alarms of the main cells, seeded and quick; the whole table: benchmarks/false_alarms_surveillance.py."""

from __future__ import annotations

import numpy as np
import pytest

from threatlib.stats.surveillance import farrington

ALPHA = 0.005
SERIES = 1500
MONTHS = {"frequency": 12, "b": 4, "w": 0, "n_periods": 12, "past_not_included": 3}
QUARTERS = {"frequency": 4, "b": 4, "w": 0, "n_periods": 4, "past_not_included": 1}


def simulate(points: int, frequency: int, mean: float, phi: float, season: bool) -> np.ndarray:
    rng = np.random.default_rng([points, frequency, round(10 * mean), int(season)])
    turn = np.arange(points) / frequency + rng.uniform(size=(SERIES, 1))
    mu = mean * np.exp(0.4 * season * np.sin(2 * np.pi * turn))
    return (rng.poisson(mu) if phi == 1 else rng.negative_binomial(mu / (phi - 1), 1 / phi)).astype(float)


def shares(counts: np.ndarray, **options) -> tuple[float, float]:
    """High and low flags among the last points."""
    result = farrington(counts, alpha=ALPHA, first=counts.shape[1] - 1, **options)
    assert (result.status[:, -1] == 0).mean() > 0.95
    flag, high = result.flag[:, -1], result.score[:, -1] > 0
    return float((flag & high).mean()), float((flag & ~high).mean())


@pytest.mark.parametrize("mean", [0.2, 1.0, 5.0, 20.0, 300.0])
@pytest.mark.parametrize(("points", "options"), [(60, MONTHS), (20, QUARTERS), (12, QUARTERS | {"b": 2})])
@pytest.mark.parametrize(("phi", "season"), [(1, False), (2, True)])
def test_the_default_flags_no_more_than_it_claims(mean, points, options, phi, season):
    """Up to twice alpha on a side, and three standard errors of the simulation."""
    high, low = shares(simulate(points, options["frequency"], mean, phi, season), **options)
    bound = 2 * ALPHA + 3 * np.sqrt(2 * ALPHA / SERIES)
    assert high <= bound
    assert low <= bound


def test_and_it_does_flag_where_nothing_holds_it_back():
    high, low = shares(simulate(60, 12, 300.0, 2, True), **MONTHS)
    assert high >= ALPHA / 4
    assert low >= ALPHA / 4


@pytest.mark.parametrize("options", [{"plug_in": True}, {"compat": "surveillance-1.20"}])
def test_limits_that_take_estimates_for_the_truth_do_not_hold_on_twenty_quarters(options):
    high, _ = shares(simulate(20, 4, 20.0, 2, False), **QUARTERS, **options)
    assert high > 3 * ALPHA


def test_a_planted_tripling_is_found_and_a_silence_too():
    counts = simulate(60, 12, 20.0, 2, True)
    counts[:, -1] = np.where(np.arange(SERIES) % 2, 3 * counts[:, -1], 0.0)
    high, low = shares(counts, **MONTHS)
    assert high > 0.3  # of one half
    assert low > 0.1
