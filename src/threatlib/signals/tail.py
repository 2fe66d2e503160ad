"""How complete a provisional figure is when first shown, learnt from earlier briefings and what became of theirs."""

from __future__ import annotations

import pandas as pd

from threatlib.observations import HAS_VALUE
from threatlib.observations.table import KEY
from threatlib.periods import Period, parse

LEAST_PAIRS = 4
"""Provisional figures that must have been settled before their completeness is believed."""


def completeness(
    history: pd.DataFrame | None, table: pd.DataFrame, quarter: Period | None = None
) -> dict[tuple[str, int], float]:
    """Share of a figure that was there when it was shown as provisional, by indicator and age in months.

    Parameters
    ----------
    history : DataFrame or None
        What was released before: `quarter`, the key, `status` and `value` of each figure.
    table : DataFrame
        What is released now.
    quarter : Period, optional
        Of the table: only what earlier quarters' briefings showed is learnt from.

    Returns
    -------
    dict
        Sum of the first values over the sum of the settled ones, at most 1; where fewer than `LEAST_PAIRS` are known,
        nothing. Age 0 is a figure that ends with its quarter.
    """
    if history is None or history.empty:
        return {}
    then = history[(history["status"] == "provisional") & history["value"].notna()]
    ends = {label: parse(label).end for label in then["quarter"].unique()}
    if quarter is not None:
        then = then[then["quarter"].map(lambda label: ends[label] < quarter.end).astype(bool)]
    then = then.drop_duplicates([*KEY, "quarter"], keep="first")
    settled = table["status"].isin(HAS_VALUE) & (table["status"] != "provisional") & (table["unit"] == "count")
    pairs = then.merge(table[settled].drop_duplicates(KEY, keep="last"), on=KEY, suffixes=("_then", ""))
    if pairs.empty:
        return {}
    shown = pairs["quarter"].map({label: pd.Timestamp(end) for label, end in ends.items()})
    age = (shown.dt.year - pairs["end"].dt.year) * 12 + shown.dt.month - pairs["end"].dt.month
    sums = pairs.assign(age=age).groupby(["indicator", "age"]).agg(
        first=("value_then", "sum"), final=("value", "sum"), pairs=("value", "size")
    )  # fmt: skip
    sums = sums[(sums["pairs"] >= LEAST_PAIRS) & (sums["final"] > 0)]
    sums = sums.reset_index()
    share = (sums["first"] / sums["final"]).clip(upper=1.0)
    return dict(zip(zip(sums["indicator"], sums["age"], strict=True), share, strict=True))
