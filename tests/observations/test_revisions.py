"""What became of figures that were sent before."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.returns.small import HEADER, partnership, receive
from threatlib import returns
from threatlib.catalogue import load
from threatlib.observations import KEY, as_of, revised_since, revisions

FIRST, SECOND = "returns/2022-23-Q1/nc.csv", "returns/2022-23-Q2/nc.csv"


def received(tmp_path: Path, supersedes: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = partnership(tmp_path / "small")
    first = ["2022-04,100", "2022-05,40", "2022-06,0", "2022-03,c", "2022-02,7", "2022-01,"]
    second = ["2022-04,110", "2022-05,40", "2022-06,3", "2022-03,6", "2022-01,5", "2022-07,50"]
    for name, cells, day, older in ((FIRST, first, "2022-07-20", ""), (SECOND, second, "2022-10-20", supersedes)):
        lines = [HEADER, *(f"referrals,Northam,{cell}" for cell in cells)]
        receive(folder, name, "\n".join(lines), on=day, supersedes=older)
    table, register, problems = returns.read(folder, load(folder))
    assert problems == []
    return table, register


def test_what_changed_and_by_how_much(tmp_path: Path) -> None:
    table, _ = received(tmp_path)
    found = revisions(table, date(2022, 8, 1)).set_index("period")
    assert list(found.index) == ["2022-01", "2022-03", "2022-06", "2022-04"]
    assert found.loc["2022-04", ["before", "after", "change"]].tolist() == [100, 110, 10]
    assert found.loc["2022-04", "percent"] == pytest.approx(10)
    assert math.isnan(found.loc["2022-06", "percent"])
    assert found.loc["2022-03", ["before_status", "after_status"]].tolist() == ["suppressed_by_source", "reported"]
    assert found.loc["2022-01", "before_status"] == "not_returned"
    assert found.loc["2022-04", ["before_obs", "after_obs"]].tolist() == [f"{FIRST}:2", f"{SECOND}:2"]


def test_nothing_changed_before_the_second_file_came(tmp_path: Path) -> None:
    table, _ = received(tmp_path)
    assert revisions(table, date(2022, 8, 1), date(2022, 10, 19)).empty
    assert revisions(table, date(2022, 7, 1)).empty
    assert revisions(table.iloc[:0], date(2022, 7, 1)).empty


def test_what_a_correction_leaves_out_is_withdrawn(tmp_path: Path) -> None:
    table, register = received(tmp_path, supersedes=FIRST)
    assert "2022-02" in set(as_of(table, None)["period"])
    assert "2022-02" not in set(as_of(table, None, register)["period"])
    assert "2022-02" in set(as_of(table, date(2022, 10, 19), register)["period"])
    found = revisions(table, date(2022, 8, 1), register=register).set_index("period")
    assert found.loc["2022-02", ["before", "after_status"]].tolist() == [7, "withdrawn"]


def released(*rows: tuple[str, str, float, str], basis: str = "stated") -> pd.DataFrame:
    """Rows of a Release: area, period, value and status."""
    return pd.DataFrame(
        [{"indicator": "referrals", "agency": "Council", "area": area, "breakdown": "", "period": period,
          "value": value, "status": status, "obs": f"new.csv:{n}", "end": pd.Timestamp(2022, 6, 30), "unit": "count",
          "basis": basis} for n, (area, period, value, status) in enumerate(rows)]
    )  # fmt: skip


def told(quarter: str, *rows: tuple[str, str, float, str]) -> pd.DataFrame:
    return released(*rows)[[*KEY, "value", "status"]].assign(quarter=quarter, release=1)


NAN = math.nan


def test_what_an_audience_was_shown_before_and_is_different_now() -> None:
    history = told("2022-23-Q1", ("A", "2022-04", 100, "provisional"), ("A", "2022-05", 7, "reported"),
                   ("B", "2022-04", NAN, "withheld"), ("B", "2022-05", 9, "reported"),
                   ("C", "2022-05", 9, "reported"))  # fmt: skip
    now = released(("A", "2022-04", 110, "reported"), ("A", "2022-05", 7, "reported"), ("A", "2022-06", 1, "reported"),
                   ("B", "2022-04", NAN, "withheld"), ("B", "2022-05", NAN, "withheld"))  # fmt: skip
    found = revised_since(history, now, "2022-23-Q2").set_index(["area", "period"])
    assert list(found.index) == [("B", "2022-05"), ("C", "2022-05"), ("A", "2022-04")]
    assert found.loc[("A", "2022-04"), ["before", "after", "change", "percent"]].tolist() == [100, 110, 10, 10]
    assert found.loc[("B", "2022-05"), "after_status"] == "withheld"
    assert math.isnan(found.loc[("B", "2022-05"), "change"])
    assert found.loc[("C", "2022-05"), "after_status"] == "withdrawn"


def test_only_earlier_quarters_count_as_before_and_the_last_of_them() -> None:
    history = pd.concat(
        [told(quarter, ("A", "2022-04", value, "reported"))
         for quarter, value in (("2021-22-Q4", 1), ("2022-23-Q1", 2), ("2022-23-Q2", 3))]
    )  # fmt: skip
    found = revised_since(history, released(("A", "2022-04", 4, "reported")), "2022-23-Q2")
    assert found["before"].tolist() == [2]
    assert revised_since(None, released(("A", "2022-04", 4, "reported")), "2022-23-Q2").empty


def test_our_own_sums_and_figures_printed_twice_are_left_out() -> None:
    history = told("2022-23-Q1", ("A", "2022-04", 1, "reported"), ("A", "2022-23-Q1", 1, "reported"))
    now = pd.concat([released(("A", "2022-04", 2, "reported"), ("A", "2022-04", 3, "reported")),
                     released(("A", "2022-23-Q1", 2, "reported"), basis="computed")])  # fmt: skip
    assert revised_since(history, now, "2022-23-Q2").empty
