"""Official downloads, value by value: what the publisher's file says of Hackney and the City is what is read."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.returns.small import CATALOGUE, PARTNERSHIP, partnership, receive
from threatlib import returns
from threatlib.catalogue import load
from threatlib.returns.grids import sheets
from threatlib.returns.official import read_source
from threatlib.sources import SOURCES

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the shared reference material is not present")

AREAS = {"E09000012": "Hackney", "E09000001": "City of London", "E92000001": "England"}
Expected = Iterator[tuple[str, str, str, str]]
"""Area, measure, period, cell."""


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        yield from csv.DictReader(handle)


def dfe(period: Callable[[str, str], str], by: tuple[str, ...] = ()) -> Callable[[Path], Expected]:
    beside = {"time_period", "time_identifier", "geographic_level", "country_code", "country_name", "region_code",
              "region_name", "old_la_code", "new_la_code", "la_name", "category", *by}  # fmt: skip

    def expected(path: Path) -> Expected:
        for row in rows_of(path):
            code = row["country_code"] if row["geographic_level"] == "National" else row["new_la_code"]
            for name, cell in row.items():
                if code in AREAS and name not in beside:
                    measure = "/".join([*(row[b] for b in by), name])
                    yield AREAS[code], measure, period(row["time_period"], measure), cell

    return expected


def year(text: str, _: str) -> str:
    return f"{int(text) - 1}-{text[2:]}"


def march(text: str, _: str) -> str:
    return f"{text}-03-31"


def mixed(text: str, measure: str) -> str:
    return march(text, "") if "At31" in measure or "31 March" in measure else year(text, "")


def workforce(text: str, measure: str) -> str:
    flow = any(word in measure for word in ("starter", "leaver", "turnover", "working_days", "absence"))
    return f"{int(text) - 1}-10/{text}-09" if flow else f"{text}-09-30"


def by_month(text: str, measure: str) -> str:
    order = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
             "November", "December"]  # fmt: skip
    if measure == "Referrals":
        return year(text, "")
    number = order.index(measure) + 1
    return f"{int(text) - (number > 3)}-{number:02d}"


def monthly(path: Path) -> Expected:
    for area, column, period, cell in dfe(by_month)(path):
        assert column
        yield area, "Referrals", period, cell


def population(path: Path) -> Expected:
    for row in rows_of(path):
        code = row["country_code"] if row["geographic_level"] == "National" else row["new_la_code"]
        if code in AREAS:
            yield AREAS[code], row["age_group"], f"{row['time_period']}-06-30", row["population_estimate"]


def mps(path: Path) -> Expected:
    for row in rows_of(path):
        cells = list(row.items())
        if cells[2][1] == "Hackney":
            for name, cell in cells[3:]:
                yield "Hackney", f"{cells[0][1]} > {cells[1][1]}", f"{name[:4]}-{name[4:]}", cell


def fingertips(path: Path) -> Expected:
    for row in rows_of(path):
        if row["Area Code"] in AREAS:
            for measure, column in (("90284", "Value"), ("90284/count", "Count")):
                yield AREAS[row["Area Code"]], measure, row["Time period"].replace("/", "-"), row[column]


def lait(path: Path) -> Expected:
    for row in rows_of(path):
        if row["area"] in AREAS.values():
            text = row["period"]
            long = re.fullmatch(r"(\d{4})/\d\d-\d\d/(\d\d)", text)
            span = re.fullmatch(r"(\d{4})-(\d\d)", text)
            if long:
                text = f"{long[1]}-04/20{long[2]}-03"
            elif span and (int(span[1]) + 1) % 100 != int(span[2]):
                text = f"{span[1]}/20{span[2]}"
            yield (
                row["area"],
                row["measure_short"],
                text.replace("/", "-") if "/" in text[:5] and len(text) == 7 else text,
                row["value"],
            )


def in_contact(path: Path) -> Expected:
    for row in rows_of(path):
        yield "England", row["measure"], row["date"][:7], row["count"]


def scotland(path: Path) -> Expected:
    for row in rows_of(path):
        if row["HB"] == "S92000003":
            for name, cell in row.items():
                if name not in ("HB", "Month", "Health board"):
                    yield "Scotland", name, row["Month"], cell


CIN = "dfe_cin"
FILES: list[tuple[str, str, Callable[[Path], Expected]]] = [
    ("dfe-children-in-need", f"{CIN}/b1_children_in_need_2013_to_2025.csv", dfe(mixed)),
    ("dfe-primary-need", f"{CIN}/b3_cin_primary_need_2013_to_2024.csv", dfe(march)),
    ("dfe-cin-plans", f"{CIN}/b7_child_in_need_plans_2022_to_2024.csv", dfe(mixed)),
    ("dfe-referrals", f"{CIN}/c1_children_in_need_referrals_and_rereferrals_2013_to_2024.csv", dfe(year)),
    ("dfe-referrals", f"{CIN}/c1_children_in_need_referrals_and_rereferrals_2013_to_2025.csv", dfe(year)),
    ("dfe-assessments", f"{CIN}/c2_children_in_need_assessments_duration_2014_to_2024.csv", dfe(year)),
    ("dfe-factors", f"{CIN}/c3_factors_identified_at_end_of_assessment_2018_to_2025.csv", dfe(year)),
    ("dfe-section-47", f"{CIN}/c4_children_in_need_section_47s_and_icpcs_2013_to_2024.csv", dfe(year)),
    ("dfe-referral-sources", f"{CIN}/c5_children_in_need_referrals_by_source_2014_to_2024.csv", dfe(year)),
    ("dfe-referrals-by-month", f"{CIN}/c6_children_in_need_referrals_by_month_2013_to_2024.csv", monthly),
    ("dfe-protection-plans", f"{CIN}/d1_child_protection_plans_2013_to_2024.csv", dfe(mixed)),
    ("dfe-plans-starting", f"{CIN}/d2_cpps_starting_by_category_of_abuse_2013_to_2024.csv", dfe(year)),
    ("dfe-repeat-plans", f"{CIN}/d3_cpps_subsequent_plan_2013_to_2025.csv", dfe(year)),
    ("dfe-plans", f"{CIN}/d4_cpps_at31march_by_category_of_abuse_2013_to_2024.csv", dfe(march)),
    ("dfe-plan-lengths", f"{CIN}/d5_cpps_at31march_by_duration_2013_to_2025.csv", dfe(march)),
    ("dfe-plan-reviews", f"{CIN}/d6_cpps_reviewed_within_timescales_2013_to_2024.csv", dfe(march)),
    ("dfe-plans-ending", f"{CIN}/d7_cpps_ending_by_duration_2013_to_2024.csv", dfe(year)),
    ("dfe-looked-after", "dfe_cla_number_and_rate_2021_to_2025.csv", dfe(mixed, ("population_type",))),
    ("dfe-placement-stability", "dfe_cla_placement_stability_2021_to_2025.csv",
     dfe(march, ("cla_group", "placement_stability"))),
    ("dfe-workforce", "dfe_csww_indicators_2017_to_2025.csv", dfe(workforce)),
    ("dfe-workforce", "dfe_csww_headline_measures_2017_to_2022_vintage.csv", dfe(workforce)),
    ("ons-population", "ons_mye_0to17_by_la_2012_to_2024.csv", population),
    ("fingertips", "fingertips_90284_hospital_admissions_injuries_0to14_2010_to_2024.csv", fingertips),
    ("lait", "lait/lait_measures_long.csv", lait),
    ("mps-boroughs", "mps/originals/mps_borough_level_crime_historical_201004_202311.csv", mps),
    ("mps-boroughs", "mps/originals/mps_borough_level_crime_24m_to_202511.csv", mps),
    ("mps-boroughs", "mps/originals/mps_borough_level_crime_24m_to_202512.csv", mps),
    ("mps-boroughs", "mps/originals/mps_borough_level_crime_24m_to_202606_newschema.csv", mps),
    ("nhs-in-contact", "mh/england_mh_people_in_contact_monthly_201604_202404.csv", in_contact),
    ("phs-camhs", "mh/camhs_scotland_monthly_by_health_board.csv", scotland),
]  # fmt: skip

BESIDE = [
    ("nhs-early-intervention", "mh/eip_waiting_times_elft_cityhackneyccg_monthly_201512_201909.csv"),
    ("statistical-neighbours", "statistical_neighbours_2021_2025.csv"),
]
"""Real files that are not of the areas' figures: read in tests of their own, below."""

