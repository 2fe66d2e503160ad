"""Control charts: XmR in named rule sets here; shares, rates, rare events and the choice between them beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threatlib.stats._chart_panel import (
    TRIAL_BELOW,
    Groups,
    Parts,
    checked_baseline,
    groups_of,
    mean_range,
    moving_range,
    opens_of,
    rows_of,
    tolerance,
    used_for_limits,
)
from threatlib.stats._chart_rules import RuleSet, Spans, apply_rules, charted, rule_set
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome
from threatlib.stats.attribute_charts import AttributeChart, p_chart, u_chart
from threatlib.stats.chart_choice import ChartChoice, choose_chart
from threatlib.stats.rare_events import RareEvents, g_chart, t_chart
from threatlib.stats.run_charts import RunChart, run_chart

__all__ = [
    "AttributeChart",
    "ChartChoice",
    "RareEvents",
    "RuleSet",
    "RunChart",
    "Spans",
    "XmR",
    "choose_chart",
    "g_chart",
    "p_chart",
    "run_chart",
    "t_chart",
    "u_chart",
    "xmr",
]

LIMITS_AT = 2.66
"""Limits stand this many mean moving ranges from the centre (3 / 1.128, as Making Data Count rounds it)."""


@dataclass(frozen=True, slots=True)
class XmR(Outcome):
    """An XmR chart of every series; arrays are shaped like the input unless said otherwise.

    Attributes
    ----------
    centre, lower, upper : float array
        Mean and natural process limits of the point's segment.
    near_lower, near_upper : float array
        Two thirds of the way from the centre to each limit.
    moving_range : float array
        Distance from the point before, among points that limits are made from; NaN for the first of a segment, next
        to a missing value, and after a fixed baseline.
    side : int8 array
        1 above the centre, -1 below, 0 on it (within rounding) or missing.
    outside, shift, trend, two_of_three : bool array
        The rules, each marked on every point that takes part.
    trial : bool array
        Fewer points behind the segment's limits than `needed`.
    mean_moving_range : float array
        What the limits were made from, after screening.
    spans : Spans
        Every rule that fired, with its stretch.
    n : int array, leading shape
        Points present.
    needed : int
        Points below which limits are trial limits.
    """

    centre: FloatArray
    lower: FloatArray
    upper: FloatArray
    near_lower: FloatArray
    near_upper: FloatArray
    moving_range: FloatArray
    side: NDArray[np.int8]
    outside: BoolArray
    shift: BoolArray
    trend: BoolArray
    two_of_three: BoolArray
    trial: BoolArray
    mean_moving_range: FloatArray
    spans: Spans
    n: IntArray
    needed: int = TRIAL_BELOW
    rules: str = "mdc-2023"

    @property
    def flagged(self) -> BoolArray:
        """True where at least one rule marks the point."""
        return np.asarray(self.outside | self.shift | self.trend | self.two_of_three)


def xmr(
    values: ArrayLike,
    *,
    rules: str = "mdc-2023",
    screen: bool | None = None,
    segments: ArrayLike | None = None,
    baseline_n: int | None = None,
    factor: float = LIMITS_AT,
) -> XmR:
    """Individuals chart of every series, with its limits and every rule that fires.

    Parameters
    ----------
    values : array_like, shape (..., points)
        One value a period. NaN and infinite values are missing periods; a period left out altogether cannot be seen,
        so put a NaN in its place.
    rules : {"mdc-2023", "mdc-6", "nhsr-0.2.2"}
        Making Data Count's rules as its tools have had them since late 2023 (7 points); the same with 6 points, as its
        Excel tool offers; or exactly those of the R package NHSRplotthedots 0.2.2.
    screen : bool, optional
        Leave out moving ranges of 3.267 times their mean and more, once. All three sets do so unless told not to.
    segments : array_like, optional
        Where limits and rules start anew. Either one id a point (numbers or words, shaped like the values or like one
        series), a new segment wherever the id changes; or a list of start positions, 0 understood. A list as long
        as the series is read as ids (as start positions it could only mean a new segment at every point: the same).
    baseline_n : int, optional
        Make the limits of each segment from its first so many periods, missing ones counted, and hold them.
    factor : float
        Limits stand this many mean moving ranges from the centre.

    Returns
    -------
    XmR
        One series gives arrays of one dimension. Degenerate input: no points at all give empty arrays; one point, or
        none present in the baseline, gives NaN limits and no flags; two or more that are all the same give limits
        equal to that value and no flags; a missing point has limits but no side and no flags. `n` says how many points
        are present, and `shortfall()` which series have fewer than `needed`.

    Raises
    ------
    ValueError
        If the rules have no such set, `segments` does not fit, `baseline_n` is below 2, or `values` has no axis.

    Notes
    -----
    centre = mean, limits = centre -/+ 2.66 mR, mR the mean moving range after screening. Where screening or a fixed
    baseline leaves no range above 0 although the segment varies, all ranges are used, and failing that those between
    present points across gaps: limits never collapse on a series that varies. Outside: beyond a limit. Shift: a run
    of points on one side of the centre; a point on the centre ends it. Trend: points rising or falling; a repeated
    value neither counts nor cancels ("nhsr-0.2.2": ends it). Two of three: of three neighbours on one side two lie
    beyond two thirds of the way to the limit; points outside count ("nhsr-0.2.2": do not). No run crosses a
    missing point or the start of a segment. Equal means within 1e-12 of the segment's largest value.

    The chart asks whether a process is stable, and assumes neither season, nor trend, nor small counts: see
    `choose_chart`, and docs/calibration/charts_and_trends.md for how often it cries wolf otherwise.

    References
    ----------
    NHS England, Making Data Count (2019-2024). Nelson LS (1982) Journal of Quality Technology 14:172. Wheeler DJ
    (1993) Understanding Variation.

    Examples
    --------
    >>> chart = xmr([10, 12, 11, 13, 12, 11, 10, 12, 30, 11, 12, 11])
    >>> chart.outside.nonzero()[0].tolist(), chart.spans.rule.tolist()
    ([8], ['outside'])
    """
    chosen = rule_set(rules)
    checked_baseline(baseline_n)
    rows, shape = rows_of(values)
    opens = opens_of(segments, shape, len(rows))
    screened = True if screen is None else screen

    def work(block: slice) -> Parts:
        return _chart(rows[block], groups_of(opens[block]), chosen, screened, baseline_n, factor)

    return charted(XmR, work, rows, shape, chosen)


def _chart(
    values: FloatArray,
    groups: Groups,
    rules: RuleSet,
    screen: bool,
    baseline_n: int | None,
    factor: float,
) -> Parts:
    """One block of rows."""
    used = used_for_limits(values, groups, baseline_n)
    tol = tolerance(values, groups)
    ranges = moving_range(values, used, groups)
    mean_mr = mean_range(ranges, values, groups, screen=screen, tol=tol)
    centre = _centre(values, used, groups, tol)
    reach = factor * mean_mr
    each = {
        "centre": centre,
        "lower": centre - reach,
        "upper": centre + reach,
        "near_lower": centre - reach * 2 / 3,
        "near_upper": centre + reach * 2 / 3,
        "mean_moving_range": mean_mr,
    }
    limits = {name: groups.spread(part) for name, part in each.items()}
    points = groups.total(used) if rules.trial_below == TRIAL_BELOW else groups.length
    trial = groups.spread(np.asarray(points < rules.trial_below))
    flags = apply_rules(values, limits, groups, groups.spread(tol), rules)
    return {**limits, "moving_range": ranges, "trial": trial, **flags}


def _centre(values: FloatArray, used: BoolArray, groups: Groups, tol: FloatArray) -> FloatArray:
    """Mean of each segment; exactly its value where it has only one."""
    mean = groups.mean(values, used)
    largest = groups.largest(np.where(used, values, -np.inf))
    return np.where(largest - mean <= tol, largest, mean)
