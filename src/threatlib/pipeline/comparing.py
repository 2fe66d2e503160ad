"""What differs between two briefings of one partnership and quarter that are kept: findings, and figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from threatlib.briefing import internal, publish
from threatlib.errors import UsageError

_TABLES = {
    "findings": (
        ("finding_id",),
        ("severity", "confidence", "direction", "judgement", "probability_term", "value", "expected", "sentence"),
    ),
    "observations": (
        ("indicator", "agency", "area", "breakdown", "period"),
        ("value", "lower", "upper", "status", "numerator", "denominator"),
    ),
}
COLUMNS = ("table", "change", "what", "field", "old", "new")


@dataclass(frozen=True, slots=True)
class Kept:
    """A briefing that is kept: the one readers see, or an earlier one."""

    folder: Path
    run_id: str
    finished: str


def kept(out: Path, partnership: str, name: str) -> list[Kept]:
    """The briefings of a quarter (``2022-23-Q2`` or ``2022-23-Q2-internal``), oldest first, the published one last.

    Raises
    ------
    UsageError
        If there is none.
    """
    shelf = publish.shelved(out, partnership, name)
    folders = [*sorted(shelf.glob("[0-9]*")), out / partnership / name]
    found = []
    for folder in folders:
        try:
            record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        found.append(Kept(folder, record["run_id"], record["finished"]))
    if not found:
        raise UsageError(f"{out / partnership / name}: no briefing is published there. `threatlib run` makes one.")
    return found


def choose(there: Sequence[Kept], wanted: str, place: int) -> Kept:
    """The briefing of a run by (the beginning or end of) its id, or by its place among them where none is named."""
    if not wanted:
        if len(there) < -place:
            raise UsageError(f"{there[-1].folder}: only one briefing is kept, so there is nothing to compare it with.")
        return there[place]
    found = [one for one in there if one.run_id.startswith(wanted) or one.run_id.endswith(wanted)]
    if len(found) != 1:
        known = ", ".join(one.run_id for one in there)
        raise UsageError(f"{there[-1].folder}: found {len(found)} kept briefings of run '{wanted}'; there are {known}.")
    return found[0]


def compare(old: Kept, new: Kept) -> pd.DataFrame:
    """One row a difference (`COLUMNS`), findings before figures.

    `change` is ``new``, ``gone`` or ``changed``; `field` is which column changed.
    """
    rows: list[tuple[str, ...]] = []
    for table, (key, fields) in _TABLES.items():
        before, after = (_table(one.folder, table, key, fields) for one in (old, new))
        for what in [*before, *(each for each in after if each not in before)]:
            rows += _differences(table, what, fields, before.get(what), after.get(what))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _differences(
    table: str, what: str, fields: Sequence[str], old: tuple[str, ...] | None, new: tuple[str, ...] | None
) -> list[tuple[str, ...]]:
    if old is None or new is None:
        said = (old or new or ("",))[-1 if table == "findings" else 0]
        return [(table, "gone" if new is None else "new", what, "", *((said, "") if new is None else ("", said)))]
    return [
        (table, "changed", what, name, was, now)
        for name, was, now in zip(fields, old, new, strict=True)
        if was != now
    ]  # fmt: skip


def _table(folder: Path, name: str, key: Sequence[str], fields: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """A published table as what it is about to what it says; figures of one key in one text, in order."""
    path = folder / "tables" / f"{name}.csv"
    if not path.is_file():
        path = folder / internal.marked(f"tables/{name}.csv")
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    there = [field for field in fields if field in rows.columns]
    found: dict[str, list[tuple[str, ...]]] = {}
    for *words, said in zip(*(rows[column] for column in key), rows[there].itertuples(index=False), strict=True):
        found.setdefault(" | ".join(word for word in words if word), []).append(tuple(said))
    return {
        what: tuple("; ".join(sorted(set(column))) for column in zip(*said, strict=True))
        for what, said in found.items()
    }
