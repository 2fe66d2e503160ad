"""Fragments of the pages of a partnership small enough to check every figure on them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pandas as pd
import pytest
from markupsafe import Markup

from tests.small import BREAK, FAULT, GAP, QUARTER, SHOCK, WORLD, assessed, commented, declared, figure, quarters
from threatlib.assessment import Assessment
from threatlib.assessment.sentences import Part
from threatlib.briefing.export import export, page_of
from threatlib.briefing.pages import PAGES, Page, drawings, index, overview
from threatlib.briefing.pages.words import ARROWS, DIRECTIONS, counted, sentence, sentences, snapshot

PIECES: tuple[Callable[[Page], object], ...] = (
    Page.threats, Page.messages, Page.changed, Page.unseen, Page.requirements, Page.context, Page.findings,
    Page.subtopics, Page.conflicts, Page.declared, Page.coverage, Page.left_out, Page.method, Page.glossary,
)  # fmt: skip
EVIL = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    return assessed(*WORLD, figure("offences", "2021-22-Q4", None), annotations=[SHOCK, FAULT, GAP])


def text(html: object) -> str:
    """What a reader sees of a piece."""
    words = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", getattr(html, "html", str(html)), flags=re.DOTALL)
    return " ".join(Markup(words).unescape().split())


def figures(html: object) -> list[tuple[float, str]]:
    """Machine value and source of every figure."""
    found = re.findall(r'<data value="([^"]*)" data-from="([^"]*)">', getattr(html, "html", str(html)))
    return [(float(value), rows) for value, rows in found]


def test_every_direction_and_arrow_of_the_assessment_has_words() -> None:
    from threatlib.assessment.tree import DIRECTIONS as KNOWN

    assert set(KNOWN) == set(DIRECTIONS)
    assert set(ARROWS) == {"up", "down", "level", "cannot_say"}


def test_a_sentence_links_its_figures_explains_the_withheld_and_escapes_the_rest() -> None:
    html = sentence([Part(EVIL), Part("400", 400.0, "a.csv:5"), Part("[c]", None, "a.csv:8")])
    assert EVIL not in html
    assert figures(html) == [(400.0, "a.csv:5")]
    assert "withheld because a small number could identify a child" in html


@pytest.mark.parametrize(("number", "words"), [(0, "0 cells"), (1, "1 cell"), (1204, "1,204 cells")])
def test_things_are_counted_in_good_english(number: int, words: str) -> None:
    html = counted(number, "cell", "somewhere")
    assert text(html) == words
    assert figures(html) == [(number, "run:somewhere")]


def test_cards_say_direction_severity_and_confidence(assessment: Assessment) -> None:
    cards = Page("briefing", assessment).threats().html.split("<li")[1:]
    assert len(cards) == 2
    demand, workforce = (text(f"<li{card}") for card in cards)
    assert "Demand" in demand
    assert "getting worse" in demand
    assert "2 of 3" not in demand  # counts stand with their nouns
    assert "4 comparisons; 2 items of 3 rest on figures" in demand
    assert "cannot be said" in workforce


def test_messages_are_the_findings_in_their_order(assessment: Assessment) -> None:
    html = Page("briefing", assessment).messages().html
    said = [" ".join(line.split()) for line in assessment.findings["sentence"]]
    places = [text(html).find(line.split(" rose ")[0]) for line in said]
    assert -1 not in places
    assert places == sorted(places)
    assert (200.0, "a.csv:11") in figures(html)


def test_a_sentence_on_a_page_is_that_of_the_findings_table(assessment: Assessment) -> None:
    for record, html in zip(
        assessment.findings.to_dict("records"), sentences(assessment, assessment.findings, 9), strict=True
    ):
        squeezed = re.sub(r"\s", "", text(html))
        assert squeezed.startswith(re.sub(r"\s", "", record["sentence"]))
        assert f"Confidence: {record['confidence']}." in text(html)


def test_a_disputed_figure_is_marked_and_leads_to_the_reason(assessment: Assessment) -> None:
    html = Page("demand", assessment).subtopics().html
    assert 'href="data_quality.html#double-entry"' in html
    calm = Page("demand", assessed(*WORLD)).subtopics().html
    assert "data_quality.html#" not in calm


def test_what_cannot_be_seen_is_said(assessment: Assessment) -> None:
    said = text(Page("briefing", assessment).unseen())
    assert "1 item of the threat tree rest on words alone: Rumour." in said
    assert "1 figure is withheld because a small number could identify a child" in said
    assert "1 figure was not returned or not collected: Offences." in said
    assert "Lost records: The server burnt." in said


def test_open_requirements_have_owner_and_due_date_and_closed_ones_are_gone(assessment: Assessment) -> None:
    said = text(Page("briefing", assessment).requirements())
    assert "R1" in said
    assert "Ana" in said
    assert "31 December 2022" in said or "2022-12-31" in said
    assert "R2" not in said


def test_nothing_asked_and_nothing_told_are_words_and_not_empty_tables() -> None:
    made = assessed(*WORLD)
    bare = dataclasses.replace(
        made, tables={**made.tables, "requirements": made.requirements.head(0), "tree": made.tables["tree"].head(0)}
    )
    page = Page("briefing", bare)
    assert text(page.requirements()).startswith("No question is open.")
    assert "<table" not in page.requirements().html
    assert "rest on words alone" not in text(page.unseen())


def test_other_explanations_stand_beside_the_trend(assessment: Assessment) -> None:
    assert "Heat wave: Everybody stayed at home." in text(Page("demand", assessment).subtopics())
    assert "Heat wave" not in text(Page("demand", assessed(*WORLD)).subtopics())


def test_a_page_shows_its_own_sub_topics_only(assessment: Assessment) -> None:
    assert 'id="posts"' in Page("workforce", assessment).subtopics().html
    assert 'id="posts"' not in Page("demand", assessment).subtopics().html
    assert "hypothesis" in text(Page("demand", assessment).subtopics())


def test_snapshot_rows_are_signals_in_the_readers_measure(assessment: Assessment) -> None:
    main = assessment.signals[assessment.signals["main"].astype(bool)]
    table = snapshot(assessment, main).set_index(main["signal_id"])
    signal = main.set_index("signal_id")
    doubled = table.loc["year_before:offences:Council:Northam:"]
    assert (doubled["change"], doubled["change_unit"]) == (100.0, "percent_change")
    assert doubled["change_lower"] == pytest.approx(
        100 * (signal.loc["year_before:offences:Council:Northam:", "change_lower"] - 1)
    )
    steady = table.loc["year_before:seen_in_time:Council:Northam:"]
    assert (steady["change"], steady["change_unit"], steady["direction"]) == (0.0, "percentage_points", "level")
    alone = table.loc["year_before:workers:Council:Northam:"]
    assert pd.isna(alone["change"])
    assert alone["change_words"] == "no earlier figure for a period of the same kind"


def test_a_comparator_of_a_count_is_shown_as_a_rate(assessment: Assessment) -> None:
    html = Page("demand", assessment).subtopics().html
    row = next(row for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL) if "Midham" in row)
    assert (250.0, "a.csv:7") in figures(row)
    assert "250 per 10,000" in text(row)


def test_a_withheld_figure_is_nowhere_but_as_its_interval(assessment: Assessment) -> None:
    """Nothing on any page holds a value of the withheld row; its interval does."""
    html = "".join(getattr(piece(Page(name, assessment)), "html", "") for name in PAGES for piece in PIECES)
    assert "a.csv:8" in html
    assert "a.csv:8" not in {rows for _, rows in figures(html)}


def test_where_many_areas_have_a_figure_ours_are_set_in_a_funnel() -> None:
    """Ten areas, as in a region, are enough to tell their ordinary spread from chance; two are set side by side."""
    others = [
        figure("referrals", QUARTER, 40.0 + 7 * i, f"Area {i}", role="comparator", denominator=10_000.0 + 900 * i)
        for i in range(12)
    ]
    html = Page("demand", assessed(*WORLD, *others)).subtopics().html
    assert 'id="areas-referrals"' in html
    assert 'alt="Funnel chart, Referrals, rate per 10,000 children' in html


def test_what_is_not_low_is_drawn_beside_its_own_past_and_what_is_low_beside_what_told() -> None:
    past = {"before_expected": 40.0, "before_lower": 30.0, "before_upper": 50.0}
    told = {"expected": 4.0, "expected_lower": 1.0, "expected_upper": 9.0}
    rows = pd.DataFrame(
        [{"kind": "not_low", **told, **past}, {"kind": "low_unseen", **told, **past},
         {"kind": "not_low", **told, **dict.fromkeys(past, float("nan"))}]
    )  # fmt: skip
    found = drawings._by_own_past(rows)
    assert found["expected"].tolist() == [40.0, 4.0, 4.0]
    assert found["expected_upper"].tolist() == [50.0, 9.0, 9.0]


def test_a_table_of_figures_without_a_past_says_so_once(assessment: Assessment) -> None:
    html = Page("workforce", assessment).subtopics().html
    assert text(html).count("no earlier figure for a period of the same kind") == 1
    assert ">Previous<" not in html
    assert ">Direction<" not in html
    assert ">Direction<" in Page("demand", assessment).subtopics().html


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([], "No new finding since the quarter before."),
        (["new"], "1 new finding since the quarter before."),
        (["continuing", "worsening"], "No new finding since the quarter before; 2 continue."),
        (["new", "new", "continuing", "cleared"],
         "2 new findings since the quarter before; 1 continues; 1 no longer stands."),
    ],
)  # fmt: skip
def test_what_changed_is_counted_without_noughts(states: list[str], said: str) -> None:
    made = assessed(*WORLD)
    some = pd.concat([made.findings.head(1).assign(status=state) for state in states] or [made.findings.head(0)])
    made = dataclasses.replace(made, tables={**made.tables, "findings": some})
    assert text(overview.counts(made)) == said


def test_the_partnerships_own_abbreviations_are_explained_too(assessment: Assessment) -> None:
    own = dataclasses.replace(assessment, abbreviations={"XQZ": "a house of its own", "SARC": "what we call so"})
    page = Page("demand", own)
    html = export(page_of(Markup("<p>The XQZ moved. XQZ again, and the SARC.</p>")), page=page.info())
    assert text(html).count("XQZ (a house of its own)") == 1
    assert "SARC (what we call so)" in text(html)
    assert "XQZ" not in text(page.glossary())
    page._piece(Markup("<p>XQZ</p>"))
    assert "XQZ a house of its own" in text(page.glossary())


def test_what_is_declared_is_on_the_quality_page(assessment: Assessment) -> None:
    said = text(Page("data_quality", assessment).declared())
    for entry in (SHOCK, FAULT, GAP):
        assert entry["title"] in said
        assert entry["reason"] in said
    assert text(Page("data_quality", assessment).conflicts()) == "No conflict is declared."


def test_coverage_counts_each_agency_once(assessment: Assessment) -> None:
    html = Page("data_quality", assessment).coverage().html
    counts = {value for value, rows in figures(html)}
    local = assessment.observations[assessment.observations["role"] == "local"]
    assert float((local["status"] == "reported").sum()) in counts
    assert {rows for _, rows in figures(html)} == {"run:coverage.council"}


def test_the_method_says_how_many_arrows_chance_would_draw(assessment: Assessment) -> None:
    html = Page("data_quality", assessment).method().html
    assert (assessment.tests_made, "run:tests_made") in figures(html)
    assert (pytest.approx(assessment.expected_false_flags), "run:expected_false_flags") in figures(html)
    assert "Counts of people from 1 to 5 are withheld" in text(html)


def test_the_glossary_explains_what_this_page_has_shown() -> None:
    made = assessed(*WORLD, annotations=[declared(SHOCK, title="MASH and SARC moved")])
    page = Page("data_quality", made)
    assert "multi-agency safeguarding hub" not in text(page.glossary())
    page.declared()
    said = text(page.glossary())
    assert "multi-agency safeguarding hub" in said
    assert "sexual assault referral centre" in said


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.__name__)
@pytest.mark.parametrize(
    "rows",
    [(figure("offences", "2022-23-Q4", 7),), (figure("workers", "2022-09-30", 50),), quarters("offences", [0, 0])],
    ids=["nothing yet", "one figure", "zeros"],
)
def test_no_piece_fails_for_want_of_figures(
    piece: Callable[[Page], object], rows: tuple[dict[str, object], ...]
) -> None:
    made = assessed(*rows)
    for name in ("briefing", "demand"):
        assert isinstance(getattr(piece(Page(name, made)), "html", None), str)


def test_names_from_outside_are_text_on_every_piece() -> None:
    entries = [declared(entry, title=EVIL, reason=EVIL, said_by=EVIL) for entry in (SHOCK, FAULT, GAP, BREAK)]
    made = assessed(*WORLD, annotations=entries)
    for name in PAGES:
        for piece in PIECES:
            assert "<script" not in getattr(piece(Page(name, made)), "html", "")


def test_the_start_page_links_every_page_and_every_table(assessment: Assessment) -> None:
    html = index(assessment)
    for name in PAGES:
        assert f'href="{name}.html"' in html
    assert 'href="tables.xlsx"' in html
    assert 'href="tables/findings.csv"' in html
    assert "Small numbers are withheld." in html
    assert "July to September 2022" in html


def test_a_page_says_what_stands_around_it(assessment: Assessment) -> None:
    info = Page("demand", assessment).info()
    assert (info.file, info.title, info.label, info.simulated) == ("demand.html", "Demand", QUARTER, False)
    assert info.data_as_at == "20 October 2022"


def test_what_was_written_on_a_threat_or_a_sub_topic_stands_once_and_names_the_threat(assessment: Assessment) -> None:
    noted = commented(assessment)
    overview_page = Page("briefing", noted)
    shown = [overview_page.first_screen(), overview_page.context()]
    shown += [Page(name, noted).subtopics() for name in PAGES if name not in ("briefing", "data_quality")]
    pages = " ".join(text(piece) for piece in shown)
    for written in noted.tables["commentary"].to_dict("records"):
        assert pages.count(written["text"]) == 1, written["threat"]
    assert "Commentary on Demand, not computed Words on demand." in text(overview_page.first_screen())
    assert "Commentary" not in text(Page("briefing", assessment).first_screen())
