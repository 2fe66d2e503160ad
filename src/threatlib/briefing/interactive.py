"""A piece of a page as JupyterLab shows it: in the page's own style, which reaches nothing else in the window."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

_STYLE = Path(__file__).with_name("template") / "style.css"
_AROUND = re.compile(r"(?<![\w.-])(?::root|body|main)(?![\w-])")
"""Selectors of what stands around a piece on a page; in a notebook that is the piece's own box."""
_UNNUMBERED = "& .table caption::before, & figcaption::before { content: none !important; }"
"""Figures and tables are numbered through a page; a notebook shows them one cell at a time."""
_PLAIN = (
    "table { table-layout: auto; } dl dt, dl dd { float: none; width: auto; } "
    "&.threatlib :is(th, td) { text-align: left; } &.threatlib :is(th, td).number { text-align: right; }"
)
"""What JupyterLab does to tables and lists, undone before the page's rules say otherwise."""
_BOX = Markup('<style>{}</style><div class="threatlib">{}</div>')


@dataclass(frozen=True, slots=True)
class Styled:
    """A piece of a page in a notebook that an analyst has opened.

    Every piece brings the style along: JupyterLab takes what is scrolled away out of the window, a style with it.
    """

    html: Markup

    def _repr_html_(self) -> str:
        return str(_BOX.format(_style(), self.html))


@cache
def _style() -> Markup:
    """The page's style sheet, nested in the class of a piece's box."""
    rules = _AROUND.sub("&", _STYLE.read_text(encoding="utf-8"))
    return Markup(f".threatlib {{\n{_PLAIN}\n{rules}\n{_UNNUMBERED}\n}}")  # noqa: S704  our own style sheet
