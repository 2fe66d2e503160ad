"""What an earlier assessment said, and what its own published figures say: reproduced, contradicted, or not to be said.

Each judgement names the figures it can be held against; the change, its interval and the verdict are worked out here.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from threatlib.assessment.judged import Found, held
from threatlib.assessment.sentences import Part, plain
from threatlib.catalogue import Definitions, Judgement
from threatlib.observations import HAS_VALUE, references

VERDICTS = {
    "reproduced": "The figures say the same",
    "not beyond chance": "The figures point that way, and chance could explain them",
    "reproduced, size contradicted": "The direction holds; the size does not",
    "contradicted": "The figures say otherwise",
    "cannot be assessed": "What was printed does not allow a judgement",
}
"""Every verdict, in the reader's words."""
COLUMNS = (
    *("id", "threat", "says", "at", "verdict", "figures_say", "why", "direction", "value", "lower", "upper", "unit"),
    *("claimed", "rows"),
)
"""Columns of the judgements: what was said and where, the verdict, the change worked out, its interval and sources."""


def judgements(table: pd.DataFrame, definitions: Definitions, checks: pd.DataFrame) -> pd.DataFrame:
    """Each judgement held against a Release's figures (columns: `COLUMNS`).

    Parameters
    ----------
    table : DataFrame
        A Release's table: a figure that is withheld cannot be held against anything.
    definitions : Definitions
        With the judgements and the declared contradictions.
    checks : DataFrame
        The arithmetic of those contradictions (`claims.conflicts`).
    """
    table = table.reset_index(drop=True)
    place = references(table)
    rows = []
    for said in definitions.judgements:
        figures = {part: table.iloc[place[ref][0]] if ref in place else None for part, ref in said.figures.items()}
        found = _held(said, figures, table)
        doubts = _doubts(said, checks, definitions)
        rows.append(
            {
                **{"id": said.id, "threat": said.threat, "says": said.says, "at": said.at, "verdict": found.verdict},
                **{"figures_say": plain(found.parts), "why": " ".join([*doubts, said.because]).strip()},
                **{"direction": said.direction, "value": found.value, "lower": found.lower, "upper": found.upper},
                **{"unit": found.unit, "claimed": found.claimed},
                "rows": " ".join(dict.fromkeys(part.rows for part in found.parts if part.rows)),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _held(said: Judgement, figures: Mapping[str, pd.Series | None], table: pd.DataFrame) -> Found:
    if said.kind == "unseen":
        return _unseen(said, table)
    lost = [part for part, row in figures.items() if row is None or row["status"] not in HAS_VALUE]
    if lost:
        return Found("cannot be assessed", (Part("A figure that it rests on is withheld or missing."),))
    known = {part: row for part, row in figures.items() if row is not None}
    return held(said, known)


def _unseen(said: Judgement, table: pd.DataFrame) -> Found:
    """Whether the figures that a judgement needs have been printed by anybody."""
    local = table[(table["role"] == "local") & table["status"].isin(HAS_VALUE)]
    there = sorted(set(said.indicators) & set(local["indicator"]))
    if there:
        rows = " ".join(local.loc[local["indicator"].isin(there), "obs"])
        words = f"Of the {len(said.indicators)} figures that it needs, {len(there)} are there now: judge it anew."
        return Found("contradicted", (Part(words, None, rows),))
    words = f"Of the {len(said.indicators)} figures that would tell safe from unseen from lost, none is printed."
    return Found("cannot be assessed", (Part(words),))


def _doubts(said: Judgement, checks: pd.DataFrame, definitions: Definitions) -> list[str]:
    """What the declared contradictions say of it: each whose arithmetic does not come out, in its own words."""
    named = {entry.id: entry for entry in definitions.annotations.annotations}
    wrong = set(checks.loc[checks["verdict"] == "disagrees", "conflict"])
    return [f"{named[name].title}: {named[name].reason}" for name in said.conflicts if name in wrong and name in named]
