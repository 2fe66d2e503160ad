"""What is known to be odd about the figures: gaps, breaks, shocks, faults, and conflicts with their arithmetic."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from threatlib.catalogue.entry import Entry, Identifier, Slug, Unit
from threatlib.periods import parse


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
    """A declared oddity of the figures: gap, break, shock, definition change, fault, conflict or exclusion.

    Figures inside an ``exclusion`` stand in the tables, marked, and nothing is computed from them. The `weight` of a
    ``shock`` (0 to 1) is how far its figures count as part of the past; a tenth if not given.
    """

    id: Slug
    kind: Literal["gap", "break", "shock", "definition", "fault", "conflict", "exclusion"]
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
    weight: float | None = Field(default=None, ge=0, le=1)

    @field_validator("start", "end")
    @classmethod
    def _period(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            parse(text)
        except ValueError as fault:
            raise ValueError(str(fault).removeprefix(f"found '{text}', ")) from fault
        return text

    @model_validator(mode="after")
    def _in_order(self) -> Annotation:
        if self.start and self.end and parse(self.end).end < parse(self.start).start:
            raise ValueError(f"{self.id} ends ({self.end}) before it starts ({self.start})")
        return self

    @model_validator(mode="after")
    def _named(self) -> Annotation:
        if self.weight is not None and self.kind != "shock":
            raise ValueError(f"{self.id} has a weight, which only a shock has, and is a {self.kind}")
        if self.kind == "exclusion" and (self.start is None or self.end is None):
            raise ValueError(f"{self.id} is an exclusion, so wanted 'start' and 'end'")
        named = {*self.used, *self.disputed, *(name for check in self.checks for name in check.of)}
        named |= {check.printed for check in self.checks if check.printed}
        unknown = sorted(named - set(self.figures))
        if unknown:
            raise ValueError(f"{self.id} uses figures it does not list: {', '.join(unknown)}")
        return self


class Annotations(Entry):
    annotations: tuple[Annotation, ...] = ()


class Claim(Entry):
    """A change or share that a report states in words (``rose 15% from 595 to 694``), and where it stands.

    `about` is the indicator it speaks of, whose name stands beside it on the page.
    """

    says: str = Field(min_length=1)
    at: str = ""
    about: Identifier | None = None


class Claims(Entry):
    claims: tuple[Claim, ...] = ()
