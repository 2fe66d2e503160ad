"""No sentence claims more than its interval allows: over generated signals, findings, forecasts and flags."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threatlib.assessment.forecasts import words as foretold
from threatlib.assessment.phia import YARDSTICK, term
from threatlib.assessment.sentences import change, headline, moved, plain, sure

NUMBER = st.floats(0.01, 1e5)
MEASURES = {"ratio": ("count", 1.0), "points": ("percent", 0.0), "difference": ("fte", 0.0)}
MOVED = re.compile(r"\b(rose|fell|rise|fall)\b")
FIGURE = re.compile(r"−?[\d,]+(?:\.\d+)?")


@st.composite
def signals(draw: st.DrawFn) -> dict[str, Any]:
    """A signal whose arrow need not fit its interval: the sentence must hold whatever a check hands over."""
    measure = draw(st.sampled_from(sorted(MEASURES)))
    unit, none = MEASURES[measure]
    ends = sorted(draw(st.lists(st.floats(-50, 50), min_size=2, max_size=2)))
    low, high = (math.exp(end / 10) for end in ends) if measure == "ratio" else ends
    hidden = draw(st.booleans()) and measure == "ratio"
    middle = math.nan if hidden else draw(st.floats(0, 1)) * (high - low) + low
    return {
        **{"name": "Referrals", "area": "Northam", "breakdown": draw(st.sampled_from(["", "sex=girls"])), "unit": unit},
        **{"period": "2022-23-Q2", "previous_period": "2021-22-Q2", "rows": "a:2", "previous_rows": "a:1"},
        **{"value": math.nan if hidden else draw(NUMBER), "previous_value": draw(NUMBER), "measure": measure},
        "arrow": draw(st.sampled_from(["up", "down", "level", "cannot_say"])),
        "why": draw(st.sampled_from(["", "x"])),
        **{"change": middle, "change_lower": low, "change_upper": draw(st.sampled_from([high, math.inf, math.nan]))},
        "none": none,
    }  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(signals())
def test_nothing_rose_or_fell_whose_interval_leaves_no_change_open(row: dict[str, Any]) -> None:
    said = plain(change(row)) + " " + headline(row)
    low, high, none = row["change_lower"], row["change_upper"], row["none"]
    open_ = not (low > none or high < none)
    if open_ or row["arrow"] in ("level", "cannot_say"):
        assert not MOVED.search(said)
    if "rose" in said:
        assert low > none
        assert "fell" not in said
        assert "fall" not in said
    if "fell" in said:
        assert high < none
    assert ("cannot be said" in said) == (not moved(row) and row["arrow"] != "level")


@settings(max_examples=400, deadline=None)
@given(signals())
def test_the_interval_printed_is_never_narrower_than_the_interval(row: dict[str, Any]) -> None:
    said = [part for part in change(row) if part.rows == "a:2 a:1"]
    if len(said) < 2:
        return
    printed = [_read(part.text) for part in said]
    for part, number in zip(said, printed, strict=True):
        assert part.value is not None
        assert number == pytest.approx(part.value, abs=0.1000001)
    low, high = (part.value for part in said[-2:])
    assert low is not None
    assert high is not None
    assert printed[-2] <= low + 1e-6
    assert printed[-1] >= high - 1e-6


@settings(max_examples=400, deadline=None)
@given(signals())
def test_at_least_is_never_more_than_the_bound(row: dict[str, Any]) -> None:
    said = change(row)
    if "at least " in plain(said):
        bound = next(part for part in said if part.rows == "a:2 a:1")
        assert bound.value is not None
        assert bound.value > 0
        assert 0 <= _read(bound.text) <= bound.value + 1e-6
        assert _read(bound.text) > 0 or bound.value < 1e-6


@settings(max_examples=300, deadline=None)
@given(signals(), st.sampled_from(["value", "previous_value", "change", "change_lower"]), st.floats(1.2, 5))
def test_another_number_gives_another_sentence(row: dict[str, Any], name: str, times: float) -> None:
    """Every figure that a sentence is about is in it; a level or unknown change has no size to tell."""
    told = bool(moved(row)) and math.isfinite(row["change_upper"])
    if not math.isfinite(row[name]) or abs(row[name]) < 0.6 or not (told or name == "previous_value"):
        return
    if name in ("change", "change_lower") and not (told and math.isfinite(row["change"])):
        return
    other = {**row, name: row[name] * times}
    if name == "change_lower" and moved(other) != moved(row):
        return
    assert plain(change(other)) != plain(change(row))


@given(st.floats(0, 1), st.sampled_from(["High", "Moderate", "Low"]))
def test_the_word_of_a_probability_is_that_of_its_band_and_a_gap_takes_the_weaker(p: float, confidence: str) -> None:
    row = {"probability": p, "probability_term": term(p), "confidence": confidence, "rows": "a:2",
           "confidence_reasons": "long history"}  # fmt: skip
    said = plain(sure(row))
    told = [word for _, _, word in YARDSTICK if f"is {word}." in said]
    assert len(told) == 1
    low, high, word = next(band for band in YARDSTICK if band[2] == told[0])
    inside = [name for first, last, name in YARDSTICK if first <= p <= last]
    if inside:
        assert word == inside[0]
    else:  # in a gap: the neighbour nearer to an even chance
        assert (p > high) if p > 0.5 else (p < low)
    assert f"Confidence in this is {confidence.lower()}: long history." in said


def test_without_a_probability_there_is_no_word_for_one() -> None:
    row = {"probability": math.nan, "probability_term": "", "confidence": "Low", "confidence_reasons": "r", "rows": ""}
    assert plain(sure(row)) == "Confidence in this is low: r."


@given(st.floats(0, 1), NUMBER, NUMBER, NUMBER)
def test_a_forecast_says_its_word_its_range_and_what_it_is_of(p: float, low: float, size: float, bar: float) -> None:
    row = {
        **{"name": "Referrals", "area": "Northam", "breakdown": "", "about": "2022-23-Q3", "rows": "a:1"},
        **{"threshold_period": "2021-22-Q3", "threshold": round(bar), "estimate": round(low + size / 2)},
        **{"lower": round(low), "upper": round(low + size), "term": term(p)},
    }  # fmt: skip
    said = plain(foretold(row))
    assert (
        f"It is {'a ' if row['term'] in ('remote chance', 'realistic possibility') else ''}{row['term']} that" in said
    )
    assert "in October to December 2022" in said
    figures = [_read(text) for text in re.findall(FIGURE, said.partition("pass the ")[2])]
    assert figures[0] == row["threshold"]
    assert figures[-2:] == [row["lower"], row["upper"]]


def _read(text: str) -> float:
    return float(FIGURE.search(text)[0].replace(",", "").replace("−", "-"))  # type: ignore[index]


@st.composite
def flags(draw: st.DrawFn) -> dict[str, Any]:
    """A detector's flag, whose figures need not bear out its arrow."""
    low, due, high = sorted(draw(st.lists(st.floats(0, 500), min_size=3, max_size=3)))
    least, most = sorted(draw(st.lists(st.floats(0, 500), min_size=2, max_size=2)))
    if draw(st.booleans()):
        most = least
    return {
        **{"name": "Referrals", "area": "Northam", "breakdown": "", "unit": draw(st.sampled_from(["count", "fte"]))},
        **{"event": "step", "arrow": draw(st.sampled_from(["up", "down"])), "window": draw(st.integers(1, 6))},
        **{"window_kind": draw(st.sampled_from(["month", "quarter", "snapshot"])), "window_last": "2022-09"},
        **{"window_rows": "a:1 a:2", "recorded_lower": least, "recorded_upper": most},
        **{"expected": due, "expected_lower": low, "expected_upper": high, "silence": math.nan},
    }


