"""What the periods of sent figures say: some left out, some cut short, some twice, some that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from threatlib.observations import HAS_VALUE
from threatlib.periods import PER_YEAR
from threatlib.returns.figures_sent import codes, doubt, in_order, rows, shifted
from threatlib.returns.problems import Problem

OLDEST = 50
"""Years that a return may look back."""


def wrong_periods(sent: pd.DataFrame, now: pd.DataFrame) -> Iterator[Problem]:
    """Doubts about the periods of all figures sent, and of those that count now."""
    yield from _gaps(now)
    yield from _cut_short(now)
    yield from _doubled(sent)
    yield from _ahead(sent)


def _gaps(now: pd.DataFrame) -> Iterator[Problem]:
    """Periods that are not there between others of their series: missing is a row that says so, not a row left out."""
    order = in_order(now, now["kind"].isin(PER_YEAR))
    months = 12 / now["kind"].map(PER_YEAR).to_numpy()[order]
    start = now["start"].dt
    place = (start.year * 12 + start.month - 1).to_numpy()[order] / months
    step = place - shifted(place, now["series"].to_numpy()[order], 1)
    off = np.flatnonzero(step > 1.5)
    last = now["period"].iloc[order[off - 1]]
    for row, missing, before in zip(rows(now.iloc[order[off]]), step[off], last, strict=True):
        many = round(missing) - 1
        kind = row["kind"].replace("_", " ") + ("" if many == 1 else "s")
        what = f"no row for {many} {kind} between {before} and {row['period']}"
        yield doubt(row, "period", f"{what} ({row['indicator']}, {row['area']})", "a row for every period",
                     "Send the missing rows; leave the value blank if it is not known.")  # fmt: skip


def _cut_short(now: pd.DataFrame) -> Iterator[Problem]:
    """Monthly series that end in the midst of a quarter which was over when their last figure came.

    Only where the sender shows that there could be more: other series of the file go further, or an earlier file gave
    the whole quarter before.
    """
    months = now[now["kind"] == "month"].sort_values("end", kind="stable")
    number = months["end"].dt.year * 12 + months["end"].dt.month - 1
    received = months["received_on"].dt.year * 12 + months["received_on"].dt.month - 1
    months = months.assign(number=number, quarter=number // 3, left=2 - number % 3, over=received > number // 3 * 3 + 2)
    last = months.drop_duplicates("series", keep="last")
    further = last["file"].map(months.groupby("file")["number"].max()).clip(upper=last["quarter"] * 3 + 2)
    whole = months.groupby(["series", "quarter"]).agg(n=("number", "nunique"), before=("file", "last")).reset_index()
    whole = whole[whole["n"] == 3].assign(quarter=lambda t: t["quarter"] + 1)
    last = last.assign(further=further).merge(whole, on=["series", "quarter"], how="left")
    used_to = last["before"].notna() & (last["before"] != last["file"])
    for row in rows(last[(last["left"] > 0) & last["over"] & ((last["further"] > last["number"]) | used_to)]):
        missing = "month" if row["left"] == 1 else "2 months"
        what = f"no row for the last {missing} of the quarter after {row['period']}"
        yield doubt(row, "period", f"{what} ({row['indicator']}, {row['area']})", "a row for every period",
                     "Send the missing rows; leave the value blank if it is not known.")  # fmt: skip


def _doubled(sent: pd.DataFrame) -> Iterator[Problem]:
    """The same figure twice in one file."""
    file_figure = codes(sent, ["file", "figure"])
    table = sent.assign(file_figure=file_figure)
    again = table[table["file_figure"].duplicated()]
    if again.empty:
        return
    first = table.groupby("file_figure", sort=False)["row"].transform("first")
    for row, place in zip(rows(again), first[again.index], strict=True):
        yield doubt(row, "period", f"{row['indicator']}, {row['area']}, {row['period']} a second time (first in row "
                     f"{place})", "each figure once", "Remove one of the two rows.")  # fmt: skip


def _ahead(sent: pd.DataFrame) -> Iterator[Problem]:
    """Figures of a period that had not begun when they were received, or that was over before anybody counted."""
    ahead = (sent["start"] > sent["received_on"]) & sent["status"].isin(HAS_VALUE) & (sent["basis"] != "forecast")
    for row in rows(sent[ahead]):
        yield doubt(row, "period", f"{row['period']}, which had not begun on {row['received_on']:%Y-%m-%d}",
                     "a period that had begun when the file came", "See whether the year is mistyped.")  # fmt: skip
    old = (sent["end"].dt.year < sent["received_on"].dt.year - OLDEST) & sent["kind"].ne("undated")
    for row in rows(sent[old]):
        yield doubt(row, "period", f"{row['period']}", f"a period of the last {OLDEST} years",
                     "See whether the year is mistyped.")  # fmt: skip
