"""The executive's page: three threats, the key messages, what changed, what cannot be seen."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from threatlib.assessment import Assessment
from threatlib.assessment.sentences import Part, headline
from threatlib.briefing.components import key_messages, notes, requirements_table, threat_cards
from threatlib.briefing.pages.words import DIRECTIONS, counted, sentence, sentences
from threatlib.observations import HAS_VALUE, HIDDEN

MOST_MESSAGES = 5


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
        f"Most marked: {_headline(assessment, here)}." if len(here) else f"{record['why'].capitalize()}.",
        counted(int(record["figures"]), "comparison", f"threats.{record['id']}.figures"),
        counted(int(record["measured"]), "item", f"threats.{record['id']}.measured"),
        counted(int(record["items"]), "item", f"threats.{record['id']}.items"),
    )
    return {
        **{"name": record["name"], "direction": arrow, "judgement": judgement, "direction_words": words},
        **{"severity": "" if record["severity"] == "Not rated" else record["severity"]},
        **{"confidence": record["confidence"], "sentence": told},
    }


def _headline(assessment: Assessment, found: pd.DataFrame) -> str:
    """The first finding in a few words."""
    signals = assessment.signals
    row = signals[signals["signal_id"] == found["signal_id"].iloc[0]].to_dict("records")
    return headline(row[0]) if row else str(found["name"].iloc[0])


def messages(assessment: Assessment) -> Markup:
    """At most five findings, the worst first; if nothing moved, that is the message."""
    found = assessment.findings
    current = found[(found["status"] != "cleared") & (found["breakdown"] == "")]
    said = sentences(assessment, current, MOST_MESSAGES)
    if not said and not heard(assessment):
        said = [Markup("No return has been received yet, so nothing can be said of any threat.")]
    elif not said:
        said = [Markup("No figure moved beyond what chance explains; what follows says where none could be judged.")]
    return key_messages(said)


def heard(assessment: Assessment) -> bool:
    """Whether any figure of the partnership's own is there, shown or withheld."""
    table = assessment.observations
    return bool(((table["role"] == "local") & table["status"].isin([*HAS_VALUE, *HIDDEN])).any())


def changed(assessment: Assessment) -> Markup:
    """What is new, what goes on, and what no longer holds since the quarter before."""
    found = assessment.findings
    counts = {status: int((found["status"] == status).sum()) for status in ("new", "continuing", "cleared")}
    lead = Markup("<p>{}, {} and {} since the quarter before.</p>").format(
        counted(counts["new"], "new finding", "findings.new"),
        counted(counts["continuing"], "continuing finding", "findings.continuing"),
        counted(counts["cleared"], "finding", "findings.cleared") + Markup(" no longer standing"),
    )
    new = sentences(assessment, found[(found["status"] == "new") & (found["breakdown"] == "")], MOST_MESSAGES)
    return lead + (notes(new) if new else Markup(""))


def unseen(assessment: Assessment) -> Markup:
    """What the partnership cannot see: told and not measured, missing, withheld, impossible to compare."""
    tree, table, signals = assessment.tables["tree"], assessment.observations, assessment.signals
    told = tree[tree["standing"].isin(["hypothesis", "reported"]) & (tree["indicators"] == "")]
    local = table[(table["role"] == "local") & table["used"]]
    missing = local[local["status"].isin(["not_returned", "not_collected"])]
    main = signals[signals["main"].astype(bool)] if len(signals) else signals
    mute = main[main["arrow"] == "cannot_say"] if len(main) else main
    items = [
        Markup("{} of the threat tree rest on words alone: {}.").format(
            counted(len(told), "item", "tree.narrative"), _named(told["item"])
        ),
        Markup("{} cannot be judged as a change; each says why in its table.").format(
            counted(len(mute), "figure", "signals.cannot_say")
        ),
        Markup("{} withheld because a small number could identify a child; shown as an interval.").format(
            counted(assessment.withheld, "figure is", "withheld", plural="figures are")
        ),
    ]
    if len(missing):
        items.append(
            Markup("{} not returned or not collected: {}.").format(
                counted(len(missing), "figure was", "missing", plural="figures were"),
                _named(_titles(assessment, missing)),
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
    return requirements_table(table[table["status"] != "closed"])


def provisional(assessment: Assessment) -> Markup:
    """How much of what is shown is not final, in a sentence; empty where all is."""
    table = assessment.observations
    tail = table[table["status"].isin([s for s in HAS_VALUE if s != "reported"]) & table["used"]]
    if tail.empty:
        return Markup("")
    words = sentence([Part(" provisional or estimated and may be revised.")])
    return Markup("<p>{}{}</p>").format(counted(len(tail), "figure is", "provisional", plural="figures are"), words)
