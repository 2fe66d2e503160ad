"""A quarter for many partnerships: in this process or on a cluster, from folders or from stores."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from threatlib import manifest
from threatlib.briefing.kernels import sweep
from threatlib.briefing.pages import PAGES
from threatlib.catalogue import partnerships
from threatlib.errors import UsageError, UserError
from threatlib.pipeline import carried, unit
from threatlib.pipeline.plan import preflight
from threatlib.pipeline.records import HEARTBEAT
from threatlib.pipeline.stores import Store, is_url, local
from threatlib.pipeline.unit import Outcome

JOBS = 2
"""Notebooks run at a time if nothing else is asked for; on a cluster each worker runs one."""


def brief_quarter(
    data: str,
    named: Sequence[str],
    quarter: str,
    *,
    out: str,
    notebooks: Path,
    scheduler: str = "",
    jobs: int | None = None,
    say: Callable[[str], None] | None = None,
    **how: Any,
) -> list[Outcome]:
    """The unit for every partnership, or for those named, wherever they and their outputs are.

    Parameters
    ----------
    data, out : str
        Folders, or URLs that fsspec knows.
    scheduler : str
        Address of a Dask scheduler, or ``local``; empty for this process, unless `jobs` is more than the notebooks of
        one briefing: then as many partnerships are made at a time, on a cluster of this machine.
    how
        As for `unit.brief`.

    Raises
    ------
    UsageError, DataError, OutputError
        If no partnership's run could begin.
    Ended
        If a signal ends the run; what was published before stays published.
    """
    slugs = _slugs(data, named)
    for name, given in (("data", data), ("out", out)):
        if not given.strip():
            raise UsageError(f"--{name}: found nothing, wanted a folder or a URL.")
    own = "memory" in (data.partition("://")[0], out.partition("://")[0])
    if not scheduler and (jobs or 0) > len(PAGES) and len(slugs) > 1 and not own:
        scheduler = "local"
    if scheduler and own:
        raise UsageError("memory:// is this process's own, and workers are others. Choose a store that they can reach.")
    _reachable(out, notebooks)
    if not scheduler and not is_url(data) and not is_url(out):
        folders = [local(data) / slug for slug in slugs]
        return unit.brief_all(folders, quarter, out=local(out), notebooks=notebooks, jobs=jobs or JOBS, say=say, **how)
    data, out = _absolute(data), _absolute(out)
    how |= {"out": out, "records": carried.records_at(data, out), "notebooks": notebooks}
    outcomes: list[Outcome] = []
    try:
        if scheduler:
            from threatlib.pipeline.cluster import brief_on

            _keyed(data)
            outcomes += brief_on(scheduler, data, slugs, quarter, workers=jobs or JOBS, jobs=1, say=say, **how)
        else:
            sweep()
            how["notebooks"] = str(notebooks)
            for slug in slugs:
                outcomes.append(carried.brief(data, slug, quarter, jobs=jobs or JOBS, say=say, **how))
    finally:
        _beat(how["records"], quarter, outcomes, len(slugs))
    return outcomes


def _slugs(data: str, named: Sequence[str]) -> list[str]:
    """Names of the partnerships asked for."""
    if not is_url(data):
        return [folder.name for folder in partnerships(local(data), named)]
    store = Store(data.rstrip("/"))
    there = [name for name in store.folders() if not name.startswith(".") and store.read(f"{name}/partnership.yaml")]
    if not there:
        raise UsageError(f"{data}: no partnership in it (a folder with partnership.yaml).")
    lost = [name for name in named if name not in there]
    if lost:
        raise UsageError(f"{data}: no partnership '{lost[0]}'; there are {', '.join(there)}.")
    return [name for name in there if not named or name in named]


def _reachable(out: str, notebooks: Path) -> None:
    """What concerns every partnership, before any of them is begun."""
    if not is_url(out):
        preflight(local(out), notebooks)
        return
    preflight(Path(tempfile.gettempdir()), notebooks)
    store = Store(out.rstrip("/"))
    probe = f".reachable-{os.urandom(4).hex()}"
    store.create(probe, b"")
    store.remove([probe])


def _absolute(place: str) -> str:
    """A place that means the same in whatever folder a process is."""
    return place.rstrip("/") if is_url(place) else str(local(place).absolute())


def _keyed(data: str) -> None:
    """Make the key for digests before two workers could each make one."""
    if not is_url(data):
        with suppress(UserError):  # an internal briefing needs none; any other says so itself
            manifest.key_of(Path(data))


def _beat(records: str, quarter: str, outcomes: Sequence[Outcome], asked: int) -> None:
    if not is_url(records):
        unit.beat(Path(records), quarter, outcomes, asked)
        return
    with tempfile.TemporaryDirectory() as room, suppress(UserError):
        unit.beat(Path(room), quarter, outcomes, asked)
        Store(records).put(Path(room), "", [HEARTBEAT])
