"""The verdict on a low figure, from what it was held against, and its words."""

from __future__ import annotations

import math
from collections.abc import Mapping

from threatlib import wording
from threatlib.assessment.sentences import Part, Row, plain
from threatlib.assessment.years import said

_AGAINST = ("elsewhere", "before", "beside")
_ENDS = ("expected", "lower", "upper", "probability")
COLUMNS = (
    *("indicator", "agency", "area", "breakdown", "name", "theme", "unit", "kind", "period"),
    *("value", "lower", "upper", "status", "expected", "expected_lower", "expected_upper", "probability", "basis"),
    *(f"{name}{end}" for name in _AGAINST for end in ("", *(f"_{e}" for e in _ENDS))),
    *("elsewhere_areas", "before_years", "counterpart", "counterpart_name", "counterpart_value", "counterpart_now"),
    *("counterpart_lower", "counterpart_upper", "counterpart_period"),
    *("counterpart_now_expected", "counterpart_now_lower", "counterpart_now_upper"),
    *("silent_months", "silent_probability", "open_months", "open_probability"),
    *("lost", "reasons", "needed", "confidence", "comparisons", "alpha", "sentence", "marks", "rows"),
)
"""Columns of the absences: `elsewhere`, `before` and `beside` hold the verdict against areas alike, the own past and
the counterpart; `expected` and its range are those of the one that speaks (`basis`); `alpha` is how often chance alone
would call the count low in any of them."""

KINDS: dict[str, str] = {
    "low_unseen": "low because unseen",
    "low_safe": "low as less harm would make it",
    "low_lost": "low or missing because records were lost",
    "low_unexplained": "low, and whether safe or unseen cannot be said",
    "not_low": "not low",
    "cannot_be_assessed": "cannot be assessed",
}
LOW = ("low_unseen", "low_safe", "low_unexplained")
UNSAID = ("low_lost", "cannot_be_assessed")
SILENT = 0.01
"""A silence less likely than this by chance is a low figure."""


def judged(found: Mapping[str, object]) -> dict[str, object]:
    """The evidence with its verdict: kind, what speaks, reasons, what is needed, confidence, sentence."""
    row = dict.fromkeys(COLUMNS, math.nan) | dict.fromkeys(_TEXT, "") | dict(found)
    for name in _AGAINST:
        row[name] = row[name] or "cannot say"
    row |= {"lower": found.get("recorded_lower", math.nan), "upper": found.get("recorded_upper", math.nan)}
    row["kind"] = _kind(row)
    speaks = _speaks(row)
    row["basis"] = speaks
    for end, name in zip(_ENDS, ("expected", "expected_lower", "expected_upper", "probability"), strict=True):
        row[name] = row[f"{speaks}_{end}"] if speaks else math.nan
    row["comparisons"] = sum(row[name] != "cannot say" for name in _AGAINST) + _finite(row["silent_probability"])
    rates = [found.get(f"{name}_alpha", 0.0) for name in _AGAINST if row[name] != "cannot say"]
    row["alpha"] = sum(map(float, [*rates, found.get("silent_alpha", 0.0)]))  # type: ignore[arg-type]
    row["needed"] = "; ".join(_needed(row))
    row["reasons"] = "; ".join(_reasons(row))
    row["confidence"] = _confidence(row)
    rows = [row["rows"], *(row.get(f"{name}_rows", "") for name in ("elsewhere", "before", "counterpart"))]
    row["rows"] = " ".join(dict.fromkeys(" ".join(str(part) for part in rows if isinstance(part, str)).split()))
    row["sentence"] = plain(words(row))
    return {name: row[name] for name in COLUMNS}


_TEXT = (
    "kind", "period", "status", "basis", *_AGAINST, "counterpart_now", "counterpart_period", "lost", "reasons",
    "needed", "confidence", "sentence", "marks", "rows",
)  # fmt: skip


def _kind(row: Row) -> str:
    """One of `KINDS`."""
    silent = _finite(row["silent_probability"]) and row["silent_probability"] <= SILENT
    low = silent or any(row[name] == "lower" for name in _AGAINST)
    able = silent or any(row[name] != "cannot say" for name in _AGAINST)
    if row["lost"] and (low or not able or not row["current"]):
        return "low_lost"
    if not able or not row["current"]:
        return "cannot_be_assessed"
    if not low and _depends(row):
        return "cannot_be_assessed"
    if not low:
        return "not_low"
    if row["beside"] == "lower":  # than what the counterpart records now implies, whether that fell as well or not
        return "low_unseen"
    if row["counterpart_now"] in ("similar", "higher") and row["beside"] == "cannot say":
        return "low_unseen"
    if row["counterpart_now"] == "lower" and row["beside"] in ("similar", "higher"):
        return "low_safe"
    return "low_unexplained"


def _depends(row: Row) -> bool:
    """Whether the count is withheld and would be low, by one comparison, if it were at its least."""
    if row["lower"] == row["upper"]:
        return False
    return any(row[name] == "cannot say" and _finite(row[f"{name}_expected"]) for name in _AGAINST)


def _speaks(row: Row) -> str:
    """The comparison the sentence tells: of a low count one that says so, its counterpart first; else its own past."""
    low = [name for name in ("beside", "before", "elsewhere") if row[name] == "lower"]
    able = [name for name in ("before", "elsewhere", "beside") if row[name] != "cannot say"]
    return (low or able or [""])[0]


