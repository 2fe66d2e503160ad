"""Is a published folder what it was when it was published, and what its data still give?"""

from __future__ import annotations

import json
from pathlib import Path

from threatlib import manifest
from threatlib.briefing import workbook
from threatlib.disclosure import ledger
from threatlib.pipeline.analysis import assess, load


def verify(folder: Path, data: Path) -> list[str]:
    """Faults of a published folder: files that changed, and tables that the same inputs no longer give.

    The tables are made anew only where the partnership's data are at hand under `data`.
    """
    found = manifest.faults(folder)
    if found:
        return found
    record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    source = data / record["partnership"]
    if not source.is_dir():
        return []
    told = folder.parent / "released" / f"{record['audience']}.csv"
    history = ledger.read(told, until=record["quarter"], before=record["run_id"])
    assessment = assess(load(source), record["quarter"], record["as_of"], audience=record["audience"], history=history)
    return [
        f"tables/{name}.csv: the data under {source} now give another table."
        for name, text in workbook.texts(assessment).items()
        if (folder / "tables" / f"{name}.csv").read_text(encoding="utf-8") != text
    ]
