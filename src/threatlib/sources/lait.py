"""Local Authority Interactive Tool: an extract in long form, one row a measure, period and area.

Periods are written in many ways: a year or the school or financial year it ends in, spans of years (``2014-16``), and
spans of financial years (``2013/14-15/16``). A single year is left as it is written: its meaning differs by measure
and is in the tool's dictionary. ``-`` is any missing value; the extract does not say why.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
import pandas as pd

from threatlib.sources.source import Source, finished

_SPAN = re.compile(r"(\d{4})-(\d{2})")
_FINANCIAL_SPAN = re.compile(r"(\d{4})/\d{2}-\d{2}/(\d{2})")


def _read(frame: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    rows = frame[frame["measure_short"].isin(set(wanted))] if wanted else frame
    return finished(
        rows.rename(columns={"measure_short": "measure", "area": "name"}).assign(
            period=rows["period"].map({text: _period(text) for text in set(rows["period"])}),
            value=rows["value"].where(rows["value"] != "-", "n/k"),
            note=np.where(rows["value"] == "-", "'-' in the source: missing, no reason given", ""),
        )
    )


def _period(text: str) -> str:
    span, financial = _SPAN.fullmatch(text), _FINANCIAL_SPAN.fullmatch(text)
    if financial:
        return f"{financial[1]}-04/20{financial[2]}-03"
    if span and int(span[2]) != (int(span[1]) + 1) % 100:
        return f"{span[1]}/20{span[2]}"
    return text


SOURCES = (
    Source(
        "lait",
        "Local Authority Interactive Tool, extract",
        "Department for Education (LAIT)",
        "https://www.gov.uk/government/publications/local-authority-interactive-tool-lait",
        (("measure_short", "period", "area", "old_la_code", "value"),),
        _read,
    ),
)