def _needed(row: Row) -> list[str]:
    """What would make it assessable, or surer."""
    found, unable = [], [name for name in _AGAINST if row[name] == "cannot say"]
    if not row["period"] or not row["current"]:
        found.append("the count itself, for the year to this quarter")
    elif _depends(row):
        found.append("a count that need not be withheld: of a longer time, or of both areas together")
    lacking = {
        "before": "an earlier year with some in it" if _never(row) else "two earlier years, recorded the same way",
        "elsewhere": "the same count, with the population, of areas like this one",
        "beside": f"the counterpart ({row['counterpart_name']}) for the same years",
    }
    return found + [what for name, what in lacking.items() if name in unable and not _finite(row[f"{name}_expected"])]


def _never(row: Row) -> bool:
    """Whether there are earlier years and all of them, and this one, hold nothing."""
    return row["before"] == "cannot say" and float(row["before_years"]) > 0 and bool(row["value"] == 0)


def _reasons(row: Row) -> list[str]:
    """What each comparison said."""
    of = {"elsewhere": "areas like it", "before": "its own earlier years", "beside": "its counterpart's cases"}
    found = [f"against {of[name]}: {row[name]}" for name in _AGAINST if row[name] != "cannot say"]
    if row["counterpart_now"] not in ("", "cannot say"):
        found.append(f"the counterpart against its own earlier years: {row['counterpart_now']}")
    if _finite(row["silent_probability"]) and row["silent_months"] > 0:
        found.append(f"nothing recorded for {row['silent_months']:.0f} months")
    return [*found, *([f"declared: {row['lost']}"] if row["lost"] else [])]


def _confidence(row: Row) -> str:
    """High where all three comparisons agree and the counterpart did not fall; low where only one speaks."""
    if row["kind"] in ("cannot_be_assessed", "low_unexplained"):
        return "Low"
    agree = sum(row[name] == ("similar" if row["kind"] == "not_low" else "lower") for name in _AGAINST)
    if row["kind"] == "low_unseen" and row["counterpart_now"] == "lower":
        agree -= 1  # less harm may be part of it
    return ("Low", "Low", "Moderate", "High")[agree] if row["kind"] != "low_lost" else "Moderate"


def words(row: Row) -> tuple[Part, ...]:
    """An absence as a sentence whose every figure keeps its rows."""
    subject = f"{row['name']} ({row['area']})"
    if row["kind"] == "cannot_be_assessed":
        wanted = str(row["needed"]).split("; ") if row["needed"] else ["more than is printed"]
        told = "none was recorded in any year there is, so " if _never(row) else ""
        return (Part(f"{subject}: {told}whether this is low cannot be assessed. It would take: {'; '.join(wanted)}."),)
    if row["kind"] == "low_lost":
        return (Part(f"{subject}: low or missing because of the record, not of the world ({row['lost']})."),)
    fell = row["counterpart_now"] == "lower"
    lead = {
        "low_unseen": "lower than less harm would make it, so some of it looks unseen"
        if fell
        else "low, and it looks unseen rather than safe",
        "low_safe": "low, and so is its counterpart, as less harm would make both",
        "low_unexplained": "low, and whether because safe or because unseen cannot be said",
        "not_low": "not low",
    }[row["kind"]]
    beside = () if row["basis"] == "beside" else _counterpart(row)
    return (Part(f"{subject}: {lead}. We saw "), *_recorded(row), Part("."), *_expected(row), *beside)


def _recorded(row: Row) -> tuple[Part, ...]:
    rows, when = str(row["rows"]), said(str(row["period"]))
    if _finite(row["value"]):
        return (Part(wording.number(row["value"]), row["value"], rows), Part(f" {when}"))
    if not _finite(row["upper"]):
        return (Part("a withheld number"), Part(f" {when}"))
    ends = (
        Part(wording.number(row["lower"]), row["lower"], rows),
        Part(wording.number(row["upper"]), row["upper"], rows),
    )
    return (Part("between "), ends[0], Part(" and "), ends[1], Part(f" {when}"))


def _expected(row: Row) -> tuple[Part, ...]:
    rows = str(row["rows"])
    if not row["basis"]:
        silent = Part(wording.number(row["silent_months"], "months"), row["silent_months"], rows)
        return (Part(" There has been none for "), silent, Part("."))
    ends = (
        Part(" We would expect about "),
        Part(wording.number(round(row["expected"])), row["expected"], rows),
        Part(" (range "),
        Part(wording.number(row["expected_lower"]), row["expected_lower"], rows),
        Part(" to "),
        Part(wording.number(row["expected_upper"]), row["expected_upper"], rows),
    )
    if row["basis"] == "beside":
        told = _counterpart(row)
        name = Part(f" {row['counterpart_name']}.")
        return (*ends, Part("), going by the same harm as others record it:"), *(told or (name,)))
    by = {"before": "its own earlier years", "elsewhere": "areas like it"}[row["basis"]]
    return (*ends, Part(f"), going by {by}."))


def _counterpart(row: Row) -> tuple[Part, ...]:
    now = row["counterpart_now"]
    if row["kind"] == "not_low" or now in ("", "cannot say"):
        return ()
    how = {"similar": "stayed within the usual range", "higher": "rose", "lower": "fell"}[now]
    name, rows = row["counterpart_name"], str(row["rows"])
    low, high = (Part(wording.number(row[end]), row[end], rows) for end in ("counterpart_lower", "counterpart_upper"))
    value = (low,) if row["counterpart_lower"] == row["counterpart_upper"] else (low, Part(" to "), high)
    return (Part(f" {name} {how} ("), *value, Part(f" {said(str(row['counterpart_period']))})."))


def _finite(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
