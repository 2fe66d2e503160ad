"""Panels of counts for surveillance: what came in, what a verdict can be, and the arrays verdicts are written to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray

REASONS = (
    "judged",
    "before the first monitored point",
    "too little history",
    "count or population missing",
    "not a count, or a population that is not positive",
    "too few baseline points present",
    "the model did not settle",
    "the baseline does not vary",
)
"""What `Surveillance.status` means: `REASONS[status]`. Everything but the first is "cannot say"."""

JUDGED, BEFORE, SHORT, MISSING, INVALID, THIN, UNSETTLED, CONSTANT = range(len(REASONS))

LARGEST = 1e12
"""No count is larger: what claims to be is treated as infinite."""

_FLOATS = ("expected", "lower", "upper", "score", "p", "phi", "slope")


@dataclass(frozen=True, slots=True)
class Panel:
    """Counts as (series, time), with NaN for whatever cannot be used, and what was wrong with it."""

    values: FloatArray
    offset: FloatArray  # log population, NaN where unusable
    status: NDArray[np.int8]
    since: IntArray  # position of the first point present, the length of the series where there is none
    shape: tuple[int, ...]  # of the counts as they came

    @property
    def series(self) -> int:
        return int(self.values.shape[0])

    @property
    def points(self) -> int:
        return int(self.values.shape[1])


def read(counts: ArrayLike, population: ArrayLike | None = None) -> Panel:
    """Take counts and populations as they come; what is missing or impossible becomes NaN with a status.

    Raises
    ------
    ValueError
        A single number without a time axis, or a population that does not fit the counts.
    """
    values = floats(counts, "counts").copy()
    if values.ndim == 0:
        raise ValueError("counts: found a single number, wanted an array with time on its last axis")
    status = np.where(np.isnan(values), MISSING, JUDGED).astype(np.int8)
    wrong = (values > LARGEST) | (values < 0)
    offset = np.broadcast_to(0.0, values.shape)
    if population is not None:
        people = _fitting(population, values.shape)
        usable = np.isfinite(people) & (people > 0)
        offset = np.log(people, out=np.full(values.shape, np.nan), where=usable)
        status[np.isnan(people)] = MISSING
        wrong |= ~usable & ~np.isnan(people)
    status[wrong] = INVALID
    values[wrong] = np.nan
    flat = (-1 if values.size else int(np.prod(values.shape[:-1])), values.shape[-1])
    rows = values.reshape(flat)
    return Panel(rows, offset.reshape(flat), status.reshape(flat), _since(rows), values.shape)


def blank(panel: Panel) -> dict[str, Any]:
    """The arrays, (series, time), of an answer that cannot say anything yet."""
    floats = {name: np.full(panel.values.shape, np.nan) for name in _FLOATS}
    flags = {name: np.zeros(panel.values.shape, dtype=bool) for name in ("flag", "trend_kept")}
    return {**floats, **flags, "status": panel.status.copy()}


def score(y: FloatArray, expected: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """(y - expected)/(limit - expected), counted from the nearer limit: beyond 1 above the upper, -1 below the lower.

    With very few cases a limit can lie on the wrong side of the expectation; then the distance to it is added to 1.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(upper > expected, (y - expected) / (upper - expected), 1.0 + y - upper)
        below = np.where(lower < expected, (y - expected) / (expected - lower), y - lower - 1.0)
    inside = np.clip(np.where(y >= expected, above, below), -1.0, 1.0)
    beyond = np.nextafter(1.0, 2.0)  # rounding must not bring a count outside the limits back to them
    return np.where(y > upper, np.maximum(above, beyond), np.where(y < lower, np.minimum(below, -beyond), inside))


def enough_cases(values: FloatArray, point: int, cases: float, periods: int, *, all_present: bool) -> BoolArray:
    """Whether the last `periods` up to the point hold at least `cases`, missing ones adding nothing or refused."""
    last = values[:, max(point - periods + 1, 0) : point + 1]
    return np.asarray((np.sum if all_present else np.nansum)(last, axis=-1) >= cases)


def _since(values: FloatArray) -> IntArray:
    if not values.size:
        return np.full(values.shape[0], values.shape[1])
    present = ~np.isnan(values)
    return np.asarray(np.where(present.any(axis=-1), np.argmax(present, axis=-1), values.shape[-1]))


def _fitting(population: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    people = floats(population, "population")
    try:
        return np.broadcast_to(people, shape)
    except ValueError:
        raise ValueError(f"population: found shape {people.shape}, wanted that of the counts, {shape}") from None
