"""What a report says of its own figures, worked out again: agrees, disagrees, or cannot be checked.

Operands are released figures: where one is withheld the claim cannot be checked on the page, and says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd
import yaml

from threatlib.catalogue import Annotation, Check
from threatlib.disclosure import Release
from threatlib.errors import DataError
from threatlib.observations import figure_id, references

FIGURE_COLUMNS = ("conflict", "title", "figure", "label", "value", "lower", "upper", "status", "unit", "rows", "role")
CHECK_COLUMNS = (
    "conflict", "title", "check", "says", "formula", "result", "printed", "printed_status", "unit", "verdict",
    "other_base", "rows",
)  # fmt: skip


Work = Callable[[Sequence[float], float], float]

ARITHMETIC: dict[str, tuple[str, Work]] = {
    "change": ("(to − from) / from", lambda v, per: (v[1] - v[0]) / v[0] * per),
    "share": ("part / whole", lambda v, per: v[0] / v[1] * per),
    "rate": ("count / population", lambda v, per: v[0] / v[1] * per),
    "implied_base": ("count / rate", lambda v, per: v[0] / v[1] * per),
    "sum": ("the parts added up", lambda v, _: math.fsum(v[:-1])),
    "difference": ("first − second", lambda v, _: v[0] - v[1]),
    "quotient": ("first / second", lambda v, _: v[0] / v[1]),
    "product": ("product", lambda v, per: math.prod(v) / per),
    "same": ("two values of one thing", lambda v, _: v[0]),
    "before": ("after / (one + change)", lambda v, per: v[0] / (1 + v[1] / per)),
    "after": ("before x (one + change)", lambda v, per: v[0] * (1 + v[1] / per)),
    "rise": ("added / (after − added)", lambda v, per: v[0] / (v[1] - v[0]) * per),
}
"""Every kind of check: its formula in words and in code; `per` is the multiplier (100 for a percentage)."""

PERCENTAGES = ("change", "share", "rise")
BY_SIZE = ("change", "rise")
"""Kinds whose printed value is compared without its sign: the report gives a fall as a positive number."""


def conflicts(release: Release, annotations: Iterable[Annotation]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The declared conflicts: their figures side by side, and their arithmetic done anew.

    Returns
    -------
    (DataFrame, DataFrame)
        Figures (`FIGURE_COLUMNS`; `role` is used, disputed or context) and checks (`CHECK_COLUMNS`; `verdict` is
        agrees, disagrees, worked_out (nothing printed to compare) or cannot_be_checked; `other_base` the change worked
        out on the new value, where that is what fits).
    """
    table = release.table
    place = references(table) | {obs: [i] for i, obs in zip(table.index, table["obs"], strict=True)}
    figures: list[dict[str, object]] = []
    checks: list[dict[str, object]] = []
    for entry in annotations:
        if entry.kind != "conflict":
            continue
        found = {}
        for name, figure in entry.figures.items():
            row = table.loc[place[figure.row or figure_id(entry, name)][0]]
            found[name] = row
            role = "used" if name in entry.used else "disputed" if name in entry.disputed else "context"
            figures.append(
                {
                    "conflict": entry.id,
                    "title": entry.title,
                    "figure": name,
                    "label": figure.label or name,
                    "role": role,
                }
                | {column: row[column] for column in ("value", "lower", "upper", "status", "unit")}
                | {"rows": row["obs"]}
            )
        checks += [_work_out(entry, check, found) for check in entry.checks]
    return pd.DataFrame(figures, columns=list(FIGURE_COLUMNS)), pd.DataFrame(checks, columns=list(CHECK_COLUMNS))


def _work_out(entry: Annotation, check: Check, found: dict[str, pd.Series]) -> dict[str, object]:
    formula, work = ARITHMETIC[check.kind]
    values = [float(found[name]["value"]) for name in check.of]
    printed = float(found[check.printed]["value"]) if check.printed else math.nan
    target = values[-1] if check.kind in ("same", "sum") else printed
    try:
        result = work(values, check.per)
    except ZeroDivisionError:
        result = math.nan
    by_size = check.kind in BY_SIZE
    verdict = _verdict(abs(result), abs(target)) if by_size else _verdict(result, target)
    wrong_base = check.kind == "change" and verdict == "disagrees"
    other = _other_base(values, check.per, target) if wrong_base else math.nan
    involved = [*check.of, *([check.printed] if check.printed else [])]
    return {
        "conflict": entry.id, "title": entry.title, "check": check.kind, "says": check.says, "formula": formula,
        "result": result, "printed": target, "verdict": verdict, "other_base": other,
        "printed_status": found[check.printed]["status"] if check.printed else "reported",
        "unit": "percent" if check.kind in PERCENTAGES else "count",
        "rows": " ".join(str(found[name]["obs"]) for name in involved),
    }  # fmt: skip


