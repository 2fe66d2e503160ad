from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from threatlib.errors import NotEnoughPoints
from threatlib.stats._outcome import FloatArray, IntArray, Outcome


@dataclass(frozen=True, slots=True)
class Example(Outcome):
    value: FloatArray
    n: IntArray
    needed: int = 12


def test_a_panel_says_which_series_fell_short_and_by_how_much():
    result = Example(np.zeros((2, 2)), n=np.array([[9, 12], [40, 0]]))
    assert result.enough.tolist() == [[False, True], [True, False]]
    assert result.shortfall().tolist() == [[NotEnoughPoints(9, 12), None], [None, NotEnoughPoints(0, 12)]]
    assert str(result.shortfall()[0, 0]) == "9 of 12 points needed"


def test_a_single_series_gives_a_single_answer():
    result = Example(np.zeros(()), n=np.array(11))
    assert result.enough.shape == ()
    assert not result.enough
    assert result.shortfall()[()] == NotEnoughPoints(11, 12)
    assert Example(np.zeros(()), n=np.array(12)).shortfall()[()] is None


def test_no_series_at_all():
    result = Example(np.zeros(0), n=np.zeros(0, dtype=np.int64))
    assert result.enough.shape == (0,)
    assert result.shortfall().shape == (0,)
