"""Drawings: the same bytes each time, no line across a gap or a break, words that agree with the frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from threatlib import wording
from threatlib.figures import (
    Caption,
    Figure,
    absence,
    bands,
    canvas,
    changes,
    comparison,
    fan,
    funnel,
    paired_change,
    pressure,
    series,
    sparkline,
    threat_matrix,
    time_series,
)

CAPTION = Caption("fig-x", "It rose", "Referrals, Hackney, each quarter", "Returns")
MARKED = Caption("fig-x", "It rose", "Referrals, Hackney, each quarter", "Returns", "SIMULATED DATA")


def quarters(values: list[float | None], **columns: Any) -> pd.DataFrame:
    n = len(values)
    ends = pd.date_range("2016-06-30", periods=n, freq="QE")
    labels = [f"{2016 + i // 4}-{(17 + i // 4) % 100:02d}-Q{i % 4 + 1}" for i in range(n)]
    frame = pd.DataFrame({"period": labels, "period_end": ends, "value": pd.array(values, dtype="Float64")})
    return frame.assign(value=frame["value"].astype(float), rows=[f"r.csv:{i}" for i in range(n)], **columns)


AREAS = pd.DataFrame({"area": ["A", "B"], "value": [1.5, np.nan], "lower": [1.0, 1.0], "upper": [2.0, 5.0],
                      "role": ["local", "average"], "rows": "r.csv:1"})  # fmt: skip
PAIRS = pd.DataFrame(
    {
        "label": ["A", "B"],
        "previous": [60.0, np.nan],
        "value": [82.0, 9.7],
        "lower": [80.0, np.nan],
        "upper": [84.0, np.nan],
        "rows": "r.csv:1",
        "previous_rows": "r.csv:2",
    }
)
MOVED = pd.DataFrame(
    {
        "label": ["A", "B"],
        "change": [38.0, np.nan],
        "lower": [30.0, np.nan],
        "upper": [900.0, np.nan],
        "direction": ["up", "cannot be said"],
        "judgement": ["worse", ""],
        "rows": "r.csv:1",
    }
)
WAITS = pd.DataFrame({"row": ["Mar", "Mar"], "band": ["short", "long"], "value": [90.0, np.nan], "lower": [90.0, 1.0],
                      "upper": [90.0, 5.0], "rows": "r.csv:1"})  # fmt: skip
THREATS = pd.DataFrame({"name": ["T"], "severity": ["high"], "likelihood": ["likely"], "confidence": ["low"]})

EXPECTED = pd.DataFrame(
    {"label": ["A", "B"], "value": [3.0, np.nan], "lower": [3.0, 1.0], "upper": [3.0, 5.0], "expected": [9.0, 4.0],
     "expected_lower": [6.0, 2.0], "expected_upper": [14.0, 8.0], "rows": "r.csv:1"}
)  # fmt: skip
SIZED = pd.DataFrame({"area": ["A", "B"], "size": [900.0, 60_000.0], "value": [12.0, np.nan], "lower": [7.0, 1.0],
                      "upper": [20.0, 2.0], "role": ["local", "neighbour"], "verdict": ["", "lower"],
                      "rows": "r.csv:1"})  # fmt: skip
CURVES = pd.DataFrame(
    {"size": [900.0, 60_000.0], "target": [9.0, 9.0], "inner_lower": [1.0, 7.0], "inner_upper": [20.0, 11.0],
     "outer_lower": [0.0, 6.0], "outer_upper": [28.0, 12.0]}
)  # fmt: skip


def draw_funnel(frame: pd.DataFrame, caption: Caption, **settings: Any) -> Figure:
    return funnel(frame, CURVES, caption, **settings)


def outlook() -> pd.DataFrame:
    """Three known quarters, and two to come."""
    known = quarters([30, 33, 31]).assign(forecast=np.nan, forecast_lower=np.nan, forecast_upper=np.nan)
    ahead = quarters([None] * 5).tail(2).assign(forecast=[32.0, 34.0], forecast_lower=[28.0, 26.0],
                                                forecast_upper=[37.0, 43.0])  # fmt: skip
    return pd.concat([known, ahead], ignore_index=True)


def measures() -> pd.DataFrame:
    return pd.concat([quarters([300, 320, 350], series="Referrals"), quarters([20, 19.5, 18], series="Workers")])


CHARTS: dict[str, tuple[Callable[..., Figure], pd.DataFrame, dict[str, Any]]] = {
    "series": (time_series, quarters([3, 7, None, 8, 9, 6]), {}),
    "comparison": (comparison, AREAS, {"unit": "per_10k"}),
    "pairs": (paired_change, PAIRS, {"unit": "percent"}),
    "changes": (changes, MOVED, {}),
    "absence": (absence, EXPECTED, {}),
    "funnel": (draw_funnel, SIZED, {"unit": "per_10k"}),
    "fan": (fan, outlook(), {"level": "four such forecasts in five"}),
    "pressure": (pressure, measures(), {"units": {"Referrals": "count", "Workers": "fte"}}),
    "bands": (bands, WAITS, {}),
    "matrix": (threat_matrix, THREATS, {"severities": ["low", "high"], "likelihoods": ["unlikely", "likely"]}),
}


def lettering(svg: bytes) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode())


@pytest.mark.parametrize("name", CHARTS)
class TestEveryChart:
    def test_the_same_data_give_the_same_bytes(self, name: str) -> None:
        draw, frame, settings = CHARTS[name]
        first, second = draw(frame, MARKED, **settings), draw(frame.copy(), MARKED, **settings)
        assert first.svg == second.svg
        assert first.narrow == second.narrow

    def test_it_leaves_settings_and_frame_alone(self, name: str) -> None:
        draw, frame, settings = CHARTS[name]
        before, rc = frame.copy(), dict(mpl.rcParams)
        draw(frame, CAPTION, **settings)
        pd.testing.assert_frame_equal(frame, before)
        assert dict(mpl.rcParams) == rc

    def test_the_mark_is_on_both_drawings_only_when_asked(self, name: str) -> None:
        draw, frame, settings = CHARTS[name]
        marked, plain = draw(frame, MARKED, **settings), draw(frame, CAPTION, **settings)
        assert "SIMULATED DATA" in lettering(marked.svg)
        assert "SIMULATED DATA" in lettering(marked.narrow)
        assert "SIMULATED DATA" not in lettering(plain.svg)

    def test_nothing_of_the_maker_or_the_clock_is_inside(self, name: str) -> None:
        draw, frame, settings = CHARTS[name]
        svg = draw(frame, CAPTION, **settings).svg.decode().casefold()
        assert svg.startswith("<svg")
        assert "matplotlib v" not in svg
        assert "dc:date" not in svg

    def test_alternative_text_has_its_length(self, name: str) -> None:
        draw, frame, settings = CHARTS[name]
        for caption in (CAPTION, Caption("x", "h", "A very long subtitle " * 30, "s")):
            assert wording.SHORTEST_ALT <= len(draw(frame, caption, **settings).alt) <= wording.LONGEST_ALT

    def test_no_rows_at_all_is_drawn_as_such(self, name: str) -> None:
        draw, frame, settings = CHARTS[name]
        figure = draw(frame.head(0), CAPTION, **settings)
        assert figure.table.empty
        assert figure.svg.startswith(b"<svg")

    def test_long_and_strange_names_do_no_harm(self, name: str) -> None:
        draw, frame, settings = CHARTS[name]
        text = next((c for c in ("area", "label", "row", "name") if c in frame), None)
        strange = (
            frame.assign(**{text: "مجلس $x_1$ <b>&amp; " + "long " * 30})
            if text
            else frame
            if name == "pressure"
            else frame.assign(series="$x$ <b>")
        )
        assert "<b>" not in draw(strange, CAPTION, **settings).svg.decode()


def joined(frame: pd.DataFrame, **settings: Any) -> int:
    """How many pairs of neighbouring points a chart joins."""
    gaps = [(pd.Timestamp(a), pd.Timestamp(b), label) for a, b, label in settings.get("gaps", ())]
    cuts = [(pd.Timestamp(d), pd.Timestamp(d), "") for d, _ in settings.get("breaks", ())]
    return len(list(series._segments(series.prepared(frame), [*gaps, *cuts])))


class TestTimeSeries:
    @pytest.mark.parametrize(
        ("settings", "segments"),
        [
            ({}, 5),
            ({"breaks": [("2016-10-15", "moved")]}, 4),
            ({"breaks": [("2016-12-31", "on the last day of a quarter")]}, 4),
            ({"gaps": [("2016-10-01", "2017-03-31", "lost")]}, 3),
            ({"gaps": [("2016-10-05", "2016-10-20", "inside one quarter")]}, 4),
            ({"breaks": [("2015-01-01", "before all")]}, 5),
        ],
    )
    def test_no_line_crosses_a_gap_or_a_break(self, settings: dict[str, Any], segments: int) -> None:
        assert joined(quarters([3, 7, 5, 8, 9, 6]), **settings) == segments

    def test_a_missing_value_parts_the_line(self) -> None:
        assert joined(quarters([3, 7, None, 8, 9, 6])) == 3

    @pytest.mark.parametrize(
        ("settings", "bands"),
        [({}, 1), ({"gaps": [("2016-10-01", "2017-03-31", "lost")]}, 2), ({"breaks": [("2017-01-10", "x")]}, 2)],
    )
    def test_no_expected_range_crosses_a_gap_or_a_break(self, settings: dict[str, Any], bands: int) -> None:
        around = {"expected_lower": 1.0, "expected_upper": 9.0, "centre": 5.0, "limit_lower": 2.0, "limit_upper": 8.0}
        frame = quarters([4, 5, 6, 5, 4, 6], **around)
        drawn = time_series(frame.drop(index=[2] if "gaps" in settings else []), CAPTION, **settings)
        assert drawn.svg.count(b'<g id="FillBetweenPolyCollection_') == bands

    def test_labels_of_gaps_breaks_and_flags_are_on_the_chart(self) -> None:
        figure = time_series(
            quarters([3, 7, 5, 8, 90, 6], flag=["", "", "", "", "above expected", ""]), CAPTION,
            gaps=[("2016-10-01", "2016-11-30", "Records lost")], breaks=[("2017-04-15", "New definition")],
        )  # fmt: skip
        assert {"Records lost", "New definition", "above expected: 90", "6"} <= set(lettering(figure.svg))
        assert "A diamond is a point flagged by itself or with those before it." in figure.key

    def test_a_withheld_value_is_a_bar_and_never_a_point(self) -> None:
        known = quarters([3.0, 7.0, 8.0, 9.0], status="reported", lower=np.nan, upper=np.nan)
        hidden = known.copy()
        hidden.loc[2, ["value", "lower", "upper", "status"]] = [np.nan, 1.0, 5.0, "withheld"]
        assert "[c]" in lettering(time_series(hidden, CAPTION).svg)
        assert "[c]" not in lettering(time_series(known, CAPTION).svg)
        assert "withheld value" in time_series(hidden, CAPTION).key

    def test_the_scale_starts_at_zero(self) -> None:
        assert "0" in lettering(time_series(quarters([900, 905, 910]), CAPTION).svg)

    def test_a_fifth_series_is_refused(self) -> None:
        frame = pd.concat([quarters([1, 2], series=name) for name in "abcde"])
        with pytest.raises(ValueError, match="found 5 series, wanted at most 4: split the chart"):
            time_series(frame, CAPTION)

    def test_series_are_named_at_their_ends(self) -> None:
        frame = pd.concat([quarters([1, 2], series="First"), quarters([2, 1], series="Second")])
        assert {"First", "Second"} <= set(lettering(time_series(frame, CAPTION).svg))

    @pytest.mark.parametrize(
        "values", [[5], [None, None], [0, 0], [-3, 4], [1e9, 2e9], [0.001, 0.002], list(range(120))]
    )
    def test_edges(self, values: list[float | None]) -> None:
        assert time_series(quarters(values), CAPTION).svg

    def test_the_words_agree_with_the_frame(self) -> None:
        alt = time_series(quarters([312, None, 401]), CAPTION, gaps=[("2016-07-01", "2016-09-30", "lost")]).alt
        assert alt == (
            "Line chart, Referrals, Hackney, each quarter. 312 in Apr–Jun 2016 to 401 in Oct–Dec 2016."
            " 1 value not known. 1 declared gap."
        )


class TestLabels:
    """Where the words at a point and at a line's end stand, and what they say."""

    def test_the_label_of_a_flag_stands_above_the_points_beside_it(self) -> None:
        peak = quarters([70, 10, 10, 10, 50, 60, 60, None], upper=[np.nan] * 7 + [50.0])
        last = peak["period_end"].iloc[-1]
        assert series._highest(peak, last, -10) == 50
        assert series._highest(peak, last, -200) == 60
        assert series._highest(peak, peak["period_end"].iloc[1], 300) == 50

    def test_a_line_ends_in_its_latest_value_and_says_when_that_was_before_the_end(self) -> None:
        assert series._end_label(series.prepared(quarters([3.0, 4.0])), pd.Timestamp(2016, 9, 30), "count") == (
            4.0,
            "4",
        )
        stale = series.prepared(quarters([3.0, 4.0, None]))
        assert series._end_label(stale, pd.Timestamp(2016, 12, 31), "count") == (4.0, "4\nJul–Sep 2016")
        hidden = quarters([3.0, 4.0, None]).assign(lower=[np.nan, np.nan, 1.0], upper=[np.nan, np.nan, 5.0])
        assert series._end_label(hidden, pd.Timestamp(2016, 12, 31), "count") == (3.0, "[c] 1 to 5")
        assert series._end_label(stale.tail(1), pd.Timestamp(2016, 12, 31), "count") == (0.0, "")

    def test_withheld_points_side_by_side_are_named_where_there_is_room(self) -> None:
        frame = quarters([9.0] * 4 + [None] * 36).assign(lower=1.0, upper=5.0)
        drawn = time_series(frame, CAPTION)
        wide, narrow = (lettering(part).count("[c]") for part in (drawn.svg, drawn.narrow))
        assert 36 > wide > narrow > 2


