"""The rules of a control chart, in named sets: what fires, on which stretch, and the points it marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from threatlib.stats._chart_panel import TRIAL_BELOW, Groups, Parts, in_blocks
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, TextArray

Chart = TypeVar("Chart")
RULE_NAMES = ("outside", "shift", "trend", "two_of_three")


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One published version of the rules.

    Attributes
    ----------
    name : str
        As `xmr` takes it.
    run : int
        Points on one side of the centre, or rising, or falling, that make a shift or a trend.
    outside_counts : bool
        Whether a point outside the limits counts towards two of three.
    ties_break : bool
        Whether a repeated value ends a trend; if not, it neither counts nor cancels.
    trial_below : int
        Points below which limits are trial limits.
    """

    name: str
    run: int
    outside_counts: bool = True
    ties_break: bool = False
    trial_below: int = TRIAL_BELOW


RULE_SETS: dict[str, RuleSet] = {
    rules.name: rules
    for rules in (
        RuleSet("mdc-2023", run=7),
        RuleSet("mdc-6", run=6),
        RuleSet("nhsr-0.2.2", run=7, outside_counts=False, ties_break=True, trial_below=13),
    )
}


@dataclass(frozen=True, slots=True)
class Spans:
    """Every rule that fired, one entry each: on which series, which way, from which point to which.

    Attributes
    ----------
    series : int array
        Index of the series, counted over the flattened leading axes.
    rule : str array
        "outside", "shift", "trend" or "two_of_three".
    direction : int array
        1 above the centre or rising, -1 below or falling.
    start, stop : int array
        First and last point of the stretch, both included. Two of three gives each window of three.
    """

    series: IntArray
    rule: TextArray
    direction: IntArray
    start: IntArray
    stop: IntArray


def rule_set(name: str) -> RuleSet:
    """The rules of that name."""
    try:
        return RULE_SETS[name]
    except KeyError:
        raise ValueError(f"rules {name!r}: wanted {', '.join(map(repr, RULE_SETS))}") from None


def charted(
    chart: Callable[..., Chart],
    work: Callable[[slice], Parts],
    rows: FloatArray,
    shape: tuple[int, ...],
    rules: RuleSet,
) -> Chart:
    """Work through the rows in blocks, and put the answer, with the stretches, into the shape of the input."""
    parts = in_blocks(work, *rows.shape)
    named = {name.removeprefix("span_"): parts.pop(name) for name in list(parts) if name.startswith("span_")}
    spans = Spans(**{**named, "rule": np.array(RULE_NAMES)[named["rule"]]})
    fields = {name: part.reshape(shape) for name, part in parts.items()}
    n = np.isfinite(rows).sum(axis=-1, dtype=np.int64).reshape(shape[:-1])
    return chart(**fields, spans=spans, n=n, needed=rules.trial_below, rules=rules.name)


def side_of(values: FloatArray, centre: FloatArray, tol: FloatArray) -> NDArray[np.int8]:
    """1 above the centre, -1 below, 0 on it or missing."""
    with np.errstate(invalid="ignore"):
        return (values - centre > tol).astype(np.int8) - (centre - values > tol).astype(np.int8)


def apply_rules(values: FloatArray, limits: Parts, groups: Groups, tol: FloatArray, rules: RuleSet) -> Parts:
    """Side, the four rules' flags and their spans (`span_*`) for a block of rows.

    `limits` holds centre, lower, upper, near_lower and near_upper, and `tol` the tolerance, all shaped like the values.
    """
    side = side_of(values, limits["centre"], tol)
    outside = (values - limits["upper"] > tol) | (limits["lower"] - values > tol)
    beyond = (values - limits["near_upper"] > tol) | (limits["near_lower"] - values > tol)
    beyond |= outside
    if not rules.outside_counts:
        beyond &= ~outside
    fired = [_points(outside, side), _shifts(side, groups, rules.run)]
    fired += [_trends(values, groups, tol, rules), _windows(side, beyond, groups)]
    marked = [_paint(found, values.shape) for found in fired]
    flags = dict(zip(RULE_NAMES, marked, strict=True))
    flags["two_of_three"] &= beyond
    return {"side": side, **flags, **_listed(fired, values.shape[-1])}


