"""One measure in one place over time, with everything that is known about it.

What draws is imported when something is drawn: a run that draws nothing here should not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from threatlib import wording
from threatlib.catalogue import Annotation, Definitions, Indicator
from threatlib.errors import UsageError
from threatlib.explore.names import checked
from threatlib.explore.show import nearest, paragraph, picture, table_html, together
from threatlib.observations import STATUSES
from threatlib.periods import parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (
    *("period", "end", "value", "lower", "upper", "status", "numerator", "denominator", "unit", "basis", "marks"),
    *("file", "sheet", "row", "received_on", "obs"),
)
"""Columns of `Series.frame`: the period as its source spells it and the day it ends; the value and the interval it is
known to lie in; its status; what it was made from; ids of annotations that concern it; where it was read."""


@dataclass(frozen=True)
class Series:
    """One indicator in one area, oldest first; shown as a chart with its statuses, breaks and provenance.

    `frame` has the columns of `COLUMNS`; `annotations` are the declared oddities that concern it.
    """

    indicator: Indicator
    area: str
    agency: str
    breakdown: str
    kind: str
    frame: pd.DataFrame
    annotations: tuple[Annotation, ...]
    marking: str = ""

    @property
    def by_day(self) -> pd.Series:
        """The values by the day their period ends; a missing one is NaN."""
        return self.frame.set_index("end")["value"].rename(self.indicator.id)

    @property
    def title(self) -> str:
        return f"{self.indicator.name}, {self.area}" + (f", {self.breakdown}" if self.breakdown else "")

    def plot(self, ax: Axes | None = None, **style: Any) -> Axes:
        """Draw on seaborn axes that can be styled on; keywords go to `seaborn.lineplot`.

        A period that was not returned leaves a gap, and no line crosses a declared break.
        """
        import matplotlib.pyplot as plt
        import seaborn as sns

        from threatlib.figures import canvas

        data = self.frame.assign(stretch=self._stretches)
        style = {"marker": "o", "color": canvas.PALETTE[0]} | style
        ax = plt.gca() if ax is None else ax
        if data["value"].notna().any():  # seaborn stumbles over nothing
            sns.lineplot(data, x="end", y="value", units="stretch", estimator=None, ax=ax, **style)
        unit = wording.UNIT_WORDS.get(self.indicator.unit, self.indicator.unit)
        ax.set(xlabel="", ylabel=unit, title=self.title)
        if not (self.frame["value"] < 0).any():
            ax.set_ylim(bottom=0)
        for entry in self._breaks:
            ax.axvline(_day(entry), color="0.3", linestyle="--", linewidth=1)
        return ax

    @property
    def statuses(self) -> pd.Series:
        """How many periods have each status."""
        return self.frame["status"].value_counts()

    @property
    def provenance(self) -> pd.DataFrame:
        """The files the series was read from: rows used, first and last period, day received."""
        grouped = self.frame.groupby(["file", "received_on"], sort=False)
        return grouped.agg(rows=("row", "size"), first=("period", "first"), last=("period", "last")).reset_index()

    @cached_property
    def _breaks(self) -> list[Annotation]:
        return [a for a in self.annotations if a.kind in ("break", "definition") and a.start]

    @property
    def _stretches(self) -> list[int]:
        """Which unbroken stretch each row belongs to: a new one after a hole or a declared break."""
        cuts = sorted(pd.Timestamp(parse(str(entry.start)).start) for entry in self._breaks)
        number, found, last = 0, [], None
        for end, value in zip(self.frame["end"], self.frame["value"], strict=True):
            hole = pd.isna(value)
            if last is not None and (hole or any(last < cut <= end for cut in cuts)):
                number += 1
            found.append(number)
            last = end
        return found

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        first, last = (self.frame["period"].iloc[n] for n in (0, -1))
        counted = ", ".join(f"{n} {status}" for status, n in self.statuses.items())
        lines = [f"{self.title} ({self.indicator.unit}): {first} to {last}, {counted}"]
        lines += [f"  {a.kind} {a.start or ''}: {a.title} ({a.said_by}, {a.status})" for a in self.annotations]
        lines += [f"  {p['rows']} rows from {p['file']}" for p in self.provenance.tail(3).to_dict("records")]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        noted = [(a.kind, a.start or "", a.end or "", a.title, a.reason, a.said_by) for a in self.annotations]
        parts: list[object] = [self._picture(), self._strip()]
        if noted:
            head = ["kind", "from", "to", "what", "why", "who said so"]
            parts.append(table_html(head, noted, caption="Declared about this series"))
        read = self.provenance
        cells = [[*row[:1], f"{row[1]:%d %B %Y}", *row[2:]] for row in read.itertuples(index=False)]
        head = ["file", "received", "rows", "first period", "last period"]
        parts.append(
            Markup("<details><summary>{} files</summary>{}</details>").format(len(read), table_html(head, cells))
        )
        return together(*parts)

    def _picture(self) -> Markup:
        from threatlib import figures

        data = self.frame.rename(columns={"end": "period_end", "obs": "rows"})
        spans = [
            (pd.Timestamp(parse(a.start).start), pd.Timestamp(parse(a.end).end), a.title)
            for a in self.annotations
            if a.kind == "gap" and a.start and a.end
        ]
        drawn = figures.time_series(
            data[["period", "period_end", "value", "lower", "upper", "status", "marks", "rows"]],
            figures.Caption("explored", self.title, self.indicator.definition, "files as registered", self.marking),
            unit=self.indicator.unit,
            gaps=spans,
            breaks=[(pd.Timestamp(parse(str(a.start)).start), a.title) for a in self._breaks],
        )
        return paragraph(self.title, strong=True) + picture(drawn)

    def _strip(self) -> Markup:
        """One square a period: filled where there is a value, its shorthand where there is none."""
        squares = Markup("").join(
            Markup('<span title="{}: {}" style="{}">{}</span>').format(
                row["period"], row["status"], _SQUARE, STATUSES[row["status"]] or "■"
            )
            for row in self.frame.to_dict("records")
        )
        return Markup('<p aria-label="status of each period">{}</p>').format(squares)


_SQUARE = "display:inline-block;min-width:1.1em;text-align:center;font-size:80%"


def series(
    table: pd.DataFrame,
    definitions: Definitions,
    indicator: str,
    area: str | None = None,
    *,
    breakdown: str = "",
    agency: str | None = None,
    kind: str | None = None,
) -> Series:
    """Choose one series of a dataset's table.

    Parameters
    ----------
    table : DataFrame
        `Dataset.table`.
    definitions : Definitions
    indicator : str
        Its id in the catalogue.
    area : str, optional
        Needed where there is more than one.
    breakdown, agency, kind : str, optional
        Needed where one indicator and area has several; of several kinds of period the one with most figures is taken.

    Raises
    ------
    UsageError
        Where nothing, or more than one series, answers; it names what there is.
    """
    entry = definitions.catalogue.by_id[checked(indicator, {i.id: i.name for i in definitions.catalogue.indicators})]
    rows = table[(table["indicator"] == indicator) & table["used"] & (table["basis"] != "forecast")]
    if rows.empty:
        raise UsageError(f"no figure of '{indicator}' has been received.")
    area = _only(rows, "area", area, indicator)
    rows = rows[rows["area"] == area]
    breakdown = _only(rows, "breakdown", breakdown, indicator)
    rows = rows[rows["breakdown"] == breakdown]
    agency = _only(rows, "agency", agency, indicator)
    rows = rows[rows["agency"] == agency]
    kind = _only(rows, "kind", kind or str(rows["kind"].value_counts().index[0]), indicator)
    rows = rows[rows["kind"] == kind].sort_values("end", kind="stable")
    about = tuple(
        a
        for a in definitions.annotations.annotations
        if (indicator in a.indicators or not a.indicators) and (area in a.areas or not a.areas)
        if a.indicators or a.areas
    )
    return Series(
        indicator=entry,
        area=area,
        agency=agency,
        breakdown=breakdown,
        kind=kind,
        frame=rows[list(COLUMNS)].reset_index(drop=True),
        annotations=about,
        marking="" if definitions.partnership.data_kind == "real" else "SIMULATED DATA",
    )


def _only(rows: pd.DataFrame, column: str, wanted: str | None, indicator: str) -> str:
    there = list(dict.fromkeys(rows[column]))
    if wanted is None and len(there) == 1:
        return str(there[0])
    if wanted in there:
        return str(wanted)
    choice = ", ".join(f"'{name}'" for name in there)
    if wanted is None:
        raise UsageError(f"'{indicator}' has several: say which with {column}=, one of {choice}.")
    raise UsageError(f"'{indicator}' has no {column} '{wanted}'{nearest(wanted, there)} There is {choice}.")


def _day(entry: Annotation) -> float:
    """The day a declared break begins, as a place on an axis."""
    from matplotlib import dates

    return float(dates.date2num(parse(str(entry.start)).start))  # type: ignore[no-untyped-call]
