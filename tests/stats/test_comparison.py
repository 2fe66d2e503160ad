from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rates_vectors import Table, assert_close
from scipy.stats import binom, norm, poisson

from threatlib.errors import NotEnoughPoints
from threatlib.stats.comparison import MIN_AREAS, MIN_NEIGHBOURS, chance_limits, compare, funnel, pool_neighbours
from threatlib.stats.rates import Between, Estimate, bounds, proportion, rate

pytestmark = pytest.mark.filterwarnings("error")
KINDS = {("SR", "CQC"): "rate", ("SR", "SHMI"): "shmi", ("PR", "-"): "proportion", ("RC", "-"): "ratio"}
OPTIONS = Table("funnelplotr_options")
AREAS = Table("funnelplotr_areas")


# funnels


@pytest.mark.parametrize("option", OPTIONS.rows, ids=lambda option: option["case"])
def test_funnels_of_the_reference(option):
    part = AREAS.where(AREAS.text("case") == option["case"])
    kind = KINDS[option["data_type"], option["sr_method"]]
    target = 1 if option["data_type"] == "SR" else None
    answer = funnel(part["numerator"], part["denominator"], target=target, kind=kind, compat="FunnelPlotR-0.6.0")
    assert_close(answer.z, part["z_adj"])
    for found, name in ((answer.tau2, "tau2"), (answer.phi, "phi"), (answer.target, "target")):
        assert_close(found, float(option[name]))
    for layer, level in enumerate(("95", "998")):
        assert_close(answer.lower[layer], part[f"odll{level}"])
        assert_close(answer.upper[layer], part[f"odul{level}"])
    ours = funnel(part["numerator"], part["denominator"], target=target, kind=kind)
    assert_close(ours.z, answer.z)
    assert_close(ours.tau2, answer.tau2)


def panel(k=20, seed=0, spread=0.3, reps=()):
    rng = np.random.default_rng(seed)
    people = rng.uniform(5_000, 80_000, (*reps, k))
    return rng.poisson(people * 0.002 * rng.gamma(1 / spread**2, spread**2, (*reps, k))), people


@pytest.mark.parametrize("kind", ["rate", "proportion", "ratio", "shmi"])
@pytest.mark.parametrize("overdispersion", [True, False])
def test_outside_the_limits_exactly_where_z_says_so(kind, overdispersion):
    count, people = panel(60, 3)
    answer = funnel(count, people, kind=kind, overdispersion=overdispersion)
    share = (count + 0.5) / (people + 0.5) if kind == "ratio" else count / people
    for layer, reach in enumerate((1.959963984540054, 3.090232306167813)):
        assert ((share > answer.upper[layer]) == (answer.z > reach)).all()
        assert ((share < answer.lower[layer]) == (answer.z < -reach)).all()
    assert (np.abs(answer.z) > 1.96).any()


def test_without_overdispersion_one_area_is_enough():
    answer = funnel(30, 10_000, target=0.002, overdispersion=False, confidence=0.95)
    assert float(answer.z[0]) == pytest.approx((np.sqrt(1.5) - 1) * 2 * np.sqrt(20))
    assert float(answer.lower[0]) == pytest.approx(0.002 * (1 - 1.959963984540054 / (2 * np.sqrt(20))) ** 2)
    assert answer.lower.shape == (1,)
    assert answer.enough


def test_an_area_silent_where_others_are_not_is_seen():
    count, people = panel(33, 1)
    people[5], count[5] = 60_000, 0
    answer = funnel(count, people)
    assert answer.z[5] < -3.09
    assert (answer.z[np.arange(33) != 5] > -3.09).all()


def test_a_panel_is_its_rows():
    count, people = panel(15, 2, reps=(2, 3))
    whole = funnel(count, people)
    assert whole.lower.shape == (2, 2, 3, 15)
    one = funnel(count[1, 2], people[1, 2])
    assert_close(whole.z[1, 2], one.z)
    assert_close(whole.upper[:, 1, 2], one.upper)
    assert_close(whole.tau2[1, 2], one.tau2)