def _points(outside: BoolArray, side: NDArray[np.int8]) -> IntArray:
    here = np.flatnonzero(outside)
    return np.stack([side.ravel()[here].astype(np.int64), here, here])


def _shifts(side: NDArray[np.int8], groups: Groups, run: int) -> IntArray:
    """Runs on one side of the centre; a point on it, a missing one and a new segment end them."""
    line = side.ravel()
    new = groups.opens.ravel()
    new[1:] |= line[1:] != line[:-1]
    first = np.flatnonzero(new)
    last = np.append(first[1:], line.size)[: first.size] - 1
    found = (line[first] != 0) & (last - first + 1 >= run)
    return np.stack([line[first].astype(np.int64), first, last])[:, found]


def _trends(values: FloatArray, groups: Groups, tol: FloatArray, rules: RuleSet) -> IntArray:
    """Runs of steps one way; each step stands at the point it leads to."""
    step = np.zeros(values.shape, dtype=np.int64)
    known = np.zeros(values.shape, dtype=bool)
    change = values[:, 1:] - values[:, :-1]
    known[:, 1:] = np.isfinite(change) & ~groups.opens[:, 1:]
    step[:, 1:] = (change > tol[:, 1:]).astype(np.int64) - (change < -tol[:, 1:])
    line = np.where(known, step, 0).ravel()
    here, moved, broken = np.arange(line.size), line != 0, ~known.ravel()
    way = line
    if not rules.ties_break:  # a repeated value goes the way of the step before it
        way = line[np.maximum.accumulate(np.where(moved | broken, here, 0))] if line.size else line
    new = broken.copy()
    new[1:] |= way[1:] != way[:-1]
    first = np.flatnonzero(new)
    moves = np.add.reduceat(moved, first, dtype=np.int64)
    last = np.maximum.reduceat(np.where(moved, here, -1), first)
    found = (way[first] != 0) & (moves >= rules.run - 1)
    return np.stack([way[first], first - 1, last])[:, found]


def _windows(side: NDArray[np.int8], beyond: BoolArray, groups: Groups) -> IntArray:
    """Three neighbours on one side with at least two beyond two thirds of the way to the limit."""
    opens = groups.opens
    together = ~opens[:, 1:-1] & ~opens[:, 2:]
    sides = side[:, :-2] + side[:, 1:-1] + side[:, 2:]
    two = beyond[:, :-2].astype(np.int8) + beyond[:, 1:-1] + beyond[:, 2:] >= 2
    row, start = np.nonzero(together & two & (np.abs(sides) == 3))
    first = row * side.shape[-1] + start
    return np.stack([side.ravel()[first].astype(np.int64), first, first + 2])


def _paint(found: IntArray, shape: tuple[int, ...]) -> BoolArray:
    """Mark every point of every stretch."""
    edge = np.zeros(int(np.prod(shape)) + 1, dtype=np.int64)
    np.add.at(edge, found[1], 1)
    np.add.at(edge, found[2] + 1, -1)
    return np.asarray(np.cumsum(edge)[:-1].reshape(shape) > 0)


def _listed(fired: list[IntArray], points: int) -> Parts:
    """The stretches of all rules in one list, in the order of series and start."""
    code = np.repeat(np.arange(len(fired)), [found.shape[1] for found in fired])
    direction, first, last = np.concatenate(fired, axis=1)
    order = np.lexsort((code, first))
    first, last, code = first[order], last[order], code[order]
    points = max(points, 1)
    where = {"span_series": first // points, "span_start": first % points, "span_stop": last % points}
    return {**where, "span_rule": code.astype(np.int8), "span_direction": direction[order]}
