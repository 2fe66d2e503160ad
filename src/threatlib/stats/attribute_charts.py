"""Charts of shares (P) and of rates (U): limits that follow the denominator, with Laney's correction."""

from __future__ import annotations

from collections.abc import Callable
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
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome

D2 = 1.128
"""Mean moving range of a standard normal: turns a mean moving range into a standard deviation."""


@dataclass(frozen=True, slots=True)
class AttributeChart(Outcome):
    """A P or U chart of every series; arrays are shaped like the input unless said otherwise.

    Attributes
    ----------
    value : float array
        Share or rate.
    centre, lower, upper, near_lower, near_upper : float array
        Pooled share or rate of the segment, and limits 3 and 2 standard deviations from it, within what is possible.
    sigma_z : float array
        Laney's factor of the segment: 1 is chance alone, 2 twice the spread that chance would give.
    side, outside, shift, trend, two_of_three, trial, spans, n, needed
        As in `XmR`.
    """

    value: FloatArray
    centre: FloatArray
    lower: FloatArray
    upper: FloatArray
    near_lower: FloatArray
    near_upper: FloatArray
    sigma_z: FloatArray
    side: NDArray[np.int8]
    outside: BoolArray
    shift: BoolArray
    trend: BoolArray
    two_of_three: BoolArray
    trial: BoolArray
    spans: Spans
    n: IntArray
    needed: int = TRIAL_BELOW
    rules: str = "mdc-2023"


def p_chart(
    count: ArrayLike,
    total: ArrayLike,
    *,
    laney: bool = True,
    rules: str = "mdc-2023",
    screen: bool | None = None,
    segments: ArrayLike | None = None,
    baseline_n: int | None = None,
) -> AttributeChart:
    """Chart of shares, one count out of one total a period.

    Parameters
    ----------
    count, total : array_like, shape (..., periods)
        Cases, 0 to `total`, and the total, above 0. They broadcast together.
    laney : bool
        Widen (or narrow) the limits by the spread the series really has; False leaves chance alone.
    rules, screen, segments, baseline_n
        As for `xmr`; screening is of the moving ranges behind Laney's factor.

    Returns
    -------
    AttributeChart
        In shares, 0 to 1. A period with a missing, infinite or negative number, a total of 0 or more cases than the
        total is a missing period: no value, no limits, no flags. No periods give empty arrays. With `laney` fewer
        than two periods give NaN limits; shares that are all the same give limits equal to them and no flags.

    Raises
    ------
    ValueError
        As `xmr`; also if count and total do not fit together.

    Notes
    -----
    p = sum(count)/sum(total) over the segment, s = sqrt(p (1 - p)/total), limits p -/+ 3 s sigma_z within 0 to 1.
    sigma_z is the mean moving range of (count/total - p)/s over 1.128.

    Not to be used below about 2 cases a period, where Laney's limits leave out up to a third of steady points, nor on
    a season; and with ``laney=False`` not where counts vary more than chance (docs/calibration/charts_and_trends).
    From 5 cases on the limits leave out 0.4 to 0.6% of steady points with Laney's factor, 0.1 to 0.5% without.

    References
    ----------
    Laney DB (2002) Quality Engineering 14:531. Provost LP, Murray SK (2011) The Health Care Data Guide.

    Examples
    --------
    >>> chart = p_chart([8, 12, 10, 9, 11], 50, laney=False)
    >>> [round(float(limit), 3) for limit in (chart.centre[0], chart.lower[0], chart.upper[0])]
    [0.2, 0.03, 0.37]
    """
    return _chart(count, total, "total", _share_spread, 1.0, laney, rules, screen, segments, baseline_n)


def u_chart(
    count: ArrayLike,
    exposure: ArrayLike = 1.0,
    *,
    laney: bool = True,
    rules: str = "mdc-2023",
    screen: bool | None = None,
    segments: ArrayLike | None = None,
    baseline_n: int | None = None,
) -> AttributeChart:
    """Chart of rates, one count over one exposure a period; with an exposure of 1 throughout it is the C chart.

    Parameters
    ----------
    count, exposure : array_like, shape (..., periods)
        Events, 0 or more, and what they are counted over (people, days), above 0. They broadcast together.
    laney, rules, screen, segments, baseline_n
        As for `p_chart`.

    Returns
    -------
    AttributeChart
        In events per unit of exposure. Degenerate input as for `p_chart`; counts may exceed the exposure.

    Raises
    ------
    ValueError
        As `p_chart`.

    Notes
    -----
    u = sum(count)/sum(exposure), s = sqrt(u/exposure), limits u -/+ 3 s sigma_z, never below 0.
    What it must not be used on is as for `p_chart`.

    References
    ----------
    Laney DB (2002) Quality Engineering 14:531.

    Examples
    --------
    >>> chart = u_chart([4, 2, 6, 4], laney=False)
    >>> float(chart.centre[0]), float(chart.lower[0]), float(chart.upper[0])
    (4.0, 0.0, 10.0)
    """
    return _chart(count, exposure, "exposure", _rate_spread, np.inf, laney, rules, screen, segments, baseline_n)


