"""Generated partnerships as folders, and twins that differ from them only in figures the gate withholds.

A world is a few indicators in two areas over some quarters, an audience, and one or two editions of the agency's file
(the second corrects the first). A twin is found by an integer program: other withheld numbers that keep every sum, and
stay on their side of the rule, in both editions; a pair counts if its Releases, run after run, are the same.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.disclosure.world import AUDIENCES, RULES
from threatlib.disclosure import ledger, protect, protection
from threatlib.pipeline.analysis import load

Key = tuple[str, str, str, str]
Figures = dict[Key, float]
Sums = list[tuple[Key, list[Key]]]

EARLIER = tuple(f"{year}-{(year + 1) % 100}-Q{q}" for year in (2019, 2020) for q in (1, 2, 3, 4))
"""Quarters of which only the one total is there, so that its chart has points enough to be drawn."""
QUARTERS = ("2021-22-Q1", "2021-22-Q2", "2022-23-Q1", "2022-23-Q2")
RUNS = (("2022-23-Q1", "2022-07-20"), ("2022-23-Q2", "2022-10-20"))
"""Quarters that are briefed, and the day on which the file that the run reads was received."""
PLACES = ("Hackney", "City", "Both")
SHARE = "share"
NEAR = (300.0, 4.0, 2.0, 1.0)
"""How far a twin's figures may lie from the first one's, try after try: the nearer, the likelier the same Release."""


@dataclass(frozen=True)
class World:
    """Counts by edition (what each of `RUNS` reads), their sums, and the definitions as they stand in YAML."""

    audience: str
    editions: tuple[Figures, ...]
    sums: Sums
    indicators: Sequence[Mapping[str, Any]]
    shares: Figures = field(default_factory=dict)
    """Numerators of `share`, by the key of its denominator."""

    @property
    def runs(self) -> tuple[tuple[str, str], ...]:
        return RUNS[-len(self.editions) :]


def world(seed: int) -> World:
    """One of four shapes, one of three rules, one or two editions."""
    chance = np.random.default_rng(seed)
    shape = (_categories, _groups, _months, _partitions)[seed % 4]
    audience = ("dfe", "dfe", "nhs", "hospital")[int(chance.integers(4))]
    figures, sums, indicators = shape(chance)
    for period in EARLIER:
        more, added = _areas(_draw(chance, (15,), total=False), [("n", "")], period)
        figures |= more
        sums += added
    shares: Figures = {}
    if audience == "dfe" and seed % 4 == 0:
        indicators = [*indicators, {"id": SHARE, "unit": "percent", "denominator": "n"}]
        shares = {k: float(chance.binomial(int(v), 0.3)) for k, v in figures.items() if k[0] == "n"}
    editions = [figures]
    if chance.random() < 0.25:
        editions.append(_revised(figures, sums, chance))
    return World(audience, tuple(editions), sums, indicators, shares)


def _areas(values: Mapping[str, np.ndarray], names: Sequence[tuple[str, str]], period: str) -> tuple[Figures, Sums]:
    """Figures of both areas and of the two together."""
    both = {**values, "Both": np.sum(list(values.values()), axis=0)}
    found = {(i, a, b, period): float(v) for a, row in both.items() for (i, b), v in zip(names, row, strict=True)}
    return found, [((i, "Both", b, period), [(i, a, b, period) for a in values]) for i, b in names]


def _draw(chance: np.random.Generator, means: Sequence[float], *, total: bool) -> dict[str, np.ndarray]:
    """Counts in each area, after their total if there is one."""
    drawn = {"Hackney": chance.poisson(means), "City": chance.poisson(np.array(means) / 5)}
    return {a: np.append(row.sum(), row) if total else row for a, row in drawn.items()}


def _categories(chance: np.random.Generator) -> tuple[Figures, Sums, list[dict[str, Any]]]:
    parts = ["a", "b", "c"]
    figures: Figures = {}
    sums: Sums = []
    for period in QUARTERS:
        more, added = _areas(_draw(chance, (30, 9, 4), total=True), [("n", ""), *((p, "") for p in parts)], period)
        figures |= more
        sums += added
        sums += [(("n", place, "", period), [(p, place, "", period) for p in parts]) for place in PLACES]
    return figures, sums, [{"id": "n", "parts": parts}, *({"id": p} for p in parts)]


def _groups(chance: np.random.Generator) -> tuple[Figures, Sums, list[dict[str, Any]]]:
    groups = ["sex=F", "sex=M", "sex=X"]
    figures: Figures = {}
    sums: Sums = []
    for period in QUARTERS:
        more, added = _areas(_draw(chance, (20, 14, 2), total=True), [("n", ""), *(("n", g) for g in groups)], period)
        figures |= more
        sums += added
        sums += [(("n", place, "", period), [("n", place, g, period) for g in groups]) for place in PLACES]
    return figures, sums, [{"id": "n"}]


def _months(chance: np.random.Generator) -> tuple[Figures, Sums, list[dict[str, Any]]]:
    figures: Figures = {}
    sums: Sums = []
    for quarter in QUARTERS:
        year, number = int(quarter[:4]), int(quarter[-1])
        months = [pd.Period(f"{year}-04", "M") + 3 * (number - 1) + m for m in range(3)]
        means = chance.choice([4.0, 9.0, 20.0], 3)
        values = _draw(chance, means, total=True)
        for place, row in {**values, "Both": np.sum(list(values.values()), axis=0)}.items():
            keys = [("n", place, "", p) for p in (quarter, *(str(m) for m in months))]
            figures |= dict(zip(keys, map(float, row), strict=True))
            sums.append((keys[0], keys[1:]))
        for period in (quarter, *(str(m) for m in months)):
            sums.append((("n", "Both", "", period), [("n", a, "", period) for a in values]))
    return figures, sums, [{"id": "n", "frequency": "monthly"}]


def _partitions(chance: np.random.Generator) -> tuple[Figures, Sums, list[dict[str, Any]]]:
    ways = (["a", "b", "c"], ["x", "y"])
    figures: Figures = {}
    sums: Sums = []
    for period in QUARTERS:
        for place, scale in (("Hackney", 1.0), ("City", 0.4)):
            first = chance.poisson(np.array([24, 8, 3]) * scale)
            second = chance.binomial(first.sum(), 0.3)
            row = {"n": first.sum(), **dict(zip("abc", first, strict=True)), "x": first.sum() - second, "y": second}
            figures |= {(i, place, "", period): float(v) for i, v in row.items()}
            sums += [(("n", place, "", period), [(p, place, "", period) for p in way]) for way in ways]
    return figures, sums, [{"id": "n", "parts": ways[0], "partitions": [ways[1]]}, *({"id": i} for i in "abcxy")]


def _revised(figures: Figures, sums: Sums, chance: np.random.Generator) -> Figures:
    """A correction: some bottom figures move by one or two, and every sum with them."""
    moved = dict(figures)
    wholes = [whole for whole, _ in sums]
    for key in figures:
        if key not in wholes and chance.random() < 0.1:
            moved[key] = max(moved[key] + float(chance.integers(-2, 3)), 0.0)
    for _ in range(3):
        for whole, parts in sums:
            moved[whole] = sum(moved[part] for part in parts)
    fits = all(moved[whole] == sum(moved[part] for part in parts) for whole, parts in sums)
    return moved if fits else dict(figures)


# Folders


def written(made: World, data: Path) -> Path:
    """The world as a partnership's folder `p` in `data`."""
    folder = data / "p"
    folder.mkdir(parents=True)
    places = [{"name": "Hackney"}, {"name": "City"}, {"name": "Both", "parts": ["Hackney", "City"]}]
    entries = [
        {"name": f"Measure {i['id']}", "definition": "Counted.", "unit": "count", "polarity": "higher_is_worse",
         "theme": "demand", "agency": "Agency", "frequency": "quarterly", **i}
        for i in made.indicators
    ]  # fmt: skip
    items = [{"id": f"item-{i['id']}", "name": f"Item {i['id']}", "standing": "measured", "indicators": [i["id"]]}
             for i in made.indicators]  # fmt: skip
    contents: dict[str, Any] = {
        "partnership": {
            "name": "Partnership", "data_kind": "simulated", "areas": places, "rules": RULES, "audiences": AUDIENCES,
            "agencies": [{"name": "Agency", "footprint": list(PLACES), "aliases": ["agency"]}],
            "default_audience": made.audience,
        },
        "catalogue": {"indicators": entries},
        "threats": {"threats": [{"id": "threat", "name": "Threat", "subtopics": [
            {"id": "sub", "name": "Sub-topic", "page": "demand", "items": items}]}]},
        "annotations": {"annotations": [{
            "id": "slip", "kind": "gap", "title": "Slip", "reason": "A slip.", "said_by": "Agency", "status": "open",
            "indicators": ["n"], "start": "2021-22-Q1", "end": "2021-22-Q1"}]},
    }  # fmt: skip
    for name, content in contents.items():
        (folder / f"{name}.yaml").write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
    (folder / "requirements.csv").write_text(
        "ref,threat,kind,question,owner,raised,due,depends_on,status,answer\nR1,sub,analysis,Why?,Ana,,,,open,\n"
    )
    register = ["file,sha256,agency,period,received_on,supersedes,kind,note"]
    before = ""
    for (quarter, day), figures in zip(made.runs, made.editions, strict=True):
        text = _return(figures, made.shares)
        name = f"returns/{quarter}/agency.csv"
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        register.append(f"{name},{digest},Agency,{quarter},{day},{before},simulated,")
        before = name
    (folder / "register.csv").write_text("\n".join(register) + "\n", encoding="utf-8")
    return folder


