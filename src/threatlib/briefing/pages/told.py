"""What the assessment says in sentences about a sub-topic, each figure linked to the rows it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from threatlib.assessment import Assessment
from threatlib.assessment.disproportionality import words as of_group
from threatlib.assessment.linked import words as of_pair
from threatlib.assessment.low import words as of_low
from threatlib.assessment.outlooks import words as of_year
from threatlib.assessment.sentences import Part
from threatlib.briefing.components import notes
from threatlib.briefing.pages.words import disputed, sentence

MOST = 8
"""Sentences of one kind in a sub-topic; the workbook has all of them."""

_Words = Callable[[Mapping[Any, Any]], tuple[Part, ...]]


def together(assessment: Assessment, indicators: list[str]) -> list[Markup]:
    """Low figures, what is read together, and where the year is heading, each folded away where there is much of it."""
    low = _rows(assessment, "absence", indicators)
    pairs = _rows(assessment, "coupling", indicators)
    ahead = _rows(assessment, "outlooks", indicators)
    if len(pairs):
        pairs = pairs[(pairs["kind"] == "workload") | ~pairs["verdict"].isin(["cannot say", "no sign of it"])]
    if len(low):
        low = low[low["kind"].str.startswith("low")]
    if len(ahead):
        ahead = ahead[ahead["estimate"].notna()]
    return [
        *_open(assessment, "Low: because safe, unseen or lost?", low, of_low),
        *_folded(assessment, "Read together", pairs, of_pair),
        *_folded(assessment, "Where the year is heading", ahead, of_year),
    ]


def disproportions(assessment: Assessment, indicators: list[str]) -> Markup:
    """Groups whose rate differs from everybody else's."""
    rows = _rows(assessment, "disproportionality", indicators)
    if rows.empty:
        return Markup("")
    rows = rows[rows["verdict"].isin(["higher", "lower"])] if "verdict" in rows else rows
    return notes(_said(assessment, rows, of_group)) if len(rows) else Markup("")


def _rows(assessment: Assessment, name: str, indicators: list[str]) -> pd.DataFrame:
    """The rows of a table about these indicators; empty where an assessment has no such table."""
    table = assessment.tables.get(name)
    return pd.DataFrame() if table is None or table.empty else table[table["indicator"].isin(indicators)]


def _said(assessment: Assessment, rows: pd.DataFrame, words: _Words) -> list[Markup]:
    """The first rows as sentences, a disputed figure marked."""
    return [
        sentence(words(row)) + disputed(assessment, str(row.get("marks", "")))
        for row in rows.head(MOST).to_dict("records")
    ]


def _open(assessment: Assessment, title: str, rows: pd.DataFrame, words: _Words) -> list[Markup]:
    return [Markup("<h4>{}</h4>").format(title), notes(_said(assessment, rows, words))] if len(rows) else []


def _folded(assessment: Assessment, title: str, rows: pd.DataFrame, words: _Words) -> list[Markup]:
    if rows.empty:
        return []
    return [Markup("<details><summary>{}</summary>\n{}</details>").format(title, notes(_said(assessment, rows, words)))]
