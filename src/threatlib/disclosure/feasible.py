"""What an outsider can deduce: how far each withheld cell may move while every relation still holds.

Cells are thought of as steps away from their true value. A withheld cell is safe if there are steps of the other
withheld cells, whole numbers inside what is known of them, that carry it to the ends its rule asks for. Such steps are
a proof: they are another table that would look the same. Only cells whose relations are all inside the region looked at
may move, so a proof found in a small region holds in the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint

from threatlib.disclosure.cells import Cells
from threatlib.disclosure.relations import Relation
from threatlib.disclosure.solver import milp

REGIONS = (12, 60, 400)
"""How many relations around a cell are looked at before it is called unsafe, where they have rings: try after try."""

WHOLE = 1e-6
"""How near to a whole number a linear program's answer must be to be one."""


@dataclass
class Web:
    """Cells, their relations, and what is withheld of them now.

    A withheld cell is *small* (stated as the rule's interval, 1 to 5 say) or *open*: it may be small, or withheld for
    the sake of another; all that is stated of it is `floor` and what the shown cells leave. A cell that is `kept`
    withheld because it was before may by now be anything, zero as well. One that was shown rounded before is `wary`:
    its range must be so much wider, for what its rounding told then. One that was stated as the rule's interval before
    (`once_small`) may be known to stand. Of those that are `hushed` nothing is said any more, and percentages in rows
    that are `silent` are withheld though their counts are not.
    """

    cells: Cells
    relations: Sequence[Relation]
    width: int
    floor: int
    withheld: set[int]
    opened: set[int]
    kept: set[int] = field(default_factory=set)
    wary: dict[int, int] = field(default_factory=dict)
    once_small: set[int] = field(default_factory=set)
    hushed: set[int] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)
    touching: dict[int, list[int]] = field(init=False)
    alone: list[bool] = field(init=False)
    _steps: dict[int, tuple[int, int]] = field(default_factory=dict)
    _proved: dict[bytes, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.touching = {}
        for number, relation in enumerate(self.relations):
            for cell in relation.cells:
                self.touching.setdefault(cell, []).append(number)
        self.alone = [all(len(self.touching[c]) == 1 for c in relation.cells) for relation in self.relations]

    def open(self, cells: Iterable[int]) -> None:
        """Withhold cells and state of them no more than the floor."""
        for cell in cells:
            self.withheld.add(cell)
            self.opened.add(cell)
            self._steps.pop(cell, None)

    @property
    def cap(self) -> int:
        """No more steps than this are ever needed; fewer allowed is fewer supposed, so never unsafe."""
        return 4 * self.width + 4

    def floor_of(self, cell: int) -> int:
        """The least that an open cell may be supposed to be."""
        return 0 if cell in self.kept or np.isinf(self.cells.high[cell]) else self.floor

    def small(self, cell: int) -> bool:
        """Whether a cell is withheld and stated as the rule's interval."""
        return self.cells.primary[cell] and cell not in self.opened

    def could_help(self, cell: int) -> bool:
        """Whether it may be withheld or opened, and is not yet."""
        if self.cells.fixed[cell] or cell in self.opened or self.cells.value[cell] < self.floor:
            return False
        return cell not in self.withheld or self.cells.primary[cell]

    def steps(self, cell: int, *, opened: bool = False) -> tuple[int, int]:
        """Steps down and up that cannot be ruled out for a cell by itself (or could not, were it open)."""
        if opened and self.could_help(cell):
            return self._open_steps(cell)
        found = self._steps.get(cell)
        if found is None:
            found = self._steps[cell] = self._steps_now(cell)
        return found

    def _steps_now(self, cell: int) -> tuple[int, int]:
        if cell in self.opened or np.isinf(self.cells.high[cell]):
            return self._open_steps(cell)
        if self.cells.primary[cell]:
            value = self.cells.value[cell]
            return max(int(value - self.cells.low[cell]), 0), min(int(self.cells.high[cell] - value), self.cap)
        return (0, 0) if cell in self.cells.tied else self.cells.lean[cell]

    def _open_steps(self, cell: int) -> tuple[int, int]:
        value, low, high = self.cells.value[cell], self.cells.low[cell], self.cells.high[cell]
        if cell in self.once_small and low <= value <= high:  # whoever knows that it stands knows its range too
            return int(value - low), min(int(high - value), self.cap)
        return max(min(int(self.cells.value[cell] - self.floor_of(cell)), self.cap), 0), self.cap

    def wide(self, cell: int) -> int:
        """How wide the range of a cell that is not small must stay."""
        return self.width + self.wary.get(cell, 0)

    def needs(self, cell: int) -> tuple[int, int]:
        """Steps down and up that must stay possible: the rule's whole range for a small cell."""
        return self.steps(cell) if self.small(cell) else (0, 0)

    def safe(self, cell: int) -> bool:
        """Whether a withheld cell keeps its range (or, if it is no primary one, as wide a range)."""
        numbers = self.touching.get(cell, [])
        if not numbers:
            return True
        if len(numbers) == 1 and self.alone[numbers[0]]:
            return self._enough(cell, self._along(cell, 1, -1), self._along(cell, 1, 1))
        tree = self._tree(cell)
        down, up = tree if tree is not None else (self._along(cell, 1, -1), self._along(cell, 1, 1))
        if not self._enough(cell, down, up):
            return False
        return tree is not None or any(self._enough(cell, *self._within(cell, size)) for size in REGIONS)

    def _enough(self, cell: int, down: float, up: float) -> bool:
        need_down, need_up = self.needs(cell)
        return down >= need_down and up >= need_up and (self.small(cell) or down + up >= self.wide(cell))

    def _along(self, cell: int, depth: int, direction: int, came_by: int = -1) -> float:
        """Upper bound of the steps in one direction, from the relations next to the cell."""
        most: float = self.steps(cell)[(direction + 1) // 2]
        for number in self.touching[cell]:
            if number == came_by:
                continue
            relation = self.relations[number]
            mine = relation.signs[relation.cells.index(cell)]
            room = 0.0
            for other, sign in zip(relation.cells, relation.signs, strict=True):
                if other == cell:
                    continue
                way = -direction * mine * sign
                free = self.steps(other)
                if free == (0, 0):
                    continue
                room += self._along(other, depth - 1, way, number) if depth > 1 else free[(way + 1) // 2]
                if room >= most:
                    break
            most = min(most, room)
        return most

    def _tree(self, cell: int) -> tuple[float, float] | None:
        """Exact steps where the free cells around hang together without a ring; None where there is one."""
        relations, cells, arcs = self._around(cell, REGIONS[0])
        if relations is None or arcs != len(cells) + len(relations) - 1:
            return None
        return self._along(cell, len(relations) + 1, -1), self._along(cell, len(relations) + 1, 1)

    def _around(self, cell: int, limit: int) -> tuple[list[int] | None, list[int], int]:
        """Relations and free cells that hang together with a cell; no relations if there are more than the limit."""
        cells, relations, arcs, waiting = {cell}, set(), 0, [cell]
        while waiting:
            for number in self.touching.get(waiting.pop(), ()):
                if number in relations:
                    continue
                relations.add(number)
                if len(relations) > limit:
                    return None, [], 0
                free = [c for c in self.relations[number].cells if c == cell or self.steps(c) != (0, 0)]
                arcs += len(free)
                waiting += [c for c in free if c not in cells]
                cells.update(free)
        return sorted(relations), sorted(cells), arcs

    def region(self, start: Iterable[int], size: int, *, wider: bool = False) -> tuple[list[int], list[int]]:
        """The nearest relations to some cells, about `size` of them, and the cells that lie in no other relation.

        Nearness goes by cells that are free to move, and if `wider` by those that could be withheld too.
        """
        relations: dict[int, None] = {}
        seen: set[int] = set()
        ring = list(start)
        while ring and len(relations) < size:
            for cell in ring:
                relations.update(dict.fromkeys(self.touching.get(cell, ())))
            seen.update(ring)
            around = {c for number in relations for c in self.relations[number].cells}
            ring = sorted(c for c in around - seen if self.steps(c, opened=wider) != (0, 0))
        inside = sorted({c for number in relations for c in self.relations[number].cells})
        return list(relations), [c for c in inside if all(number in relations for number in self.touching[c])]

    def _within(self, cell: int, size: int) -> tuple[float, float]:
        """Steps proved possible inside a region of about `size` relations; each proof serves all its cells."""
        relations, cells = self.region([cell], size)
        relations, cells = sorted(relations), [c for c in cells if self.steps(c) != (0, 0)]
        if cell not in cells:
            return 0.0, 0.0
        matrix = self.matrix(relations, cells)
        free = np.array([self.steps(c) for c in cells], dtype=float)
        place = cells.index(cell)
        least, most = self._proved.setdefault(
            matrix.tobytes() + free.tobytes(), (np.zeros(len(cells)), np.zeros(len(cells)))
        )
        for sign in (-1.0, 1.0):
            if self._enough(cell, -least[place], most[place]):
                break
            found = furthest(matrix, -free[:, 0], free[:, 1], place, sign)
            if found is not None:
                np.minimum(least, found, out=least)
                np.maximum(most, found, out=most)
        return -float(least[place]), float(most[place])

    def matrix(self, relations: Sequence[int], cells: Sequence[int]) -> np.ndarray:
        """Signs of some cells in some relations."""
        place = {cell: i for i, cell in enumerate(cells)}
        out = np.zeros((len(relations), len(cells)))
        for row, number in enumerate(relations):
            for cell, sign in zip(self.relations[number].cells, self.relations[number].signs, strict=True):
                if cell in place:
                    out[row, place[cell]] = sign
        return out


def furthest(
    matrix: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    place: int,
    sign: float,
    total: np.ndarray | None = None,
) -> np.ndarray | None:
    """Whole numbers with ``matrix @ x == total`` and ``low <= x <= high`` that take one of them furthest.

    Parameters
    ----------
    matrix : ndarray, shape (relations, unknowns)
    low, high : ndarray, shape (unknowns,)
    place : int
        Which unknown is to go furthest.
    sign : float
        1 for up, -1 for down.
    total : ndarray, shape (relations,), optional
        Zero if not given.

    Returns
    -------
    ndarray, shape (unknowns,), or None
        None where nothing fits, or there is no end.
    """
    rhs = np.zeros(len(matrix)) if total is None else total
    cost = np.zeros(matrix.shape[1])
    cost[place] = -sign
    for integer in (0, 1):  # a linear program's answer is mostly whole anyway
        answer = milp(
            cost,
            integrality=np.full(matrix.shape[1], integer),
            bounds=Bounds(low, high),
            constraints=LinearConstraint(matrix, rhs, rhs),
            options={"presolve": not integer},
        )
        if answer.x is None:
            return None
        if np.abs(answer.x - np.round(answer.x)).max() < WHOLE:
            break
    return np.asarray(np.round(answer.x))
