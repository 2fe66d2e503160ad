"""Today's figures and all that was published before, read together as one system.

An outsider may take it that a figure withheld now, and withheld then, is the same. That is the most he can suppose:
whoever knows that it was revised has one unknown more, and deduces less. So there is one unknown for each place that is
withheld, whatever the briefing, and each sum stands once for every briefing that printed it. What keeps its range in
this system keeps it from everybody, and nothing need be known of how withheld figures were revised.

So a revision is shown only as far as it could have happened with all that was withheld before standing as it was.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import block_diag, csr_array, hstack, vstack

from threatlib.catalogue import Rule
from threatlib.disclosure.cells import NUMERATOR_OF, rounded
from threatlib.disclosure.feasible import WHOLE, Web
from threatlib.disclosure.past import Past
from threatlib.disclosure.solver import milp

Unknown = tuple[int, Hashable]
"""A cell, and what is printed of it: None where it is withheld."""
Ends = tuple[float, float]
AT_ONCE = 4
"""So many ends of ranges are made reachable by one program."""
NODES = 2_000
"""Where an integer program stops; what is not proved by then counts as narrowed."""
FAR = 10_000.0
"""How far a figure without an upper end is looked for."""


class Together:
    """All briefings of a web of cells; `narrowed` and `enough` say what they give away and what else to withhold."""

    def __init__(self, web: Web, past: Past, rule: Rule) -> None:
        self._web, self._past, self._rule = web, past, rule
        cells = web.cells
        plain = pd.Series(cells.value)
        leaning = np.array([lean != (0, 0) for lean in cells.lean], dtype=bool)
        self._printed: np.ndarray = np.where(leaning, rounded(plain, rule), plain)
        self._unstated = {c for place, c in cells.by_place.items() if place[0].startswith(NUMERATOR_OF)}
        last = past.states[-1] if past.states else {}
        self.changed = {
            c
            for c, then in last.items()
            if np.isfinite(then) and (c in web.withheld or abs(then - self._printed[c]) > WHOLE)
        }

    def groups(self) -> Iterator[list[int]]:
        """Relations that hang together by figures nobody can be sure of, and to which a change belongs."""
        seen: set[int] = set()
        for start in sorted(self.changed):
            waiting = [n for n in self._web.touching.get(start, ()) if n not in seen]
            found: set[int] = set(waiting)
            while waiting:
                for cell in self._web.relations[waiting.pop()].cells:
                    if cell in self._web.withheld or self._web.steps(cell) != (0, 0):
                        more = set(self._web.touching[cell]) - found
                        found |= more
                        waiting += more
            seen |= found
            if any(c in self._past.withheld for n in found for c in self._web.relations[n].cells):
                yield sorted(found)

    def system(self, numbers: Sequence[int], free: Iterable[int] = ()) -> _System:
        """What all briefings print of some relations; `free` cells as if nothing were said of them now."""
        out, loose = _System(), set(free)
        for number in numbers:
            relation = self._web.relations[number]
            if self._web.cells.told.isdisjoint(relation.cells):
                for edition in range(len(self._past.states) + 1):
                    names = [self._name(cell, edition, loose) for cell in relation.cells]
                    if None not in names:
                        out.add([n for n in names if n is not None], relation.signs)
        for name in out.column:
            out.ends.append(self._ends(name, loose))
        return out

    def _name(self, cell: int, edition: int, loose: set[int]) -> Unknown | None:
        """The unknown that a cell is in a briefing; None where it was not in it."""
        if np.isinf(self._web.cells.high[cell]):
            return cell, ("left over", edition)
        if edition == len(self._past.states):
            return (cell, None if cell in self._web.withheld else "now" if cell in loose else self._printed[cell])
        then = self._past.states[edition].get(cell)
        if then is None:
            return (cell, None) if self._web.cells.fixed[cell] and self._web.cells.primary[cell] else None
        return cell, then if np.isfinite(then) else None

    def _ends(self, name: Unknown, loose: set[int]) -> Ends:
        web, (cell, shown) = self._web, name
        if isinstance(shown, float):
            if shown == self._printed[cell] and cell not in web.withheld:
                down, up = web.steps(cell)
                return web.cells.value[cell] - down, web.cells.value[cell] + up
            return self._past.behind(cell, shown, web)
        low, high = self._past.stated.get(cell, (0.0, np.inf)) if shown is None else (0.0, np.inf)
        if cell in self._unstated:
            return 0.0, np.inf
        if shown is None and web.small(cell) and cell not in loose:
            low, high = max(low, web.cells.low[cell]), min(high, web.cells.high[cell])
        elif shown is None and cell not in loose:
            low = max(low, float(web.floor_of(cell)))
        return low, high

    def narrowed(self, numbers: Sequence[int]) -> set[int]:
        """Cells withheld before of which all briefings together tell more than their rule allows."""
        system = self.system(numbers)
        wanted = {
            column: self._range(cell)
            for (cell, shown), column in system.column.items()
            if shown is None and cell in self._web.withheld and cell not in self.changed
        }
        fail = system.narrowed(wanted, self._web.width)
        return {cell for (cell, _), column in system.column.items() if column in fail}

    def _range(self, cell: int) -> Ends:
        """The range that a cell must keep; NaN where only the width counts."""
        small = cell in self._past.small or (self._web.small(cell) and cell not in self._unstated)
        return (self._web.cells.low[cell], self._web.cells.high[cell]) if small else (np.nan, np.nan)

    def enough(self, numbers: Sequence[int], narrowed: Iterable[int]) -> set[int]:
        """Cells of which nothing may be said now, for the sake of some withheld before; empty if there are no more."""
        web = self._web
        inside = {c for n in numbers for c in web.relations[n].cells} & self.changed
        stated = {c for c in inside if c in web.withheld and c not in web.kept}
        may = sorted(c for c in inside if c not in web.withheld and web.cells.people[c])
        return stated or self._cheapest(numbers, narrowed, may) or set(may)

    def _cheapest(self, numbers: Sequence[int], narrowed: Iterable[int], may: Sequence[int]) -> set[int]:
        system = self.system(numbers, may)
        cells = {column: cell for (cell, _), column in system.column.items()}
        ends = [(system.column[c, None], self._range(c)) for c in sorted(narrowed)]
        columns = [system.column[c, "now"] for c in may if (c, "now") in system.column]
        told = [(self._printed[cells[c]], self._web.cells.weight[cells[c]]) for c in columns]
        for some in (ends[:AT_ONCE], *([one] for one in ends)):
            if found := system.cheapest(columns, told, some, self._web.width):
                return {cells[c] for c in found}
        return set()


@dataclass
class _System:
    """Whole numbers between their `ends`, and sums of them that come to nothing."""

    column: dict[Unknown, int] = field(default_factory=dict)
    ends: list[Ends] = field(default_factory=list)
    rows: dict[tuple[tuple[int, int], ...], None] = field(default_factory=dict)

    def add(self, names: Sequence[Unknown], signs: Sequence[int]) -> None:
        terms = [(self.column.setdefault(n, len(self.column)), s) for n, s in zip(names, signs, strict=True)]
        self.rows.setdefault(tuple(sorted(terms)))

    def _parts(self) -> tuple[csr_array, np.ndarray, np.ndarray, int]:
        """Matrix, lower and upper ends, and whether the numbers are whole."""
        at = [(row, column, sign) for row, terms in enumerate(self.rows) for column, sign in terms]
        row, column, sign = np.array(at).T
        matrix = csr_array((sign.astype(float), (row, column)), shape=(len(self.rows), len(self.column)))
        low, high = np.array(self.ends).T
        known = low[low == high]
        return matrix, low, np.minimum(high, FAR + low), int(bool((known == np.round(known)).all()))

    def narrowed(self, wanted: dict[int, Ends], width: int) -> set[int]:
        """Columns that cannot reach their ends, or as far as the width; every answer tells of all columns."""
        if not wanted:
            return set()
        matrix, low, high, whole = self._parts()
        least, most = np.full(len(low), np.inf), np.full(len(low), -np.inf)
        open_ = list(wanted)
        signs = np.ones(len(open_))
        for turn in (signs, -signs, np.where(np.arange(len(open_)) % 2, 1.0, -1.0)):
            if not _look(matrix, low, high, whole, dict(zip(open_, turn, strict=True)), least, most):
                return set(open_)
        for column, ends in wanted.items():
            for way in (1.0, -1.0):
                if not _enough(least[column], most[column], ends, width):
                    _look(matrix, low, high, whole, {column: way}, least, most)
        return {c for c, ends in wanted.items() if not _enough(least[c], most[c], ends, width)}

    def cheapest(
        self, columns: Sequence[int], told: Sequence[Ends], wanted: Sequence[tuple[int, Ends]], width: int
    ) -> list[int]:
        """The cheapest of some columns to let go of what is `told` of them (value and cost), so that ends are reached.

        Two copies of all numbers for each wanted column, one that takes it down and one that takes it up.
        """
        matrix, low, high, whole = self._parts()
        n, k, copies = len(low), len(columns), 2 * len(wanted)
        if not k or not copies:
            return []
        keep = hstack([csr_array((matrix.shape[0] * copies, k)), block_diag([matrix] * copies)])
        bound, least, most = _let_go(columns, [value for value, _ in told], high, copies)
        below, above = np.tile(low, copies), np.tile(high, copies)
        apart = []
        for number, (column, ends) in enumerate(wanted):
            down, up = n * 2 * number + column, n * (2 * number + 1) + column
            if np.isfinite(ends[0]):
                above[down], below[up] = ends
            else:
                apart.append(csr_array(([-1.0, 1.0], ([0, 0], [k + down, k + up])), shape=(1, k + n * copies)))
        zero, wide = np.zeros(keep.shape[0]), np.full(len(apart), float(width))
        answer = milp(
            np.concatenate([[cost for _, cost in told] * (1 + 1e-3 * np.arange(k) / k), np.zeros(n * copies)]),
            integrality=np.concatenate([np.ones(k), np.full(n * copies, whole)]),
            bounds=Bounds(np.concatenate([np.zeros(k), below]), np.concatenate([np.ones(k), above])),
            constraints=LinearConstraint(
                vstack([keep, bound, *apart], format="csr"),
                np.concatenate([zero, least, wide]),
                np.concatenate([zero, most, np.full(len(apart), np.inf)]),
            ),
            options={"node_limit": NODES},
        )
        return [] if answer.x is None else [c for c, z in zip(columns, answer.x[:k], strict=True) if z > 0.5]


def _let_go(
    columns: Sequence[int], told: Sequence[float], high: np.ndarray, copies: int
) -> tuple[csr_array, np.ndarray, np.ndarray]:
    """A column is what was told of it unless it is let go: ``x - high z <= told`` and ``x + told z >= told``."""
    n, k = len(high), len(columns)
    here = k + np.add.outer(n * np.arange(copies), np.array(columns)).ravel()
    place, value = np.tile(np.arange(k), copies), np.tile(told, copies)
    i, one = np.arange(k * copies), np.ones(k * copies)
    most = csr_array(
        (np.concatenate([one, -np.tile(high[list(columns)], copies)]), (np.tile(i, 2), np.concatenate([here, place]))),
        shape=(k * copies, k + n * copies),
    )
    least = csr_array((np.concatenate([one, value]), (np.tile(i, 2), np.concatenate([here, place]))), shape=most.shape)
    free = np.full(k * copies, np.inf)
    return vstack([most, least], format="csr"), np.concatenate([-free, value]), np.concatenate([value, free])


def _enough(least: float, most: float, ends: Ends, width: int) -> bool:
    if np.isfinite(ends[0]):
        return least <= ends[0] and most >= ends[1]
    return most - least >= width


def _look(
    matrix: csr_array, low: np.ndarray, high: np.ndarray, whole: int,
    towards: dict[int, float], least: np.ndarray, most: np.ndarray,
) -> bool:  # fmt: skip
    """Note numbers that fit and lie furthest one way; False where none fit."""
    cost = np.zeros(len(low))
    cost[list(towards)] = list(towards.values())
    for integer in (0, 1) if whole else (0,):
        answer = milp(
            cost, integrality=np.full(len(low), integer), bounds=Bounds(low, high),
            constraints=LinearConstraint(matrix, 0, 0), options={"node_limit": NODES},
        )  # fmt: skip
        if answer.x is None:
            return False
        here = np.round(answer.x) if whole else answer.x
        if not whole or np.abs(answer.x - here).max() < WHOLE:
            np.minimum(least, here, out=least)
            np.maximum(most, here, out=most)
            return True
    return False
