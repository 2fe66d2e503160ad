"""How far from the line do the planted steps and drifts lie? ``python benchmarks/demo_margins.py [--table]``.

Draws the planted series of many fictional partnerships as the generator draws them (10,000 seeds from 100,001), and
asks which form fits each best, as the findings do. The margin is how many times the squares of the best form with
another name exceed those of the right one: below 1 the finding would be called something else. ``--table`` writes the
table into docs/calibration/findings.md in place of the one between its markers.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.demo.chance import stream
from tests.demo.series import FLOWS, LEVELS, STOCKS, TAILS
from tests.demo.timeline import timeline
from tests.demo.truths import Truth, Truths, draw
from tests.demo.world import Line, World, _add_staff, _draw, _expected
from threatlib.assessment.kinds import FREQUENCY, MEMORY
from threatlib.stats.shape import form

QUARTERS = 24
SHOCK = ("2020-04", "2021-03")
DOCS = Path(__file__).parents[1] / "docs/calibration/findings.md"
SPECS = {spec.indicator: spec for spec in (*FLOWS, *STOCKS, *LEVELS)}


def series(seed: int, truths: Truths, truth: Truth) -> np.ndarray:
    """A planted series as a quarter's run sees it: the newest month not all on record, declared shocks left out."""
    if truth.indicator not in SPECS:
        return _agency(seed, truths)[truth.indicator, truth.area, ""].value
    spec = SPECS[truth.indicator]
    mean = spec.means[truth.area]
    expected = _expected(spec, truth.area, mean, QUARTERS, truths)
    value = _draw(spec, stream(seed, spec.indicator, truth.area), mean, expected)[0]
    if spec.indicator in TAILS:
        value[-1] = stream(seed, "tail").binomial(int(value[-1]), TAILS[spec.indicator][0])
    if getattr(spec, "shock", "none") != "none":
        labels = [period.label for period in timeline(QUARTERS, spec.kind)]
        value[[SHOCK[0] <= label <= SHOCK[1] for label in labels]] = np.nan
    return value


def _agency(seed: int, truths: Truths) -> World:
    """Agency staff are made from permanent ones, and vacancies beside them."""
    world: World = {}
    for name in ("social_workers_permanent_fte", "social_worker_vacancies"):
        for area, mean in SPECS[name].means.items():
            value = _draw(SPECS[name], stream(seed, name, area), mean, np.full(QUARTERS, mean))[0]
            world[name, area, ""] = Line("csc", timeline(QUARTERS, "snapshot"), value)
    _add_staff(world, seed, truths)
    return world


def margins(seeds: range) -> dict[str, np.ndarray]:
    """Squares of the nearest other form over those of the planted one, by planted truth."""
    panels: dict[str, list[np.ndarray]] = {}
    known: dict[str, Truth] = {}
    for seed in seeds:
        truths = draw(seed, QUARTERS)
        for truth in truths.planted:
            if truth.kind in ("step", "drift"):
                known[truth.id] = truth
                panels.setdefault(truth.id, []).append(series(seed, truths, truth))
    found = {}
    for name, rows in panels.items():
        every = "month" if len(rows[0]) > QUARTERS else "snapshot"
        shape = form(np.array(rows), frequency=FREQUENCY[every], memory=MEMORY.get(every, 0.0))
        found[f"{name} ({known[name].kind})"] = np.where(shape.form == known[name].kind, shape.margin, 1 / shape.margin)
    return found


def table(found: dict[str, np.ndarray], seeds: range) -> list[str]:
    lines = ["| planted | called something else | nearest | 1 in 1,000 nearer than | half nearer than |"]
    lines += ["|---|---|---|---|---|"]
    for name, margin in found.items():
        least, rare, half = margin.min(), np.quantile(margin, 0.001), np.median(margin)
        wrong = int((margin < 1).sum())
        lines.append(f"| {name} | {wrong} of {len(margin):,} | {least:.2f} | {rare:.2f} | {half:.2f} |")
    return [*lines, "", f"Seeds {seeds[0]} to {seeds[-1]}."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=100_001)
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    lines = table(margins(seeds), seeds)
    print("\n".join(lines))
    if chosen.table:
        text = DOCS.read_text(encoding="utf-8")
        whole = re.compile("<!-- margins -->.*?<!-- end margins -->", re.DOTALL)
        marked = "\n".join(["<!-- margins -->", *lines, "<!-- end margins -->"])
        DOCS.write_text(whole.sub(marked, text), encoding="utf-8")


if __name__ == "__main__":
    main()
