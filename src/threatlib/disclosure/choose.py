"""Which further cells to withhold, so that every withheld one is safe and least is lost.

The choice looks at what relates to what and at which cells are zero, never at how large a cell is: a rule such as
"withhold the smallest" would tell that the withheld one is smaller than those shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import coo_array, vstack

from threatlib.disclosure.feasible import Web
from threatlib.disclosure.relations import Relation
from threatlib.disclosure.solver import milp

REGIONS = (6, 24, 80)
"""How many relations around an unsafe cell the program may choose from, one try after the other."""
TOGETHER = 6
"""Unsafe cells protected by one program."""
OPENING = 0.25
"""What it costs to say less of a cell that is withheld anyway, in parts of a total."""
GAP = 0.01
"""How far, as a share, the choice may be from the cheapest one."""
SECONDS, NODES = 20.0, 2_000
"""Where the program stops. The nodes do it first, so that a busy machine does not change the choice."""


def choose(web: Web) -> list[int]:
    """Withhold further cells, in place, until every withheld cell is safe or nothing is left that would help.

    Returns
    -------
    list of int
        Cells that stay deducible, because what gives them away is published already or may not be withheld.
    """
    waiting = sorted(web.withheld)
    exposed: list[int] = []
    while waiting:
        unsafe = [cell for cell in waiting if not web.safe(cell)]
        waiting = []
        for group in _groups(web, unsafe):
            still = [cell for cell in group if not web.safe(cell)]
            if not still:
                continue
            added = _protect(web, still)
            web.open(added)
            waiting += sorted(added)
            exposed += [] if added else still
            waiting += [cell for cell in still if added and not web.safe(cell)]
    return sorted({cell for cell in exposed if not web.safe(cell)})


def _groups(web: Web, cells: Iterable[int]) -> list[list[int]]:
    """Cells that share a relation, a few at a time: they are protected together."""
    found: list[list[int]] = []
    of: dict[int, list[int]] = {}
    for cell in cells:
        groups = [of[number] for number in web.touching[cell] if number in of and len(of[number]) < TOGETHER]
        group = groups[0] if groups else []
        if not group:
            found.append(group)
        group.append(cell)
        for number in web.touching[cell]:
            of[number] = group
    return found


def _protect(web: Web, unsafe: Sequence[int]) -> set[int]:
    """Cells to withhold for the sake of some unsafe ones."""
    quick = _in_one_relation(web, unsafe)
    if quick is not None:
        return quick
    for size in REGIONS:
        relations, cells = web.region(unsafe, size, wider=True)
        for whole in (False, True):
            if set(unsafe) <= set(cells) and (found := _program(web, unsafe, relations, cells, whole=whole)):
                return found
    if len(unsafe) > 1:
        return _protect(web, unsafe[:1])
    for size in (1, *REGIONS, len(web.relations)):
        around = {c for n in web.region(unsafe, size, wider=True)[0] for c in web.relations[n].cells}
        if found := set(_candidates(web, around)):
            return found
    return set()


def _candidates(web: Web, cells: Iterable[int]) -> list[int]:
    """Cells that may be withheld or opened, and would help if they were."""
    return sorted(c for c in cells if web.could_help(c) and web.steps(c, opened=True) != web.steps(c))


def _cost(web: Web, cell: int) -> float:
    """What is lost with a cell: itself if it was shown, only its interval if it was withheld."""
    return OPENING if cell in web.withheld else web.cells.weight[cell]


def _in_one_relation(web: Web, unsafe: Sequence[int]) -> set[int] | None:
    """The cheapest choice of up to three where one relation is all that concerns them; None where there is none."""
    numbers = {number for cell in unsafe for number in web.touching[cell]}
    if len(numbers) != 1 or not web.alone[min(numbers)]:
        return None
    relation = web.relations[numbers.pop()]
    candidates = _candidates(web, relation.cells)
    ranked = sorted(
        (sum(_cost(web, c) for c in chosen), chosen) for size in (1, 2, 3) for chosen in combinations(candidates, size)
    )
    return next((set(chosen) for _, chosen in ranked if _holds(web, relation, unsafe, set(chosen))), None)


def _holds(web: Web, relation: Relation, unsafe: Sequence[int], opened: set[int]) -> bool:
    """Whether cells of one relation would be safe if some were open: the others' steps must make up for each one's."""
    steps = {c: web.steps(c, opened=c in opened) for c in relation.cells}
    sign = dict(zip(relation.cells, relation.signs, strict=True))
    rise = sum(up if sign[c] > 0 else down for c, (down, up) in steps.items())
    fall = sum(down if sign[c] > 0 else up for c, (down, up) in steps.items())
    for cell in {*unsafe, *opened}:
        down, up = steps[cell]
        if sign[cell] > 0:
            room = min(down, rise - up), min(up, fall - down)
        else:
            room = min(down, fall - up), min(up, rise - down)
        small = web.small(cell) and cell not in opened
        if (room != (down, up)) if small else (sum(room) < web.wide(cell)):
            return False
    return True


def _program(
    web: Web, unsafe: Sequence[int], relations: Sequence[int], cells: Sequence[int], *, whole: bool
) -> set[int]:
    """Integer program: the cheapest cells that let each unsafe one take the steps it needs; empty if none do.

    For each unsafe cell two lists of steps of all cells, one that carries it down and one that carries it up; a cell
    may step only if it is withheld, and all relations are kept. Steps are first let be fractions, which mostly turn out
    `whole`; the check of each cell afterwards does not let them.

    References
    ----------
    Fischetti and Salazar (2001), Solving the cell suppression problem on tabular data with linear constraints,
    Management Science 47(7).
    """
    matrix = web.matrix(relations, cells)
    shown = np.array([web.steps(c) for c in cells], dtype=float)
    gone = np.array([web.steps(c, opened=True) for c in cells], dtype=float)
    candidates = set(_candidates(web, cells))
    choosable = np.array([c in candidates for c in cells])
    gone[~choosable] = shown[~choosable]
    n, lists = len(cells), 2 * len(unsafe)
    weight = np.array([_cost(web, c) for c in cells]) * (1 + 1e-3 * np.arange(n) / max(n, 1))
    keep = _block(matrix, lists, offset=n)
    rows: list[coo_array] = [keep]
    lower, upper = [np.zeros(keep.shape[0])], [np.zeros(keep.shape[0])]
    for number in range(lists):
        block = _linked(number, n, lists, gone - shown)
        rows.append(block)
        lower.append(np.concatenate([np.full(n, -np.inf), -shown[:, 0]]))
        upper.append(np.concatenate([shown[:, 1], np.full(n, np.inf)]))
    needs, least = _needed(web, unsafe, cells, n, lists)
    rows.append(needs)
    lower.append(least)
    upper.append(np.full(len(least), np.inf))
    answer = milp(
        np.concatenate([np.where(choosable, weight, 0.0), np.zeros(n * lists)]),
        integrality=np.concatenate([np.ones(n), np.full(n * lists, float(whole))]),
        bounds=Bounds(
            np.concatenate([np.zeros(n), np.tile(-gone[:, 0], lists)]),
            np.concatenate([choosable.astype(float), np.tile(gone[:, 1], lists)]),
        ),
        constraints=LinearConstraint(_stacked(rows), np.concatenate(lower), np.concatenate(upper)),
        options={"time_limit": SECONDS, "node_limit": NODES, "mip_rel_gap": GAP, "presolve": False},
    )
    if answer.x is None:
        return set()
    return {cell for cell, z in zip(cells, answer.x[:n], strict=True) if z > 0.5}


def _block(matrix: np.ndarray, lists: int, offset: int) -> coo_array:
    """Every list of steps keeps every relation."""
    row, column = np.nonzero(matrix)
    m, n = matrix.shape
    shift = np.arange(lists).repeat(len(row))
    return coo_array(
        (
            np.tile(matrix[row, column], lists),
            (np.tile(row, lists) + m * shift, offset + np.tile(column, lists) + n * shift),
        ),
        shape=(m * lists, offset + n * lists),
    )


def _linked(number: int, n: int, lists: int, gain: np.ndarray) -> coo_array:
    """A list's steps are longer only where a cell is withheld: ``x - gain z <= shown`` and ``x + gain z >= -shown``."""
    i = np.arange(n)
    row = np.concatenate([i, i, n + i, n + i])
    column = np.concatenate([n + n * number + i, i, n + n * number + i, i])
    entry = np.concatenate([np.ones(n), -gain[:, 1], np.ones(n), gain[:, 0]])
    return coo_array((entry, (row, column)), shape=(2 * n, n + n * lists))


def _needed(web: Web, unsafe: Sequence[int], cells: Sequence[int], n: int, lists: int) -> tuple[coo_array, np.ndarray]:
    """What the unsafe cells' own steps must come to, in rows of the program."""
    row: list[int] = []
    column: list[int] = []
    entry: list[float] = []
    least: list[float] = []
    for number, cell in enumerate(unsafe):
        down, up = (n + n * (2 * number + side) + cells.index(cell) for side in (0, 1))
        wanted: list[tuple[tuple[tuple[int, float], ...], int]]
        wanted = [(((down, -1.0),), web.needs(cell)[0]), (((up, 1.0),), web.needs(cell)[1])]
        if not web.small(cell):
            wanted.append((((down, -1.0), (up, 1.0)), web.wide(cell)))
        for terms, amount in wanted:
            for place, sign in terms:
                row.append(len(least))
                column.append(place)
                entry.append(sign)
            least.append(float(amount))
    return coo_array((entry, (row, column)), shape=(len(least), n + n * lists)), np.array(least)


def _stacked(blocks: Sequence[coo_array]) -> coo_array:
    return coo_array(vstack(blocks, format="coo"))