class TestExpectedRanges:
    RANGED: ClassVar = {"expected_lower": [1.0, 2, 3, 4, 5, 6], "expected_upper": [9.0, 9, 9, 9, 9, 9]}

    def test_the_range_is_in_the_table_and_the_key(self) -> None:
        figure = time_series(quarters([3, 7, 5, 8, 9, 6], **self.RANGED), CAPTION)
        assert list(figure.table["expected_lower"]) == self.RANGED["expected_lower"]
        assert "The shaded band is the expected range." in figure.key
        assert "expected_lower" not in time_series(quarters([3, 7, 5, 8, 9, 6]), CAPTION).table

    def test_limits_are_named_on_the_chart(self) -> None:
        figure = time_series(quarters([3, 7, 5], centre=5.0, limit_lower=1.0, limit_upper=9.0), CAPTION)
        assert {"Mean", "Lower limit", "Upper limit"} <= set(lettering(figure.svg))
        assert "Dashed lines are the limits of usual variation." in figure.key

    def test_a_range_beside_none_is_still_seen(self) -> None:
        alone = quarters([3, 7, 5], expected_lower=[np.nan, 2, np.nan], expected_upper=[np.nan, 9, np.nan])
        assert time_series(alone, CAPTION).svg != time_series(quarters([3, 7, 5]), CAPTION).svg


