"""Sentences, made last and from released rows: text and figures alternate, so that every figure keeps its source."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threatlib import wording
from threatlib.signals.verdict import CHANCE, TOO_WIDE

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
    """What changed, by how much and how sure, in one or two short sentences of a signal.

    The verb follows the interval and not the arrow alone: nothing rose or fell whose interval leaves no change open.
    """
    if row.get("event"):
        return seen(row)
    rows = f"{row['rows']} {row['previous_rows']}".strip()
    subject = Part(f"{row['name']}{_of(row)} ")
    then, now = _when(row["previous_period"]), _when(row["period"])
    value = quantity(row["value"], row["unit"], row["rows"])
    figures = (
        Part("from "), quantity(row["previous_value"], row["unit"], row["previous_rows"]), Part(f" {then} to "), value,
        Part(f" {now}. "),
    )  # fmt: skip
    verb = moved(row)
    if verb:
        return (subject, Part(f"{verb} "), *figures, *_size(row, rows))
    if row["arrow"] == "level":
        stayed = "stayed within what was to be expected, " if row.get("method") else "stayed level, "
        return _ended((subject, Part(stayed), *figures, *_between(row, rows)))
    why = row["why"] or TOO_WIDE
    if not row["previous_rows"]:
        return (subject, Part("stood at "), value, Part(f" {now}. Whether that is a change cannot be said: {why}."))
    return (subject, Part("went "), *figures, Part(f"Whether that is a real change cannot be said: {why}."))


def moved(row: Row) -> str:
    """``rose`` or ``fell`` where the arrow says so and the whole interval lies on that side of no change."""
    low, high, none = row["change_lower"], row["change_upper"], 1.0 if row["measure"] == "ratio" else 0.0
    if row["arrow"] == "up" and low > none:
        return "rose"
    return "fell" if row["arrow"] == "down" and high < none else ""


def sure(row: Row) -> tuple[Part, ...]:
    """How probable it is that a finding is no chance, in the yardstick's words, and how far to trust that."""
    confidence = f"Confidence in this is {str(row['confidence']).lower()}: {row['confidence_reasons']}."
    if not row["probability_term"]:
        return (Part(confidence),)
    probability = Part(f"{row['probability_term']}", float(row["probability"]), str(row["rows"]))
    return (Part("That this is more than chance is "), probability, Part(f". {confidence}"))


def seen(row: Row) -> tuple[Part, ...]:
    """What a flag of the scan saw, in short sentences: the window, what was recorded in it, what was to be expected.

    What was recorded is called higher or lower than expected only where all of it lies beyond the expected range.
    """
    unit, rows = str(row["unit"]), str(row["window_rows"])
    total = (unit == "count" and row["window_kind"] != "snapshot") or row["window"] == 1
    recorded = [Part(wording.number(row["recorded_lower"], unit), row["recorded_lower"], rows)]
    if row["recorded_upper"] > row["recorded_lower"]:
        recorded += [Part(" to "), Part(wording.number(row["recorded_upper"], unit), row["recorded_upper"], rows)]
    due, low, high = _expected(row)
    said = wording.ends(low, high, unit)
    return (
        Part(f"{row['name']}{_of(row)} came in {_side(row)} {_over(row)}. {'We saw ' if total else 'The mean was '}"),
        *recorded, Part(". We expected "), Part(wording.number(due, unit), due, rows), Part(" (range "),
        Part(said[0], low, rows), Part(" to "), Part(said[1], high, rows), Part(")."),
    )  # fmt: skip


def _expected(row: Row) -> tuple[float, float, float]:
    """What was to be expected and its range as they are printed, the ends rounded outwards."""
    digits = 0 if row["unit"] == "count" and row["expected"] >= 10 else 1
    low, high = (wording.outward(row[f"expected_{end}"], way, digits) for end, way in (("lower", -1), ("upper", 1)))
    return float(round(row["expected"], digits)), low, high


