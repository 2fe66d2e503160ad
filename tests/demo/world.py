"""What happened in the simulated world: every series as it would finally be known, before anybody reports it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from tests.demo.chance import negative_binomial, stream, wander
from tests.demo.places import BOTH, LARGE, NEIGHBOURS, SMALL
from tests.demo.series import (
    AGENCY_SHARE,
    AGENCY_SPREAD,
    COMBINED,
    DECLARED,
    FLOWS,
    LEVELS,
    SEASONS,
    SHARES,
    SHOCKS,
    STOCKS,
    TOTALS,
    Flow,
    Level,
    Share,
    Stock,
)
from tests.demo.timeline import timeline, years_since
from tests.demo.truths import Truths
from threatlib.periods import Period, parse, quarter_of, shift

_MIDDLE = date(2019, 10, 1)


@dataclass(frozen=True)
class Line:
    """One series: values in each period, with what a percentage is made from."""

    group: str
    periods: list[Period]
    value: np.ndarray
    numerator: np.ndarray | None = None
    denominator: np.ndarray | None = None
    decimals: int = 0


Key = tuple[str, str, str]
World = dict[Key, Line]
"""Lines by indicator, area and breakdown (empty for the whole)."""


def simulate(seed: int, count: int, truths: Truths) -> World:
    """Every final series of a partnership and its neighbours over the last `count` quarters."""
    world: World = {}
    for spec in (*FLOWS, *STOCKS, *LEVELS):
        for area, mean in _places(spec, seed).items():
            rng = stream(seed, spec.indicator, area)
            expected = _expected(spec, area, mean, count, truths)
            key = (spec.indicator, area, "")
            world[key] = Line(spec.group, timeline(count, spec.kind), *_draw(spec, rng, mean, expected))
            if isinstance(spec, Flow) and area == LARGE:
                world |= _split(spec, rng, world[key])
    _add_staff(world, seed, truths)
    for share in SHARES:
        for area, rate in share.rates.items():
            world[share.indicator, area, ""] = _share(share, area, rate, world, seed, count, truths)
    _add_totals(world)
    return world


def _places(spec: Flow | Stock | Level, seed: int) -> dict[str, float]:
    """Means by area; neighbours have the large area's, scaled to their size and a little of their own."""
    found = dict(spec.means)
    if getattr(spec, "compared", False):
        for name, scale in NEIGHBOURS.items():
            own = stream(seed, "neighbour", spec.indicator, name).normal(0, 0.1)
            found[name] = spec.means[LARGE] * scale * float(np.exp(own))
    return found


def _expected(spec: Flow | Stock | Level, area: str, mean: float, count: int, truths: Truths) -> np.ndarray:
    periods = timeline(count, spec.kind)
    growth = np.array([(1 + spec.growth) ** years_since(_MIDDLE, period.end) for period in periods])
    level = mean * growth * truths.multiplier(spec.indicator, area, periods)
    if isinstance(spec, Flow):
        level = level * np.array([_calendar(spec, area, period) for period in periods])
    return level


def _calendar(spec: Flow, area: str, period: Period) -> float:
    """Mean over a period's months of season, the declared shock, and any declared change in recording."""
    begins, factor = DECLARED.get((spec.indicator, area), ("9999-01", 1.0))
    months = [parse(f"{period.start:%Y-%m}")]
    while months[-1].end < period.end:
        months.append(shift(months[-1], 1))
    parts = []
    for month in months:
        place = (month.end.month - 4) % 12
        shocked = date(2020, 4, 1) <= month.end <= date(2021, 3, 31)
        recorded = factor if month.label >= begins else 1.0
        parts.append(SEASONS[spec.season][place] * (SHOCKS[spec.shock][place] if shocked else 1.0) * recorded)
    return float(np.mean(parts))


def _draw(
    spec: Flow | Stock | Level, rng: np.random.RandomState, mean: float, expected: np.ndarray
) -> tuple[np.ndarray, None, None, int]:
    if isinstance(spec, Flow):
        small = 1 + (spec.phi - 1) * min(1.0, mean / 20)
        return negative_binomial(rng, expected, small), None, None, 0
    if isinstance(spec, Stock):
        return _stock(rng, expected, spec.stay), None, None, 0
    return (expected * np.exp(wander(rng, len(expected), spec.spread, spec.memory))).round(1), None, None, 1


