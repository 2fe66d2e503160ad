"""Pages in a real Chromium: whole, quiet, and no wider than the screen they are read on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.briefing.sample_page import notebook, page
from tests.browser.chromium import Window, needs_chromium, window
from threatlib.briefing.export import export

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.xdist_group("browser")]

TOO_WIDE = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.scroll') && !e.closest('.unseen')).map(e => e.outerHTML.slice(0, 120))"""

GROUNDS = """[...document.querySelectorAll('p, a, dt, dd, li, th, td, h1, h2, h3, caption, summary, abbr, .sub,'
    + '.subtitle, .rating, .arrow, .judged, .mark, .unset')].map(e => {
        let g = e;
        while (g && getComputedStyle(g).backgroundColor === 'rgba(0, 0, 0, 0)') g = g.parentElement;
        const ground = getComputedStyle(g || document.body).backgroundColor;
        return [getComputedStyle(e).color, ground, e.outerHTML.slice(0, 90)]; })"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Window]:
    with window() as opened:
        yield opened


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "demand.html"
    path.write_text(export(notebook(), page=page()), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [320, 375, 768, 961, 1024, 1217, 1280, 1920])
def test_nothing_scrolls_sideways(tab: Window, file: Path, width: int) -> None:
    tab.open(file, width=width)
    tab.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.ask("innerWidth") == width
    assert tab.ask("document.documentElement.scrollWidth") <= width
    assert tab.ask(TOO_WIDE) == []


def test_wider_letters_and_lines_still_fit(tab: Window, file: Path) -> None:
    """The text spacing of WCAG 2.2, 1.4.12."""
    tab.open(file, width=320)
    tab.ask(
        "document.querySelectorAll('body *').forEach(e => Object.assign(e.style,"
        " {lineHeight: '1.5', letterSpacing: '.12em', wordSpacing: '.16em'}))"
    )
    assert tab.ask("document.documentElement.scrollWidth") <= 320


def test_the_page_asks_for_nothing_and_says_nothing(tab: Window, file: Path) -> None:
    tab.open(file)
    assert tab.asked_outside() == []
    assert tab.messages == []


def test_every_chart_is_drawn_and_the_phone_gets_its_own(tab: Window, file: Path) -> None:
    shown = "[...document.images].map(i => [i.complete, i.naturalWidth > 0, i.currentSrc.length])"
    tab.open(file, width=1280)
    wide = tab.ask(shown)
    tab.open(file, width=320)
    narrow = tab.ask(shown)
    assert len(wide) == 6
    assert all(complete and drawn for complete, drawn, _ in [*wide, *narrow])
    assert all(a[2] != b[2] for a, b in zip(wide, narrow, strict=True))


def test_planted_trackers_are_stopped_by_the_page_itself(tab: Window, file: Path) -> None:
    planted = file.with_name("planted.html")
    text = file.read_text(encoding="utf-8")
    planted.write_text(text.replace("</main>", '<img src="http://tracker.test/x.png" alt=""></main>'), encoding="utf-8")
    tab.open(planted)
    assert any("Content Security Policy" in message for message in tab.messages)


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(tab: Window, file: Path) -> None:
    tab.open(file)
    tab.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert tab.ask("document.activeElement.className") == "skip"
    assert tab.ask("document.querySelector(document.activeElement.getAttribute('href')).tagName") == "MAIN"


def test_closed_data_tables_are_in_the_print(tab: Window, file: Path, tmp_path: Path) -> None:
    tab.open(file)
    tab.call("Emulation.setEmulatedMedia", media="print")
    shown = tab.ask("[...document.querySelectorAll('details table')].map(t => t.checkVisibility())")
    tab.call("Emulation.setEmulatedMedia", media="")
    assert shown == [True] * 6


def test_the_print_is_a_tagged_a4_document(tab: Window, file: Path, tmp_path: Path) -> None:
    tab.open(file)
    tab.pdf(tmp_path / "page.pdf")
    pdf = (tmp_path / "page.pdf").read_bytes()
    boxes = {tuple(round(float(n)) for n in box.split()) for box in re.findall(rb"/MediaBox \[([^\]]+)\]", pdf)}
    assert b"/StructTreeRoot" in pdf
    assert boxes == {(0, 0, 595, 842)}


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(tab: Window, file: Path, dark: bool) -> None:
    """WCAG 2.2, 1.4.3 for the text elements that carry a colour of their own."""
    tab.open(file, dark=dark)
    pairs = tab.ask(GROUNDS)
    assert len(pairs) > 100
    poor = {(text, ground, where) for text, ground, where in pairs if _contrast(text, ground) < 4.5}
    assert poor == set()


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as the browser writes them."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(n) / 255 for n in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
