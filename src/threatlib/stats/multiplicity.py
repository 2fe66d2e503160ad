"""Many tests at once: p-values adjusted for it, and the flags chance alone would give."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from threatlib.stats._numbers import floats
from threatlib.stats._outcome import FloatArray


def benjamini_hochberg(p: ArrayLike, *, axis: int | None = None) -> FloatArray:
    """Adjusted p-values: flag those at or below q, and on average no more than a share q of the flags is chance.

    Parameters
    ----------
    p : array_like
        p-values, 0 to 1. NaN is a test that was not made: it stays NaN and is not counted.
    axis : int, optional
        The axis along which tests belong to one family; all of the array is one family if left out.

    Returns
    -------
    array
        Shaped like `p`, 0 to 1, never below p. An empty array gives an empty array.

    Raises
    ------
    ValueError
        If a p-value is below 0 or above 1.

    Notes
    -----
    ``min over j >= i of p_(j) m / j`` with p sorted ascending and m the tests made. It needs p-values that are honest
    or cautious, and holds for tests that are independent or rise together.

    References
    ----------
    Benjamini Y, Hochberg Y (1995) JRSS B 57:289.
    """
    values = _checked(p)
    if axis is None:
        return benjamini_hochberg(values.ravel(), axis=0).reshape(values.shape)
    family = np.moveaxis(values, axis, -1)
    order = np.argsort(family, axis=-1)  # NaN last
    ranked = np.take_along_axis(family, order, axis=-1)
    made = np.isfinite(family).sum(axis=-1, keepdims=True)
    scaled = ranked * made / np.arange(1, family.shape[-1] + 1)
    running = np.minimum.accumulate(np.where(np.isnan(scaled), 1.0, scaled)[..., ::-1], axis=-1)[..., ::-1]
    adjusted = np.empty_like(family)
    np.put_along_axis(adjusted, order, np.where(np.isnan(ranked), np.nan, np.minimum(running, 1.0)), axis=-1)
    return np.moveaxis(adjusted, -1, axis)


def expected_false_flags(
    p_or_rates: ArrayLike, *, alpha: float | None = None, axis: int | None = None
) -> float | FloatArray:
    """How many flags chance alone would give if nothing whatever had happened.

    Parameters
    ----------
    p_or_rates : array_like
        The false-alarm rate of each test made, 0 to 1; or, with `alpha`, the p-values the tests gave. NaN is a test
        that was not made.
    alpha : float, optional
        The level at or below which a p-value is flagged.
    axis : int, optional
        Axis to add along; all of the array if left out.

    Returns
    -------
    float or array
        The sum of the rates, or `alpha` times the tests made. 0 where no test was made.

    Raises
    ------
    ValueError
        If a value or `alpha` is below 0 or above 1.

    Notes
    -----
    An expectation needs no independence between tests. With discrete data a p-value's rate is at most `alpha`, so
    the answer is then a ceiling.
    """
    values = _checked(p_or_rates)
    if alpha is not None:
        values = np.where(np.isnan(values), np.nan, float(_checked(alpha)))
    total = np.nansum(values, axis=axis)
    return float(total) if axis is None else np.asarray(total, dtype=np.float64)


def _checked(values: ArrayLike) -> FloatArray:
    found = floats(values)
    outside = (found < 0) | (found > 1)
    if outside.any():
        raise ValueError(f"found {found[outside].flat[0]!r} among probabilities: wanted 0 to 1, or NaN for none.")
    return found
