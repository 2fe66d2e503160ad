"""The yardstick's bands, and our rule for the gaps between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatlib.assessment.phia import YARDSTICK, term

TABLE = [
    (0.0, "remote chance"), (0.05, "remote chance"), (0.051, "highly unlikely"), (0.099, "highly unlikely"),
    (0.10, "highly unlikely"), (0.20, "highly unlikely"), (0.201, "unlikely"), (0.25, "unlikely"), (0.35, "unlikely"),
    (0.351, "realistic possibility"), (0.40, "realistic possibility"), (0.50, "realistic possibility"),
    (0.501, "realistic possibility"), (0.549, "realistic possibility"), (0.55, "likely"), (0.75, "likely"),
    (0.751, "likely"), (0.799, "likely"), (0.80, "highly likely"), (0.90, "highly likely"), (0.949, "highly likely"),
    (0.95, "almost certain"), (1.0, "almost certain"),
]  # fmt: skip


@pytest.mark.parametrize(("probability", "word"), TABLE)
def test_every_boundary_and_every_gap(probability: float, word: str) -> None:
    assert term(probability) == word


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_greater_probability_never_has_a_weaker_word(one: float, two: float) -> None:
    words = [word for _, _, word in YARDSTICK]
    low, high = sorted((one, two))
    assert words.index(term(low)) <= words.index(term(high))


@pytest.mark.parametrize("outside", [-0.01, 1.01, float("nan")])
def test_outside_nought_to_one_there_is_no_word(outside: float) -> None:
    with pytest.raises(ValueError, match="wanted a probability from 0 to 1"):
        term(outside)
