"""What other briefings of the same partnership show of figures that one of them withholds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from threatlib.briefing.sums import Place, Sum
from threatlib.errors import VerificationError

Reader = Callable[[Path], tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]]
_SHOWN = ("reported", "provisional", "estimated")


def also_published(
    folder: Path, table: pd.DataFrame, sums: list[Sum], read: Reader
) -> Iterator[tuple[Place, float, str]]:
    """Values that a withheld figure has in another briefing and may still have.

    A figure that was shown and is withheld now is taken to stand as it did, unless a sum that it belongs to was seen to
    change: then it may have been the one revised, and its old value tells nothing of today's.
    """
    here = _values(table)
    for other in _beside(folder):
        try:
            theirs, _, manifest = read(other)
        except VerificationError:
            continue
        if manifest["disclosure"]["withheld_to"] < max(manifest["disclosure"]["withheld_from"], 1):
            continue  # for the partnership's own eyes only
        there = _values(theirs)
        changed = {p for p, value in here.items() if value is not None and there.get(p) not in (None, value)}
        doubtful = {p for terms in sums if any(q in changed for q, _ in terms) for p, _ in terms}
        for place, value in here.items():
            if value is None and place not in doubtful and (shown := there.get(place)) is not None:
                yield place, shown, f"{other.relative_to(folder.parents[1]).as_posix()} shows it"


def _beside(folder: Path) -> list[Path]:
    """Published folders of the same partnership: the other quarters, and briefings that were replaced."""
    shelf = folder.parent.parent / ".earlier" / folder.parent.name
    found = [*folder.parent.glob("*/manifest.json"), *shelf.glob("**/manifest.json")]
    return sorted({p.parent for p in found} - {folder})


def _values(table: pd.DataFrame) -> dict[Place, float | None]:
    """Each count that is shown, and None for each that is withheld."""
    counts = table[table["unit"].isin(["count", "fte"]) & (table["indicator"] != "")]
    keys = zip(*(counts[name].tolist() for name in ("indicator", "area", "breakdown", "period")), strict=True)
    found: dict[Place, float | None] = {}
    for place, status, value in zip(keys, counts["status"], counts["value"], strict=True):
        if status == "withheld":
            found[place] = None
        elif status in _SHOWN and pd.notna(value):
            found.setdefault(place, float(value))
    return found
