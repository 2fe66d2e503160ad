"""The page's own examiner: what must hold of every page before it is published.

It reads the final file as a browser would, so that whatever wrote the page is examined too. An accessibility checker
does not replace it: a page whose every chart says "no description" passes those.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from threatlib import wording
from threatlib.briefing.elements import NOT_TEXT, Node, Reader, read

LARGEST = 3_000_000
"""Bytes a page may have."""

_OUTSIDE = re.compile(r"\b(?:https?:)?//|@import|url\(", re.IGNORECASE)
_NOT_A_NUMBER = re.compile(
    r"(?<![\w-])(?:nan|NaN|NaT|<NA>|-?inf|None(?! (?:of|is|are|was|were|has|have|had)\b))(?![\w-])"
)
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
_COUNTED = re.compile(r"\d+ (?:values? not known|declared gaps?)")
"""What alternative text counts, and no cell says."""
_TRACED = ("data-from", "data-period", "data-interval", "datetime")


def lint(html: str, *, simulated: bool = False) -> list[str]:
    """Every problem of a page, each in words with its line; empty when there is none.

    Parameters
    ----------
    html : str
        The whole page.
    simulated : bool
        The figures are made up, so the page must say so.
    """
    reader = Reader()
    reader.feed(html)
    reader.close()
    found = list(reader.faults)
    for check in _CHECKS:
        found += check(reader.root)
    if len(html.encode()) > LARGEST:
        found.append(f"the page has {len(html.encode()):,} bytes, wanted at most {LARGEST:,}")
    if simulated and not _says_simulated(reader.root):
        found.append("the figures are simulated, but the page does not say so at its top and in its metadata")
    return found


def lint_site(pages: Mapping[str, str]) -> dict[str, list[str]]:
    """Problems between the pages of one briefing, by file: dead links to each other and shared titles."""
    roots = {file: read(html) for file, html in pages.items()}
    ids = {file: {n.attributes["id"] for n in root.walk() if "id" in n.attributes} for file, root in roots.items()}
    titles = Counter(" ".join(n.text() for n in root.all("title")) for root in roots.values())
    found: dict[str, list[str]] = {file: [] for file in pages}
    for file, root in roots.items():
        title = " ".join(n.text() for n in root.all("title"))
        if titles[title] > 1:
            found[file].append(f"the title '{title}' is another page's too")
        for link in root.all("a"):
            target, _, anchor = link.attributes.get("href", "").partition("#")
            if target.endswith(".html") and target not in pages:
                found[file].append(f"line {link.line}: links to {target}, which is not a page of this briefing")
            elif target in pages and anchor and anchor not in ids[target]:
                found[file].append(f"line {link.line}: links to {target}#{anchor}, and there is no such anchor")
    return found


def untraced(html: str, *, names: Iterable[str] = ()) -> list[str]:
    """Pieces of the main text with a digit that no source row, period or interval stands behind.

    Parameters
    ----------
    html : str
        The whole page.
    names : iterable of str
        Names from the data's own definitions that have a digit (``assessments within 45 days``): not figures. The
        words of units (``per 10,000``) are known here.
    """
    known = sorted({*names, *(words.strip() for words in wording.SUFFIXES.values())} - {""}, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(name) for name in known if re.search(r"\d", name)) or r"(?!)")
    found = []
    for main in read(html).all("main"):
        for node in main.walk():
            if node.tag in NOT_TEXT or node.within(*NOT_TEXT) or _is_traced(node):
                continue
            texts = [part.strip() for part in node.inside if isinstance(part, str)]
            found += [text for text in texts if re.search(r"\d", pattern.sub("", text))]
    return found


def _is_traced(node: Node) -> bool:
    here: Node | None = node
    while here is not None:
        if any(name in here.attributes for name in _TRACED):
            return True
        here = here.parent
    return False


def _says_simulated(root: Node) -> bool:
    kind = [n.attributes.get("content") for n in root.all("meta") if n.attributes.get("name") == "data-kind"]
    said = [n for n in root.walk() if n.attributes.get("class") == "simulated" and "imulated" in n.text()]
    return kind == ["simulated"] and bool(said)


def _document(root: Node) -> Iterator[str]:
    languages = [n.attributes.get("lang", "") for n in root.all("html")]
    if languages != ["en-GB"]:
        yield f"found the language {languages or 'unsaid'}, wanted en-GB"
    if not any(n.text().strip() for n in root.all("title")):
        yield "the page has no title"
    if len(root.all("main")) != 1:
        yield f"found {len(root.all('main'))} main landmarks, wanted one"
    policy = [n.attributes.get("content", "") for n in root.all("meta")
              if n.attributes.get("http-equiv", "").casefold() == "content-security-policy"]  # fmt: skip
    if not any("default-src 'none'" in text for text in policy):
        yield "no content-security policy forbids requests"


def _headings(root: Node) -> Iterator[str]:
    headings = root.all("h1", "h2", "h3", "h4", "h5", "h6")
    first = [h for h in headings if h.tag == "h1"]
    if len(first) != 1:
        yield f"found {len(first)} first-level headings, wanted one"
    level = 0
    for heading in headings:
        depth = int(heading.tag[1])
        if depth > level + 1:
            yield f"line {heading.line}: '{heading.text().strip()}' is at level {depth} after level {level}"
        if not heading.text().strip():
            yield f"line {heading.line}: an empty heading"
        level = depth


def _images(root: Node) -> Iterator[str]:
    images = root.all("img")
    texts = Counter(image.attributes.get("alt", "") for image in images)
    for image in images:
        alt = image.attributes.get("alt", "")
        if not wording.SHORTEST_ALT <= len(alt) <= wording.LONGEST_ALT:
            wanted = f"{wording.SHORTEST_ALT} to {wording.LONGEST_ALT}"
            yield f"line {image.line}: alternative text of {len(alt)} characters, wanted {wanted}: '{alt}'"
        if re.match(r"(?:an? )?(?:image|picture|graphic) of", alt, re.IGNORECASE):
            yield f"line {image.line}: alternative text that says it is one: '{alt}'"
        untold = _untold(image, alt)
        if untold:
            yield f"line {image.line}: alternative text says {untold}, which is not in the data of its chart: '{alt}'"
        if alt and texts[alt] > 1:
            yield f"line {image.line}: the alternative text '{alt}' is another chart's too"


def _untold(image: Node, alt: str) -> str:
    """The first figure of a chart's alternative text that neither its caption nor its table has."""
    figure = image.parent
    while figure is not None and figure.tag != "figure":
        figure = figure.parent
    rows = [] if figure is None else [cell for cell in figure.all("th") if cell.attributes.get("scope") == "row"]
    if figure is None or not rows:
        return ""
    words = [
        part for node in figure.walk() if node.tag not in NOT_TEXT for part in node.inside if isinstance(part, str)
    ]
    there = set(_DIGITS.findall(" ".join(words)))
    return next((digits for digits in _DIGITS.findall(_COUNTED.sub("", alt)) if digits not in there), "")


