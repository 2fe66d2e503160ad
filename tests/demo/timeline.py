"""The quarters a partnership's history covers, and the months and days inside them."""

from __future__ import annotations

from datetime import date

from threatlib.periods import Period, month, parse, shift, snapshot

LAST = parse("2022-23-Q2")
"""The newest quarter of every generated partnership."""


def quarters(count: int) -> list[Period]:
    return [shift(LAST, back) for back in range(1 - count, 1)]


def inside(quarter: Period, kind: str) -> list[Period]:
    """The periods of one kind that a quarter's return speaks of: three months, the quarter, or its last day."""
    if kind == "month":
        first = month(quarter.start.year, quarter.start.month)
        return [shift(first, step) for step in range(3)]
    return [quarter] if kind == "quarter" else [snapshot(quarter.end)]


def timeline(count: int, kind: str) -> list[Period]:
    return [period for quarter in quarters(count) for period in inside(quarter, kind)]


def years_since(first: date, day: date) -> float:
    return (day - first).days / 365.25
