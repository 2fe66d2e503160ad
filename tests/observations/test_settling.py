"""The tidy table: which figure counts, what was known when, quarters of months, and the bases of a figure."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.returns.small import HEADER, partnership, receive
from threatlib import observations, returns
from threatlib.catalogue import Annotation, Definitions, load
from threatlib.observations import as_of, printed_figures, settle, with_bases, with_quarters

FILE = "returns/2022-23-Q1/northam_council.csv"
SECOND = "returns/2022-23-Q1/northam_council_corrected.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return partnership(tmp_path / "small")


def table_of(folder: Path, *lines: str, header: str = HEADER, name: str = FILE, **entry: str) -> pd.DataFrame:
    receive(folder, name, "\n".join([header, *lines]), **entry)
    table, _, problems = returns.read(folder, load(folder))
    assert [str(p) for p in problems] == []
    return table


def declared(**more: Any) -> Annotation:
    base = {"id": "a", "kind": "gap", "title": "T", "reason": "R", "said_by": "S", "status": "open"}
    return Annotation.model_validate(base | more)


# ---------------------------------------------------------------- settle


def test_zero_missing_suppressed_and_withheld_are_four_different_things(folder: Path) -> None:
    months = ["2022-04,0", "2022-05,", "2022-06,c"]
    table, faults = settle(table_of(folder, *(f"referrals,Northam,{m}" for m in months)), [])
    assert faults == []
    assert table["used"].all()
    assert table["status"].tolist() == ["reported", "not_returned", "suppressed_by_source"]
    assert "withheld" not in set(table["status"])  # the gate's word: no file can say it
    marks = {observations.STATUSES[status] for status in ("reported", "not_returned", "suppressed_by_source")}
    assert len(marks) == 3


def test_no_file_can_say_that_a_figure_is_withheld(folder: Path) -> None:
    receive(folder, FILE, f"{HEADER},status\nreferrals,Northam,2022-04,,withheld")
    _, _, problems = returns.read(folder, load(folder))
    assert [p.column for p in problems] == ["status"]


def test_of_a_figure_printed_twice_the_first_is_used(folder: Path) -> None:
    table, faults = settle(table_of(folder, "referrals,Northam,2022-04,7", "referrals,Northam,2022-04,7"), [])
    assert faults == []
    assert table["used"].tolist() == [True, False]


@pytest.mark.parametrize("other", ["8", "", "0", "c"])
def test_a_disagreement_that_nobody_declared_is_a_fault(folder: Path, other: str) -> None:
    table, faults = settle(table_of(folder, "referrals,Northam,2022-04,7", f"referrals,Northam,2022-04,{other}"), [])
    assert table["used"].tolist() == [False, False]
    assert len(faults) == 1
    assert f"{FILE}:2, {FILE}:3: different values for referrals, Northam Council, Northam, 2022-04" in faults[0]
    assert "an entry of kind conflict in annotations.yaml must say which one is used" in faults[0]


PLACED = "indicator,area,period,value,section,offset"


def conflict(**more: Any) -> Annotation:
    figures = {"a": {"row": "referrals@10"}, "b": {"row": "referrals@20"}}
    return declared(kind="conflict", figures=figures, used=["a"], disputed=["b"], **more)


def placed(folder: Path, first: int = 7, second: int = 8) -> pd.DataFrame:
    lines = [f"referrals,Northam,2022-04,{first},Text,10", f"referrals,Northam,2022-04,{second},Text,20"]
    return table_of(folder, *lines, header=PLACED, kind="published")


def test_a_declared_conflict_says_which_figure_is_used_and_marks_the_other(folder: Path) -> None:
    table, faults = settle(placed(folder), [conflict()])
    assert faults == []
    assert table["used"].tolist() == [True, False]
    assert table["marks"].tolist() == ["", "a"]


def test_a_conflict_whose_values_agree_again_is_a_fault(folder: Path) -> None:
    guarded = conflict(expect={"values_differ": True})
    assert settle(placed(folder), [guarded])[1] == []
    (folder / "register.csv").write_text("file,sha256,agency,period,received_on,supersedes,kind,note\n")
    _, faults = settle(placed(folder, 8, 8), [guarded])
    assert faults == [
        "annotations.yaml, 'a': expected different values, but the values are the same; has the fault been mended?"
    ]


def test_a_conflict_about_figures_that_are_not_there_is_a_fault(folder: Path) -> None:
    entry = declared(kind="conflict", figures={"a": {"row": "referrals@99"}}, used=["a"])
    _, faults = settle(placed(folder, 7, 7), [entry])
    assert faults == ["annotations.yaml, 'a': 'referrals@99' fits 0 figures, wanted exactly one."]


def test_an_entry_that_matches_nothing_is_a_fault(folder: Path) -> None:
    table = table_of(folder, "referrals,Northam,2022-04,7")
    _, faults = settle(table, [declared(indicators=["offences"])])
    assert faults == [
        "annotations.yaml, 'a': no figure has this indicator and area, so the entry matches nothing; mend or remove it."
    ]


@pytest.mark.parametrize(
    ("kind", "start", "end", "in_vain"),
    [("shock", "2010-04", "2010-06", True), ("gap", "2010-04", "2010-06", False), ("break", None, "2022-03", True),
     ("shock", "2022-06", "2022-08", True), ("gap", "2022-06", "2022-08", False), ("break", "2022-10", None, False),
     ("shock", "2023-04", "2023-06", False)],
)  # fmt: skip
def test_an_entry_about_a_time_of_which_there_is_no_figure(
    folder: Path, kind: str, start: str | None, end: str | None, in_vain: bool
) -> None:
    """What is later than every figure may only be unknown as yet; of a gap nothing may ever have been sent."""
    table = table_of(folder, *(f"referrals,Northam,2022-{month},7" for month in ("04", "05", "09")))
    _, faults = settle(table, [declared(kind=kind, indicators=["referrals"], start=start, end=end)])
    said = "annotations.yaml, 'a': no figure lies in its periods, so the entry matches nothing; mend or remove it."
    assert faults == ([said] if in_vain else [])


@pytest.mark.parametrize(
    ("value", "expect", "fault"),
    [
        ("", {"missing": True}, ""),
        ("7", {"missing": True}, "expected none, but values are there; has the fault been mended?"),
        ("0", {"missing": True}, "expected none, but values are there; has the fault been mended?"),
        ("7", {"missing": False}, ""),
        ("", {"missing": False}, "expected some, but no values are there; has the fault been mended?"),
        ("7", {"rows_at_least": 1}, ""),
        ("7", {"rows_at_least": 2}, "fits 1 figures, expected at least 2."),
    ],
)
def test_the_guard_of_an_entry(folder: Path, value: str, expect: dict[str, Any], fault: str) -> None:
    table = table_of(folder, f"referrals,Northam,2022-04,{value}", "referrals,Northam,2022-09,5")
    entry = declared(indicators=["referrals"], start="2022-04", end="2022-05", expect=expect)
    settled, faults = settle(table, [entry])
    assert faults == ([f"annotations.yaml, 'a': {fault}"] if fault else [])
    assert settled["marks"].tolist() == ["a", ""]


def test_figures_that_stand_in_words_become_rows(folder: Path) -> None:
    entry = declared(kind="conflict", figures={"said": {"value": 12, "at": "163", "unit": "percent"}})
    row = printed_figures([entry]).iloc[0]
    assert (row["obs"], row["value"], row["unit"], row["used"]) == ("annotations.yaml:a:said", 12, "percent", False)
    assert list(printed_figures([]).columns) == list(observations.COLUMNS)


# ---------------------------------------------------------------- as of


def test_what_was_known_on_a_day(folder: Path) -> None:
    table_of(folder, "referrals,Northam,2022-04,7", "referrals,Northam,2022-05,9")
    table = table_of(folder, "referrals,Northam,2022-04,8", name=SECOND, on="2022-08-20")
    value = {day: as_of(table, day).set_index("period")["value"].to_dict() for day in (date(2022, 8, 19), None)}
    assert value[date(2022, 8, 19)] == {"2022-04": 7, "2022-05": 9}
    assert value[None] == {"2022-04": 8, "2022-05": 9}
    assert as_of(table, date(2022, 7, 19)).empty
    assert len(as_of(table, date(2022, 7, 20))) == 2


# ---------------------------------------------------------------- quarters of months


def quarterly(folder: Path, *values: str, indicator: str = "referrals") -> pd.DataFrame:
    lines = [f"{indicator},Northam,2022-{m:02d},{v}" for m, v in enumerate(values, start=4)]
    definitions = load(folder)
    table, faults = settle(table_of(folder, *lines, header=f"{HEADER},numerator,denominator,status"), [])
    assert faults == []
    whole = with_quarters(table, definitions)
    return whole[whole["kind"] == "quarter"]


def test_three_months_make_a_quarter(folder: Path) -> None:
    made = quarterly(folder, "5,,,", "0,,,", "7,,,provisional").iloc[0]
    assert (made["value"], made["status"], made["basis"], made["period"]) == (
        12,
        "provisional",
        "computed",
        "2022-23-Q1",
    )
    assert made["obs"] == f"{FILE}:2 {FILE}:3 {FILE}:4"


@pytest.mark.parametrize("values", [("5,,,", "7,,,"), ("5,,,", ",,,", "7,,,"), ("5,,,", "x,,,", "7,,,")])
def test_a_quarter_with_a_missing_month_is_not_made(folder: Path, values: tuple[str, ...]) -> None:
    assert quarterly(folder, *values).empty


def test_a_quarter_with_a_suppressed_month_is_known_as_an_interval(folder: Path) -> None:
    made = quarterly(folder, "5,,,", "c,,,", "7,,,").iloc[0]
    assert (made["status"], made["lower"], made["upper"]) == ("suppressed_by_source", 13, 17)
    assert math.isnan(made["value"])


def test_a_suppressed_month_of_unknown_size_leaves_no_bound(folder: Path) -> None:
    made = quarterly(folder, "5,,,", ",,,suppressed_by_source", "7,,,").iloc[0]
    assert made["status"] == "suppressed_by_source"
    assert (made["lower"], made["upper"]) == (12, math.inf)


def test_a_percentage_of_a_quarter_is_of_its_own_numerator_and_denominator(folder: Path) -> None:
    made = quarterly(folder, "50,1,2,", "10,1,10,", "0,0,8,", indicator="rereferral_share").iloc[0]
    assert (made["value"], made["numerator"], made["denominator"]) == (10, 2, 20)


def test_a_percentage_without_its_numbers_makes_no_quarter(folder: Path) -> None:
    assert quarterly(folder, "50,,,", "10,,,", "0,,,", indicator="rereferral_share").empty


def test_a_quarter_that_was_sent_is_not_made_again(folder: Path) -> None:
    lines = [f"referrals,Northam,2022-{m:02d},5" for m in (4, 5, 6)]
    table, _ = settle(table_of(folder, *lines, "referrals,Northam,2022-23-Q1,16"), [])
    whole = with_quarters(table, load(folder))
    assert whole.loc[whole["kind"] == "quarter", "value"].tolist() == [16]


# ---------------------------------------------------------------- numerators, denominators, populations


def based(folder: Path, *lines: str) -> tuple[pd.DataFrame, Definitions]:
    definitions = load(folder)
    table, faults = settle(table_of(folder, *lines), [])
    assert faults == []
    return with_bases(table, definitions), definitions


def test_a_percentage_gets_the_numbers_that_the_catalogue_names(folder: Path) -> None:
    table, _ = based(
        folder, "rereferral_share,Northam,2022-04,20", "referrals,Northam,2022-04,10", "rereferrals,Northam,2022-04,2"
    )
    assert table.loc[0, ["numerator", "denominator"]].tolist() == [2, 10]


def test_a_suppressed_number_is_no_base(folder: Path) -> None:
    table, _ = based(folder, "rereferral_share,Northam,2022-04,20", "referrals,Northam,2022-04,c")
    assert table.loc[0, ["numerator", "denominator"]].isna().all()


def test_a_count_gets_the_population_of_the_last_mid_year_before_its_end(folder: Path) -> None:
    people = [f"population_children,Northam,{y}-06-30,{1000 + y}" for y in (2020, 2021, 2022)]
    table, _ = based(
        folder, *people, "offences,Northam,2022-23-Q1,5", "offences,Northam,2021-22-Q4,5",
        "offences,Southam,2021-22-Q4,5",
        "offences,Northam,2019-20-Q4,5",
    )  # fmt: skip
    assert table["denominator"].iloc[3:5].tolist() == [3022, 3021]
    assert table["denominator"].iloc[5:].isna().all()


def test_a_groups_count_is_held_against_the_group_and_never_against_everybody(folder: Path) -> None:
    header = f"{HEADER},breakdown"
    lines = ["population_children,Northam,2021-06-30,1000,", "population_children,Northam,2021-06-30,300,sex=Girls"]
    counts = [f"offences,Northam,2021-22-Q4,5,{group}" for group in ("", "sex=Girls", "sex=Boys")]
    receive(folder, "returns/2022-23-Q1/nc.csv", "\n".join([header, *lines, *counts]))
    table, _, problems = returns.read(folder, load(folder))
    assert problems == []
    found = with_bases(settle(table, [])[0], load(folder))
    assert found["denominator"].iloc[2:4].tolist() == [1000, 300]
    assert math.isnan(found["denominator"].iloc[4])
