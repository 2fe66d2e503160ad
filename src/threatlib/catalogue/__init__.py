"""Typed definitions of what is measured and how it hangs together."""

from threatlib.catalogue.annotations import Annotation, Annotations, Check, Figure
from threatlib.catalogue.definitions import Definitions
from threatlib.catalogue.entry import THEMES, Entry
from threatlib.catalogue.files import load, partnerships
from threatlib.catalogue.indicators import Catalogue, Indicator, LeftOut
from threatlib.catalogue.partnership import Agency, Area, Partnership, Rule
from threatlib.catalogue.threats import Item, Requirement, SubTopic, Threat, Threats

__all__ = [
    "THEMES",
    "Agency",
    "Annotation",
    "Annotations",
    "Area",
    "Catalogue",
    "Check",
    "Definitions",
    "Entry",
    "Figure",
    "Indicator",
    "Item",
    "LeftOut",
    "Partnership",
    "Requirement",
    "Rule",
    "SubTopic",
    "Threat",
    "Threats",
    "load",
    "partnerships",
]
