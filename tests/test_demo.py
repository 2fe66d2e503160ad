"""The fictional partnership: reproducible, readable, and with what was planted really in it."""

from __future__ import annotations

import csv
import filecmp
import hashlib
import re
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from openpyxl import load_workbook

from tests.demo import SEED, Truths, build
from tests.demo.places import BOTH, LARGE, SMALL
from tests.demo.series import COMBINED, FLOWS, TOTALS
from tests.demo.truths import Truth, draw
from tests.demo.world import simulate
from threatlib import returns
from threatlib.catalogue import Definitions, load
from threatlib.observations import STATUSES, as_of, settle
from threatlib.periods import parse, quarter_of

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "data" / "demo"
PUBLISHED = ROOT.parent / "shared" / "data" / "published_figures.csv"


@cache
def _definitions() -> Definitions:
    return load(DEMO)


@cache
def _observations() -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    table, register, problems = returns.read(DEMO, _definitions())
    return table, register, tuple(map(str, problems))


def _final() -> pd.DataFrame:
    return as_of(_observations()[0], None)


def _series(indicator: str, area: str, breakdown: str = "", table: pd.DataFrame | None = None) -> pd.Series:
    table = _final() if table is None else table
    chosen = table[(table["indicator"] == indicator) & (table["area"] == area) & (table["breakdown"] == breakdown)]
    return chosen.set_index("end")["value"].sort_index()


def _truths() -> Truths:
    return draw(SEED, 24)


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    build(folder, SEED)
    return folder


# Reproducible


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_committed_folder_is_what_the_generator_writes(remade: Path) -> None:
    """If this fails, run `python -m tests.demo` and look at what changed before committing it."""
    names = _files(remade)
    assert _files(DEMO) == names
    _, differ, unreadable = filecmp.cmpfiles(remade, DEMO, names, shallow=False)
    assert (differ, unreadable) == ([], [])


def test_another_seed_tells_another_story_over_a_shorter_history(tmp_path: Path) -> None:
    truths = build(tmp_path, seed=1, quarters=12)
    assert (truths.first, truths.last) == ("2019-20-Q3", "2022-23-Q2")
    last = "returns/2022-23-Q2/vellmarsh_childrens_services.csv"
    assert (tmp_path / last).read_bytes() != (DEMO / last).read_bytes()
    definitions = load(tmp_path)
    table, _, problems = returns.read(tmp_path, definitions)
    assert problems == []
    assert settle(as_of(table, None), definitions.annotations.annotations)[1] == []
    assert [a.id for a in definitions.annotations.annotations] == ["pandemic"]


def test_building_again_leaves_no_file_of_the_longer_history(tmp_path: Path) -> None:
    build(tmp_path, seed=1, quarters=13)
    build(tmp_path, seed=1, quarters=12)
    assert not (tmp_path / "returns" / "2019-20-Q2").exists()
    assert (tmp_path / "returns" / "2019-20-Q3").exists()


def test_too_short_a_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="11 quarters are too few"):
        build(tmp_path, seed=1, quarters=11)


def test_truths_are_written_as_they_were_drawn() -> None:
    written = yaml.safe_load((DEMO / "truths.yaml").read_text(encoding="utf-8"))
    told = [Truth(**(entry | {"also": tuple(entry["also"])})) for entry in written.pop("truths")]
    assert Truths(truths=tuple(told), **written) == _truths()


# Loads, and is complete


def test_every_register_entry_has_its_file_and_checksum() -> None:
    rows = list(csv.DictReader((DEMO / "register.csv").open(encoding="utf-8")))
    for row in rows:
        assert hashlib.sha256((DEMO / row["file"]).read_bytes()).hexdigest() == row["sha256"], row["file"]
    kept = [name for name in _files(DEMO) if name.startswith(("returns/", "reference/"))]
    assert sorted(row["file"] for row in rows) == kept
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 3_000_000


def test_every_file_reads_without_a_problem_and_every_declaration_fits() -> None:
    table, _, problems = _observations()
    assert problems == ()
    assert settle(as_of(table, None), _definitions().annotations.annotations)[1] == []


def test_every_indicator_of_the_catalogue_has_figures_from_an_agency_of_the_partnership() -> None:
    table = _final()
    definitions = _definitions()
    assert set(table["indicator"]) == set(definitions.catalogue.by_id)
    assert set(table["agency"]) == {agency.name for agency in definitions.partnership.agencies}
    assert all(definitions.partnership.agency_named(i.agency) for i in definitions.catalogue.indicators)
    local = table[table["role"] == "local"]
    assert {"csv", "xlsx"} == {name.rsplit(".", 1)[-1] for name in table["file"]}
    assert local[local["file"].str.startswith("returns")]["agency"].nunique() >= 6
    assert table[table["file"].str.startswith("returns")]["file"].str.split("/").str[1].nunique() == 24


