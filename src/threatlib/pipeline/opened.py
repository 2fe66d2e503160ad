"""What a notebook draws from, in a run and where an analyst opens it."""

from __future__ import annotations

import pickle
from pathlib import Path

from threatlib.briefing.pages import Page
from threatlib.errors import UsageError
from threatlib.pipeline.analysis import assess, load


def page(
    name: str, *, partnership: str, quarter: str, audience: str = "", release: str = "", run_id: str = "interactive"
) -> Page:
    """What a notebook draws from: one page of one assessment.

    In a run the assessment was made once and lies beside the notebook (`release`); opened in JupyterLab the notebook
    has none, and the assessment is made from the partnership's folder under ``data/``.
    """
    if release:
        assessment = pickle.loads(Path(release).read_bytes())  # noqa: S301  our own file, written by this run
    else:
        assessment = assess(load(data_folder() / partnership), quarter, audience=audience)
    return Page(name, assessment, run_id)


def data_folder() -> Path:
    """The ``data`` folder beside or above the current folder: JupyterLab starts a notebook in its own."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "data").is_dir():
            return folder / "data"
    raise UsageError(f"no 'data' folder in {here} or above it.")
