"""The tables of successive briefings under an attack that shares no code with the gate."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.disclosure.attacker import attack, narrow, stretch
from tests.disclosure.world import RULES, counts, definitions, table
from threatlib.catalogue import Definitions, Rule
from threatlib.disclosure import ledger, protect
from threatlib.disclosure.gate import Protection
from threatlib.pipeline import load

DATA = Path(__file__).parents[2] / "data"
AREAS = ({"name": "Hackney"}, {"name": "City"}, {"name": "Hackney and City", "parts": ["Hackney", "City"]})
KNOWN = definitions(
    [
        {"id": "n", "frequency": "monthly", "parts": ["a", "b"]}, {"id": "a", "frequency": "monthly"},
        {"id": "b", "frequency": "monthly"}, {"id": "share", "unit": "percent", "denominator": "n"},
        {"id": "some", "within": "n", "frequency": "monthly"},
    ],
    AREAS,
)  # fmt: skip
MONTHS = {"2022-04": (9, 3), "2022-05": (11, 7), "2022-06": (8, 12)}


def _rows() -> list[dict]:
    """Two parts in two areas, month by month and over the quarter, with a share of the whole."""
    found = []
    whole = {p: {"Hackney": pair, "City": (pair[1], 6)} for p, pair in MONTHS.items()}
    whole["2022-23-Q1"] = {
        area: tuple(sum(values[area][i] for values in whole.values()) for i in (0, 1)) for area in ("Hackney", "City")
    }
    for period, places in whole.items():
        both = {**places, "Hackney and City": tuple(map(sum, zip(*places.values(), strict=True)))}
        for area, (a, b) in both.items():
            found += counts({"n": a + b, "a": a, "b": b}, area=area, period=period)
    found.append({"indicator": "share", "value": 100 * 12 / 50, "area": "Hackney", "period": "2022-23-Q1"})
    return found


def _printed(folder: Path, released: pd.DataFrame, known: Definitions, rule: Rule) -> Path:
    """A folder with no more than the attacker reads: the table of figures, the catalogue, the rule's rounding."""
    (folder / "tables").mkdir(parents=True)
    released.to_csv(folder / "tables" / "observations.csv", index=False)
    entries = [
        {
            "id": i.id, "numerator": i.numerator or "", "denominator": i.denominator or "", "within": i.within or "",
            "parts": " ".join(i.parts), "partitions": " ".join(f"({' '.join(g)})" for g in i.partitions),
            "frequency": i.frequency,
        }
        for i in known.catalogue.indicators
    ]  # fmt: skip
    pd.DataFrame(entries).to_csv(folder / "tables" / "catalogue.csv", index=False)
    (folder / "manifest.json").write_text(json.dumps({"disclosure": {"rounded_to": rule.round_to}}))
    return folder


def _rule(name: str) -> Rule:
    return Rule.model_validate({"source": name, **RULES[name]})


@pytest.mark.parametrize("name", ["dfe", "nhs", "hospital"])
def test_a_small_partnership_gives_nothing_away_under_any_rule(tmp_path, name):
    rule = _rule(name)
    out = protect(table(_rows(), KNOWN), Protection(name, name, name, rule), definitions=KNOWN)
    found = attack([_printed(tmp_path / "one", out.table, KNOWN, rule)])
    assert len(found) > 2
    assert narrow(found, rule.withhold_from, rule.withhold_to).empty


LEAKS = {
    "a total and its parts": lambda row: row["area"] == "Hackney" and row["period"] == "2022-04",
    "areas": lambda row: row["indicator"] == "b" and row["period"] == "2022-04",
    "months and their quarter": lambda row: row["indicator"] == "b" and row["area"] == "Hackney",
}


@pytest.mark.parametrize("shown", LEAKS.values(), ids=LEAKS)
def test_it_sees_a_figure_that_one_kind_of_sum_gives_away(tmp_path, shown):
    """All but the small figures of one sum are shown."""
    rows = table(_rows(), KNOWN)
    bare = rows.assign(used=True)
    small = bare["value"].between(1, 5) & (bare["unit"] == "count")
    hidden = small | ~bare.apply(shown, axis=1)
    bare.loc[hidden, ["value", "numerator", "denominator"]] = float("nan")
    bare.loc[hidden, "status"] = "withheld"
    bare.loc[hidden, ["lower", "upper"]] = [0.0, float("nan")]
    bare.loc[small, ["lower", "upper"]] = [1.0, 5.0]
    found = attack([_printed(tmp_path / "one", bare, KNOWN, _rule("dfe"))]).set_index(["indicator", "area", "period"])
    assert tuple(found.loc[("b", "Hackney", "2022-04"), ["lower", "upper"]]) == (3, 3)


