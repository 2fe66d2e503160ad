"""Who is over-represented: each group's rate beside that of everybody else, by population and by the stage before.

A relative rate says that a group is met more often than others, never why: more need, more notice, or another practice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from threatlib import wording
from threatlib.assessment.sentences import Part, Row, plain
from threatlib.assessment.years import dispersion, said
from threatlib.catalogue import Definitions, Indicator
from threatlib.stats.multiplicity import benjamini_hochberg
from threatlib.stats.rates import Between, bounds, rate_ratio

CONFIDENCE = 0.95
FEW = 10
"""Fewer cases than this are too few to be read without care."""
TOO_FEW = 5
"""Where fewer cases than this would be expected, nothing is said."""
COLUMNS = (
    "indicator", "agency", "area", "breakdown", "name", "theme", "dimension", "group", "against", "against_name",
    "against_period", "period", "value", "lower", "upper", "status", "base", "rest_lower", "rest_upper", "rest_base",
    "expected", "relative", "relative_lower", "relative_upper", "p", "q", "small", "verdict", "why", "sentence",
    "marks", "rows",
)  # fmt: skip
"""Columns: `relative` is the group's rate over that of all other groups, `against` the base (a population, or the stage
before on the journey), `expected` what the others' rate would give the group."""

_Answer = dict[str, Any]


