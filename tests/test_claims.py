"""The report's own claims worked out again: what agrees, what does not, and on which base it would."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from tests import small
from tests.returns.small import partnership
from threatlib import pipeline
from threatlib.catalogue import Annotation, Check, Claim, load
from threatlib.claims import (
    ARITHMETIC,
    CHECK_COLUMNS,
    COLUMNS,
    FIGURE_COLUMNS,
    conflicts,
    findings,
    rows_of,
    typed,
    worked_out,
)
from threatlib.claims import released as released_claims
from threatlib.disclosure import Release, protect, protection
from threatlib.errors import DataError
from threatlib.observations import printed_figures

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def dataset() -> pipeline.Dataset:
    return pipeline.load(ROOT / "data" / "city-hackney")


def released(dataset: pipeline.Dataset, audience: str) -> Release:
    return protect(dataset.table, protection(dataset.definitions, audience), definitions=dataset.definitions)


@pytest.fixture(scope="module")
def checks(dataset: pipeline.Dataset) -> pd.DataFrame:
    return conflicts(released(dataset, "internal"), dataset.definitions.annotations.annotations)[1]


# ---------------------------------------------------------------- the real report


@pytest.mark.parametrize(
    ("conflict", "result", "printed", "other_base"),
    [
        ("conflict-05", -100 * 9 / 20, 81, -100 * 9 / 11),
        ("conflict-06", -100 * 11 / 41, 36, -100 * 11 / 30),
        ("conflict-19", 100 * 137 / 174, 44, 100 * 137 / 311),
    ],
)
def test_the_three_changes_that_were_divided_by_the_new_number(
    checks: pd.DataFrame, conflict: str, result: float, printed: float, other_base: float
) -> None:
    rows = checks[(checks["conflict"] == conflict) & (checks["check"] == "change") & checks["other_base"].notna()]
    assert len(rows) == 1
    row = rows.iloc[0]
    assert (row["verdict"], row["printed"]) == ("disagrees", printed)
    assert row["result"] == pytest.approx(result)
    assert row["other_base"] == pytest.approx(other_base)


def test_no_other_change_of_the_report_fits_the_new_number(checks: pd.DataFrame) -> None:
    assert set(checks.loc[checks["other_base"].notna(), "conflict"]) == {"conflict-05", "conflict-06", "conflict-19"}


def test_every_declared_conflict_has_its_figures_side_by_side(dataset: pipeline.Dataset) -> None:
    entries = dataset.definitions.annotations.annotations
    figures, found = conflicts(released(dataset, "internal"), entries)
    assert list(figures.columns) == list(FIGURE_COLUMNS)
    assert list(found.columns) == list(CHECK_COLUMNS)
    wanted = {entry.id for entry in entries if entry.kind == "conflict" and entry.figures}
    assert set(figures["conflict"]) == wanted
    assert set(figures["role"]) == {"used", "disputed", "context"}
    assert len({entry.id for entry in entries if entry.kind == "conflict"}) == 52


def test_a_claim_on_a_withheld_figure_cannot_be_checked_and_says_so(dataset: pipeline.Dataset) -> None:
    entries = dataset.definitions.annotations.annotations
    open_, closed = (conflicts(released(dataset, who), entries)[1] for who in ("internal", "partners"))
    hidden = closed["verdict"] == "cannot_be_checked"
    assert hidden.any()
    assert not (open_["verdict"] == "cannot_be_checked").any()
    assert closed.loc[hidden, "result"].isna().all() | closed.loc[hidden, "printed"].isna().any()


# ---------------------------------------------------------------- the arithmetic


def work(kind: str, *values: float, printed: float | None = None, per: float = 100.0) -> pd.Series:
    """One check on figures that stand only in words."""
    names = [f"f{i}" for i in range(len(values))]
    figures = {name: {"value": value} for name, value in zip(names, values, strict=True)}
    if printed is not None:
        figures["printed"] = {"value": printed}
    check = {"kind": kind, "of": names, "per": per} | ({"printed": "printed"} if printed is not None else {})
    entry = Annotation.model_validate(
        {"id": "c", "kind": "conflict", "title": "T", "reason": "R", "said_by": "S", "status": "settled",
         "figures": figures, "checks": [check]}
    )  # fmt: skip
    release = type("Shown", (), {"table": printed_figures([entry])})()
    return conflicts(release, [entry])[1].iloc[0]


CASES = [
    ("change", (200, 250), 25, 25, 100),
    ("change", (595, 694), 16.638655, 15, 100),
    ("share", (3, 4), 75, 75, 100),
    ("rate", (411, 64000), 64.21875, 64.2, 10_000),
    ("implied_base", (275, 43), 63953.488, 63953, 10_000),
    ("difference", (10, 4), 6, 6, 100),
    ("quotient", (9, 3), 3, 3, 100),
    ("product", (6, 50), 3, 3, 100),
    ("before", (115, 15), 100, 100, 100),
    ("after", (100, 15), 115, 115, 100),
    ("rise", (20, 120), 20, 20, 100),
]


@pytest.mark.parametrize(("kind", "values", "result", "printed", "per"), CASES)
def test_every_kind_of_check(kind: str, values: tuple[float, ...], result: float, printed: float, per: float) -> None:
    row = work(kind, *values, printed=printed, per=per)
    assert row["result"] == pytest.approx(result, rel=1e-6)
    assert row["verdict"] == ("agrees" if kind != "change" or printed == 25 else "disagrees")
    assert work(kind, *values, printed=printed + 7, per=per)["verdict"] == "disagrees"
    assert work(kind, *values, per=per)["verdict"] == "worked_out"


def test_parts_are_added_up_against_the_last_figure() -> None:
    assert work("sum", 1, 2, 3, 6)[["result", "printed", "verdict"]].tolist() == [6, 6, "agrees"]
    assert work("sum", 1, 2, 3, 7)["verdict"] == "disagrees"


def test_two_values_of_one_thing() -> None:
    assert work("same", 5, 5)["verdict"] == "agrees"
    assert work("same", 5, 6)["verdict"] == "disagrees"


def test_every_kind_has_a_test_and_the_model_knows_the_same() -> None:
    assert {kind for kind, *_ in CASES} | {"sum", "same"} == set(ARITHMETIC)
    kinds = Check.model_fields["kind"].annotation
    assert set(kinds.__args__) == set(ARITHMETIC)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "values"), [("change", (0, 5)), ("share", (5, 0)), ("rise", (5, 5)), ("before", (5, -100))]
)
def test_nothing_is_divided_by_zero(kind: str, values: tuple[float, ...]) -> None:
    row = work(kind, *values, printed=5)
    assert math.isnan(row["result"])
    assert row["verdict"] == "cannot_be_checked"


@pytest.mark.parametrize(
    ("printed", "verdict"),
    [(17, "agrees"), (16, "disagrees"), (16.6, "agrees"), (16.7, "disagrees"), (16.64, "agrees")],
)
def test_a_result_agrees_at_the_precision_it_is_printed_with(printed: float, verdict: str) -> None:
    assert work("change", 595, 694, printed=printed)["verdict"] == verdict


def test_a_fall_printed_as_a_positive_number_is_compared_by_its_size() -> None:
    assert work("change", 20, 11, printed=45)["verdict"] == "agrees"


def test_the_other_base_is_named_only_where_it_fits() -> None:
    assert work("change", 20, 11, printed=82)["other_base"] == pytest.approx(-81.8181818)
    assert math.isnan(work("change", 20, 11, printed=60)["other_base"])
    assert math.isnan(work("change", 20, 0, printed=60)["other_base"])


# ---------------------------------------------------------------- claims as people type them


@pytest.mark.parametrize(
    ("says", "check", "result", "verdict", "other"),
    [
        ("Referrals rose 15% from 595 to 694", "change", 16.6387, "disagrees", None),
        ("Referrals rose by 17% from 595 to 694", "change", 16.6387, "agrees", None),
        ("contacts increased 44% from 174 to 311", "change", 78.7356, "disagrees", 44.0514),
        ("a fall of 36 per cent, from 41 to 30", "change", -26.8293, "disagrees", -36.6667),
        ("fell from 20 to 11, or 81%", "change", -45.0, "disagrees", -81.8182),
        ("fell from 20 to 11 (45%)", "change", -45.0, "agrees", None),
        ("from 1,000 plans it grew from 1,000 to 1,250, by 25%", "change", 25.0, "agrees", None),
        ("3 of 4 meetings (75%)", "share", 75.0, "agrees", None),
        ("29% (12 out of 42) were substantiated", "share", 28.5714, "agrees", None),
        ("33% (12 out of 42) were substantiated", "share", 28.5714, "disagrees", None),
        ("rose 100% from 0 to 4", "change", None, "cannot_be_checked", None),
        ("Referrals have risen sharply", "", None, "cannot_be_checked", None),
        ("Referrals rose by 15%", "", None, "cannot_be_checked", None),
    ],
)
def test_a_typed_claim(says: str, check: str, result: float | None, verdict: str, other: float | None) -> None:
    row = typed([Claim(says=says, at="page 4")]).iloc[0]
    assert (row["check"], row["verdict"], row["at"]) == (check, verdict, "page 4")
    for name, wanted in (("result", result), ("other_base", other)):
        assert math.isnan(row[name]) if wanted is None else row[name] == pytest.approx(wanted, abs=1e-3)
    assert bool(row["reason"]) == (verdict == "cannot_be_checked")


@pytest.mark.parametrize(
    ("says", "base"),
    [
        ("Referrals rose 15% from 595 to 694", 694 / 1.15),
        ("fell from 41 to 30, or 36%", 30 / 0.64),
        ("33% (12 out of 42)", 12 / 0.33),
        ("rose 17% from 595 to 694", None),
        ("fell by 100% from 4 to 1", None),
    ],
)
def test_the_base_on_which_a_claim_would_agree(says: str, base: float | None) -> None:
    found = typed([Claim(says=says)])["base"].iloc[0]
    assert math.isnan(found) if base is None else found == pytest.approx(base)


def test_a_rise_that_is_a_fall_disagrees() -> None:
    row = typed([Claim(says="Referrals rose 45% from 20 to 11")]).iloc[0]
    assert (row["verdict"], row["reason"]) == ("disagrees", "the figures go the other way")
    assert typed([Claim(says="reduced from 20 to 11, by 45%")])["verdict"].tolist() == ["agrees"]


CLAIMS = """
- {says: Referrals rose 15% from 595 to 694, at: page 9, about: referrals}
- {says: 12 of 42 (29%)}
- {says: much rose}
"""


def test_the_list_of_claims_is_read_with_the_definitions(tmp_path: Path) -> None:
    folder = partnership(tmp_path / "small")
    assert load(folder).claims == ()
    path = folder / "published" / "claims.yaml"
    path.parent.mkdir()
    path.write_text(CLAIMS)
    claims = load(folder).claims
    assert typed(claims)["verdict"].tolist() == ["disagrees", "agrees", "cannot_be_checked"]
    assert [str(problem) for problem in findings(claims)] == [
        "published/claims.yaml, 'Referrals rose 15% from 595 to 694 (page 9)': found 15%, wanted 16.6% (it would agree "
        "on a base of 603.5). Correct the report, or say which numbers it meant.",
        "published/claims.yaml, 'much rose': found no change or share with both of its numbers, wanted a change from "
        "one number to another, or a part of a whole, with its percentage. Write the claim with both of its numbers.",
    ]
    assert all(problem.doubt for problem in findings(claims))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("says: it rose", "claims"),
        ("- it rose", "Claim"),
        ("[", "not readable as YAML"),
        ("- {at: page 9}", "says: "),
        ("- {says: it rose, about: nothing}", "indicator 'nothing' is not in catalogue.yaml"),
        ("- {says: it rose, where: there}", "where"),
    ],
)
def test_a_list_that_is_none_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    folder = partnership(tmp_path / "small")
    (folder / "published").mkdir()
    (folder / "published" / "claims.yaml").write_text(text)
    with pytest.raises(DataError, match=r"published/claims\.yaml") as fault:
        load(folder)
    assert said in str(fault.value)


# ---------------------------------------------------------------- through the gate


def through_the_gate(*says: str, audience: str = "partners", round_to: int = 1) -> pd.DataFrame:
    known = small.definitions().model_copy(update={"claims": tuple(Claim(says=text) for text in says)})
    rule = known.partnership.rules["dfe"].model_copy(update={"round_to": round_to})
    there = known.partnership.model_copy(update={"rules": {**known.partnership.rules, "dfe": rule}})
    known = known.model_copy(update={"partnership": there})
    release = protect(rows_of(known.claims), protection(known, audience), definitions=known)
    found = released_claims(release, known.claims)
    assert list(found.columns) == list(COLUMNS)
    return found


@pytest.mark.parametrize(
    "says",
    [
        "fell from 20 to 4, or 81%",
        "rose 100% from 3 to 6",
        "3 of 40 (8%)",
        "40 of 42 (95%)",
        "rose from 4 to 694, by 9%",
    ],
)
def test_a_claim_of_which_one_figure_is_withheld_shows_none(says: str) -> None:
    row = through_the_gate(says).iloc[0]
    assert (row["verdict"], row["reason"], row["rows"]) == ("cannot_be_checked", "a figure of it is withheld", "")
    assert row[["first", "second", "stated", "result", "other_base", "base"]].isna().all()
    assert through_the_gate(says, audience="internal").iloc[0]["reason"] == ""


def test_a_claim_whose_figures_are_released_is_worked_out_for_everybody() -> None:
    row = through_the_gate("rose 15% from 595 to 694", "3 of 4 (75%)", "it rose").iloc[0]
    assert (row["verdict"], row["first"], row["second"], row["stated"]) == ("disagrees", 595, 694, 15)
    assert row["rows"].split()[0] == "published/claims.yaml:claim-1:first"


def test_rounded_figures_do_not_settle_a_claim() -> None:
    assert through_the_gate("rose 15% from 595 to 694", round_to=5)["reason"].tolist() == ["figures are shown rounded"]


def test_claims_that_differ_only_in_what_is_withheld_look_the_same() -> None:
    one, other = (through_the_gate(text) for text in ("fell from 20 to 4, or 80%", "fell from 30 to 3, or 17%"))
    pd.testing.assert_frame_equal(one, other)


def test_the_analyst_sees_every_claim_and_every_conflict(dataset: pipeline.Dataset) -> None:
    table = worked_out(dataset.table, dataset.definitions)
    assert {claim for claim in table["claim"] if claim.startswith("conflict")} >= {"conflict-05", "conflict-19"}
    assert not (table["verdict"] == "cannot_be_checked").any()
    wrong = table[table["why"].str.contains("divided by the new number")]
    assert set(wrong["claim"]) == {"conflict-05", "conflict-06", "conflict-19"}
