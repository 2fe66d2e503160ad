"""The Department for Education's own tables of plans by category, as if their hidden cells were filled in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tests.disclosure.world import cells, deduced, definitions, table
from threatlib.disclosure import protect, protection

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "dfe_cin"
FILES = {
    "started": ("d2_cpps_starting_by_category_of_abuse_2013_to_2024.csv", "CPP_start"),
    "at_march": ("d4_cpps_at31march_by_category_of_abuse_2013_to_2024.csv", "CPP_At31"),
}
KINDS = ("Neglect", "Physical", "Sexual", "Emotional", "Multiple")
GROUPS = ("Initial", "Latest")
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared reference material is not present")

Table = dict[str, int]


def _name(measure: str, column: str = "") -> str:
    return f"{measure}_{column}".lower().rstrip("_")


def _filled(row: dict[str, str], total_column: str, chance: np.random.Generator) -> Table | None:
    """A table with its hidden cells filled: small numbers that add up to what is published; None if it cannot be.

    Where a total leaves less than one for each hidden cell, as in 20 tables, a zero must have been hidden too.
    """
    known = {name: int(row[name]) for name in (total_column, *_columns()) if row[name].isdigit()}
    if any(not row[name].isdigit() and row[name] != "c" for name in (total_column, *_columns())):
        return None
    least = 0 if _hides_a_zero(row, total_column) else 1
    for _ in range(500):
        guess = dict(known)
        for group in GROUPS:
            names = [f"{kind}_{group}" for kind in KINDS]
            hidden = [name for name in names if name not in known]
            guess |= dict(zip(hidden, (int(n) for n in chance.integers(least, 6, len(hidden))), strict=True))
            if total_column in known and hidden:
                rest = known[total_column] - sum(guess[name] for name in names if name != hidden[-1])
                guess[hidden[-1]] = rest
            guess.setdefault(total_column, sum(guess[name] for name in names))
        whole = all(sum(guess[f"{kind}_{group}"] for kind in KINDS) == guess[total_column] for group in GROUPS)
        if whole and all(guess[name] >= least for name in guess if name not in known):
            return {("" if name == total_column else name): value for name, value in guess.items()}
    return None


def _hides_a_zero(row: dict[str, str], total_column: str) -> bool:
    """Whether fewer children are left for the hidden cells of a group than there are of these."""
    groups = [[row[f"{kind}_{group}"] for kind in KINDS] for group in GROUPS]
    rests = [
        int(row[total_column]) - sum(int(n) for n in g if n.isdigit()) for g in groups if row[total_column].isdigit()
    ]
    return any(rest < group.count("c") for rest, group in zip(rests, groups, strict=False))


def _columns() -> list[str]:
    return [f"{kind}_{group}" for group in GROUPS for kind in KINDS]


@pytest.fixture(scope="module")
def filled() -> dict[tuple[str, str, str], Table]:
    """Filled tables by measure, authority and year."""
    chance = np.random.default_rng(20240331)
    found = {}
    for measure, (file, total) in FILES.items():
        with (FOLDER / file).open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                if row["geographic_level"] == "Local authority" and (guess := _filled(row, total, chance)):
                    found[measure, row["la_name"], row["time_period"]] = guess
    return found


@pytest.fixture(scope="module")
def released(filled: dict[tuple[str, str, str], Table]) -> dict[tuple[str, str, str], dict[str, tuple]]:
    """Each table through the gate: a number, or the interval stated for it."""
    entries: list[dict[str, object]] = [{"id": _name(m, c)} for m in FILES for c in _columns()]
    for measure in FILES:
        groups = [[_name(measure, f"{kind}_{group}") for kind in KINDS] for group in GROUPS]
        entries.append({"id": measure, "parts": groups[0], "partitions": groups[1:]})
    areas = sorted({area for _, area, _ in filled})
    known = definitions(entries, [{"name": area} for area in areas])
    rows = [
        {"indicator": _name(m, c), "value": value, "area": area, "period": f"{int(year) - 1}-{int(year) % 100:02d}"}
        for (m, area, year), values in filled.items()
        for c, value in values.items()
    ]
    out = protect(table(rows, known), protection(known, "dfe"), definitions=known)
    assert out.exposed == ()
    by_key = cells(out.table)
    found: dict[tuple[str, str, str], dict[str, tuple]] = {}
    for (m, area, year), values in filled.items():
        label = f"{int(year) - 1}-{int(year) % 100:02d}"
        rows_here = {c: by_key[_name(m, c), area, "", label] for c in values}
        found[m, area, year] = {
            c: (r["status"] == "withheld", r["value"], (r["lower"], r["upper"])) for c, r in rows_here.items()
        }
    return found


def _ranges(shown: dict[str, tuple], *, all_open: bool = False) -> dict[str, tuple[float, float]]:
    """What may be supposed of each cell before any sum is looked at."""
    return {
        name: ((1.0, 5.0) if interval == (1, 5) and not all_open else (1.0, np.inf)) if hidden else (value, value)
        for name, (hidden, value, interval) in shown.items()
    }


def _closed_form(ranges: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Exact ranges for a total with two partitions (the sums hang together as a tree, so ends add up)."""
    found = dict(ranges)
    for _ in range(4):
        for group in GROUPS:
            names = [f"{kind}_{group}" for kind in KINDS]
            lows, highs = (np.array([found[name][end] for name in names]) for end in (0, 1))
            low, high = found[""]
            found[""] = (max(low, lows.sum()), min(high, highs.sum()))
            low, high = found[""]
            for i, name in enumerate(names):
                rest_high, rest_low = np.delete(highs, i).sum(), np.delete(lows, i).sum()
                found[name] = (max(lows[i], low - rest_high), min(highs[i], high - rest_low))
    return found


