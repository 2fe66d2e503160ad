"""What a run is asked to do, checked as far as it can be before any kernel starts."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import threatlib
from threatlib import manifest
from threatlib.briefing import internal, parameters
from threatlib.briefing.pages import INDEX, PAGES
from threatlib.catalogue import Definitions
from threatlib.disclosure import protection
from threatlib.errors import KernelError, OutputError, UsageError
from threatlib.periods import Period
from threatlib.pipeline.analysis import Dataset, folder_of, load, quarter_in

RELEASE_FILE = "release.pickle"
LATEST = "latest"
ROOM_NEEDED = 64 * 2**20
"""Bytes a briefing needs on the disk of the outputs: pages, tables and executed notebooks, twice."""

FILES_NEEDED = 256
"""Files and sockets that a run, or a kernel of it, may need open at once."""


@dataclass(frozen=True)
class Plan:
    """What a run is asked to do for one partnership."""

    dataset: Dataset
    quarter: Period
    audience: str
    as_of: date | None
    out: Path
    notebooks: Path
    jobs: int
    run_id: str
    records: Path
    """What is kept of runs and never published; outside `out`, for it depends on values that are withheld."""
    resume: bool = False
    read_from: str = ""
    """Fingerprint of the partnership's folder before it was read."""

    @property
    def slug(self) -> str:
        return self.dataset.slug

    @cached_property
    def internal(self) -> bool:
        """Whether nothing is withheld, so that every file and folder says so in its name."""
        return not protection(self.dataset.definitions, self.audience).withholds

    @property
    def target(self) -> Path:
        return self.out / self.slug / (f"{self.quarter}-{internal.WORD}" if self.internal else str(self.quarter))

    @property
    def index(self) -> Path:
        """The page that is opened first."""
        return self.target / (internal.marked(INDEX) if self.internal else INDEX)

    @property
    def released(self) -> Path:
        """The record of what was released under this audience's rule, beside the briefings it is about."""
        return released(self.target.parent, self.dataset.definitions, self.audience)

    @cached_property
    def key(self) -> bytes | None:
        """The key for digests of what went in; none is needed where nothing is withheld."""
        return None if self.internal else manifest.key_of(self.dataset.folder.parent)

    @property
    def state(self) -> Path:
        """The records of this partnership, quarter and audience."""
        return self.records / self.slug / self.target.name

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """What every notebook is given."""
        return {
            "partnership": self.slug,
            "quarter": str(self.quarter),
            "audience": self.audience,
            "release": RELEASE_FILE,
            "run_id": self.run_id,
        }

    def changed(self) -> bool:
        """Whether the partnership's folder on the disk is another than the one that was read."""
        return manifest.fingerprint([self.dataset.folder], {}) != self.read_from

    @cached_property
    def basis(self) -> str:
        """One digest of data, code, parameters and dependencies."""
        parts = [self.dataset.folder, Path(threatlib.__file__).parent, *_locks(self.notebooks)]
        asked = {**self.parameters, "run_id": "", "as_of": str(self.as_of), "versions": manifest.versions()}
        return manifest.fingerprint(parts, asked)

    @cached_property
    def fingerprint(self) -> str:
        """One digest of all that the briefing is a function of: the notebooks, and all that they draw from."""
        return manifest.fingerprint([self.notebooks / f"{name}.ipynb" for name in PAGES], {"briefing": self.basis})


def plan(
    folder: Path,
    quarter: str,
    *,
    audience: str = "",
    as_of: date | None = None,
    out: Path,
    notebooks: Path,
    jobs: int = 2,
    records: Path,
    resume: bool = False,
) -> Plan:
    """Read and check all that can be checked before any kernel starts; nothing is written to the outputs.

    Parameters
    ----------
    quarter : str
        For instance ``2022-23-Q2``, or ``latest`` for the newest one the partnership has data for.
    records : Path
        Where records of runs are kept (`records_of`).
    resume : bool
        Run only the notebooks that failed or changed since the last run.

    Raises
    ------
    UsageError, DataError, OutputError
        Saying what was found, what was wanted and what to do.
    """
    preflight(out, notebooks)
    before = manifest.fingerprint([folder_of(folder)], {})
    dataset = load(folder)
    who = _audience_in(dataset, audience)
    asked = dataset.quarters(as_of)[-1:] if quarter == LATEST else []
    period = quarter_in(dataset, asked[0] if asked else quarter, as_of)
    made = Plan(dataset, period, who, as_of, out, notebooks, jobs, new_run_id(), records, resume, before)
    for name in PAGES:
        parameters.check(notebooks / f"{name}.ipynb", made.parameters)
    _ = made.key  # a damaged one is better found now
    return made


