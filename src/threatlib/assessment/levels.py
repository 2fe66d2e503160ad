"""Has the latest year left the range of the years before it? The slow changes that no single quarter shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from threatlib import wording
from threatlib.assessment.sentences import Part, Row
from threatlib.assessment.years import said
from threatlib.catalogue import Annotation, Definitions
from threatlib.periods import parse
from threatlib.signals import SERIES
from threatlib.stats.absence import between_area_spread, under_identification
from threatlib.stats.rates import Between

CHECK = "earlier_years"
CONFIDENCE = 0.95
ALPHA = 1 - CONFIDENCE
BETWEEN_YEARS = 0.15
"""How far the years of one place lie apart with nothing having happened (coefficient of variation), to begin with."""
WORTH = 4
"""How many years such general experience counts for beside what the series itself shows."""
FEWEST = 2
"""Earlier years it takes to speak of a past."""
COLUMNS = (
    *SERIES, "name", "theme", "unit", "polarity", "period", "kind", "value", "recorded_lower", "recorded_upper",
    "expected", "expected_lower", "expected_upper", "p", "alpha", "arrow", "status", "marks", "rows", "past_rows",
)  # fmt: skip


def levels(totals: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """The latest year of each count beside the range of its earlier years (`COLUMNS`), one row a series.

    Parameters
    ----------
    totals : DataFrame
        Complete years of the partnership's own counts, groups left out (`years.years`).

    Notes
    -----
    Gamma-Poisson predictive range with the years' own spread (`stats.absence.under_identification`). Last year is left
    out where others are enough, for the change may have begun in it, and so are years before a change of recording.
    """
    totals = totals[_same_recording(totals, definitions.annotations.annotations)]
    rows = [_row(part, definitions) for _, part in totals.groupby(SERIES, sort=False)]
    return pd.DataFrame([row for row in rows if row], columns=list(COLUMNS))


def past(own: pd.DataFrame) -> pd.DataFrame:
    """The years to learn from; without last year where others are enough."""
    earlier = own[own["back"] >= 2]
    return earlier if len(earlier) >= FEWEST else own[own["back"] >= 1]


def spread(counts: pd.Series, bases: pd.Series, usual: float = BETWEEN_YEARS) -> float:
    """Spread of true rates, drawn towards the usual one where there is little to learn it from."""
    free = len(counts) - 1
    found = float(between_area_spread(counts, bases)) if free > 0 else np.nan
    if np.isnan(found):
        return usual
    return float(np.sqrt((WORTH * usual**2 + free * found**2) / (WORTH + free)))


def words(row: Row) -> tuple[Part, ...]:
    """The latest year beside the earlier ones, as a sentence whose every figure keeps its rows."""
    rows = str(row["rows"])
    low, high = row["recorded_lower"], row["recorded_upper"]
    recorded = [Part(wording.number(low), low, rows)]
    if high > low:
        recorded += [Part(" to "), Part(wording.number(high), high, rows)]
    way = {"up": "above", "down": "below"}.get(row["arrow"], "within")
    return (
        Part(f"{row['name']} ({row['area']}): "),
        *recorded,
        Part(f" {said(str(row['period']))}, {way} what earlier years would have led one to expect ("),
        Part(wording.number(round(row["expected"])), row["expected"], str(row["past_rows"])),
        Part(", range "),
        Part(wording.number(row["expected_lower"]), row["expected_lower"], str(row["past_rows"])),
        Part(" to "),
        Part(wording.number(row["expected_upper"]), row["expected_upper"], str(row["past_rows"])),
        Part(")."),
    )


def _same_recording(totals: pd.DataFrame, annotations: tuple[Annotation, ...]) -> pd.Series:
    """Years that are recorded as the latest one is: it must lie wholly after every declared change."""
    kept = pd.Series(True, totals.index)
    for entry in annotations:
        if entry.kind not in ("break", "definition") or not entry.start:
            continue
        here = totals["indicator"].isin(entry.indicators) if entry.indicators else kept | True
        here = here & (totals["area"].isin(entry.areas) if entry.areas else True)
        kept &= ~(here & (totals["first"] < pd.Timestamp(parse(entry.end or entry.start).start)))
    return kept


def _row(own: pd.DataFrame, definitions: Definitions) -> dict[str, Any]:
    earlier = past(own)
    if own["back"].iloc[0] != 0 or len(earlier) < FEWEST:
        return {}
    now = own.iloc[0]
    if not np.isfinite(now["upper"]):
        return {}
    cases = earlier["value"].fillna(earlier["lower"]).astype(float)
    usual = spread(cases, pd.Series(np.ones(len(cases))))
    answer = under_identification(
        Between(now["lower"], now["upper"]), 1.0, float(cases.sum()), float(len(cases)),
        spread=usual, confidence=CONFIDENCE,
    )  # fmt: skip
    tails = min(float(answer.probability_below), float(answer.probability_above))
    indicator = definitions.catalogue.by_id[str(now["indicator"])]
    return {name: now[name] for name in (*SERIES, "period", "kind", "value", "status", "marks", "rows")} | {
        "name": indicator.name, "theme": indicator.theme, "unit": indicator.unit, "polarity": indicator.polarity,
        "recorded_lower": now["lower"], "recorded_upper": now["upper"], "expected": float(answer.expected),
        "expected_lower": float(answer.lower), "expected_upper": float(answer.upper), "p": min(2 * tails, 1.0),
        "alpha": ALPHA, "arrow": {"lower": "down", "higher": "up"}.get(str(answer.verdict), "level"),
        "past_rows": " ".join(earlier["rows"]),
    }  # fmt: skip
