"""Sentences, made last and from released rows: text and figures alternate, so that every figure keeps its source."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threatlib import wording
from threatlib.signals.verdict import TOO_WIDE

Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence: words, or a figure with its value and the rows it comes from."""

    text: str
    value: float | None = None
    rows: str = ""


def plain(parts: Sequence[Part]) -> str:
    """The sentence without its sources."""
    return "".join(part.text for part in parts)


def quantity(value: float, unit: str, rows: str) -> Part:
    """A figure, or the shorthand of a withheld one."""
    if math.isfinite(value):
        return Part(wording.number(value, unit), value, rows)
    return Part("[c]", None, rows)


def change(row: Row) -> tuple[Part, ...]:
    """What changed, by how much and how sure: one sentence of a signal."""
    rows = f"{row['rows']} {row['previous_rows']}".strip()
    subject = [Part(f"{row['name']}{_of(row)} ")]
    then, now = _when(row["previous_period"]), _when(row["period"])
    figures = [
        Part("from "),
        quantity(row["previous_value"], row["unit"], row["previous_rows"]),
        Part(f" {then} to "),
        quantity(row["value"], row["unit"], row["rows"]),
        Part(f" {now}"),
    ]
    verb = {"up": "rose", "down": "fell"}.get(row["arrow"])
    if verb:
        return (*subject, Part(f"{verb} "), *figures, *_size(row, rows), Part("."))
    if row["arrow"] == "level":
        return (*subject, Part("stayed level, "), *figures, *_size(row, rows), Part("."))
    if not row["previous_rows"]:
        value = quantity(row["value"], row["unit"], row["rows"])
        return (
            *subject,
            Part("stood at "),
            value,
            Part(f" {now}; whether that is a change cannot be said: {row['why']}."),
        )
    return (*subject, Part("went "), *figures, Part(f"; whether that is a real change cannot be said: {row['why']}."))


def headline(row: Row) -> str:
    """The finding in a few words, for the head of a chart."""
    said = {"up": "rose", "down": "fell", "level": "stayed level"}.get(row["arrow"])
    if said:
        return f"{row['name']}{_of(row)} {said}"
    chance = "no change can be told from chance" if row["why"] == TOO_WIDE else "whether it changed cannot be said"
    return f"{row['name']}{_of(row)}: {chance}"


def _when(label: object) -> str:
    """A period with its preposition: ``in July 2022``, ``on 31 March 2022``."""
    words = wording.period_words(str(label))
    return f"on {words}" if words[:1].isdigit() else f"in {words}"


def _of(row: Row) -> str:
    group = f", {str(row['breakdown']).replace('=', ': ')}" if row["breakdown"] else ""
    return f" ({row['area']}{group})"


def _size(row: Row, rows: str) -> tuple[Part, ...]:
    """The change and its interval, in the measure of its kind."""
    low, high, middle = row["change_lower"], row["change_upper"], row["change"]
    if row["measure"] == "ratio":
        low, high, middle = ((100 * (part - 1)) for part in (low, high, middle))
        unit = "percent_change"
    elif row["measure"] == "points":
        unit = "percentage_points"
    else:
        unit = str(row["unit"])
    if math.isnan(low) or math.isnan(high):
        return ()
    if not math.isfinite(middle) or not math.isfinite(high):
        if row["arrow"] == "level":
            return ()
        least = low if row["arrow"] == "up" else high
        end = ", whatever the withheld figure is)" if math.isnan(middle) else ")"
        return (Part(" (at least "), Part(wording.signed(_towards_nothing(least), unit), least, rows), Part(end))
    ends = (Part(wording.signed(low, unit), low, rows), Part(" to "), Part(wording.signed(high, unit), high, rows))
    return (Part(" ("), Part(wording.signed(middle, unit), middle, rows), Part("; could be "), *ends, Part(")"))


def _towards_nothing(bound: float) -> float:
    """A bound as it is printed, to one decimal: never rounded to more than it is."""
    return math.trunc(10 * bound + math.copysign(1e-6, bound)) / 10
