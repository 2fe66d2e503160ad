"""The scan put to every series of a panel: one answer a quarter, and the expected range of one series by period."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.catalogue import Annotation
from threatlib.signals.choice import STOCKS, choose, described, frequency
from threatlib.signals.laid import Laid, about, columns_of, lay
from threatlib.signals.panel import KIND_ORDER, Panel
from threatlib.signals.scanned import Verdict, verdicts
from threatlib.signals.verdict import ONE
from threatlib.stats.scan import THRESHOLD

Tail = dict[tuple[str, int], float]
ANSWER = (
    *("method", "event", "flagged", "tiny", "news", "split", "way", "recorded_lower", "recorded_upper", "expected"),
    *("expected_lower", "expected_upper", "window", "window_kind", "window_first", "window_last", "window_rows"),
    *("silence", "scan_p", "alpha"),
)
"""Columns of the scan's answer, one row a series; `method` is empty where the scan does not judge."""
_KINDS = ("month", "quarter", "snapshot")


def standing(panel: Panel, noted: Sequence[Annotation], tail: Tail | None = None) -> pd.DataFrame:
    """Whether each series stands out in the calendar quarter of its latest figure (columns: `ANSWER`).

    One row a series, and a last one that says nothing. `tail` says how complete provisional figures are, by indicator
    and age in months.
    """
    asked = list(_asked(panel, noted, tail or {}))
    seen = verdicts([one.laid for one in asked], [one.method for one in asked], first=3)
    answers = {one.series: _answer(verdict, one, panel) for verdict, one in zip(seen, asked, strict=True)}
    rows = [*(answers.get(n, NOTHING) for n in range(len(panel.last))), NOTHING]
    return pd.DataFrame(rows, columns=list(ANSWER)).astype(dict.fromkeys(_WORDS, "str"))


class _Asked(NamedTuple):
    """A series that the scan judges, laid out, with its method and the kind of period it is judged on."""

    series: int
    laid: Laid
    method: str
    kind: str


def _asked(panel: Panel, noted: Sequence[Annotation], tail: Tail) -> Iterator[_Asked]:
    """Each series on the shortest kind of period that has a method and reaches its latest figure."""
    columns = columns_of(panel.table)
    value = columns["value"]
    value = np.where(np.isfinite(value), value, (columns["lower"] + columns["upper"]) / 2)
    usable = columns["known"] & np.isfinite(value)
    first = np.concatenate([[0], panel.last[:-1] + 1]) if len(panel.last) else panel.last
    declared = cache(lambda indicator, area: about(noted, panel.names[indicator], panel.areas[area]))
    for n, (begin, end) in enumerate(zip(first, panel.last, strict=True)):
        rows = np.arange(begin, end + 1)
        indicator = panel.indicators[n]
        for kind in _KINDS:
            mine = rows[(panel.kind[rows] == KIND_ORDER.index(kind)) & usable[rows]]
            if len(mine) < 2 or panel.end[mine[-1]] != panel.end[end]:
                continue
            freq = frequency(kind, columns["day"][mine])
            method = choose(
                indicator.unit, kind if freq else "", len(mine), float(value[mine].mean()),
                based=bool((columns["denominator"][mine] > 0).all()), least=indicator.minimum_points,
            )  # fmt: skip
            if method.model:
                entries = declared(int(panel.indicator[n]), int(panel.area[n]))
                laid = lay(columns, mine, freq, entries, share=method.model == "proportion")
                if method.model == "count":
                    laid = replace(laid, complete=_complete(tail, indicator.id, laid))
                yield _Asked(n, laid, method.id, kind)
                break


_WORDS = ("method", "event", "window_kind", "window_first", "window_last", "window_rows")
NOTHING = (
    dict.fromkeys(ANSWER, np.nan)
    | dict.fromkeys(_WORDS, "")
    | {"flagged": False, "tiny": False, "news": False, "split": False, "way": 0}
)


def _complete(tail: Tail, indicator: str, laid: Laid) -> tuple[float, ...]:
    """How complete each provisional period is by now; nothing where that is not known of every one."""
    step = 12 // laid.freq
    shares = [tail.get((indicator, step * back)) for back in reversed(range(laid.provisional))]
    return tuple(share for share in shares if share) if all(shares) else ()


