"""How often the XmR chart, the G chart and the Mann-Kendall test cry wolf on counts where nothing happens.

Run: python benchmarks/false_alarms_charts.py > docs/calibration/charts_and_trends.md   (a minute; seeded)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from threatlib.stats.spc import choose_chart, g_chart, xmr
from threatlib.stats.trends import mann_kendall

MEANS = (0.2, 1.0, 2.0, 5.0, 20.0, 300.0)
LENGTHS = (8, 12, 24, 60, 120)
SEASON = 0.3
TURNOVER = 12


def counts(rng: np.random.Generator, mean: float, points: int, series: int, season: float) -> np.ndarray:
    """Poisson counts around a level that does not change, with a yearly wave of that relative height."""
    phase = rng.uniform(0, 2 * np.pi, (series, 1))
    wave = 1 + season * np.sin(2 * np.pi * np.arange(points) / TURNOVER + phase)
    return rng.poisson(mean * wave).astype(float)


def rates(values: np.ndarray) -> dict[str, float]:
    """Share of points flagged, share of series with a flag, and share of series with p < 0.05."""
    chart = xmr(values)
    found = {
        "outside": chart.outside.mean(),
        "any rule": chart.flagged.mean(),
        "series": chart.flagged.any(axis=-1).mean(),
        "MK": (mann_kendall(values).p < 0.05).mean(),
        "HR": (mann_kendall(values, correction="hamed-rao").p < 0.05).mean(),
        "HR3": (mann_kendall(values, correction="hamed-rao", max_lag=3).p < 0.05).mean(),
        "HRc": (mann_kendall(values, correction="hamed-rao", calibrated=True).p < 0.05).mean(),
        "seasonal": np.nan,
    }
    if values.shape[-1] >= 24:
        found["seasonal"] = (mann_kendall(values, period=12).p < 0.05).mean()
    return {name: float(rate) for name, rate in found.items()}


def rows(series: int, seed: int) -> Iterator[str]:
    """One line of the table for each season, mean and length."""
    rng = np.random.default_rng(seed)
    for season in (0.0, SEASON):
        for mean in MEANS:
            for points in LENGTHS:
                values = counts(rng, mean, points, series, season)
                found = rates(values)
                drawn = np.unique(choose_chart(values).chart, return_counts=True)
                chosen = drawn[0][np.argmax(drawn[1])]
                shown = " | ".join("-" if np.isnan(rate) else f"{100 * rate:.1f}" for rate in found.values())
                yield f"| {'yes' if season else 'no'} | {mean:g} | {points} | {shown} | {chosen} |"


def gap_rows(series: int, seed: int) -> Iterator[str]:
    """The G chart on whole periods between events, where events are rare."""
    rng = np.random.default_rng(seed)
    for mean in MEANS[:2]:
        for events in LENGTHS:
            chart = g_chart(rng.geometric(1 - np.exp(-mean), (series, events)) - 1.0)
            flags = chart.outside | chart.shift | chart.trend | chart.two_of_three
            shown = " | ".join(f"{100 * rate:.1f}" for rate in (chart.outside.mean(), flags.mean()))
            yield f"| {mean:g} | {events} | {shown} |"


def dependent_rows(series: int, seed: int) -> Iterator[str]:
    """Trend tests on normal values of which each depends on the one before, without and with a trend."""
    rng = np.random.default_rng(seed)
    for carried in (0.0, 0.3, 0.5, 0.7):
        for points in LENGTHS:
            noise = rng.normal(size=(series, points + 50)) * np.sqrt(1 - carried**2)
            for t in range(1, points + 50):
                noise[:, t] += carried * noise[:, t - 1]
            steep = 3.5 * np.sqrt(12 / points**3 * (1 + carried) / (1 - carried)) * np.arange(points)
            cells = [
                f"{100 * share:.1f}" for values in (noise[:, 50:], noise[:, 50:] + steep) for share in found(values)
            ]
            yield f"| {carried:g} | {points} | {' | '.join(cells)} |"


def found(values: np.ndarray) -> Iterator[float]:
    """Share of series with p < 0.05 in the plain test and the two forms of the correction."""
    for options in ({}, {"correction": "hamed-rao"}, {"correction": "hamed-rao", "calibrated": True}):
        yield float((mann_kendall(values, **options).p < 0.05).mean())


HEAD = """# False alarms of control charts and trend tests

