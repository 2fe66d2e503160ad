"""Statistical neighbours of authorities (Department for Education): ranked 1 to 10, with closeness, by model."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from threatlib.sources.source import SOMETHING, Source, finished

_COLUMNS = (
    "model_version", "old_la_code", "la_name", "rank", "neighbour_old_la_code", "neighbour_la_name", "closeness",
)  # fmt: skip
_SHAPES = {
    "model_version": (r"(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2]))?", "a model's month such as 2025-05"),
    "la_name": SOMETHING,
    "rank": (r"[1-9]\d?", "a rank from 1"),
    "neighbour_la_name": SOMETHING,
    "closeness": (r"(?i)(?:(?:extremely|very|somewhat|not) )?close",
                  "Extremely close, Very close, Close, Somewhat close or Not close"),
}  # fmt: skip


def _read(frame: pd.DataFrame, _: Collection[str]) -> pd.DataFrame:
    """A neighbour is who it is, not a figure: each row is a rank, the neighbour its breakdown, closeness its note."""
    return finished(
        frame.rename(columns={"la_name": "name", "neighbour_la_name": "breakdown", "closeness": "note"}).assign(
            measure="rank", period=frame["model_version"], value=frame["rank"]
        )
    )


SOURCES = (
    Source(
        "statistical-neighbours",
        "Statistical neighbours",
        "Department for Education",
        "https://www.gov.uk/government/publications/local-authority-interactive-tool-lait",
        (_COLUMNS,),
        _read,
        period="model_version",
        value="rank",
        shapes=_SHAPES,
    ),
)
