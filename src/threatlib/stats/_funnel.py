"""Funnel limits that allow for the differences areas ordinarily have, and the lines of chance alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainccinv, gammaincinv, ndtri
from scipy.stats import rankdata

from threatlib.stats._intervals import Interval, arrays, tail_of, usable
from threatlib.stats._outcome import FloatArray, IntArray, Outcome
from threatlib.stats._thresholds import count_limits

MIN_AREAS = 10
"""Areas below which the spread between areas cannot be told from chance (see docs/deviations)."""

Kind: TypeAlias = Literal["rate", "proportion", "ratio", "shmi"]
Compat: TypeAlias = Literal["FunnelPlotR-0.6.0"]


@dataclass(frozen=True, slots=True)
class Funnel(Outcome):
    """Limits around a target, and how far each area is from it.

    `target`, `tau2`, `phi` and `n` have one entry a funnel; `z` is shaped like the input; `lower` and `upper` have
    one more axis in front, one layer for each confidence level (none if a single number was asked for).
    """

    target: FloatArray
    lower: FloatArray
    upper: FloatArray
    z: FloatArray
    tau2: FloatArray
    phi: FloatArray
    n: IntArray
    needed: int = MIN_AREAS


def funnel(
    count: ArrayLike,
    population: ArrayLike,
    *,
    target: ArrayLike | None = None,
    overdispersion: bool = True,
    confidence: float | Sequence[float] = (0.95, 0.998),
    kind: Kind = "rate",
    trim: float = 0.1,
    calibrated: bool = False,
    compat: Compat | None = None,
) -> Funnel:
    """Funnel limits for areas on the last axis, wide enough for the differences areas ordinarily have.

    Parameters
    ----------
    count, population : array_like, shape (..., areas)
        Events and population (or expected events with `target=1`, or totals for a proportion).
    target : array_like, optional
        What areas are held against, count over population; all areas pooled if left out.
    overdispersion : bool
        Estimate the spread between areas and add it; False leaves chance alone.
    confidence : float or sequence of float
        Two-sided levels of the limits.
    kind : {"rate", "proportion", "ratio", "shmi"}
        The scale: square root of observed over expected (right at 0 events), arcsine, logarithm of a ratio of two
        counts, or SHMI's logarithm of observed over expected, which has nothing to say of an area with 0 events.
    trim : float
        Share of areas at each end whose z is drawn in ("shmi": left out) before the spread is estimated, below 0.5.
    calibrated : bool
        Undo the narrowing that drawing in (or leaving out) the ends causes, and judge a rate by the tails of a negative
        binomial, so that no more than the stated share of ordinary areas falls outside. The published form does not
        hold its levels once areas truly differ: "95%" leaves out about 10%, "99.8%" 1 to 2% (docs/calibration).
        Only "rate" holds below about 20 expected events, and only it holds its outer limit: judge a proportion by
        "rate" on the same counts, and a ratio by "rate" on the first count over both together (L there is L / (1 - L)).
    compat : {"FunnelPlotR-0.6.0"}, optional
        That package's limits, which for "rate" and "ratio" do not match its own z (see Notes).

    Returns
    -------
    Funnel
        `lower` and `upper` are in the unit of count over population. NaN for an area whose input is not usable
        (missing, infinite or negative count, population not above 0, count above total for a proportion), which
        takes no part. NaN for the whole funnel where fewer than `needed` areas are usable (`shortfall` says how
        many), or the target is 0. Without overdispersion one area is enough.

    Raises
    ------
    ValueError
        If a confidence level is not between 0 and 1, `trim` not between 0 and 0.5, or `kind` is not one of those.

    Notes
    -----
    z = (Y - theta)/s is winsorised, phi = mean(z_w^2), and, with w = 1/s^2,
    ``tau2 = max(0, (n phi - (n - 1)) / (sum w - sum w^2 / sum w))``; then z = (Y - theta)/sqrt(s^2 + tau2), and the
    limits are those values of count over population where z reaches the level. FunnelPlotR 0.6.0 leaves the square
    root scale's limits untransformed, draws those of a ratio of counts with s = 1/(2 sqrt n), and rounds the normal
    quantile to six places.

    Calibrated: phi is divided by what drawing in leaves of a standard normal's variance. For a rate, an area's count
    is then held against a negative binomial with mean E = n theta and variance E + 4 tau2 E^2 (tau2 being on the
    square root scale), its tails widened from the normal's to Student's t with n - 1 degrees of freedom, `z` is the
    normal deviate of its tail, and the limits lie half a case outside the outermost counts within, over n; the square
    root is too coarse below about 20 expected events, where it calls twice as many areas low as it says.

    References
    ----------
    Spiegelhalter DJ (2005) Quality and Safety in Health Care 14:347; Spiegelhalter et al. (2012) JRSS A 175:1.
    """
    if not 0 <= trim < 0.5:
        raise ValueError(f"trim {trim!r}: wanted 0 or more and below 0.5, such as 0.1.")
    x, n = (np.atleast_1d(part) for part in arrays(count, population))
    ok = usable(x, n) & ((x <= n) | (kind != "proportion"))
    x, n = np.where(ok, x, np.nan), np.where(ok, n, np.nan)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a limit beyond all numbers is infinite
        pooled = np.nansum(x, axis=-1) / np.nansum(n, axis=-1)
        theta = np.broadcast_to(np.asarray(pooled if target is None else target, dtype=np.float64), pooled.shape)
        y, centre, s = _on_scale(x, n, theta[..., None], kind)
        s = np.where(np.isfinite(y) & np.isfinite(s) & (s > 0), s, np.nan)
        phi, tau2 = _spread((y - centre) / s, s, trim, truncate=kind == "shmi", calibrated=calibrated)
        found = np.isfinite(s).sum(axis=-1)
        needed = MIN_AREAS if overdispersion else 1
        tau2 = np.where(found >= needed, tau2 if overdispersion else 0.0, np.nan)
        total = np.sqrt(s**2 + tau2[..., None])
        levels = np.asarray(confidence, dtype=np.float64)
        reach = np.array([-ndtri(tail_of(level)) for level in levels.ravel()]).reshape(levels.shape + (1,) * x.ndim)
        lower, upper = (_off_scale(centre + side * reach * total, theta[..., None], kind) for side in (-1, 1))
        z = (y - centre) / total
        if calibrated and kind == "rate":
            worth = np.where(overdispersion, found - 1.0, np.inf)[..., None]
            z, lower, upper = _by_counts(x, n, theta[..., None], tau2[..., None], z, levels, worth)
        if compat is not None:
            lower, upper = _as_funnelplotr(np.round(reach, 6), total, tau2[..., None], n, theta[..., None], kind)
    return Funnel(theta, lower, upper, z, tau2, phi, found, needed)


def chance_limits(
    target: ArrayLike, size: ArrayLike, *, kind: Literal["rate", "proportion"] = "rate", confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Limits of chance alone around a target, for a funnel's lines: lower and upper, in the target's unit.

    Parameters
    ----------
    target : array_like
        The rate or ratio, above 0, or the proportion, 0 to 1.
    size : array_like
        Events along the axis for a rate or ratio, total for a proportion; above 0.
    kind : {"rate", "proportion"}
        Which of the two.
    confidence : float
        Two-sided level.

    Returns
    -------
    tuple of array
        NaN where target or size is not usable.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Rate: an area with x events is outside when its exact Poisson interval leaves the target out, so the limits are
    ``target x / upper(x)`` and ``target x / lower(x)``. Proportion: ``p -/+ z sqrt(p (1 - p) / n)`` within 0 to 1,
    where Wilson's interval leaves p out. These are the lines of PHEindicatormethods' funnels.
    """
    theta, size = arrays(target, size)
    tail = tail_of(confidence)
    ok = np.isfinite(theta) & np.isfinite(size) & (size > 0) & (theta >= 0)
    if kind == "proportion":
        ok &= theta <= 1
        half = -ndtri(tail) * np.sqrt(theta * (1 - theta) / np.where(ok, size, np.nan))
        return np.clip(theta - half, 0, 1), np.clip(theta + half, 0, 1)
    events = np.where(ok, size, np.nan)
    return theta * events / gammainccinv(events + 1, tail), theta * events / gammaincinv(events, tail)


