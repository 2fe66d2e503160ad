"""Are the planted truths found, and is nothing found where nothing happens? ``python benchmarks/demo_truths.py``.

Regenerates the demo partnership with seeds 5001 to 5200, reads, protects and assesses each as a run would, and marks
the findings of 2022-23-Q2: every planted truth should be the subject of one with its direction and kind, the control
group yield no more flags than the page says chance would give. Prints the table of docs/calibration/findings.md.

``--keep FOLDER`` keeps each partnership's Release and marks there: a run that was stopped goes on where it was.
``--table`` writes the table into the docs in place of the one between its markers.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.demo import Truths, build
from tests.demo.write import DEFINITIONS
from threatlib.assessment.counting import comparisons
from threatlib.assessment.evidence import evidence
from threatlib.assessment.findings import findings
from threatlib.catalogue import Definitions
from threatlib.catalogue import load as load_definitions
from threatlib.disclosure import Release, protect, protection
from threatlib.periods import parse
from threatlib.pipeline import load

QUARTER = "2022-23-Q2"
RIGHT = {"step": ("step",), "drift": ("drift",), "silence": ("silence", "low because unseen")}
"""Kinds of finding that say what a planted truth of a kind is."""
DOCS = Path(__file__).parents[1] / "docs/calibration/findings.md"


def marks(release: Release, definitions: Definitions, truths: Truths) -> list[dict[str, Any]]:
    """One row a truth: whether it was found, in which direction and as what, or how often where there is none."""
    said = evidence(_marked(release, definitions, truths), definitions, parse(QUARTER), linked=False)
    found, _ = findings(said, definitions)
    made = comparisons(said)
    rows = []
    for truth in truths.truths:
        here = found[(found["indicator"] == truth.indicator) & (found["area"] == truth.area)]
        here = here[(here["breakdown"] == "") & here["direction"].isin(["up", "down"])]
        tests = made[(made["indicator"] == truth.indicator) & (made["area"] == truth.area) & (made["breakdown"] == "")]
        tests = tests[tests["raises"].astype(bool)]
        row = {"truth": truth.id, "indicator": truth.indicator, "area": truth.area, "kind": truth.kind}
        same = here[here["direction"] == truth.direction]
        row |= {"found": bool(len(same)), "as": str(same["kind"].iloc[0]) if len(same) else ""}
        row |= {"right": bool(same["kind"].isin(RIGHT.get(truth.kind, ())).any())}
        row |= {"flags": len(here), "tests": len(tests), "chance": float(tests["alpha"].sum())}
        row["checks"] = {  # of each check: comparisons, flags that chance would give, flags
            str(check): (len(part), float(part["alpha"].sum()), int(part["flag"].sum()))
            for check, part in tests.groupby("check", sort=False)
        }
        rows.append(row)
    return rows


def _marked(release: Release, definitions: Definitions, truths: Truths) -> Release:
    """The series that are marked and what they are held against; each is judged by itself, so the rest can wait."""
    known = definitions.catalogue.by_id
    names = {truth.indicator for truth in truths.truths}
    names |= {other for name in names for other in (known[name].counterpart, known[name].denominator) if other}
    table = release.table
    return replace(release, table=table[table["indicator"].isin(names) & (table["breakdown"] == "")])


def release_of(seed: int, keep: Path | None) -> tuple[Truths, Release, Definitions]:
    """The demo partnership of a seed as its default audience may see it."""
    kept = keep / f"{seed}.pkl" if keep else None
    if kept and kept.is_file():
        truths, release, *_ = pickle.loads(kept.read_bytes())
        return truths, release, load_definitions(DEFINITIONS)
    with tempfile.TemporaryDirectory() as folder:
        truths = build(Path(folder) / "demo", seed)
        dataset = load(Path(folder) / "demo")
        who = protection(dataset.definitions, dataset.definitions.partnership.default_audience)
        release = protect(dataset.table, who, definitions=dataset.definitions)
    if kept:
        kept.write_bytes(pickle.dumps((truths, release)))
    return truths, release, dataset.definitions


def table(rows: pd.DataFrame) -> list[str]:
    """Found, missed and false, truth by truth; then the control group beside what chance would give."""
    seeds = rows["seed"].nunique()
    lines = ["| planted | kind | found, right direction | of which right kind | missed |", "|---|---|---|---|---|"]
    for name, part in rows[rows["kind"] != "none"].groupby("truth", sort=False):
        found, right = int(part["found"].sum()), int(part["right"].sum())
        lines.append(
            f"| {name} ({part['indicator'].iloc[0]}) | {part['kind'].iloc[0]} | {found} of {seeds} | {right} "
            f"| {seeds - found} |"
        )
    lines += ["", "| control | comparisons | flags chance would give | flags |", "|---|---|---|---|"]
    control = rows[rows["kind"] == "none"]
    for _, part in control.groupby("truth", sort=False):
        name = f"{part['indicator'].iloc[0]}, {part['area'].iloc[0]}"
        lines.append(f"| {name} | {part['tests'].sum():,} | {part['chance'].sum():.1f} | {part['flags'].sum()} |")
    whole = (control["tests"].sum(), control["chance"].sum(), control["flags"].sum())
    lines.append(f"| **all** | {whole[0]:,} | {whole[1]:.1f} | {whole[2]} |")
    said = f"{seeds} partnerships, seeds {rows['seed'].min()} to {rows['seed'].max()}."
    return [*lines, "", *_by_check(control), "", said, "", *_not_as_planted(rows)]


def _by_check(control: pd.DataFrame) -> list[str]:
    """What each check made, would flag by chance, and flagged in the control group; one change may have several."""
    lines = ["| check of the control group | comparisons | flags chance would give | flags |", "|---|---|---|---|"]
    for check in dict.fromkeys(name for made in control["checks"] for name in made):
        made = np.array([row[check] for row in control["checks"] if check in row])
        lines.append(f"| `{check}` | {len(made):,} | {made[:, 1].sum():.1f} | {made[:, 2].sum():.0f} |")
    return lines


def _not_as_planted(rows: pd.DataFrame) -> list[str]:
    """Every planted truth that was missed, or found as something else, with its seed."""
    planted = rows[(rows["kind"] != "none") & ~rows["right"].astype(bool)]
    said = planted.assign(said=planted["as"].replace("", "missed")).groupby(["truth", "said"], sort=True)["seed"]
    if planted.empty:
        return ["Every planted truth was found for what it is."]
    return ["Not as planted:", "", *(f"- {truth}, {what}: seeds {', '.join(map(str, sorted(seeds)))}"
                                     for (truth, what), seeds in said)]  # fmt: skip


def write(lines: list[str]) -> None:
    text = DOCS.read_text(encoding="utf-8")
    whole = re.compile("<!-- table -->.*?<!-- end table -->", re.DOTALL)
    DOCS.write_text(whole.sub("\n".join(["<!-- table -->", *lines, "<!-- end table -->"]), text), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=5001)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        done = chosen.keep / f"{seed}.json" if chosen.keep else None
        if done and done.is_file():
            rows += json.loads(done.read_text(encoding="utf-8"))
            continue
        truths, release, definitions = release_of(seed, chosen.keep)
        said = [row | {"seed": seed} for row in marks(release, definitions, truths)]
        if done:
            done.write_text(json.dumps(said), encoding="utf-8")
        missed = [row["truth"] for row in said if row["kind"] != "none" and not row["right"]]
        print(f"{seed}: not as planted: {', '.join(missed) or 'none'}; flags where nothing happens: "
              f"{sum(row['flags'] for row in said if row['kind'] == 'none')}", file=sys.stderr)  # fmt: skip
        rows += said
    lines = table(pd.DataFrame(rows))
    print("\n".join(lines))
    if chosen.table:
        write(lines)


if __name__ == "__main__":
    main()