def preflight(out: Path, notebooks: Path) -> None:
    """What no partnership's data can mend: notebooks that are not there, parameters they lack, a disk without room."""
    if importlib.util.find_spec("ipykernel") is None:
        raise KernelError(f"{sys.executable}: has no ipykernel. Install threatlib with what it depends on.")
    _may_open()
    for name in PAGES:
        path = notebooks / f"{name}.ipynb"
        if not path.is_file():
            raise UsageError(f"{path}: the notebook is missing.")
        parameters.check(path, _TYPES)
    there = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise OutputError(f"{there}: found a file, wanted a folder. Choose another folder with --out.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{there}: cannot be written (no permission). Choose another folder with --out.")
    free = shutil.disk_usage(there).free
    if free < ROOM_NEEDED:
        raise OutputError(
            f"{there}: {free // 2**20} MB free, wanted {ROOM_NEEDED // 2**20}. Make room, or choose another folder "
            "with --out."
        )


def _may_open() -> None:
    """ZeroMQ ends the whole process if it may not open one more socket: better said before."""
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES_NEEDED:
        if hard != resource.RLIM_INFINITY and hard < FILES_NEEDED:
            raise KernelError(f"a process may have {hard} files open here, wanted {FILES_NEEDED}. See `ulimit -n`.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_NEEDED, hard))


def notebooks_in(given: Path | None) -> Path:
    """The notebooks asked for; if none were, those of the current folder, or the package's own.

    Raises
    ------
    UsageError
        If there are none.
    """
    packed = Path(threatlib.__file__).parent / "_notebooks"
    for folder in (given,) if given else (Path("notebooks"), packed):
        if folder.is_dir():
            return folder
    raise UsageError(f"{given or Path('notebooks').absolute()}: there is no such folder. Name one with --notebooks.")


def records_of(data: Path, out: Path) -> Path:
    """Where the records of runs from a data folder into an output folder are kept: beside the data folder, unpublished.

    Not in it: a run that fails leaves the data as they were. ``THREATLIB_RECORDS`` names another folder for them.
    """
    home = os.environ.get("THREATLIB_RECORDS")
    beside = data.parent if data.name not in ("", "..") else data.resolve().parent
    return (Path(home) if home else beside / ".threatlib") / hashlib.sha256(os.fsencode(out.resolve())).hexdigest()[:12]


def released(folder: Path, definitions: Definitions, audience: str) -> Path:
    """Where the releases under a rule are recorded: two audiences of one rule must not be told different things."""
    return folder / "released" / f"{definitions.partnership.audiences[audience].rule}.csv"


def _audience_in(dataset: Dataset, audience: str) -> str:
    partnership = dataset.definitions.partnership
    who = audience or partnership.default_audience
    if who not in partnership.audiences:
        raise UsageError(f"{dataset.folder}: no audience '{who}'; it has {', '.join(partnership.audiences)}.")
    return who


_TYPES: Mapping[str, str] = dict.fromkeys(("partnership", "quarter", "audience", "release", "run_id"), "")


def _locks(notebooks: Path) -> list[Path]:
    """The lock file of the project that the notebooks belong to, if there is one."""
    return [path for path in [notebooks.absolute().parent / "requirements.lock"] if path.is_file()]


def now() -> datetime:
    """The manifest's clock; ``SOURCE_DATE_EPOCH`` sets it, as reproducible builds do."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now(UTC)


def new_run_id() -> str:
    """When, and something that two runs of one second do not share; ``THREATLIB_RUN_ID`` sets it."""
    return os.environ.get("THREATLIB_RUN_ID") or f"{now():%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