class TestFan:
    def test_the_forecast_is_said_with_its_range(self) -> None:
        figure = fan(outlook(), CAPTION, level="four such forecasts in five")
        assert {"34", "(26 to 43)"} <= set(lettering(figure.svg))
        assert figure.alt.endswith("Forecast 34 (26 to 43).")
        assert "four such forecasts in five" in figure.key

    def test_without_a_forecast_it_is_a_line_and_says_so(self) -> None:
        figure = fan(quarters([30, 33, 31]), CAPTION)
        assert figure.alt.endswith("No forecast.")
        assert "forecast" not in figure.table


class TestFunnel:
    def test_our_own_area_and_those_beyond_the_limits_are_named(self) -> None:
        assert {"A", "B"} <= set(lettering(draw_funnel(SIZED, CAPTION, unit="per_10k").svg))
        ordinary = SIZED.assign(verdict="similar")
        assert "B" not in lettering(draw_funnel(ordinary, CAPTION, unit="per_10k").svg)

    def test_a_withheld_rate_is_its_range_in_words(self) -> None:
        assert "B [c] 1 to 2 per 10,000 (lower than usual)" in draw_funnel(SIZED, CAPTION, unit="per_10k").alt


def test_recorded_and_expected_are_both_said() -> None:
    figure = absence(EXPECTED, CAPTION)
    assert "A 3 recorded, 6 to 14 expected; B [c] 1 to 5 recorded, 2 to 8 expected" in figure.alt
    assert "[c] 1 to 5" in lettering(figure.svg)


