"""The analyst's words as they stand on a page: Markdown made harmless, signed and dated, beside what was computed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import mistune
from markupsafe import Markup, escape

from threatlib import wording

if TYPE_CHECKING:
    from threatlib.assessment import Assessment

_STATES = {
    "written": "Written for this quarter.",
    "confirmed": "Read again and confirmed for this quarter by {who}, {day}.",
    "not_reviewed": "Not yet reviewed for this quarter: the words are those of {quarter}.",
}


class _Plain(mistune.HTMLRenderer):
    """Paragraphs, lists, emphasis and quotations; a heading is a bold line, an address is text, a picture its words."""

    def __init__(self) -> None:
        super().__init__(escape=True)

    def heading(self, text: str, *_: Any, **__: Any) -> str:
        return f"<p><strong>{text}</strong></p>\n"

    def link(self, text: str, url: str, *_: Any, **__: Any) -> str:
        return text if text == url else f"{text} ({escape(url)})"

    def image(self, text: str, *_: Any, **__: Any) -> str:
        return text

    def block_code(self, code: str, *_: Any, **__: Any) -> str:
        return f"<p>{escape(code)}</p>\n"

    def thematic_break(self) -> str:
        return ""


_markdown = mistune.create_markdown(renderer=_Plain(), hard_wrap=False)


def commentary_of(assessment: Assessment, record: Mapping[Any, Any], about: str = "") -> Markup:
    """What was written about a threat or sub-topic, marked as written and not computed; nothing where nothing was.

    `about` names what it is about, where the page around it does not.
    """
    table = assessment.tables.get("commentary")
    here = [] if table is None or table.empty else table[table["threat"] == record["id"]].to_dict("records")
    return Markup("").join(commentary_html(row, about) for row in here)


def commentary_html(row: Mapping[Any, Any], about: str = "") -> Markup:
    """A row of `Assessment.tables["commentary"]`: the words, who wrote them and when, whether they were read again."""
    words = Markup(_markdown(row["text"]))  # noqa: S704  the renderer escapes every word and lets no markup through
    day = row["reviewed_on"]
    state = _STATES[row["state"]].format(
        who=row["reviewed_by"], day=_day(day) if day else "", quarter=wording.period_words(row["quarter"])
    )
    return Markup(
        '<aside class="commentary {}" aria-label="Commentary"><p class="kind">Commentary{}, not computed</p>{}'
        '<p class="source">{}, {}. {}</p></aside>'
    ).format(
        *(row["state"].replace("_", "-"), f" on {about}" if about else "", words),
        *(row["author"], _day(row["dated"]), state),
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
