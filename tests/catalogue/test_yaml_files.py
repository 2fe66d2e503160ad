"""Definitions as people write them: what cannot be read is said with its line, whatever is in the file."""

# ruff: noqa: E501  a message is kept whole, so that it can be searched for

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.returns.small import partnership
from threatlib.catalogue import load
from threatlib.catalogue.yaml_files import MAX_NODES, NotYaml, parse_yaml, shown
from threatlib.cli_data import check
from threatlib.cli_requirements import requirements
from threatlib.errors import DataError, UserError

LAUGHS = "\n".join(
    ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    + [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 10)]
    + ["annotations: *a9"]
)
"""A short file that says of itself that it is there a thousand million times over."""

FAULTS = {
    "a day that is not there": (
        "annotations:\n  - start: 2019-02-30",
        2,
        "found '2019-02-30', wanted a day that exists",
    ),
    "a month that is not there": ("a: !!timestamp 2019-99-99", 1, "wanted a day that exists"),
    "a number of 5,000 digits": ("a: " + "9" * 5000, 1, "9...', wanted a whole number of a size that can be"),
    "a number of words": ("a: 1\nb: !!int abc", 2, "found 'abc', wanted a whole number"),
    "a yes of words": ("a: !!bool abc", 1, "found 'abc', wanted true or false"),
    "a fraction of words": ("a: !!float abc", 1, "found 'abc', wanted a number"),
    "half a byte": ('a: !!binary "a"', 1, "failed to decode base64"),
    "5,000 brackets": ("a: " + "[" * 5000 + "]" * 5000, 1, "found lists and entries more than 50 deep in each other"),
    "100,000 brackets": ("a: " + "[" * 100_000 + "]" * 100_000, 1, "more than 50 deep"),
    "3,000 indents": ("".join(" " * depth + "a:\n" for depth in range(3000)), 51, "more than 50 deep"),
    "a bomb of aliases": (LAUGHS, 6, f"found more than {MAX_NODES:,} cells, those counted that '*' repeats"),
    "a list of itself": ("a: &a [*a]", 1, "found '*a', which stands for nothing before it"),
    "a name twice": ("a: 1\nb: 2\na: 3", 3, "found 'a' a second time in one entry (first in line 1), wanted each name"),
    "a name twice in one line": ("- {id: x, status: open, status: settled}", 1, "found 'status' a second time"),
    "a name that is a list": ("? [a, b]\n: 3", 1, "found a name that is no plain text"),
    "an object of the language": (
        "a: !!python/object/apply:os.system ['true']",
        1,
        "could not determine a constructor",
    ),
    "a quote that never closes": ("a: 1\nb: 'c", 2, "found no YAML (while scanning a quoted scalar"),
    "two files in one": ("a: 1\n---\nb: 2", 2, "expected a single document"),
    "a zero byte": ("a: 1\x00", 0, "control characters are not allowed"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_read_is_said_with_its_line(name: str) -> None:
    text, line, said = FAULTS[name]
    begun = time.monotonic()
    with pytest.raises(NotYaml) as raised:
        parse_yaml(text)
    assert raised.value.line == line
    assert str(raised.value).startswith(f"line {line}: found" if line else "found")
    assert said in str(raised.value)
    assert len(str(raised.value)) < 400
    assert time.monotonic() - begun < 5


def test_what_is_sound_is_read() -> None:
    shared = "a: &a {x: 1}\nb: *a\nc:\n  <<: *a\n  x: 2\nd: {a: 1}\ne: {a: 1}\nf: [{a: 1}, {a: 2}]\ng: 2022-03-31\n"
    read = parse_yaml(shared)
    assert (read["b"], read["c"], read["f"], read["g"].year) == ({"x": 1}, {"x": 2}, [{"a": 1}, {"a": 2}], 2022)
    assert parse_yaml("") is None
    assert len(parse_yaml("a: &a [1, 2]\nb: [" + "*a, " * 20_000 + "]")["b"]) == 20_000


def test_what_was_found_is_shown_in_a_line() -> None:
    assert shown("sent") == "'sent'"
    assert shown(int("F" * 6000, 16)) == "a number of very many digits"
    assert len(shown([["x"] * 1000] * 1000)) < 90
    assert len(shown("x" * 10**6)) < 90


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return partnership(tmp_path / "data" / "small")


def complaints(folder: Path) -> list[str]:
    """What `threatlib check` says of the definitions or layouts; never a traceback, never a change."""
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    done = CliRunner().invoke(check, ["--data", str(folder.parent), "--received-on", "2022-07-20"])
    assert isinstance(done.exception, DataError), repr(done.exception)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    said = done.output + str(done.exception)
    return [line.strip().replace(folder.as_posix(), "F") for line in said.splitlines()]


@pytest.mark.parametrize("name", ["annotations.yaml", "partnership.yaml", "judgements.yaml", "published/claims.yaml",
                                  "neighbours.yaml", "layouts/a.yaml"])  # fmt: skip
@pytest.mark.parametrize("fault", ["a day that is not there", "100,000 brackets", "a bomb of aliases", "a name twice"])
def test_every_file_of_definitions_is_read_by_the_same_door(folder: Path, name: str, fault: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    text, line, said = FAULTS[fault]
    (folder / name).write_text(text)
    place = (
        f"F/{name}, row {line}: found" if name.startswith("layouts") else f"F/{name}: not readable as YAML: line {line}"
    )
    assert any(complaint.startswith(place) and said in complaint for complaint in complaints(folder))


@pytest.mark.parametrize("name", ["annotations.yaml", "layouts/a.yaml"])
def test_what_is_no_file_and_what_is_no_text(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.mkdir()
    assert any(f"F/{name}" in said and "found a folder, wanted a file. Put" in said for said in complaints(folder))
    path.rmdir()
    path.write_bytes("a: 1\nb: café".encode("cp1252"))
    said = complaints(folder)
    assert any("found bytes that are not UTF-8, wanted text in UTF-8. Save it anew as UTF-8." in line for line in said)
    assert any(re.search(r"line 2:|row 2:", line) for line in said)


def test_a_fault_with_a_huge_entry_in_it_is_said_in_a_line(folder: Path) -> None:
    wide = "a: &a [" + "x, " * 1000 + "]\nannotations: [" + "*a, " * 100 + "]"
    (folder / "annotations.yaml").write_text(wide)
    said = complaints(folder)
    assert all(len(line) < 300 for line in said)
    assert len(said) < 400


HEADER = "ref,threat,kind,question,owner,raised,due,depends_on,status,answer"
GOOD = "R1,demand,analysis,Why?,,,,,open,"
QUESTIONS: dict[str, tuple[bytes, str]] = {
    "of Windows": (f"{HEADER}\n{GOOD}caf\xe9\n".encode("cp1252"), ", row 2: found bytes that are not UTF-8, wanted CSV in"),
    "of two bytes a letter": (f"{HEADER}\n".encode("utf-16"), ", row 1: found bytes that are not UTF-8"),
    "with a cell as long as a book": (f'{HEADER}\n{GOOD}"{"q" * 200_000}"\n'.encode(), ", row 2: found a line that is not CSV (field larger"),
    "with a quote that never closes": (f'{HEADER}\n{GOOD}"x\nR2\n'.encode(), ", row 2: found a line that is not CSV"),
    "of nothing": (b"", f", row 1: found no header, wanted {HEADER}"),
    "with a misspelt column": (HEADER.replace("answer", "anwser").encode(), ", row 1: found a column 'anwser', wanted one of"),
    "with a column twice": (f"{HEADER},answer\n".encode(), ", row 1, answer: found the column 2 times, wanted it once."),
    "without its questions": (HEADER.replace("question,", "").encode(), ", row 1: found no column question, wanted ref,"),
    "with semicolons": (HEADER.replace(",", ";").encode(), ", row 1: found no column ref, threat, kind, question"),
    "with a comma too many": (f"{HEADER}\n{GOOD}this, and that\n".encode(), ", row 2: found 'and that' beyond the last column, wanted 10 cells."),
}  # fmt: skip


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_file_of_questions_that_cannot_be_used(folder: Path, name: str) -> None:
    raw, said = QUESTIONS[name]
    (folder / "requirements.csv").write_bytes(raw)
    assert any(f"F/requirements.csv{said}" in line for line in complaints(folder))
    for command in (["answer", "R1", "--answer", "x"], ["close", "R1", "--answer", "x"], ["list"]):
        done = CliRunner().invoke(requirements, [*command, "--data", str(folder.parent)])
        assert isinstance(done.exception, UserError), repr(done.exception)
        assert (folder / "requirements.csv").read_bytes() == raw


def test_questions_with_blank_cells_and_lines_at_the_end_are_sound(folder: Path) -> None:
    (folder / "requirements.csv").write_text(f"\ufeff{HEADER},,\n\n{GOOD},,\n,,\n", encoding="utf-8")
    assert [r.ref for r in load(folder).requirements] == ["R1"]
    done = CliRunner().invoke(requirements, ["answer", "R1", "--answer", "So.", "--data", str(folder.parent)])
    assert done.exit_code == 0
    assert [(r.ref, r.answer, bool(r.answered)) for r in load(folder).requirements] == [("R1", "So.", True)]
