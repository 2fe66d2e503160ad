"""Which of several printings of a figure counts, and what is declared about each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from threatlib.catalogue import Annotation
from threatlib.observations.table import COLUMNS, HAS_VALUE, KEY
from threatlib.periods import parse


def settle(observations: pd.DataFrame, annotations: Iterable[Annotation]) -> tuple[pd.DataFrame, list[str]]:
    """Decide which of several printings of a figure is used, and mark what is declared about each.

    Repeats of one value: the first is used. Different values: an annotation must say which one is used.

    Returns
    -------
    (DataFrame, list of str)
        The table with `used` and `marks` set, and a sentence for each fault: a disagreement nobody declared, or a
        declaration that fits no figure.
    """
    table = observations.copy()
    entries = tuple(annotations)
    marks: dict[int, list[str]] = {}
    faults: list[str] = []
    chosen: set[str] = set()
    refused: set[str] = set()
    refs = references(table)
    for entry in entries:
        rows, missing = _matching(table, entry, refs)
        faults += [f"annotations.yaml, '{entry.id}': {what}" for what in missing]
        for position in rows:
            marks.setdefault(position, []).append(entry.id)
        named = {name: figure.row for name, figure in entry.figures.items() if figure.row}
        chosen |= {named[name] for name in entry.used if name in named}
        refused |= {ref for name, ref in named.items() if name in entry.disputed and name not in entry.used}
    table["marks"] = [" ".join(marks.get(i, [])) for i in range(len(table))]
    table["used"] = True
    chosen_rows = {p for ref in chosen for p in refs.get(ref, ())}
    refused_rows = {p for ref in refused - chosen for p in refs.get(ref, ())}
    for _, group in table[table.duplicated(KEY, keep=False)].groupby(KEY, sort=False):
        positions = list(group.index)
        named_here = [p for p in positions if p in chosen_rows]
        distinct = {(v, s) for v, s in zip(group["value"].fillna(-np.inf), group["status"], strict=True)}
        if named_here:
            keep = named_here[:1]
        elif len(distinct) == 1:
            keep = positions[:1]
        elif all(p in refused_rows for p in positions):
            keep = []
        else:
            where = ", ".join(str(table.loc[p, "obs"]) for p in positions)
            faults.append(
                f"{where}: different values for {', '.join(filter(None, group.loc[positions[0], KEY].astype(str)))}; "
                "an entry of kind conflict in annotations.yaml must say which one is used."
            )
            keep = []
        table.loc[positions, "used"] = [p in keep for p in positions]
    return table, faults


def left_out(table: pd.DataFrame, annotations: Iterable[Annotation]) -> pd.DataFrame:
    """The table without `used` on what exclusions declare: the figures inside one, and whatever holds a part of it.

    A year that holds an excluded month is excluded with it, so that the month is not in the year's figure after all.
    """
    out = pd.Series(False, index=table.index)
    for entry in annotations:
        if entry.kind == "exclusion":
            out |= _inside(table, entry)
    return table.assign(used=table["used"] & ~out) if out.any() else table


def printed_figures(annotations: Iterable[Annotation]) -> pd.DataFrame:
    """Figures of a conflict that stand only in words: rows of the table, so that the gate sees them too."""
    blank: dict[str, object] = {name: "" for name, kind in COLUMNS.items() if kind == "str"}
    rows = [
        blank
        | {
            "obs": figure_id(entry, name), "value": figure.value, "lower": figure.value, "upper": figure.value,
            "status": "reported", "unit": figure.unit, "role": "printed", "locator": f"@{figure.at}",
            "file": "annotations.yaml", "source": "published", "start": pd.Timestamp(1900, 1, 1),
            "end": pd.Timestamp(1900, 1, 1), "received_on": pd.Timestamp(1900, 1, 1), "row": 0, "used": False,
        }
        for entry in annotations
        for name, figure in entry.figures.items()
        if figure.value is not None
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def figure_id(entry: Annotation, name: str) -> str:
    """The id, in the table's `obs`, of a figure that an annotation gives in words."""
    return f"annotations.yaml:{entry.id}:{name}"


