"""A measure over time: what is known, provisional, hidden or missing, and where recording broke."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from threatlib import wording
from threatlib.figures import canvas, describing, margins, ranges
from threatlib.figures.canvas import Caption, Figure, Sheet
from threatlib.figures.scales import number_scale

MOST_SERIES = len(canvas.PALETTE)

_SHAPES = ("o", "s", "^", "v")

Gap = tuple[Any, Any, str]
Break = tuple[Any, str]

_OPTIONAL: dict[str, Any] = {
    "lower": np.nan, "upper": np.nan, "status": "reported", "series": "", "flag": "", "marks": "", "rows": "",
    **dict.fromkeys((*ranges.EXPECTED, *ranges.LIMITS), np.nan),
}  # fmt: skip


def time_series(
    frame: pd.DataFrame,
    caption: Caption,
    *,
    unit: str = "count",
    gaps: Sequence[Gap] = (),
    breaks: Sequence[Break] = (),
) -> Figure:
    """Draw one to four series against time.

    Parameters
    ----------
    frame : DataFrame
        `period` (label), `period_end` (datetime), `value` (NaN where not known), and where they apply `lower` and
        `upper` (what a withheld value is known to lie between), `status`, `series` (name), `flag` (why a point is
        flagged, empty if it is not), `marks`, `expected_lower`, `expected_upper`, `centre`, `limit_lower`,
        `limit_upper` (of a control chart), `rows` (where the value comes from).
    caption : Caption
    unit : str
        As in the catalogue.
    gaps : sequence of (start, end, label)
        Stretches without records: hatched, and no line crosses them.
    breaks : sequence of (date, label)
        Changes in recording: a labelled line, and no series is joined across it.

    Raises
    ------
    ValueError
        With more series than can be told apart.
    """
    data = prepared(frame)
    names = list(dict.fromkeys(data["series"]))
    if len(names) > MOST_SERIES:
        raise ValueError(f"found {len(names)} series, wanted at most {MOST_SERIES}: split the chart")
    spans = [(pd.Timestamp(start), pd.Timestamp(end), label) for start, end, label in gaps]
    cuts = [(pd.Timestamp(day), label) for day, label in breaks]

    def paint(ax: Axes, sheet: Sheet) -> None:
        _paint(ax, sheet, data, names, unit, spans, cuts, marked=bool(caption.marking))

    return canvas.build(
        caption,
        paint,
        height=lambda narrow: (
            (260 if narrow else 320)
            + margins.strip(spans, cuts, data["period_end"], canvas.paper(narrow)).height * 4 / 3
        ),
        table=table(data, names, unit),
        alt=describing.of_series(data, caption.subtitle, unit, len(spans)),
        key=key(data),
    )


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every column a chart of time may use, oldest first within each series."""
    data = canvas.filled(frame, **_OPTIONAL)
    data["period_end"] = pd.to_datetime(data["period_end"])
    data["value"] = data["value"].astype(float)
    return data.sort_values(["series", "period_end"], kind="stable").reset_index(drop=True)


def _paint(ax: Axes, sheet: Sheet, data: pd.DataFrame, names: list[str], unit: str, spans: list[Gap],
           cuts: list[Break], *, marked: bool) -> None:  # fmt: skip
    strip = margins.strip(spans, cuts, data["period_end"], sheet)
    left, right = room_for(ax, data, unit, sheet)
    top = strip.height + (sheet.line * 1.4 if marked else 6)
    sheet.place(ax, left=left, right=right, top=top, bottom=sheet.line * 2.4 + 6)
    margins.time_axis(ax, data, sheet, sheet.width - left - right)
    margins.write_strip(ax, strip, sheet)
    draw(ax, data, names, unit, sheet, spans, cuts)


def room_for(ax: Axes, data: pd.DataFrame, unit: str, sheet: Sheet) -> tuple[float, float]:
    """Scale the values and give the margins that their labels need at the left and at the right."""
    names = list(dict.fromkeys(data["series"]))
    ends = _end_labels(data, names, unit, sheet, 0)
    right = max((canvas.text_width(text, sheet.size, bold=True) for _, text, _ in ends), default=0) + 12
    left = max((canvas.text_width(text, sheet.size) for text in _value_axis(ax, data, unit)), default=10) + 8
    return left, max(right, sheet.size * 2.5)


