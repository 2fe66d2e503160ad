"""Files to sheets of text: CSV in any common encoding, and Excel workbooks, alike."""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from threatlib.returns.problems import Problem
from threatlib.returns.safety import MAX_CELLS, MAX_COLUMNS, MAX_ROWS

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip
_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 40

Span = tuple[int, int]
"""The first and the last of rows or columns that lie together, from 1."""


@dataclass(frozen=True)
class Sheet:
    """A sheet as rows of text (a CSV is one without a name).

    `formulas` are cells by row and column from 0, `without_value` those whose value is not stored with them, `merged`
    the first and last rows, from 1, of cells that are merged.
    What the sender's own eyes do not see: `hidden` says so of the sheet, `hidden_rows` and `hidden_columns` are the
    first and last, from 1, of those that are hidden.
    """

    name: str
    grid: list[list[str]]
    formulas: frozenset[tuple[int, int]] = frozenset()
    without_value: frozenset[tuple[int, int]] = frozenset()
    merged: tuple[Span, ...] = ()
    hidden: bool = False
    hidden_rows: tuple[Span, ...] = ()
    hidden_columns: tuple[Span, ...] = ()


class Unreadable(Exception):
    """A file that cannot be read at all; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def sheets(path: Path, file: str) -> list[Sheet]:
    """Sheets of a file, in their order.

    Raises
    ------
    Unreadable
        With the problem, if the file is not text or not a workbook, or is larger than any return can be.
    """
    if path.suffix.lower() == ".xlsx":
        return _workbook(path, file)
    return [Sheet("", _table(path.read_bytes(), file))]


def _unreadable(file: str, found: str, wanted: str, todo: str, *, sheet: str = "", row: int = 0) -> Unreadable:
    return Unreadable(Problem(file, sheet, row, "", found, wanted, todo))


def decode(raw: bytes, file: str) -> tuple[str, str]:
    """Text of a file and its encoding: by its byte-order mark, else UTF-8, else that of Windows in Western Europe."""
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, encoding
    raise _unreadable(
        file, "bytes that are not text", "a CSV file in UTF-8", "Save it anew as 'CSV UTF-8', or send the workbook."
    )


def _table(raw: bytes, file: str) -> list[list[str]]:
    text, encoding = decode(raw, file)
    delimiter, declared = _delimiter(text), text[:4].lower() == "sep="
    del text  # read again below a piece at a time: a large file would otherwise be there several times over
    grid: list[list[str]] = []
    known: dict[str, str] = {}
    with io.TextIOWrapper(io.BytesIO(raw), encoding=encoding, newline="") as lines:
        if declared:
            next(lines)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for line in reader:
                if len(line) > MAX_COLUMNS:
                    raise _too_wide(file, "", len(grid) + 1, len(line))
                grid.append([known.setdefault(cell, cell) for cell in line])
        except csv.Error as fault:
            raise _unreadable(
                file, f"a line that is not CSV ({fault})", "cells between delimiters, with quotes opened and closed",
                "Look for a stray quotation mark in or above this row.", row=len(grid) + 1,
            ) from fault  # fmt: skip
    return grid


def _too_wide(file: str, sheet: str, row: int, width: int) -> Unreadable:
    return _unreadable(
        file, f"{width:,} columns", f"at most {MAX_COLUMNS:,} columns",
        "Send the table alone, without the empty or repeated columns beside it.", sheet=sheet, row=row,
    )  # fmt: skip


def _delimiter(text: str) -> str:
    """The delimiter that the file declares, or the one that makes the most cells of its first rows."""
    first = text[:6].lower().rstrip("\r\n")
    if len(first) > 4 and first.startswith("sep=") and text[4] in _DELIMITERS:
        return text[4]
    sample = "\n".join(text[:100_000].splitlines()[:_SAMPLE])

    def widest(delimiter: str) -> int:
        try:
            return max((len(line) for line in csv.reader(io.StringIO(sample), delimiter=delimiter)), default=0)
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=widest)


def _workbook(path: Path, file: str) -> list[Sheet]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            about = _parts(path, book.worksheets)
            formulas = _formulas(path) if any(part.formulas for part in about) else {}
            return [
                _sheet(sheet, file, formulas.get(sheet.title, frozenset()), part)
                for sheet, part in zip(book.worksheets, about, strict=True)
            ]
        finally:
            book.close()
    except (Unreadable, MemoryError, KeyboardInterrupt):
        raise
    except Exception as fault:  # openpyxl raises whatever a damaged part makes it stumble over
        raise _unreadable(
            file, "a damaged workbook", "a workbook that Excel opens without a warning",
            "Open it in Excel, save it anew as .xlsx, and send that.",
        ) from fault  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """What the file of a sheet says that its cells do not."""

    formulas: bool
    merged: tuple[Span, ...]
    hidden_rows: tuple[Span, ...]
    hidden_columns: tuple[Span, ...]


_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="[A-Z]{1,3}(\d{1,7})(?::[A-Z]{1,3}(\d{1,7}))?"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_NOT_SHOWN = re.compile(rb'<(?:\w+:)?(row|col)(?=\s)[^>]*?\s(?:hidden="(?:1|true)"|ht="0"|width="0")[^>]*>')
_PLACE = re.compile(rb'\s(?:r|min|max)="(\d{1,7})"')


def _parts(path: Path, worksheets: list[Any]) -> list[_Part]:
    found = []
    with zipfile.ZipFile(path) as parts:
        for sheet in worksheets:
            raw = parts.read(sheet._worksheet_path)
            merged = sorted((int(first), int(last or first)) for first, last in _MERGED.findall(raw))
            unseen: dict[bytes, list[Span]] = {b"row": [], b"col": []}
            for tag in _NOT_SHOWN.finditer(raw):
                places = sorted(map(int, _PLACE.findall(tag[0])))
                unseen[tag[1]] += [(places[0], places[-1])] if places else []
            hidden = tuple(unseen[b"row"]), tuple(unseen[b"col"])
            found.append(_Part(_FORMULA.search(raw) is not None, tuple(merged), *hidden))
    return found


def _formulas(path: Path) -> dict[str, frozenset[tuple[int, int]]]:
    """Cells that hold a formula, by sheet, row and column from 0."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    found = {}
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        found[sheet.title] = frozenset(
            (r, c)
            for r, row in enumerate(islice(sheet.iter_rows(), MAX_ROWS))
            for c, cell in enumerate(row)
            if cell.data_type == "f"
        )
    book.close()
    return found


