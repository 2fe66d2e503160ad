"""Each series of a Release, through CHECKS: what changed, by how much, and whether it can be said at all.

A verdict is computed from an interval, never typed: up, down, level, or *cannot be said* with the reason. Where a count
is withheld the verdict is the one that holds for every value it may have. All series are worked on at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from threatlib.catalogue import Annotation, Definitions
from threatlib.disclosure import Release
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.periods import Period
from threatlib.signals.checks import CHECKS, LENGTHLESS, Check, ask
from threatlib.signals.choice import METHODS, Method, choose, explain_choice
from threatlib.signals.comparators import compare
from threatlib.signals.contrast import contrast, rate
from threatlib.signals.groups import of_their_group
from threatlib.signals.panel import KIND_ORDER, SERIES, Panel, Places, breaks_of, broken, panel_of
from threatlib.signals.saying import saw
from threatlib.signals.standing import RANGE, expected_range, standing
from threatlib.signals.tail import completeness
from threatlib.signals.usual import usual_limits
from threatlib.signals.variation import variation
from threatlib.signals.verdict import judge
from threatlib.stats.multiplicity import benjamini_hochberg

__all__ = [
    "CHECKS", "COLUMNS", "CONFIDENCE", "KIND_ORDER", "LENGTHLESS", "METHODS", "RANGE", "SERIES", "Check", "Method",
    "choose", "expected_range", "explain_choice", "signals", "usual_limits",
]  # fmt: skip

_FIGURE = ("period", "kind", "end", "value", "lower", "upper", "status", "basis", "numerator", "denominator")

COLUMNS = (
    *("signal_id", "check", "main", *SERIES, "name", "theme", "unit", "polarity"),
    *("period", "end", "value", "lower", "upper", "status", "basis", "numerator", "denominator", "rows", "marks"),
    *("previous_period", "previous_value", "previous_lower", "previous_upper", "previous_status", "previous_basis"),
    *("previous_rows", "kind", "previous_kind"),
    *("measure", "change", "change_lower", "change_upper", "p", "dispersion", "history", "recording", "arrow", "why"),
    *("judgement", "rate", "rate_lower", "rate_upper"),
    *("comparator", "comparator_value", "comparator_unit", "comparator_period", "comparator_rows"),
    *("method", "event", "news", "recorded_lower", "recorded_upper", "expected", "expected_lower", "expected_upper"),
    *("window", "window_kind", "window_first", "window_last", "window_rows", "silence", "alpha", "q", "saw"),
)
"""Columns of the signals table: the figure, the one it is held against, what may be said of the change.

From `method` on they are the scan's: what it saw in its window (`recorded_*`, a range where figures are withheld), what
was to be expected there, how many silent periods it would take to be sure, and all of it in words (`saw`). `alpha` is
the share of quiet series that the row's test would flag, `q` its p-value after Benjamini and Hochberg over the main
rows of the round.
"""

CONFIDENCE = 0.95
"""Of the intervals of a change."""


def signals(
    release: Release, definitions: Definitions, quarter: Period, history: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row for each series and check (columns: `COLUMNS`), as the Release stood at the end of a quarter.

    `history` holds what was released before; where earlier quarters' briefings show provisional figures that have been
    settled since, a provisional tail is held against what is usually there by then (`tail.completeness`).
    """
    table = release.table
    table = table[table["used"] & (table["end"] <= pd.Timestamp(quarter.end)) & (table["basis"] != "forecast")]
    table = of_their_group(table, definitions)
    local = table[(table["role"] == "local") & table["status"].isin([*HAS_VALUE, *HIDDEN])]
    if local.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    panel = panel_of(local, definitions)
    scans = standing(panel, definitions.annotations.annotations, completeness(history, table, quarter))
    frame = _pairs(panel, scans, definitions)
    for step in (contrast, rate, _tests, judge, _words):
        frame = step(frame)
    return compare(frame, table[table["role"] == "comparator"], definitions)[list(COLUMNS)]


def _pairs(panel: Panel, scans: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Each series' latest figure beside the earlier one that answers a check, and what the scan says of it."""
    series, checks, earlier, main = ask(panel, (scans["method"] != "").to_numpy()[:-1])
    frame = panel.table.iloc[panel.last[series]].reset_index(drop=True)
    before = panel.table.iloc[earlier].reset_index(drop=True)
    before = before.where(pd.Series(earlier >= 0))
    frame = frame[[*SERIES, *_FIGURE, "obs", "marks"]].rename(columns={"obs": "rows"})
    frame["check"] = _said([CHECKS[n].name for n in checks])
    frame["main"] = main
    for field in ("name", "theme", "unit", "polarity"):
        frame[field] = _said([getattr(panel.indicators[n], field) for n in series])
    for name in _FIGURE:
        frame[f"previous_{name}"] = before[name]
    frame["previous_rows"] = before["obs"].fillna("")
    frame["signal_id"] = frame["check"].str.cat(frame[SERIES], sep=":")
    frame["marks"] = _distinct(frame["marks"] + " " + before["marks"].fillna(""))
    breaks = breaks_of(definitions.annotations.annotations)
    frame["recording"] = _recording(panel, breaks, earlier, panel.last[series])
    by_scan = np.array([check.scans for check in CHECKS])[checks]
    frame = frame.join(scans.iloc[np.where(by_scan, series, len(panel.last))].reset_index(drop=True))
    usual = variation(panel, breaks)
    return frame.assign(dispersion=usual.dispersion[series], history=usual.pairs[series], spread=usual.spread[series])


def _tests(frame: pd.DataFrame) -> pd.DataFrame:
    """One p-value a row, the chance of a false flag by its test, and what is left allowing for all the tests made."""
    frame = frame.copy()
    by_scan = frame["method"] != ""
    frame["p"] = frame["scan_p"].where(by_scan, frame["p"])
    frame["alpha"] = frame["alpha"].where(by_scan, 1 - CONFIDENCE).where(frame["p"].notna())
    frame["q"] = benjamini_hochberg(frame["p"].where(frame["main"].astype(bool)).to_numpy(dtype=float))
    return frame


def _words(frame: pd.DataFrame) -> pd.DataFrame:
    seen = (frame["event"] != "").to_numpy()
    words = np.full(len(frame), "", dtype=object)
    words[seen] = [saw(row) for row in frame[seen].to_dict("records")]
    return frame.assign(saw=_said(words.tolist()))


def _said(words: list[str]) -> pd.Series:
    return pd.Series(words, dtype="str")


def _distinct(marks: pd.Series) -> pd.Series:
    """Each mark once: a change is as doubtful as the more doubtful of its ends."""
    return marks.map({text: " ".join(dict.fromkeys(text.split())) for text in marks.unique()})


def _recording(panel: Panel, breaks: Sequence[Annotation], earlier: Places, later: Places) -> pd.Series:
    """Title of a declared change in recording that lies between two figures; empty where there is none."""
    titles = np.array([*(entry.title for entry in breaks), ""], dtype=object)
    found = broken(panel, breaks, np.maximum(earlier, 0), later)
    return pd.Series(titles[np.where(earlier >= 0, found, -1)], dtype="str")
