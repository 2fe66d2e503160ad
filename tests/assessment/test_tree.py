"""Threats and sub-topics judged from what lies below them."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.small import WORLD, assessed, definitions, figure, quarters
from threatlib.assessment.findings import SEVERITIES
from threatlib.assessment.tree import COLUMNS, judge, summary, tree

UP = [100, 100, 100, 100, 300]
DOWN = [100, 100, 100, 100, 20]
UNRATED = "figures moved; whether more or fewer of these is better or worse they do not say by themselves"
SAME = [900, 900, 900, 900, 900]


def verdict(*rows: object, of: tuple[str, ...] = ("offences", "referrals")) -> dict[str, object]:
    return judge(set(of), *known(*rows))


def known(*rows: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Signals, and the findings that say that something moved."""
    made = assessed(*rows)  # type: ignore[arg-type]
    return made.signals, made.findings[made.findings["direction"].isin(["up", "down"])]


def south(indicator: str, values: list[float]) -> list[dict[str, object]]:
    return quarters(indicator, values, area="Southam")


@pytest.mark.parametrize(
    ("rows", "direction", "why"),
    [
        (quarters("offences", UP), "worsening", "some figures got worse"),
        (quarters("offences", DOWN), "improving", "some figures got better"),
        (quarters("offences", UP) + south("offences", DOWN), "mixed", "some figures got worse and some got better"),
        (quarters("offences", SAME), "level", "no figure moved beyond what chance explains"),
        (quarters("referrals", UP), "rising", UNRATED),
        (quarters("referrals", DOWN), "falling", UNRATED),
        (quarters("referrals", UP) + south("referrals", DOWN), "mixed", UNRATED),
        ([*quarters("offences", SAME), figure("offences", "2022-23-Q2", 5, "Southam")], "cannot_say",
         "half of the figures do not allow a comparison"),
        ([*quarters("offences", SAME), *south("offences", SAME), figure("referrals", "2022-23-Q2", 5)], "level",
         "no figure moved beyond what chance explains"),
        ([*quarters("offences", SAME), figure("offences", "2022-23-Q2", 5, "Southam"),
          figure("referrals", "2022-23-Q2", 5)], "cannot_say",
         "most figures do not allow a comparison"),
        ([figure("offences", "2022-23-Q2", 5)], "cannot_say", "the figures do not allow a comparison"),
        ([figure("workers", "2022-09-30", 5)], "cannot_say", "no figure has been received"),
        (quarters("referrals", UP) + south("offences", UP), "worsening", "some figures got worse"),
        (quarters("offences", SAME) + south("referrals", UP), "rising", UNRATED),
    ],
)  # fmt: skip
def test_direction_of_a_set_of_indicators(rows: list[dict[str, object]], direction: str, why: str) -> None:
    found = verdict(*rows)
    assert (found["direction"], found["why"]) == (direction, why)


def test_the_worst_severity_and_the_middling_confidence() -> None:
    low, critical = quarters("offences", [100, 100, 100, 100, 130]), south("offences", [100, 100, 100, 100, 900])
    assert verdict(*low)["severity"] == SEVERITIES[-1][1]
    assert verdict(*low, *critical)["severity"] == "Critical"
    assert verdict(*quarters("offences", DOWN))["severity"] == "Not rated"
    sure = quarters("offences", [100] * 12 + [300])
    unsure = [row | {"status": "provisional"} for row in south("offences", UP)]
    assert verdict(*sure)["confidence"] == "High"
    assert verdict(*sure, *unsure)["confidence"] == "Low"


@pytest.mark.parametrize("status", ["cleared", "revised away"])
def test_a_finding_that_is_over_moves_nothing(status: str) -> None:
    signals, _ = known(*quarters("offences", SAME))
    _, over = known(*quarters("offences", UP))
    assert judge({"offences"}, signals, over.assign(status=status))["direction"] == "level"


def test_the_tree_has_a_row_an_item_with_the_words_of_its_place() -> None:
    table = tree(definitions(), *known(*WORLD))
    assert list(table.columns) == list(COLUMNS)
    assert list(table["item_id"]) == ["referrals", "rumour", "offences", "workers"]
    rumour = table.set_index("item_id").loc["rumour"]
    assert (rumour["standing"], rumour["figures"], rumour["direction"]) == ("hypothesis", 0, "cannot_say")
    assert (rumour["narrative"], rumour["links"]) == ("It is said that more will come.", "Too few workers")


