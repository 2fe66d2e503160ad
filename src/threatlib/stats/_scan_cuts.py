"""Walk the cuts of a panel: one forecast a series and cut, then the evidence at each point from the cuts before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from threatlib.stats._scan_calibration import THRESHOLD
from threatlib.stats._scan_forecast import HORIZON, Forecast, forecast
from threatlib.stats._scan_model import MEMORY, PRIORS, FloatArray, Kind, Past, harmonics, hyper_grid
from threatlib.stats._scan_window import WINDOWS, interval, prior_weight, silence, weigh

BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]
Gaps: TypeAlias = list[list[tuple[int, int]]]  # for each series, (start, end) of each

FEWEST = 3  # points before a cut may be trusted at all
AFTER_BREAK = 2  # points at a new level before anything is compared with it
LOOK_BACK = {12: 6, 4: 3}  # verdicts a flag must outdo to be news
_BATCH = 600
_PANEL_DOUBT = 5.0  # series' worth of weight the built-in priors keep
_GAP_WEIGHT = {12: 2.5, 4: 1.7}  # how much likelier a new level is after a gap than at any other time


@dataclass(frozen=True, slots=True)
class Task:
    """A panel laid out for the walk: series by periods, NaN = missing."""

    y: FloatArray
    size: FloatArray
    freq: int
    kind: Kind
    breaks: tuple[int, ...]
    worth: FloatArray | None = None  # how far each point counts as part of the past; None = fully


@dataclass(frozen=True, slots=True)
class Learned:
    """What a panel has shown by each cut (indexed by the cut): log weights, dispersion shift, seasonal shape."""

    weight: FloatArray  # (hypers, cuts)
    dispersion: FloatArray  # (cuts,)
    season: FloatArray  # (2 * harmonics, cuts)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Log Bayes factors (series, periods) and, by window first, what each window held; NaN = cannot say."""

    rise: FloatArray
    fall: FloatArray
    best_rise: IntArray  # index into WINDOWS of the window that says most
    best_fall: IntArray
    recorded: FloatArray  # (windows, series, periods), as are the next four
    expected: FloatArray
    lower: FloatArray
    upper: FloatArray
    resumed: BoolArray
    seen: FloatArray
    silence: FloatArray


def _gaps(y: FloatArray, shortest: int) -> Gaps:
    """For each series the (start, end) of every run of missing periods between recorded ones, long enough to matter."""
    out = []
    for row in np.isnan(y):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.view(np.int8), [0]])))
        runs = edges.reshape(-1, 2)
        out.append([(int(a), int(b)) for a, b in runs if b - a >= shortest and a > 0 and b < len(row)])
    return out


def _step_columns(task: Task, rows: slice, cuts: IntArray, lags: int, gaps: Gaps) -> FloatArray:
    """1 on the lags before each declared break, and before each gap once a year has been recorded after it."""
    mine = gaps[rows]
    lag = np.arange(lags)[:, None]
    shape = (lags, len(mine), len(cuts))
    columns = [np.broadcast_to(((lag >= cuts - k) & (k < cuts))[:, None, :], shape) for k in task.breaks]
    have = np.cumsum(~np.isnan(task.y[rows]), axis=1)
    for i in range(max((len(g) for g in mine), default=0)):
        column = np.zeros(shape, bool)
        for s, found in enumerate(mine):
            if i < len(found):
                end = found[i][1]
                settled = (cuts > end) & (have[s, np.maximum(cuts - 1, 0)] - have[s, end - 1] >= task.freq)
                column[:, s] = (lag >= cuts - end) & settled
        if column.any():
            columns.append(column)
    if not columns:
        return np.zeros((0, lags, len(mine) * len(cuts)))
    return np.stack(columns).reshape(len(columns), lags, -1).astype(float)


def _noise_scale(y: FloatArray) -> FloatArray:
    """Period-to-period noise of each past, for levels: robust, and never zero."""
    with np.errstate(invalid="ignore"):
        change = np.abs(np.diff(y, axis=0))
        change[:, np.isnan(change).all(0)] = 0.0
        middle = np.abs(np.nanmedian(np.where(np.isnan(y).all(0), 1.0, y), axis=0))
        rough = np.maximum(1.4826 / np.sqrt(2) * np.nanmedian(change, axis=0), 0.44 * np.nanmean(change, axis=0))
    floor = 0.005 * middle
    return np.asarray(np.where(np.maximum(rough, floor) > 0, np.maximum(rough, floor), 1.0))


