"""Sentences and signals as page fragments: every figure keeps the rows it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from threatlib import wording
from threatlib.assessment import Assessment
from threatlib.assessment.sentences import Part, Row, headline
from threatlib.briefing.components import number_html, status_html

ARROWS = {"up": "up", "down": "down", "level": "level", "cannot_say": "cannot be said"}
"""Signals' arrows in the words of the page."""

AS_PRINTED = {"percent_change": "percent", "percentage_points": "points"}
"""Units of changes that a report states, and how they are shown: without a sign of our own making."""

DIRECTIONS = {
    "worsening": ("up", "worse", "getting worse"),
    "improving": ("down", "better", "getting better"),
    "mixed": ("level", "", "mixed"),
    "rising": ("up", "", "rising"),
    "falling": ("down", "", "falling"),
    "level": ("level", "", "level"),
    "cannot_say": ("cannot be said", "", "cannot be said"),
}
"""A threat's direction as arrow, judgement and words. An arrow up means more of a threat."""


def sentence(parts: Iterable[Part]) -> Markup:
    """A sentence with each figure linked to its rows and each withheld one explained."""
    return Markup("").join(_part(part) for part in parts)


def _part(part: Part) -> Markup:
    if part.value is not None:
        return number_html(part.text, part.value, part.rows)
    return status_html("withheld") if part.text == "[c]" else escape(part.text)


def counted(number: int, noun: str, source: str, *, plural: str = "") -> Markup:
    """A number of things with its noun; `source` names where in the run's record it is kept."""
    words = noun if number == 1 else plural or f"{noun}s"
    return Markup("{} {}").format(number_html(wording.number(number), float(number), f"run:{source}"), words)


def sentences(assessment: Assessment, findings: pd.DataFrame, limit: int) -> list[Markup]:
    """The first `limit` findings as sentences, with how sure each is and whether a figure in it is disputed."""
    return [
        _led(sentence(assessment.spoken(record)), f"{record['name']} ({record['area']})")
        + Markup(' <span class="confidence">Confidence: {}.</span>').format(record["confidence"])
        + disputed(assessment, str(record["marks"]))
        for record in findings.head(limit).to_dict("records")
    ]


def _led(said: Markup, subject: str) -> Markup:
    """The sentence with what it is about in bold, so that a list of them can be skimmed."""
    name = escape(subject)
    return Markup("<strong>{}</strong>{}").format(name, said[len(name) :]) if said.startswith(name) else said


def disputed(assessment: Assessment, marks: str) -> Markup:
    """A link to why a figure is disputed; empty where none of its marks says that it is."""
    noted = assessment.tables["annotations"]
    doubts = set(noted.loc[noted["kind"].isin(["conflict", "fault"]), "id"])
    first = next((mark for mark in marks.split() if mark in doubts), "")
    link = Markup(' <a class="mark" href="data_quality.html#{}">disputed figure</a>')
    return link.format(first) if first else Markup("")


def short(assessment: Assessment, finding: Mapping[Any, Any]) -> str:
    """A finding in a few words: what moved and which way, or what is low."""
    signals = assessment.signals
    rows = signals[signals["signal_id"] == finding["signal_id"]].to_dict("records") if len(signals) else []
    return headline(rows[0]) if rows else f"{finding['name']} ({finding['area']}): {finding.get('kind', 'see below')}"


def flags(assessment: Assessment) -> dict[tuple[str, str], str]:
    """Why the figures that a finding rests on stand out, by indicator and area; a bare change has its arrow."""
    found = assessment.findings
    here = found[(found["status"] != "cleared") & (found["breakdown"] == "") & found["direction"].isin(["up", "down"])]
    saw = {row["signal_id"]: re.split(r": | \(", row["saw"])[0] for row in assessment.signals.to_dict("records")}
    said = {}
    for row in here.to_dict("records"):
        side = "above" if row["direction"] == "up" else "below"
        words = {"earlier_years": f"{side} the range of earlier years", "absence": row["kind"],
                 "scan": saw.get(row["signal_id"], "")}  # fmt: skip
        said[row["indicator"], row["area"]] = str(words.get(row["check"], ""))
    return said


def snapshot(assessment: Assessment, signals: pd.DataFrame) -> pd.DataFrame:
    """Signals as the snapshot table wants them: changes in per cent, percentage points or their own unit."""
    out = pd.DataFrame(index=signals.index)
    ratio, points = signals["measure"] == "ratio", signals["measure"] == "points"
    for name in ("change", "change_lower", "change_upper"):
        values = signals[name].astype(float)
        out[name] = np.where(ratio, 100 * (values - 1), values)
        out[name] = out[name].where(np.isfinite(out[name]))
    out["change_unit"] = np.select([ratio, points], ["percent_change", "percentage_points"], signals["unit"])
    unsure = signals["change_lower"].isna() & (signals["arrow"] == "cannot_say")
    out["change"] = out["change"].where(~unsure | signals["change"].notna())
    out["change_words"] = signals["why"]
    for new, old in _SAME.items():
        out[new] = signals[old]
    told = flags(assessment)
    keys = zip(signals["indicator"], signals["area"], signals["breakdown"], strict=True)
    out["flag"] = ["" if group else told.get((indicator, area), "") for indicator, area, group in keys]
    group = signals["breakdown"].str.replace("=", ": ").map(lambda text: f" ({text})" if text else "")
    out["measure"] = signals["name"] + group
    out["unit"] = signals["unit"].replace(AS_PRINTED)
    out["measure"] += _as_printed(assessment, signals)
    out["direction"] = signals["arrow"].map(ARROWS)
    out["judgement"] = signals["judgement"].where(signals["judgement"].isin(["better", "worse"]), "")
    out["mark_words"] = "see caveat"
    out["comparator_name"] = out["comparator_name"].str.replace("_", " ")
    out["history"] = [_history(assessment, row) for row in signals.to_dict("records")]
    return out


_SAME = {
    "area": "area", "unit": "unit", "period": "period", "value": "value", "rows": "rows", "agency": "agency",
    "status": "status", "lower": "lower", "upper": "upper", "previous": "previous_value",
    "previous_period": "previous_period", "previous_status": "previous_status", "previous_rows": "previous_rows",
    "rate": "rate", "rate_lower": "rate_lower", "rate_upper": "rate_upper", "comparator": "comparator_value",
    "comparator_name": "comparator", "comparator_period": "comparator_period", "comparator_rows": "comparator_rows",
    "comparator_unit": "comparator_unit", "marks": "marks",
}  # fmt: skip


def _as_printed(assessment: Assessment, signals: pd.DataFrame) -> pd.Series:
    """What a stated change says of its direction: reports print a fall as a positive number and a word."""
    said = assessment.observations.set_index("obs")["said"]
    words = signals["rows"].map(said[~said.index.duplicated()]).map({"up": ": a rise", "down": ": a fall"})
    return words.where(signals["unit"].isin(AS_PRINTED), "").fillna("")


def _history(assessment: Assessment, row: Row) -> list[float]:
    values = [float(value) for value in assessment.history(row)["value"]]
    return values if sum(np.isfinite(values)) >= 3 else []
