"""A line the size of a word: the shape of a series inside a table cell."""

from __future__ import annotations

import math
from collections.abc import Sequence

_WIDTH, _HEIGHT, _MARGIN = 96.0, 26.0, 4.0


def sparkline(values: Sequence[float | None]) -> str:
    """Inline SVG of a short series in the colour of the text around it; hidden from screen readers.

    Missing values leave a gap. The numbers stand in the same table row, so the drawing needs no words of its own. An
    empty string where fewer than three values are known: two numbers side by side say it better.
    """
    numbers = [float(v) if v is not None else math.nan for v in values]
    known = [v for v in numbers if math.isfinite(v)]
    if len(known) < 3:
        return ""
    low, high = min(known), max(known)
    spread = high - low or 1.0
    step = (_WIDTH - 2 * _MARGIN) / (len(numbers) - 1)
    middle = 0.5 if high == low else 0.0

    def point(i: int) -> tuple[float, float]:
        share = (numbers[i] - low) / spread + middle
        return round(_MARGIN + i * step, 1), round(_HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN), 1)

    lines = "".join(
        f'<polyline points="{" ".join("{:g},{:g}".format(*point(i)) for i in run)}"/>'
        for run in _runs(numbers)
        if len(run) > 1
    )
    alone = [run[0] for run in _runs(numbers) if len(run) == 1]
    dots = "".join('<circle cx="{:g}" cy="{:g}" r="1.2"/>'.format(*point(i)) for i in alone)
    last = max(i for i, v in enumerate(numbers) if math.isfinite(v))
    end = '<circle cx="{:g}" cy="{:g}" r="2.6"/>'.format(*point(last))
    return (
        f'<svg class="spark" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" width="{_WIDTH:g}" height="{_HEIGHT:g}"'
        f' aria-hidden="true" focusable="false">{lines}{dots}{end}</svg>'
    )


def _runs(numbers: Sequence[float]) -> list[list[int]]:
    """Positions of neighbouring known values."""
    runs: list[list[int]] = []
    for i, value in enumerate(numbers):
        if not math.isfinite(value):
            continue
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs
