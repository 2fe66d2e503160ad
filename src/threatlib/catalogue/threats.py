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
    """A part of a threat that is judged by itself.

    `links` names the sub-topics that could explain this one, or that it could explain; `priority` the partnership's
    priority it belongs to, and `risks` the entries of risk registers that carry it (``Council risk register, CS4``).
    """

    id: Slug
    name: str
    page: Theme
    priority: str = ""
    risks: tuple[str, ...] = ()
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
    """A question somebody must answer, followed from quarter to quarter.

    `raised`, `due` and `answered` are days (``2022-11-30``) or periods, whose last day then counts. `raised_from` is
    the finding (``F-82c18bfd``) or the gap (``G-...``) that it was raised from, empty where somebody raised it by hand.
    """

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
    answered: str = ""
    raised_from: str = ""


JUDGEMENT_PARTS: dict[str, frozenset[str]] = {
    "change": frozenset({"before", "after"}),
    "outlook": frozenset({"last", "claimed"}),
    "share": frozenset({"part", "rest", "claimed"}),
    "later_part": frozenset({"first", "whole"}),
    "per_year": frozenset({"before", "after", "claimed"}),
    "rate": frozenset({"count", "rate", "claimed", "other", "other_rate"}),
    "unseen": frozenset(),
}
"""The figures that a judgement of each kind cannot do without."""


class Judgement(Entry):
    """What an earlier assessment said, in our words, and the figures it can be held against.

    `figures` names rows of ``published/`` by their part.
    ``change``: `before`, `after`; of percentages also `before_of` and `after_of`, the numbers they are shares of;
    `claimed`, the size that was printed; `whole`, what the rise cannot exceed. ``outlook``: `last`, the year it is
    held against, and `claimed`; `seen` and `of` are the periods it had in and those of the year. ``share``: `part`
    and `rest` against `claimed`. ``later_part``: what `first`, the first quarter, and `whole`, the year, leave for
    the other three. ``per_year``: the rise from `before` to `after` over two years against `claimed`, said of each.
    ``rate``: the growth from `count` to `rate` on the population of `other` and `other_rate`, against `claimed`.
    ``unseen``: `indicators` that nobody has printed.

    `conflicts` are the declared contradictions that bear on it. `because` holds what no figure can say.
    """

    id: Slug
    says: str
    at: str
    threat: str
    kind: Literal["change", "outlook", "share", "later_part", "per_year", "rate", "unseen"]
    direction: Literal["up", "down", "level", ""] = ""
    figures: dict[str, str] = Field(default_factory=dict)
    indicators: tuple[Identifier, ...] = ()
    conflicts: tuple[str, ...] = ()
    seen: int = Field(default=2, ge=1)
    of: int = Field(default=4, ge=1)
    because: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Judgement:
        lost = sorted(JUDGEMENT_PARTS[self.kind] - set(self.figures))
        if lost:
            raise ValueError(f"{self.id} lacks the figures {', '.join(lost)}")
        if self.kind == "unseen" and not self.indicators:
            raise ValueError(f"{self.id} names no indicator that is unseen")
        if self.kind in ("change", "outlook") and not self.direction:
            raise ValueError(f"{self.id} has no direction")
        if self.seen >= self.of:
            raise ValueError(f"{self.id} has {self.seen} of {self.of} periods in: wanted fewer than the year has")
        return self


class Judgements(Entry):
    judgements: tuple[Judgement, ...] = ()
