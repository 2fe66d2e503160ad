"""The detector's calibration: its constants afresh, its p-values and intervals on quiet series, what a panel adds.

Run: python benchmarks/detection_calibration.py constants | quiet | panel | strata [--seed 1] [--each 100]
"""

from __future__ import annotations

import argparse
import warnings
from collections import defaultdict
from itertools import product

import numpy as np
from detection import ours
from detection_series import EVENTS, LENGTHS, MEANS, QUIET, counts, make, simulate, watched

from threatlib.stats._scan_calibration import LEVELS, QUANTILES, THRESHOLD, terms
from threatlib.stats._scan_cuts import FEWEST, LOOK_BACK, Task, collect
from threatlib.stats.scan import scan


def quiet(seed: int, each: int) -> None:
    """Uniformity of p and coverage of the one-step interval on clean series, by mean."""
    series = [s for s in make(seed, each, 0) if s.kind == "clean"]
    for freq in (12, 4):
        p, inside = defaultdict(list), defaultdict(list)
        for n in LENGTHS[freq]:
            mine = [s for s in series if s.freq == freq and len(s.values) == n]
            y, mean = np.stack([s.values for s in mine]), np.array([s.mean for s in mine])
            for level in (0.8, 0.95):
                on = scan(y, frequency=freq, first=mine[0].watch, confidence=level)
                within = (y >= on.lower) & (y <= on.upper)
                for m in MEANS:
                    inside[m, level].append(within[mean == m, mine[0].watch :].ravel())
            for m in MEANS:
                p[m].append(on.p[mean == m, mine[0].watch :].ravel())
        every = np.concatenate([x for v in p.values() for x in v])
        print(
            f"\nfreq {freq}: p-values in tenths: "
            + " ".join(f"{x:.3f}" for x in np.histogram(every, np.linspace(0, 1, 11))[0] / len(every))
        )
        for m in MEANS:
            v = np.concatenate(p[m])
            cover = ", ".join(f"{np.concatenate(inside[m, c]).mean():.3f} at {c:.0%}" for c in (0.8, 0.95))
            print(f"  mean {m}: p <= 0.01 {np.mean(v <= 0.01):.4f}, p <= 0.1 {np.mean(v <= 0.1):.3f}; interval {cover}")


