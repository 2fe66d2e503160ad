"""What a report says of its own figures, worked out again: agrees, disagrees, or cannot be checked."""

from threatlib.claims.analyst import findings, worked_out
from threatlib.claims.arithmetic import ARITHMETIC, CHECK_COLUMNS, FIGURE_COLUMNS, conflicts
from threatlib.claims.spoken import COLUMNS, released, rows_of, typed

__all__ = [
    "ARITHMETIC",
    "CHECK_COLUMNS",
    "COLUMNS",
    "FIGURE_COLUMNS",
    "conflicts",
    "findings",
    "released",
    "rows_of",
    "typed",
    "worked_out",
]
