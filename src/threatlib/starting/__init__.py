"""A new partnership's folder: definitions to start from, return forms, and where to download the official files."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import yaml

from threatlib.catalogue import load
from threatlib.errors import UsageError
from threatlib.forms import form, form_name
from threatlib.observations import empty
from threatlib.periods import Period
from threatlib.returns.register import REGISTER
from threatlib.sources import SOURCES

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_ENGLAND = {"name": "England", "code": "E92000001", "role": "comparator"}
_SMALL = "City of London"
_TO_CHANGE = "# TO CHANGE: '{}' stands for your local authority: write its official name and code wherever it is.\n"
_PUBLISHED_BY = ("Department for Education", "Office for National Statistics", "NHS England", "Metropolitan Police",
                 "Office for Health Improvement and Disparities")  # fmt: skip
_RULE = {"name": "Counts from one to five are withheld", "withhold_from": 1, "withhold_to": 5,
         "source": "Department for Education, children's social care statistics"}  # fmt: skip
_OURS = "# abbreviations:  # ours, explained at their first use on every page\n#   ABC: a better centre\n"
_NONE = {
    "name": "Nothing is withheld",
    "withhold_from": 0,
    "withhold_to": 0,
    "source": "For the partnership's analysts",
}


def start(data: Path, name: str, areas: Sequence[tuple[str, str]], title: str, quarter: Period) -> Path:
    """Write a new partnership's folder, whole or not at all.

    Parameters
    ----------
    data : Path
        The folder of the partnerships.
    name : str
        The folder's name: small letters, digits and hyphens.
    areas : sequence of (name, code)
        The local authorities, as the Office for National Statistics writes them; the code may be blank. Without one
        there is a single area called as the folder is, for its owner to rename.
    title : str
        The partnership's name in full.
    quarter : Period
        The quarter of the first return.

    Raises
    ------
    UsageError
        For a name that is no folder's name or is taken, an area twice, or England, which is there anyway.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"found '{name}', wanted a name of small letters, digits and hyphens, such as my-partnership.")
    names = [area for area, _ in areas]
    wrong = [n for n in names if not n or n == _ENGLAND["name"] or names.count(n) > 1]
    if wrong:
        raise UsageError(
            f"--area: found '{wrong[0]}', wanted each local authority once, as in --area 'Leeds=E08000035'."
        )
    folder = data / name
    if folder.exists():
        raise UsageError(f"{folder}: is there already; choose another name.")
    data.mkdir(parents=True, exist_ok=True)
    staged = data / f".{name}-{os.getpid()}"
    staged.mkdir()
    try:
        _write(staged, areas or [(area_of(name), "")], title, quarter)
        if not areas:
            path = staged / "partnership.yaml"
            path.write_text(_TO_CHANGE.format(area_of(name)) + path.read_text(encoding="utf-8"), encoding="utf-8")
        staged.rename(folder)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    return folder


def area_of(name: str) -> str:
    """What the one area of a partnership is called until its owner says otherwise: its folder's name, as a title."""
    return name.replace("-", " ").title()


def _write(folder: Path, areas: Sequence[tuple[str, str]], title: str, quarter: Period) -> None:
    for place in ("layouts", "official", "published", "returns", "reference", "forms"):
        (folder / place).mkdir()
    head = (
        "# Who takes part, where they work, and what each audience may see. Rename the agencies; keep their aliases.\n"
    )
    (folder / "partnership.yaml").write_text(head + _yaml(_partnership(areas, title)) + _OURS, encoding="utf-8")
    for part in ("catalogue.yaml", "threats.yaml"):
        (folder / part).write_text(files(__name__).joinpath(part).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "annotations.yaml").write_text(
        "# Gaps, breaks, shocks and known faults: each with its reason and who said so.\nannotations: []\n",
        encoding="utf-8",
    )
    (folder / "requirements.csv").write_text(
        "ref,threat,kind,question,owner,raised,due,depends_on,status,answer\n", encoding="utf-8"
    )
    (folder / "register.csv").write_text(",".join(REGISTER) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_readme(title, quarter), encoding="utf-8")
    definitions = load(folder)
    for agency in definitions.partnership.agencies:
        if agency.name not in _PUBLISHED_BY and (book := form(definitions, empty(), agency, quarter)) is not None:
            book.save(folder / "forms" / form_name(agency, quarter))


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _partnership(areas: Sequence[tuple[str, str]], title: str) -> dict[str, object]:
    local = [
        {"name": area} | ({"code": code} if code else {}) | ({"small": True} if area == _SMALL else {})
        for area, code in areas
    ]
    names = [area for area, _ in areas]
    both = " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else ""
    joint = [{"name": both, "parts": names}] if both else []
    everywhere = [*names, *([both] if both else [])]
    agencies = [
        {"name": f"{area} Children's Services", "footprint": [area], "aliases": ["Children's social care"]}
        for area in names
    ]
    agencies += [
        {"name": "Police", "footprint": everywhere, "aliases": []},
        {"name": "CAMHS", "footprint": everywhere, "aliases": []},
    ]
    agencies += [{"name": name, "footprint": [*everywhere, "England"], "aliases": []} for name in _PUBLISHED_BY]
    return {
        "name": title,
        "data_kind": "real",
        "areas": [*local, *joint, _ENGLAND],
        "agencies": agencies,
        "rules": {"dfe": _RULE, "none": _NONE},
        "audiences": {
            "partners": {
                "title": "Partner agencies", "rule": "dfe",
                "marking": "For partner agencies. Small numbers are withheld.",
            },
            "internal": {
                "title": "The partnership's analysts", "rule": "none",
                "marking": "INTERNAL. Nothing is withheld; a child could be identified. Do not pass on.",
            },
        },
        "default_audience": "partners",
        "severity_weights": {"csa": 1.5, "mental_health": 1.2, "demand": 1.0, "workforce": 1.0, "context": 0.5},
    }  # fmt: skip


def _readme(title: str, quarter: Period) -> str:
    lines = [
        f"# {title}",
        "",
        "1. Read through `partnership.yaml` and `catalogue.yaml`; rename the agencies, leave out what nobody measures.",
        f"2. Send the forms in `forms/` to the agencies; put what comes back into `returns/{quarter}/`.",
        "3. Run `threatlib check`: it says everything that is wrong, and registers what is sound.",
        "4. Download the official files below and bring each in with `threatlib import SOURCE FILE`.",
        f"5. Run `threatlib run {quarter}`.",
        "",
        "| source | what it is | publisher | where to download it |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{s.id}` | {s.title} | {s.publisher} | <{s.page}> |" for s in SOURCES.values()]
    return "\n".join([*lines, "", "Population and statistical neighbours are filled in by `ons-population` and "
                      "`statistical-neighbours`.", ""])  # fmt: skip
