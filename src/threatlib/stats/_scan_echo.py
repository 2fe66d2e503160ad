"""A season too sharp for harmonics: a month that has been odd, and odd the same way, in every year seen.

Schools refer next to nothing in August. Two harmonics cannot follow that, so the fit takes each August for an oddity;
the next one is then no news. Arrays are batch-last and time runs backwards, as in the model.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_ODD = 2.0  # residual, in s.d., that every year must have had
_YEARS = 2  # years it takes: one alone may have been an outbreak
_UNSTEADY = 0.02  # variance of the log ratio from year to year


class Echo(NamedTuple):
    """For each place in the year, counted backwards from the cut: log ratio to the fit, and its variance; else 0."""

    shift: FloatArray
    variance: FloatArray


def echo(y: FloatArray, mu: FloatArray, residual: FloatArray, present: FloatArray, phi: FloatArray, freq: int) -> Echo:
    """Which places of the year were odd in every year of each past, all to one side.

    Parameters
    ----------
    y, mu, residual, present : (lags, batch)
        Counts, fitted means, standardised residuals, and 1 where a count is known (less in a declared shock).
    phi : (batch,)
        Dispersion.
    freq : int
        Periods a year.
    """
    lags, batch = y.shape
    years = -(-lags // freq)
    if years < _YEARS:
        return Echo(np.zeros((freq, batch)), np.zeros((freq, batch)))
    known = present > 0.5

    def by_place(values: FloatArray, fill: float) -> FloatArray:
        out = np.full((years * freq, batch), fill)
        out[:lags] = np.where(known, values, fill)
        return out.reshape(years, freq, batch)

    seen = by_place(np.ones_like(y), 0.0).sum(0) >= _YEARS
    odd = (by_place(residual, np.inf).min(0) > _ODD) | (by_place(residual, -np.inf).max(0) < -_ODD)
    there = seen & odd
    if not there.any():
        return Echo(np.zeros((freq, batch)), np.zeros((freq, batch)))
    had, due = by_place(y, 0.0).sum(0) + 0.5, by_place(mu, 0.0).sum(0) + 0.5
    return Echo(np.where(there, np.log(had / due), 0.0), np.where(there, phi / had + _UNSTEADY, 0.0))
