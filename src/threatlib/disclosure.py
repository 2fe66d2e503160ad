"""The one gate: observations go in, a Release for one audience comes out, and nothing above can reach the rest.

Withheld are counts of people inside the rule's range, whatever gives them away (numerators, remainders, percentages,
rates, changes), and as many further cells as it takes that no sum, difference or aggregate leads back to them. A
withheld count is a known interval, shown ``[c]``: never zero, never blank, never simply missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions, Rule
from threatlib.observations import HAS_VALUE

COUNTABLE = ("count", "fte")
SHARES = {"percent": 100.0, "per_1000": 1_000.0, "per_10k": 10_000.0}


@dataclass(frozen=True, slots=True)
class Protection:
    """An audience and the rule it is served under."""

    audience: str
    title: str
    marking: str
    rule: Rule

    @property
    def withholds(self) -> bool:
        """Whether anything can be withheld from this audience at all."""
        return self.rule.withhold_to >= max(self.rule.withhold_from, 1)


@dataclass(frozen=True, slots=True)
class Relation:
    """One row that is the sum of others: positions in the table."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """What an audience may see, in the shape of the observations.

    `table` has the columns of `observations.COLUMNS`; a withheld figure has status ``withheld``, no value, and the
    interval [`lower`, `upper`] anyone may know (`upper` is NaN where no bound can be stated).
    """

    table: pd.DataFrame
    protection: Protection
    withheld: int


def protection(definitions: Definitions, audience: str) -> Protection:
    """The rule an audience is served under.

    Raises
    ------
    KeyError
        If the partnership has no such audience.
    """
    chosen = definitions.partnership.audiences[audience]
    return Protection(audience, chosen.title, chosen.marking, definitions.partnership.rules[chosen.rule])


def protect(
    observations: pd.DataFrame,
    audience: Protection,
    history: pd.DataFrame | None = None,
    *,
    definitions: Definitions,
) -> Release:
    """Withhold what the audience may not see.

    Parameters
    ----------
    observations : DataFrame
        The tidy table with bases filled in (`observations.with_bases`).
    audience : Protection
        Who will read it, under which rule.
    history : DataFrame, optional
        Rows of earlier Releases (the same columns): what was withheld there stays withheld here.
    definitions : Definitions
        Which indicators count people, and what adds up to what.

    Notes
    -----
    Primary: a count of people c with `withhold_from` <= c <= `withhold_to`, and zero only if the rule includes it;
    the same for the numerator n and remainder N - n of a share. Secondary: intervals are propagated through every known
    sum until stable; while a withheld count could be pinned to fewer values than the rule's range, the smallest visible
    part of that sum is withheld too (ties by position, so that the choice never depends on what is hidden).
    """
    table = observations.reset_index(drop=True).copy()
    if not audience.withholds:
        return Release(table, audience, 0)
    primary = _primary(table, audience.rule, definitions)
    if history is not None:
        primary |= _withheld_before(table, history)
    relations = tuple(relations_of(table, definitions))
    hidden = primary | _given_away(table, primary, definitions)
    low, high = _secondary(table, hidden, primary, relations, audience.rule)
    hidden |= _given_away(table, hidden, definitions)
    return Release(_blank(table, hidden, low, high, audience.rule), audience, int(hidden.sum()))


def _in_range(values: pd.Series, rule: Rule) -> pd.Series:
    """Counts a rule withholds; a share's numerator is known only to rounding, hence the half."""
    whole = values.round()
    return (whole >= rule.withhold_from) & (whole <= rule.withhold_to)


def _primary(table: pd.DataFrame, rule: Rule, definitions: Definitions) -> np.ndarray:
    people = table["indicator"].map({i.id: i.disclosive for i in definitions.catalogue.indicators}).fillna(True)
    present = table["status"].isin(HAS_VALUE)
    counted = table["unit"].isin(COUNTABLE) & _in_range(table["value"], rule)
    per = table["unit"].map(SHARES)
    implied = table["numerator"].where(table["numerator"].notna(), table["value"] * table["denominator"] / per)
    remainder = (table["denominator"] - implied).where(table["unit"] == "percent")
    shared = per.notna() & (
        _in_range(implied, rule) | _in_range(remainder, rule) | _in_range(table["denominator"], rule)
    )
    return np.asarray(people.astype(bool) & present & (counted | shared))


