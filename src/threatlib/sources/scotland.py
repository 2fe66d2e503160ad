"""Public Health Scotland: CAMHS waiting times by health board and month, one column a measure."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from threatlib.sources.source import MONTH, Source, finished, melted

_MEASURES = (
    "Number of referrals accepted", "Number of referrals received", "Total patients seen",
    "Number of patients seen in 0 to 18 weeks", "Number of patients seen in 19 to 35 weeks",
    "Number of patients seen in 36 to 52 weeks", "Number of patients seen in over 52 weeks",
    "Median number of weeks patients seen in", "90thPercentileWeeksPatientsSeen",
    "Number of patients seen in over 18 weeks", "Total number of patients waiting",
    "Number of patients waiting from 0 to 18 weeks", "Number of patients waiting between 19 and 35 weeks",
    "Number of patients waiting between 36 and 52 weeks", "Number of patients waiting more than 52 weeks",
    "Number of patients waiting over 18 weeks",
)  # fmt: skip


def _read(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    chosen = [name for name in _MEASURES if not wanted or name in wanted]
    rows = melted(frame, ["HB", "Health board", "Month", "row"], chosen)
    whole = rows["value"].str.fullmatch(r"\d+\.0")
    rows["value"] = rows["value"].where(~whole, rows["value"].str.removesuffix(".0"))
    return finished(rows.rename(columns={"HB": "code", "Health board": "name", "Month": "period"}))


SOURCES = (
    Source(
        "phs-camhs",
        "CAMHS waiting times by health board and month",
        "Public Health Scotland",
        "https://publichealthscotland.scot/publications/child-and-adolescent-mental-health-services-camhs-waiting-times/",
        (("HB", "Month", "Health board", *_MEASURES),),
        _read,
        period="Month",
        shapes={"Month": MONTH},
    ),
)
