"""Signals to findings, findings to a judgement of each threat: the assessment of one partnership in one quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from threatlib.assessment.commentary import commentary
from threatlib.assessment.findings import findings as find
from threatlib.assessment.outlooks import outlooks
from threatlib.assessment.recall import recalled
from threatlib.assessment.tree import summary, tree
from threatlib.assessment.years import known as known_by
from threatlib.catalogue import Annotation, Definitions, Entry, Indicator, LeftOut
from threatlib.claims import conflicts
from threatlib.claims import released as released_claims
from threatlib.disclosure import Protection, Release
from threatlib.observations.revisions import COLUMNS as REVISIONS
from threatlib.periods import Period, shift
from threatlib.signals import SERIES
from threatlib.signals import signals as signal
from threatlib.stats.multiplicity import expected_false_flags

__all__ = ["Assessment", "build"]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Assessment:
    """All that may be said to one audience of one partnership in one quarter, as tables.

    `tables` holds observations, signals, findings, requirements, problems, threats, subtopics, tree, annotations,
    conflicts, checks, claims, revisions and catalogue; the first five are attributes too. Nothing in it has not passed
    the gate.
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
    now = signal(release, definitions, quarter)
    before = signal(release, definitions, shift(quarter, -1))
    found = find(now, definitions, before)
    items = tree(definitions, now, found)
    ahead = outlooks(known_by(release, quarter), definitions, quarter)
    figures, checks = conflicts(release, definitions.annotations.annotations)
    noted = _table(Annotation, definitions.annotations.annotations)
    known = release.table[release.table["role"] != "printed"].reset_index(drop=True)
    tested = now["p"].notna() if len(now) else pd.Series(dtype=bool)
    tables = {
        "observations": known,
        "signals": now,
        "findings": found,
        "problems": problems,
        "threats": summary(items, now, found, by="threat"),
        "subtopics": summary(items, now, found, by="subtopic"),
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
        tests_made=int(tested.sum()),
        expected_false_flags=float(expected_false_flags(now["alpha"])) if len(now) else 0.0,
        withheld=release.withheld,
    )


def _table(kind: type[Entry], entries: Sequence[Entry]) -> pd.DataFrame:
    """Entries as rows, with their columns even where there is none."""
    return pd.DataFrame([entry.model_dump() for entry in entries], columns=list(kind.model_fields))


_SAID = {"id", "kind", "title", "reason", "said_by", "status", "indicators", "areas", "start", "end", "why"}
