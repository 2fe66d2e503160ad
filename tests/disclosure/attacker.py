"""An attacker of our own making on published folders, who shares nothing with the gate nor with the auditor.

What the tables print of several briefings goes into one system of whole numbers: an unknown for each figure and each
of its editions; sums over parts, groups, areas and any stretches of time (as differences of running totals); shares as
inequalities as wide as their rounding; subsets. Integer programs then look for the smallest and the largest value of
every withheld figure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

Place = tuple[str, str, str, str]
Terms = dict[Hashable, float]
Same = Callable[[int, Place], Hashable]
"""Names the edition of a figure in the briefing of a number: figures with one name are taken to be one."""

Key = tuple[int, str, str, str, str]
"""The number of a briefing and a place."""

_PLACE = ["indicator", "area", "breakdown", "period"]
_PER = {"percent": 100.0, "per_1000": 1_000.0, "per_10k": 10_000.0}
COLUMNS = ["folder", *_PLACE, "stated_lower", "stated_upper", "lower", "upper"]
_MONTH, _FAR, _ENOUGH = 12, 100_000.0, 60.0


@dataclass
class System:
    """Unknowns with their ends, and rows `low <= terms <= high` over them."""

    ends: dict[Hashable, tuple[float, float]] = field(default_factory=dict)
    rows: dict[tuple[tuple[Hashable, float], ...], tuple[float, float]] = field(default_factory=dict)

    def know(self, name: Hashable, low: float, high: float = np.inf) -> None:
        before = self.ends.get(name, (0.0, np.inf))
        self.ends[name] = (max(low, before[0]), min(high, before[1]))

    def say(self, terms: Terms, low: float = 0.0, high: float = 0.0) -> None:
        for name in terms:
            self.ends.setdefault(name, (0.0, np.inf))
        key = tuple(sorted(terms.items(), key=repr))
        before = self.rows.get(key, (-np.inf, np.inf))
        self.rows[key] = (max(low, before[0]), min(high, before[1]))


def attack(folders: Sequence[Path], same: Same | None = None) -> pd.DataFrame:
    """The interval deduced for each withheld count of several briefings of a partnership, read together.

    Parameters
    ----------
    folders : sequence of Path
        Published folders, oldest first.
    same : callable, optional
        What the attacker knows of revisions; by default no figure that is withheld was ever revised.

    Returns
    -------
    DataFrame
        `folder` (its number), the place, the ends stated and the ends deduced.
    """
    found, torn = _deduced(folders, same)
    if torn:  # figures of which something was revised: each edition by itself
        apart, _ = _deduced(folders, lambda number, _: number)
        found.update({key: ends for key, ends in apart.items() if key in torn})
    return pd.DataFrame([[*key, *ends] for key, ends in found.items()], columns=COLUMNS)


def narrow(found: pd.DataFrame, low: int, high: int) -> pd.DataFrame:
    """Of what was deduced, intervals narrower than a rule's, and those stated as the rule's and forced at an end."""
    ends = (found["stated_lower"] == low) & (found["stated_upper"] == high)
    forced = ends & ((found["lower"] > low) | (found["upper"] < high))
    return found[forced | (found["upper"] - found["lower"] < high - low)]


def _deduced(folders: Sequence[Path], same: Same | None) -> tuple[dict[Key, tuple[float, ...]], set[Key]]:
    """Ends stated and deduced, and the figures for which the editions do not fit together."""
    system, asked = System(), []
    for number, folder in enumerate(folders):
        table, catalogue, step = _tables(folder)
        name = _names(table, number, same)
        asked += _figures(system, number, table, name)
        _shares(system, step, table, catalogue, name)
        _sums(system, step, table, catalogue, name)
        _times(system, number, table, catalogue, name)
    ends = _solved(system, {name for *_, name in asked})
    found = {(n, *place): (*stated, *ends.get(name, (np.nan, np.nan))) for n, place, stated, name in asked}
    return found, {(n, *place) for n, place, _, name in asked if name not in ends}


def _tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Figures, definitions, and to what counts are rounded."""
    table = pd.read_csv(folder / "tables" / "observations.csv", dtype=str, keep_default_na=False)
    for column in ("value", "lower", "upper", "numerator", "denominator"):
        table[f"{column}_"] = table[column]
        table[column] = pd.to_numeric(table[column], errors="coerce")
    table = table[table["indicator"] != ""].reset_index(drop=True)
    rounded_to = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["disclosure"]["rounded_to"]
    return table, pd.read_csv(folder / "tables" / "catalogue.csv", dtype=str, keep_default_na=False), rounded_to