def test_the_tree_speaks_of_every_indicator_and_has_three_threats() -> None:
    threats = _definitions().threats.threats
    items = [item for threat in threats for sub in threat.subtopics for item in sub.items]
    named = {indicator for item in items for indicator in item.indicators}
    assert len(threats) == 3
    assert named == set(_definitions().catalogue.by_id) - {"population_children"}
    assert {item.standing for item in items} >= {"measured", "reported", "hypothesis"}
    links = {link for threat in threats for sub in threat.subtopics for link in sub.links}
    assert links <= {sub.id for threat in threats for sub in threat.subtopics}


def test_requirements_hold_a_dependency_an_overdue_an_answered_and_an_orphan() -> None:
    found = _definitions().requirements
    assert 8 <= len(found) <= 12
    assert [r.ref for r in found if r.depends_on] == ["IR5"]
    assert [r.ref for r in found if r.status == "open" and r.due and date.fromisoformat(r.due) < date(2022, 9, 30)] == [
        "IR2"
    ]
    assert [r.ref for r in found if r.status == "answered" and r.answer] == ["IR6"]
    assert [r.ref for r in found if not r.owner] == ["IR10"]


def test_the_tail_declared_in_the_catalogue_is_the_tail_in_the_returns() -> None:
    catalogue = _definitions().catalogue.by_id
    table = _final()
    told = table[(table["status"] == "provisional") & (table["area"] == LARGE) & (table["breakdown"] == "")]
    assert told.groupby("indicator").size().to_dict() == {
        i.id: i.provisional_periods for i in catalogue.values() if i.provisional_periods
    }


def test_ids_of_the_published_figures_are_used_where_those_have_the_figure() -> None:
    if not PUBLISHED.is_file():
        pytest.skip("the shared reference material is not present")
    published = set(pd.read_csv(PUBLISHED)["indicator_id"])
    ours = {
        "csc_contacts", "csc_referrals", "csc_rereferral_rate", "csc_assessments", "csc_assessments_45d", "csc_s47",
        "csc_icpc", "csc_cp_plans", "csc_looked_after", "lado_contacts", "marac_cases", "police_da_offences",
        "health_visitor_safeguarding_referrals", "ehe_children", "social_workers_agency_share",
        "social_workers_permanent_fte", "social_workers_agency", "social_worker_vacancies",
        "social_worker_sickness_rate", "camhs_referrals_specialist", "camhs_referrals_first_steps",
        "camhs_referrals_disability", "camhs_referrals_csc_clinical", "population_children",
    }  # fmt: skip
    assert ours <= published
    assert ours == set(_definitions().catalogue.by_id) & published


# Says that it is simulated


def test_names_register_and_workbooks_say_simulated() -> None:
    partnership = _definitions().partnership
    assert partnership.data_kind == "simulated"
    assert "simulated" in partnership.name
    assert all("Simulated" in audience.marking for audience in partnership.audiences.values())
    assert set(_observations()[1]["kind"]) == {"simulated"}
    book = load_workbook(DEMO / "returns" / "2022-23-Q2" / "lanternhouse_camhs.xlsx")
    assert "simulated" in book["Return"]["A1"].value
    assert "Simulated" in book.properties.title


def test_prose_of_the_definitions_holds_no_figure() -> None:
    """Pages print these texts, and every digit on a page must come from a row: years are the only digits allowed."""
    definitions = _definitions()
    texts = [text for a in definitions.annotations.annotations for text in (a.title, a.reason, a.why)]
    for threat in definitions.threats.threats:
        texts += [threat.name, threat.priority]
        texts += [text for sub in threat.subtopics for item in sub.items for text in (item.name, item.narrative)]
    texts += [text for r in definitions.requirements for text in (r.question, r.answer)]
    assert [text for text in texts if re.search(r"\d", re.sub(r"\b(19|20)\d\d\b", "", text))] == []


# What was planted is there


def _by_quarter(values: pd.Series, indicator: str) -> pd.Series:
    """Totals of a quarter for counts over time, the one value for snapshots and shares."""
    flows = {spec.indicator for spec in FLOWS}
    return (
        values.groupby([quarter_of(day.date()).label for day in values.index]).sum(min_count=1)
        if (indicator in flows)
        else values.set_axis([quarter_of(day.date()).label for day in values.index])
    )


