"""Where the year is heading: never a bare annualised figure, never across a change of recording."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.assessment.linked import PEOPLE, declared, entries, figure, quarters, shown
from tests.small import BREAK, withheld
from threatlib.assessment.outlooks import COLUMNS, outlooks, words
from threatlib.assessment.phia import term
from threatlib.assessment.sentences import plain
from threatlib.periods import parse
from threatlib.stats.outlook import year_end

STEADY = [100, 110, 90, 100] * 4 + [100, 110]


def one(*rows: Any, annotations: tuple[Any, ...] = (), quarter: str = "2022-23-Q2") -> pd.Series:
    found = outlooks(shown(*rows, quarter=quarter), entries(*annotations), parse(quarter))
    assert list(found.columns) == list(COLUMNS)
    assert len(found) == 1
    return found.iloc[0]


def test_the_outlook_is_that_of_the_statistics_with_its_history() -> None:
    row = one(*quarters("referrals", STEADY), *PEOPLE)
    past = np.array(STEADY[:16], dtype=float).reshape(4, 4)
    said = year_end([100, 110], periods_in_year=4, history=past)
    assert (row["estimate"], row["lower"], row["upper"]) == pytest.approx(
        (float(said.estimate), float(said.lower), float(said.upper))
    )
    assert row["probability_above"] == pytest.approx(float(said.probability_above))
    assert row["probability_term"] == term(float(said.probability_above))
    assert (row["so_far"], row["seen"], row["of"], row["last_total"]) == (210, 2, 4, 400)


def test_the_rate_names_the_population_it_is_of() -> None:
    row = one(*quarters("referrals", STEADY), *PEOPLE)
    assert row["rate"] == pytest.approx(10_000 * row["estimate"] / 10_000)
    assert "by the population of 30 June 2021" in row["sentence"]
    assert "per 10,000" not in one(*quarters("referrals", STEADY))["sentence"]


def test_a_sentence_always_has_its_range_and_its_condition() -> None:
    row = one(*quarters("referrals", STEADY))
    for part in ("if current volumes continue", "four times in five between", "210 are in", "400 of 2021-22"):
        assert part in row["sentence"]
    changed = dict(row) | {"estimate": 999.0}
    assert "about 999 in 2022-23" in plain(words(changed))


def test_months_are_taken_where_they_are_there() -> None:
    months = [figure("referrals", f"{y}-{m:02d}", 30) for y in range(2019, 2022) for m in range(1, 13)]
    months += [figure("referrals", f"2022-{m:02d}", 30) for m in range(1, 10)]
    row = one(*months)
    assert (row["kind"], row["seen"], row["of"]) == ("month", 6, 12)


@pytest.mark.parametrize(
    ("rows", "annotations", "why"),
    [
        ([withheld("referrals", "2022-23-Q1", 1, 5), figure("referrals", "2022-23-Q2", 9)], (),
         "a count of this year is withheld"),
        ([figure("referrals", "2022-23-Q2", 9)], (), "a period of this year is missing"),
        ([figure("referrals", "2021-22-Q2", 9)], (), "nothing of this year is in"),
        (quarters("referrals", STEADY), (declared(BREAK, start="2022-07"),), "recording changed within the year"),
    ],
)  # fmt: skip
def test_what_cannot_be_scaled_up_says_why(rows: Any, annotations: Any, why: str) -> None:
    row = one(*rows, annotations=annotations)
    assert row["why"] == why
    assert np.isnan(row["estimate"])
    assert row["sentence"] == f"Referrals (Northam): where 2022-23 is heading cannot be said: {why}."


def test_nothing_ever_recorded_is_scaled_up_to_nothing() -> None:
    row = one(*quarters("referrals", [0] * 18))
    assert row["why"] == "none was ever recorded, in this year or an earlier one"
    assert row[["estimate", "probability_above"]].isna().all()
    assert one(*quarters("referrals", [1] + [0] * 17))["why"] == ""
    assert one(withheld("referrals", "2019-20-Q1", 1, 5), *quarters("referrals", [0] * 10))["why"] == ""


def test_years_before_a_change_of_recording_teach_nothing() -> None:
    changed = declared(BREAK, start="2021-04")
    row = one(*quarters("referrals", [*[1000] * 12, *STEADY[12:]]), annotations=(changed,))
    assert row["years"] == 1
    assert row["last_total"] == 400


def test_a_year_that_is_over_is_told_and_not_forecast() -> None:
    row = one(*quarters("referrals", STEADY[:16], last="2021-22-Q4"), quarter="2021-22-Q4")
    assert row["sentence"] == "Referrals (Northam) came to 400 in 2021-22; 400 in 2020-21."


def test_what_comes_later_changes_nothing() -> None:
    early = one(*quarters("referrals", STEADY), quarter="2021-22-Q2")
    cut = one(*quarters("referrals", STEADY)[:14], quarter="2021-22-Q2")
    pd.testing.assert_series_equal(early, cut)


def test_unworded_is_the_same_without_sentences() -> None:
    table = shown(*quarters("referrals", STEADY))
    full, bare = (outlooks(table, entries(), parse("2022-23-Q2"), worded=flag) for flag in (True, False))
    pd.testing.assert_frame_equal(full.drop(columns="sentence"), bare.drop(columns="sentence"))
    assert outlooks(shown(*PEOPLE), entries(), parse("2022-23-Q2")).empty
