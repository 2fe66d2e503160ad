"""What became of figures that were sent before: changed, withdrawn, filled in."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from threatlib.observations.table import KEY, as_of

COLUMNS = (
    *KEY, "end", "unit", "before", "before_status", "after", "after_status", "change", "percent", "before_obs",
    "after_obs",
)  # fmt: skip
"""Columns of the table of revisions: the figure, what it was and is, and where both are printed."""

_COMPARED = [*KEY, "obs", "end", "unit", "value", "status"]


def revisions(
    observations: pd.DataFrame, before: date, after: date | None = None, register: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Figures known on one day that were different on a later one.

    Parameters
    ----------
    observations : DataFrame
        Everything received (`observations.COLUMNS`).
    before, after : date
        The two days; `after` is today if not given.
    register : DataFrame, optional
        For files that supersede others; see `as_of`.

    Returns
    -------
    DataFrame
        `COLUMNS`, the largest relative change first. A figure is revised if its value or its status changed; `change`
        and `percent` are there where both values are, `percent` where the first is not zero. A figure that a
        superseding file no longer has is ``withdrawn``.
    """
    was, now = (as_of(observations, day, register).drop_duplicates(KEY)[_COMPARED] for day in (before, after))
    return _compared(was, now)


def revised_since(history: pd.DataFrame | None, released: pd.DataFrame, quarter: str) -> pd.DataFrame:
    """Figures that an audience was shown in earlier quarters' briefings and that are different in this one.

    Parameters
    ----------
    history : DataFrame or None
        What was released before (`release`, `quarter`, the key, `status` and `value` of each figure).
    released : DataFrame
        What is released now (`observations.COLUMNS`).
    quarter : str
        The quarter of this briefing; only releases for earlier ones count as before.

    Returns
    -------
    DataFrame
        `COLUMNS`, as of `revisions`: both sides have passed the gate, so the difference tells nothing more. Figures
        that we work out ourselves, and those with several printings, are left out.
    """
    if history is None or history.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    was = history[history["quarter"] < quarter].drop_duplicates(KEY, keep="last")
    several = released.duplicated(KEY, keep=False)
    unclear = released[several | (released["basis"] == "computed")]
    now = released[~several]
    was = was.assign(obs="", end=pd.Series(dtype="datetime64[s]"), unit="")[_COMPARED]
    known = ~pd.MultiIndex.from_frame(was[KEY]).isin(pd.MultiIndex.from_frame(unclear[KEY]))
    return _compared(was[known], now[_COMPARED])


def _compared(was: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    both = was.merge(now, on=KEY, how="left", suffixes=("_was", "_now"), indicator="there")
    gone = both["there"] == "left_only"
    same_value = (both["value_was"] == both["value_now"]) | (both["value_was"].isna() & both["value_now"].isna())
    revised = both[gone | ~same_value | (both["status_was"] != both["status_now"])]
    change = revised["value_now"] - revised["value_was"]
    base = revised["value_was"].abs()
    table = revised[KEY].assign(
        end=revised["end_now"].fillna(revised["end_was"]),
        unit=revised["unit_now"].fillna(revised["unit_was"]),
        before=revised["value_was"], before_status=revised["status_was"],
        after=revised["value_now"], after_status=revised["status_now"].where(~gone, "withdrawn"),
        change=change, percent=100 * change / base.where(base > 0),
        before_obs=revised["obs_was"], after_obs=revised["obs_now"].fillna(""),
    )  # fmt: skip
    size = table["percent"].abs().where(table["percent"].notna() | (change == 0), np.inf)
    return (
        table.assign(size=size.fillna(0.0))
        .sort_values(["size", *KEY], ascending=[False, *[True] * len(KEY)], kind="stable")[list(COLUMNS)]
        .reset_index(drop=True)
    )
