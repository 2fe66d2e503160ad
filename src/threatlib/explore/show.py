"""How the answers look in JupyterLab: small tables, every word from a file escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from threatlib.errors import meant

if TYPE_CHECKING:
    from threatlib.figures import Figure

PRIVATE = "For the analyst: figures before the disclosure gate, not for publication."


def table_html(head: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "") -> Markup:
    """A plain table with its caption."""
    first, cell = (Markup(f"<td style='text-align:left{more}'>{{}}</td>") for more in (";white-space:nowrap", ""))  # noqa: S704
    body = Markup("").join(
        Markup("<tr>{}{}</tr>").format(first.format(row[0]), Markup("").join(map(cell.format, row[1:]))) for row in rows
    )
    top = Markup("").join(Markup('<th scope="col" style="text-align:left">{}</th>').format(name) for name in head)
    said = Markup("<caption style='text-align:left'>{}</caption>").format(caption) if caption else Markup("")
    return Markup("<table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(said, top, body)


def paragraph(text: object, *, strong: bool = False) -> Markup:
    return Markup("<p><strong>{}</strong></p>").format(text) if strong else Markup("<p>{}</p>").format(text)


def picture(drawn: Figure) -> Markup:
    """A chart as it stands on a page; the words in it are escaped where it is drawn."""
    return Markup(drawn.svg.decode())  # noqa: S704


def together(*parts: object) -> str:
    return str(Markup("").join(escape(part) for part in (*parts, Markup("<p><small>{}</small></p>").format(PRIVATE))))


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: ``; did you mean 'x'?``, or a full stop where nothing is near."""
    asked = meant(word, known)
    return f"; {asked[0].lower()}{asked[1:]}" if asked else "."
