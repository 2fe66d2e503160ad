"""Periods of the English public sector: financial years and quarters, months, half-years, snapshots, spans.

A period is read once, from any spelling the sources use, into one frozen object that knows its first and last
day. Financial years run from April to March: ``2022-23-Q1`` is April to June 2022.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["month", "quarter", "half_year", "financial_year", "calendar_year", "snapshot", "span", "undated"]

PER_YEAR: dict[str, int] = {"month": 12, "quarter": 4, "half_year": 2, "financial_year": 1, "calendar_year": 1}
"""How many periods of a kind make a year, where the kind tiles the year."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of time, or a day for a snapshot.

    Parameters
    ----------
    end, start : date
        Last and first day, both inside the period. Periods sort by their end.
    kind : str
        ``month``, ``quarter``, ``half_year``, ``financial_year``, ``calendar_year``, ``snapshot``, ``span``, or
        ``undated`` where the source prints no date (the bounds then say what is known).
    label : str
        The canonical spelling; for an undated period the source's own words.
    """

    end: date
    start: date
    kind: Kind
    label: str

    def __str__(self) -> str:
        return self.label

    def within(self, other: Period) -> bool:
        """Whether this period ends inside the other one (an annual figure belongs to the quarter it ends in)."""
        return other.start <= self.end <= other.end


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month(year: int, number: int) -> Period:
    """A calendar month."""
    return Period(_month_end(year, number), date(year, number, 1), "month", f"{year:04d}-{number:02d}")


def quarter(first_year: int, number: int) -> Period:
    """Financial quarter 1 to 4 of the year that begins in April of `first_year`."""
    if not 1 <= number <= 4:
        raise ValueError(f"a financial quarter is Q1 to Q4, not Q{number}")
    start = _add_months(date(first_year, 4, 1), 3 * (number - 1))
    end = _add_months(start, 3) - timedelta(days=1)
    return Period(end, start, "quarter", f"{_financial_label(first_year)}-Q{number}")


def financial_year(first_year: int) -> Period:
    """The financial year that begins in April of `first_year`."""
    return Period(date(first_year + 1, 3, 31), date(first_year, 4, 1), "financial_year", _financial_label(first_year))


def snapshot(day: date) -> Period:
    """One day, for figures counted on it."""
    return Period(day, day, "snapshot", day.isoformat())


def span(start: date, end: date) -> Period:
    """From the first day of `start` to the last of `end`; six months from April or October are a half-year."""
    if end < start:
        raise ValueError("a period cannot end before it starts")
    whole_months = start.day == 1 and end == _month_end(end.year, end.month)
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    if whole_months and months == 6 and start.month in (4, 10):
        return Period(end, start, "half_year", f"{start:%Y-%m}/{end:%Y-%m}")
    if whole_months:
        return Period(end, start, "span", f"{start:%Y-%m}/{end:%Y-%m}")
    return Period(end, start, "span", f"{start.isoformat()}/{end.isoformat()}")


def undated(label: str, earliest: date, latest: date) -> Period:
    """A period whose source prints no date; it lies somewhere between the two days."""
    return Period(latest, earliest, "undated", label)


def _financial_label(first_year: int) -> str:
    return f"{first_year:04d}-{(first_year + 1) % 100:02d}"


def _consecutive(first: str, second: str) -> int:
    year = int(first)
    if int(second) % 100 != (year + 1) % 100:
        raise ValueError(f"'{first}-{second}' is not a financial year: the second year must follow the first")
    return year


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _bound(text: str, *, last: bool) -> date:
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 1:
        return date(parts[0], 12, 31) if last else date(parts[0], 1, 1)
    if len(parts) == 2:
        return _month_end(parts[0], parts[1]) if last else date(parts[0], parts[1], 1)
    return _day(text)


def _year_to(text: str) -> Period:
    end = _bound(text, last=True)
    start = _add_months(date(end.year, end.month, 1), -11)
    return Period(end, start, "span", f"{start:%Y-%m}/{end:%Y-%m}")


_YEARS = r"(\d{4})\s*[-/]\s*(\d{4}|\d{2})"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAMED = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|" \
    "oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"  # fmt: skip

_SPELLINGS: tuple[tuple[str, Callable[[re.Match[str]], Period]], ...] = (
    (rf"{_YEARS}\s*[-_ ]?\s*q([1-4])", lambda m: quarter(_consecutive(m[1], m[2]), int(m[3]))),
    (rf"q([1-4])\s*[-_ ]?\s*{_YEARS}", lambda m: quarter(_consecutive(m[2], m[3]), int(m[1]))),
    (r"(\d{4}-\d{2}-\d{2})(?:[t ]00:00:00)?", lambda m: snapshot(_day(m[1]))),
    (r"(\d{2})/(\d{2})/(\d{4})", lambda m: snapshot(date(int(m[3]), int(m[2]), int(m[1])))),
    (
        r"(\d{4}(?:-\d{2}){1,2})\s*/\s*(\d{4}(?:-\d{2}){1,2})",
        lambda m: span(_bound(m[1], last=False), _bound(m[2], last=True)),
    ),
    (r"(?:year|12 months)[- ]to[- ](\d{4}-\d{2})", lambda m: _year_to(m[1])),
    (rf"(?:fy\s*)?{_YEARS}", lambda m: _years(m[1], m[2])),
    (r"(\d{4})-(\d{2})", lambda m: month(int(m[1]), int(m[2]))),
    (r"(\d{4})(0[1-9]|1[0-2])", lambda m: month(int(m[1]), int(m[2]))),
    (
        rf"({_NAMED})[- ']+(\d{{4}}|\d{{2}})",
        lambda m: month(int(m[2]) + (2000 if len(m[2]) == 2 else 0), _MONTHS.index(m[1][:3]) + 1),
    ),
    (r"(\d{4})", lambda m: Period(date(int(m[1]), 12, 31), date(int(m[1]), 1, 1), "calendar_year", m[1])),
)


def _years(first: str, second: str) -> Period:
    """``2022-23`` is a financial year, ``2016/2019`` a span of calendar years, ``2022-04`` a month."""
    if len(second) == 4 and int(second) != int(first) + 1:
        return Period(date(int(second), 12, 31), date(int(first), 1, 1), "span", f"{first}/{second}")
    if int(second) % 100 != (int(first) + 1) % 100 and 1 <= int(second) <= 12 and len(second) == 2:
        return month(int(first), int(second))
    return financial_year(_consecutive(first, second))


def _month_of(day: date, text: str) -> Period:
    found = month(day.year, day.month)
    if day not in (found.start, found.end):
        raise ValueError(f"found '{text}', wanted a month such as {found.label}")
    return found


def parse(text: str, *, kind: Kind | None = None) -> Period:
    """Read a period from any spelling in use.

    Parameters
    ----------
    text : str
        For instance ``2022-23-Q1``, ``Q1 2022/23``, ``2022-04``, ``Apr-22``, ``202204``, ``2022-23``, ``2022/23``,
        ``2021``, ``2022-03-31``, ``31/03/2022``, ``2022-04/2022-09``, ``year-to-2021-09``.
    kind : str, optional
        What the source says it is. A month or year that is said to be a snapshot becomes its last day; ``2010-11``,
        ``2011-12`` and the like are financial years unless they are said to be months. The first or last day of a
        month that is said to be a month is that month: Excel makes a day of ``Apr-22``.

    Raises
    ------
    ValueError
        With the spelling found and the ones accepted.
    """
    cleaned = " ".join(str(text).strip().lower().split()).replace("\u2013", "-")
    if kind == "month" and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", cleaned):
        return month(int(cleaned[:4]), int(cleaned[5:]))
    for pattern, build in _SPELLINGS:
        match = re.fullmatch(pattern, cleaned, re.ASCII)
        if match is None:
            continue
        try:
            found = build(match)
        except ValueError as fault:
            raise ValueError(f"found '{text}', {fault}") from fault
        if kind == "month" and found.kind == "snapshot":
            return _month_of(found.end, text)
        return snapshot(found.end) if kind == "snapshot" else found
    raise ValueError(
        f"found '{text}', wanted a period such as 2022-23-Q1, 2022-04, 2022-23, 2022-04/2022-09 or 2022-03-31"
    )


def quarter_of(day: date) -> Period:
    """The financial quarter a day lies in."""
    first_year = day.year if day.month >= 4 else day.year - 1
    return quarter(first_year, (day.month - 4) % 12 // 3 + 1)


def shift(period: Period, steps: int) -> Period:
    """The period `steps` places later (earlier if negative) of a kind that tiles the year.

    Raises
    ------
    ValueError
        For a snapshot, a span or an undated period, which have no neighbour.
    """
    if period.kind not in PER_YEAR:
        raise ValueError(f"{period.label} has no next or previous period")
    months = 12 // PER_YEAR[period.kind] * steps
    start = _add_months(period.start, months)
    end = _add_months(start, 12 // PER_YEAR[period.kind]) - timedelta(days=1)
    if period.kind == "month":
        return month(start.year, start.month)
    if period.kind == "quarter":
        return quarter_of(start)
    if period.kind == "financial_year":
        return financial_year(start.year)
    if period.kind == "half_year":
        return span(start, end)
    return Period(end, start, "calendar_year", f"{start.year:04d}")


def year_before(period: Period) -> tuple[date, date]:
    """First and last day of the same stretch one year earlier."""
    start = _add_months(period.start, -12).replace(day=min(period.start.day, 28))
    end_month = _add_months(date(period.end.year, period.end.month, 1), -12)
    whole = period.end == _month_end(period.end.year, period.end.month)
    last = _month_end(end_month.year, end_month.month)
    end = last if whole else min(last, end_month.replace(day=min(period.end.day, last.day)))
    return start, end


def plain(period: Period) -> str:
    """The period in the reader's words: ``April to June 2022``, ``31 March 2022``, ``the year 2021-22``."""
    if period.kind == "undated":
        return "undated"
    if period.kind == "snapshot":
        return f"{period.end.day} {period.end:%B %Y}"
    if period.kind == "financial_year":
        return f"the year {period.label}"
    if period.kind == "calendar_year":
        return f"calendar year {period.label}"
    if period.kind == "month":
        return f"{period.end:%B %Y}"
    if period.start.day != 1 or period.end != _month_end(period.end.year, period.end.month):
        return f"{period.start.day} {period.start:%B %Y} to {period.end.day} {period.end:%B %Y}"
    first = f"{period.start:%B}" if period.start.year == period.end.year else f"{period.start:%B %Y}"
    return f"{first} to {period.end:%B %Y}"
