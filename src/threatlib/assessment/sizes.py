"""How big a change is in the reader's own units: about 90 more referrals a quarter, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable

from threatlib import wording
from threatlib.assessment.sentences import Part, Row
from threatlib.periods import parse

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "financial_year": 12, "calendar_year": 12, "year": 12}
FIELDS = ("size", "size_lower", "size_upper", "size_unit")
"""What `size` gives: the difference, its interval, and of what (``a quarter``, ``a month``, or a unit)."""
BY_YEAR = ("earlier_years", "absence")
"""Evidence that speaks of a whole year of a flow, whatever the kind of period it is returned in."""
_THAN = {"year_before": "a year earlier", "previous": "in the period before", "latest_earlier": "in the earlier figure"}
_NOTHING: dict[str, float | str] = {"size": math.nan, "size_lower": math.nan, "size_upper": math.nan, "size_unit": ""}


def interval(row: Row) -> dict[str, float | str]:
    """A change against what was expected, in the measure of its kind, with the ends that the range leaves.

    Parameters
    ----------
    row : Mapping
        Evidence with `recorded_lower`, `recorded_upper`, `expected`, `expected_lower`, `expected_upper` and `unit`.

    Returns
    -------
    dict
        `measure` is a ratio for counts, points for percentages, else a difference; `change`, `change_lower` and
        `change_upper` hold for every value that a withheld figure may have.
    """
    low, high = float(row["recorded_lower"]), float(row["recorded_upper"])
    due, least, most = (float(row[name]) for name in ("expected", "expected_lower", "expected_upper"))
    if row["unit"] == "count":
        ratios = (_over((low + high) / 2, due), _over(low, most), _over(high, least))
        return dict(zip(("measure", "change", "change_lower", "change_upper"), ("ratio", *ratios), strict=True))
    measure = "points" if row["unit"] == "percent" else "difference"
    apart = ((low + high) / 2 - due, low - most, high - least)
    return dict(zip(("measure", "change", "change_lower", "change_upper"), (measure, *apart), strict=True))


def _over(top: float, base: float) -> float:
    return top / base if base > 0 else math.inf if top > 0 else math.nan


def size(row: Row) -> dict[str, float | str]:
    """The difference in natural units (`FIELDS`); NaN where an end is not known.

    A flow is told for a quarter, or for a month where no more than two are in question; a stock, a share and a level
    as they stand.
    """
    if math.isfinite(float(row.get("recorded_lower", math.nan))):
        low, high = float(row["recorded_lower"]), float(row["recorded_upper"])
        due = float(row["expected"])
        ends = ((low + high) / 2 - due, low - float(row["expected_upper"]), high - float(row["expected_lower"]))
        span = _months(row)
    else:
        before = float(row["previous_value"])
        middle, least, most = (float(row[f"change{end}"]) for end in ("", "_lower", "_upper"))
        scale = before if row["measure"] == "ratio" else 1.0
        none = 1.0 if row["measure"] == "ratio" else 0.0
        ends = (scale * (middle - none), scale * (least - none), scale * (most - none))
        span = MONTHS.get(str(row["kind"]), 0)
    if not all(map(math.isfinite, ends)):
        return dict(_NOTHING)
    unit = str(row["unit"])
    if unit == "count" and span:
        per = 3.0 if span >= 3 else 1.0
        ends = tuple(end * per / span for end in ends)  # type: ignore[assignment]
        unit = "a quarter" if per > 1 else "a month"
    return dict(zip(FIELDS, (*ends, unit), strict=True))


def _months(row: Row) -> float:
    """How many months what was recorded and expected is of; 0 for what stands on a day."""
    if row["check"] in BY_YEAR:
        return 0 if parse(str(row["period"])).kind == "snapshot" else 12
    return MONTHS.get(str(row.get("window_kind") or row["kind"]), 0) * float(row.get("window") or 1)


def sized(row: Row) -> tuple[Part, ...]:
    """`size` as the end of a sentence; nothing where it is not known or says nothing."""
    middle, low, high = (float(row[name]) for name in FIELDS[:3])
    if not all(map(math.isfinite, (middle, low, high))) or round(middle, 1) == 0:
        return ()
    rows, unit = str(row["rows"]), str(row["size_unit"])
    least, most = (low, high) if middle > 0 else (-high, -low)
    than = f"than {_THAN.get(str(row['check']), 'was to be expected')}"
    if unit in ("a quarter", "a month", "count"):
        more, each = ("more" if middle > 0 else "fewer"), ("" if unit == "count" else f" {unit}")
        values = [_few(abs(middle), round), _few(least, math.floor), _few(most, math.ceil)]
        said = [wording.number(value) for value in values]
        than = f"{more}{each} {than}"
    else:
        word = {"percent": "percentage_points"}.get(unit, unit)
        middle = _as_printed(row, middle)
        values = [abs(middle), least, most]
        ends = wording.ends(wording.outward(least, -1), wording.outward(most, 1), word)
        said = [wording.size(round(middle, 1), word), *ends]
        than = f"{'more' if middle > 0 else 'less'} {than}"
    parts = [Part(text, value, rows) for text, value in zip(said, values, strict=True)]
    return (
        Part(" That is about "), parts[0], Part(f" {than} (could be "), parts[1], Part(" to "), parts[2], Part(")."),
    )  # fmt: skip


def _as_printed(row: Row, middle: float) -> float:
    """The difference of the two figures as they stand in the sentence, which a reader works out again."""
    printed = round(float(row.get("value", math.nan)), 1) - round(float(row.get("expected", math.nan)), 1)
    return round(printed, 1) if abs(printed - middle) < 0.11 else middle


def _few(value: float, rounded: Callable[[float], int]) -> float:
    """As few digits as a reader can use: two of a large number, one decimal of a small one; an end outwards."""
    unit = 0.1 if abs(value) < 10 else 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return round(rounded(round(value / unit, 6)) * unit, 1)
