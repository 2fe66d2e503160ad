"""Our detector on real monthly series: what it flags, and what is known of each flag.

Run: python benchmarks/detection_real.py DATA [--out FILE]
where DATA holds the published files (see `SOURCES`); none of them is part of this repository. Without them it says so.
What it finds of events planted in them: `detection_power.py`.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from threatlib.stats.scan import scan

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
        f"\nOf {quiet} months of which nothing is known {unknown / quiet:.2%} are flagged, {alone / quiet:.2%} alone; "
        f"{1 - alone / unknown:.0%} of these flags are shared, by chance {_by_chance(rows):.0%} would be."
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


def _by_chance(rows: list[tuple[str, ...]], draws: int = 20) -> float:
    """Share of the flags of which nothing is known that would be shared if each series' were moved by chance."""
    rng, quiet = np.random.default_rng(1), [str(m) for m in np.arange(FIRST, "2026-06", dtype="datetime64[M]")]
    quiet = [m for m in quiet if not LOCKDOWN[0] <= m <= "2022-03"]
    place = {m: i for i, m in enumerate(quiet)}
    mine = [row for row in rows if row[-1] in (UNKNOWN, SHARED)]
    share = []
    for _ in range(draws):
        by = {row[:2]: int(rng.integers(len(quiet))) for row in mine}
        moved = [(*r[:2], quiet[(place.get(r[2], 0) + by[r[:2]]) % len(quiet)], *r[3:-1], UNKNOWN) for r in mine]
        share.append(np.mean([row[-1] == SHARED for row in _shared(moved)]))
    return float(np.mean(share))


def known(s: Real, month: str) -> str:
    for source, words, first, last, what in KNOWN:
        if source in ("", s.source) and first <= month <= last and (not words or any(w in s.name for w in words)):
            return what
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    o = parser.parse_args()
    absent = [name for name in SOURCES.values() if not (o.data / name).is_file()]
    if absent:
        print(f"Left out: {o.data} does not hold {', '.join(absent)}, published files that are not kept here.")
    else:
        flags(read(o.data), o.out)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
