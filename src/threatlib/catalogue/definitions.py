"""All that a partnership's folder declares, typed, frozen and checked when built.

What is measured (indicators), how it hangs together and what must be found out (threats), what is known to be odd
about the figures (annotations), who takes part and what each audience may see (partnership). Everything that is judged
later is a field: polarity, comparators, minimum points and thresholds are never inferred.
"""

from __future__ import annotations

from threatlib.catalogue.annotations import Annotations, Claim
from threatlib.catalogue.commentary import Comment
from threatlib.catalogue.entry import Entry
from threatlib.catalogue.indicators import Catalogue
from threatlib.catalogue.partnership import Partnership
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
