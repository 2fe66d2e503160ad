"""The gate: what is withheld, what is stated of it, and what an attacker who shares no code can deduce."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.disclosure.world import attack, cells, counts, deduced, definitions, enumerated, table
from threatlib.disclosure import protect, protection
from threatlib.disclosure.cells import read
from threatlib.disclosure.relations import relations_of

CATEGORIES = definitions([{"id": "plans", "parts": ["a", "b", "c", "d"]}, *({"id": i} for i in "abcd")])


def released(rows, known=CATEGORIES, audience="dfe", history=None):
    return protect(table(rows, known), protection(known, audience), history, definitions=known)


def key(indicator, area="Town", breakdown="", period="2022-23-Q1"):
    return indicator, area, breakdown, period


def narrow(found, width=4):
    return {name: ends for name, ends in found.items() if ends[1] - ends[0] < width}


# Primary: a boundary table for every rule


@pytest.mark.parametrize(
    ("audience", "value", "shown"),
    [
        ("dfe", 0, 0), ("dfe", 1, None), ("dfe", 5, None), ("dfe", 6, 6), ("dfe", 7, 7),
        ("nhs", 0, None), ("nhs", 4, None), ("nhs", 5, 5), ("nhs", 7, 5), ("nhs", 8, 10),
        ("hospital", 0, 0), ("hospital", 1, None), ("hospital", 7, None), ("hospital", 8, 10), ("hospital", 12, 10),
        ("internal", 1, 1), ("internal", 0, 0),
    ],
)  # fmt: skip
def test_each_rule_withholds_exactly_its_range(audience, value, shown):
    known = definitions([{"id": "n"}])
    row = released(counts({"n": value}), known, audience).table.iloc[0]
    if shown is None:
        assert row["status"] == "withheld"
        assert np.isnan(row["value"])
        rule = known.partnership.rules[audience]
        assert (row["lower"], row["upper"]) == (rule.withhold_from, rule.withhold_to)
    else:
        assert row["status"] == "reported"
        assert row["value"] == shown


def test_a_count_that_is_not_of_people_is_shown():
    known = definitions([{"id": "n", "disclosive": False}])
    assert released(counts({"n": 2}), known).table["value"].tolist() == [2]


@pytest.mark.parametrize(
    ("numerator", "denominator", "withheld"),
    [(3, 50, True), (0, 50, False), (6, 50, False), (47, 50, True), (44, 50, False), (50, 50, False), (0, 4, True)],
)
def test_a_percentage_goes_with_its_numerator_its_remainder_and_its_denominator(numerator, denominator, withheld):
    known = definitions([{"id": "share", "unit": "percent"}])
    value = 100 * numerator / denominator
    for given_parts in ({"numerator": numerator, "denominator": denominator}, {"denominator": denominator}):
        row = released([{"indicator": "share", "value": value, **given_parts}], known).table.iloc[0]
        assert (row["status"] == "withheld") == withheld
        assert np.isnan(row["value"]) == withheld
        if withheld:
            assert np.isnan([row["numerator"], row["denominator"]]).all()


def test_a_rate_goes_with_its_count():
    known = definitions([{"id": "rate", "unit": "per_10k", "numerator": "n"}, {"id": "n"}])
    out = cells(released([*counts({"n": 3}), {"indicator": "rate", "value": 30.0, "denominator": 1000}], known).table)
    assert out[key("rate")]["status"] == "withheld"


def test_a_complement_that_is_small_is_protected():
    """47 of 50: three are left over, though no row says so."""
    known = definitions([{"id": "all"}, {"id": "some", "within": "all"}])
    out = cells(released(counts({"all": 50, "some": 47}), known).table)
    assert {out[key("all")]["status"], out[key("some")]["status"]} != {"reported"}


def test_a_stated_change_goes_with_the_count_it_begins_at():
    known = definitions([{"id": "n"}, {"id": "rise", "unit": "percent_change", "change_of": "n"}])
    rows = [
        {"indicator": "n", "value": 4, "period": "2020-21"}, {"indicator": "n", "value": 8, "period": "2021-22"},
        {"indicator": "rise", "value": 100.0, "period": "2021-22"},
    ]  # fmt: skip
    assert cells(released(rows, known).table)[key("rise", period="2021-22")]["status"] == "withheld"


# Secondary: hand-checkable


def test_one_small_part_of_a_shown_total_takes_another_part_with_it():
    out = released(counts({"plans": 62, "a": 30, "b": 20, "c": 9, "d": 3}))
    assert out.withheld == 2
    found = attack(out.table, [(key("plans"), [key(i) for i in "abcd"])])
    assert found[key("d")] == (1, 5)
    assert not narrow(found)


def test_a_pair_that_sums_to_two_is_broken_up():
    out = released(counts({"plans": 31, "a": 20, "b": 9, "c": 1, "d": 1}))
    assert not narrow(attack(out.table, [(key("plans"), [key(i) for i in "abcd"])]))


def test_a_pair_whose_sum_leaves_all_values_open_takes_nothing_with_it():
    assert released(counts({"plans": 35, "a": 20, "b": 9, "c": 2, "d": 4})).withheld == 2


def test_a_true_zero_is_shown_and_counts_as_known():
    out = released(counts({"plans": 20, "a": 17, "b": 3, "c": 0, "d": 0}))
    by_key = cells(out.table)
    assert by_key[key("c")]["value"] == 0
    assert not narrow(attack(out.table, [(key("plans"), [key(i) for i in "abcd"])]))


def test_two_partitions_of_one_total():
    known = definitions([
        {"id": "plans", "parts": ["a", "b", "c"], "partitions": [["x", "y", "z"]]}, *({"id": i} for i in "abcxyz"),
    ])  # fmt: skip
    out = released(counts({"plans": 40, "a": 30, "b": 7, "c": 3, "x": 25, "y": 13, "z": 2}), known).table
    sums = [(key("plans"), [key(i) for i in "abc"]), (key("plans"), [key(i) for i in "xyz"])]
    assert not narrow(attack(out, sums))


HACKNEY = (
    {"name": "Hackney"},
    {"name": "City"},
    {"name": "Both", "parts": ["Hackney", "City"]},
)


def test_hackney_and_city_is_combined():
    known = definitions([{"id": "n"}], HACKNEY)
    rows = [{"indicator": "n", "value": v, "area": a} for a, v in (("Hackney", 40), ("City", 3), ("Both", 43))]
    out = released(rows, known).table
    found = attack(out, [(key("n", "Both"), [key("n", "Hackney"), key("n", "City")])])
    assert found[key("n", "City")] == (1, 5)
    assert not narrow(found)


def test_an_area_that_no_row_prints_is_protected_too():
    """Both less Hackney is the City, whether a row says so or not."""
    known = definitions([{"id": "n"}], HACKNEY)
    for city, withheld in ((3, 1), (0, 0), (20, 0)):
        rows = [{"indicator": "n", "value": v, "area": a} for a, v in (("Hackney", 40), ("Both", 40 + city))]
        assert released(rows, known).withheld == withheld


def test_an_area_that_no_row_prints_stands_in_the_sum_of_its_parts_too():
    """City is in no row: 62 in all, of which a, 78 less 16 or nearly so, leaves b no room to be 4."""
    known = definitions(
        [
            {"id": "n", "parts": ["a", "b"]},
            {"id": "a"},
            {"id": "b"},
            {"id": "rate", "unit": "per_10k", "numerator": "n"},
        ],
        HACKNEY,
    )
    rows = []
    for area, n, a, people in (("Hackney", 70, 16, 9140), ("Both", 132, 78, 9550)):
        rows += counts({"n": n, "a": a, "b": n - a}, area=area)
        rate = {"indicator": "rate", "area": area, "value": 1e4 * n / people}
        rows.append({**rate, "numerator": n, "denominator": people})
    out = protect(table(rows, known), protection(known, "nhs"), definitions=known)
    assert out.withheld


def test_a_part_that_no_row_prints_is_protected_too():
    assert released(counts({"plans": 43, "a": 30, "b": 10, "d": 0})).withheld == 1
    assert released(counts({"plans": 53, "a": 30, "b": 10, "d": 0})).withheld == 0


@pytest.mark.parametrize(("later", "withheld"), [(33, 1), (30, 0), (39, 0)])
def test_one_year_to_date_less_another_is_protected_though_no_row_prints_it(later, withheld):
    known = definitions([{"id": "n", "frequency": "monthly"}])
    periods = {"2022-04/2022-08": 30, "2022-04/2022-09": later, "2022-04/2022-10": 60}
    rows = [{"indicator": "n", "value": v, "period": p} for p, v in periods.items()]
    assert released(rows, known).withheld == withheld


def test_months_quarters_and_years_together():
    known = definitions([{"id": "n", "frequency": "monthly"}])
    months = {"2022-04": 10, "2022-05": 12, "2022-06": 2, "2022-07": 9, "2022-08": 8, "2022-09": 11}
    quarters = {"2022-23-Q1": 24, "2022-23-Q2": 28}
    half = {"2022-04/2022-09": 52}
    rows = [{"indicator": "n", "value": v, "period": p} for p, v in {**months, **quarters, **half}.items()]
    out = released(rows, known).table
    name = {p: key("n", period=p) for p in (*months, *quarters)}
    whole = next(k for k in cells(out) if "/" in k[3] or "H1" in k[3])
    sums = [
        (name["2022-23-Q1"], [name[m] for m in list(months)[:3]]),
        (name["2022-23-Q2"], [name[m] for m in list(months)[3:]]),
        (whole, [name["2022-23-Q1"], name["2022-23-Q2"]]),
    ]
    assert not narrow(attack(out, sums))


def test_one_year_to_date_less_the_one_before():
    known = definitions([{"id": "n", "frequency": "irregular"}])
    rows = [{"indicator": "n", "value": v, "period": p} for p, v in (("2022-04/2022-08", 30), ("2022-04/2022-10", 33))]
    rows.append({"indicator": "n", "value": 3, "period": "2022-09/2022-10"})
    out = cells(released(rows, known).table)
    assert sum(row["status"] == "withheld" for row in out.values()) >= 2


def test_breakdowns_add_up():
    known = definitions([{"id": "n"}])
    parts = {"sex=F": 14, "sex=M": 8, "sex=X": 2}
    rows = [
        {"indicator": "n", "value": 24},
        *({"indicator": "n", "value": v, "breakdown": b} for b, v in parts.items()),
    ]
    found = attack(released(rows, known).table, [(key("n"), [key("n", breakdown=b) for b in parts])])
    assert not narrow(found)


def test_a_table_of_areas_by_categories():
    known = definitions([{"id": "t", "parts": ["a", "b", "c"]}, *({"id": i} for i in "abc")], HACKNEY)
    values = {"Hackney": (20, 8, 9), "City": (12, 2, 7)}
    values["Both"] = tuple(np.add(*values.values()))
    rows = [
        row for area, (a, b, c) in values.items() for row in counts({"t": a + b + c, "a": a, "b": b, "c": c}, area=area)
    ]
    sums = [(key("t", area), [key(i, area) for i in "abc"]) for area in values]
    sums += [(key(i, "Both"), [key(i, "Hackney"), key(i, "City")]) for i in "tabc"]
    found = attack(released(rows, known).table, sums)
    assert found[key("b", "City")] == (1, 5)
    assert not narrow(found)


def test_the_numerator_of_a_shown_percentage_is_part_of_the_sums():
    """Three quarters' percentages and the year's give away the fourth's numerator."""
    known = definitions([{"id": "share", "unit": "percent"}])
    tops, total = (20, 30, 40, 3), 100
    rows = [
        {"indicator": "share", "value": top, "numerator": top, "denominator": total, "period": f"2021-22-Q{q}"}
        for q, top in enumerate(tops, start=1)
    ]
    rows.append({"indicator": "share", "value": 23.25, "numerator": 93, "denominator": 400, "period": "2021-22"})
    out = released(rows, known)
    assert out.withheld >= 2


