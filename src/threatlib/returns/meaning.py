"""What figures say of each other: totals and parts, shares, years and quarters, history, repeats, gaps, footprints.

Everything here is a doubt: figures that can be read and are probably wrong. Each names the row it is about.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.observations import HAS_VALUE
from threatlib.periods import PER_YEAR
from threatlib.returns.problems import Problem

SENT = ("return", "simulated")
"""Kinds of file whose figures are doubted: an official table's or a report's are its publisher's."""

SERIES = ["indicator", "agency", "area", "breakdown", "kind"]
HISTORY = 4
"""Earlier values a series must have before a value is held against them."""

ENOUGH = 20.0
"""Size from which a value ten times another is no accident of small numbers."""

_CHECK = "Look at the figures again; if they are right, leave them as they are."


def doubts(observations: pd.DataFrame, definitions: Definitions) -> list[Problem]:
    """Everything in the agencies' returns that is probably wrong, in the order of files and rows."""
    sent = observations[observations["source"].isin(SENT)]
    if sent.empty:
        return []
    latest = sent.groupby(["indicator", "agency", "area", "breakdown", "period"], sort=False)["received_on"]
    now = sent[sent["received_on"] == latest.transform("max")].reset_index(drop=True)
    found = [
        *_parts(now, definitions),
        *_shares(now),
        *_spans(now, definitions),
        *_history(now),
        *_repeats(sent),
        *_sent_again(sent),
        *_gaps(now),
        *_doubled(sent),
        *_footprints(sent, definitions),
    ]
    return sorted(found, key=lambda p: (p.file, p.sheet, p.row, p.column, p.found))


def _doubt(row: pd.Series, column: str, found: str, wanted: str, todo: str = _CHECK) -> Problem:
    return Problem(row["file"], row["sheet"], int(row["row"]), column, found, wanted, todo, doubt=True)


def _rows(table: pd.DataFrame) -> Iterator[pd.Series]:
    return (row for _, row in table.iterrows())


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
        for row in _rows(totals[wrong]):
            low, high = _shown(row["low"]), _shown(row["high"])
            sums = low if low == high else f"{low} to {high}"
            yield _doubt(row, "value", f"a total of {_shown(row['value'])}", f"the sum of its parts, {sums}")


def _shares(now: pd.DataFrame) -> Iterator[Problem]:
    """A percentage against its own numerator and denominator."""
    share = now[(now["unit"] == "percent") & now["status"].isin(HAS_VALUE)]
    over = share[(share["numerator"] > share["denominator"]) & share["denominator"].notna()]
    for row in _rows(over):
        yield _doubt(row, "numerator", f"{_shown(row['numerator'])} of {_shown(row['denominator'])}",
                     "a numerator no larger than its denominator", "See whether the two are swapped.")  # fmt: skip
    out = share[(share["value"] < 0) | (share["value"] > 100)]
    for row in _rows(out):
        yield _doubt(row, "value", f"{_shown(row['value'])}%", "a percentage from 0 to 100")
    both = share[(share["denominator"] > 0) & (share["numerator"] <= share["denominator"])]
    worked = 100 * both["numerator"] / both["denominator"]
    off = (both["value"] - worked).abs() > 0.51
    for row, right in zip(_rows(both[off]), worked[off], strict=True):
        what = f"{_shown(row['numerator'])} of {_shown(row['denominator'])}, which is {right:.1f}%"
        yield _doubt(row, "value", f"{_shown(row['value'])}%", what)


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
        for row in _rows(large[wrong]):
            low, high = _shown(row["low"]), _shown(row["high"])
            sums = low if low == high else f"{low} to {high}"
            yield _doubt(
                row, "value", f"{_shown(row['value'])} for {row['period']}", f"the sum of its {short}s, {sums}"
            )


def _history(now: pd.DataFrame) -> Iterator[Problem]:
    """A value about ten or a hundred times its series' earlier values, or a tenth or a hundredth of them."""
    known = now[now["status"].isin(HAS_VALUE) & now["kind"].ne("undated")].sort_values("end", kind="stable")
    before = known.groupby(SERIES, sort=False)["value"].transform(
        lambda values: values.shift().rolling(12, min_periods=HISTORY).median()
    )
    ratio = known["value"] / before.where(before > 0)
    last_year = _a_year_before(known)
    seasonal = (known["value"] / last_year.where(last_year > 0)).between(0.5, 2)
    large = np.maximum(known["value"], before) >= ENOUGH
    for factor, words in ((10, "ten times"), (100, "a hundred times"), (0.1, "a tenth of"), (0.01, "a hundredth of")):
        off = large & ~seasonal & ratio.between(0.8 * factor, 1.25 * factor) & known["value"].ne(0)
        for row, usual in zip(_rows(known[off]), before[off], strict=True):
            yield _doubt(row, "value", f"{_shown(row['value'])}, about {words} what it has been",
                         f"a value near {_shown(usual)}", "See whether digits or a decimal point slipped.")  # fmt: skip


