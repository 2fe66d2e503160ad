"""How long the signals of many series take: ``python benchmarks/signals.py [SERIES] [QUARTERS]``.

Every series is a made-up indicator of one of a hundred areas, with a seasonal Poisson count each quarter and, for every
third indicator, a percentage instead. Prints seconds of CPU, rows made and seconds a thousand series.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from threatlib.catalogue import Annotations, Catalogue, Definitions, Partnership, Threats
from threatlib.disclosure import Release, protection
from threatlib.observations import COLUMNS
from threatlib.periods import Period, quarter
from threatlib.signals import signals

AREAS = 100


def definitions(indicators: int) -> Definitions:
    """A catalogue of so many indicators, two declared breaks, and nothing else."""
    common = {"definition": "Made up.", "polarity": "higher_is_worse", "theme": "demand", "agency": "Council"}
    entries = [
        {
            "id": f"i{n}",
            "name": f"Indicator {n}",
            "unit": "percent" if n % 3 == 2 else "count",
            "frequency": "quarterly",
        }
        | common
        for n in range(indicators)
    ]
    partnership = {
        "name": "Benchmark", "data_kind": "simulated", "areas": [{"name": f"A{n}"} for n in range(AREAS)],
        "agencies": [{"name": "Council", "footprint": ["A0"]}], "rules": {"none": {"name": "Nothing withheld"}},
        "audiences": {"internal": {"title": "Internal", "rule": "none", "marking": "Internal."}},
        "default_audience": "internal",
    }  # fmt: skip
    told = {"kind": "break", "title": "A break", "reason": "For the test.", "said_by": "Nobody", "status": "settled"}
    breaks = [told | {"id": "one", "indicators": ["i0"], "start": "2015-04"}, told | {"id": "two", "start": "2011-01"}]
    tree = {"id": "t", "name": "T", "subtopics": [{"id": "s", "name": "S", "page": "demand", "items": [
        {"id": "x", "name": "X", "standing": "measured", "indicators": ["i0"]}]}]}  # fmt: skip
    return Definitions(
        partnership=Partnership.model_validate(partnership),
        catalogue=Catalogue.model_validate({"indicators": entries}),
        threats=Threats.model_validate({"threats": [tree]}),
        requirements=(),
        annotations=Annotations.model_validate({"annotations": breaks}),
    )


def table(series: int, periods: list[Period], rng: np.random.Generator) -> pd.DataFrame:
    """The tidy table of all series, its rows in no order."""
    indicator, when = np.repeat(np.arange(series), len(periods)), np.tile(np.arange(len(periods)), series)
    level = rng.lognormal(4, 1, series)[indicator] * (1 + 0.2 * np.sin(when * np.pi / 2))
    count = rng.poisson(level).astype(float)
    share = (indicator // AREAS) % 3 == 2
    base = np.where(share, np.maximum(count, 1) * 2, np.nan)
    value = np.where(share, 100 * count / base, count)
    frame = pd.DataFrame(
        {
            "indicator": np.char.add("i", (indicator // AREAS).astype(str)),
            "area": np.char.add("A", (indicator % AREAS).astype(str)),
            "period": np.array([str(p) for p in periods])[when],
            "start": np.array([p.start for p in periods], dtype="datetime64[s]")[when],
            "end": np.array([p.end for p in periods], dtype="datetime64[s]")[when],
            **dict.fromkeys(("value", "lower", "upper"), value),
            "numerator": np.where(share, count, np.nan),
            "denominator": base,
            "unit": np.where(share, "percent", "count"),
        }
    )
    frame = frame.assign(
        agency="Council", breakdown="", kind="quarter", status="reported", basis="stated", role="local", used=True,
        obs=np.char.add("a.csv:", np.arange(len(frame)).astype(str)), file="a.csv", marks="", row=0,
        received_on=pd.Timestamp(2022, 10, 20),
    )  # fmt: skip
    texts = {name: "" for name, kind in COLUMNS.items() if kind == "str" and name not in frame}
    return frame.assign(**texts).astype(COLUMNS).sample(frac=1, random_state=1, ignore_index=True)


def main(series: int = 10_000, quarters: int = 48) -> None:
    entries = definitions(-(-series // AREAS))
    periods = [quarter(2010 + n // 4, n % 4 + 1) for n in range(quarters)]
    made = table(series, periods, np.random.default_rng(1))
    release = Release(made, protection(entries, "internal"), 0)
    begun = time.process_time()
    found = signals(release, entries, periods[-1])
    spent = time.process_time() - begun
    print(f"{series} series of {quarters} quarters: {spent:.1f} s CPU, {len(found)} rows, ", end="")
    print(
        f"{1000 * spent / series:.2f} s a thousand series; {(found['arrow'] == 'cannot_say').mean():.0%} cannot be said"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
