"""Abbreviations are explained where they are first used, and what nobody explained is found."""

from __future__ import annotations

import pytest

from threatlib.briefing.abbreviations import explained_at_first_use
from threatlib.briefing.plain import plain

TERMS = {"MASH": "multi-agency safeguarding hub", "GP": "general practitioner"}
MEANT = '<span class="meaning"> (multi-agency safeguarding hub)</span>'


def page(main: str) -> str:
    return f"<html><body><nav>NAV</nav><main>{main}</main></body></html>"


def messages(*items: str) -> str:
    listed = "".join(f"<li>{item}</li>" for item in items)
    return page(f'<section class="messages"><h2>Key messages</h2><ul>{listed}</ul></section>')


def test_the_first_use_is_explained_and_no_other() -> None:
    assert explained_at_first_use("<p>The MASH met. The MASH left.</p>", TERMS) == (
        f"<p>The MASH{MEANT} met. The MASH left.</p>"
    )


@pytest.mark.parametrize(
    "quiet",
    ["<h2>MASH</h2>", "<dt>MASH</dt>", "<details><p>MASH</p></details>", "<svg><path/><text>MASH</text></svg>",
     '<img alt="MASH">', "<abbr>MASH</abbr>"],
)  # fmt: skip
def test_a_name_or_something_not_on_show_is_not_the_first_use(quiet: str) -> None:
    assert explained_at_first_use(f"{quiet}<p>MASH</p>", TERMS) == f"{quiet}<p>MASH{MEANT}</p>"


def test_what_is_explained_already_is_left_alone() -> None:
    told = "<p>The multi-agency safeguarding hub (MASH) met.</p>"
    assert explained_at_first_use(told, TERMS) == told


def test_plurals_and_parts_of_words() -> None:
    assert "GPs<span" in explained_at_first_use("<p>GPs</p>", TERMS)
    assert explained_at_first_use("<p>GPX and SMASH</p>", TERMS) == "<p>GPX and SMASH</p>"


def test_an_abbreviation_without_a_meaning_is_found_once() -> None:
    assert plain(page("<p>The XYZ met.</p><p>XYZ</p>")) == ["line 1: the abbreviation XYZ is nowhere explained"]


@pytest.mark.parametrize("told", ["<p>XYZ<span class=\"meaning\"> (what it is)</span></p>",
                                  "<p>XYZ</p><dl><div><dt>XYZ</dt><dd>what it is</dd></div></dl>",
                                  "<p>2022-23-Q2, IR1, a.CSV and A4</p>", "<p><code>XYZ</code></p>"])  # fmt: skip
def test_an_explained_one_and_a_label_are_not(told: str) -> None:
    assert plain(page(told)) == []


def test_section_47_by_its_short_name_wants_a_meaning() -> None:
    assert plain(page("<p>An S47 enquiry</p>")) == ["line 1: the abbreviation S47 is nowhere explained"]


def test_messages_that_ask_too_much_of_a_reader_are_found() -> None:
    easy = messages("Fewer plans were made. We saw 2 to 10. We expected 46.")
    hard = messages("The multiplicity of interdependent considerations necessitates organisational circumspection.")
    assert plain(easy) == []
    assert "the key messages ask for a reader of" in plain(hard)[0]
