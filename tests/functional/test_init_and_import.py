"""A new partnership in one command, official files brought in, and the first quarter assessed."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

import threatlib as tl
from tests.returns.small import workbook
from threatlib import observations, returns
from threatlib.briefing.pages import Page, overview, quality
from threatlib.catalogue import load
from threatlib.cli_data import import_, init
from threatlib.errors import UsageError
from threatlib.returns.checking import check

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata"
CIN = "dfe_cin"
NEIGHBOURS = "model_version,old_la_code,la_name,rank,neighbour_old_la_code,neighbour_la_name,closeness\n"


def begin(data: Path, *options: str, name: str = "ours", areas: tuple[str, ...] = ("Hackney=E09000012",)) -> Result:
    listed = [part for area in areas for part in ("--area", area)]
    return CliRunner().invoke(init, [name, "--data", str(data), "--quarter", "2023-24-Q4", *listed, *options])


def bring(data: Path, source: str, path: Path, on: str = "2024-11-01") -> Result:
    return CliRunner().invoke(import_, [source, str(path), "--data", str(data), "--received-on", on])


def test_a_new_partnership_is_ready_at_once(tmp_path: Path) -> None:
    done = begin(tmp_path, areas=("Hackney=E09000012", "City of London"))
    assert done.exit_code == 0, done.output
    folder = tmp_path / "ours"
    definitions = load(folder)
    assert definitions.partnership.local_areas == ("Hackney", "City of London", "Hackney and City of London")
    assert sorted(p.name for p in (folder / "forms").iterdir()) == [
        "camhs_2023-24-Q4.xlsx", "city_of_london_childrens_services_2023-24-Q4.xlsx",
        "hackney_childrens_services_2023-24-Q4.xlsx", "police_2023-24-Q4.xlsx",
    ]  # fmt: skip
    assert "threatlib import SOURCE FILE" in (folder / "README.md").read_text()
    checked = check(folder, definitions, date(2024, 5, 1))
    assert (checked.problems, checked.registered, len(checked.table)) == ([], [], 0)


@pytest.mark.parametrize(
    ("name", "areas", "said"),
    [("Our Place", ("Leeds",), "wanted a name of small letters"),
     ("../out", ("Leeds",), "wanted a name of small letters"),
     ("ours", ("Leeds", "Leeds=E08000035"), "found 'Leeds', wanted each local authority once"),
     ("ours", ("England",), "found 'England', wanted each local authority once"),
     ("ours", ("=E08000035",), "found '', wanted each local authority once")],
)  # fmt: skip
def test_what_cannot_be_begun(tmp_path: Path, name: str, areas: tuple[str, ...], said: str) -> None:
    done = begin(tmp_path / "data", name=name, areas=areas)
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
    assert not list(tmp_path.rglob("*.yaml"))


def test_without_an_area_there_is_one_to_be_renamed(tmp_path: Path) -> None:
    done = begin(tmp_path, name="north-shire", areas=())
    assert done.exit_code == 0, done.output
    assert "No --area was given: the one area is called 'North Shire'. Change it in" in done.output
    first = (tmp_path / "north-shire" / "partnership.yaml").read_text().splitlines()[0]
    assert first.startswith("# TO CHANGE: 'North Shire' stands for your local authority")
    partnership = load(tmp_path / "north-shire").partnership
    assert partnership.local_areas == ("North Shire",)
    assert partnership.name == "North Shire Safeguarding Children Partnership"


def test_before_the_first_return_the_pages_say_that_nothing_is_known(tmp_path: Path) -> None:
    begin(tmp_path)
    dataset = tl.load(tmp_path / "ours")
    for audience in ("partners", "internal"):
        assessment = tl.assess(dataset, "2023-24-Q4", audience=audience)
        assert len(assessment.signals) == len(assessment.observations) == 0
        assert set(assessment.findings["direction"]) <= {"cannot_say"}  # a silence may be a finding
        assert list(assessment.observations.columns) == list(observations.COLUMNS)
        assert set(assessment.tables["threats"]["direction"]) == {"cannot_say"}
        assert "No return has been received yet, so nothing can be said" in overview.messages(assessment)
        assert "no figure has been received" in overview.threats(assessment).lower()
        assert "No return has been received yet." in quality.coverage(assessment)
        assert "told in words" not in overview.threats(assessment)
    with pytest.raises(UsageError, match="no data for 2023-24-Q4 known on 2024-04-01"):
        tl.assess(dataset, "2023-24-Q4", as_of="2024-04-01")


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    begin(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert "is there already" in str(begin(tmp_path).exception)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_neighbours_become_areas_and_only_close_ones_comparators(tmp_path: Path) -> None:
    begin(tmp_path)
    rows = ["2021-04,204,Hackney,1,210,Southwark,Close", "2025-05,204,Hackney,2,206,Islington,Not close",
            "2025-05,204,Hackney,1,210,Southwark,Somewhat close",
            "2025-05,383,Leeds,1,373,Sheffield,Close"]  # fmt: skip
    path = tmp_path / "neighbours.csv"
    path.write_text(NEIGHBOURS + "\n".join(rows) + "\n")
    assert bring(tmp_path, "statistical-neighbours", path).exit_code == 0
    definitions = load(tmp_path / "ours")
    assert [a.name for a in definitions.partnership.areas if a.role == "comparator"] == [
        "England",
        "Southwark",
        "Islington",
    ]
    assert definitions.catalogue.by_id["csc_referrals"].comparators == ("Southwark", "England")


def test_a_neighbour_of_one_area_does_not_stand_beside_another(tmp_path: Path) -> None:
    begin(tmp_path, areas=("Hackney=E09000012", "City of London=E09000001"))
    path = tmp_path / "n.csv"
    path.write_text(NEIGHBOURS + "2025-05,204,Hackney,1,210,Southwark,Close\n"
                    "2025-05,201,City of London,1,213,Westminster,Not close\n")  # fmt: skip
    assert bring(tmp_path, "statistical-neighbours", path).exit_code == 0
    definitions = load(tmp_path / "ours")
    referrals = definitions.catalogue.by_id["csc_referrals"]
    assert definitions.comparators(referrals, "Hackney") == ("Southwark", "England")
    assert definitions.comparators(referrals, "City of London") == ("England",)
    assert definitions.comparators(referrals, "Hackney and City of London") == ("Southwark", "England")
    assert definitions.comparators(referrals, "an area of nobody's") == ("England",)


def test_without_neighbours_the_word_is_no_area(tmp_path: Path) -> None:
    begin(tmp_path)
    comparators = load(tmp_path / "ours").catalogue.by_id["csc_referrals"].comparators
    assert comparators == ("neighbours", "England")


def test_what_cannot_be_brought_in_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    begin(tmp_path)
    folder = tmp_path / "ours"
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    path = tmp_path / "download.csv"

    def said(source: str, content: str | bytes | None) -> str:
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(bring(tmp_path, source, path).exception)

    assert "no such file" in said("ons-population", None)
    assert "no source 'police'; there are dfe-children-in-need" in said("police", "a\n")
    changed = NEIGHBOURS.replace("closeness", "distance")
    assert "found a header without 'closeness'; with the new 'distance'" in said("statistical-neighbours", changed)
    assert "no rows under the header" in said("statistical-neighbours", NEIGHBOURS)
    elsewhere = NEIGHBOURS + "2025-05,383,Leeds,1,373,Sheffield,Close\n"
    assert "nothing about Hackney; the file is about Leeds" in said("statistical-neighbours", elsewhere)
    assert "bytes that are not text" in said("statistical-neighbours", b"\x00\x01\x02" * 9)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_the_same_download_twice_is_refused_and_a_newer_one_kept_beside(tmp_path: Path) -> None:
    begin(tmp_path)
    path = tmp_path / "n.csv"
    path.write_text(NEIGHBOURS + "2025-05,204,Hackney,1,210,Southwark,Close\n")
    assert bring(tmp_path, "statistical-neighbours", path).exit_code == 0
    assert "imported before" in str(bring(tmp_path, "statistical-neighbours", path).exception)
    path.write_text(NEIGHBOURS + "2025-05,204,Hackney,1,206,Islington,Close\n")
    assert bring(tmp_path, "statistical-neighbours", path, on="2025-11-01").exit_code == 0
    register = pd.read_csv(tmp_path / "ours" / "register.csv", dtype=str)
    assert register["file"].tolist() == [
        "official/statistical-neighbours/n.csv", "official/statistical-neighbours/n-2025-11-01.csv"
    ]  # fmt: skip


BREAKS = """
annotations:
  - {id: csa-one-column, kind: break, title: One column became two, reason: The source split the factor., said_by: DfE,
     status: settled, indicators: [csa_assessments_either], areas: [Hackney], start: "2020-04",
     expect: {rows_at_least: 1}}
  - {id: cyberattack, kind: gap, title: Records lost, reason: A cyber attack., said_by: Hackney, status: accepted,
     indicators: [csc_referrals], areas: [Hackney], start: "2020-04", end: "2022-03",
     expect: {missing: true, rows_at_least: 24}}
