"""What stands beside what: pairs of periods, breaks, marks, history."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.small import BREAK, FAULT, QUARTER, SHOCK, WORLD, asked, declared, figure, main_of, quarters, withheld
from threatlib.signals import COLUMNS


def pairs(found: pd.DataFrame) -> dict[str, str]:
    """Check and earlier period of each row."""
    return dict(zip(found["check"], found["previous_period"], strict=True))


def test_columns_are_those_promised_even_of_nothing() -> None:
    assert list(asked(*WORLD).columns) == list(COLUMNS)
    nothing = asked(figure("referrals", "2023-24-Q1", 7))
    assert list(nothing.columns) == list(COLUMNS)
    assert nothing.empty


def test_each_check_finds_its_own_earlier_figure() -> None:
    found = asked(*quarters("offences", [10, 20, 30, 40, 50]))
    assert pairs(found) == {"year_before": "2021-22-Q2", "previous": "2022-23-Q1"}
    assert list(found["main"]) == [True, False]
    assert list(found["previous_value"]) == [10, 40]
    assert list(found["signal_id"]) == ["year_before:offences:Council:Northam:", "previous:offences:Council:Northam:"]


def test_without_a_year_before_the_previous_period_is_the_main_one() -> None:
    row = main_of(*quarters("offences", [40, 50]))
    assert (row["check"], row["previous_period"]) == ("previous", "2022-23-Q1")


def test_a_missing_previous_quarter_is_not_replaced_by_an_older_one() -> None:
    found = asked(figure("offences", "2021-22-Q4", 10), figure("offences", QUARTER, 20))
    assert list(found["check"]) == ["year_before"]
    assert found["why"].iloc[0] == "no earlier figure for a period of the same kind"
    assert (found["previous_rows"] == "").all()


def test_snapshots_stand_beside_the_one_about_a_year_earlier_and_the_last_one() -> None:
    rows = [figure("workers", day, n) for n, day in enumerate(["2021-08-20", "2022-03-31", "2022-09-30"])]
    assert pairs(asked(*rows)) == {"year_before": "2021-08-20", "previous": "2022-03-31"}
    rows[0] = figure("workers", "2021-08-15", 0)  # 46 days off
    assert pairs(asked(*rows)) == {"previous": "2022-03-31"}


def test_only_a_measure_that_does_not_grow_with_time_is_held_against_another_kind_of_period() -> None:
    share = asked(figure("seen_in_time", "2021-22", 70), figure("seen_in_time", QUARTER, 80))
    assert pairs(share) == {"latest_earlier": "2021-22"}
    alike = asked(figure("seen_in_time", "2021-22-Q2", 60), figure("seen_in_time", "2021-22", 70),
                  figure("seen_in_time", QUARTER, 80))  # fmt: skip
    assert pairs(alike) == {"year_before": "2021-22-Q2"}
    count = asked(figure("offences", "2021-22", 70), figure("offences", QUARTER, 80))
    assert count["previous_rows"].iloc[0] == ""


def test_an_undated_figure_is_never_the_earlier_one() -> None:
    found = asked(figure("seen_in_time", "some time", 70), figure("seen_in_time", QUARTER, 80))
    assert found["previous_rows"].iloc[0] == ""


def test_of_figures_that_end_together_the_quarter_speaks() -> None:
    rows = [figure("offences", period, 5) for period in ("2021-22-Q4", "2021-22")]
    assert asked(*rows, quarter="2021-22-Q4")["period"].iloc[0] == "2021-22-Q4"
    assert asked(*rows[::-1], quarter="2021-22-Q4")["period"].iloc[0] == "2021-22-Q4"


def test_what_is_not_known_yet_or_not_used_takes_no_part() -> None:
    row = main_of(
        figure("offences", "2022-23-Q1", 20), figure("offences", "2022-23-Q3", 99),
        figure("offences", "2022-08", 77, basis="forecast"), figure("offences", QUARTER, None),
    )  # fmt: skip
    assert (row["period"], row["value"]) == ("2022-23-Q1", 20)


def test_order_of_rows_in_the_files_does_not_matter() -> None:
    rows = [*quarters("offences", [10, 20, 30, 40, 50]), *quarters("workers", [1, 2, 3])]
    columns = ["signal_id", "previous_period", "value", "change", "change_lower", "dispersion", "history"]
    one, two = (asked(*some)[columns].sort_values("signal_id", ignore_index=True) for some in (rows, rows[::-1]))
    pd.testing.assert_frame_equal(one, two)


def test_marks_of_both_ends_stand_on_the_signal_once() -> None:
    late, early = FAULT, declared(FAULT, id="early", start="2021-07", end="2021-09")
    both = declared(FAULT, id="both", start="2021-07")
    row = main_of(*quarters("offences", [10, 20, 30, 40, 50]), annotations=[late, early, both])
    assert set(row["marks"].split()) == {"double-entry", "early", "both"}
    assert len(row["marks"].split()) == 3


def test_a_break_between_the_figures_allows_no_arrow() -> None:
    row = main_of(*quarters("offences", [10, 10, 10, 500, 900]), annotations=[BREAK])
    assert (row["arrow"], row["why"]) == ("cannot_say", "recording changed in between: New system")
    found = asked(*quarters("offences", [10, 10, 10, 500, 900]), annotations=[BREAK])
    assert list(found["recording"]) == ["New system", ""]
    assert found["arrow"].iloc[1] == "up"


@pytest.mark.parametrize(
    ("start", "broken"),
    [
        ("2021-07", False),
        ("2021-08", True),
        ("2022-07", True),
        ("2022-09", True),
        ("2022-09-30", True),
        ("2022-10", False),
    ],
)
def test_a_break_counts_from_inside_the_earlier_figure_to_the_end_of_the_later(start: str, broken: bool) -> None:
    rows = quarters("offences", [10, 10, 10, 10, 900])
    assert (main_of(*rows, annotations=[declared(BREAK, start=start)])["recording"] != "") is broken


def test_a_change_that_took_months_spoils_figures_from_inside_it() -> None:
    rows = quarters("offences", [10, 10, 10, 10, 900])
    row = main_of(*rows, annotations=[declared(BREAK, start="2021-05", end="2021-12")])
    assert row["recording"] == "New system"


@pytest.mark.parametrize("other", [{"indicators": ["workers"]}, {"areas": ["Southam"]}, {"kind": "shock"}])
def test_a_break_elsewhere_is_no_break_here(other: dict[str, object]) -> None:
    rows = [*quarters("offences", [100, 100, 100, 100, 900]), figure("workers", "2010-03-31", 1, "Southam")]
    found = asked(*rows, annotations=[declared(BREAK, **other)])
    assert found.loc[found["indicator"] == "offences", "arrow"].iloc[0] == "up"


def test_usual_variation_comes_from_pairs_a_year_apart() -> None:
    past = [100] * 4 + [120] * 4 + [100] * 4
    row = main_of(*quarters("offences", [*past, 200]))
    assert row["history"] == 8
    assert row["dispersion"] == pytest.approx(20**2 / 220 / 0.4549364)
    short = main_of(*quarters("offences", [*past[1:], 200]))
    assert (short["history"], short["dispersion"]) == (7, 1.0)
    assert short["change_upper"] < row["change_upper"]


def test_a_series_steadier_than_chance_is_not_made_narrower() -> None:
    assert main_of(*quarters("offences", [100] * 12 + [200]))["dispersion"] == 1.0


def test_one_odd_year_does_not_decide_the_usual_variation() -> None:
    past = [100] * 4 + [120] * 4 + [100] * 4 + [120] * 4
    odd = [*past[:-1], 900]
    assert main_of(*quarters("offences", [*odd, 200]))["dispersion"] == pytest.approx(20**2 / 220 / 0.4549364)


def test_variation_is_not_learnt_across_a_break() -> None:
    """A step in recording is no variation of the world: pairs that straddle it are left out."""
    rows = quarters("offences", [100] * 12 + [900] * 13)
    apart = declared(BREAK, start="2019-07")
    assert main_of(*rows, annotations=[apart])["dispersion"] == 1.0
    assert main_of(*rows, annotations=[apart])["history"] == 16
    assert main_of(*rows)["history"] == 20


def test_withheld_figures_teach_nothing() -> None:
    rows = quarters("offences", [100] * 12 + [200])
    rows[0] = withheld("offences", rows[0]["period"], 1, 5)
    assert main_of(*rows)["history"] == 7


def test_a_share_varies_as_a_share_of_its_base() -> None:
    """Half of 50 one year and 60 per cent the next: (0.1)^2 over its binomial variance, not over the percentage."""
    past = [50.0] * 4 + [90.0] * 4 + [50.0] * 4
    rows = [row | {"numerator": row["value"] / 2, "denominator": 50.0} for row in quarters("seen_in_time", [*past, 70])]
    found = main_of(*rows)
    chi2 = 0.4**2 / (0.7 * 0.3 * (1 / 50 + 1 / 50))
    assert found["dispersion"] == pytest.approx(chi2 / 0.4549364)


def test_the_interval_of_a_level_comes_from_its_own_past() -> None:
    changes = [1, -1, 2, -2, 1, -1, 2, -2]
    values = [50.0, *(50 + np.cumsum(changes))]
    rows = [figure("workers", f"{2013 + n}-03-31", value) for n, value in enumerate([*values, 60.0])]
    row = main_of(*rows)
    assert row["measure"] == "difference"
    assert row["change"] == 10.0
    assert row["change_upper"] - row["change"] == pytest.approx(1.96 * 1.5 * 1.4826)
    assert (row["arrow"], row["judgement"]) == ("up", "better")
    short = main_of(*rows[1:])
    assert short["why"] == "too few earlier figures to know how much this varies"


def test_a_shock_is_no_break() -> None:
    assert main_of(*quarters("offences", [10, 10, 10, 10, 90]), annotations=[SHOCK])["arrow"] == "up"
