"""How often farrington() and ears() flag a series in which nothing has changed, against what they claim.

    python benchmarks/false_alarms_surveillance.py > docs/calibration/surveillance.md

Independent counts, Poisson or negative binomial with variance twice the mean, with and without a season (a sine that
moves the mean by a factor of 1.49 up and down); only the last point of each series is judged. `--series` and `--seed`
change the size and the draw.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from threatlib.stats.surveillance import Surveillance, ears, farrington

MEANS = (0.2, 1.0, 5.0, 20.0, 300.0)
ALPHA = 0.005
TOLERATED = 1.5  # a rate up to one and a half times what is claimed, and chance, is said to hold


class Plan(NamedTuple):
    """A length of series and the options that suit it."""

    frequency: int
    points: int
    b: int
    w: int
    n_periods: int
    past_not_included: int

    def __str__(self) -> str:
        length = f"{self.points} {'months' if self.frequency == 12 else 'quarters'}"
        return f"{length}, b={self.b} w={self.w} n_periods={self.n_periods}" if self.b else length


PLANS = (
    Plan(4, 8, 1, 0, 4, 1),
    Plan(4, 12, 2, 0, 4, 1),
    Plan(4, 20, 4, 0, 4, 1),
    Plan(4, 40, 9, 0, 4, 1),
    Plan(12, 8, 1, 1, 4, 3),
    Plan(12, 24, 1, 1, 4, 3),
    Plan(12, 36, 2, 1, 4, 3),
    Plan(12, 60, 4, 1, 4, 3),
    Plan(12, 60, 4, 0, 12, 3),
    Plan(12, 120, 5, 1, 10, 6),
    Plan(12, 120, 9, 0, 12, 3),
)
NO_RULE: dict[str, Any] = {"limit54": (0, 4)}
FARRINGTON: dict[str, dict[str, Any]] = {
    "Farrington, default": {},
    "Farrington, default without the rule of five cases in four periods": NO_RULE,
    "Farrington, `plug_in=True` (Noufaily 2013 to the letter), without that rule": NO_RULE | {"plug_in": True},
    'Farrington, `compat="surveillance-1.20"`, without that rule': NO_RULE | {"compat": "surveillance-1.20"},
    'Farrington, `threshold_method="delta"` (1996), without that rule': NO_RULE | {"threshold_method": "delta"},
    'Farrington, `threshold_method="muan"`, without that rule': NO_RULE | {"threshold_method": "muan"},
}
EARS: dict[str, tuple[float, dict[str, Any]]] = {
    "EARS C1": (0.001, {"method": "C1"}),
    "EARS C2": (0.001, {"method": "C2"}),
    "EARS C3": (0.025, {"method": "C3", "alpha": 0.025}),
    'EARS C3, `compat="surveillance-1.20"`': (0.025, {"method": "C3", "alpha": 0.025, "compat": "surveillance-1.20"}),
    "EARS C1, `calibrated=True`": (0.001, {"method": "C1", "calibrated": True}),
    "EARS C2, `calibrated=True`": (0.001, {"method": "C2", "calibrated": True}),
    "EARS C3, `calibrated=True`": (0.025, {"method": "C3", "alpha": 0.025, "calibrated": True}),
    "EARS C1, `calibrated=True`, at 1%": (0.01, {"method": "C1", "alpha": 0.01, "calibrated": True}),
    "EARS C2, `calibrated=True`, at 1%": (0.01, {"method": "C2", "alpha": 0.01, "calibrated": True}),
    "EARS C3, `calibrated=True`, at 1%": (0.01, {"method": "C3", "alpha": 0.01, "calibrated": True}),
}


def simulate(series: int, plan: Plan, mean: float, phi: float, season: bool, seed: int) -> np.ndarray:
    """Counts of shape (series, points) in which nothing has changed."""
    rng = np.random.default_rng([seed, plan.frequency, plan.points, round(10 * mean), round(phi), int(season)])
    turn = np.arange(plan.points) / plan.frequency + rng.uniform(size=(series, 1))  # judged at any time of year
    mu = mean * np.exp(0.4 * season * np.sin(2 * np.pi * turn))
    counts = rng.poisson(mu) if phi == 1 else rng.negative_binomial(mu / (phi - 1), 1 / phi)
    return counts.astype(np.float64)


def rates(result: Surveillance) -> tuple[float, float] | None:
    """Shares of last points flagged high and low, in per cent; None where there is no verdict."""
    judged = result.status[:, -1] == 0
    if judged.mean() < 0.5:
        return None
    flag, high = result.flag[judged, -1], result.score[judged, -1] > 0
    return 100.0 * float(np.mean(flag & high)), 100.0 * float(np.mean(flag & ~high))


def table(run: Callable[..., Surveillance], plans: tuple[Plan, ...], claim: float, size: int, seed: int) -> Iterator:
    """One row a design, phi and season: label, the rates at each mean, and why there is no verdict if there is none."""
    for plan in plans:
        for phi in (1, 2):
            for season in (False, True):
                cells, result = [], None
                for mean in MEANS:
                    counts = simulate(size, plan, mean, phi, season, seed)
                    result = run(counts, plan)
                    cells.append(rates(result))
                why = str(result.shortfall()[0] or "too few left over to tell the dispersion") if result else ""
                label = f"| {plan} | {'yes' if season else 'no'} | {phi} |"
                yield label, cells, verdict(cells, claim, size, why)


def verdict(cells: list[tuple[float, float] | None], claim: float, size: int, why: str) -> str:
    """In words, whether the rates of a row are what is claimed."""
    if not any(cells):
        return f"cannot say: {why}"
    bound = TOLERATED * 100 * claim + 300 * np.sqrt(claim * TOLERATED / size)
    pairs = [(f"{mean:g}", cell, mean) for mean, cell in zip(MEANS, cells, strict=True) if cell]
    if over := [name for name, cell, _ in pairs if max(cell) > bound]:
        return f"**does not hold at mean {', '.join(over)}**"
    if under := [name for name, cell, mean in pairs if mean >= 5 and max(cell) < 10 * claim]:
        return f"holds; hardly ever flags at mean {', '.join(under)}"
    return "holds"


def tests() -> Iterator[tuple[str, float, str, Callable[..., Surveillance], tuple[Plan, ...], int]]:
    """Title, claim, side, function, designs, and how many times the series."""
    for title, options in FARRINGTON.items():

        def judge(counts: np.ndarray, plan: Plan, options: dict[str, Any] = options) -> Surveillance:
            design = {name: value for name, value in plan._asdict().items() if name != "points"}
            return farrington(counts, **design, **options, alpha=ALPHA, first=plan.points - 1)

        yield title, ALPHA, "on each side", judge, PLANS, 1
    plans = tuple(Plan(frequency, points, 0, 0, 0, 0) for frequency, points in ((12, 8), (12, 24), (4, 40)))
    for title, (claim, options) in EARS.items():

        def chart(counts: np.ndarray, _: Plan, options: dict[str, Any] = options) -> Surveillance:
            return ears(counts, **options)

        yield title, claim, "on the upper side", chart, plans, 5


def use(rows: list[tuple[str, list[tuple[float, float] | None], str]]) -> str:
    """Where a test may be used, in words: with and without a season are two questions."""
    judged = [(" | yes | " in label, "does not hold" in said) for label, cells, said in rows if any(cells)]
    plain, seasonal = ([bad for season, bad in judged if season is asked] for asked in (False, True))
    if not any(plain) and len(seasonal) and any(seasonal):
        return "not with a season"
    bad = sum(plain) + sum(seasonal)
    return "yes" if not bad else "**no**" if bad > len(judged) / 2 else f"not in the {bad} of {len(judged)} rows marked"


def page(size: int, seed: int, only: str) -> Iterator[str]:
    """The Markdown page: a summary of every test whose title begins with `only`, then its rates."""
    summary, details = [], []
    for title, claim, side, run, plans, times in tests():
        if not title.startswith(only):
            continue
        rows = list(table(run, plans, claim, times * size, seed))
        found = [cell for _, cells, _ in rows for cell in cells if cell]
        worst = [max(cell[which] for cell in found) for which in (0, 1)]
        summary.append(f"| {title} | {100 * claim:g} | {worst[0]:.2f} / {worst[1]:.2f} | {use(rows)} |")
        details.append(f"\n## {title}\n\nClaimed: at most {100 * claim:g}% {side}.\n")
        details.append("| series | season | variance/mean | " + " | ".join(f"mean {m:g}" for m in MEANS) + " | |")
        details.append("|---|---|---|" + "---|" * (len(MEANS) + 1))
        for label, cells, said in rows:
            shown = " | ".join(f"{cell[0]:.2f} / {cell[1]:.2f}" if cell else "-" for cell in cells)
            details.append(f"{label} {shown} | {said} |")
    yield INTRODUCTION.format(size=size, seed=seed)
    yield from ("", "| test | claimed, % | largest rate, % | to be used |", "|---|---|---|---|", *summary, *details)


INTRODUCTION = """# Surveillance: false alarms, measured