Poisson counts around a level that never changes, {series} simulated series a row, seed {seed}; with a season the level
goes up and down by {height:.0%} in 12 periods. Every flag is a false one. All figures are percentages.
Command: `python benchmarks/false_alarms_charts.py > docs/calibration/charts_and_trends.md`.

- **outside**, **any rule**: points that an XmR chart (`rules="mdc-2023"`) flags. Normal values with known limits
  would give 0.27 outside.
- **series**: series with at least one flagged point.
- **MK**, **HR**, **HR3**, **HRc**, **seasonal**: series where `mann_kendall` gives p < 0.05 plain, with
  `correction="hamed-rao"` (all lags, `max_lag=3`, `calibrated=True`), and with `period=12`. The claim is 5.
- **chart**: what `choose_chart` says for most of the series.

## What to take from it

{lessons}
## XmR chart and Mann-Kendall

| season | mean | points | outside | any rule | series | MK | HR | HR3 | HRc | seasonal | chart |
|---|---|---|---|---|---|---|---|---|---|---|---|"""

LESSONS = """\
- **XmR must not be used below about 2 events a period.** At 0.2 a period 5 to 10% of the points are outside and up to
  61% carry a flag; at 1 a period the limits flag 2% and all rules up to 18%. `choose_chart` refuses both and names the
  G chart. At 2 a period, where it begins to allow the chart, the limits flag 1 to 1.5%.
- **XmR must not be used on a season.** With a wave of 30% at 20 a period a quarter of all points of a long series carry
  a flag, at 300 a period three quarters.
- **The rules add up.** Without a season and with 5 or more events a period the limits alone flag 0.4 to 1% of points,
  all four rules 6 to 8% of a long series, because the centre and the limits are themselves estimated. Nearly half of
  the steady series of 60 points, and three quarters of those of 120, have at least one flag.
- **Mann-Kendall keeps its promise without a season**: 5% or less within simulation error, at all means and lengths; it
  is cautious below about 12 points and where most values are tied. A season that does not fill whole years looks like
  a trend (8 and 12 points), and one over many years makes the plain test blind; the seasonal form holds its level
  from 60 points on and is cautious at 24.
- **Hamed and Rao's correction must not be used as published from 8 points on where the mean is 1 or more**: all lags
  flag 5 to 10% of steady counts at a nominal 5%, three lags up to 8%, and with an autocorrelation of 0.5 12 to 24%.
  `calibrated=True` holds: at most 5% on steady counts, 2 to 6% at an autocorrelation of 0.5. It pays with power on
  short series (12 points, second table), where no test can tell a trend from dependence.
- **None of the forms without a season must be used with one**: part of a wave looks like a trend to them, many waves
  make them blind (the calibrated correction is mostly the latter). Use `period=12` (or 4), from 24 points on.
- **The G chart** holds 1 to 2% outside and 5% or less with all rules where the XmR chart flags most points.
"""

DEPENDENT = """
## Mann-Kendall where each value depends on the one before

Normal values with that first autocorrelation: percentage of series with p < 0.05, without a trend (the claim is 5) and
with one (the more the better, among tests that hold their claim).

| autocorrelation | points | MK | HR | HRc | trend: MK | trend: HR | trend: HRc |
|---|---|---|---|---|---|---|---|"""

GAPS = """
## G chart

Whole periods between events, for events as rare as above; percentages of events flagged.

| events a period | events charted | outside | any rule |
|---|---|---|---|"""


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=4000, help="simulated series a row")
    parser.add_argument("--seed", type=int, default=20240229)
    chosen = parser.parse_args()
    print(HEAD.format(series=chosen.series, seed=chosen.seed, height=SEASON, lessons=LESSONS))
    print("\n".join(rows(chosen.series, chosen.seed)))
    print(DEPENDENT)
    print("\n".join(dependent_rows(chosen.series, chosen.seed)))
    print(GAPS)
    print("\n".join(gap_rows(chosen.series, chosen.seed)))


if __name__ == "__main__":
    main()
