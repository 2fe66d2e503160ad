"""From an assessment to a published briefing: run the notebooks, export, record, publish, prove."""

from __future__ import annotations

import json
import os
import pickle
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import threatlib
from threatlib import manifest
from threatlib.assessment import Assessment
from threatlib.briefing import publish, runner, workbook
from threatlib.briefing.export import export
from threatlib.briefing.pages import INDEX, PAGES, Page, index
from threatlib.disclosure import ledger
from threatlib.errors import ExportError, UsageError
from threatlib.periods import Period
from threatlib.pipeline.analysis import Dataset, assess, load, quarter_in

RELEASE_FILE = "release.pickle"
Say = Callable[[str], None]


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

    @property
    def target(self) -> Path:
        internal = self.audience == "internal"
        return self.out / self.dataset.slug / (f"{self.quarter}-internal" if internal else str(self.quarter))


def plan(
    folder: Path, quarter: str, *, audience: str, as_of: date | None, out: Path, notebooks: Path, jobs: int
) -> Plan:
    """Read and check all that can be checked before any kernel starts."""
    dataset = load(folder)
    who = audience or dataset.definitions.partnership.default_audience
    period = quarter_in(dataset, quarter, as_of)
    made = Plan(dataset, period, who, as_of, out, notebooks, jobs, _run_id())
    for name in PAGES:
        path = notebooks / f"{name}.ipynb"
        if not path.is_file():
            raise UsageError(f"{path}: the notebook is missing.")
        runner.check_parameters(path, _parameters(made))
    return made


def unchanged(made: Plan) -> bool:
    """Whether the published folder is whole and nothing that it was made from has changed since."""
    try:
        last = _state(made).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return False
    return last == _fingerprint(made) and not manifest.faults(made.target)


def _state(made: Plan) -> Path:
    return made.out / ".state" / made.dataset.slug / made.target.name


def _fingerprint(made: Plan) -> str:
    parts = [made.dataset.folder, made.notebooks, Path(threatlib.__file__).parent]
    asked = {**_parameters(made), "run_id": "", "as_of": str(made.as_of), "versions": manifest.versions()}
    return manifest.fingerprint(parts, asked)


def run(made: Plan, say: Say) -> Path:
    """Make one partnership's briefing and publish it whole, or not at all.

    Returns
    -------
    Path
        The published folder.
    """
    started = _now()
    with publish.lock(made.out, made.dataset.slug), publish.staging(made.out, made.run_id) as room:
        record = _ledger(made.target, made.audience)
        history = ledger.read(record, until=str(made.quarter))
        assessment = assess(made.dataset, made.quarter, made.as_of, audience=made.audience, history=history)
        (room / RELEASE_FILE).write_bytes(pickle.dumps(assessment))
        books = _execute_all(made, room, say)
        folder = room / "briefing"
        (folder / "notebooks").mkdir(parents=True)
        pages = {f"{name}.html": export(book, page=Page(name, assessment).info()) for name, book in books.items()}
        _write_pages(folder, {INDEX: index(assessment), **pages}, assessment)
        workbook.write(folder, assessment)
        for name, book in books.items():
            (folder / "notebooks" / f"{name}.ipynb").write_text(runner.tidied(book, made.run_id), encoding="utf-8")
        manifest.write(folder / "manifest.json", _record(made, assessment, folder, started))
        if assessment.protection.withholds:
            released = assessment.tables["observations"]
            ledger.append(record, released, quarter=str(made.quarter), run_id=made.run_id)
        publish.publish(folder, made.target)
        _state(made).parent.mkdir(parents=True, exist_ok=True)
        _state(made).write_text(f"{_fingerprint(made)}\n", encoding="ascii")
    return made.target


def _ledger(target: Path, audience: str) -> Path:
    """The record of what was released to an audience, beside the briefings it is about."""
    return target.parent / "released" / f"{audience}.csv"


