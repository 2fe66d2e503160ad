"""What the analyst wrote about each threat, as it stands in the quarter."""

from __future__ import annotations

import pandas as pd

from threatlib.catalogue.commentary import Comment, standing
from threatlib.periods import Period

COLUMNS = ("threat", "quarter", "author", "dated", "text", "state", "reviewed_by", "reviewed_on")
"""`quarter` is the one the words were written for; `state` is ``written``, ``confirmed`` or ``not_reviewed``."""


def commentary(comments: tuple[Comment, ...], quarter: Period, audience: str) -> pd.DataFrame:
    """One row a threat or sub-topic that has words this audience may read."""
    rows = [
        {
            **{name: getattr(words.comment, name) for name in ("threat", "quarter", "author", "dated", "text")},
            **{name: getattr(words, name) for name in ("state", "reviewed_by", "reviewed_on")},
        }
        for words in standing(comments, quarter, audience)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
