"""One judgement of an earlier assessment held against the figures it rests on: the work behind each kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from threatlib import wording
from threatlib.assessment.sentences import Part
from threatlib.catalogue import Judgement
from threatlib.stats.contrasts import proportion_difference, rate_ratio
from threatlib.stats.outlook import year_end

LEVEL = 0.8
"""Level of an outlook's range."""
_EVERYBODY = 1e12
"""A number so large that a share of it has no chance variation."""

Figures = Mapping[str, pd.Series]


@dataclass(frozen=True, slots=True)
class Found:
    """What the figures say: verdict, sentence, and the size with its interval where there is one."""

    verdict: str
    parts: tuple[Part, ...]
    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    unit: str = ""
    claimed: float = math.nan


def held(said: Judgement, figures: Figures) -> Found:
    """Hold a judgement against its figures, all of them there."""
    if said.kind == "change":
        return _change(said, figures)
    return _outlook(said, figures) if said.kind == "outlook" else _ARITHMETIC[said.kind](figures)


def _change(said: Judgement, figures: Figures) -> Found:
    """Direction against the interval of the change, size against what was printed."""
    before, after = figures["before"], figures["after"]
    now, then = float(after["value"]), float(before["value"])
    if after["unit"] == "percent":
        value, unit = now - then, "percentage_points"
        lower, upper = _points(now, then, figures)
    else:
        ratio = rate_ratio(now, 1.0, then, 1.0)
        value, unit = 100 * (now / then - 1), "percent_change"
        lower, upper = 100 * (float(ratio.lower) - 1), 100 * (float(ratio.upper) - 1)
    rows = f"{after['obs']} {before['obs']}"
    parts = [
        Part(f"{_verb(lower, upper, value)} from "), _figure(before), Part(" to "), _figure(after), Part(" ("),
        _signed(value, unit, rows), Part("; could be "), _signed(lower, unit, rows, -1), Part(" to "),
        _signed(upper, unit, rows, 1), Part(")"),
    ]  # fmt: skip
    verdict = _verdict(said.direction, value, lower, upper)
    size = math.nan
    if "claimed" in figures:
        size, as_printed = float(figures["claimed"]["value"]), _as_claimed(figures["claimed"], now, then)
        agrees = rounds_to(as_printed, size)
        parts += [
            Part("; as printed" if agrees else "; printed is "),
            *([] if agrees else [_figure(figures["claimed"])]),
        ]
        verdict = "reproduced, size contradicted" if verdict == "reproduced" and not agrees else verdict
    if "whole" in figures and now - then > float(figures["whole"]["value"]):
        parts += [Part("; the rise alone exceeds the "), _figure(figures["whole"]), Part(" of the whole year")]
        verdict = "contradicted"
    return Found(verdict, (*parts, Part(".")), value, lower, upper, unit, size)


def _outlook(said: Judgement, figures: Figures) -> Found:
    """A year's change foretold from its first periods: how far out that usually is, so what it can mean."""
    last, claimed = float(figures["last"]["value"]), float(figures["claimed"]["value"])
    total = last * (1 + claimed / 100)
    ahead = year_end(np.full(said.seen, total / said.of), periods_in_year=said.of, confidence=LEVEL, threshold=last)
    lower, upper = (100 * (float(np.squeeze(end)) / last - 1) for end in (ahead.lower, ahead.upper))
    chance = 100 * float(np.squeeze(ahead.probability_above))
    rows = f"{figures['claimed']['obs']} {figures['last']['obs']}"
    parts = (
        _signed(claimed, "percent_change", str(figures["claimed"]["obs"])), Part(" would mean "),
        Part(wording.number(round(total)), total, rows), Part(" after "), _figure(figures["last"]),
        Part(f"; with {said.seen} of {said.of} quarters in, the year can end anywhere from "),
        _signed(lower, "percent_change", rows, -1), Part(" to "), _signed(upper, "percent_change", rows, 1),
        Part(" (80% range). The probability of a rise is "),
        Part(wording.number(round(chance), "percent"), chance, rows), Part("."),
    )  # fmt: skip
    verdict = _verdict(said.direction, claimed, lower, upper)
    return Found(verdict, parts, claimed, lower, upper, "percent_change", claimed)


def _share(figures: Figures) -> Found:
    """A printed share worked out again from its part and the rest."""
    part, rest, claimed = (float(figures[name]["value"]) for name in ("part", "rest", "claimed"))
    value = 100 * part / (part + rest)
    rows = f"{figures['part']['obs']} {figures['rest']['obs']}"
    parts = (
        _figure(figures["part"]), Part(" of "), Part(wording.number(part + rest), part + rest, rows), Part(" are "),
        Part(wording.number(round(value, 1), "percent"), value, rows), Part("; printed is "),
        _figure(figures["claimed"]), Part("."),
    )  # fmt: skip
    verdict = "reproduced" if rounds_to(value, claimed) else "contradicted"
    return Found(verdict, parts, value, unit="percent", claimed=claimed)


