"""What each agency's return of each quarter said: late, provisional, revised, suppressed, missing, or plain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from tests.demo.chance import stream
from tests.demo.places import BOTH, EXCHANGE, LARGE, NEIGHBOURS, SENDERS, SMALL, Sender, sender_of
from tests.demo.series import TAILS
from tests.demo.timeline import inside, quarters
from tests.demo.world import Key, Line, World
from threatlib.periods import Period, parse

GAP = ("marsh_community_health", LARGE, "2019-07", "2020-12")
"""Eighteen months that one agency lost for one area."""
MISSED = ("northwater_probation", "2021-22-Q1")
LATE = ("lanternhouse_camhs", "2022-23-Q1", 72)
RESENT = ("northwater_police", "2020-21-Q3", "police_da_offences", 9)
"""A return sent again because a digit of one figure was typed twice."""
NOT_COLLECTED_BEFORE = {"ehe_children": "2018-04"}
"""Figures that the small area began to collect only later."""
NO_SERVICE = ("camhs_referrals_csc_clinical", SMALL)
ESTIMATED = {("ehe_children", LARGE): ("2020-06-30", "2020-09-30")}


@dataclass(frozen=True)
class Row:
    indicator: str
    area: str
    period: str
    value: float | str
    numerator: float | None = None
    denominator: float | None = None
    breakdown: str = ""
    status: str = "reported"
    note: str = ""


@dataclass(frozen=True)
class File:
    """One received file: where it lies, who sent it, when it came, and its rows."""

    path: str
    sender: Sender
    period: str
    received: date
    rows: tuple[Row, ...]
    supersedes: str = ""
    note: str = ""


def files(world: World, seed: int, count: int) -> Iterator[File]:
    """Every return of every agency, and the neighbours' exchange, in the order of their quarters."""
    lines = _by_sender(world)
    told = quarters(count)
    for place, quarter in enumerate(told):
        for sender in (*SENDERS, EXCHANGE):
            if (sender.slug, quarter.label) == MISSED:
                continue
            before = told[place - 1] if place else None
            yield from _files(sender, lines[sender.slug], seed, quarter, before)


def _by_sender(world: World) -> dict[str, dict[Key, Line]]:
    found: dict[str, dict[Key, Line]] = {}
    for key, line in world.items():
        found.setdefault(sender_of(line.group, key[1]).slug, {})[key] = line
    return found


def _files(sender: Sender, lines: dict[Key, Line], seed: int, quarter: Period, before: Period | None) -> Iterator[File]:
    rows = tuple(_spelt(row, sender) for row in _rows(sender, lines, seed, quarter, before))
    folder = "reference/neighbours" if sender is EXCHANGE else f"returns/{quarter.label}"
    path = f"{folder}/{quarter.label if sender is EXCHANGE else sender.slug}.{sender.suffix}"
    late = (sender.slug, quarter.label) == LATE[:2]
    jitter = stream(seed, "post", sender.slug, quarter.label).randint(0, 5)
    received = quarter.end + timedelta(days=LATE[2] if late else sender.delay + int(jitter))
    note = "Arrived after the quarter's briefing." if late else ""
    if (sender.slug, quarter.label) == RESENT[:2]:
        yield File(path, sender, quarter.label, received, _with_slip(rows), note="Replaced: a figure was mistyped.")
        again = path.replace(".csv", "-resent.csv")
        yield File(again, sender, quarter.label, received + timedelta(days=RESENT[3]), rows, supersedes=path)
        return
    yield File(path, sender, quarter.label, received, rows, note=note)