def _tables(root: Node) -> Iterator[str]:
    for table in root.all("table"):
        if not any(c.text().strip() for c in table.all("caption")):
            yield f"line {table.line}: a table without a caption"
        for cell in table.all("th", "td"):
            if cell.tag == "th" and cell.attributes.get("scope") not in ("col", "row", "colgroup", "rowgroup"):
                yield f"line {cell.line}: the heading '{cell.text().strip()}' has no scope"
            if not cell.text().strip() and not cell.all("svg"):
                yield f"line {cell.line}: an empty cell"


def _requests(root: Node) -> Iterator[str]:
    for node in root.walk():
        if node.tag in ("script", "iframe", "object", "embed", "link", "base", "form", "video", "audio"):
            yield f"line {node.line}: <{node.tag}> may not stand on a page"
        for name in node.attributes:
            value = node.attributes[name].strip()
            if name.startswith("on"):
                yield f"line {node.line}: <{node.tag}> has a script in {name}"
            elif name in ("src", "srcset", "href", "poster", "action") and _asks_outside(name, value):
                yield f"line {node.line}: <{node.tag}> asks for {value[:60]}"
            elif name == "style" and _OUTSIDE.search(value):
                yield f"line {node.line}: a style that asks for something outside"
        if node.tag == "style" and _OUTSIDE.search("".join(p for p in node.inside if isinstance(p, str))):
            yield f"line {node.line}: a style sheet that asks for something outside"


def _asks_outside(name: str, value: str) -> bool:
    if name in ("src", "srcset", "poster"):
        return not value.startswith("data:image/")
    return bool(re.match(r"(?:[a-z][a-z0-9+.-]*:|//)", value, re.IGNORECASE)) and not value.startswith("data:text/csv;")


def _anchors(root: Node) -> Iterator[str]:
    ids = Counter(n.attributes["id"] for n in root.walk() if "id" in n.attributes)
    for name, count in ids.items():
        if count > 1:
            yield f"the id '{name}' stands {count} times"
        if not name or re.search(r"\s", name):
            yield f"the id '{name}' is empty or has a space"
    for node in root.walk():
        wanted = node.attributes.get("href", "")
        named = node.attributes.get("aria-labelledby", "").split()
        for anchor in [wanted[1:]] if wanted.startswith("#") else named:
            if anchor not in ids:
                yield f"line {node.line}: <{node.tag}> points to '{anchor}', which is not there"


def _words(root: Node) -> Iterator[str]:
    for node in root.walk():
        if node.tag in NOT_TEXT or node.within(*NOT_TEXT):
            continue
        texts = [part for part in node.inside if isinstance(part, str)] + [node.attributes.get("alt", "")]
        for text in texts:
            found = _NOT_A_NUMBER.search(text)
            if found:
                yield f"line {node.line}: '{found[0]}' in the text '{' '.join(text.split())[:60]}'"


_CHECKS: tuple[Callable[[Node], Iterator[str]], ...] = (
    _document, _headings, _images, _tables, _requests, _anchors, _words,
)  # fmt: skip
