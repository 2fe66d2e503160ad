"""The style guide's second half: tables, cards and the small pieces, on the data that break layouts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from markupsafe import Markup

from threatlib.briefing import components as c
from threatlib.briefing.fragments import DIRECTIONS
from threatlib.figures import sparkline

_FROM = "invented:1"
_LONG = "Vellmarsh and Quillgate Multi-Agency Safeguarding Hub for Unaccompanied Children and Care-Experienced Adults"
_UNBROKEN = "Kinderschutzdienststellenverwaltungsgesellschaft"
_LEFTWARDS = "مجلس إلمستيد لحماية الأطفال"
_ROW: dict[str, Any] = {
    "measure": "Referrals", "area": "Elmstead", "agency": "Elmstead Council", "unit": "count", "period": "2022-23-Q2",
    "rows": _FROM, "previous_period": "2021-22-Q2", "previous_rows": _FROM, "direction": "level", "status": "reported",
}  # fmt: skip
_HIDDEN: dict[str, Any] = {"value": None, "status": "withheld", "lower": 1, "upper": 5, "direction": "cannot be said"}


def pieces() -> Iterator[Markup]:
    """Each component under a heading of its own."""
    for title, content in (
        ("Snapshot table", _snapshots()),
        ("Plain table", _tables()),
        ("Threat cards", _cards()),
        ("Messages and notes", _words()),
        ("Requirements", _requirements()),
        ("Small pieces", _small()),
        ("Ways onwards", _links()),
    ):
        yield c.heading(2, title)
        yield content


def _snapshot(case: str, *rows: dict[str, Any]) -> Markup:
    frame = pd.DataFrame([_ROW | row for row in rows], columns=list(_ROW | _HIDDEN) if not rows else None)
    return c.heading(3, f"Snapshot: {case}") + c.snapshot_html(frame, caption=f"Snapshot with {case}")


def _snapshots() -> Markup:
    return Markup("").join(
        [
            _snapshot("no rows"),
            _snapshot("everything", {
                "value": 401, "previous": 320, "change": 25.3, "change_lower": 8.1, "change_upper": 45.4, "rate": 62.1,
                "rate_lower": 56.2, "rate_upper": 68.5, "direction": "up", "judgement": "worse", "comparator": 55.0,
                "comparator_name": "average of neighbours", "comparator_period": "2021-22", "comparator_rows": _FROM,
                "comparator_unit": "per_10k", "history": [310, 298, None, 320, 401], "marks": "one two",
                "mark_words": "see caveats", "status": "provisional",
            }),
            _snapshot("all withheld", _HIDDEN, _HIDDEN | {"unit": "percent", "change_words": "too small to compare"}),
            _snapshot("a negative change", {
                "value": 12, "previous": 40, "change": -70.0, "change_lower": -84.9, "change_upper": -42.0,
                "direction": "down", "judgement": "better", "history": [40, 30, 20, 12],
            }),
            _snapshot("zeros", {"value": 0, "previous": 0, "change": 0.0, "history": [0, 0, 0]}),
            _snapshot("huge and tiny values", {"value": 1_204_500_000, "previous": 987_000_001, "unit": "gbp",
                                               "change": 22.0}, {"value": 0.04, "unit": "ratio", "previous": 0.01}),
            _snapshot("very long names", {"measure": _LONG, "area": _UNBROKEN, "agency": _LONG, "value": 3}),
            _snapshot("names written from right to left", {"area": _LEFTWARDS, "agency": _LEFTWARDS, "value": 3}),
        ]
    )  # fmt: skip


def _tables() -> Markup:
    frame = pd.DataFrame({"agency": [_LONG, _UNBROKEN, _LEFTWARDS], "value": [1e9, 0.0, None], "note": ["", "x", "y"],
                          "status": ["reported", "provisional", "not_returned"], "rows": _FROM})  # fmt: skip
    return Markup("").join(
        [
            c.heading(3, "Table: no rows"),
            c.table_html(frame.head(0), caption="A table without rows", row_header="agency"),
            c.heading(3, "Table: names and statuses"),
            c.table_html(frame, caption="A table with difficult names", row_header="agency", note="With a note."),
            c.heading(3, "Table: as cards on a phone"),
            c.table_html(frame, caption="A table of cards", row_header="agency", as_cards=True),
        ]
    )


def _cards() -> Markup:
    frame = pd.DataFrame(
        [
            {"name": "Getting worse", "direction": "up", "judgement": "worse", "direction_words": "getting worse",
             "severity": "Critical", "confidence": "High", "sentence": "The most there is.", "href": "#threat-cards"},
            {"name": "Getting better", "direction": "down", "judgement": "better", "direction_words": "getting better",
             "severity": "Slight", "confidence": "Moderate", "sentence": _LONG},
            {"name": _UNBROKEN, "direction": "cannot be said", "severity": "", "confidence": "Low", "sentence": ""},
            {"name": _LEFTWARDS, "direction": "level", "severity": "Moderate", "confidence": "",
             "sentence": _LEFTWARDS},
        ]
    )  # fmt: skip
    return c.threat_cards(frame) + c.threat_cards(frame.head(0))


def _words() -> Markup:
    said = Markup("Referrals rose to {}.").format(c.number_html("1,204,500,000", 1_204_500_000, _FROM))
    return Markup("").join(
        [
            c.key_messages([said, "One short sentence.", _LONG, _UNBROKEN, _LEFTWARDS], heading="Five messages"),
            c.key_messages([], heading="No message"),
            c.notes(["A caveat.", _LONG, "<b>Escaped</b> & safe"]),
            c.notes(["Recording changed.", "A rebound after a closure."], kind="alternatives"),
            c.prose("A computed sentence.", "", "Another one."),
        ]
    )


def _requirements() -> Markup:
    frame = pd.DataFrame(
        {"ref": ["IR1", "IR2"], "question": [_LONG, "Why?"], "kind": ["analysis", "collection"], "owner": ["", _LONG],
         "due": ["2022-11-30", ""], "status": ["open", "overdue"], "depends_on": ["", "IR1"]}
    )  # fmt: skip
    return c.requirements_table(frame) + c.requirements_table(frame.head(0), caption="No requirements")


def _small() -> Markup:
    arrows = [c.arrow_html(way, tone) for way in DIRECTIONS for tone in ("", "better", "worse")]
    levels = [c.level_html(word, i + 1, 5, "severity")
              for i, word in enumerate(("slight", "moderate", "substantial", "severe", "critical"))]  # fmt: skip
    states = [c.status_html(name) for name in ("withheld", "not_returned", "not_applicable", "provisional")]
    runs = ([1, 2, 3], [5, 5, 5, 5], [1, None, 3, 4, None, 2], [0, 1e9, 0], [-4, 2, -1], list(range(120)))
    lines = [Markup(sparkline(values)) for values in runs]  # noqa: S704 - made of numbers only
    period = c.period_html("2022-23-Q2")
    return Markup("").join(c.notes([Markup(" ").join(group)]) for group in (arrows, levels, states, lines, [period]))


def _links() -> Markup:
    return Markup("").join(
        [
            c.page_cards([("#ways-onwards", _LONG, _UNBROKEN), ("#small-pieces", "Short", "")]),
            c.downloads([c.Download("data:text/csv;base64,YQ==", "A table with a name", "CSV")]),
            c.glossary([("CAMHS", "child and adolescent mental health services"), (_UNBROKEN, _LONG)]),
            c.shorthand(["[c]", "[p]"]),
        ]
    )  # fmt: skip
