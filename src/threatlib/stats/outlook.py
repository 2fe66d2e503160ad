"""Where the year is heading from the part that is in, with an interval that covers what it says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, ndtr, ndtri, stdtr, stdtrit

from threatlib.stats._intervals import tail_of
from threatlib.stats._negative_binomial import quantile
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import BoolArray, FloatArray, IntArray, Outcome

DRIFT, WOBBLE = 0.0098, 0.002
"""Variance of the log of (rest of the year / part seen, per period) beyond chance, DRIFT + WOBBLE / (f (1 - f)) with
a share f of the year in: what monthly referrals of English authorities showed over twelve years (docs/deviations)."""
WORTH = 5
"""How many past years that general experience counts for beside the series' own."""
SEASON_DOUBT = 15
"""How many times its own sampling variance a series' seasonal lean must exceed before any of it is used."""
LAST_YEAR = 0.4
"""Weight of last year's level with nothing yet seen; it falls as (1 - f)^2."""


@dataclass(frozen=True, slots=True)
class Outlook(Outcome):
    """The year's total: estimate, prediction interval, and the probability of passing a threshold.

    One entry a series. `n` is the periods seen of the `needed`, `years` the past years that informed the interval.
    """

    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray
    probability_above: FloatArray
    years: IntArray
    n: IntArray
    needed: int
    confidence: float = 0.8


def year_end(
    counts_so_far: ArrayLike,
    *,
    periods_in_year: int,
    history: ArrayLike | None = None,
    confidence: float = 0.8,
    threshold: ArrayLike | None = None,
) -> Outlook:
    """The year's total if current volumes continue, and how far out that usually is.

    Parameters
    ----------
    counts_so_far : array_like, shape (..., periods)
        Counts from the first period of the year, at most `periods_in_year` of them; a missing one (NaN) is one not
        yet seen, wherever it stands.
    periods_in_year : int
        12 for months, 4 for quarters.
    history : array_like, shape (..., years, periods_in_year), optional
        Past years' counts, the latest last. Years with a missing, infinite or negative count take no part.
    confidence : float
        Level of the prediction interval.
    threshold : array_like, optional
        The total whose passing is asked about; last year's if left out, where `history` ends with a complete year.

    Returns
    -------
    Outlook
        With the whole year in, the total itself without doubt. NaN where fewer than `needed` periods are in (a sixth
        of the year: 2 months, 1 quarter), or any is infinite or negative (`n` is then 0). `probability_above` is
        NaN where there is no threshold. With nothing recorded so far the estimate is 0 and the upper limit is not.

    Raises
    ------
    ValueError
        If there are more counts than periods, `history` has another number of periods, `periods_in_year` is below 1,
        or `confidence` is not between 0 and 1.

    Notes
    -----
    With S seen in a share f of the year the rest is S (1 - f)/f, to which history adds two corrections: the series'
    own seasonal lean, drawn towards none (James and Stein) because an authority's own share makes a forecast worse
    unless it is marked, and last year's level with weight 0.4 (1 - f)^2. The rest given S is negative binomial with
    relative variance 1/(S + 1/2) + c^2: chance, and the drift c^2 of the rate within a year, which is the mean of
    the series' own past errors (less their chance part) and general experience (five years' worth; more where the
    counts seen are themselves more scattered than that allows for, as small clustered counts are). Tails are
    widened to Student's t with 5 + years degrees of freedom. Without drift and history this is Jeffreys' predictive.

    Without history the interval is that of children's services referrals: a series with a marked season or steadier
    than those needs its own history to be covered as stated.

    References
    ----------
    Efron B, Morris C (1975) JASA 70:311. Hahn GJ, Meeker WQ (1991) Statistical Intervals, ch. 5.
    """
    tail, months = tail_of(confidence), periods_in_year
    if months < 1:
        raise ValueError(f"periods_in_year {months}: wanted 1 or more, such as 12.")
    counts = np.atleast_1d(floats(counts_so_far, "counts_so_far"))
    if counts.shape[-1] > months:
        raise ValueError(f"{counts.shape[-1]} counts so far: wanted at most {months}, the periods in a year.")
    counts = np.concatenate([counts, np.full((*counts.shape[:-1], months - counts.shape[-1]), np.nan)], axis=-1)
    past = np.full((1, months), np.nan) if history is None else floats(history, "history")
    if past.ndim < 2 or past.shape[-1] != months:
        raise ValueError(f"history of shape {past.shape}: wanted (..., years, {months}).")
    if not past.shape[-2]:
        past = np.full((*past.shape[:-2], 1, months), np.nan)
    needed = math.ceil(months / 6)
    sound = np.asarray(~(np.isinf(counts) | (counts < 0)).any(axis=-1))
    in_yet = np.isfinite(counts) & sound[..., None]
    n = in_yet.sum(axis=-1)
    ready = n >= needed
    f = np.where(ready & (n < months), n / months, 0.5)
    seen = np.where(in_yet, counts, 0).sum(axis=-1)
    factor, drift, years = _learned(past, counts, in_yet, seen, f)
    odds = (1 - f) / f * factor
    shape = 1 / (1 / (seen + 0.5) + drift)
    success = shape / (shape + (seen + 0.5) * odds)
    over = n == months
    rest = np.where(over, 0.0, seen * odds)
    ends = [
        np.where(over, 0.0, quantile(ndtr(stdtrit(WORTH + years, level)), shape, success)) for level in (tail, 1 - tail)
    ]
    bar = _last_total(past) if threshold is None else floats(threshold, "threshold")
    below = np.floor(bar - seen)
    beyond = np.where(over, below < 0, 1 - _cdf(below, shape, success, WORTH + years))
    estimate, lower, upper, beyond = (
        np.where(ready, part, np.nan)
        for part in (seen + rest, seen + np.minimum(ends[0], rest), seen + np.maximum(ends[1], rest), beyond)
    )
    return Outlook(estimate, lower, upper, np.where(np.isfinite(bar), beyond, np.nan), years, n, needed, confidence)


