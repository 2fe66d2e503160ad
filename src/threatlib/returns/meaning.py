"""What figures say of each other: totals and parts, shares, years and quarters, history, repeats, gaps, footprints.

Everything here is a doubt: figures that can be read and are probably wrong. Each names the row it is about.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.catalogue import Definitions
from threatlib.observations import HAS_VALUE
from threatlib.periods import PER_YEAR
from threatlib.returns.calendar_sent import wrong_periods
from threatlib.returns.figures_sent import codes, doubt, in_order, rows, shifted
from threatlib.returns.problems import Problem

SENT = ("return", "simulated")
"""Kinds of file whose figures are doubted: an official table's or a report's are its publisher's."""

SERIES = ["indicator", "agency", "area", "breakdown", "kind"]
HISTORY = 4
"""Earlier values a series must have before a value is held against them."""

_READ = (
    "obs", "indicator", "agency", "area", "breakdown", "period", "kind", "start", "end", "value", "lower", "upper",
    "status", "numerator", "denominator", "unit", "basis", "file", "sheet", "row", "received_on",
)  # fmt: skip
"""Columns that are looked at: a large table is not copied with the others."""

_SLIPS = {
    1: "ten times", 2: "a hundred times", 3: "a thousand times", -1: "a tenth of", -2: "a hundredth of",
    -3: "a thousandth of",
}  # fmt: skip
"""A slip of the decimal point, by the power of ten."""

SLIPPED = 5.0
"""Times the usual value from which a slip is asked about: a series that doubled and slipped stands at 20 times."""

_NEVER_BELOW = (
    "per_10k", "per_1000", "fte", "ratio", "rank", "mean", "months", "days", "weekly_mean", "monthly_mean",
    "in_10", "in_5",
)  # fmt: skip
"""Units whose figures cannot be below nothing; money owed and changes can."""

ENOUGH = 20.0
"""Size from which a value ten times another is no accident of small numbers."""


def doubts(observations: pd.DataFrame, definitions: Definitions) -> list[Problem]:
    """Everything in the agencies' returns that is probably wrong, in the order of files and rows."""
    sent = observations.loc[observations["source"].isin(SENT), list(_READ)]
    if sent.empty:
        return []
    sent = sent.assign(
        series=codes(sent, SERIES),
        figure=codes(sent, ["indicator", "agency", "area", "breakdown", "period"]),
        line=codes(sent, ["indicator", "area", "breakdown"]),
        sheet_no=codes(sent, ["file", "sheet"]),
        when=codes(sent, ["period"]),
    )
    received = sent["received_on"]
    latest = received == received.groupby(sent["figure"], sort=False).transform("max")
    now = (sent if latest.all() else sent[latest]).reset_index(drop=True)
    found = [
        *_parts(now, definitions),
        *_shares(now),
        *_below_nothing(now),
        *_spans(now, definitions),
        *_history(now),
        *_repeats(sent),
        *_sent_again(sent),
        *wrong_periods(sent, now),
        *_footprints(sent, definitions),
    ]
    return sorted(found, key=lambda p: (p.file, p.sheet, p.row, p.column, p.found))


def _shown(value: float) -> str:
    return f"{value:,.10g}"


def _parts(now: pd.DataFrame, definitions: Definitions) -> Iterator[Problem]:
    """A total against the sum of its parts, each taken at the interval it is known to lie in."""
    keys = ["agency", "area", "breakdown", "period"]
    wholes = [(i, group) for i in definitions.catalogue.indicators for group in (i.parts, *i.partitions) if group]
    for indicator, group in wholes:
        parts = now[now["indicator"].isin(group) & now["upper"].notna()]
        summed = parts.groupby(keys).agg(n=("indicator", "nunique"), low=("lower", "sum"), high=("upper", "sum"))
        totals = now[(now["indicator"] == indicator.id) & now["status"].isin(HAS_VALUE)].join(summed, on=keys)
        slack = 0.5 if indicator.unit == "count" else 0.051 * len(group)
        wrong = (totals["n"] == len(group)) & (
            (totals["value"] < totals["low"] - slack) | (totals["value"] > totals["high"] + slack)
        )
        for row in rows(totals[wrong]):
            low, high = _shown(row["low"]), _shown(row["high"])
            sums = low if low == high else f"{low} to {high}"
            yield doubt(row, "value", f"a total of {_shown(row['value'])}", f"the sum of its parts, {sums}")


