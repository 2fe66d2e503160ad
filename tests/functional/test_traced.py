"""Each figure on the real partnership's pages leads from page to observation to published row."""

from __future__ import annotations

import csv
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.functional.conftest import QUARTER, ROOT
from threatlib.wording import period_short, period_words

pytestmark = pytest.mark.xdist_group("briefings")

DATA = ROOT / "data" / "city-hackney"
PRINTED = DATA / "published" / "annual_report_2021_22.csv"


class Reader(HTMLParser):
    """Texts of a page, each with the nearest element that says where it comes from."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, list[tuple[str, dict[str, str]]]]] = []
        self.figures: list[tuple[float, list[str], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "img", "br", "source", "path"):
            self.stack.append((tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts.append((data, list(self.stack)))
        if self.stack and self.stack[-1][0] == "data":
            said = self.stack[-1][1]
            self.figures.append((float(said["value"]), said["data-from"].split(), data))


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


@pytest.fixture(scope="module")
def pages(briefings: Path) -> dict[str, Reader]:
    return {p.name: read(p) for p in sorted((briefings / "city-hackney" / QUARTER).glob("*.html"))}


@pytest.fixture(scope="module")
def released(briefings: Path) -> pd.DataFrame:
    table = pd.read_csv(briefings / "city-hackney" / QUARTER / "tables" / "observations.csv", keep_default_na=False)
    return table.set_index("obs")


@pytest.fixture(scope="module")
def printed() -> dict[int, dict[str, str]]:
    with PRINTED.open(encoding="utf-8-sig", newline="") as handle:
        return dict(enumerate(csv.DictReader(handle), start=2))


def _in_words() -> set[str]:
    """Figures of a conflict that the report gives in words only: ids of the annotations that hold them."""
    entries = yaml.safe_load((DATA / "annotations.yaml").read_text(encoding="utf-8"))["annotations"]
    return {
        f"annotations.yaml:{entry['id']}:{name}"
        for entry in entries
        for name, figure in entry.get("figures", {}).items()
        if "value" in figure
    }


def test_every_source_named_on_a_page_exists(pages: dict[str, Reader], released: pd.DataFrame) -> None:
    there = set(released.index) | _in_words()
    count = 0
    for name, reader in pages.items():
        for _, rows, text in reader.figures:
            for row in rows:
                assert row in there or row.startswith("run:"), f"{name}: '{text}' comes from {row}, which is nowhere"
            count += 1
    assert count > 300


def test_a_figure_from_one_row_is_what_that_row_prints(
    pages: dict[str, Reader], released: pd.DataFrame, printed: dict[int, dict[str, str]]
) -> None:
    """From page to observation to published row: value and place in the report are the same all the way."""
    traced = 0
    for name, reader in pages.items():
        for value, rows, text in reader.figures:
            if len(rows) != 1 or rows[0] not in released.index:
                continue
            row = released.loc[rows[0]]
            source = printed[int(row["row"])]
            assert row["indicator"] == source["indicator_id"]
            assert row["locator"] == f"{source['source_section']} @{source['source_offset']}"
            if row["status"] == "withheld":
                raise AssertionError(f"{name}: '{text}' shows {value} of a withheld figure")
            assert float(row["value"]) == float(source["value"])
            assert math.isclose(value, float(source["value"])), f"{name}: '{text}' against {source}"
            traced += 1
    assert traced > 150


def test_a_withheld_figure_is_nowhere_in_any_file(
    briefings: Path, released: pd.DataFrame, printed: dict[int, dict[str, str]]
) -> None:
    hidden = released[released["status"] == "withheld"]
    assert len(hidden) > 5
    table = pd.read_csv(
        briefings / "city-hackney" / QUARTER / "tables" / "observations.csv", dtype=str, keep_default_na=False
    )
    table = table.set_index("obs")
    for obs in hidden.index:
        row = table.loc[obs]
        assert row["value"] == ""
        assert row["row"] == "0"
        source = next(p for p in printed.values() if _place(p) == (row["indicator"], row["area"], row["period"]))
        for page in (briefings / "city-hackney" / QUARTER).glob("*.html"):
            told = f'value="{float(source["value"]):.10g}" data-from="{obs}"'
            assert told not in page.read_text(encoding="utf-8")


def _place(source: dict[str, str]) -> tuple[str, str, str]:
    return source["indicator_id"], source["area"], source["period"]


def _allowed_words() -> str:
    """All text that the partnership's own definitions hold: names and reasons may carry dates and defining numbers."""
    parts = [p.read_text(encoding="utf-8") for p in DATA.glob("*.yaml")]
    return " ".join(" ".join([*parts, (DATA / "requirements.csv").read_text(encoding="utf-8")]).split())