def _forecast_block(task: Task, rows: slice, cuts: IntArray, gaps: Gaps,
                    learned: Learned | None) -> tuple[Forecast, FloatArray]:  # fmt: skip
    """Forecasts from every (series, cut) of a block, and the unit each was made in."""
    lags = int(min(cuts.max(), MEMORY))
    before, after = np.full(MEMORY, np.nan), np.full(HORIZON, np.nan)

    def gather(a: FloatArray) -> Iterator[FloatArray]:
        block = a[rows]
        wide = np.concatenate([np.tile(before, (len(block), 1)), block, np.tile(after, (len(block), 1))], axis=1)
        past = wide[:, (cuts - 1)[None, :] - np.arange(lags)[:, None] + MEMORY]
        ahead = wide[:, cuts[None, :] + np.arange(HORIZON)[:, None] + MEMORY]
        return (np.moveaxis(v, 0, 1).reshape(v.shape[1], -1) for v in (past, ahead))

    (y, ahead), (size, size_ahead) = gather(task.y), gather(task.size)
    unit = _noise_scale(y) if task.kind == "level" else np.ones(y.shape[1])
    steps = _step_columns(task, rows, cuts, lags, gaps)
    series = y.shape[1] // len(cuts)
    if learned is None:
        prior = np.array([weight for _, _, weight in hyper_grid(PRIORS[task.kind])])
        belief = (prior[:, None], np.zeros(1), np.zeros((2 * harmonics(task.freq), 1)))
        weight, shift, season = (np.repeat(v, y.shape[1], axis=-1) for v in belief)
    else:
        weight, shift, season = (
            np.concatenate([v[..., cuts]] * series, axis=-1)
            for v in (learned.weight, learned.dispersion, learned.season)
        )
    worth = np.ones_like(y) if task.worth is None else np.nan_to_num(next(gather(task.worth)))
    past = Past(y / unit, np.nan_to_num(size), worth, steps, task.freq, task.kind, weight, shift, season)
    f = forecast(past, ahead / unit, np.nan_to_num(size_ahead))
    return f, unit


