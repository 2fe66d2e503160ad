"""Spikes in monthly series: ours against a structural time series, the best published method for them.

Run: python benchmarks/detection_spikes.py [--seed 1] [--clean 60] [--events 24]   in an environment with statsmodels.
The structural series is a local level and two harmonics of the square roots, fitted by maximum likelihood to the past
of each point; its score is the distance of the point from the forecast, in standard errors. It is slow: clean series
are judged at four of their twelve watched points. Each threshold is set to 1% of the method's own clean points.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
from detection import ours, score
from detection_series import Series, make

JUDGED = 4


def structural(s: Series, t: int) -> float:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    warnings.simplefilter("ignore")  # of fits that did not converge; the import sets it anew
    past = np.sqrt(s.values[: t + 1])
    now, past[t] = past[t], np.nan
    model = UnobservedComponents(past, "llevel", freq_seasonal=[{"period": 12, "harmonics": 2}])
    forecast = model.fit(disp=0, maxiter=50).get_prediction(start=t, end=t)
    return float(abs(now - forecast.predicted_mean[0]) / max(forecast.se_mean[0], 1e-9))


def compare(seed: int, clean: int, events: int) -> None:
    rng = np.random.default_rng(seed)
    series = [s for s in make(seed, clean, events) if s.freq == 12 and s.kind in ("clean", "spike")]
    rows, theirs = score(series, ours), []
    for s in series:
        some = [s.onset] if s.kind == "spike" else rng.choice(np.arange(s.watch, len(s.values)), JUDGED, replace=False)
        theirs.append(np.array([structural(s, int(t)) for t in some]))
    mine = [
        row[s.onset : s.onset + 1] if s.kind == "spike" else row[s.watch :] for s, row in zip(series, rows, strict=True)
    ]
    for name, scores in (("threatlib", mine), ("structural time series", theirs)):
        calm = np.concatenate([v for s, v in zip(series, scores, strict=True) if s.kind == "clean"])
        hits = np.concatenate([v for s, v in zip(series, scores, strict=True) if s.kind == "spike"])
        print(f"{name}: {np.mean(hits > np.quantile(calm, 0.99)):.3f} of {len(hits)} spikes, {len(calm)} clean points")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clean", type=int, default=60, help="clean series of each mean and length")
    parser.add_argument("--events", type=int, default=24, help="spikes of each mean and length")
    o = parser.parse_args()
    compare(o.seed, o.clean, o.events)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
