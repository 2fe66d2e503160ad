"""The limits of usual variation of a measurement since its recording last changed, for the page to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from threatlib.stats.spc import xmr

LIMITS = ("centre", "limit_lower", "limit_upper")
FEWEST = 12
"""Known points below which limits are trial limits and are not drawn."""
MEASUREMENTS = ("fte", "mean", "percent", "gbp")
"""Units of levels. A count has a season more often than not, and an individuals chart must not be used on a season."""


def usual_limits(history: pd.DataFrame, starts: Sequence[pd.Timestamp] = ()) -> pd.DataFrame:
    """Limits of an individuals (XmR) chart for each period of one series.

    Parameters
    ----------
    history : DataFrame
        Observations of one series, oldest first: `end`, `value` (NaN where not known, withheld values too), `unit`.
    starts : sequence of Timestamp
        Days on which recording began anew; only what ended after the last of them has limits.

    Returns
    -------
    DataFrame
        One row a row of `history` (columns: `LIMITS`), NaN where the series is no measurement, has fewer than `FEWEST`
        known values since its last start, or began anew later. No limit lies below 0 where no value does.

    Notes
    -----
    centre = mean, limits = centre -/+ 2.66 mean moving range (`threatlib.stats.spc.xmr`). They describe; no flag rests
    on them.
    """
    out = pd.DataFrame(np.nan, index=history.index, columns=list(LIMITS))
    since = history["end"] >= max(starts, default=pd.Timestamp.min)
    values = history.loc[since, "value"].to_numpy(dtype=float)
    if np.isfinite(values).sum() < FEWEST or history["unit"].iloc[0] not in MEASUREMENTS:
        return out
    found = xmr(values)
    lower = np.maximum(found.lower, 0.0) if np.nanmin(values) >= 0 else found.lower
    out.loc[since, list(LIMITS)] = np.column_stack([found.centre, lower, found.upper])
    return out
