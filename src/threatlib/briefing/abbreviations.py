"""Abbreviations: each is explained where a page first uses it, and those that nobody explained are found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from markupsafe import escape

ABBREVIATIONS = {
    "ASV": "allegations against staff and volunteers",
    "CAF": "common assessment framework",
    "CAMHS": "child and adolescent mental health services",
    "CFS": "children and families service",
    "CIN": "child in need",
    "CLA": "child looked after",
    "CPP": "child protection plan",
    "CSA": "child sexual abuse",
    "CSC": "children's social care",
    "CSE": "child sexual exploitation",
    "CSV": "comma-separated values",
    "DAIS": "domestic abuse intervention service",
    "EHE": "elective home education",
    "ELFT": "East London NHS Foundation Trust",
    "FTE": "full-time equivalent",
    "GP": "general practitioner",
    "HHFT": "Homerton Healthcare NHS Foundation Trust",
    "ICPC": "initial child protection conference",
    "LADO": "local authority designated officer",
    "MACE": "multi-agency child exploitation",
    "MAPPA": "multi-agency public protection arrangements",
    "MARAC": "multi-agency risk assessment conference",
    "MASH": "multi-agency safeguarding hub",
    "MAT": "multi-agency team",
    "MPS": "Metropolitan Police Service",
    "NFA": "no further action",
    "NHS": "National Health Service",
    "PHIA": "Professional Head of Intelligence Assessment",
    "PPU": "public protection unit",
    "RSE": "relationships and sex education",
    "S47": "section 47 enquiry",
    "SARC": "sexual assault referral centre",
    "STA": "strategic threat assessment",
    "UES": "unregistered educational setting",
    "VAWG": "violence against women and girls",
}
"""Abbreviations of the field, explained on every page that uses them."""

_TAG = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-z][a-z0-9]*)", re.IGNORECASE)
_SILENT = frozenset({*(f"h{n}" for n in range(1, 7)), "svg", "style", "dt", "abbr", "caption", "figcaption", "summary",
                     "details", "code", "pre", "nav", "data"})  # fmt: skip
"""Elements in which nothing is explained: what they hold is a name, a figure or not on show."""


def explained_at_first_use(html: str, terms: Mapping[str, str] = MappingProxyType({})) -> str:
    """The same content, each abbreviation followed by its meaning where running text first has it.

    `terms` are those of the partnership's own, beside the field's; where both have one the partnership's holds.
    """
    terms = {**ABBREVIATIONS, **terms}
    parts = _TAG.split(html)
    text = "\n".join(parts[::2])  # without the tags, which hold the drawings: most of a page
    waiting = {s: words for s, words in terms.items() if s in text and re.search(rf"\b{s}s?\b", text)}
    if not waiting:
        return html
    pieces, deep = [], 0
    for piece in parts:
        if piece.startswith("<"):
            name = _NAME.match(piece)
            if name and name[1].lower() in _SILENT and not piece.endswith("/>"):
                deep += -1 if piece.startswith("</") else 1
        elif not deep and waiting and piece.strip():
            piece = _explained(piece, waiting)
        pieces.append(piece)
    return "".join(pieces)


def _explained(text: str, waiting: dict[str, str]) -> str:
    """A piece of text with the meanings that are still due, each taken off the list."""
    pattern = re.compile(rf"\b(?:{'|'.join(sorted(waiting, key=len, reverse=True))})(?:s\b|\b)")

    def with_meaning(found: re.Match[str]) -> str:
        short = found[0] if found[0] in waiting else found[0].removesuffix("s")
        meaning = waiting.pop(short, "")
        told = text[: found.start()].casefold().endswith(f"{meaning.casefold()} (")
        if not meaning or told:
            return found[0]
        return f'{found[0]}<span class="meaning"> ({escape(meaning)})</span>'

    return pattern.sub(with_meaning, text)
