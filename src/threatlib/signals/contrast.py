"""By how much a figure changed, with an interval that allows for what the series does anyway."""

from __future__ import annotations

import numpy as np
import pandas as pd

from threatlib.observations import HAS_VALUE
from threatlib.stats import contrasts, rates

HISTORY_FOR_DISPERSION = 8
"""Pairs a year apart that it takes to learn how much a series varies beyond chance counting."""
MEDIAN_CHI2_1 = 0.4549364
"""Median of chi-squared with one degree of freedom."""
_FIGURES = ("value", "lower", "upper", "numerator", "denominator")
_AS_NUMBERS = dict.fromkeys([*_FIGURES, *(f"previous_{name}" for name in _FIGURES), "dispersion", "spread"], "float64")


def contrast(frame: pd.DataFrame) -> pd.DataFrame:
    """Change with its interval: a ratio for counts and rates, points for percentages, a difference for levels."""
    frame = frame.copy()
    for name in ("change", "change_lower", "change_upper", "p"):
        frame[name] = np.nan
    frame["measure"] = ""
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
    frame.loc[rows, "change_lower"] = least.lower
    frame.loc[rows, "change_upper"] = most.upper
    frame.loc[rows, "p"] = ratio.p
    frame.loc[rows, "measure"] = "ratio"


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
    frame.loc[rows, "change_lower"] = points.lower * 100
    frame.loc[rows, "change_upper"] = points.upper * 100
    frame.loc[rows, "p"] = points.p
    frame.loc[rows, "measure"] = "points"


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


def dispersion(past: pd.DataFrame) -> tuple[float, int]:
    """Variance over the mean, from pairs a year apart (a median, so that a single odd year does not decide it)."""
    a, b = _year_apart(past)
    usable = np.isfinite(a) & np.isfinite(b) & (a + b > 0)
    if usable.sum() < HISTORY_FOR_DISPERSION:
        return 1.0, int(usable.sum())
    a, b = a[usable], b[usable]
    return max(1.0, float(np.median((a - b) ** 2 / (a + b)) / MEDIAN_CHI2_1)), int(usable.sum())


def level_spread(past: pd.DataFrame) -> float:
    """Standard deviation of a year's change in a level (FTE and the like), from its own past; NaN where too short."""
    later, earlier = _year_apart(past)
    change = later - earlier
    change = change[np.isfinite(change)]
    if len(change) < HISTORY_FOR_DISPERSION:
        return np.nan
    return float(np.median(np.abs(change - np.median(change))) * 1.4826 + 1e-12)


def _year_apart(past: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Each known value and the one a year before it (NaN where there is none)."""
    known = past[past["status"].isin(HAS_VALUE)].drop_duplicates("end")
    month = known["end"].dt.year.to_numpy() * 12 + known["end"].dt.month.to_numpy()
    value = pd.Series(known["value"].to_numpy(dtype=float), index=month)
    value = value[~value.index.duplicated(keep="last")]
    return value.to_numpy(), value.reindex(value.index - 12).to_numpy()
