"""Sources of which there is no real file of the areas, on files made by hand; and what every source promises."""

from __future__ import annotations

import pandas as pd
import pytest

from threatlib.periods import parse
from threatlib.sources import ROWS, SOURCES


def frame(source: str, *rows: tuple[str, ...]) -> pd.DataFrame:
    columns = SOURCES[source].versions[0]
    return pd.DataFrame(rows, columns=list(columns), dtype=object).assign(row=range(2, len(rows) + 2))


def test_mhsds_keeps_levels_breakdowns_stars_and_its_own_status() -> None:
    common = ("MHS23d", "Open referrals, children and young people")
    table = frame(
        "nhs-mhsds",
        ("01/04/2023", "30/04/2023", "Provisional", "England", "England", "England", "NONE", "NONE", *common, "460000"),
        ("01/04/2023", "30/04/2023", "Performance", "ICB", "QMF", "NHS NORTH EAST LONDON", "NONE", "NONE",
         *common, "*"),
        ("2023-04-01", "2023-06-30", "Final", "ICB; Age Group", "QMF", "NHS NORTH EAST LONDON", "0-17", "Under 18",
         *common, "25"),
        ("01/04/2023", "30/04/2023", "Final", "England", "England", "England", "NONE", "NONE", "MHS01", "Other", "1"),
    )  # fmt: skip
    rows = SOURCES["nhs-mhsds"].read(table, ["MHS23d"])
    assert list(rows.columns) == list(ROWS)
    assert rows[["code", "breakdown", "period", "value", "status", "row"]].to_numpy().tolist() == [
        ["E92000001", "", "2023-04", "460000", "provisional", 2],
        ["QMF", "", "2023-04", "<5", "", 3],
        ["QMF", "Age Group: Under 18", "2023-04/2023-06", "25", "", 4],
    ]


def test_early_intervention_is_by_group_provider_and_band() -> None:
    weeks = ("1", *["0"] * 12, "1")
    row = ("RWK", "ELFT", "07T", "CITY AND HACKNEY", "EIP pathways completed this month", *weeks, "2015-12")
    table = frame("nhs-early-intervention", row)
    rows = SOURCES["nhs-early-intervention"].read(table, ["pathways completed this month/Total_Pathways"])
    assert rows[["code", "breakdown", "period", "value", "letter"]].to_numpy().tolist() == [
        ["07T", "Provider: RWK", "2015-12", "1", "S"]
    ]


def test_neighbours_are_rows_of_rank_name_and_closeness() -> None:
    table = frame("statistical-neighbours", ("2025-05", "204", "Hackney", "1", "210", "Southwark", "Somewhat close"))
    rows = SOURCES["statistical-neighbours"].read(table, ())
    assert rows[["name", "breakdown", "period", "value", "note"]].to_numpy().tolist() == [
        ["Hackney", "Southwark", "2025-05", "1", "Somewhat close"]
    ]


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_every_source_names_a_difference(source) -> None:  # type: ignore[no-untyped-def]
    for version in source.versions:
        header = [*version, "202401"] if source.repeated else list(version)
        assert source.difference(header) == ""
        assert source.difference(list(reversed(header))) == ""
        assert f"without '{version[0]}'" in source.difference(header[1:])
        assert f"twice '{version[0]}'" in source.difference([*header, version[0]])
        assert "with the new 'extra'" in source.difference([*header, "extra"])
        assert "twice" not in source.difference(header[1:])
    assert source.page.startswith("https://")


def test_a_table_by_month_needs_a_month() -> None:
    assert "no column that looks like" in SOURCES["mps-boroughs"].difference(["Group", "SubGroup", "BOCU"])


@pytest.mark.parametrize(
    ("text", "label"),
    [("2013/14-15/16", "2013-04/2016-03"), ("2014-16", "2014/2016"), ("2024-25", "2024-25"), ("2015/16", "2015-16"),
     ("2023", "2023")],
)  # fmt: skip
def test_the_tools_spellings_of_periods(text: str, label: str) -> None:
    table = frame("lait", ("InfMort", text, "Hackney", "204", "-"))
    rows = SOURCES["lait"].read(table, ())
    assert str(parse(rows["period"][0])) == label
    assert rows[["value", "note"]].to_numpy().tolist() == [["n/k", "'-' in the source: missing, no reason given"]]
