"""By how much a figure changed, with an interval that allows for what the series does anyway."""

from __future__ import annotations

import numpy as np
import pandas as pd

from threatlib.observations import HIDDEN
from threatlib.stats import contrasts, rates

HISTORY_FOR_DISPERSION = 8
"""Pairs a year apart that it takes to learn how much a series varies beyond chance counting."""
ROUNDING = 1.0
"""Percentage points by which a percentage cut or rounded to a whole one may be off."""
_FIGURES = ("value", "lower", "upper", "numerator", "denominator")
_AS_NUMBERS = dict.fromkeys([*_FIGURES, *(f"previous_{name}" for name in _FIGURES), "dispersion", "spread"], "float64")


def contrast(frame: pd.DataFrame) -> pd.DataFrame:
    """Change with its interval: a ratio for counts and rates, points for percentages, a difference for levels."""
    frame = frame.copy()
    for name in ("change", "change_lower", "change_upper", "p"):
        frame[name] = np.nan
    frame["measure"] = ""
    frame["mismatch"] = False
    _ratios(frame, frame.index[frame["unit"] == "count"])
    _shares(frame, frame.index[(frame["unit"] == "percent")])
    _levels(frame, frame.index[frame["unit"].isin(["fte", "days", "months", "mean", "weekly_mean", "monthly_mean"])])
    return frame


def _ratios(frame: pd.DataFrame, rows: pd.Index) -> None:
    part = frame.loc[rows].astype(_AS_NUMBERS)
    both = part["denominator"].notna() & part["previous_denominator"].notna()
    base, before = part["denominator"].where(both, 1.0), part["previous_denominator"].where(both, 1.0)
    ratio = contrasts.rate_ratio(part["value"], base, part["previous_value"], before, dispersion=part["dispersion"])
    least = contrasts.rate_ratio(part["lower"], base, part["previous_upper"], before, dispersion=part["dispersion"])
    most = contrasts.rate_ratio(part["upper"], base, part["previous_lower"], before, dispersion=part["dispersion"])
    frame.loc[rows, "change"] = ratio.value
    frame.loc[rows, "change_lower"] = np.where(_open_above(part, "previous_"), 0.0, least.lower)
    frame.loc[rows, "change_upper"] = np.where(_open_above(part, ""), np.inf, most.upper)
    frame.loc[rows, "p"] = ratio.p
    frame.loc[rows, "measure"] = "ratio"


def _open_above(part: pd.DataFrame, which: str) -> pd.Series:
    """Where a hidden count has a bound below and none above, and the other figure of the pair is known."""
    other = "" if which else "previous_"
    there = part[[f"{which}lower", f"{other}lower"]].notna().all(axis=1)
    return part[f"{which}upper"].isna() & part[f"{which}status"].isin(HIDDEN) & there


def _shares(frame: pd.DataFrame, rows: pd.Index) -> None:
    part = frame.loc[rows].astype(_AS_NUMBERS)
    top = part["numerator"].fillna(part["value"] / 100 * part["denominator"])
    top_before = part["previous_numerator"].fillna(part["previous_value"] / 100 * part["previous_denominator"])
    points = contrasts.proportion_difference(
        top.clip(upper=part["denominator"]), part["denominator"],
        top_before.clip(upper=part["previous_denominator"]), part["previous_denominator"],
        dispersion=part["dispersion"],
    )  # fmt: skip
    frame.loc[rows, "change"] = part["value"] - part["previous_value"]
    mismatch = _mismatch(part, "") | _mismatch(part, "previous_")
    frame.loc[rows, "change_lower"] = np.where(mismatch, np.nan, points.lower * 100)
    frame.loc[rows, "change_upper"] = np.where(mismatch, np.nan, points.upper * 100)
    frame.loc[rows, "p"] = np.where(mismatch, np.nan, points.p)
    frame.loc[rows, "mismatch"] = mismatch
    frame.loc[rows, "measure"] = "points"


def _mismatch(part: pd.DataFrame, which: str) -> pd.Series:
    """Where a printed percentage is not what its own numerator and denominator give: which of them is wrong?"""
    worked_out = 100 * part[f"{which}numerator"] / part[f"{which}denominator"]
    return (worked_out - part[f"{which}value"]).abs() > ROUNDING


def _levels(frame: pd.DataFrame, rows: pd.Index) -> None:
    part = frame.loc[rows].astype(_AS_NUMBERS)
    change = part["value"] - part["previous_value"]
    frame.loc[rows, "change"] = change
    frame.loc[rows, "change_lower"] = change - 1.96 * part["spread"]
    frame.loc[rows, "change_upper"] = change + 1.96 * part["spread"]
    frame.loc[rows, "measure"] = "difference"


def rate(frame: pd.DataFrame) -> pd.DataFrame:
    """Rates per 10,000 with interval, from the lowest to the highest the count can be."""
    frame = frame.copy()
    count = frame["unit"] == "count"
    base = frame["denominator"].astype("float64").where(count)
    frame["rate"] = rates.rate(frame["value"].astype("float64"), base).value
    frame["rate_lower"] = rates.rate(frame["lower"].astype("float64"), base).lower
    frame["rate_upper"] = rates.rate(frame["upper"].astype("float64"), base).upper
    return frame
