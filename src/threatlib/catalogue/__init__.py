"""Typed definitions of what is measured and how it hangs together."""

from threatlib.catalogue.annotations import Annotation, Annotations, Check, Claim, Figure
from threatlib.catalogue.definitions import Definitions
from threatlib.catalogue.entry import THEMES, Entry
from threatlib.catalogue.files import load, partnerships
from threatlib.catalogue.indicators import Catalogue, Indicator, LeftOut
from threatlib.catalogue.partnership import Agency, Area, Partnership, Rule
from threatlib.catalogue.threats import Item, Judgement, Requirement, SubTopic, Threat, Threats

__all__ = [
    "THEMES",
    "Agency",
    "Annotation",
    "Annotations",
    "Area",
    "Catalogue",
    "Check",
    "Claim",
    "Definitions",
    "Entry",
    "Figure",
    "Indicator",
    "Item",
    "Judgement",
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
