"""One series laid on an unbroken calendar, with what is declared about it, ready to be scanned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.catalogue import Annotation
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import parse

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]

SHOCK_WEIGHT = 0.1
"""How far a period inside a declared shock (a lockdown, say) counts as part of the past, unless its entry says."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A series by consecutive periods; `place` is the row of the table that fills each one, -1 where none does.

    `low` and `high` bound each value (equal unless it is withheld; NaN = missing), `size` is what it was out of.
    `breaks` are the first periods of new regimes, `worth` how far each period counts as past, `provisional` the
    trailing periods known to be incomplete.
    """

    low: FloatArray
    high: FloatArray
    size: FloatArray
    freq: int
    place: IntArray
    breaks: tuple[int, ...]
    worth: FloatArray
    provisional: int
    complete: tuple[float, ...] = ()  # of the provisional tail: share that is usually there by now, oldest first


def columns_of(table: pd.DataFrame) -> Columns:
    """The columns that laying out takes, as arrays."""
    names = ("value", "lower", "upper", "denominator", "numerator")
    found: Columns = {name: table[name].to_numpy(dtype=float) for name in names}
    found["known"] = table["status"].isin([*HAS_VALUE, *HIDDEN]).to_numpy()
    found["provisional"] = (table["status"] == "provisional").to_numpy()
    found["month"] = table["end"].to_numpy().astype("datetime64[M]").astype(np.int64)
    found["day"] = table["end"].to_numpy().astype("datetime64[D]").astype(np.int64)
    found["snapshot"] = (table["kind"] == "snapshot").to_numpy()
    return found


def lay(table: Columns, rows: IntArray, freq: int, noted: Sequence[Annotation], *, share: bool) -> Laid:
    """Lay out one series.

    Parameters
    ----------
    table : Columns
        Of the whole table, as `columns_of` gives them.
    rows : array of int
        Its rows of one indicator, agency, area, breakdown and kind of period, by their end.
    freq : 12 or 4
        Figures a year.
    noted : sequence of Annotation
        What is declared of this indicator and area.
    share : bool
        Whether the value is a percentage to be judged as a share of its denominator.
    """
    step = 12 // freq
    number = table["month"][rows] // step
    place = np.full(number[-1] - number[0] + 1, -1, dtype=np.int64)
    place[number - number[0]] = rows  # of several the last stays
    known = (place >= 0) & table["known"][place]
    value, low, high, base, top = (
        np.where(known, table[name][place], np.nan) for name in ("value", "lower", "upper", "denominator", "numerator")
    )
    low, high = (np.where(np.isfinite(value), value, bound) for bound in (low, high))
    if share:
        low, high = (np.minimum(np.where(np.isfinite(top), top, bound / 100 * base), base) for bound in (low, high))
    apart = np.isnan(low + high)
    low, high = np.where(apart, np.nan, low), np.where(apart, np.nan, high)
    size = base if share or (base[~apart] > 0).all() else np.ones_like(base)
    tail = (place >= 0) & table["provisional"][place]
    last = (number[0] + np.arange(len(place)) + 1) * step - 1
    first = last if table["snapshot"][rows[0]] else last - step + 1
    return Laid(
        low, high, size, freq, place, _breaks(noted, first, last), _worth(noted, first, last),
        int(np.argmin(np.append(tail[::-1], False))),
    )  # fmt: skip


def about(noted: Iterable[Annotation], indicator: str, area: str) -> list[Annotation]:
    """The breaks, definition changes and shocks declared of an indicator and area."""
    return [
        entry
        for entry in noted
        if entry.kind in ("break", "definition", "shock")
        and entry.start
        and (not entry.indicators or indicator in entry.indicators)
        and (not entry.areas or area in entry.areas)
    ]


def _months(label: str, *, last: bool = False) -> int:
    period = parse(label)
    day = period.end if last else period.start
    return day.year * 12 + day.month - 1 - 1970 * 12


def _breaks(noted: Iterable[Annotation], first: IntArray, last: IntArray) -> tuple[int, ...]:
    """First period that the change touches, and the first that is wholly after it."""
    found = set()
    for entry in noted:
        if entry.kind != "shock" and entry.start:
            began, done = _months(entry.start), _months(entry.end or entry.start)
            found |= {int(np.searchsorted(last, began)), int(np.searchsorted(first, done))}
    return tuple(sorted(found - {0, len(first)}))


def _worth(noted: Iterable[Annotation], first: IntArray, last: IntArray) -> FloatArray:
    worth = np.ones(len(first))
    for entry in noted:
        if entry.kind == "shock" and entry.start:
            until = _months(entry.end, last=True) if entry.end else last[-1]
            inside = (last >= _months(entry.start)) & (first <= until)
            worth[inside] = np.minimum(worth[inside], SHOCK_WEIGHT if entry.weight is None else entry.weight)
    return worth
