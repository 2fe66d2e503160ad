"""An executed notebook as one self-contained HTML page: no scripts, no request to any host, always the same bytes."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from threatlib.briefing.abbreviations import explained_at_first_use
from threatlib.briefing.components import Download, banner, downloads, page_cards
from threatlib.briefing.fragments import slug
from threatlib.errors import ExportError

if TYPE_CHECKING:
    from nbformat import NotebookNode

_TEMPLATE = Path(__file__).parent / "template"
_LONGEST_TITLE = 70
_HEADING = re.compile(r"<h([1-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_ID = re.compile(r'\bid="([^"]*)"')


@dataclass(frozen=True, slots=True)
class PageInfo:
    """What stands around a page's content.

    Parameters
    ----------
    file, title : str
        The page's own file name and its one main heading.
    partnership, quarter, audience, data_as_at : str
        In the reader's words.
    pages : sequence of (file, title)
        Every page of the briefing, this one included, in order.
    marking : str
        For instance ``INTERNAL: not for sharing``; shown above everything else.
    simulated : bool
        The page says at the top, and in its metadata, that its figures are made up.
    series, status : str
        What kind of document this is, and where it stands (``Draft``); an empty status is not shown.
    provenance : mapping
        Names and values for the foot of the page.
    label : str
        The quarter's short label, for the window's title.
    abbreviations : mapping
        The partnership's own, with their meanings.
    """

    file: str
    title: str
    partnership: str
    quarter: str
    audience: str
    data_as_at: str
    pages: Sequence[tuple[str, str]] = ()
    marking: str = ""
    simulated: bool = False
    series: str = "Strategic Threat Assessment"
    status: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    abbreviations: Mapping[str, str] = field(default_factory=dict)

    @property
    def window_title(self) -> str:
        """Topic and quarter, and as much more as fits the title of a window or a bookmark."""
        start = f"{self.title}, {self.label or self.quarter}{' (simulated)' if self.simulated else ''}"
        longer = f"{start}: {self.partnership}"
        return longer if len(longer) <= _LONGEST_TITLE else start


@dataclass(frozen=True, slots=True)
class _Part:
    id: str
    text: str
    parts: list[_Part]


@dataclass(frozen=True, slots=True)
class _Content:
    html: str
    contents: list[_Part]


def export(notebook: NotebookNode, *, page: PageInfo) -> str:
    """The page of an executed notebook.

    Published are its Markdown and whatever its cells display as HTML or Markdown; input, printed text, plain results
    and cells tagged ``remove-cell`` are not. The notebook's own first-level heading gives way to the page's title.

    Raises
    ------
    ExportError
        If a cell holds an error: a notebook that failed has no page.
    """
    shown = copy.deepcopy(notebook)
    shown.cells = [cell for cell in shown.cells if "remove-cell" not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(shown.cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise ExportError(
                    f"{page.file}: cell {number} ended in {output.ename}: {output.evalue}; nothing to publish."
                )
    from nbconvert.exporters import TemplateExporter  # slow to import, and a notebook's kernel never exports

    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        template_name="template",
        template_file="index.html.j2",
        extra_template_basedirs=[str(_TEMPLATE.parent)],
        filters={"markdown2html": _markdown, "published": partial(_published, terms=page.abbreviations)},
    )
    resources = {
        "page": page,
        "style": (_TEMPLATE / "style.css").read_text(encoding="utf-8").strip(),
        "banner": banner(marking=page.marking, simulated=page.simulated, audience=page.audience),
    }
    html, _ = exporter.from_notebook_node(shown, resources)
    return re.sub(r"\n\s*\n+", "\n", str(html)).strip() + "\n"


def index_page(
    *,
    page: PageInfo,
    content: str = "",
    summaries: Mapping[str, str] | None = None,
    files: Sequence[Download] = (),
) -> str:
    """An overview that links every page and table of a briefing, below whatever `content` it opens with.

    Parameters
    ----------
    summaries : mapping, optional
        A sentence on what is on a page, by file name.
    files : sequence of Download
        Tables and other files beside the pages.
    """
    said = summaries or {}
    cards = page_cards((file, title, said.get(file, "")) for file, title in page.pages if file != page.file)
    parts = [escape(content), Markup("<h2>Pages of this briefing</h2>\n"), cards]
    if files:
        parts += [Markup("<h2>Files to take away</h2>\n"), downloads(files)]
    return export(page_of(Markup("").join(parts)), page=page)


def page_of(content: Markup) -> NotebookNode:
    """A notebook that displays `content` and nothing else, for pages that no notebook makes."""
    output = {"output_type": "display_data", "data": {"text/html": str(content)}, "metadata": {}}
    cell: dict[str, object] = {
        "id": "content",
        "cell_type": "code",
        "source": "",
        "metadata": {},
        "execution_count": None,
        "outputs": [output],
    }
    from nbformat import from_dict

    page: NotebookNode = from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})  # type: ignore[no-untyped-call]
    return page


def _markdown(source: str) -> str:
    """Markdown as HTML; tags inside it are shown as text, for they may come from a file."""
    import mistune

    return str(mistune.create_markdown(escape=True, renderer="html")(source))


def _published(body: str, terms: Mapping[str, str]) -> _Content:
    """The body without its first-level heading, every other heading with an anchor, and a list of contents."""
    taken = set(_ID.findall(body))
    contents: list[_Part] = []
    seen_title = False

    def anchored(match: re.Match[str]) -> str:
        nonlocal seen_title
        level, attributes, inner = int(match[1]), match[2], match[3]
        if level == 1 and not seen_title:
            seen_title = True
            return ""
        text = unescape(re.sub(r"<[^>]+>", "", inner)).strip()
        own = _ID.search(attributes)
        anchor = own[1] if own else _unused(slug(text), taken)
        if level == 2:
            contents.append(_Part(anchor, text, []))
        elif level == 3 and contents:
            contents[-1].parts.append(_Part(anchor, text, []))
        return f"<h{level}{attributes}{'' if own else f' id={chr(34)}{escape(anchor)}{chr(34)}'}>{inner}</h{level}>"

    return _Content(explained_at_first_use(_HEADING.sub(anchored, body).strip(), terms), contents)


def _unused(anchor: str, taken: set[str]) -> str:
    found, count = anchor, 1
    while found in taken:
        count += 1
        found = f"{anchor}-{count}"
    taken.add(found)
    return found
