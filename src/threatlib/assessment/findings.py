"""Signals to findings: what moved, how much it matters, how sure we are, what else could explain it, in order."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from threatlib.assessment.phia import term
from threatlib.assessment.sentences import Row, change, plain
from threatlib.catalogue import Annotation, Definitions
from threatlib.periods import parse
from threatlib.signals import SERIES
from threatlib.stats.multiplicity import benjamini_hochberg

SEVERITIES: tuple[tuple[float, str], ...] = (
    (1.0, "Critical"),
    (0.6, "Severe"),
    (0.3, "Substantial"),
    (0.12, "Moderate"),
    (0.0, "Low"),
)
"""Least relative change for each word, after the theme's weight; ours, not an official scale."""
LONG_HISTORY = 8
"""Pairs a year apart from which an interval is taken to know the series' own variation."""

COLUMNS = (
    *("finding_id", "rank", "threat", "subtopic", "theme", *SERIES, "name", "unit", "period", "check", "direction"),
    *("polarity", "judgement", "severity", "severity_score", "confidence", "confidence_reasons"),
    *("probability", "probability_term", "value", "expected", "lower", "upper", "measure", "sentence", "status"),
    *("requirement", "alternatives", "marks", "rows", "signal_id"),
)
"""Columns of the findings: `expected` is the earlier figure, `lower` and `upper` the interval of the change."""


