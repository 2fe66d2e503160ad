"""Signals to findings: names that stay, status, order, severity, confidence, other explanations."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from tests.small import (
    BREAK,
    FAULT,
    GAP,
    QUARTER,
    SHOCK,
    WORLD,
    asked,
    assessed,
    declared,
    definitions,
    figure,
    quarters,
    release,
    withheld,
)
from threatlib.assessment import Assessment
from threatlib.assessment.evidence import Evidence
from threatlib.assessment.evidence import evidence as gathered
from threatlib.assessment.explanations import disputed
from threatlib.assessment.findings import COLUMNS, SEVERITIES, _severity_words, findings, ranked
from threatlib.assessment.memory import compared
from threatlib.assessment.sentences import change, headline, plain
from threatlib.catalogue import Catalogue, Requirement
from threatlib.periods import parse
from threatlib.signals import SERIES

RISE = quarters("offences", [100, 100, 100, 100, 300])


def evidence(signals: pd.DataFrame, shown: pd.DataFrame | None = None) -> Evidence:
    """Signals alone: no earlier years, absences or couplings."""
    shown = pd.DataFrame() if shown is None else shown
    return Evidence(shown, pd.DataFrame(), signals, *(pd.DataFrame() for _ in range(3)))


def found(*rows: Any, annotations: tuple[Any, ...] = (), before: pd.DataFrame | None = None) -> pd.DataFrame:
    told = definitions(*annotations)
    now = asked(*rows, annotations=annotations)
    earlier = pd.DataFrame(columns=list(COLUMNS)) if before is None else findings(evidence(before), told)[0]
    able = now[now["main"].astype(bool) & (now["arrow"] != "cannot_say")] if len(now) else now
    still = set(zip(*(able[name] for name in SERIES), strict=True)) if len(able) else set()
    shown = release(rows, told).table if rows else None
    return ranked(compared(findings(evidence(now, shown), told)[0], earlier, None, still, SERIES))


def one(*rows: Any, annotations: tuple[Any, ...] = ()) -> pd.Series:
    table = found(*rows, annotations=annotations)
    assert len(table) == 1
    return table.iloc[0]


def test_what_moved_is_found_and_nothing_else() -> None:
    table = found(*WORLD)
    assert list(table.columns) == list(COLUMNS)
    assert set(zip(table["indicator"], table["area"], strict=True)) == {
        ("referrals", "Northam"), ("referrals", "Southam"), ("offences", "Northam")
    }  # fmt: skip
    assert list(table["rank"]) == [1, 2, 3]
    assert table["judgement"].iloc[0] == "worse"


def test_nothing_moved_is_a_table_without_rows() -> None:
    for rows in ((), (figure("workers", "2022-09-30", 50),)):
        table = found(*rows) if rows else found(figure("offences", "2023-24", 1))
        assert list(table.columns) == list(COLUMNS)
        assert table.empty


def test_names_stay_the_same_from_quarter_to_quarter_and_from_release_to_release() -> None:
    row = one(*RISE)
    assert row["finding_id"] == "F-82c18bfd"
    assert one(*quarters("offences", [100, 100, 100, 100, 900]))["finding_id"] == row["finding_id"]
    assert one(*quarters("offences", [100, 100, 100, 100, 20]))["finding_id"] != row["finding_id"]
    assert one(*quarters("offences", [100, 100, 100, 100, 300], area="Southam"))["finding_id"] != row["finding_id"]


def test_a_finding_is_its_signal_in_words_and_numbers() -> None:
    row, signal = one(*RISE), asked(*RISE).iloc[0]
    said = plain(change(signal.to_dict()))
    assert row["sentence"] == f"{said} That is about 200 more a quarter than a year earlier (could be 130 to 280)."
    assert (row["kind"], row["evidence"], row["size_unit"]) == ("change", "year_before previous", "a quarter")
    assert [row[name] for name in ("size", "size_lower", "size_upper")] == pytest.approx([200, 139, 278], abs=1)
    assert (row["value"], row["expected"], row["direction"], row["measure"]) == (300, 100, "up", "ratio")
    assert (row["lower"], row["upper"]) == (signal["change_lower"], signal["change_upper"])
    assert (row["threat"], row["subtopic"], row["theme"]) == ("demand", "offences", "csa")
    assert (row["rows"], row["signal_id"]) == ("a.csv:6 a.csv:2", signal["signal_id"])
    assert row["probability"] == pytest.approx(1 - signal["p"] / 2)
    assert row["probability_term"] == "almost certain"


def test_open_requirements_of_the_threat_are_named() -> None:
    table = found(*WORLD).set_index(["indicator", "area"])
    assert table.loc[("referrals", "Northam"), "requirement"] == "R1"
    assert table.loc[("offences", "Northam"), "requirement"] == ""


def test_a_question_raised_from_a_finding_is_its_own_and_no_other_s() -> None:
    entries = definitions()
    said = gathered(release(WORLD, entries), entries, parse(QUARTER))
    table, _ = findings(said, entries)
    northam = table.loc[(table["indicator"] == "referrals") & (table["area"] == "Northam"), "finding_id"].iloc[0]
    own = Requirement(ref="R9", threat="front-door", kind="analysis", question="Why?", raised_from=northam)
    asked_now = entries.model_copy(update={"requirements": (*entries.requirements, own)})
    now, _ = findings(said, asked_now)
    told = now.set_index(["indicator", "area"])["requirement"]
    assert told["referrals", "Northam"] == "R9"
    assert told["referrals", "Southam"] == "R1"


def test_new_continuing_cleared() -> None:
    earlier = asked(*RISE)
    assert list(found(*RISE, before=earlier)["status"]) == ["continuing"]
    assert list(found(*RISE, before=asked(figure("offences", QUARTER, 5)))["status"]) == ["new"]
    level = quarters("offences", [900, 900, 900, 900, 900])
    table = found(*level, before=earlier)
    assert list(table["status"]) == ["cleared"]
    assert table["value"].iloc[0] == 300
    other_way = found(*quarters("offences", [300, 300, 300, 300, 100]), before=earlier)
    assert list(other_way["status"]) == ["new", "cleared"]


def test_silence_clears_nothing() -> None:
    """A figure that cannot be compared now does not say that the earlier finding is over."""
    mute = asked(*quarters("offences", [100, 100, 100, 100, 300]), annotations=[BREAK])
    assert set(mute.loc[mute["main"], "arrow"]) == {"cannot_say"}
    assert found(*RISE, annotations=(BREAK,), before=asked(*RISE)).empty
    assert found(figure("workers", "2022-09-30", 5), before=asked(*RISE)).empty


def test_worst_first_then_neither_then_better_and_cleared_last() -> None:
    rows = (
        *quarters("offences", [100, 100, 100, 100, 300]), *quarters("referrals", [100, 100, 100, 100, 900]),
        *quarters("offences", [100, 100, 100, 100, 20], area="Southam"),
    )  # fmt: skip
    before = asked(*rows, *quarters("offences", [100, 100, 100, 100, 900], area="Midham", role="local"))
    calm = quarters("offences", [900, 900, 900, 900, 900], area="Midham", role="local")
    table = found(*rows, *calm, before=before)
    assert list(table["judgement"]) == ["worse", "neither", "better", "worse"]
    assert list(table["status"]) == ["continuing", "continuing", "continuing", "cleared"]


def test_among_equals_a_larger_number_of_people_comes_first() -> None:
    rows = (*quarters("offences", [100] * 4 + [300], area="Southam"), *quarters("offences", [1000] * 4 + [3000]))
    assert list(found(*rows)["area"]) == ["Northam", "Southam"]


def test_by_severity_then_the_surest_then_the_undisputed_then_the_largest() -> None:
    table = found(
        *(row for area in ("Northam", "Southam") for row in quarters("offences", [100] * 4 + [300], area=area))
    )
    one, two = (table.iloc[n].to_dict() for n in (0, 1))

    def first(left: dict[str, Any], right: dict[str, Any]) -> str:
        rows = [one | {"finding_id": "L"} | left, two | {"finding_id": "R"} | right]
        return str(ranked(pd.DataFrame(rows))["finding_id"].iloc[0])

    small, large = {"severity_score": 0.1, "value": 10.0}, {"severity_score": 0.9, "value": 9000.0}
    assert first({"severity": "Slight"} | large, {"severity": "Moderate"} | small) == "R"
    for severity in ("Severe", "Not rated"):
        same = {"severity": severity}
        assert first(same | large | {"confidence": "Low"}, same | small | {"confidence": "High"}) == "R"
        low = same | {"confidence": "Low"}
        doubted = {"confidence_reasons": "the figure is disputed; few"}
        assert first(low | large | doubted, low | small) == "R"
        assert first(low | large, low | small) == "L"
        assert first(same | large | {"confidence": "Moderate"}, low | small) == "L"


@pytest.mark.parametrize(("now", "word"), [(900, "Critical"), (190, "Substantial"), (160, "Moderate"), (130, "Slight")])
def test_severity_follows_the_least_change(now: int, word: str) -> None:
    row = one(*quarters("offences", [100, 100, 100, 100, now]))
    assert row["severity_score"] == pytest.approx(row["lower"] - 1)
    assert row["severity"] == word
    assert row["severity"] == next(word for least, word in SEVERITIES if row["severity_score"] >= least)


def test_severity_is_weighted_by_theme_and_said_only_of_what_got_worse() -> None:
    values = [50.0, *(50 + n % 2 for n in range(8)), 20.0]
    rows = [figure("workers", f"{2013 + n}-03-31", value) for n, value in enumerate(values)]
    row = one(*rows)
    assert row["judgement"] == "worse"
    assert row["severity_score"] == pytest.approx(2.0 * -row["upper"] / row["expected"])
    better = one(*quarters("offences", [100, 100, 100, 100, 20]))
    assert better["severity"] == "Not rated"


def test_confidence_and_why() -> None:
    short = one(*RISE)
    assert short["confidence"] == "Moderate"
    assert short["confidence_reasons"] == (
        "too short a history to know its usual variation: the interval allows for chance counting only; "
        "2 comparisons agree"
    )
    long = one(*quarters("offences", [100] * 12 + [300]))
    assert (long["confidence"], long["confidence_reasons"]) == (
        "High", "long history of its own, no declared doubt about the figures; 3 comparisons agree"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "entries", "level", "reason"),
    [
        ({"status": "provisional"}, (), "Low", "the figure is provisional"),
        ({"basis": "derived"}, (), "Low", "the figure was worked out from a stated change"),
        ({}, (FAULT,), "Low", "the figure is disputed"),
        ({"basis": "computed"}, (), "High", "long history"),
    ],
)
def test_each_doubt_lowers_confidence(changed: Any, entries: Any, level: str, reason: str) -> None:
    rows = quarters("offences", [100] * 12 + [300])
    row = one(*rows[:-1], rows[-1] | changed, annotations=entries)
    assert row["confidence"] == level
    assert reason in row["confidence_reasons"]


def test_a_provisional_figure_outside_the_window_that_speaks_is_no_doubt() -> None:
    """The scan speaks of the months to August; only September is provisional, and there the counts stay as usual."""
    usual = [figure("offences", f"{2019 + n // 12}-{n % 12 + 1:02d}", 100) for n in range(45)]
    usual[-2:] = [figure("offences", f"2022-{month:02d}", value) for month, value in ((8, 400), (9, 100))]
    assert one(*usual[:-1], usual[-1] | {"status": "provisional"})["confidence"] == "High"
    assert one(*usual[:-2], usual[-2] | {"status": "provisional"}, usual[-1])["confidence"] == "Low"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"arrow": "down", "measure": "ratio", "change_lower": 0.02, "change_upper": 0.1}, "90%"),
        ({"arrow": "up", "measure": "ratio", "change_lower": 3.0, "change_upper": 9.0}, "200%"),
        ({"arrow": "up", "measure": "points", "change_lower": 6.58, "change_upper": 8.8}, "6.5 percentage points"),
        ({"arrow": "down", "measure": "difference", "change_lower": -9.0, "change_upper": -5.0}, "25%"),
    ],
)
def test_the_least_of_a_change_is_told_on_its_own_scale(row: Any, said: str) -> None:
    """Nine in ten fewer is a fall of 90%, however many times more it is the other way round; points stay points."""
    assert _severity_words(row | {"previous_value": 20.0}, "worse") == f"worse, by {said} at the least"
    assert _severity_words(row, "better") == ""


def test_what_was_recorded_and_what_was_expected_are_of_the_same_stretch() -> None:
    """Eight months of a third more: the figure is their total, as what was expected is, not the latest quarter's."""
    months = [f"{2017 + (n + 3) // 12}-{(n + 3) % 12 + 1:02d}" for n in range(66)]
    counts = [900 + 20 * (n % 3) for n in range(58)] + [1300] * 8
    row = one(*(figure("offences", month, count) for month, count in zip(months, counts, strict=True)))
    first, last = (parse(part) for part in str(row["period"]).split("/"))
    stretch = [count for month, count in zip(months, counts, strict=True) if str(first) <= month <= str(last)]
    assert row["check"] == "scan"
    assert len(stretch) > 3
    assert row["value"] == sum(stretch)
    assert 900 * len(stretch) < row["expected"] < 1000 * len(stretch)


