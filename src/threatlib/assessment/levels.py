"""Has the latest year left the range of the years before it? The slow changes that no single quarter shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from threatlib import wording
from threatlib.assessment import chance
from threatlib.assessment.sentences import Part, Row
from threatlib.assessment.years import said
from threatlib.catalogue import Annotation, Definitions
from threatlib.periods import parse
from threatlib.signals import SERIES
from threatlib.signals.verdict import ONE
from threatlib.stats.absence import between_area_spread, under_identification
from threatlib.stats.rates import Between

Floats = NDArray[np.float64]
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


def levels(
    totals: pd.DataFrame, definitions: Definitions, dispersion: Mapping[Any, float] | None = None
) -> pd.DataFrame:
    """The latest year of each count beside the range of its earlier years (`COLUMNS`), one row a series.

    Parameters
    ----------
    totals : DataFrame
        Complete years of the partnership's own counts, groups left out (`years.years`).
    dispersion : mapping, optional
        Variance over mean of each series' counts, by its names (`chance.dispersions`).

    Notes
    -----
    Counts: gamma-Poisson predictive range with the years' own spread (`stats.absence.under_identification`). Staff,
    shares and means of a day: Student's t with the years' own standard deviation, drawn towards a usual one. Last year
    is left out where others are enough, for the change may have begun in it, and so are years before a change of
    recording. A withheld year is taken to be whatever makes the change smaller. `alpha` is what chance alone would flag
    (`chance`), for the ranges hold the wander of years as well. A level that moved by less than one post or case has
    not surely moved.
    """
    totals = totals[_same_recording(totals, definitions.annotations.annotations)]
    now = totals[(totals["back"] == 0) & np.isfinite(totals["upper"].astype(float))].reset_index(drop=True)
    if now.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    place = pd.MultiIndex.from_frame(now[list(SERIES)]).get_indexer(pd.MultiIndex.from_frame(totals[list(SERIES)]))
    rows = totals[place >= 0].assign(place=place[place >= 0])
    least, most = (_earlier(rows, len(now), end) for end in ("lower", "upper"))
    enough = np.isfinite(least).sum(axis=-1) >= FEWEST
    sources = rows[rows["back"] >= 1].groupby("place")["rows"].agg(" ".join)
    table = now.assign(
        past_rows=sources.reindex(range(len(now))).fillna("").to_numpy(), recorded_lower=now["lower"],
        recorded_upper=now["upper"],
    )  # fmt: skip
    for field in ("name", "theme", "unit", "polarity"):
        table[field] = [getattr(definitions.catalogue.by_id[i], field) for i in now["indicator"]]
    count = (table["unit"] == "count").to_numpy()
    keys = now[list(SERIES)].itertuples(index=False, name=None)
    varies = np.array([(dispersion or {}).get(key, chance.CLUSTERED) for key in keys])
    bounded = (np.isfinite(least) == np.isfinite(most)).all(axis=-1)
    counts = _whatever(_counts(now, least, varies), _counts(now, most, varies), bounded)
    stocks = _whatever(_levels(now, least), _levels(now, most), bounded)
    for name in ("expected", "expected_lower", "expected_upper", "p", "alpha", "arrow"):
        table[name] = np.where(count, counts[name], stocks[name])
    apart = (table["recorded_lower"] + table["recorded_upper"]).astype(float) / 2 - table["expected"].astype(float)
    stands = (table["unit"] == "fte") | (count & (table["kind"] == "snapshot"))
    table["arrow"] = table["arrow"].mask(stands & (apart.abs() < ONE), "level")
    said: pd.DataFrame = table.loc[enough, list(COLUMNS)].reset_index(drop=True)
    return said


def _earlier(rows: pd.DataFrame, series: int, end: str) -> Floats:
    """Figures of the years to learn from, one row a series; a withheld one at this end, none where that is open."""
    back = rows["back"].to_numpy(dtype=int)
    found = np.full((series, max(int(back.max()) + 1, 3)), np.nan)
    found[rows["place"], back] = rows["value"].fillna(rows[end])
    found[:, 0] = np.nan
    many = np.isfinite(found[:, 2:]).sum(axis=-1) >= FEWEST
    found[many, 1] = np.nan  # the change may have begun in it
    return np.where(np.isfinite(found), found, np.nan)


def past(own: pd.DataFrame) -> pd.DataFrame:
    """The years to learn from; without last year where others are enough."""
    earlier = own[own["back"] >= 2]
    return earlier if len(earlier) >= FEWEST else own[own["back"] >= 1]


def spread(counts: pd.Series, bases: pd.Series, usual: float = BETWEEN_YEARS) -> float:
    """Spread of true rates, drawn towards the usual one where there is little to learn it from."""
    found = between_area_spread(counts.to_numpy(dtype=float), bases.to_numpy(dtype=float))
    return float(drawn(found, np.asarray(len(counts) - 1), usual))


def drawn(found: Floats, free: NDArray[np.int64], usual: float = BETWEEN_YEARS) -> Floats:
    """A spread learnt from so many figures more than one, drawn towards the usual one."""
    learnt = np.where(np.isfinite(found), free, 0)
    squares = np.where(np.isfinite(found), found, 0.0) ** 2
    return np.asarray(np.sqrt((WORTH * usual**2 + learnt * squares) / (WORTH + learnt)))


def words(row: Row) -> tuple[Part, ...]:
    """The latest year beside the earlier ones, as a sentence whose every figure keeps its rows."""
    rows, before, unit = str(row["rows"]), str(row["past_rows"]), str(row["unit"])
    low, high = row["recorded_lower"], row["recorded_upper"]
    recorded = [Part(wording.number(low, unit), low, rows)]
    if high > low:
        recorded += [Part(" to "), Part(wording.number(high, unit), high, rows)]
    way = {"up": "above", "down": "below"}.get(row["arrow"], "within")
    digits = 0 if unit == "count" else 1
    due = Part(wording.number(round(row["expected"], digits), unit), row["expected"], before)
    least, most = (
        Part(wording.number(wording.outward(row[f"expected_{end}"], way, digits), unit), row[f"expected_{end}"], before)
        for end, way in (("lower", -1), ("upper", 1))
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


def _whatever(least: dict[str, Any], most: dict[str, Any], bounded: NDArray[np.bool_]) -> dict[str, Any]:
    """What holds wherever withheld earlier figures lie: a rise above the most they may be, a fall below the least."""
    up, down = (most["arrow"] == "up") & bounded, least["arrow"] == "down"
    said: dict[str, Any] = {"expected": np.where(up, most["expected"], least["expected"])}
    said["expected_lower"] = np.where(up, most["expected_lower"], least["expected_lower"])
    said["expected_upper"] = np.where(down, least["expected_upper"], most["expected_upper"])
    said["p"] = np.select([up, down], [most["p"], least["p"]], np.maximum(least["p"], most["p"]))
    said["alpha"] = np.maximum(least["alpha"], most["alpha"])
    return said | {"arrow": np.select([up, down], ["up", "down"], "level")}


def _counts(now: pd.DataFrame, earlier: Floats, varies: Floats) -> dict[str, Any]:
    """Counts: the gamma-Poisson range of the earlier years; `varies` is their variance over mean."""
    known = np.isfinite(earlier)
    n, cases = known.sum(axis=-1), np.where(known, earlier, 0).sum(axis=-1)
    spread = drawn(between_area_spread(earlier, np.where(known, 1.0, np.nan)), n - 1)
    recorded = Between(now["lower"].to_numpy(dtype=float), now["upper"].to_numpy(dtype=float))
    answer = under_identification(recorded, 1.0, cases, n, spread=spread, confidence=CONFIDENCE)
    arrow = pd.Series(answer.verdict).map({"lower": "down", "higher": "up"}).fillna("level").to_numpy()
    p = np.minimum(2 * np.minimum(answer.probability_below, answer.probability_above), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        due = (cases + 0.5) / n
        alpha = np.minimum(chance.counts(due, varies * due * (1 + 1 / n), answer.lower, answer.upper), ALPHA)
    ends = {"expected_lower": answer.lower, "expected_upper": answer.upper}
    return {"expected": answer.expected, "p": p, "alpha": alpha, "arrow": arrow} | ends


def _levels(now: pd.DataFrame, earlier: Floats) -> dict[str, Any]:
    """Staff, shares and means: what earlier years would have led one to expect, by Student's t."""
    known = np.isfinite(earlier)
    n = np.maximum(known.sum(axis=-1), 1)
    middle = np.where(known, earlier, 0).sum(axis=-1) / n
    away = np.where(known, earlier - middle[:, None], 0)
    free = WORTH + n - 1
    error = np.sqrt((WORTH * (USUAL * middle) ** 2 + (away**2).sum(axis=-1)) / free * (1 + 1 / n))
    width = stdtrit(free, 1 - ALPHA / 2) * error
    value = now["value"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stdtr(free, -np.abs(value - middle) / error)
    arrow = np.select([value > middle + width, value < middle - width], ["up", "down"], "level")
    own = np.sqrt((away**2).sum(axis=-1) / np.maximum(n - 1, 1))
    alpha = np.minimum(chance.levels(width, own, n), ALPHA)
    ends = {"expected_lower": middle - width, "expected_upper": middle + width}
    return {"expected": middle, "p": p, "alpha": alpha, "arrow": arrow} | ends
