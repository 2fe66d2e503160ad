"""The chart in words: alternative text made from the frame that is drawn, so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from threatlib import wording
from threatlib.wording import LONGEST_ALT


def of_series(frame: pd.DataFrame, subtitle: str, unit: str, gaps: int) -> str:
    """First and last known value of each series, and how many are missing."""
    names = {str(name): unit for name in dict.fromkeys(frame["series"])}
    return of_measures(frame, subtitle, names, gaps, kind="Line chart")


def of_forecast(frame: pd.DataFrame, subtitle: str, unit: str, forecast: str) -> str:
    """First and last known value, and the forecast."""
    known = _first_and_last(frame, "", unit)
    return _fitted(f"Forecast chart, {subtitle}.", [known], f" Forecast {forecast}." if forecast else " No forecast.")


def of_measures(
    frame: pd.DataFrame, subtitle: str, units: Mapping[str, str], gaps: int, kind: str = "Two line charts"
) -> str:
    """As `of_series`, for measures of different units."""
    parts = [_first_and_last(frame[frame["series"] == name], name, unit) for name, unit in units.items()]
    unknown = int(frame["value"].isna().sum())
    tail = f" {_counted(unknown, 'value')} not known." if unknown else ""
    tail += f" {_counted(gaps, 'declared gap')}." if gaps else ""
    return _fitted(f"{kind}, {subtitle}.", parts, tail)


def of_rows(kind: str, subtitle: str, labels: list[str], texts: list[str], tail: str = "") -> str:
    """One clause a row, as many as there is room for."""
    parts = [f"{label} {text}" for label, text in zip(labels, texts, strict=True)]
    return _fitted(f"{kind}, {subtitle}.", parts, tail)


def _first_and_last(rows: pd.DataFrame, name: str, unit: str) -> str:
    known = rows[rows["value"].notna()]
    head = f"{name}: " if name else ""
    if known.empty:
        return f"{head}no known value"
    first, last = known.iloc[0], known.iloc[-1]
    end = f"{wording.number(last['value'], unit)} in {wording.period_short(last['period'])}"
    if len(known) == 1:
        return f"{head}{end} only"
    return f"{head}{wording.number(first['value'], unit)} in {wording.period_short(first['period'])} to {end}"


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _fitted(head: str, parts: list[str], tail: str) -> str:
    """Head, as many parts as fit, and the tail; never longer than `LONGEST_ALT`."""
    more = " More in the table."
    head = head if len(head) <= LONGEST_ALT // 2 else f"{head[: LONGEST_ALT // 2 - 2].rstrip()}…"
    text, used = head, 0
    for part in parts:
        longer = f"{text}{';' if used else ''} {part}"
        if len(longer) + len(tail) + len(more) + 1 > LONGEST_ALT:
            break
        text, used = longer, used + 1
    text = f"{text}{'.' if used else ''}{tail}"
    return f"{text}{more}" if used < len(parts) else text
