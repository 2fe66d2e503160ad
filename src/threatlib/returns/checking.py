"""Everything that can be said of a partnership's files, and the register's new entries for those that are sound."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from threatlib import returns
from threatlib.catalogue import Definitions
from threatlib.observations import as_of, settle
from threatlib.periods import parse
from threatlib.returns.downloads import downloads
from threatlib.returns.layouts import Layout, load_layouts
from threatlib.returns.meaning import doubts
from threatlib.returns.problems import Problem
from threatlib.returns.register import append, data_files, digest, read_register
from threatlib.returns.safety import refusal


@dataclass(frozen=True)
class Checked:
    """What a check found: figures, problems (doubts among them) and files that were registered."""

    table: pd.DataFrame
    register: pd.DataFrame
    problems: list[Problem]
    registered: list[str]

    @property
    def faults(self) -> list[Problem]:
        """What stops a run."""
        return [problem for problem in self.problems if not problem.doubt]


def check(folder: Path, definitions: Definitions, received_on: date) -> Checked:
    """Read everything, say all that is wrong or doubtful, and register the new files in which nothing is wrong.

    Parameters
    ----------
    folder : Path
        The partnership's folder.
    definitions : Definitions
        What its folder declares.
    received_on : date
        The day the new files were received.
    """
    entries, problems = _candidates(folder, definitions, received_on)
    table, register, found = returns.read(folder, definitions, entries)
    refused = {problem.file for problem in problems}
    problems += [p for p in found if not (p.file in refused and "register.csv" in p.found)]
    table_now, disagreements = settle(as_of(table, None, register), definitions.annotations.annotations)
    problems += [_disagreement(sentence, table) for sentence in disagreements]
    faulty = {problem.file for problem in problems}
    sound = [entry for entry in entries if entry["file"] not in faulty]
    if sound:
        append(folder, sound)
    problems += [*doubts(table, definitions), *downloads(table, register)]
    return Checked(table_now, register, problems, [entry["file"] for entry in sound])


def _disagreement(sentence: str, table: pd.DataFrame) -> Problem:
    """What the settling of several printings says: of a declaration, or of the last of the figures that disagree."""
    place, _, what = sentence.partition(": ")
    figures = place.split(", ")
    last = table[table["obs"] == figures[-1]]
    if last.empty:
        file, _, entry = place.partition(", ")
        wanted, todo = "figures and declarations that agree", "Mend the figures or annotations.yaml."
        return Problem(file, "", 0, entry.strip("'"), what.rstrip("."), wanted, todo)
    row = last.iloc[0]
    found = f"{what.partition(';')[0]} (also in {', '.join(figures[:-1])})"
    todo = "Remove one of the two, or say in annotations.yaml (kind: conflict) which one is used."
    return Problem(row["file"], row["sheet"], int(row["row"]), "value", found, "one value for each figure", todo)


def _candidates(folder: Path, definitions: Definitions, day: date) -> tuple[list[dict[str, str]], list[Problem]]:
    """An entry for every file that has none, or why it can have none."""
    register, _ = read_register(folder)
    layouts, _ = load_layouts(folder, definitions.partnership)
    there = dict(zip(register["sha256"], register["file"], strict=True))
    known = set(register["file"])
    entries: list[dict[str, str]] = []
    problems: list[Problem] = []
    for path in data_files(folder):
        name = path.relative_to(folder).as_posix()
        if name in known:
            continue
        refused = refusal(path, name, folder)
        if refused:
            problems.append(refused)
            continue
        sha256 = digest(path)
        if sha256 in there:
            found, wanted = f"the same contents as {there[sha256]}", "a file that was not received before"
            todo = "Ask the agency whether last quarter's file was sent again, and remove this one."
            problems.append(Problem(name, "", 0, "", found, wanted, todo))
            continue
        there[sha256] = name
        entry, faults = _entry(path, name, sha256, day, definitions, layouts)
        problems += faults
        if not faults:
            entries.append(entry)
    return entries, problems


def _entry(
    path: Path, name: str, sha256: str, day: date, definitions: Definitions, layouts: list[Layout]
) -> tuple[dict[str, str], list[Problem]]:
    parts = name.split("/")
    place = parts[0]
    kind = {"returns": "return", "reference": "official"}.get(place, place)
    if definitions.partnership.data_kind == "simulated":
        kind = "simulated"
    problems = []
    agency = _sender(path, definitions, layouts)
    if not agency and place == "returns":
        names = ", ".join(sorted(a.name for a in definitions.partnership.agencies))
        todo = "Give the file the name or an alias of its agency (partnership.yaml), or declare its layout."
        problems.append(Problem(name, "", 0, "", "a file name that names no agency", f"one of {names}", todo))
    period = parts[1] if place == "returns" and len(parts) > 2 else ""
    if place == "returns":
        try:
            wrong = parse(period).kind != "quarter"
        except ValueError:
            wrong = True
        if wrong:
            found = f"'{period}'" if period else "no folder of a quarter"
            todo = "Put the file into the folder of the quarter it is about."
            problems.append(Problem(name, "", 0, "", found, "a folder such as returns/2022-23-Q1", todo))
    entry = {
        "file": name, "sha256": sha256, "agency": agency, "period": period, "received_on": day.isoformat(),
        "supersedes": "", "kind": kind, "note": "",
    }  # fmt: skip
    return entry, problems


def _sender(path: Path, definitions: Definitions, layouts: list[Layout]) -> str:
    """The agency whose name or alias a file's name begins with, or whose layout it has."""
    stem = _slug(path.stem)
    spelled = {
        _slug(spelling): agency.name
        for agency in definitions.partnership.agencies
        for spelling in (agency.name, *agency.aliases)
    }
    fitting = [name for name in spelled if name and (stem == name or stem.startswith(f"{name}_"))]
    if fitting:
        return spelled[max(fitting, key=len)]
    named = [definitions.partnership.agency_named(layout.agency) for layout in layouts if layout.fits_file(path.name)]
    declared = {agency.name for agency in named if agency}
    return declared.pop() if len(declared) == 1 else ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower().replace("'", "")).strip("_")
