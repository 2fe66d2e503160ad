"""Returns that can be read and would mislead, made by code: figures nobody sees, contradictions, and nothing at all."""

# ruff: noqa: E501  a message is kept whole, so that it can be searched for

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from openpyxl import Workbook

from tests.returns.hostile import book
from tests.returns.malformed import ASK, CSV, DIGITS, GOOD, XLSX, Case, lines, parts
from tests.returns.small import HEADER


def _rows_hidden(_: Workbook, sheet: Any) -> None:
    for month in ("05", "06"):
        sheet.append(["referrals", "Northam", f"2022-{month}", 8])
    for row in (3, 4):
        sheet.row_dimensions[row].hidden = True


def _filtered(_: Workbook, sheet: Any) -> None:
    sheet.append(["rereferrals", "Northam", "2022-04", 8])
    sheet.auto_filter.ref = "A1:D3"
    sheet.auto_filter.add_filter_column(0, ["referrals"])
    sheet.row_dimensions[3].hidden = True


def _column_hidden(_: Workbook, sheet: Any) -> None:
    sheet.column_dimensions["D"].hidden = True


def _strict(name: str, content: bytes) -> bytes:
    plain = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return content.replace(plain, b"http://purl.oclc.org/ooxml/spreadsheetml/main")


def _second_sheet(whole: Workbook, _: Any) -> None:
    more = whole.create_sheet("Corrected")
    more.append(HEADER.split(","))
    more.append(["referrals", "Northam", "2022-04", 9])


def _unseen() -> Iterator[Case]:
    seen = "wanted figures that are seen."
    yield "figures in hidden rows", XLSX, book(_rows_hidden), \
        f", sheet 'Return', row 3: found figures in hidden rows 3 to 4, {seen} Show them if they count; otherwise remove them."  # fmt: skip
    yield (
        "a row that a filter hides",
        XLSX,
        book(_filtered),
        f", sheet 'Return', row 3: found figures in a hidden row, {seen}",
    )
    yield (
        "a column that is hidden",
        XLSX,
        book(_column_hidden),
        f", sheet 'Return', row 1: found a hidden column 'value', {seen}",
    )
    yield "a workbook of the strict kind", XLSX, parts(_strict), \
        ": found a workbook saved as 'Strict Open XML', wanted a plain .xlsx workbook. Save it anew as 'Excel Workbook (.xlsx)'."  # fmt: skip
    yield "a number beyond all counting in a workbook", XLSX, book(lambda _, s: s.append(["referrals", "Northam", "2022-05", 1e20])), \
        f", sheet 'Return', row 3, 'value': found '100000000000000000000', wanted a whole number. {DIGITS}"  # fmt: skip
    yield "a day for a month, as Excel makes of 22-Apr", XLSX, \
        book(lambda _, s: s.append(["referrals", "Northam", datetime(2022, 4, 22), 8])), \
        ", sheet 'Return', row 3, 'period': found '2022-04-22', wanted a month such as 2022-04. Correct the period."  # fmt: skip


def _contradictions() -> Iterator[Case]:
    differ = "found different values for referrals, Northam Council, Northam, 2022-04"
    mend = "wanted one value for each figure. Remove one of the two, or say in annotations.yaml (kind: conflict) which one is used."
    yield "two values for one figure", CSV, lines(GOOD, "referrals,Northam,2022-04,8"), \
        f", row 3, 'value': {differ} (also in returns/2022-23-Q1/{CSV}:2), {mend}"  # fmt: skip
    yield "two sheets with two values for one figure", XLSX, book(_second_sheet), \
        f", sheet 'Corrected', row 2, 'value': {differ} (also in returns/2022-23-Q1/{XLSX}#Return:2), {mend}"  # fmt: skip
    yield "a unit of another kind", CSV, lines(f"{GOOD},percent", header=f"{HEADER},unit"), \
        ", row 2, 'unit': found 'percent', wanted count, the unit of this indicator. Send the figure in that unit, or clear the cell."  # fmt: skip
    yield "a basis nobody knows", CSV, lines(f"{GOOD},guessed", header=f"{HEADER},basis"), \
        ", row 2, 'basis': found 'guessed', wanted one of stated, derived_from_change, computed, forecast. Correct or clear it."  # fmt: skip
    yield "a sender nobody knows", CSV, lines(f"{GOOD},Fire Brigade", header=f"{HEADER},agency"), \
        ", row 2, 'agency': found 'Fire Brigade', wanted one of Northam Council, Police. Use the agency's name as in partnership.yaml."  # fmt: skip
    header = f"{HEADER},numerator,denominator"
    for name, cells, column, found in (
        ("a numerator below nought", "-3,6", "numerator", "-3"), ("a denominator in per cent", "3,6%", "denominator", "6%"),
    ):  # fmt: skip
        yield name, CSV, lines(f"rereferral_share,Northam,2022-04,50,{cells}", header=header), \
            f", row 2, '{column}': found '{found}', wanted a count or blank. Write digits, or leave it blank."  # fmt: skip


def _nothing() -> Iterator[Case]:
    none = ": found no rows under the header, wanted a row for every figure. Ask the sender for the figures; one that is " \
        "not known has a row whose value is blank."  # fmt: skip
    yield "a header alone", CSV, lines(), none
    yield "a header alone in a workbook", XLSX, book(lambda *_: None, rows=False), none
    yield (
        "a file without its ending",
        "northam_council",
        lines(GOOD),
        f": found a file of no kind, wanted a .csv or .xlsx file. {ASK}",
    )
    yield (
        "a message with the return inside",
        "northam_council.msg",
        b"x",
        f": found a .msg file, wanted a .csv or .xlsx file. {ASK}",
    )
    known = "wanted a period such as 2022-23-Q1, 2022-04, 2022-23, 2022-04/2022-09 or 2022-03-31. Correct the period."
    for name, text in (("a month misspelt", "Juny 2022"), ("a month that is none", "Octember 2022"), ("a day and a month", "22-Apr"),
                       ("a number of a day", "44652"), ("a quarter of a short year", "Q1 22-23")):  # fmt: skip
        yield name, CSV, lines(f"referrals,Northam,{text},7"), f", row 2, 'period': found '{text}', {known}"


MISLEADING: list[Case] = [*_unseen(), *_contradictions(), *_nothing()]
