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

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from threatlib.catalogue import Rule
from threatlib.disclosure.cells import NUMERATOR_OF, Reading, Share, rounded
from threatlib.disclosure.feasible import WHOLE, Web
from threatlib.disclosure.past import Past
from threatlib.disclosure.system import Ends, Needs, System

BEFORE = "before"
Unknown = tuple[int, Hashable]
"""A cell, and what is printed of it: None where it is withheld, BEFORE where that was something else."""
AT_ONCE = 4
"""So many ends of ranges are made reachable by one program."""
TURNS = 3
"""So many ways are tried in which figures may have changed together unseen."""
SHARE_COST = 0.5
"""What it costs to withhold a percentage but not its counts, in parts of a total."""


@dataclass(frozen=True)
class View:
    """What is supposed: cells that are `parted` need not be since a briefing what they were before it.

    Those that `stood` are withheld now and are supposed to be what they were once shown to be; of cells that are
    `loose` it is as if nothing were said now. A `guess` may turn out to be wrong.
    """

    since: int = 0
    parted: frozenset[int] = frozenset()
    stood: frozenset[int] = frozenset()
    loose: frozenset[int] = frozenset()
    guess: bool = False

    def before(self, cell: int, edition: int) -> bool:
        """Whether a cell in a briefing need not be what it is now."""
        return edition < self.since and cell in self.parted


