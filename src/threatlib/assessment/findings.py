"""Evidence to findings: what moved, by how much, how much it matters, how sure we are, what else could explain it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from threatlib import wording
from threatlib.assessment import levels as yearly
from threatlib.assessment.confidence import DISPUTED, confidence
from threatlib.assessment.evidence import MOVED, Evidence, pieces, words
from threatlib.assessment.explanations import disputed, explanations
from threatlib.assessment.kinds import kind
from threatlib.assessment.low import KINDS as LOW_KINDS
from threatlib.assessment.low import UNSAID
from threatlib.assessment.phia import term
from threatlib.assessment.sentences import Part, Row, plain
from threatlib.assessment.sizes import BY_YEAR, FIELDS, interval, size, sized
from threatlib.catalogue import Definitions
from threatlib.periods import parse, span
from threatlib.signals import SERIES
from threatlib.stats.multiplicity import benjamini_hochberg

SEVERITIES: tuple[tuple[float, str], ...] = (
    (1.0, "Critical"),
    (0.6, "Severe"),
    (0.3, "Substantial"),
    (0.12, "Moderate"),
    (0.0, "Slight"),
)
"""Least relative change for each word, after the theme's weight; ours, not an official scale."""

COLUMNS = (
    *("finding_id", "rank", "threat", "subtopic", "theme", *SERIES, "name", "unit", "period", "check", "kind", "since"),
    *("direction", "polarity", "judgement", "severity", "severity_score", "severity_words", "confidence"),
    *("confidence_reasons", "probability", "probability_term", "value", "expected", "lower", "upper", "measure"),
    *(*FIELDS, "sentence", "status", "requirement", "alternatives", "evidence", "marks", "rows", "signal_id"),
)
"""Columns of the findings: `value` is what was recorded in `period` (what the evidence speaks of: a scan's window, a
year, one period), `expected` the earlier or expected figure for as long, `lower` and `upper` the interval of the change
in its `measure`, `size` the change in natural units, `evidence` the checks that speak of it, the leading one first."""
_OF_PERIOD = ("value", "event", "window", "window_kind", "window_first", "window_last", "window_rows")


