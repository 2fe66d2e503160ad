"""Figures that earlier briefings had and that no return has any more: what they told is still known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.disclosure.cells import COUNTABLE, PLACE, SHARES
from threatlib.observations import HAS_VALUE, KEY
from threatlib.periods import parse

ROOM = 1_000.0
"""How far above all that was ever shown a figure without an upper end may be supposed to lie."""


def with_vanished(table: pd.DataFrame, history: pd.DataFrame | None, definitions: Definitions) -> pd.DataFrame:
    """The table, and after its rows one for each figure that was printed before and is not in it.

    Such a figure stands as it was last shown; one that was withheld is as if its source had hidden it between the ends
    last stated.
    """
    if history is None or history.empty:
        return table
    there = table["status"].isin(HAS_VALUE) | ((table["status"] == "suppressed_by_source") & table["upper"].notna())
    last = history.drop_duplicates(KEY, keep="last").drop_duplicates(PLACE, keep="last")
    gone = last[~_places(last).isin(_places(table[there]))]
    units = {i.id: i.unit for i in definitions.catalogue.indicators}
    rows = gone.assign(unit=gone["indicator"].map(units))
    counted = rows["unit"].isin(COUNTABLE)
    rows = rows[(counted & rows["lower"].notna()) | (rows["unit"].isin(SHARES) & rows["value"].notna())]
    if rows.empty:
        return table
    dates = {label: found for label in rows["period"].unique() if (found := _dates(str(label)))}
    rows = rows[rows["period"].isin(dates)]
    hidden, most = rows["status"] == "withheld", history["value"].max() + ROOM
    added = pd.DataFrame({name: rows[name] for name in [*KEY, "value", "lower", "upper", "unit"]}).assign(
        status=hidden.map({True: "suppressed_by_source", False: "reported"}),
        kind=[dates[p][0] for p in rows["period"]],
        start=[dates[p][1] for p in rows["period"]],
        end=[dates[p][2] for p in rows["period"]],
        used=True,
    )
    added.loc[hidden, "upper"] = rows.loc[hidden, "upper"].fillna(most)
    empty = {"O": "", "i": 0, "b": False}
    for name in table.columns.difference(added.columns):
        added[str(name)] = pd.Series(empty.get(table[name].dtype.kind, np.nan), index=added.index)
    return pd.concat([table, added[table.columns].astype(table.dtypes.to_dict())], ignore_index=True)


def _places(table: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(table[PLACE])


def _dates(label: str) -> tuple[str, pd.Timestamp, pd.Timestamp] | None:
    """Kind, first and last day of a period; None for one that prints no dates."""
    try:
        period = parse(label)
    except ValueError:
        return None
    return period.kind, pd.Timestamp(period.start), pd.Timestamp(period.end)