def _on_scale(x: FloatArray, n: FloatArray, theta: FloatArray, kind: Kind) -> Interval:
    """Y, its target and its standard deviation by chance."""
    if kind == "rate":
        return np.sqrt(x / (n * theta)), np.ones_like(theta), 1 / (2 * np.sqrt(n * theta))
    if kind == "shmi":
        return np.log(x / (n * theta)), np.zeros_like(theta), 1 / np.sqrt(n * theta)
    if kind == "proportion":
        return np.arcsin(np.sqrt(x / n)), np.arcsin(np.sqrt(theta)), 1 / (2 * np.sqrt(n))
    if kind == "ratio":
        s = np.sqrt(x / (x + 0.5) ** 2 + n / (n + 0.5) ** 2)
        return np.log((x + 0.5) / (n + 0.5)), np.log(theta), s
    raise ValueError(f"kind {kind!r}: wanted 'rate', 'proportion', 'ratio' or 'shmi'.")


def _off_scale(y: FloatArray, theta: FloatArray, kind: Kind) -> FloatArray:
    """Back to count over population."""
    if kind == "rate":
        return np.asarray(theta * np.maximum(y, 0) ** 2)
    if kind == "shmi":
        return np.asarray(theta * np.exp(y))
    if kind == "proportion":
        return np.asarray(np.sin(np.clip(y, 0, np.pi / 2)) ** 2)
    return np.exp(y)


