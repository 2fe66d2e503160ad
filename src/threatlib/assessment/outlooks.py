"""Where the year is heading if current volumes continue: total, interval, rate, and the chance of passing last year."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib import wording
from threatlib.assessment.phia import term
from threatlib.assessment.sentences import Part, Row, plain, quantity
from threatlib.assessment.years import people
from threatlib.catalogue import Annotation, Definitions
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import PER_YEAR, Period, financial_year, parse
from threatlib.signals import SERIES
from threatlib.stats.outlook import Outlook, year_end

CONFIDENCE = 0.8
PER = 10_000
KINDS = ("month", "quarter")
COLUMNS = (
    *SERIES, "name", "theme", "unit", "year", "period", "kind", "seen", "needed", "of", "so_far", "estimate", "lower",
    "upper", "confidence", "years", "last_year", "last_total", "probability_above", "probability_term", "rate",
    "rate_lower", "rate_upper", "denominator", "denominator_period", "provisional", "why", "sentence", "rows",
    "last_rows",
)  # fmt: skip
"""Columns of the outlooks: `seen` of the `of` periods are in, `needed` at least; `why` says why there is none."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Counts:
    """Series side by side by financial year: counts (NaN: none), hidden periods, provisional ones, sources."""

    series: pd.DataFrame
    first_year: int
    value: Floats
    hidden: NDArray[np.bool_]
    provisional: NDArray[np.bool_]
    rows: NDArray[np.object_]


def outlooks(table: pd.DataFrame, definitions: Definitions, quarter: Period, *, worded: bool = True) -> pd.DataFrame:
    """The outlook of every count that is returned by the month or the quarter (`COLUMNS`).

    Parameters
    ----------
    table : DataFrame
        Figures that the audience may see, up to the quarter's end (`years.known`).
    quarter : Period
        The quarter; its financial year is the one looked ahead to.
    worded : bool
        Whether each gets its sentence.

    Notes
    -----
    Months where this year's and last year's are all there, else quarters. Years before a declared change of recording
    teach nothing, and a change within the year leaves nothing to scale up.
    """
    flows = {
        i.id for i in definitions.catalogue.indicators if i.unit == "count" and i.frequency in ("monthly", "quarterly")
    }
    rows = table[(table["role"] == "local") & (table["breakdown"] == "") & table["indicator"].isin(flows)]
    parts = [_of_kind(rows[rows["kind"] == kind], kind, definitions, quarter) for kind in KINDS]
    found = pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else None
    if found is None:
        return pd.DataFrame(columns=list(COLUMNS))
    found["unsaid"] = 2 * (found["why"] != "") + found["last_total"].isna()
    found = found.sort_values([*SERIES, "unsaid"], kind="stable").drop_duplicates(SERIES).reset_index(drop=True)
    found = _rates(found, people(table, definitions))
    found["sentence"] = [plain(words(row)) for row in found.to_dict("records")] if worded else ""
    return found[list(COLUMNS)]


def words(row: Row) -> tuple[Part, ...]:
    """An outlook as a sentence whose every figure keeps its rows."""
    subject = f"{row['name']} ({row['area']})"
    if row["why"]:
        return (Part(f"{subject}: where {row['year']} is heading cannot be said: {row['why']}."),)
    rows = row["rows"]
    if row["seen"] == row["of"]:
        parts = [Part(f"{subject} came to "), quantity(row["estimate"], "count", rows), Part(f" in {row['year']}")]
        return (*parts, *_rate(row, ", "), *_last(row))
    low, high = wording.number(math.floor(row["lower"])), wording.number(math.ceil(row["upper"]))
    return (
        Part(f"{subject}, if current volumes continue: about "),
        Part(wording.number(round(row["estimate"])), row["estimate"], rows),
        Part(f" in {row['year']} (four times in five between "),
        Part(low, row["lower"], rows),
        Part(" and "),
        Part(high, row["upper"], rows),
        Part(")"),
        *_rate(row, ", "),
        Part("; "),
        quantity(row["so_far"], "count", rows),
        Part(f" are in, for {wording.period_words(row['period'])}"),
        Part(", some of it provisional" if row["provisional"] else ""),
        *_last(row),
    )


