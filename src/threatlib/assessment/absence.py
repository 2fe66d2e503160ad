"""Low because safe, low because unseen, low because lost: each count that has a counterpart, against what to expect.

Never a league table: a count is held against what areas like it, its own past and its counterpart (the same harm seen
by somebody else) would have led one to expect, each with a range that allows for ordinary differences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.assessment import chance
from threatlib.assessment.levels import FEWEST, past, spread
from threatlib.assessment.low import COLUMNS, SILENT, judged, words
from threatlib.assessment.years import people
from threatlib.catalogue import Annotation, Definitions, Indicator
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import Period, parse
from threatlib.stats.absence import SPREAD, silent_run, since_last, under_identification
from threatlib.stats.rates import Between

__all__ = ["COLUMNS", "CONFIDENCE", "absences", "words"]

CONFIDENCE = 0.98
"""Two-sided level of the ranges: low is the lower tail, so one ordinary figure in a hundred is called low."""
CLUSTERED = 1.5
"""Variance over mean of counts that are hidden, which cannot be worked out."""
ALIKE = 10
"""A comparator with so many times the people of the middling one is no area like ours."""
OUT_OF_DATE = pd.Timedelta(days=200)

MONTHS = {"month": 1, "quarter": 3}
"""Kinds of period in which a silence is told, the finest first, and their months."""

Floats = NDArray[np.float64]
_Answer = dict[str, object]


@dataclass(frozen=True)
class _Known:
    """What the audience may know, by indicator and area."""

    table: pd.DataFrame
    totals: pd.DataFrame
    definitions: Definitions
    quarter: Period
    dispersion: Mapping[Any, float]

    @cached_property
    def years(self) -> dict[tuple[str, str], pd.DataFrame]:
        found = self.totals.groupby(["indicator", "area"], sort=False)
        return {(str(key[0]), str(key[1])): part for key, part in found}

    @cached_property
    def people(self) -> dict[tuple[str, str], float]:
        found = people(self.table, self.definitions)
        return {(i, a): float(n) for i, a, n in found[["indicator", "area", "denominator"]].itertuples(index=False)}

    def of(self, indicator: str, area: str) -> pd.DataFrame:
        """The years recorded the same way as the latest one."""
        found = self.years.get((indicator, area))
        if found is None:
            return pd.DataFrame(columns=["back"])
        begins = [parse(e.end or str(e.start)).start for e in self.noted(indicator, area, "break", "definition")]
        last = max(begins, default=None)
        return found if last is None else found[(found["first"] >= pd.Timestamp(last)) | (found["back"] == 0)]

    @cached_property
    def varies(self) -> defaultdict[tuple[str, str], float]:
        """Variance over mean of counts."""
        found = {(i, area): phi for (i, _, area, group), phi in self.dispersion.items() if not group}
        return defaultdict(lambda: chance.CLUSTERED, found)

    def noted(self, indicator: str, area: str, *kinds: str) -> Iterator[Annotation]:
        for entry in self.definitions.annotations.annotations:
            here = (not entry.indicators or indicator in entry.indicators) and (not entry.areas or area in entry.areas)
            if entry.kind in kinds and here and entry.start:
                yield entry


def absences(
    table: pd.DataFrame, totals: pd.DataFrame, definitions: Definitions, quarter: Period,
    dispersion: Mapping[Any, float] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """What the latest year of each count with a counterpart says (`COLUMNS`), one row an indicator and area.

    Parameters
    ----------
    table, totals : DataFrame
        What the audience may see up to the quarter's end (`years.known`), and its complete years (`years.years`).
    quarter : Period
        The quarter that is assessed.
    dispersion : mapping, optional
        Variance over mean of each series' counts, by its names (`chance.dispersions`).

    Notes
    -----
    All three comparisons are gamma-Poisson predictive ranges (`stats.absence.under_identification`): against areas like
    it with the areas' own spread, against earlier years with those years' spread, and against what the counterpart's
    cases would imply at the earlier ratio of the two. A withheld count is judged by its most forgiving value. `alpha`
    is what chance alone would flag: little of what the ranges of places, years and ratios leave to chance and wander.
    """
    whole = table["breakdown"] == ""
    known = _Known(table[whole], totals[totals["breakdown"] == ""], definitions, quarter, dispersion or {})
    there = known.table[known.table["role"] == "local"].groupby("indicator", sort=False)["area"].unique()
    rows = []
    for indicator in definitions.catalogue.indicators:
        if indicator.counterpart and indicator.unit == "count":
            areas = there.get(indicator.id, [_whole(definitions)])
            rows += [judged(_evidence(known, indicator, str(area))) for area in areas]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _whole(definitions: Definitions) -> str:
    """The area that stands for the partnership where an indicator has no figure: the one made up of others, if any."""
    local = [area for area in definitions.partnership.areas if area.role == "local"]
    return next((area.name for area in local if area.parts), local[0].name)


def _evidence(known: _Known, indicator: Indicator, area: str) -> _Answer:
    """Everything there is to judge one count by."""
    own = known.of(indicator.id, area)
    other = known.definitions.catalogue.by_id[str(indicator.counterpart)]
    here = known.table[(known.table["indicator"] == indicator.id) & (known.table["area"] == area)]
    found: _Answer = {
        "indicator": indicator.id, "area": area, "name": indicator.name, "theme": indicator.theme,
        "agency": str(here["agency"].iloc[0]) if len(here) else indicator.agency, "breakdown": "", "unit": "count",
        "counterpart": other.id, "counterpart_name": other.name, "lost": _lost(known, indicator.id, area, own, here),
        "current": bool(len(own)) and bool(pd.Timestamp(known.quarter.end) - own["end"].iloc[0] < OUT_OF_DATE),
    }  # fmt: skip
    phis = known.varies[indicator.id, area], known.varies[other.id, area]
    if len(own) and own["back"].iloc[0] == 0:
        now = own.iloc[0]
        found |= {name: now[name] for name in ("period", "value", "rows", "marks", "status")}
        found |= {"recorded_lower": now["lower"], "recorded_upper": now["upper"]}
        hidden = Between(now["lower"], now["upper"])
        found |= _elsewhere(known, indicator, area, now, hidden) | _before(own, hidden, phis[0])
        found |= _beside(own, known.of(other.id, area), hidden, phis)
    return found | _silence(here, phis[0])


def _against(
    count: Between, base: float, cases: float, people: float, usual: float, name: str, phi: float, noise: float
) -> _Answer:
    """What to expect, with its range, the verdict on the count, and how often chance alone would call it low.

    `phi` is the count's variance over mean, `noise` the relative variance of what is expected by chance alone.
    """
    said = under_identification(count, base, cases, people, spread=usual, confidence=CONFIDENCE)
    ends = {f"{name}_expected": said.expected, f"{name}_lower": said.lower, f"{name}_upper": said.upper}
    due = base * (cases + 0.5) / people
    alpha = np.minimum(chance.counts(due, phi * due + noise * due**2, said.lower), (1 - CONFIDENCE) / 2)
    told = ends | {f"{name}_probability": said.probability_below, f"{name}_alpha": alpha}
    return {key: float(part) for key, part in told.items()} | {name: str(said.verdict)}


def _elsewhere(known: _Known, indicator: Indicator, area: str, now: pd.Series, count: Between) -> _Answer:
    """Against areas like it, people for people."""
    of = [known.of(indicator.id, other).head(1) for other in indicator.comparators]
    others = pd.concat(of, ignore_index=True) if of else pd.DataFrame(columns=["value"])
    if "denominator" in others:
        same = (others["kind"] == "snapshot") == (now["kind"] == "snapshot")
        near = (others["end"] - now["end"]).abs() < pd.Timedelta(days=370)
        others = others.assign(value=others["value"].fillna(others["lower"]))  # at the least it can be
        others = others[same & near & others["value"].notna() & (others["denominator"] > 0)]
        others = others[others["denominator"] <= ALIKE * others["denominator"].median()]
    base = known.people.get((indicator.id, area), np.nan)
    if not len(others) or not base > 0:
        return {"elsewhere": "cannot say"}
    sums = others[["value", "denominator"]].astype(float)
    usual = spread(sums["value"], sums["denominator"], SPREAD)
    told = {"elsewhere_rows": " ".join(others["rows"]), "elsewhere_areas": len(others)}
    return told | _against(
        count, base, sums["value"].sum(), sums["denominator"].sum(), usual, "elsewhere", 1.0, usual**2
    )


def _before(own: pd.DataFrame, count: Between, phi: float, end: str = "lower") -> _Answer:
    """Against its own earlier years; a withheld one at this end of what it may be.

    Years that never held anything could call nothing low, so beside them a year of nothing is not assessed.
    """
    earlier = past(own)
    if len(earlier) < FEWEST:
        return {"before": "cannot say"}
    if (own["upper"] == 0).all():
        return {"before": "cannot say", "before_years": len(earlier)}
    cases = earlier["value"].fillna(earlier[end]).astype(float)
    usual = spread(cases, pd.Series(np.ones(len(cases))))
    told = {"before_rows": " ".join(earlier["rows"]), "before_years": len(earlier)}
    return told | _against(
        count, 1.0, float(cases.sum()), float(len(cases)), usual, "before", phi, phi / max(float(cases.sum()), 1.0)
    )


def _beside(own: pd.DataFrame, other: pd.DataFrame, count: Between, phis: tuple[float, float]) -> _Answer:
    """Against what the counterpart's cases imply, and whether the counterpart itself fell, whatever is withheld."""
    there = other[np.isfinite(other["upper"].astype(float))] if len(other) else other
    near = len(there) > 0 and abs(there["end"].iloc[0] - own["end"].iloc[0]) < pd.Timedelta(days=100)
    if not near or there["back"].iloc[0] != 0:
        return {"beside": "cannot say", "counterpart_now": "cannot say"}
    now = there.iloc[0]
    told: _Answer = {f"counterpart_{name}": float(now[name]) for name in ("value", "lower", "upper")}
    told |= {"counterpart_rows": now["rows"], "counterpart_period": now["period"]}
    itself = _agreed([_before(there, Between(now["lower"], now["upper"]), phis[1], end) for end in _ENDS], "before")
    told |= {name.replace("before", "counterpart_now"): part for name, part in itself.items()}
    both = own.merge(there, on="back", suffixes=("", "_other"))
    both = past(both[both["lower_other"] > 0])
    if len(both) < FEWEST or not now["lower"] > 0:
        return told | {"beside": "cannot say"}
    cases, ends = both["value"].fillna(both["lower"]).astype(float), []
    for most, end in zip(reversed(_ENDS), _ENDS, strict=True):
        bases = both["value_other"].fillna(both[f"{most}_other"]).astype(float)
        noise = phis[0] / max(cases.sum(), 1) + phis[1] / bases.sum() + phis[1] / now[end]
        said = _against(
            count, float(now[end]), cases.sum(), bases.sum(), spread(cases, bases), "beside", phis[0], noise
        )
        ends.append(said)
    return told | _agreed(ends, "beside")


