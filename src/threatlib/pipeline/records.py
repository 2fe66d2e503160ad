"""What is kept of every run: a record, a log of JSON lines, and a page on what failed; and how to find them again.

Runs are numbered, not ordered by a clock: a clock may be moved back. Nothing of this is published.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from threatlib.errors import LockedError, OutputError
from threatlib.pipeline.plan import now
from threatlib.pipeline.report import report

KEPT = 8
"""Runs of one partnership, quarter and audience whose records are kept; of as many, the briefings."""
RUNNING, PUBLISHED, FAILED = "running", "published", "failed"
HEARTBEAT = "heartbeat.json"
_RECORD, _REPORT = "run.json", "report.html"


@dataclass(frozen=True, slots=True)
class Run:
    """One run as recorded; `number` counts the runs of a partnership's quarter from 1."""

    number: int
    run_id: str
    partnership: str
    quarter: str
    audience: str
    target: str
    started: str
    finished: str = ""
    status: str = RUNNING
    exit_code: int = 0
    message: str = ""
    seconds: float = 0.0
    report: str = ""


class Record:
    """The record of a run under way; where only the record cannot be written, the run goes on."""

    def __init__(self, state: Path, *, partnership: str, quarter: str, run_id: str, audience: str, target: str) -> None:
        self.folder, number = _claimed(state / "runs")
        self.run = Run(number, run_id, partnership, quarter, audience, target, started=_stamp())
        self._begun = time.monotonic()
        self._save()
        self.event("started", partnership=partnership, quarter=quarter, audience=audience)

    @property
    def kernel_log(self) -> Path:
        """Where kernels' standard error goes."""
        return self.folder / "kernel.log"

    def event(self, what: str, **said: Any) -> None:
        """Add a line to the log."""
        elapsed = round(time.monotonic() - self._begun, 3)
        line = {"at": _stamp(), "elapsed": elapsed, "event": what, "run_id": self.run.run_id, **said}
        with suppress(OSError), (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def published(self) -> None:
        """The run reached its end."""
        self._end(PUBLISHED, 0, "")

    def failed(self, fault: BaseException, exit_code: int) -> Path | None:
        """The run did not; the page that says why, if it could be written anywhere."""
        asked = {name: getattr(self.run, name) for name in ("run_id", "partnership", "quarter", "audience", "target")}
        page = _written(report(asked, fault, self.kernel_log), self.folder)
        self.run = replace(self.run, report=str(page or ""))
        self._end(FAILED, exit_code, str(fault))
        return page

    def _end(self, status: str, exit_code: int, message: str) -> None:
        seconds = round(time.monotonic() - self._begun, 3)
        self.run = replace(
            self.run, finished=_stamp(), status=status, exit_code=exit_code, message=message, seconds=seconds
        )
        self.event(status, exit_code=exit_code, message=message)
        self._save()
        if exit_code != LockedError.exit_code:  # else another run is under way, and its record is there too
            for old in sorted(self.folder.parent.iterdir())[:-KEPT]:
                shutil.rmtree(old, ignore_errors=True)

    def _save(self) -> None:
        with suppress(OSError):
            write_whole(self.folder / _RECORD, json.dumps(asdict(self.run), indent=2, ensure_ascii=False) + "\n")


def _claimed(folder: Path) -> tuple[Path, int]:
    """A new folder, numbered one above the highest there; a number is claimed by making its folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = max((int(path.name) for path in folder.iterdir() if path.name.isdigit()), default=0)
        while True:
            number += 1
            try:
                (folder / f"{number:06d}").mkdir()
            except FileExistsError:
                continue
            return folder / f"{number:06d}", number
    except OSError as fault:
        raise OutputError(f"{folder}: the record of the run cannot be written ({fault.strerror}).") from fault


def _written(page: str, folder: Path) -> Path | None:
    """A report in the run's folder, or where there is no room for it, in a temporary one."""
    for place in (folder, None):
        with suppress(OSError):
            path = (place or Path(tempfile.mkdtemp(prefix="threatlib-report-"))) / _REPORT
            path.write_text(page, encoding="utf-8")
            return path
    return None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old text or the new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _stamp() -> str:
    return now().isoformat(timespec="seconds")


def runs(records: Path, partnerships: Iterable[str] = ()) -> list[Run]:
    """Every run recorded, in the order they were begun within a partnership's quarter; unreadable records left out."""
    wanted = set(partnerships)
    found = []
    for path in sorted(records.glob(f"*/*/runs/*/{_RECORD}")):
        try:
            run = Run(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue
        if not wanted or run.partnership in wanted:
            found.append(run)
    return found
