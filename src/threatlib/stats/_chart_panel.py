"""What every control chart works on: a panel in rows, cut into segments, with sums and ranges inside each segment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray

SCREEN = 3.267
"""Moving ranges from this many times their mean upwards are left out when limits are screened (D4 of the range)."""

TRIAL_BELOW = 12
"""Limits from fewer points than this are trial limits."""

HUGE = 1e150
"""A number further from 0 than this is infinite as far as charts and trends go: its square would be."""

TIE = 1e-12  # two numbers are equal if they differ by less than this share of the segment's largest
_CELLS = 1 << 16  # points worked on at once: half a megabyte an array, so that they stay in the cache

Parts: TypeAlias = dict[str, Any]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Groups:
    """Segments of a panel laid out in one line: where each begins, and how long it is."""

    first: IntArray
    length: IntArray
    shape: tuple[int, int]

    def total(self, values: NDArray[Any]) -> FloatArray:
        """Sum in each segment."""
        return np.add.reduceat(values.ravel(), self.first, dtype=np.float64)

    def largest(self, values: FloatArray) -> FloatArray:
        """Largest value in each segment."""
        return np.maximum.reduceat(values.ravel(), self.first)

    def spread(self, one_each: NDArray[Scalar]) -> NDArray[Scalar]:
        """One number a segment, written at each of its points."""
        return np.repeat(one_each, self.length).reshape(self.shape)

    def mean(self, values: FloatArray, used: BoolArray) -> FloatArray:
        """Mean of the used values in each segment; NaN where none is."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.total(np.where(used, values, 0.0)) / self.total(used))

    def median(self, values: FloatArray, used: BoolArray) -> FloatArray:
        """Median of the used values in each segment; NaN where none is."""
        line = np.where(used, values, np.inf).ravel()
        ordered = line[np.lexsort((line, np.repeat(np.arange(self.first.size), self.length)))]
        found = self.total(used).astype(np.int64)
        low, high = self.first + np.maximum(found - 1, 0) // 2, self.first + found // 2
        return np.where(found > 0, (ordered[low] + ordered[np.minimum(high, line.size - 1)]) / 2, np.nan)

    @property
    def opens(self) -> BoolArray:
        """True at the first point of each segment."""
        opens = np.zeros(self.shape, dtype=bool)
        opens.ravel()[self.first] = True
        return opens

    @property
    def place(self) -> IntArray:
        """How many points of its segment stand before each point."""
        return (np.arange(self.length.sum()) - np.repeat(self.first, self.length)).reshape(self.shape)


def rows_of(values: ArrayLike, name: str = "values") -> tuple[FloatArray, tuple[int, ...]]:
    """The panel as rows of series, infinite values made missing, and its shape as it came."""
    panel = floats(values, name).copy()
    if panel.ndim == 0:
        raise ValueError(f"{name}: found a single number, wanted an array with time on its last axis")
    panel[~(np.abs(panel) <= HUGE)] = np.nan
    return panel.reshape(-1, panel.shape[-1]) if panel.size else _empty(panel), panel.shape


def _empty(panel: FloatArray) -> FloatArray:
    return panel.reshape(int(np.prod(panel.shape[:-1])), panel.shape[-1])


def opens_of(segments: ArrayLike | None, shape: tuple[int, ...], rows: int) -> BoolArray:
    """True where a segment begins, in rows: from segment ids (as long as the series) or start positions."""
    points = shape[-1]
    opens = np.zeros((rows, points), dtype=bool)
    opens[:, :1] = True
    given = np.asarray([] if segments is None else segments)
    if given.ndim and given.shape[-1] == points:
        try:
            ids = np.broadcast_to(given, shape).reshape(rows, points)
        except ValueError:
            raise ValueError(f"segments: found ids of shape {given.shape}, wanted {shape} or ({points},)") from None
        opens[:, 1:] |= ids[:, 1:] != ids[:, :-1]
    elif given.ndim == 1 and given.size:
        if given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= points:
            raise ValueError(f"segments: found {given.tolist()}, wanted start positions from 0 to {points - 1}")
        opens[:, given] = True
    elif given.size or given.ndim != 1:
        raise ValueError(f"segments: found shape {given.shape}, wanted start positions or one id a point ({points})")
    return opens