def test_a_change_of_less_than_one_post_is_no_change_however_sure() -> None:
    """A vacancy or two: the level is known well, and one person more or less is all of the change."""

    def staff(last: float) -> Assessment:
        ends = ("03-31", "06-30", "09-30", "12-31")
        days = [f"{2017 + n // 4}-{ends[n % 4]}" for n in range(23)]
        return assessed(*(figure("workers", day, 1.0 if n < 20 else last) for n, day in enumerate(days)))

    tiny = staff(0.4)
    row = tiny.signals[tiny.signals["main"]].iloc[0]
    said = ("cannot_say", "cannot_say", "the change is of less than one post", "", "")
    assert tuple(row[name] for name in ("arrow", "judgement", "why", "event", "saw")) == said
    assert headline(row.to_dict()) == "Social workers (Northam): whether it changed cannot be said"
    assert tiny.findings.empty
    posts = tiny.tables["subtopics"].set_index("id").loc["posts"]
    assert (posts["direction"], posts["why"]) == ("cannot_say", "the figures do not allow a comparison")
    small = staff(3.4).findings.iloc[0]
    assert (small["direction"], small["judgement"], small["confidence"]) == ("up", "better", "Moderate")
    assert "so few that one post more or less is much of it" in small["confidence_reasons"]


