"""Our detector on real monthly series: what it flags, what is known of each flag, and what it finds of planted events.

Run: python benchmarks/detection_real.py DATA flags [--out FILE] | power [--seed 1]
where DATA holds the published files (see `SOURCES`); none of them is part of this repository. Without them it says so.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from detection_series import counts, simulate, watched

from threatlib.stats.scan import THRESHOLD, scan

SOURCES = {
    "referrals": "csc_referrals_monthly_201204_202403.csv",
    "offences": "mps/mps_borough_safeguarding_offences_monthly_wide_201004_202606.csv",
    "CAMHS": "mh/camhs_scotland_monthly_by_health_board.csv",
}
FIRST = "2015-01"
LOCKDOWN = ("2020-03", "2021-07")
VIOLENT = ("STALKING AND HARASSMENT", "VIOLENCE WITH", "RAPE", "OTHER SEXUAL OFFENCES")
KNOWN: tuple[tuple[str, tuple[str, ...], str, str, str], ...] = (
    ("referrals", ("Hackney",), "2020-10", "2023-03", "cyberattack of October 2020, records lost to March 2022"),
    ("", (), *LOCKDOWN, "lockdown"),
    ("", (), "2021-08", "2022-03", "the return after lockdown"),
    ("offences", VIOLENT, "2015-01", "2015-12", "recording: after the inspection of crime recording of 2014"),
    ("offences", ("STALKING",), "2018-04", "2019-03", "recording: stalking counted beside other crimes, 2018"),
    ("offences", VIOLENT, "2023-05", "2023-12", "recording: counting rules made simpler, May 2023"),
    ("offences", (), "2024-02", "2024-07", "recording: new police system, February 2024"),
)
"""What is known: source, words in the series' name (any), first and last month, what. The first that fits counts."""


UNKNOWN, SHARED = "nothing known", "nothing known, but shared by five areas or more"
HEAD = ("source", "series", "month", "kind", "direction", "months", "recorded/expected", "p", "known")


@dataclass(frozen=True)
class Real:
    source: str
    name: str
    start: np.datetime64
    values: np.ndarray

    def month(self, place: int) -> str:
        return str(self.start + place)

    def place(self, month: str) -> int:
        return int((np.datetime64(month, "M") - self.start).astype(int))


def read(folder: Path) -> list[Real]:
    """Every series by month; x, c and blanks are missing."""
    found = []
    with (folder / SOURCES["offences"]).open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            name = f"{row.pop('MinorText')}, {row.pop('BoroughName')}"
            row.pop("MajorText")
            found.append(_series("offences", name, dict(row)))
    for source, area, month, value in (
        ("referrals", "la_name", "month", "referrals"),
        ("CAMHS", "Health board", "Month", "Number of referrals received"),
    ):
        by_area: dict[str, dict[str, str]] = {}
        with (folder / SOURCES[source]).open(encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                if row.get("geographic_level", "Local authority") == "Local authority":
                    by_area.setdefault(row[area], {})[row[month][:7]] = row[value]
        found += [_series(source, name, rows) for name, rows in by_area.items()]
    return [s for s in found if np.isfinite(s.values).sum() >= 36 and np.nanmean(s.values) >= 1]


def _series(source: str, name: str, by_month: dict[str, str]) -> Real:
    months = np.array(sorted(by_month), dtype="datetime64[M]")
    values = np.full(int((months[-1] - months[0]).astype(int)) + 1, np.nan)
    for month in months:
        try:
            values[int((month - months[0]).astype(int))] = float(by_month[str(month)])
        except ValueError:
            continue
    return Real(source, name, months[0], values)


# ------------------------------------------------------------------ what is flagged
def flags(series: list[Real], out: Path | None) -> None:
    """List every flag from `FIRST` on, each month judged from its past, and count them by what is known."""
    rows, judged, quiet = [], Counter(), 0
    for s in series:
        on = scan(s.values, frequency=12, first=max(0, s.place(FIRST)), provisional=3 * (s.source == "offences"),
                  confidence=None)  # fmt: skip
        judged[s.source] += int(np.isfinite(on.p).sum())
        quiet += int(sum(not known(s, s.month(t)) for t in np.flatnonzero(np.isfinite(on.p))))
        for t in np.flatnonzero(on.flag):
            ratio = on.recorded_in_window[t] / max(on.expected_in_window[t], 1e-9)
            way, what = "up" if on.direction[t] > 0 else "down", known(s, s.month(t)) or UNKNOWN
            said = (str(on.event[t]), way, int(on.length[t]), f"{ratio:.2f}", f"{on.p[t]:.1g}", what)
            rows.append((s.source, s.name, s.month(t), *said))
    rows = _shared(rows)
    if out:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEAD)
            writer.writerows(sorted(rows))
    points = sum(judged.values())
    print(f"{len(series)} series, {points} months from {FIRST} on, {len(rows)} flags ({len(rows) / points:.2%})\n")
    print("| source | months judged | flags | share |\n|---|---|---|---|")
    for source, n in judged.items():
        mine = sum(row[0] == source for row in rows)
        print(f"| {source} | {n} | {mine} | {mine / n:.2%} |")
    print("\n| what is known | flags | share of flags |\n|---|---|---|")
    for what, n in Counter(row[-1] for row in rows).most_common():
        print(f"| {what} | {n} | {n / len(rows):.0%} |")
    unknown, alone = (sum(row[-1] in words for row in rows) for words in ((UNKNOWN, SHARED), (UNKNOWN,)))
    print(
        f"\nOf {quiet} months of which nothing is known {unknown / quiet:.2%} are flagged, {alone / quiet:.2%} alone."
    )


