"""Requirements over the quarters: age, overdue, orphaned, waiting; and what findings and gaps would ask."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.small import QUARTER, WORLD, assessed, definitions, figure
from threatlib.assessment.requirements import FOLLOWED, NOBODY, PROPOSED, followed, gaps, proposed
from threatlib.catalogue import Requirement, load
from threatlib.catalogue.requirements import FILE, answer, close, raise_
from threatlib.periods import parse, quarter, shift

ROOT = Path(__file__).resolve().parents[2]
NOTHING = pd.DataFrame(columns=list(PROPOSED))
FOUND = pd.DataFrame({"finding_id": ["F-1", "F-2", "F-3"], "status": ["new", "cleared", "revised away"]})
Q = parse(QUARTER)


def ask(ref: str = "R1", **fields: str) -> Requirement:
    base = {
        "ref": ref,
        "threat": "posts",
        "kind": "analysis",
        "question": "Why?",
        "owner": "Ana",
        "raised": "2022-05-01",
    }
    return Requirement.model_validate({**base, **fields})


def follow(*asked: Requirement, as_of: date | None = None, gone: pd.DataFrame = NOTHING) -> pd.DataFrame:
    table = followed(asked, FOUND, gone, quarter=Q, as_of=as_of)
    assert list(table) == list(FOLLOWED)
    return table.set_index("ref")


@pytest.mark.parametrize(
    ("raised", "age"),
    [("2022-09-30", 0), ("2022-07-01", 0), ("2022-06-30", 1), ("2021-22-Q2", 4), ("2023-01-04", 0), ("2020-12-31", 7)],
)
def test_age_counts_quarters(raised: str, age: int) -> None:
    assert follow(ask(raised=raised)).loc["R1", "age_quarters"] == age


def test_an_undated_question_has_no_age() -> None:
    assert pd.isna(follow(ask(raised="")).loc["R1", "age_quarters"])


@pytest.mark.parametrize(
    ("due", "as_of", "late"),
    [("2022-09-30", None, False), ("2022-09-29", None, True), ("2022-10-15", date(2022, 10, 15), False),
     ("2022-10-15", date(2022, 10, 16), True), ("2022-23-Q1", None, True), ("", None, False), ("soon", None, False)],
)  # fmt: skip
def test_overdue_is_what_was_due_before_the_day(due: str, as_of: date | None, late: bool) -> None:
    row = follow(ask(due=due), as_of=as_of).loc["R1"]
    assert row["overdue"] == late
    assert ("Overdue since" in row["notes"]) == late
    assert not follow(ask(due=due, status="answered", answer="So."), as_of=as_of).loc["R1", "overdue"]


def test_what_belongs_to_nobody_or_leads_nowhere_is_orphaned() -> None:
    closed = ask("R9", status="closed")
    done = ask("R8", status="closed", answer="Done.")
    for fields, words in (
        ({"owner": ""}, NOBODY),
        ({"raised_from": "F-2"}, "the finding behind it is gone"),
        ({"raised_from": "F-3"}, "the finding behind it is gone"),
        ({"raised_from": "F-7"}, "the finding behind it is gone"),
        ({"raised_from": "G-7"}, "the gap it was raised from is filled"),
        ({"depends_on": "R7"}, "it waits for R7, which is not there"),
        ({"depends_on": "R9"}, "it waits for R9, which was closed without an answer"),
        ({"depends_on": "R1"}, "it and R1 wait for each other"),
    ):
        row = follow(ask(**fields), closed, done).loc["R1"]
        assert row["orphaned"] == words
        assert row["notes"] == ("" if words == NOBODY else f"{words[0].upper()}{words[1:]}.")
    there = pd.DataFrame([dict.fromkeys(PROPOSED, "") | {"source": "G-7"}])
    for fields in ({"raised_from": "F-1"}, {"raised_from": "G-7"}, {"depends_on": "R8"}):
        assert follow(ask(**fields), closed, done, gone=there).loc["R1", "orphaned"] == ""
    assert follow(ask(owner="", status="answered", answer="So.")).loc["R1", "orphaned"] == ""


def test_waiting_and_going_on() -> None:
    first, second = ask("R1"), ask("R2", depends_on="R1")
    assert follow(first, second).loc["R2", ["waits", "notes"]].tolist() == ["R1", "Waits for R1, which is open."]
    answered = ask("R1", status="answered", answer="So.", answered="2022-09-01")
    row = follow(answered, second).loc["R2"]
    assert (row["waits"], row["notes"]) == ("", "R1 is answered: this can go on.")


def test_an_earlier_day_knows_nothing_of_later_questions_and_answers() -> None:
    later = ask("R2", raised="2022-11-01")
    answered = ask("R1", status="closed", answer="So.", answered="2022-11-01")
    table = follow(answered, later, as_of=date(2022, 10, 1))
    assert list(table.index) == ["R1"]
    assert table.loc["R1", ["status", "answer"]].tolist() == ["open", ""]
    assert list(follow(answered, later)["status"]) == ["closed", "open"]


def test_a_closed_one_without_an_answer_says_so() -> None:
    assert follow(ask(status="closed")).loc["R1", "notes"] == "Closed without an answer."


def test_what_findings_and_gaps_would_ask_and_nobody_has_asked_yet() -> None:
    made = assessed(*WORLD)
    table = made.tables["proposed"]
    assert list(table) == list(PROPOSED)
    asked = table[table["source"].str.startswith("F-")]
    moved = made.findings[~made.findings["status"].isin(["cleared", "revised away"])]
    assert set(asked["source"]) <= set(moved["finding_id"])
    assert "Referrals (Northam): what explains the rise?" in set(asked["question"])
    told = table[table["source"].str.startswith("G-")]
    assert told[["threat", "kind", "question"]].to_numpy().tolist() == [
        [
            "front-door",
            "information",
            "Rumour: what figure would show whether this holds? And who answers for what is told?",
        ]
    ]
    known = [ask("R9", raised_from=source) for source in table["source"]]
    assert proposed(made.findings, made.tables["gaps"], known).empty


def test_a_change_of_less_than_one_post_asks_nothing() -> None:
    ends = ("03-31", "06-30", "09-30", "12-31")

    def asks(last: float) -> tuple[int, int]:
        levels = [1.0 if n < 20 else last for n in range(23)]
        made = assessed(*(figure("workers", f"{2017 + n // 4}-{ends[n % 4]}", value) for n, value in enumerate(levels)))
        asked = made.tables["proposed"]["question"].str.startswith("Social workers")
        return len(made.findings), int(asked.sum())

    assert asks(0.4) == (0, 0)
    assert asks(3.4) == (1, 1)


def test_questions_hold_no_figure() -> None:
    made = assessed(*WORLD, annotations=())
    assert not made.tables["proposed"]["question"].str.contains(r"\d").any()


def test_an_indicator_that_nobody_returns_is_a_gap_and_a_late_return_is_another() -> None:
    late = figure("offences", QUARTER, None, status="not_returned")
    rows = [row for row in WORLD if row["indicator"] != "workers" and row["indicator"] != "offences"]
    made = assessed(*rows, figure("offences", "2021-22-Q2", 100), late)
    lacks = made.tables["gaps"].set_index("question")["kind"]
    assert lacks["Social workers: who can return the figures, by area and quarter?"] == "collection"
    assert lacks["Offences (Northam): why was no figure returned, and when will it be?"] == "information"
    again = gaps(made.tables["tree"], made.observations, definitions(), shift(Q, -1))
    assert "Offences (Northam): why was no figure returned, and when will it be?" not in set(again["question"])


# ---------------------------------------------------------------- four quarters, with all twelve of the first draft


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    (tmp_path / FILE).write_bytes((ROOT / "data/city-hackney" / FILE).read_bytes())
    return tmp_path


def read(folder: Path, quarter_: Any, day: date, findings: pd.DataFrame = FOUND) -> pd.DataFrame:
    import csv

    with (folder / FILE).open(encoding="utf-8", newline="") as handle:
        asked = [Requirement.model_validate({k: v or "" for k, v in row.items()}) for row in csv.DictReader(handle)]
    return followed(asked, findings, NOTHING, quarter=quarter_, as_of=day).set_index("ref")


def test_the_twelve_of_the_first_draft_live_through_four_quarters(draft: Path) -> None:
    entries = load(ROOT / "data/city-hackney")
    threats = [name for t in entries.threats.threats for name in (t.id, *(s.id for s in t.subtopics))]
    first = quarter(2022, 4)

    # January to March 2023: as printed. Twelve questions, none owned, none dated, one waiting.
    now = read(draft, first, date(2023, 3, 31))
    assert len(now) == 12
    assert set(now["age_quarters"]) == {0}
    assert (now["orphaned"] == NOBODY).all()
    assert not now["overdue"].any()
    assert now.loc["IR-05", "waits"] == "IR-01"
    assert set(now["kind"]) == {"analysis", "collection", "information", "continuing action", "decision"}

    # April to June: a finding raises a thirteenth, with owner and date.
    asked = {"threat": "child-sexual-abuse", "kind": "analysis", "question": "Why so few?", "owner": "Ana",
             "due": "2023-24-Q2", "raised_from": "F-1"}  # fmt: skip
    assert raise_(draft, asked, threats=threats, on=date(2023, 5, 2)) == "IR-13"
    now = read(draft, shift(first, 1), date(2023, 6, 30))
    assert len(now) == 13
    assert set(now["age_quarters"]) == {0, 1}
    assert now.loc["IR-13", ["age_quarters", "orphaned", "overdue"]].tolist() == [0, "", False]

    # July to September: the one that another waits for is answered; the waiting one can go on.
    with pytest.raises(Exception, match="IR-05: it waits for IR-01, which is open"):
        answer(draft, "IR-05", "Too few hands.", on=date(2023, 7, 3))
    assert answer(draft, "IR-01", "A fifth left.", on=date(2023, 7, 3)) == ["IR-05"]
    now = read(draft, shift(first, 2), date(2023, 9, 30))
    assert (now["status"] == "answered").sum() == 1
    assert now.loc["IR-05", "waits"] == ""
    assert "IR-01 is answered: this can go on" in now.loc["IR-05", "notes"]
    before = read(draft, shift(first, 1), date(2023, 6, 30))
    assert before.loc["IR-01", "status"] == "open"  # the quarter before, read again, is as it was

    # October to December: closed ones keep their answer, the finding has gone, the date has passed.
    close(draft, "IR-01", on=date(2023, 10, 2))
    close(draft, "IR-05", on=date(2023, 10, 2), text="Too few hands.")
    gone = FOUND.assign(status="cleared")
    now = read(draft, shift(first, 3), date(2023, 12, 31), gone)
    assert now.loc[["IR-01", "IR-05"], "status"].tolist() == ["closed", "closed"]
    assert now.loc["IR-05", "answer"] == "Too few hands."
    assert now.loc["IR-13", "orphaned"] == "the finding behind it is gone"
    assert now.loc["IR-13", "overdue"]
    assert now.loc["IR-13", "notes"] == "Overdue since 30 September 2023; the finding behind it is gone."
    never = now[now["kind"] == "continuing action"]
    assert set(never["age_quarters"]) == {3}  # some never close: their age says so
    assert (draft / FILE).read_text().count("\n") == 14