def test_the_attackers_program_agrees_with_trying_everything():
    unknown = {"p": (1, 5), "q": (1, 5), "s": (1, 12)}
    equations = [({"p": 1, "q": 1}, 8), ({"q": 1, "s": -1}, -4)]
    assert deduced(unknown, equations) == enumerated(unknown, equations)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=4, max_size=4),
    st.lists(st.integers(0, 30), min_size=4, max_size=4),
)
def test_no_table_of_two_areas_by_four_categories_gives_a_cell_away(first, second):
    known = definitions([{"id": "plans", "parts": list("abcd")}, *({"id": i} for i in "abcd")], HACKNEY)
    by_area = {"Hackney": first, "City": second, "Both": list(np.add(first, second))}
    rows = [
        row
        for area, values in by_area.items()
        for row in counts({"plans": sum(values), **dict(zip("abcd", values, strict=True))}, area=area)
    ]
    out = released(rows, known)
    sums = [(key("plans", area), [key(i, area) for i in "abcd"]) for area in by_area]
    sums += [(key(i, "Both"), [key(i, "Hackney"), key(i, "City")]) for i in ("plans", *"abcd")]
    assert out.exposed == ()
    assert not narrow(attack(out.table, sums))
    truth = {(r["indicator"], r["area"]): r["value"] for r in rows}
    for name, row in cells(out.table).items():
        if row["status"] == "withheld":
            high = np.inf if np.isnan(row["upper"]) else row["upper"]
            assert row["lower"] <= truth[name[:2]] <= high


