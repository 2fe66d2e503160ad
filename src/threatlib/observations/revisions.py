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
    was, now = (_first(as_of(observations, day, register)) for day in (before, after))
    both = was.merge(now, on=KEY, how="left", suffixes=("_was", "_now"), indicator="there")
    gone = both["there"] == "left_only"
    same_value = (both["value_was"] == both["value_now"]) | (both["value_was"].isna() & both["value_now"].isna())
    revised = both[gone | ~same_value | (both["status_was"] != both["status_now"])]
    change = revised["value_now"] - revised["value_was"]
    base = revised["value_was"].abs()
    table = revised[KEY].assign(
        end=revised["end_was"], unit=revised["unit_was"],
        before=revised["value_was"], before_status=revised["status_was"],
        after=revised["value_now"], after_status=revised["status_now"].where(~gone, "withdrawn"),
        change=change, percent=100 * change / base.where(base > 0),
        before_obs=revised["obs_was"], after_obs=revised["obs_now"].fillna(""),
    )  # fmt: skip
    size = table["percent"].abs().fillna(np.inf)
    return (
        table.assign(size=size)
        .sort_values(["size", *KEY], ascending=[False, *[True] * len(KEY)], kind="stable")[list(COLUMNS)]
        .reset_index(drop=True)
    )


def _first(known: pd.DataFrame) -> pd.DataFrame:
    return known.drop_duplicates(KEY)[[*KEY, "obs", "end", "unit", "value", "status"]]
