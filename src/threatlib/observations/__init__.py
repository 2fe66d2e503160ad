"""The tidy table: one row a figure, with its status, its place in a file and what is declared about it.

A value is never alone. Zero is a value; missing is a status with a reason; nothing turns one into the other.
"""

from threatlib.observations.bases import with_bases, with_quarters
from threatlib.observations.revisions import revised_since, revisions
from threatlib.observations.settle import figure_id, left_out, printed_figures, references, settle
from threatlib.observations.table import (
    COLUMNS,
    HAS_VALUE,
    HIDDEN,
    KEY,
    STATUSES,
    as_of,
    as_returned,
    bare,
    empty,
    harmless,
    periods_of,
)

__all__ = [
    "COLUMNS",
    "HAS_VALUE",
    "HIDDEN",
    "KEY",
    "STATUSES",
    "as_of",
    "as_returned",
    "bare",
    "empty",
    "figure_id",
    "harmless",
    "left_out",
    "periods_of",
    "printed_figures",
    "references",
    "revised_since",
    "revisions",
    "settle",
    "with_bases",
    "with_quarters",
]
