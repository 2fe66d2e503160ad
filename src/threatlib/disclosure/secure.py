"""Everything withheld that must be: for its own sake, for another's, and for the sake of what was published before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from threatlib.catalogue import Rule
from threatlib.disclosure.cells import Cells, Reading
from threatlib.disclosure.choose import choose
from threatlib.disclosure.feasible import Web
from threatlib.disclosure.past import Past
from threatlib.disclosure.relations import Relation
from threatlib.disclosure.together import Together


def secure(reading: Reading, relations: list[Relation], past: Past, rule: Rule) -> tuple[Web, list[int]]:
    """Cells and relations with everything withheld that must be; and the cells for which that is not enough.

    A figure that is printed for the first time is shown where earlier ones tell it anyway.
    """
    cells = reading.cells
    stands = past.known - past.withheld
    cells.known |= (_followed(cells, relations, past, rule) - stands) | cells.gone
    for cell in stands | past.small:
        cells.fixed[cell] = True
    while True:
        web, narrowed, told = _secured(reading, relations, past, rule)
        if not told:
            return web, narrowed
        cells.known |= told


def _secured(reading: Reading, relations: list[Relation], past: Past, rule: Rule) -> tuple[Web, list[int], set[int]]:
    cells = reading.cells
    start = {c for c in range(len(cells.value)) if cells.primary[c] or np.isinf(cells.high[c])} - cells.unprinted
    start |= past.withheld
    for cell in cells.known:
        cells.fixed[cell] = True
    opened = {c for c in start if not cells.primary[c]} | past.opened
    width, before = rule.withhold_to - rule.withhold_from, past.states[-1] if past.states else {}
    wary = {c: rule.round_to // 2 * 2 for c, shown in before.items() if np.isfinite(shown) and shown}
    web = Web(cells, relations, width, rule.withhold_from, start, opened, past.withheld, wary, past.small)
    exposed = choose(web)
    while True:
        extra = past.relations(web) - set(web.relations)
        revised, silent = past.revised(web) - web.withheld, set[int]()
        if not extra and not revised:
            revised, silent, narrowed, told = _unsaid(web, past, rule, reading, exposed)
            if not revised and not silent:
                web.wary, web.hushed = {}, _hushed(web, past)
                return web, sorted(narrowed), told
        relations = [*web.relations, *sorted(extra, key=lambda relation: relation.cells)]
        gone = (web.withheld | revised, web.opened | revised, web.kept | revised)
        web = Web(cells, relations, width, web.floor, *gone, web.wary, past.small, silent=web.silent | silent)
        exposed = choose(web)


def _followed(cells: Cells, relations: list[Relation], past: Past, rule: Rule) -> set[int]:
    """What is known, and what is printed for the first time though what is known tells it: neither can be hidden.

    Known is what stands as it was shown; and what an earlier briefing told, whether or not it printed that.
    """
    exact = [r for r in relations if all(cells.lean[c] == (0, 0) for c in r.cells)] if past.states else []
    found = _told(exact, {c: cells.value[c] for c in past.known - past.withheld})
    for state in past.states if rule.round_to == 1 else ():
        then = _told(exact, state)
        found |= {c: value for c, value in then.items() if c not in state and value == cells.value[c]}
    found = _told(exact, found)
    return {c for c in found if not cells.primary[c] and np.isfinite(cells.high[c])} - past.withheld


def _told(exact: list[Relation], known: Mapping[int, float]) -> dict[int, float]:
    """What is known and what follows from it: the last cell of each sum of which all others are known."""
    found = {c: value for c, value in known.items() if np.isfinite(value)}
    before = -1
    while len(found) != before:
        before = len(found)
        for relation in exact:
            rest = [(c, s) for c, s in zip(relation.cells, relation.signs, strict=True) if c not in found]
            if len(rest) == 1:
                ((cell, sign),) = rest
                others = zip(relation.cells, relation.signs, strict=True)
                found[cell] = -sign * sum(s * found[c] for c, s in others if c != cell)
    return found


def _hushed(web: Web, past: Past) -> set[int]:
    """What was withheld before beside a zero that was shown and is withheld now: it is seen that they have changed."""
    was = past.states[-1] if past.states else {}
    gone = [c for c in web.withheld if was.get(c) == 0.0]
    return {c for cell in gone for n in web.touching.get(cell, ()) for c in web.relations[n].cells} & past.withheld


def _unsaid(
    web: Web, past: Past, rule: Rule, reading: Reading, exposed: list[int]
) -> tuple[set[int], set[int], set[int], set[int]]:
    """Cells and rows of which nothing must be said, as old and new figures together would narrow what is withheld.

    The third set: cells narrowed though all that could help is withheld. The fourth: those told before.
    """
    if not past.states:
        return set(), set(), set(exposed), set()
    together = Together(web, past, rule, reading)
    lost, judged, told = set[int](), set[int](), set[int]()
    for links in together.groups(exposed):
        cells, rows = together.everything(links) if together.doubtful(links) else (set[int](), set[int]())
        if cells or rows:
            return cells, rows, set(), set()
        narrowed = together.narrowed(links)
        judged |= together.inside(links)
        cells, rows = together.enough(links, narrowed) if narrowed else (set[int](), set[int]())
        if cells or rows:
            return cells, rows, set(), set()
        here = set[int]().union(*(found for view, found in narrowed.items() if together.news(links) or not view.guess))
        lost |= here
        told |= together.told_before(links, here)
    web.wary = {}
    return set(), set(), lost | {c for c in exposed if c not in judged and not web.safe(c)}, told
