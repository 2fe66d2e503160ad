"""The whole assessment: its tables, its tests counted, the quarter before from the same Release, histories."""

from __future__ import annotations

import pickle
from datetime import date

import pandas as pd
import pytest

from tests.small import BREAK, QUARTER, WORLD, assessed, figure, quarters, withheld
from threatlib.assessment import CONFIDENCE

TABLES = {
    "observations", "signals", "findings", "requirements", "problems", "threats", "subtopics", "tree", "annotations",
    "conflicts", "checks", "catalogue", "left_out", "claims", "revisions", "outlooks", "gaps", "proposed", "forecasts",
    "scored", "scores", "judgements",
}  # fmt: skip


def test_tables_and_what_stands_around_them() -> None:
    made = assessed(*WORLD, annotations=[BREAK])
    assert set(made.tables) >= TABLES
    assert made.observations is made.tables["observations"]
    assert made.findings is made.tables["findings"]
    assert list(made.requirements["ref"]) == ["R1", "R2", "R3"]
    assert made.problems.empty
    assert list(made.tables["annotations"]["id"]) == ["new-system"]
    assert (made.slug, made.partnership, str(made.quarter)) == ("small", "Small Partnership", QUARTER)
    assert (made.data_kind, made.withheld) == ("real", 1)
    assert made.data_as_at == date(2022, 10, 20)


def test_tests_are_counted_and_so_are_the_arrows_of_chance() -> None:
    made = assessed(*WORLD)
    assert made.tests_made == int(made.signals["p"].notna().sum()) == 3
    assert made.expected_false_flags == pytest.approx((1 - CONFIDENCE) * 3)


def test_what_is_new_is_new_against_the_quarter_before_of_the_same_release() -> None:
    """A rise that began a year ago was seen last quarter already; one that began now was not."""
    old = quarters("offences", [1000, 1000, 1000, 1000, 3000, 3000, 1000])
    sudden = quarters("referrals", [100, 100, 100, 100, 100, 100, 900])
    made = assessed(*old, *sudden)
    status = made.findings.set_index("indicator")["status"]
    assert status["referrals"] == "new"
    assert status["offences"] == "cleared"


def test_figures_printed_only_in_words_are_no_observations() -> None:
    made = assessed(*WORLD, figure("offences", "2020-21", 7) | {"role": "printed"})
    assert "printed" not in set(made.observations["role"])


def test_the_history_of_a_signal_is_its_own_series_up_to_the_quarter() -> None:
    rows = (
        *quarters("offences", [3, 4, 5], last="2022-23-Q3"), *quarters("offences", [7, 8], area="Southam"),
        figure("offences", "2021-22", 90), figure("offences", "2021-22-Q4", 11, breakdown="sex=girls"),
        figure("offences", "2022-08", 66, basis="forecast"), withheld("offences", "2020-21-Q1", 1, 5),
    )  # fmt: skip
    made = assessed(*rows[::-1])
    row = made.signals[(made.signals["area"] == "Northam") & (made.signals["breakdown"] == "")].iloc[0]
    past = made.history(row.to_dict())
    assert list(past["period"]) == ["2020-21-Q1", "2022-23-Q1", QUARTER]
    assert list(past["value"].fillna(-1)) == [-1, 3, 4]
    assert list(past.columns) == list(made.observations.columns)


def test_a_series_that_is_not_there_has_no_history() -> None:
    made = assessed(*WORLD)
    row = made.signals.iloc[0].to_dict() | {"area": "Nowhere"}
    assert made.history(row).empty


def test_histories_survive_the_way_to_a_kernel() -> None:
    made = assessed(*WORLD)
    row = made.signals.iloc[-1].to_dict()
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(made)).history(row), made.history(row))


def test_a_quarter_without_figures_gives_an_assessment_that_says_nothing() -> None:
    made = assessed(figure("offences", "2022-23-Q4", 7))
    assert made.signals.empty
    assert made.findings.empty
    assert made.tests_made == 0
    assert set(made.tables["threats"]["direction"]) == {"cannot_say"}


def test_tables_of_nothing_still_have_their_columns() -> None:
    """A new partnership has declared no annotation and left nothing out."""
    made = assessed(*WORLD)
    full = assessed(*WORLD, annotations=[BREAK])
    assert made.tables["annotations"].empty
    assert list(made.tables["annotations"]) == list(full.tables["annotations"])
    assert list(made.tables["left_out"]) == ["ids", "reason"]


def test_a_threat_says_what_changed_since_the_quarter_before() -> None:
    sudden = assessed(*quarters("offences", [*[900] * 6, 2700]))
    threat = sudden.tables["threats"].set_index("id").loc["demand"]
    assert (threat["was_direction"], threat["direction"]) == ("level", "worsening")
    assert threat["changed"].startswith("Direction: worsening, was level. Severity: ")
    assert threat["changed"].endswith("Findings: 1 new.")