def strata(seed: int, each: int) -> None:
    """Share of quiet points flagged as shipped, by mean and by length, of every kind of quiet; and coverage."""
    rng = np.random.default_rng(seed)
    for freq, lengths in LENGTHS.items():
        flagged, said = {kind: np.full((len(lengths), len(MEANS)), np.nan) for kind in QUIET}, []
        for kind, (i, n), (j, mean) in product(QUIET, enumerate(lengths), enumerate(MEANS)):
            start, tail = n - watched(n, freq), 2 if kind == "lag_clean" else 0
            if kind == "gap_clean" and start - 18 * freq // 12 < freq:
                continue
            many = each if kind == "clean" else -(-each // 3)
            y = np.stack([simulate(rng, kind, float(mean), n, freq).values for _ in range(many)])
            on = scan(y, frequency=freq, first=start, provisional=tail, confidence=None)
            flagged[kind][i, j] = on.flag[:, n - tail if tail else start :].mean()
            said.append(np.isfinite(on.p[:, start:][~np.isnan(y[:, start:])]).mean())
        print(f"\nfreq {freq}, seed {seed}, {each} clean series a cell, coverage {min(said):.3f}")
        print(
            "| kind | all | mean " + " | ".join(map(str, MEANS)) + " | points " + " | ".join(map(str, lengths)) + " |"
        )
        for kind, cells in flagged.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # after a gap the short lengths are empty
                row = [np.nanmean(cells), *np.nanmean(cells, axis=0), *np.nanmean(cells, axis=1)]
            print(f"| {kind} | " + " | ".join(f"{v:.2%}" for v in row) + f" | largest cell {np.nanmax(cells):.2%}")


def calibrate(seed: int, each: int) -> None:
    """Quantile regression of the evidence on quiet series of many means and lengths."""
    rng = np.random.default_rng(seed)
    for freq, lengths in ((12, (18, 24, 30, 36, 48, 60, 84, 120)), (4, (8, 10, 12, 16, 20, 28, 40))):
        rows, evidence = [], []
        for n in lengths:
            y = np.stack(
                [simulate(rng, "clean", float(np.exp(rng.uniform(-0.36, 7.1))), n, freq).values for _ in range(each)]
            )
            start = n - watched(n, freq)
            e = collect(Task(y, np.ones_like(y), freq, "count", ()), max(FEWEST + 1, start - LOOK_BACK[freq]))
            evidence.append(np.logaddexp(e.rise, e.fall)[:, start:].ravel())
            rows.append(terms(e.expected[0][:, start:], e.seen[:, start:]).reshape(-1, 4))
        x, z = np.concatenate(rows), np.concatenate(evidence)
        print(freq, "old constants exceed:", [round(float((z > x @ q).mean()), 4) for q in np.array(QUANTILES[freq])])
        for level in LEVELS:
            print("   ", tuple(float(b) for b in _quantile_regression(x, z, 1 - level).round(3)))


def _quantile_regression(x: np.ndarray, y: np.ndarray, tau: float) -> np.ndarray:
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    beta[0] += np.quantile(y - x @ beta, tau)
    for turn in range(120):  # reweighted least squares towards the check loss
        rest = y - x @ beta
        weight = np.where(rest > 0, tau, 1 - tau) / np.maximum(np.abs(rest), max(0.3 * 0.93**turn, 2e-3))
        beta = np.linalg.solve((x * weight[:, None]).T @ x, (x * weight[:, None]).T @ y)
    return beta


PANEL_KINDS = EVENTS[:5]  # a gap would be every area's


def panels(seed: int, groups: int) -> None:
    """Quarterly series in panels of 33 that share season, growth and dispersion: alone and with the panel's help."""
    rng = np.random.default_rng(seed)
    scores: dict[str, list[tuple[str, np.ndarray, int, int]]] = {"alone": [], "with the panel": []}
    for _ in range(groups):
        n = int(rng.choice(LENGTHS[4]))
        start = n - watched(n, 4)
        a, b, phi = *rng.uniform(-0.3, 0.3, 2), float(rng.choice([1.5, 3, 6]))
        t = np.arange(n)
        season = a * np.cos(np.pi * t / 2) + b * np.sin(np.pi * t / 2)
        level = np.exp(
            rng.uniform(np.log(3), np.log(300), (33, 1)) + season + rng.normal(0.02, 0.03, (33, 1)) * (t - n / 2) / 4
        )
        y = counts(rng, level, phi)
        kinds = rng.choice(["clean", *PANEL_KINDS], 33, p=[0.5, *[0.1] * len(PANEL_KINDS)])
        onset = rng.integers(start, start + max(1, (n - start) // 2), 33)
        for i, (kind, at) in enumerate(zip(kinds, onset, strict=True)):
            if kind == "step_up":
                y[i, at:] = counts(rng, level[i, at:] + rng.choice([1.5, 3]) * np.sqrt(phi * level[i, at:]), phi)
            elif kind == "drop":
                y[i, at:] = rng.binomial(y[i, at:].astype(int), rng.choice([0.6, 0.3]))
            elif kind == "spike":
                y[i, at] += rng.poisson(rng.choice([3, 5, 8]) * np.sqrt(phi * level[i, at]))
            elif kind == "drift_up":
                ramp = 4 * np.arange(1, n - start + 1) / (n - start)
                y[i, start:] = counts(rng, level[i, start:] + ramp * np.sqrt(phi * level[i, start:]), phi)
            elif kind == "zero_run":
                y[i, at:] = 0
        for name, panel in (("alone", None), ("with the panel", y)):
            result = np.nan_to_num(ours(y, 4, start, panel=panel), nan=-np.inf)
            since = np.where(kinds == "drift_up", start, onset)
            scores[name] += [(k, row, start, int(at)) for k, row, at in zip(kinds, result, since, strict=True)]
    for name, rows in scores.items():
        quiet_points = np.concatenate([r[s:] for k, r, s, _ in rows if k == "clean"])
        cut = np.quantile(quiet_points, 0.99)
        hit = {
            k: np.mean([(r[at : at + 1 if k == "spike" else None] > cut).any() for kk, r, _, at in rows if kk == k])
            for k in PANEL_KINDS
        }
        flagged = float((quiet_points >= -np.log10(THRESHOLD[4])).mean())
        parts = ", ".join(f"{k} {v:.3f}" for k, v in hit.items())
        print(f"{name}: {parts}, mean {np.mean(list(hit.values())):.3f}; clean points flagged as shipped {flagged:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("constants", "quiet", "panel", "strata"))
    parser.add_argument("--each", type=int, default=100, help="quiet, strata: quiet series of each mean and length")
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    if o.what == "constants":
        calibrate(o.seed, 1500)
    elif o.what == "quiet":
        quiet(o.seed, o.each)
    elif o.what == "strata":
        strata(o.seed, o.each)
    else:
        panels(o.seed, 120)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
