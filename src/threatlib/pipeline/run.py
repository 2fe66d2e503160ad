"""From an assessment to a published briefing: run the notebooks, export, record, publish."""

from __future__ import annotations

import pickle
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from threatlib import manifest
from threatlib.assessment import Assessment
from threatlib.briefing import internal, kernels, printout, publish, runner, summary, workbook
from threatlib.briefing.export import export
from threatlib.briefing.pages import INDEX, PAGES, SUMMARY, Page, index
from threatlib.disclosure import ledger
from threatlib.errors import DataError, ExportError
from threatlib.pipeline import reuse
from threatlib.pipeline.analysis import assess
from threatlib.pipeline.interruption import held
from threatlib.pipeline.plan import RELEASE_FILE, Plan, now
from threatlib.pipeline.records import Record, write_whole

Say = Callable[[str], None]
_FINGERPRINT = "fingerprint"
_TABLES = f"{__name__}.tables"
"""The function below, by the name that another process finds it by."""


def unchanged(made: Plan) -> bool:
    """Whether the published folder is whole and nothing that it was made from has changed since."""
    try:
        last = (made.state / _FINGERPRINT).read_text(encoding="ascii").strip()
    except OSError:
        return False
    return last == made.fingerprint and not manifest.faults(made.target)


def run(made: Plan, say: Say, record: Record, limits: kernels.Limits | None = None) -> Path:
    """Make one partnership's briefing and publish it whole, or not at all.

    Returns
    -------
    Path
        The published folder.
    """
    kernels.preloaded()  # it imports what notebooks need while we assess
    started = now().isoformat(timespec="seconds")
    fingerprint = made.fingerprint
    with publish.lock(made.out, made.slug), publish.staging(made.out, made.slug) as room:
        history = ledger.read(made.released)
        assessment = assess(made.dataset, made.quarter, made.as_of, audience=made.audience, history=history)
        if assessment.exposed:
            say(
                f"{made.slug}  cannot be protected any more, as what gives it away is published already: "
                f"{', '.join(assessment.exposed)}"
            )
        record.event(
            "assessed", tests=assessment.tests_made, findings=len(assessment.findings), exposed=list(assessment.exposed)
        )
        (room / RELEASE_FILE).write_bytes(pickle.dumps(assessment))
        folder = room / "briefing"
        _fill(folder, _Work(made, room, assessment, say, record, limits or kernels.Limits()))
        manifest.write(folder / "manifest.json", _manifest(made, assessment, folder, started))
        if made.changed():
            raise DataError(f"{made.dataset.folder}: files in it changed while the briefing was made. Run it again.")
        with held():
            if not made.internal:
                shown = assessment.tables["observations"]
                ledger.append(made.released, shown, quarter=str(made.quarter), run_id=made.run_id)
            publish.publish(folder, made.target, shelf=publish.shelved(made.out, made.slug, made.target.name))
            write_whole(made.state / _FINGERPRINT, f"{fingerprint}\n")
            record.published()
    mail = internal.marked(SUMMARY) if made.internal else SUMMARY
    say(f"{made.slug}  ready to mail: {made.target / mail}")
    return made.target


@dataclass
class _Work:
    """What the threads that fill a briefing share."""

    made: Plan
    room: Path
    assessment: Assessment
    say: Say
    record: Record
    limits: kernels.Limits
    alive: kernels.Kernels = field(default_factory=kernels.Kernels)
    number: Iterator[int] = field(default_factory=lambda: count(1))


def _fill(folder: Path, work: _Work) -> None:
    """Write every page, table and executed notebook of a briefing; the first that fails ends the others."""
    (folder / "notebooks").mkdir(parents=True)
    with ThreadPoolExecutor(1) as side, ThreadPoolExecutor(work.made.jobs) as pool:
        beside = side if work.made.jobs > 1 else pool  # one job is one core: other runs have the others
        written = beside.submit(_write_tables, folder, work)
        pages = {name: pool.submit(_page, name, folder, work) for name in _longest_first(work.assessment)}
        try:
            everything: list[Future[Any]] = [written, *pages.values()]
            finished, _ = wait(everything, return_when=FIRST_EXCEPTION)
            for future in finished:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            work.alive.end("the run was ended")
            raise
    first = index(work.assessment)
    made = {INDEX: (first, _faults(first, work))} | {f"{name}.html": pages[name].result() for name in PAGES}
    _write_pages(folder, made)
    summary.write(folder, work.assessment)
    if work.made.internal:
        internal.mark(folder)
    work.say(f"{work.made.slug}  {printout.write(folder, work.made.jobs)}")


