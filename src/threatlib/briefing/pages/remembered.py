"""Last quarter marked: how statements came out, what the draft said against its figures, what to ask next."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup, escape

from threatlib.assessment import Assessment
from threatlib.briefing.components import notes, table_html
from threatlib.briefing.pages.words import disputed

MOST_PROPOSED = 8


def marked(assessment: Assessment) -> Markup:
    """What was said of this quarter and how it came out; a sentence where nothing can be marked yet."""
    scores = assessment.tables["scores"]
    if scores.empty:
        return Markup("<p>Nothing was said of this quarter before, so there is nothing to mark.</p>")
    parts = []
    for scope, rows in scores.groupby("scope", sort=False):
        said = [_from(row["sentence"], "run:scores") for row in rows.to_dict("records")]
        first, rest = (said[:2], said[2:]) if scope == "this quarter" else ([], said)
        parts.append(notes(first) if first else Markup(""))
        if rest:
            title = "By probability word" if first else f"The same for {scope}"
            parts.append(Markup("<details><summary>{}</summary>\n{}</details>\n").format(title, notes(rest)))
    return Markup("").join(parts)


def judgements(assessment: Assessment) -> Markup:
    """Judgements of the partnership's draft, by what its own figures say of them."""
    table = assessment.tables["judgements"]
    if table.empty:
        return Markup("<p>No judgement of a draft is declared.</p>")
    marks = assessment.observations.set_index("obs")["marks"]
    frame = pd.DataFrame(
        {
            "says": table["says"],
            "verdict": [
                escape(row["verdict"]) + disputed(assessment, " ".join(marks.reindex(row["rows"].split()).dropna()))
                for row in table.to_dict("records")
            ],
            "figures_say": [_from(row["figures_say"], row["rows"]) for row in table.to_dict("records")],
            "why": [_from(row["why"], row["rows"]) for row in table.to_dict("records")],
        }
    )
    heads = {"says": "The draft says", "verdict": "Verdict", "figures_say": "Its figures say", "why": "Why"}
    return table_html(
        frame, caption="Judgements of the draft, held against its own figures", row_header="says", columns=heads,
        as_cards=True,
    )  # fmt: skip


def proposed(assessment: Assessment) -> Markup:
    """Questions that the findings raise and nobody has been asked yet."""
    table = assessment.tables["proposed"]
    if table.empty:
        return Markup("")
    said = notes([str(question) for question in table["question"].head(MOST_PROPOSED)])
    title = "Questions that the findings raise, and nobody has been asked"
    return Markup("<details><summary>{}</summary>\n{}</details>").format(title, said)


def _from(text: str, rows: str) -> Markup:
    """Computed words with the rows that stand behind every figure in them."""
    return Markup('<span data-from="{}">{}</span>').format(rows or "run:memory", text)
