"""The shape of the tidy table: its columns, statuses and key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from threatlib.periods import Period, parse

STATUSES: dict[str, str] = {
    "reported": "",
    "provisional": "[p]",
    "estimated": "[e]",
    "not_returned": "[x]",
    "not_collected": "[x]",
    "not_applicable": "[z]",
    "suppressed_by_source": "[c]",
    "withheld": "[c]",
}
"""Every status a value can have, with the shorthand that stands in a published table."""

HAS_VALUE = ("reported", "provisional", "estimated")
"""Statuses under which a number is present."""

HIDDEN = ("suppressed_by_source", "withheld")
"""Statuses under which a number exists and is known only as an interval."""

KEY = ["indicator", "agency", "area", "breakdown", "period"]
"""What makes a figure the same figure in another file, or in another place of the same one."""

COLUMNS: dict[str, str] = {
    "obs": "str",
    "indicator": "str",
    "agency": "str",
    "area": "str",
    "breakdown": "str",
    "period": "str",
    "kind": "str",
    "start": "datetime64[s]",
    "end": "datetime64[s]",
    "value": "float64",
    "lower": "float64",
    "upper": "float64",
    "status": "str",
    "numerator": "float64",
    "denominator": "float64",
    "unit": "str",
    "basis": "str",
    "role": "str",
    "said": "str",
    "locator": "str",
    "note": "str",
    "file": "str",
    "sheet": "str",
    "row": "int64",
    "received_on": "datetime64[s]",
    "source": "str",
    "used": "bool",
    "marks": "str",
}
"""Columns of the table: `lower` and `upper` are the interval a figure is known to lie in (equal to `value` where it is
known), `said` the direction its source claims, `locator` its place inside the source, `marks` ids of annotations."""


def empty() -> pd.DataFrame:
    """The table with no rows."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


def periods_of(
    spellings: Iterable[tuple[str, str]], undated: dict[str, tuple[date, date]]
) -> dict[tuple[str, str], Period | ValueError]:
    """Read each distinct (spelling, kind said by the source) once; faults are kept, not raised."""
    found: dict[tuple[str, str], Period | ValueError] = {}
    for text, kind in set(spellings):
        if text in undated:
            first, last = undated[text]
            found[text, kind] = Period(last, first, "undated", text)
            continue
        try:
            found[text, kind] = parse(text, kind=kind if kind in ("snapshot", "month") else None)  # type: ignore[arg-type]
        except ValueError as fault:
            found[text, kind] = fault
    return found


def as_of(observations: pd.DataFrame, day: date | None, register: pd.DataFrame | None = None) -> pd.DataFrame:
    """What was known on a day: later files are not there, and of a figure sent twice the last received one counts.

    Parameters
    ----------
    observations : DataFrame
        Everything received.
    day : date, optional
        The day; everything received so far if not given.
    register : DataFrame, optional
        The register: a file that a later one supersedes counts no more from the day the later one was received, so
        that a figure the correction leaves out is gone.
    """
    known = observations
    if day is not None:
        known = known[known["received_on"] <= pd.Timestamp(day)]
    if register is not None:
        later = register[register["supersedes"] != ""]
        if day is not None:
            later = later[later["received_on"] <= pd.Timestamp(day)]
        known = known[~known["file"].isin(later["supersedes"])]
    latest = known.groupby(KEY, sort=False)["received_on"].transform("max")
    return known[known["received_on"] == latest].reset_index(drop=True)


_RETURNED = (
    "indicator", "area", "period", "value", "numerator", "denominator", "breakdown", "status", "note", "agency", "unit",
    "basis",
)  # fmt: skip


def as_returned(observations: pd.DataFrame) -> str:
    """Observations as a canonical return: CSV that reads back to the same figures, statuses included.

    Text that a spreadsheet would take for a formula stands behind an apostrophe, which is taken off when it is read.
    """
    numbers = ("value", "numerator", "denominator")
    rows = observations[list(_RETURNED)].assign(
        **{name: [_digits(number) for number in observations[name]] for name in numbers},
        **{name: [harmless(text) for text in observations[name]] for name in _RETURNED if name not in numbers},
    )
    return rows.to_csv(index=False, lineterminator="\n")


_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: behind an apostrophe where it would be one."""
    return f"'{text}" if _FORMULA.match(text) else text


def bare(text: str) -> str:
    """What was written with `harmless`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _digits(number: float) -> str:
    """A number as people write it, without an exponent; nothing if there is none."""
    return "" if np.isnan(number) else np.format_float_positional(number, trim="-")
