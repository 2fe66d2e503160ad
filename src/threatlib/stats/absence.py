"""Low because safe, or low because unseen: is a low count, a silence or a long wait credible?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincc, xlog1py

from threatlib.stats._intervals import arrays, overdispersed, tail_of, usable
from threatlib.stats._negative_binomial import quantile
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import FloatArray, IntArray, Outcome, TextArray
from threatlib.stats.rates import Between, Countlike

SPREAD = 0.4
"""How far the true rates of ordinary areas lie apart (coefficient of variation), where nothing better is known."""
BASELINE_PERIODS = 8
"""Periods before a silence that are needed to say what it replaced."""
WAITS = 3
"""Waits between cases that are needed to say whether the present one is long."""


@dataclass(frozen=True, slots=True)
class Absence:
    """What the reference would have led one to expect, and how far below it the count is.

    `probability_below`, `probability_above` (of so many or more) and `gap` are the most forgiving a hidden count
    allows; `verdict` ("lower", "similar", "higher" or "cannot say") holds whatever it is.
    """

    expected: FloatArray
    lower: FloatArray
    upper: FloatArray
    probability_below: FloatArray
    gap: FloatArray
    verdict: TextArray
    confidence: float = 0.95
    probability_above: FloatArray | float = np.nan


@dataclass(frozen=True, slots=True)
class Silence(Outcome):
    """A run of nothing at a series' end: how long, how many were to be expected, and how likely that is by chance."""

    length: FloatArray
    expected: FloatArray
    probability: FloatArray
    n: IntArray
    needed: int


def under_identification(
    count: Countlike,
    population: ArrayLike,
    reference_count: ArrayLike,
    reference_population: ArrayLike,
    *,
    spread: ArrayLike = SPREAD,
    confidence: float = 0.95,
) -> Absence:
    """Does an area record fewer than areas like it would, allowing that areas honestly differ?

    Parameters
    ----------
    count : array_like or Between
        Cases recorded, 0 or more, or the interval a withheld count lies in.
    population : array_like
        People (or, for a ratio to a linked indicator, its count), above 0.
    reference_count, reference_population : array_like
        Cases and people of the reference: peers, region or nation, ideally without the area itself.
    spread : array_like
        Coefficient of variation of the true rates of ordinary areas, 0 or more; `between_area_spread` estimates it.
        0 means areas differ by chance alone, which real areas do not.
    confidence : float
        Two-sided level of the predictive range.

    Returns
    -------
    Absence
        `expected` is population times the reference rate; `lower` and `upper` whole numbers, between which an
        ordinary area's count would fall; `probability_below` the chance that such an area records this few or
        fewer; `gap` expected less recorded. NaN, and "cannot say", where an input is not usable (missing, infinite or
        negative; population 0; ends of a `Between` the wrong way round).

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Gamma-Poisson: mean ``population x (reference_count + 1/2) / reference_population`` and relative variance of the
    rate ``spread^2 + 1 / (reference_count + 1/2)``, so a reference that is itself small widens the range. Poisson
    alone would flag up to a quarter of honest areas where true rates differ by 40%. probability_below is the whole
    tail, not mid-p: flagging at or below 2.5% flags at most 2.5% of ordinary areas.

    References
    ----------
    Mohammed MA, Deeks JJ (2008) Annals of Thoracic Surgery 86:4. Clayton D, Kaldor J (1987) Biometrics 43:671.
    """
    low, high = (count.lower, count.upper) if isinstance(count, Between) else (count, count)
    x, most, n, y, m, cv = arrays(low, high, population, reference_count, reference_population, spread)
    tail = tail_of(confidence)
    ok = usable(x, n) & usable(most, n) & usable(y, m) & (x <= most) & np.isfinite(cv) & (cv >= 0)
    x, most, n, y, m, cv = (np.where(ok, part, 1.0) for part in (x, most, n, y, m, cv))
    mean = n * (y + 0.5) / m
    shape = 1 / (cv**2 + 1 / (y + 0.5))
    success = shape / (shape + mean)
    lower, upper = quantile(tail, shape, success), quantile(1 - tail, shape, success)
    below = betainc(shape, np.floor(most) + 1, success)
    at_least = np.where(x > 0, betaincc(shape, np.maximum(np.ceil(x), 1), success), 1.0)
    verdict = np.select(
        [~ok, below <= tail, at_least <= tail, (x >= lower) & (most <= upper)],
        ["cannot say", "lower", "higher", "similar"],
        "cannot say",
    )
    expected, lower, upper, below, at_least = (
        np.where(ok, part, np.nan) for part in (n * y / m, lower, upper, below, at_least)
    )
    return Absence(expected, lower, upper, below, expected - most, verdict, confidence, at_least)


def between_area_spread(count: ArrayLike, population: ArrayLike) -> FloatArray:
    """How far the true rates of areas lie apart, beyond what chance does: a coefficient of variation.

    Parameters
    ----------
    count, population : array_like, shape (..., areas)
        Events and people of each; an area that is not usable (see `rates.rate`) takes no part.

    Returns
    -------
    array, shape (...)
        0 or more; NaN with fewer than two usable areas or no event in any.

    Notes
    -----
    Moments: ``(sum (x - e)^2 / e - (k - 1)) / (sum e - sum e^2 / sum e)`` is the squared coefficient of variation,
    e the events expected at the pooled rate. Areas that record nothing widen it, which errs towards not flagging.

    References
    ----------
    Marshall RJ (1991) Applied Statistics 40:283.
    """
    x, n = (np.atleast_1d(part) for part in arrays(count, population))
    ok = usable(x, n)
    x, n = np.where(ok, x, 0), np.where(ok, n, 0)
    k, total = ok.sum(axis=-1), x.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        e = n * (total / n.sum(axis=-1))[..., None]
        excess = np.where(ok, (x - e) ** 2 / e, 0).sum(axis=-1) - (k - 1)
        square = excess / (total - (e**2).sum(axis=-1) / total)
    return np.where((k > 1) & (total > 0), np.sqrt(np.maximum(square, 0)), np.nan)


