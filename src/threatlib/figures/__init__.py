"""Drawings of released tables: only what is passed in is drawn, and nothing is computed but places on the paper."""

from threatlib.figures.absences import absence
from threatlib.figures.bands import bands
from threatlib.figures.canvas import Caption, Figure
from threatlib.figures.changes import changes
from threatlib.figures.comparisons import comparison, paired_change
from threatlib.figures.fans import fan
from threatlib.figures.funnels import funnel
from threatlib.figures.matrix import threat_matrix
from threatlib.figures.pressure import pressure
from threatlib.figures.series import time_series
from threatlib.figures.sparks import sparkline

__all__ = [
    "Caption",
    "Figure",
    "absence",
    "bands",
    "changes",
    "comparison",
    "fan",
    "funnel",
    "paired_change",
    "pressure",
    "sparkline",
    "threat_matrix",
    "time_series",
]
