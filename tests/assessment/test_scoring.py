"""What is said of the next quarter and the year, and how it is marked when it has come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.small import declared, definitions, figure, quarters, release, withheld
from threatlib.assessment.forecasts import COLUMNS, Counts, counts, forecasts
from threatlib.assessment.outlooks import outlooks
from threatlib.assessment.phia import YARDSTICK, term
from threatlib.assessment.recall import recalled
from threatlib.assessment.scoring import SCORES, scored, scores
from threatlib.assessment.years import known
from threatlib.periods import parse, shift

BREAK = {"id": "new-system", "kind": "break", "title": "New system", "reason": "It counts differently.",
         "said_by": "Council", "status": "settled"}  # fmt: skip
FLAT = [100.0, 104, 96, 100, 98, 102, 101, 99, 103, 97, 100, 100]
Q = parse("2022-23-Q2")


def made(rows: Sequence[Any], quarter: str = "2022-23-Q2", *annotations: Any) -> pd.DataFrame:
    entries = definitions(*annotations)
    shown = release(rows, entries)
    at = parse(quarter)
    table = known(shown, at)
    return forecasts(counts(table, entries), outlooks(table, entries, at), entries, at)


def marked(rows: Sequence[Any], said: str, *annotations: Any, **changed: Any) -> pd.Series:
    """The one statement on the next quarter made at the end of `said`, held against what came."""
    entries = definitions(*annotations)
    table = release(rows, entries).table
    found = counts(table, entries)
    assert found is not None
    statements = made(rows, said, *annotations)
    statements = statements[statements["kind"] == "next quarter"].assign(**changed)
    assert len(statements) == 1
    return scored(statements, found, entries, parse("2022-23-Q3")).iloc[0]


def test_the_next_quarter_of_a_steady_series_is_about_what_it_was() -> None:
    row = made(quarters("offences", FLAT)).iloc[-1]
    assert list(made(quarters("offences", FLAT))) == list(COLUMNS)
    assert (row["kind"], row["made"], row["about"], row["threshold_period"]) == (
        "next quarter", "2022-23-Q2", "2022-23-Q3", "2021-22-Q3",
    )  # fmt: skip
    assert row["threshold"] == 103
    assert row["estimate"] == pytest.approx(100, abs=4)
    assert row["lower"] < row["estimate"] < row["upper"]
    assert row["term"] == term(row["probability"])
    assert row["sentence"].startswith("It is ")
    assert (
        "Offences (Northam) in October to December 2022 will pass the 103 of October to December 2021"
        in row["sentence"]
    )


def test_the_year_is_the_outlook_as_it_was_said() -> None:
    rows = quarters("offences", FLAT)
    entries = definitions()
    ahead = outlooks(known(release(rows, entries), Q), entries, Q)
    row = made(rows).query("kind == 'year'").iloc[0]
    said = ahead.iloc[0]
    for mine, theirs in (("estimate", "estimate"), ("lower", "lower"), ("upper", "upper"), ("about", "year"),
                         ("probability", "probability_above"), ("term", "probability_term")):  # fmt: skip
        assert row[mine] == said[theirs]
    assert (row["seen"], row["threshold"]) == (2, 400)
    assert "year" not in set(made(quarters("offences", FLAT, last="2022-23-Q4"), "2022-23-Q4")["kind"])


def test_nothing_is_said_where_a_quarter_is_missing_withheld_or_from_before_a_break() -> None:
    rows = quarters("offences", FLAT)
    without = [row for row in rows if row["period"] != "2022-23-Q1"]
    hidden = withheld("offences", "2022-23-Q1", 1, 5)
    for lacking in (without, [*without, hidden]):
        assert "next quarter" not in set(made(lacking)["kind"])
    late = declared(BREAK, start="2022-01")
    assert "next quarter" not in set(made(rows, "2022-23-Q2", late)["kind"])
    assert not len(made([figure("workers", "2022-09-30", 50)]))


def test_what_came_later_changes_nothing_that_was_said() -> None:
    rows = quarters("offences", FLAT)
    more = [*rows, figure("offences", "2022-23-Q3", 900)]
    pd.testing.assert_frame_equal(made(rows), made(more))


def test_an_outcome_in_and_out_of_the_range() -> None:
    rows = quarters("offences", [*FLAT, 104], last="2022-23-Q3")
    row = marked(rows, "2022-23-Q2")
    assert (row["outcome"], row["covered"], row["passed"]) == (104, 1, 1)
    assert row["brier"] == pytest.approx((row["probability"] - 1) ** 2)
    assert row["error_percent"] == pytest.approx(100 * abs(row["estimate"] - 104) / 104)
    far = marked(quarters("offences", [*FLAT, 300], last="2022-23-Q3"), "2022-23-Q2")
    assert (far["covered"], far["passed"]) == (0, 1)
    level = marked(quarters("offences", [*FLAT, 103], last="2022-23-Q3"), "2022-23-Q2")
    assert level["passed"] == 0  # as many as a year ago is not more


@pytest.mark.parametrize(
    ("rows", "annotations", "changed", "why"),
    [
        (quarters("offences", FLAT), (), {}, "the outcome is not known to this audience"),
        ([*quarters("offences", FLAT), withheld("offences", "2022-23-Q3", 1, 5)], (), {},
         "the outcome is not known to this audience"),
        (quarters("offences", [*FLAT, 104], last="2022-23-Q3"), (declared(BREAK, start="2022-11"),), {},
         "recording changed in between"),
        (quarters("offences", [*FLAT, 104], last="2022-23-Q3"), (), {"about": "2022-23-Q4"}, "the period is not over"),
        (quarters("offences", [*FLAT, 104], last="2022-23-Q3"), (), {"area": "Nowhere"},
         "the outcome is not known to this audience"),
    ],
)  # fmt: skip
def test_what_cannot_be_marked_says_why(
    rows: Sequence[Any], annotations: Sequence[Any], changed: dict[str, str], why: str
) -> None:
    row = marked(rows, "2022-23-Q2", *annotations, **changed)
    assert row["not_scored"] == why
    assert math.isnan(row["outcome"])
    assert math.isnan(row["covered"])
    assert math.isnan(row["brier"])


def test_a_break_of_another_series_spoils_nothing() -> None:
    rows = quarters("offences", [*FLAT, 104], last="2022-23-Q3")
    for other in (
        declared(BREAK, start="2022-11", indicators=["workers"]),
        declared(BREAK, start="2022-11", areas=["Southam"]),
    ):
        assert marked(rows, "2022-23-Q2", other)["not_scored"] == ""


def statements(terms: Sequence[tuple[float, float]], covered: Sequence[float]) -> pd.DataFrame:
    """Marked statements by hand: probability and whether it came true, and whether each range held."""
    rows = [
        {"kind": "next quarter", "seen": 3, "about": "2022-23-Q2", "probability": p, "term": term(p), "passed": came,
         "covered": held, "brier": (p - came) ** 2, "error_percent": 10.0, "not_scored": ""}
        for (p, came), held in zip(terms, covered, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_scores_by_hand() -> None:
    table = scores(statements([(0.6, 1), (0.6, 1), (0.6, 0), (0.6, 1), (0.1, 0)], [1, 1, 1, 1, 0]), Q)
    assert list(table) == list(SCORES)
    now = table[table["scope"] == "this quarter"].set_index("measure")
    assert now.loc["coverage", ["n", "value", "as_wanted"]].tolist() == [5, 0.8, "yes"]
    assert now.loc["Brier score", "value"] == pytest.approx((3 * 0.16 + 0.36 + 0.01) / 5)
    said = now.loc["calibration"].set_index("group")
    assert said.loc["likely", ["n", "value", "wanted_low", "wanted_high", "as_wanted"]].tolist() == [
        4, 0.75, 0.55, 0.80, "too few",
    ]  # fmt: skip
    assert said.loc["highly unlikely", "sentence"].startswith("Called highly unlikely: 1; came true: 0.")
    assert now.loc["coverage", "sentence"] == (
        "Of 5 ranges given for the quarter, 4 held what came; 80% were meant to; the estimate was 10% off on average."
    )
    earlier = statements([(0.6, 1)] * 5, [1] * 5).assign(about="2022-23-Q1")
    assert set(scores(earlier, Q)["scope"]) == {"all so far"}


def test_a_word_that_does_not_come_true_as_often_as_it_says_is_found_out() -> None:
    wrong = scores(statements([(0.85, 0)] * 30, [0] * 30), Q).set_index(["scope", "measure"])
    assert wrong.loc[("all so far", "calibration"), "as_wanted"] == "no"
    assert wrong.loc[("all so far", "coverage"), "as_wanted"] == "no"
    assert wrong.loc[("all so far", "Brier score"), "as_wanted"] == "no"
    right = scores(statements([(0.85, 1)] * 26 + [(0.85, 0)] * 4, [1] * 24 + [0] * 6), Q).set_index(
        ["scope", "measure"]
    )
    assert right.loc["all so far", "as_wanted"].tolist() == ["yes"] * 3


def test_the_bands_of_the_words_meet_and_take_every_probability() -> None:
    table = scores(statements([(p, 0) for p in np.linspace(0, 1, 201)], [1] * 201), Q)
    bands = table[(table["measure"] == "calibration") & (table["scope"] == "all so far")]
    assert bands["group"].tolist() == [word for _, _, word in YARDSTICK]
    assert bands["wanted_low"].tolist()[1:] == bands["wanted_high"].tolist()[:-1]
    for p in np.linspace(0, 1, 201):
        row = bands.set_index("group").loc[term(p)]
        assert row["wanted_low"] <= p <= row["wanted_high"]


def test_words_and_ranges_are_calibrated_on_a_world_that_keeps_its_ways() -> None:
    """Two hundred series that go up and down by a tenth without a trend, twelve quarters of each marked."""
    chance = np.random.default_rng(7)
    values = chance.poisson(chance.uniform(30, 300, size=(200, 1)) * chance.lognormal(0, 0.1, size=(200, 32)))
    rows = [
        row
        for n, series in enumerate(values)
        for row in quarters("offences", series, area="Northam", breakdown=f"g={n}")
    ]
    entries = definitions()
    shown = release(rows, entries)
    table = recalled(
        shown, entries, quarter=Q, as_of=None, findings=pd.DataFrame({"finding_id": [], "status": []}),
        tree=pd.DataFrame(columns=["standing", "indicators", "item", "item_id", "subtopic_id"]),
        checks=pd.DataFrame({"verdict": [], "conflict": []}), ahead=outlooks(known(shown, Q), entries, Q),
    )  # fmt: skip
    found = table["scores"].query("scope == 'all so far'")
    words = found[(found["measure"] == "calibration") & (found["n"] >= 100)]
    assert len(words) >= 5
    assert (words["as_wanted"] == "yes").all()
    coverage = found[found["measure"] == "coverage"].set_index("group")["value"]
    assert 0.78 <= coverage["next quarter"] <= 0.92
    assert float(found.loc[found["measure"] == "Brier score", "value"].iloc[0]) < 0.25


def test_nothing_is_marked_in_the_first_quarter() -> None:
    rows = [figure("offences", "2022-23-Q2", 90)]
    entries = definitions()
    shown = release(rows, entries)
    assert isinstance(counts(shown.table, entries), Counts)
    assert counts(shown.table[:0], entries) is None
    assert forecasts(None, outlooks(known(shown, Q), entries, Q), entries, shift(Q, -9)).empty
