"""What is said at a quarter's end of what comes next, so that it can be marked when it has come.

Of each count by quarter: the next one, with a range and the probability of passing the same quarter a year earlier. The
outlook of the financial year (`outlooks`) is taken over as it was said. Everything comes from released figures known up
to the quarter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib import wording
from threatlib.assessment.phia import term
from threatlib.assessment.sentences import Part, plain
from threatlib.catalogue import Definitions
from threatlib.observations import HAS_VALUE
from threatlib.periods import Period, parse, quarter_of, shift
from threatlib.signals import SERIES
from threatlib.signals.panel import breaks_of
from threatlib.stats.outlook import year_end

LEVEL = 0.8
"""Level of every range."""
PAST = 6
"""Years before this one that a forecast learns from."""
COLUMNS = (
    *("made", "kind", "seen", *SERIES, "name", "about", "estimate", "lower", "upper", "level", "threshold"),
    *("threshold_period", "probability", "term", "rows", "sentence"),
)
"""Columns of the statements: when made, of what, what is expected, and how probable it is to pass the threshold."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by quarter: one row a series, one column a quarter, and where each stands."""

    keys: pd.DataFrame
    names: tuple[str, ...]
    quarters: tuple[Period, ...]
    amounts: Floats
    rows: NDArray[np.object_]

    def place(self, period: Period) -> int:
        """The column of a quarter, before the first one where it is negative."""
        last = self.quarters[-1]
        return len(self.quarters) - 1 - _apart(period, last)


def counts(table: pd.DataFrame, definitions: Definitions) -> Counts | None:
    """Counts by quarter of a Release's table; none where it has no such series. A withheld one is not known."""
    known = definitions.catalogue.by_id
    chosen = table[
        (table["role"] == "local") & table["used"] & (table["kind"] == "quarter") & (table["unit"] == "count")
        & (table["basis"] != "forecast") & table["status"].isin(HAS_VALUE) & table["indicator"].isin(list(known))
    ]  # fmt: skip
    if chosen.empty:
        return None
    chosen = chosen.drop_duplicates([*SERIES, "period"], keep="last")
    series = chosen.groupby(SERIES, sort=True).ngroup().to_numpy()
    ends = {day: quarter_of(day.date()) for day in pd.to_datetime(chosen["end"].unique())}
    first, last = min(ends.values()), max(ends.values())
    quarters = tuple(shift(first, n) for n in range(_apart(first, last) + 1))
    column = chosen["end"].map({day: _apart(first, end) for day, end in ends.items()}).to_numpy()
    values = np.full((series.max() + 1, len(quarters)), np.nan)
    rows = np.full(values.shape, "", dtype=object)
    values[series, column], rows[series, column] = chosen["value"], chosen["obs"]
    keys = chosen[SERIES].assign(n=series).drop_duplicates("n").sort_values("n")[SERIES].reset_index(drop=True)
    return Counts(keys, tuple(known[i].name for i in keys["indicator"]), quarters, values, rows)


def forecasts(
    found: Counts | None, outlooks: pd.DataFrame, definitions: Definitions, made: Period, *, worded: bool = True
) -> pd.DataFrame:
    """Statements made at the end of a quarter (columns: `COLUMNS`).

    Parameters
    ----------
    found : Counts, optional
        What came later is not looked at.
    outlooks : DataFrame
        Of that quarter, as `outlooks.outlooks` gives them.
    definitions : Definitions
        Declared changes of recording: nothing from before one informs a forecast from after it.
    made : Period
        The quarter.
    worded : bool
        Whether each has its sentence.
    """
    parts = [_years(outlooks, made)]
    if found is not None and 0 <= found.place(made) < len(found.quarters):
        known = _since_breaks(found, definitions, made)
        known[:, found.place(made) + 1 :] = np.nan
        parts.append(_next_quarter(found, known, made))
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    said = [plain(words(row)) for row in table.to_dict("records")] if worded else [""] * len(table)
    table["sentence"] = pd.Series(said, table.index, dtype="str")
    return table[list(COLUMNS)]


