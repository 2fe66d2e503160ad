"""From a partnership's folder to an assessment: load, settle, protect, assess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from threatlib import claims, explore, observations, returns
from threatlib.assessment import Assessment, build
from threatlib.catalogue import Definitions
from threatlib.catalogue import load as load_definitions
from threatlib.disclosure import protect, protection
from threatlib.disclosure.words import spoken
from threatlib.errors import DataError, UsageError
from threatlib.explore.difference import Choice, Chooser, differences
from threatlib.periods import Period, parse, quarter_of
from threatlib.pipeline.progress import waiting


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

    @cached_property
    def _kept(self) -> pd.DataFrame:
        """The table as it is computed with: what is declared left out is not `used`."""
        return observations.left_out(self.table, self.definitions.annotations.annotations)

    @cached_property
    def _assessed(self) -> dict[tuple[object, ...], Assessment]:
        """What was assessed before: the second answer to the same question is there at once."""
        return {}

    def known(self, as_of: date | None) -> pd.DataFrame:
        """The table as it stood on a day."""
        entries = self.definitions.annotations.annotations
        latest = observations.as_of(self.received, as_of, self.register)
        settled, faults = observations.settle(latest, entries)
        if faults and as_of is None:
            raise DataError(f"{self.folder}: declared faults and figures do not agree:", faults)
        whole = observations.with_quarters(settled, self.definitions)
        whole = observations.with_bases(whole, self.definitions)
        in_words = [observations.printed_figures(entries), claims.rows_of(self.definitions.claims)]
        return pd.concat([whole, *(rows for rows in in_words if len(rows))], ignore_index=True)

    def quarters(self, as_of: date | None = None) -> list[Period]:
        """Quarters in which a figure of the partnership's own ends, known on a day or now, oldest first."""
        known = self.received if as_of is None else self.received[self.received["received_on"] <= pd.Timestamp(as_of)]
        own = known[(known["role"] == "local") & known["status"].isin(observations.HAS_VALUE)]
        reference = own["file"].str.startswith("reference/")  # a population alone is no quarter's data
        own = own[(own["basis"] != "forecast") & (own["kind"] != "undated") & ~reference]
        return sorted({quarter_of(day.date()) for day in pd.to_datetime(own["end"].unique())})

    @cached_property
    def indicators(self) -> explore.Names:
        """Ids of the catalogue's indicators, completed by Tab: ``q.indicators.csc_referrals``."""
        return explore.Names({entry.id: entry.name for entry in self.definitions.catalogue.indicators})

    def series(self, indicator: str, area: str | None = None, **which: str) -> explore.Series:
        """One indicator in one area over time; see `threatlib.explore.series` for `breakdown`, `agency`, `kind`."""
        return explore.series(self._kept, self.definitions, indicator, area, **which)

    def compare(self, indicator: str, period: str | None = None) -> explore.Comparison:
        """An indicator's latest figure in each area and comparator; see `threatlib.explore.compare`."""
        return explore.compare(self._kept, self.definitions, indicator, period)

    def explain(
        self, finding: Mapping[str, Any] | pd.Series | str, assessment: Assessment | None = None
    ) -> explore.Explanation:
        """Why a finding says what it says: sentence, evidence, rows, file and line.

        Parameters
        ----------
        finding : Mapping or str
            A row of `Assessment.findings`, or its `finding_id`.
        assessment : Assessment, optional
            Where the finding is from; the newest quarter's for the analyst if not given.
        """
        whole = assessment or self._newest
        meant = explore.chosen(finding, whole.findings)
        return explore.explain(self.folder, self.table, meant, whole.signals, whole.observations)

    def what_if(
        self,
        quarter: str | Period | None = None,
        *,
        exclude: Chooser | None = None,
        rebase_at: Choice | None = None,
    ) -> explore.WhatIf:
        """How the findings of a quarter would change. Nothing is written: the record stays as it is.

        Parameters
        ----------
        quarter : str or Period, optional
            The newest with data if not given.
        exclude : mapping, list or function, optional
            Figures to leave out; see `threatlib.explore.exclude`.
        rebase_at : mapping, optional
            A break to suppose: ``{"indicator": "csc_referrals", "area": "Hackney", "period": "2021-04"}``.
        """
        if exclude is None and rebase_at is None:
            raise UsageError("what_if: say what to suppose, with exclude= or rebase_at=.")
        supposed, received, definitions = [], self.received, self.definitions
        if exclude is not None:
            received = explore.exclude(received, exclude)
            left = len(self.received) - len(received)
            supposed.append(f"{left} {'figure was' if left == 1 else 'figures were'} left out")
        if rebase_at is not None:
            definitions = explore.rebase(definitions, rebase_at)
            explore.known(self.table, rebase_at, "rebase_at")
            supposed.append(f"recording had changed at {rebase_at['period']}")
        before = self._newest if quarter is None else assess(self, quarter, audience=self._analyst)
        other = replace(self, received=received, definitions=explore.unguarded(definitions))
        after = assess(other, before.quarter, audience=self._analyst)
        return differences(" and ".join(supposed), before, after)

    def propose(
        self, id: str, title: str, *, rebase_at: Choice | None = None, exclude: Choice | None = None
    ) -> explore.Proposal:
        """A break or an exclusion to be declared, with the newest quarter's findings before and after.

        Nothing is written until `Proposal.write` adds the entry to ``annotations.yaml``.

        Parameters
        ----------
        id, title : str
            The entry's; the title is what readers of a page see.
        rebase_at : mapping, optional
            Where recording changed: ``{"indicator": "csc_referrals", "area": "Hackney", "period": "2021-04"}``.
        exclude : mapping, optional
            What to leave out, said the same way; several periods mean all from the first to the last.

        Raises
        ------
        UsageError
            Unless exactly one of the two is given, and some figure is meant.
        """
        entry = explore.declaration(id, title, rebase_at=rebase_at, exclude=exclude)
        explore.known(self.table, rebase_at or exclude or {}, "propose")
        if exclude is not None and observations.left_out(self._kept, [entry])["used"].equals(self._kept["used"]):
            raise UsageError(f"propose: no figure received is {exclude!r}.")
        other = replace(self, definitions=explore.unguarded(explore.declared(self.definitions, entry)))
        after = assess(other, self._newest.quarter, audience=self._analyst)
        return explore.Proposal(
            self.folder, entry, differences(f"this {entry.kind} were declared", self._newest, after)
        )

    @property
    def _analyst(self) -> str:
        """Who sees everything, where the partnership has such an audience."""
        partnership = self.definitions.partnership
        return "internal" if "internal" in partnership.audiences else partnership.default_audience

    @cached_property
    def _newest(self) -> Assessment:
        if not (there := self.quarters()):
            raise UsageError(f"{self.folder}: no figures yet.")
        return assess(self, there[-1], audience=self._analyst)


