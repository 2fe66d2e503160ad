"""A theme's page: each sub-topic with its table, its charts, what else could explain it, and who must find out what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from threatlib.assessment import Assessment
from threatlib.briefing.commentary import commentary_of
from threatlib.briefing.components import level_html, notes, requirements_table, snapshot_html
from threatlib.briefing.fragments import arrow_html
from threatlib.briefing.pages import drawings, prospects, told
from threatlib.briefing.pages.words import DIRECTIONS, sentences, snapshot

Row = Mapping[Any, Any]

STANDINGS = {
    "measured": "measured here",
    "reported": "reported by an agency",
    "published": "published elsewhere",
    "hypothesis": "hypothesis",
}


def subtopics(assessment: Assessment, theme: str) -> Markup:
    """Every sub-topic of the tree that belongs on this page."""
    chosen = assessment.tables["subtopics"]
    chosen = chosen[chosen["page"] == theme]
    if chosen.empty:
        return Markup("<p>Every sub-topic has a page of its own.</p>")
    drawn: set[str] = set()
    return Markup("\n").join(_subtopic(assessment, record, drawn) for record in chosen.to_dict("records"))


def lead(assessment: Assessment, theme: str) -> Markup:
    """The theme's findings, worst first, or a plain statement that nothing moved."""
    found = assessment.findings
    here = found[(found["theme"] == theme) & (found["status"] != "cleared") & (found["breakdown"] == "")]
    unsaid = here[here["direction"] == "cannot_say"]
    said = sentences(assessment, here.drop(unsaid.index), 5)
    parts = notes(said or [Markup(_nothing(assessment.signals, theme))], kind="findings")  # noqa: S704 - our own words
    if len(unsaid):
        fold = "<details><summary>What may be low, and cannot be assessed</summary>\n{}</details>"
        parts += Markup(fold).format(notes(sentences(assessment, unsaid, told.MOST)))  # noqa: S704 - our own words
    return parts


def _nothing(signals: pd.DataFrame, theme: str) -> str:
    """Why a theme has no finding: level and "cannot be said" must not read alike."""
    arrows = signals.loc[signals["main"].astype(bool) & (signals["theme"] == theme), "arrow"]
    if (arrows == "level").any():
        return (
            "Nothing of this theme that could be compared moved; some figures could not be judged, as their rows say."
        )
    return "Whether anything of this theme moved cannot be said: no figure allows a comparison that is sure enough."


def _subtopic(assessment: Assessment, record: Row, drawn: set[str]) -> Markup:
    tree = assessment.tables["tree"]
    items = tree[tree["subtopic_id"] == record["id"]]
    wanted = [i for names in items["indicators"] for i in names.split()]
    signals = assessment.signals
    main = signals[signals["main"].astype(bool) & signals["indicator"].isin(wanted)] if len(signals) else signals
    parts = [
        Markup('<h3 id="{}">{}</h3>').format(record["id"], record["name"]),
        _verdict(record),
        commentary_of(assessment, record),
        _items(items),
    ]
    if len(main):
        whole = main[main["breakdown"] == ""]
        paired = whole["previous_rows"] != ""
        for part, words, anchor in (
            (whole[paired], "latest figures and change", "table"),
            (whole[~paired], "figures with no earlier one to compare", "once"),
        ):
            if len(part):
                caption = f"{record['name']}: {words}"
                parts.append(snapshot_html(snapshot(assessment, part), caption=caption, id=f"{record['id']}-{anchor}"))
        parts += [_groups(assessment, main[main["breakdown"] != ""], wanted, record)]
        parts += _charts(assessment, whole, wanted, record, drawn)
    parts += told.together(assessment, wanted)
    others = _alternatives(assessment, wanted)
    if others:
        parts += [Markup("<h4>Other explanations that stay open</h4>"), notes(others)]
    asked = assessment.requirements
    asked = asked[asked["threat"].isin([record["id"]])] if len(asked) else asked
    if len(asked):
        parts.append(requirements_table(asked, caption=f"{record['name']}: requirements"))
    return Markup('<section class="subtopic" aria-labelledby="{}">\n{}\n</section>').format(
        record["id"], Markup("\n").join(parts)
    )


def _groups(assessment: Assessment, rows: pd.DataFrame, wanted: list[str], record: Row) -> Markup:
    """The same figures by group, folded away: they explain a change, they do not head the page."""
    if rows.empty:
        return Markup("")
    table = snapshot_html(
        snapshot(assessment, rows), caption=f"{record['name']}: by group", id=f"{record['id']}-groups"
    )
    return Markup("<details><summary>The same by group</summary>\n{}{}</details>").format(
        told.disproportions(assessment, wanted), table
    )


def _verdict(record: Row) -> Markup:
    arrow, judgement, words = DIRECTIONS[record["direction"]]
    confidence = ("Low", "Moderate", "High").index(record["confidence"]) + 1
    return Markup('<p class="verdict">{}. {}. Confidence: {}.</p>').format(
        arrow_html(arrow, judgement, words),
        record["why"].capitalize(),
        level_html(record["confidence"].lower(), confidence, 3, "confidence"),
    )


def _items(items: pd.DataFrame) -> Markup:
    """What is told in words, each with its standing and source."""
    told = items[items["narrative"] != ""].to_dict("records")
    if not told:
        return Markup("")
    return notes(
        [
            Markup("<strong>{}</strong> ({}): {} {}").format(
                item["item"], STANDINGS[item["standing"]], item["narrative"],
                Markup('<span class="source">{}</span>').format(_source(item)),
            )
            for item in told
        ]
    )  # fmt: skip


def _source(item: dict[Any, Any]) -> str:
    return ", ".join(part for part in (item["source"], item["dated"]) if part)


def _charts(
    assessment: Assessment, whole: pd.DataFrame, wanted: list[str], record: Row, drawn: set[str]
) -> list[Markup]:
    """Every chart that the sub-topic's figures allow, what happened first and what may come last."""
    return [
        *drawings.absences(assessment, wanted, record),
        *drawings.charts(assessment, whole, record, drawn),
        *prospects.pressures(assessment, wanted, drawn),
        *prospects.compared(assessment, whole, drawn),
        *prospects.fans(assessment, wanted, drawn),
    ]


def _alternatives(assessment: Assessment, indicators: list[str]) -> list[str]:
    found = assessment.findings
    here = found[found["indicator"].isin(indicators)]["alternatives"]
    return list(dict.fromkeys(text for cell in here for text in str(cell).split(" | ") if text))
