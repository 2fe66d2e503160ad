"""One measure in several places: the latest figure of each, as a rate where that is what can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from threatlib import wording
from threatlib.catalogue import Definitions, Indicator
from threatlib.errors import UsageError
from threatlib.explore.names import checked
from threatlib.explore.show import paragraph, picture, together
from threatlib.periods import parse
from threatlib.stats import rates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PER = 10_000
COLUMNS = ("area", "role", "period", "value", "lower", "upper", "count", "denominator", "status", "unit", "obs")
"""Columns of `Comparison.frame`: `value` with its interval is the rate per 10,000 for a count with a population, else
the figure itself; `count` is the figure as returned."""


@dataclass(frozen=True)
class Comparison:
    """The latest figure of each area, highest first, shown as a dot plot with intervals. Not a league table: where the
    intervals overlap, the order says nothing. `left_out` names areas that have no population to make a rate from."""

    indicator: Indicator
    frame: pd.DataFrame
    left_out: tuple[str, ...]
    marking: str = ""

    @property
    def unit(self) -> str:
        return str(self.frame["unit"].iloc[0])

    def plot(self, ax: Axes | None = None, **style: Any) -> Axes:
        """Dots with intervals on seaborn axes; keywords go to `seaborn.pointplot`."""
        import seaborn as sns

        from threatlib.figures import canvas

        style = {"color": canvas.PALETTE[0], "linestyle": "none"} | style
        ax = sns.pointplot(self.frame, x="value", y="area", errorbar=None, ax=ax, **style)
        low, high = self.frame["lower"], self.frame["upper"]
        ax.hlines(np.arange(len(self.frame)), low, high, color=style["color"], linewidth=1)
        ax.set(xlabel=wording.UNIT_WORDS.get(self.unit, self.unit), ylabel="", title=self.indicator.name)
        return ax

    def __repr__(self) -> str:
        shown = self.frame[["area", "role", "period", "value", "lower", "upper"]]
        table = shown.to_string(index=False, float_format="{:,.1f}".format)
        return f"{self.indicator.name} ({self.unit})\n{table}{self._missing()}"

    def _repr_html_(self) -> str:
        from threatlib import figures

        drawn = figures.comparison(
            self.frame.rename(columns={"obs": "rows"}),
            figures.Caption("compared", self.indicator.name, self.indicator.definition, "as registered", self.marking),
            unit=self.unit,
        )
        title = paragraph(f"{self.indicator.name}, {wording.UNIT_WORDS.get(self.unit, self.unit)}", strong=True)
        return together(title, picture(drawn), paragraph(self._missing().strip()))

    def _missing(self) -> str:
        return f"\nNot compared, no population: {', '.join(self.left_out)}." if self.left_out else ""


def compare(table: pd.DataFrame, definitions: Definitions, indicator: str, period: str | None = None) -> Comparison:
    """Set an indicator's areas and comparators side by side.

    Parameters
    ----------
    table : DataFrame
        `Dataset.table`.
    definitions : Definitions
    indicator : str
    period : str, optional
        A period as in the table; each area's latest figure if not given.

    Raises
    ------
    UsageError
        If there is no figure to compare.

    Notes
    -----
    Rates have exact Poisson intervals below 10 events and Byar's from 10 (`stats.rates.rate`).
    """
    entry = definitions.catalogue.by_id[checked(indicator, {i.id: i.name for i in definitions.catalogue.indicators})]
    rows = table[(table["indicator"] == indicator) & (table["breakdown"] == "") & table["used"]]
    rows = rows[(rows["basis"] != "forecast") & rows["upper"].notna()]
    if rows.empty:
        raise UsageError(f"no figure of '{indicator}' has been received.")
    if period is not None:
        rows = _of(rows, period, indicator)
    kind = rows.loc[rows["role"] == "local", "kind"]
    rows = rows[rows["kind"] == (kind if len(kind) else rows["kind"]).value_counts().index[0]]
    latest = rows.sort_values("end", kind="stable").drop_duplicates("area", keep="last")
    frame = latest.assign(count=latest["value"], role=np.where(latest["role"] == "local", "local", "neighbour"))
    left_out: tuple[str, ...] = ()
    if entry.unit == "count":
        based = frame["denominator"] > 0
        left_out = tuple(frame.loc[~based, "area"])
        if not based.any():
            raise UsageError(
                f"'{indicator}' has no population in any area: counts of areas of unlike size say nothing."
            )
        frame = frame[based]
        base = frame["denominator"]
        frame = frame.assign(
            value=rates.rate(frame["value"], base, per=PER).value,
            lower=rates.rate(frame["lower"], base, per=PER).lower,
            upper=rates.rate(frame["upper"], base, per=PER).upper,
            unit="per_10k",
        )
    frame = frame.sort_values("value", ascending=False, kind="stable", na_position="last")
    marking = "" if definitions.partnership.data_kind == "real" else "SIMULATED DATA"
    return Comparison(entry, frame[list(COLUMNS)].reset_index(drop=True), left_out, marking)


def _of(rows: pd.DataFrame, period: str, indicator: str) -> pd.DataFrame:
    """The rows of one period, however it is spelt."""
    try:
        wanted = parse(period)
    except ValueError as fault:
        raise UsageError(f"period: {fault}.") from fault
    there = rows[rows["period"].isin([period, str(wanted)])]
    if there.empty:
        alike = rows[rows["kind"] == wanted.kind]
        last = (alike if len(alike) else rows).sort_values("end", kind="stable")["period"].iloc[-1]
        raise UsageError(f"no figure of '{indicator}' for {period} has been received; the last is for {last}.")
    return there
