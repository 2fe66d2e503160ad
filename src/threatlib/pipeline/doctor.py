"""Is this machine fit to make briefings, and were they made when they should have been?"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

from threatlib.briefing import kernels, publish, runner
from threatlib.errors import UserError
from threatlib.pipeline.plan import now, preflight, records_of
from threatlib.pipeline.records import HEARTBEAT, RUNNING, runs

QUARTER_DAYS = 100
"""A run is late if there has been none for so many days: a quarter and some."""
GOOD, LOOK, BAD = "good", "look", "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `state` is ``good``, ``look`` (a run goes on without it) or ``bad`` (it does not)."""

    name: str
    state: str
    found: str


def doctor(data: Path, out: Path, notebooks: Path, *, days: int = QUARTER_DAYS) -> list[Check]:
    """Look at everything that a run needs; nothing is changed."""
    looks: list[tuple[str, Callable[[], tuple[str, str]]]] = [
        ("python", _python),
        ("packages", lambda: _packages(notebooks.absolute().parent / "requirements.lock")),
        ("notebooks and disk", lambda: _room(out, notebooks)),
        ("kernel", _kernel),
        ("fonts", _fonts),
        ("chromium", _chromium),
        ("writing", lambda: _writing(data, out)),
        ("locks", lambda: _locks(out)),
        ("clock", lambda: _clock(data, out)),
        ("last run", lambda: _last_run(data, out, days)),
    ]
    return [Check(name, *_looked(look)) for name, look in looks]


def _looked(look: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    try:
        return look()
    except (UserError, OSError) as fault:
        return BAD, str(fault)


def _python() -> tuple[str, str]:
    where = f"Python {platform.python_version()}, {sys.executable}"
    return (GOOD, where) if sys.version_info >= (3, 11) else (BAD, f"{where}; wanted 3.11 or newer")


def _packages(lock: Path) -> tuple[str, str]:
    if not lock.is_file():
        return LOOK, f"no {lock.name} beside the notebooks to compare with"
    pinned: dict[str, list[str]] = {}  # one package may be pinned once for each range of Pythons
    for name, wanted in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
        pinned.setdefault(name, []).append(wanted)
    other = []
    for name, versions in pinned.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # for another platform, or for development only
        if found not in versions:
            other.append(f"{name} {found} (wanted {' or '.join(versions)})")
    return (LOOK, f"not as in {lock.name}: {', '.join(other)}") if other else (GOOD, f"as in {lock.name}")


def _room(out: Path, notebooks: Path) -> tuple[str, str]:
    preflight(out, notebooks)
    there = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    return GOOD, f"{shutil.disk_usage(there).free // 2**20:,} MB free for {out}"


def _kernel() -> tuple[str, str]:
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    asked = new_code_cell("import sys; print(sys.executable)")  # type: ignore[no-untyped-call]
    first = new_code_cell('run_id = ""', metadata={"tags": ["parameters"]})  # type: ignore[no-untyped-call]
    said = f"{{'{runner.SENTINEL}': {{'run_id': run_id}}}}"
    last = new_code_cell(f"from IPython.display import display; display({said}, raw=True)")  # type: ignore[no-untyped-call]
    with kernels.sockets() as room:
        path, log = room / "asked.ipynb", room / "kernel.log"
        nbformat.write(new_notebook(cells=[first, asked, last]), path)  # type: ignore[no-untyped-call]
        book = runner.execute(path, room / "answered.ipynb", {"run_id": "doctor"}, run_id="doctor", log=log)
    found = book.cells[2].outputs[0].text.strip()
    forked = "forked from a preloaded process" if kernels.forks() else "started the ordinary way"
    if found != sys.executable:
        return BAD, f"a notebook runs in {found}, wanted {sys.executable}"
    return GOOD, f"this environment's Python, {forked}"


def _fonts() -> tuple[str, str]:
    from matplotlib import font_manager

    path = font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    return GOOD, f"text is measured with {Path(path).name}"


def _chromium() -> tuple[str, str]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return (GOOD, found) if found else (LOOK, "no Chromium on the PATH; PDF copies are left out")


def _writing(data: Path, out: Path) -> tuple[str, str]:
    for folder in (out, records_of(data, out)):
        there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            return BAD, f"{there} cannot be written"
    return GOOD, f"{out} and the records of runs can be written"


def _locks(out: Path) -> tuple[str, str]:
    held = []
    for path in sorted((out / ".locks").glob("*.lock")):
        try:
            with publish.lock(out, path.stem):
                pass
        except UserError:
            held.append(path.stem)
    return (LOOK, f"a run is under way for {', '.join(held)}") if held else (GOOD, "no run is under way")


def _clock(data: Path, out: Path) -> tuple[str, str]:
    clock = datetime.now(UTC)
    last = max((run.started for run in runs(records_of(data, out))), default="")
    if last and datetime.fromisoformat(last) > clock + timedelta(minutes=5):
        return LOOK, f"it is {clock:%Y-%m-%d %H:%M} UTC here, but a run was begun at {last}: was the clock moved back?"
    return GOOD, f"{clock:%Y-%m-%d %H:%M} UTC"


def _last_run(data: Path, out: Path, days: int) -> tuple[str, str]:
    said = last_run(data, out)
    if said is None:
        return LOOK, f"no run has been made into {out} yet"
    when, failed = said
    age = (now() - when).days
    if age > days:
        return BAD, f"no run since {when:%d %B %Y}, {age} days ago; wanted one every {days} days"
    if failed:
        return LOOK, f"on {when:%d %B %Y}; it failed for {', '.join(failed)}"
    return GOOD, f"on {when:%d %B %Y}"


def last_run(data: Path, out: Path) -> tuple[datetime, list[str]] | None:
    """When a run last came to its end, and the partnerships that it failed for; None if there was none."""
    try:
        said = json.loads((records_of(data, out) / HEARTBEAT).read_text(encoding="utf-8"))
        return datetime.fromisoformat(said["at"]), said["failed"]
    except (OSError, ValueError, KeyError):
        return None


def ended(data: Path, out: Path) -> Iterator[str]:
    """Runs that were begun and never ended: their process was killed."""
    for run in runs(records_of(data, out)):
        if run.status == RUNNING:
            yield f"{run.partnership} {run.quarter}, run {run.number}"
