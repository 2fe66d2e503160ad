"""Everything withheld that must be: for its own sake, for another's, and for the sake of what was published before."""

from __future__ import annotations

import numpy as np

from threatlib.catalogue import Rule
from threatlib.disclosure.cells import Cells, Reading
from threatlib.disclosure.choose import choose
from threatlib.disclosure.feasible import Web
from threatlib.disclosure.past import Past
from threatlib.disclosure.relations import Relation
from threatlib.disclosure.together import Together


def secure(reading: Reading, relations: list[Relation], past: Past, rule: Rule) -> tuple[Web, list[int]]:
    """Cells and relations with everything withheld that must be; and the cells for which that is not enough."""
    cells = reading.cells
    start = {c for c in range(len(cells.value)) if cells.primary[c] or np.isinf(cells.high[c])} | past.withheld
    for cell in _followed(cells, relations, past.known - past.withheld) | past.small:
        cells.fixed[cell] = True
    opened = {c for c in start if not cells.primary[c]} | past.opened
    width, before = rule.withhold_to - rule.withhold_from, past.states[-1] if past.states else {}
    wary = {c: rule.round_to // 2 * 2 for c, shown in before.items() if np.isfinite(shown) and shown}
    web = Web(cells, relations, width, rule.withhold_from, start, opened, past.withheld, wary, past.small)
    exposed = choose(web)
    while True:
        extra = past.relations(web) - set(web.relations)
        revised, silent, narrowed = past.revised(web) - web.withheld, set[int](), set[int]()
        if not extra and not revised:
            revised, silent, narrowed = _unsaid(web, past, rule, reading, exposed)
            if not revised and not silent:
                web.wary, web.hushed = {}, _hushed(web, past)
                return web, sorted(narrowed)
        relations = [*web.relations, *sorted(extra, key=lambda relation: relation.cells)]
        gone = (web.withheld | revised, web.opened | revised, web.kept | revised)
        web = Web(cells, relations, width, web.floor, *gone, web.wary, past.small, silent=web.silent | silent)
        exposed = choose(web)


def _followed(cells: Cells, relations: list[Relation], known: set[int]) -> set[int]:
    """What is known, and what is printed for the first time though all beside it has told it: neither can be hidden."""
    found, before = set(known), set[int]()
    while found != before:
        before = set(found)
        for relation in relations if known else ():
            rest = [c for c in relation.cells if c not in found]
            if len(rest) == 1 and not cells.primary[rest[0]] and all(cells.lean[c] == (0, 0) for c in relation.cells):
                found.update(c for c in rest if np.isfinite(cells.high[c]))
    return found


def _hushed(web: Web, past: Past) -> set[int]:
    """What was withheld before beside a zero that was shown and is withheld now: it is seen that they have changed."""
    was = past.states[-1] if past.states else {}
    gone = [c for c in web.withheld if was.get(c) == 0.0]
    return {c for cell in gone for n in web.touching.get(cell, ()) for c in web.relations[n].cells} & past.withheld


def _unsaid(
    web: Web, past: Past, rule: Rule, reading: Reading, exposed: list[int]
) -> tuple[set[int], set[int], set[int]]:
    """Cells and rows of which nothing must be said, as old and new figures together would narrow what is withheld.

    The third set: cells narrowed though all that could help is withheld.
    """
    if not past.states:
        return set(), set(), set(exposed)
    together = Together(web, past, rule, reading)
    lost: set[int] = set()
    judged: set[int] = set()
    for links in together.groups(exposed):
        narrowed = together.narrowed(links)
        judged |= together.inside(links)
        cells, rows = together.enough(links, narrowed) if narrowed else (set[int](), set[int]())
        if cells or rows:
            return cells, rows, set()
        lost.update(*(found for view, found in narrowed.items() if together.news(links) or not view.guess))
    web.wary = {}
    return set(), set(), lost | {c for c in exposed if c not in judged and not web.safe(c)}
