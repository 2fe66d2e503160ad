"""What would a finding be if some figures were left out, or if recording were taken to have changed on a day?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import ValidationError

from threatlib.catalogue import Annotation, Definitions
from threatlib.errors import UsageError
from threatlib.explore.show import nearest, paragraph, table_html, together
from threatlib.periods import parse

if TYPE_CHECKING:
    from threatlib.assessment import Assessment

Choice = Mapping[str, str | Iterable[str]]
Chooser = Choice | Iterable[str] | Callable[[pd.DataFrame], pd.Series]

COLUMNS = ("indicator", "area", "breakdown", "before", "after", "severity_before", "severity_after", "verdict")
"""Columns of `WhatIf.frame`: a finding's sentence and severity before and after, and ``changed``, ``gone``, ``new`` or
``same``."""


@dataclass(frozen=True)
class WhatIf:
    """Two assessments side by side, the second under a supposition. Nothing is written anywhere.

    `frame` has the columns of `COLUMNS`, changed ones first; `before` and `after` are the assessments.
    """

    supposed: str
    frame: pd.DataFrame
    before: Assessment
    after: Assessment

    @property
    def changed(self) -> pd.DataFrame:
        """Only the findings that would not be the same."""
        return self.frame[self.frame["verdict"] != "same"]

    def __repr__(self) -> str:
        lines = [f"If {self.supposed}: {self._counted()}."]
        for row in self.changed.to_dict("records"):
            lines.append(f"  {row['verdict']}: {row['before'] or '(nothing)'}\n    -> {row['after'] or '(nothing)'}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [
            (r["verdict"], r["before"] or "no finding", r["after"] or "no finding")
            for r in self.changed.to_dict("records")
        ]
        told = table_html(["", "as it is", "as supposed"], rows) if rows else paragraph("Every finding stays as it is.")
        return together(paragraph(f"If {self.supposed}: {self._counted()}.", strong=True), told)

    def _counted(self) -> str:
        counts = self.frame["verdict"].value_counts()
        return ", ".join(f"{counts.get(word, 0)} {word}" for word in ("changed", "gone", "new", "same"))


def differences(supposed: str, before: Assessment, after: Assessment) -> WhatIf:
    """Match the findings of two assessments by series and check."""
    key = ["indicator", "agency", "area", "breakdown", "check"]
    was, now = (one.findings[[*key, "sentence", "severity"]].drop_duplicates(key) for one in (before, after))
    both = was.merge(now, on=key, how="outer", suffixes=("_before", "_after"), indicator="there")
    same = (both["sentence_before"] == both["sentence_after"]) & (both["severity_before"] == both["severity_after"])
    verdict = both["there"].astype(str).map({"left_only": "gone", "right_only": "new", "both": "changed"})
    both["verdict"] = verdict.where(~same, "same")
    both = both.rename(columns={"sentence_before": "before", "sentence_after": "after"})
    texts = ["before", "after", "severity_before", "severity_after"]
    both[texts] = both[texts].fillna("")
    order = both["verdict"].map({"changed": 0, "gone": 1, "new": 2, "same": 3})
    both = both.assign(order=order).sort_values(["order", *key], kind="stable").reset_index(drop=True)
    return WhatIf(supposed, both[list(COLUMNS)], before, after)


def exclude(received: pd.DataFrame, which: Chooser) -> pd.DataFrame:
    """The rows of a received table that stay when some are left out.

    Parameters
    ----------
    received : DataFrame
        `Dataset.received`.
    which : mapping, list or function
        Columns and the values to leave out (``{"indicator": "csc_referrals", "period": ["2022-08", "2022-09"]}``), the
        ids of figures (`obs`), or a function of the table that marks them.

    Raises
    ------
    UsageError
        If a column does not exist or no row is meant: a supposition about nothing is a slip.
    """
    if callable(which):
        marks = which(received)
        if np.shape(marks) != (len(received),):
            raise UsageError(
                "exclude: the function gave no marks, wanted one True or False for every row of the table."
            )
        out = pd.Series(np.asarray(marks, dtype=bool), received.index)
    elif isinstance(which, Mapping):
        known(received, which, "exclude")
        out = pd.Series(True, received.index)
        for name, wanted in which.items():
            out &= received[name].isin(several(wanted))
    elif isinstance(which, str):
        raise UsageError(f"exclude: found '{which}', wanted columns and values, such as {{'indicator': '{which}'}}.")
    else:
        out = received["obs"].isin(list(which))
    if not out.any():
        raise UsageError(f"exclude: no figure received is {which!r}.")
    return received[~out].reset_index(drop=True)


def known(received: pd.DataFrame, which: Choice, called: str) -> None:
    """Refuse a supposition about a column, or a name in it, that there is not.

    Raises
    ------
    UsageError
        With the nearest that there is.
    """
    for name, wanted in which.items():
        if name not in received:
            choice = ", ".join(received.columns)
            raise UsageError(f"{called}: no column '{name}'{nearest(name, received.columns)} There is {choice}.")
        there = received[name].unique()
        for value in several(wanted):
            if name in ("indicator", "area", "agency", "breakdown") and value not in there:
                raise UsageError(f"{called}: no figure received has {name} '{value}'{nearest(value, there)}")


def declaration(id: str, title: str, *, rebase_at: Choice | None = None, exclude: Choice | None = None) -> Annotation:
    """A break or an exclusion as an entry of `annotations.yaml`, still without its reason and its name.

    Parameters
    ----------
    id, title : str
    rebase_at, exclude : mapping
        Exactly one of them: ``period``, and ``indicator`` and ``area`` where not all are meant. Of a break it is the
        first period recorded the new way; of an exclusion one period, or several: all from the first to the last.
    """
    if rebase_at is not None and exclude is None:
        called, at, kind = "rebase_at", rebase_at, "break"
    elif exclude is not None and rebase_at is None:
        called, at, kind = "exclude", exclude, "exclusion"
    else:
        raise UsageError("propose: say what, with either rebase_at= or exclude=.")
    if set(at) - {"period", "indicator", "area"} or "period" not in at:
        raise UsageError(f"{called}: wanted 'period', and 'indicator' and 'area' where not all are meant.")
    try:
        periods = sorted(map(parse, several(at["period"])), key=lambda period: period.end)
    except ValueError as fault:
        raise UsageError(f"{called}: {fault}.") from fault
    if not periods or (kind == "break" and len(periods) > 1):
        raise UsageError(f"{called}: wanted {'one period' if kind == 'break' else 'at least one period'}.")
    about = {name: several(at.get(key, ())) for name, key in (("indicators", "indicator"), ("areas", "area"))}
    when = {"start": str(periods[0])} | ({} if kind == "break" else {"end": str(periods[-1])})
    said = {"id": id, "kind": kind, "title": title, **about, **when}
    try:
        return Annotation.model_validate({**said, "reason": "?", "said_by": "?", "status": "open"})
    except ValidationError as fault:
        raise UsageError(f"propose: {complaint(fault)}") from fault


def declared(definitions: Definitions, entry: Annotation) -> Definitions:
    """Definitions in which this is declared too."""
    noted = definitions.annotations
    return definitions.model_copy(
        update={"annotations": noted.model_copy(update={"annotations": (*noted.annotations, entry)})}
    )


def unguarded(definitions: Definitions) -> Definitions:
    """Without what the annotations expect of the figures: a supposition may well go against it."""
    noted = definitions.annotations
    free = tuple(entry.model_copy(update={"expect": None}) for entry in noted.annotations)
    return definitions.model_copy(update={"annotations": noted.model_copy(update={"annotations": free})})


def rebase(definitions: Definitions, at: Choice) -> Definitions:
    """Definitions with one more break.

    Parameters
    ----------
    definitions : Definitions
    at : mapping
        ``period`` (the first one recorded the new way), and ``indicator`` and ``area`` where not all are meant.
    """
    return declared(definitions, declaration("supposed-break", "A break supposed by the analyst", rebase_at=at))


def complaint(fault: ValidationError) -> str:
    """The first thing that is wrong with an entry, and where."""
    first = fault.errors()[0]
    if first["loc"] == ("id",):
        return f"id: found '{first['input']}', wanted small letters, digits and hyphens, such as 'referral-form-2022'."
    place = "".join(f"{part}: found '{first['input']}'; " for part in first["loc"][:1])
    return f"{place}{first['msg'].removeprefix('Value error, ').replace('Input should be', 'wanted')}."


def several(names: str | Iterable[str]) -> tuple[str, ...]:
    """One name or some, as some."""
    return (names,) if isinstance(names, str) else tuple(names)