def _longest_first(assessment: Assessment) -> list[str]:
    """The pages, those of the themes with most figures first: no core waits for a long page begun last."""
    themes = assessment.signals["theme"].value_counts()
    return sorted(PAGES, key=lambda name: -int(themes.get(name, 0)))


def _write_tables(folder: Path, work: _Work) -> None:
    """Write the tables, in a process of their own where that can be: this one has the pages to export."""
    begun = time.monotonic()
    asked = (str((work.room / RELEASE_FILE).absolute()), str(folder.absolute()))
    apart = kernels.called(_TABLES, *asked, folder=work.room, log=work.record.kernel_log, kernels=work.alive)
    if not apart:
        shutil.rmtree(folder / "tables", ignore_errors=True)
        workbook.write(folder, work.assessment)
    work.record.event("tables", seconds=round(time.monotonic() - begun, 3), apart=apart)


def tables(release: str, folder: str) -> None:
    """Write the tables of a release that this run wrote."""
    workbook.write(Path(folder), pickle.loads(Path(release).read_bytes()))  # noqa: S301  our own file


def _page(name: str, folder: Path, work: _Work) -> tuple[str, list[str]]:
    """One notebook's page and its faults; beside the pages, the notebook as it is published.

    The notebook is run unless it may be used again.
    """
    begun, made = time.monotonic(), work.made
    again = reuse.kept(made, name) if made.resume else None
    book, run_id = again or (_execute(name, work), made.run_id)
    (folder / "notebooks" / f"{name}.ipynb").write_text(runner.tidied(book, run_id), encoding="utf-8")
    html = export(book, page=Page(name, work.assessment).info())
    faults = _faults(html, work)
    took = time.monotonic() - begun
    work.record.event("page", page=name, seconds=round(took, 3), reused=bool(again))
    how = "unchanged" if again else f"{took:.1f} s"
    work.say(f"{made.slug}  {next(work.number)} of {len(PAGES)}  {PAGES[name]}  {how}")
    return html, faults


def _execute(name: str, work: _Work) -> Any:
    made, executed = work.made, work.room / f"{name}.ipynb"
    book = runner.execute(
        made.notebooks / f"{name}.ipynb",
        executed,
        made.parameters,
        run_id=made.run_id,
        log=work.record.kernel_log,
        kernels=work.alive,
        limits=work.limits,
    )
    reuse.keep(made, name, executed)
    return book


def _faults(html: str, work: _Work) -> list[str]:
    """What the checks made of every page find."""
    from threatlib.briefing.lint import lint

    return lint(html, simulated=work.assessment.data_kind != "real")


def _write_pages(folder: Path, pages: Mapping[str, tuple[str, list[str]]]) -> None:
    """Write the pages if all of them have passed their checks."""
    said = [f"  {name}: {fault}" for name, (_, faults) in pages.items() for fault in faults]
    if said:
        raise ExportError("\n".join(["pages did not pass their checks:", *said]))
    for name, (html, _) in pages.items():
        (folder / name).write_text(html, encoding="utf-8")


def _manifest(made: Plan, assessment: Assessment, folder: Path, started: str) -> dict[str, Any]:
    rule = assessment.protection.rule
    known = assessment.tables["observations"]
    return {
        "run_id": made.run_id,
        "status": "ok",
        "partnership": made.slug,
        "quarter": str(made.quarter),
        "as_of": made.as_of.isoformat() if made.as_of else None,
        "data_as_at": assessment.data_as_at.isoformat(),
        "data_kind": assessment.data_kind,
        "audience": made.audience,
        "inputs": manifest.inputs(made.dataset.folder, made.dataset.register["file"], known, made.key),
        "outputs": manifest.outputs(folder),
        "versions": manifest.versions(),
        "commit": manifest.commit(),
        "parameters": made.parameters,
        "seed": None,
        "tests_made": assessment.tests_made,
        "expected_false_flags": assessment.expected_false_flags,
        "disclosure": {"rule": rule.name, "withheld_from": rule.withhold_from, "withheld_to": rule.withhold_to,
                       "rounded_to": rule.round_to, "withheld": assessment.withheld},
        "started": started,
        "finished": now().isoformat(timespec="seconds"),
    }  # fmt: skip
