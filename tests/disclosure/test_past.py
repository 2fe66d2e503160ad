"""Publish, revise, publish: two briefings together tell no more than either."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.disclosure.pairs import releases, world, written
from tests.disclosure.world import cells, counts, deduced, definitions, table
from threatlib.disclosure import ledger, protect, protection

KNOWN = definitions([{"id": "t", "parts": ["a", "b", "c", "d"]}, *({"id": i} for i in "abcd")])
PARTS = "abcd"


def publish(path, values, quarter, known=KNOWN):
    """One run: what is released, and the ledger after it."""
    rows = table(counts({"t": sum(values), **dict(zip(PARTS, values, strict=True))}), known)
    out = protect(rows, protection(known, "dfe"), ledger.read(path, until=quarter), definitions=known)
    ledger.append(path, out.table, quarter=quarter, run_id=quarter)
    return out


def attack_both(first, second, before, after):
    """Both releases at once. A figure that did not change is one unknown; one that did is two.

    That is more than an outsider knows: he has to guess which withheld figures were revised.
    """
    unknown, equations, names = {}, [], {}
    for number, (released, values) in enumerate(((first, before), (second, after))):
        shown = {k[0]: row for k, row in cells(released.table).items()}
        truth = dict(zip(("t", *PARTS), (sum(values), *values), strict=True))
        other = dict(zip(("t", *PARTS), (sum(before), *before), strict=True))
        terms, rest = {}, 0.0
        for name in ("t", *PARTS):
            sign = -1 if name == "t" else 1
            row = shown[name]
            same = number == 1 and truth[name] == other[name]
            earlier = cells(first.table)[name, "Town", "", "2022-23-Q1"]
            if same and earlier["status"] != "withheld":
                rest += sign * truth[name]
            elif row["status"] == "withheld":
                label = (name, 0 if same else number)
                small = (row["lower"], row["upper"]) == (1, 5)
                low, high = unknown.get(label, (0.0, np.inf))
                unknown[label] = (max(low, 1.0), 5.0) if small else (max(low, min(row["lower"], 1.0)), high)
                terms[label] = sign
                names[label] = truth[name]
            else:
                rest += sign * row["value"]
        equations.append((terms, -rest))
    return deduced(unknown, equations)


def test_what_was_withheld_stays_withheld(tmp_path):
    first = publish(tmp_path / "l", (30, 20, 9, 3), "2022-23-Q1")
    second = publish(tmp_path / "l", (30, 20, 9, 8), "2022-23-Q2")
    then = set(first.table.loc[first.table["status"] == "withheld", "indicator"])
    now = set(second.table.loc[second.table["status"] == "withheld", "indicator"])
    assert then <= now


def test_a_figure_that_was_shown_and_stands_cannot_protect_another(tmp_path):
    """d falls from 8 to 3. All other parts are known, so the new total must go."""
    publish(tmp_path / "l", (30, 20, 9, 8), "2022-23-Q1")
    second = publish(tmp_path / "l", (30, 20, 9, 3), "2022-23-Q2")
    assert set(second.table.loc[second.table["status"] == "withheld", "indicator"]) == {"d", "t"}


def test_an_old_total_and_a_new_one_do_not_leave_over_what_is_newly_withheld(tmp_path):
    """b and c come to 6 in the old total; b, c and the revised d to 9 in the new one, were it shown."""
    before, after = (30, 4, 2, 8), (30, 4, 2, 3)
    first = publish(tmp_path / "l", before, "2022-23-Q1")
    second = publish(tmp_path / "l", after, "2022-23-Q2")
    assert first.withheld == 2
    found = attack_both(first, second, before, after)
    assert all(high - low >= 4 for low, high in found.values()), found


def test_without_the_history_the_same_revision_is_deduced(tmp_path):
    """The attack works where the gate does not know what was published."""
    before, after = (30, 20, 9, 8), (30, 20, 9, 3)
    first = publish(tmp_path / "l", before, "2022-23-Q1")
    rows = table(counts({"t": sum(after), **dict(zip(PARTS, after, strict=True))}), KNOWN)
    forgetful = protect(rows, protection(KNOWN, "dfe"), definitions=KNOWN)
    assert attack_both(first, forgetful, before, after)["d", 1] == (3, 3)


def test_a_withheld_figure_that_is_revised_is_not_given_away_by_the_totals(tmp_path):
    before, after = (30, 20, 1, 2), (30, 20, 5, 2)
    first = publish(tmp_path / "l", before, "2022-23-Q1")
    second = publish(tmp_path / "l", after, "2022-23-Q2")
    found = attack_both(first, second, before, after)
    assert all(high - low >= 4 for low, high in found.values())


def test_publishing_the_same_twice_changes_nothing(tmp_path):
    first = publish(tmp_path / "l", (30, 20, 9, 3), "2022-23-Q1")
    second = publish(tmp_path / "l", (30, 20, 9, 3), "2022-23-Q1")
    assert first.table.equals(second.table)


def test_a_share_once_withheld_stays_withheld(tmp_path):
    known = definitions([{"id": "share", "unit": "percent"}])
    history = None
    for numerator, withheld in ((3, True), (20, True)):
        row = {"indicator": "share", "value": numerator / 2, "numerator": numerator, "denominator": 200}
        out = protect(table([row], known), protection(known, "dfe"), history, definitions=known)
        assert (out.table["status"] == "withheld").all() == withheld
        ledger.append(tmp_path / "l", out.table, quarter="2022-23-Q1", run_id=str(numerator))
        history = ledger.read(tmp_path / "l")


part = st.integers(0, 12)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(part, part, part, part),
    st.tuples(part, part, part, part),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_no_two_releases_together_give_a_cell_away(tmp_path_factory, first_values, drawn, revised):
    path = tmp_path_factory.mktemp("ledger") / "l"
    second_values = tuple(b if r else a for a, b, r in zip(first_values, drawn, revised, strict=True))
    first = publish(path, first_values, "2022-23-Q1")
    second = publish(path, second_values, "2022-23-Q2")
    if first.exposed or second.exposed:
        return
    found = attack_both(first, second, first_values, second_values)
    assert all(high - low >= 4 for low, high in found.values()), found


@pytest.mark.parametrize("rule", ["nhs", "hospital"])
def test_rounded_figures_count_as_known_when_they_round_alike(tmp_path, rule):
    known = definitions([{"id": "n"}])
    for value in (21, 22):
        rows = table(counts({"n": value}), known)
        out = protect(rows, protection(known, rule), ledger.read(tmp_path / "l"), definitions=known)
        ledger.append(tmp_path / "l", out.table, quarter="2022-23-Q1", run_id=str(value))
    assert set(ledger.read(tmp_path / "l")["release"]) == {1}


@pytest.mark.parametrize("seed", [57, 152])
def test_what_is_stated_after_a_revision_is_true(tmp_path, seed):
    """Worlds in which an earlier total is withheld later, so that an old sum and a new one meet."""
    made = world(seed)
    seen = releases(written(made, tmp_path), made, tmp_path / "l")
    for figures, table_ in zip(made.editions, seen, strict=True):
        hidden = table_[(table_["status"] == "withheld") & table_["lower"].notna()]
        truth = np.array(
            [figures[tuple(place)] for place in hidden[["indicator", "area", "breakdown", "period"]].to_numpy()]
        )
        assert len(truth)
        assert (hidden["lower"] <= truth).all()
        assert (truth <= hidden["upper"].fillna(np.inf)).all()
