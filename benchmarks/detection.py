"""Our detector against Farrington, EARS, XmR, MAD and STL on the same simulated series, in one run.

Run: python benchmarks/detection.py [--seed 1] [--clean 20] [--events 6]   in an environment with threatlib; STL takes
part where statsmodels is installed, on every tenth series (it is slow). The series are those of `detection_series.py`;
every watched point is judged from its past. An event is found if any point from its onset is flagged (a spike: that
point).
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable

import numpy as np
from detection_series import EVENTS, LENGTHS, MEANS, QUIET, Series, make
from scipy.stats import nbinom

from threatlib.stats._scan_calibration import THRESHOLD
from threatlib.stats.scan import scan
from threatlib.stats.surveillance import farrington


# ------------------------------------------------------------------ methods: (panel, freq, watch) -> scores, NaN = none
def ours(y: np.ndarray, freq: int, watch: int, **kwargs: object) -> np.ndarray:
    return scan(y, frequency=freq, first=watch, confidence=None, **kwargs).score  # type: ignore[arg-type]


def farrington_both_sides(y: np.ndarray, freq: int, watch: int) -> np.ndarray:
    """Farrington flexible as published (plug-in tails), for months and quarters, with all the years each point has."""
    out = np.full(y.shape, np.nan)
    width, apart = (1, 6) if freq == 12 else (0, 2)
    for t in range(watch, y.shape[1]):
        years = min(5, (t - width) // freq)
        if years >= 2:
            settings = {"b": years, "w": width, "n_periods": 4, "past_not_included": apart, "limit54": (0, 4)}
            f = farrington(y[:, : t + 1], frequency=freq, first=t, plug_in=True, **settings)
            out[:, t] = -np.log10(np.maximum(f.p[:, t], 1e-300))
    return out


def _each(verdict: Callable[[np.ndarray, int], float]) -> Callable[[np.ndarray, int, int], np.ndarray]:
    """A verdict on the last point of a series, made into scores of the watched points of a panel."""

    def scores(y: np.ndarray, freq: int, watch: int) -> np.ndarray:
        out = np.full(y.shape, np.nan)
        for t in range(watch, y.shape[1]):
            out[:, t] = [verdict(row[: t + 1], freq) for row in y]
        return out

    return scores


def ears_c2(y: np.ndarray, freq: int) -> float:
    base = y[-(13 if freq == 12 else 9) - 2 : -3]
    if len(base) < (12 if freq == 12 else 8) or np.isnan(base).any():
        return np.nan
    return float(abs(y[-1] - base.mean()) / max(base.std(ddof=1), 0.5))


def xmr_distance(y: np.ndarray, _: int) -> float:
    ranges = np.abs(np.diff(y))
    return float(abs(y[-1] - np.nanmean(y)) / max(np.nanmean(ranges) / 1.128, 1e-9))


def mad(y: np.ndarray, _: int) -> float:
    middle = np.nanmedian(y)
    spread = 1.4826 * np.nanmedian(np.abs(y - middle)) or 1.2533 * np.nanmean(np.abs(y - middle))
    return float(abs(y[-1] - middle) / spread) if spread > 0 else 0.0


def stl(y: np.ndarray, freq: int) -> float:
    from statsmodels.tsa.seasonal import STL

    if np.isnan(y).any() or len(y) < 2 * freq + 1:
        return np.nan
    rest = STL(y, period=freq, robust=True).fit().resid
    return float(abs(rest[-1]) / max(1.4826 * np.median(np.abs(rest - np.median(rest))), 1e-9))


METHODS = {
    "threatlib": ours,
    "Farrington flexible, both sides": farrington_both_sides,
    "EARS C2, both sides": _each(ears_c2),
    "XmR distance": _each(xmr_distance),
    "MAD": _each(mad),
    "STL residual": _each(stl),
}
EVERY = {"STL residual": 10}  # methods too slow for every series: one in so many, evenly spread


def bound(s: Series) -> np.ndarray:
    """A detector that knows the true mean and dispersion: largest |z| of the last 1, 3, 6 months (1, 2, 3 quarters)."""
    out = np.full(len(s.values), -np.inf)
    size = s.mu / max(s.phi - 1, 1e-3)
    for t in range(s.watch, len(s.values)):
        for r in (1, 3, 6) if s.freq == 12 else (1, 2, 3):
            window = slice(max(t - r + 1, s.watch), t + 1)
            if len(s.values[window]) == r:
                total, shape = s.values[window].sum(), size[window].sum()
                p = 1 / max(s.phi, 1.001)
                at = nbinom.pmf(total, shape, p) / 2
                low, high = nbinom.sf(total, shape, p) + at, nbinom.cdf(total - 1, shape, p) + at
                out[t] = max(out[t], -np.log(max(min(low, high), 1e-300)))
    return out


# ------------------------------------------------------------------ measurement
def score(series: list[Series], method: Callable[..., np.ndarray], **kwargs: object) -> list[np.ndarray]:
    """Scores of every series, panels of equal shape at a time."""
    groups = defaultdict(list)
    for i, s in enumerate(series):
        groups[s.freq, len(s.values)].append(i)
    out: list[np.ndarray] = [np.empty(0)] * len(series)
    for (freq, _), members in groups.items():
        result = method(np.stack([series[i].values for i in members]), freq, series[members[0]].watch, **kwargs)
        for i, row in zip(members, result, strict=True):
            out[i] = np.where(np.isnan(row), -np.inf, row)
    return out


def found(s: Series, row: np.ndarray, cut: float) -> bool:
    return bool((row[s.onset : s.onset + 1 if s.kind == "spike" else None] > cut).any())


def summary(series: list[Series], scores: list[np.ndarray], freq: int, cut: float | None = None) -> dict[str, float]:
    """Share found by kind and share flagged of the points of quiet series; at 1% of clean points unless told a cut."""
    pairs = [(s, r) for s, r in zip(series, scores, strict=True) if s.freq == freq]
    quiet = {
        k: np.concatenate([r[-2:] if k == "lag_clean" else r[s.watch :] for s, r in pairs if s.kind == k])
        for k in QUIET
    }
    cut = float(np.sort(quiet["clean"])[int(np.ceil(0.99 * len(quiet["clean"]))) - 1]) if cut is None else cut
    out = {k: float(np.mean([found(s, r, cut) for s, r in pairs if s.kind == k])) for k in EVENTS}
    out["mean"] = float(np.mean(list(out.values())))
    for k, v in quiet.items():
        judged = (v > cut)[~np.isneginf(v) | (k == "clean")]
        out[k] = float(judged.mean()) if len(judged) else np.nan
    clean = [(s, r[s.watch :]) for s, r in pairs if s.kind == "clean"]
    by_mean = [np.concatenate([r for s, r in clean if s.mean == m]) for m in MEANS]
    by_length = [np.concatenate([r for s, r in clean if len(s.values) == n]) for n in LENGTHS[freq]]
    out["worst"] = max(float((v > cut).mean()) for v in by_mean + by_length)
    out["coverage"] = float(np.mean(~np.isneginf(quiet["clean"])))
    return out


def compare(seed: int, clean: int, events: int) -> None:
    """Print the tables: found at 1% false flags, by length and mean, and as shipped."""
    series = make(seed, clean, events)
    print(f"{len(series)} series, seed {seed}; found at 1% of clean points flagged\n")
    names = (*EVENTS, "mean", "clean_ar", "gap_clean", "worst", "coverage")
    print("| method | freq | " + " | ".join(names) + " | s per 1,000 series |\n|" + "---|" * (len(names) + 3))
    kept = {}
    for name, method in METHODS.items():
        began, some = time.process_time(), series[:: EVERY.get(name, 1)]
        try:
            kept[name] = score(some, method)
        except ImportError:
            print(f"| {name} | | not installed: left out |")
            continue
        pace = (time.process_time() - began) / len(some) * 1000
        told = name if len(some) == len(series) else f"{name} ({len(some)} series)"
        table(told, some, kept[name], names, f"{pace:.1f}")
    kept["truth known"] = [bound(s) for s in series]
    table("truth known", series, kept["truth known"], names, "-")
    frontier(series, {name: kept[name] for name in ("threatlib", "truth known")})
    shipped(series, kept["threatlib"])


def table(name: str, series: list[Series], scores: list[np.ndarray], names: tuple[str, ...], pace: str) -> None:
    for freq in (12, 4):
        row = summary(series, scores, freq)
        print(f"| {name} | {freq} | " + " | ".join(f"{row[k]:.3f}" for k in names) + f" | {pace} |")


def shipped(series: list[Series], scores: list[np.ndarray]) -> None:
    """What the default flags do, the provisional tail declared where there is one."""
    heads = ("freq", "found", "clean", "autocorrelated", "after a gap", "declared provisional tail", "worst stratum")
    print("\nAs shipped:\n\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    lagged = [s for s in series if s.kind == "lag_clean"]
    muted = score(lagged, ours, provisional=2)
    for freq in (12, 4):
        cut = -np.log10(THRESHOLD[freq]) - 1e-12
        row = summary(series, scores, freq, cut)
        tail = np.mean([r[-2:] > cut for s, r in zip(lagged, muted, strict=True) if s.freq == freq])
        rates = (row["clean"], row["clean_ar"], row["gap_clean"], tail, row["worst"])
        print(f"| {freq} | {row['mean']:.3f} | " + " | ".join(f"{v:.4f}" for v in rates) + " |")


def frontier(series: list[Series], methods: dict[str, list[np.ndarray]]) -> None:
    """Share found by length (five kinds, all but the gap) and by mean (six)."""
    for name, scores in methods.items():
        for freq in (12, 4):
            pairs = [(s, r) for s, r in zip(series, scores, strict=True) if s.freq == freq]
            cut = np.quantile(np.concatenate([r[s.watch :] for s, r in pairs if s.kind == "clean"]), 0.99)
            lengths = {n: [p for p in pairs if len(p[0].values) == n] for n in LENGTHS[freq]}
            means = {m: [p for p in pairs if p[0].mean == m] for m in MEANS}
            for label, levels, kinds in (("length", lengths, EVENTS[:5]), ("mean", means, EVENTS)):
                share = {
                    k: np.mean([np.mean([found(s, r, cut) for s, r in mine if s.kind == kind]) for kind in kinds])
                    for k, mine in levels.items()
                }
                print(f"{name}, freq {freq}, by {label}: " + ", ".join(f"{k}: {v:.2f}" for k, v in share.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clean", type=int, default=20, help="clean series of each mean and length")
    parser.add_argument("--events", type=int, default=6, help="series of each other kind, mean and length")
    o = parser.parse_args()
    compare(o.seed, o.clean, o.events)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
