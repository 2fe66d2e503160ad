"""The questions put to every series, and which earlier figure answers each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from threatlib.catalogue import Indicator
from threatlib.periods import PER_YEAR, Kind, parse, shift
from threatlib.signals.panel import KIND_ORDER, Flags, Panel, Places

LENGTHLESS = ("percent", "per_10k", "per_1000", "ratio", "mean", "days", "months")
"""Units that do not grow with the length of the period, so that a half-year may stand beside a year."""
_SNAPSHOT, _UNDATED = KIND_ORDER.index("snapshot"), KIND_ORDER.index("undated")
_TILING = [KIND_ORDER.index(kind) for kind in KIND_ORDER if kind in PER_YEAR]


@dataclass(frozen=True, slots=True)
class Check:
    """One question put to every series that it applies to.

    `earlier` says of each row whether it may be the earlier figure; the latest one that may is taken. One that is
    `last_resort` is asked only where no other check found anything. One that `scans` is answered by the whole past
    (`minimum_points` of it and more, see `METHODS`); the figure it is shown beside is that of the next check with one.
    """

    name: str
    question: str
    earlier: Callable[[Panel], Flags]
    minimum_points: int
    applies: Callable[[Indicator], bool]
    last_resort: bool = False
    scans: bool = False


def _year_before(panel: Panel) -> Flags:
    """The same stretch one year earlier; a snapshot may be six weeks off."""
    ends = pd.DatetimeIndex(panel.end[panel.last]) - pd.DateOffset(years=1)
    off = np.where(panel.kind[panel.last] == _SNAPSHOT, 45, 3).astype("timedelta64[D]")
    near = np.abs(panel.end - ends.to_numpy(dtype="datetime64[D]")[panel.series]) <= off[panel.series]
    found: Flags = _same_kind(panel) & near
    return found


def _before(panel: Panel) -> Flags:
    """The period just before, or the latest earlier one where periods do not tile the year."""
    periods, labels = pd.factorize(panel.table["period"])
    place = {str(label): n for n, label in enumerate(labels)}
    wanted = np.full(len(panel.last), -1, dtype=np.int64)
    tiling = np.isin(panel.kind[panel.last], _TILING)
    codes = periods[panel.last] * len(KIND_ORDER) + panel.kind[panel.last]
    for code in np.unique(codes[tiling]):
        label, kind = str(labels[code // len(KIND_ORDER)]), KIND_ORDER[code % len(KIND_ORDER)]
        wanted[codes == code] = place.get(_previous(label, kind), -1)
    just_before = periods == wanted[panel.series]
    found: Flags = _same_kind(panel) & (just_before | ~tiling[panel.series])
    return found


def _previous(label: str, kind: str) -> str:
    named: Kind = kind  # type: ignore[assignment]
    return shift(parse(label, kind=named), -1).label


def _latest(panel: Panel) -> Flags:
    """The latest earlier row of any dated kind; only for measures that do not grow with the period."""
    dated: Flags = panel.kind != _UNDATED
    return dated


def _same_kind(panel: Panel) -> Flags:
    same: Flags = panel.kind == panel.kind[panel.now]
    return same


def _none(panel: Panel) -> Flags:
    return np.zeros(len(panel.series), dtype=bool)


CHECKS: tuple[Check, ...] = (
    Check("scan", "Does it stand out from its own past?", _none, 8, lambda _: True, scans=True),
    Check("year_before", "Has it changed since the same time a year earlier?", _year_before, 2, lambda _: True),
    Check("previous", "Has it changed since the period before?", _before, 2, lambda _: True),
    Check(
        "latest_earlier",
        "Has it changed since the last figure, of whatever length of period?",
        _latest,
        2,
        lambda indicator: indicator.unit in LENGTHLESS,
        last_resort=True,
    ),
)
"""Every check made, in the order in which one is preferred for the page."""


def ask(panel: Panel, scanned: Flags) -> tuple[Places, Places, Places, Flags]:
    """Put every check to every series; `scanned` says which the scan has judged.

    Returns
    -------
    series, check, earlier, main
        One entry an answer, by series and check: the position of the earlier row, and whether this is the answer
        preferred for the page. A series without any has one with the first comparison and -1 for the earlier row.
    """
    found = np.full((len(panel.last), len(CHECKS)), -1, dtype=np.int64)
    past = panel.past
    scans: Flags = np.array([check.scans for check in CHECKS], dtype=bool)
    for place, check in enumerate(CHECKS):
        asked = np.array([check.applies(indicator) for indicator in panel.indicators], dtype=bool)
        if check.last_resort:
            asked &= (found < 0).all(axis=1)
        rows = np.flatnonzero(past & asked[panel.series] & check.earlier(panel))
        found[panel.series[rows], place] = rows  # of several the last one stays
    kept = found >= 0
    some: Flags = np.asarray(kept.any(axis=1))
    kept[:, np.argmin(scans)] |= ~some & ~scanned
    first = np.take_along_axis(found, kept.argmax(axis=1)[:, None], axis=1)
    found[:, scans] = np.where(some[:, None], first, -1)
    kept[:, scans] = scanned[:, None]
    series, checks = np.nonzero(kept)
    return series, checks, found[series, checks], checks == kept.argmax(axis=1)[series]
