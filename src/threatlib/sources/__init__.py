"""Official downloads to rows, one file a publisher: which columns each must have, and what its cells say.

A source knows only its publisher's file. Which of its measures an indicator takes is said in the catalogue
(``official: [dfe-referrals/Referrals]``); which areas count is said in the partnership.
"""

from threatlib.sources import dfe, fingertips, lait, mps, neighbours, nhs, ons, scotland
from threatlib.sources.source import ROWS, Source

__all__ = ["ROWS", "SOURCES", "Source"]

SOURCES: dict[str, Source] = {
    source.id: source
    for module in (dfe, fingertips, lait, mps, neighbours, nhs, ons, scotland)
    for source in module.SOURCES
}
"""Every official download that can be imported, by the name the command line gives it."""
