from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rates_vectors import Table, assert_close

from threatlib.stats.standardised import directly_standardised, indirectly_standardised

pytestmark = pytest.mark.filterwarnings("error")
AREAS = Table("std_inputs")
NAN = np.nan


def of_area(table, area):
    part = table.where(table.text("area") == area)
    return part["x"], part["n"], part["stdpop"]


def test_by_hand():
    # 10 of 1,000 and 40 of 1,000 under a standard of 3 to 1: (3 x 0.01 + 1 x 0.04) / 4
    answer = directly_standardised([10, 40], [1_000, 1_000], [3, 1], per=1_000)
    assert float(answer.value) == pytest.approx(17.5)
    assert answer.lower < answer.value < answer.upper
    assert_close(indirectly_standardised(12, 10, reference=100).value, 120)


def test_direct_rates_of_the_reference():
    table = Table("dsr")
    for row, level, per in zip(table.rows, table.levels(), table.text("statistic"), strict=True):
        answer = directly_standardised(*of_area(AREAS, row["area"]), per=float(per.split()[-1]), confidence=level)
        wanted = [float(row[name]) if row[name] not in ("", "NA") else NAN for name in ("value", "lowercl", "uppercl")]
        assert_close([answer.value, answer.lower, answer.upper], wanted)


def test_two_levels_of_the_reference():
    for row in Table("dsr_two_levels").rows:
        for level, name in ((0.95, "95_0"), (0.998, "99_8")):
            answer = directly_standardised(*of_area(AREAS, row["area"]), confidence=level)
            wanted = [
                float(row[f"{end}{name}cl"]) if row["value"] not in ("", "NA") else NAN for end in ("lower", "upper")
            ]
            assert_close([answer.lower, answer.upper], wanted)


def test_events_that_come_several_to_a_person_of_the_reference():
    inputs = Table("nonindep_inputs")
    for row in Table("dsr_nonindependent").rows:
        part = inputs.where(inputs.text("area") == row["area"])
        bands, first, band = np.unique(part.text("ageband"), return_index=True, return_inverse=True)
        events, squares = (np.bincount(band, part["eventfreq"] ** k * part["x"]) for k in (1, 2))
        answer = directly_standardised(events, part["n"][first], part["stdpop"][first], variance_count=squares)
        assert len(bands) > 1
        assert_close(
            [answer.value, answer.lower, answer.upper], [float(row[c]) for c in ("value", "lowercl", "uppercl")]
        )


@pytest.mark.parametrize("name", ["isr_rate", "isr_ratio"])
def test_indirect_rates_of_the_reference(name):
    table = Table(name)
    reference = table["ref_rate"] if name == "isr_rate" else 100
    for level, label in ((0.95, "95_0"), (0.998, "99_8")):
        answer = indirectly_standardised(table["observed"], table["expected"], reference=reference, confidence=level)
        assert_close(answer.value, table["value"])
        assert_close(answer.lower, table[f"lower{label}cl"])
        assert_close(answer.upper, table[f"upper{label}cl"])


def test_nine_events_are_too_few_and_ten_are_not():
    for events, missing in ((9, True), (10, False)):
        answer = directly_standardised([events, NAN], [100, 100], [1, 1])
        assert np.isnan([answer.value, answer.lower, answer.upper]).all() == missing


anything = st.one_of(st.integers(0, 200).map(float), st.sampled_from([NAN, np.inf, -1.0, 0.0]))


@given(st.lists(st.tuples(anything, anything, anything), max_size=5))
def test_any_input_gives_a_rate_or_none(bands):
    x, n, w = np.array(bands, dtype=float).reshape(-1, 3).T
    direct = directly_standardised(x, n, w)
    parts = np.array([direct.lower, direct.value, direct.upper])
    assert np.isnan(parts).all() or (np.diff(parts) >= 0).all()
    indirect = indirectly_standardised(x, n)
    assert (np.isnan(indirect.value) == np.isnan(indirect.lower)).all()
    with pytest.raises(ValueError, match="above 0 and below 1"):
        directly_standardised(x, n, w, confidence=1)
