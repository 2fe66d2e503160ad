"""What every definition is made of: frozen entries whose fields are checked when they are built."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from threatlib.catalogue.yaml_files import TOO_LONG, shown

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Polarity = Literal["higher_is_worse", "lower_is_worse", "neither"]
Standing = Literal["measured", "reported", "published", "hypothesis"]
Theme = Literal["workforce", "demand", "csa", "mental_health", "context"]
Unit = Literal[
    "count", "percent", "per_10k", "per_1000", "fte", "gbp", "ratio", "rank", "mean", "months", "days",
    "percent_change", "percentage_points", "points", "weekly_mean", "monthly_mean", "in_10", "in_5",
]  # fmt: skip
Frequency = Literal["monthly", "quarterly", "half_yearly", "annual", "snapshot", "irregular"]

THEMES: dict[str, str] = {
    "workforce": "Workforce",
    "demand": "Demand",
    "csa": "Child sexual abuse",
    "mental_health": "Mental health",
    "context": "Context",
}


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def complaint(error: Any) -> str:
    """One fault of an entry (of `ValidationError.errors`) in words: what was found, unless it is long, and wanted."""
    found, message = shown(error.get("input")), error["msg"].removeprefix("Value error, ")
    return message if found == TOO_LONG else f"found {found}, {message[0].lower()}{message[1:]}"
