"""Every public function, whatever comes in: an outcome and no warning, and a panel is its series.

What the outcome is stands in each function's own tests; here no function can be forgotten.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import threatlib.stats
from threatlib.stats import (
    absence,
    attribute_charts,
    chart_choice,
    comparison,
    contrasts,
    multiplicity,
    outlook,
    rare_events,
    rates,
    recent,
    run_charts,
    shape,
    spc,
    standardised,
    summaries,
    surveillance,
    together,
    trends,
)

pytestmark = pytest.mark.filterwarnings("error")

Call = Callable[[np.ndarray, np.ndarray], Any]
WITH_OWN_TESTS = {"scan"}
FARRINGTON = {"frequency": 4, "b": 2, "w": 0, "n_periods": 4, "past_not_included": 1}


def with_history(x: np.ndarray, n: np.ndarray) -> outlook.Outlook:
    """The first half of a year and three years before it, all alike."""
    past = np.stack([n] * 3, axis=-2) if n.shape[-1] else None
    return outlook.year_end(x[..., : x.shape[-1] // 2], periods_in_year=max(n.shape[-1], 1), history=past)


def shares(x: np.ndarray) -> np.ndarray:
    """Probabilities as they are; what is none is missing."""
    return np.where((x >= 0) & (x <= 1), x, np.nan) if x.dtype.kind in "fiu" else x


CALLS: dict[str, dict[str, Call]] = {
    "p_chart": {"laney": attribute_charts.p_chart, "plain": lambda x, n: attribute_charts.p_chart(x, n, laney=False)},
    "u_chart": {"laney": attribute_charts.u_chart, "plain": lambda x, n: attribute_charts.u_chart(x, n, laney=False)},
    "choose_chart": {
        "count": lambda x, n: chart_choice.choose_chart(x),
        "proportion": lambda x, n: chart_choice.choose_chart(x, n, kind="proportion"),
    },
    "compare": {
        "rates": lambda x, n: comparison.compare(rates.rate(x, n), rates.rate(n, n)),
        "target": lambda x, n: comparison.compare(rates.proportion(x, n), x),
    },
    "pool_neighbours": {
        "close": lambda x, n: comparison.pool_neighbours(x, n, ["close"] * x.shape[-1]),
        "not close": lambda x, n: comparison.pool_neighbours(x, n, ["not close"] * x.shape[-1]),
    },
    "funnel": {
        f"{kind}, {options}": lambda x, n, kind=kind, options=options: comparison.funnel(x, n, kind=kind, **options)
        for kind in ("rate", "proportion", "ratio", "shmi")
        for options in ({}, {"calibrated": True}, {"overdispersion": False, "calibrated": True})
    },
    "chance_limits": {
        kind: lambda x, n, kind=kind: comparison.chance_limits(x, n, kind=kind) for kind in ("rate", "proportion")
    },
    "rate_ratio": {"": lambda x, n: contrasts.rate_ratio(x, n, n, x)},
    "rate_difference": {"": lambda x, n: contrasts.rate_difference(x, n, n, x)},
    "proportion_difference": {"": lambda x, n: contrasts.proportion_difference(x, n, n, x)},
    "benjamini_hochberg": {"": lambda x, n: multiplicity.benjamini_hochberg(shares(x), axis=-1)},
    "expected_false_flags": {"": lambda x, n: multiplicity.expected_false_flags(shares(x), alpha=0.05, axis=-1)},
    "g_chart": {"": lambda x, n: rare_events.g_chart(x)},
    "t_chart": {"": lambda x, n: rare_events.t_chart(x)},
    "rate": {"": rates.rate, "widened": lambda x, n: rates.rate(x, n, dispersion=2.0)},
    "proportion": {"": rates.proportion},
    "bounds": {"": lambda x, n: rates.bounds(rates.rate, rates.Between(x, x), n)},
    "recent_trend": {
        "proportions": recent.recent_trend,
        "figures": lambda x, n: recent.recent_trend(x, lower=x, upper=n),
    },
    "run_chart": {"": lambda x, n: run_charts.run_chart(x)},
    "xmr": {rules: lambda x, n, rules=rules: spc.xmr(x, rules=rules) for rules in ("mdc-2023", "mdc-6", "nhsr-0.2.2")},
    "directly_standardised": {"": lambda x, n: standardised.directly_standardised(x, n, np.ones(x.shape[-1]))},
    "indirectly_standardised": {"": standardised.indirectly_standardised},
    "mean": {"": lambda x, n: summaries.mean(x)},
    "quantile_group": {"": lambda x, n: summaries.quantile_group(x, 5)},
    "farrington": {
        f"{options}": lambda x, n, options=options: surveillance.farrington(x, population=n, **FARRINGTON, **options)
        for options in (
            {},
            {"plug_in": True},
            {"compat": "surveillance-1.20"},
            {"threshold_method": "delta"},
            {"threshold_method": "muan"},
        )
    },
    "ears": {
        f"{method}, {options}": lambda x, n, method=method, options=options: surveillance.ears(
            x, method=method, **options
        )
        for method in ("C1", "C2", "C3")
        for options in ({}, {"calibrated": True}, {"compat": "surveillance-1.20"})
    },
    "under_identification": {"": lambda x, n: absence.under_identification(x, n, n, n)},
    "between_area_spread": {"": absence.between_area_spread},
    "silent_run": {"": lambda x, n: absence.silent_run(x)},
    "since_last": {"": lambda x, n: absence.since_last(x, 3.0)},
    "year_end": {
        "": lambda x, n: outlook.year_end(x[..., :6], periods_in_year=12),
        "history": with_history,
    },
    "form": {frequency: lambda x, n, frequency=frequency: shape.form(x, frequency=frequency) for frequency in (1, 4)},
    "together": {"": together.together},
    "mann_kendall": {
        f"{options}": lambda x, n, options=options: trends.mann_kendall(x, **options)
        for options in (
            {},
            {"period": 4},
            {"period": 12},
            {"correction": "hamed-rao"},
            {"correction": "hamed-rao", "calibrated": True},
        )
    },
}
EACH = [pytest.param(call, id=f"{name} {form}") for name, forms in CALLS.items() for form, call in forms.items()]


def test_no_public_function_is_forgotten():
    found = set()
    for module in pkgutil.iter_modules(threatlib.stats.__path__):
        if module.name.startswith("_") or module.name in WITH_OWN_TESTS:
            continue
        room = importlib.import_module(f"threatlib.stats.{module.name}")
        listed = getattr(room, "__all__", ())
        for name, value in vars(room).items():
            if inspect.isfunction(value) and not name.startswith("_"):
                found |= {name} if name in listed or value.__module__ == room.__name__ else set()
    assert found == set(CALLS)


ODD = [np.nan, np.inf, -np.inf, -3.0, 0.0, 0.5, 1.0, 5.0, 300.0, 1e13]
PAIRS = st.integers(0, 14).flatmap(
    lambda points: st.tuples(*[st.lists(st.sampled_from(ODD), min_size=points, max_size=points)] * 2)
)


@pytest.mark.parametrize("call", EACH)
@settings(max_examples=12, deadline=None)
@given(pairs=PAIRS)
def test_any_input_gives_an_outcome(call: Call, pairs: tuple[list[float], list[float]]):
    call(*(np.array(part, dtype=float) for part in pairs))


@pytest.mark.parametrize("call", EACH)
@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 0.0, 4.0])
def test_one_value_throughout_and_any_shape(call: Call, value: float):
    for size in ((0,), (1,), (0, 12), (3, 0), (2, 1, 24)):
        for population in (0.0, np.nan, 1000.0):
            call(np.full(size, value), np.full(size, population))


@pytest.mark.parametrize("call", [pytest.param(forms[next(iter(forms))], id=name) for name, forms in CALLS.items()])
def test_text_is_refused_in_plain_words(call: Call):
    with pytest.raises(ValueError, match="found text, wanted numbers"):
        call(np.array(["3"] * 12), np.full(12, 5.0))


@pytest.mark.parametrize("call", EACH)
def test_a_panel_is_its_series_whatever_it_is_made_of(call: Call):
    x = np.random.default_rng(9).poisson(6, (2, 3, 24)).astype(float)
    n = x + np.random.default_rng(10).integers(5, 9, x.shape)
    x[1, 2, 3:6] = np.nan
    whole, rows = call(x, n), [call(x[i, j], n[i, j]) for i in range(2) for j in range(3)]
    narrow = call(x.astype(np.float32), n.astype(np.float32))
    listed = call(np.array(x.tolist(), dtype=object).astype(float), n.astype(np.int64))
    for i, one in enumerate(rows):
        for other in (whole, narrow, listed):
            assert_alike(other, one, divmod(i, 3))


def assert_alike(panel: Any, one: Any, at: tuple[int, int]) -> None:
    """The panel's numbers of a series, on the axes that are the panel's, are those the series has alone."""
    if panel is None:
        return
    for whole, alone in zip(leaves(panel), leaves(one), strict=True):
        if whole.ndim == alone.ndim + 2 and whole.dtype != object:
            lead = whole.ndim - alone.ndim
            axis = next((k for k in range(whole.ndim - 1) if whole.shape[k : k + lead] == (2, 3)), 0)
            found = np.moveaxis(whole, (axis, axis + 1), (0, 1))[at]
            if whole.dtype.kind == "f":
                np.testing.assert_allclose(found, alone, rtol=1e-9, atol=1e-12)
            else:
                np.testing.assert_array_equal(found, alone)


def leaves(result: Any) -> list[np.ndarray]:
    """The arrays of a result, in order."""
    if hasattr(result, "__dataclass_fields__"):
        return [leaf for name in result.__dataclass_fields__ for leaf in leaves(getattr(result, name))]
    if isinstance(result, tuple):
        return [leaf for part in result for leaf in leaves(part)]
    return [np.asarray(result)]