def test_no_digit_on_a_page_is_without_a_source(pages: dict[str, Reader], released: pd.DataFrame) -> None:
    """Outside elements that carry a source, digits stand only in periods, dates, names and the files' own words."""
    known = _allowed_words()
    labels = set(released["period"])
    periods = {form(label) for label in labels for form in (str, period_words, period_short)}
    for name, reader in pages.items():
        for text, stack in reader.texts:
            if not re.search(r"\d", text) or any(tag in ("style", "title", "footer") for tag, _ in stack):
                continue
            if any("data-from" in said or "data-period" in said or tag == "time" for tag, said in stack):
                continue
            whole = " ".join(text.split())
            if whole in known or whole in periods:
                continue
            phrases = [phrase for phrase in re.split(r"[;,:()]| and |\. ", whole) if re.search(r"\d", phrase)]
            inside = any(
                tag in ("figcaption", "caption", "summary", "nav", "header", "figure", "a", "th") for tag, _ in stack
            )
            for phrase in phrases:
                plain = phrase.strip(" .")
                bare = plain
                for word in sorted(periods, key=len, reverse=True):
                    bare = bare.replace(word, "")
                dated = not re.search(r"\d", bare)
                assert plain in known or dated or inside, f"{name}: '{text.strip()}' has digits without a source"


def test_all_conflicts_are_on_the_data_quality_page_with_their_arithmetic(briefings: Path) -> None:
    folder = briefings / "city-hackney" / QUARTER
    html = (folder / "data_quality.html").read_text(encoding="utf-8")
    for number in range(1, 53):
        assert f'id="conflict-{number:02d}"' in html
    checks = pd.read_csv(folder / "tables" / "checks.csv")
    wrong_base = checks[checks["other_base"].notna()]
    assert {"conflict-05", "conflict-06", "conflict-19"} <= set(wrong_base["conflict"])
    change = wrong_base.set_index("conflict")["result"]
    assert change["conflict-05"] == pytest.approx(100 * (11 - 20) / 20)
    assert change["conflict-06"] == pytest.approx(100 * (30 - 41) / 41)
    assert change["conflict-19"] == pytest.approx(100 * (311 - 174) / 174)
    assert {"agrees", "disagrees"} <= set(checks["verdict"])


def test_no_disputed_figure_is_shown_without_its_mark(
    pages: dict[str, Reader], released: pd.DataFrame, briefings: Path
) -> None:
    entries = yaml.safe_load((DATA / "annotations.yaml").read_text(encoding="utf-8"))["annotations"]
    conflicts = {entry["id"] for entry in entries if entry["kind"] == "conflict"}
    disputed = {obs for obs, marks in released["marks"].items() if conflicts & set(str(marks).split())}
    assert len(disputed) > 40
    for name in pages:
        if name == "data_quality.html":
            continue
        html = (briefings / "city-hackney" / QUARTER / name).read_text(encoding="utf-8")
        for element in re.findall(r"<(?:tr|li)\b.*?</(?:tr|li)>", html, re.DOTALL):
            shown = {row for rows in re.findall(r'data-from="([^"]*)"', element) for row in rows.split()}
            if shown & disputed and "<details" not in element:
                assert 'class="mark"' in element or "(disputed)" in element, (
                    f"{name}: {sorted(shown & disputed)} stand without a mark"
                )


def test_the_manifest_names_the_file_the_figures_come_from(briefings: Path) -> None:
    record = json.loads((briefings / "city-hackney" / QUARTER / "manifest.json").read_text(encoding="utf-8"))
    assert [entry["path"] for entry in record["inputs"]] == ["published/annual_report_2021_22.csv"]
