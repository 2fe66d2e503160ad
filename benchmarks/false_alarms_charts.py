"""How often the control charts and the Mann-Kendall test cry wolf on counts where nothing happens.

Run: python benchmarks/false_alarms_charts.py > docs/calibration/charts_and_trends.md   (some minutes; seeded)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from threatlib.stats.spc import (
    AttributeChart,
    RareEvents,
    choose_chart,
    g_chart,
    p_chart,
    run_chart,
    t_chart,
    u_chart,
    xmr,
)
from threatlib.stats.trends import mann_kendall

MEANS = (0.2, 1.0, 2.0, 5.0, 20.0, 300.0)
LENGTHS = (8, 12, 24, 60, 120)
SEASON = 0.3
TURNOVER = 12
YEAR = 365
SHARE = 0.1
"""True share on the P chart."""
SELDOM = (0.01, 0.03, 0.1)
"""Events a day at which a day is short against the time between two of them."""


def levels(rng: np.random.Generator, points: int, series: int, season: float, turnover: int = TURNOVER) -> np.ndarray:
    """1, with a yearly wave of that height that begins anywhere."""
    phase = rng.uniform(0, 2 * np.pi, (series, 1))
    return 1 + season * np.sin(2 * np.pi * np.arange(points) / turnover + phase)


def rates(values: np.ndarray, quarters: np.ndarray) -> dict[str, float]:
    """Share of points flagged, share of series with a flag, and share of series with p < 0.05."""
    chart = xmr(values)
    found = {
        "outside": chart.outside.mean(),
        "any rule": chart.flagged.mean(),
        "mdc-6": xmr(values, rules="mdc-6").flagged.mean(),
        "series": chart.flagged.any(axis=-1).mean(),
        "run": run_chart(values).signal.any(axis=-1).mean(),
        "MK": (mann_kendall(values).p < 0.05).mean(),
        "HR": (mann_kendall(values, correction="hamed-rao").p < 0.05).mean(),
        "HR3": (mann_kendall(values, correction="hamed-rao", max_lag=3).p < 0.05).mean(),
        "HRc": (mann_kendall(values, correction="hamed-rao", calibrated=True).p < 0.05).mean(),
        "seasonal": np.nan,
        "quarterly": np.nan,
    }
    if values.shape[-1] >= 12:
        found["quarterly"] = (mann_kendall(quarters, period=4).p < 0.05).mean()
    if values.shape[-1] >= 24:
        found["seasonal"] = (mann_kendall(values, period=12).p < 0.05).mean()
    return {name: float(rate) for name, rate in found.items()}


def rows(series: int, seed: int) -> Iterator[str]:
    """One line of the table for each season, mean and length."""
    rng = np.random.default_rng(seed)
    for season in (0.0, SEASON):
        for mean in MEANS:
            for points in LENGTHS:
                values = rng.poisson(mean * levels(rng, points, series, season)).astype(float)
                found = rates(values, rng.poisson(mean * levels(rng, points, series, season, 4)).astype(float))
                drawn = np.unique(choose_chart(values).chart, return_counts=True)
                chosen = drawn[0][np.argmax(drawn[1])]
                shown = " | ".join("-" if np.isnan(rate) else f"{100 * rate:.1f}" for rate in found.values())
                yield f"| {'yes' if season else 'no'} | {mean:g} | {points} | {shown} | {chosen} |"


def reached(sum_of_rates: np.ndarray, mean: float, season: float, turnover: int, phase: np.ndarray) -> np.ndarray:
    """When so much of a rate with a yearly wave has gone by, by Newton's steps."""
    turn = 2 * np.pi / turnover
    at = sum_of_rates / mean
    for _ in range(12 if season else 0):
        gone = at + season / turn * (np.cos(phase) - np.cos(turn * at + phase))
        at -= (gone - sum_of_rates / mean) / (1 + season * np.sin(turn * at + phase))
    return at


def gaps(rng: np.random.Generator, mean: float, events: int, series: int, season: float) -> np.ndarray:
    """Whole periods without an event before each period with one."""
    phase, last, found = rng.uniform(0, 2 * np.pi, series), np.full(series, -1.0), []
    for wait in rng.exponential(size=(events, series)):
        wave = season * TURNOVER / (2 * np.pi) * (np.cos(phase) - np.cos(2 * np.pi / TURNOVER * (last + 1) + phase))
        now = np.floor(reached(mean * (last + 1 + wave) + wait, mean, season, TURNOVER, phase))
        found.append(np.maximum(now - last - 1, 0))
        last = np.maximum(now, last + 1)
    return np.stack(found, axis=-1)