def _closed(measure_table: dict[str, tuple]) -> Iterator[tuple[str, tuple[float, float]]]:
    found = _closed_form(_ranges(measure_table))
    yield from ((name, found[name]) for name, (hidden, _, _) in measure_table.items() if hidden)


def test_no_cell_is_deducible_narrower_than_the_rule(released):
    narrow = {
        (place, name): ends
        for place, shown in released.items()
        for name, ends in _closed(shown)
        if ends[1] - ends[0] < 4
    }
    hidden = sum(h for shown in released.values() for h, _, _ in shown.values())
    share = hidden / sum(len(shown) for shown in released.values())
    print(f"{len(released)} tables, {hidden} cells withheld, {share:.1%}")
    assert hidden > 1_000
    assert narrow == {}


def test_what_is_stated_holds_and_says_no_more_than_can_be_deduced(filled, released):
    for place, shown in released.items():
        found = _closed_form(_ranges(shown))
        for name, (hidden, _, (low, high)) in shown.items():
            if hidden:
                assert low <= filled[place][name] <= (np.inf if np.isnan(high) else high)
                assert low <= found[name][0]
                assert np.isnan(high) or high >= found[name][1]


def test_the_published_pattern_itself_does_not_hold(filled):
    """The same attacker on the pattern that was published: he finds the pairs that sum to one or two."""
    chance = np.random.default_rng(1)
    pinned = 0
    for file, total in FILES.values():
        with (FOLDER / file).open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                if row["geographic_level"] != "Local authority" or _filled(row, total, chance) is None:
                    continue
                shown = {
                    ("" if c == total else c): (row[c] == "c", np.nan if row[c] == "c" else int(row[c]), (1, np.nan))
                    for c in (total, *_columns())
                }
                pinned += any(ends[1] - ends[0] < 2 for _, ends in _closed(shown))
    assert pinned > 20, "the attacker is too weak to be believed"


def test_the_closed_form_agrees_with_the_integer_program(released):
    chosen = [shown for shown in released.values() if sum(h for h, _, _ in shown.values()) >= 3][::40]
    assert len(chosen) >= 5
    for shown in chosen:
        ranges = _ranges(shown)
        unknown = {name: ranges[name] for name, (hidden, _, _) in shown.items() if hidden}
        equations = []
        for group in GROUPS:
            signs = {"": -1, **{f"{kind}_{group}": 1 for kind in KINDS}}
            rest = sum(sign * shown[name][1] for name, sign in signs.items() if name not in unknown)
            equations.append(({n: s for n, s in signs.items() if n in unknown}, -rest))
        found = _closed_form(ranges)
        assert deduced(unknown, equations) == {name: found[name] for name in unknown}


def _fewest(values: Table) -> int:
    """The fewest cells that can be withheld: every choice tried, all withheld cells open."""
    primary = {name for name, value in values.items() if 1 <= value <= 5}
    others = [name for name, value in values.items() if value > 5]
    for size in range(len(others) + 1):
        for extra in combinations(others, size):
            hidden = primary | set(extra)
            shown = {n: (n in hidden, v, (1, np.nan)) for n, v in values.items()}
            if all(ends[1] - ends[0] >= 4 for _, ends in _closed(shown)):
                return len(hidden)
    raise AssertionError("withholding everything protects everything")


def test_little_more_is_withheld_than_must_be(filled, released):
    chosen = [place for place, values in filled.items() if any(1 <= v <= 5 for v in values.values())][::6]
    fewest = sum(_fewest(filled[place]) for place in chosen)
    ours = sum(hidden for place in chosen for hidden, _, _ in released[place].values())
    print(f"{len(chosen)} tables: {ours} withheld, {fewest} at least, {ours / fewest:.3f} times the optimum")
    assert ours <= 1.5 * fewest
