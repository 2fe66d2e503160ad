"""Outlooks and findings on real figures, quarter by quarter: ``python benchmarks/outlook_real.py REALDATA [--table]``.

REALDATA is a folder with the Department for Education's downloads (``dfe_cin/c6_...`` referrals by month, ``c3_...``
factors). Two temporary partnerships are made of them: every authority of the referrals file, whose outlook is made
after the first, second and third quarter of every year from 2012-13 and marked when the year is over; and Hackney with
five neighbours, whose findings are made at the end of every quarter from 2019-20 to 2023-24. Nothing that ended
after a quarter is seen in it: the figures that come later are taken away before anything is computed.

``--table`` writes the measured tables into docs/calibration/outlook.md in place of those between its markers.
"""

from __future__ import annotations

import argparse
import csv
import re
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from threatlib.assessment.evidence import evidence
from threatlib.assessment.findings import findings
from threatlib.assessment.outlooks import outlooks
from threatlib.assessment.phia import YARDSTICK, term
from threatlib.assessment.years import known
from threatlib.disclosure import Release, protect, protection
from threatlib.periods import Period, parse, shift
from threatlib.pipeline import Dataset, load
from threatlib.returns.importing import import_file

REFERRALS = "dfe_cin/c6_children_in_need_referrals_by_month_2013_to_2024.csv"
FACTORS = "dfe_cin/c3_factors_identified_at_end_of_assessment_2018_to_2025.csv"
OURS = ("Hackney", "Islington", "Haringey", "Southwark", "Lambeth", "Tower Hamlets")
LOST = ("2020-04", "2022-03")
DOCS = Path(__file__).parents[1] / "docs/calibration/outlook.md"
FIRST, LAST = "2012-13-Q1", "2023-24-Q3"
TARGETS = {1: 0.104, 2: 0.067, 3: 0.035}


def partnership(folder: Path, areas: dict[str, str], realdata: Path, files: dict[str, str], agency: str) -> Dataset:
    """A folder of definitions with real files imported into it."""
    folder.mkdir(parents=True)
    rules = {"none": {"name": "Nothing withheld", "withhold_from": 0, "withhold_to": 0}}
    audience = {"title": "Internal", "rule": "none", "marking": "For measurement only."}
    common = {
        "definition": "As published.",
        "unit": "count",
        "polarity": "neither",
        "theme": "demand",
        "agency": agency,
    }
    csa = common | {"theme": "csa", "frequency": "annual", "polarity": "neither"}
    definitions = {
        "partnership": {
            "name": "For measurement", "data_kind": "real", "rules": rules, "audiences": {"internal": audience},
            "areas": [{"name": name, "code": code} for name, code in areas.items()],
            "agencies": [{"name": agency, "footprint": list(areas)}],
            "default_audience": "internal",
        },
        "catalogue": {
            "indicators": [
                {"id": "csc_referrals", "name": "Referrals", "frequency": "monthly",
                 "official": ["dfe-referrals-by-month/Referrals"]} | common,
                {"id": "csa_unknown", "name": "Assessments naming sexual abuse (one column)",
                 "official": ["dfe-factors/Sexual_Abuse_unknown"]} | csa,
                {"id": "csa_by_adults", "name": "Assessments naming sexual abuse by adults",
                 "official": ["dfe-factors/Sexual_Abuse_adult_on_child"]} | csa,
                {"id": "csa_by_children", "name": "Assessments naming sexual abuse by children",
                 "official": ["dfe-factors/Sexual_Abuse_child_on_child"]} | csa,
            ]
        },
        "threats": {"threats": [{"id": "t", "name": "T", "subtopics": [{"id": "s", "name": "S", "page": "demand",
            "items": [{"id": "i", "name": "I", "standing": "published", "indicators": ["csc_referrals"]}]}]}]},
        "annotations": {"annotations": declared(areas)},
    }  # fmt: skip
    for name, content in definitions.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    (folder / "requirements.csv").write_text(
        "ref,threat,kind,question,owner,raised,due,depends_on,status,answer\n", encoding="utf-8"
    )
    (folder / "register.csv").write_text(
        "file,sha256,agency,period,received_on,supersedes,kind,note\n", encoding="utf-8"
    )
    return imported(folder, realdata, files)


