"""Typed definitions of what is measured and how it hangs together."""

from threatlib.catalogue.files import load, partnerships
from threatlib.catalogue.models import (
    THEMES,
    Annotation,
    Annotations,
    Area,
    Catalogue,
    Check,
    Definitions,
    Figure,
    Indicator,
    Item,
    Partnership,
    Requirement,
    Rule,
    SubTopic,
    Threat,
    Threats,
)

__all__ = [
    "THEMES",
    "Annotation",
    "Annotations",
    "Area",
    "Catalogue",
    "Check",
    "Definitions",
    "Figure",
    "Indicator",
    "Item",
    "Partnership",
    "Requirement",
    "Rule",
    "SubTopic",
    "Threat",
    "Threats",
    "load",
    "partnerships",
]
