"""An attacker on a published folder: what it prints, what adds up, and what follows for the withheld figures.

It reads files only, knows nothing of the gate, and believes what the gate states. See `audit`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from threatlib.briefing.elsewhere import also_published
from threatlib.briefing.printed import printed
from threatlib.briefing.sums import Place, Sum, sums_of
from threatlib.disclosure.feasible import furthest
from threatlib.disclosure.gate import WORD
from threatlib.errors import VerificationError

SHARES = {"percent": 100.0, "per_1000": 1_000.0, "per_10k": 10_000.0}
SHOWN = ("reported", "provisional", "estimated")
COLUMNS = ("indicator", "area", "breakdown", "period", "stated_lower", "stated_upper", "lower", "upper", "safe", "how")


@dataclass
class _Known:
    """What is known of each count: an interval, and which of them are withheld."""

    low: dict[Place, float]
    high: dict[Place, float]
    withheld: dict[Place, tuple[float, float]]
    how: dict[Place, str]

    def learn(self, place: Place, low: float, high: float, how: str) -> None:
        """Narrow a withheld figure; note what did it. What contradicts what is known is of something else."""
        possible = max(low, self.low.get(place, low)) <= min(high, self.high.get(place, high))
        if place in self.withheld and possible and (low > self.low[place] or high < self.high[place]):
            self.low[place], self.high[place] = max(low, self.low[place]), min(high, self.high[place])
            self.how[place] = how


def audit(folder: Path) -> pd.DataFrame:
    """The tightest interval that the published files of one briefing allow for each withheld count.

    Parameters
    ----------
    folder : Path
        A published folder: tables, workbook, pages, notebooks and manifest.

    Returns
    -------
    DataFrame
        One row a withheld count (`COLUMNS`): the interval stated, the one deduced, whether that is as wide as the rule
        asks, and what narrowed it last. Read are the folder itself and every other briefing of the partnership beside
        it that withholds anything.

    Raises
    ------
    VerificationError
        If the folder has no tables or manifest to read.
    """
    table, catalogue, manifest = _read(folder)
    known = _stated(table)
    _checksums(known, table, manifest)
    for place, low, high, how in printed(folder, table, catalogue):
        known.learn(place, low, high, how)
    sums = sums_of(table, catalogue)
    for place, value, how in also_published(folder, table, sums, _read):
        known.learn(place, value, value, how)
    _shares(known, table, catalogue)
    _add_up(known, sums)
    rule = manifest["disclosure"]
    width = rule["withheld_to"] - rule["withheld_from"]
    rows = [
        [*place, *stated, known.low[place], known.high[place], known.high[place] - known.low[place] >= width,
         known.how.get(place, "")]
        for place, stated in known.withheld.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Figures, catalogue and manifest of a published folder."""
    try:
        names = {p.name.replace(f"-{WORD}", ""): p for p in (folder / "tables").glob("*.csv")}
        table = pd.read_csv(names["observations.csv"], keep_default_na=False, na_values={})
        catalogue = pd.read_csv(names["catalogue.csv"], keep_default_na=False)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        rule = manifest["disclosure"]
        _ = rule["withheld_to"] - rule["withheld_from"], manifest["inputs"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise VerificationError(f"{folder}: not a published folder that can be audited ({fault}).") from fault
    return _numbers(table), catalogue, manifest


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    for name in ("value", "lower", "upper", "numerator", "denominator"):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    return table


def _places(table: pd.DataFrame) -> Iterator[Place]:
    return zip(*(table[name].tolist() for name in ("indicator", "area", "breakdown", "period")), strict=True)


def _stated(table: pd.DataFrame) -> _Known:
    """Counts as the table of observations prints them."""
    known = _Known({}, {}, {}, {})
    counts = table[table["unit"].isin(["count", "fte"]) & (table["lower"].notna() | table["value"].notna())]
    for place, status, value, lower, upper in zip(
        _places(counts), counts["status"], counts["value"], counts["lower"], counts["upper"], strict=True
    ):
        low, high = (lower, np.inf if np.isnan(upper) else upper) if pd.notna(lower) else (value, value)
        if status == "withheld":
            known.withheld[place] = (low, high)
            if pd.notna(value):
                low = high = value
                known.how[place] = "tables/observations.csv prints it"
        known.low[place] = max(low, known.low.get(place, -np.inf))
        known.high[place] = min(high, known.high.get(place, np.inf))
    return known


def _checksums(known: _Known, table: pd.DataFrame, manifest: dict[str, Any]) -> None:
    """A plain checksum of a file is as good as a single withheld figure in it: guess, hash, compare."""
    plain = {entry["path"] for entry in manifest.get("inputs", ()) if entry["digest"].startswith("sha256:")}
    hidden = table[(table["status"] == "withheld") & table["file"].isin(plain)]
    for place in _places(hidden):
        if place in known.withheld:
            known.learn(place, known.low[place], known.low[place], "manifest.json has the plain checksum of its file")


def _shares(known: _Known, table: pd.DataFrame, catalogue: pd.DataFrame) -> None:
    """Percentages and rates that are shown, times what they are of."""
    top = dict(zip(catalogue["id"], catalogue["numerator"], strict=True))
    bottom = dict(zip(catalogue["id"], catalogue["denominator"], strict=True))
    shown = table[table["unit"].isin(SHARES) & table["status"].isin(SHOWN) & table["value"].notna()]
    for place, value, unit, over, under in zip(
        _places(shown), shown["value"], shown["unit"], shown["numerator"], shown["denominator"], strict=True
    ):
        half = 0.5 * 10.0 ** -_decimals(value)
        n, d = (top.get(place[0], ""), *place[1:]), (bottom.get(place[0], ""), *place[1:])
        total = known.low.get(d, under) if known.low.get(d) == known.high.get(d) else under
        per = SHARES[unit]
        if n in known.withheld and np.isfinite(total):
            ends = (np.ceil((value - half) * total / per - 1e-9), np.floor((value + half) * total / per + 1e-9))
            known.learn(n, *ends, "a share of it is shown")
        if d in known.withheld and np.isfinite(over) and value > half:
            ends = (np.ceil(over * per / (value + half) - 1e-9), np.floor(over * per / (value - half) + 1e-9))
            known.learn(d, *ends, "a share made from it is shown")


def _decimals(value: float) -> int:
    return next((d for d in range(7) if abs(value * 10**d - round(value * 10**d)) < 1e-6), 7)


def _add_up(known: _Known, sums: list[Sum]) -> None:
    """All sums together: first what each says alone, then exact whole numbers where several hold together."""
    useful = [s for s in sums if any(known.low[p] < known.high[p] for p, _ in s)]
    changed = True
    while changed:
        changed = sum(_narrow(known, terms) for terms in useful) > 0
    for group in _together(known, useful):
        _exactly(known, group)


def _narrow(known: _Known, terms: Sum) -> bool:
    """Tighten each figure of a sum by the others."""
    moved = False
    for place, sign in terms:
        low = high = 0.0
        for other, way in terms:
            if other != place:
                ends = (known.low[other], known.high[other])
                turned = -sign * way
                low += ends[0] if turned > 0 else -ends[1]
                high += ends[1] if turned > 0 else -ends[0]
        if low > known.low[place] + 1e-9 or high < known.high[place] - 1e-9:
            moved |= place in known.withheld
            known.learn(place, low, high, "a sum")
    return moved


def _together(known: _Known, sums: list[Sum]) -> Iterator[list[Sum]]:
    """Sums that share figures that are not known."""
    of: dict[Place, list[Sum]] = {}
    groups: dict[int, list[Sum]] = {}
    for terms in sums:
        open_ = [p for p, _ in terms if known.low[p] < known.high[p]]
        joined = {id(of[p]): of[p] for p in open_ if p in of}
        group = [terms, *(t for g in joined.values() for t in g)]
        for other in joined:
            groups.pop(other, None)
        groups[id(group)] = group
        for t in group:
            of.update({p: group for p, _ in t if known.low[p] < known.high[p]})
    yield from (group for group in groups.values() if len(group) > 1)


def _exactly(known: _Known, group: list[Sum]) -> None:
    """Integer programs over a group of sums, two for each withheld figure in it."""
    places = sorted({p for terms in group for p, _ in terms if known.low[p] < known.high[p]})
    column = {place: i for i, place in enumerate(places)}
    matrix, total = np.zeros((len(group), len(places))), np.zeros(len(group))
    for row, terms in enumerate(group):
        for place, sign in terms:
            if place in column:
                matrix[row, column[place]] = sign
            else:
                total[row] -= sign * known.low[place]
    low, high = (np.array([ends[p] for p in places]) for ends in (known.low, known.high))
    for place in places:
        if place not in known.withheld:
            continue
        ends = []
        for way, limit in ((-1.0, known.low[place]), (1.0, known.high[place])):
            found = furthest(matrix, low, high, column[place], way, total)
            ends.append(limit if found is None else float(found[column[place]]))
        known.learn(place, ends[0], ends[1], "several sums together")
