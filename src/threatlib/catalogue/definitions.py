"""All that a partnership's folder declares, typed, frozen and checked when built.

What is measured (indicators), how it hangs together and what must be found out (threats), what is known to be odd
about the figures (annotations), who takes part and what each audience may see (partnership). Everything that is judged
later is a field: polarity, comparators, minimum points and thresholds are never inferred.
"""

from __future__ import annotations

from threatlib.catalogue.annotations import Annotations, Claim
from threatlib.catalogue.commentary import Comment
from threatlib.catalogue.entry import Entry
from threatlib.catalogue.indicators import Catalogue, Indicator
from threatlib.catalogue.partnership import Neighbour, Partnership
from threatlib.catalogue.threats import Judgement, Requirement, Threats


class Definitions(Entry):
    """All that a partnership's folder declares."""

    partnership: Partnership
    catalogue: Catalogue
    threats: Threats
    requirements: tuple[Requirement, ...]
    annotations: Annotations
    judgements: tuple[Judgement, ...] = ()
    claims: tuple[Claim, ...] = ()
    comments: tuple[Comment, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    def comparators(self, indicator: Indicator, area: str) -> tuple[str, ...]:
        """Areas that an indicator's figures of one of our areas stand beside; none that is like another one only."""
        unlike = self.unlike(area)
        return tuple(name for name in indicator.comparators if name not in unlike)

    def unlike(self, area: str) -> frozenset[str]:
        """Neighbours that one of our areas must not stand beside: those of another area only, and those not close.

        A combined area's neighbours are those of its parts. What is like one of our areas need not be like another.
        """
        here = {area, *next((a.parts for a in self.partnership.areas if a.name == area), ())}
        averages = {a.name for a in self.partnership.areas if a.neighbours_of and here.isdisjoint(a.neighbours_of)}
        own = {n.name for n in self.neighbours if n.area in here and n.close}
        return frozenset(averages | ({n.name for n in self.neighbours} - own))
