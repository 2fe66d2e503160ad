"""A declaration proposed from a notebook: looked at before and after, then written down with a reason and a name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup
from pydantic import ValidationError

from threatlib.catalogue import Annotation
from threatlib.errors import UsageError
from threatlib.explore.difference import WhatIf, complaint
from threatlib.explore.show import paragraph

FILE = "annotations.yaml"


@dataclass(frozen=True)
class Proposal:
    """One entry for `annotations.yaml` and what it would change; `write` puts it there.

    `entry` is complete but for its reason and who says so; `effect` the findings before and after.
    """

    folder: Path
    entry: Annotation
    effect: WhatIf

    @property
    def said(self) -> dict[str, Any]:
        """The entry as it is written: what is not said of it is left out."""
        return self.entry.model_dump(mode="json", exclude_defaults=True, exclude={"reason", "said_by", "status"})

    def write(self, *, reason: str, said_by: str, status: str = "open") -> Path:
        """Append the entry, leaving every other line of the file as it was; the whole file or nothing is written.

        Raises
        ------
        UsageError
            Without a reason or a name, or if the id is taken.
        """
        if not reason.strip() or not said_by.strip():
            raise UsageError("an annotation needs a reason and the name of who says so.")
        whole = {**self.said, "reason": reason.strip(), "said_by": said_by.strip(), "status": status}
        try:
            Annotation.model_validate(whole)
        except ValidationError as fault:
            raise UsageError(f"{FILE}: {complaint(fault)}") from fault
        path = self.folder / FILE
        before = path.read_text(encoding="utf-8")
        there = (yaml.safe_load(before) or {}).get("annotations") or []
        if any(entry["id"] == whole["id"] for entry in there):
            raise UsageError(f"{path}: there is an annotation '{whole['id']}' already.")
        _replace(path, _appended(before, whole, empty=not there))
        return path

    def __repr__(self) -> str:
        return f"Proposed for {FILE} (not written):\n{self._entry()}{self.effect!r}"

    def _repr_html_(self) -> str:
        shown = Markup("<pre>{}</pre>").format(self._entry())
        return str(paragraph(f"Proposed for {FILE}, not written:") + shown) + self.effect._repr_html_()

    def _entry(self) -> str:
        return yaml.safe_dump([self.said], allow_unicode=True, sort_keys=False)


def _appended(text: str, entry: Mapping[str, Any], *, empty: bool) -> str:
    """The file with one more entry at its end, in the indentation it has."""
    block = yaml.safe_dump([dict(entry)], allow_unicode=True, sort_keys=False, width=110)
    if empty:
        kept = [line for line in text.splitlines() if not line.startswith("annotations:")]
        return "\n".join([*kept, "annotations:", block])
    indent = next((line[: line.index("-")] for line in text.splitlines() if line.lstrip().startswith("- ")), "")
    shifted = "".join(f"{indent}{line}\n" for line in block.splitlines())
    return text.rstrip("\n") + "\n" + shifted


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
