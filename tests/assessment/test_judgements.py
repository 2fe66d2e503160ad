"""The draft's own judgements, held against the figures it printed: the list, and each kind by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from tests.small import BREAK, definitions, figure, release, withheld
from threatlib import load
from threatlib.assessment.judgements import COLUMNS, VERDICTS, judgements
from threatlib.catalogue import Definitions, Judgement
from threatlib.claims import conflicts
from threatlib.disclosure import protect, protection

ROOT = Path(__file__).resolve().parents[2]

THE_LIST = {
    "agency-share-up": "not beyond chance",
    "agency-share-arithmetic": "reproduced",
    "timeliness-down": "reproduced",
    "timeliness-fall-began-late": "contradicted",
    "contacts-outlook": "reproduced",
    "referrals-outlook": "not beyond chance",
    "referrals-outlook-rate": "contradicted",
    "camhs-clinical-up": "contradicted",
    "camhs-specialist-up": "reproduced",
    "camhs-disability-up": "reproduced",
    "camhs-first-steps-up": "not beyond chance",
    "marac-year-up": "reproduced, size contradicted",
    "marac-two-years-each": "contradicted",
    "csa-absence": "cannot be assessed",
}
"""What the draft said, and what its figures say of it."""


@pytest.fixture(scope="module")
def draft() -> pd.DataFrame:
    data = load(ROOT / "data/city-hackney")
    entries = data.definitions
    shown = protect(data.table, protection(entries, "partners"), None, definitions=entries)
    _, checks = conflicts(shown, entries.annotations.annotations)
    return judgements(shown.table, entries, checks).set_index("id")


def test_every_judgement_of_the_draft_is_reproduced_or_contradicted(draft: pd.DataFrame) -> None:
    assert draft["verdict"].to_dict() == THE_LIST
    assert set(draft["verdict"]) == set(VERDICTS)
    assert (draft["why"].str.len() > 20).all()
    assert (draft["at"] != "").all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("agency-share-up", "Printed higher, within what chance explains, from 22% to 27% (+5 percentage points; "
         "could be −1.1 percentage points to +12.1 percentage points)."),
        ("timeliness-down", "Fell from 82% to 60% (−22 percentage points; could be −24.5 percentage points to "
         "−19.5 percentage points)."),
        ("timeliness-fall-began-late", "93% in the first quarter and 82% for the year leave 78.3% for the other three "
         "quarters: the fall was under way within the year."),
        ("referrals-outlook-rate", "On the population that the report's rates imply, 3,559 are 557.7 per 10,000; "
         "606 per 10,000 would be +8.7%, and not +5%."),
        ("camhs-clinical-up", "Rose from 408 to 922 (+126%; could be +101.2% to +154.1%); as printed; the rise alone "
         "exceeds the 279 of the whole year."),
        ("camhs-specialist-up", "Rose from 2,013 to 2,778 (+38%; could be +30.3% to +46.2%); as printed."),
        ("camhs-disability-up", "Rose from 290 to 458 (+57.9%; could be +36.4% to +83.1%); as printed."),
        ("camhs-first-steps-up", "Printed higher, within what chance explains, from 1,250 to 1,275 (+2%; could be "
         "−5.7% to +10.3%); as printed."),
        ("marac-year-up", "Rose from 595 to 694 (+16.6%; could be +4.5% to +30.2%); printed is 15%."),
        ("marac-two-years-each", "From 492 to 694 is +202 in two years, +101 a year; said of each year is more than "
         "200."),
        ("csa-absence", "Of the 4 figures that would tell safe from unseen from lost, none is printed."),
    ],
)  # fmt: skip
def test_what_the_figures_say_in_words(draft: pd.DataFrame, name: str, said: str) -> None:
    assert draft.loc[name, "figures_say"] == said


def test_an_outlook_has_a_range_and_a_probability(draft: pd.DataFrame) -> None:
    for name, claimed, lower, upper in (("contacts-outlook", 12, 1, 24), ("referrals-outlook", 5, -6, 17)):
        row = draft.loc[name]
        assert row["claimed"] == claimed
        assert lower <= row["lower"] < claimed < row["upper"] <= upper
        assert "(80% range). The probability of a rise is " in row["figures_say"]


def test_every_figure_of_a_judgement_leads_home(draft: pd.DataFrame) -> None:
    with_figures = draft[draft.index != "csa-absence"]
    assert with_figures["rows"].str.contains("published/annual_report_2021_22.csv:").all()


# ---------------------------------------------------------------- by hand


def one(said: dict[str, Any], *rows: dict[str, Any], annotations: tuple[Any, ...] = ()) -> pd.Series:
    base = {"id": "j", "says": "So.", "at": "Draft", "threat": "demand"}
    entries: Definitions = definitions(*annotations)
    entries = entries.model_copy(update={"judgements": (Judgement.model_validate(base | said),)})
    shown = release([row | {"locator": f"p@{n}"} for n, row in enumerate(rows, start=1)], entries)
    _, checks = conflicts(shown, entries.annotations.annotations)
    table = judgements(shown.table, entries, checks)
    assert list(table) == list(COLUMNS)
    return table.iloc[0]


def offences(before: float, after: float) -> tuple[dict[str, Any], dict[str, Any]]:
    return figure("offences", "2020-21", before), figure("offences", "2021-22", after)


CHANGE = {"kind": "change", "figures": {"before": "offences@1", "after": "offences@2"}}


@pytest.mark.parametrize(
    ("before", "after", "direction", "verdict"),
    [
        (100, 200, "up", "reproduced"), (100, 200, "down", "contradicted"), (100, 200, "level", "contradicted"),
        (200, 100, "down", "reproduced"), (200, 100, "up", "contradicted"),
        (100, 105, "up", "not beyond chance"), (100, 105, "down", "contradicted"), (100, 105, "level", "reproduced"),
        (105, 100, "down", "not beyond chance"), (100, 100, "up", "contradicted"), (100, 100, "level", "reproduced"),
    ],
)  # fmt: skip
def test_direction_against_the_interval(before: float, after: float, direction: str, verdict: str) -> None:
    row = one({**CHANGE, "direction": direction}, *offences(before, after))
    assert row["verdict"] == verdict
    rose = row["lower"] > 0
    assert row["figures_say"].startswith("Rose") == rose
    assert row["figures_say"].startswith("Fell") == (row["upper"] < 0)
    assert row["value"] == pytest.approx(100 * (after / before - 1))


@pytest.mark.parametrize(
    ("claimed", "verdict", "words"),
    [(100, "reproduced", "; as printed."), (50, "reproduced, size contradicted", "; printed is 50.")],
)
def test_the_size_that_was_printed_is_held_against_the_figures(claimed: float, verdict: str, words: str) -> None:
    figures = {"before": "offences@1", "after": "offences@2", "claimed": "offences@3"}
    row = one({"kind": "change", "direction": "up", "figures": figures}, *offences(100, 200),
              figure("offences", "2019-20", claimed))  # fmt: skip
    assert (row["verdict"], row["claimed"]) == (verdict, claimed)
    assert row["figures_say"].endswith(words)


def test_another_figure_another_sentence() -> None:
    said = {one({**CHANGE, "direction": "up"}, *offences(100, after))["figures_say"] for after in (200, 201, 300)}
    assert len(said) == 3


def test_a_share_rests_on_the_numbers_it_is_of() -> None:
    rows = (figure("seen_in_time", "2020-21", 80), figure("seen_in_time", "2021-22", 60),
            figure("referrals", "2020-21", 20), figure("referrals", "2021-22", 20))  # fmt: skip
    ends = {"before": "seen_in_time@1", "after": "seen_in_time@2"}
    bases = {"before_of": "referrals@3", "after_of": "referrals@4"}
    few = one({"kind": "change", "direction": "down", "figures": ends | bases}, *rows)
    assert few["verdict"] == "not beyond chance"
    without = one({"kind": "change", "direction": "down", "figures": ends}, *rows)
    assert without["lower"] > few["lower"]  # numbers that are not printed narrow an interval as far as can be


def test_what_is_withheld_is_not_judged() -> None:
    row = one({**CHANGE, "direction": "up"}, withheld("offences", "2020-21", 1, 5), figure("offences", "2021-22", 9))
    assert (row["verdict"], row["figures_say"]) == (
        "cannot be assessed",
        "A figure that it rests on is withheld or missing.",
    )
    gone = one({**CHANGE, "direction": "up"}, figure("offences", "2020-21", 9))
    assert gone["verdict"] == "cannot be assessed"


def test_absence_is_judged_anew_once_a_figure_is_there() -> None:
    said = {"kind": "unseen", "indicators": ["offences", "workers"]}
    assert one(said, figure("referrals", "2021-22", 5))["verdict"] == "cannot be assessed"
    row = one(said, figure("offences", "2021-22", 5))
    assert (row["verdict"], row["rows"]) == ("contradicted", "a.csv:2")
    assert row["figures_say"] == "Of the 2 figures that it needs, 1 are there now: judge it anew."
    assert one(said, withheld("offences", "2021-22", 1, 5))["verdict"] == "cannot be assessed"


def test_a_contradiction_that_bears_on_it_is_named_if_its_arithmetic_does_not_come_out() -> None:
    clash = {
        **BREAK, "id": "clash", "kind": "conflict", "title": "Two numbers", "reason": "They differ.", "start": None,
        "figures": {"a": {"row": "offences@1"}, "b": {"row": "offences@2"}},
        "checks": [{"kind": "same", "of": ["a", "b"]}],
    }  # fmt: skip
    said = {**CHANGE, "direction": "up", "conflicts": ["clash"], "because": "Ask."}
    assert one(said, *offences(100, 200), annotations=(clash,))["why"] == "Two numbers: They differ. Ask."
    assert one(said, *offences(100, 100), annotations=(clash,))["why"] == "Ask."


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"kind": "change", "direction": "up", "figures": {"before": "x"}}, "lacks the figures after"),
        ({"kind": "change", "figures": {"before": "x", "after": "y"}}, "has no direction"),
        ({"kind": "outlook", "direction": "up", "figures": {"last": "x", "claimed": "y"}, "seen": 4},
         "has 4 of 4 periods in"),
        ({"kind": "unseen"}, "names no indicator that is unseen"),
        ({"kind": "guess"}, "Input should be"),
    ],
)  # fmt: skip
def test_a_judgement_that_cannot_be_worked_out_is_refused(entry: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Judgement.model_validate({"id": "j", "says": "So.", "at": "Draft", "threat": "demand"} | entry)
