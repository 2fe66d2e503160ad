"""From rows to cells: what each row would tell, which cells the rule withholds, and how far each may be supposed off.

A *cell* is one number of people that somebody could learn: a count, or the numerator of a percentage. Several rows may
print the same cell, and a percentage hangs on two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions, Rule
from threatlib.observations import HAS_VALUE

COUNTABLE = ("count", "fte")
SHARES = {"percent": 100.0, "per_1000": 1_000.0, "per_10k": 10_000.0}
PLACE = ["indicator", "area", "breakdown", "period"]
Place = tuple[str, str, str, str]

NUMERATOR_OF = "#"
"""Before an indicator's id: the numerator of its percentage, where that is no indicator itself."""


@dataclass(slots=True)
class Cells:
    """Every number of people that rows could tell; lists run over cells.

    `value` is the true number (or the middle of what a source says of one it hides); `low` and `high` what the rule
    says of a primary cell; `people` whether the rule is about it (a true zero of people is `fixed` too: it is shown);
    `lean` how many steps a cell that is shown rounded may lie off, either way. A cell that is
    `tied` may not lie off at all: 25% of 20, rounded to fives, can only be 5 of 20. One that is
    `told` is no row's, but the sum of others, which an earlier briefing gave as `low` to `high`. One that is `known`
    follows from what was published before, and one that is `gone` is in no return any more.
    One that is `unprinted` is no row's either, but what others leave over, and need not be protected.
    """

    value: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    primary: list[bool] = field(default_factory=list)
    fixed: list[bool] = field(default_factory=list)
    people: list[bool] = field(default_factory=list)
    lean: list[tuple[int, int]] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    tied: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)
    known: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    unprinted: set[int] = field(default_factory=set)
    by_place: dict[Place, int] = field(default_factory=dict)

    def add(
        self, value: float, low: float, high: float, *, primary: bool, fixed: bool, lean: tuple[int, int] = (0, 0),
        people: bool = False,
    ) -> int:  # fmt: skip
        """Append a cell and give its number."""
        self.value.append(value)
        self.low.append(low)
        self.high.append(high)
        self.primary.append(primary)
        self.fixed.append(fixed)
        self.people.append(people)
        self.lean.append(lean)
        self.weight.append(1.0)
        return len(self.value) - 1


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage or rate as it is printed: `top` of `base` times `per`, cells; where no cell is the base, `of`."""

    row: int
    top: int
    base: int
    of: float
    per: float
    printed: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows and the cells they tell, -1 for none.

    `own` is the cell a row prints, `hangs_on` those a percentage is made from, `based_on` the one that stands beside a
    count as its denominator; `shares` the percentages and rates of which a cell is the numerator. Rows from `printed`
    on were printed only before.
    """

    cells: Cells
    own: np.ndarray
    hangs_on: np.ndarray
    based_on: np.ndarray
    shares: list[Share]
    printed: int


def read(table: pd.DataFrame, rule: Rule, definitions: Definitions, printed: int | None = None) -> Reading:
    """Cells of a table of observations under a rule, of which the rows from `printed` on were printed only before."""
    counted, printed = _counted(table), len(table) if printed is None else printed
    cells, own = _counts(table, counted, rule, definitions)
    names = {i.id: i for i in definitions.catalogue.indicators}
    hangs_on = np.full((len(table), 2), -1)
    present = table["status"].isin(HAS_VALUE).to_numpy()
    shares = (table["unit"].isin(SHARES) | (~table["unit"].isin(COUNTABLE) & table["numerator"].notna())).to_numpy()
    chosen = np.flatnonzero(shares & present)
    columns = _tuples(table.iloc[chosen], [*PLACE, "unit", "value", "numerator", "denominator"])
    for position, row in zip(chosen, columns, strict=True):
        indicator = names.get(row[0])
        over, under = (indicator.numerator, indicator.denominator) if indicator else (None, None)
        hangs_on[position] = [cells.by_place.get((name, *row[1:4]), -1) if name else -1 for name in (over, under)]
        if (hangs_on[position] < 0).any() if row[4] == "percent" else hangs_on[position][0] < 0:
            own[position] = _share(row, cells, rule, disclosive=indicator is None or indicator.disclosive)
    cells.tied.update(hangs_on[hangs_on >= 0].tolist())
    based_on = np.full(len(table), -1)
    on_people = {i.id: i.denominator for i in names.values() if i.denominator and names[i.denominator].disclosive}
    chosen = np.flatnonzero(counted & table["indicator"].isin(on_people))
    for position, place in zip(chosen, _tuples(table.iloc[chosen], PLACE), strict=True):
        based_on[position] = cells.by_place.get((on_people[place[0]], *place[1:]), -1)
    cells.gone = set(own[printed:].tolist()) - set(own[:printed].tolist()) - {-1}
    return Reading(cells, own, hangs_on, based_on, _shares(table, own, hangs_on, rule), printed)


