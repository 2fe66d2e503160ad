"""Whole numbers between ends, and sums of them between ends: how far each can go, and what must be let go for that."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import block_diag, csr_array, hstack, vstack

from threatlib.disclosure.feasible import WHOLE
from threatlib.disclosure.solver import milp

Ends = tuple[float, float]
Needs = tuple[float, float, float]
"""Ends that an unknown must reach, NaN where none need be, and how wide its range must be where none need be."""
NODES = 2_000
"""Where an integer program stops; what is not proved by then counts as narrowed."""
FAR = 10_000.0
"""How far above every known end a figure without an upper end is looked for."""


@dataclass(frozen=True)
class _Parts:
    """A system as arrays: matrix and ends of the rows, ends of the unknowns, and whether these are whole numbers."""

    matrix: csr_array
    between: tuple[np.ndarray, np.ndarray]
    low: np.ndarray
    high: np.ndarray
    whole: int
    far: float


Name = tuple[int, Hashable]
"""An unknown: a cell, and which of its figures is meant."""


@dataclass
class System:
    """Unknowns, by name, with their `ends`, and `rows` of them: ``low <= sum of factor * unknown <= high``.

    A row that is `soft` need not hold if one of its columns is let go (`cheapest`).
    """

    column: dict[Name, int] = field(default_factory=dict)
    ends: dict[int, Ends] = field(default_factory=dict)
    rows: dict[tuple[tuple[int, float], ...], Ends] = field(default_factory=dict)
    soft: dict[tuple[tuple[int, float], ...], list[int]] = field(default_factory=dict)

    def add(self, terms: Iterable[tuple[Name, float]], between: Ends = (0.0, 0.0), loose: Iterable[Name] = ()) -> None:
        """A sum of unknowns lies between two ends; `loose` are those of them that may be let go."""
        known = tuple(sorted((self.column.setdefault(n, len(self.column)), factor) for n, factor in terms))
        low, high = self.rows.get(known, (-np.inf, np.inf))
        self.rows[known] = (max(low, between[0]), min(high, between[1]))
        self.soft[known] = [self.column[n] for n in loose]

    def _parts(self) -> _Parts:
        at = [(row, column, factor) for row, terms in enumerate(self.rows) for column, factor in terms]
        row, column, factor = np.array(at, dtype=float).T
        matrix = csr_array((factor, (row.astype(int), column.astype(int))), shape=(len(self.rows), len(self.column)))
        low, high = np.array([self.ends[c] for c in range(len(self.column))]).T
        known = low[low == high]
        least, most = np.array(list(self.rows.values())).T
        whole = int(bool((known == np.round(known)).all()))
        far = FAR + max(low.max(), high[np.isfinite(high)].max(initial=0.0))
        return _Parts(matrix, (least, most), low, np.minimum(high, far), whole, far)

    def narrowed(self, wanted: dict[int, Needs]) -> set[int]:
        """Columns that cannot reach their ends, or as far as the width; every answer tells of all columns."""
        if not wanted or not self.rows:
            return set()
        parts = self._parts()
        least, most = np.full(len(self.column), np.inf), np.full(len(self.column), -np.inf)
        open_ = list(wanted)
        signs = np.ones(len(open_))
        for turn in (signs, -signs, np.where(np.arange(len(open_)) % 2, 1.0, -1.0)):
            if not _look(parts, dict(zip(open_, turn, strict=True)), least, most):
                return set(open_)
        for column, needs in wanted.items():
            for way in (1.0, -1.0):
                if not _enough(least[column], most[column], needs):
                    _look(parts, {column: way}, least, most)
        return {c for c, needs in wanted.items() if not _enough(least[c], most[c], needs)}

    def fits(self, known: Mapping[int, float]) -> bool:
        """Whether there are numbers of which some are known."""
        parts, values, columns = self._parts(), np.array(list(known.values())), list(known)
        if (values < parts.low[columns] - WHOLE).any() or (values > parts.high[columns] + WHOLE).any():
            return False
        parts.low[columns] = parts.high[columns] = values
        empty = np.zeros(len(self.column))
        return _look(parts, {}, empty, empty)

    def cheapest(
        self,
        columns: Sequence[int],
        told: Sequence[tuple[float, float, float]],
        wanted: Sequence[tuple[int, Needs]],
    ) -> list[int]:
        """The cheapest of some columns to let go of what is `told` of them (ends and cost), so that ends are reached.

        Two copies of all numbers for each wanted column, one that takes it down and one that takes it up.
        """
        n, k, copies = len(self.column), len(columns), 2 * len(wanted)
        if not k or not copies or not self.rows:
            return []
        parts = self._parts()
        below, above = np.tile(parts.low, copies), np.tile(parts.high, copies)
        apart = []
        for number, (column, (least, most, width)) in enumerate(wanted):
            down, up = n * 2 * number + column, n * (2 * number + 1) + column
            if np.isfinite(least):
                above[down], below[up] = least, most
            else:
                row = csr_array(([-1.0, 1.0], ([0, 0], [k + down, k + up])), shape=(1, k + n * copies))
                apart.append(LinearConstraint(row, width, np.inf))
        cost = np.array([c for *_, c in told]) * (1 + 1e-3 * np.arange(k) / k)
        answer = milp(
            np.concatenate([cost, np.zeros(n * copies)]),
            integrality=np.concatenate([np.ones(k), np.full(n * copies, parts.whole)]),
            bounds=Bounds(np.concatenate([np.zeros(k), below]), np.concatenate([np.ones(k), above])),
            constraints=[
                *self._kept(parts, columns, copies),
                *_let_go(columns, told, parts, copies),
                *apart,
            ],
            options={"node_limit": NODES},
        )
        return [] if answer.x is None else [c for c, z in zip(columns, answer.x[:k], strict=True) if z > 0.5]

    def _kept(self, parts: _Parts, columns: Sequence[int], copies: int) -> list[LinearConstraint]:
        """Every copy keeps every row, but for those that are soft and of which a column is let go."""
        at = [(row, columns.index(c)) for row, loose in enumerate(self.soft.values()) for c in loose if c in columns]
        row, column = np.array(at, dtype=int).reshape(-1, 2).T
        loose = csr_array((np.full(len(at), 2 * parts.far), (row, column)), shape=(len(self.rows), len(columns)))
        body, least, most = block_diag([parts.matrix] * copies), *(np.tile(b, copies) for b in parts.between)
        if not at:
            room = csr_array((len(least), len(columns)))
            return [LinearConstraint(hstack([room, body], format="csr"), least, most)]
        loose = vstack([loose] * copies)
        return [
            LinearConstraint(hstack([loose, body], format="csr"), least, np.inf),
            LinearConstraint(hstack([-loose, body], format="csr"), -np.inf, most),
        ]


def _let_go(
    columns: Sequence[int], told: Sequence[tuple[float, float, float]], parts: _Parts, copies: int
) -> list[LinearConstraint]:
    """A column lies where it was told unless it is let go: ``x - far z <= high`` and ``x + low z >= low``."""
    k, n = len(columns), len(parts.low)
    here = k + np.add.outer(n * np.arange(copies), np.array(columns)).ravel()
    place, i, one = np.tile(np.arange(k), copies), np.arange(k * copies), np.ones(k * copies)
    low, high, _ = (np.tile(end, copies) for end in np.array(told).T)
    shape = (k * copies, k + n * copies)
    at = (np.tile(i, 2), np.concatenate([here, place]))
    return [
        LinearConstraint(csr_array((np.concatenate([one, -parts.far * one]), at), shape=shape), -np.inf, high),
        LinearConstraint(csr_array((np.concatenate([one, low]), at), shape=shape), low, np.inf),
    ]


def _enough(least: float, most: float, needs: Needs) -> bool:
    if np.isfinite(needs[0]):
        return least <= needs[0] and most >= needs[1]
    return most - least >= needs[2]


def _look(parts: _Parts, towards: dict[int, float], least: np.ndarray, most: np.ndarray) -> bool:
    """Note numbers that fit and lie furthest one way; False where none fit."""
    n = len(parts.low)
    cost = np.zeros(n)
    cost[list(towards)] = list(towards.values())
    for integer in (0, 1) if parts.whole else (0,):
        answer = milp(
            cost, integrality=np.full(n, integer), bounds=Bounds(parts.low, parts.high),
            constraints=LinearConstraint(parts.matrix, *parts.between), options={"node_limit": NODES},
        )  # fmt: skip
        if answer.x is None:
            return False
        here = np.round(answer.x) if parts.whole else answer.x
        if not parts.whole or np.abs(answer.x - here).max() < WHOLE:
            np.minimum(least, here, out=least)
            np.maximum(most, here, out=most)
            return True
    return False