def declared(areas: dict[str, str]) -> list[dict[str, object]]:
    """What a partnership would declare of these figures: the lost months, and the column that became two."""
    if len(areas) > len(OURS):
        return []
    common = {"said_by": "Department for Education", "status": "settled"}
    lost = {
        "id": "lost-months",
        "kind": "gap",
        "title": "Records lost to a cyberattack",
        "reason": "24 months are lost.",
    }
    split = {"id": "split-column", "kind": "definition", "title": "One column became two"}
    split |= {"start": "2020-04", "end": "2022-03"}  # authorities moved over at different times in those two years
    split |= {"reason": "Until 2019-20 sexual abuse was one factor; it is by adults and by children from 2020-21."}
    split |= {"indicators": ["csa_by_adults", "csa_by_children"]}
    left = split | {"id": "split-column-left-over", "indicators": ["csa_unknown"], "end": "2024-03"}
    left |= {"reason": "What is still put into the old column since then is what one authority or another left in it."}
    gap = lost | {"indicators": ["csc_referrals"], "areas": ["Hackney"], "start": LOST[0], "end": LOST[1]}
    return [gap | common, split | common, left | common]


def imported(folder: Path, realdata: Path, files: dict[str, str]) -> Dataset:
    from threatlib.catalogue import load as definitions_of

    for source, file in files.items():
        import_file(folder, definitions_of(folder), source, realdata / file, date(2024, 11, 1))
    return load(folder)


def seen(dataset: Dataset, quarter: Period) -> Release:
    """What was there at a quarter's end: everything later is taken away first."""
    table = dataset.table[dataset.table["end"] <= pd.Timestamp(quarter.end)].reset_index(drop=True)
    return protect(table, protection(dataset.definitions, "internal"), definitions=dataset.definitions)


def quarters(first: str, last: str) -> list[Period]:
    found = [parse(first)]
    while found[-1].label != last:
        found.append(shift(found[-1], 1))
    return found


def forecasts(dataset: Dataset) -> pd.DataFrame:
    """Each authority's outlook after one, two and three quarters, beside what the year came to."""
    totals = dataset.table[
        (dataset.table["indicator"] == "csc_referrals") & (dataset.table["kind"] == "financial_year")
    ]
    came = totals.set_index(["area", "period"])["value"]
    months = dataset.table[(dataset.table["indicator"] == "csc_referrals") & (dataset.table["kind"] == "month")]
    parts = []
    for quarter in quarters(FIRST, LAST):
        if quarter.label.endswith("Q4"):
            continue
        release = seen(dataset, quarter)
        found = outlooks(known(release, quarter), dataset.definitions, quarter)
        parts.append(found[found["why"] == ""].assign(part=int(quarter.label[-1])))
    table = pd.concat(parts, ignore_index=True)
    table["came"] = [came.get((a, y), np.nan) for a, y in zip(table["area"], table["year"], strict=True)]
    whole = months.groupby([months["area"], _year(months["end"])])["value"].agg(["sum", "count"])
    checked = [whole["count"].get((a, y), 0) == 12 for a, y in zip(table["area"], table["year"], strict=True)]
    return table[table["came"].notna() & (table["came"] > 0) & np.array(checked)]


def _year(ends: pd.Series) -> pd.Series:
    first = ends.dt.year - (ends.dt.month < 4)
    return first.map(lambda y: f"{y}-{(y + 1) % 100:02d}")


def marked(table: pd.DataFrame) -> list[str]:
    """How far out, and how often inside, by the part of the year that was in."""
    lines = ["| part in | forecasts | mean error | wanted at most | 80% intervals hold |", "|---|---|---|---|---|"]
    for part, rows in table.groupby("part"):
        off = (rows["estimate"] / rows["came"] - 1).abs()
        inside = (rows["came"] >= rows["lower"]) & (rows["came"] <= rows["upper"])
        words = ("one quarter", "half", "three quarters")[int(part) - 1]
        lines.append(f"| {words} | {len(rows):,} | {off.mean():.1%} | {TARGETS[int(part)]:.1%} | {inside.mean():.1%} |")
    inside = (table["came"] >= table["lower"]) & (table["came"] <= table["upper"])
    return [*lines, f"| all | {len(table):,} | | | {inside.mean():.1%} |"]


