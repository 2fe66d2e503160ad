"""The three EARS statistics for a panel, from moving means and standard deviations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from threatlib.stats._outcome import FloatArray

_GAP = {"C1": 0, "C2": 2, "C3": 2}  # periods between the baseline and the point
_BEFORE = {"C1": 0, "C2": 0, "C3": 2}  # earlier points whose excess counts as well


@dataclass(frozen=True, slots=True)
class Chart:
    """Baseline mean and standard deviation, the statistic, its critical value and the count that would reach it.

    `p` is the probability of a statistic at least as large; NaN where none is claimed.
    """

    mean: FloatArray
    sd: FloatArray
    statistic: FloatArray
    critical: float
    upper: FloatArray
    p: FloatArray


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `threatlib.stats.surveillance.ears`, checked when built (ValueError)."""

    method: str
    baseline: int
    min_sigma: float
    alpha: float
    calibrated: bool
    compat: str | None

    def __post_init__(self) -> None:
        if self.method not in _GAP:
            raise ValueError(f"method: found {self.method!r}, wanted one of {tuple(_GAP)}")
        if int(self.baseline) != self.baseline or self.baseline < 2:
            raise ValueError(f"baseline: found {self.baseline}, wanted a whole number of at least 2 points")
        if not 0.0 <= self.min_sigma < np.inf:
            raise ValueError(f"min_sigma: found {self.min_sigma}, wanted 0 or more")
        if not 0.0 < self.alpha < 0.5:
            raise ValueError(f"alpha: found {self.alpha}, wanted a probability between 0 and 0.5")
        if self.compat not in (None, "surveillance-1.20"):
            raise ValueError(f"compat: found {self.compat!r}, wanted None or 'surveillance-1.20'")
        if self.calibrated and self.compat:
            raise ValueError("calibrated, compat: found both, wanted one; R has no calibrated form")

    @property
    def needed(self) -> int:
        """Points of a series before the first verdict, that point included."""
        before = 0 if self.calibrated else _BEFORE[self.method]
        return self.baseline + _GAP[self.method] + before + 1


def chart(counts: FloatArray, options: Options) -> Chart:
    """Shapes follow `counts`, time on the last axis; NaN where any point of the baseline is missing."""
    points, as_in_r = options.baseline, options.compat is not None
    mean, sd = _baseline(counts, points, _GAP[options.method])
    sd = np.maximum(sd, options.min_sigma)
    if options.calibrated:
        return _calibrated(counts, mean, sd, options)
    critical = float(special.ndtri(1.0 - options.alpha))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (counts - mean) / sd
    if not as_in_r:  # an unchanged count after a constant baseline is no excess, whatever the spread
        z = np.where((sd == 0) & (counts == mean), 0.0, z)
    if options.method != "C3":
        return Chart(mean, sd, z, critical, mean + critical * sd, special.ndtr(-z))
    unclaimed = np.full_like(mean, np.nan)
    excess = np.maximum(z - 1.0, 0.0)
    before = _lagged(excess, 1) + _lagged(excess, 2)
    with np.errstate(invalid="ignore"):
        if as_in_r:  # today's count stands where the baseline mean is meant, so that it cannot alarm by itself
            upper = np.maximum(counts + sd * (critical - before), 0.0)
            return Chart(mean, sd, before, critical, upper, unclaimed)
        # Today's excess is what exceeds one standard deviation; after enough of it before, any count will do.
        upper = np.where(before > critical, -np.inf, mean + sd * (1.0 + critical - before))
    upper = np.where(np.isnan(before + mean), np.nan, upper)
    return Chart(mean, sd, excess + before, critical, upper, unclaimed)


def _calibrated(counts: FloatArray, mean: FloatArray, sd: FloatArray, options: Options) -> Chart:
    """A count (C3: the last three together) against Student's t on the power scale on which a count has no skewness.

    The baseline's mean is uncertain: the variance is dispersion x mean x (1 + periods / baseline), and one case is
    added to the baseline, for where cases are rare it holds too few more often than too many.
    """
    periods = 1.0 + _BEFORE[options.method]
    with np.errstate(divide="ignore", invalid="ignore"):
        phi = np.fmax(sd**2 / mean, 1.0) + 0.0 * mean  # 1 after nothing but zeros
        centre = periods * (mean + phi / options.baseline)
        scale = centre ** (2 / 3)
        spread = (2 / 3) * centre ** (-1 / 3) * np.sqrt(phi * centre * (1.0 + periods / options.baseline))
    earlier = sum((_lagged(counts, lag) for lag in range(1, int(periods))), np.zeros_like(counts))
    critical = float(special.stdtrit(options.baseline - 1, 1.0 - options.alpha))
    upper = np.sqrt(scale + critical * spread) ** 3 - earlier
    upper = np.where(upper < 0, -np.inf, upper)  # after enough before, any count will do
    statistic = (np.cbrt(counts + earlier) ** 2 - scale) / spread
    p = special.stdtr(options.baseline - 1, -statistic)
    return Chart(mean, sd, statistic, critical, upper, p)


def _baseline(counts: FloatArray, points: int, gap: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the `points` before the last `gap`, in two passes over the lags."""
    total, square = np.zeros_like(counts), np.zeros_like(counts)
    lags = range(gap + 1, gap + points + 1)
    for lag in lags:
        total += _lagged(counts, lag)
    mean = total / points
    for lag in lags:
        square += (_lagged(counts, lag) - mean) ** 2
    sd = np.sqrt(square / (points - 1))
    return mean, np.where(sd > 1e-12 * mean, sd, 0.0 * sd)  # what is left of a constant by rounding is no spread


def _lagged(values: FloatArray, lag: int) -> FloatArray:
    out = np.full_like(values, np.nan)
    if lag < values.shape[-1]:
        out[..., lag:] = values[..., : values.shape[-1] - lag]
    return out
