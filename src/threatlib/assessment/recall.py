"""What a quarter remembers and asks: what is said now, what became of what was said, open questions, the draft."""

from __future__ import annotations

from datetime import date

import pandas as pd

from threatlib.assessment.forecasts import COLUMNS, Counts, counts, forecasts
from threatlib.assessment.judgements import judgements
from threatlib.assessment.memory import as_released
from threatlib.assessment.outlooks import COLUMNS as LOOKED_AHEAD
from threatlib.assessment.outlooks import outlooks
from threatlib.assessment.requirements import followed, gaps, proposed
from threatlib.assessment.scoring import SCORED, SCORES, scored, scores
from threatlib.assessment.years import known
from threatlib.catalogue import Definitions
from threatlib.disclosure import Release
from threatlib.periods import Period, shift

MARKED = 12
"""Quarters back whose statements are marked."""


def recalled(
    release: Release, definitions: Definitions, *, quarter: Period, as_of: date | None, findings: pd.DataFrame,
    tree: pd.DataFrame, checks: pd.DataFrame, ahead: pd.DataFrame, history: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """The tables that join this quarter to the others.

    Parameters
    ----------
    release, definitions, quarter, as_of
        As in `assessment.build`.
    findings, tree, checks, ahead : DataFrame
        The quarter's findings with their status, its threat tree, the arithmetic of declared contradictions, and its
        outlooks.
    history : DataFrame, optional
        The ledger: where it holds a briefing, what was said then is worked out from the figures of then.

    Returns
    -------
    dict
        ``requirements``, ``gaps`` and ``proposed`` (questions asked, what no figure shows, what could be asked),
        ``forecasts`` (said now), ``scored`` (every earlier statement with its outcome), ``scores``, ``judgements``.
    """
    table = known(release, quarter)
    found = counts(table, definitions)
    marked = pd.DataFrame(columns=[*COLUMNS, *SCORED])
    if found is not None:
        earlier = [shift(quarter, -back) for back in range(MARKED, 0, -1)]
        said = [_said(release, found, definitions, made, history) for made in earlier]
        said = [part for part in said if len(part)]
        if said:
            marked = scored(pd.concat(said, ignore_index=True), found, definitions, quarter)
    lacks = gaps(tree, table, definitions, quarter)
    return {
        "requirements": followed(definitions.requirements, findings, lacks, quarter=quarter, as_of=as_of),
        "gaps": lacks,
        "proposed": proposed(findings, lacks, definitions.requirements),
        "forecasts": forecasts(found, ahead, definitions, quarter),
        "scored": marked,
        "scores": scores(marked, quarter) if len(marked) else pd.DataFrame(columns=list(SCORES)),
        "judgements": judgements(release.table, definitions, checks),
    }


def _said(
    release: Release, found: Counts, definitions: Definitions, made: Period, history: pd.DataFrame | None
) -> pd.DataFrame:
    """What was said at an earlier quarter's end: from the figures of its briefing, else from today's up to it."""
    there = history is not None and made.label in set(history["quarter"])
    then = as_released(release, history, made) if there else None
    table = known(then or release, made)
    told = counts(table, definitions) if then else found
    whole = made.label.endswith("Q4")  # of a year that is over nothing is foretold
    ahead = pd.DataFrame(columns=list(LOOKED_AHEAD)) if whole else outlooks(table, definitions, made, worded=False)
    return forecasts(told, ahead, definitions, made, worded=False)
