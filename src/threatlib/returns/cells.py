"""Numbers as people write them: a value, or a status with the interval it implies, by a declared table."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

SHORTHAND: dict[str, tuple[str, float, float]] = {
    "": ("not_returned", np.nan, np.nan),
    "c": ("suppressed_by_source", 1, 5),
    "[c]": ("suppressed_by_source", 1, 5),
    "*": ("suppressed_by_source", 0, 7),
    "x": ("not_collected", np.nan, np.nan),
    "[x]": ("not_collected", np.nan, np.nan),
    "..": ("not_collected", np.nan, np.nan),
    "z": ("not_applicable", np.nan, np.nan),
    "[z]": ("not_applicable", np.nan, np.nan),
    "-": ("not_applicable", np.nan, np.nan),
    "n/a": ("not_applicable", np.nan, np.nan),
    "n/k": ("not_returned", np.nan, np.nan),
}
"""What people write where a number should stand: its status and the interval it implies. ``*`` is used by publishers
whose rules differ (below 5 with zero, 1 to 7), so its interval is the widest of them."""

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?\s*%?")
_BELOW = re.compile(r"<\s*(\d+)")


def numbers(text: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series, pd.Series]:
    """Values, statuses, known intervals, and which cells are neither a number nor a shorthand."""
    distinct = {cell: _number(cell) for cell in set(text)}
    parts = [distinct[cell] for cell in text]
    frame = pd.DataFrame(parts, index=text.index, columns=["value", "status", "lower", "upper", "bad"])
    return (
        frame["value"].astype("float64"),
        frame["status"].astype("str"),
        frame["lower"].astype("float64"),
        frame["upper"].astype("float64"),
        frame["bad"].astype("bool"),
    )


def _number(cell: str) -> tuple[float, str, float, float, bool]:
    plain = cell.strip().lower()
    if plain in SHORTHAND:
        status, low, high = SHORTHAND[plain]
        return np.nan, status, low, high, False
    below = _BELOW.fullmatch(plain)
    if below:
        return np.nan, "suppressed_by_source", 0.0, float(below[1]) - 1, False
    if _NUMBER.fullmatch(plain):
        number = float(plain.rstrip("% ").replace(",", ""))
        return number, "reported", number, number, False
    return np.nan, "", np.nan, np.nan, True