def load(partnership_dir: str | Path, *, strict: bool = True) -> Dataset:
    """Read a partnership's folder; a relative path that is not here is looked for above, so that a notebook finds
    ``data/demo`` from its own folder.

    Raises
    ------
    DataError
        With every problem of every file, unless `strict` is False (the problems are then in the Dataset).
    """
    folder = folder_of(partnership_dir)
    if not folder.is_dir() or any(folder.glob("*/partnership.yaml")):
        near = explore.partnership_near(folder)
        raise UsageError(f"{folder}: there is no such partnership folder{near} `threatlib init` makes one.")
    definitions = load_definitions(folder)
    with waiting(f"Reading {folder}"):
        received, register, problems = returns.read(folder, definitions)
    if problems and strict:
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems, all of them listed here,"
        raise DataError(f"{folder}: {many} in the data:", problems)
    return Dataset(folder, definitions, received, register, returns.as_records(problems))


def folder_of(partnership_dir: str | Path) -> Path:
    """Where a partnership's folder is: here, or above the current folder."""
    wanted, here = Path(partnership_dir), Path.cwd()
    return next((place for place in (wanted, *(above / wanted for above in here.parents)) if place.is_dir()), wanted)


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
    try:
        day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError as fault:
        raise UsageError(f"as_of: found '{as_of}', wanted a day such as 2022-10-20.") from fault
    period = quarter_in(dataset, quarter, day)
    who = audience or dataset.definitions.partnership.default_audience
    known = dataset.definitions.partnership.audiences
    if who not in known:
        raise UsageError(f"{dataset.folder}: no audience '{who}'; it has {', '.join(known)}.")
    if history is not None:
        return _assess(dataset, period, day, who, history)
    asked = (period, day, who)
    if asked not in dataset._assessed:
        dataset._assessed[asked] = _assess(dataset, period, day, who, None)
    made = dataset._assessed[asked]
    # what somebody does to a table of one answer is not in the next one
    return replace(made, tables={name: table.copy(deep=False) for name, table in made.tables.items()})


def _assess(
    dataset: Dataset, period: Period, day: date | None, audience: str, history: pd.DataFrame | None
) -> Assessment:
    with waiting(f"{dataset.slug}: withholding what {audience} may not see"):
        table = dataset.table if day is None else dataset.known(day)
        release = protect(table, protection(dataset.definitions, audience), history, definitions=dataset.definitions)
    # what is left out is left out after the gate, which protects it like any other figure
    entries = dataset.definitions.annotations.annotations
    release = replace(release, table=observations.left_out(release.table, entries))
    if release.protection.withholds:
        revised = observations.revised_since(history, release.table, str(period))
    else:
        revised = observations.revisions(dataset.received, period.end, day, dataset.register)
    with waiting(f"{dataset.slug}: assessing {period}"):
        return build(
            release, spoken(dataset.definitions, release), slug=dataset.slug, quarter=period, as_of=day,
            problems=dataset.problems, revised=revised, history=history,
        )  # fmt: skip


def quarter_in(dataset: Dataset, quarter: str | Period, as_of: date | None = None) -> Period:
    """The quarter asked for, if there are data for it that were known on the day.

    A partnership that has received nothing of its own yet may have any quarter: its pages say that nothing is known.

    Raises
    ------
    UsageError
        If it is not a quarter, or has no data while others have, naming those.
    """
    there = dataset.quarters(as_of)
    shown = f"there are data from {there[0]} to {there[-1]}" if there else "nothing had been received"
    try:
        period = quarter if isinstance(quarter, Period) else parse(quarter)
    except ValueError as fault:
        raise UsageError(f"quarter: {fault}.") from fault
    if period.kind != "quarter":
        raise UsageError(f"quarter: found '{quarter}', wanted a financial quarter such as 2022-23-Q2.")
    if period not in there and (there or as_of is not None):
        known = f" known on {as_of}" if as_of else ""
        raise UsageError(f"{dataset.folder}: no data for {period}{known}; {shown}.")
    return period
