"""Office for National Statistics: mid-year population, as explore-education-statistics publishes it by authority."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from threatlib.sources.source import YEAR, Source, finished

_COLUMNS = (
    "time_period", "time_identifier", "geographic_level", "country_code", "country_name", "region_code", "region_name",
    "old_la_code", "new_la_code", "la_name", "age_group", "population_estimate",
)  # fmt: skip


def _read(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """A measure is an age group; the estimate is of 30 June of its year."""
    frame = frame[frame["age_group"].isin(set(wanted))] if wanted else frame
    national, regional = (frame["geographic_level"] == level for level in ("National", "Regional"))
    return finished(
        pd.DataFrame(
            {
                "measure": frame["age_group"],
                "code": np.select(
                    [national, regional], [frame["country_code"], frame["region_code"]], frame["new_la_code"]
                ),
                "name": np.select(
                    [national, regional], [frame["country_name"], frame["region_name"]], frame["la_name"]
                ),
                "period": frame["time_period"] + "-06-30",
                "value": frame["population_estimate"],
                "row": frame["row"],
            }
        )
    )


SOURCES = (
    Source(
        "ons-population",
        "Mid-year population of children by authority",
        "Office for National Statistics",
        "https://explore-education-statistics.service.gov.uk/find-statistics/children-looked-after-in-england-including-adoptions",
        (_COLUMNS,),
        _read,
        period="time_period",
        value="population_estimate",
        shapes={"time_period": YEAR},
    ),
)
