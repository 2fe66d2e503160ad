"""The arithmetic of declared conflicts and of claims, done again on released figures.

Where a figure is withheld the result cannot be worked out, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from threatlib.catalogue import Annotation, Check
from threatlib.disclosure import Release
from threatlib.observations import figure_id, references

FIGURE_COLUMNS = ("conflict", "title", "figure", "label", "value", "lower", "upper", "status", "unit", "rows", "role")
CHECK_COLUMNS = (
    "conflict", "title", "check", "says", "formula", "result", "printed", "printed_status", "unit", "verdict",
    "other_base", "base", "rows",
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
    declared = [entry for entry in annotations if entry.kind == "conflict"]
    place = references(table) | {obs: [i] for i, obs in zip(table.index, table["obs"], strict=True)} if declared else {}
    figures: list[dict[str, object]] = []
    checks: list[dict[str, object]] = []
    for entry in declared:
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
    said = verdict(abs(result), abs(target)) if by_size else verdict(result, target)
    wrong = said == "disagrees"
    other = other_base(values, check.per, target) if wrong and check.kind == "change" else math.nan
    base = agreeing_base(check.kind, values, check.per, target) if wrong else math.nan
    involved = [*check.of, *([check.printed] if check.printed else [])]
    return {
        "conflict": entry.id, "title": entry.title, "check": check.kind, "says": check.says, "formula": formula,
        "result": result, "printed": target, "verdict": said, "other_base": other, "base": base,
        "printed_status": found[check.printed]["status"] if check.printed else "reported",
        "unit": "percent" if check.kind in PERCENTAGES else "count",
        "rows": " ".join(str(found[name]["obs"]) for name in involved),
    }  # fmt: skip


def other_base(values: Sequence[float], per: float, target: float) -> float:
    """The change worked out on the new value, where that is what is printed (rounded or cut off)."""
    if not values[1]:
        return math.nan
    wrong = (values[1] - values[0]) / values[1] * per
    fits = verdict(abs(wrong), abs(target)) == "agrees" or math.trunc(abs(wrong)) == abs(target)
    return wrong if fits else math.nan


def agreeing_base(kind: str, values: Sequence[float], per: float, target: float) -> float:
    """What would have to stand in place of the number that was divided by, for the printed result to be right."""
    if kind == "change":
        grown = 1 + math.copysign(target, values[1] - values[0]) / per
        return values[1] / grown if grown > 0 else math.nan
    if kind in ("share", "rate", "quotient"):
        return values[0] / target * (1.0 if kind == "quotient" else per) if target > 0 else math.nan
    return math.nan


def verdict(result: float, printed: float) -> str:
    """Whether a result rounds to what is printed, at the precision it is printed with."""
    if math.isfinite(result) and math.isnan(printed):
        return "worked_out"
    if not (math.isfinite(result) and math.isfinite(printed)):
        return "cannot_be_checked"
    places = next((d for d in range(6) if abs(printed * 10**d - round(printed * 10**d)) < 1e-9 * 10**d), 6)
    return "agrees" if abs(result - printed) <= 0.5 * 10**-places + 1e-9 else "disagrees"