def gap_rows(series: int, seed: int) -> Iterator[str]:
    """The G chart on whole periods between events."""
    rng = np.random.default_rng(seed)
    for season in (0.0, SEASON):
        for mean in SELDOM + MEANS:
            for events in LENGTHS:
                cells = flagged(g_chart(gaps(rng, mean, events, series, season))).replace(" / ", " | ")
                yield f"| {'yes' if season else 'no'} | {mean:g} | {events} | {cells} |"


def flagged(chart: AttributeChart | RareEvents) -> str:
    """Percentage of points outside the limits / flagged by any rule."""
    flags = chart.outside | chart.shift | chart.trend | chart.two_of_three
    return f"{100 * chart.outside.mean():.1f} / {100 * flags.mean():.1f}"


def attribute_rows(series: int, seed: int) -> Iterator[str]:
    """U and P charts over denominators that vary threefold, by chance alone and with Laney's factor."""
    rng = np.random.default_rng(seed)
    for season in (0.0, SEASON):
        for mean in MEANS:
            for points in LENGTHS:
                wave = levels(rng, points, series, season)
                size = rng.uniform(0.5, 1.5, wave.shape)
                total = np.maximum(np.round(mean / SHARE * size), 1).astype(int)
                u = rng.poisson(mean * wave * size)
                twice = rng.negative_binomial(mean * wave * size, 0.5)
                p = rng.binomial(total, SHARE * wave)
                cells = [flagged(u_chart(x, size, laney=laney)) for x in (u, twice) for laney in (False, True)]
                cells[2:2] = [flagged(p_chart(p, total, laney=laney)) for laney in (False, True)]
                yield f"| {'yes' if season else 'no'} | {mean:g} | {points} | {' | '.join(cells)} |"


def time_rows(series: int, seed: int) -> Iterator[str]:
    """The T chart on the time between events, as it was and counted in whole days."""
    rng = np.random.default_rng(seed)
    for season in (0.0, SEASON):
        for mean in SELDOM + MEANS:
            for events in LENGTHS:
                gone = rng.exponential(size=(series, events + 1)).cumsum(axis=-1)
                at = reached(gone, mean, season, YEAR, rng.uniform(0, 2 * np.pi, (series, 1)))
                cells = [flagged(t_chart(np.diff(when))) for when in (at, np.floor(at))]
                yield f"| {'yes' if season else 'no'} | {mean:g} | {events} | {' | '.join(cells)} |"


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

- **outside**, **any**: points that an XmR chart (`rules="mdc-2023"`) flags. Normal values with known limits
  would give 0.27 outside. **mdc-6**: any rule, with `rules="mdc-6"`.
- **series**: series with at least one flagged point. **run**: series whose `run_chart` signals.
- **MK**, **HR**, **HR3**, **HRc**, **seasonal**: series where `mann_kendall` gives p < 0.05 plain, with
  `correction="hamed-rao"` (all lags, `max_lag=3`, `calibrated=True`), and with `period=12`. The claim is 5.
- **quarterly**: the same with `period=4`, on counts whose wave takes 4 periods.
- **chart**: what `choose_chart` says for most of the series.

## What to take from it

{lessons}
## XmR chart and Mann-Kendall

| season | mean | points | outside | any | mdc-6 | series | run | MK | HR | HR3 | HRc | seasonal | quarterly | chart |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"""

LESSONS = """\
- **XmR must not be used below about 2 events a period.** At 0.2 a period 6 to 11% of the points are outside and up to
  62% carry a flag; at 1 a period the limits flag 2% and all rules up to 18%. `choose_chart` refuses both and names the
  G chart. At 2 a period, where it begins to allow the chart, the limits flag 1 to 1.5%.
- **XmR must not be used on a season.** With a wave of 30% at 20 a period a quarter of all points of a long series carry
  a flag, at 300 a period three quarters.
- **The rules add up.** Without a season and with 5 or more events a period the limits alone flag 0.4 to 1% of points,
  all four rules 6 to 8% of a long series, because the centre and the limits are themselves estimated. Nearly half of
  the steady series of 60 points, and three quarters of those of 120, have at least one flag. Runs of 6
  (`rules="mdc-6"`) instead of 7 mark nearly twice as many points, 11 to 13% of a long series.