# What else a row carries


def test_free_text_and_directions_beside_a_withheld_figure_are_not_released():
    known = definitions([{"id": "n"}])
    rows = [
        {"indicator": "n", "value": 3, "note": "three siblings", "said": "down"},
        {"indicator": "n", "value": 9, "note": "", "said": "up", "period": "2022-23-Q2"},
    ]
    out = released(rows, known).table
    assert out["note"].eq("").all()
    assert out["said"].eq("").all()


def test_the_order_of_a_file_does_not_reach_the_release():
    rows = counts({"plans": 62, "a": 30, "b": 20, "c": 9, "d": 3})
    there = released(rows).table.drop(columns=["row", "obs"])
    back = released(rows[::-1]).table.drop(columns=["row", "obs"])
    pd.testing.assert_frame_equal(there, back)


def test_a_withheld_row_does_not_tell_its_place_in_the_file():
    """In a file sorted by size, row 5 lies between rows 4 and 6."""
    rows = counts({"plans": 62, "a": 30, "b": 20, "c": 9, "d": 3})
    out = released([{**row, "locator": f"cell B{n}"} for n, row in enumerate(rows)]).table
    hidden = out[out["status"] == "withheld"]
    assert hidden["row"].tolist() == [0, 0]
    assert hidden["locator"].tolist() == ["", ""]
    assert hidden["obs"].tolist() == ["return.csv:c1", "return.csv:c2"]
    shown = out[out["status"] == "reported"]
    assert (shown["obs"] == "return.csv:" + shown["row"].astype(str)).all()


