"""Statistical neighbours of authorities (Department for Education): ranked 1 to 10, with closeness, by model."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from threatlib.sources.source import Source, finished

_COLUMNS = (
    "model_version", "old_la_code", "la_name", "rank", "neighbour_old_la_code", "neighbour_la_name", "closeness",
)  # fmt: skip


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
    ),
)
