"""Counting the tests: how many comparisons were made, and how many flags chance alone would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from threatlib.assessment import chance
from threatlib.assessment import levels as yearly
from threatlib.assessment.evidence import Evidence
from threatlib.assessment.low import LOW
from threatlib.stats.multiplicity import benjamini_hochberg, expected_false_flags

FALSE_DISCOVERY_RATE = 0.1
"""Of the findings that survive it, at most this share is chance on average."""
COLUMNS = ("check", "raises", "made", "expected_false", "flags", "survive")
"""Columns of the table of comparisons: those made by each check, whether it can raise a finding, the flags that chance
alone would give and those there are, and how many of these survive the false discovery rate."""


@dataclass(frozen=True, slots=True)
class Counting:
    """The tests of one quarter, those that can raise a finding and those that only support one.

    `flags` and `expected_false_flags` are of those that can raise one; `survive` are the flags whose p-value, adjusted
    for all of them, is at or below `false_discovery_rate`.
    """

    comparisons: int
    raising: int
    expected_false_flags: float
    flags: int
    survive: int
    false_discovery_rate: float = FALSE_DISCOVERY_RATE


def comparisons(found: Evidence) -> pd.DataFrame:
    """Every comparison made, one row each: `check`, `raises`, indicator, area, breakdown, p, alpha, flag, survives."""
    names = ["indicator", "agency", "area", "breakdown", "check", "raises", "p", "alpha", "flag"]
    parts = [pd.DataFrame(columns=names)]
    if len(found.signals):
        made = found.signals[found.signals["p"].notna()]
        flag = made["arrow"].isin(["up", "down"])
        made = made.assign(raises=made["main"].astype(bool), flag=flag)
        scans = made["check"] == "scan"
        made.loc[scans, "alpha"] = chance.scanned(made[scans])
        parts.append(made[names])
    if len(found.levels):
        flag = found.levels["arrow"].isin(["up", "down"])
        parts.append(found.levels.assign(check=yearly.CHECK, raises=True, flag=flag)[names])
    if len(found.absence):
        made = found.absence[found.absence["comparisons"] > 0]
        flag = made["kind"].isin(LOW)
        parts.append(made.assign(check="absence", raises=True, flag=flag, p=made["probability"])[names])
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    table["p"], table["alpha"] = table["p"].astype(float), table["alpha"].astype(float)
    raising = table["raises"].astype(bool).to_numpy()
    q = np.full(len(table), np.nan)
    q[raising] = benjamini_hochberg(table.loc[raising, "p"].to_numpy())
    return table.assign(survives=table["flag"].astype(bool) & (q <= FALSE_DISCOVERY_RATE))


def counting(table: pd.DataFrame) -> tuple[Counting, pd.DataFrame]:
    """The totals, and a row a check (`COLUMNS`), of `comparisons`."""
    raising = table[table["raises"].astype(bool)]
    whole = Counting(
        comparisons=len(table),
        raising=len(raising),
        expected_false_flags=float(expected_false_flags(raising["alpha"].to_numpy(dtype=float))),
        flags=int(raising["flag"].sum()),
        survive=int(raising["survives"].sum()),
    )
    rows = [
        {
            **{"check": check, "raises": bool(raises), "made": len(part)},
            "expected_false": float(expected_false_flags(part["alpha"].to_numpy(dtype=float))),
            **{"flags": int(part["flag"].sum()), "survive": int(part["survives"].sum())},
        }
        for (check, raises), part in table.groupby(["check", "raises"], sort=False)
    ]
    return whole, pd.DataFrame(rows, columns=list(COLUMNS))
