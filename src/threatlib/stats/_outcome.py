"""Too few points is an outcome with numbers in it: what every result that can fall short carries."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from threatlib.errors import NotEnoughPoints

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
TextArray: TypeAlias = NDArray[np.str_]


class Outcome:
    """Mixin for a frozen result that may have had too few points for some of its series.

    Attributes
    ----------
    n : int array
        Points used, one entry a series: the leading shape of the input (0-d for a single series).
    needed : int
        The smallest number of points the method accepts.

    Notes
    -----
    A result class lists `n` and `needed` among its own fields (last, so that the contract's order holds):

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, slots=True)
    ... class Slope(Outcome):
    ...     slope: FloatArray
    ...     n: IntArray
    ...     needed: int = 4
    >>> str(Slope(np.array([np.nan, 0.5]), n=np.array([3, 9])).shortfall()[0])
    '3 of 4 points needed'
    """

    __slots__ = ()
    n: IntArray
    needed: int

    @property
    def enough(self) -> BoolArray:
        """True where the method had the points it needs, one entry a series."""
        return np.asarray(np.asarray(self.n) >= self.needed)

    def shortfall(self) -> NDArray[np.object_]:
        """Object array shaped like `n`: a `NotEnoughPoints` where the points fell short, None elsewhere."""
        found = np.asarray(self.n)
        short = np.full(found.shape, None, dtype=object)
        for where in zip(*np.nonzero(np.atleast_1d(found < self.needed)), strict=True):
            np.atleast_1d(short)[where] = NotEnoughPoints(int(np.atleast_1d(found)[where]), self.needed)
        return short