@pytest.mark.parametrize("truth", draw(SEED, 24).planted, ids=lambda truth: truth.id)
def test_planted_truth_shows_in_the_figures(truth: Truth) -> None:
    quarterly = _by_quarter(_series(truth.indicator, truth.area), truth.indicator)
    begins = quarter_of(parse(truth.start).end).label
    before = quarterly[quarterly.index < begins]
    ratio = quarterly.iloc[-2:].mean() / before.mean()
    assert len(before) >= 15
    if truth.kind == "silence":
        assert ratio < 0.25
        assert quarterly[quarterly.index >= begins].max() < before.min()
    else:
        assert 0.75 * truth.size < ratio < 1.25 * truth.size
        assert quarterly.iloc[-1] > before.max()
    assert (ratio > 1) == (truth.direction == "up")


def test_the_counterparts_of_silence_stay() -> None:
    catalogue = _definitions().catalogue.by_id
    for truth in (t for t in _truths().planted if t.kind == "silence"):
        counterpart = catalogue[truth.indicator].counterpart
        assert counterpart in {"police_sexual_offences_under_18", "sarc_attendances_under_18"}
        quarterly = _by_quarter(_series(counterpart, truth.area), counterpart)
        assert 0.75 < quarterly.iloc[-4:].mean() / quarterly.iloc[:-4].mean() < 1.35


def test_what_moves_with_a_truth_is_written_down() -> None:
    catalogue = _definitions().catalogue.by_id
    for truth in _truths().planted:
        parts_of = {i.id for i in catalogue.values() if truth.indicator in i.parts}
        made_from = {catalogue[truth.indicator].numerator} - {None}
        assert parts_of | made_from <= set(truth.also), truth.id


def _shift(values: np.ndarray) -> float:
    """Change of the last four quarters against all earlier ones, in standard errors of independent quarters."""
    now, past = values[-4:], values[:-4]
    return float((now.mean() - past.mean()) / (past.std(ddof=1) * np.sqrt(1 / len(now) + 1 / len(past))))


def test_the_control_group_is_quiet() -> None:
    assert len(_truths().control) >= 8
    for truth in _truths().control:
        quarterly = _by_quarter(_series(truth.indicator, truth.area), truth.indicator)
        assert abs(_shift(quarterly.to_numpy())) < 3.3, truth.indicator


def test_over_other_seeds_the_control_group_varies_by_chance_and_the_planted_series_do_not() -> None:
    control, planted = [], []
    for seed in range(8):
        truths = draw(seed, 24)
        world = simulate(seed, 24, truths)
        for truth in truths.truths:
            line = world[truth.indicator, truth.area, ""]
            values = pd.Series(line.value, index=pd.to_datetime([p.end for p in line.periods]))
            shift = _shift(_by_quarter(values, truth.indicator).to_numpy())
            (planted if truth.kind != "none" else control).append(shift)
    assert np.mean(np.abs(control) > 3.3) < 0.05
    assert abs(np.mean(control)) < 4 * 1.3 / np.sqrt(len(control))
    assert np.mean(np.abs(planted) > 3.3) > 0.95


def test_starts_and_sizes_depend_on_the_seed() -> None:
    drawn = [draw(seed, 24).planted for seed in range(12)]
    assert len({truths[0].size for truths in drawn}) > 3
    assert {truths[0].start for truths in drawn} == {"2021-07", "2021-10"}


# Late, provisional, revised, suppressed, missing, small


def test_every_status_a_source_can_give_is_there() -> None:
    assert set(_final()["status"]) == set(STATUSES) - {"withheld"}


def test_first_returned_months_are_incomplete_and_revised_upwards() -> None:
    table = _observations()[0]
    police = table[(table["indicator"] == "police_da_offences") & (table["area"] == LARGE)]
    first = (
        police[police["status"] == "provisional"].drop_duplicates("period", keep="last").set_index("period")["value"]
    )
    final = police[police["status"] == "reported"].drop_duplicates("period", keep="last").set_index("period")["value"]
    both = first.index.intersection(final.index)
    assert len(both) == 69
    assert (first[both] <= final[both]).all()
    assert first[both].sum() / final[both].sum() == pytest.approx((0.90 + 0.95 + 0.98) / 3, abs=0.01)


def test_a_late_return_is_not_known_before_it_arrives() -> None:
    table = _observations()[0]
    waits = table[table["indicator"] == "camhs_waiting_total"]
    assert "2022-06-30" not in set(as_of(waits, date(2022, 8, 31))["period"])
    assert "2022-06-30" in set(as_of(waits, date(2022, 9, 30))["period"])


