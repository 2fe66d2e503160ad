"""From a partnership's folder to a published briefing: load, protect, assess, run, export, record, publish."""

from threatlib.catalogue import partnerships
from threatlib.pipeline.analysis import Dataset, assess, load
from threatlib.pipeline.interruption import heeded
from threatlib.pipeline.opened import data_folder, page
from threatlib.pipeline.plan import Plan, notebooks_in, plan
from threatlib.pipeline.proof import verify
from threatlib.pipeline.quarter import brief_quarter
from threatlib.pipeline.run import run, unchanged
from threatlib.pipeline.unit import Outcome, brief, brief_all

__all__ = [
    "Dataset",
    "Outcome",
    "Plan",
    "assess",
    "brief",
    "brief_all",
    "brief_quarter",
    "data_folder",
    "heeded",
    "load",
    "notebooks_in",
    "page",
    "partnerships",
    "plan",
    "run",
    "unchanged",
    "verify",
]
