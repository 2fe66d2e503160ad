"""Publish, revise, publish: what both briefings together tell of generated partnerships, and of three worked by hand.

The attacker (`attacker`) shares no code with the gate and knows more than is printed: which of the withheld figures
were revised, and which stand.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.disclosure.attacker import attack, narrow
from tests.disclosure.pairs import SHARE, Figures, World, _revised, world
from tests.disclosure.test_attacker import _printed, _rule
from tests.disclosure.world import cells, counts, definitions, table
from threatlib.disclosure import ledger, protect, protection, secure

PLACES = ({"name": "Hackney"}, {"name": "City"}, {"name": "Both", "parts": ["Hackney", "City"]})
SOME = (2, 8, 17, 24, 25, 33, 40, 54, 58, 60, 64, 69, 144, 156)
"""Worlds that gave something away, or could not be protected, before the briefings were read together."""
MANY = 260
BACK = (8, 33)
"""Worlds that are revised and then published as they were at first."""


def revised(seed: int) -> World:
    """A generated partnership whose second edition corrects the first."""
    made = world(seed)
    first = made.editions[0]
    second = made.editions[1:] or (_revised(first, made.sums, np.random.default_rng(seed + 77)),)
    return replace(made, editions=(first, *second))


def _rows(made: World, figures: Figures) -> list[dict]:
    rows = [{"indicator": i, "area": a, "breakdown": b, "period": p, "value": v} for (i, a, b, p), v in figures.items()]
    for (_, area, _, period), top in made.shares.items():
        if base := figures["n", area, "", period]:
            share = {"indicator": SHARE, "area": area, "period": period, "value": 100 * top / base}
            rows.append({**share, "numerator": top, "denominator": base})
    return rows


def told(made: World, path, *, warned: bool = False) -> tuple:
    """What the attacker finds narrower than the rule in all briefings, and how many figures each withholds.

    A figure that he knows to be what was once published for all to see is no news. The gate may have `warned` that it
    cannot vouch for some.
    """
    known, rule = definitions(made.indicators, PLACES), _rule(made.audience)
    folders, withheld, published = [], [], set()
    for number, figures in enumerate(made.editions):
        who = protection(known, made.audience)
        out = protect(table(_rows(made, figures), known), who, ledger.read(path / "l"), definitions=known)
        ledger.append(path / "l", out.table, quarter=f"2022-23-Q{number + 1}", run_id=str(number))
        folders.append(_printed(path / str(number), out.table, known, rule))
        withheld.append(out.withheld)
        assert warned or not out.exposed
        published |= {
            (place, figures.get(place)) for place, row in cells(out.table).items() if row["status"] == "reported"
        }
    found = attack(folders, lambda number, place: made.editions[number].get(place, made.shares.get(place[1:], "one")))
    leaks = narrow(found, rule.withhold_from, rule.withhold_to)
    places = leaks[["folder", "indicator", "area", "breakdown", "period"]].itertuples(index=False, name=None)
    news = [(tuple(place), made.editions[number].get(tuple(place))) not in published for number, *place in places]
    return leaks[news], withheld


@pytest.mark.parametrize("seed", SOME)
def test_two_briefings_of_a_generated_partnership_give_nothing_away(tmp_path, seed):
    leaks, withheld = told(revised(seed), tmp_path)
    assert all(withheld)
    assert leaks.empty, leaks.to_string()


@pytest.mark.nightly
def test_two_briefings_of_many_generated_partnerships_give_nothing_away(tmp_path):
    leaky, withheld = {}, []
    for seed in range(MANY):
        leaks, counted = told(revised(seed), tmp_path / str(seed))
        withheld.append(counted)
        if len(leaks):
            leaky[seed] = leaks.to_string()
            print(seed, leaky[seed])
    print(f"{MANY} partnerships, {len(leaky)} give something away; withheld {np.sum(withheld, axis=0).tolist()}")
    assert not leaky


def there_and_back(seed: int) -> World:
    """Published, revised, and revised back."""
    made = revised(seed)
    return replace(made, editions=(*made.editions, made.editions[0]))


@pytest.mark.parametrize("seed", BACK)
def test_a_revision_that_is_taken_back_gives_nothing_away(tmp_path, seed):
    leaks, _ = told(there_and_back(seed), tmp_path, warned=True)
    assert leaks.empty, leaks.to_string()


@pytest.mark.nightly
def test_many_revisions_that_are_taken_back_give_nothing_away(tmp_path):
    leaky = [seed for seed in range(80) if len(told(there_and_back(seed), tmp_path / str(seed), warned=True)[0])]
    assert not leaky


def test_without_reading_them_together_some_would(tmp_path, monkeypatch):
    """The attack works where the second briefing looks only at its own sums."""
    monkeypatch.setattr(secure, "_unsaid", lambda *_: (set(), set(), set(), set()))
    monkeypatch.setattr(secure, "_hushed", lambda *_: set())
    assert len(told(revised(54), tmp_path)[0])


SUM = definitions([{"id": "t", "parts": ["a", "b"]}, *({"id": i} for i in "ab")])


def publish(path, **values):
    out = protect(table(counts(values), SUM), protection(SUM, "dfe"), ledger.read(path), definitions=SUM)
    ledger.append(path, out.table, quarter="2022-23-Q1", run_id=str(values))
    return {key[0]: row for key, row in cells(out.table).items()}, out.exposed


def test_of_a_zero_that_becomes_small_nothing_is_said_that_narrows_the_others(tmp_path):
    """4 = 4 + 0, the total and a part were stated as 1 to 5; then 4 = 2 + 2. Were b 1 or more, t would be 2."""
    first, _ = publish(tmp_path / "l", t=4, a=4, b=0)
    assert [first[i]["lower"] for i in "ta"] == [1, 1]
    assert first["b"]["value"] == 0
    second, exposed = publish(tmp_path / "l", t=4, a=2, b=2)
    assert not exposed
    assert second["b"]["status"] == "withheld"
    assert second["b"]["lower"] == 0, "it is seen to have changed, but that is no statement of ours"
    assert {second[i]["lower"] for i in "ta"} == {0}, "one of them must have changed with it: neither is stated again"
    third, exposed = publish(tmp_path / "l", t=4, a=2, b=2)
    assert not exposed
    assert [third[i]["status"] for i in "tab"] == ["withheld"] * 3
    assert {third[i]["lower"] for i in "tab"} == {0}


def test_a_revision_that_could_have_left_the_withheld_figures_alone_is_shown(tmp_path):
    """The total and its larger part rise by 3: what is withheld may well stand."""
    known = definitions([{"id": "t", "parts": list("abc")}, *({"id": i} for i in "abc")])
    for values in ({"t": 36, "a": 30, "b": 2, "c": 4}, {"t": 39, "a": 33, "b": 2, "c": 4}):
        rows = table(counts(values), known)
        out = protect(rows, protection(known, "dfe"), ledger.read(tmp_path / "l"), definitions=known)
        ledger.append(tmp_path / "l", out.table, quarter="2022-23-Q1", run_id=str(values["t"]))
    shown = {key[0]: row["value"] for key, row in cells(out.table).items() if row["status"] == "reported"}
    assert shown == {"t": 39, "a": 33}


def test_a_percentage_shown_before_counts_in_people(tmp_path):
    """24% of 50 are 12 people: as 24 of them the sum would seem to have changed, and something be withheld for it."""
    known = definitions([{"id": "n"}, {"id": "share", "unit": "percent", "denominator": "n"}])
    for number in range(2):
        rows = [*counts({"n": 50}), {"indicator": "share", "value": 24.0, "numerator": 12, "denominator": 50}]
        rows += [*counts({"n": 40}, period="2022-23-Q2")]
        rows.append({"indicator": "share", "value": 7.5, "numerator": 3, "denominator": 40, "period": "2022-23-Q2"})
        out = protect(table(rows, known), protection(known, "dfe"), ledger.read(tmp_path / "l"), definitions=known)
        ledger.append(tmp_path / "l", out.table, quarter="2022-23-Q2", run_id=str(number))
        assert (out.table["status"] == "withheld").sum() == 1


def test_a_part_that_is_printed_for_the_first_time_does_not_narrow_the_other(tmp_path):
    """9 = [c] and a part that no row prints; then the part is there, and would give the other away."""
    first, _ = publish(tmp_path / "l", t=9, b=3)
    assert (first["t"]["value"], first["b"]["status"]) == (9, "withheld")
    second, exposed = publish(tmp_path / "l", t=9, a=6, b=3)
    assert not exposed
    assert second["a"]["status"] == "withheld"
    assert second["a"]["lower"] <= 4
    assert second["a"]["upper"] >= 8


TOWNS = definitions([{"id": "n"}], PLACES)


def in_towns(path, name="dfe", **values):
    """Publish counts by area; those that are not named are in no return."""
    rows = table([{"indicator": "n", "value": v, "area": a} for a, v in values.items()], TOWNS)
    out = protect(rows, protection(TOWNS, name), ledger.read(path), definitions=TOWNS)
    ledger.append(path, out.table, quarter="2022-23-Q1", run_id=str(values))
    return {key[1]: row for key, row in cells(out.table).items()}, out.exposed


def test_an_area_printed_for_the_first_time_does_not_tell_what_another_was_before(tmp_path):
    """Hackney is 3 of 33 in all. Were both shown at 33 and the City at 30, whoever knows that they stand has the 3."""
    in_towns(tmp_path / "l", Hackney=30, City=3)
    second, _ = in_towns(tmp_path / "l", Hackney=31, City=2, Both=33)
    assert second["Both"]["status"] == "withheld"


def test_what_was_told_before_is_shown_though_it_is_printed_for_the_first_time(tmp_path):
    """Both less Hackney were 43 before the City was ever printed."""
    in_towns(tmp_path / "l", Hackney=20, Both=63)
    second, exposed = in_towns(tmp_path / "l", Hackney=4, City=43, Both=47)
    assert not exposed
    assert second["City"]["value"] == 43
    assert {second[a]["status"] for a in ("Hackney", "Both")} == {"withheld"}


def test_a_total_that_has_gone_from_the_returns_still_tells(tmp_path):
    """38 were 8, 20 and 10. The total is gone and stands, for all we know: with 25 and 10 shown, 3 are left over."""
    known = definitions([{"id": "t", "parts": list("abc")}, *({"id": i} for i in "abc")])
    for values in ({"t": 38, "a": 8, "b": 20, "c": 10}, {"a": 3, "b": 25, "c": 10}):
        out = protect(
            table(counts(values), known), protection(known, "dfe"), ledger.read(tmp_path / "l"), definitions=known
        )
        ledger.append(tmp_path / "l", out.table, quarter="2022-23-Q1", run_id=str(values))
    assert len(out.table) == 3
    assert {key[0]: row["status"] for key, row in cells(out.table).items()} == {
        "a": "withheld", "b": "withheld", "c": "reported",
    }  # fmt: skip


def test_where_a_rounded_figure_is_withheld_that_was_shown_nothing_is_shown_beside_it(tmp_path):
    """40 are 3 now, and 100 are 63. The 60 print as they did; were they revised too, they would say by how much."""
    known = definitions([{"id": "t", "parts": list("ab")}, *({"id": i} for i in "ab")])
    for values in ({"t": 100, "a": 60, "b": 40}, {"t": 63, "a": 60, "b": 3}):
        rows = table(counts(values), known)
        out = protect(rows, protection(known, "hospital"), ledger.read(tmp_path / "l"), definitions=known)
        ledger.append(tmp_path / "l", out.table, quarter="2022-23-Q1", run_id=str(values))
    assert set(out.table["status"]) == {"withheld"}
