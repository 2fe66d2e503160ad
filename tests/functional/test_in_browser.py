"""Every page of both partnerships in a real Chromium: accessible, valid, quiet, whole on a phone and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import checkers
from tests.browser.chromium import Window, needs_chromium, window
from tests.functional.conftest import PARTNERSHIPS, QUARTER
from threatlib.briefing import printout
from threatlib.briefing.lint import LARGEST, lint, lint_site
from threatlib.briefing.pages import INDEX, PAGES
from threatlib.briefing.plain import plain

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.xdist_group("briefings")]

FILES = [INDEX, *(f"{name}.html" for name in PAGES)]
SOME = """[...document.querySelectorAll('details')].filter((d, i) => !d.closest('figure') || i < 4)
    .forEach(d => d.open = true)"""
"""Every fold but the data tables of most charts: one function makes those, and axe takes its time over them."""
OPEN = "document.querySelectorAll('details').forEach(d => d.open = true)"
SPACED = """document.head.appendChild(document.createElement('style')).textContent = '* { line-height: 1.5 !important;'
    + 'letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }'"""
TOO_WIDE = """[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.scroll') && !e.closest('.unseen') && !e.closest('svg')).map(e => e.outerHTML.slice(0, 120))"""
CUT = """[...document.querySelectorAll('main p, main li, main td, main th, main dd, main h2, main h3, main summary')]
    .filter(e => getComputedStyle(e).overflow === 'hidden' && e.scrollHeight > e.clientHeight + 1
    && !e.closest('.unseen')).map(e => e.outerHTML.slice(0, 120))"""
PAGE_HEIGHT = 1122.5
"""CSS pixels of an A4 page's height."""


@pytest.fixture(scope="module")
def tab() -> Iterator[Window]:
    checkers.installed()
    with window() as opened:
        yield opened


@pytest.fixture(params=[(who, file) for who in PARTNERSHIPS for file in FILES], ids=lambda p: f"{p[0]}/{p[1]}",
                scope="module")  # fmt: skip
def page(request: pytest.FixtureRequest, briefings: Path) -> Path:
    who, file = request.param
    return briefings / who / QUARTER / file


def test_axe_finds_nothing_and_the_page_is_quiet(tab: Window, page: Path) -> None:
    tab.open(page)
    tab.ask(SOME)
    assert checkers.violations(tab, best_practice=True) == []
    assert tab.asked_outside() == []
    assert tab.messages == []


def test_it_fits_a_phone_with_wider_letters_and_twice_as_large(tab: Window, page: Path) -> None:
    """WCAG 2.2: 1.4.10 (320 px), 1.4.12 (text spacing) and 1.4.4 (a window of 1280 px zoomed to 200% has 640)."""
    tab.open(page, width=320)
    tab.ask(OPEN)
    assert tab.ask("document.documentElement.scrollWidth") <= 320
    assert tab.ask(TOO_WIDE) == []
    tab.ask(SPACED)
    assert tab.ask("document.documentElement.scrollWidth") <= 320
    assert tab.ask(CUT) == []
    tab.call("Emulation.setDeviceMetricsOverride", width=640, height=450, deviceScaleFactor=2, mobile=False)
    assert tab.ask("document.documentElement.scrollWidth") <= 640
    assert tab.ask(CUT) == []


def test_no_chart_is_larger_than_a_printed_page(tab: Window, page: Path) -> None:
    """A chart that must not be broken (the style sheet says so) is whole only if it fits a page."""
    tab.open(page, width=680)  # the width of an A4 page between its margins
    tab.call("Emulation.setEmulatedMedia", media="print")
    charts = tab.ask(
        "[...document.querySelectorAll('figure picture')].map(p => [getComputedStyle(p).breakInside,"
        " p.getBoundingClientRect().height + p.previousElementSibling.getBoundingClientRect().height])"
    )
    tab.call("Emulation.setEmulatedMedia", media="")
    assert all(rule == "avoid" and height < 0.9 * PAGE_HEIGHT for rule, height in charts), charts


def test_our_own_examiner_finds_nothing(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert lint(html, simulated="demo" in page.parts) == []
    assert plain(html) == []
    assert len(html.encode()) < LARGEST


@pytest.mark.parametrize("who", PARTNERSHIPS)
def test_the_html_is_valid_and_every_link_leads_somewhere(briefings: Path, who: str) -> None:
    checkers.installed()
    folder = briefings / who / QUARTER
    assert checkers.invalid([folder / file for file in FILES]) == []
    pages = {file: (folder / file).read_text(encoding="utf-8") for file in FILES}
    assert {file: faults for file, faults in lint_site(pages).items() if faults} == {}
    for html in pages.values():
        for target in re.findall(r'href="([^"#:]+)"', html):
            assert (folder / target).is_file(), target


def test_a_page_prints_to_the_same_bytes_wherever_it_lies(briefings: Path, tmp_path: Path) -> None:
    """What the run published against a print of the same page somewhere else."""
    source = briefings / "demo" / QUARTER / "briefing.html"
    (tmp_path / source.name).write_bytes(source.read_bytes())
    assert printout.write(tmp_path) == "PDF: 1 pages printed."
    printed = source.with_suffix(".pdf").read_bytes()
    assert printed == (tmp_path / "briefing.pdf").read_bytes()
    assert b"file:" not in printed
    assert b"/StructTreeRoot" in printed
    assert b"/Lang (en-GB)" in printed
    assert b"D:20000101000000" in printed


@pytest.mark.parametrize("who", PARTNERSHIPS)
def test_the_print_of_every_page_is_tagged_and_has_every_chart(briefings: Path, who: str) -> None:
    for file in FILES:
        page = briefings / who / QUARTER / file
        printed = page.with_suffix(".pdf").read_bytes()
        assert b"/StructTreeRoot" in printed
        assert printed.count(b"/S /Figure") >= page.read_text(encoding="utf-8").count("<picture"), file
