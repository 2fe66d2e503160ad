"""Numbers and periods in the reader's words: the one place that decides how a figure is written.

Pure functions of plain values. A minus is the true minus sign, thousands are separated, and a number carries its unit
so that nobody has to look for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from threatlib.periods import Period, parse, plain

MINUS = "\N{MINUS SIGN}"
SHORTEST_ALT, LONGEST_ALT = 20, 250
"""Bounds on the length of a chart's alternative text, in characters."""

SUFFIXES: dict[str, str] = {
    "percent": "%",
    "percent_change": "%",
    "percentage_points": " percentage points",
    "points_of_share": " percentage points",
    "per_10k": " per 10,000",
    "per_1000": " per 1,000",
    "fte": " FTE",
    "months": " months",
    "days": " days",
    "points": " points",
    "ratio": " times",
    "weekly_mean": " a week",
    "monthly_mean": " a month",
    "in_10": " in 10",
    "in_5": " in 5",
}
"""What follows a number of a unit."""

_SIGNED_ALWAYS = ("percent_change", "percentage_points")
_UNSIGNED = {"percent_change": "percent", "percentage_points": "points_of_share"}

UNIT_WORDS: dict[str, str] = {
    "count": "number",
    "percent": "percentage",
    "per_10k": "rate per 10,000 children",
    "per_1000": "rate per 1,000",
    "fte": "full-time equivalents",
    "gbp": "pounds",
    "ratio": "ratio",
    "rank": "rank",
    "mean": "average",
    "months": "months",
    "days": "days",
    "percent_change": "change in per cent",
    "percentage_points": "change in percentage points",
    "points": "points",
    "weekly_mean": "average a week",
    "monthly_mean": "average a month",
    "in_10": "out of 10",
    "in_5": "out of 5",
}
"""What a unit is called in a subtitle or a column heading."""


def number(value: float, unit: str = "count") -> str:
    """A value with its unit: ``3,559``, ``82%``, ``45.3 per 10,000``, ``£1,250,000``, ``22nd``.

    Whole values have no decimals; others have one, as published rates and percentages do. A value that would round to
    nothing without being nothing has two significant digits: ``0.0004``.

    Raises
    ------
    ValueError
        If the value is missing or infinite: such a cell has a status to show, not a number.
    """
    if unit in _SIGNED_ALWAYS:
        return signed(value, unit)
    digits = _written(value)
    if unit == "rank":
        return f"{digits}{_ordinal_ending(value)}"
    if unit == "gbp":
        return f"{MINUS if digits.startswith(MINUS) else ''}£{digits.removeprefix(MINUS)}"
    return digits + SUFFIXES.get(unit, "")


def signed(value: float, unit: str = "count") -> str:
    """A change with its sign: ``+1,204``, ``−3.5%``, ``+0.04``, and ``0`` without one."""
    digits = _written(value)
    sign = "+" if value > 0 and float(digits.replace(",", "")) else ""
    suffix = " places" if unit == "rank" else SUFFIXES.get(unit, "")
    if unit == "gbp":
        return f"{MINUS if digits.startswith(MINUS) else sign}£{digits.removeprefix(MINUS)}"
    return sign + digits + suffix


def interval(lower: float, upper: float, unit: str = "count", *, sign: bool = False) -> str:
    """Both ends of an interval, the unit said once: ``1 to 5``, ``−3% to +4%``, ``40.1 to 46.2 per 10,000``.

    Ends are rounded outwards, never to nothing: what is printed is never narrower than what was computed.
    """
    write = signed if sign or unit in _SIGNED_ALWAYS else number
    low, high = write(end(lower, -1), unit), write(end(upper, 1), unit)
    suffix = SUFFIXES.get(unit, "")
    if suffix not in ("", "%") and low.endswith(suffix):
        low = low.removesuffix(suffix)
    return low if low == high else f"{low} to {high}"


def ends(lower: float, upper: float, unit: str = "count", *, sign: bool = False) -> tuple[str, str]:
    """Both ends of an interval as two texts: ``16.2`` and ``42 percentage points``; a percentage has its unit twice."""
    low, high = (signed(end, unit) if sign else number(end, _UNSIGNED.get(unit, unit)) for end in (lower, upper))
    suffix = SUFFIXES.get(unit, "")
    return (low.removesuffix(suffix) if suffix != "%" else low), high


def size(value: float, unit: str = "count") -> str:
    """The size of a change without its sign, which the words around it give: ``30.8%``, ``5 percentage points``."""
    return number(abs(value), _UNSIGNED.get(unit, unit))


def outward(value: float, way: int, digits: int = 1) -> float:
    """An end of an interval to so many decimals, rounded away from its middle: up if `way` is above 0, else down."""
    unit = 10.0**digits
    return (math.ceil(value * unit - 1e-6) if way > 0 else math.floor(value * unit + 1e-6)) / unit


def towards_nothing(bound: float) -> float:
    """A bound of a change as it is printed: never rounded to more than it is, nor to nothing."""
    rounded = math.trunc(10 * bound + math.copysign(1e-6, bound)) / 10
    if rounded or abs(bound) < 1e-9:
        return rounded
    least = min(abs(bound), 0.049)  # from there on a figure is printed with two significant digits
    unit = 10.0 ** (math.floor(math.log10(least)) - 1)
    return math.copysign(math.floor(least / unit) * unit, bound)


def end(value: float, way: int) -> float:
    """An end of an interval as it is printed: outwards, to two significant digits where one decimal leaves nothing."""
    if 1e-9 <= abs(value) < 0.05:
        return outward(value, way, 1 - math.floor(math.log10(abs(value))))
    return towards_nothing(value) if value * way < 0 else outward(value, way)


@lru_cache(maxsize=4096)
def period_words(label: str) -> str:
    """A period label in words: ``July to September 2022``; an unreadable one is handed back as it is."""
    try:
        return plain(parse(label))
    except ValueError:
        return label


def period_short(label: str) -> str:
    """A period in the least room, for axis and column heads: ``Jul–Sep 2022``, ``Apr 2022``, ``2021-22``."""
    try:
        period = parse(label)
    except ValueError:
        return label
    return _short(period)


def listed(parts: Sequence[str], *, joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {joint} {parts[-1]}"


def _short(period: Period) -> str:
    if period.kind in ("financial_year", "calendar_year", "undated"):
        return period.label
    if period.kind == "snapshot":
        return f"{period.end.day} {period.end:%b %Y}"
    if period.kind == "month":
        return f"{period.end:%b %Y}"
    if period.start.year == period.end.year:
        return f"{period.start:%b}–{period.end:%b %Y}"
    return f"{period.start:%b %Y}–{period.end:%b %Y}"


def _written(value: float) -> str:
    return _small(value) if 1e-9 <= abs(value) < 0.05 else _digits(value)


def _digits(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"found {value}, wanted a finite number; a missing value is shown by its status")
    whole = abs(value - round(value)) < 1e-9
    written = f"{abs(value):,.0f}" if whole else f"{abs(value):,.1f}"
    return f"{MINUS if value < 0 and float(written.replace(',', '')) else ''}{written}"


def _small(value: float) -> str:
    return f"{MINUS if value < 0 else ''}{float(f'{abs(value):.2g}'):.12f}".rstrip("0")


def _ordinal_ending(value: float) -> str:
    n = int(abs(value))
    if n % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
