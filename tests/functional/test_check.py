"""`threatlib check`: every problem, three ways to show them, new files registered, and an exit code of its own."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from tests.returns.small import HEADER, partnership, receive
from threatlib import returns
from threatlib.catalogue import load
from threatlib.cli_data import check
from threatlib.errors import DataError

Q1 = "returns/2022-23-Q1/northam_council.csv"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    partnership(tmp_path / "data" / "small")
    return tmp_path / "data"


def put(data: Path, name: str, *lines: str) -> Path:
    path = data / "small" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def run(data: Path, *options: str) -> Result:
    return CliRunner().invoke(check, ["--data", str(data), "--received-on", "2022-07-20", *options])


def entries(data: Path) -> list[dict[str, str]]:
    return pd.read_csv(data / "small" / "register.csv", dtype=str, keep_default_na=False).to_dict("records")


def test_a_sound_new_file_is_registered(data: Path) -> None:
    path = put(data, Q1, "referrals,Northam,2022-04,7")
    done = run(data)
    assert done.exit_code == 0, done.output
    folder = (data / "small").as_posix()
    assert done.output == (f"{folder}/{Q1}: registered\n{folder}: 1 file, 1 figure, no problems, 0 to look at\n")
    assert entries(data) == [
        {"file": Q1, "sha256": returns.digest(path), "agency": "Northam Council", "period": "2022-23-Q1",
         "received_on": "2022-07-20", "supersedes": "", "kind": "return", "note": ""}
    ]  # fmt: skip
    again = run(data)
    assert "registered" not in again.output
    assert len(entries(data)) == 1
    table, _, problems = returns.read(data / "small", load(data / "small"))
    assert (len(table), problems) == (1, [])


def test_a_file_with_a_problem_is_not_registered_and_the_others_are(data: Path) -> None:
    put(data, Q1, "referrals,Northam,2022-04,2l4")
    put(data, "returns/2022-23-Q1/police.csv", "offences,Northam,2022-23-Q1,7")
    done = run(data)
    assert isinstance(done.exception, DataError)
    assert done.exception.exit_code == 3
    assert str(done.exception) == "1 problem in the data."
    assert f"{data.as_posix()}/small/{Q1}, row 2, 'value': found '2l4', wanted a whole number." in done.output
    assert [entry["file"] for entry in entries(data)] == ["returns/2022-23-Q1/police.csv"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "returns/2022-23-Q1/someone.csv",
            "found a file name that names no agency, wanted one of Northam Council, Police",
        ),
        ("returns/spring/police.csv", "found 'spring', wanted a folder such as returns/2022-23-Q1"),
        ("returns/police.csv", "found no folder of a quarter, wanted a folder such as returns/2022-23-Q1"),
    ],
)
def test_what_cannot_be_registered_says_why(data: Path, name: str, said: str) -> None:
    put(data, name, "offences,Northam,2022-23-Q1,7")
    done = run(data)
    assert said in done.output
    assert entries(data) == []


def test_the_same_file_under_another_name_is_refused(data: Path) -> None:
    put(data, Q1, "referrals,Northam,2022-04,7")
    run(data)
    put(data, "returns/2022-23-Q2/northam_council.csv", "referrals,Northam,2022-04,7")
    done = run(data)
    assert f"returns/2022-23-Q2/northam_council.csv: found the same contents as {Q1}" in done.output
    assert len(entries(data)) == 1


def test_problems_as_csv_and_as_json_are_one_table(data: Path) -> None:
    put(data, Q1, "referrals,Northam,2022-04,=cmd()", "referrals,Northam,soon,7")
    as_csv, as_json = run(data, "--format", "csv"), run(data, "--format", "json")
    rows = list(csv.DictReader(io.StringIO(as_csv.output)))
    records = json.loads(as_json.output)
    assert len(rows) == len(records) == 2
    assert rows[0]["file"] == records[0]["file"] == f"{data.as_posix()}/small/{Q1}"
    assert {record["column"] for record in records} == {"value", "period"}
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_doubts_are_shown_and_do_not_stop_a_run(data: Path) -> None:
    put(data, Q1, "referrals,Southam,2022-04,7")
    done = run(data)
    assert done.exit_code == 0
    assert "to look at: " in done.output
    assert "found 'Southam' from Northam Council" in done.output


def test_disagreements_between_figures_and_declarations_are_problems(data: Path) -> None:
    receive(data / "small", "published/a.csv", f"{HEADER}\nreferrals,Northam,2022-04,7\nreferrals,Northam,2022-04,8\n",
            kind="published")  # fmt: skip
    done = run(data)
    assert isinstance(done.exception, DataError)
    assert "published/a.csv:2" in done.output
    assert "different values for referrals" in done.output


def test_a_partnership_that_is_not_there(data: Path) -> None:
    done = run(data, "large")
    assert "no partnership 'large'; there are small" in str(done.exception)


def test_what_was_revised_since_a_quarter(data: Path) -> None:
    lines = "referrals,Northam,2022-04,100", "referrals,Northam,2022-05,c", "referrals,Northam,2022-06,5"
    receive(data / "small", Q1, "\n".join([HEADER, *lines]), on="2022-09-20")
    later = Q1.replace("Q1", "Q2")
    changed = "referrals,Northam,2022-04,110", "referrals,Northam,2022-05,7", "referrals,Northam,2022-06,5"
    receive(data / "small", later, "\n".join([HEADER, *changed]), on="2022-10-20")
    done = run(data, "--revisions", "2022-23-Q2")
    figure = "small: referrals, Northam Council, Northam, 2022-0"
    assert done.output.splitlines() == [
        f"{figure}5: suppressed by source -> 7, suppressed_by_source -> reported [{Q1}:3 -> {later}:3]",
        f"{figure}4: 100 -> 110 (+10, +10.0%) [{Q1}:2 -> {later}:2]",
        f"{(data / 'small').as_posix()}: 2 figures known on 2022-09-30 that have changed",
    ]
    rows = list(csv.DictReader(io.StringIO(run(data, "--revisions", "2022-23-Q2", "--format", "csv").output)))
    assert [(row["period"], row["before"], row["after"], row["change"]) for row in rows] == [
        ("2022-05", "", "7.0", ""), ("2022-04", "100.0", "110.0", "10.0")
    ]  # fmt: skip
    assert json.loads(run(data, "--revisions", "2022-23-Q3", "--format", "json").output) == []
    assert "--revisions: found 'spring'" in str(run(data, "--revisions", "spring").exception)


def test_claims_that_do_not_work_out_are_to_look_at(data: Path) -> None:
    path = data / "small" / "published" / "claims.yaml"
    path.parent.mkdir()
    entries = "- {says: rose 15% from 595 to 694, at: page 9}", "- {says: 12 of 42 (29%)}", "- {says: '=cmd() rose'}"
    path.write_text("\n".join(entries))
    done = run(data)
    assert done.exit_code == 0
    claims = f"{path.as_posix()}, "
    assert f"to look at: {claims}'rose 15% from 595 to 694 (page 9)': found 15%, wanted 16.6%" in done.output
    assert f"to look at: {claims}'=cmd() rose': found no change or share" in done.output
    assert "2 to look at" in done.output
    listed = run(data, "--claims").output.splitlines()
    assert listed[1] == "small: claim 2: '12 of 42 (29%)' share, stated 29, worked out 28.6: agrees"
    rows = list(csv.DictReader(io.StringIO(run(data, "--claims", "--format", "csv").output)))
    assert [row["verdict"] for row in rows] == ["disagrees", "agrees", "cannot_be_checked"]
    assert rows[2]["says"] == "'=cmd() rose"
    path.write_text("- {at: page 9}\n")
    assert isinstance(run(data).exception, DataError)