def disproportionality(table: pd.DataFrame, totals: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """One row a group and base, for every count that is broken down (`COLUMNS`).

    Parameters
    ----------
    table, totals : DataFrame
        What the audience may see up to the quarter's end (`years.known`), and its complete years (`years.years`).

    Notes
    -----
    Ratio of rates with an exact-type interval (`stats.contrasts.rate_ratio`), widened by what the group's count varies
    anyway; a withheld count takes its interval, and the verdict holds whatever it is. `q` allows for all the groups.
    """
    own = table[table["role"] == "local"]
    latest = totals[(totals["back"] == 0) & totals["breakdown"].str.contains("=")]
    latest = latest[latest["area"].isin(definitions.partnership.local_areas)]
    people = own[own["breakdown"].str.contains("=") & (own["value"] > 0)].sort_values("end", kind="stable")
    people = people.drop_duplicates(["indicator", "area", "breakdown"], keep="last")
    rows: list[_Answer] = []
    for indicator in definitions.catalogue.indicators:
        here = latest[latest["indicator"] == indicator.id] if indicator.unit == "count" else latest.iloc[:0]
        split = here.assign(dimension=here["breakdown"].str.split("=").str[0])
        for (_, _, _), groups in split.groupby(["agency", "area", "dimension"], sort=False):
            rows += list(_compared(groups, indicator, definitions, people, latest, own))
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    found["q"] = benjamini_hochberg(found["p"].to_numpy(dtype=float))
    found["sentence"] = [plain(words(row)) for row in found.to_dict("records")]
    return found


def _compared(
    groups: pd.DataFrame,
    indicator: Indicator,
    definitions: Definitions,
    people: pd.DataFrame,
    stages: pd.DataFrame,
    own: pd.DataFrame,
) -> Iterator[_Answer]:
    """Every group of one breakdown against each base there is."""
    names = {i.id: i.name for i in definitions.catalogue.indicators}
    for against, bases in ((indicator.denominator, people), (indicator.follows, stages)):
        if against is None:
            continue
        there = bases[(bases["indicator"] == against) & (bases["area"] == groups["area"].iloc[0])]
        there = there.set_index("breakdown")
        if not groups["breakdown"].isin(there.index).any():
            groups = groups.head(1).assign(breakdown=groups["dimension"].iloc[0] + "=")  # once for all of them
        size = groups["breakdown"].map(there["value"]).astype(float)
        for place, (_, row) in enumerate(groups.iterrows()):
            others = np.arange(len(groups)) != place
            found: _Answer = dict.fromkeys(COLUMNS, np.nan) | {
                name: row[name] for name in ("indicator", "agency", "area", "breakdown", "period", "status", "marks")
            }
            dimension, _, group = str(row["breakdown"]).partition("=")
            found |= {"name": indicator.name, "theme": indicator.theme, "dimension": dimension, "group": group}
            found |= {"against": against, "against_name": names[against], "verdict": "cannot say", "why": ""}
            found |= {name: row[name] for name in ("value", "lower", "upper")} | {"small": False}
            rest = groups[others]
            found |= {"base": float(size.iloc[place]), "rest_base": float(size[others].sum(skipna=False))}
            found |= {"rest_lower": float(rest["lower"].sum()), "rest_upper": float(rest["upper"].sum())}
            sources = [*groups["rows"], *(there["obs"] if "obs" in there else there["rows"])]
            found |= {"rows": " ".join(dict.fromkeys(" ".join(map(str, sources)).split()))}
            found["against_period"] = str(there["period"].iloc[0]) if len(there) else ""
            mine = own[(own["indicator"] == indicator.id) & (own["area"] == row["area"])]
            yield found | _relative(found, dispersion(mine[mine["breakdown"] == row["breakdown"]]))


def _relative(found: _Answer, phi: float) -> _Answer:
    """The relative rate, its interval, and what may be said."""
    base, rest = found["base"], found["rest_base"]
    if not (base > 0 and rest > 0):
        return {"why": f"how many of {found['against_name'].lower()} are of each group is not known"}
    expected = found["rest_upper"] / rest * base
    if expected < TOO_FEW:
        return {"expected": expected, "why": "so few would be expected that nothing can be said", "small": True}
    mine, theirs = Between(found["lower"], found["upper"]), Between(found["rest_lower"], found["rest_upper"])
    said = bounds(rate_ratio, mine, base, theirs, rest, confidence=CONFIDENCE, dispersion=phi)
    low, high = float(said.lower), float(said.upper)
    known = found["lower"] == found["upper"] and found["rest_lower"] == found["rest_upper"]
    verdict = "more" if low > 1 else "less" if high < 1 else "no clear difference"
    answer = {"expected": expected, "relative_lower": low, "relative_upper": high, "verdict": verdict}
    if known:
        ratio = rate_ratio(found["lower"], base, found["rest_lower"], rest, dispersion=phi)
        answer |= {"relative": float(ratio.value), "p": float(ratio.p)}
    if not (np.isfinite(low) and np.isfinite(high)):
        answer |= {"verdict": "cannot say", "why": "the numbers are withheld"}
    return answer | {"small": bool(min(found["lower"], expected) < FEW)}


def words(row: Row) -> tuple[Part, ...]:
    """A relative rate as a sentence whose every figure keeps its rows."""
    rows = str(row["rows"])
    subject = f"{row['name']} ({row['area']}), {row['dimension']} {row['group']}".strip()
    base = f"by {row['against_name'].lower()}"
    if row["verdict"] == "cannot say":
        which = "this group" if row["group"] else "any group"
        return (Part(f"{subject}: whether {which} is met more often than others {base} cannot be said: {row['why']}."),)
    how = {"more": "more often than", "less": "less often than", "no clear difference": "not clearly more or less than"}
    number = (
        (Part(wording.number(row["value"]), row["value"], rows),)
        if np.isfinite(row["value"])
        else (_figure(row["lower"], rows), Part(" to "), _figure(row["upper"], rows))
    )
    middle = (Part(f"{row['relative']:.2f} times", row["relative"], rows), Part("; could be "))
    return (
        Part(f"{subject}: "),
        *number,
        Part(f" {said(str(row['period']))}, {how[row['verdict']]} everybody else {base} ("),
        *(middle if np.isfinite(row["relative"]) else ()),
        Part(_times(row["relative_lower"], -1), row["relative_lower"], rows),
        Part(" to "),
        Part(_times(row["relative_upper"], 1), row["relative_upper"], rows),
        Part(" times)"),
        Part("; small numbers, to be read with care." if row["small"] else "."),
    )


def _times(ratio: float, way: int) -> str:
    """An end of an interval, rounded away from its middle: two decimals, or as many more as keep its side of 1."""
    digits = next((n for n in (2, 3, 4) if (wording.outward(ratio, way, n) > 1) == (ratio > 1)), 5)
    return f"{wording.outward(ratio, way, digits):.{digits}f}"


def _figure(value: float, rows: str) -> Part:
    return Part(wording.number(value), value, rows)
