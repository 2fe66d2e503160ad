"""Small worlds for the gate's tests: definitions and tables from a few words, and an attacker that shares no code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from threatlib.catalogue import (
    Annotations,
    Catalogue,
    Definitions,
    Indicator,
    Item,
    Partnership,
    SubTopic,
    Threat,
    Threats,
)
from threatlib.observations import COLUMNS, with_bases
from threatlib.periods import parse

RULES = {
    "dfe": {"name": "dfe", "withhold_from": 1, "withhold_to": 5},
    "nhs": {"name": "nhs", "withhold_from": 0, "withhold_to": 4, "round_to": 5},
    "hospital": {"name": "hospital", "withhold_from": 1, "withhold_to": 7, "round_to": 5},
    "none": {"name": "none", "withhold_from": 0, "withhold_to": 0},
}
AUDIENCES = {name: {"title": name, "rule": name, "marking": name} for name in ("dfe", "nhs", "hospital")}
AUDIENCES["internal"] = {"title": "internal", "rule": "none", "marking": "INTERNAL"}
Row = Mapping[str, Any]


def definitions(
    indicators: Iterable[Mapping[str, Any]], areas: Sequence[Mapping[str, Any]] = ({"name": "Town"},)
) -> Definitions:
    """A catalogue of counts (unless they say otherwise) and a partnership with every built-in rule as an audience."""
    entries = [
        Indicator(**{
            "name": entry["id"], "definition": entry["id"], "unit": "count", "polarity": "neither", "theme": "demand",
            "agency": "Agency", "frequency": "quarterly", **entry,
        })
        for entry in indicators
    ]  # fmt: skip
    item = Item(id="item", name="Item", standing="measured", indicators=tuple(e.id for e in entries))
    tree = Threat(id="threat", name="Threat", subtopics=(SubTopic(id="sub", name="Sub", page="demand", items=(item,)),))
    return Definitions(
        partnership=Partnership.model_validate({
            "name": "Partnership", "data_kind": "simulated", "areas": list(areas),
            "agencies": [{"name": "Agency", "footprint": [a["name"] for a in areas]}],
            "rules": RULES, "audiences": AUDIENCES, "default_audience": "dfe",
        }),
        catalogue=Catalogue(indicators=tuple(entries)), threats=Threats(threats=(tree,)), requirements=(),
        annotations=Annotations(),
    )  # fmt: skip


def table(rows: Iterable[Row], known: Definitions, *, bases: bool = True) -> pd.DataFrame:
    """Observations from rows with at least `indicator` and `value`; a value of None is suppressed by its source."""
    full = []
    for number, row in enumerate(rows):
        period = parse(row.get("period", "2022-23-Q1"))
        hidden = row["value"] is None
        unit = known.catalogue.by_id[row["indicator"]].unit
        full.append({
            "obs": f"return.csv:{number + 2}", "agency": "Agency", "area": "Town", "breakdown": "", "kind": period.kind,
            "start": pd.Timestamp(period.start), "end": pd.Timestamp(period.end), "unit": unit, "basis": "stated",
            "role": "local", "file": "return.csv", "row": number + 2, "received_on": pd.Timestamp(2022, 7, 10),
            "source": "return", "used": True, "status": "suppressed_by_source" if hidden else "reported",
            "lower": 1.0 if hidden else row["value"], "upper": 5.0 if hidden else row["value"],
            **row, "period": period.label, "value": np.nan if hidden else row["value"],
        })  # fmt: skip
    frame = pd.DataFrame(full, columns=list(COLUMNS))
    words = [name for name, kind in COLUMNS.items() if kind == "str"]
    frame[words] = frame[words].astype(object).fillna("")
    frame = frame.astype(COLUMNS)
    return with_bases(frame, known) if bases else frame


def counts(values: Mapping[str, float], **others: Any) -> list[Row]:
    """Rows of several indicators that share everything else."""
    return [{"indicator": name, "value": value, **others} for name, value in values.items()]


Equation = tuple[Mapping[Any, int], float]


def deduced(
    unknown: Mapping[Any, tuple[float, float]], equations: Iterable[Equation]
) -> dict[Any, tuple[float, float]]:
    """What an attacker finds: the exact whole-number range of each unknown, all equations together.

    An equation gives the coefficient of each of its unknowns and what they come to.
    """
    names = list(unknown)
    place = {name: i for i, name in enumerate(names)}
    listed = [(terms, total) for terms, total in equations if terms]
    matrix = np.zeros((len(listed), len(names)))
    for number, (terms, _) in enumerate(listed):
        for name, sign in terms.items():
            matrix[number, place[name]] += sign
    totals = np.array([total for _, total in listed])
    low, high = (np.array([unknown[name][end] for name in names], dtype=float) for end in (0, 1))
    found = {}
    for name in names:
        ends = []
        for sign in (1.0, -1.0):
            cost = np.zeros(len(names))
            cost[place[name]] = sign
            rows = LinearConstraint(matrix, totals, totals) if len(listed) else ()
            answer = milp(cost, integrality=np.ones(len(names)), bounds=Bounds(low, high), constraints=rows)
            if answer.status in (3, 4):
                ends.append(-sign * np.inf)
                continue
            assert answer.status == 0, f"the attacker's equations contradict each other: {answer.message}"
            ends.append(float(np.round(answer.x[place[name]])))
        found[name] = (ends[0], ends[1])
    return found


def enumerated(unknown: Mapping[Any, tuple[int, int]], equations: Sequence[Equation]) -> dict[Any, tuple[int, int]]:
    """The same by trying every combination: for very small systems."""
    names = list(unknown)
    fits = [
        dict(zip(names, values, strict=True))
        for values in product(*(range(low, high + 1) for low, high in unknown.values()))
        if all(
            sum(sign * values[names.index(name)] for name, sign in terms.items()) == total for terms, total in equations
        )
    ]
    return {name: (min(f[name] for f in fits), max(f[name] for f in fits)) for name in names}


def cells(released: pd.DataFrame) -> dict[tuple[str, str, str, str], pd.Series]:
    """Rows of a Release by what they are of."""
    return {(row["indicator"], row["area"], row["breakdown"], row["period"]): row for _, row in released.iterrows()}


def attack(
    released: pd.DataFrame, sums: Iterable[tuple[Any, Sequence[Any]]], *, floor: int = 1
) -> dict[Any, tuple[float, float]]:
    """Attack a Release that is not rounded: `sums` are totals with their parts, as keys of `cells`.

    The attacker believes what is stated of small cells, and of every other withheld cell only that it is no zero.
    """
    by_key = cells(released)
    unknown = {}
    for key, row in by_key.items():
        if row["status"] == "withheld":
            small = row["lower"] == 1 and row["upper"] == 5
            unknown[key] = (1.0, 5.0) if small else (float(floor), np.inf)
    equations = []
    for total, parts in sums:
        terms = {key: (-1 if key == total else 1) for key in (total, *parts) if key in unknown}
        rest = sum((-1 if key == total else 1) * by_key[key]["value"] for key in (total, *parts) if key not in unknown)
        equations.append((terms, -rest))
    return deduced(unknown, equations)
