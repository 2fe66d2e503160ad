"""How what is measured hangs together: threats, sub-topics and items, and what must be found out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from threatlib.catalogue.entry import Entry, Identifier, Slug, Standing, Theme


class Item(Entry):
    """The smallest thing the assessment speaks of: measured by indicators, or told in words."""

    id: Slug
    name: str
    standing: Standing
    indicators: tuple[Identifier, ...] = ()
    narrative: str = ""
    source: str = ""
    dated: str = ""
    owner: str = ""

    @model_validator(mode="after")
    def _has_substance(self) -> Item:
        if not self.indicators and not self.narrative:
            raise ValueError(f"{self.id} has neither indicators nor a narrative")
        return self


class SubTopic(Entry):
    id: Slug
    name: str
    page: Theme
    links: tuple[str, ...] = ()
    items: tuple[Item, ...] = Field(min_length=1)


class Threat(Entry):
    id: Slug
    name: str
    priority: str = ""
    subtopics: tuple[SubTopic, ...] = Field(min_length=1)


class Threats(Entry):
    threats: tuple[Threat, ...] = Field(min_length=1)


class Requirement(Entry):
    """A question somebody must answer, followed from quarter to quarter."""

    ref: str
    threat: str
    kind: Literal["analysis", "collection", "information", "continuing action", "decision"]
    question: str
    owner: str = ""
    raised: str = ""
    due: str = ""
    depends_on: str = ""
    status: Literal["open", "answered", "closed"] = "open"
    answer: str = ""