def calibrated(table: pd.DataFrame, seed: int = 20240401) -> list[str]:
    """How often the year passed the one before, by the word that was used for it; the interval allows for clusters."""
    rows = table[table["probability_above"].notna() & table["last_total"].notna()]
    rows = rows.assign(word=[term(p) for p in rows["probability_above"]], passed=rows["came"] > rows["last_total"])
    rng = np.random.default_rng(seed)
    head = "| word | band | forecasts | mean probability | it happened | 95% interval | inside the band |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    lowest = 0.0
    for place, (low, high, word) in enumerate(YARDSTICK):
        upper = YARDSTICK[place + 1][0] if high > 0.5 and place + 1 < len(YARDSTICK) else high
        if word == "realistic possibility":
            upper = YARDSTICK[place + 1][0]
        part = rows[rows["word"] == word]
        clusters = part.groupby(["area", "year"])["passed"].agg(["sum", "count"]).to_numpy()
        drawn = rng.integers(0, len(clusters), (2_000, len(clusters)))
        share = clusters[drawn, 0].sum(axis=1) / clusters[drawn, 1].sum(axis=1)
        ends = np.quantile(share, [0.025, 0.975])
        holds = "yes" if ends[1] >= lowest and ends[0] <= upper else "NO"
        lines.append(
            f"| {word} | {low:.0%} to {high:.0%} | {len(part):,} | {part['probability_above'].mean():.1%} "
            f"| {part['passed'].mean():.1%} | {ends[0]:.1%} to {ends[1]:.1%} | {holds} |"
        )
        lowest = upper
    return lines


def assessments(dataset: Dataset) -> tuple[list[str], pd.DataFrame]:
    """Every finding of Hackney and its neighbours, quarter by quarter."""
    found = []
    for quarter in quarters(*TRAPPED):
        release = seen(dataset, quarter)
        rows, _ = findings(evidence(release, dataset.definitions, quarter, linked=False), dataset.definitions)
        found.append(rows.assign(quarter=quarter.label, ends=[parse(label).end for label in rows["period"]]))
    table = pd.concat(found, ignore_index=True)
    claims = table[table["direction"].isin(["up", "down"]) & ~table["kind"].isin(NOT_THE_WORLD)]
    lost = claims[(claims["indicator"] == "csc_referrals") & (claims["area"] == "Hackney")]
    lost = lost[lost["quarter"].map(_in_gap)]
    split = claims[claims["indicator"].str.startswith("csa_")]
    new = split["ends"] >= parse("2020-21").end
    split = split[new & ((split["ends"] <= parse("2021-22").end) | (split["indicator"] == "csa_unknown"))]
    whole = len(quarters(*TRAPPED))
    lines = [
        "| trap | quarters assessed | findings of a change in the world |", "|---|---|---|",
        f"| Hackney's 24 lost months, and the year after them | 12 | {len(lost)} |",
        f"| the column that became two: its first two years, the old one since; six areas | {whole} | {len(split)} |",
        f"| (everything else that was found, six areas) | {whole} | {len(claims) - len(lost) - len(split)} |",
    ]  # fmt: skip
    return lines, table


TRAPPED = ("2013-14-Q1", "2023-24-Q4")
NOT_THE_WORLD = ("level after gap", "low or missing because records were lost", "cannot be assessed")
"""Kinds of finding that say that something cannot be told, or that a series begins anew, and no more."""


def _in_gap(label: str) -> bool:
    return "2020-21-Q1" <= label <= "2022-23-Q4"


def authorities(realdata: Path) -> dict[str, str]:
    with (realdata / REFERRALS).open(encoding="utf-8-sig", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["geographic_level"] == "Local authority"]
    return {row["la_name"]: row["new_la_code"] for row in rows}


def write(name: str, lines: list[str]) -> None:
    """Put a table in place of the one between its markers."""
    text = DOCS.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    whole = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not whole.search(text):
        raise SystemExit(f"{DOCS}: no markers '{begin}' and '{end}'")
    DOCS.write_text(whole.sub("\n".join([begin, *lines, end]), text), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("realdata", type=Path)
    parser.add_argument("--table", action="store_true", help="write the tables into docs/calibration/outlook.md")
    parser.add_argument("--only", choices=["outlook", "findings"])
    chosen = parser.parse_args()
    tables: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        if chosen.only != "findings":
            every = partnership(Path(folder) / "every", authorities(chosen.realdata), chosen.realdata,
                                {"dfe-referrals-by-month": REFERRALS}, "Department for Education")  # fmt: skip
            made = forecasts(every)
            tables |= {"outlook": marked(made), "words": calibrated(made)}
        if chosen.only != "outlook":
            codes = authorities(chosen.realdata)
            ours = partnership(Path(folder) / "ours", {name: codes[name] for name in OURS}, chosen.realdata,
                               {"dfe-referrals-by-month": REFERRALS, "dfe-factors": FACTORS},
                               "Department for Education")  # fmt: skip
            lines, said = assessments(ours)
            tables["traps"] = lines
            print(said[["quarter", "indicator", "area", "period", "kind", "direction"]].to_string(index=False))
            counted = said.groupby(["indicator", "kind", "direction"]).size().reset_index(name="quarters")
            print(counted.to_string(index=False))
    for name, lines in tables.items():
        print(f"\n{name}\n" + "\n".join(lines))
        if chosen.table:
            write(name, lines)


if __name__ == "__main__":
    main()
