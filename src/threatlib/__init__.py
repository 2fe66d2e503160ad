"""threatlib: quarterly threat assessments for safeguarding children partnerships.

>>> import threatlib as tl
>>> dataset = tl.load("data/demo")
>>> assessment = tl.assess(dataset, "2022-23-Q2")

Names are fetched when they are first used: importing the package does nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from threatlib._version import __version__

if TYPE_CHECKING:
    from threatlib.assessment import Assessment
    from threatlib.detection import detect, detect_score
    from threatlib.pipeline import Dataset, assess, load, page

_HOMES = {
    "Assessment": "threatlib.assessment",
    "Dataset": "threatlib.pipeline",
    "assess": "threatlib.pipeline",
    "detect": "threatlib.detection",
    "detect_score": "threatlib.detection",
    "load": "threatlib.pipeline",
    "page": "threatlib.pipeline",
}

__all__ = ["Assessment", "Dataset", "__version__", "assess", "detect", "detect_score", "load", "page"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'threatlib' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
