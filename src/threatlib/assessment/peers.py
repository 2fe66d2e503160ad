"""A figure beside those of other areas: rates with intervals, and a funnel's limits where areas are many."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.stats import rates
from threatlib.stats.comparison import MIN_AREAS, funnel

PER = 10_000
COLUMNS = ("area", "role", "size", "value", "lower", "upper", "status", "period", "unit", "verdict", "rows")
LIMITS = ("size", "target", "inner_lower", "inner_upper", "outer_lower", "outer_upper")


def peers(
    table: pd.DataFrame, row: Mapping[Any, Any], unlike: Mapping[str, Collection[str]] | None = None
) -> pd.DataFrame:
    """Every area that has a signal's figure for the same period (`COLUMNS`), the partnership's own first.

    Parameters
    ----------
    table : DataFrame
        Released observations.
    row : Mapping
        A signal: its `indicator`, `area`, `period` and `unit`.
    unlike : mapping, optional
        By area of our own: the neighbours that it must not stand beside (`Assessment.unlike`). Those of the signal's
        area are left out, and so are our other areas that must not stand beside one of those that stay.

    Notes
    -----
    Areas differ in size, so a count is shown as a rate per 10,000 with its exact or Byar interval, and only where its
    denominator is known; a withheld count as the range of rates it allows. A percentage has its Wilson interval where
    the numbers it is worked out from are known. Any other unit is shown as it is.
    """
    here = table[(table["indicator"] == row["indicator"]) & (table["period"] == row["period"]) & table["used"]]
    here = here[(here["breakdown"] == "") & here["status"].isin([*HAS_VALUE, *HIDDEN])]
    count = row["unit"] == "count"
    size = here["denominator"].astype(float)
    here = here[size.gt(0)] if count else here
    here = here.drop_duplicates(["area", "role"], keep="last")
    here = here[_alike(here, str(row["area"]), unlike or {})]
    if here.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    shown = _rates(here) if count else _shares(here) if row["unit"] == "percent" else _bare(here)
    out = pd.DataFrame(
        {
            "area": here["area"],
            "role": here["role"].map({"local": "local"}).fillna("neighbour"),
            "size": here["denominator"].astype(float),
            "status": here["status"],
            "period": here["period"],
            "unit": "per_10k" if count else row["unit"],
            "verdict": "",
            "rows": here["obs"],
        }
    ).join(shown)
    order = out["role"].ne("local").astype(int)
    out = out.assign(order=order).sort_values(["order", "value"], ascending=[True, False], kind="stable")
    return out[list(COLUMNS)].reset_index(drop=True)


def _alike(here: pd.DataFrame, area: str, unlike: Mapping[str, Collection[str]]) -> pd.Series:
    """Comparators that an area may stand beside, and our areas that may stand beside those."""
    local = here["role"] == "local"
    kept = set(here.loc[~local, "area"]) - set(unlike.get(area, ()))
    fits = {name for name in here.loc[local, "area"] if kept.isdisjoint(unlike.get(name, ()))}
    return here["area"].isin(fits).where(local, here["area"].isin(kept))


def _bare(here: pd.DataFrame) -> pd.DataFrame:
    """Figures as they are; between which numbers a withheld one lies."""
    shown = here[["value", "lower", "upper"]].astype(float)
    exact = shown["value"].notna()
    return shown.assign(lower=shown["lower"].where(~exact), upper=shown["upper"].where(~exact))


def _shares(here: pd.DataFrame) -> pd.DataFrame:
    """Percentages with their intervals, where what they are worked out from is known."""
    shown = _bare(here)
    base = here["denominator"].astype(float)
    top = here["numerator"].astype(float).fillna(shown["value"] / 100 * base)
    known = shown["value"].notna() & (base > 0) & top.between(0, base)
    interval = rates.proportion(top.where(known), base.where(known))
    ends = {"lower": 100 * interval.lower, "upper": 100 * interval.upper}
    return shown.assign(**{name: np.where(known, end, shown[name]) for name, end in ends.items()})


def _rates(here: pd.DataFrame) -> pd.DataFrame:
    """Rates with intervals; of a withheld count the rates between which it lies, and no more."""
    value, size = here["value"].astype(float), here["denominator"].astype(float)
    known = rates.rate(value, size, per=PER)
    ends = [PER * here[end].astype(float) / size for end in ("lower", "upper")]
    hidden = value.isna().to_numpy()
    return pd.DataFrame(
        {
            "value": known.value,
            "lower": np.where(hidden, ends[0], known.lower),
            "upper": np.where(hidden, ends[1], known.upper),
        },
        index=here.index,
    )


def limits(areas: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The areas with their verdicts, and the funnel's limits (`LIMITS`) at their sizes.

    Both empty of verdicts and limits where fewer than `MIN_AREAS` areas have a known rate: then the spread that areas
    ordinarily have cannot be told from chance. An area larger than all the others together is the whole that they are
    parts of, or as good as: it would be its own average, and the others' dots one above the other. It is left out.
    """
    whole = areas["role"].ne("local") & (areas["size"] > areas["size"].sum() - areas["size"])
    known = areas["value"].notna() & areas["size"].gt(0) & (areas["unit"] == "per_10k") & ~whole
    if known.sum() < MIN_AREAS:
        return areas, pd.DataFrame(columns=list(LIMITS))
    areas = areas[~whole].reset_index(drop=True)
    there = areas[known[~whole].to_numpy()].sort_values("size", kind="stable")
    size = there["size"].to_numpy(dtype=float)
    found = funnel(there["value"].to_numpy(dtype=float) * size / PER, size, calibrated=True)
    lower, upper = (PER * np.asarray(ends) for ends in (found.lower, found.upper))
    curve = pd.DataFrame(
        {"size": size, "target": PER * float(np.asarray(found.target)), "inner_lower": lower[0],
         "inner_upper": upper[0], "outer_lower": lower[1], "outer_upper": upper[1]}
    )  # fmt: skip
    value = there["value"].to_numpy(dtype=float)
    verdict = np.select([value > upper[1], value < lower[1]], ["higher", "lower"], "similar")
    return areas.assign(verdict=pd.Series(verdict, there.index).reindex(areas.index).fillna("")), curve
