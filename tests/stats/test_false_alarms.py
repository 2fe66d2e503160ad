"""What each test claims, held against counts in which nothing happens; and where a reference form must not be used.

A small, seeded part of the tables in docs/calibration. `MUST_NOT` lists cells in which a form is measured to break its
claim: a test fails, too, once a form holds there, so that the docs and docstrings that warn of it cannot go stale.
Farrington's algorithm has its cells in test_surveillance_calibration, the XmR and G charts in test_charts_calibration.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import threatlib
from threatlib.stats.comparison import compare, funnel
from threatlib.stats.contrasts import rate_ratio
from threatlib.stats.multiplicity import benjamini_hochberg
from threatlib.stats.rates import rate
from threatlib.stats.recent import recent_trend
from threatlib.stats.spc import choose_chart, p_chart, run_chart, t_chart, u_chart
from threatlib.stats.surveillance import ears
from threatlib.stats.trends import mann_kendall

MEANS = (0.2, 1.0, 5.0, 20.0, 300.0)
SERIES = 1500
SOURCE = Path(threatlib.__file__).parent


def counts(mean: float, points: int, *, season: bool = False, phi: int = 1, series: int = SERIES) -> np.ndarray:
    """Counts around a level that never changes; with a season it moves by 30% in 12 periods, from any point on."""
    rng = np.random.default_rng([round(10 * mean), points, season, phi])
    turn = np.arange(points) / 12 + rng.uniform(size=(series, 1))
    mu = mean * (1 + 0.3 * season * np.sin(2 * np.pi * turn))
    return (rng.poisson(mu) if phi == 1 else rng.negative_binomial(mu / (phi - 1), 1 / phi)).astype(float)


def holds(share: float, claim: float, made: int = SERIES) -> bool:
    """Not above one and a half times the claim and three standard errors of the simulation."""
    return share <= 1.5 * claim + 3 * np.sqrt(1.5 * claim / made)


def trend(values: np.ndarray, **options) -> float:
    return float((mann_kendall(values, **options).p < 0.05).mean())


def last(values: np.ndarray, **options) -> float:
    """Share of series whose last point an EARS chart flags."""
    return float(ears(values, **options).flag[:, -1].mean())


CALIBRATED = {"correction": "hamed-rao", "calibrated": True}


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("points", [8, 12, 24, 60, 120])
def test_trends_without_a_season(mean, points):
    values = counts(mean, points, series=600 if points == 120 else SERIES)
    assert holds(trend(values), 0.05, len(values))
    assert holds(trend(values, **CALIBRATED), 0.05, len(values))


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("points", [24, 60, 120])
def test_the_seasonal_trend_test_on_a_season(mean, points):
    assert holds(trend(counts(mean, points, season=True), period=12), 0.05)


@pytest.mark.parametrize("carried", [0.3, 0.5])
@pytest.mark.parametrize("points", [8, 12, 24, 60])
def test_the_calibrated_correction_where_each_value_depends_on_the_one_before(carried, points):
    noise = np.random.default_rng([points, round(10 * carried)]).normal(size=(SERIES, points + 30))
    for t in range(1, points + 30):
        noise[:, t] += carried * noise[:, t - 1]
    share = trend(noise[:, 30:], **CALIBRATED)
    assert holds(share, 0.05)
    assert share < trend(noise[:, 30:], correction="hamed-rao")


def test_the_calibrated_correction_still_finds_a_trend():
    steady = np.random.default_rng(4).normal(size=(300, 60))
    assert trend(steady + 0.05 * np.arange(60), **CALIBRATED) > 0.9


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("phi", [1, 2])
@pytest.mark.parametrize("method", ["C1", "C2", "C3"])
def test_calibrated_ears(mean, phi, method):
    values = counts(mean, 12, phi=phi, series=6000)
    for alpha in (0.001, 0.01, 0.025):
        assert holds(last(values, method=method, alpha=alpha, calibrated=True), alpha, 6000)


def test_calibrated_ears_is_not_silent():
    values = counts(20, 8, phi=2)
    assert last(values, alpha=0.1, calibrated=True) > 0.04
    values[:, -1] *= 3
    assert last(values, alpha=0.01, calibrated=True) > 0.6


def test_the_first_ears_chart_holds_its_strict_limit_on_a_season_too():
    for mean in MEANS:
        values = counts(mean, 24, season=True, series=6000)
        assert holds(last(values, calibrated=True), 0.001, 6000)


def areas(kind: str, expected: float, spread: float, number: int = 33) -> tuple[np.ndarray, np.ndarray]:
    """Areas none of which is an outlier: counts, and what they are out of, expected to be, or held against."""
    rng = np.random.default_rng([round(10 * expected), round(100 * spread), number, len(kind)])
    size = expected * rng.uniform(0.3, 1.7, (3000 // number, number))
    true = rng.gamma(spread**-2, spread**2, size.shape)
    if kind == "proportion":
        total = np.ceil(10 * size)
        return rng.binomial(total.astype(int), np.minimum(0.1 * true, 1)).astype(float), total
    if kind == "proportion of a half":
        total, shape = np.ceil(2 * size), (spread**-2 - 1) / 2
        return rng.binomial(total.astype(int), rng.beta(shape, shape, size.shape)).astype(float), total
    return rng.poisson(size * true).astype(float), rng.poisson(size).astype(float) if kind == "ratio" else size


LEVELS = (0.95, 0.998)


def beyond(kind: str, expected: float, spread: float, number: int = 33, **options) -> np.ndarray:
    """Shares of the areas judged that lie outside 95% and 99.8%."""
    x, n = areas(kind, expected, spread, number)
    result = funnel(x, n, kind=kind.removesuffix(" of a half"), confidence=LEVELS, **options)
    with np.errstate(divide="ignore", invalid="ignore"):
        outside = (x / n > result.upper) | (x / n < result.lower)
    return (outside & np.isfinite(result.z)).sum(axis=(1, 2)) / max(np.isfinite(result.z).sum(), 1)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize(("spread", "number"), [(0.01, 33), (0.25, 10), (0.4, 152)])
@pytest.mark.parametrize("kind", ["rate", "proportion", "proportion of a half", "ratio", "shmi"])
def test_calibrated_funnels(kind, mean, spread, number):
    for share, level in zip(beyond(kind, mean, spread, number, calibrated=True), LEVELS, strict=True):
        assert holds(share, 1 - level, 3000)


@pytest.mark.parametrize("kind", ["rate", "proportion", "ratio", "shmi"])
def test_a_calibrated_funnel_still_sees_an_area_apart(kind):
    x, n = (part[:40] for part in areas(kind, 300, 0.25))
    x[:, 0] = 4 * n[:, 0] * x.sum(axis=-1) / n.sum(axis=-1)
    found = np.abs(funnel(x, n, kind=kind, calibrated=True).z) > norm.isf(0.001)
    assert found[:, 0].mean() > 0.9


@pytest.mark.parametrize("mean", MEANS)
def test_rate_ratio_and_verdict_against_a_benchmark(mean):
    rng = np.random.default_rng(round(10 * mean))
    here, peers = rng.poisson(mean, SERIES), rng.poisson(3 * mean, SERIES)
    assert holds(float((rate_ratio(here, 1000, peers, 3000).p < 0.05).mean()), 0.05)
    verdict = compare(rate(here, 1000), rate(peers, 3000)).verdict
    assert holds(float(np.isin(verdict, ["higher", "lower"]).mean()), 0.05)


@pytest.mark.parametrize("mean", MEANS)
def test_recent_trend(mean):
    """The claim is 0.2%; proportions of a hundred times the mean, so that no logit runs away."""
    found = np.random.default_rng(round(10 * mean)).binomial(int(100 * mean), 0.01, (20 * SERIES, 5))
    assert holds(float((recent_trend(found, 100.0 * mean).direction != 0).mean()), 0.002, 20 * SERIES)


def test_adjusted_p_values_flag_something_in_one_family_of_twenty_at_most():
    """Without any effect the share of false flags is 1 wherever there is a flag: 5% of families at most."""
    p = np.random.default_rng(8).uniform(size=(4000, 40))
    assert holds(float((benjamini_hochberg(p, axis=1) <= 0.05).any(axis=1).mean()), 0.05, 4000)


SIGMA3 = 0.0027
"""What limits three standard deviations out claim of normal values."""
LANEY = 0.0045
"""The same where the standard deviation is estimated from the series, as docs/calibration says."""


def u_outside(mean: float, points: int = 24, *, laney: bool = True, season: bool = False, phi: int = 1) -> float:
    """Share of points outside the limits of a U chart (a C chart, as all exposures are 1)."""
    return float(u_chart(counts(mean, points, season=season, phi=phi), laney=laney).outside.mean())


def p_outside(mean: float, points: int = 24, *, laney: bool = True) -> float:
    """The same of a P chart of one case in ten."""
    total = np.random.default_rng([round(10 * mean), points, 10]).integers(
        5 * mean + 1, 15 * mean + 2, (SERIES, points)
    )
    return float(p_chart(np.random.default_rng(points).binomial(total, 0.1), total, laney=laney).outside.mean())


def t_outside(mean: float, events: int = 24, *, whole: bool = False) -> float:
    """Share of times between events outside the limits of a T chart."""
    at = np.random.default_rng([round(100 * mean), events]).exponential(1 / mean, (SERIES, events + 1)).cumsum(axis=1)
    return float(t_chart(np.diff(np.floor(at) if whole else at)).outside.mean())


@pytest.mark.parametrize("points", [8, 24, 120])
@pytest.mark.parametrize("mean", [5.0, 20.0, 300.0])
def test_p_and_u_charts_where_they_may_be_used(mean, points):
    """Limits of chance leave out a little more of the skew counts at a mean of 5."""
    made = SERIES * points
    for outside in (u_outside, p_outside):
        assert holds(outside(mean, points), LANEY, made)
        assert holds(outside(mean, points, laney=False), SIGMA3 if mean > 5 else LANEY, made)


@pytest.mark.parametrize("mean", [20.0, 300.0])
def test_laneys_factor_takes_up_what_is_more_than_chance(mean):
    assert holds(u_outside(mean, 60, phi=2), LANEY, SERIES * 60)


@pytest.mark.parametrize("mean", [0.01, *MEANS])
@pytest.mark.parametrize("events", [8, 24, 120])
def test_the_t_chart_on_exact_times(mean, events):
    assert holds(t_outside(mean, events), LANEY, SERIES * events)


@pytest.mark.parametrize("mean", [0.2, 1.0])
def test_the_chooser_refuses_p_and_u_charts_where_events_are_few(mean):
    values = counts(mean, 60)
    rare = (choose_chart(values, 1.0).chart == "g") & (choose_chart(values, 100.0, kind="proportion").chart == "g")
    assert rare.mean() > 0.99


def run_signals(mean: float, points: int, *, season: bool = False) -> float:
    """Share of series whose run chart signals: two tests, of which the one of crossings claims 5%."""
    return float(run_chart(counts(mean, points, season=season)).signal.any(axis=-1).mean())


@pytest.mark.parametrize("points", [8, 24, 120])
@pytest.mark.parametrize("mean", [5.0, 20.0, 300.0])
def test_run_charts_where_they_may_be_used(mean, points):
    assert holds(run_signals(mean, points), 0.05)


HAMED_RAO = {"correction": "hamed-rao"}
MUST_NOT: dict[str, tuple[float, Callable[[], float]]] = {
    **{
        f"EARS {method} as defined at mean {mean:g}": (
            claim,
            lambda method=method, mean=mean, claim=claim: last(counts(mean, 24), method=method, alpha=claim),
        )
        for method, claim in (("C1", 0.001), ("C2", 0.001), ("C3", 0.025))
        for mean in MEANS
    },
    "EARS C3 as in R on a season": (
        0.025,
        lambda: last(counts(300, 24, season=True), method="C3", alpha=0.025, compat="surveillance-1.20"),
    ),
    "EARS C2 calibrated on a season": (
        0.025,
        lambda: last(counts(300, 24, season=True), method="C2", alpha=0.025, calibrated=True),
    ),
    "EARS C3 calibrated on a season": (
        0.025,
        lambda: last(counts(300, 24, season=True), method="C3", alpha=0.025, calibrated=True),
    ),
    **{
        f"Hamed-Rao with all lags, {points} points at mean {mean}": (
            0.05,
            lambda points=points, mean=mean: trend(counts(mean, points, series=600), **HAMED_RAO),
        )
        for points, mean in ((24, 20), (60, 20), (120, 300))
    },
    "Hamed-Rao with three lags, 24 points at mean 300": (
        0.05,
        lambda: trend(counts(300, 24), **HAMED_RAO, max_lag=3),
    ),
    **{
        f"{name} on a season, 8 points": (0.05, lambda options=options: trend(counts(300, 8, season=True), **options))
        for name, options in (("Mann-Kendall", {}), ("Hamed-Rao", HAMED_RAO))
    },
    **{
        f"funnel as published, {kind} at mean {mean:g}, {level:.1%}": (
            1 - level,
            lambda kind=kind, mean=mean, place=place: float(beyond(kind, mean, 0.4)[place]),
        )
        for kind in ("rate", "proportion", "ratio", "shmi")
        for mean in (5.0, 20.0, 300.0)
        for place, level in enumerate(LEVELS)
    },
    "funnel as published, ratio at mean 1": (0.002, lambda: float(beyond("ratio", 1, 0.01)[1])),
    **{
        f"{kind} chart at mean {mean:g}, {'Laney' if laney else 'chance'}": (
            SIGMA3,
            lambda run=run, mean=mean, laney=laney: run(mean, laney=laney),
        )
        for kind, run in (("U", u_outside), ("P", p_outside))
        for mean in (0.2, 1.0)
        for laney in (False, True)
    },
    **{
        f"U chart of chance where counts vary more, mean {mean:g}": (
            SIGMA3,
            lambda mean=mean: u_outside(mean, laney=False, phi=2),
        )
        for mean in MEANS
    },
    "U chart with Laney's factor where counts vary more, mean 5": (SIGMA3, lambda: u_outside(5, phi=2)),
    **{
        f"U chart on a season, mean {mean:g}, {'Laney' if laney else 'chance'}": (
            SIGMA3,
            lambda mean=mean, laney=laney: u_outside(mean, season=True, laney=laney),
        )
        for mean in (20.0, 300.0)
        for laney in (False, True)
    },
    **{
        f"T chart on whole days, {mean:g} a day": (SIGMA3, lambda mean=mean: t_outside(mean, 60, whole=True))
        for mean in (0.1, 0.2, 5.0)
    },
    **{f"run chart at mean {mean:g}": (0.05, lambda mean=mean: run_signals(mean, 60)) for mean in (0.2, 1.0)},
    "run chart on a season": (0.05, lambda: run_signals(20, 24, season=True)),
    "funnel of chance alone where areas differ": (
        0.05,
        lambda: float(beyond("rate", 300, 0.25, overdispersion=False)[0]),
    ),
}


@pytest.mark.parametrize("cell", MUST_NOT)
def test_where_a_form_must_not_be_used(cell):
    claim, run = MUST_NOT[cell]
    assert run() > 1.3 * claim


def test_the_library_calls_no_form_that_does_not_hold():
    """Whoever draws or judges with one of the three must ask for the calibrated form."""
    outside = [path for path in SOURCE.rglob("*.py") if path.parent.name != "stats"]
    assert outside
    for path in outside:
        text = path.read_text(encoding="utf-8")
        if not any(f"{name}(" in text for name in ("ears", "funnel", "mann_kendall", "farrington")):
            continue  # parsing every file takes a second
        for call in ast.walk(ast.parse(text)):
            if not isinstance(call, ast.Call):
                continue
            if getattr(getattr(call.func, "value", None), "id", "") == "figures":
                continue  # draws what was judged elsewhere
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            given = {word.arg: word.value for word in call.keywords}
            if name in ("ears", "funnel") or (name == "mann_kendall" and "correction" in given):
                assert getattr(given.get("calibrated"), "value", None) is True, f"{path.name}, line {call.lineno}"
            if name == "farrington":
                assert not given.keys() & {"plug_in", "compat", "threshold_method"}, f"{path.name}, line {call.lineno}"
