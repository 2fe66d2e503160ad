"""The smallest pieces of a page: text made safe, numbers that lead home, shapes that stand beside words."""

from __future__ import annotations

import math
import re
from numbers import Real
from typing import Any, TypeGuard

import pandas as pd
from markupsafe import Markup, escape

from threatlib import wording
from threatlib.observations import STATUSES

SHORTHAND: dict[str, str] = {
    "[b]": "break in recording",
    "[c]": "confidential: withheld because a small number could identify a child",
    "[e]": "estimated",
    "[f]": "forecast",
    "[low]": "rounds to zero but is not zero",
    "[p]": "provisional",
    "[r]": "revised",
    "[u]": "low reliability",
    "[x]": "not available",
    "[z]": "not applicable",
}
"""Shorthand used in tables in place of, or beside, a number."""

_SHAPES: dict[str, str] = {
    "up": "M6 1 11 10.5H1z",
    "down": "M6 11 1 1.5h10z",
    "level": "M1 4.2h10v3.6H1z",
    "cannot be said": "M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 1.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4z",
}

DIRECTIONS = tuple(_SHAPES)
"""Words an arrow can have."""


def number_html(text: str, value: float, rows: str) -> Markup:
    """A number on the page with the machine's value and the source rows it comes from.

    Raises
    ------
    ValueError
        Without a source row, or for a value that is no number: neither may stand on a page.
    """
    if not math.isfinite(value):
        raise ValueError(f"found {value} for '{text}', wanted a finite number; show its status instead")
    if not str(rows).strip():
        raise ValueError(f"'{text}' has no source row; every number on a page leads home")
    return Markup('<data value="{}" data-from="{}">{}</data>').format(f"{value:.10g}", rows, text)


def period_html(label: str) -> Markup:
    """A period in words, the label kept for whoever traces it."""
    return Markup('<span class="period" data-period="{}">{}</span>').format(label, wording.period_words(label))


def status_html(status: str, lower: Any = None, upper: Any = None, unit: str = "count", rows: str = "") -> Markup:
    """What stands where there is no number: the shorthand, and the interval where one is known."""
    short = STATUSES.get(status) or "[x]"
    mark = Markup('<abbr title="{}">{}</abbr>').format(SHORTHAND[short], short)
    if known(lower) and known(upper) and rows:
        ends = wording.interval(float(lower), float(upper), unit)
        return mark + Markup(' <span class="ends" data-from="{}" data-interval="{:g} {:g}">{}</span>').format(
            rows, float(lower), float(upper), ends
        )
    return mark


def arrow_html(direction: str, judgement: str = "", words: str = "") -> Markup:
    """Word and shape for a direction, and the word better or worse where the polarity says so.

    Other `words` may stand in the direction's place (``getting worse``); they then say the judgement too.
    """
    shape = _SHAPES.get(direction)
    if shape is None:
        raise ValueError(f"found direction '{direction}', wanted one of: {', '.join(DIRECTIONS)}")
    tone = judgement if judgement in ("better", "worse") else "plain"
    arrow = Markup('<span class="arrow {}">{}<span>{}</span></span>').format(tone, icon(shape), words or direction)
    if words or not judgement:
        return arrow
    return arrow + Markup(' <span class="judged {0}">{0}</span>').format(judgement)


def flag_html(words: str) -> Markup:
    """Why a figure stands out, beside the diamond that flags it on a chart; nothing where it does not."""
    return icon("M6 0l6 6-6 6-6-6z") + escape(words) if words else Markup("")


def icon(path: str) -> Markup:
    """A shape of the height of the letters, hidden from screen readers because a word stands beside it."""
    return Markup(
        '<svg class="icon" viewBox="0 0 12 12" aria-hidden="true" focusable="false"><path d="{}"/></svg>'
    ).format(path)


def level_html(word: str, level: int, of: int, kind: str) -> Markup:
    """A rating as a word and as so many of so many filled steps."""
    steps = Markup("").join(
        Markup('<i class="{}"></i>').format("on" if step < level else "off") for step in range(max(of, 0))
    )
    return Markup('<span class="rating {} l{}"><span class="steps" aria-hidden="true">{}</span>{}</span>').format(
        kind, level, steps, word
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each by its columns' names."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def known(value: Any) -> TypeGuard[float]:
    """Whether a cell holds a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def text_of(record: dict[str, Any], name: str) -> str:
    """The text of a cell, `Markup` as it is; empty where there is none."""
    value = record.get(name)
    return value if isinstance(value, str) and value.strip() else ""


def slug(text: str) -> str:
    """An anchor made from words."""
    return re.sub(r"[^a-z0-9]+", "-", str(text).casefold()).strip("-") or "part"


def joined(parts: list[Markup], with_: str = "") -> Markup:
    return escape(with_).join(parts)


def lines(*parts: Any) -> Markup:
    """Parts of a cell on lines of their own: the first as it is, the rest small; empty ones left out."""
    first, *rest = [escape(p) for p in parts if p is not None and str(p) != ""] or [Markup("")]
    return first + Markup("").join(Markup('<span class="sub">{}</span>').format(p) for p in rest)


def marks_html(record: dict[str, Any], quality_page: str) -> Markup:
    """A link to what is declared about a figure: one by its words, several by a letter each after the words."""
    marks, words = text_of(record, "marks").split(), text_of(record, "mark_words") or "see note"
    unseen = [Markup('<span class="unseen"> on {}</span>').format(mark.replace("-", " ")) for mark in marks]
    shown = [words] if len(marks) == 1 else list("abcdefghijklmnopqrstuvwxyz")
    links = [
        Markup('<a class="mark" href="{}#{}">{}{}</a>').format(quality_page, mark, letter, what)
        for mark, letter, what in zip(marks, shown, unseen, strict=False)
    ]
    return Markup(" ").join([escape(words), *links] if len(marks) > 1 else links)
