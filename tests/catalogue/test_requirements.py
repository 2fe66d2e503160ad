"""The requirements' file: each change whole or not made, other rows untouched, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import os
import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threatlib.catalogue import Requirement
from threatlib.catalogue.requirements import FILE, answer, close, day_of, raise_, waits_for
from threatlib.errors import DataError, LockedError, OutputError, UsageError

HEAD = "ref,threat,kind,question,owner,raised,due,depends_on,status,answer\n"
ROWS = (
    'IR-01,posts,collection,"Who left, and when?",,2022-01-04,,,open,\n'
    'IR-02,posts,analysis,"Why so\nmany?",Ana,2022-01-04,2022-06-30,IR-01,open,\n'
    'IR-03,demand,"decision",What now?,Bo,2022-01-04,,,answered,"We ""wait"""\n'
)
THREATS = ("demand", "posts")
DAY = date(2022, 10, 5)
ASKED = {"threat": "posts", "kind": "analysis", "question": "What follows?"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / FILE).write_bytes((HEAD + ROWS).encode())
    return tmp_path


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / FILE).open(encoding="utf-8-sig", newline="") as handle:
        return {row["ref"]: row for row in csv.DictReader(handle)}


def refused(call: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()  # type: ignore[operator]


def test_raising_adds_one_row_and_leaves_the_others_byte_for_byte(folder: Path) -> None:
    assert raise_(folder, {**ASKED, "owner": "Cy", "due": "2022-23-Q4"}, threats=THREATS, on=DAY) == "IR-04"
    text = (folder / FILE).read_bytes().decode()
    assert text == HEAD + ROWS + "IR-04,posts,analysis,What follows?,Cy,2022-10-05,2022-23-Q4,,open,\n"


def test_answering_changes_one_row_only(folder: Path) -> None:
    assert answer(folder, "IR-01", "Nine, in spring.", on=DAY) == ["IR-02"]
    lines = (folder / FILE).read_bytes().decode()
    assert lines.startswith(HEAD.strip() + ",answered\n")
    assert lines.endswith(ROWS.partition("\n")[2])
    found = rows(folder)["IR-01"]
    assert (found["status"], found["answer"], found["answered"]) == ("answered", "Nine, in spring.", "2022-10-05")


def test_closing_needs_an_answer(folder: Path) -> None:
    before = (folder / FILE).read_bytes()
    refused(lambda: close(folder, "IR-01", on=DAY), "IR-01: it has no answer. Give one with --answer")
    refused(lambda: answer(folder, "IR-01", "  ", on=DAY), "IR-01: found no answer")
    assert (folder / FILE).read_bytes() == before
    assert close(folder, "IR-01", on=DAY, text="Nine.") == ["IR-02"]
    assert close(folder, "IR-03", on=DAY) == []
    assert rows(folder)["IR-01"]["status"] == rows(folder)["IR-03"]["status"] == "closed"
    assert rows(folder)["IR-03"]["answer"] == 'We "wait"'
    refused(lambda: close(folder, "IR-01", on=DAY), "IR-01: it is closed already")
    refused(lambda: answer(folder, "IR-01", "Ten.", on=DAY), "IR-01: it is closed already")


def test_what_waits_for_an_open_question_is_not_closed_before_it(folder: Path) -> None:
    refused(lambda: close(folder, "IR-02", on=DAY, text="Pay."), "IR-02: it waits for IR-01, which is open")
    refused(lambda: answer(folder, "IR-02", "Pay.", on=DAY), "say --regardless")
    assert answer(folder, "IR-02", "Pay.", on=DAY, regardless=True) == []
    answer(folder, "IR-01", "Nine.", on=DAY)
    assert close(folder, "IR-02", on=DAY) == []


def test_a_new_question_must_fit_what_is_there(folder: Path) -> None:
    before = (folder / FILE).read_bytes()
    close(folder, "IR-03", on=DAY)
    closed = (folder / FILE).read_bytes()
    assert closed != before
    for changed, words in (
        ({"threat": "fraud"}, "threat: found 'fraud', wanted a threat or sub-topic of threats.yaml: demand, posts"),
        ({"kind": "guess"}, "kind: found 'guess', wanted one of analysis, collection, information"),
        ({"question": ""}, "question: found none"),
        ({"ref": "IR-01"}, "ref: 'IR-01' is used already"),
        ({"depends_on": "IR-09"}, "depends-on: 'IR-09' is no ref"),
        ({"depends_on": "IR-03"}, "depends-on: 'IR-03' is closed already"),
        ({"due": "soon"}, "due: found 'soon', wanted a day such as"),
        ({"question": "=HYPERLINK(1)"}, "question: found '=HYPERLINK.1.', which a spreadsheet would run"),
        ({"owner": "@Ana"}, "owner: found '@Ana'"),
        ({"question": "\t=1"}, "which a spreadsheet would run"),
        ({"question": "a\x00b"}, "question: found a control character"),
    ):
        refused(lambda changed=changed: raise_(folder, {**ASKED, **changed}, threats=THREATS, on=DAY), words)
    assert (folder / FILE).read_bytes() == closed


def test_one_open_question_for_one_origin(folder: Path) -> None:
    ref = raise_(folder, {**ASKED, "raised_from": "F-82c18bfd"}, threats=THREATS, on=DAY)
    again = {**ASKED, "raised_from": "F-82c18bfd"}
    refused(lambda: raise_(folder, again, threats=THREATS, on=DAY), "F-82c18bfd: IR-04 was raised from it and is open")
    close(folder, ref, on=DAY, text="Known.")
    assert raise_(folder, again, threats=THREATS, on=DAY) == "IR-05"


@pytest.mark.parametrize(
    ("refs", "following"),
    [((), "IR-01"), (("R9",), "R10"), (("IR1", "IR10"), "IR11"), (("IR-09",), "IR-10"), (("a", "b"), "IR-01"),
     (("2022/07", "2022/11"), "2022/12")],
)  # fmt: skip
def test_the_next_ref_is_written_as_the_others_are(tmp_path: Path, refs: tuple[str, ...], following: str) -> None:
    (tmp_path / FILE).write_text(HEAD + "".join(f"{ref},posts,analysis,Why?,,,,,open,\n" for ref in refs))
    assert raise_(tmp_path, ASKED, threats=THREATS, on=DAY) == following


def test_a_file_as_a_spreadsheet_saves_it_keeps_its_ways(tmp_path: Path) -> None:
    text = "\ufeff" + (HEAD + ROWS).replace("\n", "\r\n") + "\r\n,,,,,,,,,"
    (tmp_path / FILE).write_bytes(text.encode())
    (tmp_path / FILE).chmod(0o640)
    raise_(tmp_path, ASKED, threats=THREATS, on=DAY)
    after = (tmp_path / FILE).read_bytes().decode()
    assert after.startswith(text)
    assert after[len(text) :] == "\r\nIR-04,posts,analysis,What follows?,,2022-10-05,,,open,\r\n"
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o640


def test_a_failed_write_leaves_the_file_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / FILE).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("threatlib.catalogue.requirements.os.fsync", full)
    with pytest.raises(OutputError, match=r"cannot be written .No space left on device.. Nothing was changed"):
        raise_(folder, ASKED, threats=THREATS, on=DAY)
    assert (folder / FILE).read_bytes() == before
    assert [p.name for p in folder.iterdir()] == [FILE]


