"""Everything withheld that must be: for its own sake, for another's, and for the sake of what was published before."""

from __future__ import annotations

import numpy as np

from threatlib.catalogue import Rule
from threatlib.disclosure.cells import Reading
from threatlib.disclosure.choose import choose
from threatlib.disclosure.feasible import Web
from threatlib.disclosure.past import Past
from threatlib.disclosure.relations import Relation
from threatlib.disclosure.together import Together

STEPS = 8


def secure(reading: Reading, relations: list[Relation], past: Past, rule: Rule) -> tuple[Web, list[int]]:
    """Cells and relations with everything withheld that must be; and the cells for which that is not enough."""
    cells = reading.cells
    start = {c for c in range(len(cells.value)) if cells.primary[c] or np.isinf(cells.high[c])} | past.withheld
    known = past.known - past.withheld
    for cell in known | past.small:
        cells.fixed[cell] = True
    opened = {c for c in start if not cells.primary[c]} | past.opened
    width, before = rule.withhold_to - rule.withhold_from, past.states[-1] if past.states else {}
    wary = {c: rule.round_to // 2 * 2 for c, shown in before.items() if np.isfinite(shown)}
    web = Web(cells, relations, width, rule.withhold_from, start, opened, past.withheld, wary, past.small)
    exposed = choose(web)
    while True:
        extra = past.relations(web) - set(web.relations)
        revised = past.revised(web) - web.withheld
        if not extra and not revised:
            revised, narrowed = _unsaid(web, past, rule)
            revised = revised or _alike(web, past, set(exposed) - past.withheld, known, rule)
            if not revised:
                web.wary, web.hushed = {}, _hushed(web, past)
                return web, sorted({*narrowed, *(c for c in exposed if not web.safe(c))})
        relations = [*web.relations, *sorted(extra, key=lambda relation: relation.cells)]
        gone = (web.withheld | revised, web.opened | revised, web.kept | revised)
        web = Web(cells, relations, width, web.floor, *gone, web.wary, past.small)
        exposed = choose(web)


def _hushed(web: Web, past: Past) -> set[int]:
    """What was withheld before beside a zero that was shown and is withheld now: it is seen that they have changed."""
    was = past.states[-1] if past.states else {}
    gone = [c for c in web.withheld if was.get(c) == 0.0]
    return {c for cell in gone for n in web.touching.get(cell, ()) for c in web.relations[n].cells} & past.withheld


def _alike(web: Web, past: Past, lost: set[int], known: set[int], rule: Rule) -> set[int]:
    """A total of something newly withheld and not safe: rounded, it prints as it did, but is likely to be another.

    Likely it is where every sum that it belongs to has seen a change.
    """
    changed = Together(web, past, rule).changed if lost else set()
    totals = {web.relations[n].cells[0] for cell in lost for n in web.touching.get(cell, ())}
    may = [c for c in sorted(known & totals - web.withheld - web.cells.tied) if web.cells.lean[c] != (0, 0)]
    moved = (c for c in may if not any(changed.isdisjoint(web.relations[n].cells) for n in web.touching[c]))
    return set(list(moved)[:1])


def _unsaid(web: Web, past: Past, rule: Rule) -> tuple[set[int], set[int]]:
    """Revised cells of which nothing must be said, as old and new figures together would narrow what was withheld.

    The second set: those narrowed though all that was revised around them is withheld.
    """
    if not past.states:
        return set(), set()
    together = Together(web, past, rule)
    lost: set[int] = set()
    for relations in together.groups():
        narrowed = together.narrowed(relations)
        found = together.enough(relations, narrowed) if narrowed else set()
        if found:
            return found, set()
        lost |= narrowed
    return set(), lost
