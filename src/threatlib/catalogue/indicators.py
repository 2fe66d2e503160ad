"""What is measured: indicators, what they are made of, and what is read but not assessed."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from threatlib.catalogue.entry import Entry, Frequency, Identifier, Polarity, Theme, Unit
from threatlib.catalogue.links import Coupling, Harm


class Indicator(Entry):
    """One thing that is measured.

    `disclosive` says that the count is of people (or of cases that are people), so that a small value could identify a
    child; it is true unless the catalogue says otherwise. `numerator` and `denominator` name the indicators a
    percentage or rate is made from; `change_of` the indicator whose change a figure states; `parts` the indicators
    that add up to this one, `partitions` further groups that do so (initial beside latest category, say), and `within`
    the indicator of which this one counts a part; `follows` the stage before it on a child's journey (enquiries follow
    referrals). `official` names the measures of official downloads that are this
    indicator (``dfe-referrals/Referrals``). `agency` is who answers for it, `also_from` who else returns it for
    another area.
    """

    id: Identifier
    name: str
    definition: str
    formula: str = ""
    unit: Unit
    polarity: Polarity
    theme: Theme
    agency: str
    also_from: tuple[str, ...] = ()
    frequency: Frequency
    numerator: Identifier | None = None
    denominator: Identifier | None = None
    comparators: tuple[str, ...] = ()
    counterpart: Identifier | None = None
    change_of: Identifier | None = None
    parts: tuple[Identifier, ...] = ()
    partitions: tuple[tuple[Identifier, ...], ...] = ()
    within: Identifier | None = None
    follows: Identifier | None = None
    official: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*/.+$")], ...] = ()
    minimum_points: int = Field(default=2, ge=2)
    target: float | None = None
    disclosive: bool = True
    provisional_periods: int = Field(default=0, ge=0)
    caveat: str = ""


class LeftOut(Entry):
    """Indicators of the source that are read but not assessed, and why."""

    ids: tuple[Identifier, ...]
    reason: str


class Catalogue(Entry):
    indicators: tuple[Indicator, ...]
    left_out: tuple[LeftOut, ...] = ()
    couplings: tuple[Coupling, ...] = ()
    harms: tuple[Harm, ...] = ()

    @model_validator(mode="after")
    def _coherent(self) -> Catalogue:
        ids = [indicator.id for indicator in self.indicators]
        doubled = sorted({i for i in ids if ids.count(i) > 1})
        if doubled:
            raise ValueError(f"defined more than once: {', '.join(doubled)}")
        known = set(ids)
        both = sorted(known & set(self.left_out_reasons))
        if both:
            raise ValueError(f"both defined and left out: {', '.join(both)}")
        for item in self.indicators:
            named = [item.numerator, item.denominator, item.counterpart, item.change_of, item.within, item.follows]
            named += [*item.parts, *(name for group in item.partitions for name in group)]
            unknown = sorted({name for name in named if name} - known)
            if unknown:
                raise ValueError(f"{item.id} names indicators that are not defined: {', '.join(unknown)}")
        links: tuple[Coupling | Harm, ...] = (*self.couplings, *self.harms)
        for link in links:
            unknown = sorted(set(link.named()) - known)
            if unknown:
                raise ValueError(f"'{link.name}' names indicators that are not defined: {', '.join(unknown)}")
        return self

    @cached_property
    def by_id(self) -> dict[str, Indicator]:
        return {indicator.id: indicator for indicator in self.indicators}

    @cached_property
    def left_out_reasons(self) -> dict[str, str]:
        return {i: group.reason for group in self.left_out for i in group.ids}
