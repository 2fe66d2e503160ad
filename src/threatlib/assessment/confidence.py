"""Analytical confidence: High, Moderate or Low from information base, method and volatility, with its reasons."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from threatlib.assessment import levels as yearly
from threatlib.assessment.sentences import Row, moved

LONG_HISTORY = 8
"""Pairs a year apart from which an interval is taken to know the series' own variation."""
VOLATILE = 10.0
"""Variance over the chance one from which a series is called volatile."""
A_HANDFUL = 5.0
"""Posts or cases below which a level moves by much when one person comes or goes."""
DISPUTED = "the figure is disputed"
_ONE_BY_ONE = {"fte": "post", "count": "case"}


def confidence(
    row: Row, evidence: pd.DataFrame, disputed: Sequence[str], provisional: Collection[str]
) -> tuple[str, str]:
    """How far a finding may be trusted, and why.

    Parameters
    ----------
    row : Mapping
        The finding's series and leading evidence, with its change (`change_lower`, `change_upper`) and `size`.
    evidence : DataFrame
        All that speaks of it, the leading piece first; an absence brings its own rating.
    disputed : sequence of str
        Annotations that cast doubt on the figure itself.
    provisional : collection of str
        Figures (`obs`) that are still provisional.

    Returns
    -------
    tuple of str
        ``High``, ``Moderate`` or ``Low``, and the reasons in words.
    """
    if row["check"] == "absence":
        return str(evidence["confidence"].iloc[0]), str(evidence["reasons"].iloc[0])
    doubts, limits = _doubts(row, disputed, provisional), _limits(row)
    agree = list(dict.fromkeys(evidence.loc[evidence["breakdown"] == row["breakdown"], "check"]))
    method = [f"{len(agree)} comparisons agree"] if len(agree) > 1 else []
    if doubts:
        return "Low", "; ".join([*doubts, *limits, *method])
    if limits:
        return "Moderate", "; ".join([*limits, *method])
    return "High", "; ".join(["long history of its own, no declared doubt about the figures", *method])


def _doubts(row: Row, disputed: Sequence[str], provisional: Collection[str]) -> list[str]:
    """What makes confidence low."""
    said = [DISPUTED] if disputed else []
    if not {row["basis"], row["previous_basis"]} <= {"stated", "computed", ""}:
        said.append("the figure was worked out from a stated change")
    if _provisional(row, provisional):
        said.append("the figure is provisional")
    return said


def _provisional(row: Row, provisional: Collection[str]) -> bool:
    """Whether a figure that the evidence rests on is; those of a window need not be the latest."""
    if row["check"] == "scan":
        now = not set(str(row["window_rows"]).split()).isdisjoint(provisional)
    else:
        now = row["status"] == "provisional"
    return now or row["previous_status"] == "provisional"


def _limits(row: Row) -> list[str]:
    """What makes it no more than moderate."""
    said = []
    if row["previous_kind"] and row["kind"] != row["previous_kind"] and row["check"] == "latest_earlier":
        said.append("the two periods differ in length, so a season may show as a change")
    if "withheld" in (row["status"], row["previous_status"]):
        said.append("a figure is withheld, so only its interval is used")
    if row["check"] not in ("scan", yearly.CHECK) and int(row["history"]) < LONG_HISTORY:
        said.append("too short a history to know its usual variation: the interval allows for chance counting only")
    if float(row["dispersion"]) >= VOLATILE:
        said.append("volatile: it varies far more than chance counting does")
    if row["check"] == "scan" and not moved(row):
        said.append("it lies at the edge of the expected range, not beyond it")
    if _stands(row) and float(row["expected"]) < A_HANDFUL:
        said.append(f"so few that one {_ONE_BY_ONE[str(row['unit'])]} more or less is much of it")
    return said


def _stands(row: Row) -> bool:
    """Whether the change is of a level that one person moves: staff, or a stock of cases."""
    return row["check"] in ("scan", yearly.CHECK) and str(row.get("size_unit")) in _ONE_BY_ONE
