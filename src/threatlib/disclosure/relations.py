"""Every linear relation that published rows obey: what adds up to what.

Areas to larger areas, parts and breakdowns to wholes, months to quarters to years, one year-to-date less another,
subsets and their complements, and the arithmetic that declared conflicts do in public.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions, Rule
from threatlib.disclosure.cells import NUMERATOR_OF, Cells, within
from threatlib.observations import figure_id, references

FLOWS = ("month", "quarter", "half_year", "financial_year", "calendar_year", "span")
"""Kinds of period over which counts add up; a snapshot is of one day and adds to nothing."""

TOTAL_WEIGHT = 1.4
"""What it costs to withhold a total, in parts: a little more, as more readers look for it."""
Ways = dict[int, list[tuple[int, int, int]]]
"""From each day the days that a printed stretch leads to, its cell, and 1 there or -1 back."""


@dataclass(frozen=True, slots=True)
class Relation:
    """The sum of `signs` times `cells` is known: cells have no other freedom together than to keep it."""

    cells: tuple[int, ...]
    signs: tuple[int, ...]


def relations_of(
    table: pd.DataFrame, own: np.ndarray, cells: Cells, rule: Rule, definitions: Definitions
) -> list[Relation]:
    """Relations between cells; a complement that the rule withholds becomes a cell of its own (shown by no row)."""
    _add_unprinted(cells, rule, definitions)
    found = [
        relation
        for total, parts, whole in _sums(cells, definitions)
        if (relation := _sum(cells, rule, total, parts, whole=whole)) is not None
    ]
    found += _in_time(table, cells, rule, definitions)
    found += _declared(table, own, cells, definitions)
    unique = list(dict.fromkeys(found))
    _settle(cells, unique)
    return unique


def _add_unprinted(cells: Cells, rule: Rule, definitions: Definitions) -> None:
    """A cell for each figure of an area that no row prints, where the larger area and all its other parts tell it."""
    areas = {a.name: a.parts for a in definitions.partnership.areas if a.parts}
    people = {i.id for i in definitions.catalogue.indicators if i.disclosive}
    for (indicator, area, breakdown, period), total in list(cells.by_place.items()):
        places = [(indicator, part, breakdown, period) for part in areas.get(area, ())]
        missing = [place for place in places if place not in cells.by_place]
        rest = cells.value[total] - sum(cells.value[cells.by_place[p]] for p in places if p not in missing)
        if len(missing) == 1 < len(places) and rest >= 0 and indicator.removeprefix(NUMERATOR_OF) in people:
            cells.by_place[missing[0]] = cells.add(rest, 0.0, np.inf, primary=False, fixed=True)
            if cells.fixed[total] or not within(rule, rest):
                cells.unprinted.add(cells.by_place[missing[0]])


def _settle(cells: Cells, relations: Sequence[Relation]) -> None:
    """Let what sources hide come to what the sums leave for it, beginning with sums of one such figure."""
    open_ = {c for c in range(len(cells.value)) if cells.fixed[c] and cells.primary[c]}
    waiting = [r for r in relations if not open_.isdisjoint(r.cells)]
    while waiting:
        waiting = sorted(
            (r for r in waiting if not open_.isdisjoint(r.cells)), key=lambda r: len(open_.intersection(r.cells))
        )
        certain = [r for r in waiting if len(open_.intersection(r.cells)) == 1]
        for relation in certain or waiting[:1]:
            rest = sum(sign * cells.value[c] for c, sign in zip(relation.cells, relation.signs, strict=True))
            for cell, sign in zip(relation.cells, relation.signs, strict=True):
                if cell in open_:
                    value = min(max(cells.value[cell] - sign * rest, cells.low[cell]), cells.high[cell])
                    rest += sign * (value - cells.value[cell])
                    cells.value[cell] = value
                    open_.discard(cell)


def _sum(cells: Cells, rule: Rule, total: int, parts: Sequence[int], *, whole: bool) -> Relation | None:
    """A total and its parts; where parts are missing, what is left over is a cell if the rule withholds it."""
    rest = cells.value[total] - sum(cells.value[part] for part in parts)
    members = [total, *parts]
    unsure = sum(cells.high[m] - cells.low[m] for m in members if cells.fixed[m] and cells.primary[m])
    signs = [-1] + [1] * len(parts)
    cells.weight[total] = TOTAL_WEIGHT
    if abs(rest) <= 0.5 + unsure or (whole and not cells.gone.isdisjoint(members)):
        return Relation(tuple(members), tuple(signs))
    unprinted = not cells.unprinted.isdisjoint(members)
    if whole or rest < 0 or not (unprinted or (within(rule, rest) and not cells.fixed[total])):
        return None
    left_over = cells.add(rest, 0.0, np.inf, primary=False, fixed=True)
    if unprinted:
        cells.unprinted.add(left_over)
    return Relation((*members, left_over), (*signs, 1))


def _sums(cells: Cells, definitions: Definitions) -> Iterator[tuple[int, list[int], bool]]:
    """(total, parts, whole): `whole` says that the parts are meant to add up, so that nothing is left over."""
    areas = {a.name: a.parts for a in definitions.partnership.areas if a.parts}
    wholes, subsets = _divisions(definitions)
    splits: dict[tuple[str, str, str, str], list[int]] = {}
    for (indicator, area, breakdown, period), cell in list(cells.by_place.items()):
        if breakdown:
            splits.setdefault((indicator, area, period, breakdown.split("=", 1)[0]), []).append(cell)
        keys = [[(indicator, part, breakdown, period) for part in areas[area]]] if area in areas else []
        keys += [[(part, area, breakdown, period) for part in parts] for parts in wholes.get(indicator, ())]
        for parts in keys:
            if there := [cells.by_place[key] for key in parts if key in cells.by_place]:
                yield cell, there, len(there) == len(parts)
        for part in subsets.get(indicator, ()):
            if (subset := cells.by_place.get((part, area, breakdown, period))) is not None:
                yield cell, [subset], False
    for (indicator, area, period, _), parts_here in splits.items():
        if (total := cells.by_place.get((indicator, area, "", period))) is not None:
            yield total, parts_here, False


def _divisions(definitions: Definitions) -> tuple[dict[str, list[tuple[str, ...]]], dict[str, list[str]]]:
    """Of each indicator: the groups of indicators that add up to it, and those that are a part of it."""
    wholes: dict[str, list[tuple[str, ...]]] = {}
    subsets: dict[str, list[str]] = {}
    for i in definitions.catalogue.indicators:
        groups = [group for group in (i.parts, *i.partitions) if group]
        if groups:
            wholes[i.id] = groups
        if i.within:
            subsets.setdefault(i.within, []).append(i.id)
        if i.unit == "percent" and i.denominator:
            subsets.setdefault(i.denominator, []).append(i.numerator or NUMERATOR_OF + i.id)
    return wholes, subsets


def _in_time(table: pd.DataFrame, cells: Cells, rule: Rule, definitions: Definitions) -> Iterator[Relation]:
    """Stretches of time as edges between days: each cycle is a relation, months in a year and year-to-dates alike."""
    snapshots = {i.id for i in definitions.catalogue.indicators if i.frequency == "snapshot"}
    flows = table.loc[table["kind"].isin(FLOWS) & ~table["indicator"].isin(snapshots)]
    dates = flows.drop_duplicates("period").set_index("period")[["start", "end"]]
    days = {
        str(p): (int(s.toordinal()), int(e.toordinal()) + 1)
        for p, s, e in zip(dates.index, dates["start"], dates["end"], strict=True)
    }
    several = flows.groupby(["indicator", "area", "breakdown"], sort=False)["kind"]
    mixed = several.nunique().gt(1) | several.agg(lambda kinds: "span" in set(kinds)).astype(bool)
    wanted = set(mixed.index[mixed])
    series: dict[tuple[str, str, str], dict[tuple[int, int], int]] = {}
    for (indicator, area, breakdown, period), cell in cells.by_place.items():
        name = (indicator.removeprefix(NUMERATOR_OF), area, breakdown)
        if name in wanted and period in days:
            series.setdefault((indicator, area, breakdown), {}).setdefault(days[period], cell)
    for edges in series.values():
        beside: Ways = {}
        yield from _cycles(edges, cells, beside)
        yield from _gaps(edges, cells, beside, rule)


def _gaps(edges: Mapping[tuple[int, int], int], cells: Cells, beside: Ways, rule: Rule) -> Iterator[Relation]:
    """Stretches that no row prints and the rule would withhold, such as one year-to-date less the one before."""
    clock = _clock(beside, cells)
    days = sorted(clock)
    for number, start in enumerate(days):
        for end in (day for day in days[number + 1 :] if clock[day][0] == clock[start][0]):
            rest = clock[end][1] - clock[start][1]
            if rest > rule.withhold_to + 0.5:
                break
            path = _path(beside, start, end) if (start, end) not in edges and within(rule, rest) else None
            if path and -1 in dict(path).values() and not any(cells.fixed[c] and cells.primary[c] for c, _ in path):
                left_over = cells.add(rest, 0.0, np.inf, primary=False, fixed=True)
                yield Relation((left_over, *(c for c, _ in path)), (-1, *(sign for _, sign in path)))


def _clock(beside: Ways, cells: Cells) -> dict[int, tuple[int, float]]:
    """For each day the first of those it hangs together with, and the running count since."""
    clock: dict[int, tuple[int, float]] = {}
    for first in sorted(beside):
        waiting = [] if first in clock else [first]
        clock.setdefault(first, (first, 0.0))
        while waiting:
            here = waiting.pop()
            for there, cell, sign in beside[here]:
                if there not in clock:
                    clock[there] = (first, clock[here][1] + sign * cells.value[cell])
                    waiting.append(there)
    return clock


def _cycles(edges: Mapping[tuple[int, int], int], cells: Cells, beside: Ways) -> Iterator[Relation]:
    """A relation for each stretch that others already tile or span; shorter stretches come first.

    The others are noted in `beside`.
    """
    for (start, end), cell in sorted(edges.items(), key=lambda edge: (edge[0][1] - edge[0][0], edge[0])):
        path = _path(beside, start, end)
        if path is None:
            beside.setdefault(start, []).append((end, cell, 1))
            beside.setdefault(end, []).append((start, cell, -1))
            continue
        cells.weight[cell] = TOTAL_WEIGHT
        off = abs(cells.value[cell] - sum(sign * cells.value[c] for c, sign in path))
        hidden = any(cells.fixed[c] and cells.primary[c] for c, _ in path)
        if off <= 0.5 + len(path) * 2 * hidden or not cells.gone.isdisjoint({cell, *dict(path)}):
            yield Relation((cell, *(c for c, _ in path)), (-1, *(sign for _, sign in path)))


def _path(beside: Ways, start: int, end: int) -> list[tuple[int, int]] | None:
    """Cells and signs that lead from one day to another; None where there is no way."""
    came: dict[int, tuple[int, int, int]] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here == end:
            found = []
            while here != start:
                here, cell, sign = came[here]
                found.append((cell, sign))
            return found
        for there, cell, sign in beside.get(here, ()):
            if there not in came and there != start:
                came[there] = (here, cell, sign)
                waiting.append(there)
    return None


def _declared(table: pd.DataFrame, own: np.ndarray, cells: Cells, definitions: Definitions) -> Iterable[Relation]:
    """Sums, differences and equalities that conflicts work out in public."""
    entries = [a for a in definitions.annotations.annotations if a.kind == "conflict" and a.checks]
    if not entries:
        return
    place = references(table) | {obs: [i] for i, obs in enumerate(table["obs"]) if obs}
    for entry in entries:
        cell = {
            name: int(own[rows[0]])
            for name, figure in entry.figures.items()
            if (rows := place.get(figure.row or figure_id(entry, name)))
        }
        for check in entry.checks:
            names = [*check.of, *([check.printed] if check.printed and check.kind == "difference" else [])]
            members = tuple(cell.get(name, -1) for name in names)
            signs = _signs(check.kind, len(members))
            whole = len(set(members)) == len(members) and -1 not in members
            if signs and whole and abs(sum(s * cells.value[m] for s, m in zip(signs, members, strict=True))) <= 0.5:
                yield Relation(members, signs)


def _signs(kind: str, members: int) -> tuple[int, ...]:
    """Signs of a check's figures in the relation it states; none for a check that states no sum."""
    if kind == "sum":
        return (*[1] * (members - 1), -1)
    if kind == "same" and members == 2:
        return (1, -1)
    return (1, -1, -1) if kind == "difference" and members == 3 else ()