MEANING = {
    "c": "suppressed_by_source", "z": "not_applicable", "low": "suppressed_by_source", "u": "suppressed_by_source",
    "": "not_returned", ":": "not_collected",
}  # fmt: skip


def folder_with(tmp_path: Path, source: str, measures: set[str]) -> tuple[Path, dict[str, str]]:
    """A partnership whose catalogue takes every measure of a source."""
    folder = partnership(tmp_path / "real")
    text = PARTNERSHIP.replace("Northam", "Hackney").replace("Southam", "City of London")
    text = text.replace(
        "  - {name: England,", "  - {name: Scotland, code: S92000003, role: comparator}\n  - {name: England,"
    )
    (folder / "partnership.yaml").write_text(text)
    catalogue = yaml.safe_load(CATALOGUE)
    ids = {measure: f"m{place}" for place, measure in enumerate(sorted(measures))}
    catalogue["indicators"] += [
        {"id": id_, "name": id_, "definition": measure, "unit": "percent", "polarity": "neither", "theme": "context",
         "agency": "Department for Education", "frequency": "irregular", "official": [f"{source}/{measure}"]}
        for measure, id_ in ids.items()
    ]  # fmt: skip
    (folder / "catalogue.yaml").write_text(yaml.safe_dump(catalogue))
    return folder, ids


