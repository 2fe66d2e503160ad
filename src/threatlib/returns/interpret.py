"""Rows of text to observations: indicator, area, period, value and status, each checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.observations import HAS_VALUE, STATUSES, periods_of
from threatlib.returns.cells import numbers as read_numbers
from threatlib.returns.grids import OPTIONAL, REQUIRED
from threatlib.returns.problems import Problem

_ALL = (*REQUIRED, *OPTIONAL, "said", "role", "section", "offset", "kind")
_MONTHLY = {"monthly": "month", "snapshot": "snapshot"}


def interpret(
    raw: pd.DataFrame, entry: pd.Series[Any], sheet: str, definitions: Definitions
) -> tuple[pd.DataFrame, list[Problem]]:
    """Text to values, statuses and periods; what does not fit is a problem and is left out."""
    file = entry["file"]
    problems: list[Problem] = []
    catalogue, partnership = definitions.catalogue, definitions.partnership
    column = {name: raw[name] if name in raw else pd.Series("", raw.index, dtype="str") for name in _ALL}

    def refuse(bad: pd.Series, name: str, wanted: str, todo: str) -> None:
        for index in raw.index[bad]:
            where = int(raw.loc[index, "row"])
            problems.append(Problem(file, sheet, where, name, f"'{column[name][index]}'", wanted, todo))

    known = set(catalogue.by_id)
    unknown = ~column["indicator"].isin(known | set(catalogue.left_out_reasons))
    refuse(unknown, "indicator", "an indicator of catalogue.yaml", "`threatlib catalogue` lists them.")
    areas = {area.name for area in partnership.areas}
    stray = ~column["area"].isin(areas)
    refuse(stray, "area", f"one of {', '.join(sorted(areas))}", "Use the area's name as in partnership.yaml.")

    frequency = column["indicator"].map({i.id: _MONTHLY.get(i.frequency, "") for i in catalogue.indicators}).fillna("")
    hints = column["kind"].where(column["kind"].isin(["snapshot", "month"]), frequency)
    periods = periods_of(zip(column["period"], hints, strict=True), partnership.undated_periods)
    read_periods = [periods[key] for key in zip(column["period"], hints, strict=True)]
    lost = pd.Series([isinstance(p, ValueError) for p in read_periods], raw.index)
    for index in raw.index[lost]:
        fault = str(periods[column["period"][index], hints[index]])
        found, _, wanted = fault.removeprefix("found ").partition(", wanted ")
        problems.append(
            Problem(
                file, sheet, int(raw.loc[index, "row"]), "period", found, wanted or "a period", "Correct the period."
            )
        )

    value, status, lower, upper, bad = read_numbers(column["value"])
    refuse(bad, "value", "a number", "Write digits; '[c]' if suppressed; leave blank if not returned.")
    said_status = column["status"].str.lower()
    wrong = (said_status != "") & ~said_status.isin([s for s in STATUSES if s != "withheld"])
    refuse(wrong, "status", f"one of {', '.join(s for s in STATUSES if s != 'withheld')}", "Correct or clear it.")
    clash = (said_status != "") & ~wrong & (said_status.isin(HAS_VALUE) != value.notna()) & ~bad
    refuse(
        clash, "status", "a status that agrees with the value", "A number has a status with a value, a blank has not."
    )
    status = status.where((said_status == "") | wrong, said_status)

    numbers = {}
    for name in ("numerator", "denominator"):
        numbers[name], _, _, _, off = read_numbers(column[name])
        refuse(off, name, "a number or blank", "Write digits, or leave it blank.")
        bad = bad | off

    fit = ~(unknown | stray | lost | bad | wrong | clash)
    keep = np.flatnonzero(fit & column["indicator"].isin(known))
    chosen = [p for p, good in zip(read_periods, fit & column["indicator"].isin(known), strict=True) if good]
    units = {i.id: i.unit for i in catalogue.indicators}
    picked = {name: text.iloc[keep].reset_index(drop=True) for name, text in column.items()}
    rows = raw["row"].iloc[keep].reset_index(drop=True)
    place = f"{file}#{sheet}" if sheet else file
    table = pd.DataFrame(
        {
            "obs": [f"{place}:{number}" for number in rows],
            "indicator": picked["indicator"],
            "agency": _agencies(picked["agency"], entry["agency"], definitions),
            "area": picked["area"],
            "breakdown": picked["breakdown"],
            "period": [p.label for p in chosen],  # type: ignore[union-attr]
            "kind": [p.kind for p in chosen],  # type: ignore[union-attr]
            "start": pd.to_datetime([p.start for p in chosen]).astype("datetime64[s]"),  # type: ignore[union-attr]
            "end": pd.to_datetime([p.end for p in chosen]).astype("datetime64[s]"),  # type: ignore[union-attr]
            "value": value.iloc[keep].to_numpy(),
            "lower": lower.iloc[keep].to_numpy(),
            "upper": upper.iloc[keep].to_numpy(),
            "status": status.iloc[keep].to_numpy(),
            "numerator": numbers["numerator"].iloc[keep].to_numpy(),
            "denominator": numbers["denominator"].iloc[keep].to_numpy(),
            "unit": picked["indicator"].map(units),
            "basis": picked["basis"].replace("", "stated"),
            "role": picked["role"].replace("", "local"),
            "said": picked["said"],
            "locator": _locators(picked),
            "note": picked["note"],
            "file": file,
            "sheet": sheet,
            "row": rows,
            "received_on": entry["received_on"],
            "source": entry["kind"],
            "used": True,
            "marks": "",
        }
    )
    roles = {area.name: area.role for area in partnership.areas}
    table.loc[table["area"].map(roles) == "comparator", "role"] = "comparator"
    return table, problems


def _agencies(said: pd.Series, sender: str, definitions: Definitions) -> pd.Series:
    """The agency a figure is of, under its one name; the file's sender where the row says nothing."""
    names = {}
    for text in set(said) | {sender}:
        agency = definitions.partnership.agency_named(text or sender)
        names[text] = agency.name if agency else (text or sender)
    return said.map(names)


def _locators(picked: dict[str, pd.Series]) -> pd.Series:
    return (picked["section"] + " @" + picked["offset"]).where(picked["offset"] != "", "")
