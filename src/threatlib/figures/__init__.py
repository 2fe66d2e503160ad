"""Drawings of released tables: only what is passed in is drawn, and nothing is computed but places on the paper."""

from threatlib.figures.bands import bands
from threatlib.figures.canvas import Caption, Figure
from threatlib.figures.changes import changes
from threatlib.figures.comparisons import comparison, paired_change
from threatlib.figures.matrix import threat_matrix
from threatlib.figures.series import time_series
from threatlib.figures.sparks import sparkline

__all__ = [
    "Caption",
    "Figure",
    "bands",
    "changes",
    "comparison",
    "paired_change",
    "sparkline",
    "threat_matrix",
    "time_series",
]
