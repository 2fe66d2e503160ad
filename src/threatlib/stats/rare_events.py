"""Charts of what lies between rare events: how many cases (G), or how long (T)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threatlib.stats._chart_panel import (
    TRIAL_BELOW,
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
from threatlib.stats._chart_rules import Spans, apply_rules, charted, rule_set
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome
from threatlib.stats.attribute_charts import D2

POWER = 3.6
"""Times between events of a Poisson process are near enough normal once raised to 1/3.6 (Nelson 1994)."""


@dataclass(frozen=True, slots=True)
class RareEvents(Outcome):
    """A G or T chart of every series, one entry an event; arrays are shaped like the input unless said otherwise.

    Above the upper limit means that events have become rarer; `side`, the rules and `spans` are as in `XmR`.

    Attributes
    ----------
    value : float array
        Cases or time since the event before; missing where the input is not usable.
    centre, lower, upper, near_lower, near_upper : float array
        Middle of the segment (G: median; T: mean on the transformed scale) and limits 3 and 2 standard deviations out,
        never below 0.
    """

    value: FloatArray
    centre: FloatArray
    lower: FloatArray
    upper: FloatArray
    near_lower: FloatArray
    near_upper: FloatArray
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


def g_chart(
    between: ArrayLike,
    *,
    rules: str = "mdc-2023",
    segments: ArrayLike | None = None,
    baseline_n: int | None = None,
) -> RareEvents:
    """Chart of the number of cases (or whole periods) between one event and the next.

    Parameters
    ----------
    between : array_like, shape (..., events)
        Cases between events, 0 or more; 0 for two events in a row or on one day.
    rules, segments, baseline_n
        As for `xmr`.

    Returns
    -------
    RareEvents
        Missing, infinite and negative numbers are missing events. Nothing present gives NaN limits; numbers that are
        all the same lie on the centre and raise no flag.

    Raises
    ------
    ValueError
        As `xmr`.

    Notes
    -----
    With the mean m of a geometric distribution the limits are m -/+ 3 sqrt(m (m + 1)). The centre is the median, so
    that half the points lie on either side. The lower limit is always 0: this chart shows events becoming rarer by
    its limits, and more frequent only by a run below the centre.

    References
    ----------
    Montgomery DC, Introduction to Statistical Quality Control, 7.3.5. Benneyan JC (2001) Health Care Management
    Science 4:305.

    Examples
    --------
    >>> chart = g_chart([3, 5, 4, 4, 30, 2])
    >>> float(chart.centre[0]), round(float(chart.upper[0]), 1), chart.outside.nonzero()[0].tolist()
    (4.0, 33.5, [])
    """
    return _chart(between, 1.0, rules, segments, baseline_n)


def t_chart(
    between: ArrayLike,
    *,
    rules: str = "mdc-2023",
    screen: bool | None = None,
    segments: ArrayLike | None = None,
    baseline_n: int | None = None,
) -> RareEvents:
    """Chart of the time between one event and the next.

    Parameters
    ----------
    between : array_like, shape (..., events)
        Days (or any unit of time) between events, 0 or more.
    rules, screen, segments, baseline_n
        As for `xmr`.

    Returns
    -------
    RareEvents
        In the unit given. Missing, infinite and negative times are missing events. Fewer than two give NaN limits;
        times that are all the same give limits equal to them and no flags.

    Raises
    ------
    ValueError
        As `xmr`.

    Notes
    -----
    An XmR chart of ``time^(1/3.6)``, limits 3/1.128 mean moving ranges out, turned back; a lower limit below 0 is 0.
    Not to be used on whole days where events come more often than about every hundredth: a time of 0 lies below its
    lower limit (docs/calibration/charts_and_trends). `g_chart` takes whole days.

    References
    ----------
    Nelson LS (1994) Journal of Quality Technology 26:239.

    Examples
    --------
    >>> chart = t_chart([12.0, 30.0, 8.0, 21.0, 15.0, 400.0], screen=False)
    >>> chart.value.shape, bool(chart.upper[0] > 400)
    ((6,), True)
    """
    return _chart(between, POWER, rules, segments, baseline_n, screen=True if screen is None else screen)


def _chart(
    between: ArrayLike,
    power: float,
    rules: str,
    segments: ArrayLike | None,
    baseline_n: int | None,
    screen: bool = False,
) -> RareEvents:
    """Both charts; a power of 1 is the G chart, and the rules look at the transformed scale of the T chart."""
    chosen = rule_set(rules)
    checked_baseline(baseline_n)
    rows, shape = rows_of(between, "between")
    rows[~(rows >= 0)] = np.nan
    opens = opens_of(segments, shape, len(rows))

    def work(block: slice) -> Parts:
        groups, y = groups_of(opens[block]), rows[block] ** (1 / power)
        used = used_for_limits(y, groups, baseline_n)
        tol, centre = tolerance(y, groups), groups.mean(y, used)
        if power == 1:
            middle, sigma = groups.median(y, used), np.sqrt(centre * (centre + 1))
        else:
            ranges = moving_range(y, used, groups)
            middle, sigma = centre, mean_range(ranges, y, groups, screen=screen, tol=tol) / D2
        places = {"lower": -3, "upper": 3, "near_lower": -2, "near_upper": 2}
        limits = {name: groups.spread(np.maximum(centre + at * sigma, 0.0)) for name, at in places.items()}
        limits["centre"] = groups.spread(middle)
        flags = apply_rules(y, limits, groups, groups.spread(tol), chosen)
        limits = {name: limit**power for name, limit in limits.items()}
        trial = groups.spread(np.asarray(groups.total(used) < chosen.trial_below))
        return {"value": rows[block], **limits, "trial": trial, **flags}

    return charted(RareEvents, work, rows, shape, chosen)