class Together:
    """All briefings of a web of cells; `narrowed` and `enough` say what they give away and what else to withhold."""

    def __init__(self, web: Web, past: Past, rule: Rule, reading: Reading) -> None:
        self._web, self._past, self._rule, self._now = web, past, rule, len(past.states)
        cells = web.cells
        plain = pd.Series(cells.value)
        leaning = np.array([lean != (0, 0) for lean in cells.lean], dtype=bool)
        self._printed: list[float] = np.where(leaning, rounded(plain, rule), plain).tolist()
        self._unstated = {c for place, c in cells.by_place.items() if place[0].startswith(NUMERATOR_OF)}
        self._shares = [s for s in reading.shares if rule.round_to > 1 and self._disclosive(s)]
        self._links: list[tuple[int, ...]] = [
            *(r.cells for r in web.relations), *(tuple(c for c in (s.top, s.base) if c >= 0) for s in self._shares)
        ]  # fmt: skip
        self._touching: dict[int, list[int]] = {}
        for number, link in enumerate(self._links):
            for cell in link:
                self._touching.setdefault(cell, []).append(number)
        last = past.states[-1] if past.states else {}
        self.changed = {
            c
            for c, then in last.items()
            if np.isfinite(then) and (c in web.withheld or abs(then - self._printed[c]) > WHOLE)
        }
        before = past.shares[-1] if past.shares else {}
        self._moved = {
            len(web.relations) + n
            for n, s in enumerate(self._shares)
            if abs(before.get(s.row, s.printed) - s.printed) > WHOLE
        }

    def _disclosive(self, share: Share) -> bool:
        return self._web.cells.people[share.top]

    def _open(self, cell: int) -> bool:
        """Whether nobody can be sure of a cell."""
        rounds = self._rule.round_to > 1 and self._web.cells.people[cell] and bool(self._web.cells.value[cell])
        return cell in self._web.withheld or rounds or self._web.steps(cell) != (0, 0)

    def groups(self, doubtful: Iterable[int] = ()) -> Iterator[list[int]]:
        """Sums and percentages that hang together by figures nobody can be sure of, and to which a change belongs.

        Or one of some cells that are `doubtful`.
        """
        seen: set[int] = set()
        starts = [c for c in sorted(self.changed.union(doubtful)) if c in self._touching] + [
            self._links[n][0] for n in sorted(self._moved)
        ]
        for start in starts:
            waiting = [n for n in self._touching[start] if n not in seen]
            found: set[int] = set(waiting)
            while waiting:
                for cell in self._links[waiting.pop()]:
                    if self._open(cell):
                        more = set(self._touching[cell]) - found
                        found |= more
                        waiting += more
            seen |= found
            if found and any(c in self._web.withheld for n in found for c in self._links[n]):
                yield sorted(found)

    def news(self, numbers: Sequence[int]) -> bool:
        """Whether anything is printed of some links that was not before."""
        return not (self.changed.isdisjoint(self.inside(numbers)) and self._moved.isdisjoint(numbers))

    def inside(self, numbers: Iterable[int]) -> set[int]:
        """The cells of some links."""
        return {c for n in numbers for c in self._links[n]}

    def system(self, numbers: Sequence[int], view: View) -> System:
        """What all briefings print of some links."""
        out = System()
        for number in numbers:
            told = self._web.cells.told.isdisjoint(self._links[number])
            for edition in range(self._now + 1 if told else 0):
                names = [self._name(cell, edition, view) for cell in self._links[number]]
                if None not in names:
                    self._add(out, number, edition, [n for n in names if n is not None])
        for name, column in out.column.items():
            out.ends[column] = self._ends(name, view) if name[0] >= 0 else (0.0, 0.0)
        return out

    def _add(self, out: System, number: int, edition: int, names: list[Unknown]) -> None:
        """One link as one briefing printed it."""
        if number < len(self._web.relations):
            out.add(zip(names, self._web.relations[number].signs, strict=True))
            return
        share = self._shares[number - len(self._web.relations)]
        now = edition == self._now
        value = (share.printed if self._shown(share) else None) if now else self._past.shares[edition].get(share.row)
        if value is None:
            return
        loose: list[Unknown] = [n for n in names if n[1] == "now"]
        extra: list[tuple[Unknown, float]] = []
        if now and number in self._moved:
            loose.append((-1 - share.row, "now"))
            extra.append((loose[-1], 0.0))
        below, above = max(value - 0.5, 0.0) / share.per, (value + 0.5) / share.per
        half = self._rule.round_to // 2
        if share.base >= 0:
            top, base = names
            out.add([(top, 1.0), (base, -below), *extra], (0.0, np.inf), loose)
            out.add([(top, 1.0), (base, -above), *extra], (-np.inf, 0.0), loose)
            if share.per == 100.0 and value <= 100:
                out.add([(base, 1.0), (top, -1.0)], (0.0, np.inf))
        elif np.isfinite(share.of):
            out.add([(names[0], 1.0), *extra], (below * (share.of - half), above * (share.of + half)), loose)

    def _shown(self, share: Share) -> bool:
        web = self._web
        cells = {share.top, share.base}
        return (
            cells.isdisjoint(web.withheld) and share.row not in web.silent and not self._past.withheld_rows[share.row]
        )

    def _name(self, cell: int, edition: int, view: View) -> Unknown | None:
        """The unknown that a cell is in a briefing; None where it was not in it."""
        if np.isinf(self._web.cells.high[cell]):
            return cell, ("left over", edition)
        if edition == self._now:
            if cell in self._web.withheld:
                return cell, self._printed[cell] if cell in view.stood else None
            return cell, "now" if cell in view.loose else self._printed[cell]
        then = self._past.states[edition].get(cell)
        if then is None:
            source = self._web.cells.fixed[cell] and self._web.cells.primary[cell]
            return (cell, None) if source else None
        if view.before(cell, edition):
            return cell, (then, BEFORE) if np.isfinite(then) else BEFORE
        return cell, then if np.isfinite(then) else None

    def _returned(self, cell: int) -> bool:
        """Whether a figure was shown, then withheld, and is now what it was when it was shown."""
        was = [state.get(cell, np.nan) for state in self._past.states]
        return np.isnan(was[-1]) and any(abs(value - self._printed[cell]) < WHOLE for value in was[:-1])

    def _ends(self, name: Unknown, view: View) -> Ends:
        web, (cell, shown) = self._web, name
        shown = shown[0] if isinstance(shown, tuple) and shown[1] == BEFORE else shown
        if isinstance(shown, float):
            return self._told(cell, shown)
        low, high = 0.0, np.inf
        if cell in self._unstated:
            return low, high
        if shown == BEFORE or (shown is None and not (view.since and cell in view.parted)):
            low, high = self._past.stated.get(cell, (low, high))
        if shown is None and web.small(cell) and cell not in view.loose:
            low, high = max(low, web.cells.low[cell]), min(high, web.cells.high[cell])
        elif shown is None and cell not in view.loose:
            low = max(low, float(web.floor_of(cell)))
        return low, high

    def _told(self, cell: int, shown: float) -> Ends:
        """What a figure printed as `shown` may be."""
        if self._rule.round_to > 1 and cell in self._unstated and self._web.cells.people[cell] and shown:
            if shown != self._printed[cell]:
                return 0.0, np.inf
            around = round(shown / self._rule.round_to) * self._rule.round_to
            return float(max(around - self._rule.round_to // 2, 0)), float(around + self._rule.round_to // 2)
        return self._past.behind(cell, shown, self._web)

    def narrowed(self, numbers: Sequence[int]) -> dict[View, set[int]]:
        """Withheld cells of which all briefings tell more than their rule allows, by what is supposed."""
        found: dict[View, set[int]] = {}
        born = {cell: self._born(cell) for cell in self.inside(numbers) & self._web.withheld}
        for since in sorted(set(born.values())):
            for view in self._views(numbers, since, {c for c in born if born[c] == since}):
                system = self.system(numbers, view)
                wanted = {
                    column: self._needs(cell)
                    for (cell, shown), column in system.column.items()
                    if born.get(cell) == since and (shown is None or shown == ("left over", self._now))
                }
                fail = system.narrowed(wanted)
                if fail and (not view.guess or self._true_in(system, view)):
                    found[view] = {c for (c, _), column in system.column.items() if column in fail}
        return found

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
            patterns = (self._moved_with(numbers, fresh - alike, since, turn) for turn in range(TURNS))
            views += [View(since, moved, frozenset(alike - moved), guess=True) for moved in dict.fromkeys(patterns)]
        yield from views
        yield from (replace(view, stood=view.stood | back, guess=True) for view in views if back)

    def _alike(self, cell: int) -> bool:
        """Whether a figure is withheld now that printed as it would now in the briefing before."""
        return self._now > 0 and abs(self._past.states[-1].get(cell, np.nan) - self._printed[cell]) < WHOLE

    def _moved_with(self, numbers: Sequence[int], fresh: set[int], since: int, turn: int) -> frozenset[int]:
        """Cells that may have changed together: one more in each sum in which only one is seen to have."""
        moved, more = set(fresh), True
        sums = [set(self._links[n]) for n in numbers if n < len(self._web.relations)]
        sums = [cells for cells in sums if self._web.cells.told.isdisjoint(cells)]
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
        shown = [e for e, state in enumerate(self._past.states) if not np.isnan(state.get(cell, 0.0))]
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
        may = sorted(c for c in inside & self.changed if c not in web.withheld and web.cells.people[c])
        rows = [self._shares[n - len(web.relations)] for n in numbers if n in self._moved]
        silent = [s.row for s in rows if self._shown(s) and not {s.top, s.base} & set(may)]
        near = {
            c for cells in narrowed.values() for cell in cells for n in self._touching[cell] for c in self._links[n]
        }
        alike = [[c for c in sorted(some) if self._leans(c) and c not in may] for some in (near, inside)]
        for some in (may, *([*may, *more] for more in alike)):
            if found := self._cheapest(numbers, narrowed, some, silent):
                return found
        return (set(may), set(silent)) if may or silent else (set(alike[0] or alike[1]), set())

    def _leans(self, cell: int) -> bool:
        """Whether a cell is shown rounded, so that it may have been revised though it prints as it did."""
        shown = cell not in self._web.withheld
        return shown and self._rule.round_to > 1 and self._web.cells.people[cell] and bool(self._web.cells.value[cell])

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