def test_an_unusable_area_takes_no_part():
    count, people = panel(20, 4)
    x, n = np.append(count, [np.nan, 3, -1, 4, np.inf]), np.append(people, [10, 0, 10, np.nan, 10])
    with_them, without = funnel(x, n), funnel(count, people)
    assert_close(with_them.z[:20], without.z)
    assert np.isnan(with_them.z[20:]).all()
    assert int(with_them.n) == 20


def test_too_few_areas_is_an_outcome():
    count, people = panel(MIN_AREAS)
    count = count.astype(float)
    assert funnel(count, people).enough
    count[0] = np.nan
    answer = funnel(count, people)
    assert answer.shortfall()[()] == NotEnoughPoints(9, 10)
    assert np.isnan(answer.lower).all()
    assert np.isnan(answer.z).all()
    assert np.isfinite(answer.target)


def test_degenerate_funnels():
    assert funnel([], []).z.shape == (0,)
    assert np.isnan(funnel(np.zeros(12), np.full(12, 10.0)).lower).all()
    same = funnel(np.full(12, 5.0), np.full(12, 100.0))
    assert float(same.tau2) == 0
    assert_close(same.z, 0)
    assert np.isnan(funnel(np.full(12, np.nan), np.full(12, np.nan)).z).all()
    with pytest.raises(ValueError, match="kind 'counts'"):
        funnel([1], [2], kind="counts")
    with pytest.raises(ValueError, match="above 0 and below 1"):
        funnel([1], [2], confidence=2)
    with pytest.raises(ValueError, match=r"trim 0\.5"):
        funnel([1], [2], trim=0.5)
    assert_close(funnel(*panel(20), trim=0, calibrated=True).tau2, funnel(*panel(20), trim=0).tau2)


@pytest.mark.parametrize("kind", ["rate", "proportion", "ratio", "shmi"])
@pytest.mark.parametrize("overdispersion", [True, False])
def test_a_calibrated_funnel_says_the_same_by_z_and_by_limits(kind, overdispersion):
    """Limits lie between two counts."""
    count, people = panel(60, 3)
    people = people if kind == "rate" else np.ceil(people / 100)
    answer = funnel(count, people, kind=kind, overdispersion=overdispersion, calibrated=True)
    again = funnel(
        count / people * 10_000 * people / 10_000, people, kind=kind, overdispersion=overdispersion, calibrated=True
    )
    for layer, reach in enumerate((1.959963984540054, 3.090232306167813)):
        outside = (count / people > answer.upper[layer]) | (count / people < answer.lower[layer])
        assert (outside == (np.abs(answer.z) >= reach)).all()
    assert (np.abs(answer.z) > 1.9).any()
    assert_close(again.z, answer.z)


def alone(count, population, target, kind="rate"):
    """One area held against chance."""
    return funnel(count, population, target=target, kind=kind, overdispersion=False, confidence=0.95, calibrated=True)


@pytest.mark.parametrize("kind", ["rate", "shmi"])
def test_a_calibrated_rate_by_chance_alone_is_judged_by_a_poissons_tails(kind):
    one = alone(30, 10_000, 0.002, kind)
    assert float(one.z[0]) == pytest.approx(-norm.ppf(poisson.sf(29, 20)))
    assert float(one.upper[0]) * 10_000 == pytest.approx(poisson.isf(0.025, 20) + 0.5)
    assert float(one.lower[0]) * 10_000 == pytest.approx(poisson.ppf(0.025, 20) - 0.5)
    assert np.isfinite(alone(1e9, 10_000, 0.002).z).all()
    assert float(alone(0, 10.0, 0.002).lower[0]) == 0


def test_a_calibrated_proportion_by_chance_alone_is_judged_by_a_binomials_tails():
    one = alone(18, 40, 0.3, "proportion")
    assert float(one.z[0]) == pytest.approx(-norm.ppf(binom.sf(17, 40, 0.3)))
    assert float(one.upper[0]) * 40 == pytest.approx(binom.isf(0.025, 40, 0.3) + 0.5)
    assert float(one.lower[0]) * 40 == pytest.approx(binom.ppf(0.025, 40, 0.3) - 0.5)
    assert (float(alone(3, 3, 0.3, "proportion").lower[0]), float(alone(3, 3, 0.3, "proportion").upper[0])) == (0, 1)


