"""The record of what was released: append-only, sealed, and read back as it was."""

from __future__ import annotations

import pytest

from tests.disclosure.world import counts, definitions, table
from threatlib.disclosure import ledger, protect, protection
from threatlib.errors import DataError

KNOWN = definitions([{"id": "t", "parts": ["a", "b", "c"]}, *({"id": i} for i in "abc")])


def release(a=20, b=9, c=3):
    rows = table(counts({"t": a + b + c, "a": a, "b": b, "c": c}), KNOWN)
    return protect(rows, protection(KNOWN, "dfe"), definitions=KNOWN).table


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "released" / "dfe.csv"
    ledger.append(found, release(), quarter="2022-23-Q1", run_id="one")
    return found


def test_a_ledger_that_is_not_there_holds_nothing(tmp_path):
    assert ledger.read(tmp_path / "none.csv").empty


def test_what_is_withheld_is_not_in_it(path):
    assert ledger.read(path).set_index("indicator").loc["c", "status"] == "withheld"
    assert ledger.read(path).set_index("indicator")["value"].isna()["c"]


def test_a_release_adds_only_what_is_new(path):
    before = path.read_bytes()
    ledger.append(path, release(), quarter="2022-23-Q2", run_id="two")
    ledger.append(path, release(a=25), quarter="2022-23-Q3", run_id="three")
    after = path.read_bytes()
    assert after.startswith(before)
    read = ledger.read(path)
    assert set(read["release"]) == {1, 3}
    assert {"a", "t"} & set(read.loc[read["release"] == 3, "indicator"])


def test_a_release_that_cannot_be_written_to_its_end_leaves_the_ledger_as_it_was(path, monkeypatch):
    before = path.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("threatlib.disclosure.ledger.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        ledger.append(path, release(a=25), quarter="2022-23-Q2", run_id="two")
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_later_quarters_and_later_runs_can_be_left_out(path):
    ledger.append(path, release(a=25), quarter="2022-23-Q2", run_id="two")
    assert set(ledger.read(path, until="2022-23-Q1")["quarter"]) == {"2022-23-Q1"}
    assert set(ledger.read(path, before="two")["release"]) == {1}
    assert ledger.read(path, before="one").empty


@pytest.mark.parametrize("change", [
    lambda text: text.replace("reported", "withheld", 1),
    lambda text: "\n".join(text.splitlines()[1:]) + "\n",
    lambda text: text.replace("\nsealed", "\n2022,x,,,,,,reported,1,1,1\nsealed", 1),
])  # fmt: skip
def test_a_changed_lost_or_added_line_is_found(path, change):
    path.write_text(change(path.read_text()))
    with pytest.raises(DataError, match=r"line \d+: found seal [0-9a-f]{12}, wanted [0-9a-f]{12}\. The record"):
        ledger.read(path)


def test_a_release_that_was_not_written_to_its_end_is_found(path):
    with path.open("a") as handle:
        handle.write("2,2022-23-Q2,a,Agency,Town,,2022-23-Q1,reported,1.0,1.0,1.0\n")
    with pytest.raises(DataError, match="the last release has no seal"):
        ledger.append(path, release(), quarter="2022-23-Q2", run_id="two")
