"""NHS England: mental health services monthly (MHSDS, long format), and early intervention waiting times.

Below England the MHSDS shows counts below 5, zero included, as ``*`` and rounds the others to the nearest 5. A file
says of itself whether it is provisional, performance (the refreshed figures) or final.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from threatlib.sources.source import DAY, MONTH, Source, finished, melted

PUBLISHER = "NHS England"
_PAGE = "https://digital.nhs.uk/data-and-information/publications/statistical/mental-health-services-monthly-statistics"
_MHSDS = (
    "REPORTING_PERIOD_START", "REPORTING_PERIOD_END", "STATUS", "BREAKDOWN", "PRIMARY_LEVEL",
    "PRIMARY_LEVEL_DESCRIPTION", "SECONDARY_LEVEL", "SECONDARY_LEVEL_DESCRIPTION", "MEASURE_ID", "MEASURE_NAME",
    "MEASURE_VALUE",
)  # fmt: skip
_WEEKS = (*(f"Gt_{n}_{n + 1}_Weeks" for n in range(12)), "Gt_12_Plus_Weeks", "Total_Pathways")


def _mhsds(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """A measure is its MEASURE_ID; a second breakdown stays one (``Age Group: Under 18``)."""
    frame = frame[frame["MEASURE_ID"].isin(set(wanted))] if wanted else frame
    place = frame["BREAKDOWN"].str.split("; ").str[0]
    second = frame["BREAKDOWN"].str.split("; ").str[1:].str.join("; ")
    start, end = (_days(frame[f"REPORTING_PERIOD_{which}"]) for which in ("START", "END"))
    early = (frame["STATUS"].str.lower() == "provisional") & frame["MEASURE_VALUE"].str.fullmatch(r"[\d.,]+")
    month = start.str[:7] == end.str[:7]
    rows = pd.DataFrame(
        {
            "measure": frame["MEASURE_ID"],
            "code": frame["PRIMARY_LEVEL"].where(place != "England", "E92000001"),
            "name": frame["PRIMARY_LEVEL_DESCRIPTION"].where(place != "England", "England"),
            "breakdown": (second + ": " + frame["SECONDARY_LEVEL_DESCRIPTION"]).where(second != "", ""),
            "period": np.where(month, end.str[:7], start.str[:7] + "/" + end.str[:7]),
            "value": frame["MEASURE_VALUE"].where(frame["MEASURE_VALUE"] != "*", "<5"),
            "status": np.where(early, "provisional", ""),
            "row": frame["row"],
        }
    )
    return finished(rows)


def _days(text: pd.Series) -> pd.Series:
    """Days written ``01/04/2023`` or ``2023-04-01``, as the latter."""
    return text.map({day: "-".join(reversed(day.split("/"))) if "/" in day else day for day in set(text)})


def _early_intervention(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """A measure is ``pathways completed/weeks band``; the area is the commissioning group, a provider its breakdown."""
    rows = melted(frame, ["Org_Code", "CCG_Name", "Provider_Org_code", "Description", "month", "row"], _WEEKS)
    rows["measure"] = rows["Description"].str.removeprefix("EIP ") + "/" + rows["measure"]
    rows = rows[rows["measure"].isin(set(wanted))] if wanted else rows
    return finished(
        rows.rename(columns={"Org_Code": "code", "CCG_Name": "name", "month": "period"}).assign(
            breakdown="Provider: " + rows["Provider_Org_code"]
        )
    )


def _in_contact(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    rows = frame[frame["measure"].isin(set(wanted))] if wanted else frame
    return finished(
        rows.rename(columns={"date": "period", "count": "value"}).assign(
            code="E92000001", name="England", period=rows["date"].str[:7]
        )
    )


SOURCES = (
    Source(
        "nhs-mhsds",
        "Mental health services monthly",
        PUBLISHER,
        _PAGE,
        (_MHSDS,),
        _mhsds,
        period="REPORTING_PERIOD_END",
        value="MEASURE_VALUE",
        shapes={"REPORTING_PERIOD_START": DAY, "REPORTING_PERIOD_END": DAY},
    ),
    Source(
        "nhs-early-intervention",
        "Early intervention in psychosis, waiting times",
        PUBLISHER,
        "https://www.england.nhs.uk/statistics/statistical-work-areas/eip-waiting-times/",
        (("Provider_Org_code", "Provider_name", "Org_Code", "CCG_Name", "Description", *_WEEKS, "month"),),
        _early_intervention,
        period="month",
        shapes={"month": MONTH},
    ),
    Source(
        "nhs-in-contact",
        "People in contact with services",
        PUBLISHER,
        _PAGE,
        (("date", "measure", "count"),),
        _in_contact,
        period="date",
        value="count",
        shapes={"date": DAY},
    ),
)