def _with_slip(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The first figure of the resent indicator as it was mistyped."""
    slip = next(i for i, row in enumerate(rows) if row.indicator == RESENT[2])
    right = float(rows[slip].value)
    return (*rows[:slip], replace(rows[slip], value=10 * right + right % 10), *rows[slip + 1 :])


def _rows(sender: Sender, lines: dict[Key, Line], seed: int, quarter: Period, before: Period | None) -> Iterator[Row]:
    first_seen = _first_seen(lines, seed, quarter)
    for key, line in lines.items():
        tail = len(TAILS.get(key[0], ())) or (1 if key[0] == "csc_rereferral_rate" else 0)
        if before is not None and tail and sender is not EXCHANGE:
            old = inside(before, line.periods[0].kind)[-tail:]
            yield from (_row(sender, key, line, period, note="revised") for period in old)
        if before is not None and (sender.slug, before.label) == MISSED:
            for period in inside(before, line.periods[0].kind):
                yield Row(key[0], key[1], period.label, "", status="not_returned", note="no return was sent")
        for period in inside(quarter, line.periods[0].kind):
            yield first_seen.get((key, period.label)) or _row(sender, key, line, period)


def _first_seen(lines: dict[Key, Line], seed: int, quarter: Period) -> dict[tuple[Key, str], Row]:
    """The newest months as first returned: some events are not on record yet."""
    found: dict[tuple[Key, str], Row] = {}
    for key, line in lines.items():
        if key[0] not in TAILS or key[1] in NEIGHBOURS or _parts(key, lines):
            continue
        for complete, period in zip(TAILS[key[0]], reversed(inside(quarter, "month")), strict=False):
            rng = stream(seed, "tail", *key, period.label)
            seen = float(rng.binomial(int(line.value[line.periods.index(period)]), complete))
            found[key, period.label] = Row(key[0], key[1], period.label, seen, None, None, key[2], "provisional")
    for key in [key for key in lines if key[0] in TAILS and _parts(key, lines)]:
        for period in inside(quarter, "month"):
            rows = [found[part, period.label] for part in _parts(key, lines) if (part, period.label) in found]
            if rows:
                seen = sum(float(row.value) for row in rows)
                found[key, period.label] = Row(key[0], key[1], period.label, seen, status="provisional")
    for key in [key for key in lines if key[0] == "csc_rereferral_rate"]:
        found[key, quarter.label] = _first_rate(key, lines, found, quarter)
    return found


def _parts(key: Key, lines: dict[Key, Line]) -> list[Key]:
    """Breakdowns of a whole (each indicator with a tail has at most one dimension)."""
    return [other for other in lines if other[:2] == key[:2] and other[2]] if not key[2] else []


def _first_rate(key: Key, lines: dict[Key, Line], found: dict[tuple[Key, str], Row], quarter: Period) -> Row:
    """The re-referral rate of the referrals on record so far."""
    line, referrals = lines[key], lines["csc_referrals", key[1], ""]
    place = line.periods.index(quarter)
    final = float(line.denominator[place])
    base = 0.0
    for period in inside(quarter, "month"):
        row = found.get((("csc_referrals", key[1], ""), period.label))
        base += float(row.value) if row else float(referrals.value[referrals.periods.index(period)])
    if not base:
        return Row(key[0], key[1], quarter.label, "", 0.0, 0.0, status="not_applicable", note="no referrals")
    top = min(base, round(float(line.numerator[place]) * base / final))
    return Row(key[0], key[1], quarter.label, round(100 * top / base, 1), top, base, status="provisional")


def _row(sender: Sender, key: Key, line: Line, period: Period, note: str = "") -> Row:
    """A figure as it is finally returned, or the reason why there is none."""
    indicator, area, breakdown = key
    place = line.periods.index(period)
    missing = _missing(sender, indicator, area, period)
    if missing:
        return Row(indicator, area, period.label, "", breakdown=breakdown, status=missing[0], note=missing[1])
    value = float(line.value[place])
    top = None if line.numerator is None else float(line.numerator[place])
    base = None if line.denominator is None else float(line.denominator[place])
    if np.isnan(value):
        return Row(indicator, area, period.label, "", top, base, breakdown, "not_applicable", "nothing to count")
    if sender.hides and sender.hides[0] <= value <= sender.hides[1]:
        return Row(indicator, area, period.label, "[c]", None, None, breakdown, "suppressed_by_source")
    guess = period.label in ESTIMATED.get((indicator, LARGE), ()) and area in (LARGE, BOTH)
    return Row(indicator, area, period.label, value, top, base, breakdown, "estimated" if guess else "reported", note)


def _missing(sender: Sender, indicator: str, area: str, period: Period) -> tuple[str, str] | None:
    if (indicator, area) == NO_SERVICE:
        return "not_applicable", "there is no such service here"
    slug, lost, first, last = GAP
    if (sender.slug, area) == (slug, lost) and parse(first).start <= period.start <= parse(last).end:
        return "not_returned", "lost with the record system"
    begins = NOT_COLLECTED_BEFORE.get(indicator)
    if begins and area in (SMALL, BOTH) and period.end < parse(begins).start:
        return "not_collected", "collected later"
    return None


def _spelt(row: Row, sender: Sender) -> Row:
    """The period as this sender writes it."""
    period = parse(row.period)
    spelling = row.period
    if sender.months == "short" and period.kind == "month":
        spelling = f"{period.start:%b-%y}"
    if sender.months == "words" and period.kind == "snapshot":
        spelling = f"{period.end:%d/%m/%Y}"
    return row if spelling == row.period else replace(row, period=spelling)