_ENDS = ("lower", "upper")


def _agreed(ends: list[_Answer], name: str) -> _Answer:
    """The first answer, if the other end of what is withheld says the same."""
    return ends[0] if ends[0][name] == ends[1][name] else ends[0] | {name: "cannot say"}


def _silence(here: pd.DataFrame, phi: float) -> _Answer:
    """A run of nothing at the end, and the time since the last case, in the finest periods there are."""
    rows = here[here["status"].isin([*HAS_VALUE, *HIDDEN])].sort_values("end", kind="stable")
    kind = next((kind for kind in MONTHS if (rows["kind"] == kind).any()), "")
    if not kind:
        return {}
    part = rows[rows["kind"] == kind].drop_duplicates("end", keep="last")
    low, high = part["lower"].fillna(0.0).to_numpy(), part["upper"].fillna(np.inf).to_numpy()
    hidden = bool(part["status"].isin(HIDDEN).any())
    counts = Between(low, np.minimum(high, 1e9)) if hidden else low
    run = silent_run(counts, dispersion=CLUSTERED if hidden else None)
    found: _Answer = {
        "silent_months": float(run.length) * MONTHS[kind],
        "silent_probability": float(run.probability),
    }
    if np.isfinite(run.probability):
        found["silent_alpha"] = chance.silence(float(low.sum()), len(low), phi, SILENT)
    return found | _open(part["end"], low) if float(run.length) > 0 else found