def _execute_all(made: Plan, room: Path, say: Say) -> dict[str, Any]:
    done: list[str] = []

    def one(name: str) -> Any:
        begun = time.monotonic()
        book = runner.execute(
            made.notebooks / f"{name}.ipynb",
            room / f"{name}.ipynb",
            _parameters(made),
            run_id=made.run_id,
            log=room / "kernel.log",
        )
        done.append(name)
        took = time.monotonic() - begun
        say(f"{made.dataset.slug}  {len(done)} of {len(PAGES)}  {PAGES[name]}  {took:.1f} s")
        return book

    with ThreadPoolExecutor(max_workers=made.jobs) as pool:
        waiting = {pool.submit(one, name): name for name in PAGES}
        finished, rest = wait(waiting, return_when=FIRST_EXCEPTION)
        for future in rest:
            future.cancel()  # one page has failed, so none will be published: start no further kernel
        for future in finished:
            future.result()
        return {name: future.result() for future, name in waiting.items()}


def _parameters(made: Plan) -> dict[str, Any]:
    return {
        "partnership": made.dataset.slug,
        "quarter": str(made.quarter),
        "audience": made.audience,
        "release": RELEASE_FILE,
        "run_id": made.run_id,
    }


def _write_pages(folder: Path, pages: Mapping[str, str], assessment: Assessment) -> None:
    """Write each page once it has passed the checks made of every page."""
    from threatlib.briefing.lint import lint

    faults = [
        f"{name}: {fault}"
        for name, html in pages.items()
        for fault in lint(html, simulated=assessment.data_kind != "real")
    ]
    if faults:
        raise ExportError("\n".join(["pages did not pass their checks:", *(f"  {fault}" for fault in faults)]))
    for name, html in pages.items():
        (folder / name).write_text(html, encoding="utf-8")


def _record(made: Plan, assessment: Assessment, folder: Path, started: str) -> dict[str, Any]:
    rule = assessment.protection.rule
    internal = not assessment.protection.withholds
    key = None if internal else manifest.key_of(made.dataset.folder.parent)
    known = assessment.tables["observations"]
    return {
        "run_id": made.run_id,
        "status": "ok",
        "partnership": made.dataset.slug,
        "quarter": str(made.quarter),
        "as_of": made.as_of.isoformat() if made.as_of else None,
        "data_as_at": assessment.data_as_at.isoformat(),
        "data_kind": assessment.data_kind,
        "audience": made.audience,
        "inputs": manifest.inputs(made.dataset.folder, made.dataset.register["file"], known, key),
        "outputs": manifest.outputs(folder),
        "versions": manifest.versions(),
        "commit": manifest.commit(),
        "parameters": _parameters(made),
        "seed": None,
        "tests_made": assessment.tests_made,
        "expected_false_flags": assessment.expected_false_flags,
        "disclosure": {"rule": rule.name, "withheld_from": rule.withhold_from, "withheld_to": rule.withhold_to,
                       "rounded_to": rule.round_to, "withheld": assessment.withheld},
        "started": started,
        "finished": _now(),
    }  # fmt: skip


def _now() -> str:
    """The manifest's clock; ``SOURCE_DATE_EPOCH`` sets it, as reproducible builds do."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    return (
        datetime.fromtimestamp(int(fixed), UTC).isoformat()
        if fixed
        else datetime.now(UTC).isoformat(timespec="seconds")
    )


def _run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"


def verify(folder: Path, data: Path) -> list[str]:
    """Faults of a published folder: files that changed, and tables that the same inputs no longer give.

    The tables are made anew only where the partnership's data are at hand under `data`.
    """
    found = manifest.faults(folder)
    if found:
        return found
    record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    source = data / record["partnership"]
    if not source.is_dir():
        return []
    told = ledger.read(_ledger(folder, record["audience"]), until=record["quarter"], before=record["run_id"])
    assessment = assess(load(source), record["quarter"], record["as_of"], audience=record["audience"], history=told)
    return [
        f"tables/{name}.csv: the data under {source} now give another table."
        for name, text in workbook.texts(assessment).items()
        if (folder / "tables" / f"{name}.csv").read_text(encoding="utf-8") != text
    ]
