"""A figure beside those of other areas: rates with intervals by hand, and a funnel only where areas are many."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from threatlib.assessment.peers import COLUMNS, limits, peers

ROW = {"indicator": "plans", "area": "Ours", "period": "2022-23-Q2", "unit": "count"}


def table(*areas: tuple[str, str, float | None, float | None]) -> pd.DataFrame:
    """Areas with their role, count and population; a count of None is withheld between 1 and 5."""
    return pd.DataFrame(
        [
            {"indicator": "plans", "area": area, "role": role, "breakdown": "", "period": "2022-23-Q2", "used": True,
             "value": np.nan if count is None else count, "lower": 1.0 if count is None else count,
             "upper": 5.0 if count is None else count, "numerator": np.nan, "denominator": size, "obs": f"a.csv:{i}",
             "status": "withheld" if count is None else "reported"}
            for i, (area, role, count, size) in enumerate(areas)
        ]
    )  # fmt: skip


def test_counts_become_rates_and_a_withheld_one_the_range_it_allows() -> None:
    found = peers(table(("Ours", "local", None, 10_000), ("Theirs", "comparator", 40, 20_000)), ROW)
    assert list(found.columns) == list(COLUMNS)
    ours, theirs = found.to_dict("records")
    assert np.isnan(ours["value"])
    assert (ours["lower"], ours["upper"]) == (1, 5)
    assert theirs["value"] == pytest.approx(20)
    assert theirs["lower"] == pytest.approx(14.29, abs=0.01)
    assert theirs["upper"] == pytest.approx(27.24, abs=0.01)
    assert (ours["role"], theirs["role"], theirs["unit"]) == ("local", "neighbour", "per_10k")


def test_a_count_without_a_population_and_a_broken_down_one_are_left_out() -> None:
    rows = table(("Ours", "local", 4, None), ("Theirs", "comparator", 40, 20_000))
    assert list(peers(rows, ROW)["area"]) == ["Theirs"]
    assert peers(rows.assign(breakdown="sex=Female"), ROW).empty


def test_a_percentage_stays_as_it_is() -> None:
    found = peers(table(("Ours", "local", 82.0, None)), ROW | {"unit": "percent"})
    assert (found.loc[0, "value"], found.loc[0, "unit"]) == (82.0, "percent")
    assert np.isnan(found.loc[0, "lower"])


def test_a_percentage_has_its_interval_where_its_numbers_are_known() -> None:
    rows = table(("Ours", "local", 81.0, 263), ("Theirs", "comparator", 50.0, 0), ("Odd", "comparator", 120.0, 50))
    rows.loc[0, "numerator"] = 213.0
    found = peers(rows, ROW | {"unit": "percent"}).set_index("area")
    assert found.loc["Ours", ["lower", "upper"]].tolist() == pytest.approx([75.82, 85.26], abs=0.02)  # Wilson
    assert found.loc[["Theirs", "Odd"], ["lower", "upper"]].isna().all(axis=None)
    by_value = peers(rows.assign(numerator=np.nan), ROW | {"unit": "percent"}).set_index("area")
    assert by_value.loc["Ours", "lower"] == pytest.approx(75.83, abs=0.02)


def test_neighbours_of_one_area_stand_beside_no_other() -> None:
    rows = table(*((name, "local", 10.0, 100) for name in ("Ours", "Small")), ("Like us", "comparator", 12.0, 100),
                 ("England", "comparator", 11.0, 100))  # fmt: skip
    unlike = {"Ours": frozenset(), "Small": frozenset({"Like us"})}
    named = lambda area: set(peers(rows, ROW | {"area": area}, unlike)["area"])  # noqa: E731
    assert named("Small") == {"Ours", "Small", "England"}
    assert named("Ours") == {"Ours", "Like us", "England"}
    assert set(peers(rows, ROW)["area"]) == {"Ours", "Small", "Like us", "England"}


def test_a_funnel_needs_ten_areas() -> None:
    few = peers(table(*((f"A{i}", "comparator", 40 + i, 20_000 + i) for i in range(9))), ROW)
    assert limits(few)[1].empty
    many = [(f"A{i}", "comparator", float(round((18 + i % 5) * (2 + i))), 10_000.0 * (2 + i)) for i in range(14)]
    far = peers(table(*many, ("Far", "local", 900, 40_000)), ROW)
    judged, curve = limits(far)
    assert judged.set_index("area").loc["Far", "verdict"] == "higher"
    assert (judged.loc[judged["area"] != "Far", "verdict"] == "similar").all()
    assert (curve["size"].diff().dropna() > 0).all() or curve["size"].is_monotonic_increasing
    assert (curve["outer_lower"] <= curve["inner_lower"]).all()
    assert (curve["inner_upper"] <= curve["outer_upper"]).all()


def test_the_whole_is_not_one_of_its_parts() -> None:
    many = [(f"A{i}", "comparator", float(20 * (2 + i)), 10_000.0 * (2 + i)) for i in range(12)]
    ours = ("Ours", "local", 60.0, 30_000.0)
    alone, with_whole = (
        limits(peers(table(ours, *many, *more), ROW)) for more in ((), (("England", "comparator", 30_000, 12_000_000),))
    )
    pd.testing.assert_frame_equal(with_whole[1], alone[1])
    assert "England" not in set(with_whole[0]["area"])
    large = limits(peers(table(("Ours", "local", 3_000, 2_000_000), *many), ROW))[0]
    assert "Ours" in set(large["area"])


def test_no_area_is_no_rows() -> None:
    assert peers(table(("Ours", "local", 4, 10)).head(0), ROW).empty