def _side(row: Row) -> str:
    """Where what was recorded lies, as a reader sees it in print: beyond the expected range, or at its edge."""
    _, low, high = _expected(row)
    if row["arrow"] == "up" and round(row["recorded_lower"], 1) > high:
        return "higher than expected"
    if row["arrow"] == "down" and round(row["recorded_upper"], 1) < low:
        return "lower than expected"
    return "at the edge of what was to be expected"


_EVERY = {"month": "month", "quarter": "quarter"}


def _over(row: Row) -> str:
    """The stretch that a flag speaks of."""
    many, last = int(row["window"]), str(row["window_last"])
    if many == 1:
        return _when(last)
    return f"in the {many} {_EVERY.get(row['window_kind'], 'count')}s to {wording.period_words(last)}"


def headline(row: Row) -> str:
    """The finding in a few words, for the head of a chart."""
    if row.get("event"):
        return f"{row['name']}{_of(row)} {_side(row)}"
    said = moved(row) or ("stayed level" if row["arrow"] == "level" else "")
    if said:
        return f"{row['name']}{_of(row)} {said}"
    chance = "no change can be told from chance" if row["why"] in CHANCE else "whether it changed cannot be said"
    return f"{row['name']}{_of(row)}: {chance}"


def _when(label: object) -> str:
    """A period with its preposition: ``in July 2022``, ``on 31 March 2022``."""
    words = wording.period_words(str(label))
    return f"on {words}" if words[:1].isdigit() else f"in {words}"


def _of(row: Row) -> str:
    group = f", {str(row['breakdown']).replace('=', ': ')}" if row["breakdown"] else ""
    return f" ({row['area']}{group})"


def _scale(row: Row) -> tuple[float, float, float, str]:
    """The change, its interval and their unit: a ratio as a percentage."""
    middle, low, high = row["change"], row["change_lower"], row["change_upper"]
    if row["measure"] == "ratio":
        return 100 * (middle - 1), 100 * (low - 1), 100 * (high - 1), "percent_change"
    return middle, low, high, "percentage_points" if row["measure"] == "points" else str(row["unit"])


def _size(row: Row, rows: str) -> tuple[Part, ...]:
    """How large a rise or fall is, as a sentence; its interval is never printed narrower than it is."""
    middle, low, high, unit = _scale(row)
    up = row["arrow"] == "up"
    least, most = (low, high) if up else (-high, -low)
    lead = Part(f"{_allowing(row)} is a {'rise' if up else 'fall'} of ")
    if not math.isfinite(middle) or not math.isfinite(most):
        end = ", whatever the withheld figure is." if math.isnan(middle) else "."
        bound = wording.towards_nothing(least)
        return (
            lead,
            Part("at least "),
            Part(wording.size(bound, unit), least, rows),
            Part(end),
        )
    said = wording.ends(wording.towards_nothing(least), wording.outward(most, 1), unit)
    return (
        lead, Part(wording.size(round(middle, 1) or middle, unit), abs(middle), rows), Part(" (range "),
        Part(said[0], least, rows), Part(" to "), Part(said[1], most, rows), Part(")."),
    )  # fmt: skip


def _allowing(row: Row) -> str:
    """ "That", unless the change is one of rates, which the two counts beside it do not give."""
    before, now = row["previous_value"], row["value"]
    if row["measure"] != "ratio" or not before or not math.isfinite(before * now * row["change"]):
        return "That"
    return "That" if abs(row["change"] - now / before) < 0.0005 else "Allowing for population, that"


def _between(row: Row, rows: str) -> tuple[Part, ...]:
    """What a change that is level lies between; nothing where that is not known."""
    _, low, high, unit = _scale(row)
    if not (math.isfinite(low) and math.isfinite(high)):
        return ()
    said = wording.ends(wording.outward(low, -1), wording.outward(high, 1), unit, sign=True)
    return (
        Part("The change is between "),
        Part(said[0], low, rows),
        Part(" and "),
        Part(said[1], high, rows),
        Part("."),
    )


def _ended(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Without the space after the last full stop."""
    return (*parts[:-1], Part(parts[-1].text.rstrip(), parts[-1].value, parts[-1].rows))
