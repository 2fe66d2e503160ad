"""What a report says of its own figures, worked out again: agrees, disagrees, or cannot be checked.

Operands are released figures: where one is withheld the claim cannot be checked on the page, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from threatlib.catalogue import Annotation, Check
from threatlib.disclosure import Release
from threatlib.observations import figure_id, references

FIGURE_COLUMNS = ("conflict", "title", "figure", "label", "value", "lower", "upper", "status", "unit", "rows", "role")
CHECK_COLUMNS = (
    "conflict", "title", "check", "says", "formula", "result", "printed", "printed_status", "unit", "verdict",
    "other_base", "rows",
)  # fmt: skip


def _change(values: Sequence[float], per: float) -> float:
    return (values[1] - values[0]) / values[0] * per


def _sum(values: Sequence[float], per: float) -> float:  # noqa: ARG001
    return math.fsum(values[:-1]) if len(values) > 1 else values[0]


ARITHMETIC: dict[str, tuple[str, Callable[[Sequence[float], float], float]]] = {
    "change": ("(to - from) / from", _change),
    "share": ("part / whole", lambda v, per: v[0] / v[1] * per),
    "rate": ("count / population", lambda v, per: v[0] / v[1] * per),
    "sum": ("sum of the parts", _sum),
    "same": ("two values of one thing", lambda v, _: v[0]),
    "implied_base": ("count / rate", lambda v, per: v[0] / v[1] * per),
    "product": ("product", lambda v, _: math.prod(v)),
    "quotient": ("quotient", lambda v, _: v[0] / v[1]),
}
"""Every kind of check: its formula in words and in code; `per` is the multiplier (100 for a percentage)."""


def conflicts(release: Release, annotations: Iterable[Annotation]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The declared conflicts: their figures side by side, and their arithmetic done anew.

    Returns
    -------
    (DataFrame, DataFrame)
        Figures (`FIGURE_COLUMNS`; `role` is used, disputed or context) and checks (`CHECK_COLUMNS`; `verdict` is agrees,
        disagrees or cannot_be_checked; `other_base` the change worked out on the new value, where that is what fits).
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
    with np.errstate(all="ignore"):
        known = all(map(math.isfinite, values)) and not (check.kind != "sum" and len(values) > 1 and 0 in values[-1:])
        result = work(values, check.per) if known else math.nan
    target = values[-1] if check.kind in ("same", "sum") and check.printed is None else printed
    verdict, other = _verdict(result, target), math.nan
    if verdict == "disagrees" and check.kind == "change":
        wrong = -_change(values[::-1], check.per)
        other = wrong if _verdict(abs(wrong), abs(printed)) == "agrees" or _truncates(wrong, printed) else math.nan
        if _verdict(abs(result), abs(printed)) == "agrees":
            verdict = "agrees"  # a fall printed without its sign
    involved = [*check.of, *([check.printed] if check.printed else [])]
    return {
        "conflict": entry.id, "title": entry.title, "check": check.kind, "says": check.says, "formula": formula,
        "result": result, "printed": target, "verdict": verdict, "other_base": other,
        "printed_status": found[check.printed]["status"] if check.printed else "reported",
        "unit": "percent" if check.kind in ("change", "share") else "count",
        "rows": " ".join(str(found[name]["obs"]) for name in involved),
    }  # fmt: skip


def _verdict(result: float, printed: float) -> str:
    """Whether a result rounds to what is printed, at the precision it is printed with."""
    if not (math.isfinite(result) and math.isfinite(printed)):
        return "cannot_be_checked"
    places = next((d for d in range(6) if abs(printed * 10**d - round(printed * 10**d)) < 1e-9 * 10**d), 6)
    return "agrees" if abs(result - printed) <= 0.5 * 10**-places + 1e-9 else "disagrees"


def _truncates(result: float, printed: float) -> bool:
    return math.isfinite(printed) and math.trunc(abs(result)) == abs(printed)
