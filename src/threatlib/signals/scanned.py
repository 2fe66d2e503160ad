"""Series through the scan: which stand out from their own past, whatever their withheld figures are.

A withheld figure is an interval. The scan is run with the lowest and the highest values everywhere, and with a low past
against a high present and the other way round; a verdict stands only where all of these agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threatlib.signals.choice import FLOWS, MODELS
from threatlib.signals.laid import FloatArray, IntArray, Laid
from threatlib.stats.scan import THRESHOLD, Scan, scan

PRESENT = {12: (1, 3, 6, 12), 4: (1, 2, 4)}
"""How many of the latest periods are taken for the present, each in turn, where figures are withheld."""
_MEMORY = 144  # periods given to the scan; it uses 120 before any point
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds for every value that the withheld figures may have, by period; NaN where it cannot be said.

    `p` is the largest, `flag` and `direction` those that all agree on (0 where they do not), `split` whether they
    disagree. The rest describes the case with the least evidence: `event`, `length` of its window in periods, what was
    recorded there (a range) and expected, `silence`, and the forecast of the period itself.
    """

    p: FloatArray
    flag: NDArray[np.bool_]
    news: NDArray[np.bool_]
    split: NDArray[np.bool_]
    direction: IntArray
    event: NDArray[np.str_]
    length: IntArray
    recorded_lower: FloatArray
    recorded_upper: FloatArray
    expected: FloatArray
    lower: FloatArray
    upper: FloatArray
    silence: FloatArray
    point: FloatArray
    point_lower: FloatArray
    point_upper: FloatArray


def verdicts(series: Sequence[Laid], methods: Sequence[str], first: int | None = None) -> list[Verdict]:
    """The verdict on every period of each series, or on its last `first` periods only.

    Series alike in frequency, model, declared breaks and tail are scanned together, ends aligned.
    """
    alike: dict[tuple[object, ...], list[int]] = {}
    for n, (one, method) in enumerate(zip(series, methods, strict=True)):
        back = tuple(len(one.low) - k for k in one.breaks)
        worth = tuple(len(one.worth) - np.flatnonzero(one.worth < 1))
        length = 0 if first else len(one.low)
        alike.setdefault((one.freq, method, one.provisional, one.complete, back, worth, length), []).append(n)
    found: dict[int, Verdict] = {}
    for members in alike.values():
        found |= dict(zip(members, _together([series[n] for n in members], methods[members[0]], first), strict=True))
    return [found[n] for n in range(len(series))]


def _together(series: Sequence[Laid], method: str, first: int | None) -> list[Verdict]:
    model, freq = MODELS[method], series[0].freq
    length = max(len(one.low) for one in series)
    length = length if first is None else min(_MEMORY, length)
    rows, owner = [], []
    for n, one in enumerate(series):
        for values in _cases(one):
            rows.append(values)
            owner.append(n)
    size = np.stack([_ending(one.size, length) for one in series])[owner]
    seen = scan(
        np.stack([_ending(row, length) for row in rows]),
        frequency=freq,
        kind=model,  # type: ignore[arg-type]
        denominator=None if model == "level" else size,
        provisional=min(series[0].provisional, length),
        completeness=series[0].complete or None,
        breaks=[k + length - len(series[0].low) for k in series[0].breaks],
        weights=np.stack([_ending(one.worth, length, 1.0) for one in series])[owner],
        first=None if first is None else max(0, length - first),
        confidence=CONFIDENCE,
    )
    ends = np.searchsorted(owner, np.arange(len(series) + 1))  # a series' cases lie together
    places = [np.arange(start, stop) for start, stop in pairwise(ends)]
    return [_agreed(seen, place, one, method) for one, place in zip(series, places, strict=True)]


def _ending(values: FloatArray, length: int, fill: float = np.nan) -> FloatArray:
    """The last `length` values, filled in front."""
    out = np.full(length, fill)
    taken = values[max(0, len(values) - length) :]
    out[length - len(taken) :] = taken
    return out


def _cases(one: Laid) -> list[FloatArray]:
    """The values to try: as they are, or the corners of what withheld figures may be."""
    if np.array_equal(one.low, one.high, equal_nan=True):
        return [one.low]
    cases = [one.low, one.high]
    when = np.arange(len(one.low))
    for recent in PRESENT[one.freq]:
        now = when >= len(when) - recent
        cases += [np.where(now, one.high, one.low), np.where(now, one.low, one.high)]
    return cases


def _agreed(seen: Scan, rows: IntArray, one: Laid, method: str) -> Verdict:
    """What all cases of one series agree on, described by the case with the least evidence."""
    taken = min(len(one.low), seen.p.shape[-1])
    case = {field.name: getattr(seen, field.name)[rows][:, -taken:] for field in fields(seen)}
    said = ~np.isnan(case["p"]).any(0)
    strange = case["p"] <= THRESHOLD[one.freq]
    same = (case["direction"] == case["direction"][0]).all(0)
    flag = said & strange.all(0) & same
    least = np.argmax(np.nan_to_num(case["p"], nan=2.0), axis=0)[None]

    def at(name: str) -> NDArray[Any]:
        return np.asarray(np.take_along_axis(case[name], least, axis=0)[0])

    low, high, length = one.low[-taken:], one.high[-taken:], at("length")
    known = ~np.isnan(low)
    size = np.where(known, one.size[-taken:], 0.0)
    each, whole = np.ones(taken), np.ones(taken)
    if MODELS[method] == "proportion":
        each, whole = np.where(known, size, np.nan) / 100, _over(size, length) / 100
    elif method not in FLOWS:
        whole = _over(known.astype(float), length)
    whole = np.where(said & (whole > 0), whole, np.nan)
    recorded = [_over(np.nan_to_num(end), length) / whole for end in (low, high)]
    return Verdict(
        p=at("p"),
        flag=flag,
        news=flag & case["news"].any(0),
        split=said & ~flag & strange.any(0),
        direction=np.where(said & same, case["direction"][0], 0),
        event=np.where(said, at("event"), ""),
        length=np.where(said, length, 0),
        recorded_lower=recorded[0],
        recorded_upper=recorded[1],
        expected=at("expected_in_window") / whole,
        lower=at("window_lower") / whole,
        upper=at("window_upper") / whole,
        silence=at("silence"),
        point=_middle(case["expected"]) / each,
        point_lower=case["lower"].min(0) / each,
        point_upper=case["upper"].max(0) / each,
    )


def _over(values: FloatArray, length: IntArray) -> FloatArray:
    """Sum of the last `length` values at each place."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    return np.asarray(total[end] - total[np.maximum(end - length, 0)])


def _middle(cases: FloatArray) -> FloatArray:
    return np.asarray((cases.min(0) + cases.max(0)) / 2)
