"""What was published before, and what it adds to what an outsider knows.

A figure once withheld stays withheld; one that was shown, and stands as it did, is known and cannot be taken back. The
sums of earlier briefings are known too: a figure newly withheld must not be what an old sum and a new one leave over.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from threatlib.catalogue import Rule
from threatlib.disclosure.cells import Reading, rounded
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
    """

    def __init__(self, history: pd.DataFrame | None, table: pd.DataFrame, reading: Reading, rule: Rule) -> None:
        self.withheld_rows = np.zeros(len(table), dtype=bool)
        self.withheld: set[int] = set()
        self.known: set[int] = set()
        self.small: set[int] = set()
        self.opened: set[int] = set()
        self._states: list[State] = []
        self._reading, self._rule = reading, rule
        if history is not None and len(history):
            self._read(history, table, rounded(table["value"], rule))

    def _read(self, history: pd.DataFrame, table: pd.DataFrame, shown: pd.Series) -> None:
        present = table["status"].isin(HAS_VALUE).to_numpy()
        places = pd.MultiIndex.from_frame(table[KEY])
        rows: dict[tuple[str, ...], list[int]] = {}
        for position, key in enumerate(places):
            if present[position]:
                rows.setdefault(key, []).append(position)
        releases = history["release"] if "release" in history else pd.Series(0, index=history.index)
        now: State = {}
        values = shown.to_numpy(dtype=float)
        for _, part in history.groupby(releases, sort=True):
            for *key, status, value, lower, upper in part[[*KEY, "status", "value", "lower", "upper"]].itertuples(
                index=False, name=None
            ):
                for position in rows.get(tuple(key), ()):
                    self._note(position, status, value, values, now)
                    if status == "withheld" and lower == lower:
                        self._stated(int(self._reading.own[position]), lower, upper)
            self._states.append(dict(now))

    def _note(self, position: int, status: str, value: float, values: np.ndarray, now: State) -> None:
        cell = int(self._reading.own[position])
        if status == "withheld":
            self.withheld_rows[position] = True
            if cell >= 0:
                self.withheld.add(cell)
                now[cell] = np.nan
        elif cell >= 0 and status in HAS_VALUE:
            now[cell] = float(value)
            if abs(value - values[position]) < 1e-9:
                self.known.add(cell)

    def _stated(self, cell: int, lower: float, upper: float) -> None:
        cells = self._reading.cells
        small = (lower, upper) == (self._rule.withhold_from, self._rule.withhold_to) or (
            (lower, upper) == (cells.low[cell], cells.high[cell])
        )
        (self.small if small else self.opened).add(cell)

    def relations(self, web: Web) -> set[Relation]:
        """Sums of earlier briefings over what was withheld in them, where they still hold and say something new."""
        found = set()
        for relation, state in self._old(web):
            then = tuple(c for c in relation.cells if not np.isfinite(state.get(c, np.nan)))
            if set(then) == {c for c in relation.cells if c in web.withheld}:
                continue
            if then and self._still_holds(relation, state, web):
                signs = dict(zip(relation.cells, relation.signs, strict=True))
                found.add(Relation(then, tuple(signs[c] for c in then)))
        return found

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
        if not self._states:
            return []
        touched = sorted({n for c in web.withheld for n in web.touching.get(c, ())})
        return [
            (web.relations[n], state)
            for n in touched
            for state in self._states
            if all(c in state or np.isinf(web.cells.high[c]) for c in web.relations[n].cells)
        ]

    def _still_holds(self, relation: Relation, state: State, web: Web) -> bool:
        """Whether what was withheld adds up today to what it did then."""
        slack = 0.5 + (self._rule.round_to - 1) * len(relation.cells)
        total = 0.0
        for cell, sign in zip(relation.cells, relation.signs, strict=True):
            then = state.get(cell, np.nan)
            total += sign * (then if np.isfinite(then) else web.cells.value[cell])
        return abs(total) <= slack
