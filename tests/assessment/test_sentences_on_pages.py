"""Every sentence on a page is rebuilt from what it is about, and another number is another sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.small import BREAK, QUARTER, WORLD, assessed, figure, quarters
from threatlib import assess, load
from threatlib.assessment import Assessment
from threatlib.assessment.disproportionality import words as of_group
from threatlib.assessment.forecasts import words as of_next
from threatlib.assessment.linked import words as of_pair
from threatlib.assessment.low import words as of_low
from threatlib.assessment.outlooks import words as of_year
from threatlib.assessment.sentences import Part, plain
from threatlib.briefing.pages import PAGES, Page
from threatlib.catalogue import THEMES

pytestmark = pytest.mark.xdist_group("sentences")
ROOT = Path(__file__).resolve().parents[2]
WORDS = {"absence": of_low, "coupling": of_pair, "disproportionality": of_group, "forecasts": of_next,
         "outlooks": of_year}  # fmt: skip
BLOCKS = ("li", "p", "h4", "summary", "dd")


@dataclass
class _Block:
    text: str = ""
    figures: list[tuple[str, str]] = field(default_factory=list)


class _Sentences(HTMLParser):
    """The blocks of running text of a page, each with its figures and the rows these come from."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[_Block] = []
        self._open: list[_Block] = []
        self._apart = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("table", "figure", "svg"):
            self._apart += 1
        elif tag in BLOCKS and not self._apart:
            self._open.append(_Block())
        elif tag == "data" and self._open and not self._apart:
            said = dict(attrs)
            self._open[-1].figures.append((str(said["value"]), str(said["data-from"])))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("table", "figure", "svg"):
            self._apart -= 1
        elif tag in BLOCKS and self._open and not self._apart:
            self.found.append(self._open.pop())

    def handle_data(self, data: str) -> None:
        if self._open and not self._apart:
            self._open[-1].text += data


def told(made: Assessment) -> list[_Block]:
    """Every block of a briefing's pages that has a figure from a source row."""
    pieces = []
    for name in PAGES:
        page = Page(name, made)
        if name == "briefing":
            pieces += [page.first_screen(), page.messages(), page.changed(), page.context(), page.marked()]
        elif name in THEMES:
            pieces += [page.findings(), page.subtopics()]
    blocks = [block for piece in pieces for block in _Sentences(str(piece._repr_html_())).found]
    return [block for block in blocks if any(not source.startswith("run:") for _, source in block.figures)]


def rebuilt(made: Assessment) -> dict[str, tuple[Part, ...]]:
    """Every sentence that the tables of an assessment give, made anew, with its parts."""
    parts = [made.spoken(row) for row in made.findings.to_dict("records")]
    parts += [words(row) for name, words in WORDS.items() for row in made.tables[name].to_dict("records")]
    return {_even(plain(part)): part for part in parts}


def _even(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def small() -> Assessment:
    more = quarters("offences", [300, 310, 290, 300, 305, 295, 300, 310, 290, 300, 305, 900], area="Southam")
    return assessed(*WORLD, *more, annotations=[BREAK | {"indicators": ["workers"]}])


@pytest.fixture(scope="module")
def real() -> Assessment:
    return assess(load(ROOT / "data/city-hackney"), QUARTER)


@pytest.fixture(scope="module")
def demo() -> Assessment:
    return assess(load(ROOT / "data/demo"), QUARTER)


WORLDS = ["small", "real", pytest.param("demo", marks=pytest.mark.nightly)]


@pytest.mark.parametrize("world", WORLDS)
def test_every_sentence_on_a_page_is_rebuilt_from_its_finding(world: str, request: pytest.FixtureRequest) -> None:
    made: Assessment = request.getfixturevalue(world)
    sentences = rebuilt(made)
    blocks = told(made)
    assert len(blocks) >= 3
    for block in blocks:
        text = _even(block.text)
        match = [said for said in sentences if said in text]
        assert match, text
        figures = [(f"{p.value:.10g}", p.rows) for said in match for p in sentences[said] if p.value is not None]
        own = [pair for pair in block.figures if not pair[1].startswith("run:")]
        assert own == figures, text


@pytest.mark.parametrize("world", WORLDS)
def test_every_sentence_of_a_table_is_rebuilt_from_its_row(world: str, request: pytest.FixtureRequest) -> None:
    made: Assessment = request.getfixturevalue(world)
    assert [plain(made.spoken(row)) for row in made.findings.to_dict("records")] == list(made.findings["sentence"])
    for name, words in WORDS.items():
        table = made.tables[name]
        assert [plain(words(row)) for row in table.to_dict("records")] == list(table["sentence"]), name


def test_changing_a_number_changes_the_sentence_on_the_page(small: Assessment) -> None:
    """One referral more in the return, another sentence; everything else said stays as it was."""
    rows = [row | {"value": 801.0, "lower": 801.0, "upper": 801.0} if _is_referral(row) else row for row in WORLD]
    before, after = assessed(*WORLD), assessed(*rows)
    one, two = ({_even(block.text) for block in told(made)} for made in (before, after))
    gone, come = one - two, two - one
    assert gone
    assert all("Referrals" in text for text in gone | come)
    assert any("to 800 in" in text for text in gone)
    assert any("to 801 in" in text for text in come)


def _is_referral(row: dict[str, Any]) -> bool:
    return row["indicator"] == "referrals" and row["value"] == 800


def test_every_figure_of_a_finding_changes_its_sentence(small: Assessment) -> None:
    for finding in small.findings.to_dict("records"):
        lead = dict(small.leads[str(finding["finding_id"])])
        said = plain(small.spoken(finding))
        for name in ("value", "previous_value", "recorded_lower", "expected"):
            known = lead.get(name)
            of_flag = name in ("recorded_lower", "expected")
            if of_flag != bool(lead.get("event")) or known is None or not math.isfinite(known):
                continue
            other = replace(small, leads={**small.leads, str(finding["finding_id"]): lead | {name: known * 1.5}})
            assert plain(other.spoken(finding)) != said, name


def test_a_quarter_without_figures_tells_no_figure() -> None:
    assert told(assessed(figure("offences", "2023-24-Q1", 7))) == []
