"""Each quarter held against the last: today's figures as they were released then, and what became of findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.small import QUARTER, definitions, figure, quarters, release, withheld
from threatlib.assessment import build
from threatlib.assessment.memory import STATES, as_released, compared, last_told
from threatlib.disclosure import ledger
from threatlib.periods import parse, shift

Q = parse(QUARTER)
BEFORE = str(shift(Q, -1))


def told(path: Path, *releases: tuple[str, list[dict[str, Any]]]) -> pd.DataFrame:
    """A ledger of some releases, as runs write it."""
    for n, (quarter, rows) in enumerate(releases):
        ledger.append(path, release(rows, definitions()).table, quarter=quarter, run_id=f"run-{n}")
    return ledger.read(path)


def test_the_last_briefing_is_the_latest_of_an_earlier_quarter(tmp_path: Path) -> None:
    rows = quarters("offences", [1, 2, 3])
    history = told(
        tmp_path / "l.csv", ("2021-22-Q4", rows[:1]), (BEFORE, rows[:2]), (QUARTER, rows), ("2022-23-Q3", rows)
    )
    assert str(last_told(history, Q)) == BEFORE
    assert str(last_told(history, parse(BEFORE))) == "2021-22-Q4"
    assert last_told(history, parse("2021-22-Q4")) is None
    assert last_told(None, Q) is None
    assert last_told(history[:0], Q) is None


def test_figures_stand_as_they_were_released_then(tmp_path: Path) -> None:
    old = quarters("offences", [10, 20, 30], last=BEFORE)
    now = [*old[:1], old[1] | {"value": 25.0, "lower": 25.0, "upper": 25.0}, old[2], figure("offences", QUARTER, 40)]
    history = told(tmp_path / "l.csv", (BEFORE, old), (QUARTER, now))
    then = as_released(release(now, definitions()), history, parse(BEFORE))
    assert then is not None
    assert then.table["value"].tolist() == [10, 20, 30]
    assert then.table["obs"].tolist() == ["a.csv:2", "a.csv:3", "a.csv:4"]
    today = as_released(release(now, definitions()), history, Q)
    assert today is not None
    assert today.table["value"].tolist() == [10, 25, 30, 40]
    assert as_released(release(now, definitions()), None, Q) is None
    assert as_released(release(now, definitions()), history, parse("2019-20-Q1")) is None


def test_what_was_withheld_then_is_withheld_and_what_came_since_is_not_there(tmp_path: Path) -> None:
    hidden = withheld("offences", BEFORE, 1, 5)
    history = told(tmp_path / "l.csv", (BEFORE, [hidden]))
    now = [figure("offences", BEFORE, 4), figure("offences", QUARTER, 9)]
    then = as_released(release(now, definitions()), history, parse(BEFORE))
    assert then is not None
    row = then.table.iloc[0]
    assert (len(then.table), row["status"], row["lower"], row["upper"]) == (1, "withheld", 1, 5)
    assert np.isnan(row["value"])


def test_a_figure_printed_twice_stays_the_one_that_is_used(tmp_path: Path) -> None:
    twice = [figure("offences", BEFORE, 12, locator="a@1"), figure("offences", BEFORE, 13, locator="b@2", used=False)]
    history = told(tmp_path / "l.csv", (BEFORE, twice))
    then = as_released(release(twice, definitions()), history, parse(BEFORE))
    assert then is not None
    assert then.table["value"].tolist() == [12, 13]


def test_a_revised_percentage_loses_the_numerator_it_no_longer_has(tmp_path: Path) -> None:
    old = [figure("seen_in_time", BEFORE, 80, numerator=320, denominator=400)]
    now = [figure("seen_in_time", BEFORE, 75, numerator=300, denominator=400)]
    history = told(tmp_path / "l.csv", (BEFORE, old))
    then = as_released(release(now, definitions()), history, parse(BEFORE))
    assert then is not None
    row = then.table.iloc[0]
    assert (row["value"], row["denominator"]) == (80, 400)
    assert np.isnan(row["numerator"])


# ---------------------------------------------------------------- status

SERIES = ["indicator", "area"]
RISE = {"finding_id": "F-1", "indicator": "offences", "area": "Northam", "direction": "up", "judgement": "worse",
        "measure": "ratio", "value": 200.0, "expected": 100.0, "lower": 1.6, "upper": 2.5}  # fmt: skip
STILL = {("offences", "Northam")}


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(RISE))


def states(
    now: pd.DataFrame, before: pd.DataFrame, said: pd.DataFrame | None = None, still: set[tuple[str, ...]] = STILL
) -> list[tuple[str, str]]:
    found = compared(now, before, said, still, SERIES)
    assert set(found["status"]) <= set(STATES)
    return list(zip(found["finding_id"], found["status"], strict=True))


def test_new_continuing_cleared_and_revised_away() -> None:
    none, one, other = table(), table(RISE), table(RISE | {"finding_id": "F-2", "direction": "down"})
    assert states(one, none) == [("F-1", "new")]
    assert states(one, one) == [("F-1", "continuing")]
    assert states(none, one) == [("F-1", "cleared")]
    assert states(none, none, one) == [("F-1", "revised away")]
    assert states(one, none, one) == [("F-1", "continuing")]
    assert states(other, one, one) == [("F-2", "new"), ("F-1", "cleared")]
    assert states(none, none, none) == states(none, none) == []


def test_silence_clears_nothing() -> None:
    assert states(table(), table(RISE), still=set()) == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"value": 400.0, "lower": 2.1, "upper": 5.0}, "worsening"),
        ({"value": 400.0, "lower": 1.9, "upper": 5.0}, "continuing"),  # its interval leaves open that it is as it was
        ({"value": 150.0, "lower": 1.1, "upper": 1.9}, "continuing"),
        ({"value": 400.0, "lower": 2.1, "upper": 5.0, "judgement": "better"}, "continuing"),
        ({"value": 400.0, "lower": 2.1, "upper": 5.0, "judgement": "neither"}, "continuing"),
        ({"value": 400.0, "lower": 2.1, "upper": 5.0, "measure": "points"}, "continuing"),
        ({"value": np.nan, "lower": np.nan, "upper": 5.0}, "continuing"),
    ],
)
def test_worsening_only_where_the_whole_interval_is_beyond_the_last_change(
    changed: dict[str, Any], status: str
) -> None:
    assert states(table(RISE | changed), table(RISE)) == [("F-1", status)]


@pytest.mark.parametrize(
    ("fall", "status"),
    [({"value": 20.0, "lower": 0.15, "upper": 0.3}, "worsening"),
     ({"value": 20.0, "lower": 0.15, "upper": 0.5}, "continuing"),
     ({"value": 20.0, "lower": 0.0, "upper": 0.0}, "worsening")],
)  # fmt: skip
def test_a_fall_for_the_worse_worsens_downwards(fall: dict[str, Any], status: str) -> None:
    earlier = RISE | {"direction": "down", "value": 40.0, "lower": 0.3, "upper": 0.6}
    assert states(table(earlier | fall), table(earlier)) == [("F-1", status)]


@pytest.mark.parametrize(("lower", "status"), [(21.0, "worsening"), (19.0, "continuing")])
def test_points_and_differences_worsen_on_their_own_scale(lower: float, status: str) -> None:
    earlier = RISE | {"measure": "points", "value": 60.0, "expected": 40.0, "lower": 10.0, "upper": 30.0}
    assert states(table(earlier | {"value": 70.0, "lower": lower, "upper": 50.0}), table(earlier)) == [("F-1", status)]
    down = earlier | {"direction": "down", "value": 40.0, "expected": 60.0, "lower": -30.0, "upper": -10.0}
    assert states(table(down | {"value": 30.0, "upper": -lower, "lower": -50.0}), table(down)) == [("F-1", status)]


# ---------------------------------------------------------------- from one briefing to the next


def assessment(rows: list[dict[str, Any]], quarter: str, history: pd.DataFrame | None = None) -> Any:
    entries = definitions()
    return build(
        release(rows, entries), entries, slug="small", quarter=parse(quarter), as_of=None, problems=pd.DataFrame(),
        history=history,
    )  # fmt: skip


def test_a_finding_that_corrected_figures_took_away_is_revised_away_and_still_told(tmp_path: Path) -> None:
    """Last quarter's briefing said that offences trebled; the agency has since sent 300 instead of 900."""
    calm = [300.0] * 5
    first = quarters("offences", [*calm[:4], 900], last=BEFORE)
    said = assessment(first, BEFORE)
    assert list(said.findings["status"]) == ["new"]
    path = tmp_path / "l.csv"
    ledger.append(path, said.observations, quarter=BEFORE, run_id="run-1")
    now = [*quarters("offences", calm, last=BEFORE), figure("offences", QUARTER, 300)]
    made = assessment(now, QUARTER, ledger.read(path))
    assert list(made.findings["status"]) == ["revised away"]
    assert made.findings["finding_id"].iloc[0] == said.findings["finding_id"].iloc[0]
    assert "to 900 in" in made.findings["sentence"].iloc[0]
    assert made.tables["threats"].set_index("id").loc["demand", "changed"].endswith("1 gone with corrected figures.")
    without = assessment(now, QUARTER)
    assert without.findings.empty  # without a record of what was released, nothing was ever said


