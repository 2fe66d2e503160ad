"""Whether a page's words can be followed: every abbreviation explained, key messages read at fourteen.

Apart from `lint`, because these are wishes to whoever writes and never a reason to publish nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from threatlib.briefing.elements import Node, read
from threatlib.briefing.readability import OLDEST, reading_age

_SHORT = re.compile(r"(?<![\w.-])(?:[A-Z]{2,}|[A-Z]\d{2})(?=s?(?![\w-]))")
_KNOWN = frozenset({"A4", "PDF", "UK", "COVID", "SIMULATED", "DATA"})
"""Words in capitals that need no explanation: common ones, and the marking of a chart."""
_UNREAD = ("style", "script", "svg", "code", "pre", "nav", "footer")


def plain(html: str) -> list[str]:
    """What a reader will not follow, each in words; empty where there is nothing.

    Parameters
    ----------
    html : str
        The whole page.
    """
    root = read(html)
    return [*_abbreviations(root), *_messages(root)]


def _abbreviations(root: Node) -> Iterator[str]:
    explained = {n.text().strip() for n in root.all("dt")}
    for node in root.walk():
        if node.attributes.get("class") == "meaning" and node.parent:
            place = next(i for i, part in enumerate(node.parent.inside) if part is node)
            explained |= set(_SHORT.findall(str(node.parent.inside[place - 1]))[-1:])
    seen: dict[str, int] = {}
    for main in root.all("main"):
        for node in main.walk():
            if node.tag not in _UNREAD and not node.within(*_UNREAD):
                for text in (part for part in node.inside if isinstance(part, str)):
                    for short in _SHORT.findall(text):
                        seen.setdefault(short, node.line)
    for short, line in seen.items():
        if short not in explained | _KNOWN:
            yield f"line {line}: the abbreviation {short} is nowhere explained"


def _messages(root: Node) -> Iterator[str]:
    for section in root.walk():
        if section.attributes.get("class") == "messages":
            text = " ".join(_sentence(item.text()) for item in section.all("li"))
            age = reading_age(text)
            if age > OLDEST:
                yield f"line {section.line}: the key messages ask for a reader of {age:.1f}, wanted {OLDEST} or younger"


def _sentence(text: str) -> str:
    said = " ".join(text.split())
    return said if said.endswith((".", "!", "?")) else f"{said}."
