"""Claims and conflicts as the analyst sees them: every one worked out again, nothing withheld."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from threatlib.catalogue import Claim, Definitions, Rule
from threatlib.catalogue.files import CLAIMS
from threatlib.claims.arithmetic import conflicts
from threatlib.claims.spoken import NOT_HEARD, typed
from threatlib.disclosure import Protection, Release
from threatlib.returns import Problem

COLUMNS = ("claim", "says", "at", "check", "stated", "result", "verdict", "why")

_HEARD = "a change from one number to another, or a part of a whole, with its percentage"
_OPEN = Protection("analyst", "", "", Rule(name="Nothing is withheld", withhold_from=0, withhold_to=0))


def findings(claims: Sequence[Claim]) -> list[Problem]:
    """A doubt for every typed claim that disagrees with its own numbers, or that cannot be checked."""
    found = []
    for claim, row in zip(claims, typed(claims).to_dict("records"), strict=True):
        if row["verdict"] == "disagrees":
            said, wanted = f"{row['stated']:.10g}%", f"{abs(row['result']):.1f}%{_aside(_why(row))}"
            todo = "Correct the report, or say which numbers it meant."
        elif row["verdict"] == "cannot_be_checked":
            said, wanted = row["reason"], _HEARD if row["reason"] == NOT_HEARD else "numbers that can be divided"
            todo = "Write the claim with both of its numbers."
        else:
            continue
        place = f"{claim.says[:80]}{f' ({claim.at})' if claim.at else ''}"
        found.append(Problem(CLAIMS, "", 0, place, said, wanted, todo, doubt=True))
    return found


def worked_out(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Every typed claim, and every piece of arithmetic that a declared conflict does (`COLUMNS`)."""
    claims = definitions.claims
    rows = [
        {"claim": f"claim {row['claim']}", "says": claim.says, "at": claim.at, "why": _why(row)}
        | {name: row[name] for name in ("check", "stated", "result", "verdict")}
        for claim, row in zip(claims, typed(claims).to_dict("records"), strict=True)
    ]
    _, checks = conflicts(Release(table, _OPEN, 0), definitions.annotations.annotations)
    rows += [
        {"claim": row["conflict"], "says": row["says"], "at": "", "stated": row["printed"], "why": _why(row)}
        | {name: row[name] for name in ("check", "result", "verdict")}
        for row in checks.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _why(row: dict[Any, Any]) -> str:
    """Why a claim cannot be checked, or the base on which it would agree."""
    if math.isfinite(float(row["other_base"])):
        return "the change was divided by the new number, not the old one"
    if math.isfinite(float(row["base"])):
        return f"it would agree on a base of {round(float(row['base']), 1):,.10g}"
    return str(row.get("reason", ""))


def _aside(words: str) -> str:
    return f" ({words})" if words else ""
