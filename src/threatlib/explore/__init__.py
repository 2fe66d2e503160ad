"""What an analyst asks of a dataset at a keyboard: a series, its neighbours, why a finding says so, and what if.

These answers show figures *before* the disclosure gate: they are for the analyst's eyes and never for a page. Each is a
small frozen object with a `frame` (pandas, columns documented), a picture in JupyterLab and plain text elsewhere.
"""

from threatlib.explore.comparison import Comparison, compare
from threatlib.explore.difference import WhatIf, declaration, declared, exclude, known, rebase, unguarded
from threatlib.explore.explanation import Explanation, chosen, explain
from threatlib.explore.names import Names, partnership_near
from threatlib.explore.proposal import Proposal
from threatlib.explore.series import Series, series

__all__ = [
    "Comparison",
    "Explanation",
    "Names",
    "Proposal",
    "Series",
    "WhatIf",
    "chosen",
    "compare",
    "declaration",
    "declared",
    "exclude",
    "explain",
    "known",
    "partnership_near",
    "rebase",
    "series",
    "unguarded",
]