def test_a_sum_names_its_withheld_parts_by_their_turn_too():
    known = definitions([{"id": "n", "frequency": "monthly"}])
    months = {"2022-04": 10, "2022-05": 12, "2022-06": 2}
    rows = [{"indicator": "n", "value": v, "period": p} for p, v in months.items()]
    rows.append(
        {"indicator": "n", "value": 24, "period": "2022-23-Q1", "obs": "return.csv:2 return.csv:3 return.csv:4"}
    )
    out = cells(released(rows, known).table)
    parts = [out[key("n", period=p)]["obs"] for p in months]
    assert any(":c" in part for part in parts)
    whole = out[key("n", period="2022-23-Q1")]
    assert whole["obs"] == " ".join(parts) or whole["status"] == "withheld"


def test_the_choice_does_not_look_at_how_large_a_cell_is():
    """Withholding the smallest of the others would tell that it is smaller than those shown."""

    def pattern(values):
        out = released(counts({"plans": sum(values) + 3, **dict(zip("abc", values, strict=True)), "d": 3})).table
        return set(out.loc[out["status"] == "withheld", "indicator"])

    assert pattern((30, 20, 9)) == pattern((9, 20, 30)) == pattern((20, 9, 30))


def test_a_count_that_its_own_source_hides_is_not_given_away_either():
    rows = [*counts({"plans": 53, "a": 30, "b": 19, "d": 0}), {"indicator": "c", "value": None}]
    out = released(rows).table
    by_key = cells(out)
    assert by_key[key("c")]["status"] == "suppressed_by_source"
    hidden = {k[0]: (1.0, 5.0) if k[0] == "c" else (1.0, np.inf) for k, r in by_key.items() if np.isnan(r["value"])}
    assert len(hidden) > 1
    rest = -sum((-1 if k[0] == "plans" else 1) * r["value"] for k, r in by_key.items() if k[0] not in hidden)
    found = deduced(hidden, [({name: -1 if name == "plans" else 1 for name in hidden}, rest)])
    assert found["c"] == (1, 5)
    assert not narrow(found)


