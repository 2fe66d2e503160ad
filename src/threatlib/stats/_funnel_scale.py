"""The scales a funnel's areas are compared on, and the spread between areas estimated there."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from threatlib.stats._intervals import Interval
from threatlib.stats._outcome import FloatArray, IntArray

Kind: TypeAlias = Literal["rate", "proportion", "ratio", "shmi"]


def on_scale(x: FloatArray, n: FloatArray, theta: FloatArray, kind: Kind) -> Interval:
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


def off_scale(y: FloatArray, theta: FloatArray, kind: Kind) -> FloatArray:
    """Back to count over population."""
    if kind == "rate":
        return np.asarray(theta * np.maximum(y, 0) ** 2)
    if kind == "shmi":
        return np.asarray(theta * np.exp(y))
    if kind == "proportion":
        return np.asarray(np.sin(np.clip(y, 0, np.pi / 2)) ** 2)
    return np.exp(y)


def as_funnelplotr(
    reach: FloatArray, total: FloatArray, tau2: FloatArray, n: FloatArray, theta: FloatArray, kind: Kind
) -> tuple[FloatArray, FloatArray]:
    """Limits as FunnelPlotR 0.6.0 draws them."""
    if kind == "rate":
        return theta * (1 - reach * total), theta * (1 + reach * total)
    if kind == "ratio":
        total = np.sqrt(1 / (4 * n) + tau2)
        return theta * np.exp(-reach * total), theta * np.exp(reach * total)
    centre = np.arcsin(np.sqrt(theta)) if kind == "proportion" else np.zeros_like(theta)
    return off_scale(centre - reach * total, theta, kind), off_scale(centre + reach * total, theta, kind)


def spread(
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