def _a_year_before(known: pd.DataFrame) -> pd.Series:
    """The value of the same stretch of the year before, where the series has it."""
    keys = [known[name] for name in SERIES]
    found = pd.Series(np.nan, known.index)
    for kind, many in PER_YEAR.items():
        found = found.where(known["kind"] != kind, known["value"].groupby(keys, sort=False).shift(many))
    return found


def _repeats(sent: pd.DataFrame) -> Iterator[Problem]:
    """Two columns of one file with the same figures: two periods, or two indicators or areas."""
    known = sent[sent["status"].isin(HAS_VALUE)]
    line = known["indicator"] + "|" + known["area"] + "|" + known["breakdown"]
    for across, along in ((known["period"], line), (line, known["period"])):
        yield from _same(known.assign(across=across, along=along))


def _same(known: pd.DataFrame) -> Iterator[Problem]:
    known = known.sort_values(["file", "across", "along"], kind="stable")
    text = known["along"] + "=" + known["value"].astype(str)
    groups = known.assign(text=text).groupby(["file", "sheet", "across"], sort=False)
    columns = groups.agg(
        n=("value", "size"), distinct=("value", "nunique"), text=("text", "\n".join), first=("row", "min")
    ).reset_index()
    telling = columns[(columns["n"] >= 4) & (columns["distinct"] >= 3)]
    again = telling[telling.duplicated(["file", "sheet", "text"])]
    for file, sheet, across, row in zip(again["file"], again["sheet"], again["across"], again["first"], strict=True):
        yield Problem(
            file, sheet, int(row), "", f"figures of {across.replace('|', ' ').strip()} that repeat another column's",
            "figures of its own for each period, indicator and area", "See whether a column was copied.", doubt=True,
        )  # fmt: skip


def _sent_again(sent: pd.DataFrame) -> Iterator[Problem]:
    """A file whose figures are all those of an earlier one, under new periods."""
    known = sent[sent["status"].isin(HAS_VALUE)].sort_values(["end", "row"], kind="stable")
    text = known["indicator"] + known["area"] + known["breakdown"] + "=" + known["value"].astype(str)
    files = known.assign(text=text).groupby("file", sort=False).agg(
        n=("value", "size"), distinct=("value", "nunique"), on=("received_on", "max"), end=("end", "max"),
        agency=("agency", "first"), text=("text", lambda lines: "\n".join(sorted(lines))),
    )  # fmt: skip
    files = files[(files["n"] >= 4) & (files["distinct"] >= 3)].sort_values(["on", "end"], kind="stable").reset_index()
    first = files.groupby(["agency", "text"], sort=False)["file"].transform("first")
    for file, earlier in zip(files["file"], first, strict=True):
        if file != earlier:
            yield Problem(
                file, "", 0, "", f"the figures of {earlier} once more", "this quarter's figures",
                "Ask the agency whether last quarter's file was sent again.", doubt=True,
            )  # fmt: skip


def _gaps(now: pd.DataFrame) -> Iterator[Problem]:
    """Periods that are not there between others of their series: missing is a row that says so, not a row left out."""
    tiles = now[now["kind"].isin(PER_YEAR)].sort_values("end", kind="stable")
    months = tiles["kind"].map({kind: 12 // n for kind, n in PER_YEAR.items()})
    place = (tiles["start"].dt.year * 12 + tiles["start"].dt.month - 1) / months
    step = place.groupby([tiles[name] for name in SERIES], sort=False).diff()
    last = tiles.groupby(SERIES, sort=False)["period"].shift()
    for row, missing, before in zip(_rows(tiles[step > 1.5]), step[step > 1.5], last[step > 1.5], strict=True):
        what = f"no row for {round(missing) - 1} {row['kind'].replace('_', ' ')}s between {before} and {row['period']}"
        yield _doubt(row, "period", f"{what} ({row['indicator']}, {row['area']})", "a row for every period",
                     "Send the missing rows; leave the value blank if it is not known.")  # fmt: skip


def _doubled(sent: pd.DataFrame) -> Iterator[Problem]:
    """The same figure twice in one file."""
    keys = ["file", "indicator", "agency", "area", "breakdown", "period"]
    again = sent[sent.duplicated(keys)]
    first = sent.groupby(keys, sort=False)["row"].transform("first")
    for row, place in zip(_rows(again), first[again.index], strict=True):
        yield _doubt(row, "period", f"{row['indicator']}, {row['area']}, {row['period']} a second time (first in row "
                     f"{place})", "each figure once", "Remove one of the two rows.")  # fmt: skip


def _footprints(sent: pd.DataFrame, definitions: Definitions) -> Iterator[Problem]:
    """Figures of an area that their agency does not cover."""
    covered = {(a.name, area) for a in definitions.partnership.agencies for area in a.footprint}
    pairs = sent.drop_duplicates(["file", "agency", "area"])
    known = {agency.name for agency in definitions.partnership.agencies}
    for row in _rows(pairs[pairs["agency"].isin(known)]):
        if (row["agency"], row["area"]) not in covered:
            there = ", ".join(area for agency, area in sorted(covered) if agency == row["agency"])
            yield _doubt(row, "area", f"'{row['area']}' from {row['agency']}", f"an area it covers ({there})",
                         "Correct the area, or add it to the agency's footprint in partnership.yaml.")  # fmt: skip