def _by_counts(
    x: FloatArray,
    n: FloatArray,
    theta: FloatArray,
    tau2: FloatArray,
    z: FloatArray,
    levels: FloatArray,
    worth: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """z, lower and upper limits of rates from the tails of a negative binomial around the target.

    `worth` is the degrees of freedom of tau2: tails are wider for it, as Student's t is wider than the normal. A tail
    too small for a number keeps the z of the square root scale.
    """
    expected = n * theta
    phi, df = 1.0 + 4.0 * tau2 * expected, np.broadcast_to(worth, x.shape)
    whole = np.where(
        np.abs(x - np.round(x)) < 1e-6, np.round(x), x
    )  # a rate times a population is one but for rounding
    bounds = [count_limits(whole, expected, expected, phi, tail_of(level), df) for level in levels.ravel()]
    lower = np.array([np.where(b.lower > 0, b.lower - 0.5, b.lower) / n for b in bounds])
    upper = np.array([(b.upper + 0.5) / n for b in bounds])
    lower, upper = (ends.reshape(levels.shape + x.shape) for ends in (lower, upper))
    at_most, at_least = bounds[0].at_most, bounds[0].at_least
    deviate = np.where(at_least < at_most, np.maximum(-ndtri(at_least), 0.0), np.minimum(ndtri(at_most), 0.0))
    return np.where(np.isinf(deviate), z, deviate), lower, upper


def _as_funnelplotr(
    reach: FloatArray, total: FloatArray, tau2: FloatArray, n: FloatArray, theta: FloatArray, kind: Kind
) -> tuple[FloatArray, FloatArray]:
    """Limits as FunnelPlotR 0.6.0 draws them."""
    if kind == "rate":
        return theta * (1 - reach * total), theta * (1 + reach * total)
    if kind == "ratio":
        total = np.sqrt(1 / (4 * n) + tau2)
        return theta * np.exp(-reach * total), theta * np.exp(reach * total)
    centre = np.arcsin(np.sqrt(theta)) if kind == "proportion" else np.zeros_like(theta)
    return _off_scale(centre - reach * total, theta, kind), _off_scale(centre + reach * total, theta, kind)


def _spread(
    z: FloatArray, s: FloatArray, trim: float, *, truncate: bool, calibrated: bool
) -> tuple[FloatArray, FloatArray]:
    """Winsorised (or truncated) dispersion phi, and the between-area variance tau2 it implies."""
    used, found = np.isfinite(z), np.isfinite(z).sum(axis=-1, keepdims=True)
    if truncate:
        rank = rankdata(np.where(used, z, np.inf), axis=-1)
        used &= (rank / (found + 1) >= trim) & (rank / (found + 1) < 1 - trim)
    else:
        z = np.clip(z, _quantile(z, found, trim), _quantile(z, found, 1 - trim))
    k = used.sum(axis=-1)
    phi = np.where(used, z**2, 0).sum(axis=-1) / k
    if calibrated:
        phi = phi / _left_of_variance(trim, truncate=truncate)
    w = np.where(used, s**-2.0, 0)
    tau2 = (k * phi - (k - 1)) / (w.sum(axis=-1) - (w**2).sum(axis=-1) / w.sum(axis=-1))
    return phi, np.where(np.isfinite(tau2), np.maximum(tau2, 0), 0.0)


def _left_of_variance(trim: float, *, truncate: bool) -> float:
    """What a standard normal's variance of 1 becomes once its ends are drawn in (or left out)."""
    if trim == 0:
        return 1.0
    q = -ndtri(trim)
    middle = 1 - 2 * trim - 2 * q * np.exp(-(q**2) / 2) / np.sqrt(2 * np.pi)
    return float(middle / (1 - 2 * trim) if truncate else middle + 2 * trim * q**2)


def _quantile(values: FloatArray, found: IntArray, q: float) -> FloatArray:
    """Type 7 quantile of the last axis; NaN sorts last and takes no part."""
    if not values.shape[-1]:
        return np.full(found.shape, np.nan)
    ordered = np.sort(values, axis=-1)
    place = np.maximum(found - 1, 0) * q
    below = np.floor(place).astype(np.intp)
    left = np.take_along_axis(ordered, below, axis=-1)
    right = np.take_along_axis(ordered, np.minimum(below + 1, np.maximum(found - 1, 0)), axis=-1)
    return np.asarray(left + (place - below) * (right - left))
