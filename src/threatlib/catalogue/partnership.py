"""Who takes part, where they work, who is like them, and what each audience may see."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from threatlib.catalogue.entry import Entry, Theme

Short = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]+$")]
"""An abbreviation: capitals and digits, as it stands in a text."""


class Area(Entry):
    """A place that figures are of; `neighbours_of` says which of our areas an average of neighbours is made for."""

    name: str
    code: str = ""
    parts: tuple[str, ...] = ()
    role: Literal["local", "comparator"] = "local"
    small: bool = False
    neighbours_of: tuple[str, ...] = ()


class Agency(Entry):
    name: str
    footprint: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    covers_more_than: str = ""


class Rule(Entry):
    """What an audience may not see: counts of people from `withhold_from` to `withhold_to` (zero is a value)."""

    name: str
    withhold_from: int = Field(default=1, ge=0)
    withhold_to: int = Field(default=5, ge=0)
    round_to: int = Field(default=1, ge=1)
    source: str = ""


class Audience(Entry):
    title: str
    rule: str
    marking: str


class Partnership(Entry):
    name: str
    data_kind: Literal["real", "simulated"]
    areas: tuple[Area, ...] = Field(min_length=1)
    agencies: tuple[Agency, ...] = Field(min_length=1)
    rules: dict[str, Rule]
    audiences: dict[str, Audience]
    default_audience: str
    severity_weights: dict[Theme, float] = Field(default_factory=dict)
    undated_periods: dict[str, tuple[date, date]] = Field(default_factory=dict)
    abbreviations: dict[Short, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _coherent(self) -> Partnership:
        if self.default_audience not in self.audiences:
            raise ValueError(f"default_audience '{self.default_audience}' is not one of the audiences")
        missing = sorted({a.rule for a in self.audiences.values()} - set(self.rules))
        if missing:
            raise ValueError(f"audiences name rules that are not defined: {', '.join(missing)}")
        names = {area.name for area in self.areas}
        for area in self.areas:
            unknown = sorted(set(area.parts) - names)
            if unknown:
                raise ValueError(f"area '{area.name}' has parts that are not areas: {', '.join(unknown)}")
            lost = sorted(set(area.neighbours_of) - set(self.local_areas))
            if lost or (area.neighbours_of and area.role != "comparator"):
                wrong = f"neighbours_of {', '.join(lost or area.neighbours_of)}"
                raise ValueError(f"area '{area.name}' has {wrong}: it must be a comparator, of areas of our own")
        return self

    @property
    def local_areas(self) -> tuple[str, ...]:
        return tuple(area.name for area in self.areas if area.role == "local")

    def agency_named(self, text: str) -> Agency | None:
        wanted = text.strip().casefold()
        for agency in self.agencies:
            if wanted in {agency.name.casefold(), *(alias.casefold() for alias in agency.aliases)}:
                return agency
        return None


class Neighbour(Entry):
    """An authority that is like one of ours: its rank (1 is nearest) and how close it is."""

    area: str
    rank: int = Field(ge=1)
    name: str
    closeness: str

    @property
    def close(self) -> bool:
        return "not close" not in self.closeness.lower()


class Neighbours(Entry):
    """Statistical neighbours, as imported: one model, our areas' neighbours in their order."""

    model: str
    neighbours: tuple[Neighbour, ...]
