"""Signals to findings, findings to a judgement of each threat: the assessment of one partnership in one quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from threatlib.assessment.commentary import commentary
from threatlib.assessment.counting import Counting, comparisons, counting
from threatlib.assessment.disproportionality import disproportionality
from threatlib.assessment.evidence import MOVED, Evidence, evidence, listed
from threatlib.assessment.findings import by_id, findings, ranked, spoken
from threatlib.assessment.memory import as_released, compared, last_told
from threatlib.assessment.outlooks import outlooks
from threatlib.assessment.recall import recalled
from threatlib.assessment.sentences import Part
from threatlib.assessment.tree import summary, tree
from threatlib.catalogue import Annotation, Definitions, Entry, Indicator, LeftOut
from threatlib.claims import conflicts
from threatlib.claims import released as released_claims
from threatlib.disclosure import Protection, Release
from threatlib.observations.revisions import COLUMNS as REVISIONS
from threatlib.periods import Period, shift
from threatlib.signals import SERIES

__all__ = ["Assessment", "build"]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Assessment:
    """All that may be said to one audience of one partnership in one quarter, as tables.

    `tables` holds observations, signals, findings, requirements, problems (attributes too); evidence, absence,
    coupling, disproportionality and outlooks (the last four attributes too); comparisons, forecasts, scored, scores,
    judgements, gaps, proposed, threats, subtopics, tree, commentary, annotations, conflicts, checks, claims, revisions,
    catalogue and left_out. `counting` says how many comparisons were made, `unlike` which
    neighbours each of our areas must not stand beside. Nothing in it has not passed the gate.
    """

    slug: str
    partnership: str
    quarter: Period
    as_of: date | None
    data_as_at: date
    data_kind: str
    protection: Protection
    tables: Mapping[str, pd.DataFrame]
    tests_made: int
    expected_false_flags: float
    withheld: int
    counting: Counting
    leads: Mapping[str, Mapping[str, Any]]
    exposed: tuple[str, ...] = ()
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    unlike: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def observations(self) -> pd.DataFrame:
        return self.tables["observations"]

    @property
    def signals(self) -> pd.DataFrame:
        return self.tables["signals"]

    @property
    def findings(self) -> pd.DataFrame:
        return self.tables["findings"]

    @property
    def requirements(self) -> pd.DataFrame:
        return self.tables["requirements"]

    @property
    def problems(self) -> pd.DataFrame:
        return self.tables["problems"]

    @property
    def absence(self) -> pd.DataFrame:
        """Low because safe, unseen or lost, not low, or not to be assessed; one row an indicator and area."""
        return self.tables["absence"]

    @property
    def coupling(self) -> pd.DataFrame:
        """Work beside the staff who meet it, and one harm as several agencies record it."""
        return self.tables["coupling"]

    @property
    def disproportionality(self) -> pd.DataFrame:
        """Each group's rate beside everybody else's."""
        return self.tables["disproportionality"]

    @property
    def outlooks(self) -> pd.DataFrame:
        """Where the year is heading."""
        return self.tables["outlooks"]

    def spoken(self, finding: Mapping[Any, Any]) -> tuple[Part, ...]:
        """The sentence of a finding (a row of `findings`), each figure with the rows it comes from."""
        return spoken(dict(finding), self.leads[str(finding["finding_id"])])

    @property
    def scores(self) -> pd.DataFrame:
        """How what was said earlier came out: coverage, Brier score, calibration by term."""
        return self.tables["scores"]

    @property
    def judgements(self) -> pd.DataFrame:
        """What the draft said, and what its figures say."""
        return self.tables["judgements"]

    @cached_property
    def _histories(self) -> dict[tuple[str, ...], np.ndarray]:
        """Positions in the observations of each series' figures of one kind of period, oldest first."""
        table = self.observations.reset_index(drop=True)
        ended = table["end"] <= pd.Timestamp(self.quarter.end)
        known = table[table["used"] & ended & (table["basis"] != "forecast")].sort_values("end", kind="stable")
        groups = known.groupby([*SERIES, "kind"], sort=False).groups
        return {tuple(map(str, cast(tuple[str, ...], key))): rows.to_numpy() for key, rows in groups.items()}

    def history(self, row: Mapping[Any, Any]) -> pd.DataFrame:
        """The released series behind a signal: the same kind of period, oldest first, up to the quarter's end.

        Parameters
        ----------
        row : Mapping
            A row of `signals` (its series and `kind` are enough). The series are found once for all rows.
        """
        key = tuple(row[name] for name in (*SERIES, "kind"))
        return self.observations.iloc[self._histories.get(key, np.array([], dtype=np.int64))]