def findings(signals: pd.DataFrame, definitions: Definitions, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row for each main signal that moved, most severe and surest first.

    Parameters
    ----------
    signals : DataFrame
        As `threatlib.signals.signals` gives them.
    definitions : Definitions
        Threat tree, requirements, annotations and severity weights.
    before : DataFrame, optional
        The same signals one quarter earlier, for the status new, continuing or cleared.
    """
    moved = _moved(signals)
    if before is not None and len(before):
        earlier = _moved(before)
        then, now = _directions(earlier), _directions(moved)
        said = signals[signals["main"].astype(bool) & (signals["arrow"] != "cannot_say")]
        still = set(zip(*(said[name] for name in SERIES), strict=True))
        gone = [key not in now and key[:-1] in still for key in then]
        moved = pd.concat(
            [
                moved.assign(state=["continuing" if key in then else "new" for key in now]),
                earlier[gone].assign(state="cleared"),
            ],
            ignore_index=True,
        )
    else:
        moved = moved.assign(state="new")
    if moved.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    place = _places(definitions)
    rows = [_finding(row, definitions, place) for row in moved.to_dict("records")]
    table = pd.DataFrame(rows)
    order = {"worse": 0, "neither": 1, "better": 2}
    table["weight"] = table["severity_score"] * np.log10(1 + _people(table))
    table = table.assign(
        cleared=table["status"] == "cleared",
        kind=table["judgement"].map(order),
        doubt=table["confidence"].map({"High": 0, "Moderate": 1, "Low": 2}),
    ).sort_values(["cleared", "kind", "weight", "doubt", "finding_id"], ascending=[True, True, False, True, True])
    table["rank"] = np.arange(1, len(table) + 1)
    return table[list(COLUMNS)].reset_index(drop=True)


def _moved(signals: pd.DataFrame) -> pd.DataFrame:
    """Main signals with a direction, each with its probability after allowing for the number of comparisons made."""
    main = signals[signals["main"].astype(bool)] if len(signals) else signals
    adjusted = benjamini_hochberg(main["p"].to_numpy(dtype=float))
    return main.assign(p_adjusted=np.asarray(adjusted)).loc[main["arrow"].isin(["up", "down"])]


def _directions(moved: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(zip(*(moved[name] for name in (*SERIES, "arrow")), strict=True))


def _places(definitions: Definitions) -> dict[str, tuple[str, str]]:
    """Threat and sub-topic of each indicator: the first place of the tree that names it."""
    found: dict[str, tuple[str, str]] = {}
    for threat in definitions.threats.threats:
        for sub in threat.subtopics:
            for item in sub.items:
                for indicator in item.indicators:
                    found.setdefault(indicator, (threat.id, sub.id))
    return found


def _finding(row: Row, definitions: Definitions, place: dict[str, tuple[str, str]]) -> dict[str, object]:
    threat, subtopic = place.get(str(row["indicator"]), ("", ""))
    score = _score(row) * definitions.partnership.severity_weights.get(row["theme"], 1.0)
    confidence, reasons = _confidence(row, disputed(str(row["marks"]), definitions))
    p = row["p_adjusted"]
    probability: float = 1 - float(p) / 2 if pd.notna(p) else np.nan
    asked = [r.ref for r in definitions.requirements if r.threat in (threat, subtopic) and r.status == "open"]
    return {
        **{name: row[name] for name in (*SERIES, "name", "unit", "period", "check", "polarity", "judgement", "marks")},
        **{"finding_id": _identify(row), "threat": threat, "subtopic": subtopic, "theme": row["theme"]},
        **{"direction": row["arrow"], "severity_score": score, "severity": _severity(score, str(row["judgement"]))},
        **{"confidence": confidence, "confidence_reasons": reasons, "probability": probability},
        "probability_term": term(probability) if np.isfinite(probability) else "",
        **{"value": row["value"], "expected": row["previous_value"], "measure": row["measure"]},
        **{"lower": row["change_lower"], "upper": row["change_upper"], "sentence": plain(change(row))},
        **{"status": row["state"], "requirement": " ".join(asked), "signal_id": row["signal_id"]},
        "alternatives": " | ".join(_alternatives(row, definitions)),
        "rows": f"{row['rows']} {row['previous_rows']}".strip(),
    }


def _people(table: pd.DataFrame) -> pd.Series:
    """The least number of people or posts a change concerns, so that a large area is not outranked by a tiny one."""
    value = table["value"].fillna(table["expected"]).astype(float)
    least = table["severity_score"] * table["expected"].fillna(table["value"]).astype(float)
    return least.where(table["measure"] != "points", value).abs().fillna(0.0)


def _identify(row: Row) -> str:
    """A short name that stays the same from quarter to quarter while the series moves the same way."""
    key = "|".join(str(row[name]) for name in (*SERIES, "arrow"))
    return f"F-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _score(row: Row) -> float:
    """Size of a change on one scale: the end of the interval nearer to no change, so that noise scores low."""
    low, high = float(row["change_lower"]), float(row["change_upper"])
    if row["measure"] == "ratio":
        least = low if row["arrow"] == "up" else 1 / max(high, 1e-9)
        return max(least - 1, 0.0)
    if row["measure"] == "points":
        return max(low if row["arrow"] == "up" else -high, 0.0) / 50
    base = abs(float(row["previous_value"])) or 1.0
    return max(low if row["arrow"] == "up" else -high, 0.0) / base


def _severity(score: float, judgement: str) -> str:
    if judgement != "worse":
        return "Not rated"
    return next(word for least, word in SEVERITIES if score >= least)


def disputed(marks: str, definitions: Definitions) -> list[str]:
    """Of the annotations on a figure, those that cast doubt on the figure itself, not only on what moved it."""
    doubts = {a.id for a in definitions.annotations.annotations if a.kind in ("conflict", "fault")}
    return [mark for mark in marks.split() if mark in doubts]


def _confidence(row: Row, doubted: list[str]) -> tuple[str, str]:
    """High, Moderate or Low from information base, method and volatility, with the reasons."""
    doubts, limits = [], []
    if doubted:
        doubts.append("the figure is disputed")
    if not {row["basis"], row["previous_basis"]} <= {"stated", "computed"}:
        doubts.append("the figure was worked out from a stated change")
    if row["status"] == "provisional" or row["previous_status"] == "provisional":
        doubts.append("the figure is provisional")
    if row["kind"] != row["previous_kind"]:
        limits.append("the two periods differ in length, so a season may show as a change")
    if "withheld" in (row["status"], row["previous_status"]):
        limits.append("a figure is withheld, so only its interval is used")
    if int(row["history"]) < LONG_HISTORY:
        limits.append("too short a history to know its usual variation: the interval allows for chance counting only")
    if doubts:
        return "Low", "; ".join([*doubts, *limits])
    if limits:
        return "Moderate", "; ".join(limits)
    return "High", "long history of its own, no declared doubt about the figures"


def _alternatives(row: Row, definitions: Definitions) -> list[str]:
    """Declared events that touch either figure, as other explanations that stay open."""
    first, last = str(row["previous_period"]), str(row["period"])
    found = []
    for entry in definitions.annotations.annotations:
        if entry.kind in ("conflict", "fault") or not _concerns(entry, row):
            continue
        if _touches(entry, first, definitions) or _touches(entry, last, definitions):
            found.append(f"{entry.title}: {entry.reason}")
    return found


def _concerns(entry: Annotation, row: Row) -> bool:
    return (not entry.indicators or row["indicator"] in entry.indicators) and (
        not entry.areas or row["area"] in entry.areas
    )


def _touches(entry: Annotation, label: str, definitions: Definitions) -> bool:
    if label in definitions.partnership.undated_periods:
        return False
    period = parse(label)
    begins = parse(entry.start).start if entry.start else period.start
    ends = parse(entry.end).end if entry.end else period.end
    if entry.start and not entry.end and entry.kind in ("break", "definition"):
        ends = parse(entry.start).end  # a change of recording is over once made; a shock without an end goes on
    return begins <= period.end and ends >= period.start
