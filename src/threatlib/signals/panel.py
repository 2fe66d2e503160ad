"""All series side by side as arrays: sorted once, each row knowing its series and that series' latest row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.catalogue import Annotation, Definitions, Indicator
from threatlib.periods import parse

SERIES = ["indicator", "agency", "area", "breakdown"]
KIND_ORDER = ("quarter", "half_year", "financial_year", "month", "snapshot", "span", "calendar_year", "undated")
"""Which of several figures ending on the same day speaks for the quarter."""

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Panel:
    """Figures in the order of their series and, within one, of their end.

    `table`, `series` (a number), `kind` (a place in `KIND_ORDER`), `end` and `start` have one entry a row; `first` and
    `last` (positions of a series' first and latest row) and `indicators` one a series. `indicator` and `area` are
    codes, one a series, into `names` and `areas`.
    """

    table: pd.DataFrame
    series: Places
    kind: Places
    start: Days
    end: Days
    last: Places
    indicators: tuple[Indicator, ...]
    indicator: Places
    names: Sequence[str]
    area: Places
    areas: Sequence[str]

    @property
    def now(self) -> Places:
        """For each row, the position of the latest row of its series."""
        return self.last[self.series]

    @property
    def past(self) -> Flags:
        """Rows that end before the latest row of their series does."""
        return self.end < self.end[self.now]


def panel_of(local: pd.DataFrame, definitions: Definitions) -> Panel:
    """Sort the figures of all series; series keep the order in which they first appear."""
    series = np.asarray(local.groupby(SERIES, sort=False).ngroup(), dtype=np.int64)
    kind = np.asarray(local["kind"].map({name: n for n, name in enumerate(KIND_ORDER)}), dtype=np.int64)
    order = np.lexsort((-kind, local["end"].to_numpy(), series))
    table, series, kind = local.iloc[order].reset_index(drop=True), series[order], kind[order]
    last = np.flatnonzero(np.diff(series, append=-1))
    indicator, names = pd.factorize(table["indicator"].to_numpy()[last])
    area, areas = pd.factorize(table["area"].to_numpy()[last])
    known = [definitions.catalogue.by_id[str(name)] for name in names]
    return Panel(
        table=table,
        series=series,
        kind=kind,
        start=table["start"].to_numpy(dtype="datetime64[D]"),
        end=table["end"].to_numpy(dtype="datetime64[D]"),
        last=last,
        indicators=tuple(known[code] for code in indicator),
        indicator=indicator,
        names=list(names),
        area=area,
        areas=list(areas),
    )


def breaks_of(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Declared changes of recording or definition that have a date."""
    return [a for a in annotations if a.kind in ("break", "definition") and a.start]


def broken(panel: Panel, breaks: Sequence[Annotation], earlier: Places, later: Places) -> Places:
    """For each pair of rows, the place in `breaks` of the first one that lies between them; -1 where none does.

    A change that took months (`start` to `end`) also parts figures from inside it from those after it.
    """
    found = np.full(len(earlier), -1, dtype=np.int64)
    series = panel.series[later]
    for place, entry in reversed(list(enumerate(breaks))):
        concerned = _named(panel.names, entry.indicators)[panel.indicator]
        concerned &= _named(panel.areas, entry.areas)[panel.area]
        began, done = (np.datetime64(parse(str(when)).start) for when in (entry.start, entry.end or entry.start))
        found[concerned[series] & (panel.start[earlier] < done) & (began <= panel.end[later])] = place
    return found


def _named(names: Sequence[str], chosen: Sequence[str]) -> Flags:
    """Which of the names an annotation speaks of: all of them where it names none."""
    return np.array([not chosen or name in chosen for name in names], dtype=bool)