def _sheet(sheet: Any, file: str, formulas: frozenset[tuple[int, int]], part: _Part) -> Sheet:
    sheet.reset_dimensions()  # a workbook may claim any size; only the cells that are there count
    grid: list[list[str]] = []
    cells = 0
    for row in sheet.iter_rows():
        cells += len(row)
        if len(row) > MAX_COLUMNS or cells > MAX_CELLS:
            raise _too_wide(file, sheet.title, len(grid) + 1, len(row))
        if len(grid) == MAX_ROWS:  # a few bytes can claim a row of any number; all rows before it are then made up
            raise _unreadable(
                file, f"more than {MAX_ROWS:,} rows", f"at most {MAX_ROWS:,} rows, as many as Excel has",
                "Copy its figures into a new workbook and send that.", sheet=sheet.title,
            )  # fmt: skip
        grid.append([_text(cell) for cell in row])
    empty = frozenset((r, c) for r, c in formulas if r < len(grid) and (c >= len(grid[r]) or not grid[r][c]))
    hidden = sheet.sheet_state != "visible"
    return Sheet(sheet.title, grid, formulas, empty, part.merged, hidden, part.hidden_rows, part.hidden_columns)


def _text(cell: Any) -> str:
    """What a cell shows: whole numbers without a point, percentages with their sign, dates in ISO order."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        if "%" in (cell.number_format or ""):
            return f"{_plain(round(value * 100, 10))}%"
        return _plain(value)
    return value.isoformat().removesuffix("T00:00:00") if hasattr(value, "isoformat") else str(value)


def _plain(value: float) -> str:
    if math.isfinite(value) and float(value).is_integer():
        return str(int(value))
    return f"{Decimal(str(value)):f}" if math.isfinite(value) else str(value)  # never an exponent
