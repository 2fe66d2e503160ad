"""Ticks: told apart by just enough decimals, never touching, large numbers shortened."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from threatlib.figures import canvas
from threatlib.figures.scales import number_scale


@pytest.mark.parametrize(
    ("low", "high", "unit", "labels"),
    [
        (0, 10, "count", ["0", "2", "4", "6", "8", "10"]),
        (0, 1, "percent", ["0%", "0.2%", "0.4%", "0.6%", "0.8%", "1.0%"]),
        (0, 0.0011, "count", ["0", "0.00025", "0.00050", "0.00075", "0.00100"]),
        (0, 2_400_000_000, "count", ["0", "0.5bn", "1.0bn", "1.5bn", "2.0bn"]),
        (0, 4_000_000, "gbp", ["£0", "£0.8m", "£1.6m", "£2.4m", "£3.2m", "£4.0m"]),
        (-40, 40, "percent_change", ["−40%", "−20%", "0%", "+20%", "+40%"]),
        (-40, 40, "count", ["−40", "−20", "0", "20", "40"]),
    ],
)  # fmt: skip
def test_labels(low: float, high: float, unit: str, labels: list[str]) -> None:
    found = number_scale(Figure().subplots().yaxis, low, high, unit, most=5)
    assert found == labels


def test_ticks_are_left_out_until_none_touches_its_neighbour() -> None:
    ax = Figure().subplots()
    wide = number_scale(ax.xaxis, 0, 900_000, "count", most=6, room=600)
    narrow = number_scale(ax.xaxis, 0, 900_000, "count", most=6, room=150)
    assert len(narrow) < len(wide)
    assert sum(canvas.text_width(label, 11) + 10 for label in narrow) <= 150


def test_ticks_stand_inside_the_axis() -> None:
    ax = Figure().subplots()
    ax.set_ylim(0, 1.8)
    number_scale(ax.yaxis, 0, 1.8, "count", most=5)
    assert ax.get_ylim() == (0, 1.8)
