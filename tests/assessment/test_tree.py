"""Threats and sub-topics judged from what lies below them."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.small import WORLD, asked, assessed, definitions, figure, quarters
from threatlib.assessment.findings import findings
from threatlib.assessment.tree import COLUMNS, judge, summary, tree

UP = [100, 100, 100, 100, 300]
DOWN = [100, 100, 100, 100, 20]
UNRATED = "figures moved; whether more or fewer of these is better or worse they do not say by themselves"
SAME = [900, 900, 900, 900, 900]


def verdict(*rows: object, of: tuple[str, ...] = ("offences", "referrals")) -> dict[str, object]:
    signals = asked(*rows)  # type: ignore[arg-type]
    return judge(set(of), signals, findings(signals, definitions()))


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
        ([*quarters("offences", SAME), figure("offences", "2022-23-Q2", 5, "Southam")], "level",
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
    assert verdict(*low)["severity"] == "Low"
    assert verdict(*low, *critical)["severity"] == "Critical"
    assert verdict(*quarters("offences", DOWN))["severity"] == "Not rated"
    sure = quarters("offences", [100] * 12 + [300])
    unsure = [row | {"status": "provisional"} for row in south("offences", UP)]
    assert verdict(*sure)["confidence"] == "High"
    assert verdict(*sure, *unsure)["confidence"] == "Low"


def test_a_finding_that_is_over_moves_nothing() -> None:
    signals = asked(*quarters("offences", SAME))
    over = findings(signals, definitions(), asked(*quarters("offences", UP)))
    assert list(over["status"]) == ["cleared"]
    assert judge({"offences"}, signals, over)["direction"] == "level"


def test_the_tree_has_a_row_an_item_with_the_words_of_its_place() -> None:
    signals = asked(*WORLD)
    table = tree(definitions(), signals, findings(signals, definitions()))
    assert list(table.columns) == list(COLUMNS)
    assert list(table["item_id"]) == ["referrals", "rumour", "offences", "workers"]
    rumour = table.set_index("item_id").loc["rumour"]
    assert (rumour["standing"], rumour["figures"], rumour["direction"]) == ("hypothesis", 0, "cannot_say")
    assert (rumour["narrative"], rumour["links"]) == ("It is said that more will come.", "Too few workers")


def test_a_threat_is_summed_up_from_all_that_hangs_below_it() -> None:
    made = assessed(*WORLD)
    threats = made.tables["threats"].set_index("id")
    assert threats.loc["demand", "direction"] == "worsening"
    assert threats.loc["workforce", "direction"] == "cannot_say"
    assert list(threats.loc["demand", ["items", "measured", "hypothesis", "reported"]]) == [3, 2, 1, 0]
    assert threats.loc["demand", "figures"] == 4
    topics = made.tables["subtopics"].set_index("id")
    assert list(topics.index) == ["front-door", "offences", "posts"]
    assert topics.loc["front-door", "direction"] == "rising"
    assert topics.loc["offences", "direction"] == "worsening"


def test_without_any_figures_a_tree_still_stands() -> None:
    nothing = asked(figure("offences", "2023-24", 1))
    found = findings(nothing, definitions())
    table = tree(definitions(), nothing, found)
    assert set(table["direction"]) == {"cannot_say"}
    assert isinstance(summary(table, nothing, found, by="threat"), pd.DataFrame)
