"""How often do the comparisons behind a finding flag series in which nothing happens? One table.

    python benchmarks/false_alarms_findings.py [--series 1500] [--table]

Quiet series of several makes are put to the scan as the assessment puts them (a flag in any month of the latest
quarter), and to the comparison with earlier years; beside what was flagged stands the rate that is added up on the
page (`threatlib.assessment.chance`). ``--table`` writes it into docs/calibration/findings.md.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from detection_series import counts, simulate

from tests.demo.write import DEFINITIONS
from threatlib.assessment import chance
from threatlib.assessment.levels import levels
from threatlib.assessment.years import COLUMNS
from threatlib.catalogue import load
from threatlib.signals.choice import MODELS
from threatlib.stats.scan import THRESHOLD, scan

DOCS = Path(__file__).parents[1] / "docs/calibration/findings.md"
MEDIAN_CHI2_1 = 0.4549364
YEARS = 6


def scanned(values: np.ndarray, method: str, kind: str, size: np.ndarray | None = None) -> float:
    """Share of series flagged in their latest quarter."""
    freq, tries = (12, 3) if kind == "month" else (4, 1)
    last = values.shape[1] - tries
    model: Any = MODELS[method]
    seen = scan(values, frequency=freq, kind=model, denominator=size, first=last)
    return float((seen.p[:, last:] <= THRESHOLD[freq]).any(axis=1).mean())


def made(rng: np.random.Generator, many: int) -> Iterator[tuple[str, str, str, float]]:
    """Method, kind of period, what the series are, and the share of them that the scan flags."""
    for kind, freq, lengths in (("month", 12, (36, 72, 120)), ("quarter", 4, (12, 24, 40))):
        rates = []
        for n in lengths:
            for mean in (5, 20, 80, 300):
                y = np.stack([simulate(rng, "clean", mean, n, freq)[3] for _ in range(many // 4)])
                rates.append(scanned(y, "scan-counts", kind))
        yield "scan-counts", kind, "trend, season, past outbreaks", float(np.mean(rates))
        n = 6 * freq
        makes = ((8, 1.4), (25, 1.6), (60, 2.0), (300, 4.0))
        plain = [counts(rng, np.full((many // 2, n), mean), phi) for mean, phi in makes]
        yield "scan-counts", kind, "chance only", scanned(np.concatenate(plain), "scan-counts", kind)
        size = rng.integers(200, 600, (many, n))
        top = rng.binomial(size, np.clip(0.3 * np.exp(_wander(rng, many, n, 0.03, 0.7)), 0, 1)).astype(float)
        yield "scan-shares", kind, "wander 3%, memory 0.7", scanned(top, "scan-shares", kind, size.astype(float))
        for memory in (0.0, 0.3, 0.7):
            level = 150 * np.exp(_wander(rng, many, n, 0.02, memory))
            yield "scan-levels", kind, f"wander 2%, memory {memory}", scanned(level, "scan-levels", kind)
    for method, mean in (("scan-small-stock", 18), ("scan-stock", 100), ("scan-stock", 400)):
        for stay in (0.4, 0.8):
            y = _stock(rng, many, mean, stay)
            yield method, "snapshot", f"stocks of {mean}, {stay:.0%} staying", scanned(y, method, "snapshot")


def _wander(rng: np.random.Generator, many: int, n: int, spread: float, memory: float) -> np.ndarray:
    """Stationary series around 0 that remember their last value."""
    path = rng.normal(0, 1, (many, n))
    for t in range(1, n):
        path[:, t] = memory * path[:, t - 1] + np.sqrt(1 - memory**2) * path[:, t]
    return path * spread


def _stock(rng: np.random.Generator, many: int, mean: float, stay: float) -> np.ndarray:
    """Some stay from quarter to quarter, about as many arrive as leave."""
    found = np.empty((many, 24))
    found[:, 0] = rng.poisson(mean, many)
    for t in range(1, 24):
        found[:, t] = rng.binomial(found[:, t - 1].astype(int), stay) + rng.poisson(mean * (1 - stay), many)
    return found


def earlier(rng: np.random.Generator, many: int) -> Iterator[tuple[str, float, float]]:
    """What the series are, the mean rate added up, and the share that the comparison with earlier years flags."""
    definitions = load(DEFINITIONS)
    for mean, phi in ((20, 1.2), (65, 1.5), (250, 2.0), (1_000, 4.0), (4_000, 4.0)):
        y = counts(rng, np.full((many, 4 * YEARS), mean / 4), phi)
        now, then = y[:, 4:], y[:, :-4]
        learnt = np.maximum(np.median((now - then) ** 2 / np.maximum(now + then, 1), axis=1) / MEDIAN_CHI2_1, 1.0)
        found = _compared(y.reshape(many, YEARS, 4).sum(axis=2), "marac_cases", definitions, learnt)
        yield f"counts of {mean:,} a year, variance {phi} times the mean", *found
    level = 150 * np.exp(_wander(rng, many, 24, 0.03, 0.7))
    yield "levels that wander by 3%", *_compared(level[:, 3::4], "gp_fte", definitions, np.ones(many))


def _compared(years: np.ndarray, indicator: str, definitions: object, learnt: np.ndarray) -> tuple[float, float]:
    many, back = len(years), YEARS - 1 - np.arange(YEARS)
    table = pd.DataFrame({"area": np.repeat([f"A{n}" for n in range(many)], YEARS), "back": np.tile(back, many)})
    table["value"] = table["lower"] = table["upper"] = years.ravel()
    table = table.assign(
        indicator=indicator, agency="", breakdown="", kind="quarter", status="reported", marks="", rows="", period="",
        first=pd.Timestamp(2020, 4, 1), end=pd.Timestamp(2021, 3, 31), denominator=np.nan,
    )[list(COLUMNS)]  # fmt: skip
    phi = {(indicator, "", f"A{n}", ""): float(part) for n, part in enumerate(learnt)}
    said = levels(table.sort_values(["area", "back"]), definitions, phi)  # type: ignore[arg-type]
    return float(said["alpha"].mean()), float(said["arrow"].isin(["up", "down"]).mean())


def table(many: int) -> list[str]:
    rng = np.random.default_rng(20221001)
    lines = ["| comparison | kind of period | quiet series | added up on the page | flagged |", "|---|---|---|---|---|"]
    for method, kind, what, rate in made(rng, many):
        added = chance.SCAN.get((method, kind), np.nan)
        lines.append(f"| `{method}` | {kind} | {what} | {added:.1%} | {rate:.1%} |")
    for what, added, rate in earlier(rng, 5 * many):
        lines.append(f"| `earlier_years` | year | {what} | {added:.2%} | {rate:.2%} |")
    return [*lines, "", f"{many:,} series a line, {5 * many:,} for `earlier_years`."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1_500)
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    lines = table(chosen.series)
    print("\n".join(lines))
    if chosen.table:
        text = DOCS.read_text(encoding="utf-8")
        whole = re.compile("<!-- quiet -->.*?<!-- end quiet -->", re.DOTALL)
        DOCS.write_text(whole.sub("\n".join(["<!-- quiet -->", *lines, "<!-- end quiet -->"]), text), encoding="utf-8")


if __name__ == "__main__":
    main()
