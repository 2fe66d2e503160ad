"""Official downloads: read as a check reads them before anything is written; neighbours of our own areas only."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from threatlib import returns
from threatlib.catalogue import load
from threatlib.cli_data import check, import_, init
from threatlib.errors import DataError
from threatlib.sources import SOURCES

COLUMNS = SOURCES["dfe-referrals"].versions[0]
SHARE = "rereferral_percent"


def release(*rows: tuple[str, str, str], **cells: str) -> str:
    """A download of re-referral shares (area code, year, share); `cells` go into the last row."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="1", lineterminator="\n")
    writer.writeheader()
    for place, (code, year, share) in enumerate(rows, start=1):
        level = "National" if code.startswith("E92") else "Local authority"
        row = {
            "time_period": year,
            "geographic_level": level,
            "new_la_code": code,
            "country_code": "E92000001",
            "la_name": {"E09000012": "Hackney"}.get(code, "Elsewhere"),
            "country_name": "England",
            SHARE: share,
        }
        writer.writerow(row | (cells if place == len(rows) else {}))  # fmt: skip
    return out.getvalue()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("begun")
    done = CliRunner().invoke(
        init, ["ours", "--data", str(data), "--quarter", "2023-24-Q4", "--area", "Hackney=E09000012"]
    )
    assert done.exit_code == 0
    return data / "ours"


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(begun, tmp_path / "ours"))


def tree(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in sorted(folder.rglob("*"))}


def bring(folder: Path, content: str, on: str = "2026-01-05", source: str = "dfe-referrals", name: str = "c1") -> str:
    """What the import says; whatever is refused has left nothing behind, and what is taken in passes a check."""
    path = folder.parent / f"{name}.csv"
    path.write_text(content)
    before = tree(folder)
    done = CliRunner().invoke(import_, [source, str(path), "--data", str(folder.parent), "--received-on", on])
    if done.exit_code:
        assert isinstance(done.exception, DataError), repr(done.exception)
        assert tree(folder) == before
        return str(done.exception).replace(str(folder.parent), "D")
    assert CliRunner().invoke(check, ["--data", str(folder.parent)]).exit_code == 0
    return done.output.replace(str(folder.parent), "D")


GOOD = [("E09000012", "2024", "19.9"), ("E09000012", "2025", "20.1")]


@pytest.mark.parametrize("cell", ["q", "22,6", "NaN", ">5", "1 234", "."])
def test_a_cell_that_cannot_be_read_keeps_the_whole_file_out(folder: Path, cell: str) -> None:
    said = bring(folder, release(*GOOD[:1], ("E09000012", "2025", cell), ("E92000001", "2025", "??")))
    assert f"D/c1.csv, row 3, '{SHARE}': found '{cell}', wanted a percentage. Write digits" in said
    assert f"D/c1.csv, row 4, '{SHARE}': found '??', wanted a percentage." in said  # all at once
    assert not (folder / "official" / "dfe-referrals").exists()


@pytest.mark.parametrize("year", ["20254", "", "two thousand", "time_period", "202312", "1025"])
def test_a_year_that_is_none_is_named_in_its_place(folder: Path, year: str) -> None:
    said = bring(folder, release(*GOOD, ("E09000099", year, "1")))
    found = f"'{year}'" if year else "nothing"
    assert f"D/c1.csv, row 4, 'time_period': found {found}, wanted a year such as 2024. Download it again" in said


def test_a_header_in_the_midst_and_notes_at_the_foot(folder: Path) -> None:
    text = release(*GOOD)
    said = bring(folder, text + text + "Source: DfE\nc = suppressed\n")
    assert "row 4, 'time_period': found 'time_period', wanted a year" in said
    for row in (7, 8):
        assert f"D/c1.csv, row {row}: found 1 cells, wanted {len(COLUMNS)}, as the header has." in said