def test_a_doubt_about_the_earlier_figure_counts_as_well() -> None:
    rows = quarters("offences", [100] * 12 + [300])
    assert one(*rows[:8], rows[8] | {"status": "provisional"}, *rows[9:])["confidence"] == "Low"
    early = declared(FAULT, start="2021-07", end="2021-09")
    assert one(*rows, annotations=(early,))["confidence"] == "Low"
    assert one(*rows[:8], rows[8] | {"basis": "derived"}, *rows[9:])["confidence"] == "Low"


def test_a_withheld_figure_limits_confidence() -> None:
    row = one(withheld("offences", "2021-22-Q2", 1, 5), figure("offences", QUARTER, 90))
    assert row["confidence"] == "Moderate"
    assert "a figure is withheld, so only its interval is used" in row["confidence_reasons"]
    assert math.isnan(row["probability"])
    assert row["probability_term"] == ""


def test_other_explanations_are_what_was_declared_of_either_figure() -> None:
    assert one(*RISE, annotations=(SHOCK,))["alternatives"] == "Heat wave: Everybody stayed at home."
    early = declared(SHOCK, start="2021-09", end="2021-10")
    assert one(*RISE, annotations=(early,))["alternatives"] != ""
    for apart in (
        declared(SHOCK, start="2018-10", end="2019-06"), declared(SHOCK, indicators=["workers"]),
        declared(SHOCK, areas=["Southam"]), declared(FAULT, start=None, end=None), GAP,
    ):  # fmt: skip
        assert one(*RISE, annotations=(apart,))["alternatives"] == ""