def _shares(table: pd.DataFrame, own: np.ndarray, hangs_on: np.ndarray, rule: Rule) -> list[Share]:
    top = np.where(hangs_on[:, 0] >= 0, hangs_on[:, 0], own)
    rows = np.flatnonzero(table["unit"].isin(SHARES) & table["status"].isin(HAS_VALUE) & (top >= 0))
    told = _tuples(
        table.iloc[rows].assign(printed=as_printed(table.iloc[rows], rule)), ["denominator", "unit", "printed"]
    )
    return [
        Share(int(row), int(top[row]), int(hangs_on[row, 1]), float(of), SHARES[unit], float(printed))
        for row, (of, unit, printed) in zip(rows, told, strict=True)
    ]


def within(rule: Rule, value: float) -> bool:
    """Whether a rule withholds a count (of posts or of rounded percentages: the nearest whole number)."""
    return bool(rule.withhold_from <= round(value) <= rule.withhold_to)


def rounded(values: pd.Series, rule: Rule) -> pd.Series:
    """Values as the rule prints them."""
    return (values / rule.round_to).round() * rule.round_to if rule.round_to > 1 else values


def as_printed(table: pd.DataFrame, rule: Rule) -> pd.Series:
    """Values as the rule prints them, percentages and rates to whole numbers where it rounds at all."""
    shares = table["unit"].isin(SHARES) & (rule.round_to > 1)
    return rounded(table["value"], rule).where(~shares, table["value"].round())


def _counted(table: pd.DataFrame) -> np.ndarray:
    known = table["status"].isin(HAS_VALUE) | ((table["status"] == "suppressed_by_source") & table["upper"].notna())
    return np.asarray(table["unit"].isin(COUNTABLE) & known)


def _counts(table: pd.DataFrame, counted: np.ndarray, rule: Rule, definitions: Definitions) -> tuple[Cells, np.ndarray]:
    own = np.full(len(table), -1)
    cells = Cells()
    rows = table[counted].assign(position=np.flatnonzero(counted))
    if rows.empty:
        return cells, own
    key = rows.groupby([*PLACE, "value", "lower", "upper"], sort=False, dropna=False).ngroup().to_numpy()
    own[counted] = key
    first = rows[~pd.Series(key, index=rows.index).duplicated()]
    disclosive = first["indicator"].map({i.id: i.disclosive for i in definitions.catalogue.indicators})
    shown = rounded(first["value"], rule)
    told = _tuples(first, ["value", "lower", "upper", "status"])
    for row, people, print_as in zip(told, disclosive.tolist(), shown.tolist(), strict=True):
        _count(cells, row, print_as, rule, people is not False)
    for place, cell, used in zip(_tuples(rows, PLACE), key.tolist(), _in_sums(rows).tolist(), strict=True):
        if used:
            cells.by_place.setdefault(place, cell)
    return cells, own


def _tuples(table: pd.DataFrame, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    """Rows as plain tuples (itertuples is slow on columns of text)."""
    return zip(*(table[name].tolist() for name in columns), strict=True)


def _in_sums(rows: pd.DataFrame) -> np.ndarray:
    """Rows that may stand in a sum: the printing that is used of each figure."""
    return np.asarray(rows["used"] & (rows["indicator"] != ""))


def _count(cells: Cells, row: tuple[Any, ...], print_as: float, rule: Rule, people: bool) -> None:
    value, lower, upper, status = row
    if status == "suppressed_by_source":
        cells.add(float(np.floor((lower + upper) / 2)), lower, upper, primary=True, fixed=True)
        return
    small = people and within(rule, value)
    half = 0.0 if value == round(value) else 0.5
    low, high = rule.withhold_from - half, rule.withhold_to + half
    lean = (0, 0)
    if people and rule.round_to > 1 and not small and value:
        below = max(print_as - rule.round_to // 2, rule.withhold_to + 1)
        lean = (int(value - below), int(print_as + rule.round_to // 2 - value))
    cells.add(value, low, high, primary=small, fixed=not people or (value == 0 and not small), lean=lean, people=people)


def _share(row: tuple[Any, ...], cells: Cells, rule: Rule, *, disclosive: bool) -> int:
    """The cell of a percentage's or rate's numerator; -1 where nothing can be told of it."""
    indicator, area, breakdown, period, unit, value, top, total = row
    top = top if np.isfinite(top) else np.round(value * total / SHARES.get(unit, 1.0)) if total > 0 else np.nan
    if not np.isfinite(top):
        return -1
    place = (NUMERATOR_OF + indicator, area, breakdown, period)
    if place in cells.by_place:
        return cells.by_place[place]
    low, high, small = float(rule.withhold_from), float(rule.withhold_to), within(rule, top)
    if not small and unit == "percent" and np.isfinite(total) and within(rule, total - top):
        low, high, small = total - high, total - low, True
    if not small and np.isfinite(total) and within(rule, total):
        low, high, small = 0.0, high, True
    cells.by_place[place] = cells.add(
        float(top), low, high, primary=small and disclosive, fixed=not disclosive or (top == 0 and not small),
        people=disclosive,
    )  # fmt: skip
    return cells.by_place[place]