def silent_run(counts: Countlike, *, dispersion: ArrayLike | None = None) -> Silence:
    """How likely chance alone makes the run of zeros a series ends in.

    Parameters
    ----------
    counts : array_like or Between, shape (..., time)
        Counts by period, the latest last. A missing period (NaN) is neither a zero nor the end of a run: it is passed
        over. A withheld count that may be above 0 ends the run.
    dispersion : array_like, optional
        Variance over mean of the counts, 1 or more; estimated from the periods before the run if left out, which
        hidden counts do not allow.

    Returns
    -------
    Silence
        `length` in periods; `expected` cases in as many periods; `probability` of so many empty ones, 1 where the
        series does not end in zeros. With hidden counts it is the highest they allow. NaN where fewer than `needed`
        periods precede the run (`n`), any count is infinite or negative, or none of them had a case.

    Raises
    ------
    ValueError
        If counts are hidden and no dispersion is given.

    Notes
    -----
    With S cases in n earlier periods the chance of none in r more is ``(n / (n + r))^(S/phi + 1/2)``: the negative
    binomial predictive of a Poisson (phi = 1) or overdispersed count, which allows for the mean being an estimate.
    phi = (Pearson + 4.5)/(df + 3), at least 1. At one case a month it takes 8 to 13 silent months to be surprising
    at one in a thousand.

    References
    ----------
    Hahn GJ, Meeker WQ (1991) Statistical Intervals, ch. 7.
    """
    hidden = isinstance(counts, Between)
    if hidden and dispersion is None:
        raise ValueError("silent_run: counts are hidden and no dispersion is given; give one, such as 1.5.")
    low, high = (counts.lower, counts.upper) if isinstance(counts, Between) else (counts, counts)
    x, most = (np.atleast_1d(part) for part in arrays(low, high))
    faulty = (np.isinf(most) | (x < 0) | (x > most)).any(axis=-1)
    seen = np.isfinite(x) & np.isfinite(most)
    may_be_some = seen & (most > 0)
    at_end = ~np.logical_or.accumulate(may_be_some[..., ::-1], axis=-1)[..., ::-1]
    run = (seen & at_end).sum(axis=-1)
    before = seen & ~at_end
    n, cases = before.sum(axis=-1), np.where(before, x, 0).sum(axis=-1)
    phi = _dispersion(np.where(before, x, np.nan)) if dispersion is None else overdispersed(dispersion)
    usable_run = (n >= BASELINE_PERIODS) & ~faulty & np.isfinite(phi)
    with np.errstate(divide="ignore", invalid="ignore"):
        probability = np.where(run == 0, 1.0, (n / (n + run)) ** (cases / phi + 0.5))
        expected = cases / n * run
    length, expected, probability = (np.where(usable_run, part, np.nan) for part in (run, expected, probability))
    return Silence(length, expected, probability, np.where(faulty, 0, n), BASELINE_PERIODS)


def since_last(waits: ArrayLike, open_wait: ArrayLike, *, dispersion: ArrayLike = 1.0) -> Silence:
    """How likely chance alone makes the time since the last case as long as it is.

    Parameters
    ----------
    waits : array_like, shape (..., waits)
        Times between one case and the next, 0 or more, in any one unit (days, say); NaN is none.
    open_wait : array_like, shape (...)
        Time since the last case, 0 or more, in the same unit.
    dispersion : array_like
        Variance over mean of the counts, 1 or more, where cases come in clusters.

    Returns
    -------
    Silence
        `length` is the open wait, `expected` the cases such a time used to bring, `probability` that of a wait as
        long or longer. NaN where fewer than `needed` waits are known (`n`), any is infinite or negative, or all are 0.

    Notes
    -----
    For exponential waits with total T the chance is ``(T / (T + open))^(k / phi)`` exactly, whatever their unknown
    mean: T alone does not have to be the truth. A t or g chart speaks only once the next case has arrived; this
    speaks while it is awaited.

    References
    ----------
    Lawless JF (2003) Statistical Models and Methods for Lifetime Data, 2nd ed., sec. 4.1.
    """
    gaps = np.atleast_1d(floats(waits, "waits"))
    known = np.isfinite(gaps)
    faulty = (np.isinf(gaps) | (gaps < 0)).any(axis=-1)
    k, total = np.where(faulty, 0, known.sum(axis=-1)), np.where(known, gaps, 0).sum(axis=-1)
    wait, phi = floats(open_wait, "open_wait"), np.maximum(dispersion, 1.0)
    ok = (k >= WAITS) & (total > 0) & np.isfinite(wait) & (wait >= 0)
    total, wait = np.where(ok, total, 1.0), np.where(ok, wait, 0.0)
    probability = np.exp(-xlog1py(k / phi, wait / total))
    length, expected, probability = (np.where(ok, part, np.nan) for part in (wait, k * wait / total, probability))
    return Silence(length, expected, probability, np.broadcast_to(k, ok.shape), WAITS)


def _dispersion(counts: FloatArray) -> FloatArray:
    """Variance over mean, at least 1, drawn towards 1.5 as three more periods of that would draw it."""
    found = np.isfinite(counts).sum(axis=-1)
    mean = np.nansum(counts, axis=-1) / np.maximum(found, 1)
    chi = np.nansum((counts - mean[..., None]) ** 2, axis=-1) / np.where(mean > 0, mean, np.nan)
    return np.asarray(np.maximum((chi + 4.5) / (np.maximum(found - 1, 0) + 3), 1.0))