def _blocks(series: int, cuts: IntArray) -> Iterator[tuple[slice, IntArray]]:
    """Blocks of about _BATCH (series, cut) pairs: few series, all cuts; many series, a dozen cuts at a time."""
    width = max(1, len(cuts)) if series * len(cuts) <= _BATCH else 12
    for i in range(0, len(cuts), width):
        some = cuts[i : i + width]
        depth = max(1, _BATCH // len(some))
        for s in range(0, series, depth):
            yield slice(s, min(s + depth, series)), some


def collect(task: Task, first: int, learned: Learned | None = None, confidence: float | None = None) -> Evidence:
    """Evidence at every point from `first` on."""
    series, n = task.y.shape
    windows = WINDOWS[task.freq]
    reach = np.array([r for r, _ in windows])
    shape = (len(windows), series, n)
    stack = {name: np.full(shape, np.nan) for name in ("rise", "fall", "recorded", "expected", "lower", "upper")}
    resumed = np.zeros(shape, bool)
    seen, quiet = np.zeros((series, n)), np.full((series, n), np.nan)
    gaps = _gaps(task.y, task.freq // 2)
    observed = ~np.isnan(task.y)
    have = np.concatenate([np.zeros((series, 1)), np.cumsum(observed, axis=1)], axis=1)  # recorded before each index
    cuts = np.arange(max(FEWEST, first - max(r for r, _ in windows) + 1), n)
    for rows, some in _blocks(series, cuts):
        f, unit = _forecast_block(task, rows, some, gaps, learned)
        back = np.stack([_resumed(gaps[rows], some, some + r - 1) for r, _ in windows])
        w = weigh(f, windows, task.kind, back.reshape(len(windows), -1))
        found = {"rise": w.rise, "fall": w.fall, "recorded": w.recorded * unit, "expected": w.expected * unit}
        if confidence is not None:
            found["lower"], found["upper"] = (end * unit for end in interval(f, windows, confidence, task.kind))
        by_cut = {name: value.reshape(len(windows), -1, len(some)) for name, value in found.items()}
        last = some + reach[:, None] - 1
        k, c = np.nonzero((last >= first) & (last < n))
        cut, t = some[c], last[k, c]
        enough = have[rows][:, cut] >= np.maximum(FEWEST, reach[k])
        valid = observed[rows][:, t] & enough & _unbroken(task.breaks, have[rows], cut, t)
        for name, value in by_cut.items():
            stack[name][k, rows, t] = np.where(valid, value[k, :, c].T, np.nan).T
        resumed[k, rows, t] = back[k, :, c]
        c, t = c[k == 0], t[k == 0]
        seen[rows, t] = have[rows][:, some[c]]
        if confidence is not None and task.kind == "count":
            quiet[rows, t] = silence(f, THRESHOLD[task.freq]).reshape(-1, len(some))[:, c]
    return _combine(task.freq, stack, resumed, seen, quiet)


def _combine(
    freq: int, stack: dict[str, FloatArray], resumed: BoolArray, seen: FloatArray, quiet: FloatArray
) -> Evidence:
    """Average the evidence over windows, each by its prior: log Bayes factors of a rise and of a fall."""
    weight = np.array([prior_weight(r, freq) for r, _ in WINDOWS[freq]])[:, None, None]
    total = (weight * ~np.isnan(stack["rise"])).sum(0)
    bonus = np.where(resumed, _GAP_WEIGHT[freq], 1.0) * weight
    evidence, best = {}, {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for way in ("rise", "fall"):
            each = np.nan_to_num(bonus * stack[way], nan=0.0)
            evidence[way] = np.where(total > 0, np.log(each.sum(0) / total), np.nan)
            best[way] = np.argmax(each, axis=0)
    held = (stack["recorded"], stack["expected"], stack["lower"], stack["upper"])
    return Evidence(evidence["rise"], evidence["fall"], best["rise"], best["fall"], *held, resumed, seen, quiet)


def _resumed(gaps: Gaps, cut: IntArray, t: IntArray) -> BoolArray:
    """Windows that hold everything recorded since a gap and nothing from before it."""
    out = np.zeros((len(gaps), len(cut)), bool)
    for s, found in enumerate(gaps):
        for start, end in found:
            out[s] |= (cut >= start) & (cut <= end) & (t >= end)
    return out


def _unbroken(breaks: tuple[int, ...], have: FloatArray, cut: IntArray, t: IntArray) -> BoolArray:
    """No declared break inside the window, and a little recorded since the last one before it."""
    ok = np.ones((len(have), len(cut)), bool)
    for k in breaks:
        if k < have.shape[1]:
            since = have[:, cut] - have[:, [k]]
            ok &= (t < k) | ((cut >= k) & (since >= AFTER_BREAK))
    return ok


def learn(panel: Task) -> Learned:
    """What comparable series had shown by each cut: hyper-parameter weights by EM, dispersion, seasonal shape."""
    series, n = panel.y.shape
    prior = np.exp([weight for _, _, weight in hyper_grid(PRIORS[panel.kind])])[:, None]
    weight = np.tile(np.log(prior), (1, n + 1))
    dispersion, season = np.zeros(n + 1), np.zeros((2 * harmonics(panel.freq), n + 1))
    gaps = _gaps(panel.y, panel.freq // 2)
    cuts = np.arange(FEWEST, n)
    width = max(1, _BATCH // series)
    for i in range(0, len(cuts), width):
        some = cuts[i : i + width]
        f, _ = _forecast_block(panel, slice(0, series), some, gaps, None)
        share = f.hyper_weight.reshape(len(prior), series, len(some))
        mix = prior + np.zeros((1, len(some)))
        for _ in range(5):
            posterior = share * (mix / prior)[:, None]
            posterior /= posterior.sum(0)
            mix = (_PANEL_DOUBT * prior + posterior.sum(1)) / (_PANEL_DOUBT + series)
        weight[:, some] = np.log(mix)
        trust = series / (series + _PANEL_DOUBT)
        dispersion[some] = trust * (f.dispersion - f.dispersion_prior).reshape(series, -1).mean(0)
        season[:, some] = trust * f.season.reshape(len(season), series, -1).mean(1)
    return Learned(weight, dispersion, season)