def _shares(now: pd.DataFrame) -> Iterator[Problem]:
    """A percentage against its own numerator and denominator."""
    every = now[now["unit"] == "percent"]
    share = every[every["status"].isin(HAS_VALUE)]
    over = every[every["numerator"] > every["denominator"]]
    for row in rows(over):
        yield doubt(row, "numerator", f"{_shown(row['numerator'])} of {_shown(row['denominator'])}",
                     "a numerator no larger than its denominator", "See whether the two are swapped.")  # fmt: skip
    blank = every[(every["status"] == "not_returned") & every["numerator"].notna() & (every["denominator"] > 0)]
    for row in rows(blank):
        what = f"the percentage that {_shown(row['numerator'])} of {_shown(row['denominator'])} make"
        yield doubt(row, "value", "no value", what, "Write it; without it the figure counts as not returned.")
    out = share[(share["value"] < 0) | (share["value"] > 100)]
    for row in rows(out):
        yield doubt(row, "value", f"{_shown(row['value'])}%", "a percentage from 0 to 100")
    both = share[(share["denominator"] > 0) & (share["numerator"] <= share["denominator"])]
    worked = 100 * both["numerator"] / both["denominator"]
    off = (both["value"] - worked).abs() > 0.51
    for row, right in zip(rows(both[off]), worked[off], strict=True):
        what = f"{_shown(row['numerator'])} of {_shown(row['denominator'])}, which is {right:.1f}%"
        yield doubt(row, "value", f"{_shown(row['value'])}%", what)


def _below_nothing(now: pd.DataFrame) -> Iterator[Problem]:
    """Fewer than none of something that is counted, measured or ranked (whole counts are refused when read)."""
    for row in rows(now[now["unit"].isin(_NEVER_BELOW) & (now["value"] < 0)]):
        yield doubt(row, "value", _shown(row["value"]), "nothing or more", "See whether a sign slipped in.")


def _spans(now: pd.DataFrame, definitions: Definitions) -> Iterator[Problem]:
    """A longer period (a quarter, the year to date, a year) against the sum of the shorter ones it is made of."""
    flows = {i.id for i in definitions.catalogue.indicators if i.unit == "count" and i.frequency != "snapshot"}
    counts = now[now["indicator"].isin(flows) & now["upper"].notna()]
    series = [name for name in SERIES if name != "kind"]
    for short, months in (("month", 1), ("quarter", 3)):
        small = counts[counts["kind"] == short]
        large = counts[counts["kind"].isin(["quarter", "half_year", "financial_year", "span"])]
        large = large[(large["kind"] != short) & large["status"].isin(HAS_VALUE)]
        if small.empty or large.empty:
            continue
        pairs = large.merge(small[[*series, "start", "end", "lower", "upper"]], on=series, suffixes=("", "_of"))
        pairs = pairs[(pairs["start_of"] >= pairs["start"]) & (pairs["end_of"] <= pairs["end"])]
        whole = pairs.groupby("obs", sort=False).agg(
            n=("start_of", "nunique"), low=("lower_of", "sum"), high=("upper_of", "sum")
        )
        large = large.join(whole, on="obs")
        length = (large["end"].dt.year - large["start"].dt.year) * 12 + large["end"].dt.month - large["start"].dt.month
        wrong = (large["n"] == (length + 1) / months) & (
            (large["value"] < large["low"] - 0.5) | (large["value"] > large["high"] + 0.5)
        )
        for row in rows(large[wrong]):
            low, high = _shown(row["low"]), _shown(row["high"])
            sums = low if low == high else f"{low} to {high}"
            yield doubt(row, "value", f"{_shown(row['value'])} for {row['period']}", f"the sum of its {short}s, {sums}")


def _history(now: pd.DataFrame) -> Iterator[Problem]:
    """A value many times its series' earlier values, or a small part of them: ten or a hundred times, as a rule."""
    order = in_order(now, now["status"].isin(HAS_VALUE) & now["kind"].ne("undated"))
    value, series = (now[name].to_numpy()[order] for name in ("value", "series"))
    often = now["kind"].map(PER_YEAR).fillna(0).to_numpy()[order]
    usual = _median_before(value, series)
    year = np.full(len(order), np.nan)
    for many in set(PER_YEAR.values()):
        year = np.where(often == many, shifted(value, series, many), year)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(usual > 0, value / usual, np.nan)
        seasonal = (year > 0) & (value >= 0.5 * year) & (value <= 2 * year)
    large = (np.fmax(value, usual) >= ENOUGH) & ~seasonal & (value != 0)
    off = large & ((ratio >= SLIPPED) | (ratio <= 1 / SLIPPED))
    for row, before, times in zip(rows(now.iloc[order[off]]), usual[off], ratio[off], strict=True):
        found = f"{_shown(row['value'])}, about {_times(times)} what it has been"
        todo = "See whether digits or a decimal point slipped."
        yield doubt(row, "value", found, f"a value near {_shown(before)}", todo)


