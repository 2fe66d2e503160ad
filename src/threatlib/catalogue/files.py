"""A partnership's YAML and CSV definitions, read with every fault named at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from threatlib.catalogue import commentary
from threatlib.catalogue.annotations import Annotations, Claim, Claims
from threatlib.catalogue.definitions import Definitions
from threatlib.catalogue.entry import Entry, complaint
from threatlib.catalogue.indicators import Catalogue
from threatlib.catalogue.partnership import Area, Neighbours, Partnership
from threatlib.catalogue.questions import rows_of
from threatlib.catalogue.threats import Judgements, Requirement, Threats
from threatlib.catalogue.yaml_files import LIKE_IT, NotYaml, read_yaml, shown
from threatlib.errors import DataError, UsageError

JUDGEMENTS = "judgements.yaml"
"""What an earlier assessment said, to be held against its figures; a partnership may have none."""
NEIGHBOURS = "neighbours.yaml"
"""What `threatlib import statistical-neighbours` writes into a partnership's folder."""

CLAIMS = "published/claims.yaml"
"""What reports claim in words: a list of entries with `says` and, if need be, `at` and `about`."""

LIKE_US = "neighbours"
"""The word for statistical neighbours among an indicator's comparators."""


def load(folder: Path) -> Definitions:
    """Read and check a partnership's definitions.

    Raises
    ------
    DataError
        Naming every file that is missing and every entry that does not fit, all at once.
    """
    problems: list[str] = []
    parts: dict[str, Any] = {}
    for name, model in (
        ("partnership", Partnership),
        ("catalogue", Catalogue),
        ("threats", Threats),
        ("annotations", Annotations),
    ):
        parts[name] = _read_yaml(folder / f"{name}.yaml", model, problems)
    if not problems and (folder / NEIGHBOURS).is_file():
        found = _read_yaml(folder / NEIGHBOURS, Neighbours, problems)
        if found is not None:
            parts |= _with_neighbours(parts["partnership"], parts["catalogue"], found)
    if (folder / JUDGEMENTS).is_file():
        said = _read_yaml(folder / JUDGEMENTS, Judgements, problems)
        parts["judgements"] = said.judgements if said is not None else ()
    parts["requirements"] = _read_requirements(folder / "requirements.csv", problems)
    parts["claims"] = _read_claims(folder / CLAIMS, problems)
    if not problems:
        problems += _cross_check(folder, parts)
        tree = parts["threats"].threats
        threats = [named.id for threat in tree for named in (threat, *threat.subtopics)]
        parts["comments"] = commentary.read(folder, threats, parts["partnership"].audiences, problems)
    if problems:
        raise DataError(f"{folder}: the partnership's definitions cannot be used:", problems)
    return Definitions(**parts)


def _with_neighbours(partnership: Partnership, catalogue: Catalogue, found: Neighbours) -> dict[str, Any]:
    """Make every neighbour an area, and put the close ones where an indicator is compared with its neighbours.

    Where none is close there is none: an average of authorities that are not alike says nothing.
    """
    ranked = sorted(found.neighbours, key=lambda n: n.rank)
    names = dict.fromkeys(n.name for n in ranked)
    close = tuple(dict.fromkeys(n.name for n in ranked if n.close))
    there = {area.name for area in partnership.areas}
    areas = [Area(name=name, role="comparator") for name in names if name not in there]
    indicators = tuple(
        i.model_copy(update={"comparators": tuple(c for n in i.comparators for c in (close if n == LIKE_US else (n,)))})
        for i in catalogue.indicators
    )
    return {
        "neighbours": found.neighbours,
        "partnership": partnership.model_copy(update={"areas": (*partnership.areas, *areas)}),
        "catalogue": Catalogue(
            **{name: getattr(catalogue, name) for name in Catalogue.model_fields} | {"indicators": indicators}
        ),
    }


def partnerships(data: Path, named: Sequence[str]) -> list[Path]:
    """Folders of the partnerships named, or of every one under the data folder.

    Raises
    ------
    UsageError
        If one does not exist, naming those that do.
    """
    there = sorted(p.parent for p in data.glob("*/partnership.yaml"))
    if not there:
        raise UsageError(f"{data}: no partnership in it (a folder with partnership.yaml). `threatlib init` makes one.")
    names = [p.name for p in there]
    lost = [name for name in named if name not in names]
    if lost:
        raise UsageError(f"{data}: no partnership '{lost[0]}'; there are {', '.join(names)}.")
    return [p for p in there if not named or p.name in named]


