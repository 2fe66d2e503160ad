"""Last quarter is marked: what was said of a period, held against what the period brought.

A range should hold its outcome as often as its level says, and a probability word come true as often as its band says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib import wording
from threatlib.assessment.forecasts import LEVEL, Counts, concerned
from threatlib.assessment.phia import YARDSTICK
from threatlib.catalogue import Definitions
from threatlib.periods import Period, parse, quarter_of
from threatlib.signals.panel import breaks_of
from threatlib.stats.rates import proportion

SCORED = ("outcome", "covered", "passed", "brier", "error_percent", "not_scored")
"""What scoring adds to a statement: the outcome, whether the range held it, whether the threshold was passed."""
SCORES = (
    *(
        "scope",
        "measure",
        "group",
        "n",
        "value",
        "lower",
        "upper",
        "wanted_low",
        "wanted_high",
        "as_wanted",
        "sentence",
    ),
)
"""Columns of the scores: of what, how many statements, the score with its 95% interval, and what was wanted."""
COVERED = (0.77, 0.83)
"""Share of outcomes that ranges of `LEVEL` should hold."""
ENOUGH = 5
"""Fewest statements from which a share is worked out."""


def scored(statements: pd.DataFrame, found: Counts, definitions: Definitions, now: Period) -> pd.DataFrame:
    """Each statement with its outcome, as far as it is in by the end of a quarter.

    Parameters
    ----------
    statements : DataFrame
        As `forecasts.forecasts` makes them.
    found : Counts
        Figures as they are known now.
    definitions : Definitions
        Declared changes of recording: a statement made before one is not held against a figure from after it.
    now : Period
        The quarter whose end it is.
    """
    periods = {str(label): parse(str(label)) for label in statements["about"].unique()}
    labels = statements["about"].astype(str)
    first = labels.map({label: found.place(quarter_of(about.start)) for label, about in periods.items()}).to_numpy()
    last = labels.map({label: found.place(quarter_of(about.end)) for label, about in periods.items()}).to_numpy()
    series = _series(statements, found)
    over = labels.map({label: about.end <= now.end for label, about in periods.items()}).to_numpy(dtype=bool)
    there = over & (series >= 0) & (first >= 0) & (last < len(found.quarters))
    sums = np.concatenate([np.zeros((len(found.amounts), 1)), np.cumsum(np.nan_to_num(found.amounts), axis=1)], axis=1)
    missing = np.concatenate([np.zeros((len(sums), 1)), np.cumsum(np.isnan(found.amounts), axis=1)], axis=1)
    begin, end = np.where(there, first, 0), np.where(there, last + 1, 0)
    none = (missing[series, end] - missing[series, begin] > 0) | ~there
    broken = _broken(statements["made"].astype(str), labels, series, found, definitions)
    outcome = np.where(none | broken, np.nan, sums[series, end] - sums[series, begin])
    why = np.select(
        [~over, broken],
        ["the period is not over", "recording changed in between"],
        "the outcome is not known to this audience",
    )
    known = np.isfinite(outcome)
    out = statements.assign(outcome=outcome, not_scored=np.where(known, "", why))
    held = (out["lower"] <= out["outcome"]) & (out["outcome"] <= out["upper"])
    passed = out["outcome"] > out["threshold"]
    size = out["outcome"].abs().where(out["outcome"] > 0)
    return out.assign(
        covered=held.astype(float).where(known), passed=passed.astype(float).where(known),
        brier=((out["probability"] - passed) ** 2).where(known),
        error_percent=100 * (out["estimate"] - out["outcome"]).abs() / size,
    )[[*statements.columns, *SCORED]]  # fmt: skip


def scores(marked: pd.DataFrame, now: Period) -> pd.DataFrame:
    """Coverage, Brier score and calibration by term (columns: `SCORES`): of what came in this quarter, and of all.

    Notes
    -----
    Brier (1950): the mean of (p - happened)^2; always saying an even chance scores 0.25, so lower is better than that.
    Intervals are Wilson's; statements of one quarter are not independent, so the true ones are somewhat wider. A term
    is calibrated where the interval of its share and its band (ends of its gaps included, see `phia.term`) overlap.
    """
    known = marked[marked["not_scored"] == ""]
    ends_now = {label: parse(str(label)).end == now.end for label in known["about"].unique()}
    over = known["about"].map(ends_now)
    rows: list[dict[str, object]] = []
    for scope, part in (("this quarter", known[np.asarray(over, dtype=bool)]), ("all so far", known)):
        for kind, seen in dict.fromkeys(zip(part["kind"], part["seen"], strict=True)):
            rows.append(_coverage(scope, str(kind), int(seen), part[(part["kind"] == kind) & (part["seen"] == seen)]))
        if len(part):
            rows.append(_brier(scope, part))
        for low, high, word in _bands():
            rows += _calibration(scope, word, low, high, part[part["term"] == word])
    return pd.DataFrame(rows, columns=list(SCORES))


def _bands() -> list[tuple[float, float, str]]:
    """The probabilities that each word is given to: its band and the part of the gaps that goes to it."""
    found: list[tuple[float, float, str]] = []
    for n, (low, high, word) in enumerate(YARDSTICK):
        from_ = low if low > 0.5 or n == 0 else YARDSTICK[n - 1][1]
        to = high if high < 0.5 or n == len(YARDSTICK) - 1 else YARDSTICK[n + 1][0]
        found.append((from_, to, word))
    return found


def _coverage(scope: str, kind: str, seen: int, part: pd.DataFrame) -> dict[str, object]:
    share = _share(part["covered"])
    group = kind if kind == "next quarter" else f"{kind}, {seen} of 4 quarters in"
    error = part["error_percent"].mean()
    off = (
        f"; the estimate was {wording.number(round(error, 1), 'percent')} off on average" if np.isfinite(error) else ""
    )
    ranges = "range" if len(part) == 1 else "ranges"
    what = {"next quarter": f"{ranges} given for the quarter"}.get(
        kind, f"{ranges} for the year from {seen} of its quarters"
    )
    held = int(part["covered"].sum())
    sentence = f"Of {len(part)} {what}, {held} held what came; {LEVEL:.0%} were meant to{off}."
    return _row(scope, "coverage", group, len(part), share, COVERED, sentence)


def _brier(scope: str, part: pd.DataFrame) -> dict[str, object]:
    mean = float(part["brier"].mean())
    spread = 1.96 * float(part["brier"].std()) / np.sqrt(len(part)) if len(part) > 1 else np.nan
    sentence = (
        f"The probabilities scored {mean:.2f} (Brier); always saying an even chance scores 0.25, and 0 is perfect."
    )
    share = (mean, max(mean - spread, 0.0), mean + spread)
    return _row(scope, "Brier score", "all probabilities", len(part), share, (0.0, 0.25), sentence)


def _calibration(scope: str, word: str, low: float, high: float, part: pd.DataFrame) -> list[dict[str, object]]:
    if part.empty:
        return []
    came = int(part["passed"].sum())
    share = f" ({came / len(part):.0%})" if len(part) >= ENOUGH else ""
    sentence = f"Called {word}: {len(part)}; came true: {came}{share}. The word is given to {low:.0%} to {high:.0%}."
    return [_row(scope, "calibration", word, len(part), _share(part["passed"]), (low, high), sentence)]


def _share(flags: pd.Series) -> tuple[float, float, float]:
    found = proportion(float(flags.sum()), float(len(flags)))
    return float(found.value), float(found.lower), float(found.upper)


def _row(
    scope: str, measure: str, group: str, n: int, share: Sequence[float], wanted: tuple[float, float], sentence: str
) -> dict[str, object]:
    value, lower, upper = share
    fits = "too few" if n < ENOUGH else "yes" if lower <= wanted[1] and upper >= wanted[0] else "no"
    return dict(zip(SCORES, (scope, measure, group, n, value, lower, upper, *wanted, fits, sentence), strict=True))


def _series(statements: pd.DataFrame, found: Counts) -> NDArray[np.int64]:
    """The row of each statement's series among the counts; -1 where it has none."""
    keys = list(found.keys.columns)
    place = pd.MultiIndex.from_frame(found.keys)
    return np.asarray(place.get_indexer(pd.MultiIndex.from_frame(statements[keys])), dtype=np.int64)


def _broken(
    made: pd.Series, about: pd.Series, series: NDArray[np.int64], found: Counts, definitions: Definitions
) -> NDArray[np.bool_]:
    """Whether a declared change of recording begins after a statement and no later than what it is about."""
    said = made.map({label: parse(label).end for label in made.unique()}).to_numpy()
    end = about.map({label: parse(label).end for label in about.unique()}).to_numpy()
    out = np.zeros(len(made), dtype=bool)
    for entry in breaks_of(definitions.annotations.annotations):
        began = parse(str(entry.start)).start
        out |= (said < began) & (end >= began) & concerned(found, entry.indicators, entry.areas)[series] & (series >= 0)
    return out
