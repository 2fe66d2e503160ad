"""Today's figures and all that was published before, read together as one system.

An outsider may take it that what prints alike in two briefings is the same, and that a figure withheld now, and
withheld then, is the same. That is the most he can suppose: whoever knows that one was revised has one unknown more,
and deduces less. So there is one unknown for each figure that printed alike and for each place that is withheld,
whatever the briefing; each sum, and each rounded percentage, stands once for every briefing that printed it. What keeps
its range in this system keeps it from everybody, and nothing need be known of how withheld figures were revised.

So a revision is shown only as far as it could have happened with all that was withheld before standing as it was. Only
where a figure that was shown is withheld, everybody sees that something beside it has changed: it must keep its range
if what is withheld beside it is not taken to be what was withheld before, and if what is printed alike is not (`View`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from threatlib.disclosure.editions import Editions, View
from threatlib.disclosure.feasible import WHOLE
from threatlib.disclosure.system import Ends, Needs, System

AT_ONCE = 4
"""So many ends of ranges are made reachable by one program."""
TURNS = 3
"""So many ways are tried in which figures may have changed together unseen."""
SHARE_COST = 0.5
"""What it costs to withhold a percentage but not its counts, in parts of a total."""


class Together(Editions):
    """What all briefings together give away (`narrowed`), and what else to withhold for that (`enough`)."""

    def _returned(self, cell: int) -> bool:
        """Whether a figure was shown, then withheld, and is now what it was when it was shown."""
        was = [state.get(cell, np.nan) for state in self._past.states]
        return np.isnan(was[-1]) and any(abs(value - self._printed[cell]) < WHOLE for value in was[:-1])

    def narrowed(self, numbers: Sequence[int]) -> dict[View, set[int]]:
        """Withheld cells of which all briefings tell more than their rule allows, by what is supposed."""
        found: dict[View, set[int]] = {}
        born = {cell: self._born(cell) for cell in self.inside(numbers) & self._web.withheld}
        apart = frozenset[int]()
        for since in sorted(set(born.values())):
            held = False
            fresh = {c for c in born if born[c] == since}
            for view in self._views(numbers, since, fresh):
                if held and since and not view.guess:
                    continue
                view, system, fail = self._failing(numbers, replace(view, apart=apart), fresh)
                if fail and not apart and (apart := self._otherwise(numbers)):
                    view, system, fail = self._failing(numbers, replace(view, apart=apart), fresh)
                counts = not fail or not view.guess or self._true_in(system, view)
                held |= counts
                if fail and counts:
                    found[view] = {c for (c, _), column in system.column.items() if column in fail}
        return found

    def _failing(self, numbers: Sequence[int], view: View, fresh: set[int]) -> tuple[View, System, set[int]]:
        """The system of a view, and the columns in it of some cells that have too little room."""
        system = self.system(numbers, view)
        wanted = {
            column: self._needs(cell)
            for (cell, shown), column in system.column.items()
            if cell in fresh and (shown is None or shown == ("left over", self._now))
        }
        return view, system, system.narrowed(wanted)

    def _otherwise(self, numbers: Sequence[int]) -> frozenset[int]:
        """Figures printed now for the first time that cannot be now what they were before."""
        new = self.added & self.inside(numbers)
        system = self.system(numbers, View(), now=False) if new else System()
        value = {column: (cell, self._web.cells.value[cell]) for (cell, _), column in system.column.items()}
        return frozenset(c for column, (c, now) in value.items() if c in new and not system.fits({column: now}))

    def _true_in(self, system: System, view: View) -> bool:
        """Whether what is supposed fits the figures as they are: who knows what was revised supposes nothing false."""
        now = {
            name: c
            for name, c in system.column.items()
            if name[0] >= 0 and name == self._name(name[0], self._now, view)
        }
        return system.fits({column: self._web.cells.value[cell] for (cell, _), column in now.items()})

    def _views(self, numbers: Sequence[int], since: int, fresh: set[int]) -> Iterator[View]:
        """What may be supposed for the sake of some cells withheld since a briefing."""
        gone = self.inside(numbers) & self._web.withheld
        back = {c for c in gone if self._returned(c)}
        views = [View(since, frozenset(gone))]
        if since:
            alike = {c for c in fresh if self._alike(c)}
            patterns = (self._moved_with(numbers, fresh - alike - self.added, since, turn) for turn in range(TURNS))
            views += [View(since, moved, frozenset(alike - moved), guess=True) for moved in dict.fromkeys(patterns)]
        yield from views[1:]
        yield views[0]  # where no guess is right
        yield from (replace(view, stood=view.stood | back, guess=True) for view in views if back)

    def _alike(self, cell: int) -> bool:
        """Whether a figure is withheld now that printed as it would now in the briefing before."""
        return self._now > 0 and abs(self._past.states[-1].get(cell, np.nan) - self._printed[cell]) < WHOLE

    def _moved_with(self, numbers: Sequence[int], fresh: set[int], since: int, turn: int) -> frozenset[int]:
        """Cells that may have changed together: one more in each sum in which only one is seen to have."""
        moved, more = set(fresh), True
        sums = [set(self._links[n]) for n in numbers if n < len(self._web.relations) and self._printed_sum(n)]
        seen = {c for c, then in self._past.states[since - 1].items() if self._seen_to_move(c, then, since)} - fresh
        while more:
            more = False
            for cells in sums:
                others = sorted(cells - moved)
                loose = any(c in seen or np.isinf(self._web.cells.high[c]) for c in others)
                may = [c for c in others if c in self._web.withheld or self._leans(c)]
                if len(cells & moved) == 1 and may and not loose:
                    moved.add(may[turn % len(may)])
                    more = True
        return frozenset(moved)

    def _seen_to_move(self, cell: int, then: float, since: int) -> bool:
        """Whether a figure that was shown before a briefing is another in it, and still shown."""
        now = self._past.states[since].get(cell, np.nan) if since < self._now else self._printed[cell]
        shown = since < self._now or cell not in self._web.withheld
        return bool(shown and abs(now - then) > WHOLE)

    def _born(self, cell: int) -> int:
        """The briefing since which a cell is withheld, by its number."""
        if np.isinf(self._web.cells.high[cell]):
            return self._now
        shown = [e for e, state in enumerate(self._past.states) if not np.isnan(state.get(cell, np.nan))]
        source = self._web.cells.fixed[cell] and self._web.cells.primary[cell]
        return shown[-1] + 1 if shown and not source else 0

    def _needs(self, cell: int) -> Needs:
        """What a cell's range must reach, and how wide it must be."""
        return *self._range(cell), self._web.width

    def _range(self, cell: int) -> Ends:
        """The range that a cell must keep; NaN where only the width counts."""
        once = cell in self._past.small and cell not in self.changed
        small = once or (self._web.small(cell) and cell not in self._unstated)
        return (self._web.cells.low[cell], self._web.cells.high[cell]) if small else (np.nan, np.nan)

    def enough(self, numbers: Sequence[int], narrowed: dict[View, set[int]]) -> tuple[set[int], set[int]]:
        """Cells of which nothing may be said now, and rows of percentages; both empty if there are no more.

        First what was said of newly withheld cells; then the cheapest of what was revised, or all of it; then what
        prints as it did in the same sums, as it may have been revised inside its rounding.
        """
        web = self._web
        inside = self.inside(numbers)
        stated = {c for c in inside & self.changed if c in web.withheld and c not in web.kept}
        if stated:
            return stated, set()
        new = {c for c in inside & self.changed if c not in web.withheld and web.cells.people[c]}
        may = sorted(c for c in new if c not in self.added or c not in web.cells.known)
        rows = [self._shares[n - len(web.relations)] for n in numbers if n in self._moved]
        silent = [s.row for s in rows if self._shown(s) and not {s.top, s.base} & set(may)]
        near = {
            c for cells in narrowed.values() for cell in cells for n in self._touching[cell] for c in self._links[n]
        }
        held = {*may, *web.cells.known}
        alike = [[c for c in sorted(some) if self._leans(c) and c not in held] for some in (near, inside)]
        for some in (may, *([*may, *more] for more in alike)):
            if found := self._cheapest(numbers, narrowed, some, silent):
                return found
        return (set(may), set(silent)) if may or silent else (set(alike[0] or alike[1]), set())

    def told_before(self, numbers: Sequence[int], some: set[int]) -> set[int]:
        """Figures, printed now for the first time and withheld, that what was published before narrows by itself."""
        new = {c for c in some & self.added & self._web.withheld if not self._web.cells.primary[c]}
        system = self.system(numbers, View(), now=False)
        wanted: dict[int, Needs] = {
            system.column[c, None]: (np.nan, np.nan, self._web.width) for c in new if (c, None) in system.column
        }
        found = system.narrowed(wanted) if wanted and system.fits({}) else set()
        told = {c: column for (c, _), column in system.column.items() if column in found}
        return {c for c, column in told.items() if system.fits({column: self._web.cells.value[c]})}

    def doubtful(self, numbers: Sequence[int]) -> bool:
        """Whether a rounded figure that was shown is withheld now: who can say which others changed unseen with it?"""
        gone = self.changed & self._web.withheld & self.inside(numbers)
        return self._rule.round_to > 1 and not gone <= self.added

    def everything(self, numbers: Sequence[int]) -> tuple[set[int], set[int]]:
        """All cells and rows of percentages that are still shown of some links."""
        shares = [self._shares[n - len(self._web.relations)] for n in numbers if n >= len(self._web.relations)]
        inside = self.inside(numbers)
        cells = {c for c in inside if self._leans(c) or (c in self.changed and c not in self._web.withheld)}
        return {c for c in cells if self._web.cells.people[c]} - self._web.cells.known, {
            s.row for s in shares if self._shown(s)
        }

    def _cheapest(
        self, numbers: Sequence[int], narrowed: dict[View, set[int]], may: Sequence[int], silent: Sequence[int]
    ) -> tuple[set[int], set[int]] | None:
        view = next(iter(narrowed))
        system = self.system(numbers, replace(view, loose=frozenset(may)))
        cells = {column: cell for (cell, _), column in system.column.items()}
        ends = [(system.column[c, None], self._needs(c)) for c in sorted(narrowed[view]) if (c, None) in system.column]
        names = [(c, "now") for c in may] + [(-1 - row, "now") for row in silent]
        columns = [system.column[n] for n in names if n in system.column]
        told = [self._price(cells[c]) for c in columns]
        for some in (ends[:AT_ONCE], *([one] for one in ends)):
            if found := {cells[c] for c in system.cheapest(columns, told, some)}:
                return {c for c in found if c >= 0}, {-1 - c for c in found if c < 0}
        return None

    def _price(self, cell: int) -> tuple[float, float, float]:
        """What is told of a cell, or of a percentage in a row, and what it costs to let it go."""
        if cell < 0:
            return 0.0, 0.0, SHARE_COST
        return (*self._told(cell, self._printed[cell]), self._web.cells.weight[cell])
