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
        """Areas that an indicator's figures of one of our areas stand beside.

        Of the statistical neighbours these are the area's own that are close (a combined area's are those of its
        parts): what is like one of our areas need not be like another.
        """
        parts = next((a.parts for a in self.partnership.areas if a.name == area), ())
        own = [n for n in self.neighbours if n.area in (area, *parts)]
        if not own:
            return indicator.comparators
        unlike = {n.name for n in self.neighbours} - {n.name for n in own if n.close}
        return tuple(name for name in indicator.comparators if name not in unlike)