def _open(ends: pd.Series, cases: Floats) -> _Answer:
    """The time since the last case, beside the waits before it; several cases of one period waited for nothing."""
    month = ends.to_numpy().astype("datetime64[M]").astype(np.int64)
    some = np.flatnonzero(cases >= 1)
    if not len(some):
        return {}
    last = np.repeat(month[some], cases[some].astype(int))
    opened = float(month[-1] - last[-1])
    wait = since_last(np.diff(last).astype(float), opened, dispersion=CLUSTERED)
    return {"open_months": opened, "open_probability": float(wait.probability)}


def _lost(known: _Known, indicator: str, area: str, own: pd.DataFrame, here: pd.DataFrame) -> str:
    """What was declared lost, moved or not returned in the year that is judged; empty if nothing."""
    end = pd.Timestamp(known.quarter.end)
    start = min(own["first"].iloc[0], end - pd.DateOffset(years=1)) if len(own) else end - pd.DateOffset(years=1)
    for entry in known.noted(indicator, area, "gap", "break", "definition"):
        first = pd.Timestamp(parse(str(entry.start)).start)
        last = pd.Timestamp(parse(entry.end).end) if entry.end else end if entry.kind == "gap" else first
        if first <= end and last > start:
            return entry.title
    missing = here[here["status"].isin(["not_returned", "not_collected"]) & (here["end"] > start)]
    if len(missing):
        return "not collected" if (missing["status"] == "not_collected").all() else "not returned"
    return ""
