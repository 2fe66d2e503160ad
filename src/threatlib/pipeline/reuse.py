"""Executed notebooks of the last run, so that a run that resumes repeats only those that failed or changed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from threatlib import manifest
from threatlib.briefing import runner
from threatlib.pipeline.plan import Plan
from threatlib.pipeline.records import write_whole

_FOLDER = "executed"


def kept(made: Plan, name: str) -> tuple[Any, str] | None:
    """A notebook as an earlier run executed it, and that run's id; None if anything it depends on has changed."""
    path = made.state / _FOLDER / f"{name}.ipynb"
    try:
        mark, run_id = path.with_suffix(".mark").read_text(encoding="ascii").split()
        return (runner.opened(path), run_id) if mark == _mark(made, name) else None
    except (OSError, ValueError):
        return None


def keep(made: Plan, name: str, executed: Path) -> None:
    """Keep a notebook that ran to its end; where it cannot be kept it will be run again."""
    path = made.state / _FOLDER / f"{name}.ipynb"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".mark").unlink(missing_ok=True)
        write_whole(path, executed.read_text(encoding="utf-8"))
        write_whole(path.with_suffix(".mark"), f"{_mark(made, name)} {made.run_id}\n")


def _mark(made: Plan, name: str) -> str:
    """All that an executed notebook is a function of: what its briefing is, its source, what was told before."""
    parts = [made.notebooks / f"{name}.ipynb"] + ([made.released] if made.released.is_file() else [])
    return manifest.fingerprint(parts, {"briefing": made.basis})