def test_a_calibrated_ratio_is_judged_given_both_counts_together():
    """30 against 12 where 1 to 1 is the rule: 30 heads of 42; limits come back as odds of the share's."""
    one = alone(30, 12, 1, "ratio")
    assert float(one.z[0]) == pytest.approx(-norm.ppf(binom.sf(29, 42, 0.5)))
    most = (binom.isf(0.025, 42, 0.5) + 0.5) / 42
    assert float(one.upper[0]) == pytest.approx(most / (1 - most))
    few = alone(1, 2, 1, "ratio")  # of three, none is too many and none too few
    assert (float(few.lower[0]), float(few.upper[0])) == (0, np.inf)


def test_a_calibrated_shmi_judges_an_area_without_events():
    count, people = panel(33, 1)
    people[5], count[5] = 60_000, 0
    assert np.isnan(funnel(count, people, kind="shmi").z[5])
    assert funnel(count, people, kind="shmi", calibrated=True).z[5] < -3.09


def test_a_calibrated_funnel_is_nobody_elses():
    with pytest.raises(ValueError, match="wanted one of the two"):
        funnel(*panel(20), calibrated=True, compat="FunnelPlotR-0.6.0")
    with pytest.raises(ValueError, match="wanted 'rate', 'proportion'"):
        funnel(*panel(20), calibrated=True, kind="odds")


@pytest.mark.parametrize("kind", ["rate", "proportion"])
@pytest.mark.parametrize("spread", [0.01, 0.25, 0.4])
def test_false_flags_of_a_calibrated_funnel(kind, spread):
    count, people = panel(33, 7, spread, reps=(80,))
    answer = funnel(count, people, kind=kind, calibrated=True)
    assert 0.02 <= (np.abs(answer.z) > 1.96).mean() <= 0.065
    assert (np.abs(answer.z) > 3.0902).mean() <= 0.006
    # as the paper has it, winsorising leaves the limits narrower once areas truly differ
    if spread > 0.1:
        assert (np.abs(funnel(count, people, kind=kind).z) > 1.96).mean() > 0.08


# lines of chance alone


def test_chart_lines_of_the_reference():
    table = Table("funnel_limits")
    kinds = table.text("statistic_arg")
    for level, band in ((0.95, "2s"), (0.998, "3s")):
        part = table.where(kinds == "proportion")
        lower, upper = chance_limits(part["baseline"] / 100, part["axis"], kind="proportion", confidence=level)
        assert_close(lower * 100, part[f"lower_{band}_limit"])
        assert_close(upper * 100, part[f"upper_{band}_limit"])
        for name, shift in (("ratio_isr", 0), ("ratio_count", 1)):
            part = table.where(kinds == name)
            lower, upper = chance_limits(1, part["axis"], confidence=level)
            scale = 1 if shift else 100
            # the reference finds these by halving, to about 5e-5
            assert_close(lower, part[f"lower_{band}_limit"] / scale + shift, 1e-4)
            assert_close(upper, part[f"upper_{band}_limit"] / scale + shift, 1e-4)
        part = table.where(np.char.startswith(kinds, "rate"))
        lower, upper = chance_limits(part["baseline"], part["axis"], confidence=level)
        assert_close(lower, part[f"lower_{band}_limit"], 1e-4)
        assert_close(upper / part[f"upper_{band}_limit"], 1, 1e-4)


def words(answer95, answer998):
    high, low = (np.char.equal(answer998.verdict, word) for word in ("higher", "lower"))
    fair_high, fair_low = (np.char.equal(answer95.verdict, word) for word in ("higher", "lower"))
    names = ["High (0.001)", "Low (0.001)", "High (0.025)", "Low (0.025)"]
    return np.select([high, low, fair_high, fair_low], names, "Not significant")


def test_significance_of_the_reference():
    table = Table("funnel_significance")
    sets, kinds = table.text("set"), table.text("statistic_arg")
    for name in np.unique(sets):
        part = table.where((sets == name) & (kinds == "proportion"))
        if part.rows:
            x, n = part["x"], part["n"]
            verdicts = []
            for level in (0.95, 0.998):
                lower, upper = chance_limits(x.sum() / n.sum(), n, kind="proportion", confidence=level)
                inside = Estimate(x / n, x / n - (upper - x.sum() / n.sum()), x / n + (x.sum() / n.sum() - lower))
                verdicts.append(compare(inside, x.sum() / n.sum()))
            assert (words(*verdicts) == part.text("significance")).all()
        part = table.where((sets == name) & (kinds == "ratio"))
        if part.rows:
            verdicts = [compare(rate(part["x"], part["expected"], per=1, confidence=c), 1) for c in (0.95, 0.998)]
            assert (words(*verdicts) == part.text("significance")).all()


