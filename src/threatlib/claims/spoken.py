"""Claims as people type them into a report (``rose 15% from 595 to 694``), worked out again.

The words hold figures that nobody has released. For an audience the figures go through the gate as rows of their own
(`rows_of`), and a claim of which one is withheld shows none of them: each could be worked out from the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from threatlib.catalogue import Annotation, Claim, Figure
from threatlib.catalogue.files import CLAIMS
from threatlib.claims.arithmetic import ARITHMETIC, agreeing_base, other_base, verdict
from threatlib.disclosure import Release
from threatlib.observations import HAS_VALUE, printed_figures

COLUMNS = (
    "claim", "at", "about", "check", "first", "second", "stated", "result", "verdict", "other_base", "base", "reason",
    "rows",
)  # fmt: skip

_NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
_UP, _DOWN = r"ros[ei]\w*|risen|gr[eo]w\w*|increas\w*|up", r"fell|fallen|falls?|dropp?\w*|decreas\w*|down|reduc\w*"
_VERB = rf"\b(?:(?P<up>{_UP}|rises?)|(?P<down>{_DOWN}))\b"
_PERCENT = rf"{_NUMBER}\s*(?:%|per ?cent)"
_FROM_TO = rf"from {_NUMBER}\D*? to {_NUMBER}"
_OF = rf"{_NUMBER}\D*?(?: of | out of ){_NUMBER}"
_FORMS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind, order)
    for pattern, kind, order in (
        (rf"{_VERB}\D*?{_PERCENT}\D*?{_FROM_TO}", "change", "stated first second"),
        (rf"{_VERB}\D*?{_FROM_TO}\D*?{_PERCENT}", "change", "first second stated"),
        (rf"{_OF}\D*?{_PERCENT}", "share", "first second stated"),
        (rf"{_PERCENT}\D*?{_OF}", "share", "stated first second"),
    )
)
"""What claims look like, the kind of check each is, and what its numbers are in the order they stand in."""

NOT_HEARD = "no change or share with both of its numbers"
WITHHELD = "a figure of it is withheld"
ROUNDED = "figures are shown rounded"
BY_ZERO = "nothing can be divided by zero"
WRONG_WAY = "the figures go the other way"


@dataclass(frozen=True, slots=True)
class _Heard:
    """The numbers of a claim: `first` and `second` are the two ends of a change, or a part and its whole."""

    kind: str
    first: float
    second: float
    stated: float
    direction: int


def typed(claims: Sequence[Claim]) -> pd.DataFrame:
    """Claims worked out again from their own numbers, for the analyst: nothing in it has passed the gate.

    Returns
    -------
    DataFrame
        `COLUMNS`; `claim` counts from 1, `verdict` is agrees, disagrees or cannot_be_checked (with the `reason`). Where
        it disagrees, `other_base` is the change worked out on the new value, where that is what fits, and `base` the
        number that would have to stand in place of the first end (of a share: of the whole) for the claim to be right.
    """
    return pd.DataFrame(
        [_told(n, claim, _heard(claim.says), "") for n, claim in enumerate(claims, start=1)], columns=list(COLUMNS)
    )


def rows_of(claims: Sequence[Claim]) -> pd.DataFrame:
    """The figures of claims as rows of observations, so that the gate sees them."""
    entries = [entry for n, claim in enumerate(claims, start=1) if (entry := _entry(n, claim)) is not None]
    rows = printed_figures(entries)
    return rows.assign(obs=[f"{CLAIMS}:{obs.partition(':')[2]}" for obs in rows["obs"]], file=CLAIMS)


def released(release: Release, claims: Sequence[Claim]) -> pd.DataFrame:
    """What an audience may see of each claim (`COLUMNS`): all of its figures, or none.

    The words themselves are left out. `rows` names the rows of `rows_of` that the figures are.
    """
    status = release.table.set_index("obs")["status"]
    told = []
    for n, claim in enumerate(claims, start=1):
        entry = _entry(n, claim)
        shown = [status.get(_row(n, name), "") in HAS_VALUE for name in (entry.figures if entry else ())]
        why = "" if all(shown) else WITHHELD
        if not why and entry and release.protection.rule.round_to > 1:
            why = ROUNDED
        told.append(_told(n, claim, _heard(claim.says), why))
    return pd.DataFrame(told, columns=list(COLUMNS))


def _heard(says: str) -> _Heard | None:
    for form, kind, order in _FORMS:
        match = form.search(says)
        if match:
            numbers = [part for name, part in zip(_names(match), match.groups(), strict=True) if not name]
            found = {name: float(text.replace(",", "")) for name, text in zip(order.split(), numbers, strict=True)}
            words = match.groupdict()
            direction = 1 if words.get("up") else -1 if words.get("down") else 0
            return _Heard(kind, found["first"], found["second"], found["stated"], direction)
    return None


def _names(match: re.Match[str]) -> list[str]:
    """The name of each group of a pattern, in order; nothing for a number."""
    named = {place: name for name, place in match.re.groupindex.items()}
    return [named.get(place, "") for place in range(1, match.re.groups + 1)]


def _entry(number: int, claim: Claim) -> Annotation | None:
    """A claim's figures as those of a conflict are declared; of a share the rest too, which is told with it."""
    heard = _heard(claim.says)
    if heard is None:
        return None
    figures = {name: Figure(value=value) for name, value in (("first", heard.first), ("second", heard.second))}
    if heard.kind == "share":
        figures["rest"] = Figure(value=heard.second - heard.first)
    return Annotation(
        id=f"claim-{number}", kind="conflict", title="", reason="", said_by="", status="open",
        figures=figures | {"stated": Figure(value=heard.stated, unit="percent")},
    )  # fmt: skip


def _row(number: int, name: str) -> str:
    return f"{CLAIMS}:claim-{number}:{name}"


def _told(number: int, claim: Claim, heard: _Heard | None, why: str) -> dict[str, object]:
    """A row of `COLUMNS`; where there is a reason not to, without any figure."""
    blank: dict[str, object] = dict.fromkeys(("first", "second", "stated", "result", "other_base", "base"), math.nan)
    row = blank | {
        "claim": number, "at": claim.at, "about": claim.about or "", "check": heard.kind if heard else "",
        "verdict": "cannot_be_checked", "reason": why or ("" if heard else NOT_HEARD), "rows": "",
    }  # fmt: skip
    if heard is None or why:
        return row
    values = (heard.first, heard.second)
    rows = " ".join(_row(number, name) for name in ("first", "second", "stated"))
    row |= {"first": heard.first, "second": heard.second, "stated": heard.stated, "rows": rows}
    try:
        result = ARITHMETIC[heard.kind][1](values, 100.0)
    except ZeroDivisionError:
        return row | {"reason": BY_ZERO}
    said = verdict(abs(result), heard.stated)
    wrong_way = heard.direction * (heard.second - heard.first) < 0
    row |= {"result": result, "verdict": "disagrees" if wrong_way else said, "reason": WRONG_WAY if wrong_way else ""}
    if said == "disagrees":
        other = other_base(values, 100.0, heard.stated) if heard.kind == "change" else math.nan
        row |= {"other_base": other, "base": agreeing_base(heard.kind, values, 100.0, heard.stated)}
    return row