def draw(ax: Axes, data: pd.DataFrame, names: list[str], unit: str, sheet: Sheet, spans: list[Gap], cuts: list[Break],
         *, look: int = 0, ends: list[tuple[float, str, str]] | None = None) -> None:  # fmt: skip
    """Everything inside the axes, and the names at its right.

    `look` is the first colour and shape to use; `ends` are labels in place of each series' last value.
    """
    for start, end, _ in spans:
        ax.axvspan(start, end, facecolor="white", edgecolor="#9aa7b3", hatch="////", linewidth=0, zorder=0.5)
    for day, _ in cuts:
        ax.axvline(day, color=canvas.INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    apart = [*spans, *((day, day, "") for day, _ in cuts)]
    for name, colour, shape in zip(names, canvas.PALETTE[look:], _SHAPES[look:], strict=False):
        _one_series(ax, data[data["series"] == name], (colour, shape), sheet, apart)
    _flags(ax, data, sheet, unit)
    margins.write_ends(ax, _end_labels(data, names, unit, sheet, look) if ends is None else ends, sheet)
    if not data["value"].notna().any() and not data["upper"].notna().any():
        canvas.nothing_to_show(ax)


def _value_axis(ax: Axes, data: pd.DataFrame, unit: str) -> list[str]:
    """Scale from zero (or below, where there are negative values) and give the labels it will have."""
    numbers = data[["value", "lower", "upper", *ranges.EXPECTED, *ranges.LIMITS]].to_numpy(dtype=float)
    known = numbers[np.isfinite(numbers)]
    low, high = (min(known.min(), 0.0), max(known.max(), 0.0)) if known.size else (0.0, 1.0)
    high = high if high > low else 1.0  # all zero: the line lies on the floor of a scale to one
    spread = high - low
    air = 0.18 if data["flag"].astype(str).ne("").any() else 0.1
    ax.set_ylim(low - 0.08 * spread * (low < 0), high + air * spread)
    labels = number_scale(ax.yaxis, *ax.get_ylim(), unit, most=5) if known.size else []
    ax.grid(axis="y")
    sns.despine(ax=ax, left=True)
    if low < 0:
        ax.axhline(0, color=canvas.SOFT, linewidth=1)
    if not known.size:
        ax.set_yticks([])
    return labels


def _one_series(ax: Axes, rows: pd.DataFrame, look: tuple[str, str], sheet: Sheet, cuts: list[Gap]) -> None:
    colour, shape = look
    ranges.draw(ax, rows, sheet, cuts)
    segments = list(_segments(rows, cuts))
    for dashes, soft in (("-", False), ((0, (2.5, 1.8)), True)):
        ends = [[(margins.day_number(row["period_end"]), row["value"]) for row in (before, after)]
                for before, after, dashed in segments if dashed == soft]  # fmt: skip
        ax.add_collection(
            LineCollection(ends, colors=colour, linewidths=2, linestyles=dashes, capstyle="round", zorder=2),
            autolim=False,
        )
    known = rows[rows["value"].notna()]
    size = 4.5 if len(known) <= 40 and not (sheet.narrow and len(known) > 20) else 2.2
    for hollow, points in known.groupby(known["status"].isin(["provisional", "estimated"])):
        ax.plot(
            points["period_end"], points["value"], shape, markersize=size, markeredgecolor=colour, markeredgewidth=1.4,
            markerfacecolor="white" if hollow else colour, zorder=3,
        )  # fmt: skip
    _hidden(ax, rows, colour, sheet)


def _hidden(ax: Axes, rows: pd.DataFrame, colour: str, sheet: Sheet) -> None:
    """A withheld value is an interval: a bar between what it can be, never a point."""
    hidden = rows[rows["value"].isna() & rows["lower"].notna() & rows["upper"].notna()]
    first, last = ax.get_xlim()
    apart, free = canvas.text_width("[c]", sheet.size - 1) * (last - first) / sheet.room(ax), last + 1
    for _, row in hidden[::-1].iterrows():  # from the latest back, so that it is the one that is named
        ax.plot([row["period_end"]] * 2, [row["lower"], row["upper"]], color=colour, linewidth=5, alpha=0.45,
                solid_capstyle="butt", zorder=2)  # fmt: skip
        if margins.day_number(row["period_end"]) <= free:
            free = margins.day_number(row["period_end"]) - apart
            ax.annotate("[c]", (row["period_end"], row["upper"]), xytext=(0, 2), textcoords="offset points",
                        ha="center", va="bottom", size=sheet.size - 1, color=canvas.SOFT)  # fmt: skip


def _segments(rows: pd.DataFrame, cuts: list[Gap]) -> Iterator[tuple[dict[str, Any], dict[str, Any], bool]]:
    """Neighbouring known points that may be joined, and whether the join leads to a provisional one."""
    records = canvas.records(rows)
    for before, after in pairwise(records):
        if not np.isfinite(before["value"]) or not np.isfinite(after["value"]):
            continue
        if ranges.parted(before["period_end"], after["period_end"], cuts):
            continue
        yield before, after, after["status"] in ("provisional", "estimated")


def _flags(ax: Axes, data: pd.DataFrame, sheet: Sheet, unit: str) -> None:
    """Flagged points by shape, the reason beside the latest of them."""
    flagged = data[(data["flag"].astype(str) != "") & data["value"].notna()]
    ax.plot(flagged["period_end"], flagged["value"], "D", markersize=8.5, markerfacecolor="#F46A25",
            markeredgecolor=canvas.INK, markeredgewidth=1.2, linestyle="none", zorder=4)  # fmt: skip
    first, last = ax.get_xlim()
    for _, row in flagged.tail(1).iterrows():  # the latest is named; more names would cover each other
        late = margins.day_number(row["period_end"]) > (first + last) / 2
        words = f"{row['flag']}: {wording.number(row['value'], unit)}"
        reach = (canvas.text_width(words, sheet.size - 1, bold=True) + 14) * (last - first) / sheet.room(ax)
        top = _highest(data, row["period_end"], -reach if late else reach)
        ax.vlines(row["period_end"], row["value"], top, color=canvas.SOFT, linewidth=0.8, zorder=1.5)
        ax.annotate(
            words, (row["period_end"], top),
            xytext=(-7 if late else 7, 6), textcoords="offset points", ha="right" if late else "left", va="bottom",
            size=sheet.size - 1, weight="bold", bbox={"facecolor": "white", "alpha": 0.85, "lw": 0, "pad": 1}, zorder=5,
        )  # fmt: skip


def _highest(data: pd.DataFrame, day: pd.Timestamp, reach: float) -> float:
    """The highest point within so many days of a day, so that a label above it covers none."""
    first, last = sorted((day, day + pd.Timedelta(days=reach)))
    there = data["period_end"].between(first, last)
    return float(data.loc[there, "value"].fillna(data["upper"]).max())


def _end_labels(
    data: pd.DataFrame, names: list[str], unit: str, sheet: Sheet, look: int
) -> list[tuple[float, str, str]]:
    """Height, words and colour of the label at the end of each series."""
    labels = []
    for name, colour in zip(names, canvas.PALETTE[look:], strict=False):
        rows = data[data["series"] == name]
        broken = canvas.wrapped(name, sheet.width * (0.3 if sheet.narrow else 0.22), sheet.size, lines=2)
        value, words = _end_label(rows, data["period_end"].max(), unit)
        if words:
            labels.append((value, f"{broken}\n{words}" if name else words, canvas.lettering(colour)))
    return labels


def _end_label(rows: pd.DataFrame, end: pd.Timestamp, unit: str) -> tuple[float, str]:
    """The latest value and its height: a withheld one as its interval, one from before the end with its period."""
    short = unit if unit in ("percent", "percent_change", "gbp") else "count"
    last, known = rows.tail(1), rows[rows["value"].notna()].tail(1)
    for _, row in last[last["value"].isna() & last["lower"].notna() & last["upper"].notna()].iterrows():
        return (row["lower"] + row["upper"]) / 2, f"[c] {wording.interval(row['lower'], row['upper'], short)}"
    for _, row in known.iterrows():
        then = "" if row["period_end"] == end else f"\n{wording.period_short(str(row['period']))}"
        return float(row["value"]), wording.number(row["value"], short) + then
    return 0.0, ""


def table(data: pd.DataFrame, names: list[str], unit: str) -> pd.DataFrame:
    """The figures behind the drawing, as the page shows them."""
    shown = pd.DataFrame({"period": data["period"]})
    if names != [""]:
        shown["series"] = data["series"]
    shown[["value", "lower", "upper", "status"]] = data[["value", "lower", "upper", "status"]]
    for names_of in (ranges.EXPECTED, ranges.LIMITS):
        if data[list(names_of)].notna().any(axis=None):
            shown[list(names_of)] = data[list(names_of)]
    if data["flag"].astype(str).any():
        shown["flag"] = data["flag"]
    return shown.assign(unit=unit, rows=data["rows"])


def key(data: pd.DataFrame) -> str:
    """How to read the marks that have no label of their own."""
    soft = data["status"].isin(["provisional", "estimated"])
    said = {
        "Hollow points on a dashed line are provisional or estimated.": soft & data["value"].notna(),
        "A bar marked [c] is a withheld value: it lies somewhere along the bar.": data["value"].isna()
        & data["upper"].notna(),
        "The shaded band is the expected range.": data["expected_lower"].notna(),
        "Dashed lines are the limits of usual variation.": data["limit_upper"].notna(),
        "A diamond is a point flagged by itself or with those before it.": (data["flag"].astype(str) != "")
        & data["value"].notna(),
    }
    return " ".join(words for words, rows in said.items() if rows.any())
