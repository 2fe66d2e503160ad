"""Which other area a figure stands beside, and in what unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.stats import rates

PER = 10_000
_COLUMNS = ("comparator", "comparator_value", "comparator_unit", "comparator_period", "comparator_rows")
_GROUP = ["indicator", "breakdown", "area"]


def compare(frame: pd.DataFrame, others: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """The first comparator of the catalogue that can be compared: of the same period, else the latest one.

    Areas differ in size, so a count stands beside a rate per 10,000 of the same kind of period, and only where both
    have a denominator; any other measure stands beside the same measure.
    """
    there = _comparable(others)
    same = dict(zip(_keys(there, "period"), range(len(there)), strict=True))  # of several the latest stays
    latest = dict(zip(_keys(there, "stretch"), range(len(there)), strict=True))
    known = definitions.catalogue.by_id
    pairs = dict.fromkeys(zip(frame["indicator"], frame["area"], strict=True))
    wanted = {(indicator, area): definitions.comparators(known[indicator], area) for indicator, area in pairs}
    place = np.full(len(frame), -1)
    for n, (indicator, own, breakdown, period, stretch) in enumerate(
        zip(*(frame[name] for name in ("indicator", "area", "breakdown", "period")), _stretch(frame), strict=True)
    ):
        for area in wanted[indicator, own] if stretch else ():
            group = (indicator, breakdown, area)
            found = same.get((*group, period), latest.get((*group, stretch)))
            if found is not None:
                place[n] = found
                break
    chosen = there.iloc[place].reset_index(drop=True) if len(there) else there.reindex(range(len(frame)))
    chosen = chosen[["area", "shown", "unit", "period", "obs"]].where(pd.Series(place >= 0))
    words = dict.fromkeys(("area", "unit", "period", "obs"), "")
    chosen = chosen.astype(dict.fromkeys(words, "object")).fillna(words).astype(dict.fromkeys(words, "str"))
    return frame.assign(**{new: chosen[old].to_numpy() for new, old in zip(_COLUMNS, chosen, strict=True)})


def _comparable(others: pd.DataFrame) -> pd.DataFrame:
    """Figures of other areas in the measure that can be shown beside ours, oldest first."""
    count = others["unit"] == "count"
    rate = rates.rate(others["value"].where(count), others["denominator"], per=PER).value
    others = others.assign(shown=np.where(count, rate, others["value"]), stretch=_stretch(others))
    others["unit"] = others["unit"].where(~count, "per_10k")
    return others[others["shown"].notna()].sort_values("end", kind="stable")


def _stretch(table: pd.DataFrame) -> pd.Series:
    """What the period of a comparator must be like: of one kind for a count, of any for the rest; empty without a base.

    A rate of events in a quarter says nothing beside a rate of a year.
    """
    count = (table["unit"] == "count").to_numpy()
    based = (table["denominator"].astype(float) > 0).to_numpy()
    kind = table["kind"].to_numpy(dtype=object)
    return pd.Series(np.where(count, np.where(based, kind, ""), "any"), table.index)


def _keys(table: pd.DataFrame, last: str) -> list[tuple[str, ...]]:
    return list(zip(*(table[name] for name in (*_GROUP, last)), strict=True))
