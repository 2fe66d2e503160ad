"""Did it go up (or down) in a step, has it drifted, or is it one odd value?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome, TextArray

YEARS_BACK = 3
"""Within so many years of the end a change is looked for."""
FEWEST = 8
"""Values before the change, and in all, without which nothing is said."""
FORMS = ("step", "drift", "spike")
SHORTEST = {"step": 2, "drift": 4}
"""Fewest periods since a step or a drift began."""


@dataclass(frozen=True, slots=True)
class Shape(Outcome):
    """The form that fits best, one entry a series.

    `form` is ``step``, ``drift`` or ``spike`` (empty: cannot say); `begins` the index of the first period after the
    change; `margin` how many times the second-best form's squares exceed the best one's.
    """

    form: TextArray
    begins: IntArray
    margin: FloatArray
    n: IntArray
    needed: int


def form(values: ArrayLike, *, frequency: int, memory: float = 0.0) -> Shape:
    """What a series that has moved looks like.

    Parameters
    ----------
    values : array_like, shape (..., periods)
        Counts, shares or levels up to the period of the verdict; NaN is missing, and should stand where a shock or
        another recording would be taken for the change.
    frequency : int
        Periods a year.
    memory : float, 0 to below 1
        Correlation of one period's chance with the next one's: none for events, some for stocks and staff, most of
        which are those of the period before.

    Returns
    -------
    Shape
        Shaped like the leading axes; a single series is a panel of one. No form below `needed` values.

    Raises
    ------
    ValueError
        If `frequency` is below 1, or `memory` not from 0 to below 1.

    Notes
    -----
    Least squares of a constant and of what is added to it: another constant (step) or a line (drift), each from its
    best beginning within the last three years, or the last value alone (spike). The smallest sum of squares decides;
    a drift adds as much each period. With a memory r the squares are of y_t - r y_(t-1), each form treated alike,
    and of sqrt(1 - r^2) y_t where the period before is missing (Prais and Winsten's generalised least squares). The
    seasonal means of earlier years are taken away first, drawn towards none by as much as they are chance.
    """
    if frequency < 1:
        raise ValueError(f"frequency {frequency}: wanted 1 or more, such as 4.")
    if not 0 <= memory < 1:
        raise ValueError(f"memory {memory}: wanted 0 to below 1, such as 0.5.")
    given = np.atleast_2d(floats(values))
    shape, periods = given.shape[:-1], given.shape[-1]
    given = given.reshape(int(np.prod(shape)), periods) if periods else np.full((int(np.prod(shape)), 1), np.nan)
    y = np.where(np.isfinite(given), given, np.nan)
    periods = y.shape[-1]
    first = max(periods - YEARS_BACK * frequency, 1)
    y = y - _season(y, first, frequency)
    n = np.isfinite(y).sum(axis=-1)
    step, step_at = _best(y, first, memory, ramp=False)
    drift, drift_at = _best(y, first, memory, ramp=True)
    last = np.arange(periods) == periods - 1
    spike = np.where(np.isfinite(y[:, -1]), _squares(y, last.astype(float), memory), np.nan)
    squares = np.stack([step, drift, np.where(np.isfinite(spike), spike, np.inf)], axis=-1)
    begins = np.stack([step_at, drift_at, np.full(len(y), periods - 1)], axis=-1)
    ready = (n >= FEWEST) & np.isfinite(step) & np.isfinite(drift)
    order = np.argsort(squares, axis=-1, kind="stable")
    ranked, best = np.take_along_axis(squares, order, axis=-1), order[:, :1]
    found = np.where(ready, np.array(FORMS)[best[:, 0]], "")
    margin = np.where(ready, ranked[:, 1] / ranked[:, 0], np.nan)
    at = np.where(ready, np.take_along_axis(begins, best, axis=-1)[:, 0], -1)
    return Shape(found.reshape(shape), at.reshape(shape), margin.reshape(shape), n.reshape(shape), FEWEST)


def _season(y: FloatArray, first: int, frequency: int) -> FloatArray:
    """Means of each season of the years before `first` about their mean, drawn towards none."""
    past = np.where(np.arange(y.shape[-1]) < first, y, np.nan)
    seasons = np.arange(y.shape[-1]) % frequency
    means = np.stack([_mean(past[:, seasons == s]) for s in range(frequency)], axis=-1)
    count = np.stack([np.isfinite(past[:, seasons == s]).sum(axis=-1) for s in range(frequency)], axis=-1)
    lean = means - _mean(means)[:, None]
    left = past - np.take(means, seasons, axis=-1)
    spare = np.maximum(np.isfinite(left).sum(axis=-1) - frequency, 1)
    noise = np.nansum(left**2, axis=-1) / spare / np.maximum(count.min(axis=-1), 1)
    size = _mean(lean**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        trust = np.nan_to_num(np.clip(1 - noise / size, 0, 1))
    trust = np.where((count >= 2).all(axis=-1), trust, 0.0)
    return np.take(np.nan_to_num(lean * trust[:, None]), seasons, axis=-1)


def _mean(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    return np.asarray(
        np.where(known, values, 0).sum(axis=-1) / np.where(known.any(axis=-1), known.sum(axis=-1), np.nan)
    )


def _best(y: FloatArray, first: int, memory: float, *, ramp: bool) -> tuple[FloatArray, IntArray]:
    """Least sum of squares about one form over its beginnings, and the beginning it is found at."""
    periods = y.shape[-1]
    shortest = SHORTEST["drift" if ramp else "step"]
    begins = np.arange(first, max(periods - shortest + 1, first))
    if not len(begins):
        return np.full(len(y), np.nan), np.full(len(y), -1)
    since = np.arange(periods) - begins[:, None] + 1.0
    added = np.where(since > 0, since if ramp else 1.0, 0.0)
    squares = np.stack([_squares(y, part, memory) for part in added], axis=-1)
    at = np.argmin(np.where(np.isfinite(squares), squares, np.inf), axis=-1)
    return np.take_along_axis(squares, at[:, None], axis=-1)[:, 0], begins[at]


def _squares(y: FloatArray, added: FloatArray, memory: float) -> FloatArray:
    """Sum of squares that a constant and a multiple of what is added leave."""
    known = np.isfinite(y)
    level, x, v = (_innovations(part, known, memory) for part in (np.ones_like(y), np.broadcast_to(added, y.shape), y))
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = level / (level * level).sum(axis=-1, keepdims=True)
        x, v = (part - level * (weight * part).sum(axis=-1, keepdims=True) for part in (x, v))
        total = (x * x).sum(axis=-1)
        left = (v * v).sum(axis=-1) - (x * v).sum(axis=-1) ** 2 / total
    return np.where(total > 1e-9, np.maximum(left, 1e-12), np.nan)


def _innovations(values: FloatArray, known: BoolArray, memory: float) -> FloatArray:
    """What each period adds to what is remembered of the one before; 0 where there is no figure."""
    there = np.where(known, values, 0.0)
    before = np.concatenate([np.zeros_like(there[:, :1]), there[:, :-1]], axis=-1)
    follows = np.concatenate([np.zeros_like(known[:, :1]), known[:, :-1]], axis=-1)
    return np.where(follows, there - memory * before, np.sqrt(1 - memory**2) * there) * known