def _shared(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Flags of which nothing is known, told apart by whether four other areas had the like within two months."""

    def like(row: tuple[str, ...]) -> tuple[str, str, str]:
        return row[0], row[1].rpartition(", ")[0], row[4]  # source, offence, direction

    seen: dict[tuple[str, str, str], list[tuple[int, str]]] = {}
    for row in rows:
        seen.setdefault(like(row), []).append((int(np.datetime64(row[2], "M").astype(int)), row[1]))
    out = []
    for row in rows:
        when = int(np.datetime64(row[2], "M").astype(int))
        others = {name for month, name in seen[like(row)] if abs(month - when) <= 2}
        out.append((*row[:-1], SHARED) if row[-1] == UNKNOWN and len(others) >= 5 else row)
    return out


def known(s: Real, month: str) -> str:
    for source, words, first, last, what in KNOWN:
        if source in ("", s.source) and first <= month <= last and (not words or any(w in s.name for w in words)):
            return what
    return ""


# ------------------------------------------------------------------ what is found
EVENTS = ("spike", "step_up", "drift_up", "drop", "zero_run")


BACKGROUNDS = {
    "real": "real windows",
    "twin": "simulated twins: same level month by month, noise and season",
    "plain": "the benchmark's own series of the same mean, length and noise",
}
BANDS = (1, 2.5, 10, 40, 150, np.inf)
STRAYS = (0, 0.25, 0.5, 1, np.inf)


def power(series: list[Real], seed: int, each: int = 2) -> None:
    """Plant the benchmark's events in real windows, and in simulated series like them (`BACKGROUNDS`)."""
    rng = np.random.default_rng(seed)
    found: list[tuple[str, str, float, float, bool]] = []
    calm: dict[str, list[tuple[float, ...]]] = {name: [] for name in BACKGROUNDS}
    cut = -np.log10(THRESHOLD[12])
    for window in _windows(series, rng, each):
        level, spread, season = _described(window)
        n, mean, phi = len(window), float(window.mean()), max(1.0, float(np.median(spread**2 / level)))
        start = n - watched(n, 12)
        twin = counts(rng, level * season, phi)
        stray = _strays(level, spread)
        quiet = {"real": window, "twin": twin, "plain": simulate(rng, "clean", mean, n, 12, phi).values}
        for name, background in quiet.items():
            calm[name].append((float((_score(background, start) >= cut).mean()), *_covered(background, start)))
            for kind in EVENTS:
                if name == "plain":
                    made = simulate(rng, kind, mean, n, 12, phi)
                    y, onset = made.values, made.onset
                else:
                    y, onset = _planted(rng, kind, background, spread, start)
                score = _score(y, start)[onset - start :]
                hit = bool(((score[:1] if kind == "spike" else score) >= cut).any())
                found.append((name, kind, mean, stray, hit))
    print(
        "| events planted in | "
        + " | ".join(EVENTS)
        + " | mean | flags per quiet point | 80% covers | 95% |\n|"
        + "---|" * 10
    )
    for name, words in BACKGROUNDS.items():
        share = [np.mean([hit for of, what, *_, hit in found if (of, what) == (name, kind)]) for kind in EVENTS]
        told = " | ".join(f"{v:.2f}" for v in [*share, np.mean(share)])
        flagged, *covered = np.mean(calm[name], axis=0)
        print(f"| {words} | {told} | {flagged:.2%} | " + " | ".join(f"{v:.3f}" for v in covered) + " |")
    for words, at, edges in (("events a month", 2, BANDS), ("the level strays, in s.d. of a month", 3, STRAYS)):
        print(f"\n| {words} | windows | " + " | ".join(BACKGROUNDS.values()) + " |\n|" + "---|" * 5)
        for low, high in pairwise(edges):
            mine = {
                name: [row[-1] for row in found if row[0] == name and low <= row[at] < high] for name in BACKGROUNDS
            }
            told = " | ".join(f"{np.mean(hits):.2f}" for hits in mine.values())
            print(f"| {low:g} to {high:g} | {len(mine['real']) // len(EVENTS)} | {told} |")


def _strays(level: np.ndarray, sd: np.ndarray) -> float:
    """How far a level strays from steady growth over its window, in s.d. of a month."""
    month, log = np.arange(len(level)), np.log(level)
    rest = log - np.polyval(np.polyfit(month, log, 1), month)
    return float(np.sqrt(np.mean(rest**2)) / np.mean(sd / level))


def _planted(
    rng: np.random.Generator, kind: str, background: np.ndarray, sd: np.ndarray, start: int
) -> tuple[np.ndarray, int]:
    """The benchmark's event on top of a background, and when it begins."""
    y, n = background.copy(), len(background)
    onset = int(rng.integers(start, n if kind == "spike" else start + (n - start) // 2))
    if kind == "spike":
        y[onset] += max(1, rng.poisson(rng.choice([3, 5, 8]) * sd[onset]))
    elif kind == "step_up":
        y[onset:] += rng.poisson(rng.choice([1.5, 3]) * sd[onset:])
    elif kind == "drift_up":
        onset = start
        y[start:] += rng.poisson(4 * np.arange(1, n - start + 1) / (n - start) * sd[start:])
    elif kind == "drop":
        y[onset:] = rng.binomial(y[onset:].astype(int), rng.choice([0.6, 0.3]))
    else:
        y[onset:] = 0
    return y, onset


def _windows(series: list[Real], rng: np.random.Generator, each: int) -> Iterator[np.ndarray]:
    """Random windows of 36 to 84 months, wholly recorded, that leave lockdown out."""
    for s in series:
        shut = range(s.place(LOCKDOWN[0]), s.place("2022-03") + 1)
        for _ in range(each):
            n = int(rng.choice([36, 48, 60, 84]))
            places = [
                a for a in range(len(s.values) - n + 1)
                if np.isfinite(s.values[a : a + n]).all() and not any(a <= t < a + n for t in (shut[0], shut[-1]))
            ]  # fmt: skip
            if places:
                at = int(rng.choice(places))
                if s.values[at : at + n].mean() >= 1:
                    yield s.values[at : at + n]


def _described(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level (a year's running mean), standard deviation about it and the season, and the season itself (mean 1)."""
    pad = np.concatenate([np.repeat(y[:6].mean(), 6), y, np.repeat(y[-6:].mean(), 6)])
    level = np.maximum(np.convolve(pad, np.ones(13) / 13, mode="valid"), 0.3)
    month = np.arange(len(y)) % 12
    ratio = np.array([np.mean((y / level)[month == m]) for m in range(12)])
    season = np.maximum((1 + 0.5 * (ratio - 1) / max(ratio.mean(), 1e-9)), 0.2)[month]
    chi2 = (y - level * season) ** 2 / (level * season)
    phi = max(1.0, float(np.median(chi2)) / 0.4549)
    return level, np.sqrt(phi * level), season


def _covered(y: np.ndarray, start: int) -> list[float]:
    """Share of the watched points inside their predictive interval, of 80% and of 95%."""
    seen = [scan(y, frequency=12, first=start, confidence=level) for level in (0.8, 0.95)]
    return [float(((y >= on.lower) & (y <= on.upper))[start:].mean()) for on in seen]


def _score(y: np.ndarray, start: int) -> np.ndarray:
    return np.nan_to_num(scan(y, frequency=12, first=start, confidence=None).score[start:], nan=-np.inf)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("what", choices=("flags", "power"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    absent = [name for name in SOURCES.values() if not (o.data / name).is_file()]
    if absent:
        print(f"Left out: {o.data} does not hold {', '.join(absent)}, published files that are not kept here.")
    elif o.what == "flags":
        flags(read(o.data), o.out)
    else:
        power(read(o.data), o.seed)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