class TestPressure:
    UNITS: ClassVar = {"Referrals": "count", "Workers": "fte"}

    def test_each_measure_has_its_panel_and_its_unit(self) -> None:
        figure = pressure(measures(), CAPTION, units=self.UNITS)
        assert {"Referrals", "Workers", "350", "18"} <= set(lettering(figure.svg))
        assert figure.table.groupby("series")["unit"].first().to_dict() == {"Referrals": "count", "Workers": "fte"}
        assert "Workers: 20 FTE in Apr–Jun 2016 to 18 FTE in Oct–Dec 2016" in figure.alt

    def test_three_measures_are_refused(self) -> None:
        with pytest.raises(ValueError, match="found 3 measures, wanted two"):
            pressure(measures(), CAPTION, units={**self.UNITS, "Third": "count"})


def test_areas_are_drawn_in_the_order_given() -> None:
    frame = AREAS.assign(area=["Z", "A"])
    words = lettering(comparison(frame, CAPTION, unit="percent").svg)
    assert words.index("Z") < words.index("A")
    assert "[c] 1% to 5%" in words


def test_a_change_beyond_the_reach_is_cut_and_said_in_full() -> None:
    figure = changes(MOVED, CAPTION)
    assert "+38%" in lettering(figure.svg)
    assert "[x]" in lettering(figure.svg)
    assert figure.table.loc[0, "upper"] == 900