def _withheld_before(table: pd.DataFrame, history: pd.DataFrame) -> np.ndarray:
    key = ["indicator", "agency", "area", "breakdown", "period"]
    before = pd.MultiIndex.from_frame(history.loc[history["status"] == "withheld", key])
    return np.asarray(pd.MultiIndex.from_frame(table[key]).isin(before)) & table["status"].isin(HAS_VALUE).to_numpy()


def _given_away(table: pd.DataFrame, hidden: np.ndarray, definitions: Definitions) -> np.ndarray:
    """Shares made from a withheld count, and stated changes that begin or end at one."""
    gone = table[hidden & table["unit"].isin(COUNTABLE)]
    if gone.empty:
        return np.zeros(len(table), dtype=bool)
    places = set(zip(gone["indicator"], gone["area"], gone["breakdown"], gone["period"], strict=True))
    found = np.zeros(len(table), dtype=bool)
    for column in ("numerator", "denominator"):
        names = {i.id: getattr(i, column) for i in definitions.catalogue.indicators if i.unit != "count"}
        wanted = table["indicator"].map(names)
        keys = zip(wanted, table["area"], table["breakdown"], table["period"], strict=True)
        found |= np.fromiter((key in places for key in keys), dtype=bool, count=len(table))
    changes = {i.id: i.change_of for i in definitions.catalogue.indicators if i.change_of}
    for position in np.flatnonzero(table["indicator"].isin(changes)):
        row = table.iloc[position]
        of = gone[(gone["indicator"] == changes[str(row["indicator"])]) & (gone["area"] == row["area"])]
        year = pd.Timedelta(days=800)
        found[position] |= bool(((of["end"] <= row["end"]) & (of["end"] > row["start"] - year)).any())
    return found & table["status"].isin(HAS_VALUE).to_numpy()


def relations_of(table: pd.DataFrame, definitions: Definitions) -> Iterable[Relation]:
    """Every sum the published rows obey: areas, parts of an indicator, breakdowns, quarters and months of a year."""
    counts = table[table["unit"].isin(COUNTABLE) & table["used"]]
    at: dict[tuple[str, str, str, str], int] = {}
    for position, *key in counts[["indicator", "area", "breakdown", "period"]].itertuples():
        at.setdefault((key[0], key[1], key[2], key[3]), position)
    area_parts = {a.name: a.parts for a in definitions.partnership.areas if a.parts}
    part_ids = {i.id: i.parts for i in definitions.catalogue.indicators if i.parts}
    splits: dict[tuple[str, str, str, str], list[int]] = {}
    for (indicator, area, breakdown, period), position in at.items():
        if breakdown:
            dimension = breakdown.split("=", 1)[0]
            splits.setdefault((indicator, area, period, dimension), []).append(position)
        sums = [[(indicator, part, breakdown, period) for part in area_parts.get(area, ())]]
        sums.append([(part, area, breakdown, period) for part in part_ids.get(indicator, ())])
        for keys in sums:
            if keys and all(key in at for key in keys):
                yield Relation(position, tuple(at[key] for key in keys))
    for (indicator, area, period, _), positions in splits.items():
        if (total := at.get((indicator, area, "", period))) is not None:
            yield Relation(total, tuple(positions))
    yield from _in_time(counts)


def _in_time(counts: pd.DataFrame) -> Iterable[Relation]:
    tiles = {
        "quarter": ("month",),
        "half_year": ("quarter", "month"),
        "financial_year": ("half_year", "quarter", "month"),
    }
    pieces = {"month": 1, "quarter": 3, "half_year": 6, "financial_year": 12}
    several = counts[counts["kind"].isin(pieces)]
    for _, series in several.groupby(["indicator", "area", "breakdown"], sort=False):
        if series["kind"].nunique() < 2:
            continue
        for position, total in series[series["kind"].isin(tiles)].iterrows():
            for kind in tiles[str(total["kind"])]:
                inside = series[
                    (series["kind"] == kind) & (series["start"] >= total["start"]) & (series["end"] <= total["end"])
                ]
                inside = inside.drop_duplicates("period")
                if len(inside) * pieces[kind] == pieces[str(total["kind"])]:
                    yield Relation(cast(int, position), tuple(inside.index))