@pytest.mark.parametrize(
    ("source", "column", "cell", "wanted"),
    [("ons-population", "time_period", "", "a year such as 2024"),
     ("nhs-mhsds", "REPORTING_PERIOD_START", "spring", "a day such as 2024-03-31"),
     ("nhs-in-contact", "date", "04/2024", "a day such as"), ("phs-camhs", "Month", "2024-13", "a month such as"),
     ("nhs-early-intervention", "month", "Jan-24", "a month such as"),
     ("statistical-neighbours", "rank", "x", "a rank from 1"),
     ("statistical-neighbours", "model_version", "", "a model's month such as 2025-05"),
     ("statistical-neighbours", "closeness", "q", "Extremely close, Very close")],
)  # fmt: skip
def test_what_reading_relies_on_is_looked_at_in_every_source(
    folder: Path, source: str, column: str, cell: str, wanted: str
) -> None:
    columns = SOURCES[source].versions[0]
    good = {"rank": "1", "model_version": "2025-05", "closeness": "Close", "la_name": "Hackney", "time_period": "2024"}
    good |= {"REPORTING_PERIOD_START": "2024-03-01", "REPORTING_PERIOD_END": "2024-03-31"}
    row = [(good | {column: cell}).get(name, "1") for name in columns]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, row])
    found = f"'{cell}'" if cell else "nothing"
    assert f"D/c1.csv, row 2, '{column}': found {found}, wanted {wanted}" in bring(
        folder, out.getvalue(), source=source
    )


def test_a_month_of_offences_twice_or_that_is_none(folder: Path) -> None:
    head, body = "Group,SubGroup,BOCU", "SEXUAL OFFENCES,RAPE,Hackney"
    for months, said in (("202405,202405", "twice '202405'"), ("202405,202413", "with the new '202413'")):
        assert said in bring(folder, f"{head},{months}\n{body},1,2\n", source="mps-boroughs")
    said = bring(folder, f"{head},202405,202406\n{body},1,x y\n", source="mps-boroughs")
    assert "row 2, '202406': found 'x y', wanted a whole number." in said


def test_one_figure_twice_in_a_download(folder: Path) -> None:
    said = bring(folder, release(*GOOD, ("E09000012", "2025", "7")))
    assert "D/c1.csv, row 4: found 7.0 for csc_rereferral_rate, Hackney, 2024-25, which is 20.1 in row 3" in said
    assert "registered, 3 figures" in bring(folder, release(*GOOD, GOOD[1]))


def test_two_releases_of_one_day_would_stop_every_later_check(folder: Path) -> None:
    bring(folder, release(*GOOD[:1]))
    said = bring(folder, release(("E09000012", "2024", "55.5"), GOOD[1]), name="later")
    assert "found 1 figure that is different in official/dfe-referrals/c1.csv, received on the same day" in said
    assert "with a later --received-on" in said
    assert "registered" in bring(folder, release(("E09000012", "2024", "55.5"), GOOD[1]), on="2026-01-06", name="later")


def test_an_older_release_over_a_newer_one_is_doubted(folder: Path) -> None:
    assert "to look at" not in bring(folder, release(*GOOD), name="of_2025")
    older = release(("E09000012", "2023", "18"), ("E09000012", "2024", "55.5"))
    said = bring(folder, older, on="2026-02-05", name="of_2024")
    doubt = (
        "official/dfe-referrals/of_2024.csv: found an older release that counts before "
        "official/dfe-referrals/of_2025.csv for 1 figures: it ends on 2024-03-31, that on 2025-03-31, wanted releases"
    )
    assert doubt in said
    checked = CliRunner().invoke(check, ["--data", str(folder.parent)])
    assert f"to look at: {folder.as_posix()}/{doubt}" in checked.output
    register = (folder / "register.csv").read_text()
    (folder / "register.csv").write_text(register.replace("2026-02-05", "2025-02-05"))  # as the doubt advises
    assert "0 to look at" in CliRunner().invoke(check, ["--data", str(folder.parent)]).output


def test_releases_in_their_order_and_of_other_years_are_not_doubted(folder: Path) -> None:
    bring(folder, release(("E09000012", "2024", "19.9")), name="of_2024")
    assert "to look at" not in bring(folder, release(*GOOD), on="2026-02-05", name="of_2025")
    assert "to look at" not in bring(folder, release(("E09000012", "2013", "18")), on="2026-02-06", name="of_2013")


