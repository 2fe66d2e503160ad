"""From a partnership's folder to a published briefing: load, protect, assess, run, export, record, publish."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from threatlib import manifest, observations, returns
from threatlib.assessment import Assessment, build
from threatlib.briefing import publish, runner, workbook
from threatlib.briefing.export import export
from threatlib.briefing.pages import INDEX, PAGES, Page, index
from threatlib.catalogue import Definitions
from threatlib.catalogue import load as load_definitions
from threatlib.disclosure import ledger, protect, protection
from threatlib.errors import DataError, ExportError, UsageError
from threatlib.periods import Period, parse, quarter_of

RELEASE_FILE = "release.pickle"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Dataset:
    """A partnership's definitions and every figure it has sent, settled and with bases: what the analyst sees.

    `table` has the columns of `observations.COLUMNS`; `problems` is empty unless reading was told to go on in spite of
    them.
    """

    folder: Path
    definitions: Definitions
    received: pd.DataFrame
    register: pd.DataFrame
    problems: pd.DataFrame

    @property
    def slug(self) -> str:
        return self.folder.name

    @cached_property
    def table(self) -> pd.DataFrame:
        return self.known(None)

    def known(self, as_of: date | None) -> pd.DataFrame:
        """The table as it stood on a day."""
        entries = self.definitions.annotations.annotations
        latest = observations.as_of(self.received, as_of)
        settled, faults = observations.settle(latest, entries)
        if faults and as_of is None:
            raise DataError(f"{self.folder}: declared faults and figures do not agree:", faults)
        whole = observations.with_quarters(settled, self.definitions)
        whole = observations.with_bases(whole, self.definitions)
        return pd.concat([whole, observations.printed_figures(entries)], ignore_index=True)

    def quarters(self) -> list[Period]:
        """Quarters in which a figure of the partnership's own ends, oldest first."""
        own = self.received[(self.received["role"] == "local") & self.received["status"].isin(observations.HAS_VALUE)]
        own = own[(own["basis"] != "forecast") & (own["kind"] != "undated") & (own["source"] != "reference")]
        return sorted({quarter_of(day.date()) for day in pd.to_datetime(own["end"].unique())})


def load(partnership_dir: str | Path, *, strict: bool = True) -> Dataset:
    """Read a partnership's folder.

    Raises
    ------
    DataError
        With every problem of every file, unless `strict` is False (the problems are then in the Dataset).
    """
    folder = Path(partnership_dir)
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such partnership folder. `threatlib init` makes one.")
    definitions = load_definitions(folder)
    received, register, problems = returns.read(folder, definitions)
    if problems and strict:
        raise DataError(f"{folder}: {len(problems)} problems in the data, all of them listed here:", problems)
    return Dataset(folder, definitions, received, register, returns.as_records(problems))


def assess(
    dataset: Dataset,
    quarter: str | Period,
    as_of: date | str | None = None,
    *,
    audience: str = "",
    history: pd.DataFrame | None = None,
) -> Assessment:
    """Assess a partnership in one quarter for one audience.

    Parameters
    ----------
    dataset : Dataset
    quarter : str or Period
        For instance ``2022-23-Q2``.
    as_of : date, optional
        What was known on that day; everything received so far if not given.
    audience : str
        One of the partnership's audiences; its default one if not given.
    history : DataFrame, optional
        What this audience has been shown before (`disclosure.ledger.read`), so that the two together give nothing away.

    Raises
    ------
    UsageError
        For a quarter without data or an audience that does not exist, naming those that do.
    """
    period = _quarter(dataset, quarter)
    day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    who = audience or dataset.definitions.partnership.default_audience
    known = dataset.definitions.partnership.audiences
    if who not in known:
        raise UsageError(f"{dataset.folder}: no audience '{who}'; it has {', '.join(known)}.")
    table = dataset.table if day is None else dataset.known(day)
    release = protect(table, protection(dataset.definitions, who), history, definitions=dataset.definitions)
    return build(release, dataset.definitions, slug=dataset.slug, quarter=period, as_of=day, problems=dataset.problems)


def _quarter(dataset: Dataset, quarter: str | Period) -> Period:
    there = dataset.quarters()
    shown = f"from {there[0]} to {there[-1]}" if there else "none at all"
    try:
        period = quarter if isinstance(quarter, Period) else parse(quarter)
    except ValueError as fault:
        raise UsageError(f"quarter: {fault}.") from fault
    if period.kind != "quarter":
        raise UsageError(f"quarter: found '{quarter}', wanted a financial quarter such as 2022-23-Q2.")
    if period not in there:
        raise UsageError(f"{dataset.folder}: no data for {period}; there are data {shown}.")
    return period


def page(
    name: str, *, partnership: str, quarter: str, audience: str = "", release: str = "", run_id: str = "interactive"
) -> Page:
    """What a notebook draws from: one page of one assessment.

    In a run the assessment was made once and lies beside the notebook (`release`); opened in JupyterLab the notebook
    has none, and the assessment is made from the partnership's folder under ``data/``.
    """
    if release:
        assessment = pickle.loads(Path(release).read_bytes())  # noqa: S301  our own file, written by this run
    else:
        assessment = assess(load(data_folder() / partnership), quarter, audience=audience)
    return Page(name, assessment, run_id)


def data_folder() -> Path:
    """The ``data`` folder beside or above the current folder: JupyterLab starts a notebook in its own."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "data").is_dir():
            return folder / "data"
    raise UsageError(f"no 'data' folder in {here} or above it.")


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
    period = _quarter(dataset, quarter)
    made = Plan(dataset, period, who, as_of, out, notebooks, jobs, _run_id())
    for name in PAGES:
        path = notebooks / f"{name}.ipynb"
        if not path.is_file():
            raise UsageError(f"{path}: the notebook is missing.")
        runner.check_parameters(path, _parameters(made))
    return made


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
    return made.target


def _ledger(target: Path, audience: str) -> Path:
    """The record of what was released to an audience, beside the briefings it is about."""
    return target.parent / "released" / f"{audience}.csv"


def _execute_all(made: Plan, room: Path, say: Say) -> dict[str, Any]:
    def one(name: str) -> Any:
        begun = datetime.now(UTC)
        book = runner.execute(
            made.notebooks / f"{name}.ipynb",
            room / f"{name}.ipynb",
            _parameters(made),
            run_id=made.run_id,
            log=room / "kernel.log",
        )
        say(f"{made.dataset.slug}  {name}  {(datetime.now(UTC) - begun).total_seconds():.1f} s")
        return book

    with ThreadPoolExecutor(max_workers=made.jobs) as pool:
        waiting = {name: pool.submit(one, name) for name in PAGES}
        return {name: future.result() for name, future in waiting.items()}


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


def partnerships(data: Path, named: Sequence[str]) -> list[Path]:
    """Folders to run: those named, or every one under the data folder.

    Raises
    ------
    UsageError
        If one does not exist, naming those that do.
    """
    there = sorted(p.parent for p in data.glob("*/partnership.yaml"))
    if not there:
        raise UsageError(f"{data}: no partnership in it (a folder with partnership.yaml). `threatlib init` makes one.")
    names = [p.name for p in there]
    lost = [name for name in named if name not in names]
    if lost:
        raise UsageError(f"{data}: no partnership '{lost[0]}'; there are {', '.join(names)}.")
    return [p for p in there if not named or p.name in named]
