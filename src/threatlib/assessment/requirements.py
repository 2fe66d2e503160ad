"""Intelligence requirements of a quarter: how old, overdue, orphaned, waiting; and what could be raised next.

A question is raised by hand, from a finding, or from a gap: something of the threat tree that no figure shows. Its text
is made from names, never from figures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

import pandas as pd

from threatlib import wording
from threatlib.assessment.low import KINDS
from threatlib.assessment.memory import GONE
from threatlib.catalogue import Definitions, Requirement
from threatlib.catalogue.requirements import day_of, waits_for
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import Period, quarter_of

FOLLOWED = (*Requirement.model_fields, "age_quarters", "overdue", "waits", "orphaned", "notes")
"""Columns of the requirements: those of the file, and what became of each by the quarter."""
NOBODY = "nobody owns it"
_UNSAID = {
    KINDS["cannot_be_assessed"]: "who can return what it would take to say whether it is low",
    KINDS["low_lost"]: "what was lost, and can it be had again",
}
"""What a finding that cannot be said asks for."""
PROPOSED = ("source", "threat", "kind", "question", "about")
"""Columns of what could be raised: the finding or gap, its sub-topic, and the question in words."""


def followed(
    requirements: Sequence[Requirement], findings: pd.DataFrame, gaps: pd.DataFrame, *, quarter: Period,
    as_of: date | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Each question with its age and what is in its way (columns: `FOLLOWED`).

    Parameters
    ----------
    requirements : sequence of Requirement
    findings : DataFrame
        Of the quarter, with `finding_id` and `status`.
    gaps : DataFrame
        As `gaps` gives them.
    quarter : Period
        Age counts quarters from the one in which it was raised to this one.
    as_of : date, optional
        What was known on a day: later questions are left out, later answers not yet there. Overdue is what was due
        before this day, or before the quarter's end.
    """
    asked = requirements if as_of is None else [_then(r, as_of) for r in requirements if _raised_by(r, as_of)]
    standing = set(findings.loc[~findings["status"].isin(GONE), "finding_id"]) | set(gaps["source"])
    rows = [_follow(r, asked, standing, quarter, as_of or quarter.end) for r in asked]
    return pd.DataFrame(rows, columns=list(FOLLOWED)).astype({"age_quarters": "Int64", "overdue": "bool"})


def _raised_by(requirement: Requirement, day: date) -> bool:
    raised = day_of(requirement.raised)
    return raised is None or raised <= day


def _then(requirement: Requirement, day: date) -> Requirement:
    """The question as it stood on a day: an answer of later is not there yet."""
    answered = day_of(requirement.answered)
    if answered is None or answered <= day:
        return requirement
    return requirement.model_copy(update={"status": "open", "answer": "", "answered": ""})


def _follow(
    r: Requirement, asked: Sequence[Requirement], standing: set[str], quarter: Period, day: date
) -> dict[str, object]:
    raised, due = day_of(r.raised), day_of(r.due)
    age = _quarters(quarter_of(raised), quarter) if raised else None
    is_open = r.status == "open"
    late = due if is_open and due is not None and due < day else None
    waits = waits_for(r.ref, asked)[:1] if is_open else []
    lost = _orphaned(r, asked, standing) if is_open else []
    notes = [f"overdue since {wording.period_words(late.isoformat())}"] if late else []
    notes += [f"waits for {waits[0]}, which is open"] if waits else []
    notes += [why for why in lost if r.owner or why != NOBODY]  # the owner's own place says so
    if is_open and not waits and any(o.ref == r.depends_on and o.answer for o in asked):
        notes.append(f"{r.depends_on} is answered: this can go on")
    if not is_open and not r.answer:
        notes.append(f"{r.status} without an answer")
    said = "; ".join(notes)
    return {
        **r.model_dump(), "age_quarters": age, "overdue": late is not None, "waits": " ".join(waits),
        "orphaned": "; ".join(lost), "notes": said[:1].upper() + said[1:] + "." if said else "",
    }  # fmt: skip