def _stock(rng: np.random.RandomState, expected: np.ndarray, usual: float) -> np.ndarray:
    """Those who stay plus those who arrive, so that the level is `expected` with counting noise and a memory."""
    found = [float(rng.poisson(expected[0]))]
    for before, now in pairwise(expected):
        stay = min(usual, now / before)
        found.append(float(rng.binomial(int(found[-1]), stay) + rng.poisson(max(now - stay * before, 0))))
    return np.array(found)


def _split(spec: Flow, rng: np.random.RandomState, line: Line) -> World:
    """Breakdowns that add up to the whole."""
    found: World = {}
    for dimension, shares in spec.split.items():
        parts = np.array([rng.multinomial(int(total), list(shares.values())) for total in line.value], dtype=float)
        for place, category in enumerate(shares):
            name = f"{dimension}={category}"
            found[spec.indicator, LARGE, name] = Line(line.group, line.periods, parts[:, place])
    return found


def _add_staff(world: World, seed: int, truths: Truths) -> None:
    """Agency staff beside the permanent ones, and the two rates made from staff numbers."""
    for area in (LARGE, SMALL, *NEIGHBOURS):
        home = area if area in AGENCY_SHARE else LARGE
        permanent = world["social_workers_permanent_fte", home, ""]
        rng = stream(seed, "social_workers_agency_share", area)
        usual = AGENCY_SHARE[home] * (1 if area == home else float(np.exp(rng.normal(0, 0.1))))
        share = usual * np.exp(wander(rng, len(permanent.periods), AGENCY_SPREAD))
        share = share * truths.multiplier("social_workers_agency_share", area, permanent.periods)
        fixed = (permanent.value * NEIGHBOURS.get(area, 1.0)).round(1)
        agency = (fixed * share / (1 - share)).round(1)
        whole = (fixed + agency).round(1)
        world["social_workers_agency_share", area, ""] = _percent("csc", permanent.periods, agency, whole)
        if area in NEIGHBOURS:
            continue
        world["social_workers_agency", area, ""] = Line("csc", permanent.periods, agency, decimals=1)
        world["social_workers_all_fte", area, ""] = Line("csc", permanent.periods, whole, decimals=1)
        vacant = world["social_worker_vacancies", area, ""].value
        posts = (vacant + fixed).round(1)
        world["social_worker_vacancy_rate", area, ""] = _percent("csc", permanent.periods, vacant, posts)


def _share(spec: Share, area: str, rate: float, world: World, seed: int, count: int, truths: Truths) -> Line:
    periods = timeline(count, spec.kind)
    rng = stream(seed, spec.indicator, area)
    level = rate * np.exp(wander(rng, len(periods), spec.spread)) * truths.multiplier(spec.indicator, area, periods)
    level = np.clip(level, 0, 1).round(6)
    base = _by_quarter(world[spec.of, area, ""]) if spec.of else np.full(len(periods), spec.base[area])
    top = rng.binomial(base.round().astype(int), level).astype(float) if spec.drawn else (base * level).round(1)
    return _percent(spec.group, periods, top, base)


def _by_quarter(line: Line) -> np.ndarray:
    """Totals of a quarter's months; a series that already has one value a quarter stays as it is."""
    labels = [quarter_of(period.end).label for period in line.periods]
    return np.array([line.value[[name == label for name in labels]].sum() for label in dict.fromkeys(labels)]).round(1)


def _percent(group: str, periods: list[Period], top: np.ndarray, base: np.ndarray) -> Line:
    """100 top / base, with no value where there is nothing to take a share of."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(base > 0, 100 * top / base, np.nan).round(1)
    return Line(group, periods, value, top, base, 1)


def _add_totals(world: World) -> None:
    for total, parts in TOTALS.items():
        for area in [area for indicator, area, _ in world if indicator == parts[0]]:
            lines = [world[part, area, ""] for part in parts]
            world[total, area, ""] = Line(lines[0].group, lines[0].periods, sum(line.value for line in lines))
    for indicator in COMBINED:
        large, small = world[indicator, LARGE, ""], world[indicator, SMALL, ""]
        world[indicator, BOTH, ""] = Line(large.group, large.periods, large.value + small.value)
