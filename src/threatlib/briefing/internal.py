"""A briefing from which nothing is withheld says so in the name of every file.

The files are renamed once they are all there, and the links between them with them, so that no page, table or notebook
has to know for whom it is made. Only `manifest.json` keeps its name: it is what tells that a folder is a briefing.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from threatlib.disclosure.gate import WORD as WORD

KEPT = "manifest.json"

_LINK = re.compile(r'\b(href|src)="([^":#?]+)((?:#[^"]*)?)"')
_SAVED = re.compile(r'\bdownload="([^"]+)"')


def marked(name: str) -> str:
    """A file's name with the word in it: ``index.html`` is ``index-internal.html``."""
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}-{WORD}{path.suffix}"))


def mark(folder: Path) -> None:
    """Rename every file of an unpublished briefing, in place, and let its pages' links follow."""
    there = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_file()]
    renamed = {name: marked(name) for name in there if name != KEPT}
    for name, new in renamed.items():
        path = folder / name
        if path.suffix == ".html":
            path.write_text(_relinked(path.read_text(encoding="utf-8"), name, renamed), encoding="utf-8")
        path.rename(folder / new)


def _relinked(html: str, page: str, renamed: dict[str, str]) -> str:
    """A page with the new names in its links, and in the names it gives to what a reader saves from it."""
    here = str(PurePosixPath(page).parent)

    def linked(match: re.Match[str]) -> str:
        new = renamed.get(normpath(f"{here}/{match[2]}"))
        return f'{match[1]}="{relpath(new, here)}{match[3]}"' if new else match[0]

    return _SAVED.sub(lambda match: f'download="{marked(match[1])}"', _LINK.sub(linked, html))
