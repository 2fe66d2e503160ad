"""What else could explain a change: recording, rebound, staffing, real need; whatever is left open."""

from __future__ import annotations

from datetime import date

import pandas as pd

from threatlib import wording
from threatlib.assessment.evidence import MOVED, Evidence
from threatlib.assessment.low import LOW
from threatlib.assessment.sentences import Row
from threatlib.catalogue import Annotation, Definitions
from threatlib.periods import Period, parse

REBOUND = pd.DateOffset(months=18)
"""For so long after a shock a rise may be what was put off."""
_WAYS = {"up": "rose", "down": "fell"}


def disputed(marks: str, definitions: Definitions) -> list[str]:
    """Of the annotations on a figure, those that cast doubt on the figure itself, not only on what moved it."""
    doubts = {a.id for a in definitions.annotations.annotations if a.kind in ("conflict", "fault")}
    return [mark for mark in marks.split() if mark in doubts]


def explanations(row: Row, found: Evidence, definitions: Definitions) -> list[str]:
    """Declared events that touch either figure, then what parts of a total, counterparts and staffing leave open."""
    if row["arrow"] not in MOVED:
        return []
    said = [
        f"{entry.title}: {entry.reason}"
        for entry in definitions.annotations.annotations
        if entry.kind not in ("conflict", "fault") and _concerns(entry, row) and _touched(entry, row, definitions)
    ]
    return (
        said
        + _rebound(row, definitions)
        + _parts(row, found, definitions)
        + _counterpart(row, found, definitions)
        + _staffing(row, found, definitions)
    )


def _concerns(entry: Annotation, row: Row) -> bool:
    return (not entry.indicators or row["indicator"] in entry.indicators) and (
        not entry.areas or row["area"] in entry.areas
    )


def _touched(entry: Annotation, row: Row, definitions: Definitions) -> bool:
    """Whether the entry falls in either of the figures compared, or in the window that stands out."""
    labels = [str(row["period"]), str(row.get("window_first") or ""), str(row.get("window_last") or "")]
    if row["check"] in ("year_before", "previous", "latest_earlier"):
        labels.append(str(row["previous_period"]))
    return any(_touches(entry, label, definitions) for label in labels if label)


def _touches(entry: Annotation, label: str, definitions: Definitions) -> bool:
    if label in definitions.partnership.undated_periods:
        return False
    begins, ends = _span(entry, parse(label))
    period = parse(label)
    return begins <= period.end and ends >= period.start


def _span(entry: Annotation, period: Period) -> tuple[date, date]:
    begins = parse(entry.start).start if entry.start else period.start
    ends = parse(entry.end).end if entry.end else period.end
    if entry.start and not entry.end and entry.kind in ("break", "definition"):
        ends = parse(entry.start).end  # a change of recording is over once made; a shock without an end goes on
    return begins, ends


def _rebound(row: Row, definitions: Definitions) -> list[str]:
    """A rise soon after a declared shock may be what was put off, and a fall what was brought forward."""
    label = str(row["period"])
    if label in definitions.partnership.undated_periods:
        return []
    start = pd.Timestamp(parse(str(row.get("window_first") or label)).start)
    found = []
    for entry in definitions.annotations.annotations:
        if entry.kind == "shock" and entry.end and _concerns(entry, row):
            end = pd.Timestamp(parse(entry.end).end)
            if end < start <= end + REBOUND:
                found.append(
                    f"Rebound: {entry.title.lower()} ended not long before, and what was put off may show now."
                )
    return found


def _parts(row: Row, found: Evidence, definitions: Definitions) -> list[str]:
    """The parts of a total that moved the same way: the change may be theirs alone."""
    indicator = definitions.catalogue.by_id.get(str(row["indicator"]))
    if indicator is None or row["breakdown"]:
        return []
    moved = _moved(found, str(row["area"]), str(row["arrow"]))
    names = [definitions.catalogue.by_id[part].name for part in indicator.parts if part in moved]
    said = f"A part of the total: {wording.listed(names)} {_WAYS[row['arrow']]} too, and the change may lie there."
    return [said] if names else []


def _moved(found: Evidence, area: str, arrow: str) -> set[str]:
    """Indicators of an area that went one way, by whatever raises a finding about them; low alone is no fall."""
    names: set[str] = set()
    for table in (found.signals, found.levels, found.absence):
        if table.empty:
            continue
        here = (table["area"] == area) & (table["breakdown"] == "")
        if "arrow" in table:
            here &= table["arrow"] == arrow
        else:
            here &= table["kind"].isin(LOW if arrow == "down" else ()) & (table["before"] == "lower")
        names |= set(table.loc[here & table.get("main", here).astype(bool), "indicator"])
    return names


def _counterpart(row: Row, found: Evidence, definitions: Definitions) -> list[str]:
    """Whether the counterpart moved the same way: then need is likelier than recording; else the other way round."""
    indicator = definitions.catalogue.by_id.get(str(row["indicator"]))
    if indicator is None or not indicator.counterpart or not len(found.signals):
        return []
    other = definitions.catalogue.by_id[indicator.counterpart]
    table = found.signals
    there = table[
        table["main"].astype(bool) & (table["indicator"] == other.id) & (table["area"] == row["area"])
        & (table["breakdown"] == "")
    ]  # fmt: skip
    if there.empty:
        return []
    arrow = str(there["arrow"].iloc[0])
    if arrow == row["arrow"]:
        return [f"Real need: {other.name} {_WAYS[arrow]} as well."]
    if arrow == "cannot_say":
        return []
    how = "stayed level" if arrow == "level" else f"{_WAYS[arrow]} instead"
    return [f"Recording or practice: {other.name} {how}, so the change may lie in what is recorded, not in need."]


def _staffing(row: Row, found: Evidence, definitions: Definitions) -> list[str]:
    """What happened to the staff who meet the work, where the catalogue links the two."""
    said = []
    for pair in definitions.catalogue.couplings:
        if row["indicator"] not in set(pair.named()) or not len(found.coupling):
            continue
        here = found.coupling[(found.coupling["link"] == pair.name) & (found.coupling["area"] == row["area"])]
        verdict = str(here["verdict"].iloc[0]) if len(here) else ""
        if verdict in ("more", "less"):
            said.append(f"Staffing: {verdict} work for each worker than a year earlier ({pair.name.lower()}).")
    return said
