"""What a page is made of, as HTML that is safe to join: figures, cards, messages, requirements, notes.

Every text is escaped on its way in, wherever it comes from; only `Markup` made here passes as it is. A sentence with
numbers is made by ``Markup("{} contacts").format(number_html(...))``, which escapes whatever else is put into it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup, escape

from threatlib.briefing.fragments import (
    SHORTHAND,
    arrow_html,
    icon,
    level_html,
    number_html,
    period_html,
    records,
    slug,
    status_html,
    text_of,
)
from threatlib.briefing.tables import data_columns, snapshot_html, table_html

if TYPE_CHECKING:
    from threatlib.figures import Figure

__all__ = [
    "Download",
    "arrow_html",
    "banner",
    "brief",
    "downloads",
    "figure_html",
    "glossary",
    "heading",
    "key_messages",
    "level_html",
    "notes",
    "number_html",
    "page_cards",
    "period_html",
    "prose",
    "requirements_table",
    "shorthand",
    "snapshot_html",
    "status_html",
    "table_html",
    "threat_cards",
]  # fmt: skip

_LEVELS: dict[str, tuple[str, ...]] = {
    "severity": ("slight", "moderate", "substantial", "severe", "critical"),
    "confidence": ("low", "moderate", "high"),
}
_PLAIN_HEADS = {"row": "Group", "label": "Measure", "expected_lower": "Expected from", "expected_upper": "Expected to",
                "centre": "Mean"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Download:
    """A file beside the page: its name, what it holds, and what kind it is."""

    file: str
    title: str
    kind: str = ""


def figure_html(figure: Figure, number: int | None = None) -> Markup:
    """A chart with its words, its alternative text, and its data one click away.

    `number` is for a page that counts for itself; without it the style sheet counts.
    """
    from threatlib.figures.canvas import WIDE_PIXELS  # slow to import, and most commands draw nothing

    counted = f'<span class="number">Figure {number}. </span>' if number else '<span class="number figure"></span>'
    key = Markup('<p class="key">{}</p>\n').format(figure.key) if figure.key else Markup("")
    return Markup(
        '<figure id="{id}" aria-labelledby="{id}-headline">\n'
        '<figcaption><span class="headline" id="{id}-headline">{counted}{headline}</span>'
        '<span class="subtitle">{subtitle}</span></figcaption>\n'
        '<picture><source media="screen and (max-width: 34em)" srcset="{narrow}">'
        '<img src="{wide}" alt="{alt}" width="{width}"></picture>\n'
        '{key}<p class="source">Source: {source}</p>\n{data}</figure>\n'
    ).format(
        id=figure.id,
        counted=Markup(counted),  # noqa: S704 - a whole number and our own tags
        headline=figure.headline,
        subtitle=figure.subtitle,
        narrow=_picture(figure.narrow),
        wide=_picture(figure.svg),
        alt=figure.alt,
        width=WIDE_PIXELS,
        key=key,
        source=figure.source,
        data=_figure_data(figure),
    )


def threat_cards(frame: pd.DataFrame) -> Markup:
    """The first screen: each threat with direction, severity and confidence in word, shape and colour.

    Parameters
    ----------
    frame : DataFrame
        `name`, `direction` (as an arrow's), `severity` and `confidence` (words; empty where not rated), and where they
        apply `judgement` (better or worse), `sentence` (str or Markup), `href`, `direction_words`.
    """
    cards = [_card(record) for record in records(frame)]
    return Markup('<ul class="threats">\n{}\n</ul>\n').format(Markup("\n").join(cards))


def key_messages(messages: Sequence[str], *, heading: str = "Key messages") -> Markup:
    """At most five sentences, the most important first.

    Raises
    ------
    ValueError
        With more than five: then none of them is key.
    """
    if len(messages) > 5:
        raise ValueError(f"found {len(messages)} key messages, wanted at most five")
    items = _items(messages)
    return Markup(
        '<section class="messages" aria-labelledby="{0}"><h2 id="{0}">{1}</h2>\n<ul>\n{2}\n</ul></section>\n'
    ).format(slug(heading), heading, items)


def brief(heading: str, content: Markup) -> Markup:
    """A short section of the first screen."""
    return Markup('<section class="brief" aria-labelledby="{0}"><h2 id="{0}">{1}</h2>\n{2}</section>\n').format(
        slug(heading), heading, content
    )


def banner(*, marking: str = "", simulated: bool = False, audience: str = "") -> Markup:
    """What must be known before anything is read: the marking, for whom, and whether the figures are made up."""
    parts = []
    if simulated:
        words = "Every figure on this page is invented; none describes a real child, service or place."
        parts.append(Markup('<p class="simulated"><strong>Simulated data.</strong> {}</p>').format(words))
    if marking:
        unsaid = audience and audience.casefold() not in marking.casefold()
        whom = Markup(" <span>For {}.</span>").format(audience) if unsaid else Markup("")
        parts.append(Markup('<p class="marking"><strong>{}</strong>{}</p>').format(marking, whom))
    if not parts:
        return Markup("")
    return Markup('<aside class="banner" aria-label="Status of this page">{}</aside>\n').format(
        Markup("\n").join(parts)
    )


def requirements_table(frame: pd.DataFrame, *, caption: str = "Intelligence requirements") -> Markup:
    """Questions somebody must answer; an owner or date that nobody has set is said, not left blank.

    Parameters
    ----------
    frame : DataFrame
        `ref`, `question`, `kind`, `owner`, `due`, `status`, and where they apply `raised`, `depends_on`, `answer`.
    """
    data = frame.copy()
    for column, words in {"owner": "no owner set", "due": "no date set"}.items():
        blank = data[column].isna() | (data[column].astype(str).str.strip() == "")
        data[column] = [Markup('<span class="unset">{}</span>').format(words) if b
                        else period_html(str(v)) if column == "due" else v
                        for b, v in zip(blank, data[column], strict=True)]  # fmt: skip
    if "notes" in data:
        said = Markup('<span data-from="run:requirements">{}</span>')
        data["notes"] = [said.format(words) if str(words).strip() else "" for words in data["notes"]]
    heads = {"ref": "Ref", "question": "Question", "kind": "Kind", "owner": "Owner", "due": "Due", "status": "Status",
             "depends_on": "Waits for", "notes": "Notes"}  # fmt: skip
    shown = {c: h for c, h in heads.items() if c in data and data[c].astype(str).str.strip().ne("").any()}
    return table_html(data, caption=caption, row_header="ref", columns=shown, as_cards=True)


def notes(items: Iterable[str], *, kind: str = "notes") -> Markup:
    """A plain list of caveats, alternative explanations or the like."""
    return Markup('<ul class="{}">\n{}\n</ul>\n').format(kind, _items(items))


def heading(level: int, text: str, id: str = "") -> Markup:
    """A heading made from data, with an anchor of its own where links must not depend on its words."""
    if not 2 <= level <= 6:
        raise ValueError(f"found level {level}, wanted 2 to 6: the page's title is its only first-level heading")
    anchor = Markup(' id="{}"').format(id) if id else Markup("")
    return Markup("<h{0}{1}>{2}</h{0}>\n").format(level, anchor, text)


def prose(*paragraphs: str) -> Markup:
    """Paragraphs of computed sentences; empty ones are left out."""
    return Markup("").join(Markup("<p>{}</p>\n").format(words) for words in paragraphs if words)


def glossary(terms: Iterable[tuple[str, str]]) -> Markup:
    """Abbreviations and terms with their meaning."""
    pairs = Markup("\n").join(
        Markup('<div><dt id="term-{}">{}</dt><dd>{}</dd></div>').format(slug(term), term, words)
        for term, words in terms
    )
    return Markup('<dl class="glossary">\n{}\n</dl>\n').format(pairs)


def shorthand(used: Iterable[str] | None = None) -> Markup:
    """What the marks in square brackets mean; all of them, or those used."""
    chosen = SHORTHAND if used is None else {mark: SHORTHAND[mark] for mark in sorted(set(used))}
    return glossary((mark, words) for mark, words in chosen.items())


def page_cards(pages: Iterable[tuple[str, str, str]]) -> Markup:
    """Links to the pages of the briefing: file, title, and a sentence on what is in it."""
    cards = Markup("\n").join(
        Markup('<li><a href="{}">{}</a><p>{}</p></li>').format(file, title, words) for file, title, words in pages
    )
    return Markup('<ul class="pages">\n{}\n</ul>\n').format(cards)


def downloads(files: Iterable[Download]) -> Markup:
    """Links to the tables and other files beside the page."""
    links = Markup("\n").join(
        Markup('<li><a href="{}" download>{}</a>{}</li>').format(
            f.file, f.title, Markup(" <span>{}</span>").format(f.kind) if f.kind else ""
        )
        for f in files
    )
    return Markup('<ul class="downloads">\n{}\n</ul>\n').format(links)


def _items(items: Iterable[str]) -> Markup:
    return Markup("\n").join(Markup("<li>{}</li>").format(item) for item in items)


def _picture(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def _figure_data(figure: Figure) -> Markup:
    table = figure.table.copy()
    heads = {c: _PLAIN_HEADS.get(c, c.replace("_", " ").capitalize()) for c in data_columns(table)
             if c not in ("unit", "status", "lower", "upper")}  # fmt: skip
    if "lower" in table and _has_interval(table):
        heads |= {"lower": "Lower", "upper": "Upper"}
    for column in {"flag", "judgement", "series"} & set(table):
        table[column] = [v if str(v).strip() else "none" for v in table[column]]
    link = base64.b64encode(
        figure.table[list(data_columns(table))]
        .to_csv(index=False, na_rep="", lineterminator="\r\n")
        .encode("utf-8-sig")
    )
    body = table_html(
        table, caption=f"Data behind the chart: {figure.headline}", row_header=next(iter(heads)), columns=heads,
        id=f"{figure.id}-data", note=figure.subtitle,
    )  # fmt: skip
    return Markup(
        '<details><summary>Show the data<span class="unseen"> behind: {}</span></summary>\n{}'
        '<p><a href="data:text/csv;base64,{}" download="{}.csv">Download this table'
        '<span class="unseen">: {}</span></a></p></details>\n'
    ).format(figure.headline, body, link.decode(), figure.id, figure.headline)


def _has_interval(table: pd.DataFrame) -> bool:
    name = "value" if "value" in table else "change"
    there = table[table[name].notna() & table["lower"].notna()]
    return bool(
        (there["lower"] != there[name]).any() or (there["upper"] != there[name]).any() or table[name].isna().all()
    )


def _card(record: dict[str, Any]) -> Markup:
    name = escape(record["name"])
    href, sentence = text_of(record, "href"), text_of(record, "sentence")
    title = Markup('<a href="{}">{}</a>').format(href, name) if href else name
    said, tone = text_of(record, "direction_words"), text_of(record, "judgement")
    arrow = arrow_html(str(record["direction"]), tone, said)
    rated = Markup("").join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(kind.capitalize(), _rated(kind, text_of(record, kind)))
        for kind in _LEVELS
    )
    return Markup(
        '<li class="threat {}"><h3 id="threat-{}">{}</h3>{}<dl><div><dt>Direction</dt><dd>{}</dd></div>{}</dl></li>'
    ).format(
        tone or "plain",
        slug(str(record["name"])),
        title,
        Markup("<p>{}</p>").format(sentence) if sentence else "",
        arrow,
        rated,
    )


def _rated(kind: str, word: str) -> Markup:
    steps = _LEVELS[kind]
    if word.casefold() not in steps:
        return Markup('<span class="rating unrated">{}{}</span>').format(icon("M1 5h10v2H1z"), word or "not rated")
    return level_html(word, steps.index(word.casefold()) + 1, len(steps), kind)
