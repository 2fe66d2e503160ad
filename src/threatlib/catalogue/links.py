"""What is read together: demand with the staff who meet it, and one harm as several agencies record it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from threatlib.catalogue.entry import Entry, Identifier


class Coupling(Entry):
    """Work that arrives and the staff who do it, each an indicator.

    `demand` is a count of work, `workforce` staff in post in full-time equivalents. `absence` (a percentage of working
    time lost), `vacancies` and `caseload` are read beside them where they are there.
    """

    name: str
    demand: Identifier
    workforce: Identifier
    absence: Identifier | None = None
    vacancies: Identifier | None = None
    caseload: Identifier | None = None

    def named(self) -> Iterator[Identifier]:
        several = (self.demand, self.workforce, self.absence, self.vacancies, self.caseload)
        yield from (name for name in several if name)


class Harm(Entry):
    """One harm as several agencies see it: counts that should rise and fall together if they see the same children."""

    name: str
    seen_by: tuple[Identifier, ...] = Field(min_length=2)

    def named(self) -> Iterator[Identifier]:
        yield from self.seen_by
