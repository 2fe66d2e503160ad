"""Has the latest year left the range of the years before it? The slow changes that no single quarter shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

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
USUAL = 0.08
"""The same of staff, shares and means, whose wander is smaller than that of counts."""
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
    Counts: gamma-Poisson predictive range with the years' own spread (`stats.absence.under_identification`). Staff,
    shares and means of a day: Student's t with the years' own standard deviation, drawn towards a usual one. Last year
    is left out where others are enough, for the change may have begun in it, and so are years before a change of
    recording.
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
    rows, before, unit = str(row["rows"]), str(row["past_rows"]), str(row["unit"])
    low, high = row["recorded_lower"], row["recorded_upper"]
    recorded = [Part(wording.number(low, unit), low, rows)]
    if high > low:
        recorded += [Part(" to "), Part(wording.number(high, unit), high, rows)]
    way = {"up": "above", "down": "below"}.get(row["arrow"], "within")
    digits = 0 if unit == "count" else 1
    due, least, most = (
        Part(wording.number(round(row[name], digits), unit), row[name], before)
        for name in ("expected", "expected_lower", "expected_upper")
    )
    return (
        Part(f"{row['name']} ({row['area']}): "), *recorded,
        Part(f" {said(str(row['period']))}, {way} the range of earlier years. We expected about "), due,
        Part(" (range "), least, Part(" to "), most, Part(")."),
    )  # fmt: skip


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
    indicator = definitions.catalogue.by_id[str(now["indicator"])]
    if not np.isfinite(now["upper"]):
        return {}
    found = _count(now, earlier) if indicator.unit == "count" else _level(now, earlier)
    return {name: now[name] for name in (*SERIES, "period", "kind", "value", "status", "marks", "rows")} | {
        "name": indicator.name, "theme": indicator.theme, "unit": indicator.unit, "polarity": indicator.polarity,
        "recorded_lower": now["lower"], "recorded_upper": now["upper"], "alpha": ALPHA,
        "past_rows": " ".join(earlier["rows"]),
    } | found  # fmt: skip


def _count(now: pd.Series, earlier: pd.DataFrame) -> dict[str, Any]:
    cases = earlier["value"].fillna(earlier["lower"]).astype(float)
    usual = spread(cases, pd.Series(np.ones(len(cases))))
    answer = under_identification(
        Between(now["lower"], now["upper"]), 1.0, float(cases.sum()), float(len(cases)),
        spread=usual, confidence=CONFIDENCE,
    )  # fmt: skip
    tails = min(float(answer.probability_below), float(answer.probability_above))
    return {
        "expected": float(answer.expected), "expected_lower": float(answer.lower), "p": min(2 * tails, 1.0),
        "expected_upper": float(answer.upper),
        "arrow": {"lower": "down", "higher": "up"}.get(str(answer.verdict), "level"),
    }  # fmt: skip


def _level(now: pd.Series, earlier: pd.DataFrame) -> dict[str, Any]:
    """Staff, a share or a mean: what earlier years would have led one to expect, by Student's t."""
    known = earlier["value"].dropna().astype(float).to_numpy()
    n, value = len(known), float(now["value"])
    if n < FEWEST or not np.isfinite(value):
        return {"arrow": "level"}
    middle = float(known.mean())
    squares = WORTH * (USUAL * middle) ** 2 + float(((known - middle) ** 2).sum())
    error = float(np.sqrt(squares / (WORTH + n - 1) * (1 + 1 / n)))
    width = float(stdtrit(WORTH + n - 1, 1 - ALPHA / 2)) * error
    p = 2 * float(stdtr(WORTH + n - 1, -abs(value - middle) / error)) if error > 0 else np.nan
    arrow = "up" if value > middle + width else "down" if value < middle - width else "level"
    ends = {"expected_lower": middle - width, "expected_upper": middle + width}
    return {"expected": middle, "p": p, "arrow": arrow} | ends
