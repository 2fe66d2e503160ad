"""Workforce against demand: two measures on one line of time, each on a scale of its own, one above the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes

from threatlib.figures import canvas, describing, margins, series
from threatlib.figures.canvas import Caption, Figure, Sheet
from threatlib.figures.series import Break, Gap

_PANEL, _NARROW_PANEL, _BETWEEN = 190.0, 170.0, 30.0


def pressure(
    frame: pd.DataFrame,
    caption: Caption,
    *,
    units: Mapping[str, str],
    gaps: Sequence[Gap] = (),
    breaks: Sequence[Break] = (),
) -> Figure:
    """Draw two measures of different units, one panel each, sharing the axis of time.

    Two panels and not two axes on one: where two scales share a panel, the crossing of their lines means nothing.

    Parameters
    ----------
    frame : DataFrame
        As for `time_series`; `series` names the two measures, the upper panel's first.
    units : mapping
        The unit of each of the two.
    gaps, breaks
        As for `time_series`; drawn through both panels.

    Raises
    ------
    ValueError
        With other than two measures.
    """
    if len(units) != 2:
        raise ValueError(f"found {len(units)} measures, wanted two: one to be done, one to do it with")
    data = series.prepared(frame)
    names = list(units)
    spans = [(pd.Timestamp(start), pd.Timestamp(end), label) for start, end, label in gaps]
    cuts = [(pd.Timestamp(day), label) for day, label in breaks]

    def paint(ax: Axes, sheet: Sheet) -> None:
        _paint(ax, sheet, data, dict(units), spans, cuts, marked=bool(caption.marking))

    return canvas.build(
        caption,
        paint,
        height=lambda narrow: (
            2 * (_NARROW_PANEL if narrow else _PANEL)
            + _BETWEEN
            + 54
            + 18 * bool(caption.marking)
            + margins.strip(spans, cuts, data["period_end"], canvas.paper(narrow)).height * 4 / 3
        ),
        table=pd.concat(
            [series.table(data[data["series"] == name], names, units[name]) for name in names], ignore_index=True
        ),
        alt=describing.of_measures(data, caption.subtitle, units, len(spans)),
        key=series.key(data),
    )


def _paint(ax: Axes, sheet: Sheet, data: pd.DataFrame, units: Mapping[str, str], spans: list[Gap], cuts: list[Break],
           *, marked: bool) -> None:  # fmt: skip
    strip = margins.strip(spans, cuts, data["period_end"], sheet)
    panels = [ax, ax.figure.add_subplot()]
    top = strip.height + (sheet.line * 1.4 if marked else 2)
    bottom = sheet.line * 2.4 + 6
    head, between = sheet.line * 1.5, _BETWEEN * 0.75
    each = (sheet.height - top - bottom - between - 2 * head) / 2
    parts = [data[data["series"] == name] for name in units]
    room = [series.room_for(panel, part, unit, sheet)
            for panel, part, unit in zip(panels, parts, units.values(), strict=True)]  # fmt: skip
    left, right = (max(side) for side in zip(*room, strict=True))
    for i, (panel, part, (name, unit)) in enumerate(zip(panels, parts, units.items(), strict=True)):
        above = top + head + i * (each + between + head)
        sheet.place(panel, left=left, right=right, top=above, bottom=sheet.height - above - each)
        margins.time_axis(panel, data, sheet, sheet.width - left - right)
        if i == 0:
            panel.tick_params(axis="x", labelbottom=False)
            margins.write_strip(panel, strip, sheet, above=head)
        title = canvas.wrapped(name, sheet.width, sheet.size, lines=1)
        panel.annotate(
            title, (0, 1), xycoords="axes fraction", xytext=(-left, 5), textcoords="offset points", weight="bold",
            ha="left", va="bottom", color=canvas.lettering(canvas.PALETTE[i]), annotation_clip=False,
        )  # fmt: skip
        series.draw(panel, part.assign(series=""), [""], unit, sheet, spans, cuts, look=i)
