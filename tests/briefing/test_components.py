"""Fragments of a page: escaped, traced, never blank, and in words as well as in shape and colour."""

from __future__ import annotations

import base64
import csv
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from tests.briefing.sample_page import cards, referrals, snapshot
from threatlib.briefing import components as c
from threatlib.figures import Caption, time_series

EVIL = '<script>alert("x")</script>'


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def test_a_number_carries_its_value_and_its_rows() -> None:
    html = c.number_html("3,559", 3559, "annual_report_2021_22.csv:185")
    assert html == '<data value="3559" data-from="annual_report_2021_22.csv:185">3,559</data>'


@pytest.mark.parametrize(("value", "rows"), [(float("nan"), "a.csv:1"), (float("inf"), "a.csv:1"), (3, ""), (3, "  ")])
def test_a_number_without_value_or_rows_is_refused(value: float, rows: str) -> None:
    with pytest.raises(ValueError, match=r"finite|leads home"):
        c.number_html("3", value, rows)


@given(st.text())
def test_text_from_anywhere_is_escaped(text: str) -> None:
    frame = pd.DataFrame({"name": [text], "note": [text]})
    parts = [
        c.table_html(frame, caption=text, row_header="name", note=text),
        c.notes([text]), c.key_messages([text], heading=text or "x"), c.prose(text), c.heading(2, text),
        c.glossary([(text, text)]), c.page_cards([(text, text, text)]), c.banner(marking=text, audience=text),
        c.downloads([c.Download(text, text, text)]),
        c.threat_cards(pd.DataFrame([{"name": text, "direction": "up", "severity": text, "confidence": text,
                                      "sentence": text, "href": text}])),
    ]  # fmt: skip
    for html in parts:
        for tag in re.findall(r"<\s*/?\s*([^\s>/]*)", html):
            assert re.fullmatch(r"[a-z][a-z0-9]*", tag), (tag, html)


def test_markup_is_let_through_and_text_is_not() -> None:
    assert c.prose(Markup("<b>{}</b>").format(EVIL)) == f"<p><b>{Markup.escape(EVIL)}</b></p>\n"


@pytest.mark.parametrize("direction", ["up", "down", "level", "cannot be said"])
def test_an_arrow_is_a_word_and_a_shape(direction: str) -> None:
    html = c.arrow_html(direction, "worse")
    assert _text(html) == f"{direction} worse"
    assert 'aria-hidden="true"' in html


def test_words_of_ones_own_take_the_place_of_direction_and_judgement() -> None:
    assert _text(c.arrow_html("up", "worse", "getting worse")) == "getting worse"
    frame = pd.DataFrame([{"name": "x", "direction": "up", "judgement": "worse", "direction_words": "getting worse"}])
    assert "Direction getting worse Severity" in _text(c.threat_cards(frame))


def test_the_four_arrows_have_four_shapes() -> None:
    paths = {re.search(r' d="([^"]+)"', c.arrow_html(d))[1] for d in ("up", "down", "level", "cannot be said")}  # type: ignore[index]
    assert len(paths) == 4


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="found direction 'sideways', wanted one of: up, down, level, cannot be said"):
        c.arrow_html("sideways")


