"""How long the disclosure gate takes on a national panel: 153 areas, 60 indicators, 48 quarters, with category tables.

Eight tables of a total and five categories, six single counts and six percentages. Run it with
``python benchmarks/disclosure.py [areas]``; the table it prints stands in ``docs/explanations/disclosure.md``.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from threatlib.catalogue import (
    Annotations,
    Catalogue,
    Definitions,
    Indicator,
    Item,
    Partnership,
    SubTopic,
    Threat,
    Threats,
)
from threatlib.disclosure import protect, protection
from threatlib.observations import COLUMNS
from threatlib.periods import quarter

TABLES, CATEGORIES, SINGLES, SHARES, QUARTERS = 8, 5, 6, 6, 48


def main() -> None:
    areas = int(sys.argv[1]) if len(sys.argv) > 1 else 153
    known = _definitions(areas)
    table = _panel(areas)
    for audience in ("dfe", "hospital"):
        begun, worked = time.perf_counter(), time.process_time()
        release = protect(table, protection(known, audience), definitions=known)
        took, work = time.perf_counter() - begun, time.process_time() - worked
        counts = table["unit"].eq("count").sum()
        print(
            f"{audience:>9}  {len(table):>8} figures ({counts} counts)  {release.withheld:>7} withheld "
            f"({release.withheld / len(table):.1%})  {len(release.exposed)} exposed  {took:.0f} s ({work:.0f} worked)"
        )


def _names() -> tuple[list[str], list[list[str]], list[str], list[str]]:
    totals = [f"total_{t}" for t in range(TABLES)]
    parts = [[f"part_{t}_{c}" for c in range(CATEGORIES)] for t in range(TABLES)]
    return totals, parts, [f"single_{s}" for s in range(SINGLES)], [f"share_{s}" for s in range(SHARES)]


def _definitions(areas: int) -> Definitions:
    totals, parts, singles, shares = _names()
    common = {"polarity": "neither", "theme": "demand", "agency": "Council", "frequency": "quarterly"}
    entries = [{"id": t, "parts": p, "unit": "count"} for t, p in zip(totals, parts, strict=True)]
    entries += [{"id": i, "unit": "count"} for group in [*parts, singles] for i in group]
    entries += [{"id": i, "unit": "percent"} for i in shares]
    made = [Indicator.model_validate({"name": e["id"], "definition": e["id"], **common, **e}) for e in entries]
    item = Item(id="item", name="Item", standing="measured", indicators=tuple(e.id for e in made))
    tree = Threat(id="threat", name="Threat", subtopics=(SubTopic(id="sub", name="Sub", page="demand", items=(item,)),))
    rules = {
        "dfe": {"name": "dfe", "withhold_from": 1, "withhold_to": 5},
        "hospital": {"name": "hospital", "withhold_from": 1, "withhold_to": 7, "round_to": 5},
    }
    places = [{"name": f"Area {a}"} for a in range(areas)]
    partnership = Partnership.model_validate({
        "name": "Nation", "data_kind": "simulated", "areas": places, "rules": rules, "default_audience": "dfe",
        "agencies": [{"name": "Council", "footprint": [p["name"] for p in places]}],
        "audiences": {name: {"title": name, "rule": name, "marking": name} for name in rules},
    })  # fmt: skip
    return Definitions(
        partnership=partnership, catalogue=Catalogue(indicators=tuple(made)), threats=Threats(threats=(tree,)),
        requirements=(), annotations=Annotations(),
    )  # fmt: skip


def _panel(areas: int) -> pd.DataFrame:
    """Every figure of every area and quarter: category sizes from hundreds down to ones."""
    chance = np.random.default_rng(153)
    totals, parts, singles, shares = _names()
    size = chance.lognormal(0.0, 0.6, (areas, 1))
    values: dict[str, np.ndarray] = {}
    for total, group in zip(totals, parts, strict=True):
        for name, mean in zip(group, (120.0, 60.0, 25.0, 10.0, 5.0), strict=True):
            values[name] = chance.poisson(mean * size, (areas, QUARTERS)).astype(float)
        values[total] = np.sum([values[name] for name in group], axis=0)
    values |= {name: chance.poisson(15 * size, (areas, QUARTERS)).astype(float) for name in singles}
    bases = {name: values[totals[i]] for i, name in enumerate(shares)}
    tops = {name: chance.binomial(base.astype(int), 0.3).astype(float) for name, base in bases.items()}
    values |= {name: 100 * tops[name] / np.maximum(bases[name], 1) for name in shares}
    return pd.concat([_rows(n, v, tops.get(n), bases.get(n)) for n, v in values.items()], ignore_index=True)


def _rows(name: str, values: np.ndarray, tops: np.ndarray | None, bases: np.ndarray | None) -> pd.DataFrame:
    areas = len(values)
    periods = [quarter(2012 + q // 4, q % 4 + 1) for q in range(QUARTERS)]
    flat = values.ravel()
    frame = pd.DataFrame({
        "indicator": name, "agency": "Council", "area": np.repeat([f"Area {a}" for a in range(areas)], QUARTERS),
        "breakdown": "", "period": np.tile([p.label for p in periods], areas), "kind": "quarter",
        "start": np.tile(pd.to_datetime([p.start for p in periods]), areas),
        "end": np.tile(pd.to_datetime([p.end for p in periods]), areas),
        "value": flat, "lower": flat, "upper": flat, "status": "reported", "basis": "stated", "role": "local",
        "numerator": np.nan if tops is None else tops.ravel(),
        "denominator": np.nan if bases is None else bases.ravel(),
        "unit": "count" if tops is None else "percent", "obs": [f"{name}:{i}" for i in range(flat.size)],
        "said": "", "locator": "", "note": "", "file": "panel.csv", "sheet": "", "row": np.arange(flat.size),
        "received_on": pd.Timestamp(2024, 4, 1), "source": "return", "used": True, "marks": "",
    })  # fmt: skip
    return frame[list(COLUMNS)].astype(COLUMNS)


if __name__ == "__main__":
    main()
