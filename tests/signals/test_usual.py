"""Limits of usual variation by hand, and where there are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from threatlib.signals import usual_limits
from threatlib.signals.usual import FEWEST, LIMITS


def series(values: list[float], unit: str = "fte") -> pd.DataFrame:
    ends = pd.date_range("2019-03-31", periods=len(values), freq="QE")
    return pd.DataFrame({"end": ends, "value": values, "unit": unit})


def test_limits_are_the_mean_and_two_and_two_thirds_moving_ranges_away() -> None:
    found = usual_limits(series([10.0, 12.0] * 6))
    assert found["centre"].tolist() == pytest.approx([11.0] * 12)
    assert found["limit_lower"].tolist() == pytest.approx([11 - 2.66 * 2] * 12)
    assert found["limit_upper"].tolist() == pytest.approx([11 + 2.66 * 2] * 12)


def test_they_start_anew_where_recording_did() -> None:
    early, late = [50.0, 90.0] * 4, [10.0, 12.0] * 6
    frame = series(early + late)
    found = usual_limits(frame, [frame["end"].iloc[8]])
    assert found.iloc[:8].isna().all(axis=None)
    assert found["centre"].iloc[8:].tolist() == pytest.approx([11.0] * 12)


def test_no_limit_lies_below_nothing_unless_a_value_does() -> None:
    assert usual_limits(series([0.0, 8.0] * 6))["limit_lower"].eq(0).all()
    assert usual_limits(series([-1.0, 8.0] * 6))["limit_lower"].lt(-1).all()


@pytest.mark.parametrize(
    "frame",
    [
        series([]),
        series([10.0, 12.0] * 6, unit="count"),
        series([10.0] * (FEWEST - 1)),
        series([10.0] * (FEWEST - 1) + [np.nan] * 5),
    ],
    ids=["empty", "count", "short", "short for what is missing"],
)
def test_there_are_none_for_counts_and_short_series(frame: pd.DataFrame) -> None:
    found = usual_limits(frame)
    assert len(found) == len(frame)
    assert list(found) == list(LIMITS)
    assert found.isna().all(axis=None)