def _names(table: pd.DataFrame, number: int, same: Same | None) -> Callable[[Place], Hashable]:
    """The unknown that a place of this briefing is: shared by editions that say the same."""
    if same is not None:
        return lambda place: (place, same(number, place))
    shown = table[table["value"].notna()]
    told = dict(zip(map(tuple, shown[_PLACE].to_numpy()), shown["value"], strict=True))
    return lambda place: (place, told.get(place, "withheld"))


def _figures(
    system: System, number: int, table: pd.DataFrame, name: Callable[[Place], Hashable]
) -> list[tuple[int, Place, tuple[float, float], Hashable]]:
    """What is printed of each count, shown or withheld; those that are withheld."""
    asked = []
    counts = table[table["unit"].isin(["count", "fte"])]
    hidden = set(map(tuple, counts.loc[counts["status"] == "withheld", _PLACE].to_numpy()))
    for *place, status, value, low, high in counts[[*_PLACE, "status", "value", "lower", "upper"]].itertuples(
        index=False, name=None
    ):
        here = name(tuple(place))
        if status == "withheld" and low == low:
            stated = (low, high if high == high else np.inf)
            system.know(here, *stated)
            asked.append((number, tuple(place), stated, here))
        elif tuple(place) in hidden:
            continue  # another printing of it, with another number: a guess
        elif low == low or value == value:
            system.know(here, low if low == low else value, high if high == high else value)
    return asked


def _shares(
    system: System, step: int, table: pd.DataFrame, catalogue: pd.DataFrame, name: Callable[[Place], Hashable]
) -> None:
    """A share s of n in d, printed to within h: (s - h) d <= n <= (s + h) d, and n is no more than d."""
    top, bottom = (dict(zip(catalogue["id"], catalogue[c], strict=True)) for c in ("numerator", "denominator"))
    digits: dict[str, int] = {}
    for indicator, text in zip(table["indicator"], table["value_"], strict=True):
        digits[indicator] = max(digits.get(indicator, 0), len(text.partition(".")[2].removesuffix("0")))
    for indicator, *rest, unit, value, numerator, denominator in table[
        [*_PLACE, "unit", "value", "numerator", "denominator"]
    ].itertuples(index=False, name=None):
        if bottom.get(indicator) and unit in ("count", "fte") and denominator == denominator:
            base = name((bottom[indicator], *rest))
            if base in system.ends:
                system.know(base, denominator, denominator)
        if unit not in _PER or value != value:
            continue
        n = name((top.get(indicator) or f"#{indicator}", *rest))
        d = name((bottom.get(indicator) or f"of {indicator}", *rest))
        for which, number in ((n, numerator), (d, denominator)):
            if number == number:
                system.know(which, np.ceil(number - step / 2), np.floor(number + step / 2))
        half = 0.5 * 10.0 ** -digits[indicator] + 1e-9
        system.say({n: 1.0, d: -(value - half) / _PER[unit]}, 0.0, np.inf)
        system.say({n: 1.0, d: -(value + half) / _PER[unit]}, -np.inf, 0.0)
        if unit == "percent" and value <= 100:
            system.say({d: 1.0, n: -1.0}, 0.0, np.inf)


