"""A partnership's definitions: every fault named, with its file and its entry, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.returns.small import CATALOGUE, partnership
from threatlib.catalogue import Annotation, Indicator, load
from threatlib.errors import DataError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return partnership(tmp_path / "small")


def complaint(folder: Path) -> str:
    with pytest.raises(DataError) as raised:
        load(folder)
    assert raised.value.exit_code == 3
    return str(raised.value).replace(str(folder), "F")


def replace(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


@pytest.mark.parametrize("name", ["demo", "city-hackney"])
def test_the_partnerships_of_the_repository_load(name: str) -> None:
    definitions = load(ROOT / "data" / name)
    assert len(definitions.catalogue.by_id) == len(definitions.catalogue.indicators)
    assert definitions.partnership.local_areas


def test_what_is_defined_can_be_asked_for(folder: Path) -> None:
    definitions = load(folder)
    assert definitions.catalogue.by_id["rereferral_share"].denominator == "referrals"
    assert definitions.partnership.local_areas == ("Northam", "Southam", "Northam and Southam")
    agency = definitions.partnership.agency_named(" NORTHAM_council ")
    assert agency is not None
    assert agency.name == "Northam Council"
    assert definitions.partnership.agency_named("Fire Brigade") is None


FAULTS = [
    ("catalogue.yaml", "id: offences", "id: Offences",
     "F/catalogue.yaml, indicators > 'Offences' > id: found 'Offences', string should match pattern"),
    ("catalogue.yaml", "unit: fte", "unit: heads",
     "F/catalogue.yaml, indicators > 'workers' > unit: found 'heads', input should be"),
    ("catalogue.yaml", "polarity: lower_is_worse", "polarity: bad",
     "F/catalogue.yaml, indicators > 'workers' > polarity: found 'bad'"),
    ("catalogue.yaml", "id: plans_other", "id: plans",
     "F/catalogue.yaml, the whole file: defined more than once: plans"),
    ("catalogue.yaml", "parts: [plans_neglect", "parts: [plans_lost",
     "F/catalogue.yaml, the whole file: plans names indicators that are not defined: plans_lost"),
    ("catalogue.yaml", "name: Offences", "nom: Offences", "F/catalogue.yaml, indicators > 'offences' > nom"),
    ("partnership.yaml", "default_audience: partners", "default_audience: friends",
     "F/partnership.yaml, the whole file: default_audience 'friends' is not one of the audiences"),
    ("partnership.yaml", "parts: [Northam, Southam]", "parts: [Northam, Westham]",
     "area 'Northam and Southam' has parts that are not areas: Westham"),
    ("partnership.yaml", "footprint: [Northam, Southam]", "footprint: [Northam, Westham]",
     "F/partnership.yaml, agency 'Police': area 'Westham' of its footprint is not an area."),
    ("partnership.yaml", "rule: dfe,", "rule: nhs,", "audiences name rules that are not defined: nhs"),
    ("threats.yaml", "indicators: [referrals]", "indicators: [reports]",
     "F/threats.yaml, 'referrals': indicator 'reports' is not in catalogue.yaml."),
    ("threats.yaml", ", indicators: [referrals]", "", "referrals has neither indicators nor a narrative"),
    ("threats.yaml", "page: demand", "page: sport", "threats > 'demand' > subtopics > 'front-door' > page"),
    ("threats.yaml", "threats:", "threats: [", "F/threats.yaml: not readable as YAML"),
    ("annotations.yaml", "annotations: []", "annotations: [{id: a}]", "F/annotations.yaml, annotations > 'a' > kind"),
    ("annotations.yaml", "annotations: []", "annotations: [{id: a, start: spring}]",
     "F/annotations.yaml, annotations > 'a' > start: found 'spring', wanted a period such as"),
    ("annotations.yaml", "annotations: []", "annotations: [{id: a, kind: gap, title: T, reason: R, said_by: S, "
     "status: open, start: 2022-09, end: 2022-04}]", "a ends (2022-04) before it starts (2022-09)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "said"), FAULTS)
def test_a_fault_is_named_with_its_file_and_entry(folder: Path, name: str, old: str, new: str, said: str) -> None:
    replace(folder, name, old, new)
    assert said in complaint(folder)


def test_faults_of_several_files_come_together(folder: Path) -> None:
    (folder / "threats.yaml").unlink()
    (folder / "requirements.csv").unlink()
    replace(folder, "catalogue.yaml", "unit: fte", "unit: heads")
    said = complaint(folder)
    assert said.startswith("F: the partnership's definitions cannot be used:")
    assert "F/threats.yaml: the file is missing; `threatlib init` makes a folder with all of them." in said
    assert "F/requirements.csv: the file is missing." in said
    assert "'workers' > unit" in said


def test_requirements_are_checked_row_by_row(folder: Path) -> None:
    (folder / "requirements.csv").write_text(
        "ref,threat,kind,question,owner,raised,due,depends_on,status,answer\n"
        "R1,demand,analysis,Why?,,,,,open,\nR2,fraud,analysis,How?,,,,R9,open,\nR1,demand,analysis,When?,,,,,open,\n"
    )
    said = complaint(folder)
    assert "F/requirements.csv, R2: threat 'fraud' is not in threats.yaml." in said
    assert "F/requirements.csv, R1: the ref is there 2 times; give each its own." in said
    assert "R9" not in said  # a question that waits for one that is not there is shown as orphaned, and stops nothing
    (folder / "requirements.csv").write_text("ref,threat,kind,question\nR1,demand,guess,Why?\n")
    assert "F/requirements.csv, row 2, kind: found 'guess'" in complaint(folder)


def test_annotations_must_name_what_exists(folder: Path) -> None:
    (folder / "annotations.yaml").write_text(
        "annotations: [{id: lost, kind: gap, title: T, reason: R, said_by: S, status: open, indicators: [reports], "
        "areas: [Westham]}]"
    )
    said = complaint(folder)
    assert "F/annotations.yaml, 'lost': indicator 'reports' is not in catalogue.yaml." in said
    assert "F/annotations.yaml, 'lost': area 'Westham' is not in partnership.yaml." in said


def test_a_conflict_names_only_its_own_figures() -> None:
    with pytest.raises(ValueError, match="c uses figures it does not list: b"):
        Annotation.model_validate(
            {"id": "c", "kind": "conflict", "title": "T", "reason": "R", "said_by": "S", "status": "open",
             "figures": {"a": {"value": 1}}, "used": ["b"]}
        )  # fmt: skip


@pytest.mark.parametrize("figure", [{}, {"row": "a@1", "value": 1}])
def test_a_figure_is_a_row_or_a_value(figure: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either a row or a value"):
        Annotation.model_validate(
            {"id": "c", "kind": "conflict", "title": "T", "reason": "R", "said_by": "S", "status": "open",
             "figures": {"a": figure}}
        )  # fmt: skip


def test_definitions_cannot_be_changed_once_built(folder: Path) -> None:
    indicator = load(folder).catalogue.by_id["referrals"]
    with pytest.raises(ValueError, match="frozen"):
        indicator.polarity = "higher_is_worse"  # type: ignore[misc]


def test_few_points_are_at_least_two() -> None:
    assert "minimum_points" not in CATALOGUE
    assert Indicator.model_fields["minimum_points"].default == 2