def build(
    release: Release,
    definitions: Definitions,
    *,
    slug: str,
    quarter: Period,
    as_of: date | None,
    problems: pd.DataFrame,
    revised: pd.DataFrame | None = None,
    history: pd.DataFrame | None = None,
) -> Assessment:
    """Assess a Release as it stood at the end of a quarter.

    The quarter before is assessed from the same Release, so that what is new, continuing or cleared compares like with
    like and not with a briefing made from less.
    """
    now = evidence(release, definitions, quarter, history)
    earlier = evidence(release, definitions, shift(quarter, -1), history, linked=False)
    old, spoke = findings(earlier, definitions)
    found, speaks, leads = _findings(now, (old, spoke), release, definitions, quarter, history)
    before = (earlier.signals, old[old["direction"].isin(MOVED)].assign(status=""))
    counted, by_check = counting(comparisons(now))
    moved = found[found["direction"].isin(MOVED)]
    items = tree(definitions, now.signals, moved)
    ahead = outlooks(now.shown, definitions, quarter)
    figures, checks = conflicts(release, definitions.annotations.annotations)
    noted = _table(Annotation, definitions.annotations.annotations)
    known = release.table[release.table["role"] != "printed"].reset_index(drop=True)
    tables = {
        "observations": known,
        "signals": now.signals,
        "findings": found,
        "evidence": speaks,
        "comparisons": by_check,
        "absence": now.absence,
        "coupling": now.coupling,
        "disproportionality": disproportionality(now.shown, now.totals, definitions),
        "problems": problems,
        "threats": summary(items, now.signals, moved, by="threat", before=before),
        "subtopics": summary(items, now.signals, moved, by="subtopic", before=before),
        "tree": items,
        "commentary": commentary(definitions.comments, quarter, release.protection.audience),
        "annotations": noted[[name for name in noted if name in _SAID]].assign(used=noted["used"].map(" ".join)),
        "conflicts": figures,
        "checks": checks,
        "claims": released_claims(release, definitions.claims),
        "revisions": pd.DataFrame(columns=list(REVISIONS)) if revised is None else revised,
        "catalogue": _table(Indicator, definitions.catalogue.indicators),
        "left_out": _table(LeftOut, definitions.catalogue.left_out),
        "outlooks": ahead,
        **recalled(
            release, definitions, quarter=quarter, as_of=as_of, findings=found, tree=items, checks=checks, ahead=ahead,
            history=history,
        ),
    }  # fmt: skip
    return Assessment(
        slug=slug,
        partnership=definitions.partnership.name,
        quarter=quarter,
        as_of=as_of,
        data_as_at=as_of or (known["received_on"].max().date() if len(known) else quarter.end),
        data_kind=definitions.partnership.data_kind,
        protection=release.protection,
        tables=tables,
        tests_made=counted.comparisons,
        expected_false_flags=counted.expected_false_flags,
        withheld=release.withheld,
        counting=counted,
        leads=leads,
        exposed=release.exposed,
        abbreviations=definitions.partnership.abbreviations,
        unlike={area: definitions.unlike(area) for area in definitions.partnership.local_areas},
    )


def _findings(
    now: Evidence, before: tuple[pd.DataFrame, pd.DataFrame], release: Release, definitions: Definitions,
    quarter: Period, history: pd.DataFrame | None,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, dict[str, Any]]]:  # fmt: skip
    """Findings with their status and rank, their evidence, and what leads each."""
    found, speaks = findings(now, definitions)
    earlier, spoke = before
    told = last_told(history, quarter)
    then = as_released(release, history, told) if told else None
    said, saying = None, None
    if then and told:
        said, saying = findings(evidence(then, definitions, told, history, linked=False), definitions)
    leads = (by_id(saying) if saying is not None else {}) | by_id(spoke) | by_id(speaks)
    table = ranked(compared(found, earlier, said, _still(now), SERIES))
    return table, listed(speaks), leads


def _still(now: Evidence) -> set[tuple[str, ...]]:
    """Series that can be compared in this quarter."""
    table = now.signals
    able = table[table["main"].astype(bool) & (table["arrow"] != "cannot_say")] if len(table) else table
    return set(zip(*(able[name] for name in SERIES), strict=True)) if len(able) else set()


def _table(kind: type[Entry], entries: Sequence[Entry]) -> pd.DataFrame:
    """Entries as rows, with their columns even where there is none."""
    return pd.DataFrame([entry.model_dump() for entry in entries], columns=list(kind.model_fields))


_SAID = {"id", "kind", "title", "reason", "said_by", "status", "indicators", "areas", "start", "end", "why"}
