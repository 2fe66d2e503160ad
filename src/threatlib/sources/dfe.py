"""Department for Education: explore-education-statistics files, one row an area and year, one column a measure.

A release's year is the year it ends in: ``2024`` is April 2023 to March 2024, and of the workforce the year to
30 September 2024. ``c`` is suppressed (1 to 5), ``z`` not applicable, ``low`` rounds to zero, ``u`` is unreliable.
``x`` has two meanings: where every authority of the year has it the measure was not collected; otherwise the authority
did not return it. Counts of regions and England are rounded to the nearest 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import numpy as np
import pandas as pd

from threatlib.sources.source import YEAR, Source, finished, melted

PUBLISHER = "Department for Education"
_PAGE = "https://explore-education-statistics.service.gov.uk/find-statistics/"
_PLACES = ("country_code", "country_name", "region_code", "region_name", "old_la_code", "la_name", "new_la_code")
_HEAD = ("time_period", "time_identifier", "geographic_level", *_PLACES)
_MONTHS = (
    "April", "May", "June", "July", "August", "September", "October", "November", "December", "January", "February",
    "March",
)  # fmt: skip

_SHAPES = {"time_period": YEAR}

Period = Callable[[pd.Series, pd.Series], pd.Series]
"""From years and measures (both text) to the periods as we write them."""


def _year(years: pd.Series, _: pd.Series) -> pd.Series:
    """``2024`` is the financial year 2023-24."""
    return years.map({year: f"{int(year) - 1:04d}-{int(year) % 100:02d}" for year in set(years)})


def _day(month_day: str) -> Period:
    return lambda years, _: years + f"-{month_day}"


def _mixed(snapshots: str) -> Period:
    """Counts of a day, 31 March, for the measures that look like `snapshots`; of the year for the others."""

    def period(years: pd.Series, measures: pd.Series) -> pd.Series:
        of_day = measures.map({name: bool(re.search(snapshots, name)) for name in set(measures)})
        return _year(years, measures).where(~of_day, years + "-03-31")

    return period


def _workforce(years: pd.Series, measures: pd.Series) -> pd.Series:
    """Flows are of the year to 30 September, everything else of that day."""
    flowing = "starter|leaver|turnover|working_days|absence"
    flows = measures.map({name: bool(re.match(flowing, name)) for name in set(measures)})
    before = years.map({year: f"{int(year) - 1:04d}" for year in set(years)})
    return (years + "-09-30").where(~flows, before + "-10/" + years + "-09")


def _table(
    id_: str, title: str, page: str, period: Period, *versions: str, by: tuple[str, ...] = ("category",)
) -> Source:
    """A table whose measures are all the columns that do not say where, when or of whom."""
    columns = tuple((*_HEAD, *by, *version.split()) for version in versions)

    def read(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
        measures = [name for name in frame.columns if name not in (*_HEAD, *by, "row")]
        several = [name for name in by if name != "category"]
        chosen = measures if several else [name for name in measures if not wanted or name in wanted]
        ids = ["time_period", "code", "name", "geographic_level", *several, "row"]
        rows = melted(_placed(frame)[[*frame.columns, "code", "name"]], ids, chosen)
        if several:
            for name in reversed(several):
                rows["measure"] = rows[name] + "/" + rows["measure"]
            rows = rows[rows["measure"].isin(set(wanted))] if wanted else rows
        rows["period"] = period(rows["time_period"], rows["measure"])
        return finished(_not_available(rows))

    return Source(id_, title, PUBLISHER, _PAGE + page, columns, read, period="time_period", shapes=_SHAPES)


def _by_month(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """One measure, `Referrals`: of each month of the year that ends in March, and of the year."""
    ids = ["time_period", "code", "name", "geographic_level", "row"]
    rows = melted(_placed(frame), ids, ["Referrals", *_MONTHS] if not wanted or "Referrals" in wanted else [])
    number = {name: f"{(place + 3) % 12 + 1:02d}" for place, name in enumerate(_MONTHS)}
    before = rows["time_period"].map({year: f"{int(year) - 1:04d}" for year in set(rows["time_period"])})
    year = rows["time_period"].where(~rows["measure"].isin(_MONTHS[:9]), before)
    month = year + "-" + rows["measure"].map(number).fillna("")
    rows["period"] = month.where(rows["measure"] != "Referrals", _year(rows["time_period"], rows["measure"]))
    rows = _not_available(rows)
    return finished(rows.assign(measure="Referrals"))


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    """The code and name of the area a row is of, at whichever level."""
    level = frame["geographic_level"]
    national, regional = level == "National", level == "Regional"
    code = np.select([national, regional], [frame["country_code"], frame["region_code"]], frame["new_la_code"])
    name = np.select([national, regional], [frame["country_name"], frame["region_name"]], frame["la_name"])
    return frame.assign(code=code, name=name)


def _not_available(rows: pd.DataFrame) -> pd.DataFrame:
    """Tell the two meanings of ``x`` apart, over all authorities of the file."""
    local = rows["geographic_level"] == "Local authority"
    mark = rows["value"].eq("x")
    given = (local & ~mark).groupby([rows["measure"], rows["time_period"]], sort=False).transform("any")
    rows["status"] = np.select([mark & given, mark], ["not_returned", "not_collected"], "")
    rows["note"] = np.where(mark, "'x' in the source: not available", "")
    return rows


_CIN, _CLA = "children-in-need", "children-looked-after-in-england-including-adoptions"
_CSWW = "children-s-social-work-workforce"
_KINDS = ("Neglect", "Physical", "Sexual", "Emotional", "Multiple")
_ABUSE = " ".join(f"{kind}_{when}" for when in ("Initial", "Latest") for kind in _KINDS)
_BANDS = (
    "3_months_or_less", "more_than_3_months_6_months", "more_than_6_months_less_than_1_year",
    "1_year_less_than_2_years", "2_years_or_more",
)  # fmt: skip
_LENGTHS = " ".join(f"{band} {band}_percent" for band in _BANDS)


def _flows(of: str) -> str:
    parts = ("start", "child_start", "end", "child_end", "anypoint", "child_anypoint", "At31")
    return " ".join(f"{of}_{part} {of}_{part}_rate" for part in parts)


SOURCES = (
    _table(
        "dfe-children-in-need", "Children in need (b1)", _CIN, _mixed("At31"),
        "Anypoint_episodes Anypoint_child Started_episodes Started_child Ended_episodes Ended_child At31_episodes "
        "awaiting_assessment",
    ),
    _table(
        "dfe-primary-need", "Primary need of children in need (b3)", _CIN, _day("03-31"),
        "At31_episodes N1_Abuse_or_neglect N2_Childs_disability_or_illness N3_Parents_disability_or_illness "
        "N4_Family_in_acute_stress N5_Family_dysfunction N6_Socially_unacceptable_behaviour N7_Low_income "
        "N8_Absent_parenting N9_Cases_other_than_CIN N0_Not_stated",
    ),
    _table("dfe-cin-plans", "Child in need plans (b7)", _CIN, _mixed("At31"), _flows("CINPlan")),
    _table(
        "dfe-referrals", "Referrals and re-referrals (c1)", _CIN, _year,
        "referral_count rereferral_count rereferral_percent no_further_action_count no_further_action_percent "
        "not_in_need_count not_in_need_percent referral_child_count rereferral_child_count rereferral_child_percent",
        "Referrals Referrals_rate Re_referrals Re_referrals_percent No_Further_Action No_Further_Action_percent "
        "Not_in_Need Not_in_Need_percent Referrals_child Referrals_child_rate Re_referrals_child "
        "Re_referrals_child_percent",
    ),
    _table(
        "dfe-assessments", "Duration of assessments (c2)", _CIN, _year,
        "Assessments_completed Assessments_completed_rate Same_day 1-10_days 11-20_days 21-30_days 31-40_days "
        "41-45_days 46-50_days 51-60_days 61+_days 25th_Percentile_days Median_days 75th_Percentile_days",
    ),
    _table(
        "dfe-factors", "Factors identified at the end of assessment (c3)", _CIN, _year,
        "Episodes_with_assessment_factor Alcohol_Misuse_child Alcohol_Misuse_parent Alcohol_Misuse_person "
        "Drug_Misuse_child Drug_Misuse_parent Drug_Misuse_person Domestic_Abuse_child Domestic_Abuse_parent "
        "Domestic_Abuse_person Mental_Health_child Mental_Health_parent Mental_Health_person "
        "Learning_Disability_child Learning_Disability_parent Learning_Disability_person Physical_Disability_child "
        "Physical_Disability_parent Physical_Disability_person Young_Carer Privately_fostered "
        "Unaccompanied_asylum_seeker Going_missing Child_sexual_exploitation Trafficking Gangs "
        "Socially_unacceptable_behaviour Self_harm Neglect Emotional_Abuse Physical_Abuse_unknown "
        "Physical_Abuse_child_on_child Physical_Abuse_adult_on_child Sexual_Abuse_unknown "
        "Sexual_Abuse_child_on_child Sexual_Abuse_adult_on_child Female_Genital_Mutilation Faith_linked_abuse "
        "Child_criminal_exploitation Other",
    ),
    _table(
        "dfe-section-47", "Section 47 enquiries and initial conferences (c4)", _CIN, _year,
        "Section47 Section47_rate Section47_child Section47_child_rate ICPC ICPC_rate ICPC_child ICPC_child_rate "
        "Duration_0-10_days Duration_11-15_days Duration_16-20_days Duration_21+_days Duration_25th_Percentile "
        "Duration_median Duration_75th_Percentile",
    ),
    _table(
        "dfe-referral-sources", "Referrals by source (c5)", _CIN, _year,
        "Referrals Individual Schools Education_Services Health_Services Housing LA_Services Police "
        "Other_legal_agency Other Anonymous Unknown",
    ),
    Source(
        "dfe-referrals-by-month", "Referrals by month (c6)", PUBLISHER, _PAGE + _CIN,
        ((*_HEAD, "category", "Referrals", *_MONTHS),), _by_month, period="time_period", shapes=_SHAPES,
    ),
    _table("dfe-protection-plans", "Child protection plans (d1)", _CIN, _mixed("At31"), _flows("CPP")),
    _table("dfe-plans-starting", "Plans starting by category of abuse (d2)", _CIN, _year, f"CPP_start {_ABUSE}"),
    _table(
        "dfe-repeat-plans", "Plans that are a second or later one (d3)", _CIN, _year,
        "CPP_start CPP_subsequent CPP_subsequent_percent",
    ),
    _table("dfe-plans", "Plans at 31 March by category of abuse (d4)", _CIN, _day("03-31"), f"CPP_At31 {_ABUSE}"),
    _table("dfe-plan-lengths", "Plans at 31 March by length (d5)", _CIN, _day("03-31"), f"CPP_At31 {_LENGTHS}"),
    _table(
        "dfe-plan-reviews", "Plans reviewed in time (d6)", _CIN, _day("03-31"),
        "CPP_At31_3Months Reviewed_within_timescales Reviewed_within_timescales_percent",
    ),
    _table("dfe-plans-ending", "Plans ending by length (d7)", _CIN, _year, f"CPP_End {_LENGTHS}"),
    _table(
        "dfe-looked-after", "Children looked after, number and rate", _CLA, _mixed("31 March"),
        "population_estimate children_count rate_per_10000", by=("population_type",),
    ),
    _table(
        "dfe-placement-stability", "Stability of placements", _CLA, _day("03-31"),
        "children_count children_percent", by=("cla_group", "placement_stability"),
    ),
    _table(
        "dfe-workforce", "Children's social work workforce", _CSWW, _workforce,
        "inpost_fte inpost_headcount starters_fte starters_headcount leavers_fte leavers_headcount turnover_rate_fte "
        "turnover_rate_headcount agency_fte agency_headcount agency_rate_fte agency_rate_headcount agency_cover_fte "
        "agency_cover_rate_fte vacancy_fte vacancy_rate_fte vacancy_agency_cover_rate_fte case_holders_fte cases "
        "caseload_fte working_days_lost_fte absence_rate_fte",
        "social_worker_fte leaver_fte turnover_rate_fte_% working_days_lost_fte absence_rate_fte_% agency_fte "
        "agency_worker_rate_fte_% agency_cover_fte agency_cover_rate_fte_% vacancy_fte vacancy_rate_fte_% "
        "vacancy_agency_cover_rate_fte_% case_holders_fte cases caseload_fte social_worker_headcount leaver_headcount "
        "turnover_rate_headcount_% agency_headcount agency_worker_rate_headcount_%",
        by=(),
    ),
)  # fmt: skip