def test_a_withheld_band_is_drawn_at_the_most_it_can_be() -> None:
    figure = bands(WAITS, CAPTION)
    assert "drawn at the most it can be" in figure.key
    assert "90%" in lettering(figure.svg)


def test_more_bands_than_shades_are_refused() -> None:
    frame = pd.DataFrame({"row": "x", "band": list("abcdef"), "value": 1.0})
    with pytest.raises(ValueError, match="found 6 bands, wanted at most 5"):
        bands(frame, CAPTION)


def test_a_word_that_is_not_on_the_axis_is_refused() -> None:
    with pytest.raises(ValueError, match="found severity 'dire', wanted one of: low, high"):
        threat_matrix(THREATS.assign(severity="dire"), CAPTION, severities=["low", "high"], likelihoods=["likely"])


@pytest.mark.parametrize("colour", [*canvas.PALETTE, canvas.WORSE, canvas.BETTER, canvas.INK, canvas.SOFT])
def test_marks_stand_out_three_to_one_and_lettering_more(colour: str) -> None:
    assert canvas.contrast_with_white(colour) >= 3
    assert canvas.contrast_with_white(canvas.lettering(colour)) >= 4.5


def test_contrast_against_the_definition() -> None:
    assert canvas.contrast_with_white("#ffffff") == pytest.approx(1)
    assert canvas.contrast_with_white("#000000") == pytest.approx(21)
    assert canvas.contrast_with_white("#767676") == pytest.approx(4.54, abs=0.01)


class TestSparkline:
    def test_points_span_the_box(self) -> None:
        svg = sparkline([0, 5, 10])
        assert '<polyline points="4,22 48,13 92,4"/>' in svg
        assert '<circle cx="92" cy="4" r="2.6"/>' in svg
        assert 'aria-hidden="true"' in svg

    def test_a_missing_value_leaves_a_gap(self) -> None:
        assert sparkline([1, 2, None, 3, 4]).count("<polyline") == 2
        assert sparkline([1, 2, float("nan"), 3]).count("<polyline") == 1

    @pytest.mark.parametrize("values", [[], [1], [1, 2], [None, None, None], [1, None, 2]])
    def test_too_few_values_draw_nothing(self, values: list[float | None]) -> None:
        assert sparkline(values) == ""

    def test_a_level_series_is_a_level_line(self) -> None:
        assert 'points="4,13 48,13 92,13"' in sparkline([7, 7, 7])
