"""Is a published folder what it was when it was published, and what its data still give?"""

from __future__ import annotations

import json
from pathlib import Path

from threatlib import manifest
from threatlib.briefing import internal, workbook
from threatlib.disclosure import ledger
from threatlib.pipeline.analysis import assess, load
from threatlib.pipeline.plan import released


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
    dataset, audience = load(source), record["audience"]
    history = ledger.read(released(folder.parent, dataset.definitions, audience), before=record["run_id"])
    assessment = assess(dataset, record["quarter"], record["as_of"], audience=audience, history=history)
    named = (lambda name: name) if assessment.protection.withholds else internal.marked
    return [
        f"{name}: the data under {source} now give another table."
        for name, text in ((named(f"tables/{name}.csv"), text) for name, text in workbook.texts(assessment).items())
        if (folder / name).read_text(encoding="utf-8") != text
    ]
