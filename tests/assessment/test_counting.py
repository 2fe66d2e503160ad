"""Counting the tests: how many were made, and how many flags chance alone would give."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.small import WORLD, assessed
from threatlib.assessment.counting import FALSE_DISCOVERY_RATE, comparisons, counting
from threatlib.assessment.evidence import Evidence

NONE = pd.DataFrame()


def said(ps: list[float], *, main: bool = True) -> Evidence:
    arrows = ["up" if p <= 0.05 else "level" for p in ps]
    table = pd.DataFrame({"p": ps, "alpha": 0.05, "arrow": arrows, "main": main, "check": "year_before"})
    for name in ("indicator", "agency", "area", "breakdown"):
        table[name] = ""
    return Evidence(NONE, NONE, table, NONE, NONE, NONE)


def test_chance_gives_the_sum_of_the_rates() -> None:
    whole, by_check = counting(comparisons(said([0.01] * 2 + [0.6] * 98)))
    assert (whole.comparisons, whole.raising, whole.flags) == (100, 100, 2)
    assert whole.expected_false_flags == pytest.approx(5)
    assert by_check["made"].sum() == 100


def test_flags_that_chance_would_give_do_not_survive_the_false_discovery_rate() -> None:
    chance, _ = counting(comparisons(said([0.04] * 5 + [0.6] * 95)))
    assert (chance.flags, chance.survive) == (5, 0)
    real, _ = counting(comparisons(said([0.0001] * 5 + [0.6] * 95)))
    assert (real.flags, real.survive) == (5, 5)
    assert real.false_discovery_rate == FALSE_DISCOVERY_RATE


def test_what_only_supports_raises_no_flag() -> None:
    whole, _ = counting(comparisons(said([0.01, 0.6], main=False)))
    assert (whole.comparisons, whole.raising, whole.flags, whole.expected_false_flags) == (2, 0, 0, 0)


def test_the_assessment_carries_the_count() -> None:
    made = assessed(*WORLD)
    assert made.tests_made == made.counting.comparisons == made.tables["comparisons"]["made"].sum()
    assert made.expected_false_flags == made.counting.expected_false_flags > 0
    empty, _ = counting(comparisons(Evidence(*[NONE] * 6)))
    assert (empty.comparisons, empty.expected_false_flags) == (0, 0)