"""


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared reference material is not present")
def test_a_quarter_of_a_partnership_made_of_official_files(tmp_path: Path) -> None:
    begin(tmp_path, areas=("Hackney=E09000012", "City of London=E09000001"))
    for source, name in (
        ("statistical-neighbours", "statistical_neighbours_2021_2025.csv"),
        ("ons-population", "ons_mye_0to17_by_la_2012_to_2024.csv"),
        ("dfe-referrals-by-month", f"{CIN}/c6_children_in_need_referrals_by_month_2013_to_2024.csv"),
        ("dfe-factors", f"{CIN}/c3_factors_identified_at_end_of_assessment_2018_to_2025.csv"),
        ("dfe-workforce", "dfe_csww_indicators_2017_to_2025.csv"),
        ("mps-boroughs", "mps/originals/mps_borough_level_crime_24m_to_202511.csv"),
    ):
        done = bring(tmp_path, source, REAL / name)
        assert done.exit_code == 0, str(done.exception)
    folder = tmp_path / "ours"
    assert load(folder).catalogue.by_id["csc_referrals"].comparators == (
        "Southwark", "Islington", "Haringey", "Lambeth", "Tower Hamlets", "Lewisham", "Camden", "England"
    )  # fmt: skip
    (folder / "annotations.yaml").write_text(BREAKS)
    place = folder / "returns" / "2023-24-Q4"
    place.mkdir(parents=True)
    lines = [
        ["indicator", "area", "period", "value"],
        *(["csc_contacts", "Hackney", f"2024-0{m}", 900 + m] for m in (1, 2, 3)),
    ]
    (place / "hackney_childrens_services.xlsx").write_bytes(workbook(("Return", lines)))
    checked = check(folder, load(folder), date(2024, 5, 1))
    assert [str(p) for p in checked.faults] == []
    assert checked.registered == ["returns/2023-24-Q4/hackney_childrens_services.xlsx"]
    dataset = tl.load(folder)
    known = dataset.table
    lost = known[known["marks"].str.contains("cyberattack") & (known["kind"] == "month")]
    assert len(lost) == 24
    assert lost["value"].isna().all()
    assert set(lost["status"]) == {"not_returned"}
    hackney = known[
        (known["indicator"] == "csc_referrals") & (known["area"] == "Hackney") & (known["kind"] == "quarter")
    ]
    assert "2019-20-Q4" in set(hackney["period"])
    assert not {"2020-21-Q1", "2021-22-Q4"} & set(hackney["period"])
    assert hackney.loc[hackney["period"] == "2023-24-Q4", "denominator"].item() == 54690
    assert known["marks"].str.contains("csa-one-column").any()
    weapons = known[(known["indicator"] == "police_weapon_possession_all_ages") & (known["area"] == "Hackney")]
    late = weapons[(weapons["kind"] == "month") & (weapons["status"] == "provisional")]
    assert sorted(late["period"]) == ["2025-09", "2025-10", "2025-11"]
    assert weapons.loc[weapons["period"] == "2025-26-Q2", "status"].tolist() == ["provisional"]
    assert weapons.loc[weapons["period"] == "2025-26-Q1", "status"].tolist() == ["reported"]
    assessment = tl.assess(dataset, "2025-26-Q2")
    page = Page("data_quality", assessment)
    assert all(words in page.declared().html for words in ("Records lost", "Gap", "One column became two", "Break"))
    theme = Page("csa", assessment).subtopics().html
    assert 'href="data_quality.html#csa-one-column"' in theme
    shown = Page("briefing", assessment).context().html
    assert re.search(r"Possession of weapons, all ages.{0,600}\[p\]", shown, re.DOTALL)
    released = assessment.observations
    gone = released[(released["indicator"] == "csc_referrals") & (released["area"] == "Hackney")]
    gone = gone[gone["period"].between("2020-04", "2022-03") & (gone["kind"] == "month")]
    assert (len(gone), set(gone["status"])) == (24, {"not_returned"})
    (folder / "annotations.yaml").write_text("annotations: []\n")
    kept = ["indicator", "area", "period", "kind", "value", "status"]
    assert tl.load(folder).table[kept].equals(known[kept])  # what is declared explains figures; it changes none


ELSEWHERE = {
    "Leeds": "E08000035", "Cornwall": "E06000052", "Isles of Scilly": "E06000053", "Rutland": "E06000017",
    "Westmorland and Furness": "E06000064",
}  # fmt: skip


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared reference material is not present")
@pytest.mark.parametrize(("area", "code"), ELSEWHERE.items())
@pytest.mark.parametrize("by_code", [True, False])
def test_population_and_neighbours_of_any_authority(tmp_path: Path, area: str, code: str, by_code: bool) -> None:
    begin(tmp_path, areas=(f"{area}={code}" if by_code else area,))
    done = bring(tmp_path, "statistical-neighbours", REAL / "statistical_neighbours_2021_2025.csv")
    assert "registered, 10 neighbours" in done.output
    done = bring(tmp_path, "ons-population", REAL / "ons_mye_0to17_by_la_2012_to_2024.csv")
    assert "nothing of" not in done.output
    definitions = load(tmp_path / "ours")
    assert len([a for a in definitions.partnership.areas if a.role == "comparator"]) == 11
    with (REAL / "ons_mye_0to17_by_la_2012_to_2024.csv").open(encoding="utf-8-sig", newline="") as handle:
        wanted = {
            f"{row['time_period']}-06-30": float(row["population_estimate"])
            for row in csv.DictReader(handle)
            if row["new_la_code"] == code and row["age_group"] == "Children aged 0 to 17 years"
        }
    table, _, problems = returns.read(tmp_path / "ours", definitions)
    assert problems == []
    own = table[table["area"] == area]
    assert dict(zip(own["period"], own["value"], strict=True)) == wanted
    assert len(wanted) >= 2


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared reference material is not present")
def test_a_name_the_publisher_does_not_know_is_said(tmp_path: Path) -> None:
    begin(tmp_path, areas=("Leads",))
    done = bring(tmp_path, "ons-population", REAL / "ons_mye_0to17_by_la_2012_to_2024.csv")
    assert "It says nothing of Leads; if it should, mend the name or code in" in done.output


def test_official_files_count_by_the_measures_that_the_catalogue_names(tmp_path: Path) -> None:
    begin(tmp_path)
    folder = tmp_path / "ours"
    columns = "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name," \
        "old_la_code,new_la_code,la_name,age_group,population_estimate"  # fmt: skip
    path = tmp_path / "mye.csv"
    head = "Reporting year,Local authority,E92000001,England,E13000001,Inner London,204"
    path.write_text(f"{columns}\n2023,{head},E09000012,Hackney,Children aged 0 to 17 years,54690\n"
                    f"2023,{head},E09000099,Elsewhere,Children aged 0 to 17 years,1\n")  # fmt: skip
    assert "1 figure of the catalogue" in bring(tmp_path, "ons-population", path).output
    table, _, problems = returns.read(folder, load(folder))
    assert problems == []
    row = table.iloc[0]
    assert (row["area"], row["period"], row["value"], row["row"]) == ("Hackney", "2023-06-30", 54690, 2)
    assert row["obs"] == "official/ons-population/mye.csv:2"
    assert (row["agency"], row["source"]) == ("Office for National Statistics", "official")


def test_the_first_return_alone_can_be_assessed(tmp_path: Path) -> None:
    begin(tmp_path)
    folder = tmp_path / "ours"
    place = folder / "returns" / "2023-24-Q4" / "hackney_childrens_services_2023-24-Q4.xlsx"
    place.parent.mkdir(parents=True)
    book = load_workbook(folder / "forms" / place.name)
    sheet = book["Return"]
    columns = {cell.value: cell.column for cell in sheet[4]}
    due = [n for n in range(5, sheet.max_row + 1) if sheet.cell(n, columns["indicator"]).value == "csc_contacts"]
    for line, value in zip(due, (900, 0, 1017), strict=True):
        sheet.cell(line, columns["value"]).value = value
    book.save(place)
    checked = check(folder, load(folder), date(2024, 5, 1))
    assert (checked.problems, len(checked.registered)) == ([], 1)
    assessment = tl.assess(tl.load(folder), "2023-24-Q4")
    known = assessment.tables["observations"]
    contacts = known[(known["indicator"] == "csc_contacts") & (known["kind"] == "quarter")]
    assert contacts["value"].tolist() == [1917]
    assert set(known.loc[known["indicator"] == "csc_cp_plans", "status"]) == {"not_returned"}
