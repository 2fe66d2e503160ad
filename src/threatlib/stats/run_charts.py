"""The run chart: is the order of the points about their median what chance would give?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from threatlib.stats._chart_panel import (
    Groups,
    Parts,
    checked_baseline,
    groups_of,
    in_blocks,
    opens_of,
    rows_of,
    tolerance,
    used_for_limits,
)
from threatlib.stats._chart_rules import side_of
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome

MIN_USEFUL = 10
"""Points off the median below which the two tests have next to no power (Anhøj and Olesen 2014)."""


@dataclass(frozen=True, slots=True)
class RunChart(Outcome):
    """A run chart of every series; arrays are shaped like the input unless said otherwise.

    Attributes
    ----------
    centre : float array
        Median of the segment.
    useful : int array
        Points of the segment that are not on the median.
    longest_run, longest_allowed : int array
        Longest run on one side, and the longest that chance explains.
    crossings, crossings_needed : int array
        Times the line crosses the median, and the fewest that chance explains.
    signal : bool array
        A run too long or crossings too few.
    n : int array, leading shape
        Points present.
    """

    centre: FloatArray
    useful: IntArray
    longest_run: IntArray
    longest_allowed: IntArray
    crossings: IntArray
    crossings_needed: IntArray
    signal: BoolArray
    n: IntArray
    needed: int = MIN_USEFUL


def run_chart(values: ArrayLike, *, segments: ArrayLike | None = None, baseline_n: int | None = None) -> RunChart:
    """Anhøj's two tests of order about the median.

    Parameters
    ----------
    values : array_like, shape (..., points)
        One value a period; missing and infinite ones are passed over.
    segments, baseline_n
        As for `xmr`; the median is that of the baseline.

    Returns
    -------
    RunChart
        Where no point lies off the median (none present, one point, all the same) all five numbers are 0 and there
        is no signal; the median is NaN where no point is present.

    Raises
    ------
    ValueError
        As `xmr`.

    Notes
    -----
    With n useful points: longest allowed round(log2 n) + 3; crossings needed the 5% quantile of a binomial of n - 1
    trials at 1/2.

    Not to be used below about 5 events a period: where the median is low, more points lie above it than below, and at
    1 a period a sixth of steady series signal, at 0.2 nearly all; nor on a season. From 5 on 4 to 8% of steady series
    of 60 points or more signal (docs/calibration/charts_and_trends).

    References
    ----------
    Anhøj J, Olesen AV (2014) PLoS ONE 9:e113825. Schilling MF (2012) Mathematics Magazine 85:141. Chen Z (2010)
    Model Assisted Statistics and Applications 5:163.

    Examples
    --------
    >>> chart = run_chart([1, 2, 1, 2, 1, 2, 8, 9, 8, 9, 8, 9])
    >>> int(chart.crossings[0]), int(chart.crossings_needed[0]), bool(chart.signal[0])
    (1, 3, True)
    """
    checked_baseline(baseline_n)
    rows, shape = rows_of(values)
    opens = opens_of(segments, shape, len(rows))

    def work(block: slice) -> Parts:
        groups, y = groups_of(opens[block]), rows[block]
        median = groups.spread(groups.median(y, used_for_limits(y, groups, baseline_n)))
        side = side_of(y, median, groups.spread(tolerance(y, groups)))
        tests = {name: groups.spread(part) for name, part in _tests(side, groups).items()}
        return {"centre": median, **tests}

    parts = in_blocks(work, *rows.shape)
    n = np.isfinite(rows).sum(axis=-1, dtype=np.int64).reshape(shape[:-1])
    return RunChart(**{name: part.reshape(shape) for name, part in parts.items()}, n=n)


def _tests(side: NDArray[np.int8], groups: Groups) -> dict[str, NDArray[np.int64] | BoolArray]:
    """The five numbers and the verdict of each segment."""
    count = groups.first.size
    here = np.flatnonzero(side)
    segment = np.repeat(np.arange(count), groups.length)[here]
    line = side.ravel()[here]
    new = np.ones(here.size, dtype=bool)
    new[1:] = (line[1:] != line[:-1]) | (segment[1:] != segment[:-1])
    first = np.flatnonzero(new)
    longest = np.zeros(count, dtype=np.int64)
    np.maximum.at(longest, segment[first], np.diff(first, append=here.size))
    useful = np.bincount(segment, minlength=count).astype(np.int64)
    crossings = np.maximum(np.bincount(segment[first], minlength=count) - 1, 0)
    allowed = np.where(useful > 0, np.round(np.log2(np.maximum(useful, 1))) + 3, 0).astype(np.int64)
    fewest = np.where(useful > 0, binom.ppf(0.05, np.maximum(useful - 1, 0), 0.5), 0).astype(np.int64)
    return {
        "useful": useful,
        "longest_run": longest,
        "longest_allowed": allowed,
        "crossings": crossings,
        "crossings_needed": fewest,
        "signal": (longest > allowed) | (crossings < fewest),
    }
