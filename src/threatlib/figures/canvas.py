"""What every chart shares: its parts, its palette, and how it becomes the same bytes each time.

A chart is drawn twice, for a wide page and for a phone, so that its lettering is readable on both. Lettering stays
text: it is measured with the font that comes with matplotlib and set in the reader's own, which is narrower.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Drawing
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25")
"""The Analysis Function's categorical palette, at most four series a chart; 3:1 against white or better."""

INK, SOFT, RULE, WASH, EDGE = "#1d2730", "#4a5763", "#d5dbe1", "#dfe7ef", "#6b8299"
WORSE, BETTER = "#801650", "#1b6f68"

_MEASURED_WITH = "DejaVu Sans"
_SET_IN = "'Helvetica Neue', Arial, 'Liberation Sans', Roboto, sans-serif"
_PIXELS_AN_INCH = 96
_POINTS_AN_INCH = 72


@dataclass(frozen=True, slots=True)
class Caption:
    """What is said around a chart; the words come from whoever knows the finding.

    Parameters
    ----------
    id : str
        Unique on its page; becomes the anchor.
    headline : str
        The finding, as a sentence.
    subtitle : str
        Measure, unit, place and period.
    source : str
        Where the figures come from.
    marking : str
        Drawn on the chart itself, for instance ``SIMULATED DATA``; empty for none.
    """

    id: str
    headline: str
    subtitle: str
    source: str
    marking: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A finished chart: two drawings of one frame, the words around it, and the frame as a table.

    `svg` is for a page about 740 pixels wide, `narrow` for one of 290. `key` says how to read marks that are not
    labelled in the drawing. `table` has display columns, a `unit` column where the value has one, and `rows`.
    """

    id: str
    svg: bytes
    narrow: bytes
    alt: str
    headline: str
    subtitle: str
    source: str
    table: pd.DataFrame = field(repr=False)
    marking: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper a chart is painted on: size in points, and the size of its lettering."""

    width: float
    height: float
    narrow: bool

    @property
    def size(self) -> float:
        return 10.0 if self.narrow else 11.0

    @property
    def line(self) -> float:
        """Height of a line of lettering in points."""
        return self.size * 1.3

    def room(self, ax: Axes) -> float:
        """Points along the axes' horizontal side."""
        return float(ax.get_position().width * self.width)

    def place(self, ax: Axes, *, left: float, right: float, top: float, bottom: float) -> None:
        """Leave margins, in points, around the axes."""
        w, h = self.width, self.height
        ax.set_position((left / w, bottom / h, max(w - left - right, 10) / w, max(h - top - bottom, 10) / h))


WIDE_PIXELS, NARROW_PIXELS = 736, 288

Painter = Callable[[Axes, Sheet], None]


def build(caption: Caption, paint: Painter, *, height: Callable[[bool], float], table: pd.DataFrame, alt: str,
          key: str = "") -> Figure:  # fmt: skip
    """Paint both sheets and put the figure together; `height` gives pixels for a wide (False) or narrow sheet."""
    wide, narrow = (_drawn(caption, paint, height(slim), slim) for slim in (False, True))
    return Figure(
        caption.id, wide, narrow, alt, caption.headline, caption.subtitle, caption.source, table, caption.marking, key
    )


def paper(narrow: bool, pixels: float = 0.0) -> Sheet:
    """A sheet as wide as the page it is for and `pixels` high."""
    scale = _POINTS_AN_INCH / _PIXELS_AN_INCH
    return Sheet((NARROW_PIXELS if narrow else WIDE_PIXELS) * scale, pixels * scale, narrow)


def filled(frame: pd.DataFrame, **defaults: Any) -> pd.DataFrame:
    """A copy with the columns that a caller may leave out."""
    data = frame.reset_index(drop=True).copy()
    for name, default in defaults.items():
        if name not in data:
            data[name] = default
    return data


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each by its columns' names."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in points of the longest line, by the font that comes with matplotlib."""
    font = FontProperties(family=_MEASURED_WITH, size=size, weight="bold" if bold else "normal")
    lines = text.split("\n") or [""]
    return max(float(text_to_path.get_text_width_height_descent(line or " ", font, ismath=False)[0]) for line in lines)


def wrapped(text: str, width: float, size: float, *, lines: int = 3) -> str:
    """The text broken to fit `width` points, at most `lines` lines, the rest shown to be cut by an ellipsis."""
    letters = max(int(width / (size * 0.58)), 4)
    return "\n".join(textwrap.wrap(text, letters, max_lines=lines, placeholder=" …")) or text


def lettering(colour: str, against: float = 4.5) -> str:
    """The colour, darkened until text in it stands out from white by the ratio that WCAG 2.2 asks (1.4.3)."""
    red, green, blue = to_rgb(colour)
    while contrast_with_white((red, green, blue)) < against:
        red, green, blue = red * 0.95, green * 0.95, blue * 0.95
    return str(mpl.colors.to_hex((red, green, blue)))


def contrast_with_white(colour: str | tuple[float, float, float]) -> float:
    """Contrast ratio with white, 1 to 21, by the relative luminance of WCAG 2.2."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 1.05 / (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] + 0.05)


def nothing_to_show(ax: Axes, words: str = "No figures to show") -> None:
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color=SOFT, style="italic")


def _drawn(caption: Caption, paint: Painter, pixels: float, narrow: bool) -> bytes:
    sheet = paper(narrow, pixels)
    with mpl.rc_context(_style(caption.id, sheet)):  # type: ignore[arg-type]  # its keys are a closed list
        drawing = Drawing(figsize=(sheet.width / _POINTS_AN_INCH, sheet.height / _POINTS_AN_INCH))
        ax = drawing.subplots()
        paint(ax, sheet)
        if caption.marking:
            drawing.text(0, 1, caption.marking, color=WORSE, weight="bold", size=sheet.size - 1, va="top", ha="left")
        out = io.BytesIO()
        drawing.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _for_reader(out.getvalue())


def _style(salt: str, sheet: Sheet) -> dict[str, Any]:
    """Settings for one drawing; never set globally."""
    return {
        **sns.axes_style("white"),
        "svg.hashsalt": salt,
        "svg.fonttype": "none",
        "text.parse_math": False,
        "font.family": [_MEASURED_WITH],
        "font.size": sheet.size,
        "text.color": INK,
        "axes.edgecolor": SOFT,
        "axes.linewidth": 0.8,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": sheet.size,
        "ytick.labelsize": sheet.size,
        "ytick.left": False,
        "grid.color": RULE,
        "grid.linewidth": 0.8,
        "hatch.linewidth": 0.7,
        "figure.facecolor": "white",
        "figure.dpi": _POINTS_AN_INCH,
    }


def _for_reader(svg: bytes) -> bytes:
    text = svg.decode().replace(f"'{_MEASURED_WITH}'", _SET_IN)
    return text[text.index("<svg") :].encode()
