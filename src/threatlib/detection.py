"""Flags worth believing: the library's detector for a dated series or a panel of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from operator import index
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threatlib.errors import UsageError
from threatlib.stats.scan import Scan, alike, as_numbers, scan

FloatArray: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["count", "proportion", "level"]


def detect(
    values: ArrayLike,
    dates: ArrayLike,
    freq: int,
    *,
    kind: Kind = "count",
    denominator: ArrayLike | None = None,
    provisional: int = 0,
    breaks: Sequence[object] = (),
    panel: ArrayLike | None = None,
    first: int | None = None,
) -> NDArray[np.bool_]:
    """Flag the points that chance alone would seldom give, each judged from what came before it and itself.

    Parameters
    ----------
    values : (..., periods)
        Counts (`kind="count"`), numerators ("proportion") or levels ("level"); NaN = missing.
    dates : (periods,)
        First day of each period, rising. A period left out is a missing one.
    freq : 12 or 4
        Periods a year.
    kind : "count", "proportion" or "level"
    denominator : (..., periods), optional
        Population behind a rate; the total behind a proportion, where it is required. A proportion may also be given
        by its shares, 0 to 1: the first value of a series that is neither 0 nor 1 says which of the two they are, from
        it on; 0 and 1 before it are numerators.
    provisional : int
        Number of trailing points known to be incomplete: falls are not flagged there.
    breaks : dates
        Declared breaks: nothing is compared across them.
    panel : (series, periods), optional
        Comparable series over the same dates to learn from.
    first : int, optional
        First point to judge; earlier points are not flagged (quicker).

    Returns
    -------
    (..., periods) bool array
        True where flagged. Where the detector cannot say the flag is False and `detect_score` is NaN.

    Raises
    ------
    UsageError
        If dates are not rising periods of that frequency, or values do not fit the kind.

    Notes
    -----
    A flag is news: one change is flagged when it becomes credible and again only if the evidence grows. On quiet
    series 0.5% to 1.2% of points are flagged; `docs/calibration/detection.md` has the measurements.
    `threatlib.stats.scan.scan` says what was seen at each point.

    Examples
    --------
    >>> import numpy as np
    >>> counts = [9, 11, 10, 12, 8, 10, 11, 9, 10, 12, 9, 40]
    >>> dates = np.arange("2020-01", "2021-01", dtype="datetime64[M]")
    >>> np.flatnonzero(detect(counts, dates, 12)).tolist()
    [11]
    """
    on, back = _examine(values, dates, freq, kind, denominator, provisional, breaks, panel, first)
    return np.asarray(on.flag[..., back])


def detect_score(
    values: ArrayLike,
    dates: ArrayLike,
    freq: int,
    *,
    kind: Kind = "count",
    denominator: ArrayLike | None = None,
    provisional: int = 0,
    breaks: Sequence[object] = (),
    panel: ArrayLike | None = None,
    first: int | None = None,
) -> FloatArray:
    """How anomalous each point is: larger = more, NaN = cannot say. Parameters as for `detect`.

    Returns
    -------
    (..., periods) float array
        -log10 of the p-value, less 10 where the point says nothing that the last half year had not said already.
    """
    on, back = _examine(values, dates, freq, kind, denominator, provisional, breaks, panel, first)
    return np.asarray(on.score[..., back])


def _examine(
    values: ArrayLike, dates: ArrayLike, freq: int, kind: Kind, denominator: ArrayLike | None, provisional: int,
    breaks: Sequence[object], panel: ArrayLike | None, first: int | None,
) -> tuple[Scan, NDArray[np.int64]]:  # fmt: skip
    """Scan the series laid on an unbroken calendar, and where each given point lies on it."""
    y = as_numbers(values, "values")
    where = _calendar(dates, freq)
    if y.shape[-1:] != where.shape:
        raise UsageError(f"dates: found {len(where)} for {y.shape[-1:] or 'no'} periods of values, wanted one each.")
    tail = _whole(provisional, "provisional")
    start = None if first is None else int(where[min(_whole(first, "first"), len(where) - 1)])
    others = _panel(panel, kind, len(where))
    size = None if denominator is None else alike(denominator, y.shape, "denominator")
    marks = [int(np.searchsorted(where, _index(b, dates, freq))) for b in breaks]

    def judge(numbers: FloatArray) -> Scan:
        return scan(
            _lay(numbers, where),
            frequency=freq,
            kind=kind,
            denominator=None if size is None else _lay(size, where),
            provisional=0 if tail == 0 else int(where[-1] - where[-min(tail, len(where))] + 1),
            breaks=[int(where[m]) for m in marks if m < len(where)],
            panel=None if others is None else _lay(others, where),
            first=start,
            confidence=None,
        )

    if kind != "proportion" or size is None:
        return judge(y), where
    shares = _shares_since(y)
    if not shares.any():
        return judge(y), where
    shared = judge(np.where(shares.any(-1, keepdims=True), y * size, y))
    if np.isnan(y[~shares & shares.any(-1, keepdims=True)]).all():
        return shared, where
    return _before_and_after(judge(np.where(shares, np.nan, y)), shared, shares, where), where


def _whole(number: object, name: str) -> int:
    try:
        whole = index(number)  # type: ignore[arg-type]
    except TypeError:
        whole = -1
    if whole < 0:
        raise UsageError(f"{name}: found {number!r}, wanted a whole number, 0 or more.")
    return whole


def _panel(panel: ArrayLike | None, kind: Kind, periods: int) -> FloatArray | None:
    """Comparable series over the same dates; a panel of none is no panel."""
    if panel is None:
        return None
    if kind == "proportion":
        raise UsageError(
            "panel: found one for a proportion, wanted none: use threatlib.stats.scan with its denominators."
        )
    others = as_numbers(panel, "panel")
    if others.shape[-1:] != (periods,):
        raise UsageError(f"panel: found shape {others.shape}, wanted series of {periods} periods, those of the dates.")
    return others if others.size else None


def _shares_since(y: FloatArray) -> NDArray[np.bool_]:
    """From which point on each series is known, by what came before it and itself, to be one of shares."""
    telling = ~np.isnan(y) & (y != 0) & (y != 1)
    told = np.logical_or.accumulate(telling, axis=-1)
    first = np.take_along_axis(y, telling.argmax(-1)[..., None], -1)
    return np.asarray(told & (first > 0) & (first < 1))


def _before_and_after(before: Scan, after: Scan, shares: NDArray[np.bool_], where: NDArray[np.int64]) -> Scan:
    """The verdicts on whole numbers until a share tells what they are, from it on those on shares."""
    later = np.logical_or.accumulate(_lay(shares.astype(float), where) == 1, axis=-1)
    return Scan(**{f.name: np.where(later, getattr(after, f.name), getattr(before, f.name)) for f in fields(Scan)})


def _days(dates: object) -> NDArray[np.datetime64]:
    try:
        return np.asarray(dates, dtype="datetime64[D]")
    except (ValueError, TypeError, OverflowError) as problem:
        raise UsageError(f"dates: found {dates!r:.60}, wanted dates such as 2022-04-01.") from problem


def _months(dates: object) -> NDArray[np.int64]:
    return np.asarray(_days(dates).astype("datetime64[M]").astype(np.int64))


def _index(date: object, dates: ArrayLike, freq: int) -> int:
    """The first whole period, counted from the first date, that starts on or after this date."""
    day = _days(date)
    if np.isnat(day).any():
        raise UsageError(f"breaks: found {date!r:.60}, wanted dates such as 2022-04-01.")
    late = int(day > day.astype("datetime64[M]"))
    return int(-((_months(dates)[0] - _months(date) - late) // (12 // freq)))


def _calendar(dates: ArrayLike, freq: int) -> NDArray[np.int64]:
    """Position of each date on an unbroken calendar that starts with the first."""
    if freq not in (12, 4):
        raise UsageError(f"freq: found {freq!r}, wanted 12 (monthly) or 4 (quarterly).")
    months = _months(dates)
    if months.ndim != 1 or len(months) == 0:
        raise UsageError(f"dates: found shape {months.shape}, wanted one date a period.")
    step, since = 12 // freq, months - months[0]
    if (np.diff(since) <= 0).any() or (since % step).any():
        raise UsageError(
            f"dates: found periods that repeat, fall back or do not fit, wanted one every {step} month(s)."
        )
    return np.asarray(since // step)


def _lay(values: FloatArray, where: NDArray[np.int64]) -> FloatArray:
    out = np.full((*values.shape[:-1], int(where[-1]) + 1), np.nan)
    out[..., where] = values
    return out
