"""Numbers of people in narratives, answers and reasons."""

from __future__ import annotations

import pytest

from tests.disclosure.world import counts, definitions, table
from threatlib.catalogue import Annotations, Item, Requirement, SubTopic, Threat, Threats
from threatlib.catalogue.commentary import Comment
from threatlib.disclosure import protect, protection
from threatlib.disclosure.words import doubts, spoken


def told(text, *, about=("n",), rows=(("n", 40), ("m", 3)), audience="dfe"):
    """A narrative as the audience reads it, where n is shown and m is withheld."""
    known = definitions([{"id": name} for name, _ in rows])
    item = Item(id="item", name="Item", standing="measured", indicators=about, narrative=text)
    threat = Threat(id="t", name="T", subtopics=(SubTopic(id="s", name="S", page="demand", items=(item,)),))
    known = known.model_copy(update={"threats": Threats(threats=(threat,))})
    data = table([row for name, value in rows for row in counts({name: value})], known)
    release = protect(data, protection(known, audience), definitions=known)
    return spoken(known, release).threats.threats[0].subtopics[0].items[0].narrative


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("This quarter 3 children were seen.", "This quarter [c] children were seen."),
        ("Three young children and 5 boys.", "[c] young children and [c] boys."),
        ("6 children, 40 children and 0 children.", "6 children, 40 children and 0 children."),
        ("one notification for each child", None),
        ("Section 47, 5 days, 3 per case", None),
    ],
)
def test_a_number_of_people_that_the_rule_withholds_is_masked(text, shown):
    assert told(text) == (shown or text)


def test_lengths_of_time_and_decimals_are_no_numbers_of_people():
    assert (
        told("Seen within 4 weeks of referral; 1.5 cases each.") == "Seen within 4 weeks of referral; 1.5 cases each."
    )


def test_where_something_is_withheld_only_numbers_that_are_shown_may_stand():
    """m is withheld: 17 may be what the gate hides of it; 40 is printed beside it."""
    assert told("17 children, of 40 children", about=("n", "m")) == "[c] children, of 40 children"
    assert told("17 children, of 40 children", about=("n",)) == "17 children, of 40 children"


def test_the_internal_audience_reads_everything():
    assert told("3 children", audience="internal") == "3 children"


def test_answers_commentary_and_reasons_are_masked_too():
    known = definitions([{"id": "n"}])
    known = known.model_copy(update={
        "requirements": (Requirement(ref="R1", threat="sub", kind="analysis", question="Who are the 2 boys?",
                                     answer="They are two brothers in 4 cases."),),
        "comments": (Comment.model_validate({"threat": "threat", "quarter": "2022-23-Q1", "author": "A",
                                             "date": "2022-07-01", "text": "Four children left."}),),
        "annotations": Annotations.model_validate({"annotations": [{
            "id": "gap", "kind": "gap", "title": "5 referrals lost", "reason": "They differ by one child.",
            "said_by": "A", "status": "open", "indicators": ["n"]}]}),
    })  # fmt: skip
    release = protect(table(counts({"n": 40}), known), protection(known, "dfe"), definitions=known)
    out = spoken(known, release)
    assert out.requirements[0].question == "Who are the [c] boys?"
    assert out.requirements[0].answer == "They are two brothers in [c] cases."
    assert out.comments[0].text == "[c] children left."
    assert out.annotations.annotations[0].title == "[c] referrals lost"
    assert out.annotations.annotations[0].reason == "They differ by one child."
    assert [d.found for d in doubts(known)] == ["2 boys", "4 cases", "5 referrals", "Four children"]
    assert all(d.doubt for d in doubts(known))


def test_masking_does_not_depend_on_what_is_withheld():
    assert {told("17 children", about=("m",), rows=(("m", v), ("n", 40))) for v in (1, 2, 5)} == {"[c] children"}