def _times(ratio: float) -> str:
    """How many times another a value is, in words where it is a power of ten."""
    power = round(float(np.log10(ratio)))
    if power in _SLIPS and abs(np.log10(ratio) - power) < 0.1:
        return _SLIPS[power]
    return f"{ratio:,.0f} times" if ratio > 1 else f"{ratio:.1%} of"


def _median_before(value: NDArray[np.float64], series: NDArray[np.int64]) -> NDArray[np.float64]:
    """The median of the last twelve earlier values of a series, where it has `HISTORY` of them."""
    earlier = np.sort(np.stack([shifted(value, series, steps) for steps in range(1, 13)]), axis=0)  # NaN last
    n = (~np.isnan(earlier)).sum(axis=0)
    places = np.arange(len(value))
    middle = (earlier[np.maximum(n - 1, 0) // 2, places] + earlier[np.minimum(n // 2, 11), places]) / 2
    return np.where(n >= HISTORY, middle, np.nan)


def _repeats(sent: pd.DataFrame) -> Iterator[Problem]:
    """Two columns of one file with the same figures: two periods, or two indicators or areas."""
    known = sent[sent["status"].isin(HAS_VALUE)]
    for across, along in (("when", "line"), ("line", "when")):
        columns = _summed(known.assign(column=codes(known, ["sheet_no", across])), "column", along)
        again = columns[columns.duplicated(["sheet_no", "n", "sum"])]
        for row in rows(again):
            names = (row["period"],) if across == "when" else (row["indicator"], row["area"], row["breakdown"])
            yield Problem(
                row["file"], row["sheet"], int(row["first_row"]), "",
                f"figures of {' '.join(filter(None, names))} that repeat another column's",
                "figures of its own for each period, indicator and area",
                "See whether a column was copied.", doubt=True,
            )  # fmt: skip


def _summed(known: pd.DataFrame, column: str, along: str) -> pd.DataFrame:
    """One row a column of figures: how many, and a sum that only columns of the same figures share.

    Columns of fewer than four figures, or fewer than three different ones, tell nothing and are left out.
    """
    marks = pd.util.hash_array(known[along].to_numpy()) ^ (
        pd.util.hash_array(known["value"].to_numpy()) * np.uint64(31)
    )
    known = known.assign(mark=pd.util.hash_array(marks))
    groups = known.groupby(column, sort=False)
    table = known.drop_duplicates(column).set_index(column)
    counts = pd.DataFrame({"n": groups.size(), "distinct": groups["value"].nunique(), "sum": groups["mark"].sum()})
    table = table.join(counts.assign(first_row=groups["row"].min()))
    return table[(table["n"] >= 4) & (table["distinct"] >= 3)]


def _sent_again(sent: pd.DataFrame) -> Iterator[Problem]:
    """A file whose figures are all those of an earlier one, under new periods."""
    known = sent[sent["status"].isin(HAS_VALUE)].assign(file_no=lambda t: codes(t, ["file"]))
    files = _summed(known, "file_no", "line").sort_values(["received_on", "end"], kind="stable")
    first = files.groupby(["agency", "n", "sum"], sort=False)["file"].transform("first")
    for file, earlier in zip(files["file"], first, strict=True):
        if file != earlier:
            yield Problem(
                file, "", 0, "", f"the figures of {earlier} once more", "this quarter's figures",
                "Ask the agency whether last quarter's file was sent again.", doubt=True,
            )  # fmt: skip


def _footprints(sent: pd.DataFrame, definitions: Definitions) -> Iterator[Problem]:
    """Figures of an area that their agency does not cover."""
    covered = {(a.name, area) for a in definitions.partnership.agencies for area in a.footprint}
    pairs = sent.drop_duplicates(["file", "agency", "area"])
    known = {agency.name for agency in definitions.partnership.agencies}
    for row in rows(pairs[pairs["agency"].isin(known)]):
        if (row["agency"], row["area"]) not in covered:
            there = ", ".join(area for agency, area in sorted(covered) if agency == row["agency"])
            yield doubt(row, "area", f"'{row['area']}' from {row['agency']}", f"an area it covers ({there})",
                         "Correct the area, or add it to the agency's footprint in partnership.yaml.")  # fmt: skip
