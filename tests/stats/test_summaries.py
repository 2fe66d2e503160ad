from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rates_vectors import Table, assert_close

from threatlib.stats.summaries import mean, quantile_group

pytestmark = pytest.mark.filterwarnings("error")
NAN = np.nan


def test_a_mean_by_hand():
    # sd 1, n 3: t(2) at 97.5% is 4.302653
    answer = mean([1, 2, 3])
    assert_close([answer.value, answer.lower], [2, 2 - 4.302652729911275 / np.sqrt(3)])


def test_means_of_the_reference():
    samples, table = Table("mean_inputs"), Table("phe_mean")
    groups, values = samples.text("group"), samples["value"]
    for row, level in zip(table.rows, table.levels(), strict=True):
        answer = mean(values[groups == row["group"]], confidence=level)
        wanted = [float(row[c]) if row[c] not in ("", "NA") else NAN for c in ("value", "lowercl", "uppercl")]
        assert_close([answer.value, answer.lower, answer.upper], wanted)


def test_means_of_little():
    assert float(mean([5]).value) == 5
    assert np.isnan([mean([5]).lower, mean([]).value, mean([1, NAN]).value, mean([1, np.inf]).upper]).all()
    assert_close([mean([4, 4, 4]).lower, mean([4, 4, 4]).upper], [4, 4])
    assert mean(np.zeros((2, 0))).value.shape == (2,)
    assert mean(np.ones((2, 3))).value.shape == (2,)
    with pytest.raises(ValueError, match="above 0 and below 1"):
        mean([1, 2], confidence=0)


def test_groups_of_the_reference():
    table = Table("phe_quantile")
    keys = [f"{row['set']}/{row['nquantiles']}/{row['invert']}" for row in table.rows]
    for key in set(keys):
        part = table.where(np.array(keys) == key)
        invert = part.rows[0]["invert"] == "TRUE"
        assert_close(quantile_group(part["value"], int(part["nquantiles"][0]), invert=invert), part["quantile"])


def test_groups_by_hand():
    assert quantile_group([30, 10, 20, 40], 2).tolist() == [2, 1, 1, 2]
    assert quantile_group([30, 10, 20, 40], 2, invert=True).tolist() == [1, 2, 2, 1]
    assert np.isnan(quantile_group([1, 2, NAN], 3)).all()
    assert quantile_group([], 4).shape == (0,)
    with pytest.raises(ValueError, match="groups 0"):
        quantile_group([1], 0)


@given(
    st.lists(st.one_of(st.integers(-9, 9).map(float), st.sampled_from([NAN, np.inf])), max_size=20), st.integers(1, 6)
)
def test_groups_rise_with_the_values(values, groups):
    values = np.array(values)
    group = quantile_group(values, groups)
    known = np.isfinite(group)
    assert not known.any() or (np.isfinite(values) == known).all()
    order = np.argsort(values[known], kind="stable")
    assert (np.diff(group[known][order]) >= 0).all()
    assert ((group[known] >= 1) & (group[known] <= groups)).all()
