"""Which control chart a series may be drawn on, and why not another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from threatlib.stats._chart_panel import TRIAL_BELOW, rows_of
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome, TextArray

MIN_MEAN = 2.0
"""Events a period below which charts of periods are refused (docs/calibration/charts_and_trends.md shows why)."""

Kind: TypeAlias = Literal["count", "proportion", "level"]


@dataclass(frozen=True, slots=True)
class ChartChoice(Outcome):
    """The chart of each series: arrays of the input's leading shape.

    Attributes
    ----------
    chart : str array
        "xmr", "u", "p", "g" or "none".
    reason : str array
        Why that one.
    mean : float array
        Events a period (of a proportion: of the rarer outcome; of a level: its mean).
    n, needed : as in every outcome
        Below `needed` points the limits of any chart are trial limits.
    """

    chart: TextArray
    reason: TextArray
    mean: FloatArray
    n: IntArray
    needed: int = TRIAL_BELOW


_REASONS = {
    "short": ("none", "fewer than 2 points: nothing varies yet"),
    "empty": (
        "none",
        "no event in any period: no chart can tell nothing happening from nothing recorded; test the absence",
    ),
    "rare": (
        "g",
        f"fewer than {MIN_MEAN:g} events a period: XmR and U limits cry wolf; chart what lies between events, "
        "or add periods together",
    ),
    "level": ("xmr", "a measurement, one a period"),
    "count": ("xmr", f"at least {MIN_MEAN:g} events a period, nothing to divide by"),
    "rate": ("u", f"at least {MIN_MEAN:g} events a period over a changing exposure"),
    "proportion": ("p", f"at least {MIN_MEAN:g} a period of either outcome"),
}


def choose_chart(values: ArrayLike, denominator: ArrayLike | None = None, *, kind: Kind = "count") -> ChartChoice:
    """Choose the control chart of every series, refusing the XmR chart where events are few.

    Parameters
    ----------
    values : array_like, shape (..., periods)
        Counts; for "proportion" the cases out of `denominator`; for "level" any measurement.
    denominator : array_like, optional
        Exposure of a count (people, days), or the total of a proportion. It broadcasts with the values.
    kind : {"count", "proportion", "level"}
        What the values are. A rate or a percentage whose count is known is better charted from that count.

    Returns
    -------
    ChartChoice
        "none" where fewer than two periods are usable, or no event was counted in any. Periods with a missing or
        infinite value, a negative count, a denominator not above 0, or more cases than the total are left out.

    Raises
    ------
    ValueError
        If the kind is not one of the three, a proportion has no denominator, or shapes do not fit.

    Notes
    -----
    "g" where the mean is below 2 events a period (of a proportion: of the rarer outcome). Otherwise "p" for a
    proportion, "u" for a count with a denominator, "xmr" for a count without one. A season or a trend spoils all of
    these charts alike; nothing here looks for one.

    Examples
    --------
    >>> choose_chart([[0, 1, 0, 0, 2, 0], [14, 11, 17, 9, 13, 12]]).chart.tolist()
    ['g', 'xmr']
    """
    if kind not in ("count", "proportion", "level"):
        raise ValueError(f"kind {kind!r}: wanted 'count', 'proportion' or 'level'")
    if kind == "proportion" and denominator is None:
        raise ValueError("kind 'proportion': found no denominator, wanted the total of each period")
    given = floats(values)
    below = floats(np.inf if denominator is None else denominator, "denominator")
    try:
        below = np.broadcast_to(below, np.broadcast_shapes(given.shape, below.shape))
    except ValueError:
        raise ValueError(f"denominator: found shape {below.shape}, wanted that of values, {given.shape}") from None
    x, shape = rows_of(np.broadcast_to(given, below.shape))
    m = below.reshape(x.shape)
    usable = np.isfinite(x)
    if kind != "level":
        usable &= (x >= 0) & (m > 0) & ((x <= m) | (kind == "count"))
    if denominator is not None:
        usable &= np.isfinite(m)
    mean = _rarer(x, m, usable) if kind == "proportion" else _mean(x, usable)
    n = usable.sum(axis=-1, dtype=np.int64)
    why = np.full(n.shape, "rate" if kind == "count" and denominator is not None else kind, dtype="<U10")
    if kind != "level":
        why[mean < MIN_MEAN] = "rare"
        why[_mean(x, usable) == 0] = "empty"
    why[n < 2] = "short"
    names, place = np.unique(why, return_inverse=True)
    chart, reason = (np.array([_REASONS[name][part] for name in names], dtype=np.str_) for part in (0, 1))
    lead = shape[:-1]
    return ChartChoice(chart[place].reshape(lead), reason[place].reshape(lead), mean.reshape(lead), n.reshape(lead))


def _mean(x: FloatArray, usable: BoolArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(usable, x, 0.0).sum(axis=-1) / usable.sum(axis=-1))


def _rarer(x: FloatArray, m: FloatArray, usable: BoolArray) -> FloatArray:
    """Mean of cases or of the rest, whichever is smaller."""
    rest = np.subtract(m, x, out=np.zeros(x.shape), where=usable)
    return np.fmin(_mean(x, usable), _mean(rest, usable))