def _answer(seen: Verdict, one: _Asked, panel: Panel) -> dict[str, Any]:
    """The oddest period of the last quarter speaks for it, at the price of having been picked."""
    place = one.laid.place[-len(seen.p) :]
    quarter = panel.end[place].astype("datetime64[M]").astype(np.int64) // 3
    now = (place >= 0) & (quarter == quarter[-1]) & ~np.isnan(seen.p)
    if not now.any():
        return NOTHING
    tiny = _under_one(seen, one.method, panel.indicators[one.series].unit)
    tries, flags = int(now.sum()), now & seen.flag & ~tiny
    candidates = np.flatnonzero(flags if flags.any() else now)
    t = int(candidates[np.argmin(seen.p[candidates])])
    window = place[max(0, t - int(seen.length[t]) + 1) : t + 1]
    window = window[window >= 0]
    label, obs = panel.table["period"].to_numpy(), panel.table["obs"].to_numpy()
    return {
        "method": one.method,
        "event": str(seen.event[t]) if flags.any() else "",
        "flagged": bool(flags.any()),
        "tiny": bool((now & seen.flag).any()) and not flags.any(),
        "news": bool((now & seen.news & ~tiny).any()),
        "split": bool((now & seen.split).any()) and not flags.any(),
        "way": int(seen.direction[t]),
        "recorded_lower": seen.recorded_lower[t],
        "recorded_upper": seen.recorded_upper[t],
        "expected": seen.expected[t],
        "expected_lower": seen.lower[t],
        "expected_upper": seen.upper[t],
        "window": float(seen.length[t]),
        "window_kind": one.kind,
        "window_first": str(label[window[0]]),
        "window_last": str(label[window[-1]]),
        "window_rows": " ".join(map(str, obs[window])),
        "silence": seen.silence[t],
        "scan_p": 1 - (1 - seen.p[t]) ** tries,
        "alpha": 1 - (1 - THRESHOLD[one.laid.freq]) ** tries,
    }


def _under_one(seen: Verdict, method: str, unit: str) -> NDArray[np.bool_]:
    """Where what was recorded is less than one post or case from what was expected, of a level of posts or cases."""
    apart = np.abs((seen.recorded_lower + seen.recorded_upper) / 2 - seen.expected)
    return np.asarray((unit == "fte" or method in STOCKS) & (apart < ONE))


def _entry(record: Mapping[Hashable, Any]) -> Annotation:
    """An annotation from its row in a table, where what is missing may be a NaN."""
    return Annotation.model_construct(**{str(k): None if v != v else v for k, v in record.items()})


RANGE = (
    *("period", "period_end", "value", "expected", "expected_lower", "expected_upper"),
    *("p", "event", "direction", "flag"),
)
"""Columns of the expected range; lower and upper are those of a 95% predictive interval."""


def expected_range(history: pd.DataFrame, noted: pd.DataFrame) -> pd.DataFrame:
    """What was to be expected of each period of one series, from what came before it.

    Parameters
    ----------
    history : DataFrame
        Observations of one series and kind of period, oldest first, as `Assessment.history` gives them.
    noted : DataFrame
        The declared annotations (`Assessment.tables["annotations"]`).

    Returns
    -------
    DataFrame
        One row a row of `history` (columns: `RANGE`), in the unit of the value; NaN where it cannot be said. Where
        figures are withheld the range is the widest that they allow, and a flag one that holds whatever they are.
    """
    out = pd.DataFrame({"period": history["period"], "period_end": history["end"], "value": history["value"]})
    out = out.reset_index(drop=True).reindex(columns=list(RANGE))
    out = out.assign(event="", direction=0, flag=False)
    kind, points, mean, based = described(history)
    method = choose(str(history["unit"].iloc[0]) if points else "", kind, points, mean, based=based)
    if not method.model:
        return out
    columns = columns_of(history)
    rows = np.flatnonzero(columns["known"])
    declared = about(
        [_entry(record) for record in noted.to_dict("records")],
        str(history["indicator"].iloc[0]),
        str(history["area"].iloc[0]),
    )
    laid = lay(columns, rows, frequency(kind, columns["day"][rows]), declared, share=method.model == "proportion")
    (seen,) = verdicts([laid], [method.id])
    there = laid.place >= 0
    flag = seen.flag & ~_under_one(seen, method.id, str(history["unit"].iloc[0]))
    found = {
        "expected": seen.point, "expected_lower": seen.point_lower, "expected_upper": seen.point_upper, "p": seen.p,
        "event": np.where(flag, seen.event, ""), "direction": seen.direction, "flag": flag,
    }  # fmt: skip
    for name, values in found.items():
        out.loc[laid.place[there], name] = values[there]
    return out
