"""How often funnels, rate ratios, verdicts and the recent trend cry wolf on areas and years that do not differ.

Run: python benchmarks/false_alarms_comparisons.py > docs/calibration/comparisons.md   (half a minute; seeded)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from threatlib.stats.comparison import compare, funnel
from threatlib.stats.contrasts import rate_ratio
from threatlib.stats.rates import rate
from threatlib.stats.recent import recent_trend

MEANS = (0.2, 1.0, 5.0, 20.0, 300.0)
AREAS = (10, 33, 152)
SPREADS = (0.01, 0.25, 0.4)
KINDS = ("rate", "proportion", "proportion as rate", "ratio", "ratio as rate", "shmi")
"""Forms of the funnel; "as rate" is `kind="rate"` on a proportion, or on one of two counts over both together."""


def outside(kind: str, spread: float, areas: int, mean: float, made: int, seed: int) -> Iterator[str]:
    """Shares of areas outside 95% and 99.8%, as published and calibrated."""
    rng = np.random.default_rng([seed, areas, round(100 * spread), round(10 * mean)])
    size = mean * rng.uniform(0.3, 1.7, (max(made // areas, 1), areas))
    true = rng.gamma(spread**-2, spread**2, size.shape)
    if kind in ("rate", "shmi"):
        count, people = rng.poisson(size * true), size
    elif kind.startswith("proportion"):
        people = np.ceil(10 * size)
        count = rng.binomial(people.astype(int), np.minimum(0.1 * true, 1.0))
    else:
        count, people = rng.poisson(size * true), rng.poisson(size)
    if kind == "ratio as rate":
        people = count + people
    form = "rate" if kind.endswith("as rate") else kind
    for calibrated in (False, True):
        found = funnel(count, people, kind=form, calibrated=calibrated)
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = (count / people > found.upper) | (count / people < found.lower)
        judged = np.isfinite(found.z)
        shares = 100 * (beyond & judged).sum(axis=(1, 2)) / max(judged.sum(), 1)
        yield f"{shares[0]:.1f} / {shares[1]:.2f}"


def funnels(made: int, seed: int) -> Iterator[str]:
    for kind in KINDS:
        for spread in SPREADS:
            for areas in AREAS:
                cells = [cell for mean in MEANS for cell in outside(kind, spread, areas, mean, made, seed)]
                yield f"| {kind} | {spread:.0%} | {areas} | {' | '.join(cells)} |"


def pairs(made: int, seed: int) -> Iterator[str]:
    """Two rates that are the same, and five years that do not move."""
    rng = np.random.default_rng(seed)
    for mean in MEANS:
        here, peers = rng.poisson(mean, made), rng.poisson(3 * mean, made)
        p = rate_ratio(here, 1000, peers, 3000).p
        verdict = compare(rate(here, 1000), rate(peers, 3000)).verdict
        years = rng.binomial(round(100 * mean), 0.01, (made, 5))
        shares = (p < 0.05, p < 0.01, np.isin(verdict, ["higher", "lower"]), recent_trend(years, 100 * mean).direction)
        yield f"| {mean:g} | {' | '.join(f'{100 * np.mean(share != 0):.2f}' for share in shares)} |"


HEAD = """# False alarms of comparisons

Areas whose true rates differ by chance or by an ordinary spread, none of them an outlier: every one outside is a false
flag. About {areas:,} areas a cell, {pairs:,} pairs a row, seed {seed}. All figures are percentages.
Command: `python benchmarks/false_alarms_comparisons.py > docs/calibration/comparisons.md`.

## What to take from it

- **The funnel as published must not be used as a test where areas truly differ**: its "95%" leaves out 6 to 12% of
  ordinary areas from 5 expected events on, its "99.8%" 1 to 3%.
- **`calibrated=True` holds for rates** at every size of area, number of areas and spread measured: 5% (6.6% in one
  cell) and 0.3% at most. It is cautious with few areas and hardly ever flags below 5 expected events.
- **`kind="proportion"` must not be used below about 20 expected cases, calibrated or not**: the calibrated "95%" leaves
  out up to 7% of ordinary areas there, the "99.8%" up to 1.3%; from 20 on the outer limit still leaves out up to 0.9%.
  **Use `kind="rate", calibrated=True` on the same cases and totals** ("proportion as rate"): it holds at every size,
  5.5% and 0.3% at most. It is cautious, the more so the larger the proportion; above one half count the others.
- **`kind="ratio"` must not be used below about 20 expected cases, calibrated or not**: an area without a case always
  lies below its limit, and at 5 expected "95%" leaves out 6 to 11%, "99.8%" 3 to 5%. From 20 on the calibrated form
  leaves out up to 7.5% and 1%. **Use `kind="rate", calibrated=True` on the first count over both counts together**
  ("ratio as rate"); a limit L of that is L / (1 - L) as a ratio. It holds, cautiously, but for the outer limit where
  areas differ by 40% and have 300 cases (up to 1.1%).
- **`kind="shmi"` must not be used as a test either**: as published it leaves out 9 to 19% where areas differ and 20
  or more events are expected; calibrated it holds at 95%, but its "99.8%" leaves out up to 1.7%. It is there to
  reproduce SHMI: judge by `kind="rate"`, calibrated, with the expected events as population.
- **Rate ratio and verdict against a benchmark** hold at 5% and 1%; below 5 events they hardly ever speak.
- **The recent trend** claims 0.2% and holds it.

## Funnels: outside 95% / outside 99.8%

"as rate": `kind="rate"` on the cases of a proportion over its totals, or on one of two counts over both together. An
area is outside where count over population lies beyond the limits drawn.

| kind | areas differ by | areas | {columns} |
|---|---|---|{rules}"""

PAIRS = """
## Pairs of rates, and five years

`rate_ratio` of an area and peers three times as large, `compare` of the same at 95%, and `recent_trend` of proportions
with that many events a year.

| mean | rate ratio p < 5% | p < 1% | `compare`, 5% | recent trend, 0.2% |
|---|---|---|---|---|"""


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--areas", type=int, default=2_000, help="areas a cell")
    parser.add_argument("--pairs", type=int, default=40_000, help="pairs a row")
    parser.add_argument("--seed", type=int, default=33)
    chosen = parser.parse_args()
    columns = " | ".join(f"{mean:g} expected: {form}" for mean in MEANS for form in ("published", "calibrated"))
    print(HEAD.format(**vars(chosen), columns=columns, rules="---|" * (2 * len(MEANS))))
    print("\n".join(funnels(chosen.areas, chosen.seed)))
    print(PAIRS)
    print("\n".join(pairs(chosen.pairs, chosen.seed)))


if __name__ == "__main__":
    main()
