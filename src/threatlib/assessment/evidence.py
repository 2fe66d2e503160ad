"""All that speaks of one change, gathered: the detector, comparisons, earlier years, groups, counterparts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from threatlib.assessment import chance, low
from threatlib.assessment import levels as yearly
from threatlib.assessment.absence import absences
from threatlib.assessment.coupling import COLUMNS as LINKED
from threatlib.assessment.coupling import coupling
from threatlib.assessment.sentences import Part, Row, change, plain
from threatlib.assessment.years import known, years
from threatlib.catalogue import Definitions
from threatlib.disclosure import Release
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import Period, parse
from threatlib.signals import SERIES, signals

COLUMNS = (
    "finding_id", "check", *SERIES, "name", "arrow", "leads", "period", "p", "alpha", "sentence", "rows", "signal_id",
)  # fmt: skip
"""Columns of the evidence: one row a piece; the first of each finding leads."""
MOVED = ("up", "down")
STALE = pd.DateOffset(years=2)
"""So long after the end of a series' latest figure nothing is said of it as if it were of now."""
ORDER = ("absence", "scan", yearly.CHECK, "year_before", "previous", "latest_earlier")
"""Which evidence leads where several speak of one change."""


@dataclass(frozen=True)
class Evidence:
    """What a quarter's figures say, table by table; `shown` is what the audience may see, `totals` its years."""

    shown: pd.DataFrame
    totals: pd.DataFrame
    signals: pd.DataFrame
    levels: pd.DataFrame
    absence: pd.DataFrame
    coupling: pd.DataFrame


def evidence(
    release: Release, definitions: Definitions, quarter: Period, history: pd.DataFrame | None = None, *,
    linked: bool = True,
) -> Evidence:  # fmt: skip
    """Put every question to the figures of a quarter; `linked` is whether those of what is read together, too.

    `history`, what was released before, shows how complete provisional figures usually are when first shown.

    Of a series that a declared gap has cut off nothing is said as if it were of this quarter: the last figures before
    the gap say nothing of what happened in it.
    """
    shown = known(release, quarter)
    totals = years(shown)
    cut = _cut_off(shown, definitions, quarter)
    totals = totals[~_among(totals, cut)]
    own = totals[totals["area"].isin(definitions.partnership.local_areas) & (totals["breakdown"] == "")]
    seen = signals(release, definitions, quarter, history)
    varies = chance.dispersions(seen)
    return Evidence(
        shown,
        totals,
        _without(_current(seen, quarter), cut),
        yearly.levels(own[own["indicator"].isin(_measured(definitions))], definitions, varies),
        absences(shown, totals, definitions, quarter, varies),
        coupling(shown, totals, definitions) if linked else pd.DataFrame(columns=list(LINKED)),
    )


def _cut_off(shown: pd.DataFrame, definitions: Definitions, quarter: Period) -> set[tuple[str, str]]:
    """Indicators and areas whose last figure is from before a declared gap that reaches into this quarter."""
    found = set()
    ended = shown[shown["status"].isin([*HAS_VALUE, *HIDDEN])].groupby(["indicator", "area"], sort=False)["end"].max()
    for entry in definitions.annotations.annotations:
        if entry.kind != "gap" or not entry.start:
            continue
        first = pd.Timestamp(parse(entry.start).start)
        last = pd.Timestamp(parse(entry.end).end) if entry.end else pd.Timestamp(quarter.end)
        if first > pd.Timestamp(quarter.end) or last < pd.Timestamp(quarter.start):
            continue
        names = ended[ended < first + (pd.Timestamp(quarter.end) - pd.Timestamp(quarter.start))].index
        found |= {
            (str(indicator), str(area)) for indicator, area in names
            if (not entry.indicators or indicator in entry.indicators) and (not entry.areas or area in entry.areas)
        }  # fmt: skip
    return found