@pytest.mark.parametrize(("share", "shown"), [("-5", "-5%"), ("250", "250%")])
def test_an_impossible_share_is_doubted(folder: Path, share: str, shown: str) -> None:
    said = bring(folder, release(("E09000012", "2025", share)))
    assert (
        f"row 2, 'value': found {shown} for csc_rereferral_rate, Hackney, 2024-25, wanted a percentage from 0" in said
    )


HEAD = "model_version,old_la_code,la_name,rank,neighbour_old_la_code,neighbour_la_name,closeness\n"
HACKNEY = "2025-05,204,Hackney,1,210,Southwark,Close\n2025-05,204,Hackney,2,206,Islington,Close\n"
THEIRS = "2025-05,210,Southwark,1,209,Lewisham,Close\n2025-05,206,Islington,1,203,Greenwich,Close\n"


def neighbours(folder: Path, rows: str, name: str, on: str = "2026-01-05") -> str:
    return bring(folder, HEAD + rows, source="statistical-neighbours", name=name, on=on)


def test_neighbours_of_neighbours_are_nobodys(folder: Path) -> None:
    neighbours(folder, HACKNEY + THEIRS, "a")
    first = (folder / "neighbours.yaml").read_bytes()
    areas = load(folder).partnership.areas
    assert "registered, 2 neighbours" in neighbours(folder, HACKNEY + THEIRS + "\n", "b", on="2026-02-05")
    assert (folder / "neighbours.yaml").read_bytes() == first
    assert load(folder).partnership.areas == areas
    assert "nothing about Hackney; the file is about" in neighbours(folder, THEIRS, "c")


def test_an_older_model_does_not_take_the_place_of_a_newer_one(folder: Path) -> None:
    neighbours(folder, HACKNEY, "new")
    older = HACKNEY.replace("2025-05", "2021-04")
    said = neighbours(folder, older, "old", on="2026-02-05")
    assert "'model_version': found the model of 2021-04, wanted that of 2025-05, which neighbours.yaml has" in said
    assert "Import the newer download; to go back to the older model on purpose, remove neighbours.yaml first." in said
    (folder / "neighbours.yaml").unlink()
    assert "registered, 2 neighbours" in neighbours(folder, older, "old")
    assert "registered, 2 neighbours" in neighbours(folder, HACKNEY.replace("2025-05", "2026-05"), "newest")
    assert yaml.safe_load((folder / "neighbours.yaml").read_text())["model"] == "2026-05"


def test_neighbours_that_do_not_fit_come_all_at_once(folder: Path) -> None:
    twice = HACKNEY + "2025-05,204,Hackney,2,209,Lewisham,Close\n2025-05,204,Hackney,3,210,Southwark,Close\n"
    said = neighbours(folder, twice, "twice")
    assert "row 4, 'rank': found rank 2, Lewisham, of Hackney a second time, wanted each rank" in said
    assert "row 5, 'rank': found rank 3, Southwark, of Hackney a second time" in said


def test_no_area_loses_its_neighbours(tmp_path: Path) -> None:
    areas = ["--area", "Hackney=E09000012", "--area", "Camden"]
    CliRunner().invoke(init, ["ours", "--data", str(tmp_path), "--quarter", "2023-24-Q4", *areas])
    folder = tmp_path / "ours"
    neighbours(folder, HACKNEY + "2025-05,202,Camden,1,213,Westminster,Close\n", "both")
    assert "found no neighbours of Camden, which has some in neighbours.yaml" in neighbours(folder, HACKNEY, "one")


def test_a_register_that_cannot_be_written_leaves_no_copy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("threatlib.returns.importing.append", full)
    before = tree(folder)
    path = folder.parent / "c1.csv"
    path.write_text(release(*GOOD))
    done = CliRunner().invoke(import_, ["dfe-referrals", str(path), "--data", str(folder.parent)])
    assert isinstance(done.exception, OSError)
    assert tree(folder) == before
    assert returns.read(folder, load(folder))[2] == []
