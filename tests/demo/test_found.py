"""A handful of regenerated demo partnerships: what is planted is found for what it is, and chance is not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from demo_truths import RIGHT, marks, release_of

SEEDS = (3, 4, 5)
"""Any will do; the two hundred are in benchmarks/demo_truths.py and docs/calibration/findings.md."""


pytestmark = pytest.mark.xdist_group("demo-found")


@pytest.fixture(scope="module")
def marked() -> list[dict[str, Any]]:
    found = []
    for seed in SEEDS:
        truths, release, definitions = release_of(seed, None)
        found += [row | {"seed": seed} for row in marks(release, definitions, truths)]
    return found


def test_every_planted_truth_is_found_for_what_it_is(marked: list[dict[str, Any]]) -> None:
    planted = [row for row in marked if row["kind"] != "none"]
    assert len(planted) == 6 * len(SEEDS)
    assert [(row["seed"], row["truth"], row["as"]) for row in planted if row["as"] not in RIGHT[row["kind"]]] == []


def test_nothing_is_found_where_nothing_happens_but_what_chance_gives(marked: list[dict[str, Any]]) -> None:
    control = [row for row in marked if row["kind"] == "none"]
    assert sum(row["flags"] for row in control) <= sum(row["chance"] for row in control)
    assert all(row["tests"] for row in control)
