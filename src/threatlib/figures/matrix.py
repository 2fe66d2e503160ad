"""Where each threat stands: how bad it would be against how likely it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from threatlib.figures import canvas, describing
from threatlib.figures.canvas import Caption, Figure, Sheet

MOST_ABREAST = 4
"""Words that stand beside each other under a phone's grid; more are written upright."""
_FACE = {"high": ("o", canvas.PALETTE[0]), "moderate": ("o", "#8fb0d3"), "low": ("o", "white")}


def threat_matrix(
    frame: pd.DataFrame, caption: Caption, *, severities: Sequence[str], likelihoods: Sequence[str]
) -> Figure:
    """Place threats on a grid of ordered words.

    Parameters
    ----------
    frame : DataFrame
        `name`, `severity`, `likelihood` (each one of the words given), and where it applies `confidence` (``high``,
        ``moderate``, ``low``) and `rows`.
    severities, likelihoods : sequence of str
        The words from least to most, for the vertical and the horizontal axis.

    Raises
    ------
    ValueError
        For a word that is not on its axis.
    """
    data = canvas.filled(frame, confidence="", rows="")
    data["letter"] = [chr(ord("A") + i) for i in range(len(data))]
    names = "; ".join(f"{letter} {name}" for letter, name in zip(data["letter"], data["name"], strict=True))
    for column, words in (("severity", severities), ("likelihood", likelihoods)):
        strange = sorted(set(data[column]) - set(words))
        if strange:
            raise ValueError(f"found {column} '{strange[0]}', wanted one of: {', '.join(words)}")

    def paint(ax: Axes, sheet: Sheet) -> None:
        _grid(ax, sheet, list(severities), list(likelihoods), marked=bool(caption.marking))
        for cell in data.groupby(["likelihood", "severity"], sort=False):
            (likelihood, severity), rows = cell
            _cell(ax, sheet, likelihoods.index(str(likelihood)), severities.index(str(severity)), canvas.records(rows))

    texts = [f"{r['severity']}, {r['likelihood']}" for r in canvas.records(data)]
    return canvas.build(
        caption,
        paint,
        height=lambda narrow: max(len(severities), 1) * (96 if narrow else 84) + 60 + 18 * bool(caption.marking),
        table=data[["name", "severity", "likelihood", "confidence", "rows"]],
        alt=describing.of_rows("Matrix", caption.subtitle, [f"{name}:" for name in data["name"]], texts),
        key=f"{names}."
        + (" The fuller the circle, the higher the confidence." if (data["confidence"] != "").any() else ""),
    )


def _grid(ax: Axes, sheet: Sheet, severities: list[str], likelihoods: list[str], *, marked: bool) -> None:
    left = max((canvas.text_width(word, sheet.size - 1) for word in severities), default=0) + 10
    sheet.place(ax, left=left, right=2, top=18 * 0.75 if marked else 2, bottom=_below(likelihoods, sheet))
    ax.set_xlim(0, len(likelihoods))
    ax.set_ylim(0, len(severities))
    cells = [(x, y) for x in range(len(likelihoods)) for y in range(len(severities))]
    steps = max(len(likelihoods) + len(severities) - 1, 1)
    shades = [to_rgba(canvas.PALETTE[0], 0.04 + 0.18 * (x + y + 1) / steps) for x, y in cells]
    squares = [Rectangle((x + 0.02, y + 0.03), 0.96, 0.94) for x, y in cells]
    ax.add_collection(PatchCollection(squares, facecolors=shades, edgecolors="none"), autolim=False)
    upright = sheet.narrow and len(likelihoods) > MOST_ABREAST
    words = [word if upright else word.replace(" ", "\n") for word in likelihoods]
    ax.set_xticks([i + 0.5 for i in range(len(likelihoods))], words, size=sheet.size - (2 if sheet.narrow else 1),
                  rotation=90 if upright else 0)  # fmt: skip
    ax.set_yticks([i + 0.5 for i in range(len(severities))], severities, size=sheet.size - 1)
    ax.tick_params(length=0)
    ax.spines["bottom"].set_visible(False)


def _below(likelihoods: list[str], sheet: Sheet) -> float:
    """Points that the words under the grid need."""
    if sheet.narrow and len(likelihoods) > MOST_ABREAST:
        return max(canvas.text_width(word, sheet.size - 2) for word in likelihoods) + 10
    return sheet.line * 2.6


def _cell(ax: Axes, sheet: Sheet, column: int, line: int, rows: list[dict[str, Any]]) -> None:
    """A cell's threats, one under the other, each with a circle that tells the confidence; on a phone by letter."""
    size = sheet.size - (0 if sheet.narrow else 1)
    room = ax.get_position().width * sheet.width / ax.get_xlim()[1] - 22
    for i, row in enumerate(rows):
        y = line + 1 - (i + 0.5) / len(rows)
        shape, face = _FACE.get(str(row["confidence"]).casefold(), ("o", canvas.SOFT))
        ax.plot(column + 0.12, y, shape, markersize=6.5, markerfacecolor=face, markeredgecolor=canvas.PALETTE[0])
        name = "" if sheet.narrow else f" {row['name']}"
        text = canvas.wrapped(f"{row['letter']}{name}", room, size, lines=(4, 2)[len(rows) - 1] if len(rows) < 3 else 1)
        ax.annotate(
            text, (column + 0.12, y), xytext=(7, 0), textcoords="offset points", va="center", size=size, linespacing=1.1
        )
