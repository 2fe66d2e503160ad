"""An executed notebook becomes one self-contained page."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import Markup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import threatlib
from tests.briefing.sample_page import notebook, page
from threatlib.briefing.components import Download
from threatlib.briefing.export import export, index_page
from threatlib.briefing.lint import lint, lint_site
from threatlib.errors import ExportError


@pytest.fixture(scope="module")
def html() -> str:
    return export(notebook(), page=page())


def test_the_page_passes_its_linter(html: str) -> None:
    assert lint(html, simulated=True) == []


def test_the_same_notebook_gives_the_same_bytes(html: str) -> None:
    assert export(notebook(), page=page()) == html


def test_what_the_reader_gets(html: str) -> None:
    assert "An opening sentence." in html
    assert "<p>A result.</p>" in html
    assert html.count("<figure ") == 6


@pytest.mark.parametrize("kept_back", ["secret_input", "printed noise", "plain noise", "Only for us", "own title"])
def test_what_stays_with_the_analyst(html: str, kept_back: str) -> None:
    assert kept_back not in html


def test_tags_inside_markdown_are_shown_as_text(html: str) -> None:
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_one_main_heading_and_it_is_the_page_title(html: str) -> None:
    assert re.findall(r"<h1>(.*?)</h1>", html) == ["Demand"]


def test_contents_follow_the_headings_and_repeated_ones_get_anchors_of_their_own(html: str) -> None:
    contents = re.search(r'<nav class="contents".*?</nav>', html, re.DOTALL)
    assert contents
    assert re.findall(r'href="#([^"]+)"', contents[0]) == [
        "the-threats", "threat-workforce", "threat-emerging-issues", "key-messages", "demand", "demand-2",
        "requirements", "new-definition", "lost-records",
    ]  # fmt: skip


def test_titles_and_names_are_escaped() -> None:
    html = export(new_notebook(), page=page(title="A <b> & C", partnership='"Q"', provenance={"<i>": "<u>"}))
    assert "<h1>A &lt;b&gt; &amp; C</h1>" in html
    assert "<dt>&lt;i&gt;</dt><dd>&lt;u&gt;</dd>" in html


def test_the_window_title_names_topic_quarter_and_as_much_more_as_fits(html: str) -> None:
    assert "<title>Demand, 2021-22-Q3 (simulated): Elmstead &amp; Barrow Partnership</title>" in html
    assert page(partnership="P" * 80).window_title == "Demand, 2021-22-Q3 (simulated)"


def test_simulated_pages_say_so_and_real_ones_do_not(html: str) -> None:
    assert '<meta name="data-kind" content="simulated">' in html
    assert "<strong>Simulated data.</strong>" in html
    real = export(notebook(), page=page(simulated=False, label="2021-22-Q4"))
    assert "Simulated data." not in real
    assert '<meta name="data-kind" content="real">' in real


def test_the_page_forbids_every_request(html: str) -> None:
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in html


def test_the_page_it_is_on_is_marked_in_the_navigation(html: str) -> None:
    assert re.findall(r'<a href="(\S+)" aria-current="page">', html) == ["demand.html"]


def test_a_notebook_that_failed_has_no_page() -> None:
    error = new_output("error", ename="ValueError", evalue="no such quarter", traceback=[])
    broken = new_notebook(cells=[new_markdown_cell("# x", id="a"), new_code_cell("x", outputs=[error], id="b")])
    with pytest.raises(ExportError, match=r"demand\.html: cell 2 ended in ValueError: no such quarter"):
        export(broken, page=page())


def test_export_leaves_the_notebook_as_it_was() -> None:
    source = notebook()
    before = deepcopy(source)
    export(source, page=page())
    assert source == before


def test_the_index_links_every_page_and_table(html: str) -> None:
    start = replace(page(), file="index.html", title="Overview")
    index = index_page(
        page=start, content=Markup("<h2>Threats</h2>"), summaries={"demand.html": "Who came & why."},
        files=[Download("tables.xlsx", "Every table", "Excel")],
    )  # fmt: skip
    assert lint(index, simulated=True) == []
    assert '<li><a href="demand.html">Demand</a><p>Who came &amp; why.</p></li>' in index
    assert '<a href="tables.xlsx" download>Every table</a> <span>Excel</span>' in index
    assert lint_site({"index.html": index, "demand.html": html})["index.html"] == []


def test_the_template_holds_no_figure_of_its_own() -> None:
    """Every number on a page is a released one: the template's own text has no digit."""
    text = (Path(threatlib.__file__).parent / "briefing" / "template" / "index.html.j2").read_text(encoding="utf-8")
    spoken = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", "", text, flags=re.DOTALL)
    assert not re.search(r"\d", spoken)
