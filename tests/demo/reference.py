"""Figures that come from outside the partnership: children by area and year, and the nation's yearly statistics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tests.demo.chance import stream
from tests.demo.places import BOTH, CHILDREN, ETHNICITY, LARGE, NATION, SMALL, STATISTICS
from tests.demo.returns import File, Row
from threatlib.periods import financial_year

_POPULATION_YEARS = range(2012, 2022)
_IN_FIRST_FILE = 2015
_NATION_YEARS = range(2016, 2022)
_NATION_RATES = {"csc_referrals": 553.0, "csc_assessments": 518.0, "csc_s47": 161.0}
"""Per 10,000 children a year."""
_NATION_SHARES = {"csc_rereferral_rate": ("csc_referrals", 0.218), "csc_assessments_45d": ("csc_assessments", 0.834)}
_SLOW_YEAR = {2020: 0.93}


def files(seed: int) -> Iterator[File]:
    """Mid-year population estimates as they were released, then the nation's figures year by year."""
    children = _children(seed)
    early = [year for year in _POPULATION_YEARS if year <= _IN_FIRST_FILE]
    yield _population("population", early, children)
    for year in _POPULATION_YEARS[len(early) :]:
        yield _population(f"population-{year}", [year], children)
    for year in _NATION_YEARS:
        yield _nation(seed, year, children[NATION, year])


def _children(seed: int) -> dict[tuple[str, int], int]:
    found = {}
    for area, (base, growth) in CHILDREN.items():
        rng = stream(seed, "population", area)
        for year in _POPULATION_YEARS:
            found[area, year] = round(base * (1 + growth) ** (year - 2016) * (1 + rng.normal(0, 0.0015)))
    return found | {(BOTH, year): found[LARGE, year] + found[SMALL, year] for year in _POPULATION_YEARS}


def _population(name: str, years: list[int], children: dict[tuple[str, int], int]) -> File:
    rows = []
    for year in years:
        day = f"{year}-06-30"
        rows += [Row("population_children", area, day, children[area, year]) for area in (*CHILDREN, BOTH)]
        parts = {group: round(children[LARGE, year] * share) for group, share in ETHNICITY.items()}
        parts["White"] += children[LARGE, year] - sum(parts.values())
        rows += [
            Row("population_children", LARGE, day, number, breakdown=f"ethnicity={group}")
            for group, number in parts.items()
        ]
    released = date(years[-1] + 1, 6, 25)
    return File(f"reference/{name}.csv", STATISTICS, f"{years[-1]}-06-30", released, tuple(rows))


def _nation(seed: int, year: int, children: int) -> File:
    label = financial_year(year).label
    rng = stream(seed, "nation", label)
    counts = {
        indicator: round(children / 10_000 * rate * _SLOW_YEAR.get(year, 1.0) * (1 + rng.normal(0, 0.01)))
        for indicator, rate in _NATION_RATES.items()
    }
    rows = [Row(indicator, NATION, label, count) for indicator, count in counts.items()]
    for indicator, (base, share) in _NATION_SHARES.items():
        top = round(counts[base] * share * (1 + rng.normal(0, 0.01)))
        rows.append(Row(indicator, NATION, label, round(100 * top / counts[base], 1), top, counts[base]))
    plans = round(children / 10_000 * 42.5 * (1 + rng.normal(0, 0.01)))
    rows.append(Row("csc_cp_plans", NATION, f"{year + 1}-03-31", plans))
    staff = 35_400.0 + 300 * (year - 2016)
    agency = round(staff * (0.155 + 0.002 * (year - 2016)), 1)
    share = round(100 * agency / staff, 1)
    rows.append(Row("social_workers_agency_share", NATION, f"{year}-09-30", share, agency, staff))
    return File(f"reference/nation-{label}.csv", STATISTICS, label, date(year + 1, 10, 27), tuple(rows))
