"""The scan in the assessment: chosen by a table, true whatever is withheld, silent across breaks, and said in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.small import BREAK, QUARTER, SHOCK, asked, declared, definitions, figure, main_of, quarters, release
from threatlib.assessment import build
from threatlib.catalogue import Annotation
from threatlib.periods import parse
from threatlib.signals import METHODS, RANGE, choose, expected_range, explain_choice, signals
from threatlib.signals.laid import SHOCK_WEIGHT, Laid, columns_of, lay
from threatlib.signals.saying import saw
from threatlib.signals.scanned import verdicts
from threatlib.signals.tail import completeness
from threatlib.signals.verdict import INCOMPLETE
from threatlib.stats.multiplicity import benjamini_hochberg
from threatlib.stats.scan import THRESHOLD

STEADY = [100, 104, 97, 101, 96, 103, 99, 102, 98, 105, 95, 100, 103, 97, 101, 99]


# ------------------------------------------------------------------------------------------------ the choice
@pytest.mark.parametrize(
    ("unit", "kind", "points", "mean", "based", "least", "chosen"),
    [
        ("count", "month", 8, 0.5, False, 2, "scan-counts"),
        ("count", "quarter", 8, 300, False, 2, "scan-counts"),
        ("count", "month", 7, 300, False, 2, "year-before"),
        ("count", "month", 8, 0.49, False, 2, "year-before"),
        ("count", "month", 11, 300, False, 12, "year-before"),
        ("count", "month", 12, 300, False, 12, "scan-counts"),
        ("count", "financial_year", 20, 300, False, 2, "year-before"),
        ("count", "snapshot", 8, 30, False, 2, "scan-stock"),
        ("count", "snapshot", 8, 29.9, False, 2, "scan-small-stock"),
        ("percent", "quarter", 8, 50, True, 2, "scan-shares"),
        ("percent", "quarter", 8, 50, False, 2, "scan-levels"),
        ("percent", "snapshot", 8, 50, True, 2, "scan-levels"),
        ("fte", "snapshot", 8, 50, False, 2, "scan-levels"),
        ("gbp", "quarter", 30, 50, False, 2, "year-before"),
    ],
)
def test_the_first_row_of_the_table_that_fits(
    unit: str, kind: str, points: int, mean: float, based: bool, least: int, chosen: str
) -> None:
    assert choose(unit, kind, points, mean, based=based, least=least).id == chosen


def test_the_table_ends_with_what_fits_always() -> None:
    assert METHODS[-1].model == ""
    assert all(method.does and method.why for method in METHODS)


def test_the_choice_is_explained() -> None:
    entries = definitions()
    offences = entries.catalogue.by_id["offences"]
    long = release(quarters("offences", STEADY), entries).table
    assert explain_choice(offences, long) == (
        "Offences (count, a quarter, 16 figures, 8 needed, 100 on average): judged by a scan of negative-binomial "
        "counts with trend and season, since events vary at least as chance counting does."
    )
    short = release(quarters("offences", STEADY[:5]), entries).table
    assert explain_choice(offences, short).endswith(
        "judged by the figure a year earlier, with an interval, since the scan needs more, or more frequent, figures."
    )
    yearly = [figure("workers", f"{2010 + n}-03-31", 50.0) for n in range(10)]
    assert "irregular snapshot" in explain_choice(entries.catalogue.by_id["workers"], release(yearly, entries).table)


# ------------------------------------------------------------------------------------------------ laid out
def laid(*rows: dict[str, Any], noted: tuple[Annotation, ...] = (), freq: int = 4, share: bool = False) -> Laid:
    table = release(rows, definitions()).table.sort_values("end")
    return lay(columns_of(table), np.arange(len(table)), freq, noted, share=share)


def note(**changed: Any) -> Annotation:
    return Annotation.model_validate(declared(BREAK, **changed))


def test_a_missing_period_stays_missing_and_a_withheld_one_is_an_interval() -> None:
    rows = quarters("offences", [1, 2, 3, 4, 5])
    rows[3] |= {"value": None, "lower": 1.0, "upper": 5.0, "status": "withheld"}
    one = laid(*rows[:1], *rows[2:])
    np.testing.assert_array_equal(one.low, [1, np.nan, 3, 1, 5])
    np.testing.assert_array_equal(one.high, [1, np.nan, 3, 5, 5])
    assert list(one.place) == [0, -1, 1, 2, 3]


def test_breaks_shocks_and_tail() -> None:
    rows = quarters("offences", STEADY[:8])  # 2020-21-Q3 to 2022-23-Q2
    rows[-1] |= {"status": "provisional"}
    assert laid(*rows, noted=(note(start="2021-04"),)).breaks == (2,)
    assert laid(*rows, noted=(note(start="2021-05"),)).breaks == (2, 3)  # mixed, then wholly after
    assert laid(*rows, noted=(note(start="2010-05"),)).breaks == ()
    one = laid(*rows, noted=(note(kind="shock", start="2021-01", end="2021-06"),))
    np.testing.assert_array_equal(one.worth, [1, SHOCK_WEIGHT, SHOCK_WEIGHT, 1, 1, 1, 1, 1])
    assert one.provisional == 1
    light = note(kind="shock", start="2021-04", end="2021-09", weight=0.5)
    one = laid(*rows, noted=(light, note(kind="shock", start="2021-08", end="2021-10", weight=0.0)))
    np.testing.assert_array_equal(one.worth, [1, 1, 0.5, 0, 0, 1, 1, 1])  # where two fall together the lesser counts


def test_the_weight_of_a_shock_is_declared_and_of_nothing_else() -> None:
    assert note(kind="shock", start="2021-04").weight is None
    with pytest.raises(ValueError, match="less than or equal to 1"):
        note(kind="shock", start="2021-04", weight=1.5)
    with pytest.raises(ValueError, match="has a weight, which only a shock has, and is a break"):
        note(start="2021-04", weight=0.5)


def test_a_share_becomes_its_numerator() -> None:
    rows = [row | {"numerator": 30.0, "denominator": 60.0} for row in quarters("seen_in_time", [50.0] * 3)]
    rows[1] |= {"numerator": math.nan}
    one = laid(*rows, share=True)
    np.testing.assert_array_equal(one.low, [30, 30, 30])
    np.testing.assert_array_equal(one.size, [60, 60, 60])


# ------------------------------------------------------------------------------------------------ flags
def test_a_fall_is_flagged_and_described() -> None:
    row = main_of(*quarters("offences", [*STEADY, 30]))
    assert (row["check"], row["method"], row["arrow"], row["judgement"]) == ("scan", "scan-counts", "down", "better")
    assert (row["event"], row["window"], row["window_kind"], row["window_last"]) == ("fall", 1, "quarter", QUARTER)
    assert row["recorded_lower"] == row["recorded_upper"] == 30
    assert row["expected_lower"] < 100 < row["expected_upper"]
    assert row["p"] <= THRESHOLD[4]
    assert row["alpha"] == pytest.approx(THRESHOLD[4])
    assert row["news"]
    assert row["silence"] == 1
    assert row["window_rows"] == row["rows"]
    assert row["previous_period"] == "2021-22-Q2"  # what it is shown beside


def test_silence_is_the_strongest_absence() -> None:
    row = main_of(*quarters("offences", [*STEADY, 0]))
    assert (row["event"], row["arrow"]) == ("silence", "down")
    assert row["p"] < main_of(*quarters("offences", [*STEADY, 60]))["p"]


def test_nothing_odd_is_level_where_a_change_would_have_shown() -> None:
    row = main_of(*quarters("offences", [5 * value for value in [*STEADY, 101]]))
    assert (row["arrow"], row["event"], row["saw"]) == ("level", "", "")
    few = main_of(*quarters("offences", [value / 50 for value in [*STEADY, 101]]))
    assert few["arrow"] == "cannot_say"
    assert few["why"] == "the interval is too wide to tell a change from none"
    restless = [40, 20, 10, 28, 38, 12, 16, 33, 44, 14, 21, 30, 12, 41]  # twice the year before, as often before
    twice = main_of(*quarters("offences", restless))
    assert twice["change_lower"] > 1
    assert (twice["arrow"], twice["why"]) == (
        "cannot_say",
        "the latest figures stay within the range of their own past",
    )


def test_too_short_a_series_is_judged_by_the_year_before() -> None:
    row = main_of(*quarters("offences", [*STEADY[:6], 30]))
    assert (row["check"], row["method"], row["alpha"]) == ("year_before", "", pytest.approx(0.05))
    assert main_of(*quarters("offences", [*STEADY[:7], 30]))["check"] == "scan"


def test_months_speak_for_the_quarter_at_the_price_of_three_tries() -> None:
    months = pd.period_range("2020-10", "2022-09", freq="M")
    values = [50 + 3 * (n % 4) for n in range(23)]
    rows = [figure("offences", str(month), value) for month, value in zip(months, [*values[:22], 160, 55], strict=True)]
    row = main_of(*rows)
    assert (row["window_kind"], row["window_last"], row["event"]) == ("month", "2022-08", "spike")
    assert row["alpha"] == pytest.approx(1 - (1 - THRESHOLD[12]) ** 3)


def test_a_declared_change_of_recording_is_no_flag() -> None:
    rows = quarters("offences", [*STEADY, 300, 297, 303])
    change = declared(BREAK, start="2022-01")
    assert main_of(*rows)["arrow"] == "up"
    assert main_of(*rows, annotations=[change])["arrow"] != "up"


def test_what_a_declared_shock_left_is_hardly_part_of_the_past() -> None:
    rows = quarters("offences", [*STEADY[:8], 20, 22, 19, 21, *STEADY[:5]])
    shock = declared(SHOCK, start="2020-04", end="2021-06", indicators=[], areas=[])
    history = release(rows, definitions()).table
    plain, told = (
        expected_range(history, pd.DataFrame(entries, columns=list(SHOCK)))["expected"].iloc[13]
        for entries in ([], [shock])
    )
    assert abs(told - 100) < abs(plain - 100)


# ------------------------------------------------------------------------------------------------ withheld figures
@pytest.mark.parametrize("seed", range(6))
def test_no_verdict_is_refuted_by_a_value_that_a_withheld_figure_may_have(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean = rng.choice([3.0, 6.0, 12.0])
    truth = rng.poisson(mean, 20).astype(float)
    truth[-2:] = rng.choice([0, 3 * mean, mean], 2).round()
    hidden = (truth >= 1) & (truth <= 5)
    low, high = np.where(hidden, 1.0, truth), np.where(hidden, 5.0, truth)
    blank = {"size": np.ones(20), "freq": 4, "place": np.arange(20), "breaks": (), "worth": np.ones(20)}
    (held,) = verdicts([Laid(low, high, provisional=0, **blank)], ["scan-counts"], first=1)
    fills = [np.where(hidden, rng.integers(1, 6, 20).astype(float), truth) for _ in range(12)]
    tried = verdicts([Laid(fill, fill, provisional=0, **blank) for fill in fills], ["scan-counts"] * 12, first=1)
    if held.flag[-1]:
        assert all(one.flag[-1] and one.direction[-1] == held.direction[-1] for one in tried)
    elif not held.split[-1]:
        assert not any(one.flag[-1] for one in tried)
    assert held.recorded_lower[-1] <= held.recorded_upper[-1]


def test_where_it_depends_on_what_is_withheld_it_cannot_be_said() -> None:
    rows = quarters("offences", [6, 7, 6, 8, 7, 6, 7, 8, 6, 7, 6, 8, 0])
    rows[-1] |= {"value": None, "lower": 0.0, "upper": 20.0, "status": "withheld"}
    row = main_of(*rows)
    assert (row["arrow"], row["event"]) == ("cannot_say", "")
    assert row["why"] == "whether it stands out depends on figures that are withheld"


# ------------------------------------------------------------------------------------------------ round and words
def test_tests_of_the_round_are_allowed_for() -> None:
    found = asked(*quarters("offences", [*STEADY, 30]), *quarters("workers", [50.0] * 9, unit="fte"))
    main = found[found["main"].astype(bool)]
    np.testing.assert_allclose(main["q"], benjamini_hochberg(main["p"].to_numpy(dtype=float)))
    assert found.loc[~found["main"].astype(bool), "q"].isna().all()
    assert found["alpha"].notna().equals(found["p"].notna())


ROW: dict[str, Any] = {
    "event": "fall", "arrow": "down", "window": 6.0, "window_kind": "month", "window_last": "2022-07", "q": 0.012,
    "recorded_lower": 9.0, "recorded_upper": 9.0, "expected": 21.2, "expected_lower": 14.0, "expected_upper": 30.0,
    "silence": 3.0,
}  # fmt: skip


def test_a_flag_says_what_it_saw() -> None:
    assert saw(ROW) == (
        "lower than expected over the last 6 months (to July 2022): 9 recorded, 21 expected, range 14 to 30; "
        "fall, 99% probable; 3 months of silence would have been enough to be sure"
    )
    assert "2 to 9 recorded" in saw(ROW | {"recorded_lower": 2.0})
    assert saw(ROW | {"window": 1.0}).startswith("lower than expected in July 2022: ")
    assert saw(ROW | {"event": ""}) == ""
    share = saw(ROW | {"unit": "percent", "expected_lower": 13.6, "expected_upper": 30.2})
    assert "9% recorded, 21% expected, range 13 to 31%; fall" in share
    up = ROW | {"arrow": "up", "event": "step", "window_kind": "snapshot", "window_last": "2022-09-30", "window": 1.0}
    assert saw(up).startswith("higher than expected on 30 September 2022: ")
    assert saw(up).endswith("; step, 99% probable")


# ------------------------------------------------------------------------------------------------ expected range
def test_the_expected_range_of_a_period_is_that_of_its_own_past() -> None:
    noted = pd.DataFrame(columns=["kind", "start", "end", "indicators", "areas"])
    whole = release(quarters("offences", [*STEADY, 30]), definitions()).table
    found = expected_range(whole, noted)
    assert tuple(found.columns) == RANGE
    assert len(found) == len(whole)
    assert found["expected"].iloc[:3].isna().all()
    known = found.iloc[8:]
    assert (known["expected_lower"] < known["expected"]).all()
    assert (known["expected"] < known["expected_upper"]).all()
    assert list(found["flag"]) == [False] * 16 + [True]
    short = expected_range(whole.iloc[:-1], noted)
    pd.testing.assert_frame_equal(found.iloc[:-1][list(RANGE[:6])], short[list(RANGE[:6])], rtol=1e-6)


def test_a_series_that_is_not_scanned_has_no_range() -> None:
    noted = pd.DataFrame(columns=["kind", "start", "end", "indicators", "areas"])
    found = expected_range(release(quarters("offences", STEADY[:4]), definitions()).table, noted)
    assert found["expected"].isna().all()
    assert not found["flag"].any()
    assert parse(found["period"].iloc[-1]).label == QUARTER


# ------------------------------------------------------------------------------------------------ provisional tails
def shown(quarter: str, period: str, value: float) -> dict[str, Any]:
    row = figure("offences", period, value)
    return {"quarter": quarter, "release": 1, "status": "provisional", "lower": value, "upper": value} | {
        name: row[name] for name in ("indicator", "agency", "area", "breakdown", "period", "value")
    }


def test_completeness_is_what_was_shown_over_what_it_became() -> None:
    labels = ["2020-21-Q1", "2020-21-Q2", "2020-21-Q3", "2020-21-Q4", "2021-22-Q1"]
    table = release([figure("offences", label, 100.0) for label in labels], definitions()).table
    history = pd.DataFrame(
        [shown(label, label, value) for label, value in zip(labels, [70, 80, 90, 60, 50], strict=True)]
    )
    assert completeness(history, table) == {("offences", 0): 0.7}
    assert completeness(history.iloc[:3], table) == {}  # too few to believe
    assert completeness(history.assign(value=140.0), table) == {("offences", 0): 1.0}
    assert completeness(None, table) == {}


def test_a_tail_is_held_against_what_is_usually_there_by_then() -> None:
    values = np.array([100.0] * 16 + [70.0])
    blank = {"size": np.ones(17), "freq": 4, "place": np.arange(17), "breaks": (), "worth": np.ones(17)}
    told = Laid(values, values, provisional=1, complete=(0.5,), **blank)
    plain = Laid(values, values, provisional=1, **blank)
    one, other = verdicts([told, plain], ["scan-counts"] * 2, first=1)
    assert one.point[-1] == pytest.approx(other.point[-1] / 2, rel=1e-6)
    assert one.direction[-1] == 1  # more than half of what was to be expected
    high = np.where(np.arange(17) == 16, 110.0, values)
    assert verdicts([Laid(high, high, provisional=1, complete=(0.5,), **blank)], ["scan-counts"], first=1)[0].flag[-1]
    low = np.where(np.arange(17) == 16, 5.0, values)
    assert not verdicts([Laid(low, low, provisional=1, **blank)], ["scan-counts"], first=1)[0].flag[-1]


@pytest.mark.parametrize("way", ["signals", "assessment"])
def test_a_briefing_learns_from_those_before_it_how_complete_a_first_figure_is(way: str) -> None:
    """Three in five were there when first shown: 62 is what was to be expected, 130 is a rise, and a fall is muted."""
    entries, labels = definitions(), [row["period"] for row in quarters("offences", STEADY, last="2022-23-Q1")]
    history = pd.DataFrame([shown(label, label, 0.6 * v) for label, v in zip(labels, STEADY, strict=True)])

    def last(value: float, known: pd.DataFrame | None) -> pd.Series:
        rows = [
            *quarters("offences", STEADY, last="2022-23-Q1"),
            figure("offences", QUARTER, value, status="provisional"),
        ]
        made = release(rows, entries)
        if way == "signals":
            found = signals(made, entries, parse(QUARTER), known)
        else:
            found = build(
                made, entries, slug="small", quarter=parse(QUARTER), as_of=None, problems=pd.DataFrame(), history=known
            ).signals
        return found[found["main"].astype(bool)].iloc[0]

    usual, rise, fall = (last(value, history) for value in (62.0, 130.0, 5.0))
    assert (usual["window"], usual["expected"]) == (1, pytest.approx(0.6 * np.mean(STEADY), rel=0.02))
    assert (usual["event"], rise["arrow"], rise["event"]) == ("", "up", "spike")
    assert last(99.0, history)["p"] < THRESHOLD[4] < last(99.0, None)["p"]
    assert [fall["arrow"], fall["why"]] == ["cannot_say", INCOMPLETE]
    later = history.assign(quarter="2022-23-Q3")  # nothing is learnt from briefings that came after this one
    assert last(62.0, later)["expected"] == last(62.0, None)["expected"]