def _share_spread(centre: FloatArray, total: FloatArray) -> FloatArray:
    return np.sqrt(centre * (1 - centre) / total)


def _rate_spread(centre: FloatArray, exposure: FloatArray) -> FloatArray:
    return np.sqrt(centre / exposure)


def _chart(
    count: ArrayLike,
    size: ArrayLike,
    size_name: str,
    spread: Callable[[FloatArray, FloatArray], FloatArray],
    ceiling: float,
    laney: bool,
    rules: str,
    screen: bool | None,
    segments: ArrayLike | None,
    baseline_n: int | None,
) -> AttributeChart:
    """Read both arrays, work in blocks, put the answer into the shape of the input."""
    chosen = rule_set(rules)
    checked_baseline(baseline_n)
    counts, sizes = floats(count, "count"), floats(size, size_name)
    try:
        counts, sizes = np.broadcast_arrays(counts, sizes)
    except ValueError:
        found = f"{counts.shape} and {sizes.shape}"
        raise ValueError(f"count and {size_name}: found shapes {found}, wanted shapes that fit together") from None
    x, shape = rows_of(counts, "count")
    m, _ = rows_of(sizes, size_name)
    wrong = ~((x >= 0) & (m > 0) & ((x <= m) | (ceiling > 1)))
    x[wrong], m[wrong] = np.nan, np.nan
    opens = opens_of(segments, shape, len(x))
    screened = (True if screen is None else screen) if laney else None

    def work(block: slice) -> Parts:
        groups = groups_of(opens[block])
        used = used_for_limits(x[block], groups, baseline_n)
        centre = groups.spread(_pooled(x[block], m[block], used, groups))
        values, sigma = x[block] / m[block], spread(centre, m[block])
        factor = _laney(values, centre, sigma, used, groups, screened)
        limits = _limits(centre, sigma * factor, ceiling)
        flags = _flags(values, limits, groups, chosen)
        trial = groups.spread(np.asarray(groups.total(used) < chosen.trial_below))
        return {"value": values, **limits, "sigma_z": factor, "trial": trial, **flags}

    return charted(AttributeChart, work, x, shape, chosen)


def _pooled(x: FloatArray, m: FloatArray, used: BoolArray, groups: Groups) -> FloatArray:
    """All cases over all that they are counted over, a segment."""
    with np.errstate(invalid="ignore"):
        return np.asarray(groups.total(np.where(used, x, 0.0)) / groups.total(np.where(used, m, 0.0)))


def _laney(
    values: FloatArray, centre: FloatArray, sigma: FloatArray, used: BoolArray, groups: Groups, screen: bool | None
) -> FloatArray:
    """How many times the spread of chance the series has; 1 where Laney's correction was not asked for (None)."""
    if screen is None:
        return np.where(np.isfinite(centre), 1.0, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sigma > 0, (values - centre) / sigma, np.where(np.isfinite(values), 0.0, np.nan))
    ranges = moving_range(z, used, groups)
    tol = tolerance(z, groups)
    return groups.spread(mean_range(ranges, z, groups, screen=screen, tol=tol) / D2)


def _limits(centre: FloatArray, sigma: FloatArray, ceiling: float) -> Parts:
    """Limits 3 and 2 standard deviations out, within 0 and the ceiling; none where the period is missing."""
    limits: Parts = {"centre": centre}
    for name, reach in (("lower", -3), ("upper", 3), ("near_lower", -2), ("near_upper", 2)):
        limits[name] = np.clip(centre + reach * sigma, 0.0, ceiling)
    return limits


def _flags(values: FloatArray, limits: Parts, groups: Groups, rules: RuleSet) -> Parts:
    return apply_rules(values, limits, groups, groups.spread(tolerance(values, groups)), rules)