def test_what_a_source_hides_is_taken_to_be_what_the_sums_leave_for_it():
    """53 = 30 + 19 + 0 + 4: a proof that began at the middle of 1 to 5 would be of another table."""
    rows = [*counts({"plans": 53, "a": 30, "b": 19, "d": 0}), {"indicator": "c", "value": None}]
    frame, rule = table(rows, CATEGORIES), CATEGORIES.partnership.rules["dfe"]
    reading = read(frame, rule, CATEGORIES)
    relations_of(frame, reading.own, reading.cells, rule, CATEGORIES)
    assert reading.cells.value[reading.cells.by_place[key("c")]] == 4


def test_what_two_sources_hide_is_judged_by_what_the_sums_leave_for_it():
    """Months of two groups, one hidden by its source: the guess at it must fit the month's total."""
    known = definitions([{"id": "n", "frequency": "monthly"}])
    months = {"2016-10": (17, 13), "2016-11": (15, 14), "2016-12": (9, 9)}
    rows: list = []
    for month, (total, older) in months.items():
        rows.append({"indicator": "n", "value": total, "period": month})
        rows.append({"indicator": "n", "value": older, "period": month, "breakdown": "age=older"})
        young = None if total > older else 0
        rows.append({"indicator": "n", "value": young, "period": month, "breakdown": "age=young"})
    rows.append({"indicator": "n", "value": 36, "period": "2016-17-Q3", "breakdown": "age=older"})
    out = cells(released(rows, known).table)
    unknown = {
        k: (1.0, 5.0) if (r["lower"], r["upper"]) == (1, 5) else (1.0, np.inf)
        for k, r in out.items()
        if np.isnan(r["value"])
    }
    equations = []
    for month in months:
        terms = {key("n", breakdown=b, period=month): s for b, s in (("", -1), ("age=older", 1), ("age=young", 1))}
        rest = -sum(s * out[k]["value"] for k, s in terms.items() if k not in unknown)
        equations.append(({k: s for k, s in terms.items() if k in unknown}, rest))
    terms = {key("n", breakdown="age=older", period=m): 1 for m in months}
    terms[key("n", breakdown="age=older", period="2016-17-Q3")] = -1
    rest = -sum(s * out[k]["value"] for k, s in terms.items() if k not in unknown)
    equations.append(({k: s for k, s in terms.items() if k in unknown}, rest))
    assert not narrow(deduced(unknown, equations))