- **The run chart must not be used below about 5 events a period, nor on a season**: at 1 a period it signals on a sixth
  of the longer steady series, at 0.2 on nearly all, because the median then lies at one end. From 5 on it signals on 4
  to 8% of series of 60 points or more, of shorter ones less.
- **Mann-Kendall keeps its promise without a season**: 5% or less within simulation error, at all means and lengths; it
  is cautious below about 12 points and where most values are tied. A season that does not fill whole years looks like
  a trend (8 and 12 points), and one over many years makes the plain test blind; the seasonal form holds its level
  from 60 points on and is cautious at 24, the quarterly one from 24 on and is cautious at 12.
- **Hamed and Rao's correction must not be used as published from 8 points on where the mean is 1 or more**: all lags
  flag 5 to 9% of steady counts at a nominal 5%, three lags up to 8%, and with an autocorrelation of 0.5 12 to 24%.
  `calibrated=True` holds: at most 5% on steady counts, 2 to 6% at an autocorrelation of 0.5. It pays with power on
  short series (12 points, second table), where no test can tell a trend from dependence.
- **None of the forms without a season must be used with one**: part of a wave looks like a trend to them, many waves
  make them blind (the calibrated correction is mostly the latter). Use `period=12` (or 4), from 24 points on.
- **The G chart** leaves out 1 to 2% and flags 7% or less with all rules where the XmR chart flags most points, on a
  season of 30% as well. At 2 events a period, where it ends, short series have 3% outside; from 20 on every period has
  its event and there is nothing to see.
- **P and U charts must not be used below about 2 events a period, least of all with Laney's factor**: at 0.2 a period
  the limits of chance leave out 1 to 2% of the points and Laney's 13 to 33%, because a series of noughts hardly moves
  from one period to the next; all rules flag up to 64%. `choose_chart` refuses them and names the G chart.
- **From 5 events a period on they are calm without a season**: 0.1 to 0.5% outside with limits of chance (from 20
  events on 0.3% at most, as three standard deviations claim), 0.4 to 0.6% with Laney's factor: up to twice the claim,
  because the factor is itself estimated from the series. All rules flag 6 to 7% of a long series, as with XmR.
- **Limits of chance (`laney=False`) must not be used where counts vary more than chance**: with twice the variance they
  leave out 2 to 5% at every mean. Laney's factor, the default, brings that back to 0.4 to 0.7% from 20 events on; at 5
  it leaves out about 1%, at 2 up to 2.5%.
- **Neither must be used on a season**: at 5 events a period all rules flag an eighth of a long series, at 20 a
  quarter, at 300 three quarters or more, Laney's factor or not.
- **The T chart holds on exact times** (0.1 to 0.7% outside, 6% with all rules) at every rate of events, on a season of
  30% as well (8% with all rules where 100 events fill a year or two). **It must not be used on whole days** where
  events come more often than about every hundredth day: the noughts lie below its lower limit. At 0.03 a day it leaves
  out up to 1%, at 0.2 about 2%, at 5 up to 8%, and at 20 a day the rules mark nearly every point. Use the G chart.
"""

DEPENDENT = """
## Mann-Kendall where each value depends on the one before

Normal values with that first autocorrelation: percentage of series with p < 0.05, without a trend (the claim is 5) and
with one (the more the better, among tests that hold their claim).

| autocorrelation | points | MK | HR | HRc | trend: MK | trend: HR | trend: HRc |
|---|---|---|---|---|---|---|---|"""

GAPS = """
## G chart

Whole periods between periods with an event; percentages of these flagged.

| season | events a period | events charted | outside | any rule |
|---|---|---|---|---|"""

ATTRIBUTES = """
## P and U charts

Cases over denominators that vary threefold from period to period; the share of the P chart is 10%. Percentage of points
outside the limits / flagged by any rule, with limits of chance alone and with Laney's factor. "Twice": counts whose
variance is twice their mean, as chance alone does not have it. Three standard deviations claim 0.27 outside.

| season | mean | points | U chance | U Laney | P chance | P Laney | twice: U chance | twice: U Laney |
|---|---|---|---|---|---|---|---|---|"""

TIMES = """
## T chart

Time between events that happen at random, exact and as a difference of dates; percentage of events outside / flagged by
any rule. The season is a wave of 365 days.

| season | events a day | events charted | exact time | whole days |
|---|---|---|---|---|"""


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
    print(ATTRIBUTES)
    print("\n".join(attribute_rows(chosen.series, chosen.seed)))
    print(TIMES)
    print("\n".join(time_rows(chosen.series, chosen.seed)))


if __name__ == "__main__":
    main()
