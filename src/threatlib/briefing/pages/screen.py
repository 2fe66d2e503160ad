"""The first screen of the executive's page: what a reader with three minutes must have seen."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from threatlib.assessment import Assessment
from threatlib.briefing.commentary import commentary_of
from threatlib.briefing.components import brief, notes
from threatlib.briefing.pages import overview
from threatlib.briefing.pages.words import counted, short

MOST_NEW = 3
MOST_GAPS = 2
_STATED = re.compile(r"\b(Direction|Severity): ")


def first_screen(assessment: Assessment) -> Markup:
    """The threats, at most five key messages, what changed, what cannot be seen, and what was written on a threat."""
    threats = assessment.tables["threats"].to_dict("records")
    return Markup(
        '<h2 class="unseen">The threats</h2>\n{}<div class="screen">\n{}\n<div class="side">{}{}</div>\n</div>\n{}'
    ).format(
        overview.threats(assessment),
        overview.messages(assessment),
        brief("What changed since last quarter", changed(assessment)),
        brief("What we cannot see", unseen(assessment)),
        Markup("").join(commentary_of(assessment, threat, threat["name"]) for threat in threats),
    )


def changed(assessment: Assessment) -> Markup:
    """The threats that stand otherwise than a quarter ago, the counts, and the newest findings in a few words."""
    threats = assessment.tables["threats"]
    said = [
        f"{threat['name']}: {_STATED.sub(lambda found: f'{found[1].lower()} ', words)}"
        for threat in threats.to_dict("records")
        if (words := str(threat.get("changed", ""))) and not words.startswith("Nothing changed")
    ]
    found = assessment.findings
    new = found[(found["status"] == "new") & (found["breakdown"] == "")]
    newest = new.head(MOST_NEW).to_dict("records")
    items = [*map(escape, said), *(Markup("New: {}.").format(short(assessment, row)) for row in newest)]
    return overview.counts(assessment) + (notes(items) if items else Markup(""))


def unseen(assessment: Assessment) -> Markup:
    """How much is missing, withheld or beyond judgement, and the gaps that were declared."""
    missing, mute, told = overview.missing(assessment), overview.mute(assessment), overview.told(assessment)
    gaps = assessment.tables["annotations"]
    titles = list(gaps.loc[gaps["kind"] == "gap", "title"])[:MOST_GAPS]
    rest, rests = "part of the assessment rests on", "parts of the assessment rest on"
    said = (
        (len(mute), "figure", "figures", " cannot be judged as a change", "signals.cannot_say"),
        (
            assessment.withheld,
            "figure is",
            "figures are",
            " withheld: a small number could identify a child",
            "withheld",
        ),
        (len(missing), "figure was", "figures were", " not sent or not collected", "missing"),
        (len(told), rest, rests, " words alone", "tree.narrative"),
    )
    items = [
        Markup("{}{}.").format(counted(number, one, source, plural=many), words)
        for number, one, many, words, source in said
        if number
    ]
    items += [Markup("{}.").format(title) for title in titles]
    return notes(items) + Markup('<p><a href="#what-we-cannot-see-in-full">What lies behind these counts</a></p>')