def _learned(
    past: FloatArray, counts: FloatArray, in_yet: BoolArray, seen: FloatArray, f: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """From past years: what to multiply the plain forecast of the rest by, its drift, and how many years spoke."""
    whole = np.asarray((np.isfinite(past) & (past >= 0)).all(axis=-1))
    phi = _dispersion(np.where(in_yet, counts, np.nan), np.where(whole[..., None], past, np.nan))
    past, early = np.where(whole[..., None], past, 0), in_yet[..., None, :]
    share = f[..., None]
    # one event, split as the year is, keeps a year without any from saying anything about the season
    first = np.where(early, past, 0).sum(axis=-1) + share
    rest = np.where(early, 0, past).sum(axis=-1) + 1 - share
    whole = np.broadcast_to(whole, first.shape)
    lean = np.where(whole, np.log(rest / first * share / (1 - share)), 0)
    years = whole.sum(axis=-1)
    clustered = (phi - 1) * (1 / (seen + 0.5) + 1 / (seen * (1 - f) / f + 0.5))
    prior = np.maximum(DRIFT + WOBBLE / (f * (1 - f)), clustered)
    some = np.maximum(years, 1)
    mean = lean.sum(axis=-1) / some
    noise = (WORTH * prior + (np.where(whole, lean - mean[..., None], 0) ** 2).sum(axis=-1)) / (WORTH + years)
    with np.errstate(divide="ignore", invalid="ignore"):
        trust = np.nan_to_num(np.maximum(0, 1 - SEASON_DOUBT * noise / some / mean**2))
    season = trust * mean
    beyond_chance = np.where(whole, (lean - season[..., None]) ** 2 - 1 / first - 1 / rest, 0).sum(axis=-1)
    drift = np.maximum((WORTH * prior + beyond_chance) / (WORTH + years), prior / 10)
    weight = np.where(whole[..., -1], LAST_YEAR * (1 - f) ** 2, 0)
    level = np.log(rest[..., -1]) - np.log((seen + f) * (1 - f) / f) - season
    return np.exp(season + weight * level), drift, years


def _dispersion(counts: FloatArray, past: FloatArray) -> FloatArray:
    """Variance over mean of periods about their year's mean, at least 1; 1.5 is taken for granted, worth 3 periods."""
    chi, df = np.zeros(counts.shape[:-1]), np.zeros(counts.shape[:-1])
    for years in (counts[..., None, :], past):
        found = np.isfinite(years).sum(axis=-1)
        mean = np.nansum(years, axis=-1) / np.maximum(found, 1)
        off = np.nansum((years - mean[..., None]) ** 2, axis=-1)
        chi = chi + np.where(mean > 0, off / np.where(mean > 0, mean, 1), 0).sum(axis=-1)
        df = df + np.where(mean > 0, found - 1, 0).sum(axis=-1)
    return np.maximum((chi + 3 * 1.5) / (df + 3), 1.0)


def _last_total(past: FloatArray) -> FloatArray:
    """Last year's total, NaN unless it is complete."""
    last = past[..., -1, :]
    known = np.isfinite(last) & (last >= 0)
    return np.where(known.all(axis=-1), np.where(known, last, 0).sum(axis=-1), np.nan)


def _cdf(value: FloatArray, shape: FloatArray, success: FloatArray, df: IntArray) -> FloatArray:
    """P(rest <= value), negative binomial with its tails widened to those of t."""
    plain = betainc(shape, np.maximum(value, 0) + 1, success)
    return np.where(value < 0, 0.0, stdtr(df, ndtri(plain)))