How often the last point of a series in which nothing has changed is flagged, in per cent: **high / low**. Made with
`python benchmarks/false_alarms_surveillance.py --series {size}` (five times as many a cell for EARS, seed {seed}).
The season is a sine that moves the mean by a factor of 1.49 up and down, and the judged point falls anywhere in it. A
dash means that there is no verdict.

A rate is said to hold up to one and a half times what is claimed, and three standard errors of the simulation. It may
be well below: a count is discrete, a dispersion below 1 is never believed, and limits allow for what a short baseline
leaves unknown. "Hardly ever flags" is the price of a short baseline, and of a few levels of season that stand in for a
strong one: give each month its own (`w=0, n_periods=12`).

Where a table says that a test does not hold, it must not be used: not the quantiles that take estimates for the truth
(`plug_in=True`, and R's) on short or rare series, not the limits of 1996 there either, not the EARS charts as defined.
`calibrated=True` makes EARS hold on any series without a season; seven points know no season, so that with one
Farrington's algorithm is the form that holds. Where no count of five in four periods is asked for
(`limit54=(0, 4)`), Farrington's default exceeds its claim in the rows marked: leave that rule on.

EARS looks back eleven periods at most: beyond those a series' length plays no part.

Real series drift and are autocorrelated, these are not: expect more flags than here, and never act on one alone."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=2013)
    parser.add_argument("--only", default="", help="tests whose title begins so")
    chosen = parser.parse_args()
    for line in page(chosen.series, chosen.seed, chosen.only):
        print(line, flush=True)


if __name__ == "__main__":
    main()