def _orphaned(r: Requirement, asked: Sequence[Requirement], standing: set[str]) -> list[str]:
    """Why an open question belongs to nobody or leads nowhere any more."""
    lost = [] if r.owner else [NOBODY]
    if r.raised_from and r.raised_from not in standing:
        what = "gap it was raised from is filled" if r.raised_from.startswith("G-") else "finding behind it is gone"
        lost.append(f"the {what}")
    earlier = next((other for other in asked if other.ref == r.depends_on), None)
    if r.depends_on and earlier is None:
        lost.append(f"it waits for {r.depends_on}, which is not there")
    elif earlier is not None and earlier.status != "open" and not earlier.answer:
        lost.append(f"it waits for {r.depends_on}, which was closed without an answer")
    elif earlier is not None and r.ref in (earlier.ref, earlier.depends_on):
        lost.append(f"it and {r.depends_on} wait for each other")
    return lost


def _quarters(first: Period, last: Period) -> int:
    """Quarters from one to another, none if the second is the earlier one."""
    months = (last.end.year - first.end.year) * 12 + last.end.month - first.end.month
    return max(months // 3, 0)


def gaps(tree: pd.DataFrame, observations: pd.DataFrame, definitions: Definitions, quarter: Period) -> pd.DataFrame:
    """What the tree speaks of and no figure shows, as questions (columns: `PROPOSED`).

    An indicator without any figure for the partnership up to the quarter; one whose figure for the quarter was not
    returned; an item that is told in words only.
    """
    local = observations[(observations["role"] == "local") & (observations["end"] <= pd.Timestamp(quarter.end))]
    seen = set(local.loc[local["status"].isin([*HAS_VALUE, *HIDDEN]), "indicator"])
    now = local[(local["end"] >= pd.Timestamp(quarter.start)) & (local["status"] == "not_returned")]
    missing: dict[str, set[str]] = {}
    for indicator, area in zip(now["indicator"], now["area"], strict=True):
        missing.setdefault(str(indicator), set()).add(str(area))
    rows = []
    for item in tree.to_dict("records"):
        threat = str(item["subtopic_id"])
        for name in str(item["indicators"]).split():
            known = definitions.catalogue.by_id[name]
            if item["standing"] != "published" and name not in seen:
                question = f"{known.name}: who can return the figures, by area and quarter?"
                rows.append(_proposal("unseen", name, threat, "collection", question, known.name))
            for area in sorted(missing.get(name, ())):
                question = f"{known.name} ({area}): why was no figure returned, and when will it be?"
                rows.append(
                    _proposal(f"missing {quarter}", f"{name}|{area}", threat, "information", question, known.name)
                )
        if not item["indicators"]:
            whose = " And who answers for what is told?" if "owner" in str(item["lacks"]).split() else ""
            question = f"{item['item']}: what figure would show whether this holds?{whose}"
            rows.append(_proposal("told", str(item["item_id"]), threat, "information", question, str(item["item"])))
    return pd.DataFrame(rows, columns=list(PROPOSED)).drop_duplicates("source", ignore_index=True)


def proposed(findings: pd.DataFrame, gaps: pd.DataFrame, requirements: Sequence[Requirement]) -> pd.DataFrame:
    """Questions that the quarter raises and nobody has asked yet: one a standing finding, then one a gap."""
    standing = findings[~findings["status"].isin(GONE)]
    rows = []
    for row in standing.to_dict("records"):
        moved = {"up": "rise", "down": "fall"}.get(str(row["direction"]), "change")
        others = [part.partition(":")[0] for part in str(row["alternatives"]).split(" | ") if part]
        which = f" Real need, or: {'; '.join(others)}?" if others else ""
        group = f", {row['breakdown'].replace('=', ': ')}" if row["breakdown"] else ""
        kind, asks = "analysis", f"what explains the {moved}?{which}"
        if row["direction"] == "cannot_say":
            kind, asks = "collection", f"{_UNSAID.get(str(row['kind']), str(row['kind']))}?"
        threat = str(row["subtopic"] or row["threat"])
        told = (row["finding_id"], threat, kind, f"{row['name']} ({row['area']}{group}): {asks}", row["name"])
        rows.append(dict(zip(PROPOSED, told, strict=True)))
    table = pd.concat([pd.DataFrame(rows, columns=list(PROPOSED)), gaps], ignore_index=True)
    asked = {r.raised_from for r in requirements}
    return table[~table["source"].isin(asked) & (table["threat"] != "")].reset_index(drop=True)


def _proposal(kind: str, key: str, threat: str, asks: str, question: str, about: str) -> dict[str, str]:
    source = f"G-{hashlib.sha256(f'{kind}|{key}'.encode()).hexdigest()[:8]}"
    return dict(zip(PROPOSED, (source, threat, asks, question, about), strict=True))