@settings(max_examples=300, deadline=None)
@given(flags())
def test_a_flag_says_higher_or_lower_only_where_all_that_was_recorded_lies_beyond(row: dict[str, Any]) -> None:
    """In truth, and in the figures as they are printed; beyond by more than rounding takes away, it is said."""
    above = row["recorded_lower"] - row["expected_upper"] if row["arrow"] == "up" else -1.0
    below = row["expected_lower"] - row["recorded_upper"] if row["arrow"] == "down" else -1.0
    for said in (plain(change(row)), headline(row)):
        for way, beyond in (("higher", above), ("lower", below)):
            assert beyond > 0 or f"{way} than expected" not in said
            assert beyond < 1.2 or f"{way} than expected" in said
        assert not MOVED.search(said)
    seen = plain(change(row)).partition(". ")[2]
    recorded, _, due = seen.partition(". We expected ")
    recorded_figures = [_read(text) for text in re.findall(FIGURE, recorded)]
    low, high = [_read(text) for text in re.findall(FIGURE, due.partition("range ")[2])][:2]
    if "higher than expected" in plain(change(row)):
        assert min(recorded_figures) > high
    if "lower than expected" in plain(change(row)):
        assert max(recorded_figures) < low


@pytest.mark.parametrize(
    ("recorded", "low", "side"),
    [(0.64, 0.71, "lower than expected"), (0.67, 0.71, "at the edge"), (0.667, 0.66, "at the edge")],
)
def test_what_print_cannot_tell_apart_is_at_the_edge(recorded: float, low: float, side: str) -> None:
    row = {
        **{"name": "Vacancies", "area": "Northam", "breakdown": "", "unit": "fte", "event": "step", "arrow": "down"},
        **{"window": 3, "window_kind": "snapshot", "window_last": "2022-09-30", "window_rows": "a:1"},
        **{"recorded_lower": recorded, "recorded_upper": recorded, "expected": 0.8, "expected_lower": low},
        **{"expected_upper": 0.96, "silence": math.nan},
    }  # fmt: skip
    assert side in headline(row)


def test_a_flag_in_words() -> None:
    row = {
        **{
            "name": "Assessments",
            "area": "Northam",
            "breakdown": "",
            "unit": "count",
            "event": "fall",
            "arrow": "down",
        },
        **{"window": 6, "window_kind": "month", "window_last": "2022-07", "window_rows": "a:1"},
        **{"recorded_lower": 2.0, "recorded_upper": 10.0, "expected": 45.6, "expected_lower": 25.0},
        **{"expected_upper": 72.0, "silence": 2.0},
    }
    assert plain(change(row)) == (
        "Assessments (Northam) came in lower than expected in the 6 months to July 2022. We saw 2 to 10. "
        "We expected 46 (range 25 to 72)."
    )
    assert headline(row) == "Assessments (Northam) lower than expected"
    mean = row | {"unit": "fte", "window": 3, "window_kind": "snapshot", "recorded_upper": 2.0}
    assert ". The mean was 2 FTE. We expected 45.6 FTE (range 25 to 72 FTE)." in plain(change(mean))
    assert plain(change(row | {"window": 1})).startswith(
        "Assessments (Northam) came in lower than expected in July 2022. "
    )
    figures = [part for part in change(row) if part.value is not None]
    assert [part.value for part in figures] == [2.0, 10.0, 46.0, 25.0, 72.0]
    assert {part.rows for part in figures} == {"a:1"}
    for name, value in (
        ("recorded_lower", 3.0),
        ("recorded_upper", 11.0),
        ("expected", 50.0),
        ("expected_upper", 80.0),
    ):
        assert plain(change(row | {name: value})) != plain(change(row))