def _rate(row: Row, before: str) -> tuple[Part, ...]:
    if not np.isfinite(row["rate"]):
        return ()
    unit = "per_10k"
    low, high = (
        wording.number(wording.outward(row[f"rate_{end}"], way), unit) for end, way in (("lower", -1), ("upper", 1))
    )
    end = f" children, by the population of {wording.period_words(row['denominator_period'])}"
    between: tuple[Part, ...] = ()
    if row["seen"] < row["of"]:
        ends = (Part(low, row["rate_lower"], row["rows"]), Part(high, row["rate_upper"], row["rows"]))
        between = (Part(" ("), ends[0], Part(" to "), ends[1], Part(")"))
    whole = Part(wording.number(row["rate"], unit), row["rate"], row["rows"])
    return (Part(f"{before}which is "), whole, Part(end), *between)


def _last(row: Row) -> tuple[Part, ...]:
    """The year before, and how likely it is to be passed."""
    if not np.isfinite(row["last_total"]):
        return (Part(f". The total of {row['last_year']} is not there to compare with."),)
    total = Part(wording.number(row["last_total"]), row["last_total"], row["last_rows"])
    if row["seen"] == row["of"]:
        return (Part("; "), total, Part(f" in {row['last_year']}."))
    word, share = str(row["probability_term"]), float(row["probability_above"])
    lead = f"There is a {word}" if word in ("remote chance", "realistic possibility") else f"It is {word}"
    digits = "under 1%" if share < 0.01 else "over 99%" if share > 0.99 else f"{100 * share:.0f}%"
    return (
        Part(f". {lead} ("),
        Part(digits, share, row["rows"]),
        Part(") that the year passes the "),
        total,
        Part(f" of {row['last_year']}."),
    )