def test_forecasts_are_those_of_the_figures_of_their_own_briefing(tmp_path: Path) -> None:
    values = [100.0, 104, 96, 100, 98, 102, 101, 99, 103, 97, 100]
    first = quarters("offences", values, last=BEFORE)
    path = tmp_path / "l.csv"
    ledger.append(path, assessment(first, BEFORE).observations, quarter=BEFORE, run_id="run-1")
    forecast = assessment(first, BEFORE).tables["forecasts"]
    now = [*quarters("offences", [*values[:-1], 160], last=BEFORE), figure("offences", QUARTER, 101)]
    history = ledger.read(path)
    marked = assessment(now, QUARTER, history).tables["scored"]
    marked = marked[(marked["made"] == BEFORE) & (marked["kind"] == "next quarter")].iloc[0]
    said = forecast[forecast["kind"] == "next quarter"].iloc[0]
    assert (marked["lower"], marked["upper"], marked["probability"]) == (
        said["lower"], said["upper"], said["probability"],
    )  # fmt: skip
    assert marked["outcome"] == 101
    again = assessment(now, QUARTER).tables["scored"]
    again = again[(again["made"] == BEFORE) & (again["kind"] == "next quarter")].iloc[0]
    assert again["estimate"] != marked["estimate"]  # without the ledger, from today's figures up to that quarter