@pytest.mark.parametrize("kind", ["rate_crude", "rate_dsr"])
def test_significance_of_the_references_charted_rates(kind):
    areas, points, lines = (
        table.where(table.text("statistic_arg") == kind)
        for table in (Table("funnel_significance"), Table("funnel_points"), Table("funnel_limits"))
    )
    assert (points.text("area") == areas.text("area")).all()
    assert (points.text("set") == areas.text("set")).all()
    centre = dict(zip(lines.text("set"), lines["baseline"], strict=True))
    target = np.array([centre[name] for name in areas.text("set")])
    x, per, years = areas["x"], areas["multiplier"], areas["years"]
    # it charts a published rate, from which it works the people back
    people = np.divide(per * x, areas["rate"] * years, out=areas["n"] / years, where=x > 0)
    few = (kind == "rate_dsr") & (x < 10)
    assert_close(people[~few & (x > 0)], points["denominator_derived"][~few & (x > 0)])
    people = points["denominator_derived"] * years
    verdict = words(*(compare(rate(x, people, per=1, confidence=c), target / per) for c in (0.95, 0.998)))
    assert (verdict[~few] == areas.text("significance")[~few]).all()
    assert np.char.startswith(areas.text("significance")[few], "Not applicable").all()


def test_chance_limits_of_nothing():
    for kind in ("rate", "proportion"):
        for target, axis in ((np.nan, 5), (-1, 5), (0.1, 0), (0.1, np.inf), (np.inf, 5)):
            assert np.isnan(chance_limits(target, axis, kind=kind)).all()
        assert chance_limits([], [], kind=kind)[0].shape == (0,)
    assert np.isnan(chance_limits(1.5, 10, kind="proportion")).all()
    with pytest.raises(ValueError, match="above 0 and below 1"):
        chance_limits(0.1, 5, confidence=0)


# verdicts


def test_verdicts_against_a_plain_target():
    answer = compare(rate([2, 20, 60, np.nan], 1_000, per=1_000), 20)
    assert answer.verdict.tolist() == ["lower", "similar", "higher", "cannot say"]


def test_a_benchmarks_own_interval_counts():
    area = rate(60, 1_000, per=1_000)
    assert str(compare(area, 45).verdict) == "higher"
    assert str(compare(area, rate(45, 1_000, per=1_000)).verdict) == "similar"
    # intervals that overlap a little can still differ
    one, two = rate(100, 1_000), rate(70, 1_000)
    assert one.lower < two.upper
    assert str(compare(one, two).verdict) == "higher"
    assert str(compare(two, one).verdict) == "lower"


def test_a_verdict_on_a_hidden_count_holds_for_every_value():
    hidden = bounds(rate, Between(1, 5), 10_000)
    assert str(compare(hidden, 40).verdict) == "lower"
    assert str(compare(hidden, 0.01).verdict) == "higher"
    assert str(compare(hidden, 10).verdict) == "cannot say"
    assert str(compare(bounds(rate, Between(20, 22), 10_000), 21).verdict) == "similar"
    assert str(compare(rate(50, 10_000), hidden).verdict) == "higher"
    assert str(compare(rate(50, 10_000), bounds(rate, Between(1, 60), 10_000)).verdict) == "cannot say"
    assert str(compare(rate(5, 10_000), bounds(rate, Between(4, 90), 10_000)).verdict) == "cannot say"


@given(st.integers(0, 8), st.integers(0, 4), st.floats(0.1, 30))
def test_hidden_verdicts_match_every_value(low, extra, target):
    verdict = str(compare(bounds(rate, Between(low, low + extra), 10_000), target).verdict)
    every = set(compare(rate(np.arange(low, low + extra + 1), 10_000), target).verdict.tolist())
    assert every == {verdict} if verdict != "cannot say" else len(every) > 1


