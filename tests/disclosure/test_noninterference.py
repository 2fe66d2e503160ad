"""Two data sets that differ only in what is withheld give the same published files, byte for byte."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from tests.disclosure.world import Row, cells, counts, definitions, table
from threatlib import manifest
from threatlib.assessment import build
from threatlib.briefing import workbook
from threatlib.briefing.audit import audit
from threatlib.briefing.pages import INDEX, PAGES, Page, index
from threatlib.catalogue import Annotations
from threatlib.disclosure import Release, protect, protection
from threatlib.periods import parse

AREAS = ({"name": "Hackney"}, {"name": "City"}, {"name": "Both", "parts": ["Hackney", "City"]})
PARTS = ("neglect", "emotional", "physical", "sexual")
KNOWN = definitions(
    [
        {"id": "plans", "parts": PARTS},
        *({"id": part} for part in PARTS),
        {"id": "repeat", "unit": "percent", "denominator": "plans"},
    ],
    AREAS,
)
QUARTERS = ("2021-22-Q1", "2022-23-Q1")
# One declared oddity, as every real partnership has some.
KNOWN = KNOWN.model_copy(
    update={
        "annotations": Annotations.model_validate({
            "annotations": [{
                "id": "gap", "kind": "gap", "title": "Gap", "reason": "None", "said_by": "Agency", "status": "open",
                "indicators": ["plans"], "start": "2021-22-Q1", "end": "2021-22-Q1",
            }]
        })
    }
)  # fmt: skip
LONG = ("2020-21-Q2", "2020-21-Q3", "2020-21-Q4", "2021-22-Q1", "2021-22-Q2", "2021-22-Q3", "2021-22-Q4", "2022-23-Q1")
PAIRS = 200
Key = tuple[str, str, str, str]


def world(seed: int, quarters: Sequence[str] = QUARTERS) -> list[Row]:
    """Plans by category in two areas and together, a year apart, and the share of repeat plans."""
    chance = np.random.default_rng(seed)
    rows: list[Row] = []
    for period in quarters:
        hackney, city = chance.poisson((40, 30, 8, 4)), chance.poisson((6, 4, 2, 1))
        for area, values in (("Hackney", hackney), ("City", city), ("Both", hackney + city)):
            numbers = {part: float(v) for part, v in zip(PARTS, values, strict=True)}
            total = float(values.sum())
            rows += counts({"plans": total, **numbers}, area=area, period=period)
            again = float(chance.binomial(int(total), 0.2))
            rows.append({
                "indicator": "repeat", "value": 100 * again / total if total else 0.0, "numerator": again,
                "denominator": total, "area": area, "period": period,
            })  # fmt: skip
    return rows


def sums() -> Iterator[tuple[Key, list[Key]]]:
    for period in QUARTERS:
        for area in ("Hackney", "City", "Both"):
            yield ("plans", area, "", period), [(part, area, "", period) for part in PARTS]
        for name in ("plans", *PARTS):
            yield (name, "Both", "", period), [(name, area, "", period) for area in ("Hackney", "City")]


def other_world(rows: list[Row], release: Release, seed: int) -> list[Row]:
    """The same rows with other withheld numbers that keep the sums and what is shown; a small one stays small.

    (A large one that became small would be withheld for its own sake, and mostly another Release would come of it.)
    """
    chance = np.random.default_rng(seed)
    shown = cells(release.table)
    hidden = [k for k, row in shown.items() if row["status"] == "withheld" and k[0] != "repeat"]
    place = {key: i for i, key in enumerate(hidden)}
    matrix, total = [], []
    for whole, parts in sums():
        line, rest = np.zeros(len(hidden)), 0.0
        for key, sign in ((whole, -1), *((part, 1) for part in parts)):
            if key in place:
                line[place[key]] = sign
            else:
                rest -= sign * shown[key]["value"]
        matrix.append(line)
        total.append(rest)
    truth = {(r["indicator"], r["area"], "", r["period"]): r["value"] for r in rows}
    small = np.array([truth[k] <= 5 for k in hidden])
    answer = milp(
        chance.normal(size=len(hidden)), integrality=np.ones(len(hidden)),
        bounds=Bounds(np.where(small, 1, 6), np.where(small, 5, 300)),
        constraints=LinearConstraint(np.array(matrix), total, total),
    )  # fmt: skip
    assert answer.x is not None, answer.message
    drawn = {key: float(round(answer.x[i])) for key, i in place.items()}
    changed: list[Row] = []
    for row in rows:
        key = (row["indicator"], row.get("area", "Town"), "", row["period"])
        base = drawn.get(("plans", *key[1:]))
        if key in drawn:
            changed.append({**row, "value": drawn[key]})
        elif key[0] == "repeat" and shown[key]["status"] == "withheld" and base is not None:
            again = float(min(row["numerator"], base))
            changed.append({**row, "numerator": again, "denominator": base, "value": 100 * again / max(base, 1)})
        else:
            changed.append(row)
    return changed


def released(rows: list[Row]) -> Release:
    return protect(table(rows, KNOWN), protection(KNOWN, "dfe"), definitions=KNOWN)


def pairs(number: int) -> Iterator[tuple[list[Row], list[Row], Release, Release]]:
    """Generated pairs with the same Release."""
    seed = found = 0
    while found < number:
        first = world(seed)
        release = released(first)
        for turn in range(6):
            second = other_world(first, release, 1000 * seed + turn)
            other = released(second)
            if found < number and first != second and other.table.equals(release.table):
                found += 1
                yield first, second, release, other
        seed += 1
        assert seed < 5 * number, "too few pairs have the same Release"


def write(folder: Path, rows: list[Row], release: Release, key: bytes = b"fixed") -> dict[str, bytes]:
    """Every file of a briefing but the executed notebooks, whose cells hold the same pieces."""
    (folder / "in").mkdir(parents=True)
    pd.DataFrame(rows).to_csv(folder / "in" / "return.csv", index=False)
    out = folder / "out"
    out.mkdir()
    assessment = build(
        release, KNOWN, slug="p", quarter=parse(QUARTERS[-1]), as_of=None, problems=pd.DataFrame(columns=["file"])
    )
    workbook.write(out, assessment)
    (out / INDEX).write_text(index(assessment))
    for name in PAGES:
        page = Page(name, assessment)
        pieces = (page.threats, page.messages, page.changed, page.unseen, page.findings, page.subtopics, page.coverage,
                  page.conflicts, page.declared, page.method)  # fmt: skip
        (out / f"{name}.html").write_text("\n".join(str(piece().html) for piece in pieces))
    rule = release.protection.rule
    manifest.write(out / "manifest.json", {
        "run_id": "fixed", "audience": "dfe", "started": "then", "finished": "then",
        "inputs": manifest.inputs(folder / "in", ["return.csv"], release.table, key),
        "outputs": manifest.outputs(out),
        "disclosure": {"rule": rule.name, "withheld_from": rule.withhold_from, "withheld_to": rule.withhold_to,
                       "rounded_to": rule.round_to, "withheld": release.withheld},
    })  # fmt: skip
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("number", [8, pytest.param(PAIRS, marks=pytest.mark.nightly)])
def test_everything_above_the_gate_sees_the_same(number):
    different = 0
    for first, second, release, other in pairs(number):
        texts = [r.table.to_csv(index=False).encode() for r in (release, other)]
        assert texts[0] == texts[1]
        assert (release.withheld, release.exposed) == (other.withheld, other.exposed)
        different += first != second
    assert different == number


def _same_files(tmp_path: Path, number: int) -> None:
    for count, (first, second, release, other) in enumerate(pairs(number)):
        one = write(tmp_path / f"{count}a", first, release)
        two = write(tmp_path / f"{count}b", second, other)
        assert list(one) == list(two)
        assert [name for name in one if one[name] != two[name]] == []
        inputs = [hashlib.sha256((tmp_path / f"{count}{x}" / "in" / "return.csv").read_bytes()) for x in "ab"]
        assert inputs[0].digest() != inputs[1].digest(), "the pair does not differ at all"


def test_every_file_is_the_same(tmp_path):
    _same_files(tmp_path, 2)


@pytest.mark.nightly
def test_every_file_is_the_same_for_two_hundred_pairs(tmp_path):
    _same_files(tmp_path, PAIRS)


def test_the_auditor_deduces_nothing_from_the_files(clean):
    found = audit(clean[0] / "out")
    assert len(found) > 10
    assert found[~found["safe"]].empty


KINDS = {
    "figures on the page": r"<data [^>]*>[^<]*</data>",
    "chart coordinates": r'<path [^>]*d="[^"]*"',
    "alt text": r'(?:alt|aria-label)="[^"]*"|<desc[^>]*>[^<]*</desc>',
    "titles and tooltips": r"<(?:title|h\d|figcaption)[^>]*>.*?</",
    "sentences": r"<li[^>]*>.*?</li>",
    "intervals": r'data-interval="[^"]*"',
}
"""Where in a page a number may hide, as patterns."""


def test_with_the_gate_switched_off_every_kind_of_content_differs(tmp_path):
    """The comparison of bytes has teeth: it looks at every place that a leak could take."""
    first = world(1, LONG)
    second = [{**row, "value": row["value"] + 1} if 1 <= row["value"] <= 4 else row for row in first]
    bare = protection(KNOWN, "internal")
    files = []
    for name, rows in (("a", first), ("b", second)):
        release = protect(table(rows, KNOWN), bare, definitions=KNOWN)
        files.append(write(tmp_path / name, rows, release))
    differ = {name for name in files[0] if files[0][name] != files[1][name]}
    assert {"manifest.json", "demand.html", "tables.xlsx", "tables/observations.csv", "tables/signals.csv"} <= differ
    pages = [text["demand.html"].decode() for text in files]
    for kind, pattern in KINDS.items():
        found = [re.findall(pattern, text, flags=re.DOTALL) for text in pages]
        assert found[0], f"the page holds no {kind}"
        assert found[0] != found[1], kind
    digests = [json.loads(text["manifest.json"])["inputs"] for text in files]
    assert digests[0] != digests[1]


# Leaks planted by switching a protection off: the auditor finds each


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> tuple[Path, list[Row], Release]:
    """A briefing without a leak, to plant them in."""
    folder, rows = tmp_path_factory.mktemp("clean"), world(0)
    release = released(rows)
    write(folder, rows, release)
    return folder, rows, release


def _plant(folder: Path, leak: str, clean: tuple[Path, list[Row], Release]) -> Path:
    source, rows, release = clean
    files = folder / "out"
    truth = {(r["indicator"], r["area"], r["period"]): r["value"] for r in rows}
    chosen = release.table[
        (release.table["status"] == "withheld") & (release.table["lower"] == 1) & (release.table["upper"] == 5)
    ].iloc[0]
    value = truth[chosen["indicator"], chosen["area"], chosen["period"]]
    if leak == "secondary":
        shown = release.table.copy()
        small = (shown["lower"] == 1) & (shown["upper"] == 5)
        for i in shown.index[(shown["status"] == "withheld") & shown["unit"].eq("count") & ~small]:
            number = truth[shown.loc[i, "indicator"], shown.loc[i, "area"], shown.loc[i, "period"]]
            shown.loc[i, ["value", "lower", "upper"]] = number
            shown.loc[i, "status"] = "reported"
        write(folder, rows, Release(shown, release.protection, release.withheld))
    elif leak == "digest":
        write(folder, rows, release, key=None)  # type: ignore[arg-type]
    else:
        shutil.copytree(source / "out", files)
    tag = f'<data value="{value:g}" data-from="{chosen["obs"]}">?</data>'
    if leak in ("page", "tooltip"):
        text = (files / "demand.html").read_text()
        (files / "demand.html").write_text(text + (tag if leak == "page" else f"<title>{tag}</title>"))
    if leak == "notebook":
        (files / "demand.ipynb").write_text(json.dumps({"cells": [{"source": [tag]}]}))
    if leak == "table":
        frame = pd.read_csv(files / "tables" / "observations.csv", dtype=str, keep_default_na=False)
        at = (frame["obs"] == chosen["obs"]) if "obs" in frame else (frame["row"] == str(chosen["row"]))
        frame.loc[at, "value"] = str(value)
        frame.to_csv(files / "tables" / "observations.csv", index=False)
    if leak == "rate":
        frame = pd.DataFrame([{
            "indicator": chosen["indicator"], "area": chosen["area"], "breakdown": "", "period": chosen["period"],
            "status": "withheld", "rate": value / 60_000 * 10_000, "denominator": 60_000,
        }])  # fmt: skip
        frame.to_csv(files / "tables" / "rates.csv", index=False)
    if leak == "hidden sheet":
        import openpyxl

        book = openpyxl.load_workbook(files / "tables.xlsx")
        sheet = book.create_sheet("cache")
        sheet.sheet_state = "hidden"
        sheet.append(["indicator", "area", "breakdown", "period", "status", "value"])
        sheet.append([chosen["indicator"], chosen["area"], "", chosen["period"], "withheld", value])
        book.save(files / "tables.xlsx")
    return files


LEAKS = ("secondary", "digest", "page", "tooltip", "notebook", "table", "rate", "hidden sheet")


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_found(tmp_path, clean, leak):
    found = audit(_plant(tmp_path, leak, clean))
    assert (~found["safe"]).any()
    assert found.loc[~found["safe"], "how"].ne("").any()
