"""Work for each worker, and whether two agencies' counts move together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.assessment.linked import entries, figure, quarters, shown, totals
from threatlib.assessment.coupling import COLUMNS, coupling


def linked(*rows: Any) -> pd.DataFrame:
    found = coupling(shown(*rows), totals(*rows), entries())
    assert list(found.columns) == list(COLUMNS)
    return found


def staff(*levels: float) -> list[dict[str, Any]]:
    return [figure("workers", f"{2022 - n}-06-30", level) for n, level in enumerate(levels)]


def test_twice_the_work_for_the_same_staff() -> None:
    row = linked(*quarters("referrals", [100] * 4 + [200] * 4), *staff(20, 20)).iloc[0]
    assert (row["work"], row["staff"], row["each"], row["each_before"]) == (800, 20, 40, 20)
    assert row["change"] == pytest.approx(2.0)
    assert row["verdict"] == "more"
    assert row["change_lower"] > 1.5
    assert "40 each; more work for each than the 20 a year earlier (+100%" in row["sentence"]


def test_the_same_work_for_half_the_staff_is_more_work_too() -> None:
    row = linked(*quarters("referrals", [100] * 8), *staff(10, 20)).iloc[0]
    assert row["verdict"] == "more"
    level = linked(*quarters("referrals", [100] * 8), *staff(20, 20)).iloc[0]
    assert level["verdict"] == "no clear change"


def test_staff_counted_outside_the_year_are_marked() -> None:
    rows = quarters("referrals", [100] * 4, last="2021-22-Q4")
    row = linked(*rows, figure("workers", "2022-06-30", 20)).iloc[0]
    assert row["note"] == "2022-06-30"
    assert "Staff were counted on 30 June 2022, outside that year" in row["sentence"]
    assert row["verdict"] == "cannot say"
    assert linked(*rows, figure("workers", "2019-06-30", 20)).empty


def test_two_agencies_that_see_the_same_move_together() -> None:
    rng = np.random.default_rng(1)
    level = 100 * np.exp(rng.normal(0, 0.3, 28))
    crimes = quarters("crimes", list(np.round(level)))
    row = linked(*crimes, *quarters("plans", list(np.round(level / 3)))).iloc[0]
    assert (row["kind"], row["verdict"], row["lag"]) == ("harm", "together", 0)
    late = linked(*crimes, *quarters("plans", [33.0, *np.round(level[:-1] / 3)])).iloc[0]
    assert (late["verdict"], late["lag"]) == ("together", 1)
    assert "the second one quarter later" in late["sentence"]
    apart = linked(*crimes, *quarters("plans", list(np.round(rng.uniform(20, 40, 28))))).iloc[0]
    assert apart["verdict"] == "no sign of it"


def test_a_parting_this_year_is_told() -> None:
    row = linked(*quarters("crimes", [100] * 20), *quarters("plans", [100] * 16 + [30] * 4)).iloc[0]
    assert row["apart_lower"] > 1
    assert "sets them apart" in row["sentence"]


def test_too_few_quarters_cannot_be_told() -> None:
    row = linked(*quarters("crimes", [10, 12, 9]), *quarters("plans", [3, 4, 5])).iloc[0]
    assert row["verdict"] == "cannot say"
    assert "needed" in row["sentence"]
    assert linked(*quarters("crimes", [10] * 20)).empty
