"""What kind of change a series shows: a step, a drift, one odd value, a fall, or next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from threatlib.assessment.sentences import Row
from threatlib.catalogue import Annotation
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import parse
from threatlib.signals import SERIES
from threatlib.stats.shape import Shape, form

FREQUENCY = {"month": 12, "quarter": 4, "snapshot": 4}
MEMORY = {"snapshot": 0.5}
"""How much of one figure's chance is in the next: most children and staff of a day are those of the count before."""
AS_IT_IS = ("silence", "level after gap")
"""Events of the detector that no form of the series overrules."""
NEXT_TO_NOTHING = 0.25
"""A fall to less than this share of what was expected is called a silence."""


def kind(row: Row, table: pd.DataFrame, annotations: Iterable[Annotation]) -> tuple[str, str]:
    """The kind of a change and the period it began in (empty where that is not known).

    Parameters
    ----------
    row : Mapping
        A finding's leading evidence: its series, `kind` (of period), `arrow`, and `event` and `window_first` where the
        detector saw it.
    table : DataFrame
        Figures that the audience may see, up to the quarter's end.
    annotations : iterable of Annotation
        Shocks, gaps and changes of recording are not taken for the change.
    """
    event, since = str(row.get("event") or ""), str(row.get("window_first") or "")
    if event in AS_IT_IS:
        return event, since
    series = _series(row, table, str(row.get("window_kind") or row["kind"]), tuple(annotations))
    found = _form(series) if len(series) else None
    shape = str(found.form[0]) if found is not None else ""
    begins = str(series["period"].iloc[int(found.begins[0])]) if found is not None and shape else since
    if row["arrow"] == "down" and _vanished(row):
        return "silence", begins
    if not shape:
        return event or "change", since
    return ("fall" if row["arrow"] == "down" and shape == "step" else shape), begins


def _form(series: pd.DataFrame) -> Shape:
    every = str(series.attrs["kind"])
    return form(series["value"].to_numpy(), frequency=FREQUENCY[every], memory=MEMORY.get(every, 0.0))


def _vanished(row: Row) -> bool:
    """Whether at the middle of what is known next to nothing of what was expected was recorded."""
    low, high, expected = (float(row.get(name, np.nan)) for name in ("recorded_lower", "recorded_upper", "expected"))
    return row["unit"] == "count" and (low + high) / 2 < NEXT_TO_NOTHING * expected


def _series(row: Row, table: pd.DataFrame, wanted: str, annotations: tuple[Annotation, ...]) -> pd.DataFrame:
    """The series in order, withheld figures at the middle of their interval, without what is declared odd."""
    if table.empty:
        return table
    same = (table[list(SERIES)] == [row[name] for name in SERIES]).all(axis=1)
    rows = table[same & table["status"].isin([*HAS_VALUE, *HIDDEN])]
    kind_ = wanted if (rows["kind"] == wanted).any() and wanted in FREQUENCY else ""
    kind_ = "month" if wanted == "quarter" and (rows["kind"] == "month").any() else kind_
    rows = rows[rows["kind"] == kind_].sort_values("end", kind="stable").drop_duplicates("end", keep="last")
    if rows.empty:
        return rows
    value = rows["value"].fillna((rows["lower"] + rows["upper"]) / 2)
    for entry in annotations:
        here = (not entry.indicators or row["indicator"] in entry.indicators) and (
            not entry.areas or row["area"] in entry.areas
        )
        if not here or not entry.start or entry.kind not in ("shock", "gap", "break", "definition"):
            continue
        first = pd.Timestamp(parse(entry.start).start)
        last = pd.Timestamp(parse(entry.end).end) if entry.end else rows["end"].iloc[-1]
        odd = (rows["end"] >= first) & (rows["start"] <= last)
        if entry.kind in ("break", "definition"):
            odd = rows["start"] < pd.Timestamp(parse(entry.end or entry.start).start)
        value = value.mask(odd)
    found = _filled(rows.assign(value=value), kind_)
    found.attrs["kind"] = kind_
    return found


def _filled(rows: pd.DataFrame, kind_: str) -> pd.DataFrame:
    """The same with the periods that are missing, so that seasons stay in step."""
    months = 12 // FREQUENCY[kind_]
    place = (12 * rows["end"].dt.year + rows["end"].dt.month) // months
    rows = rows.assign(place=place).drop_duplicates("place", keep="last").set_index("place")
    return rows.reindex(range(int(place.min()), int(place.max()) + 1))[["value", "period"]].reset_index(drop=True)
