"""Periods: every spelling in use, one object; what it prints, it reads again."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatlib.periods import (
    PER_YEAR,
    Period,
    financial_year,
    month,
    parse,
    plain,
    quarter,
    quarter_of,
    shift,
    snapshot,
    span,
    undated,
    year_before,
)

SPELLINGS = [
    ("2022-23-Q1", "quarter", "2022-23-Q1", date(2022, 4, 1), date(2022, 6, 30)),
    ("2022-23-q4", "quarter", "2022-23-Q4", date(2023, 1, 1), date(2023, 3, 31)),
    ("2022/23 Q2", "quarter", "2022-23-Q2", date(2022, 7, 1), date(2022, 9, 30)),
    ("Q3 2022/23", "quarter", "2022-23-Q3", date(2022, 10, 1), date(2022, 12, 31)),
    ("Q1 2022-2023", "quarter", "2022-23-Q1", date(2022, 4, 1), date(2022, 6, 30)),
    ("1999-00-Q1", "quarter", "1999-00-Q1", date(1999, 4, 1), date(1999, 6, 30)),
    ("2022-04", "month", "2022-04", date(2022, 4, 1), date(2022, 4, 30)),
    ("2024-02", "month", "2024-02", date(2024, 2, 1), date(2024, 2, 29)),
    ("202204", "month", "2022-04", date(2022, 4, 1), date(2022, 4, 30)),
    ("Apr-22", "month", "2022-04", date(2022, 4, 1), date(2022, 4, 30)),
    ("april 2022", "month", "2022-04", date(2022, 4, 1), date(2022, 4, 30)),
    ("Sept 2022", "month", "2022-09", date(2022, 9, 1), date(2022, 9, 30)),
    ("2022-23", "financial_year", "2022-23", date(2022, 4, 1), date(2023, 3, 31)),
    ("2022/23", "financial_year", "2022-23", date(2022, 4, 1), date(2023, 3, 31)),
    ("2022\u201323", "financial_year", "2022-23", date(2022, 4, 1), date(2023, 3, 31)),
    ("FY 2022/2023", "financial_year", "2022-23", date(2022, 4, 1), date(2023, 3, 31)),
    ("2010-11", "financial_year", "2010-11", date(2010, 4, 1), date(2011, 3, 31)),
    ("2021", "calendar_year", "2021", date(2021, 1, 1), date(2021, 12, 31)),
    ("2022-03-31", "snapshot", "2022-03-31", date(2022, 3, 31), date(2022, 3, 31)),
    ("2022-03-31 00:00:00", "snapshot", "2022-03-31", date(2022, 3, 31), date(2022, 3, 31)),
    ("31/03/2022", "snapshot", "2022-03-31", date(2022, 3, 31), date(2022, 3, 31)),
    ("2022-04/2022-09", "half_year", "2022-04/2022-09", date(2022, 4, 1), date(2022, 9, 30)),
    ("2022-10 / 2023-03", "half_year", "2022-10/2023-03", date(2022, 10, 1), date(2023, 3, 31)),
    ("2022-03/2022-08", "span", "2022-03/2022-08", date(2022, 3, 1), date(2022, 8, 31)),
    ("2021-11-15/2021-11-21", "span", "2021-11-15/2021-11-21", date(2021, 11, 15), date(2021, 11, 21)),
    ("year-to-2021-09", "span", "2020-10/2021-09", date(2020, 10, 1), date(2021, 9, 30)),
    ("12 months to 2021-09", "span", "2020-10/2021-09", date(2020, 10, 1), date(2021, 9, 30)),
    ("2016/2019", "span", "2016/2019", date(2016, 1, 1), date(2019, 12, 31)),
]


@pytest.mark.parametrize(("text", "kind", "label", "start", "end"), SPELLINGS)
def test_every_spelling_in_use_is_read(text: str, kind: str, label: str, start: date, end: date) -> None:
    found = parse(f"  {text} ")
    assert (found.kind, found.label, found.start, found.end) == (kind, label, start, end)


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [
        ("2010-11", "month", "2010-11"),
        ("2022-03", "snapshot", "2022-03-31"),
        ("2022", "snapshot", "2022-12-31"),
        ("2022-04-01", "month", "2022-04"),
        ("2022-04-30 00:00:00", "month", "2022-04"),
    ],
)
def test_what_the_source_says_settles_what_is_ambiguous(text: str, kind: str, label: str) -> None:
    found = parse(text, kind=kind)  # type: ignore[arg-type]
    assert (found.kind, found.label) == (kind, label)


@pytest.mark.parametrize(
    "text",
    ["", "Q5 2022/23", "2022-24", "2022-23-Q0", "2022-13", "2022-02-30", "31/02/2022", "soon", "0000",
     "2022-09/2022-04", "\u0662\u0660\u0662\u0662", "20220", "-2022"],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_what_was_found(text: str) -> None:
    with pytest.raises(ValueError, match="found '"):
        parse(text)


def test_a_day_inside_a_month_is_not_the_month() -> None:
    with pytest.raises(ValueError, match="found '2022-04-02', wanted a month such as 2022-04"):
        parse("2022-04-02", kind="month")


def test_a_year_that_skips_one_says_why() -> None:
    with pytest.raises(ValueError, match="found '2021-24-Q1', '2021-24' is not a financial year"):
        parse("2021-24-Q1")


years = st.integers(min_value=1900, max_value=2199)
months = st.builds(month, years, st.integers(1, 12))
periods = st.one_of(
    st.builds(quarter, years, st.integers(1, 4)),
    st.builds(financial_year, years),
    months,
    st.builds(snapshot, st.dates(date(1900, 1, 1), date(2199, 12, 31))),
    st.builds(lambda a, b: span(min(a.start, b.start), max(a.end, b.end)), months, months),
    st.builds(lambda a, b: span(min(a, b), max(a, b)), *[st.dates(date(1900, 1, 1), date(2199, 12, 31))] * 2),
)


@given(periods)
def test_what_is_printed_is_read_again(period: Period) -> None:
    assert parse(str(period), kind=period.kind if period.kind == "month" else None) == period


@given(periods.filter(lambda p: p.kind in PER_YEAR), st.integers(-40, 40))
def test_steps_forth_and_back_end_where_they_began(period: Period, steps: int) -> None:
    there = shift(period, steps)
    assert there.kind == period.kind
    assert shift(there, -steps) == period
    assert (there > period) == (steps > 0)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_lies_in_its_quarter_and_in_no_other(day: date) -> None:
    found = quarter_of(day)
    assert found.start <= day <= found.end
    assert shift(found, 1).start > day > shift(found, -1).end


@given(st.text(max_size=25))
def test_any_text_is_a_period_or_a_value_error(text: str) -> None:
    try:
        found = parse(text)
    except ValueError as fault:
        found, said = None, str(fault)
    assert found.start <= found.end if found else said.startswith(f"found '{text}'")


def test_what_does_not_tile_the_year_has_no_neighbour() -> None:
    with pytest.raises(ValueError, match="no next or previous period"):
        shift(parse("2022-03-31"), 1)


def test_a_year_earlier_is_the_same_stretch() -> None:
    assert year_before(parse("2024-02")) == (date(2023, 2, 1), date(2023, 2, 28))
    assert year_before(parse("2023-02")) == (date(2022, 2, 1), date(2022, 2, 28))
    assert year_before(parse("2025-02"))[1] == date(2024, 2, 29)
    assert year_before(parse("2022-23-Q1")) == (date(2021, 4, 1), date(2021, 6, 30))
    assert year_before(parse("2024-02-29")) == (date(2023, 2, 28), date(2023, 2, 28))


def test_an_annual_figure_belongs_to_the_quarter_it_ends_in() -> None:
    assert parse("2021-22").within(parse("2021-22-Q4"))
    assert not parse("2021-22").within(parse("2021-22-Q3"))


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (parse("2022-23-Q1"), "April to June 2022"),
        (parse("2022-10/2023-03"), "October 2022 to March 2023"),
        (parse("2022-03-31"), "31 March 2022"),
        (parse("2021-22"), "the year 2021-22"),
        (parse("2021"), "calendar year 2021"),
        (parse("2022-04"), "April 2022"),
        (parse("2021-11-15/2021-11-21"), "15 November 2021 to 21 November 2021"),
        (undated("at report", date(2021, 4, 1), date(2022, 12, 31)), "undated"),
    ],
)
def test_periods_in_the_readers_words(period: Period, words: str) -> None:
    assert plain(period) == words


def test_impossible_periods_are_refused_when_built() -> None:
    with pytest.raises(ValueError, match="Q1 to Q4"):
        quarter(2022, 5)
    with pytest.raises(ValueError, match="before it starts"):
        span(date(2022, 5, 1), date(2022, 4, 1))