def _current(table: pd.DataFrame, quarter: Period) -> pd.DataFrame:
    """Signals whose latest figure is years old cannot be said: what has happened since is not known."""
    if table.empty:
        return table
    old = (table["end"] < pd.Timestamp(quarter.end) - STALE) & table["arrow"].isin([*MOVED, "level"])
    return _unsaid(table, old, "the latest figure is more than two years old")


def _among(table: pd.DataFrame, cut: set[tuple[str, str]]) -> pd.Series:
    keys = zip(table["indicator"], table["area"], strict=True)
    return pd.Series([key in cut for key in keys], table.index, dtype=bool)


def _without(table: pd.DataFrame, cut: set[tuple[str, str]]) -> pd.DataFrame:
    """Signals of series that are cut off cannot be said."""
    if not cut or table.empty:
        return table
    gone = _among(table, cut) & table["arrow"].isin([*MOVED, "level"])
    return _unsaid(table, gone, "the figures since are lost")


def _unsaid(table: pd.DataFrame, gone: pd.Series, why: str) -> pd.DataFrame:
    return table.assign(
        arrow=table["arrow"].mask(gone, "cannot_say"), judgement=table["judgement"].mask(gone, "cannot_say"),
        why=table["why"].mask(gone, why), event=table["event"].mask(gone, ""),
    )  # fmt: skip


def _measured(definitions: Definitions) -> list[str]:
    """Indicators whose years can be held against each other."""
    units = ("count", "fte", "percent", "mean", "per_10k", "per_1000")
    return [indicator.id for indicator in definitions.catalogue.indicators if indicator.unit in units]


def pieces(found: Evidence) -> pd.DataFrame:
    """Every piece that says something, with the `key` of the finding it belongs to; the leading one first.

    A comparison that is not a series' main one, or is of a group, supports the finding of the whole that moved the
    same way. A group that moved without the whole, or against it, makes a finding of its own.
    """
    moved = found.signals
    if len(moved):
        moved = moved[moved["arrow"].isin(MOVED)]
        moved = moved.assign(leads=moved["main"].astype(bool))
    years = found.levels
    if len(years):
        years = years[years["arrow"].isin(MOVED)]
        years = years.assign(check=yearly.CHECK, leads=True, signal_id="", breakdown="")
    absent = found.absence[found.absence["kind"].isin([*low.LOW, *low.UNSAID])] if len(found.absence) else found.absence
    if len(absent):
        arrow = np.where(absent["kind"].isin(low.LOW), "down", "cannot_say")
        absent = absent.assign(check="absence", leads=True, signal_id="", arrow=arrow, p=absent["probability"])
    parts = [part for part in (moved, years, absent) if len(part)]
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "key"])
    table = pd.concat([part.reset_index(drop=True) for part in parts], ignore_index=True, sort=False)
    whole = list(zip(*(table[name] for name in ("indicator", "agency", "area", "arrow")), strict=True))
    said = {
        key for key, leads, group in zip(whole, table["leads"], table["breakdown"], strict=True) if leads and not group
    }
    own = [group if key not in said else "" for key, group in zip(whole, table["breakdown"], strict=True)]
    table["key"] = [(i, a, r, g, w) for (i, a, r, w), g in zip(whole, own, strict=True)]
    table = table[table["key"].isin({key for key, leads in zip(table["key"], table["leads"], strict=True) if leads})]
    order = table["check"].map({name: place for place, name in enumerate(ORDER)})
    rank = np.lexsort((order, table["breakdown"] != "", ~table["leads"].astype(bool)))
    return table.iloc[rank].reset_index(drop=True)


def words(row: Row) -> tuple[Part, ...]:
    """A piece of evidence as a sentence whose every figure keeps its rows."""
    if row["check"] == "absence":
        return low.words(row)
    return yearly.words(row) if row["check"] == yearly.CHECK else change(row)


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """The pieces as a table to be read (`COLUMNS`), each with the finding it belongs to."""
    sentences = [plain(words(row)) for row in table.to_dict("records")]
    out = table.assign(sentence=pd.Series(sentences, table.index, dtype="str")).reindex(columns=list(COLUMNS))
    return out.sort_values("finding_id", kind="stable").reset_index(drop=True)