def findings(found: Evidence, definitions: Definitions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row for each thing that is so, with all that speaks of it; in no order and without a status.

    Parameters
    ----------
    found : Evidence
        What a quarter's figures say.
    definitions : Definitions
        Threat tree, requirements, annotations and severity weights.

    Returns
    -------
    findings, evidence : DataFrame
        Columns `COLUMNS` (`rank` and `status` are set by `ranked` and `memory.compared`); every piece of evidence with
        the `key` of its finding, in `finding_id`.
    """
    table = pieces(found)
    if table.empty:
        return pd.DataFrame(columns=list(COLUMNS)), table.assign(finding_id="")
    table = table.assign(q=_adjusted(found, table))
    known = _main_of(found.signals, set(zip(*(table[name] for name in SERIES), strict=True)))
    place = _places(definitions)
    provisional = frozenset(shown.loc[shown["status"] == "provisional", "obs"]) if len(shown := found.shown) else ()
    rows, ids = [], {}
    for key, part in table.groupby("key", sort=False):
        lead = _fields(part.iloc[0])
        base = known.get(tuple(lead[name] for name in SERIES), {})
        if lead["check"] in BY_YEAR:  # the year's figures and not those of the latest period
            base = {name: value for name, value in base.items() if name not in _OF_PERIOD}
        row = {**base, **{name: value for name, value in lead.items() if not _absent(value)}}
        row = _EMPTY | row | {"signal_id": lead["signal_id"]}
        rows.append(_finding(row, part, found, definitions, place, provisional))
        ids[key] = rows[-1]["finding_id"]
    return pd.DataFrame(rows, columns=list(COLUMNS)), table.assign(finding_id=table["key"].map(ids))


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Findings in the order in which they should be read: what got worse first, by severity, then surest, then largest.

    Among equally sure ones a figure that is disputed comes last.
    """
    if table.empty:
        return table[list(COLUMNS)]
    order = {"worse": 0, "neither": 1, "better": 2}
    table = table.assign(
        gone=table["status"].map({"cleared": 1, "revised away": 2}).fillna(0),
        order=table["judgement"].map(order).fillna(3),
        band=-table["severity"].map({word: least for least, word in SEVERITIES}).fillna(-1.0),
        doubt=table["confidence"].map({"High": 0, "Moderate": 1, "Low": 2})
        + table["confidence_reasons"].str.contains(DISPUTED) / 2,
        weight=-table["severity_score"].astype(float) * np.log10(1 + _people(table)),
    ).sort_values(["gone", "order", "band", "doubt", "weight", "finding_id"])
    table["rank"] = np.arange(1, len(table) + 1)
    return table[list(COLUMNS)].reset_index(drop=True)


def spoken(finding: Row, lead: Row) -> tuple[Part, ...]:
    """A finding as its leading evidence says it, with its size in natural units."""
    if lead["check"] == "absence":
        return words(lead)
    told = words(dict(lead) | {"event": finding["kind"]} if lead.get("event") else lead)
    in_its_unit = lead["check"] in ("year_before", "previous", "latest_earlier") and finding["unit"] != "count"
    return told if in_its_unit else (*told, *sized(finding))


_EMPTY: dict[str, Any] = {
    "marks": "", "rows": "", "previous_rows": "", "status": "reported", "previous_status": "reported", "history": 0,
    "dispersion": 1.0, "basis": "stated", "previous_basis": "stated", "previous_period": "", "previous_kind": "",
    "polarity": "neither", "measure": "", "previous_value": math.nan,
}  # fmt: skip


def _main_of(signals: pd.DataFrame, wanted: set[tuple[str, ...]]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The main row of each of the series wanted."""
    main = signals[signals["main"].astype(bool)] if len(signals) else signals
    keys = zip(*(main[name].tolist() for name in SERIES), strict=True)
    return {key: _fields(main.iloc[place]) for place, key in enumerate(keys) if key in wanted}


def _fields(row: pd.Series) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def _absent(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _adjusted(found: Evidence, table: pd.DataFrame) -> pd.Series:
    """p-values allowing for every comparison that could have raised a finding."""
    made = [found.signals.loc[found.signals["main"].astype(bool), "p"]] if len(found.signals) else []
    made += [part["p"] for part in (found.levels,) if len(part)]
    made += [found.absence["probability"]] if len(found.absence) else []
    every = pd.concat([part.astype(float) for part in made], ignore_index=True) if made else pd.Series(dtype=float)
    every = every[every.notna()].sort_values(ignore_index=True)
    adjusted = np.asarray(benjamini_hochberg(every.to_numpy()))
    own = table["p"].astype(float).to_numpy()
    at = np.clip(np.searchsorted(every.to_numpy(), own, side="right") - 1, 0, max(len(every) - 1, 0))
    found_q = np.maximum(adjusted[at], own) if len(every) else own
    return pd.Series(np.where(np.isfinite(own), found_q, np.nan), table.index)


def _places(definitions: Definitions) -> dict[str, tuple[str, str]]:
    """Threat and sub-topic of each indicator: the first place of the tree that names it."""
    found: dict[str, tuple[str, str]] = {}
    for threat in definitions.threats.threats:
        for sub in threat.subtopics:
            for item in sub.items:
                for indicator in item.indicators:
                    found.setdefault(indicator, (threat.id, sub.id))
    return found


def _finding(
    row: dict[str, Any],
    part: pd.DataFrame,
    found: Evidence,
    definitions: Definitions,
    place: dict[str, tuple[str, str]],
    provisional: Collection[str],
) -> dict[str, Any]:
    """One finding, from its leading evidence and what supports it."""
    threat, subtopic = place.get(str(row["indicator"]), ("", ""))
    absence = part[part["check"] == "absence"]
    row |= _change(row)
    row |= size(row) if row["arrow"] in MOVED else {}
    judgement = _judgement(row, absence)
    weight = definitions.partnership.severity_weights.get(row["theme"], 1.0)
    score = _score(row) * weight if row["arrow"] in MOVED else 0.0
    what, since = _kind(row, absence, found, definitions)
    sure, reasons = confidence(row, part, disputed(str(row["marks"]), definitions), provisional)
    q = part["q"].astype(float).min()
    probability = 1 - q / 2 if np.isfinite(q) and row["arrow"] in MOVED else np.nan
    name = _identify(row)
    lead = _fields(part.iloc[0])
    finding: dict[str, Any] = {
        **{name: row.get(name, "") for name in (*SERIES, "name", "unit", "check", "polarity", "marks")},
        **{"finding_id": name, "threat": threat, "subtopic": subtopic, "theme": row["theme"], "rank": 0},
        **{"kind": what, "since": since, "direction": row["arrow"], "judgement": judgement, "severity_score": score},
        **{"severity": _severity(score, judgement), "severity_words": _severity_words(row, judgement)},
        **{"confidence": sure, "confidence_reasons": reasons, "probability": probability},
        "probability_term": term(probability) if np.isfinite(probability) else "",
        **_recorded(row),
        **{"expected": row["previous_value"], "measure": row["measure"]},
        **{"lower": row["change_lower"], "upper": row["change_upper"], "status": ""},
        **{name: row.get(name, math.nan) for name in FIELDS},
        **{"requirement": " ".join(_asked(name, (threat, subtopic), definitions)), "signal_id": row["signal_id"]},
        "alternatives": " | ".join(explanations(row, found, definitions)),
        "evidence": " ".join(dict.fromkeys(part["check"])),
        "rows": f"{row['rows']} {row['previous_rows']}".strip(),
    }
    return finding | {"sentence": plain(spoken(finding, lead))}


def _recorded(row: Row) -> dict[str, Any]:
    """The figure that stands beside `expected`, and what it is of; no figure where some of it is withheld."""
    if row["check"] != "scan":
        return {"period": row.get("period", ""), "value": row.get("value", math.nan)}
    first, last = parse(str(row["window_first"])), parse(str(row["window_last"]))
    exact = row["recorded_lower"] == row["recorded_upper"]
    return {
        "period": str(last) if row["window"] == 1 else span(first.start, last.end).label,
        "value": row["recorded_lower"] if exact else math.nan,
    }


def _asked(finding: str, places: tuple[str, str], definitions: Definitions) -> list[str]:
    """Open questions that were raised from a finding; where there is none, those raised by hand about its place."""
    standing = [r for r in definitions.requirements if r.status == "open"]
    own = [r.ref for r in standing if r.raised_from == finding]
    return own or [r.ref for r in standing if r.threat in places and not r.raised_from]


def _change(row: dict[str, Any]) -> dict[str, Any]:
    """The change in one measure, from the detector's or the earlier years' range where one of them leads."""
    if row["check"] in ("scan", yearly.CHECK) or (row["check"] == "absence" and row["arrow"] in MOVED):
        if row["check"] == "absence":
            row |= {"recorded_lower": row.get("lower", math.nan), "recorded_upper": row.get("upper", math.nan)}
        return {**interval(row), "previous_value": row["expected"]}
    if row["check"] == "absence":
        return {"measure": "", **dict.fromkeys(("change", "change_lower", "change_upper", "previous_value"), math.nan)}
    return {"expected": math.nan, "recorded_lower": math.nan, "recorded_upper": math.nan}


def _judgement(row: Row, absence: pd.DataFrame) -> str:
    """Better, worse or neither by the catalogue's polarity; harm that goes unseen is worse whatever the count's."""
    if len(absence):
        said = str(absence["kind"].iloc[0])
        if said in UNSAID:
            return "cannot_say"
        if said == "low_unseen":
            return "worse"
    worse = {"higher_is_worse": "up", "lower_is_worse": "down"}.get(str(row["polarity"]))
    return "neither" if worse is None else "worse" if row["arrow"] == worse else "better"


def _kind(row: Row, absence: pd.DataFrame, found: Evidence, definitions: Definitions) -> tuple[str, str]:
    """What kind of change it is and since when; of a low figure, why it is low."""
    if len(absence):
        return LOW_KINDS[str(absence["kind"].iloc[0])], ""
    if row["check"] not in ("scan", yearly.CHECK):
        return "change", ""
    return kind(row, found.shown, definitions.annotations.annotations)


def _people(table: pd.DataFrame) -> pd.Series:
    """The least number of people or posts a change concerns, so that a large area is not outranked by a tiny one."""
    value = table["value"].astype(float).fillna(table["expected"].astype(float))
    least = table["severity_score"].astype(float) * table["expected"].astype(float).fillna(value)
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


def _severity_words(row: Row, judgement: str) -> str:
    """Severity as a reader should hear it: the least that the change may be; it may be slight, never "low"."""
    if judgement != "worse":
        return ""
    up, ratio, points = row["arrow"] == "up", row["measure"] == "ratio", row["measure"] == "points"
    end = float(row["change_lower" if up else "change_upper"]) - (1 if ratio else 0)
    scale = 1 if points else 100 if ratio else 100 / (abs(float(row["previous_value"])) or 1.0)
    least = wording.towards_nothing(min(scale * (end if up else -end), 999))
    if least < 0.5:
        return "worse, though it may be by next to nothing"
    return f"worse, by {wording.size(least, 'percentage_points' if points else 'percent')} at the least"


def by_id(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The leading piece of evidence of each finding."""
    return {str(key): _fields(part.iloc[0]) for key, part in table.groupby("finding_id", sort=False)}
