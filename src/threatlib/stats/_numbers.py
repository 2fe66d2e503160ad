"""What comes in, as floats: the one place where something that is no number is refused and what is missing is NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from threatlib.stats._outcome import FloatArray

_NO_NUMBERS = {"U": "text", "S": "bytes", "M": "dates", "m": "durations", "c": "complex numbers", "V": "records"}


def floats(values: ArrayLike, name: str = "values") -> FloatArray:
    """Numbers of any kind (True is 1) as float64; None, a masked value and a data frame's NA are NaN.

    Raises
    ------
    ValueError
        For text (digits, too: whoever reads a file decides what they mean), dates, complex numbers and ragged lists.
    """
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
    given = np.asarray(values)
    if given.dtype.kind in _NO_NUMBERS:
        raise ValueError(f"{name}: found {_NO_NUMBERS[given.dtype.kind]}, wanted numbers, NaN where missing")
    if given.dtype.kind == "O":
        return np.array([_number(value, name) for value in given.ravel()], dtype=np.float64).reshape(given.shape)
    return np.asarray(given, dtype=np.float64)


def _number(value: Any, name: str) -> float:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return np.nan
    if isinstance(value, str | bytes | complex | list | tuple | np.ndarray) or not hasattr(value, "__float__"):
        raise ValueError(f"{name}: found {value!r}, wanted numbers, NaN where missing")
    return float(value)
