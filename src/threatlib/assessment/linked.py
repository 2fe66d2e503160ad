"""Words for what is read together; its figures come from `coupling`."""

from __future__ import annotations

import math

from threatlib import wording
from threatlib.assessment.sentences import Part, Row
from threatlib.assessment.years import said

COLUMNS = (
    *("kind", "link", "area", "indicator", "name", "theme", "other", "other_name", "period", "verdict"),
    *("work", "work_before", "staff", "staff_before", "each", "each_before", "change", "change_lower", "change_upper"),
    *("vacancies", "vacancies_before", "caseload", "caseload_before", "absence", "absence_before", "note"),
    *("correlation", "correlation_lower", "correlation_upper", "p", "lag", "pairs", "needed"),
    *(f"{which}_{end}" for which in ("first", "second") for end in (
        "value", "before", "change", "change_lower", "change_upper")),
    *("apart", "apart_lower", "apart_upper", "sentence", "marks", "rows"),
)  # fmt: skip
"""Columns of the coupling: `kind` is ``workload`` (work for each worker) or ``harm`` (two agencies' counts)."""


def words(row: Row) -> tuple[Part, ...]:
    """What is read together as a sentence whose every figure keeps its rows."""
    return _workload(row) if row["kind"] == "workload" else _harm(row)


def _figure(row: Row, value: float, unit: str = "count") -> Part:
    return Part(wording.number(value, unit), value, str(row["rows"]))


def _changed(row: Row, name: str) -> Part:
    """A ratio as a percentage of change."""
    return Part(wording.signed(_end(name, 100 * (row[name] - 1)), "percent_change"), row[name], str(row["rows"]))


def _end(name: str, value: float) -> float:
    """To one decimal; an end of an interval never to less than it is wide."""
    way = {"lower": -1, "upper": 1}.get(name.rpartition("_")[2], 0)
    return (wording.outward(value, way) if way else round(value, 1)) + 0.0


def _workload(row: Row) -> tuple[Part, ...]:
    lead = (Part(f"{row['link']} ({row['area']}): "), _figure(row, row["work"]), Part(f" {said(row['period'])} for "))
    staff = (_figure(row, row["staff"], "fte"), Part(" in post, "), _figure(row, row["each"]), Part(" each"))
    parts = [*lead, *staff]
    if row["verdict"] == "cannot say":
        parts.append(Part("; there is no earlier year to compare with"))
    else:
        how = {"more": "more work for each", "less": "less work for each", "no clear change": "no clear change"}
        ends = [_changed(row, f"change{end}") for end in ("", "_lower", "_upper")]
        before = (
            Part(f"; {how[row['verdict']]} than the "),
            _figure(row, row["each_before"]),
            Part(" a year earlier ("),
        )
        if row["verdict"] == "no clear change":
            before = (Part("; no clear change from the "), before[1], before[2])
        parts += [*before, ends[0], Part("; could be "), ends[1], Part(" to "), ends[2], Part(")")]
    return (*parts, *_beside(row), *_dated(row), Part("."))


def _beside(row: Row) -> tuple[Part, ...]:
    """Vacancies, recorded caseload and absence in the same years."""
    parts: list[Part] = []
    for name, label, unit in (
        ("vacancies", "vacancies", "fte"), ("caseload", "recorded cases each", "mean"),
        ("absence", "sickness absence", "percent"),
    ):  # fmt: skip
        if not math.isfinite(row[name]):
            continue
        parts += [Part(f"; {label} "), _figure(row, row[name], unit)]
        if math.isfinite(row[f"{name}_before"]):
            parts += [Part(" (was "), _figure(row, row[f"{name}_before"], unit), Part(")")]
    return tuple(parts)


def _dated(row: Row) -> tuple[Part, ...]:
    """A mark where staff were counted outside the year of the work."""
    if not row["note"]:
        return ()
    return (Part(f". Staff were counted on {wording.period_words(str(row['note']))}, outside that year"),)


def _harm(row: Row) -> tuple[Part, ...]:
    lead = f"{row['link']} ({row['area']}), {row['name']} beside {row['other_name']}: "
    if row["verdict"] == "cannot say":
        return (
            Part(f"{lead}whether they move together cannot be said, with "),
            _figure(row, float(row["pairs"])),
            Part(" quarters to compare and "),
            _figure(row, float(row["needed"])),
            Part(" needed"),
            *_parting(row),
            Part("."),
        )
    how = {
        "together": "they rise and fall together",
        "opposite": "when one rises the other falls",
        "no sign of it": "no sign that they move together can be told from chance",
    }[row["verdict"]]
    rows = str(row["rows"])
    names = ("correlation", "correlation_lower", "correlation_upper")
    ends = [Part(f"{_end(name, row[name]):.1f}".replace("-", wording.MINUS), row[name], rows) for name in names]
    return (
        Part(f"{lead}{how} (correlation of yearly changes "),
        ends[0],
        Part("; could be "),
        ends[1],
        Part(" to "),
        ends[2],
        Part(f"{_lag(row)})"),
        *_parting(row),
        Part("."),
    )


def _lag(row: Row) -> str:
    lag = int(row["lag"])
    if not lag:
        return ", in the same quarter"
    quarters = "one quarter" if abs(lag) == 1 else "two quarters" if abs(lag) == 2 else "several quarters"
    return f", the {'second' if lag > 0 else 'first'} {quarters} later"


def _parting(row: Row) -> tuple[Part, ...]:
    """How each changed this year, and whether that sets them apart."""
    if not math.isfinite(row["apart"]):
        return ()
    each = []
    for which in ("first", "second"):
        names = [f"{which}_change{end}" for end in ("", "_lower", "_upper")]
        ends = [_changed(row, name) for name in names if math.isfinite(row[name])]
        each.append([ends[0], Part("; could be "), ends[1], Part(" to "), ends[2]] if len(ends) == 3 else ends)
    apart = row["apart_lower"] > 1 or row["apart_upper"] < 1
    verdict = "which sets them apart" if apart else "which does not set them apart"
    if not each[0] or not each[1]:
        return ()
    return (
        Part(". The first changed by "), *each[0], Part(f" {said(str(row['period']))}, the second by "), *each[1],
        Part(f", {verdict}"),
    )  # fmt: skip