@pytest.mark.parametrize("audience", ["nhs", "hospital"])
def test_rounded_tables_give_no_cell_away_either(audience):
    rule = CATEGORIES.partnership.rules[audience]
    chance = np.random.default_rng(5)
    hidden = 0
    for values in chance.poisson((14, 9, 6, 3), (15, 4)):
        rows = counts({"plans": float(values.sum()), **dict(zip("abcd", values.astype(float), strict=True))})
        out = {k[0]: r for k, r in cells(released(rows, audience=audience).table).items()}
        known = {}
        for name, r in out.items():
            if r["status"] != "withheld":
                least = max(r["value"] - 2, rule.withhold_to + 1) if r["value"] else 0
                known[name] = (least, r["value"] + 2 if r["value"] else 0)
            elif (r["lower"], r["upper"]) == (rule.withhold_from, rule.withhold_to):
                known[name] = (rule.withhold_from, rule.withhold_to)
            else:
                known[name] = (rule.withhold_from, np.inf)
        found = deduced(known, [({"plans": -1, **dict.fromkeys("abcd", 1)}, 0.0)])
        withheld = {name: found[name] for name, r in out.items() if r["status"] == "withheld"}
        assert not narrow(withheld, rule.withhold_to - rule.withhold_from), (values, withheld)
        hidden += len(withheld)
    assert hidden > 15


def test_a_rounded_percentage_is_rounded_in_every_column():
    """7 of 24 are 29.17%: the ends of its interval must not say so."""
    known = definitions([{"id": "n"}, {"id": "share", "unit": "percent", "denominator": "n"}])
    rows = [*counts({"n": 24}), {"indicator": "share", "value": 100 * 7 / 24, "numerator": 7, "denominator": 24}]
    row = cells(released(rows, known, "nhs").table)[key("share")]
    assert (row["value"], row["lower"], row["upper"]) == (29, 28.5, 29.5)
    assert (row["numerator"], row["denominator"]) == (5, 25)


def test_a_rounded_percentage_tells_the_count_that_it_is_of():
    """Of about 20, 25%: only 5 of 20. The third month is then 20 less two rounded ones, and cannot be zero."""
    known = definitions([{"id": "n", "frequency": "monthly"}, {"id": "share", "unit": "percent", "denominator": "n"}])
    months = dict(zip(("2020-04", "2020-05", "2020-06"), (4, 10, 6), strict=True))
    rows = [{"indicator": "n", "value": v, "period": p} for p, v in (*months.items(), ("2020-21-Q1", 20))]
    share = {"indicator": "share", "value": 25.0, "numerator": 5, "denominator": 20, "period": "2020-21-Q1"}
    alone, beside = (cells(released(these, known, "nhs").table) for these in (rows, [*rows, share]))
    april = key("n", period="2020-04")
    assert (alone[april]["lower"], alone[april]["upper"]) == (0, 4)
    assert beside[april]["upper"] > 4, "0 to 4 is said of it, but it cannot be 0"


@pytest.mark.parametrize(
    ("rule", "written", "marking"),
    [
        ("none", "For analysts.", "INTERNAL: nothing is withheld. For analysts."),
        ("none", "", "INTERNAL: nothing is withheld."),
        ("none", "Internal - nothing withheld.", "Internal - nothing withheld."),
        ("dfe", "For partners.", "For partners."),
    ],
)
def test_an_audience_from_which_nothing_is_withheld_is_told_so_whatever_was_written(rule, written, marking):
    known = definitions([{"id": "n"}])
    audience = known.partnership.audiences["internal"].model_copy(update={"rule": rule, "marking": written})
    partnership = known.partnership.model_copy(update={"audiences": {"analysts": audience}})
    assert protection(known.model_copy(update={"partnership": partnership}), "analysts").marking == marking