def _sums(
    system: System, step: int, table: pd.DataFrame, catalogue: pd.DataFrame, name: Callable[[Place], Hashable]
) -> None:
    """Parts and partitions, subsets, groups of a breakdown, and areas named as two others together."""
    counts = table[table["unit"].isin(["count", "fte"]) & (table["lower"].notna() | table["value"].notna())]
    places = dict.fromkeys(map(tuple, counts[_PLACE].to_numpy()))
    value = {p: v for p, v in zip(map(tuple, counts[_PLACE].to_numpy()), counts["value"], strict=True) if v == v}
    groups: dict[str, list[list[str]]] = {}
    for entry in catalogue.to_dict("records"):
        lists = [entry["parts"], *re.findall(r"\(([^)]*)\)", entry["partitions"])]
        groups[entry["id"]] = [found for text in lists if (found := re.findall(r"\w+", text))]
    over = {entry["id"]: entry["within"] for entry in catalogue.to_dict("records") if entry["within"]}
    areas = {a: tuple(a.split(" and ")) for a in counts["area"].unique() if " and " in a}
    areas |= {"Both": ("Hackney", "City")}
    kinds: dict[tuple[str, str, str, str], list[Place]] = {}
    sums: list[tuple[Hashable, Place, list[Place]]] = []
    for place in places:
        indicator, area, group, period = place
        for parts in groups.get(indicator, ()):
            sums.append(((indicator, *parts), place, [(part, area, group, period) for part in parts]))
        if area in areas:
            sums.append((area, place, [(indicator, part, group, period) for part in areas[area]]))
        if group:
            kinds.setdefault((indicator, area, group.split("=")[0], period), []).append(place)
        whole = (over.get(indicator, ""), area, group, period)
        if whole in places:
            system.say({name(whole): 1.0, name(place): -1.0}, 0.0, np.inf)
    sums += [((i, g), (i, a, "", p), parts) for (i, a, g, p), parts in kinds.items()]
    _believed(system, step, [s for s in sums if all(p in places for p in (s[1], *s[2]))], value, name)


def _believed(
    system: System,
    step: int,
    sums: Iterable[tuple[Hashable, Place, list[Place]]],
    value: dict[Place, float],
    name: Callable[[Place], Hashable],
) -> None:
    """Sums of a kind that comes out wherever all of it is shown; parts are never more than the whole."""
    rests: dict[Hashable, list[float]] = {}
    sums = list(sums)
    for kind, whole, parts in sums:
        if all(p in value for p in (whole, *parts)):
            rests.setdefault(kind, []).append(abs(value[whole] - sum(value[p] for p in parts)))
    for kind, whole, parts in sums:
        if all(p in value for p in (whole, *parts)):
            continue
        exact = np.mean(np.array(rests.get(kind, [0.0])) <= (step - 1) / 2 * (1 + len(parts))) > 0.8
        system.say({name(whole): 1.0} | {name(p): -1.0 for p in parts}, 0.0, 0.0 if exact else np.inf)