def groups_of(opens: BoolArray) -> Groups:
    """The segments of a block of rows."""
    first = np.flatnonzero(opens)
    return Groups(first, np.diff(first, append=opens.size), (opens.shape[0], opens.shape[1]))


def used_for_limits(values: FloatArray, groups: Groups, baseline_n: int | None) -> BoolArray:
    """Points present and, where a baseline is fixed, among the first `baseline_n` periods of their segment."""
    present = np.isfinite(values)
    return present if baseline_n is None else present & (groups.place < baseline_n)


def checked_baseline(baseline_n: int | None) -> None:
    """A baseline of fewer than two periods has no moving range."""
    if baseline_n is not None and baseline_n < 2:
        raise ValueError(f"baseline_n: found {baseline_n}, wanted at least 2 periods, or None for all")


def tolerance(values: FloatArray, groups: Groups) -> FloatArray:
    """Below this two values of a segment are the same number."""
    return TIE * groups.largest(np.where(np.isfinite(values), np.abs(values), 0.0))


def moving_range(values: FloatArray, used: BoolArray, groups: Groups) -> FloatArray:
    """Distance of each used point from the used point just before it in its segment; NaN where there is none."""
    ranges = np.full(values.shape, np.nan)
    both = used[:, 1:] & used[:, :-1] & ~groups.opens[:, 1:]
    return _filled(ranges, both, values)


def _filled(ranges: FloatArray, both: BoolArray, values: FloatArray) -> FloatArray:
    ranges[:, 1:][both] = np.abs(values[:, 1:] - values[:, :-1])[both]
    return ranges


def mean_range(ranges: FloatArray, values: FloatArray, groups: Groups, *, screen: bool, tol: FloatArray) -> FloatArray:
    """Mean moving range of each segment, never 0 while its values vary; NaN where fewer than two are present.

    In turn: the ranges left by screening; all of them; ranges between present points whatever lies between. The last
    two only where nothing above 0 came before, for instance where screening removed the only change there was.
    """
    known = np.isfinite(ranges)
    plain = groups.mean(ranges, known)
    mean = plain
    if screen:
        mean = groups.mean(ranges, known & (ranges < SCREEN * groups.spread(plain)))
        mean = np.where(mean > tol, mean, plain)
    flat = ~(mean > tol)
    if flat.any():
        bridged = _bridged(values, groups)
        across = groups.mean(bridged, np.isfinite(bridged))
        mean = np.where(flat, np.where(across > tol, across, across * 0.0), mean)
    return mean


def _bridged(values: FloatArray, groups: Groups) -> FloatArray:
    """Distance of each present point from the last one present before it in its segment."""
    line, here = values.ravel(), np.arange(values.size)
    last = np.maximum.accumulate(np.where(np.isfinite(line), here, -1))
    before = np.concatenate([[-1], last[:-1]])[: line.size]
    inside = before >= np.repeat(groups.first, groups.length)
    return np.where(inside, np.abs(line - line[before]), np.nan).reshape(values.shape) if line.size else values


def in_blocks(work: Callable[[slice], Parts], rows: int, points: int) -> Parts:
    """Work through the series a block at a time, so that what is in hand does not grow with the panel.

    Parts shaped like the panel are written in their place; those whose name begins with `span_` are strung together,
    their series counted over the whole panel.
    """
    whole: Parts = {}
    strung: dict[str, list[NDArray[Any]]] = {}
    for block in _blocks(rows, points):
        for name, part in work(block).items():
            if name.startswith("span_"):
                strung.setdefault(name, []).append(part + block.start if name == "span_series" else part)
            else:
                whole.setdefault(name, np.empty((rows, points), dtype=part.dtype))[block] = part
    return whole | {name: np.concatenate(parts) for name, parts in strung.items()}


def _blocks(rows: int, points: int) -> Iterator[slice]:
    step = max(1, _CELLS // max(points, 1))
    for start in range(0, max(rows, 1), step):
        yield slice(start, min(start + step, rows))