def _return(figures: Figures, shares: Figures) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["indicator", "area", "period", "value", "breakdown", "numerator", "denominator"])
    for (indicator, area, breakdown, period), value in figures.items():
        writer.writerow([indicator, area, period, f"{value:g}", breakdown, "", ""])
    for key, top in shares.items():
        base = figures[key]
        if base:
            writer.writerow([SHARE, key[1], key[3], repr(100 * top / base), "", f"{top:g}", f"{base:g}"])
    return text.getvalue()


# Twins

Releases = list[pd.DataFrame]


def releases(folder: Path, made: World, record: Path) -> Releases:
    """What is released in each run, one after the other, with the record of the runs before."""
    found = []
    dataset = load(folder)
    for number, (quarter, day) in enumerate(made.runs):
        who = protection(dataset.definitions, made.audience)
        table = dataset.known(date.fromisoformat(day))
        found.append(protect(table, who, ledger.read(record), definitions=dataset.definitions).table)
        ledger.append(record, found[-1], quarter=quarter, run_id=str(number))
    return found


def twin(made: World, released: Releases, chance: np.random.Generator, near: float) -> World | None:
    """A world with other withheld numbers; None where there is none or none was found."""
    unknown: dict[tuple[int, Key], tuple[float, float]] = {}
    where: dict[tuple[int, Key], tuple[int, Key]] = {}
    rule = RULES[made.audience]
    for number, (figures, table) in enumerate(zip(made.editions, released, strict=True)):
        rows = {tuple(r[:4]): r[4:] for r in table[["indicator", "area", "breakdown", "period", "status", "value"]]
                .itertuples(index=False, name=None)}  # fmt: skip
        for key, value in figures.items():
            same = number and made.editions[0][key] == value
            where[number, key] = (0, key) if same else (number, key)
            ends = _ends(value, *rows[key], rule)
            before = unknown.get(where[number, key], (value - near, value + near))
            unknown[where[number, key]] = (max(ends[0], before[0]), min(ends[1], before[1]))
    place = {name: i for i, name in enumerate(unknown)}
    matrix = np.zeros((len(made.sums) * len(made.editions), len(place)))
    for number in range(len(made.editions)):
        for row, (whole, parts) in enumerate(made.sums, start=number * len(made.sums)):
            for key, sign in ((whole, -1), *((part, 1) for part in parts)):
                matrix[row, place[where[number, key]]] += sign
    low, high = (np.array([ends[end] for ends in unknown.values()]) for end in (0, 1))
    answer = milp(
        chance.normal(size=len(place)), integrality=np.ones(len(place)), bounds=Bounds(low, high),
        constraints=LinearConstraint(matrix, 0, 0),
    )  # fmt: skip
    if answer.x is None:
        return None
    drawn = {name: float(round(answer.x[i])) for name, i in place.items()}
    editions = tuple(
        {key: drawn[where[number, key]] for key in figures} for number, figures in enumerate(made.editions)
    )
    shares = {
        key: _other_share(top, made.editions[0][key], editions[0][key], chance) for key, top in made.shares.items()
    }
    other = World(made.audience, editions, made.sums, made.indicators, shares)
    return other if editions != made.editions else None


