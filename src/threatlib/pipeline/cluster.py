"""The unit of work on Dask Distributed: many partnerships at a time, on this machine's processes or on other machines.

A unit is whole wherever it runs: it is given everything but data and outputs, it answers with an `Outcome`, and its
briefing is published by itself or not at all. So a worker that is lost costs the unit that it was at, which is begun
again on another worker.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from threatlib import manifest
from threatlib.briefing.kernels import sockets, sweep
from threatlib.briefing.pages import PAGES
from threatlib.errors import KernelError, UsageError
from threatlib.pipeline import carried
from threatlib.pipeline.records import FAILED
from threatlib.pipeline.unit import Outcome

LOCAL = "local"
"""The scheduler's address that asks for one on this machine."""
RETRIES = 3
"""How often a unit is begun again after the worker that it ran on was lost."""
WAIT_SECONDS = 60
"""How long to wait for a scheduler to answer, and for the first worker."""


def brief_on(
    scheduler: str,
    data: str,
    slugs: Sequence[str],
    quarter: str,
    *,
    notebooks: Path,
    workers: int = 2,
    say: Callable[[str], None] | None = None,
    **how: Any,
) -> list[Outcome]:
    """The unit for each of several partnerships on a cluster; the answers in the order of `slugs`.

    Parameters
    ----------
    scheduler : str
        A Dask scheduler's address such as ``tcp://10.0.0.1:8786``, or ``local`` for a cluster on this machine.
    workers : int
        Processes of a local cluster.
    notebooks : Path
        Sent to the workers, who need to reach only `data` and `out`.
    how
        As for `carried.brief`.

    Raises
    ------
    UsageError
        If Dask is not installed, the scheduler does not answer or has no worker, or a worker has other versions of the
        libraries that shape numbers or pages.
    Ended
        If a signal ends the run; units not begun are then left out, those under way elsewhere end as they will.
    """
    tell = say or (lambda _: None)
    with _connected(scheduler, min(workers, max(1, len(slugs)))) as client:
        _same_everywhere(client)
        job = partial(unit, data, quarter=quarter, notebooks=_read(notebooks), **how)
        futures = {client.submit(job, slug, pure=False, key=f"{slug}-{os.urandom(4).hex()}"): slug for slug in slugs}
        outcomes: dict[str, Outcome] = {}
        try:
            for future in _dask().as_completed(futures):
                slug = futures[future]
                outcomes[slug] = _outcome(future, slug, quarter)
                tell(f"{slug}: {outcomes[slug].status}  {len(outcomes)} of {len(slugs)}")
        finally:
            client.cancel([future for future in futures if not future.done()])
    return [outcomes[slug] for slug in slugs]


def unit(data: str, slug: str, quarter: str, *, notebooks: Mapping[str, bytes], **how: Any) -> Outcome:
    """What a worker does: `carried.brief`, with the notebooks that it was sent."""
    sweep()
    with sockets() as folder:
        for name, content in notebooks.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return carried.brief(data, slug, quarter, notebooks=str(folder / "notebooks"), **how)


def _read(notebooks: Path) -> dict[str, bytes]:
    """The notebooks and the lock file of their project, by their names on a worker."""
    files = {f"notebooks/{name}.ipynb": notebooks / f"{name}.ipynb" for name in PAGES}
    lock = notebooks.absolute().parent / "requirements.lock"
    if lock.is_file():
        files[lock.name] = lock
    return {name: path.read_bytes() for name, path in files.items()}


def _dask() -> Any:
    try:
        return import_module("distributed")
    except ImportError as fault:
        raise UsageError(
            "--scheduler: Dask Distributed is not installed. Install it with: pip install threatlib[cluster]"
        ) from fault


@contextmanager
def _connected(scheduler: str, workers: int) -> Iterator[Any]:
    """A client of the scheduler, closed afterwards; a local cluster is ended with it."""
    dask = _dask()
    settings = {"distributed.scheduler.allowed-failures": RETRIES, "distributed.comm.timeouts.connect": WAIT_SECONDS}
    with import_module("dask").config.set(settings):
        if scheduler == LOCAL:
            here = dask.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None,
                                silence_logs=logging.CRITICAL)  # fmt: skip
            with here, dask.Client(here) as client:
                yield client
            return
        try:
            client = dask.Client(scheduler, timeout=WAIT_SECONDS)
        except (OSError, ValueError, TimeoutError) as fault:
            raise UsageError(
                f"--scheduler: nobody answers at {scheduler} ({fault}). Start one with dask-scheduler."
            ) from fault
        with client:
            yield client


def _same_everywhere(client: Any) -> None:
    """Refuse workers that would make other bytes than this machine."""
    try:
        client.wait_for_workers(1, timeout=WAIT_SECONDS)
    except TimeoutError as fault:
        raise UsageError("--scheduler: it has no worker. Start some with `dask worker`.") from fault
    ours = manifest.versions()
    for worker, theirs in client.run(manifest.versions).items():
        other = [f"{name} {theirs.get(name)} (wanted {ours[name]})" for name in ours if theirs.get(name) != ours[name]]
        if other:
            raise UsageError(f"--scheduler: worker {worker} has {', '.join(other)}. Install the same lock file there.")


def _outcome(future: Any, slug: str, quarter: str) -> Outcome:
    """A unit's answer, or what is to be said of one that never gave any."""
    fault = future.exception()
    if fault is None:
        found: Outcome = future.result()
        return found
    said = f"{type(fault).__name__}: {fault}"
    if isinstance(fault, _dask().KilledWorker):
        lost = fault.allowed_failures + 1
        said = (
            f"lost with the worker that it ran on, {lost} times" if lost > 1 else "lost with the worker that it ran on"
        )
    return Outcome(slug, quarter, FAILED, KernelError.exit_code, f"{slug}: {said}. Run it again with --resume.")
