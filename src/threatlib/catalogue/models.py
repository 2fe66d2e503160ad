"""Typed, frozen definitions from a partnership's YAML files, checked when built.

What is measured (catalogue), how it hangs together (threats), what must be found out (requirements), what is known
to be odd about the figures (annotations), who takes part and what each audience may see (partnership). Everything
that is judged later is a field here: polarity, comparators, minimum points and thresholds are never inferred.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Polarity = Literal["higher_is_worse", "lower_is_worse", "neither"]
Standing = Literal["measured", "reported", "published", "hypothesis"]
Theme = Literal["workforce", "demand", "csa", "mental_health", "context"]
Unit = Literal[
    "count", "percent", "per_10k", "per_1000", "fte", "gbp", "ratio", "rank", "mean", "months", "days",
    "percent_change", "percentage_points", "points", "weekly_mean", "monthly_mean", "in_10", "in_5",
]  # fmt: skip
Frequency = Literal["monthly", "quarterly", "half_yearly", "annual", "snapshot", "irregular"]

THEMES: dict[str, str] = {
    "workforce": "Workforce",
    "demand": "Demand",
    "csa": "Child sexual abuse",
    "mental_health": "Mental health",
    "context": "Context",
}


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Indicator(Entry):
    """One thing that is measured.

    `disclosive` says that the count is of people (or of cases that are people), so that a small value could identify a
    child; it is true unless the catalogue says otherwise. `numerator` and `denominator` name the indicators a
    percentage or rate is made from; `change_of` the indicator whose change a figure states; `parts` the indicators
    that add up to this one, `partitions` further groups that do so (initial beside latest category, say), and `within`
    the indicator of which this one counts a part. `official` names the measures of official downloads that are this
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
            named = [item.numerator, item.denominator, item.counterpart, item.change_of, item.within, *item.parts]
            named += [name for group in item.partitions for name in group]
            unknown = sorted({name for name in named if name} - known)
            if unknown:
                raise ValueError(f"{item.id} names indicators that are not defined: {', '.join(unknown)}")
        return self

    @cached_property
    def by_id(self) -> dict[str, Indicator]:
        return {indicator.id: indicator for indicator in self.indicators}

    @cached_property
    def left_out_reasons(self) -> dict[str, str]:
        return {i: group.reason for group in self.left_out for i in group.ids}


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


class Figure(Entry):
    """A figure taking part in a conflict: a row of `published/` (``indicator@offset``) or one printed only in words."""

    row: str | None = None
    value: float | None = None
    unit: Unit = "count"
    at: str = ""
    label: str = ""

    @model_validator(mode="after")
    def _one_of(self) -> Figure:
        if (self.row is None) == (self.value is None):
            raise ValueError("a figure has either a row or a value, not both and not neither")
        return self


class Check(Entry):
    """Arithmetic that is done anew on a conflict's figures; the operands are names of its `figures`, in this order.

    ``change`` of (from, to): (to - from) / from x `per`, with the wrong base, (to - from) / to, beside it.
    ``share`` of (part, whole): part / whole x `per`. ``rate`` of (count, population): count / population x `per`.
    ``implied_base`` of (count, rate): count / rate x `per`, the base that would give the rate.
    ``sum`` of (parts ..., total): the parts added up, against the total.
    ``difference`` of (a, b): a - b. ``quotient`` of (a, b): a / b. ``product`` of two or more: a x b x ... / `per`.
    ``same`` of (a, b): a, against b, which should be equal.
    ``before`` of (after, change): after / (1 + change / `per`), what the stated change must have started from.
    ``after`` of (before, change): before x (1 + change / `per`), where the stated change must have ended.
    ``rise`` of (added, after): added / (after - added) x `per`, the growth that ends at `after`.

    `printed` names the figure that the report prints for the result. A printed change is compared by its size: the
    report gives a fall as a positive number and its direction in words.
    """

    kind: Literal[
        "change", "share", "rate", "sum", "difference", "same", "implied_base", "product", "quotient", "before",
        "after", "rise",
    ]  # fmt: skip
    of: tuple[str, ...] = Field(min_length=1)
    printed: str | None = None
    per: float = 100.0
    says: str = ""


class Expect(Entry):
    """Guard of an annotation: what must still be true of the data for the entry to stand."""

    missing: bool | None = None
    rows_at_least: int | None = None
    values_differ: bool | None = None


class Annotation(Entry):
    """A declared oddity of the figures: gap, break, shock, definition change, fault or conflict."""

    id: Slug
    kind: Literal["gap", "break", "shock", "definition", "fault", "conflict"]
    title: str
    reason: str
    said_by: str
    status: Literal["open", "settled", "accepted"]
    indicators: tuple[Identifier, ...] = ()
    areas: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    figures: dict[str, Figure] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    used: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    why: str = ""
    expect: Expect | None = None

    @model_validator(mode="after")
    def _named(self) -> Annotation:
        named = {*self.used, *self.disputed, *(name for check in self.checks for name in check.of)}
        named |= {check.printed for check in self.checks if check.printed}
        unknown = sorted(named - set(self.figures))
        if unknown:
            raise ValueError(f"{self.id} uses figures it does not list: {', '.join(unknown)}")
        return self


class Annotations(Entry):
    annotations: tuple[Annotation, ...] = ()


class Area(Entry):
    name: str
    code: str = ""
    parts: tuple[str, ...] = ()
    role: Literal["local", "comparator"] = "local"
    small: bool = False


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


class Definitions(Entry):
    """All that a partnership's folder declares."""

    partnership: Partnership
    catalogue: Catalogue
    threats: Threats
    requirements: tuple[Requirement, ...]
    annotations: Annotations