def _ends(value: float, status: str, shown: float, rule: Mapping[str, Any]) -> tuple[float, float]:
    """What a figure may be instead: itself if it is shown, else its own side of the rule."""
    low, high, step = rule["withhold_from"], rule["withhold_to"], rule.get("round_to", 1)
    if status != "withheld":
        if step == 1 or not value:
            return value, value
        return max(shown - step // 2, high + 1), shown + step // 2
    if low <= value <= high:
        return low, high
    return (0.0, 0.0) if not value else (high + 1, 300.0)


def _other_share(top: float, base: float, other: float, chance: np.random.Generator) -> float:
    """A numerator for a base: the same where the base is, unless it is small."""
    if 1 <= top <= 5 and other > 5:
        return float(chance.integers(1, min(5, int(other)) + 1))
    return min(top, other) if base != other else top


def pairs(number: int, room: Path, *, start: int = 0, worlds: int = 0) -> Iterator[tuple[World, Path, Path]]:
    """So many pairs of folders with the same Releases, each folder in a data folder of its own in `room`.

    Looked for in `worlds` worlds from `start` on, or in as many as it takes.
    """
    found, seed = 0, start
    while found < number and (not worlds or seed < start + worlds):
        assert seed < start + 6 * number + 20, f"{found} of {number} pairs after {seed - start} worlds"
        made, chance = world(seed), np.random.default_rng(seed + 10**6)
        one = written(made, room / f"{seed}" / "one")
        first = releases(one, made, room / f"{seed}" / "one.csv")
        for turn, near in enumerate(NEAR):
            other = twin(made, first, chance, near)
            if other is None:
                continue
            two = written(other, room / f"{seed}" / f"two{turn}")
            second = releases(two, other, room / f"{seed}" / f"two{turn}.csv")
            if all(a.equals(b) for a, b in zip(first, second, strict=True)):
                found += 1
                yield made, one, two
                break
        seed += 1
