"""Funnel limits that allow for the differences areas ordinarily have, and the lines of chance alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainccinv, gammaincinv, ndtri

from threatlib.stats._funnel_scale import Kind, as_funnelplotr, off_scale, on_scale, spread
from threatlib.stats._funnel_tails import as_judged, by_tails
from threatlib.stats._intervals import arrays, tail_of, usable
from threatlib.stats._numbers import floats
from threatlib.stats._outcome import FloatArray, IntArray, Outcome

MIN_AREAS = 10
"""Areas below which the spread between areas cannot be told from chance (see docs/deviations)."""

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
        Undo the narrowing that drawing in (or leaving out) the ends causes, and judge each area by the tails of the
        distribution its count has where areas differ, so that no more than the stated share of ordinary areas falls
        outside. The published form does not hold its levels once areas truly differ: "95%" leaves out about 10%,
        "99.8%" 1 to 2%, a ratio below 20 events far more. The calibrated one holds them for every `kind` from 0.2
        expected events on (docs/calibration), and is cautious where there are few events or few areas.
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
        If a confidence level is not between 0 and 1, `trim` not between 0 and 0.5, `kind` is not one of those, or
        both `calibrated` and `compat` are asked for.

    Notes
    -----
    z = (Y - theta)/s is winsorised, phi = mean(z_w^2), and, with w = 1/s^2,
    ``tau2 = max(0, (n phi - (n - 1)) / (sum w - sum w^2 / sum w))``; then z = (Y - theta)/sqrt(s^2 + tau2), and the
    limits are those values of count over population where z reaches the level. FunnelPlotR 0.6.0 leaves the square
    root scale's limits untransformed, draws those of a ratio of counts with s = 1/(2 sqrt n), and rounds the normal
    quantile to six places.

    Calibrated: phi is divided by what drawing in leaves of a standard normal's variance. The spread is estimated on the
    square root scale for "rate" and "shmi" (an area without events is judged, too), on the arcsine scale for
    "proportion" and "ratio", a ratio theta of two counts being a share p = theta / (1 + theta) of both together. A
    count is held against a negative binomial with mean E = n theta and variance E + 4 tau2 E^2, or a beta-binomial with
    mean n p and variance n p (1 - p) (1 + 4 tau2 (n - 1)), tails widened from the normal's to Student's t with n - 1
    degrees of freedom. `z` is the normal deviate of the tail, and the limits lie half a case outside the outermost
    counts within, over n (for a ratio, as L / (1 - L) of the share's L; infinite where no count is too high).

    References
    ----------
    Spiegelhalter DJ (2005) Quality and Safety in Health Care 14:347; Spiegelhalter et al. (2012) JRSS A 175:1.
    """
    if not 0 <= trim < 0.5:
        raise ValueError(f"trim {trim!r}: wanted 0 or more and below 0.5, such as 0.1.")
    if calibrated and compat is not None:
        raise ValueError(f"calibrated with compat {compat!r}: wanted one of the two.")
    x, n = (np.atleast_1d(part) for part in arrays(count, population))
    ok = usable(x, n) & ((x <= n) | (kind != "proportion"))
    x, n = np.where(ok, x, np.nan), np.where(ok, n, np.nan)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a limit beyond all numbers is infinite
        pooled = np.nansum(x, axis=-1) / np.nansum(n, axis=-1)
        theta = np.broadcast_to(floats(pooled if target is None else target, "target"), pooled.shape)
        total, aim, scale = as_judged(x, n, theta[..., None], kind) if calibrated else (n, theta[..., None], kind)
        y, centre, s = on_scale(x, total, aim, scale)
        s = np.where(np.isfinite(y) & np.isfinite(s) & (s > 0), s, np.nan)
        phi, tau2 = spread((y - centre) / s, s, trim, truncate=kind == "shmi", calibrated=calibrated)
        found = np.isfinite(s).sum(axis=-1)
        needed = MIN_AREAS if overdispersion else 1
        tau2 = np.where(found >= needed, tau2 if overdispersion else 0.0, np.nan)
        sd = np.sqrt(s**2 + tau2[..., None])
        levels, z = np.asarray(confidence, dtype=np.float64), (y - centre) / sd
        if calibrated:
            worth = np.where(overdispersion, found - 1.0, np.inf)[..., None]
            z, lower, upper = by_tails(x, total, aim, tau2[..., None], z, levels, worth, kind)
        else:
            reach = np.array([-ndtri(tail_of(level)) for level in levels.ravel()])
            reach = reach.reshape(levels.shape + (1,) * x.ndim)
            lower, upper = (off_scale(centre + side * reach * sd, aim, scale) for side in (-1, 1))
            if compat is not None:
                lower, upper = as_funnelplotr(np.round(reach, 6), sd, tau2[..., None], n, aim, scale)
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
