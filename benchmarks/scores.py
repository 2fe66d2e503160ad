"""How what is said of the next quarter comes out: every English authority's monthly referrals, never looking ahead.

    python benchmarks/scores.py MONTHLY_REFERRALS.csv

The file is the Department for Education's monthly referrals by authority (columns `month`, `la_name`, `referrals`). It
prints the tables of docs/calibration/scores.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from threatlib.assessment.forecasts import Counts, forecasts
from threatlib.assessment.outlooks import COLUMNS
from threatlib.assessment.scoring import scored, scores
from threatlib.catalogue import load
from threatlib.periods import quarter_of, shift
from threatlib.signals import SERIES

FIRST_SAID = 8
"""Quarters of a past before the first statement."""


def counts(path: Path) -> Counts:
    """Referrals by authority and quarter; a quarter with a missing month is missing."""
    table = pd.read_csv(path, encoding="utf-8-sig", dtype=str)
    table["value"] = pd.to_numeric(table["referrals"], errors="coerce")
    ends = pd.PeriodIndex(table["month"], freq="M").to_timestamp(how="end")
    quarters = sorted({quarter_of(day.date()) for day in ends})
    names = [str(q) for q in quarters]
    table["quarter"] = [str(quarter_of(day.date())) for day in ends]
    wide = table.pivot_table(index="la_name", columns="quarter", values="value", aggfunc=lambda v: v.sum(min_count=3))
    wide = wide.reindex(columns=names)
    keys = pd.DataFrame({"indicator": "csc_referrals", "agency": "", "area": wide.index, "breakdown": ""})[SERIES]
    rows = np.full(wide.shape, "", dtype=object)
    return Counts(keys, ("Referrals",) * len(wide), tuple(quarters), wide.to_numpy(dtype=float), rows)


def main(path: Path) -> None:
    found = counts(path)
    definitions = load(Path("data/demo")).model_copy(update={"judgements": ()})
    definitions = definitions.model_copy(
        update={"annotations": definitions.annotations.model_copy(update={"annotations": ()})}
    )
    none = pd.DataFrame(columns=list(COLUMNS))
    last = found.quarters[-1]
    made = [shift(last, -back) for back in range(len(found.quarters) - FIRST_SAID, 0, -1)]
    said = pd.concat([forecasts(found, none, definitions, q, worded=False) for q in made], ignore_index=True)
    marked = scored(said, found, definitions, last)
    table = scores(marked, last)
    print(f"{len(marked)} statements of {marked['area'].nunique()} authorities, {made[0]} to {made[-1]}\n")
    print("| score | of | statements | value | 95% interval | wanted | as wanted |\n|---|---|---|---|---|---|---|")
    for row in table[table["scope"] == "all so far"].to_dict("records"):
        wanted = f"{row['wanted_low']:.2f} to {row['wanted_high']:.2f}"
        print(f"| {row['measure']} | {row['group']} | {row['n']:,} | {row['value']:.3f} | {row['lower']:.3f} to "
              f"{row['upper']:.3f} | {wanted} | {row['as_wanted']} |")  # fmt: skip
    print(f"\nMean error: {marked['error_percent'].mean():.1f}%")
    by_year = marked[marked["not_scored"] == ""].assign(year=marked["about"].str[:7]).groupby("year")["covered"]
    print("\n| year | statements | covered |\n|---|---|---|")
    for year, part in by_year:
        print(f"| {year} | {len(part):,} | {part.mean():.1%} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