def words(row: Mapping[Any, Any]) -> tuple[Part, ...]:
    """The statement: how probable it is to pass which threshold by when, and what is expected."""
    rows, when = str(row["rows"]), wording.period_words(str(row["about"]))
    lead = f"It is {article(str(row['term']))} that {row['name']} ({row['area']}{_group(row)}) in {when} will pass the "
    then = wording.period_words(str(row["threshold_period"]))
    return (
        Part(lead), Part(wording.number(row["threshold"]), row["threshold"], rows), Part(f" of {then}: expected are "),
        Part(wording.number(round(row["estimate"])), row["estimate"], rows), Part(" (80% range "),
        Part(wording.number(wording.outward(row["lower"], -1, 0)), row["lower"], rows), Part(" to "),
        Part(wording.number(wording.outward(row["upper"], 1, 0)), row["upper"], rows), Part(")."),
    )  # fmt: skip


def article(words: str) -> str:
    """A yardstick's word as it stands after "it is": "a remote chance", "likely"."""
    return f"a {words}" if words in ("remote chance", "realistic possibility") else words


def _group(row: Mapping[Any, Any]) -> str:
    return f", {str(row['breakdown']).replace('=', ': ')}" if row["breakdown"] else ""


def _apart(first: Period, last: Period) -> int:
    """Quarters from one to another."""
    return ((last.end.year - first.end.year) * 12 + last.end.month - first.end.month) // 3


def _since_breaks(found: Counts, definitions: Definitions, made: Period) -> Floats:
    """Values without those from before a declared change of recording that is known at the time."""
    values = found.amounts.copy()
    starts = np.array([np.datetime64(q.start) for q in found.quarters])
    for entry in breaks_of(definitions.annotations.annotations):
        began, done = (parse(str(when)).start for when in (entry.start, entry.end or entry.start))
        if began <= made.end:
            values[np.ix_(concerned(found, entry.indicators, entry.areas), starts < np.datetime64(done))] = np.nan
    return values


def concerned(found: Counts, indicators: tuple[str, ...], areas: tuple[str, ...]) -> NDArray[np.bool_]:
    """Series that an annotation speaks of: all where it names none."""
    of = found.keys["indicator"].isin(indicators) if indicators else pd.Series(True, found.keys.index)
    return np.asarray(of & (found.keys["area"].isin(areas) if areas else True), dtype=bool)


def _next_quarter(found: Counts, known: Floats, made: Period) -> pd.DataFrame:
    """The quarter after `made`: the last of a year of four that begins three quarters before it."""
    width = 4 * PAST + 4
    wide = np.pad(known, ((0, 0), (width, 1)), constant_values=np.nan)
    at = found.place(made) - 2 + width + np.arange(4)
    past = np.stack([wide[:, at - 4 * back] for back in range(PAST, 0, -1)], axis=1)
    so_far, bar = wide[:, at[:3]], past[:, -1, 3]
    total = so_far.sum(axis=1)
    ahead = year_end(so_far, periods_in_year=4, history=past, confidence=LEVEL, threshold=bar + total)
    ready = np.flatnonzero(np.isfinite(total) & np.isfinite(ahead.probability_above))
    ends = {name: (getattr(ahead, name) - total)[ready] for name in ("estimate", "lower", "upper")}
    chance = ahead.probability_above[ready]
    used = found.rows[ready, max(found.place(made) - 6, 0) : found.place(made) + 1]
    return found.keys.iloc[ready].reset_index(drop=True).assign(
        **ends, made=made.label, kind="next quarter", seen=3, name=[found.names[n] for n in ready],
        about=shift(made, 1).label, level=LEVEL, threshold=bar[ready], threshold_period=shift(made, -3).label,
        probability=chance, term=[term(float(p)) for p in chance], rows=[" ".join(filter(None, row)) for row in used],
    )  # fmt: skip


def _years(outlooks: pd.DataFrame, made: Period) -> pd.DataFrame:
    """The outlooks of the year that could be given, as statements; a whole year is not foretold."""
    said = outlooks[
        (outlooks["why"] == "") & outlooks["probability_above"].notna() & (outlooks["seen"] < outlooks["of"])
    ]
    names = {"year": "about", "confidence": "level", "last_total": "threshold", "last_year": "threshold_period"}
    names |= {"probability_above": "probability", "probability_term": "term"}
    table = said.rename(columns=names).assign(made=made.label, kind="year", seen=int(made.label[-1]))
    table["rows"] = (table["rows"] + " " + table["last_rows"]).str.strip()
    return table.reindex(columns=list(COLUMNS)).reset_index(drop=True)