def _secondary(
    table: pd.DataFrame, hidden: np.ndarray, primary: np.ndarray, relations: Sequence[Relation], rule: Rule
) -> tuple[np.ndarray, np.ndarray]:
    """Withhold further cells (in place) until no primary cell can be pinned down; give the deducible intervals."""
    value = table["value"].to_numpy(dtype=float)
    low, high = _deduce(table, hidden, primary, relations, rule)
    width = rule.withhold_to - rule.withhold_from
    while True:
        exposed = False
        for relation in relations:
            members = [*relation.parts, relation.total]
            if not any(primary[m] and high[m] - low[m] < width for m in members):
                continue
            visible = [m for m in members if not hidden[m] and value[m] > 0]
            if visible:
                hidden[min(visible, key=lambda m: (m == relation.total, value[m], m))] = True
                exposed = True
        if not exposed:
            return low, high
        low, high = _deduce(table, hidden, primary, relations, rule)


def _deduce(
    table: pd.DataFrame, hidden: np.ndarray, primary: np.ndarray, relations: Sequence[Relation], rule: Rule
) -> tuple[np.ndarray, np.ndarray]:
    """What an outsider can work out: intervals propagated through every sum until nothing tightens."""
    value = table["value"].to_numpy(dtype=float)
    low = np.where(hidden, np.where(primary, rule.withhold_from, 0), table["lower"].fillna(0.0))
    high = np.where(hidden, np.where(primary, rule.withhold_to, np.inf), table["upper"].fillna(np.inf))
    low, high = np.where(hidden | np.isnan(value), low, value), np.where(hidden | np.isnan(value), high, value)
    touched = [r for r in relations if any(hidden[m] for m in (*r.parts, r.total))]
    for _ in range(len(touched) + 1):
        before = low.copy(), high.copy()
        for relation in touched:
            parts = np.array(relation.parts)
            total = relation.total
            low[total] = max(low[total], low[parts].sum())
            high[total] = min(high[total], high[parts].sum())
            others_low, others_high = low[parts].sum() - low[parts], _without(high[parts])
            low[parts] = np.maximum(low[parts], low[total] - others_high)
            high[parts] = np.minimum(high[parts], high[total] - others_low)
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            break
    return low, high


def _without(values: np.ndarray) -> np.ndarray:
    """Sum of all the other values, right also where some are infinite."""
    endless = np.isinf(values)
    finite = values[~endless].sum()
    others_endless = endless.sum() - endless
    return np.where(others_endless > 0, np.inf, finite - np.where(endless, 0.0, values))


def _blank(table: pd.DataFrame, hidden: np.ndarray, low: np.ndarray, high: np.ndarray, rule: Rule) -> pd.DataFrame:
    out = table.copy()
    counted = table["unit"].isin(COUNTABLE).to_numpy()
    out["lower"] = np.where(hidden, np.where(counted, low, np.nan), out["lower"])
    out["upper"] = np.where(hidden, np.where(counted & np.isfinite(high), high, np.nan), out["upper"])
    out.loc[hidden, ["value", "numerator", "denominator"]] = np.nan
    out.loc[hidden, "status"] = "withheld"
    out.loc[hidden, ["said"]] = ""
    out["note"] = ""  # free text may repeat any number, its own or another row's
    shown_share = table["unit"].isin(SHARES).to_numpy() & ~hidden
    out.loc[~shown_share & ~counted, "numerator"] = np.nan
    if rule.round_to > 1:
        rounded = counted & ~hidden & out["value"].notna().to_numpy()
        step = rule.round_to
        out.loc[rounded, "value"] = (out.loc[rounded, "value"] / step).round() * step
        out.loc[rounded, "lower"] = out.loc[rounded, "value"] - step / 2
        out.loc[rounded, "upper"] = out.loc[rounded, "value"] + step / 2
    return out
