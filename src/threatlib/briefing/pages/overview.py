"""The executive's page: three threats, the key messages, what changed, what cannot be seen."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from threatlib import wording
from threatlib.assessment import Assessment
from threatlib.assessment.findings import SEVERITIES
from threatlib.assessment.phia import YARDSTICK
from threatlib.assessment.sentences import Part
from threatlib.briefing.components import (
    figure_html,
    key_messages,
    notes,
    number_html,
    requirements_table,
    threat_cards,
)
from threatlib.briefing.pages import drawings
from threatlib.briefing.pages.words import DIRECTIONS, counted, sentence, sentences, short
from threatlib.observations import HAS_VALUE, HIDDEN

MOST_MESSAGES = 5
MOST_IN_A_MATRIX = 8
COLUMNS_BELOW = 2
"""Probability words on the matrix below the least that any finding has: empty columns say nothing."""


def threats(assessment: Assessment) -> Markup:
    """A card for each threat."""
    records = assessment.tables["threats"].to_dict("records")
    return threat_cards(pd.DataFrame([_card(assessment, record) for record in records]))


def _card(assessment: Assessment, record: dict[Any, Any]) -> dict[str, Any]:
    """Direction, severity, confidence, and the finding that weighs most; else why nothing can be said."""
    arrow, judgement, words = DIRECTIONS[record["direction"]]
    found = assessment.findings
    here = found[(found["threat"] == record["id"]) & (found["status"] != "cleared") & (found["breakdown"] == "")]
    told = Markup("{} <small>{}; {} of {} rest on figures.</small>").format(
        f"Most marked: {short(assessment, here.iloc[0].to_dict())}." if len(here) else f"{record['why'].capitalize()}.",
        counted(int(record["figures"]), "comparison", f"threats.{record['id']}.figures"),
        counted(int(record["with_figures"]), "item", f"threats.{record['id']}.with_figures"),
        number_html(wording.number(record["items"]), float(record["items"]), f"run:threats.{record['id']}.items"),
    )
    return {
        **{"name": record["name"], "direction": arrow, "judgement": judgement, "direction_words": words},
        **{"severity": "" if record["severity"] == "Not rated" else record["severity"]},
        **{"confidence": record["confidence"], "sentence": told},
    }


def messages(assessment: Assessment) -> Markup:
    """At most five findings, the worst first; if nothing moved, that is the message."""
    found = assessment.findings
    current = found[(found["status"] != "cleared") & (found["breakdown"] == "")]
    said = sentences(assessment, current, MOST_MESSAGES)
    if not heard(assessment):
        said = [Markup("No return has been received yet, so nothing can be said of any threat."), *said]
    elif not said:
        said = [Markup("No figure moved beyond what chance explains; what follows says where none could be judged.")]
    return key_messages(said)


def heard(assessment: Assessment) -> bool:
    """Whether any figure of the partnership's own is there, shown or withheld."""
    table = assessment.observations
    return bool(((table["role"] == "local") & table["status"].isin([*HAS_VALUE, *HIDDEN])).any())


def counts(assessment: Assessment) -> Markup:
    """How many findings are new, go on, or no longer stand; those that are none need no number."""
    states = assessment.findings["status"]
    new, on, over = (
        int(states.isin(names).sum()) for names in (("new",), ("continuing", "worsening"), ("cleared", "revised away"))
    )
    parts = [counted(new, "new finding", "findings.new") if new else Markup("No new finding")]
    if on:
        parts.append(counted(on, "continues", "findings.continuing", plural="continue"))
    if over:
        parts.append(counted(over, "no longer stands", "findings.cleared", plural="no longer stand"))
    return Markup("<p>{} since the quarter before{}.</p>").format(
        parts[0], Markup("").join(Markup("; {}").format(part) for part in parts[1:])
    )


def told(assessment: Assessment) -> pd.DataFrame:
    """Items of the tree that rest on words alone."""
    tree = assessment.tables["tree"]
    return tree[tree["standing"].isin(["hypothesis", "reported"]) & (tree["indicators"] == "")]


def missing(assessment: Assessment) -> pd.DataFrame:
    """Figures of our own that were not sent or are not collected."""
    table = assessment.observations
    local = table[(table["role"] == "local") & table["used"]]
    return local[local["status"].isin(["not_returned", "not_collected"])]


def mute(assessment: Assessment) -> pd.DataFrame:
    """Main figures of which nobody can say whether they changed."""
    signals = assessment.signals
    return signals[signals["main"].astype(bool) & (signals["arrow"] == "cannot_say")] if len(signals) else signals