def test_a_narrative_without_day_or_owner_says_so_and_a_priority_comes_from_its_threat() -> None:
    entries = definitions()
    front, *rest = entries.threats.threats[0].subtopics
    told = front.items[1].model_copy(update={"dated": "2022-07", "owner": "Ana"})
    tied = front.model_copy(update={"items": (front.items[0], told), "risks": ("Council, CS4", "Police, 7")})
    first = entries.threats.threats[0].model_copy(update={"subtopics": (tied, *rest), "priority": "See early"})
    changed = entries.model_copy(
        update={"threats": entries.threats.model_copy(update={"threats": (first, *entries.threats.threats[1:])})}
    )
    plain, full = (tree(e, *known(*WORLD)).set_index("item_id") for e in (entries, changed))
    assert plain["lacks"].to_dict() == {"referrals": "", "rumour": "dated owner", "offences": "", "workers": ""}
    assert full.loc["rumour", "lacks"] == ""
    assert full.loc["rumour", ["priority", "risks"]].tolist() == ["See early", "Council, CS4; Police, 7"]
    made = summary(full.reset_index(), *known(*WORLD), by="subtopic").set_index("id")
    assert made.loc["front-door", ["priority", "risks"]].tolist() == ["See early", "Council, CS4; Police, 7"]


def test_what_changed_since_the_quarter_before() -> None:
    now, before = known(*quarters("offences", UP)), known(*quarters("offences", SAME))
    table = tree(definitions(), *now)

    def told(
        found: tuple[pd.DataFrame, pd.DataFrame], was: tuple[pd.DataFrame, pd.DataFrame] | None, *states: str
    ) -> str:
        signals, findings = found
        several = pd.concat([findings.assign(status=state) for state in states or ("continuing",)])
        part = summary(table, signals, several, by="threat", before=was).set_index("id").loc["demand"]
        assert part["was_direction"] == ("" if was is None else judge({"offences"}, *was)["direction"])
        return str(part["changed"])

    assert told(now, before, "new") == (
        f"Direction: worsening, was level. Severity: {now[1]['severity'].iloc[0]}, was not rated. Findings: 1 new."
    )
    unsaid = (before[0].iloc[:0], before[1].iloc[:0])
    assert told(now, unsaid).startswith("Direction: worsening, which could not be said before. Severity: ")
    assert told(now, now) == "Nothing changed since the quarter before."
    assert told(now, now, "worsening") == "Findings: 1 getting worse."
    assert told(now, None, "new", "cleared", "revised away") == (
        "Findings: 1 new, 1 no longer standing, 1 gone with corrected figures."
    )


def test_a_threat_is_summed_up_from_all_that_hangs_below_it() -> None:
    made = assessed(*WORLD)
    threats = made.tables["threats"].set_index("id")
    assert threats.loc["demand", "direction"] == "worsening"
    assert threats.loc["workforce", "direction"] == "cannot_say"
    assert list(threats.loc["demand", ["items", "measured", "hypothesis", "reported"]]) == [3, 2, 1, 0]
    assert threats.loc["demand", "figures"] == 4
    assert list(threats["with_figures"]) == [2, 1]  # the rumour has none
    silent = assessed(*quarters("offences", SAME)).tables["threats"].set_index("id")
    assert list(silent["with_figures"]) == [1, 0]  # measured by declaration, and never received
    assert list(silent["measured"]) == [2, 1]
    topics = made.tables["subtopics"].set_index("id")
    assert list(topics.index) == ["front-door", "offences", "posts"]
    assert topics.loc["front-door", "direction"] == "rising"
    assert topics.loc["offences", "direction"] == "worsening"


def test_without_any_figures_a_tree_still_stands() -> None:
    nothing = known(figure("offences", "2023-24", 1))
    table = tree(definitions(), *nothing)
    assert set(table["direction"]) == {"cannot_say"}
    assert isinstance(summary(table, *nothing, by="threat"), pd.DataFrame)