def test_it_sees_a_share_of_a_withheld_figure_and_a_base_beside_one(tmp_path):
    known = definitions([{"id": "n"}, {"id": "share", "unit": "percent", "numerator": "n"}])
    rows = table([*counts({"n": 3}), {"indicator": "share", "value": 100 * 3 / 17, "denominator": 17}], known)
    rows.loc[rows["indicator"] == "n", ["status", "value", "lower", "upper"]] = ["withheld", float("nan"), 1.0, 5.0]
    found = attack([_printed(tmp_path / "one", rows, known, _rule("dfe"))])
    assert found[["lower", "upper"]].to_numpy().tolist() == [[3, 3]]


def test_it_reads_two_briefings_together(tmp_path):
    """What one withholds the other shows; without knowing of revisions, and knowing that there was one."""
    known = definitions([{"id": "t", "parts": ["a", "b"]}, *({"id": i} for i in "ab")])
    rows = table(counts({"t": 12, "a": 3, "b": 9}), known)
    folders = []
    for number, hidden in enumerate((["a", "b"], ["t", "a"])):
        out = rows.copy()
        gone = out["indicator"].isin(hidden)
        out.loc[gone, ["status", "value", "upper"]] = ["withheld", float("nan"), float("nan")]
        out.loc[gone, "lower"] = 1.0
        folders.append(_printed(tmp_path / str(number), out, known, _rule("dfe")))
    both = attack(folders, lambda _, place: place)
    assert set(both.loc[both["indicator"] == "a", "lower"]) == {3}
    assert attack(folders[:1])["upper"].max() == 11


def test_stretches_of_time():
    assert stretch("2022-04") == (date(2022, 4, 1), date(2022, 5, 1))
    assert stretch("2022-23") == (date(2022, 4, 1), date(2023, 4, 1))
    assert stretch("2022-23-Q4") == (date(2023, 1, 1), date(2023, 4, 1))
    assert stretch("2022-04/2022-09") == (date(2022, 4, 1), date(2022, 10, 1))
    assert stretch("2022-03-31") is None


EDITIONS = {
    "demo": (("2022-23-Q1", date(2022, 8, 30)), ("2022-23-Q2", date(2022, 11, 30))),
    "city-hackney": (("2022-23-Q2", None),),
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["dfe", "nhs", "hospital"])
@pytest.mark.parametrize("slug", EDITIONS)
def test_a_whole_partnership_gives_nothing_away_in_two_quarters(tmp_path, slug, name):
    """The attacker knows which figures were revised in between; one that stands as it was printed is no news to him."""
    dataset, rule, folders, truth = load(DATA / slug), _rule(name), [], []
    place, published = ["indicator", "area", "breakdown", "period"], set()
    for quarter, day in EDITIONS[slug]:
        rows = dataset.known(day)
        who = Protection(name, name, name, rule)
        out = protect(rows, who, ledger.read(tmp_path / "record"), definitions=dataset.definitions)
        ledger.append(tmp_path / "record", out.table, quarter=quarter, run_id=quarter)
        folders.append(_printed(tmp_path / quarter, out.table, dataset.definitions, rule))
        told = rows[rows["value"].notna() & rows["used"]]
        truth.append(dict(zip(told[place].itertuples(index=False, name=None), told["value"], strict=True)))
        shown = out.table.loc[out.table["value"].notna(), place].itertuples(index=False, name=None)
        published |= {(key, truth[-1].get(key)) for key in shown}
    found = attack(folders, lambda number, place: truth[number].get(place, "unknown"))
    assert len(found) > 5
    leaks = narrow(found, rule.withhold_from, rule.withhold_to)
    keys = zip(leaks["folder"], leaks[place].itertuples(index=False, name=None), strict=True)
    assert [key for number, key in keys if (key, truth[number].get(key)) not in published] == []
