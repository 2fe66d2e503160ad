"""Low because safe, because unseen, because lost; and what it would take where that cannot be said."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.assessment.linked import PEOPLE, entries, fallen, figure, shown, steady, totals
from tests.small import GAP, declared, quarters, withheld
from threatlib.assessment.absence import absences
from threatlib.assessment.low import KINDS, words
from threatlib.assessment.sentences import plain
from threatlib.periods import parse

LITTLE = (2, 1, 1, 2)


def one(*rows: Any, annotations: tuple[Any, ...] = ()) -> pd.Series:
    told = entries(*annotations)
    found = absences(shown(*rows), totals(*rows), told, parse("2022-23-Q2"))
    assert len(found) == 1
    return found.iloc[0]


def test_low_while_the_counterpart_stays_is_unseen() -> None:
    row = one(*fallen("plans", 30, LITTLE), *steady("crimes", 60), *PEOPLE)
    assert row["kind"] == "low_unseen"
    assert (row["before"], row["beside"], row["counterpart_now"]) == ("lower", "lower", "similar")
    assert row["expected_lower"] > row["value"] == 6
    assert row["sentence"].startswith(
        "Plans (Northam): low, and it looks unseen rather than safe. We saw 6 in the year to September 2022. We would "
    )


def test_low_while_the_counterpart_falls_as_much_is_what_less_harm_looks_like() -> None:
    row = one(*fallen("plans", 60, (10, 10, 10, 10)), *fallen("crimes", 120, (20, 20, 20, 20)), *PEOPLE)
    assert row["kind"] == "low_safe"
    assert row["beside"] == "similar"


def test_low_beyond_what_its_counterpart_fell_is_unseen_and_says_so() -> None:
    row = one(*fallen("plans", 60, (1, 1, 1, 1)), *fallen("crimes", 120, (50, 50, 50, 50)), *PEOPLE)
    assert (row["counterpart_now"], row["beside"], row["kind"]) == ("lower", "lower", "low_unseen")
    assert "lower than less harm would make it, so some of it looks unseen" in row["sentence"]
    assert "Crimes fell (200 in the year to September 2022)" in row["sentence"]
    assert row["confidence"] == "Low"


def test_low_without_a_counterpart_cannot_be_told_apart() -> None:
    row = one(*fallen("plans", 30, LITTLE), *PEOPLE)
    assert row["kind"] == "low_unexplained"
    assert "the counterpart (Crimes) for the same years" in row["needed"]


def test_what_was_declared_lost_is_lost_and_not_low() -> None:
    lost = declared(GAP, indicators=["plans"], areas=["Northam"], start="2022-01", end="2022-09")
    row = one(*fallen("plans", 30, LITTLE), *steady("crimes", 60), *PEOPLE, annotations=(lost,))
    assert row["kind"] == "low_lost"
    assert "Lost records" in row["sentence"]
    unreturned = figure("plans", "2022-23-Q2", None)
    assert one(*steady("plans", 30, last="2022-23-Q1"), unreturned, *PEOPLE)["kind"] in ("not_low", "low_lost")
    gone = [figure("plans", f"2021-22-Q{n}", None) for n in (2, 3, 4)] + [figure("plans", "2022-23-Q1", None)]
    assert one(*steady("plans", 30, last="2021-22-Q1"), *gone, unreturned)["kind"] == "low_lost"


def test_an_ordinary_figure_is_not_low() -> None:
    row = one(*steady("plans", 30), *steady("crimes", 60), *PEOPLE)
    assert row["kind"] == "not_low"
    assert row["confidence"] in ("Moderate", "High")


def test_without_a_past_or_neighbours_it_says_what_it_would_take() -> None:
    row = one(*quarters("plans", [1, 0, 2, 1]))
    assert row["kind"] == "cannot_be_assessed"
    assert "two earlier years" in row["sentence"]
    nothing = absences(shown(*PEOPLE), totals(*PEOPLE), entries(), parse("2022-23-Q2"))
    assert list(nothing["kind"]) == ["cannot_be_assessed"]
    assert "the count itself" in nothing["needed"].iloc[0]


def test_what_was_never_anything_but_none_cannot_be_assessed() -> None:
    nothing = [0] * 16
    row = one(*quarters("plans", nothing), *PEOPLE)
    assert (row["kind"], row["before"], row["comparisons"]) == ("cannot_be_assessed", "cannot say", 0)
    assert row["sentence"].startswith(
        "Plans (Northam): none was recorded in any year there is, so whether this is low cannot be assessed. It would "
        "take: an earlier year with some in it; "
    )
    assert plain(words(row.to_dict())) == row["sentence"]
    both = one(*quarters("plans", nothing), *quarters("crimes", nothing), *PEOPLE)
    assert (both["kind"], both["counterpart_now"]) == ("cannot_be_assessed", "cannot say")
    assert one(*quarters("plans", [1, *nothing[1:]]), *PEOPLE)["kind"] == "not_low"
    assert one(*quarters("plans", [*nothing[1:], 1]), *PEOPLE)["kind"] == "not_low"


def test_a_withheld_count_is_judged_by_its_most_forgiving_value() -> None:
    past = steady("plans", 30, 16, last="2021-22-Q2")
    hidden = [withheld("plans", q, 1, 5) for q in ("2021-22-Q3", "2021-22-Q4", "2022-23-Q1", "2022-23-Q2")]
    row = one(*past, *hidden, *steady("crimes", 60), *PEOPLE)
    assert row["kind"] == "low_unseen"
    assert (row["lower"], row["upper"]) == (4, 20)
    wide = [withheld("plans", q, 1, 40) for q in ("2021-22-Q3", "2021-22-Q4", "2022-23-Q1", "2022-23-Q2")]
    assert one(*past, *wide, *steady("crimes", 60), *PEOPLE)["kind"] == "cannot_be_assessed"


def test_a_counterpart_withheld_in_part_speaks_as_far_as_it_is_known() -> None:
    some = [*steady("crimes", 60, last="2022-23-Q1"), withheld("crimes", "2022-23-Q2", 1, 5)]
    row = one(*fallen("plans", 30, LITTLE), *some, *PEOPLE)
    assert (row["counterpart_lower"], row["counterpart_upper"]) == (187, 191)
    assert (row["kind"], row["beside"], row["counterpart_now"]) == ("low_unseen", "lower", "similar")
    assert "Crimes stayed within the usual range (187 to 191 in the year to September 2022)." in row["sentence"]
    wide = [*steady("crimes", 60, last="2022-23-Q1"), withheld("crimes", "2022-23-Q2", 1, 5_000)]
    row = one(*fallen("plans", 60, (40, 40, 40, 40)), *wide, *PEOPLE)
    assert (row["beside"], row["counterpart_now"]) == ("cannot say", "cannot say")


def test_not_low_is_said_only_if_it_is_so_whatever_is_withheld() -> None:
    """Beside its wandering past eight to twenty are nothing odd; beside areas like it eight would be."""
    past = quarters("plans", [6, 6, 6, 6, 2, 2, 2, 2] * 2, last="2021-22-Q2")
    hidden = [withheld("plans", q, 2, 5) for q in ("2021-22-Q3", "2021-22-Q4", "2022-23-Q1", "2022-23-Q2")]
    there = steady("plans", 30, area="Midham", role="comparator", denominator=20_000)
    row = one(*past, *hidden, *there, *PEOPLE)
    assert (row["before"], row["elsewhere"], row["kind"]) == ("similar", "cannot say", "cannot_be_assessed")


def test_a_silence_is_counted_with_the_time_since_the_last_case() -> None:
    row = one(*fallen("plans", 3, [0] * 8), *PEOPLE)
    assert row["silent_months"] == 24
    assert row["silent_probability"] < 0.01
    assert row["open_months"] == 24
    assert row["kind"] == "low_unexplained"


def test_areas_alike_are_allowed_to_differ() -> None:
    """Half the neighbour's rate is nothing out of the ordinary; a tenth of it is."""
    there = steady("plans", 60, area="Midham", role="comparator", denominator=20_000)
    half = one(*quarters("plans", [15] * 4), *there, *PEOPLE)
    assert half["elsewhere"] == "similar"
    tenth = one(*quarters("plans", [3] * 4), *there, *PEOPLE)
    assert tenth["elsewhere"] == "lower"


def test_every_kind_has_words() -> None:
    assert set(KINDS) == {
        "low_unseen", "low_safe", "low_lost", "low_unexplained", "not_low", "cannot_be_assessed"
    }  # fmt: skip
