"""A page as a tree of elements, read as a browser would and without mending anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

NOT_TEXT = ("style", "script", "svg", "code", "pre")
"""Elements whose content is nothing to read."""

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass(slots=True)
class Node:
    """An element with what is inside it, in order."""

    tag: str
    attributes: dict[str, str]
    parent: Node | None
    line: int = 0
    inside: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for part in self.inside:
            if isinstance(part, Node):
                yield from part.walk()

    def all(self, *tags: str) -> list[Node]:
        return [node for node in self.walk() if node.tag in tags]

    def text(self) -> str:
        if self.tag in NOT_TEXT:
            return ""
        return "".join(part if isinstance(part, str) else part.text() for part in self.inside)

    def within(self, *tags: str) -> bool:
        node = self.parent
        while node is not None:
            if node.tag in tags:
                return True
            node = node.parent
        return False


class Reader(HTMLParser):
    """Builds the tree from `root`, and notes what is not well formed in `faults`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("document", {}, None)
        self.faults: list[str] = []
        self._open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"line {self.getpos()[0]}: <{tag}> has an attribute twice")
        node = Node(tag, {name: value or "" for name, value in attrs}, self._open, self.getpos()[0])
        self._open.inside.append(node)
        if tag not in _VOID:
            self._open = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open.tag == tag and self._open.parent is not None:
            self._open = self._open.parent
        else:
            self.faults.append(f"line {self.getpos()[0]}: </{tag}> ends what is not open; <{self._open.tag}> is")

    def handle_data(self, data: str) -> None:
        self._open.inside.append(data)


def read(html: str) -> Node:
    """A page as a tree of elements."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.root
