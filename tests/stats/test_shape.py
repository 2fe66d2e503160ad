from __future__ import annotations

import numpy as np
import pytest

from threatlib.stats.shape import FEWEST, form

pytestmark = pytest.mark.filterwarnings("error")
NAN = np.nan


def test_hand_made_forms():
    flat = [10.0] * 12
    step, drift, spike = flat + [15.0] * 5, [*flat, 11.0, 12, 13, 14, 15], [*flat, 10.0, 10, 10, 10, 18]
    answer = form([step, drift, spike], frequency=4)
    assert answer.form.tolist() == ["step", "drift", "spike"]
    assert answer.begins.tolist() == [12, 12, 16]


def test_a_fall_has_the_same_forms():
    assert form([20.0] * 12 + [5.0] * 4, frequency=4).form.tolist() == ["step"]
    assert form([20.0] * 12 + [17, 14, 11, 8, 5.0], frequency=4).form.tolist() == ["drift"]


def test_a_season_is_not_taken_for_a_change():
    season = np.tile([10.0, 20, 30, 20], 6)
    late = season + np.where(np.arange(24) >= 18, 12.0, 0.0)
    answer = form(late, frequency=4)
    assert answer.form.tolist() == ["step"]
    assert answer.begins.tolist() == [18]


def test_too_few_values_say_nothing():
    answer = form([1.0] * (FEWEST - 1), frequency=4)
    assert answer.form.tolist() == [""]
    assert not answer.enough.any()
    assert form([NAN] * 30, frequency=4).form.tolist() == [""]


def test_missing_values_are_passed_over():
    values = np.array([10.0] * 12 + [15.0] * 6)
    values[[3, 13]] = NAN
    assert form(values, frequency=4).form.tolist() == ["step"]


@pytest.mark.parametrize("kind", ["step", "drift"])
def test_planted_forms_in_noise(kind):
    rng = np.random.default_rng(7)
    added = np.where(np.arange(24) >= 16, 1.0, 0.0) if kind == "step" else np.maximum(np.arange(24) - 15, 0) / 8
    values = 50 * (1 + 0.6 * added) + rng.normal(0, 4, (500, 24))
    assert np.mean(form(values, frequency=4).form == kind) > 0.9


def test_no_frequency_no_form():
    with pytest.raises(ValueError, match="frequency 0"):
        form([1.0], frequency=0)
