"""The options of a Farrington model, which past points it looks at, and in which part of the year each of them lies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threatlib.stats._glm import Design
from threatlib.stats._outcome import FloatArray, IntArray

Dates = NDArray[np.datetime64]
_MONTHS = {12: 1, 4: 3, 1: 12}  # calendar months in a period, by frequency
_METHODS, _POWERS, _COMPAT = ("nb", "delta", "muan"), ("2/3", "1/2", "none"), (None, "surveillance-1.20")


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `threatlib.stats.surveillance.farrington`, checked when built.

    Raises
    ------
    ValueError
        An option that is not in its range, or that R would refuse where `compat` is set.
    """

    frequency: int
    b: int
    w: int
    n_periods: int
    past_not_included: int
    reweight: bool
    weights_threshold: float
    trend: bool
    trend_p_threshold: float
    alpha: float
    threshold_method: str
    power_transform: str
    limit54: tuple[float, int]
    compat: str | None
    plug_in: bool

    def __post_init__(self) -> None:
        for name, least in (("frequency", 1), ("b", 1), ("w", 0), ("n_periods", 1), ("past_not_included", 0)):
            value = getattr(self, name)
            if int(value) != value or value < least:
                raise ValueError(f"{name}: found {value}, wanted a whole number of at least {least}")
        for name, known in (("threshold_method", _METHODS), ("power_transform", _POWERS), ("compat", _COMPAT)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}: found {getattr(self, name)!r}, wanted one of {known}")
        if not 0.0 < self.alpha < 0.5:
            raise ValueError(f"alpha: found {self.alpha}, wanted a probability between 0 and 0.5")
        if len(self.limit54) != 2 or self.limit54[1] < 1:
            raise ValueError(f"limit54: found {self.limit54}, wanted (cases, periods) with at least 1 period")
        if self.as_in_r and self.frequency - 2 * self.w - 1 < self._levels_between:
            raise ValueError(
                f"w: found {self.w}, which leaves {self.frequency - 2 * self.w - 1} of {self.frequency} periods a "
                f"year for {self.n_periods - 1} levels; choose a smaller w or n_periods"
            )

    @property
    def as_in_r(self) -> bool:
        """Whether the habits of R's `surveillance` are to be kept."""
        return self.compat is not None

    @property
    def predictive(self) -> bool:
        """Whether the limits allow for what the baseline leaves unknown: "nb", unless told to plug in."""
        return self.threshold_method == "nb" and not self.plug_in and not self.as_in_r

    @property
    def half_width(self) -> int:
        """`w`, or the widest window that does not run into that of the year before."""
        return self.w if self.as_in_r else min(self.w, (self.frequency - 1) // 2)

    @property
    def needed(self) -> int:
        """Periods that a series needs before any of its points can be judged, that point included."""
        return self.b * self.frequency + self.half_width + 1

    @property
    def _levels_between(self) -> int:
        """What R asks to lie between two windows; without a season factor, only that they do not overlap."""
        return max(self.n_periods - 2 * self.w - 1, 0) if self.n_periods > 1 else 0


def calendar(dates: Any, frequency: int, points: int) -> Dates | None:
    """Dates as days, checked to be one regular calendar: an absent period must be a NaN, never a missing row.

    Raises
    ------
    ValueError
        Not one date a point, not in order, or a step that is not one period long.
    """
    if dates is None:
        return None
    days = np.asarray(dates, dtype="datetime64[D]").ravel()
    if days.size != points:
        raise ValueError(f"dates: found {days.size}, wanted {points}, one a point in time")
    if frequency in _MONTHS:
        step, wanted = np.diff(days.astype("datetime64[M]").astype(np.int64)), _MONTHS[frequency]
    else:
        step, wanted = np.diff(days.astype(np.int64)), 7 if frequency == 52 else 1
    wrong = np.flatnonzero(step != wanted)
    if wrong.size:
        at = int(wrong[0])
        raise ValueError(
            f"dates: {days[at]} is followed by {days[at + 1]}, wanted the next of {frequency} periods a year; "
            "give an absent period a row of its own, with NaN for its count"
        )
    return days


def design(point: int, settings: Settings, days: Dates | None) -> Design | None:
    """The baseline of the point with this 0-based index, or None where the panel does not reach back far enough.

    With dates, years back are calendar years and time is measured in days (in units of the first period).
    """
    anchors = _anchors(point, settings.frequency, settings.b, days)
    if anchors is None or anchors[-1] < settings.half_width:
        return None
    part = _parts(anchors, settings.half_width, settings.n_periods, settings.as_in_r)
    rows = np.flatnonzero(part >= 0)
    rows = rows[rows < point - settings.past_not_included]
    time = np.arange(point + 1, dtype=np.float64) if days is None else _elapsed(days[: point + 1], days[1] - days[0])
    return Design(
        point=point,
        rows=rows,
        time=time[rows] - time[point],
        level=part[rows],
        n_levels=settings.n_periods,
        target=settings.n_periods - 1,
        dated=days is not None,
    )


def _anchors(point: int, frequency: int, b: int, days: Dates | None) -> IntArray | None:
    """The monitored point and the same time of year 1 to b years earlier."""
    if days is None or frequency in _MONTHS:
        anchors = point - frequency * np.arange(b + 1)
    elif frequency == 52:
        anchors = np.array([_same_weekday(days, point, years) for years in range(b + 1)])
    else:
        anchors = np.searchsorted(days, [_years_earlier(days[point], years) for years in range(b + 1)])
    return None if anchors.min() < 0 or np.any(np.diff(anchors) >= 0) else anchors


def _same_weekday(days: Dates, point: int, years: int) -> int:
    """The weekly period nearest to the calendar date `years` earlier."""
    behind = int((days[point] - _years_earlier(days[point], years)) // np.timedelta64(1, "D"))
    return point - (behind + 3) // 7


def _years_earlier(day: Any, years: int) -> Any:
    """The same day and month, 29 February becoming 1 March."""
    month = day.astype("datetime64[M]")
    return (month - 12 * years).astype("datetime64[D]") + (day - month.astype("datetime64[D]"))


def _elapsed(days: Dates, unit: np.timedelta64) -> FloatArray:
    return np.asarray((days - days[0]) / unit, dtype=np.float64)


def _parts(anchors: IntArray, w: int, levels: int, as_in_r: bool) -> IntArray:
    """Level of every point up to the monitored one; -1 outside windows and blocks.

    The windows of `w` periods either side of an anchor form the last level. What lies between two windows is cut
    into `levels - 1` blocks, the first ones longer by one where the division leaves a rest.
    """
    part = np.full(anchors[0] + 1, -1)
    part[anchors[0] - w :] = levels - 1
    for later, anchor in pairwise(anchors.tolist()):
        part[anchor - w : anchor + w + 1] = levels - 1
        if levels == 1:
            continue
        start, length = anchor + w + 1, later - anchor - 2 * w - 1
        ends = start + np.cumsum([length // (levels - 1) + (j < length % (levels - 1)) for j in range(levels - 1)])
        for level, (begin, end) in enumerate(zip([start, *ends], ends, strict=False)):
            if end > begin:
                part[begin:end] = level
            elif as_in_r:  # there, a sequence from s down to s - 1 has two members
                part[begin - 1 : begin + 1] = level
    return part
