"""A ladder of named rows: label at the left (above the row on a phone), marks in the middle, words at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from threatlib.figures import canvas
from threatlib.figures.canvas import Sheet

_WIDE_ROW, _NARROW_MARKS, _AXIS, _MARK, _GAP = 34.0, 28.0, 34.0, 18.0, 13.0


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rows of a chart, the first at the top.

    Parameters
    ----------
    sheet : Sheet
    labels, words : sequence of str
        What stands at the left and at the right of each row.
    bold : sequence of bool
        Rows to set in bold.
    """

    sheet: Sheet
    labels: Sequence[str]
    words: Sequence[str]
    bold: Sequence[bool] = ()

    @staticmethod
    def pixels(labels: Sequence[str], narrow: bool, *, marked: bool) -> float:
        """Height in pixels that rows with these labels need."""
        return max(len(labels), 1) * _row(labels, canvas.paper(narrow)) + _AXIS + _MARK * marked + 4

    @property
    def broken(self) -> list[str]:
        """The labels as they are written, in lines."""
        return _broken(self.labels, self.sheet)

    @property
    def heights(self) -> NDArray[np.float64]:
        """Where each row's marks are on the vertical axis; on a phone below the row's label."""
        rows = np.arange(len(self.labels), 0, -1, dtype=float)
        if self.sheet.narrow:
            return rows - 1 + _NARROW_MARKS / 2 / _row(self.labels, self.sheet)
        return rows - 0.5

    def lay(self, ax: Axes, *, marked: bool, grid: bool = True) -> None:
        """Set margins and write labels and words; the horizontal scale is the caller's."""
        sheet, size = self.sheet, self.sheet.size
        right = max((canvas.text_width(w, size, bold=True) for w in self.words), default=0) + _GAP + 2
        broken = self.broken
        left = 6.0 if sheet.narrow else max((canvas.text_width(b, size, bold=True) for b in broken), default=0) + 10
        top = (_MARK if marked else 2) * 0.75
        sheet.place(ax, left=left, right=right, top=top, bottom=_AXIS * 0.75 if grid else 4)
        ax.set_ylim(0, max(len(self.labels), 1))
        ax.set_yticks([])
        heights, tall = self.heights, _row(self.labels, sheet)
        for i, label in enumerate(broken):
            self._write(ax, i, label, left, float(heights[i]), tall)
        for y in range(1, len(self.labels)):
            ax.axhline(y, color=canvas.RULE, linewidth=0.6, zorder=0.4)

    def _write(self, ax: Axes, i: int, label: str, left: float, y: float, tall: float) -> None:
        weight = "bold" if i < len(self.bold) and self.bold[i] else "normal"
        middle = len(self.labels) - i - 0.5
        high = middle + 0.5 * _NARROW_MARKS / tall if self.sheet.narrow else middle
        ax.annotate(
            label, (0, high), xycoords=("axes fraction", "data"), xytext=(-left, 0), textcoords="offset points",
            ha="left", va="center", weight=weight, linespacing=1.1, annotation_clip=False, zorder=5,
            bbox={"facecolor": "white", "lw": 0, "pad": 1.0} if self.sheet.narrow else None,
        )  # fmt: skip
        ax.annotate(
            self.words[i], (1, y), xycoords=("axes fraction", "data"), xytext=(_GAP, 0), textcoords="offset points",
            ha="left", va="center", weight="bold", annotation_clip=False,
        )  # fmt: skip


def _broken(labels: Sequence[str], sheet: Sheet) -> list[str]:
    room = sheet.width * (0.92 if sheet.narrow else 0.38)
    return [canvas.wrapped(str(label), room, sheet.size, lines=2 if sheet.narrow else 3) for label in labels]


def _row(labels: Sequence[str], sheet: Sheet) -> float:
    """Pixels a row needs for the label with most lines."""
    lines = max((text.count("\n") + 1 for text in _broken(labels, sheet)), default=1)
    lettering = lines * sheet.size * 1.15 * 4 / 3
    return lettering + _NARROW_MARKS + 6 if sheet.narrow else max(_WIDE_ROW, lettering + 10)