def _later_part(figures: Figures) -> Found:
    """What the first quarter and the year leave for the other three, both printed to whole per cent."""
    first, whole = float(figures["first"]["value"]), float(figures["whole"]["value"])
    value, doubt = (4 * whole - first) / 3, (4 * 0.5 + 0.5) / 3
    rows = f"{figures['first']['obs']} {figures['whole']['obs']}"
    fell = value + doubt < first - 0.5
    so = "the fall was under way within the year" if fell else "no fall within the year"
    parts = (
        _figure(figures["first"]), Part(" in the first quarter and "), _figure(figures["whole"]),
        Part(" for the year leave "), Part(wording.number(round(value, 1), "percent"), value, rows),
        Part(f" for the other three quarters: {so}."),
    )  # fmt: skip
    return Found("contradicted" if fell else "reproduced", parts, value, value - doubt, value + doubt, "percent")


def _per_year(figures: Figures) -> Found:
    """A rise over two years against what was said of each of them."""
    before, after, claimed = (float(figures[name]["value"]) for name in ("before", "after", "claimed"))
    value, rows = after - before, f"{figures['after']['obs']} {figures['before']['obs']}"
    parts = (
        Part("From "), _figure(figures["before"]), Part(" to "), _figure(figures["after"]), Part(" is "),
        _signed(value, "count", rows), Part(" in two years, "), _signed(value / 2, "count", rows),
        Part(" a year; said of each year is more than "), _figure(figures["claimed"]), Part("."),
    )  # fmt: skip
    verdict = "reproduced" if value / 2 >= claimed else "contradicted"
    return Found(verdict, parts, value / 2, unit="count", claimed=claimed)


def _rate(figures: Figures) -> Found:
    """Growth from a count to a foretold rate, on the population that another count and its rate imply."""
    count, rate, claimed, other, other_rate = (
        float(figures[name]["value"]) for name in ("count", "rate", "claimed", "other", "other_rate")
    )
    now = count / (other / other_rate)
    value = 100 * (rate / now - 1)
    rows = " ".join(str(figures[name]["obs"]) for name in ("count", "rate", "other", "other_rate"))
    parts = (
        Part("On the population that the report's rates imply, "), _figure(figures["count"]), Part(" are "),
        Part(wording.number(round(now, 1), "per_10k"), now, rows), Part("; "), _figure(figures["rate"]),
        Part(" would be "), _signed(value, "percent_change", rows), Part(", and not "),
        _signed(claimed, "percent_change", str(figures["claimed"]["obs"])), Part("."),
    )  # fmt: skip
    verdict = "reproduced" if rounds_to(value, claimed) else "contradicted"
    return Found(verdict, parts, value, unit="percent_change", claimed=claimed)


_ARITHMETIC: dict[str, Callable[[Figures], Found]] = {
    "share": _share,
    "later_part": _later_part,
    "per_year": _per_year,
    "rate": _rate,
}


def _points(now: float, then: float, figures: Figures) -> tuple[float, float]:
    """Interval of a difference of shares; a number that is not printed counts as without end, which narrows it most."""
    base, old = (float(figures[p]["value"]) if p in figures else _EVERYBODY for p in ("after_of", "before_of"))
    found = proportion_difference(now / 100 * base, base, then / 100 * old, old)
    return 100 * float(found.lower), 100 * float(found.upper)


def _verb(lower: float, upper: float, value: float) -> str:
    if lower > 0:
        return "Rose"
    if upper < 0:
        return "Fell"
    return f"Printed {'higher' if value > 0 else 'lower' if value < 0 else 'level'}, within what chance explains,"


def _verdict(direction: str, value: float, lower: float, upper: float) -> str:
    """The direction claimed against the interval: the same, the other, or neither beyond chance."""
    found = "up" if lower > 0 else "down" if upper < 0 else "level"
    if found == direction:
        return "reproduced"
    towards = {"up": value > 0, "down": value < 0, "level": False}[direction]
    return "not beyond chance" if found == "level" and towards else "contradicted"


def _as_claimed(claimed: pd.Series, now: float, then: float) -> float:
    if claimed["unit"] == "percent_change":
        return abs(100 * (now / then - 1))
    return abs(now) if claimed["unit"] == "percent" else abs(now - then)


def rounds_to(measured: float, printed: float) -> bool:
    """Whether a figure rounds to what is printed, at the precision it is printed with."""
    places = 0 if float(printed).is_integer() else 1
    return bool(abs(measured - printed) <= 0.5 * 10.0**-places + 1e-9)


def _figure(row: pd.Series) -> Part:
    unit = "percent" if row["unit"] == "percent_change" else str(row["unit"])
    return Part(wording.number(float(row["value"]), unit), float(row["value"]), str(row["obs"]))


def _signed(value: float, unit: str, rows: str, way: int = 0) -> Part:
    """A change to one decimal; an end of its interval (`way`) away from its middle."""
    return Part(wording.signed(wording.outward(value, way) if way else round(value, 1), unit), value, rows)