def references(table: pd.DataFrame) -> dict[str, list[int]]:
    """Positions of the rows each ``indicator@offset`` or ``indicator@offset:period`` stands for."""
    found: dict[str, list[int]] = {}
    has_place = table["locator"] != ""
    for position, indicator, locator, period in zip(
        table.index[has_place],
        table.loc[has_place, "indicator"],
        table.loc[has_place, "locator"],
        table.loc[has_place, "period"],
        strict=True,
    ):
        ref = f"{indicator}@{locator.rsplit('@', 1)[-1]}"
        found.setdefault(ref, []).append(position)
        found.setdefault(f"{ref}:{period}", []).append(position)
    return found


def _differing(table: pd.DataFrame, positions: list[int], wanted: bool) -> list[str]:
    """Whether figures that are said to differ still do (or those said to be one value still are)."""
    differ = len(set(table.loc[positions, "value"].dropna())) > 1
    if differ == wanted:
        return []
    found = "the values differ" if differ else "the values are the same"
    return [f"expected {'different values' if wanted else 'one value'}, but {found}; has the fault been mended?"]


def _in_vain(figures: pd.DataFrame, entry: Annotation) -> bool:
    """Whether a time without figures is none that an entry can be about.

    What is later than all of them may be known later; a gap may be a time of which nothing was ever sent.
    """
    if entry.kind == "gap" or entry.end is None:
        return False
    return bool((figures["start"] > pd.Timestamp(parse(entry.end).end)).any())


def _matching(table: pd.DataFrame, entry: Annotation, refs: dict[str, list[int]]) -> tuple[list[int], list[str]]:
    """Rows an annotation speaks of, and what it speaks of in vain."""
    if entry.kind == "conflict":
        disputed = {name: entry.figures[name].row for name in entry.disputed}
        rows = sorted({p for ref in disputed.values() if ref for p in refs.get(ref, ())})
        named = [figure.row for figure in entry.figures.values() if figure.row]
        faults = [
            f"'{ref}' fits {len(refs.get(ref, ()))} figures, wanted exactly one."
            for ref in named
            if len(refs.get(ref, ())) != 1
        ]
        if not faults and entry.expect and entry.expect.values_differ is not None:
            faults += _differing(table, [refs[ref][0] for ref in named], entry.expect.values_differ)
        return rows, faults
    faults = []
    concerned = _concerned(table, entry)
    if not concerned.any():
        faults.append("no figure has this indicator and area, so the entry matches nothing; mend or remove it.")
    inside = _inside(table, entry)
    if not inside.any() and _in_vain(table[concerned], entry):
        faults.append("no figure lies in its periods, so the entry matches nothing; mend or remove it.")
    guard = entry.expect
    if guard is not None and guard.missing is not None:
        present = bool((inside & table["status"].isin(HAS_VALUE)).any())
        if present == guard.missing:
            state = "values are there" if present else "no values are there"
            faults.append(f"expected {'none' if guard.missing else 'some'}, but {state}; has the fault been mended?")
    if guard is not None and guard.rows_at_least is not None and int(inside.sum()) < guard.rows_at_least:
        faults.append(f"fits {int(inside.sum())} figures, expected at least {guard.rows_at_least}.")
    return list(table.index[inside]), faults


def _concerned(table: pd.DataFrame, entry: Annotation) -> pd.Series:
    """Rows of an annotation's indicators and areas, whenever they are from."""
    chosen = pd.Series(True, index=table.index)
    if entry.indicators:
        chosen &= table["indicator"].isin(entry.indicators)
    if entry.areas:
        chosen &= table["area"].isin(entry.areas)
    return chosen


def _inside(table: pd.DataFrame, entry: Annotation) -> pd.Series:
    """Those of them whose period lies in its time or reaches into it."""
    inside = _concerned(table, entry)
    if entry.start:
        inside &= table["end"] >= pd.Timestamp(parse(entry.start).start)
    if entry.end:
        inside &= table["start"] <= pd.Timestamp(parse(entry.end).end)
    return inside
