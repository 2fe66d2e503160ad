"""Sums that a published table of figures obeys, found from the table itself and the published catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from threatlib.periods import parse

Place = tuple[str, str, str, str]
"""Indicator, area, breakdown and period of a figure."""
Sum = list[tuple[Place, int]]
"""Figures with a sign; together they come to nothing."""

_FLOWS = ("month", "quarter", "half_year", "financial_year", "span")


def sums_of(table: pd.DataFrame, catalogue: pd.DataFrame) -> list[Sum]:
    """Every sum among the counts of a table, whether its figures are shown or withheld."""
    counts = table[table["unit"].isin(["count", "fte"]) & (table["lower"].notna() | table["value"].notna())]
    keys = zip(*(counts[name].tolist() for name in ("indicator", "area", "breakdown", "period")), strict=True)
    values: dict[Place, float] = dict(zip(keys, counts["value"].tolist(), strict=True))
    found = [*_catalogued(values, catalogue), *_areas(values), *_breakdowns(values), *_in_time(values, catalogue)]
    unique = {tuple(sorted(terms)): terms for terms in found}
    return [terms for terms in unique.values() if _may_hold(terms, values)]


def _may_hold(terms: Sum, values: dict[Place, float]) -> bool:
    """A sum whose figures are all shown must come out; one with withheld figures is believed."""
    total = sum(sign * values[place] for place, sign in terms)
    return bool(pd.isna(total)) and all(place in values for place, _ in terms)


def _catalogued(values: dict[Place, float], catalogue: pd.DataFrame) -> Iterator[Sum]:
    columns = [name for name in ("parts", "partitions") if name in catalogue]
    for total, *cells in catalogue[["id", *columns]].itertuples(index=False, name=None):
        groups = [re.findall(r"[a-z][a-z0-9_]*", group) for cell in cells for group in _groups(str(cell))]
        for place in [p for p in values if p[0] == total] if any(groups) else ():
            for parts in groups:
                members = [(part, *place[1:]) for part in parts]
                if parts and all(m in values for m in members):
                    yield [(place, -1), *((m, 1) for m in members)]


def _groups(cell: str) -> list[str]:
    return re.findall(r"\([^)]*\)", cell) if "(" in cell else [cell]


def _areas(values: dict[Place, float]) -> Iterator[Sum]:
    """An area that, wherever all figures are shown, is the sum of two or three others is taken to be so everywhere."""
    by_area: dict[str, dict[tuple[str, str, str], float]] = {}
    for (indicator, area, breakdown, period), value in values.items():
        by_area.setdefault(area, {})[indicator, breakdown, period] = value
    for whole, figures in by_area.items():
        others = [a for a in by_area if a != whole]
        for size in (2, 3):
            for parts in combinations(others, size):
                shared = [k for k in figures if all(k in by_area[a] for a in parts)]
                rests = [figures[k] - sum(by_area[a][k] for a in parts) for k in shared]
                shown = [rest for rest in rests if rest == rest]
                agrees = sum(abs(rest) < 0.5 for rest in shown)
                if agrees >= 5 and agrees > 0.8 * len(shown):
                    for i, b, p in shared:
                        yield [((i, whole, b, p), -1), *(((i, a, b, p), 1) for a in parts)]


def _breakdowns(values: dict[Place, float]) -> Iterator[Sum]:
    """Groups of one dimension, where they add up to the whole in most periods in which all are shown."""
    splits: dict[tuple[str, str], dict[tuple[str, str], list[Place]]] = {}
    for place in values:
        if place[2]:
            name = (place[0], place[2].split("=", 1)[0])
            splits.setdefault(name, {}).setdefault((place[1], place[3]), []).append(place)
    for (indicator, _), groups in splits.items():
        sums = []
        for (area, period), parts in groups.items():
            whole = (indicator, area, "", period)
            if whole in values:
                sums.append([(whole, -1), *((part, 1) for part in parts)])
        rests = [sum(sign * values[p] for p, sign in terms) for terms in sums]
        shown = [rest for rest in rests if rest == rest]
        if shown and sum(abs(rest) < 0.5 for rest in shown) > 0.8 * len(shown):
            yield from sums


def _in_time(values: dict[Place, float], catalogue: pd.DataFrame) -> Iterator[Sum]:
    """Months of quarters, quarters of years, one year-to-date and the stretch that it adds."""
    flows = set(catalogue.loc[catalogue["frequency"] != "snapshot", "id"])
    series: dict[tuple[str, str, str], dict[tuple[int, int], Place]] = {}
    for place in values:
        if place[0] in flows:
            try:
                period = parse(place[3])
            except ValueError:
                continue
            if period.kind in _FLOWS:
                ends = (period.start.toordinal(), period.end.toordinal() + 1)
                series.setdefault(place[:3], {}).setdefault(ends, place)
    for edges in series.values():
        for (start, end), place in edges.items():
            tiles = _tiles(edges, start, end, start)
            if tiles:
                yield [(place, -1), *((edges[tile], 1) for tile in tiles)]


def _tiles(edges: dict[tuple[int, int], Place], start: int, end: int, here: int) -> list[tuple[int, int]] | None:
    """The longest shorter stretches, one after the other, that fill a stretch; None where they do not."""
    if here == end:
        return []
    inside = sorted((e for e in edges if e[0] == here and e[1] <= end and e != (start, end)), key=lambda e: -e[1])
    for edge in inside:
        rest = _tiles(edges, start, end, edge[1])
        if rest is not None:
            return [edge, *rest]
    return None