def changed(assessment: Assessment) -> Markup:
    """What is new, what goes on, and what no longer holds since the quarter before."""
    found = assessment.findings
    lead = counts(assessment)
    new = sentences(assessment, found[(found["status"] == "new") & (found["breakdown"] == "")], MOST_MESSAGES)
    return lead + (notes(new) if new else Markup(""))


def unseen(assessment: Assessment) -> Markup:
    """What the partnership cannot see: told and not measured, missing, withheld, impossible to compare."""
    words, lost, unsaid = told(assessment), missing(assessment), mute(assessment)
    items = []
    if len(words):
        items.append(
            Markup("{} of the threat tree rest on words alone: {}.").format(
                counted(len(words), "item", "tree.narrative"), _named(words["item"])
            )
        )
    items += [
        Markup("{} cannot be judged as a change; each says why in its table.").format(
            counted(len(unsaid), "figure", "signals.cannot_say")
        ),
        Markup("{} withheld because a small number could identify a child; shown as an interval.").format(
            counted(assessment.withheld, "figure is", "withheld", plural="figures are")
        ),
    ]
    if len(lost):
        items.append(
            Markup("{} not returned or not collected: {}.").format(
                counted(len(lost), "figure was", "missing", plural="figures were"),
                _named(_titles(assessment, lost)),
            )
        )
    gaps = assessment.tables["annotations"]
    for gap in gaps[gaps["kind"] == "gap"].to_dict("records"):
        items.append(Markup("{}: {}").format(gap["title"], gap["reason"]))
    return notes(items)


def _titles(assessment: Assessment, rows: pd.DataFrame) -> pd.Series:
    names = assessment.tables["catalogue"].set_index("id")["name"]
    return rows["indicator"].map(names)


def _named(names: pd.Series, most: int = 6) -> str:
    distinct = list(dict.fromkeys(str(name) for name in names))
    more = " and others" if len(distinct) > most else ""
    return "; ".join(distinct[:most]) + more if distinct else "none"


def requirements(assessment: Assessment) -> Markup:
    """The questions somebody must answer."""
    table = assessment.requirements
    still = table[table["status"] != "closed"]
    return requirements_table(still) if len(still) else Markup("<p>No question is open.</p>")


def provisional(assessment: Assessment) -> Markup:
    """How much of what is shown is not final, in a sentence; empty where all is."""
    table = assessment.observations
    tail = table[table["status"].isin([s for s in HAS_VALUE if s != "reported"]) & table["used"]]
    if tail.empty:
        return Markup("")
    words = sentence([Part(" provisional or estimated and may be revised.")])
    return Markup("<p>{}{}</p>").format(counted(len(tail), "figure is", "provisional", plural="figures are"), words)


def status(assessment: Assessment) -> str:
    """Where the briefing stands, for its head: whether its figures may still be revised."""
    table = assessment.observations
    shown = table[table["used"] & table["status"].isin(HAS_VALUE)]
    return "Some figures are provisional" if (shown["status"] != "reported").any() else "Figures as received"


def summary(assessment: Assessment) -> Markup:
    """The briefing in one paragraph."""
    ways: dict[str, list[str]] = {}
    for record in assessment.tables["threats"].to_dict("records"):
        ways.setdefault(DIRECTIONS[record["direction"]][2], []).append(str(record["name"]))
    said = "; ".join(f"{wording.listed(names)}: {words}" for words, names in ways.items())
    return Markup('<p>{}.</p>\n{}<p>Start with the <a href="briefing.html">executive overview</a>.</p>\n').format(
        said or "No threat is declared", counts(assessment)
    )


def matrix(assessment: Assessment) -> Markup:
    """Current findings for the worse by severity and likelihood; a sentence where there is none."""
    from threatlib import figures

    found = assessment.findings
    words, terms = [word for _, word in reversed(SEVERITIES)], [term for _, _, term in YARDSTICK]
    here = found[(found["status"] != "cleared") & (found["breakdown"] == "") & found["severity"].isin(words)]
    here = here[here["probability_term"].isin(terms)].head(MOST_IN_A_MATRIX)
    if here.empty:
        return Markup("<p>No finding is rated for severity, so there is nothing to place.</p>")
    least = min(terms.index(str(term)) for term in here["probability_term"])
    terms = terms[max(least - COLUMNS_BELOW, 0) :]
    frame = here[["severity", "rows"]].assign(
        name=here["name"] + " (" + here["area"] + ")",
        likelihood=here["probability_term"],
        confidence=here["confidence"].str.lower(),
    )
    around = drawings.caption(
        assessment, "matrix", "Findings for the worse, by how severe and how likely they are",
        "Severity on our own scale against the probability that the change is real", "Findings of this briefing",
    )  # fmt: skip
    return figure_html(figures.threat_matrix(frame, around, severities=words, likelihoods=terms))
