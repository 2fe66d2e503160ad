"""The analyst's words: written, confirmed, or carried forward as not yet reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatlib.briefing.commentary import commentary_html
from threatlib.catalogue.commentary import Comment, read, standing
from threatlib.periods import parse

HEAD = "---\nauthor: A. Analyst\ndate: 2022-10-20\n---\n"


def put(folder: Path, threat: str, quarter: str, text: str) -> Path:
    path = folder / "commentary" / threat / f"{quarter}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def comments(folder: Path) -> tuple[Comment, ...]:
    problems: list[str] = []
    found = read(folder, ["demand", "csa"], ["partners", "public"], problems)
    assert not problems
    return found


def test_the_words_of_the_quarter_stand_as_written(tmp_path: Path) -> None:
    put(tmp_path, "demand", "2022-23-Q2", HEAD + "It rose.\n")
    (now,) = standing(comments(tmp_path), parse("2022-23-Q2"), "partners")
    assert (now.state, now.comment.text, now.comment.author) == ("written", "It rose.", "A. Analyst")


def test_they_are_carried_forward_as_not_reviewed_until_confirmed(tmp_path: Path) -> None:
    put(tmp_path, "demand", "2022-23-Q1", HEAD + "It rose.\n")
    (later,) = standing(comments(tmp_path), parse("2022-23-Q3"), "partners")
    assert (later.state, later.comment.quarter) == ("not_reviewed", "2022-23-Q1")
    put(tmp_path, "demand", "2022-23-Q2", "---\nauthor: B. Chief\ndate: 2022-11-01\nconfirms: 2022-23-Q1\n---\n")
    (confirmed,) = standing(comments(tmp_path), parse("2022-23-Q2"), "partners")
    assert (confirmed.state, confirmed.reviewed_by, confirmed.comment.text) == ("confirmed", "B. Chief", "It rose.")
    (after,) = standing(comments(tmp_path), parse("2022-23-Q3"), "partners")
    assert (after.state, after.comment.quarter) == ("not_reviewed", "2022-23-Q1")


def test_nothing_is_seen_of_the_future_or_of_what_is_for_others(tmp_path: Path) -> None:
    put(tmp_path, "demand", "2022-23-Q2", HEAD + "Later.\n")
    put(tmp_path, "csa", "2022-23-Q1", HEAD.replace("---\na", "---\naudiences: [partners]\na", 1) + "For partners.\n")
    assert [s.comment.threat for s in standing(comments(tmp_path), parse("2022-23-Q1"), "partners")] == ["csa"]
    assert not standing(comments(tmp_path), parse("2022-23-Q1"), "public")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It rose.<!-- three of one family -->\n", "It rose."),
        ("It <!-- a\n\nb --> rose. <!-- and c", "It  rose."),
        ("It\x00 ro\u202ese.\x1b\u200b", "It rose."),
    ],
)
def test_a_note_to_oneself_and_what_cannot_be_seen_are_not_read(tmp_path: Path, text: str, kept: str) -> None:
    put(tmp_path, "demand", "2022-23-Q2", HEAD + text)
    assert comments(tmp_path)[0].text == kept


@pytest.mark.parametrize(
    ("threat", "quarter", "text", "said"),
    [
        ("demand", "2022-23-Q2", "no head", "wanted '---', author and date"),
        ("demand", "2022-23-Q2", "---\nauthor: A\n---\nx", "date: Field required"),
        ("demand", "2022-23-Q2", "---\nauthor: ''\ndate: 2022-01-01\n---\nx", "author: String should have at least 1"),
        ("demand", "2022-23-Q2", HEAD, "wanted either a text, or 'confirms'"),
        ("demand", "2022-23-Q2", HEAD + "<!-- x -->", "wanted either a text, or 'confirms'"),
        ("demand", "2022-23-Q2", "---\nauthor: A\ndate: 2022-01-01\nmood: bad\n---\nx", "mood: Extra inputs"),
        ("demand", "2022-23-Q2", "---\nauthor: [\n---\nx", "wanted '---', author and date"),
        ("demand", "2022-23", HEAD + "x", "wanted a file named by a quarter"),
        ("demand", "summer", HEAD + "x", "wanted '---', author and date"),
        ("deman", "2022-23-Q2", HEAD + "x", "no threat or sub-topic 'deman'"),
        ("demand", "2022-23-Q2", HEAD.replace("date:", "audiences: [press]\ndate:") + "x", "no audience 'press'"),
        (
            "demand",
            "2022-23-Q2",
            HEAD.replace("---\na", "---\nconfirms: 2022-23-Q1\na", 1),
            "no comment of that quarter",
        ),
        (
            "demand",
            "2022-23-Q2",
            HEAD.replace("---\na", "---\nconfirms: 2022-23-Q2\na", 1),
            "no comment of that quarter",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, threat: str, quarter: str, text: str, said: str) -> None:
    path = put(tmp_path, threat, quarter, text)
    problems: list[str] = []
    read(tmp_path, ["demand", "csa"], ["partners"], problems)
    assert any(said in problem and str(path) in problem for problem in problems), problems


def test_a_page_shows_the_words_and_none_of_their_markup() -> None:
    hostile = (
        "# Big\n\nIt **rose**, <script>alert(1)</script> [here](javascript:alert(1)) ![pic](http://x/y.png)\n\n"
        "<img src=x onerror=alert(1)>\n\n```html\n<b>code</b>\n```\n"
    )
    row = {"text": hostile, "author": "<i>A</i>", "dated": parse("2022-23-Q2").end, "state": "not_reviewed",
           "quarter": "2022-23-Q1", "reviewed_by": "", "reviewed_on": None}  # fmt: skip
    shown = commentary_html(row)
    for bad in ("<script", "<img", "href", "<i>", "<b>", "<h1", "onerror=alert(1)>"):
        assert bad not in shown.replace("&lt;", ""), bad
    assert "<strong>rose</strong>" in shown
    assert "Not yet reviewed for this quarter" in shown
    assert "30 September 2022" in shown
