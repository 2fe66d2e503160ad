"""From a partnership's folder to a published briefing: load, protect, assess, run, export, record, publish."""

from threatlib.catalogue import partnerships
from threatlib.pipeline.analysis import Dataset, assess, data_folder, load, page
from threatlib.pipeline.run import Plan, plan, run, unchanged, verify

__all__ = [
    "Dataset",
    "Plan",
    "assess",
    "data_folder",
    "load",
    "page",
    "partnerships",
    "plan",
    "run",
    "unchanged",
    "verify",
]
