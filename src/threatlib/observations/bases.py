"""What a figure is worked out from: numerators, denominators, populations, and quarters made of months."""

from __future__ import annotations

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions
from threatlib.observations.table import COLUMNS, HAS_VALUE, HIDDEN
from threatlib.periods import quarter_of


def with_quarters(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Add the quarter's figure of every monthly flow: counts add up, percentages by their numerators and denominators.

    Only a quarter with all three months has one. It is provisional if a month is, and known only as an interval if a
    month is suppressed. Its `obs` names the three rows it is made of.
    """
    flows = {
        i.id for i in definitions.catalogue.indicators if i.frequency == "monthly" and i.unit in ("count", "percent")
    }
    months = table[(table["kind"] == "month") & table["indicator"].isin(flows) & table["used"]]
    months = months[months["status"].isin([*HAS_VALUE, *HIDDEN])]
    if months.empty:
        return table
    months = months.assign(
        quarter=[quarter_of(day.date()).label for day in months["end"]],
        hidden=months["status"].isin(HIDDEN),
        provisional=months["status"] == "provisional",
        lower=months["lower"].fillna(0.0),  # a suppressed month of unknown size: none or more
        upper=months["upper"].fillna(np.inf),
    )
    groups = months.groupby(["indicator", "agency", "area", "breakdown", "quarter"], sort=False)
    summed = groups.agg(
        months=("period", "nunique"), rows=("period", "size"), obs=("obs", " ".join), start=("start", "min"),
        end=("end", "max"), lower=("lower", "sum"), upper=("upper", "sum"), hidden=("hidden", "any"),
        provisional=("provisional", "any"), numerator=("numerator", _total), denominator=("denominator", _total),
        unit=("unit", "first"), role=("role", "first"), received_on=("received_on", "max"), source=("source", "first"),
        marks=("marks", _all_words), value=("value", "sum"), file=("file", "last"),
    ).reset_index()  # fmt: skip
    whole = summed[(summed["months"] == 3) & (summed["rows"] == 3)].copy()
    share = whole["unit"] == "percent"
    whole = whole[~share | whole["denominator"].gt(0) & whole["numerator"].notna()]
    share = whole["unit"] == "percent"
    whole["value"] = whole["value"].where(~share, 100 * whole["numerator"] / whole["denominator"])
    for end in ("lower", "upper"):
        whole[end] = whole[end].where(~share, whole["value"])
    whole["value"] = whole["value"].where(~whole["hidden"])
    whole["denominator"] = whole["denominator"].where(share)
    whole["numerator"] = whole["numerator"].where(share)
    whole["status"] = np.select(
        [whole["hidden"], whole["provisional"]], ["suppressed_by_source", "provisional"], "reported"
    )
    whole = whole.rename(columns={"quarter": "period"}).assign(
        kind="quarter", basis="computed", said="", locator="", note="", sheet="", row=0, used=True
    )
    there = pd.MultiIndex.from_frame(table[["indicator", "agency", "area", "breakdown", "period"]])
    new = ~pd.MultiIndex.from_frame(whole[["indicator", "agency", "area", "breakdown", "period"]]).isin(there)
    return pd.concat([table, whole.loc[new, list(COLUMNS)].astype(COLUMNS)], ignore_index=True)


def _total(values: pd.Series) -> float:
    return float(values.sum(min_count=len(values)))


def _all_words(values: pd.Series) -> str:
    return " ".join(dict.fromkeys(" ".join(values).split()))


def with_bases(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """Give percentages and rates the numerator and denominator that the catalogue names, where the data hold them.

    A count gets the population of its own area, and of its own group where it is of one, at the last mid-year before
    the period's end. A group whose population is not known has no denominator: that of everybody is not its own.
    """
    table = table.copy()
    used = table[table["used"] & table["status"].isin(HAS_VALUE)]
    values = used.drop_duplicates(["indicator", "area", "breakdown", "period"]).set_index(
        ["indicator", "area", "breakdown", "period"]
    )["value"]
    for column in ("numerator", "denominator"):
        names = {i.id: getattr(i, column) for i in definitions.catalogue.indicators if getattr(i, column)}
        if not names:
            continue
        wanted = table["indicator"].map(names)
        keys = list(zip(wanted, table["area"], table["breakdown"], table["period"], strict=True))
        looked = pd.Series(
            values.reindex(pd.MultiIndex.from_tuples(keys, names=values.index.names)).to_numpy(), table.index
        )
        table[column] = table[column].fillna(looked.where(wanted.notna()))
    return _with_population(table, used, definitions)


def _with_population(table: pd.DataFrame, used: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    of_people = {
        i.id: i.denominator
        for i in definitions.catalogue.indicators
        if i.denominator and i.unit == "count" and i.denominator.startswith("population")
    }
    wanted = table["indicator"].map(of_people)
    need = table.index[wanted.notna() & table["denominator"].isna()]
    used = used[used["indicator"].isin(list(of_people.values()))]
    for (indicator, area, group), rows in table.loc[need].groupby([wanted.loc[need], "area", "breakdown"], sort=False):
        known = used[(used["indicator"] == indicator) & (used["area"] == area) & (used["breakdown"] == group)]
        known = known.drop_duplicates("end", keep="last").sort_values("end")
        if known.empty:
            continue
        place = np.searchsorted(known["end"].to_numpy(), rows["end"].to_numpy(), side="right") - 1
        found = known["value"].to_numpy()[np.maximum(place, 0)]
        table.loc[rows.index, "denominator"] = np.where(place >= 0, found, np.nan)
    return table
