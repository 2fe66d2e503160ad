"""What each briefing printed of the figures, as one system: an unknown for each figure and each way it was printed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from threatlib.catalogue import Rule
from threatlib.disclosure.cells import NUMERATOR_OF, Reading, Share, rounded
from threatlib.disclosure.feasible import WHOLE, Web
from threatlib.disclosure.past import Past
from threatlib.disclosure.system import Ends, System

BEFORE = "before"
Unknown = tuple[int, Hashable]
"""A cell, and what is printed of it: None where it is withheld, BEFORE where that was something else."""


@dataclass(frozen=True)
class View:
    """What is supposed: cells that are `parted` need not be since a briefing what they were before it.

    Those that `stood` are withheld now and are supposed to be what they were once shown to be; of cells that are
    `loose` it is as if nothing were said now. Those `apart` were not, before they were first printed, what they are
    now. A `guess` may turn out to be wrong.
    """

    since: int = 0
    parted: frozenset[int] = frozenset()
    stood: frozenset[int] = frozenset()
    loose: frozenset[int] = frozenset()
    apart: frozenset[int] = frozenset()
    guess: bool = False

    def before(self, cell: int, edition: int) -> bool:
        """Whether a cell in a briefing need not be what it is now."""
        return edition < self.since and cell in self.parted


class Editions:
    """All briefings of a web of cells, the last one that of today."""

    def __init__(self, web: Web, past: Past, rule: Rule, reading: Reading) -> None:
        self._web, self._past, self._rule, self._now = web, past, rule, len(past.states)
        self._last = reading.printed
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
        self.added = {
            c
            for link in (self._links if last else ())
            if not last.keys().isdisjoint(link)
            for c in link
            if c not in last and cells.people[c] and c not in cells.told
        }
        self.changed |= self.added
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

    def system(self, numbers: Sequence[int], view: View, *, now: bool = True) -> System:
        """What all briefings print of some links, or all but the one of today."""
        out = System()
        for number in numbers:
            for edition in range(self._now + now if self._printed_sum(number) else 0):
                names = [self._name(cell, edition, view) for cell in self._links[number]]
                if None not in names and self._fits(number, [n for n in names if n is not None], view):
                    self._add(out, number, edition, [n for n in names if n is not None])
        for name, column in out.column.items():
            out.ends[column] = self._ends(name, view) if name[0] >= 0 else (0.0, 0.0)
        return out

    def _fits(self, number: int, names: list[Unknown], view: View) -> bool:
        """Whether a sum can be of what it was: not one of a figure that has been revised since it was last printed."""
        if number >= len(self._web.relations):
            return True
        if self._web.cells.gone.isdisjoint(self._links[number]) and any(shown is None for _, shown in names):
            return True
        ends = [self._ends(n, view) for n in names]
        least = sum(min(s * e[0], s * e[1]) for s, e in zip(self._web.relations[number].signs, ends, strict=True))
        most = sum(max(s * e[0], s * e[1]) for s, e in zip(self._web.relations[number].signs, ends, strict=True))
        return least <= WHOLE and most >= -WHOLE

    def _printed_sum(self, number: int) -> bool:
        """Whether a reader knows a link: not one that follows from others, nor a part that happens to be the whole."""
        relations = self._web.relations
        told = not self._web.cells.told.isdisjoint(self._links[number])
        return not told and not (number < len(relations) and relations[number].signs == (-1, 1))

    def _add(self, out: System, number: int, edition: int, names: list[Unknown]) -> None:
        """One link as one briefing printed it."""
        if number < len(self._web.relations):
            out.add(zip(names, self._web.relations[number].signs, strict=True))
            return
        share = self._shares[number - len(self._web.relations)]
        now = edition == self._now
        if now and share.row >= self._last:
            return
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
        if cell in self._web.cells.unprinted:
            return cell, "unprinted"
        if np.isinf(self._web.cells.high[cell]):
            return cell, ("left over", edition)
        if edition == self._now:
            if cell in self._web.withheld:
                return cell, self._printed[cell] if cell in view.stood else None
            return cell, "now" if cell in view.loose else self._printed[cell]
        then = self._past.states[edition].get(cell)
        if then is None:
            source = self._web.cells.fixed[cell] and self._web.cells.primary[cell]
            if cell in view.apart:
                return cell, "unprinted"
            return (cell, None) if source else self._name(cell, edition + 1, view)
        if view.before(cell, edition):
            return cell, (then, BEFORE) if np.isfinite(then) else BEFORE
        return cell, then if np.isfinite(then) else None

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

    def _leans(self, cell: int) -> bool:
        """Whether a cell is shown rounded, so that it may have been revised though it prints as it did."""
        shown = cell not in self._web.withheld
        return shown and self._rule.round_to > 1 and self._web.cells.people[cell] and bool(self._web.cells.value[cell])