def _times(
    system: System, number: int, table: pd.DataFrame, catalogue: pd.DataFrame, name: Callable[[Place], Hashable]
) -> None:
    """Counts over stretches of time are differences of one running total."""
    flows = set(catalogue.loc[catalogue["frequency"] != "snapshot", "id"])
    counts = table[table["unit"].eq("count") & (table["lower"].notna() | table["value"].notna())]
    series: dict[tuple[str, ...], list[tuple[date, date, Place]]] = {}
    for place in dict.fromkeys(map(tuple, counts[_PLACE].to_numpy())):
        if place[0] in flows and (days := stretch(place[3])):
            series.setdefault(place[:3], []).append((*days, place))
    for key, stretches in series.items():
        if len({(end - start).days // 25 for start, end, _ in stretches}) < 2:
            continue
        for start, end, place in stretches:
            finish, begin = (("clock", number, *key, day) for day in (end, start))
            for day in (begin, finish):
                system.ends[day] = (-_FAR, _FAR)
            system.say({name(place): 1.0, finish: -1.0, begin: 1.0})


def stretch(period: str) -> tuple[date, date] | None:
    """First day and the day after the last of a month, quarter, year or run of months; None for a day."""
    if found := re.fullmatch(r"(\d{4})-(\d\d)/(\d{4})-(\d\d)", period):
        first, last = (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
    elif found := re.fullmatch(r"(\d{4})-\d\d-Q(\d)", period):
        month = 3 * int(found[2]) + 1
        first, last = (int(found[1]), month), (int(found[1]), month + 2)
    elif found := re.fullmatch(r"(\d{4})-(\d\d)", period):
        year, part = int(found[1]), int(found[2])
        yearly = part == (year + 1) % 100 and part > _MONTH
        first, last = ((year, 4), (year, 15)) if yearly else ((year, part), (year, part))
        if not yearly and part > _MONTH:
            return None
    else:
        return None
    return _first_of(*first), _first_of(last[0], last[1] + 1)


def _first_of(year: int, month: int) -> date:
    return date(year + (month - 1) // _MONTH, (month - 1) % _MONTH + 1, 1)


def _solved(system: System, asked: set[Hashable]) -> dict[Hashable, tuple[float, float]]:
    """The smallest and the largest value of each figure asked for."""
    names = [n for n, (low, high) in system.ends.items() if low < high]
    column = {n: i for i, n in enumerate(names)}
    entries, low, high = [], [], []
    for row, (terms, (least, most)) in enumerate(system.rows.items()):
        known = sum(factor * system.ends[n][0] for n, factor in terms if n not in column)
        low.append(least - known)
        high.append(most - known)
        entries += [(row, column[n], factor) for n, factor in terms if n in column]
    at = np.array(entries).reshape(-1, 3)
    matrix = csr_matrix(coo_matrix((at[:, 2], (at[:, 0].astype(int), at[:, 1].astype(int))), (len(low), len(names))))
    _, group = connected_components(abs(matrix).T @ abs(matrix), directed=False)
    found = {n: system.ends[n] for n in asked if n not in column}
    for number in np.unique(group[[column[n] for n in asked if n in column]]):
        inside = np.flatnonzero(group == number)
        rows = np.flatnonzero(np.diff(matrix[:, inside].indptr))
        part = _Part(
            matrix[rows][:, inside], np.array(low)[rows], np.array(high)[rows], [names[i] for i in inside], system.ends
        )
        found |= part.ends([n for n in part.names if n in asked])  # nothing where no figures fit
    return found


@dataclass
class _Part:
    """Unknowns that hang together."""

    matrix: csr_matrix
    low: np.ndarray
    high: np.ndarray
    names: list[Hashable]
    known: dict[Hashable, tuple[float, float]]

    def ends(self, asked: list[Hashable]) -> dict[Hashable, tuple[float, float]]:
        """Ends of the unknowns asked for, from as few programs as may be: every answer tells of all of them."""
        at = [self.names.index(n) for n in asked]
        seen = np.full((2, len(self.names)), np.nan)
        chance = np.random.default_rng(0)
        signs = [np.ones(len(at)), -np.ones(len(at)), *(chance.choice([-1.0, 1.0], len(at)) for _ in range(6))]
        for sign in signs:
            towards = np.zeros(len(self.names))
            towards[at] = sign
            if not self._look(towards, seen):
                return {}
        for i, name in zip(at, asked, strict=True):
            for way, end in (
                (1.0, self.known[name][0]),
                (-1.0, min(self.known[name][1], self.known[name][0] + _ENOUGH)),
            ):
                if way * (seen[0 if way > 0 else 1, i] - end) > 0:
                    towards = np.zeros(len(self.names))
                    towards[i] = way
                    self._look(towards, seen)
        return {name: (float(seen[0, i]), float(seen[1, i])) for i, name in zip(at, asked, strict=True)}

    def _look(self, towards: np.ndarray, seen: np.ndarray) -> bool:
        """Note the figures that lie furthest one way; False where none fit."""
        low, high = (np.array([self.known[n][end] for n in self.names]) for end in (0, 1))
        whole = np.array([0 if n[0] == "clock" else 1 for n in self.names])
        answer = milp(
            towards, integrality=whole, bounds=Bounds(low, np.minimum(high, _FAR)),
            constraints=LinearConstraint(self.matrix, self.low, self.high), options={"time_limit": 20.0},
        )  # fmt: skip
        if answer.x is None:
            return False
        here = np.where(whole, np.round(answer.x), answer.x)
        seen[0], seen[1] = np.fmin(seen[0], here), np.fmax(seen[1], here)
        return True
