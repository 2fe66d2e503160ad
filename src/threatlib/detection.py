"""Flags worth believing: the library's detector for a dated series or a panel of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threatlib.errors import UsageError
from threatlib.stats.scan import Scan, as_numbers, scan

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
        Population behind a rate; the total behind a proportion, where it is required. Shares between 0 and 1 are
        taken as such for a proportion and multiplied up.
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
    if panel is not None and kind == "proportion":
        raise UsageError(
            "panel: found one for a proportion, wanted none: use threatlib.stats.scan with its denominators."
        )
    size = None if denominator is None else np.broadcast_to(as_numbers(denominator, "denominator"), y.shape)
    if kind == "proportion" and size is not None:
        y = _numerators(y, size)
    marks = [int(np.searchsorted(where, _index(b, dates, freq))) for b in breaks]
    on = scan(
        _lay(y, where),
        frequency=freq,
        kind=kind,
        denominator=None if size is None else _lay(size, where),
        provisional=0 if provisional == 0 else int(where[-1] - where[-min(provisional, len(where))] + 1),
        breaks=[int(where[m]) for m in marks if m < len(where)],
        panel=None if panel is None else _lay(as_numbers(panel, "panel"), where),
        first=None if first is None else int(where[min(first, len(where) - 1)]),
        confidence=None,
    )
    return on, where


def _days(dates: object) -> NDArray[np.datetime64]:
    try:
        return np.asarray(dates, dtype="datetime64[D]")
    except (ValueError, TypeError) as problem:
        raise UsageError(f"dates: found {dates!r:.60}, wanted dates such as 2022-04-01.") from problem


def _months(dates: object) -> NDArray[np.int64]:
    return np.asarray(_days(dates).astype("datetime64[M]").astype(np.int64))


def _index(date: object, dates: ArrayLike, freq: int) -> int:
    """The first whole period, counted from the first date, that starts on or after this date."""
    day = _days(date)
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


def _numerators(y: FloatArray, size: FloatArray) -> FloatArray:
    """Shares multiplied up, row by row; a row of whole numbers is numerators already."""
    known = np.where(np.isnan(y), 0.0, y)
    shares = ((known % 1 != 0).any(-1) & (known <= 1).all(-1))[..., None]
    return np.where(shares, y * size, y)