def _of_kind(rows: pd.DataFrame, kind: str, definitions: Definitions, quarter: Period) -> pd.DataFrame:
    """Outlooks from one kind of period."""
    first = quarter.end.year if quarter.end.month >= 4 else quarter.end.year - 1
    rows = rows[rows["status"].isin([*HAS_VALUE, *HIDDEN])]
    if rows.empty:
        return rows
    counts = _counts(rows, kind, first)
    months, now = PER_YEAR[kind], -1
    due = [1 + (quarter.end.month - 4) % 12, 1 + (quarter.end.month - 4) % 12 // 3][kind == "quarter"]
    begun = _begun(counts.series, definitions.annotations.annotations, counts.first_year)
    ages = np.arange(counts.first_year, first + 1)
    value = np.where((ages <= begun[:, None])[..., None] & (ages < first)[:, None], np.nan, counts.value)
    so_far = np.where(np.arange(months) < due, value[:, now], np.nan)
    answer = year_end(so_far, periods_in_year=months, history=value[:, :now], confidence=CONFIDENCE)
    last = value[:, -2].sum(axis=-1) if value.shape[1] > 1 else np.full(len(value), np.nan)
    seen = np.isfinite(so_far).sum(axis=-1)
    table = counts.series.assign(
        year=financial_year(first).label, kind=kind, seen=seen, needed=answer.needed, of=months,
        so_far=np.nansum(so_far, axis=-1), years=answer.years, last_year=financial_year(first - 1).label,
        last_total=last, confidence=CONFIDENCE, provisional=np.asarray(counts.provisional[:, now, :due].any(axis=-1)),
        rows=[_said(part) for part in counts.rows[:, now, :due]],
        last_rows=[_said(part) for part in counts.rows[:, -2]] if value.shape[1] > 1 else "",
        period=_in_words(first, due * 12 // months), why=_why(counts, answer, due, begun >= first),
    )  # fmt: skip
    for name, part in (("estimate", answer.estimate), ("lower", answer.lower), ("upper", answer.upper)):
        table[name] = np.where(table["why"] == "", part, np.nan)
    above = np.where((table["why"] == "") & np.isfinite(last), answer.probability_above, np.nan)
    table["probability_above"] = above
    table["probability_term"] = [term(p) if np.isfinite(p) else "" for p in above]
    for field in ("name", "theme", "unit"):
        table[field] = [getattr(definitions.catalogue.by_id[i], field) for i in table["indicator"]]
    return table


def _counts(rows: pd.DataFrame, kind: str, last_year: int) -> _Counts:
    """Counts by series, financial year and period within it, up to a year."""
    rows = rows.sort_values("end", kind="stable").drop_duplicates([*SERIES, "period"], keep="last")
    group = rows.groupby(SERIES, sort=False)
    series = group.ngroup().to_numpy()
    month = rows["end"].dt.month.to_numpy()
    year = rows["end"].dt.year.to_numpy() - (month < 4)
    place = (month - 4) % 12 if kind == "month" else (month - 4) % 12 // 3
    first = min(int(year.min()), last_year)
    shape = (group.ngroups, last_year - first + 1, PER_YEAR[kind])
    where = (series, year - first, place)
    value, hidden, provisional = np.full(shape, np.nan), np.zeros(shape, bool), np.zeros(shape, bool)
    value[where] = rows["value"]
    hidden[where] = rows["status"].isin(HIDDEN)
    provisional[where] = rows["status"] != "reported"
    sources = np.full(shape, "", dtype=object)
    sources[where] = rows["obs"]
    names = rows[SERIES].iloc[np.unique(series, return_index=True)[1]].reset_index(drop=True)
    return _Counts(names, first, np.where(hidden, np.nan, value), hidden, provisional & ~hidden, sources)


def _begun(series: pd.DataFrame, annotations: Sequence[Annotation], never: int) -> NDArray[np.int64]:
    """The financial year of the last declared change of recording of each series; the year before any if none."""
    found = np.full(len(series), never - 1, dtype=np.int64)
    for entry in annotations:
        if entry.kind not in ("break", "definition") or not entry.start:
            continue
        day = parse(entry.end or entry.start).start
        year = day.year - (day.month < 4) - ((day.month, day.day) == (4, 1))  # on 1 April the new year is whole
        concerned = series["indicator"].isin(entry.indicators) if entry.indicators else np.ones(len(series), bool)
        concerned = concerned & (series["area"].isin(entry.areas) if entry.areas else True)
        found = np.where(concerned, np.maximum(found, year), found)
    return found


def _why(counts: _Counts, answer: Outlook, due: int, broken: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Why there is no outlook; empty where there is one."""
    now = counts.value[:, -1, :due]
    whole = np.isfinite(now).all(axis=-1)
    return np.select(
        [
            counts.hidden[:, -1, :due].any(axis=-1),
            broken,
            ~np.isfinite(now).any(axis=-1),
            ~answer.enough,
            ~whole,
            counts.hidden.sum(axis=(-2, -1)) + np.nansum(counts.value, axis=(-2, -1)) == 0,
        ],
        [
            "a count of this year is withheld",
            "recording changed within the year",
            "nothing of this year is in",
            f"too little of the year is in ({answer.needed} periods are needed)",
            "a period of this year is missing",
            "none was ever recorded, in this year or an earlier one",
        ],
        "",
    ).astype(object)


def _rates(found: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """The year's rate per 10,000, with the population it is worked out from and that population's date."""
    found = found.merge(people, how="left", on=["indicator", "area"])
    for name, end in (("rate", "estimate"), ("rate_lower", "lower"), ("rate_upper", "upper")):
        found[name] = PER * found[end] / found["denominator"]
    return found


def _in_words(first_year: int, months: int) -> str:
    """The part of a financial year that is in, as a period's label."""
    last = (3 + months - 1) % 12 + 1
    return f"{first_year}-04/{first_year + (months > 9)}-{last:02d}"


def _said(rows: NDArray[np.object_]) -> str:
    return " ".join(str(part) for part in rows if part)
