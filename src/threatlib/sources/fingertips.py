"""Office for Health Improvement and Disparities: Fingertips downloads, one row an area and time period.

A measure is the indicator's number (``90284``), its count ``90284/count``. Counts are rounded to the nearest 5. The
value note stays with the figure: Hackney's is often of Hackney and the City together.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from threatlib.sources.source import Source, finished, letter

_COLUMNS = (
    "Indicator ID", "Indicator Name", "Area Code", "Area Name", "Area Type", "Sex", "Age", "Time period", "Value",
    "Lower CI 95.0 limit", "Upper CI 95.0 limit", "Count", "Denominator", "Value note", "Recent Trend",
    "Compared to England value or percentiles",
)  # fmt: skip


def _read(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    common = {
        "code": frame["Area Code"],
        "name": frame["Area Name"],
        "breakdown": frame["Sex"].where(frame["Sex"] != "Persons", ""),
        "period": frame["Time period"],
        "note": frame["Value note"],
        "row": frame["row"],
    }
    number, places = frame["Indicator ID"], {name: letter(place) for place, name in enumerate(frame.columns)}
    both = [
        pd.DataFrame(common | {"measure": number + more, "value": frame[name], "letter": places[name]})
        for name, more in (("Value", ""), ("Count", "/count"))
    ]
    rows = pd.concat(both, ignore_index=True)
    rows = rows[rows["measure"].isin(set(wanted))] if wanted else rows
    return finished(rows.drop_duplicates(["measure", "code", "breakdown", "period", "value", "note"]))


SOURCES = (
    Source(
        "fingertips",
        "Public health indicators by authority",
        "Office for Health Improvement and Disparities",
        "https://fingertips.phe.org.uk/",
        (_COLUMNS,),
        _read,
        period="Time period",
    ),
)
