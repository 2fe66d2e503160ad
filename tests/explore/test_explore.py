"""What an analyst asks at a keyboard, on the fictional partnership."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure

import threatlib as tl
from tests import small as small_
from threatlib import explore
from threatlib.errors import UsageError
from threatlib.explore.explanation import ROW_COLUMNS
from threatlib.explore.series import COLUMNS
from threatlib.pipeline import Dataset

DEMO = Path(__file__).parents[2] / "data" / "demo"
NOW = {"indicator": "referrals", "area": "Northam", "period": small_.QUARTER}
AT = {"indicator": "csc_referrals", "area": "Vellmarsh", "period": "2021-10"}

Slip = Callable[[Dataset], object]

pytestmark = pytest.mark.xdist_group("explore")  # the fictional partnership is read and assessed once
mpl.use("Agg")


@pytest.fixture(scope="module")
def q() -> Dataset:
    return tl.load(DEMO)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return tl.load(small_.folder(tmp_path_factory.mktemp("small") / "small"))


@pytest.fixture(scope="module")
def referrals(q: Dataset) -> explore.Series:
    return q.series("csc_referrals", "Vellmarsh")


def verdicts(effect: explore.WhatIf, indicator: str) -> set[str]:
    return set(effect.frame.query(f"indicator == '{indicator}' and area == 'Northam'")["verdict"])


def test_tab_completes_indicators_and_a_slip_is_met_with_a_name(q: Dataset) -> None:
    assert "csc_referrals" in dir(q.indicators)
    assert q.indicators.csc_referrals == "csc_referrals"
    assert "csc_referrals" in q.indicators._ipython_key_completions_()
    assert set(q.indicators.find("camhs WAITING")) >= {"camhs_waiting_total"}
    with pytest.raises(AttributeError, match="did you mean 'csc_referrals'"):
        _ = q.indicators.csc_referal
    with pytest.raises(UsageError, match="did you mean 'csc_referrals'"):
        q.series("csc_referal")


def test_a_series_is_what_was_returned(referrals: explore.Series) -> None:
    frame = referrals.frame
    assert tuple(frame.columns) == COLUMNS
    last = frame.iloc[-1]
    lines = (DEMO / last["file"]).read_text(encoding="utf-8").splitlines()
    read = lines[last["row"] - 1].split(",")
    assert read[:4] == ["csc_referrals", "Vellmarsh", last["period"], f"{last['value']:.0f}"]
    assert frame["end"].is_monotonic_increasing
    assert referrals.statuses.sum() == len(referrals) == 72
    assert referrals.by_day.index[-1] == pd.Timestamp("2022-09-30")


def test_choices_are_named_where_there_are_several(q: Dataset) -> None:
    with pytest.raises(UsageError, match=r"area=, one of .*'Quillgate'"):
        q.series("csc_referrals")
    with pytest.raises(UsageError, match="no area 'Velmarsh'; did you mean 'Vellmarsh'"):
        q.series("csc_referrals", "Velmarsh")


def test_a_gap_breaks_the_line_and_a_withheld_word_is_in_the_strip(q: Dataset) -> None:
    lost = q.series("camhs_referrals_first_steps", "Vellmarsh")
    ax = lost.plot()
    drawn = [line for line in ax.lines if len(line.get_xdata()) and np.isfinite(line.get_ydata()).any()]
    assert len(drawn) > 1
    shown = lost._repr_html_()
    assert "[x]" in shown
    assert "Community health records lost" in shown
    assert "not for publication" in shown
    assert "SIMULATED DATA" in shown


def test_a_series_without_a_figure_is_drawn_empty(q: Dataset) -> None:
    never = q.series("camhs_referrals_csc_clinical", "Quillgate", kind="quarter")
    assert never.frame["value"].isna().all()
    assert not never.plot(ax=Figure().subplots()).lines
    assert "[z]" in never._repr_html_()


def test_a_finding_that_rests_on_no_figure_says_so(q: Dataset) -> None:
    assessment = tl.assess(q, "2022-23-Q2", audience="internal")
    bare = dict(assessment.findings.iloc[0]) | {"rows": "", "confidence_reasons": "", "confidence": "Low"}
    said = q.explain(bare, assessment)
    assert "It has no figure to compare by the check" in str(said)
    assert "confidence Low." in str(said)
    assert "The figures it rests on" not in said._repr_html_()


def test_words_from_files_are_escaped(q: Dataset, referrals: explore.Series) -> None:
    hostile = explore.Series(
        referrals.indicator, "<script>x</script>", "a", "", "month", referrals.frame.assign(period="<b>"), ()
    )
    assert "<script>" not in hostile._repr_html_()
    assert "<b>" not in hostile._repr_html_()


def test_explain_walks_to_the_line_of_the_file(q: Dataset) -> None:
    assessment = tl.assess(q, "2022-23-Q2", audience="internal")
    finding = assessment.findings.query("indicator == 'csc_referrals' and breakdown == ''").iloc[0]
    why = q.explain(finding, assessment)
    assert why.sentence == finding["sentence"]
    assert tuple(why.rows.columns) == ROW_COLUMNS
    assert set(why.rows["obs"]) == set(finding["rows"].split())
    for row in why.rows.to_dict("records"):
        text = (DEMO / row["file"]).read_text(encoding="utf-8").splitlines()[row["row"] - 1]
        assert row["line"] == " | ".join(cell for cell in text.split(",") if cell)
    said = str(why)
    assert finding["severity"] in said
    assert why.rows["file"].iloc[0] in said
    assert "<td" in why._repr_html_()
    by_id = q.explain(finding["finding_id"], assessment)
    assert by_id.sentence == why.sentence
    with pytest.raises(UsageError, match="no finding 'F-nothing'"):
        q.explain("F-nothing", assessment)


@pytest.mark.parametrize(
    ("slip", "answer"),
    [
        (lambda q: tl.load(DEMO.parent / "dmo"), "no such partnership folder; did you mean '.*demo'"),
        (lambda q: tl.load(DEMO.parent), "no such partnership folder.* There is .*city-hackney"),
        (lambda q: tl.load(DEMO / "catalogue.yaml"), "no such partnership folder.* `threatlib init` makes one"),
        (lambda q: tl.assess(q, "2022-23-Q2", as_of="yesterday"), "as_of: found 'yesterday', wanted a day"),
        (lambda q: q.explain(0), "wanted a row of findings.* one of the ids F-"),
        (lambda q: q.explain(q.received[:2]), "wanted a row of findings"),
        (lambda q: q.compare("csc_referrals", "2031-04"), "for 2031-04 has been received; the last is for 2022-09"),
        (lambda q: q.compare("csc_referrals", "Vellmarsh"), "period: found 'Vellmarsh', wanted a period such as"),
        (
            lambda q: q.what_if(exclude={"indicater": "csc_referrals"}),
            "no column .*; did you mean 'indicator'",
        ),
        (lambda q: q.what_if(exclude={"indicator": "csc_referal"}), "'csc_referal'; did you mean 'csc_referrals'"),
        (lambda q: q.what_if(exclude="csc_referrals"), r"such as \{'indicator': 'csc_referrals'\}"),
        (lambda q: q.what_if(rebase_at=AT | {"area": "Velmarsh"}), "rebase_at: .*'Velmarsh'; did you mean 'Vellmarsh'"),
        (lambda q: q.propose("x", "X", rebase_at=AT | {"area": "Velmarsh"}), "propose: .* did you mean 'Vellmarsh'"),
        (lambda q: q.propose("A break", "X", rebase_at=AT), "id: found 'A break', wanted small letters, digits"),
    ],
)
def test_a_slip_is_met_with_what_was_found_and_what_is_there(q: Dataset, slip: Slip, answer: str) -> None:
    with pytest.raises(UsageError, match=answer):
        slip(q)


def test_a_name_that_is_not_there_is_a_key_error_with_the_nearest(q: Dataset) -> None:
    with pytest.raises(KeyError, match="did you mean 'csc_referrals'"):
        q.indicators["csc_referal"]


def test_a_withheld_figure_is_told_by_its_period(q: Dataset) -> None:
    assessment = tl.assess(q, "2022-23-Q2", audience="internal")
    one = assessment.findings[:1]
    hidden = assessment.observations.query(f"obs == {one['rows'].iloc[0].split()[0]!r}").iloc[0]
    without = assessment.observations.assign(row=0)
    why = explore.explain(DEMO, q.table[:0], explore.chosen(one, one), assessment.signals, without)
    assert f"- {hidden['period']}, {hidden['file']}: [c] (withheld" in str(why)


def test_what_if_changes_the_finding_and_never_the_record(q: Dataset, small: Dataset) -> None:
    before = {path: path.read_bytes() for path in DEMO.rglob("*") if path.is_file()}
    received = q.received.copy()
    parted = q.what_if(rebase_at=AT)
    told = parted.frame.query("indicator == 'csc_referrals' and area == 'Vellmarsh'")
    assert (told["verdict"] != "same").any()
    others = parted.frame.query("indicator != 'csc_referrals'")
    assert len(others)
    assert (others["verdict"] == "same").mean() > 0.9
    pd.testing.assert_frame_equal(q.received, received)
    assert before == {path: path.read_bytes() for path in DEMO.rglob("*") if path.is_file()}
    gone = small.what_if(exclude=NOW)
    assert verdicts(gone, "referrals") == {"gone"}
    assert verdicts(gone, "offences") == {"same"}


def test_a_supposition_about_nothing_is_a_slip(q: Dataset) -> None:
    with pytest.raises(UsageError, match="no figure received is"):
        q.what_if(exclude=["no such row"])
    with pytest.raises(UsageError, match="no column 'place'"):
        q.what_if(exclude={"place": "Vellmarsh"})
    with pytest.raises(UsageError, match="say what to suppose"):
        q.what_if()
    with pytest.raises(UsageError, match="wanted 'period'"):
        q.what_if(rebase_at={"indicator": "csc_referrals"})
    with pytest.raises(UsageError, match="either rebase_at= or exclude="):
        q.propose("both", "Both", rebase_at=AT, exclude=AT)
    with pytest.raises(UsageError, match="no figure received is"):
        q.propose("never", "Never", exclude={**AT, "period": "1999-01"})


def test_compare_gives_rates_with_intervals(q: Dataset) -> None:
    side_by_side = q.compare("csc_referrals", "2022-09")
    frame = side_by_side.frame
    assert side_by_side.unit == "per_10k"
    assert (frame["lower"] <= frame["value"]).all()
    assert (frame["value"] <= frame["upper"]).all()
    np.testing.assert_allclose(frame["value"], 10_000 * frame["count"] / frame["denominator"])
    assert {"local", "neighbour"} == set(frame["role"])
    assert "<svg" in side_by_side._repr_html_()
    with pytest.raises(UsageError, match="has been received"):
        q.compare("csc_referrals", "1999-01")


def test_the_second_answer_is_the_first_whatever_was_done_to_that(small: Dataset) -> None:
    first = tl.assess(small, small_.QUARTER)
    first.findings["severity"] = "spoilt"
    second = tl.assess(small, small_.QUARTER)
    assert second.signals.equals(first.signals)
    assert "spoilt" not in set(second.findings["severity"])


@pytest.mark.parametrize("how", ["rebase_at", "exclude"])
def test_a_proposal_is_written_with_reason_and_name_and_keeps_the_rest(tmp_path: Path, how: str) -> None:
    folder = small_.folder(tmp_path / "small", small_.SHOCK, small_.GAP)
    names = sorted(path.name for path in folder.iterdir())
    proposal = tl.load(folder).propose("new-case-system", "New case system", **{how: NOW})
    assert "same" not in verdicts(proposal.effect, "referrals")
    path = folder / "annotations.yaml"
    text = path.read_text(encoding="utf-8")
    assert "not written" in repr(proposal)
    assert "New case system" in proposal._repr_html_()
    with pytest.raises(UsageError, match="a reason and the name"):
        proposal.write(reason=" ", said_by="A. Analyst")
    with pytest.raises(UsageError, match="status: found 'opne'; wanted 'open'"):
        proposal.write(reason="A new system.", said_by="A. Analyst", status="opne")
    assert path.read_text(encoding="utf-8") == text
    proposal.write(reason="The team moved to a new system: counts before and after differ.", said_by="A. Analyst")
    after = path.read_text(encoding="utf-8")
    assert after.startswith(text.rstrip("\n"))
    entry = yaml.safe_load(after)["annotations"][-1]
    assert (entry["id"], entry["said_by"], entry["indicators"]) == ("new-case-system", "A. Analyst", ["referrals"])
    again = tl.load(folder)
    assert again.series("referrals", "Northam").annotations[-1].title == "New case system"
    written = again._newest.findings.groupby(["indicator", "area"])["sentence"].agg(list)
    proposed = proposal.effect.after.findings.groupby(["indicator", "area"])["sentence"].agg(list)
    pd.testing.assert_series_equal(written, proposed)
    with pytest.raises(UsageError, match="already"):
        proposal.write(reason="twice", said_by="A. Analyst")
    assert sorted(path.name for path in folder.iterdir()) == names


def test_what_is_left_out_is_still_protected_and_shown_as_such(tmp_path: Path) -> None:
    small_.folder(tmp_path / "small")
    before = tl.load(tmp_path / "small")
    before.propose("wrong", "Counted twice", exclude=NOW).write(reason="Two clerks.", said_by="A. Analyst")
    after = tl.load(tmp_path / "small")
    assert NOW["period"] not in set(after.series("referrals", "Northam").frame["period"])
    shown = [tl.assess(q, small_.QUARTER).observations for q in (before, after)]
    pd.testing.assert_frame_equal(*(table.drop(columns=["used", "marks"]) for table in shown))
    out = shown[1][shown[0]["used"] & ~shown[1]["used"]]
    assert set(out["indicator"]) == {"referrals"}
    assert set(out["area"]) == {"Northam"}
    assert out["marks"].str.contains("wrong").all()
