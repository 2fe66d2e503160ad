"""What was published before, and what it adds to what an outsider knows.

A figure once withheld stays withheld; one that was shown, and stands as it did, is known and cannot be taken back. The
sums of earlier briefings are known too: a figure newly withheld must not be what an old sum and a new one leave over.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from threatlib.catalogue import Rule
from threatlib.disclosure.cells import SHARES, Reading, as_printed
from threatlib.disclosure.feasible import Web
from threatlib.disclosure.relations import Relation
from threatlib.observations import HAS_VALUE, KEY

State = dict[int, float]
"""What was known of cells after a release: their value, NaN where it was withheld."""


class Past:
    """Earlier releases in terms of today's cells.

    Attributes
    ----------
    withheld_rows : ndarray of bool
        Rows that were withheld before.
    withheld, known : set of int
        Cells that were withheld before, and cells that were shown with the value they have now.
    small, opened : set of int
        Of the withheld ones, those once stated as the rule's interval, and those once stated as another.
    stated : dict
        Between what the withheld ones were ever stated to lie, all statements together.
    states : list
        What was known of cells after each release, oldest first.
    shares : list
        The percentages and rates that were shown after each release, by their rows of today.
    """

    def __init__(self, history: pd.DataFrame | None, table: pd.DataFrame, reading: Reading, rule: Rule) -> None:
        self.withheld_rows = np.zeros(len(table), dtype=bool)
        self.withheld: set[int] = set()
        self.known: set[int] = set()
        self.small: set[int] = set()
        self.opened: set[int] = set()
        self.stated: dict[int, tuple[float, float]] = {}
        self.states: list[State] = []
        self.shares: list[dict[int, float]] = []
        self.between: dict[tuple[int, float], tuple[float, float]] = {}
        self._sums: dict[tuple[tuple[int, ...], tuple[int, ...], tuple[float, float]], Relation] = {}
        self._reading, self._rule = reading, rule
        if history is not None and len(history):
            self._read(history, table, as_printed(table, rule))

    def _read(self, history: pd.DataFrame, table: pd.DataFrame, shown: pd.Series) -> None:
        vanished = np.arange(len(table)) >= self._reading.printed
        present = table["status"].isin(HAS_VALUE).to_numpy() | vanished
        places = pd.MultiIndex.from_frame(table[KEY])
        rows: dict[tuple[str, ...], list[int]] = {}
        for position, key in enumerate(places):
            if present[position]:
                rows.setdefault(key, []).append(position)
        releases = history["release"] if "release" in history else pd.Series(0, index=history.index)
        now: State = {}
        told: dict[int, float] = {}
        values, scale = shown.to_numpy(dtype=float), table["unit"].map(SHARES).to_numpy(dtype=float)
        for _, part in history.groupby(releases, sort=True):
            shares: list[tuple[int, str, float]] = []
            for *key, status, value, lower, upper in part[[*KEY, "status", "value", "lower", "upper"]].itertuples(
                index=False, name=None
            ):
                for position in rows.get(tuple(key), ()):
                    if scale[position] == scale[position]:
                        shares.append((position, status, value))
                        told[position] = value if status in HAS_VALUE else np.nan
                        continue
                    self._note(position, status, value, values[position], now)
                    if status == "withheld" and lower == lower:
                        self._stated(int(self._reading.own[position]), lower, upper)
            for position, status, value in shares:  # once what they are of is known
                self._note(position, status, *self._numerators(position, value, values, scale, now), now)
            self.states.append(dict(now))
            self.shares.append({row: value for row, value in told.items() if value == value})

    def _numerators(
        self, position: int, value: float, values: np.ndarray, scale: np.ndarray, now: State
    ) -> tuple[float, float]:
        """The people behind a percentage then, as its base was printed, and now; NaN where that cannot be said."""
        cell, base = int(self._reading.own[position]), int(self._reading.hangs_on[position][1])
        today = self._reading.cells.value[cell] if cell >= 0 else np.nan
        if base < 0:
            return (today if abs(value - values[position]) < 1e-9 else np.nan), today
        then = float(np.round(value * now.get(base, np.nan) / scale[position]))
        if self._rule.round_to > 1 and then == then and cell >= 0:
            half, around = self._rule.round_to // 2, now[base]
            low, high = (value - 0.5) * (around - half), (value + 0.5) * (around + half)
            self.between[cell, then] = (max(np.ceil(low / scale[position]), 0.0), np.floor(high / scale[position]))
            if self.between[cell, then][0] <= today <= self.between[cell, then][1] and value == values[position]:
                return today, today
        return then, today

    def _note(self, position: int, status: str, value: float, today: float, now: State) -> None:
        cell = int(self._reading.own[position])
        if status == "withheld":
            self.withheld_rows[position] = True
            if cell >= 0:
                self.withheld.add(cell)
                now[cell] = np.nan
        elif cell >= 0 and status in HAS_VALUE:
            now.pop(cell, None)
            if value == value:
                now[cell] = float(value)
            if abs(value - today) < 1e-9 and not self._reading.cells.primary[cell]:
                self.known.add(cell)

    def _stated(self, cell: int, lower: float, upper: float) -> None:
        cells = self._reading.cells
        small = (lower, upper) == (self._rule.withhold_from, self._rule.withhold_to) or (
            (lower, upper) == (cells.low[cell], cells.high[cell])
        )
        (self.small if small else self.opened).add(cell)
        before = self.stated.get(cell, (0.0, np.inf))
        self.stated[cell] = (max(lower, before[0]), min(upper if upper == upper else np.inf, before[1]))

    def relations(self, web: Web) -> set[Relation]:
        """Sums of earlier briefings over what was withheld in them, where they still hold and say something new.

        Each comes with a cell for what was told of the sum: exact, or as far off as the figures around it were rounded.
        """
        found = set()
        for relation, state in self._old(web):
            then = tuple(c for c in relation.cells if not np.isfinite(state.get(c, np.nan)))
            if set(then) == {c for c in relation.cells if c in web.withheld}:
                continue
            if then and self._still_holds(relation, state, web):
                signs = dict(zip(relation.cells, relation.signs, strict=True))
                told = self._told(relation, state, web)
                found.add(self._sum(then, tuple(signs[c] for c in then), told, web))
        return found

    def _sum(self, then: tuple[int, ...], signs: tuple[int, ...], told: tuple[float, float], web: Web) -> Relation:
        key = (then, signs, told)
        if key not in self._sums:
            cells = web.cells
            now = sum(sign * cells.value[c] for c, sign in zip(then, signs, strict=True))
            low, high = min(told[0], now), max(told[1], now)
            whole = cells.add(now, low, high, primary=False, fixed=True, lean=(int(now - low), int(high - now)))
            cells.told.add(whole)
            self._sums[key] = Relation((*then, whole), (*signs, -1))
        return self._sums[key]

    def revised(self, web: Web) -> set[int]:
        """One revised figure of each sum whose withheld part is seen to have changed: it must not be shown.

        Nor need it be where a figure that was shown then, and is free to be anything, is withheld now.
        """
        found: set[int] = set()
        for relation, state in self._old(web):
            then = {c for c in relation.cells if not np.isfinite(state.get(c, np.nan))}
            if not then or self._still_holds(relation, state, web):
                continue
            since = [c for c in relation.cells if c not in then and state[c] != web.cells.value[c]]
            if any(c in found or (c in web.opened and not web.cells.primary[c]) for c in since):
                continue
            found.update([c for c in since if not web.cells.fixed[c] and c not in web.withheld][:1])
        return found

    def _old(self, web: Web) -> list[tuple[Relation, State]]:
        """Relations that hold a withheld cell, with each earlier state in which all their shown cells were printed."""
        if not self.states:
            return []
        touched = sorted({n for c in web.withheld for n in web.touching.get(c, ())})
        return [
            (web.relations[n], state)
            for n in touched
            for state in self.states
            if web.cells.unprinted.isdisjoint(web.relations[n].cells)
            and all(c in state or np.isinf(web.cells.high[c]) for c in web.relations[n].cells)
        ]

    def _still_holds(self, relation: Relation, state: State, web: Web) -> bool:
        """Whether what was withheld adds up today to what was told of it then."""
        low, high = self._told(relation, state, web)
        then = [
            (c, s) for c, s in zip(relation.cells, relation.signs, strict=True) if not np.isfinite(state.get(c, np.nan))
        ]
        return low - 0.5 <= sum(sign * web.cells.value[c] for c, sign in then) <= high + 0.5

    def _told(self, relation: Relation, state: State, web: Web) -> tuple[float, float]:
        """Between what the withheld cells of a sum were told to lie, by those that were printed."""
        low = high = 0.0
        for cell, sign in zip(relation.cells, relation.signs, strict=True):
            printed = state.get(cell, np.nan)
            if np.isfinite(printed):
                ends = self.behind(cell, printed, web)
                low -= max(sign * end for end in ends)
                high -= min(sign * end for end in ends)
        return low, high

    def behind(self, cell: int, printed: float, web: Web) -> tuple[float, float]:
        """What a printed figure may have been before it was rounded."""
        rule, cells = self._rule, web.cells
        if (cell, printed) in self.between:
            return self.between[cell, printed]
        if rule.round_to == 1 or not printed or not (cells.primary[cell] or cells.lean[cell] != (0, 0)):
            return printed, printed
        return max(printed - rule.round_to // 2, rule.withhold_to + 1), printed + rule.round_to // 2
