"""Metropolitan Police: recorded offences by borough and month, one column a month.

The columns were called MajorText, MinorText, BoroughName until 2026, and Group, SubGroup, BOCU since. The last months
of a file are revised in later ones: they are provisional. Counts are of all ages, and the City is not in them.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from threatlib.sources.source import Source, finished, melted

PROVISIONAL_MONTHS = 3
"""How many months at the end of a file are revised afterwards, as a rule."""

_VERSIONS = (("Group", "SubGroup", "BOCU"), ("MajorText", "MinorText", "BoroughName"))


def _read(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    major, minor, borough = next(names for names in _VERSIONS if names[0] in frame)
    months = sorted(name for name in map(str, frame.columns) if name.isdigit())
    frame = frame.assign(offence=frame[major] + " > " + frame[minor], name=frame[borough])
    frame = frame[frame["offence"].isin(set(wanted))] if wanted else frame
    rows = melted(frame, ["offence", "name", "row"], months)
    late = rows["measure"].isin(months[-PROVISIONAL_MONTHS:]) & rows["value"].str.fullmatch(r"\d+")
    rows = rows.assign(
        period=rows["measure"].str[:4] + "-" + rows["measure"].str[4:],
        measure=rows["offence"],
        status=np.where(late, "provisional", ""),
        note=np.where(late, "the last months of a release are revised afterwards", ""),
    )
    return finished(rows)


SOURCES = (
    Source(
        "mps-boroughs",
        "Recorded offences by borough and month",
        "Metropolitan Police",
        "https://data.london.gov.uk/dataset/mps-monthly-crime-dahboard-data",
        _VERSIONS,
        _read,
        repeated=r"20\d\d(?:0[1-9]|1[0-2])",
    ),
)
