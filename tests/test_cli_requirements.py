"""threatlib requirements: list, raise, answer, close, as a person types them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.small import folder
from threatlib import cli
from threatlib.errors import UserError

NAME = "requirements.csv"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder(tmp_path / "data" / "small")
    return tmp_path / "data"


def invoke(data: Path, *words: str) -> Result:
    out = ["--out", str(data.parent / "outputs")] if words[0] in ("list", "raise") else []
    return CliRunner().invoke(cli.cli, ["requirements", *words, "--data", str(data), *out])


def done(data: Path, *words: str) -> str:
    result = invoke(data, *words)
    assert result.exit_code == 0, result.output or result.exception
    return result.output


def refused(data: Path, *words: str) -> str:
    result = invoke(data, *words)
    assert isinstance(result.exception, UserError), result.output
    assert result.exception.exit_code == 2
    return str(result.exception)


def test_every_command_has_help_and_every_option_says_what_it_is(data: Path) -> None:
    group = cli.cli.commands["requirements"]
    assert set(group.commands) == {"list", "raise", "answer", "close"}  # type: ignore[attr-defined]
    for command in group.commands.values():  # type: ignore[attr-defined]
        assert command.help
        for option in command.params:
            assert option.param_type_name == "argument" or option.help, option.name


def test_the_list_says_who_owns_what_and_what_is_in_the_way(data: Path) -> None:
    text = done(data, "list", "--on", "2023-01-05")
    assert (
        "R1  open  analysis, front-door: Why?\n    owner: Ana; due: 2022-12-31; not dated. Overdue since 31 Dec" in text
    )
    assert "R3  open  collection, workforce: Who left?\n    owner: none; due: no date; not dated." in text
    assert "R2" not in text
    assert text.endswith("small, 2022-23-Q2: 2 shown\n")
    assert "R2  closed" in done(data, "list", "--status", "closed")
    assert "R3" not in done(data, "list", "--overdue", "--on", "2023-01-05")
    assert "R1" not in done(data, "list", "--orphaned", "--on", "2023-01-05")
    rows = list(csv.DictReader(io.StringIO(done(data, "list", "--status", "all", "--csv"))))
    assert [row["ref"] for row in rows] == ["R1", "R2", "R3"]


def test_from_a_finding_to_an_answer(data: Path) -> None:
    proposed = done(data, "list", "--proposed")
    line = next(text for text in proposed.splitlines() if "Referrals (Northam)" in text)
    source = line.split()[0]
    said = done(data, "raise", "--from", source, "--owner", "Bo", "--on", "2022-10-21")
    assert said == f"{data.as_posix()}/small/{NAME}: R4 raised\nR4: it has no due yet\n"
    assert source not in done(data, "list", "--proposed")
    assert "Referrals (Northam): what explains the rise?" in done(data, "list", "--on", "2022-10-21")
    again = refused(data, "raise", "--from", source)
    assert again.startswith(f"{source}: no finding or gap of small in 2022-23-Q2 that nobody has asked about.")
    waiting = (
        "raise",
        "--threat",
        "front-door",
        "--kind",
        "decision",
        "--question",
        "What then?",
        "--depends-on",
        "R4",
    )
    assert "R5 raised" in done(data, *waiting, "--on", "2022-10-22")
    assert refused(data, "close", "R4") == (
        "R4: it has no answer. Give one with --answer; a question is closed by its answer."
    )
    assert refused(data, "close", "R5", "--answer", "Wait.") == (
        "R5: it waits for R4, which is open. Answer that first, or say --regardless."
    )
    assert done(data, "answer", "R4", "--answer", "Need.") == (
        f"{data.as_posix()}/small/{NAME}: R4 answered\nR5: it waited for R4, and can go on\n"
    )
    assert "R4 closed" in done(data, "close", "R4")
    assert "R5 closed" in done(data, "close", "R5", "--answer", "Wait.")
    text = (data / "small" / NAME).read_text(encoding="utf-8")
    assert source in text
    assert [row["status"] for row in csv.DictReader(io.StringIO(text))] == [
        "open",
        "closed",
        "open",
        "closed",
        "closed",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("raise", "--threat", "fraud", "--kind", "analysis", "--question", "Why?"), "threat: found 'fraud', wanted"),
        (
            ("raise", "--threat", "demand", "--kind", "guess", "--question", "Why?"),
            "kind: found 'guess', wanted one of",
        ),
        (("raise", "--threat", "demand", "--kind", "analysis"), "question: found none, wanted one in words."),
        (("raise", "--from", "F-00000000"), "F-00000000: no finding or gap of small"),
        (
            ("raise", "--threat", "demand", "--kind", "analysis", "--question", "=1+1"),
            "question: found '=1+1', which a",
        ),
        (("answer", "R9", "--answer", "So."), "no requirement 'R9' to answer; there are R1, R2, R3."),
        (("close", "R2", "--answer", "So."), "R2: it is closed already."),
        (("list", "--quarter", "2019-20-Q1"), "no data for 2019-20-Q1"),
        (("list", "--partnership", "large"), "no partnership 'large'"),
    ],
)
def test_a_refusal_says_why_and_changes_nothing(data: Path, words: tuple[str, ...], message: str) -> None:
    before = (data / "small" / NAME).read_bytes()
    assert message in refused(data, *words)
    assert (data / "small" / NAME).read_bytes() == before
    assert sorted(p.name for p in (data / "small").glob("*requirements*")) == [NAME]


def test_several_partnerships_must_be_told_apart(data: Path) -> None:
    folder(data / "other")
    assert refused(data, "list") == (
        f"{data}: several partnerships (other, small); say which with --partnership other."
    )
    assert "R3  open" in done(data, "list", "--partnership", "small")
