"""File names of an internal briefing, and the links between its files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from threatlib.briefing import internal

PAGES = {
    "index.html": '<a href="demand.html#a">a</a> <a href="tables/findings.csv" download="findings.csv">t</a>'
    '<a href="#top">top</a> <a href="https://example.org/demand.html">out</a> <p>see demand.html</p>',
    "demand.html": '<a href="index.html">start</a> <img src="charts/one.svg"> <a href="data:text/csv;base64,QQ==" '
    'download="fig-1.csv">d</a>',
    "tables/findings.csv": "a,b\n",
    "charts/one.svg": "<svg/>",
    "tables/notes.html": '<a href="../demand.html">back</a> <a href="findings.csv">beside</a>',
    "manifest.json": "{}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PAGES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    internal.mark(tmp_path)
    return tmp_path


def test_every_file_name_but_the_manifest_says_internal(folder: Path) -> None:
    names = {p.name for p in folder.rglob("*") if p.is_file()}
    assert len(names) == len(PAGES)
    assert {name for name in names if "internal" not in name} == {"manifest.json"}


def test_every_link_inside_the_briefing_leads_to_a_file(folder: Path) -> None:
    followed = 0
    for page in folder.rglob("*.html"):
        for target in re.findall(r'(?:href|src)="([^":#]+)["#]', page.read_text()):
            assert (page.parent / target).is_file(), f"{page.name}: {target}"
            followed += 1
    assert followed == 6


def test_other_links_and_words_stay(folder: Path) -> None:
    text = (folder / "index-internal.html").read_text()
    assert 'href="demand-internal.html#a"' in text
    assert 'href="#top"' in text
    assert 'href="https://example.org/demand.html"' in text
    assert "see demand.html" in text


def test_what_a_reader_saves_from_a_page_is_named_so_too(folder: Path) -> None:
    assert 'download="fig-1-internal.csv"' in (folder / "demand-internal.html").read_text()
    assert 'href="data:text/csv;base64,QQ=="' in (folder / "demand-internal.html").read_text()


def test_a_name_keeps_its_folder_and_ending() -> None:
    assert internal.marked("tables/findings.csv") == "tables/findings-internal.csv"
    assert internal.marked("summary.txt") == "summary-internal.txt"
