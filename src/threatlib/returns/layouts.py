"""Agencies' own spreadsheets: what each cell means is declared in ``layouts/*.yaml``, never worked out."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from threatlib.catalogue import Partnership
from threatlib.catalogue.yaml_files import LIKE_IT, NotYaml, read_yaml, shown
from threatlib.errors import meant
from threatlib.returns.problems import Problem

FieldName = Literal[
    "indicator", "area", "period", "value", "numerator", "denominator", "breakdown", "status", "note", "agency"
]


class Source(BaseModel):
    """Where a field is found: exactly one of `column` (its heading), `header` (the row of the header, from 0, above the
    figures), `title` (a cell above the header that begins with these words; what follows them counts), `sheet` (the
    sheet's name) and `constant`. `names` turns the sender's words into ours; what it does not name stays as it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = None
    header: int | None = Field(default=None, ge=0)
    title: str | None = None
    sheet: bool | None = None
    constant: str | None = None
    names: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        given = [self.column, self.header, self.title, self.sheet, self.constant]
        if sum(place is not None for place in given) != 1:
            raise ValueError("wanted exactly one of column, header, title, sheet, constant")
        return self

    def named(self, text: str) -> str:
        plain = " ".join(text.split())
        return self.names.get(plain, plain)


class Layout(BaseModel):
    """One agency's sheet.

    `files` and `sheets` are patterns (``*camhs*.xlsx``); `header_has` the headings by which the header is known, all in
    one row; `header_rows` how many rows it has, that row being the last one (a merged heading counts for every column
    under it). With a `value` under `column` there is one figure a row; otherwise every column that is neither named nor
    in `pass_over` holds figures. `skip_rows` are first cells of rows that are not figures (totals), `ends_at` the first
    cell of what follows the table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    agency: str
    files: str
    sheets: str = "*"
    header_has: tuple[str, ...] = Field(min_length=1)
    header_rows: int = Field(default=1, ge=1, le=4)
    fields: dict[FieldName, Source]
    figures: tuple[str, ...] = ()
    pass_over: tuple[str, ...] = ()
    skip_rows: tuple[str, ...] = ()
    ends_at: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Layout:
        missing = sorted({"indicator", "area", "period"} - set(self.fields))
        if missing:
            raise ValueError(f"{self.id} does not say where to find: {', '.join(missing)}")
        deep = [s.header for s in self.fields.values() if s.header is not None]
        if deep and max(deep) >= self.header_rows:
            raise ValueError(f"{self.id} has {self.header_rows} header rows, so 'header' is below {self.header_rows}")
        if ("value" in self.fields) == bool(deep):
            raise ValueError(f"{self.id} needs either a column for 'value' or a field taken from the header, not both")
        return self

    def fits(self, file: str, sheet: str) -> bool:
        """Whether the layout is for this sheet of this file."""
        return self.fits_file(file) and fnmatchcase(sheet.lower(), self.sheets.lower())

    def fits_file(self, file: str) -> bool:
        """Whether the layout is for some sheet of this file."""
        return fnmatchcase(Path(file).name.lower(), self.files.lower())

    @property
    def columns(self) -> dict[str, str]:
        """Headings that the layout names, and the field each is."""
        return {" ".join(s.column.split()): name for name, s in self.fields.items() if s.column is not None}


class _LayoutFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    layouts: tuple[Layout, ...]


def load_layouts(folder: Path, partnership: Partnership) -> tuple[list[Layout], list[Problem]]:
    """All layouts of a partnership, and what is wrong with their files."""
    found: list[Layout] = []
    problems: list[Problem] = []
    agencies = [agency.name for agency in partnership.agencies]
    for path in sorted((folder / "layouts").glob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() not in (".yaml", ".yml") or path.name.startswith("."):
            continue
        if path.suffix != ".yaml":
            problems.append(Problem(name, "", 0, "", f"a file ending in {path.suffix}", "one in .yaml", "Rename it."))
            continue
        try:
            new = _read(path)
        except NotYaml as fault:
            problems.append(Problem(name, "", fault.line, "", fault.found, fault.wanted, fault.todo))
        except ValidationError as fault:
            problems += [_misfit(name, error) for error in fault.errors()[:LIKE_IT]]
        else:
            found += new
            for layout in new:
                if partnership.agency_named(layout.agency) is None:
                    wanted, todo = f"one of {', '.join(agencies)}", f"{meant(layout.agency, agencies)} {_MEND}".strip()
                    who = f"'{layout.agency}' in layout '{layout.id}'"
                    problems.append(Problem(name, "", 0, "agency", who, wanted, todo))
    doubled = {layout.id for layout in found if [other.id for other in found].count(layout.id) > 1}
    for name in sorted(doubled):
        problems.append(Problem("layouts", "", 0, "id", f"'{name}' twice", "each layout under its own name", _MEND))
    return found, problems


_MEND = "Mend the layout; `docs/layouts.md` has an example of each kind."


def _read(path: Path) -> tuple[Layout, ...]:
    if path.is_symlink():
        raise NotYaml("a symbolic link", "a file of its own", "Put the file itself there.")
    return _LayoutFile.model_validate(read_yaml(path)).layouts


def _misfit(name: str, error: Any) -> Problem:
    place, wanted = " > ".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    return Problem(name, "", 0, place, shown(error["input"]), wanted, _MEND)


def of(layouts: Iterable[Layout], file: str, sheet: str) -> list[Layout]:
    """The layouts that are for this sheet."""
    return [layout for layout in layouts if layout.fits(file, sheet)]