def test_false_alarms_against_a_benchmark_with_an_interval():
    rng = np.random.default_rng(5)
    for mean in (5, 20, 300):
        area, peers = rate(rng.poisson(mean, 20_000), 1), rate(rng.poisson(3 * mean, 20_000), 3)
        assert 0.02 < (compare(area, peers).verdict != "similar").mean() <= 0.055
    shares = proportion(rng.binomial(80, 0.9, 20_000), 80), proportion(rng.binomial(400, 0.9, 20_000), 400)
    assert 0.03 < (compare(*shares).verdict != "similar").mean() <= 0.06


def test_nothing_to_compare():
    assert compare(rate([], []), 5).verdict.shape == (0,)
    assert str(compare(rate(1, 0), 5).verdict) == "cannot say"
    assert str(compare(rate(1, 10), np.nan).verdict) == "cannot say"


# neighbours


CLOSENESS = ["Somewhat close"] * 8 + ["Not close"] * 2


def test_neighbours_that_are_close_are_pooled():
    count, people = np.arange(20, 40, 2.0), np.full(10, 10_000.0)
    answer = pool_neighbours(count, people, CLOSENESS)
    assert float(answer.value) == pytest.approx(count[:8].mean())
    assert (int(answer.n), int(answer.not_close)) == (8, 2)
    assert float(answer.phi) == pytest.approx(
        ((count[:8] - 27) ** 2 / 27).sum() / 7 if count[:8].var(ddof=1) > 27 else 1
    )
    assert answer.lower < answer.value < answer.upper


def test_neighbours_apart_widen_the_pool():
    people = np.full(6, 10_000.0)
    alike = pool_neighbours([50] * 6, people, ["Close"] * 6)
    apart = pool_neighbours([10, 90, 20, 80, 30, 70], people, ["Close "] * 6)
    assert_close(alike.value, apart.value)
    assert float(alike.phi) == 1
    assert (apart.upper - apart.lower) > 3 * (alike.upper - alike.lower)


def test_neighbours_not_close_are_refused():
    answer = pool_neighbours(np.full(10, 20.0), np.full(10, 900.0), ["Not close"] * 10)
    assert answer.shortfall()[()] == NotEnoughPoints(0, MIN_NEIGHBOURS)
    assert np.isnan([answer.value, answer.lower, answer.upper]).all()
    assert int(answer.not_close) == 10


def test_neighbours_without_figures_do_not_count():
    count = np.array(
        [[20, 21, np.nan, -1, 23, 24, 25, 26, 1, 1], [20, 21, np.nan, np.nan, np.nan, np.inf, 25, 26, 1, 1]]
    )
    answer = pool_neighbours(count, np.full(10, 1_000.0), CLOSENESS)
    assert answer.n.tolist() == [6, 4]
    assert np.isnan(answer.value).tolist() == [False, True]
    assert str(answer.shortfall()[1]) == "4 of 5 points needed"


def test_no_neighbours():
    empty = pool_neighbours([], [], np.array([], dtype=str))
    assert np.isnan(empty.value)
    assert empty.shortfall()[()] == NotEnoughPoints(0, MIN_NEIGHBOURS)
    silent = pool_neighbours(np.zeros(6), np.full(6, 1_000.0), ["Close"] * 6)
    assert [float(silent.value), float(silent.lower)] == [0, 0]
    assert float(silent.upper) > 0


anything = st.one_of(st.integers(0, 500).map(float), st.sampled_from([np.nan, np.inf, -1.0, 0.0]))


@given(st.lists(st.tuples(anything, anything), max_size=14), st.sampled_from(list(KINDS.values())), st.booleans())
def test_any_input_gives_a_funnel_and_a_pool(pairs, kind, calibrated):
    x, n = np.array(pairs, dtype=float).reshape(-1, 2).T
    answer = funnel(x, n, kind=kind, calibrated=calibrated)
    assert answer.z.shape == x.shape
    assert answer.lower.shape == (2, *x.shape)
    drawn = np.isfinite(answer.lower) & np.isfinite(answer.upper)
    assert (answer.lower[drawn] <= answer.upper[drawn]).all()
    if not answer.enough:
        assert np.isnan(answer.z).all()
    pool = pool_neighbours(x, n, ["Close"] * len(pairs))
    assert np.isfinite(pool.value) == bool(pool.enough)