def _read_claims(path: Path, problems: list[str]) -> tuple[Claim, ...]:
    found = _read_yaml(path, Claims, problems, under="claims") if path.is_file() else None
    return found.claims if found is not None else ()


def _read_yaml(path: Path, model: type[Entry], problems: list[str], under: str = "") -> Any:
    """A file as its model; `under` is the field that the whole of it is, where it has no field names of its own."""
    try:
        raw = read_yaml(path)
    except FileNotFoundError:
        problems.append(f"{path}: the file is missing; `threatlib init` makes a folder with all of them.")
        return None
    except NotYaml as fault:
        problems.append(f"{path}: not readable as YAML: {fault}")
        return None
    if under:
        raw = {under: raw or []}
    try:
        return model.model_validate(raw)
    except ValidationError as fault:
        errors = fault.errors()
        problems.extend(f"{path}, {_place(raw, error['loc'])}: {complaint(error)}" for error in errors[:LIKE_IT])
        if len(errors) > LIKE_IT:
            problems.append(f"{path}: {len(errors) - LIKE_IT:,} more problems like the ones above.")
        return None


def _place(raw: Any, location: tuple[int | str, ...]) -> str:
    """Name an entry as its author knows it: by its id where it has one, by position otherwise."""
    words = []
    for step in location:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            raw = None
        named = raw.get("id") or raw.get("name") or raw.get("ref") or raw.get("says") if isinstance(raw, dict) else None
        words.append(f"'{_brief(named)}'" if named and isinstance(step, int) else _brief(step))
    return " > ".join(words) or "the whole file"


def _brief(name: Any) -> str:
    return name[:80] if isinstance(name, str) else shown(name)


def _read_requirements(path: Path, problems: list[str]) -> tuple[Requirement, ...]:
    try:
        found, faults = rows_of(path.read_bytes())
    except FileNotFoundError:
        problems.append(f"{path}: the file is missing.")
        return ()
    except OSError as fault:
        problems.append(f"{path}: cannot be read ({fault.strerror}).")
        return ()
    problems.extend(f"{path}{fault}" for fault in faults)
    return tuple(found)


def _cross_check(folder: Path, parts: dict[str, Any]) -> list[str]:
    """What each file says of another: indicators in the tree, threats of requirements, areas of annotations."""
    problems = []
    known = set(parts["catalogue"].by_id)
    areas = {area.name for area in parts["partnership"].areas}
    subtopics = {s.id for t in parts["threats"].threats for s in t.subtopics} | {t.id for t in parts["threats"].threats}
    for threat in parts["threats"].threats:
        for sub in threat.subtopics:
            for item in sub.items:
                problems += [
                    f"{folder / 'threats.yaml'}, '{item.id}': indicator '{i}' is not in catalogue.yaml."
                    for i in item.indicators
                    if i not in known
                ]
    refs = [r.ref for r in parts["requirements"]]
    problems += [
        f"{folder / 'requirements.csv'}, {ref}: the ref is there {refs.count(ref)} times; give each its own."
        for ref in dict.fromkeys(refs)
        if refs.count(ref) > 1
    ]
    named = [("requirements.csv", r.ref, r.threat) for r in parts["requirements"]]
    named += [("judgements.yaml", j.id, j.threat) for j in parts.get("judgements", ())]
    problems += [
        f"{folder / file}, {name}: threat '{threat}' is not in threats.yaml."
        for file, name, threat in named
        if threat not in subtopics
    ]
    for a in parts["annotations"].annotations:
        problems += [
            f"{folder / 'annotations.yaml'}, '{a.id}': indicator '{i}' is not in catalogue.yaml."
            for i in a.indicators
            if i not in known
        ]
        problems += [
            f"{folder / 'annotations.yaml'}, '{a.id}': area '{name}' is not in partnership.yaml."
            for name in a.areas
            if name not in areas
        ]
    problems += [
        f"{folder / CLAIMS}, '{c.says}': indicator '{c.about}' is not in catalogue.yaml."
        for c in parts["claims"]
        if c.about and c.about not in known
    ]
    for agency in parts["partnership"].agencies:
        problems += [
            f"{folder / 'partnership.yaml'}, agency '{agency.name}': area '{name}' of its footprint is not an area."
            for name in agency.footprint
            if name not in areas
        ]
    return problems