def test_a_rise_soon_after_a_shock_may_be_what_was_put_off() -> None:
    over = declared(SHOCK, start="2021-10", end="2022-06")
    assert one(*RISE, annotations=(over,))["alternatives"] == (
        "Rebound: heat wave ended not long before, and what was put off may show now."
    )


def test_a_change_of_recording_explains_what_happened_then_and_nothing_later() -> None:
    long_ago = declared(BREAK, start="2018-10")
    assert one(*RISE, annotations=(long_ago,))["alternatives"] == ""
    just_then = declared(BREAK, start="2021-07")
    assert one(*RISE, annotations=(just_then,))["alternatives"] == "New system: It counts differently."
    lasting = declared(SHOCK, start="2018-10", end=None)
    assert one(*RISE, annotations=(lasting,))["alternatives"] != ""


def test_a_total_names_the_parts_that_moved_as_it_did() -> None:
    """Referrals are made the sum of offences and of what is seen in time; only the first of them rose as well."""
    told = definitions()
    indicators = tuple(
        i.model_copy(update={"parts": ("offences", "seen_in_time")}) if i.id == "referrals" else i
        for i in told.catalogue.indicators
    )
    told = told.model_copy(update={"catalogue": Catalogue(indicators=indicators)})

    def said(part: int) -> str:
        rows = [*quarters("referrals", [100, 100, 100, 100, 300]), *quarters("offences", [90, 90, 90, 90, part])]
        rows += quarters("seen_in_time", [10.0, 10.0, 10.0, 10.0, 10.0])
        table, _ = findings(evidence(asked(*rows), release(rows, told).table), told)
        return str(table.set_index("indicator").loc["referrals", "alternatives"])

    assert said(290) == "A part of the total: Offences rose too, and the change may lie there."
    assert said(90) == ""
    assert said(9) == ""


def test_several_explanations_stand_side_by_side() -> None:
    second = declared(SHOCK, id="strike", title="Strike", reason="Nobody counted.")
    text = one(*RISE, annotations=(SHOCK, second))["alternatives"]
    assert text == "Heat wave: Everybody stayed at home. | Strike: Nobody counted."


def test_only_conflicts_and_faults_dispute_a_figure() -> None:
    entries = definitions(SHOCK, FAULT, GAP)
    assert disputed("heat-wave double-entry lost-records", entries) == ["double-entry"]
    assert disputed("", entries) == []
