"""Twelve months at a time: totals of flows and levels of stocks, counted back from each series' latest figure."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.catalogue import Annotation, Definitions
from threatlib.disclosure import Release
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import PER_YEAR, Period, parse, plain, span
from threatlib.signals import KIND_ORDER, SERIES

Floats = NDArray[np.float64]

COLUMNS = (
    *SERIES, "kind", "back", "first", "end", "period", "value", "lower", "upper", "denominator", "status", "marks",
    "rows",
)  # fmt: skip
"""Columns of the years: `back` is 0 for the latest one, `lower` and `upper` what is known of the total."""


def known(release: Release, quarter: Period) -> pd.DataFrame:
    """What the audience may see of what had ended by a quarter's end: used figures, forecasts left out."""
    table = release.table
    ended = table["end"] <= pd.Timestamp(quarter.end)
    return table[table["used"] & ended & (table["basis"] != "forecast") & (table["role"] != "printed")]


def years(table: pd.DataFrame) -> pd.DataFrame:
    """Each series' complete years, the latest first (`COLUMNS`).

    Parameters
    ----------
    table : DataFrame
        Figures that an audience may see (`known`). Of several kinds of period the one that ends last speaks, a quarter
        before a month.

    Notes
    -----
    A year of a flow (a count) is all its months or quarters; one with a missing period is left out. A stock's year is
    its level on the same day, a month off at most. A withheld figure adds its interval, and the total is then one.
    """
    adds_up = table["kind"].isin(list(PER_YEAR)) & (table["unit"] == "count")
    rows = table[table["status"].isin([*HAS_VALUE, *HIDDEN]) & (adds_up | (table["kind"] == "snapshot"))]
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = rows.sort_values("end", kind="stable").drop_duplicates([*SERIES, "kind", "end"], keep="last")
    last = rows.groupby([*SERIES, "kind"], sort=False)["end"].transform("max")
    rows = rows[last == rows.groupby(SERIES, sort=False)["end"].transform("max")]
    order = rows["kind"].map({name: place for place, name in enumerate(KIND_ORDER)})
    speaks = order == order.groupby([rows[name] for name in SERIES], sort=False).transform("min")
    rows, last = rows[speaks], last.loc[rows.index][speaks]
    age = 12 * (last.dt.year - rows["end"].dt.year) + last.dt.month - rows["end"].dt.month
    stock = rows["kind"] == "snapshot"
    back = np.where(stock, (age + 1) // 12, age // 12)
    rows = rows.assign(back=back, hidden=rows["status"].isin(HIDDEN))[~stock | ((age + 1) % 12 <= 2)]
    rows = rows.drop_duplicates([*SERIES, "back", "end"])
    stocks = rows["kind"] == "snapshot"
    rows = rows[~stocks | ~rows.duplicated([*SERIES, "kind", "back"], keep="last")]
    return _summed(rows)


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Totals of the rows of each year."""
    names = [*SERIES, "kind", "back"]
    year = np.asarray(rows.groupby(names, sort=False).ngroup(), dtype=np.int64)
    rows = rows.assign(
        lower=rows["lower"].fillna(0.0), upper=rows["upper"].fillna(np.inf), provisional=rows["status"] == "provisional"
    )
    found = rows.groupby(year).agg(
        **{name: (name, "first") for name in names}, first=("start", "min"), end=("end", "max"),
        value=("value", "sum"), lower=("lower", "sum"), upper=("upper", "sum"), denominator=("denominator", "last"),
        hidden=("hidden", "any"), n=("end", "size"), provisional=("provisional", "any"),
    )  # fmt: skip
    found["marks"], found["rows"] = _joined(rows["marks"], year), _joined(rows["obs"], year)
    found = found[found["n"] == found["kind"].map(PER_YEAR | {"snapshot": 1})].reset_index(drop=True)
    found["value"] = found["value"].where(~found["hidden"])
    found["marks"] = [" ".join(dict.fromkeys(marks.split())) for marks in found["marks"]]
    found["status"] = np.select([found["hidden"], found["provisional"]], ["withheld", "provisional"], "reported")
    ends = zip(found["first"], found["end"], found["kind"], strict=True)
    found["period"] = [_label(first.date(), end.date(), kind) for first, end, kind in ends]
    return found.sort_values([*SERIES, "back"], kind="stable")[list(COLUMNS)].reset_index(drop=True)


def _joined(words: pd.Series, group: NDArray[np.int64]) -> list[str]:
    """The words of each group in their order, groups numbered from 0."""
    order = np.argsort(group, kind="stable")
    ordered = words.to_numpy(dtype=object)[order].tolist()
    ends = np.cumsum(np.bincount(group)).tolist()
    return [" ".join(ordered[begin:end]) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def _label(first: date, end: date, kind: str) -> str:
    return end.isoformat() if kind == "snapshot" else span(first, end).label


def people(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """The latest population of each indicator and area: `denominator`, and `denominator_period`, its date."""
    base = {i.id: i.denominator for i in definitions.catalogue.indicators if i.denominator and i.unit == "count"}
    known = table[table["indicator"].isin(set(base.values())) & (table["breakdown"] == "") & (table["value"] > 0)]
    known = known.sort_values("end", kind="stable").drop_duplicates(["indicator", "area"], keep="last")
    known = known[["indicator", "area", "value", "period"]].set_axis(
        ["base", "area", "denominator", "denominator_period"], axis=1
    )
    wanted = pd.DataFrame(base.items(), columns=["indicator", "base"]).astype("str")
    return wanted.merge(known, on="base").drop(columns="base")


def quarters(rows: pd.DataFrame) -> pd.DataFrame:
    """A series' quarters, or its levels at their ends."""
    kinds = rows[rows["kind"].isin(["quarter", "snapshot"]) & rows["status"].isin(HAS_VALUE)]
    return kinds.sort_values("end", kind="stable").drop_duplicates("end", keep="last")


def changes(
    rows: pd.DataFrame, annotations: tuple[Annotation, ...], ends: list[pd.Timestamp] | None = None
) -> tuple[Floats, Floats]:
    """Logarithm of each quarter over the same one a year earlier, and their mean; NaN across a change of recording."""
    known = quarters(rows)
    value = known.set_index("end")["value"].astype(float)
    value.index = pd.PeriodIndex(value.index, freq="Q")
    wanted = pd.PeriodIndex(value.index if ends is None else ends, freq="Q")
    if not len(wanted):
        return np.zeros(0), np.zeros(0)
    span = pd.period_range(wanted.min(), wanted.max(), freq="Q")
    now, then = (value.reindex(at).to_numpy(dtype=float) for at in (span, span - 4))
    change = np.log((now + 0.5) / (then + 0.5))
    for entry in annotations:
        here = not entry.indicators or set(rows["indicator"]) & set(entry.indicators)
        here = here and (not entry.areas or set(rows["area"]) & set(entry.areas))
        if entry.kind in ("break", "definition") and entry.start and here:
            first, last = (pd.Period(parse(str(d)).start, freq="Q") for d in (entry.start, entry.end or entry.start))
            change[(span >= first) & (span < last + 4)] = np.nan
    return change, (now + then) / 2


def dispersion(rows: pd.DataFrame) -> float:
    """Variance over mean of a count's quarters about the quarter a year earlier, by its median; 1 at least."""
    change, level = changes(rows, ())
    squares = change**2 * level / 2
    known = squares[np.isfinite(squares)]
    return max(float(np.median(known)) / 0.4549, 1.0) if len(known) >= 8 else 1.0  # median of chi-squared, 1 df


def said(label: str) -> str:
    """A year in words with its preposition: ``in the year to September 2022``, ``on 31 March 2022``."""
    period = parse(label)
    if period.kind == "snapshot":
        return f"on {plain(period)}"
    return f"in the year to {period.end:%B %Y}"
