"""A group's count is held against the number of people in the group, never against everybody."""

from __future__ import annotations

import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.observations import HAS_VALUE

_PLACE = ["of", "area", "breakdown"]


def of_their_group(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Give each count of a group the latest size of that group as its denominator, and none where that is not known.

    A denominator that came with the figure, and is not that of the whole area, is left as it is.
    """
    names = {i.id: i.denominator for i in definitions.catalogue.indicators if i.denominator and i.unit == "count"}
    people = table["indicator"].map(names)
    rows = table[people.notna() & (table["breakdown"] != "")]
    if rows.empty:
        return table
    rows = rows[["area", "breakdown", "end", "denominator"]].assign(of=people[rows.index], row=rows.index)
    known = table[table["indicator"].isin(set(names.values())) & table["used"] & table["status"].isin(HAS_VALUE)]
    known = known[["indicator", "area", "breakdown", "end", "value"]].rename(columns={"indicator": "of"})
    own = _latest(rows, known)
    whole = _latest(rows.assign(breakdown=""), known)
    stated = rows["denominator"].where(rows["denominator"] != whole)
    table = table.copy()
    table.loc[rows.index, "denominator"] = stated.fillna(own)
    return table


def _latest(rows: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """The last value known at the end of each row's period, of the same place and group."""
    found = pd.merge_asof(
        rows.sort_values("end", kind="stable").astype({"of": "object"}),
        known.sort_values("end", kind="stable").astype({"of": "object"}),
        on="end",
        by=_PLACE,
    )
    return found.set_index("row")["value"].reindex(rows.index)
