"""How big a change is, in the reader's own units."""

from __future__ import annotations

import math
from typing import Any

import pytest

from threatlib.assessment.sentences import plain
from threatlib.assessment.sizes import interval, size, sized

SEEN = {"recorded_lower": 1_200.0, "recorded_upper": 1_200.0, "expected": 840.0, "expected_lower": 700.0,
        "expected_upper": 1_000.0, "unit": "count", "window_kind": "month", "window": 12.0, "kind": "quarter",
        "rows": "a.csv:2", "check": "scan"}  # fmt: skip

BEFORE: dict[str, Any] = {"previous_value": 100.0, "change": 3.0, "change_lower": 2.4, "change_upper": 3.8,
                          "measure": "ratio", "unit": "count", "kind": "quarter", "rows": "",
                          "check": "year_before"}  # fmt: skip


def test_a_year_of_months_is_told_for_a_quarter() -> None:
    assert size(SEEN) == {"size": 90, "size_lower": 50, "size_upper": 125, "size_unit": "a quarter"}
    said = plain(sized({**SEEN, **size(SEEN)}))
    assert said == " That is about 90 more a quarter than was to be expected (could be 50 to 130)."


@pytest.mark.parametrize("check", ["earlier_years", "absence"])
def test_a_year_is_four_quarters_whatever_window_the_scan_spoke_of(check: str) -> None:
    found = size({**SEEN, "check": check, "period": "2021-10/2022-09", "window": 2.0})
    assert (found["size"], found["size_lower"], found["size_upper"]) == (90, 50, 125)
    of_a_day = size({**SEEN, "check": check, "period": "2022-09-30"})
    assert (of_a_day["size"], of_a_day["size_unit"]) == (360, "count")


def test_two_months_are_told_for_a_month() -> None:
    found = size({**SEEN, "window": 2.0})
    assert (found["size"], found["size_unit"]) == (180, "a month")


def test_fewer_is_said_as_fewer() -> None:
    low = {**SEEN, "recorded_lower": 40.0, "recorded_upper": 80.0}
    said = plain(sized({**low, **size(low)}))
    assert said == " That is about 200 fewer a quarter than was to be expected (could be 150 to 240)."


@pytest.mark.parametrize(
    ("unit", "said"),
    [("percent", "6.4 percentage points more than was to be expected (could be 2 to 9 percentage points)"),
     ("fte", "6.4 FTE more than was to be expected (could be 2 to 9 FTE)")],
)  # fmt: skip
def test_shares_and_staff_are_told_as_they_stand(unit: str, said: str) -> None:
    row = {
        **SEEN,
        "unit": unit,
        "kind": "snapshot",
        "size": 6.4,
        "size_lower": 2.0,
        "size_upper": 9.0,
        "size_unit": unit,
    }
    assert plain(sized(row)) == f" That is about {said}."


def test_less_staff_is_said_as_less() -> None:
    row = SEEN | {"unit": "fte", "kind": "snapshot", "size_unit": "fte", "size": -6.4, "size_lower": -9.01}
    said = plain(sized({**row, "size_upper": -2.0}))
    assert said == " That is about 6.4 FTE less than was to be expected (could be 2 to 9.1 FTE)."


def test_the_difference_is_that_of_the_figures_as_printed() -> None:
    row = SEEN | {"unit": "percent", "kind": "snapshot", "size_unit": "percent", "size": 7.438, "size_lower": 4.0,
                  "size_upper": 10.9, "value": 26.96, "expected": 19.512}  # fmt: skip
    assert plain(sized(row)).startswith(" That is about 7.5 percentage points more")  # 27.0 and 19.5
    assert plain(sized(row | {"value": math.nan})).startswith(" That is about 7.4 percentage points more")


def test_a_comparison_with_a_year_earlier_says_so() -> None:
    row = BEFORE
    said = plain(sized({**row, **size(row)}))
    assert said == " That is about 200 more a quarter than a year earlier (could be 140 to 280)."


def test_what_is_not_known_is_not_said() -> None:
    row = BEFORE | {"previous_value": math.nan, "change_upper": math.inf, "check": "previous"}
    found = size(row)
    assert math.isnan(float(found["size"]))
    assert sized({**row, **found}) == ()


def test_the_interval_holds_whatever_a_hidden_count_is() -> None:
    found = interval({**SEEN, "recorded_lower": 10.0, "recorded_upper": 50.0})
    assert found["measure"] == "ratio"
    assert (found["change_lower"], found["change_upper"]) == (10 / 1_000, 50 / 700)
    points = interval({**SEEN, "unit": "percent"})
    assert (points["measure"], points["change_lower"], points["change_upper"]) == ("points", 200, 500)
