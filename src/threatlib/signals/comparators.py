"""Which other area a figure stands beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions


def compare(frame: pd.DataFrame, others: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """The first comparator of the catalogue that has a figure: of the same period, else the latest one."""
    found = [_comparator(row, others, definitions) for row in frame.to_dict("records")]
    names = ["comparator", "comparator_value", "comparator_period", "comparator_rows"]
    return frame.assign(**dict(zip(names, zip(*found, strict=True), strict=True)))


def _comparator(row: dict[Any, Any], others: pd.DataFrame, definitions: Definitions) -> tuple[str, float, str, str]:
    wanted = definitions.catalogue.by_id[str(row["indicator"])].comparators
    chosen = others[(others["indicator"] == row["indicator"]) & (others["breakdown"] == row["breakdown"])]
    for name in wanted:
        there = chosen[(chosen["area"] == name) & chosen["value"].notna()].sort_values("end", kind="stable")
        if there.empty:
            continue
        same = there[there["period"] == row["period"]]
        best = (same if len(same) else there).iloc[-1]
        return name, float(best["value"]), str(best["period"]), str(best["obs"])
    return "", np.nan, "", ""