_NUMBER = r"([\d,]+(?:\.\d+)?)"
_VERBS = r"(?:rose|risen|grew|grown|fell|fallen|dropped|increased?|decreased?|up|down|rise|fall|reduction|drop)"
_PERCENT = rf"{_NUMBER}\s*(?:%|per ?cent)"
_FROM_TO = rf"from {_NUMBER}\D*? to {_NUMBER}"
_OF = rf"{_NUMBER}\D*?(?: of | out of ){_NUMBER}"
_SPOKEN: tuple[tuple[re.Pattern[str], str, tuple[int, int], int], ...] = (
    (re.compile(rf"{_VERBS}\D*?{_PERCENT}\D*?{_FROM_TO}", re.I), "change", (2, 3), 1),
    (re.compile(rf"{_VERBS}\D*?{_FROM_TO}\D*?{_PERCENT}", re.I), "change", (1, 2), 3),
    (re.compile(rf"{_OF}\D*?{_PERCENT}", re.I), "share", (1, 2), 3),
    (re.compile(rf"{_PERCENT}\D*?{_OF}", re.I), "share", (2, 3), 1),
)
"""Claims as people type them: what they look like, the kind of check, and which numbers are operands and result."""

SPOKEN_COLUMNS = ("says", "at", "check", "result", "printed", "verdict", "other_base", "reason")


def typed(claims: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """Claims typed into a report (``rose 15% from 595 to 694``), worked out again.

    Parameters
    ----------
    claims : iterable of (str, str)
        The words, and where they stand.

    Returns
    -------
    DataFrame
        `SPOKEN_COLUMNS`; `verdict` is agrees, disagrees (`other_base` then has the change worked out on the new value,
        where that is what fits) or cannot_be_checked, with the `reason`. A claim holds figures: it is for the analyst
        and not released.
    """
    rows = []
    for says, at in claims:
        tried = ((entry[0].search(says), entry) for entry in _SPOKEN)
        heard = next(((match, entry) for match, entry in tried if match), None)
        if heard is None:
            reason = "no change or share with both of its numbers"
            rows.append((says, at, "", math.nan, math.nan, "cannot_be_checked", math.nan, reason))
            continue
        match, (_, kind, operands, result) = heard
        values = [_typed_number(match[group]) for group in operands]
        printed = _typed_number(match[result])
        rows.append((says, at, kind, *_spoken(kind, values, printed)))
    return pd.DataFrame(rows, columns=list(SPOKEN_COLUMNS))


def read_typed(path: Path) -> pd.DataFrame:
    """The claims of ``published/claims.yaml`` (a list of entries with `says` and `at`), worked out again.

    Raises
    ------
    DataError
        Where the file is not such a list.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        pairs = [(str(entry["says"]), str(entry.get("at", ""))) for entry in entries]
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as fault:
        raise DataError(f"{path}: wanted a list of entries with `says` and `at`; mend the file.") from fault
    return typed(pairs)


def _typed_number(text: str) -> float:
    return float(text.replace(",", "").rstrip("."))


def _spoken(kind: str, values: Sequence[float], printed: float) -> tuple[float, float, str, float, str]:
    try:
        result = ARITHMETIC[kind][1](values, 100.0)
    except ZeroDivisionError:
        return math.nan, printed, "cannot_be_checked", math.nan, "nothing can be divided by zero"
    verdict = _verdict(abs(result), printed)
    other = _other_base(values, 100.0, printed) if kind == "change" and verdict == "disagrees" else math.nan
    return result, printed, verdict, other, ""


def _other_base(values: Sequence[float], per: float, target: float) -> float:
    """The change worked out on the new value, where that is what is printed (rounded or cut off)."""
    if not values[1]:
        return math.nan
    wrong = (values[1] - values[0]) / values[1] * per
    fits = _verdict(abs(wrong), abs(target)) == "agrees" or math.trunc(abs(wrong)) == abs(target)
    return wrong if fits else math.nan


def _verdict(result: float, printed: float) -> str:
    """Whether a result rounds to what is printed, at the precision it is printed with."""
    if math.isfinite(result) and math.isnan(printed):
        return "worked_out"
    if not (math.isfinite(result) and math.isfinite(printed)):
        return "cannot_be_checked"
    places = next((d for d in range(6) if abs(printed * 10**d - round(printed * 10**d)) < 1e-9 * 10**d), 6)
    return "agrees" if abs(result - printed) <= 0.5 * 10**-places + 1e-9 else "disagrees"
