"""Statistical neighbours: who is like each of our areas, taken from a download into ``neighbours.yaml``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from threatlib.catalogue import Definitions
from threatlib.catalogue.files import NEIGHBOURS
from threatlib.catalogue.yaml_files import read_yaml
from threatlib.returns.problems import Problem

SOURCE = "statistical-neighbours"


@dataclass(frozen=True)
class Neighbourhood:
    """The newest model's neighbours of our own areas, as they are to be written."""

    model: str
    neighbours: tuple[dict[str, object], ...]

    def write(self, folder: Path) -> None:
        """Write them into a partnership's folder: whole, or not at all."""
        text = "# Statistical neighbours, written by `threatlib import statistical-neighbours`.\n"
        content = {"model": self.model, "neighbours": [*self.neighbours]}
        text += yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        staged = folder / f".{NEIGHBOURS}-{os.getpid()}"
        staged.write_text(text, encoding="utf-8")
        staged.replace(folder / NEIGHBOURS)


def neighbourhood(
    rows: pd.DataFrame, folder: Path, definitions: Definitions, file: str
) -> Neighbourhood | list[Problem]:
    """The neighbours among a download's rows about our own areas (`sources.ROWS`), or why they are not taken.

    An older model does not take the place of a newer one, and no area loses the neighbours it has.
    """
    model = max(rows["period"])
    newest = rows[rows["period"] == model]
    twice = newest[newest.duplicated(["name", "value"]) | newest.duplicated(["name", "breakdown"])]
    problems = [
        Problem(file, "", row.row, "rank", f"rank {row.value}, {row.breakdown}, of {row.name_} a second time",
                "each rank and each neighbour once", "Download it again.")
        for row in twice.rename(columns={"name": "name_"}).itertuples(index=False)
    ]  # fmt: skip
    before = _model(folder)
    if before > model:
        todo = f"Import the newer download; to go back to the older model on purpose, remove {NEIGHBOURS} first."
        problems.append(Problem(file, "", 0, "model_version", f"the model of {model}", f"that of {before}, which "
                                f"{NEIGHBOURS} has, or a newer one", todo))  # fmt: skip
    own = {area.name for area in definitions.partnership.areas if area.role == "local"}
    had = {n.area for n in definitions.neighbours} & own
    for area in sorted(had - {*newest["name"]}):
        todo = f"Import the whole download; to do without them, take them out of {NEIGHBOURS} first."
        found = f"no neighbours of {area}, which has some in {NEIGHBOURS}"
        problems.append(Problem(file, "", 0, "la_name", found, "neighbours of every area that has some", todo))
    if problems:
        return problems
    return Neighbourhood(
        model,
        tuple(
            {"area": row.name_, "rank": int(row.value), "name": row.breakdown, "closeness": row.note}
            for row in newest.rename(columns={"name": "name_"}).itertuples(index=False)
        ),
    )


def _model(folder: Path) -> str:
    """The model whose neighbours a partnership has; nothing if it has none."""
    path = folder / NEIGHBOURS
    return str(read_yaml(path)["model"]) if path.is_file() else ""
