"""From a partnership's folder to an assessment: load, settle, protect, assess."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd

from threatlib import observations, returns
from threatlib.assessment import Assessment, build
from threatlib.briefing.pages import Page
from threatlib.catalogue import Definitions
from threatlib.catalogue import load as load_definitions
from threatlib.disclosure import protect, protection
from threatlib.errors import DataError, UsageError
from threatlib.periods import Period, parse, quarter_of


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
        latest = observations.as_of(self.received, as_of, self.register)
        settled, faults = observations.settle(latest, entries)
        if faults and as_of is None:
            raise DataError(f"{self.folder}: declared faults and figures do not agree:", faults)
        whole = observations.with_quarters(settled, self.definitions)
        whole = observations.with_bases(whole, self.definitions)
        return pd.concat([whole, observations.printed_figures(entries)], ignore_index=True)

    def quarters(self, as_of: date | None = None) -> list[Period]:
        """Quarters in which a figure of the partnership's own ends, known on a day or now, oldest first."""
        known = self.received if as_of is None else self.received[self.received["received_on"] <= pd.Timestamp(as_of)]
        own = known[(known["role"] == "local") & known["status"].isin(observations.HAS_VALUE)]
        reference = own["file"].str.startswith("reference/")  # a population alone is no quarter's data
        own = own[(own["basis"] != "forecast") & (own["kind"] != "undated") & ~reference]
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
    day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    period = quarter_in(dataset, quarter, day)
    who = audience or dataset.definitions.partnership.default_audience
    known = dataset.definitions.partnership.audiences
    if who not in known:
        raise UsageError(f"{dataset.folder}: no audience '{who}'; it has {', '.join(known)}.")
    table = dataset.table if day is None else dataset.known(day)
    release = protect(table, protection(dataset.definitions, who), history, definitions=dataset.definitions)
    return build(release, dataset.definitions, slug=dataset.slug, quarter=period, as_of=day, problems=dataset.problems)


def quarter_in(dataset: Dataset, quarter: str | Period, as_of: date | None = None) -> Period:
    """The quarter asked for, if there are data for it that were known on the day.

    Raises
    ------
    UsageError
        If it is not a quarter, or has no data, naming those that have.
    """
    there = dataset.quarters(as_of)
    shown = f"from {there[0]} to {there[-1]}" if there else "none at all"
    try:
        period = quarter if isinstance(quarter, Period) else parse(quarter)
    except ValueError as fault:
        raise UsageError(f"quarter: {fault}.") from fault
    if period.kind != "quarter":
        raise UsageError(f"quarter: found '{quarter}', wanted a financial quarter such as 2022-23-Q2.")
    if period not in there:
        known = f" known on {as_of}" if as_of else ""
        raise UsageError(f"{dataset.folder}: no data for {period}{known}; there are data {shown}.")
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
