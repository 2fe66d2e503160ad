"""False alarms of charts and trend tests where it matters; docs/calibration/charts_and_trends.md has the rest."""

from __future__ import annotations

import numpy as np
import pytest

from threatlib.stats.spc import choose_chart, g_chart, xmr
from threatlib.stats.trends import mann_kendall

SERIES = 1000


def counts(mean: float, points: int, *, season: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng([int(10 * mean), points, int(10 * season)])
    wave = 1 + season * np.sin(2 * np.pi * np.arange(points) / 12 + rng.uniform(0, 6.3, (SERIES, 1)))
    return rng.poisson(mean * wave).astype(float)


@pytest.mark.parametrize("mean", [0.2, 1, 5, 20, 300])
@pytest.mark.parametrize("points", [8, 24, 60])
def test_mann_kendall_holds_its_level(mean: float, points: int):
    rate = (mann_kendall(counts(mean, points)).p < 0.05).mean()
    assert rate < 0.07
    if mean >= 5 and points >= 24:
        assert rate > 0.03


@pytest.mark.parametrize("mean", [1, 5, 20, 300])
def test_the_seasonal_form_holds_its_level_on_a_season(mean: float):
    assert 0.02 < (mann_kendall(counts(mean, 60, season=0.3), period=12).p < 0.05).mean() < 0.065


def test_the_plain_form_takes_part_of_a_season_for_a_trend():
    assert (mann_kendall(counts(300, 8, season=0.3)).p < 0.05).mean() > 0.4


@pytest.mark.parametrize("mean", [5, 20, 300])
def test_xmr_limits_are_nearly_those_of_three_sigma(mean: float):
    chart = xmr(counts(mean, 60))
    assert 0.001 < chart.outside.mean() < 0.01
    assert chart.flagged.mean() < 0.09


def test_where_xmr_must_not_be_used():
    assert xmr(counts(0.2, 60)).outside.mean() > 0.07
    assert xmr(counts(0.2, 60)).flagged.mean() > 0.5
    assert xmr(counts(1, 60)).outside.mean() > 0.014
    assert xmr(counts(300, 60, season=0.3)).flagged.mean() > 0.6
    assert (choose_chart(counts(0.2, 60)).chart != "xmr").all()
    assert (choose_chart(counts(1, 60)).chart == "g").mean() > 0.99


@pytest.mark.parametrize("mean", [0.2, 1])
def test_the_g_chart_is_calm_where_xmr_is_not(mean: float):
    chart = g_chart(np.random.default_rng(5).geometric(1 - np.exp(-mean), (SERIES, 60)) - 1.0)
    assert chart.outside.mean() < 0.03
    assert (chart.outside | chart.shift | chart.trend | chart.two_of_three).mean() < 0.07
