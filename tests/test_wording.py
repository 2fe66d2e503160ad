"""Numbers and periods as a reader sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatlib import wording


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (3559, "count", "3,559"), (0, "count", "0"), (-3, "count", "−3"), (12.34, "count", "12.3"),
        (-0.04, "count", "−0.04"), (0.0004, "per_10k", "0.0004 per 10,000"), (0.000423, "count", "0.00042"),
        (82, "percent", "82%"), (9.7, "percent", "9.7%"), (12.04, "percent", "12.0%"),
        (45.31, "per_10k", "45.3 per 10,000"),
        (1250000, "gbp", "£1,250,000"), (-5, "gbp", "−£5"), (1, "rank", "1st"), (22, "rank", "22nd"),
        (13, "rank", "13th"),
        (111, "rank", "111th"), (17, "percent_change", "+17%"), (-3.2, "percentage_points", "−3.2 percentage points"),
        (2, "ratio", "2 times"), (7, "in_10", "7 in 10"),
    ],
)  # fmt: skip
def test_a_number_with_its_unit(value: float, unit: str, text: str) -> None:
    assert wording.number(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1204, "count", "+1,204"), (-312, "count", "−312"), (0, "count", "0"), (0.04, "percent", "+0.04%"),
     (5, "gbp", "+£5"),
     (-5, "gbp", "−£5"), (2, "rank", "+2 places")],
)  # fmt: skip
def test_a_change_with_its_sign(value: float, unit: str, text: str) -> None:
    assert wording.signed(value, unit) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="wanted a finite number"):
        wording.number(value)


@pytest.mark.parametrize(
    ("lower", "upper", "unit", "sign", "text"),
    [(1, 5, "count", False, "1 to 5"), (-3, 4, "percent", True, "−3% to +4%"), (40.1, 46.2, "per_10k", False,
     "40.1 to 46.2 per 10,000"), (3, 3, "count", False, "3"), (-3, 4, "percent_change", False, "−3% to +4%")],
)  # fmt: skip
def test_an_interval_says_its_unit_once(lower: float, upper: float, unit: str, sign: bool, text: str) -> None:
    assert wording.interval(lower, upper, unit, sign=sign) == text


@pytest.mark.parametrize(
    ("label", "words", "short"),
    [("2022-23-Q2", "July to September 2022", "Jul–Sep 2022"), ("2022-04", "April 2022", "Apr 2022"),
     ("2021-22", "the year 2021-22", "2021-22"), ("2022-03-31", "31 March 2022", "31 Mar 2022"),
     ("2021-10/2022-03", "October 2021 to March 2022", "Oct 2021–Mar 2022"), ("some time", "some time", "some time")],
)  # fmt: skip
def test_a_period_in_words_and_in_short(label: str, words: str, short: str) -> None:
    assert wording.period_words(label) == words
    assert wording.period_short(label) == short


@pytest.mark.parametrize(
    ("parts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_in_words(parts: list[str], text: str) -> None:
    assert wording.listed(parts) == text


@given(st.floats(-1e9, 1e9), st.sampled_from(sorted(wording.UNIT_WORDS)))
def test_every_unit_writes_every_number_with_a_true_minus(value: float, unit: str) -> None:
    text = wording.number(value, unit)
    assert "-" not in text
    assert text == text.strip() != ""
    assert (wording.MINUS in text) == (value <= -1e-9)


@pytest.mark.parametrize(
    ("lower", "upper", "unit", "sign", "texts"),
    [
        (16.2, 42, "percentage_points", False, ("16.2", "42 percentage points")),
        (7.8, 58.9, "percent_change", False, ("7.8%", "58.9%")),
        (-3, 4, "percent_change", True, ("−3%", "+4%")),
        (5.6, 14.4, "fte", False, ("5.6", "14.4 FTE")),
        (3, 9, "count", False, ("3", "9")),
    ],
)
def test_the_ends_of_an_interval_are_two_texts(
    lower: float, upper: float, unit: str, sign: bool, texts: tuple[str, str]
) -> None:
    assert wording.ends(lower, upper, unit, sign=sign) == texts


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(-30.8, "percent_change", "30.8%"), (5, "percentage_points", "5 percentage points"), (-2, "fte", "2 FTE")],
)
def test_a_size_has_no_sign(value: float, unit: str, text: str) -> None:
    assert wording.size(value, unit) == text


@pytest.mark.parametrize(
    ("lower", "upper", "unit", "printed"),
    [
        (1, 5, "count", "1 to 5"),
        (101.26, 154.04, "percent_change", "+101.2% to +154.1%"),
        (-5.04, 2.61, "percent_change", "−5.1% to +2.7%"),
        (-2.61, -0.07, "percent_change", "−2.7% to −0.049%"),
        (0.000721, 0.00121, "per_10k", "0.00072 to 0.0013 per 10,000"),
        (0.3, 0.7, "count", "0.3 to 0.7"),
    ],
)
def test_an_interval_is_never_printed_narrower_than_it_is(lower: float, upper: float, unit: str, printed: str) -> None:
    assert wording.interval(lower, upper, unit) == printed
