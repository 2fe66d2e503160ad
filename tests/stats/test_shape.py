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


def test_what_remembers_is_named_better_when_that_is_known():
    """Noise of which much is that of the period before looks like small steps and drifts of its own."""
    rng = np.random.default_rng(11)
    noise = rng.normal(0, 6, (2, 500, 24))
    for t in range(1, 24):
        noise[..., t] = 0.7 * noise[..., t - 1] + np.sqrt(1 - 0.7**2) * noise[..., t]
    step, drift = np.where(np.arange(24) >= 19, 1.0, 0.0), np.maximum(np.arange(24) - 15, 0) / 8
    values = 50 * (1 + 0.6 * np.stack([step, drift])[:, None]) + noise
    named = {memory: form(values, frequency=4, memory=memory).form for memory in (0.0, 0.5)}
    wrong = {memory: (said[0] != "step").mean() + (said[1] != "drift").mean() for memory, said in named.items()}
    assert wrong[0.5] < 0.75 * wrong[0.0]


def test_a_memory_across_a_gap_starts_afresh():
    values = np.array([10.0] * 12 + [15.0] * 6)
    values[[3, 13]] = NAN
    answer = form(values, frequency=4, memory=0.5)
    assert (answer.form.tolist(), answer.begins.tolist()) == (["step"], [12])


def test_with_a_memory_the_squares_are_those_of_what_is_new():
    """By hand: a step from 0 to 1 seen exactly leaves nothing; an odd value of 1 among noughts is a spike."""
    assert form([0.0] * 10 + [1.0] * 4, frequency=4, memory=0.5).form.tolist() == ["step"]
    assert form([0.0] * 13 + [1.0], frequency=4, memory=0.5).form.tolist() == ["spike"]
    assert form([0.0] * 10 + [1.0, 2, 3, 4], frequency=4, memory=0.5).form.tolist() == ["drift"]


def test_no_frequency_no_form():
    with pytest.raises(ValueError, match=r"memory 1\.0"):
        form([1.0], frequency=4, memory=1.0)
    with pytest.raises(ValueError, match="frequency 0"):
        form([1.0], frequency=0)
