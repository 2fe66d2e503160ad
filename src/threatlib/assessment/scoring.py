"""Last quarter is marked: what was said of a period, held against what the period brought.

A range should hold its outcome as often as its level says, and a probability word come true as often as its band says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

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
    outcome = np.full(len(statements), np.nan)
    why = np.full(len(statements), "the outcome is not known to this audience", dtype=object)
    places = {tuple(key): n for n, key in enumerate(found.keys.itertuples(index=False, name=None))}
    keys = list(found.keys.columns)
    for n, row in enumerate(statements.to_dict("records")):
        about = parse(str(row["about"]))
        series = places.get(tuple(row[name] for name in keys))
        if about.end > now.end:
            why[n] = "the period is not over"
        elif series is not None:
            last = found.place(quarter_of(about.end))
            first = found.place(quarter_of(about.start))
            amounts = found.amounts[series, first : last + 1] if first >= 0 and last < len(found.quarters) else [np.nan]
            outcome[n] = np.sum(amounts)
            if _broken(row["made"], about, series, found, definitions):
                outcome[n], why[n] = np.nan, "recording changed in between"
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
    over = [parse(str(label)).end == now.end for label in known["about"]]
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
    what = {"next quarter": "ranges given for the quarter"}.get(
        kind, f"ranges for the year from {seen} of its quarters"
    )
    held = int(part["covered"].sum())
    sentence = f"Of {len(part)} {what}, {held} held what came; {LEVEL:.0%} were meant to{off}."
    return _row(scope, "coverage", group, len(part), share, (LEVEL, LEVEL), sentence)


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


def _broken(made: str, about: Period, series: int, found: Counts, definitions: Definitions) -> bool:
    """Whether a declared change of recording begins after a statement and no later than what it is about."""
    said = parse(made).end
    return any(
        said < parse(str(entry.start)).start <= about.end and concerned(found, entry.indicators, entry.areas)[series]
        for entry in breaks_of(definitions.annotations.annotations)
    )
