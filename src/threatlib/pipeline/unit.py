"""The unit of work: one partnership, one quarter, from its folder to its published briefing.

One function of plain arguments with a plain answer, so that it can run in this process or be sent to another.
"""

from __future__ import annotations

import errno
import json
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from threatlib.briefing import publish
from threatlib.briefing.kernels import Limits, sweep
from threatlib.errors import DataError, OutputError, UsageError, UserError
from threatlib.pipeline.interruption import Ended
from threatlib.pipeline.plan import Plan, new_run_id, now, plan, preflight, records_of
from threatlib.pipeline.records import FAILED, HEARTBEAT, PUBLISHED, Record, write_whole
from threatlib.pipeline.run import run, unchanged

UNCHANGED = "unchanged"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one partnership's run ended.

    Parameters
    ----------
    status : str
        ``published``, ``unchanged`` (resumed, and nothing had changed) or ``failed``.
    exit_code : int
        By cause, as in `threatlib.errors.EXIT_CODES`.
    message : str
        What went wrong, what was wanted and what to do; empty if nothing did.
    folder : str
        The published folder; after a failure, where it would have been if that was known.
    index : str
        The page of it that is opened first.
    report : str
        The page about a failure, not for publication.
    """

    partnership: str
    quarter: str
    status: str
    exit_code: int = 0
    message: str = ""
    folder: str = ""
    index: str = ""
    report: str = ""
    run_id: str = ""
    seconds: float = 0.0


def brief(
    folder: str,
    quarter: str,
    *,
    out: str = "outputs",
    notebooks: str = "notebooks",
    audience: str = "",
    as_of: str = "",
    jobs: int = 2,
    resume: bool = False,
    records: str = "",
    limits: Limits | None = None,
    say: Callable[[str], None] | None = None,
) -> Outcome:
    """Make one partnership's briefing of one quarter; whatever goes wrong is in the answer, not raised.

    Parameters
    ----------
    folder : str
        The partnership's folder of data.
    quarter : str
        For instance ``2022-23-Q2``, or ``latest``.
    out, notebooks, audience, jobs
        As the options of ``threatlib run``.
    as_of : str
        A date such as ``2022-11-30``; empty for everything received so far.
    resume : bool
        Leave alone what is published and has not changed since; of the rest, run only the notebooks that failed or
        changed.
    records : str
        Where records of runs are kept; beside the partnership's folder if empty.
    say : callable, optional
        Told of progress, a line at a time.

    Raises
    ------
    Ended
        If a signal ends the run: the only thing that is not an answer.
    """
    tell = _told(say)
    begun = time.monotonic()
    slug = Path(folder).name
    kept = Path(records) if records else records_of(Path(folder).parent, Path(out))
    record: Record | None = None
    made: Plan | None = None

    def outcome(status: str, code: int = 0, message: str = "", report: str = "") -> Outcome:
        said = {"quarter": quarter}
        if made:
            said = {"quarter": str(made.quarter), "folder": str(made.target), "index": str(made.index),
                    "run_id": made.run_id}  # fmt: skip
        return Outcome(slug, status=status, exit_code=code, message=message, report=report,
                       seconds=round(time.monotonic() - begun, 3), **said)  # fmt: skip

    try:
        day = date.fromisoformat(as_of) if as_of else None
        made = plan(Path(folder), quarter, audience=audience, as_of=day, out=Path(out), notebooks=Path(notebooks),
                    jobs=jobs, records=kept, resume=resume)  # fmt: skip
        files = len(made.dataset.register)
        tell(f"{slug}: {made.quarter}, {files} {'file' if files == 1 else 'files'}")
        if resume and unchanged(made):
            publish.tidy(made.out, made.slug)
            tell(f"{slug}: published already, and nothing has changed since")
            return outcome(UNCHANGED)
        record = Record(made.state, partnership=slug, quarter=str(made.quarter), run_id=made.run_id,
                        audience=made.audience, target=str(made.target))  # fmt: skip
        run(made, tell, record, limits)
    except (UserError, Ended, Exception) as raised:
        fault = _of_the_disk(raised, Path(out).absolute(), Path(folder).absolute())
        if record is None and not isinstance(fault, UsageError):
            record = _refused(kept / slug / quarter, partnership=slug, quarter=quarter, audience=audience)
        code = getattr(fault, "exit_code", 1)
        failed = record is not None and record.run.status != PUBLISHED
        report = record.failed(fault, code) if record and failed else None
        if isinstance(raised, Ended):
            raise
        message = str(fault) if isinstance(fault, UserError) else traceback.format_exc()
        return outcome(FAILED, code, message, str(report or ""))
    return outcome(PUBLISHED)


def _of_the_disk(fault: BaseException, out: Path, folder: Path) -> BaseException:
    """A disk that is full or cannot be written, or a folder changed under the run, as what a user can mend."""
    if not isinstance(fault, OSError):
        return fault
    named = Path(str(fault.filename)).absolute() if fault.filename else out
    if named.is_relative_to(folder) and fault.errno not in _FULL:
        return DataError(f"{named}: cannot be read ({fault.strerror}). Did it change while the briefing was made?")
    if fault.errno in _FULL or (fault.filename and named.is_relative_to(out)):
        where = out if named.is_relative_to(out) else named
        return OutputError(f"{where}: cannot be written ({fault.strerror}). Make room, or choose another with --out.")
    return fault


def _told(say: Callable[[str], None] | None) -> Callable[[str], None]:
    """Progress, told as long as somebody listens: a pipe that was closed ends no run."""

    def tell(line: str) -> None:
        if say:
            with suppress(OSError, ValueError):
                say(line)

    return tell


def _refused(state: Path, **asked: str) -> Record | None:
    """A record of a run that came to nothing before it began; none if it cannot be written either."""
    try:
        return Record(state, run_id=new_run_id(), target="", **asked)
    except UserError:
        return None


def brief_all(folders: Sequence[Path], quarter: str, *, out: Path, notebooks: Path, **how: Any) -> list[Outcome]:
    """The unit for each of several partnerships, one after the other, once what concerns them all is in order.

    Raises
    ------
    UsageError, OutputError
        If no partnership's run could begin.
    Ended
        If a signal ends the run; what was published before stays published.
    """
    preflight(out, notebooks)
    sweep()
    outcomes: list[Outcome] = []
    try:
        for folder in folders:
            outcomes.append(brief(str(folder), quarter, out=str(out), notebooks=str(notebooks), **how))
    finally:
        if folders:
            beat(records_of(folders[0].parent, out), quarter, outcomes, len(folders))
    return outcomes


def beat(records: Path, quarter: str, outcomes: Sequence[Outcome], asked: int) -> None:
    """Leave a sign that a run was made, when and how it ended: a schedule that stopped shows by its age."""
    said = {
        "at": now().isoformat(timespec="seconds"),
        "quarter": quarter,
        "partnerships": asked,
        "failed": [outcome.partnership for outcome in outcomes if outcome.exit_code],
        "ended": len(outcomes) == asked,
    }
    with suppress(OSError):
        records.mkdir(parents=True, exist_ok=True)
        write_whole(records / HEARTBEAT, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
