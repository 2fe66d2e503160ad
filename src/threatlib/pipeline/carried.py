"""One partnership, one quarter, where data or outputs lie in a store: fetched, briefed on this machine, put up.

Below the URL of the outputs a briefing has a folder of its own that never changes once it is there,
``<partnership>/<quarter>/<number>-<run id>/``. The last object written is ``<partnership>/<quarter>/index.html``, a
small page that leads to it: a reader who comes by it finds the old briefing or the new one, whole. What was released is
recorded as one object a release, ``<partnership>/released/<rule>/<number>.csv``, made only if nobody else has made it:
of two runs at once one is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from threatlib import manifest
from threatlib.briefing.internal import WORD, marked
from threatlib.briefing.kernels import sockets
from threatlib.briefing.pages import INDEX
from threatlib.briefing.publish import KEPT
from threatlib.errors import LockedError, UserError
from threatlib.pipeline import unit
from threatlib.pipeline.interruption import Ended
from threatlib.pipeline.plan import LATEST, records_of
from threatlib.pipeline.records import FAILED, PUBLISHED, Run, write_whole
from threatlib.pipeline.report import report
from threatlib.pipeline.stores import Store, is_url, local
from threatlib.pipeline.unit import UNCHANGED, Outcome

_POINTER = Markup("""<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="0; url={index}"><title>{title}</title></head>
<body><p><a href="{index}">The briefing of {title}</a></p></body></html>
""")
_LEADS_TO = re.compile(r'<a href="([^"/]+)/')


def records_at(data: str, out: str) -> str:
    """Where records of runs are kept: beside the data folder, in the data store, or in ``THREATLIB_RECORDS``."""
    digest = hashlib.sha256(out.rstrip("/").encode()).hexdigest()[:12] if is_url(out) else ""
    home = records_of(Path() if is_url(data) else local(data), Path(out) if digest else local(out))
    home = home.with_name(digest) if digest else home
    if is_url(data) and not os.environ.get("THREATLIB_RECORDS"):
        return f"{data.rstrip('/')}/.state/{home.name}"
    return str(home.absolute())


def brief(data: str, slug: str, quarter: str, *, out: str, records: str, **how: Any) -> Outcome:
    """`unit.brief` for a partnership below `data`, where `data`, `out` and `records` are folders or URLs.

    Whatever goes wrong is in the answer, and so is a store that cannot be reached; readers keep the last briefing then.

    Parameters
    ----------
    how
        As for `unit.brief`; `notebooks` is a folder of this machine.
    """
    if not any(map(is_url, (data, out, records))):
        return unit.brief(str(local(data) / slug), quarter, out=str(local(out)), records=records, **how)
    with sockets() as folder:  # private, and swept away by the next run if this process is killed
        room = _Room(slug, folder, {"data": data, "out": out, "records": records})
        try:
            room.fetch(quarter, published=bool(how.get("resume")))
        except UserError as fault:
            return Outcome(slug, quarter, FAILED, fault.exit_code, str(fault))
        try:
            made = unit.brief(str(room.here("data") / slug), quarter, out=str(room.here("out")),
                              records=str(room.here("records")), **how)  # fmt: skip
        except Ended:
            room.put_records()
            raise
        if made.status == PUBLISHED:
            try:
                made = room.publish(made)
            except UserError as fault:
                made = room.failed(made, fault)
        if made.status != UNCHANGED and not room.put_records():
            made = replace(made, report="")
        return room.told(made)


@dataclass
class _Room:
    """A private folder that stands in for whatever of data, outputs and records lies in a store."""

    slug: str
    folder: Path
    places: dict[str, str]
    ledgers: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of each rule, the releases recorded in the store and their length in bytes."""

    def here(self, which: str) -> Path:
        place = self.places[which]
        return self.folder / which if is_url(place) else local(place)

    def store(self, which: str) -> Store | None:
        place = self.places[which]
        return Store(place.rstrip("/")) if is_url(place) else None

    def fetch(self, quarter: str, *, published: bool) -> None:
        """Bring here what a run reads; the published briefing only where it is to be looked at."""
        if data := self.store("data"):
            data.fetch(self.slug, self.here("data") / self.slug)
            _key(data, self.here("data"))
        if records := self.store("records"):
            records.fetch(self.slug, self.here("records") / self.slug)
        if out := self.store("out"):
            self._fetch_ledgers(out)
            if published:
                self._fetch_published(out, quarter)

    def _fetch_ledgers(self, out: Store) -> None:
        below = f"{self.slug}/released"
        pieces = self.folder / "pieces"
        for name in out.fetch(below, pieces):
            rule = name.rpartition("/")[0]
            whole = self.here("out") / below / f"{rule}.csv"
            whole.parent.mkdir(parents=True, exist_ok=True)
            with whole.open("ab") as ledger:
                ledger.write((pieces / name).read_bytes())
            self.ledgers[rule] = (int(Path(name).stem), whole.stat().st_size)

    def _fetch_published(self, out: Store, quarter: str) -> None:
        names = [name for name in out.folders(self.slug) if quarter in (LATEST, name.removesuffix(f"-{WORD}"))]
        newest = max((name.removesuffix(f"-{WORD}") for name in names), default="")
        for name in names:
            current = published_in(out, f"{self.slug}/{name}")
            if current and name.removesuffix(f"-{WORD}") == newest:
                out.fetch(f"{self.slug}/{name}/{current}", self.here("out") / self.slug / name)

    def publish(self, made: Outcome) -> Outcome:
        """Put up a briefing, what was released, and last the page that leads to it."""
        out = self.store("out")
        if out is None:
            return made
        folder, index = Path(made.folder), Path(made.index).name
        at = f"{self.slug}/{folder.name}"
        before = out.folders(at)
        number = max((int(name[:6]) for name in before if name[:6].isdigit()), default=0) + 1
        fresh = f"{number:06d}-{made.run_id}"
        try:
            out.put(folder, f"{at}/{fresh}")
            self._put_ledgers(out)
            page = self.folder / "pointer" / index
            page.parent.mkdir()
            page.write_text(_POINTER.format(index=f"{fresh}/{index}", title=f"{self.slug}, {folder.name}"))
            out.put(page.parent, at)
        except UserError:
            with suppress(UserError):
                _remove(out, f"{at}/{fresh}")
            raise
        for old in before[: max(0, len(before) + 1 - KEPT)]:
            with suppress(UserError):  # an old one that stays is no reason to say that the new one does not stand
                _remove(out, f"{at}/{old}")
        return replace(made, folder=f"{out.url}/{at}/{fresh}")

    def _put_ledgers(self, out: Store) -> None:
        for path in sorted((self.here("out") / self.slug / "released").glob("*.csv")):
            number, length = self.ledgers.get(path.stem, (0, 0))
            added = path.read_bytes()[length:]
            if added and not out.create(f"{self.slug}/released/{path.stem}/{number + 1:06d}.csv", added):
                raise LockedError(f"{self.slug}: another run of this partnership published meanwhile. Run it again.")

    def put_records(self) -> bool:
        """Put up the records of runs; False if they cannot be, which is no reason to end a run."""
        records = self.store("records")
        if records is None:
            return True
        folder = self.here("records") / self.slug
        for path in folder.glob("*/runs/*/*"):
            if path.suffix in (".json", ".jsonl", ".html"):
                path.write_text(self.said(path.read_text(encoding="utf-8")), encoding="utf-8")
        there = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        try:
            records.put(folder, self.slug, there)
            records.remove(f"{self.slug}/{name}" for name in records.names(self.slug) if name not in there)
        except UserError:
            return False
        return True

    def failed(self, made: Outcome, fault: UserError) -> Outcome:
        """A run whose briefing could not be put up: its record says so, and a resumed run makes it again."""
        message, page = f"{fault} The last briefing is unchanged.", ""
        for path in (self.here("records") / self.slug).glob(f"{Path(made.folder).name}/runs/*/run.json"):
            run = Run(**json.loads(path.read_text(encoding="utf-8")))
            if run.run_id == made.run_id:
                (path.parents[2] / "fingerprint").unlink(missing_ok=True)
                asked = {name: str(getattr(run, name)) for name in ("run_id", "partnership", "quarter", "target")}
                html = path.with_name("report.html")
                html.write_text(report(asked, fault, path.with_name("kernel.log")), encoding="utf-8")
                page = str(html)
                run = replace(run, status=FAILED, exit_code=fault.exit_code, message=message, report=page)
                write_whole(path, json.dumps(asdict(run), indent=2, ensure_ascii=False) + "\n")
        return replace(made, status=FAILED, exit_code=fault.exit_code, message=message, report=page)

    def told(self, made: Outcome) -> Outcome:
        """An outcome in terms of the places that were asked for."""
        said = self.said
        return replace(made, message=said(made.message), folder=said(made.folder), index=said(made.index),
                       report=said(made.report))  # fmt: skip

    def said(self, text: str) -> str:
        for which, place in self.places.items():
            if is_url(place):
                text = text.replace(str(self.folder / which), place.rstrip("/"))
        return text


def published_in(out: Store, at: str) -> str:
    """The folder that the page of a partnership's quarter leads to; empty if nothing is published there."""
    for index in (INDEX, marked(INDEX)):
        found = _LEADS_TO.search((out.read(f"{at}/{index}") or b"").decode("utf-8", "replace"))
        if found:
            return found[1]
    return ""


def _key(data: Store, folder: Path) -> None:
    """Bring the key for digests here; the first run makes one, and of two first runs both have the same."""
    if os.environ.get(manifest.KEY_VARIABLE):
        return
    content = data.read(manifest.KEY_FILE)
    if content is None:
        manifest.key_of(folder)
        if data.create(manifest.KEY_FILE, (folder / manifest.KEY_FILE).read_bytes()):
            return
        content = data.read(manifest.KEY_FILE) or b""
    (folder / manifest.KEY_FILE).write_bytes(content)


def _remove(out: Store, under: str) -> None:
    out.remove(f"{under}/{name}" for name in out.names(under))