def test_two_changes_at_a_time_are_kept_apart(folder: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(LockedError, match="somebody else is changing it"):
            raise_(folder, ASKED, threats=THREATS, on=DAY)
    finally:
        os.close(handle)
    raise_(folder, ASKED, threats=THREATS, on=DAY)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the file is missing"):
        raise_(tmp_path, ASKED, threats=THREATS, on=DAY)
    (tmp_path / FILE).write_bytes(b"")
    with pytest.raises(DataError, match="row 1: found no header, wanted ref,threat"):
        raise_(tmp_path, ASKED, threats=THREATS, on=DAY)
    (tmp_path / FILE).write_bytes(b"ref\xff")
    with pytest.raises(DataError, match="found bytes that are not UTF-8"):
        raise_(tmp_path, ASKED, threats=THREATS, on=DAY)
    refused(lambda: answer(tmp_path.parent / "none", "IR-01", "x", on=DAY), "cannot be read")


def test_an_unknown_ref_is_refused_with_those_there_are(folder: Path) -> None:
    refused(
        lambda: answer(folder, "IR-9", "x", on=DAY), "no requirement 'IR-9' to answer; there are IR-01, IR-02, IR-03"
    )


def test_waiting_goes_through_answered_ones_and_round_a_circle_once() -> None:
    def ask(ref: str, depends_on: str, status: str = "open") -> Requirement:
        fields = {"ref": ref, "threat": "posts", "kind": "analysis", "question": "Why?", "status": status}
        return Requirement.model_validate({**fields, "depends_on": depends_on})

    chain = [ask("A", "B"), ask("B", "C", "answered"), ask("C", "", "open")]
    assert waits_for("A", chain) == ["C"]
    circle = [ask("A", "B"), ask("B", "A")]
    assert waits_for("A", circle) == ["B"]
    answered = [ask("A", "B"), ask("B", "C", "answered"), ask("C", "B", "closed")]
    assert waits_for("A", answered) == []
    assert waits_for("A", [ask("A", "Z")]) == []


def test_days_and_periods_end_on_a_day() -> None:
    assert day_of("2022-11-30") == date(2022, 11, 30)
    assert day_of("2022-23-Q2") == date(2022, 9, 30)
    assert day_of("") is day_of("soon") is None


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@settings(max_examples=60, deadline=None)
@given(text=TEXT)
def test_whatever_is_answered_either_is_read_back_in_one_line_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / FILE).write_bytes((HEAD + ROWS).encode())
    before = (folder / FILE).read_bytes()
    try:
        answer(folder, "IR-01", text, on=DAY)
    except UsageError:
        assert (folder / FILE).read_bytes() == before
        return
    found = rows(folder)
    assert found["IR-01"]["answer"] == " ".join(text.split())
    assert not found["IR-01"]["answer"].startswith(("=", "+", "-", "@"))
    assert (folder / FILE).read_bytes().decode().endswith(ROWS.partition("\n")[2])