def test_a_return_sent_again_puts_a_mistyped_figure_right() -> None:
    table, register, _ = _observations()
    again = register[register["supersedes"] != ""].iloc[0]
    july = table[(table["indicator"] == "police_da_offences") & (table["period"] == "2020-07")]
    july = july[july["area"] == LARGE]
    before = as_of(july, again["received_on"].date().replace(day=again["received_on"].day - 1))["value"].item()
    after = as_of(july, again["received_on"].date())["value"].item()
    assert before // 10 == after
    assert again["supersedes"] in set(register["file"])


def test_eighteen_months_are_lost_for_one_area_of_one_agency() -> None:
    table = _final()
    trust = table[(table["agency"] == "Marsh Community Health Trust") & (table["status"] == "not_returned")]
    assert set(trust["area"]) == {LARGE}
    assert trust.groupby("indicator").size().to_dict() == {
        "camhs_referrals_disability": 18, "camhs_referrals_first_steps": 18, "health_visitor_safeguarding_referrals": 18
    }  # fmt: skip
    assert (trust["period"].min(), trust["period"].max()) == ("2019-07", "2020-12")
    assert trust["value"].isna().all()


def test_declared_changes_in_recording_and_the_shock_are_in_the_figures() -> None:
    contacts = _series("csc_contacts", LARGE)
    assert contacts["2019-04":"2020-03"].mean() / contacts[:"2019-03"].mean() == pytest.approx(0.76, abs=0.05)  # type: ignore[misc]
    notified = _series("police_child_protection_notifications", LARGE)
    assert notified["2018-10":"2019-09"].mean() / notified["2017-10":"2018-09"].mean() > 1.1  # type: ignore[misc]
    referrals = _series("csc_referrals", LARGE)
    assert referrals["2020-04":"2020-05"].mean() / referrals["2019-04":"2019-05"].mean() < 0.85  # type: ignore[misc]


def test_the_small_area_is_small_and_its_zeros_are_zeros() -> None:
    for indicator in ("csc_s47", "csc_icpc", "csa_assessments_naming_csa", "police_sexual_offences_under_18"):
        quarterly = _by_quarter(_series(indicator, SMALL), indicator)
        assert quarterly.max() <= 9, indicator
    rows = _final()
    rows = rows[(rows["area"] == SMALL) & (rows["indicator"] == "csc_icpc")]
    assert (rows["value"] == 0).any()
    assert set(rows.loc[rows["value"] == 0, "status"]) == {"reported"}
    assert _series("population_children", SMALL).between(500, 999).all()
    assert _series("population_children", LARGE).between(55_000, 65_000).all()


def test_the_hospital_suppresses_one_to_four_and_nothing_else() -> None:
    rows = _final()
    rows = rows[rows["agency"] == "Saint Orrin Hospital"]
    shown = rows.loc[rows["status"] == "reported", "value"]
    assert not shown.between(1, 4).any()
    assert (shown == 0).any()
    hidden = rows[rows["status"] == "suppressed_by_source"]
    assert len(hidden) > 20
    assert hidden["value"].isna().all()


def test_breakdowns_categories_bands_and_areas_add_up() -> None:
    table = _final()
    for indicator, dimension in (("csc_referrals", "ethnicity"), ("csc_s47", "ethnicity")):
        parts = table[(table["indicator"] == indicator) & table["breakdown"].str.startswith(dimension)]
        assert (parts.groupby("end")["value"].sum() == _series(indicator, LARGE)).all()
        assert parts["breakdown"].nunique() == 5
    catalogue = _definitions().catalogue.by_id
    for total, parts in TOTALS.items():
        assert catalogue[total].parts == parts
        area = LARGE if total == "csc_cp_plans" else BOTH
        assert (sum(_series(part, area) for part in parts) == _series(total, area)).all()
    for indicator in COMBINED:
        whole = _series(indicator, BOTH).dropna()
        assert ((_series(indicator, LARGE) + _series(indicator, SMALL))[whole.index] == whole).all()


def test_percentages_are_their_numerator_over_their_denominator() -> None:
    table = _final()
    shares = table[table["indicator"].map({i.id: i.unit for i in _definitions().catalogue.indicators}) == "percent"]
    shares = shares[shares["value"].notna()]
    assert shares[["numerator", "denominator"]].notna().all(axis=None)
    assert (100 * shares["numerator"] / shares["denominator"] - shares["value"]).abs().max() < 0.0501
    assert shares["value"].between(0, 100).all()


def test_counts_are_as_overdispersed_as_a_borough_is() -> None:
    """Variance over mean of detrended quarters of a control series lies in the range the study found."""
    values = _series("police_da_offences", LARGE).iloc[:-3]
    by_month = values.groupby(values.index.month)
    residual = values - by_month.transform("mean")
    phi = (residual**2).sum() / (len(values) - 12) / values.mean()
    assert 1.5 < phi < 10