class TestTable:
    frame = pd.DataFrame(
        {"area": ["A", "B", "C", "D"], "value": [3559.0, np.nan, np.nan, 0.0], "unit": "count",
         "status": ["provisional", "withheld", "not_returned", "reported"], "lower": [3559, 1, np.nan, 0],
         "upper": [3559, 5, np.nan, 0], "rows": ["a.csv:1", "a.csv:2", "a.csv:3", "a.csv:4"]}
    )  # fmt: skip

    def test_every_status_is_shown_and_nothing_is_blank(self) -> None:
        html = c.table_html(self.frame, caption="Figures", row_header="area")
        cells = [_text(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]
        assert cells == ["3,559 [p]", "[c] 1 to 5", "[x]", "0"]

    def test_without_a_status_the_interval_tells_withheld_from_missing(self) -> None:
        html = c.table_html(self.frame.drop(columns="status"), caption="Figures", row_header="area")
        cells = [_text(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]
        assert cells == ["3,559", "[c] 1 to 5", "[x]", "0"]

    def test_caption_scopes_and_focus(self) -> None:
        html = c.table_html(self.frame, caption="Figures", row_header="area")
        assert '<caption id="figures-caption">Figures</caption>' in html
        assert html.count('<th scope="row">') == 4
        assert html.count('<th scope="col"') == 2
        assert '<section class="table scroll" aria-labelledby="figures-caption" tabindex="0">' in html

    def test_each_number_leads_to_its_own_row(self) -> None:
        html = c.table_html(self.frame, caption="Figures", row_header="area")
        assert re.findall(r'<data value="([^"]+)" data-from="([^"]+)">', html) == [
            ("3559", "a.csv:1"),
            ("0", "a.csv:4"),
        ]

    def test_a_number_without_rows_does_not_reach_a_page(self) -> None:
        with pytest.raises(ValueError, match="leads home"):
            c.table_html(self.frame.drop(columns="rows"), caption="Figures", row_header="area")

    def test_no_rows_is_said(self) -> None:
        assert "No rows to show." in c.table_html(self.frame.head(0), caption="Figures", row_header="area")

    def test_chosen_columns_units_and_rows_of_their_own(self) -> None:
        frame = pd.DataFrame({"area": ["A"], "share": [12.04], "share_rows": ["b.csv:9"], "period": ["2021-22-Q2"]})
        html = c.table_html(
            frame, caption="x", row_header="area", columns={"area": "Area", "share": "Share", "period": "When"},
            units={"share": "percent"},
        )  # fmt: skip
        assert '<data value="12.04" data-from="b.csv:9">12.0%</data>' in html
        assert 'data-period="2021-22-Q2">Jul–Sep 2021</span>' in html


class TestSnapshot:
    html = str(c.snapshot_html(snapshot(), caption="At a glance"))
    rows = tuple(re.findall(r"<tr><th scope.*?</tr>", html.split("<tbody>")[1], re.DOTALL))

    def test_the_first_row_reads_whole(self) -> None:
        assert _text(self.rows[0]) == (
            "Referrals Elmstead · Elmstead Council see caveats a on new definition b on lost records 401 Oct–Dec 2021"
            " 320 Jul–Sep 2021 +25.3% +8.1% to +45.4% 62.1 per 10,000 56.2 to 68.5 up worse"
        )

    def test_a_withheld_value_is_an_interval_and_no_change_is_made_of_it(self) -> None:
        assert _text(self.rows[1]) == (
            "Plans &lt;b&gt;for&lt;/b&gt; abuse Barrow [c] 1 to 5 31 Mar 2022 0 31 Mar 2021 [z] too small to compare"
            " [z] cannot be said [z]"
        )

    def test_a_change_leads_to_both_its_rows(self) -> None:
        assert '<data value="25.3" data-from="returns.csv:12 returns.csv:11">+25.3%</data>' in self.html

    def test_marks_lead_to_the_data_quality_page(self) -> None:
        assert re.findall(r'class="mark" href="([^"]+)"', self.html) == [
            "data_quality.html#new-definition", "data_quality.html#lost-records",
        ]  # fmt: skip

    def test_columns_nobody_fills_are_left_out(self) -> None:
        assert "Comparator" not in self.html
        assert ">Trend</th>" in self.html

    def test_each_cell_knows_its_heading(self) -> None:
        labels = re.findall(r'data-label="([^"]+)"', self.rows[0])
        assert labels == ["Latest", "Previous", "Change", "Rate", "Direction", "Trend"]


class TestFigure:
    figure = time_series(
        referrals(), Caption("fig-r", f"Rose {EVIL}", "Referrals, each quarter", "Returns", "SIMULATED DATA")
    )
    html = str(c.figure_html(figure))

    def test_both_drawings_are_inside_and_nothing_is_fetched(self) -> None:
        pictures = re.findall(r'(?:srcset|src)="data:image/svg\+xml;base64,([^"]+)"', self.html)
        assert [base64.b64decode(p) for p in pictures] == [self.figure.narrow, self.figure.svg]

    def test_the_words_are_escaped(self) -> None:
        assert "<script" not in self.html

    def test_the_data_are_one_click_away_and_traced(self) -> None:
        values = re.findall(r'<data value="([^"]+)" data-from="(returns\.csv:\d+)">', self.html)
        shown = referrals().dropna(subset=["value"])
        assert [(f"{v:g}", r) for v, r in zip(shown["value"], shown["rows"], strict=True)] == [
            (v, r) for v, r in values if v not in ("270", "345")
        ]

    def test_the_download_is_the_same_table(self) -> None:
        link = re.search(r'href="data:text/csv;base64,([^"]+)" download="fig-r.csv"', self.html)
        assert link
        lines = list(csv.DictReader(io.StringIO(base64.b64decode(link[1]).decode("utf-8-sig"))))
        assert [row["value"] for row in lines][:3] == ["310.0", "298.0", "305.0"]
        assert [row["status"] for row in lines][6:9] == ["not_returned", "not_returned", "withheld"]

    def test_the_page_counts_or_the_caller_does(self) -> None:
        assert '<span class="number figure"></span>' in self.html
        assert '<span class="number">Figure 3. </span>' in c.figure_html(self.figure, 3)


def test_cards_say_each_rating_in_a_word() -> None:
    assert _text(cards()) == (
        "Workforce 7 of 12 measures got worse. Direction up worse Severity severe Confidence High"
        " Emerging issues Low because safe, or low because unseen. Direction cannot be said Severity not rated"
        " Confidence low"
    )


def test_a_rating_fills_as_many_steps_as_it_has() -> None:
    html = c.threat_cards(
        pd.DataFrame([{"name": "x", "direction": "level", "severity": "Substantial", "confidence": "moderate"}])
    )
    assert html.count('class="on"') == 3 + 2
    assert html.count('class="off"') == 2 + 1


def test_at_most_five_messages_are_key() -> None:
    assert c.key_messages(["x"] * 5).count("<li>") == 5
    with pytest.raises(ValueError, match="found 6 key messages, wanted at most five"):
        c.key_messages(["x"] * 6)


def test_a_requirement_without_owner_or_date_says_so() -> None:
    frame = pd.DataFrame(
        [{"ref": "R1", "question": "Why?", "kind": "analysis", "owner": "", "due": None, "status": "open"}]
    )
    text = _text(c.requirements_table(frame))
    assert "no owner set" in text
    assert "no date set" in text


def test_the_banner_is_there_only_where_it_is_needed() -> None:
    assert c.banner() == ""
    assert "Simulated data." in c.banner(simulated=True)
    assert _text(c.banner(marking="INTERNAL", audience="the analyst")) == "INTERNAL For the analyst."


def test_only_second_level_headings_and_below() -> None:
    assert c.heading(2, "A & B", "a") == '<h2 id="a">A &amp; B</h2>\n'
    with pytest.raises(ValueError, match="found level 1"):
        c.heading(1, "x")


def test_the_shorthand_used_is_explained() -> None:
    assert _text(c.shorthand(["[x]", "[c]", "[x]"])).startswith("[c] confidential")
    assert c.shorthand(["[x]", "[c]", "[x]"]).count("<dt") == 2
