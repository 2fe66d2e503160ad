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
    if row.get("event"):
        return seen(row)
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
        stayed = "stayed within what was to be expected, " if row.get("method") else "stayed level, "
        return (*subject, Part(stayed), *figures, *_size(row, rows), Part("."))
    if not row["previous_rows"]:
        value = quantity(row["value"], row["unit"], row["rows"])
        return (
            *subject,
            Part("stood at "),
            value,
            Part(f" {now}; whether that is a change cannot be said: {row['why']}."),
        )
    return (*subject, Part("went "), *figures, Part(f"; whether that is a real change cannot be said: {row['why']}."))


def seen(row: Row) -> tuple[Part, ...]:
    """What a flag of the scan saw: the window, what was recorded in it and what was to be expected."""
    unit, rows, kind = str(row["unit"]), str(row["window_rows"]), str(row["window_kind"])

    def figure(value: float) -> Part:
        return Part(wording.number(value, unit), value, rows)

    recorded = [figure(row["recorded_lower"])]
    if row["recorded_upper"] > row["recorded_lower"]:
        recorded += [Part(" to "), figure(row["recorded_upper"])]
    due, low, high = (figure(_rounded(row[name], unit)) for name in ("expected", "expected_lower", "expected_upper"))
    total = (unit == "count" and kind != "snapshot") or row["window"] == 1
    way = {"up": "higher", "down": "lower"}[row["arrow"]]
    parts = [Part(f"{row['name']}{_of(row)}: {way} than expected {_over(row)}"), *recorded]
    parts += [
        Part(f" recorded{'' if total else ' on average'}, "),
        due,
        Part(" expected, range "),
        low,
        Part(" to "),
        high,
    ]
    quiet = row["silence"]
    if row["arrow"] == "down" and math.isfinite(quiet):
        every = f"{_EVERY.get(kind, 'count')}{'' if quiet == 1 else 's'}"
        parts += [
            Part("; "),
            Part(wording.number(quiet), quiet, rows),
            Part(f" {every} of silence would make sure"),
        ]
    return (*parts, Part(f" ({row['event']})."))


_EVERY = {"month": "month", "quarter": "quarter"}


def _rounded(value: float, unit: str) -> float:
    """What is expected of a count, as whole as the count; of few, to one decimal."""
    return float(round(value)) if unit == "count" and value >= 10 else round(value, 1)


def _over(row: Row) -> str:
    """The stretch that a flag speaks of."""
    many, last = int(row["window"]), str(row["window_last"])
    if many == 1:
        return f"{_when(last)}: "
    return f"over the last {many} {_EVERY.get(row['window_kind'], 'count')}s to {wording.period_words(last)}: "


def headline(row: Row) -> str:
    """The finding in a few words, for the head of a chart."""
    if row.get("event"):
        side = {"up": "above", "down": "below"}[row["arrow"]]
        return f"{row['name']}{_of(row)} {side} what was to be expected"
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
