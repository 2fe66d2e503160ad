"""What the doubts about sent figures are made with: series in their order, and the words of a doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.returns.problems import Problem

_CHECK = "Look at the figures again; if they are right, leave them as they are."


def codes(table: pd.DataFrame, names: Sequence[str]) -> NDArray[np.int64]:
    """A number for each distinct combination of some columns: quicker to compare than the text."""
    codes = np.zeros(len(table), dtype=np.int64)
    for name in names:
        more, distinct = pd.factorize(table[name])
        codes = pd.factorize(codes * (len(distinct) + 1) + more)[0].astype(np.int64)
    return codes


def doubt(row: Mapping[Any, Any], column: str, found: str, wanted: str, todo: str = _CHECK) -> Problem:
    return Problem(row["file"], row["sheet"], int(row["row"]), column, found, wanted, todo, doubt=True)


def rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def in_order(now: pd.DataFrame, chosen: pd.Series) -> NDArray[np.int64]:
    """Places of the chosen rows, series after series, each from its oldest figure to its newest."""
    places = np.flatnonzero(chosen)
    return places[np.lexsort((now["end"].to_numpy()[places], now["series"].to_numpy()[places]))]


def shifted(value: NDArray[np.float64], series: NDArray[np.int64], steps: int) -> NDArray[np.float64]:
    """The value so many places earlier in the same series; NaN where there is none. Series lie together, in order."""
    found = np.full(len(value), np.nan)
    if len(value) > steps:
        found[steps:] = np.where(series[steps:] == series[:-steps], value[:-steps], np.nan)
    return found