def read(tmp_path: Path, source: str, name: str, wanted: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    folder, ids = folder_with(tmp_path, source, {measure for _, measure, _, _ in wanted})
    receive(folder, f"official/{source}/{Path(name).name}", (REAL / name).read_bytes(), kind="official", agency="")
    table, _, problems = returns.read(folder, load(folder))
    assert [str(p) for p in problems] == []
    names = {id_: measure for measure, id_ in ids.items()}
    return table.assign(measure=table["indicator"].map(names))


@pytest.mark.parametrize(("source", "name", "expected"), FILES, ids=[Path(name).stem[:40] for _, name, _ in FILES])
def test_every_figure_of_the_areas_is_read_with_its_meaning(
    tmp_path: Path, source: str, name: str, expected: Callable[[Path], Expected]
) -> None:
    wanted = list(dict.fromkeys(expected(REAL / name)))  # Fingertips repeats England for every kind of area
    table = read(tmp_path, source, name, wanted)
    assert len(wanted) >= 39
    assert Counter(table["area"]) == Counter(area for area, *_ in wanted)
    found = {
        (row.area, row.measure, row.period): (row.value, row.status)
        for row in table[["area", "measure", "period", "value", "status"]].itertuples(index=False)
    }
    assert len(found) == len({(a, m, p) for a, m, p, _ in wanted}) == len(wanted)
    for area, measure, period, cell in wanted:
        value, status = found[area, measure, period]
        if re.fullmatch(r"-?[\d.]+", cell):
            assert value == float(cell)
            assert status in ("reported", "provisional")
        else:
            assert pd.isna(value)
            assert status == MEANING.get(cell, status)
            assert status in ("not_returned", "not_collected", *MEANING.values())


def test_hackneys_24_missing_months_are_missing_and_not_nought(tmp_path: Path) -> None:
    _, name, expected = next(entry for entry in FILES if entry[0] == "dfe-referrals-by-month")
    table = read(tmp_path, "dfe-referrals-by-month", name, list(expected(REAL / name)))
    months = table[(table["area"] == "Hackney") & (table["kind"] == "month")]
    lost = months[months["status"] == "not_returned"]
    assert sorted(lost["period"])[0] == "2020-04"
    assert sorted(lost["period"])[-1] == "2022-03"
    assert len(lost) == 24
    assert lost["value"].isna().all()
    assert set(table.loc[table["area"] == "City of London", "status"]) >= {"reported", "suppressed_by_source"}
    assert (table.loc[table["area"] == "City of London", "value"] == 0).any()


def test_x_means_two_things_and_the_file_tells_which(tmp_path: Path) -> None:
    _, name, expected = next(entry for entry in FILES if entry[0] == "dfe-factors")
    table = read(tmp_path, "dfe-factors", name, list(expected(REAL / name)))
    hackney = table[table["area"] == "Hackney"].set_index(["measure", "period"])["status"]
    assert hackney["Child_criminal_exploitation", "2019-20"] == "not_collected"
    assert hackney["Sexual_Abuse_child_on_child", "2018-19"] == "not_collected"
    assert hackney["Neglect", "2020-21"] == "not_returned"


def test_the_last_months_of_a_police_release_are_provisional_and_revised(tmp_path: Path) -> None:
    measure = "POSSESSION OF WEAPONS > POSSESSION OF WEAPONS"
    folder, ids = folder_with(tmp_path, "mps-boroughs", {measure})
    for which, day in (("202512", "2026-01-10"), ("202606_newschema", "2026-07-10")):
        name = f"mps/originals/mps_borough_level_crime_24m_to_{which}.csv"
        receive(folder, f"official/mps-boroughs/{which}.csv", (REAL / name).read_bytes(), kind="official", on=day)
    table, _, problems = returns.read(folder, load(folder))
    assert problems == []
    early, late = (table[table["received_on"] == day].set_index("period") for day in ("2026-01-10", "2026-07-10"))
    assert early.index[early["status"] == "provisional"].tolist() == ["2025-10", "2025-11", "2025-12"]
    revised = [p for p in ("2025-08", "2025-09", "2025-10", "2025-11", "2025-12")
               if late.loc[p, "value"] > early.loc[p, "value"]]  # fmt: skip
    assert len(revised) >= 3
    assert len(ids) == 1


def test_the_file_says_that_a_figure_is_of_two_areas(tmp_path: Path) -> None:
    _, name, expected = next(entry for entry in FILES if entry[0] == "fingertips")
    table = read(tmp_path, "fingertips", name, list(expected(REAL / name)))
    notes = set(table.loc[table["area"] == "Hackney", "note"])
    assert notes == {"Value for Hackney and City of London combined"}


@pytest.mark.parametrize(
    ("source", "name"),
    [*((s, n) for s, n, _ in FILES), *BESIDE],
    ids=[Path(n).stem[:40] for _, n, *_ in (*FILES, *BESIDE)],
)
def test_a_file_whose_columns_changed_is_refused_with_the_difference(tmp_path: Path, source: str, name: str) -> None:
    folder, _ = folder_with(tmp_path, source, {"a"})
    lines = (REAL / name).read_text(encoding="utf-8-sig").splitlines()[:3]
    first = next(csv.reader([lines[0]]))[0]
    lines[0] = lines[0].replace(first, f"new_{first}", 1)
    receive(folder, f"official/{source}/changed.csv", "\n".join(lines), kind="official")
    _, _, problems = returns.read(folder, load(folder))
    assert len(problems) == 1
    assert f"found a header without '{first}'; with the new 'new_{first}', wanted the columns of '{source}'" in str(
        problems[0]
    )


def test_early_intervention_by_group_provider_and_month(tmp_path: Path) -> None:
    source, name = "nhs-early-intervention", "mh/eip_waiting_times_elft_cityhackneyccg_monthly_201512_201909.csv"
    folder, _ = folder_with(tmp_path, source, {"pathways completed this month/Total_Pathways"})
    text = (folder / "partnership.yaml").read_text()
    local = "  - {name: City and Hackney CCG, code: 07T}\n  - {name: England,"
    (folder / "partnership.yaml").write_text(text.replace("  - {name: England,", local))
    receive(folder, f"official/{source}/eip.csv", (REAL / name).read_bytes(), kind="official")
    table, _, problems = returns.read(folder, load(folder))
    assert problems == []
    wanted = {
        (f"Provider: {row['Provider_Org_code']}", row["month"]): float(row["Total_Pathways"])
        for row in rows_of(REAL / name)
        if row["Org_Code"] == "07T" and row["Description"] == "EIP pathways completed this month"
    }
    assert dict(zip(zip(table["breakdown"], table["period"], strict=True), table["value"], strict=True)) == wanted
    assert len(wanted) >= 46


def test_every_neighbour_of_both_models_is_read() -> None:
    with (REAL / BESIDE[1][1]).open(encoding="utf-8-sig", newline="") as handle:
        wanted = [tuple(cell.strip() for cell in row.values()) for row in csv.DictReader(handle)]
    frame, problems = read_source(sheets(REAL / BESIDE[1][1], "n.csv")[0], SOURCES["statistical-neighbours"], "n.csv")
    assert frame is not None
    assert problems == []
    rows = SOURCES["statistical-neighbours"].read(frame, ())
    found = zip(rows["period"], frame["old_la_code"], rows["name"], rows["value"], frame["neighbour_old_la_code"],
                rows["breakdown"], rows["note"], strict=True)  # fmt: skip
    assert list(found) == wanted
    ours = rows[rows["name"].isin(["Hackney", "City of London"])]
    assert Counter(ours["period"]) == {"2021-04": 20, "2025-05": 20}
    assert rows.loc[rows["name"] == "City of London", "note"].eq("Not close").all()


MARKS = {
    "c": ("suppressed_by_source", 1, 5), "low": ("suppressed_by_source", 0, 0.5),
    "u": ("suppressed_by_source", 0, math.inf), "z": ("not_applicable", None, None),
}  # fmt: skip


@pytest.mark.parametrize("source", ["dfe-workforce", "dfe-referrals-by-month", "dfe-assessments"])
def test_low_u_and_z_keep_their_meaning_wherever_they_really_stand(tmp_path: Path, source: str) -> None:
    """Not Hackney's: every cell of every authority of the file that holds a mark."""
    name = next(name for s, name, _ in FILES if s == source)
    marked = [row for row in rows_of(REAL / name) if {"low", "u", "z"} & set(row.values())]
    names = sorted({row["la_name"] or row["region_name"] for row in marked})
    measures = {
        column
        for row in rows_of(REAL / name)
        for column, cell in row.items()
        if cell in MARKS and (row["la_name"] or row["region_name"]) in names
    }
    folder, _ = folder_with(tmp_path, source, {"Referrals"} if source == "dfe-referrals-by-month" else measures)
    whole = yaml.safe_load((folder / "partnership.yaml").read_text())
    whole["areas"] += [{"name": place, "role": "comparator"} for place in names]
    (folder / "partnership.yaml").write_text(yaml.safe_dump(whole))
    receive(folder, f"official/{source}/real.csv", (REAL / name).read_bytes(), kind="official", agency="")
    table, _, problems = returns.read(folder, load(folder))
    assert [str(p) for p in problems] == []
    there = Counter(
        (row["la_name"] or row["region_name"], MARKS[cell])
        for row in rows_of(REAL / name)
        for cell in row.values()
        if cell in MARKS and (row["la_name"] or row["region_name"]) in names and row["geographic_level"] != "National"
    )
    hidden = table[table["status"].isin(["suppressed_by_source", "not_applicable"]) & table["area"].isin(names)]
    ends = [
        (row.status, None if pd.isna(row.lower) else row.lower, None if pd.isna(row.upper) else row.upper)
        for row in hidden.itertuples()
    ]
    assert Counter(zip(hidden["area"], ends, strict=True)) == there
    assert sum(there.values()) > 10


def test_every_source_is_read_in_a_test_here_or_beside() -> None:
    by_hand = {"nhs-mhsds"}  # no real file is at hand: tests/sources/test_made_files.py
    assert {source for source, _, _ in FILES} | {source for source, _ in BESIDE} | by_hand == set(SOURCES)
