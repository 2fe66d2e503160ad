"""The real partnership's folder: nothing of its report is lost, and every oddity of it is declared."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from threatlib.catalogue import Annotation, Definitions, files
from threatlib.periods import parse

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "city-hackney"
PUBLISHED = FOLDER / "published" / "annual_report_2021_22.csv"
REFERENCE = ROOT.parent / "shared" / "data" / "published_figures.csv"
COMPLETE_THEMES = ("workforce", "demand", "csa", "mental_health")

Row = dict[str, str]


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return files.load(FOLDER)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with PUBLISHED.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def conflicts(definitions: Definitions) -> dict[int, Annotation]:
    found = [a for a in definitions.annotations.annotations if a.kind == "conflict"]
    return {int(a.id.removeprefix("conflict-")): a for a in found}


# ---------------------------------------------------------------- the figures


def test_the_published_file_is_the_reference_one() -> None:
    if not REFERENCE.is_file():
        pytest.skip("the shared reference material is not present")
    assert PUBLISHED.read_bytes() == REFERENCE.read_bytes()


def test_every_data_file_is_registered_with_its_checksum() -> None:
    with (FOLDER / "register.csv").open(encoding="utf-8", newline="") as handle:
        register = {entry["file"]: entry for entry in csv.DictReader(handle)}
    places = ("published", "official", "returns", "reference")
    there = {p.relative_to(FOLDER).as_posix() for place in places for p in (FOLDER / place).rglob("*") if p.is_file()}
    assert set(register) == there
    for name, entry in register.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["received_on"] == "2023-01-04"


def test_all_rows_and_indicators_of_the_report_are_there(rows: list[Row]) -> None:
    assert len(rows) == 603
    assert len({row["indicator_id"] for row in rows}) == 418


def test_every_period_parses_or_has_bounds(rows: list[Row], definitions: Definitions) -> None:
    undated = definitions.partnership.undated_periods
    for row in rows:
        if row["period"] not in undated:
            parse(row["period"], kind=row["period_type"] if row["period_type"] in ("month", "snapshot") else None)  # type: ignore[arg-type]


def test_bounds_are_given_only_where_no_date_is_printed(rows: list[Row], definitions: Definitions) -> None:
    printed = {row["period"] for row in rows}
    for label, (earliest, latest) in definitions.partnership.undated_periods.items():
        assert label in printed
        assert earliest < latest
        with pytest.raises(ValueError, match="wanted a period"):
            parse(label)


def test_every_agency_is_known_and_works_where_its_figures_are(rows: list[Row], definitions: Definitions) -> None:
    for row in rows:
        agency = definitions.partnership.agency_named(row["agency"])
        assert agency is not None, row["agency"]
        assert row["area"] in agency.footprint, (row["agency"], row["area"])


def test_spellings_lead_to_one_agency(definitions: Definitions) -> None:
    spellings = [n.casefold() for a in definitions.partnership.agencies for n in (a.name, *a.aliases)]
    assert [name for name, times in Counter(spellings).items() if times > 1] == []
    named = definitions.partnership.agency_named
    for same in (
        ["HHFT", "HUHFT", "HUH", "Homerton"],
        ["NHS NEL", "City & Hackney CCG", "NEL ICB"],
        ["HCFS", "CSC CAMHS"],
    ):
        assert len({agency.name for agency in map(named, same) if agency}) == 1


def test_comparators_are_never_local(rows: list[Row], definitions: Definitions) -> None:
    role = {area.name: area.role for area in definitions.partnership.areas}
    # some figures that only describe the wider world are printed for local areas, never the other way round
    assert {row["area"] for row in rows if row["comparator_role"] == "local" and role[row["area"]] != "local"} <= {"UK"}
    assert {row["area"] for row in rows if row["comparator_role"] == "comparator"} <= {
        name for name in role if role[name] == "comparator"
    }


# ---------------------------------------------------------------- the catalogue


def test_every_indicator_is_defined_or_left_out_with_a_reason(rows: list[Row], definitions: Definitions) -> None:
    catalogue = definitions.catalogue
    wanted = {row["indicator_id"] for row in rows}
    assert wanted <= set(catalogue.by_id) | set(catalogue.left_out_reasons)
    assert set(catalogue.left_out_reasons) <= wanted
    assert all(len(reason) > 40 for reason in catalogue.left_out_reasons.values())
    ids = [i for group in catalogue.left_out for i in group.ids]
    assert len(ids) == len(set(ids))


def test_themes_and_assessment_are_complete(rows: list[Row], definitions: Definitions) -> None:
    needed = {
        row["indicator_id"]
        for row in rows
        if row["theme"] in COMPLETE_THEMES or row["source_section"].startswith("STA ")
    }
    assert needed - set(definitions.catalogue.by_id) == set()


def test_units_are_those_of_the_report(rows: list[Row], definitions: Definitions) -> None:
    for row in rows:
        if row["indicator_id"] in definitions.catalogue.by_id:
            assert definitions.catalogue.by_id[row["indicator_id"]].unit == row["unit"]


def test_agencies_and_comparators_of_indicators_exist(rows: list[Row], definitions: Definitions) -> None:
    printed = {(row["indicator_id"], row["area"]) for row in rows}
    senders = defaultdict(set)
    for row in rows:
        senders[row["indicator_id"]].add(definitions.partnership.agency_named(row["agency"]))
    for item in definitions.catalogue.indicators:
        for name in (item.agency, *item.also_from):
            assert definitions.partnership.agency_named(name) is not None, (item.id, name)
        assert all((item.id, area) in printed for area in item.comparators), item.id
        if item.id in senders and item.id != "chscp_attendance_executive" and item.id != "chscp_income_contribution":
            assert definitions.partnership.agency_named(item.agency) in senders[item.id], item.id


def test_shares_are_of_counts_and_rates_have_no_population(definitions: Definitions) -> None:
    by_id = definitions.catalogue.by_id
    for item in definitions.catalogue.indicators:
        for base in (item.numerator, item.denominator):
            assert base is None or by_id[base].unit == "count", item.id
        if item.unit in ("per_10k", "per_1000"):
            assert item.numerator is not None, item.id
            assert item.denominator is None, item.id  # conflicts 17 and 33: the population is not printed
            assert "population" in item.caveat, item.id
        assert {by_id[part].unit for part in item.parts} <= {item.unit}, item.id
        if item.change_of:
            assert item.polarity == by_id[item.change_of].polarity, item.id


def test_counts_of_work_have_no_polarity_and_people_are_disclosive(definitions: Definitions) -> None:
    by_id = definitions.catalogue.by_id
    for name in ("csc_referrals", "csc_s47", "csc_cp_plans", "csa_assessments", "police_sexual_offences"):
        assert by_id[name].polarity == "neither"
    assert by_id["csc_assessments_45d"].polarity == "lower_is_worse"
    assert by_id["social_workers_agency_share"].polarity == "higher_is_worse"
    assert all(i.polarity == "neither" for i in by_id.values() if i.id.startswith("csa_"))
    about_children = ("csc_", "care_", "lado_", "camhs_referrals_csc", "missing_", "marac_cases", "redthread_")
    assert all(i.disclosive for i in by_id.values() if i.id.startswith(about_children))


# ---------------------------------------------------------------- the tree and the requirements


def test_the_tree_is_the_drafts(definitions: Definitions) -> None:
    workforce, emerging, interoperability = definitions.threats.threats
    ids = {s.id for t in definitions.threats.threats for s in t.subtopics}
    agencies = ("local-authority", "police", "health", "camhs", "gps", "schools", "probation")
    assert {f"recruitment-{name}" for name in agencies} | {"workforce-wellbeing"} <= {s.id for s in workforce.subtopics}
    assert {s.id for s in emerging.subtopics} == {
        "cost-of-living", "child-sexual-abuse", "social-media-technology", "mental-health",
        "allegations-against-staff", "unregistered-settings", "vawg",
    }  # fmt: skip
    assert [s.id for s in interoperability.subtopics] == ["hybrid-working"]
    assert {link for t in definitions.threats.threats for s in t.subtopics for link in s.links} <= ids


def test_every_indicator_of_a_theme_stands_once_in_the_tree_on_its_page(definitions: Definitions) -> None:
    theme = {i.id: i.theme for i in definitions.catalogue.indicators}
    placed = [
        (i, sub.page)
        for threat in definitions.threats.threats
        for sub in threat.subtopics
        for item in sub.items
        for i in item.indicators
    ]
    assert [i for i, times in Counter(i for i, _ in placed).items() if times > 1] == []
    assert [(i, page) for i, page in placed if theme[i] != page] == []
    assert {i for i, name in theme.items() if name in COMPLETE_THEMES} <= {i for i, _ in placed}


def test_items_in_words_have_a_source_and_every_standing_is_used(definitions: Definitions) -> None:
    items = [i for t in definitions.threats.threats for s in t.subtopics for i in s.items]
    assert {item.standing for item in items} == {"measured", "reported", "published", "hypothesis"}
    assert all(item.source for item in items)
    assert all(item.dated and item.narrative for item in items if item.standing == "hypothesis")
    assert all(item.indicators for item in items if item.standing == "measured")
    in_words = [s for t in definitions.threats.threats for s in t.subtopics if not any(i.indicators for i in s.items)]
    assert {s.id for s in in_words} >= {"recruitment-camhs", "demand-family-courts", "social-media-technology"}


def test_twelve_requirements_of_five_kinds(definitions: Definitions) -> None:
    requirements = definitions.requirements
    assert len({r.ref for r in requirements}) == len(requirements) == 12
    assert {r.kind for r in requirements} == {"analysis", "collection", "information", "continuing action", "decision"}
    assert [r.depends_on for r in requirements if r.depends_on] == ["IR-01"]
    assert not any(r.owner or r.due or r.answer for r in requirements)
    assert {r.status for r in requirements} == {"open"}


# ---------------------------------------------------------------- the oddities


def _found(rows: list[Row], ref: str) -> list[Row]:
    indicator, _, place = ref.partition("@")
    offset, _, period = place.partition(":")
    return [
        row
        for row in rows
        if (row["indicator_id"], row["source_offset"]) == (indicator, offset) and period in ("", row["period"])
    ]


def test_all_conflicts_are_there_and_each_figure_is_one_row(conflicts: dict[int, Annotation], rows: list[Row]) -> None:
    assert sorted(conflicts) == list(range(1, 53))
    refs = [figure.row for entry in conflicts.values() for figure in entry.figures.values() if figure.row]
    assert {ref: len(_found(rows, ref)) for ref in refs} == dict.fromkeys(refs, 1)


def test_indicators_of_conflicts_are_defined(conflicts: dict[int, Annotation], definitions: Definitions) -> None:
    refs = {figure.row for entry in conflicts.values() for figure in entry.figures.values() if figure.row}
    assert {ref.split("@")[0] for ref in refs} <= set(definitions.catalogue.by_id)


def test_figures_that_differ_have_one_that_is_used(
    conflicts: dict[int, Annotation], rows: list[Row], definitions: Definitions
) -> None:
    named = definitions.partnership.agency_named
    groups = defaultdict(list)
    for row in rows:
        agency = named(row["agency"])
        assert agency is not None
        groups[row["indicator_id"], agency.name, row["area"], row["period"]].append(row)
    used, disputed = (
        {c.figures[name].row for c in conflicts.values() for name in getattr(c, role)} for role in ("used", "disputed")
    )
    differing = [group for group in groups.values() if len({row["value"] for row in group}) > 1]
    assert len(differing) == 9
    for group in differing:
        refs = {f"{row['indicator_id']}@{row['source_offset']}" for row in group}
        values = {row["value"] for row in group if f"{row['indicator_id']}@{row['source_offset']}" in used}
        assert len(values) == 1, refs
        assert len(refs & disputed) >= 2, refs


def test_gaps_and_breaks_are_declared(definitions: Definitions) -> None:
    kinds = {a.id: a.kind for a in definitions.annotations.annotations if a.kind != "conflict"}
    assert kinds == {
        "cyberattack-gap": "gap",
        "cyberattack-returns": "fault",
        "case-system-return": "break",
        "contact-definition": "definition",
        "front-door-redesign": "break",
        "pandemic": "shock",
    }
    for entry in definitions.annotations.annotations:
        assert entry.reason
        assert entry.said_by
        if entry.kind != "conflict":
            assert entry.expect is not None
            assert parse(entry.start or "").start <= parse(entry.end or "").end
        else:
            assert entry.why


def test_nothing_of_hackneys_front_door_is_printed_for_the_lost_year(rows: list[Row], definitions: Definitions) -> None:
    gap = next(a for a in definitions.annotations.annotations if a.id == "cyberattack-gap")
    inside = [
        row
        for row in rows
        if row["indicator_id"] in gap.indicators and row["area"] == "Hackney" and row["period"] == "2020-21"
    ]
    assert inside == []


# What figure_conflicts.md works out by hand, at the precision it is given with. Keys: conflict, check's place.
WORKED_OUT = {
    (1, 1): 55, (1, 2): 8, (2, 1): 71.2, (5, 0): -45, (5, 1): -40, (6, 0): -26.8, (8, 1): 7.6, (8, 2): 7.6,
    (9, 0): 14.6, (10, 1): 28.9, (10, 2): 27.9, (11, 0): 3696, (12, 1): -1.3, (12, 2): -4.9, (12, 3): 32.4,
    (12, 4): 33.6, (14, 0): 448, (14, 1): -53, (14, 2): -11, (14, 3): -14.4, (16, 1): 2785, (16, 2): 21.4,
    (16, 3): 22.5, (17, 0): 63818, (17, 5): 593, (17, 6): 148, (17, 7): 38, (17, 8): 73, (18, 0): 577, (18, 1): 558,
    (19, 0): 78.7, (19, 1): 251, (20, 0): 33, (20, 1): 14, (25, 0): 16.6, (25, 1): 603, (26, 0): 43, (26, 1): 347,
    (27, 0): 492, (27, 1): 202, (28, 0): 393, (28, 1): 5.6, (29, 0): 104, (30, 0): 37, (30, 1): 37, (30, 2): 55,
    (31, 0): 408, (31, 1): 922, (33, 0): 275591, (33, 1): 135, (33, 2): 280391, (33, 3): 13.8, (33, 4): 287619,
    (33, 5): 2.3, (35, 0): 2, (36, 0): 51685393, (36, 1): 51612903, (36, 2): 14e6, (36, 3): 44, (36, 4): 27,
    (37, 0): 6075, (37, 1): 6955, (39, 1): 47, (39, 2): 1031, (40, 0): 1451, (40, 1): 28.9, (41, 0): 387112,
    (41, 3): 347112, (41, 4): 2172, (41, 5): 42172, (42, 0): 16836, (42, 1): 1940, (42, 2): 16.6, (43, 0): 32110,
    (43, 1): 29211, (44, 0): 34210, (48, 0): 16,
}  # fmt: skip

ARITHMETIC = {
    "change": lambda v, per: (v[1] - v[0]) / v[0] * per,
    "share": lambda v, per: v[0] / v[1] * per,
    "rate": lambda v, per: v[0] / v[1] * per,
    "implied_base": lambda v, per: v[0] / v[1] * per,
    "sum": lambda v, per: math.fsum(v[:-1]),
    "difference": lambda v, per: v[0] - v[1],
    "quotient": lambda v, per: v[0] / v[1],
    "product": lambda v, per: math.prod(v) / per,
    "same": lambda v, per: v[0] - v[1],
    "before": lambda v, per: v[0] / (1 + v[1] / per),
    "after": lambda v, per: v[0] * (1 + v[1] / per),
    "rise": lambda v, per: v[0] / (v[1] - v[0]) * per,
}


def _results(entry: Annotation, rows: list[Row]) -> list[float]:
    values = {
        name: float(_found(rows, figure.row)[0]["value"]) if figure.row else float(figure.value or 0)
        for name, figure in entry.figures.items()
    }
    return [ARITHMETIC[check.kind]([values[name] for name in check.of], check.per) for check in entry.checks]


@pytest.mark.parametrize(("number", "place"), WORKED_OUT)
def test_checks_give_what_was_worked_out_by_hand(
    number: int, place: int, conflicts: dict[int, Annotation], rows: list[Row]
) -> None:
    wanted = WORKED_OUT[number, place]
    tolerance = 0.0501 if isinstance(wanted, float) and wanted % 1 else 0.501
    assert _results(conflicts[number], rows)[place] == pytest.approx(wanted, abs=tolerance)


@pytest.mark.parametrize("number", [5, 6, 19])
def test_the_three_wrong_bases_divide_by_the_new_value(
    number: int, conflicts: dict[int, Annotation], rows: list[Row]
) -> None:
    entry = conflicts[number]
    check = entry.checks[0]
    assert check.kind == "change"
    assert check.printed == "printed"
    old, new, printed = (float(_found(rows, entry.figures[n].row or "")[0]["value"]) for n in (*check.of, "printed"))
    assert abs(abs(new - old) / old * 100 - printed) > 5
    assert abs(abs(new - old) / new * 100 - printed) < 1
    assert "printed" in entry.disputed
    assert "printed" not in entry.used


def test_conflicts_without_arithmetic_are_those_of_words_or_years(conflicts: dict[int, Annotation]) -> None:
    without = {number for number, entry in conflicts.items() if not entry.checks}
    assert without == {21, 22, 23, 24, 32, 38, 46, 47, 49, 50, 51, 52}


# ---------------------------------------------------------------- words

_YEARS = re.compile(r"\b(?:19|20)\d\d(?:[-/]\d\d)?\b")
_DAYS = re.compile(rf"\b\d\d? (?:January|March|August)\b(?= {_YEARS.pattern})")


def _texts(definitions: Definitions) -> Iterator[tuple[str, str]]:
    for entry in definitions.annotations.annotations:
        yield from ((entry.id, text) for text in (entry.title, entry.reason, entry.why))
        yield from ((entry.id, figure.label) for figure in entry.figures.values())
        yield from ((entry.id, check.says) for check in entry.checks)
    for threat in definitions.threats.threats:
        yield threat.id, f"{threat.name} {threat.priority}"
        for sub in threat.subtopics:
            yield sub.id, sub.name
            yield from ((item.id, text) for item in sub.items for text in (item.name, item.narrative))
    yield from ((r.ref, r.question) for r in definitions.requirements)


def test_words_hold_no_figures(definitions: Definitions) -> None:
    texts = list(_texts(definitions))
    assert len(texts) > 500
    left = {(name, text) for name, text in texts if re.search(r"\d", _YEARS.sub("", _DAYS.sub("", text)))}
    assert left == set()
