"""More malformed returns, made by code: unseen marks, numbers and periods nobody can be sure of, workbooks that mislead."""

# ruff: noqa: E501  a message is kept whole, so that it can be searched for

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.returns import malformed
from tests.returns.malformed import (
    ASK,
    CSV,
    DAMAGED,
    DIGITS,
    GOOD,
    NO_BOOK,
    NO_HEADER,
    NO_TEXT,
    XLSX,
    Case,
    bad,
    lines,
    parts,
    same,
)
from tests.returns.small import HEADER, workbook

UTF8 = "utf-8"
GOOD_ROW = ["referrals", "Northam", "2022-04", 7]
TIDY = "Copy its cells into a new workbook and send that."


def book(fill: Callable[[Workbook, Any], None], *, rows: bool = True) -> Callable[[], bytes]:
    """A workbook with the header, a sound row, and whatever `fill` does to it."""

    def make() -> bytes:
        whole = Workbook()
        sheet = whole.active
        sheet.title = "Return"
        sheet.append(HEADER.split(","))
        if rows:
            sheet.append(GOOD_ROW)
        fill(whole, sheet)
        out = io.BytesIO()
        whole.save(out)
        return out.getvalue()

    return make


def _merged_rows(_: Workbook, sheet: Any) -> None:
    sheet.append(["referrals", "Northam", "2022-05", 8])
    sheet.merge_cells("D2:D3")


def _merged_columns(_: Workbook, sheet: Any) -> None:
    sheet.append(["referrals", "Northam", "2022-05", 8])
    sheet.merge_cells("C3:D3")


def _hidden(whole: Workbook, kind: str) -> None:
    old = whole.create_sheet("Old")
    old.append(HEADER.split(","))
    old.append(["referrals", "Northam", "2022-05", 99])
    old.sheet_state = kind


def _error(_: Workbook, sheet: Any) -> None:
    sheet["D2"].value, sheet["D2"].data_type = "#REF!", "e"


def _many_parts() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for number in range(5_001):
            target.writestr(f"xl/{number}.xml", b"")
    return out.getvalue()


def _macro_kind(name: str, content: bytes) -> bytes:
    plain, macros = b"openxmlformats-officedocument.spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
    return content.replace(plain, macros) if name == "[Content_Types].xml" else content


def _old_binary() -> bytes:
    """The beginning of an Excel 97 file without its wrapper: a BIFF8 beginning-of-file record."""
    return struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0, 0, 0, 0) + bytes(300)


def _encodings() -> Iterator[Case]:
    text = lines(GOOD)
    yield "two bytes a letter, the large one first, and no mark", CSV, text.encode("utf-16-be"), NO_TEXT
    yield "four bytes a letter and no mark", CSV, text.encode("utf-32-le"), NO_TEXT
    yield "a mainframe's encoding", CSV, text.encode("cp500"), NO_TEXT
    yield "a zero byte in a cell", CSV, lines("referrals,Northam,2022-04,7\0").encode(), NO_TEXT
    yield "a workbook called a CSV", CSV, lambda: workbook(("Return", [HEADER.split(","), GOOD_ROW])), NO_TEXT
    yield "an old binary workbook called a CSV", CSV, _old_binary, NO_TEXT
    yield (
        "a Macintosh's letters",
        CSV,
        lines("referrals,N\x9artham,2022-04,7").encode("latin-1"),
        ", row 2, 'area': found 'Nšrtham', wanted one of",
    )
    yield (
        "a byte-order mark in the middle",
        CSV,
        lines(GOOD, f"\ufeff{GOOD}").encode(UTF8),
        r", row 3, 'indicator': found '\ufeffreferrals', wanted an indicator",
    )
    yield (
        "two byte-order marks",
        CSV,
        ("\ufeff\ufeff" + text).encode(UTF8),
        r", row 1: found column '\ufeffindicator', wanted",
    )
    yield "json", CSV, '{"indicator": "referrals"}', f", row 1: {NO_HEADER}"
    yield (
        "a web page called a CSV",
        CSV,
        "<html><table><tr><td>indicator</td></tr></table></html>",
        f", row 1: {NO_HEADER}",
    )
    yield "cells between spaces", CSV, lines(GOOD, header=HEADER).replace(",", " "), f", row 1: {NO_HEADER}"
    yield (
        "rows where columns should be",
        CSV,
        "indicator,referrals\narea,Northam\nperiod,2022-04\nvalue,7\n",
        f", row 1: {NO_HEADER}",
    )
    yield (
        "a header over two lines",
        CSV,
        lines(GOOD, header="indicator,area,period,\nvalue,,,"),
        ", row 1: found no column 'value', wanted",
    )
    yield (
        "a heading twice but for its case",
        CSV,
        lines(f"{GOOD},8", header=f"{HEADER},Value "),
        ", row 1: found column 'value' twice, wanted",
    )
    yield (
        "a heading twice but for an odd space",
        CSV,
        lines(f"{GOOD},8", header=f"{HEADER},\xa0value"),
        ", row 1: found column 'value' twice, wanted",
    )


def _numbers() -> Iterator[Case]:
    for name, cell in (
        ("a thousand with an odd space", "1\u202f234"), ("a thousand in the wrong place", "12,34"), ("a thousand too far", "1234,567"),
        ("a hexadecimal number", "0x1A"), ("an underscore", "1_000"), ("a fraction", "1/2"), ("roman digits", "XII"), ("about", "~12"),
        ("a bookkeeper's negative", "(12)"), ("an apostrophe", "'12"), ("a typographer's minus", "−12"), ("below a negative", "< -5"),
        ("a wide less than", "＜5"), ("a raised digit", "12²"), ("a circled digit", "⑦"), ("a quotation mark at the end", '7"'),
        ("a number beyond all counting", "99999999999999999999"), ("per mille", "12‰"), ("a number and its note", "12 (estimated)"),
    ):  # fmt: skip
        shown = bad(name, cell)
        visible = cell.replace("\u202f", "\\u202f")
        yield shown[0], shown[1], shown[2], shown[3].replace(cell, visible)
    yield (
        "a bell in a cell",
        CSV,
        lines("referrals,Northam,2022-04,7\x07"),
        rf", row 2, 'value': found '7\x07', wanted a whole number. {DIGITS}",
    )
    yield (
        "an escape sequence",
        CSV,
        lines("referrals,Northam,2022-04,\x1b[31m7"),
        rf", row 2, 'value': found '\x1b[31m7', wanted a whole number. {DIGITS}",
    )
    yield (
        "a percentage with two signs",
        CSV,
        lines("rereferral_share,Northam,2022-04,12%%"),
        ", row 2, 'value': found '12%%', wanted a percentage.",
    )


def _fields() -> Iterator[Case]:
    for name, area, shown in (
        ("letters from right to left", "\u202eNortham", r"\u202eNortham"), ("a space of no width", "Nor\u200btham", r"Nor\u200btham"),
        ("a new line in a name", '"Nor\ntham"', r"Nor\ntham"),
    ):  # fmt: skip
        yield name, CSV, lines(f"referrals,{area},2022-04,7"), f", row 2, 'area': found '{shown}', wanted one of"
    yield (
        "a hyphen nobody sees",
        CSV,
        lines("refer\u00adrals,Northam,2022-04,7"),
        r", row 2, 'indicator': found 'refer\xadrals', wanted an indicator",
    )
    yield (
        "a letter of another alphabet",
        CSV,
        lines("referr\u0430ls,Northam,2022-04,7"),
        ", row 2, 'indicator': found 'referr\u0430ls', wanted an indicator",
    )
    known = "wanted a period such as 2022-23-Q1, 2022-04, 2022-23, 2022-04/2022-09 or 2022-03-31. Correct the period."
    for name, text, wanted in (
        ("months of a quarter", "Jul-Sep 2022", known), ("a moment", "2022-06-30T23:59", known), ("a week", "2022-W14", known),
        ("year nought", "0000-01", "wanted a period that exists"), ("a year too far", "9999-00", "wanted a period that exists"),
    ):  # fmt: skip
        yield name, CSV, lines(f"referrals,Northam,{text},7"), f", row 2, 'period': found '{text}', {wanted}"


def _workbooks() -> Iterator[Case]:
    seen = "wanted figures that are seen. Show the sheet if its figures count; otherwise remove it."
    yield (
        "a value merged over two rows",
        XLSX,
        book(_merged_rows),
        ", sheet 'Return', row 2: found merged cells in rows 2 to 3, wanted each figure in a cell of its own. Unmerge them",
    )
    yield (
        "a period merged with its value",
        XLSX,
        book(_merged_columns),
        ", sheet 'Return', row 3: found merged cells, wanted each figure",
    )
    yield (
        "figures on a hidden sheet",
        XLSX,
        book(lambda b, _: _hidden(b, "hidden")),
        f", sheet 'Old': found figures on a hidden sheet, {seen}",
    )
    yield (
        "figures on a very hidden sheet",
        XLSX,
        book(lambda b, _: _hidden(b, "veryHidden")),
        f", sheet 'Old': found figures on a hidden sheet, {seen}",
    )
    yield (
        "an error cell",
        XLSX,
        book(_error),
        f", sheet 'Return', row 2, 'value': found '#REF!', wanted a whole number. {DIGITS}",
    )
    yield (
        "true for a number",
        XLSX,
        book(lambda _, s: s.append(["referrals", "Northam", "2022-05", True])),
        f", sheet 'Return', row 3, 'value': found 'TRUE', wanted a whole number. {DIGITS}",
    )
    yield (
        "a line end in a sheet's name",
        XLSX,
        parts(
            lambda n, c: (
                c.replace(b'name="Return"', b'name="Re&#10;turn"').replace(b"referrals", b"refs")
                if n == "xl/workbook.xml"
                else c.replace(b"referrals", b"refs")
            )
        ),
        r", sheet 'Re\nturn', row 2, 'indicator': found 'refs', wanted an indicator",
    )
    yield (
        "a macro workbook under another name",
        XLSX,
        parts(_macro_kind),
        ": found a workbook with macros, wanted a workbook without macros. Save it as .xlsx without macros.",
    )
    others = f": found a workbook with controls or other files inside, wanted a workbook of cells alone. {TIDY}"
    yield "a workbook with controls", XLSX, parts(same, **{"xl/activeX/activeX1.bin": b"x"}), others
    yield "a workbook with a file inside", XLSX, parts(same, **{"xl/embeddings/oleObject1.bin": b"x"}), others
    yield (
        "a part that climbs out",
        XLSX,
        parts(same, **{"xl/../../evil.xml": b"x"}),
        f": found a workbook whose parts lead out of it, wanted a plain .xlsx workbook. {ASK}",
    )
    yield (
        "a workbook of too many parts",
        XLSX,
        _many_parts,
        f": found a workbook of 5,001 parts, wanted at most 5,000 parts. {ASK}",
    )
    yield (
        "a binary workbook inside",
        XLSX,
        parts(lambda n, c: None if n == "xl/workbook.xml" else c, **{"xl/workbook.bin": b"x"}),
        DAMAGED,
    )
    yield "something compressed called a workbook", XLSX, gzip.compress(b"abc", mtime=0), NO_BOOK
    yield "a web page called a workbook", XLSX, "<html><table></table></html>", NO_BOOK
    yield "an old binary workbook without its wrapper", XLSX, _old_binary, NO_BOOK


MORE: list[Case] = [*_encodings(), *_numbers(), *_fields(), *_workbooks()]


def _in_1904(whole: Workbook, sheet: Any) -> None:
    whole.epoch = CALENDAR_MAC_1904
    sheet.append(["workers", "Northam", datetime(2022, 6, 30), 12])


def _protected(_: Workbook, sheet: Any) -> None:
    sheet.protection.sheet, sheet.protection.password = True, "secret"


def _chart(whole: Workbook, sheet: Any) -> None:
    drawn = BarChart()
    drawn.add_data(Reference(sheet, min_col=4, min_row=1, max_row=2))
    whole.create_chartsheet("Chart").add_chart(drawn)


def _beside_hidden(_: Workbook, sheet: Any) -> None:
    sheet.column_dimensions["F"].hidden = True
    sheet.row_dimensions[9].hidden = True


def _formatted_heading(_: Workbook, sheet: Any) -> None:
    sheet["F1"].number_format = "0.0%"
    sheet["G1"] = " "


ODD_BUT_SOUND: list[tuple[str, str, malformed.Content, tuple[str, str, float]]] = [
    ("line ends of three kinds", CSV, f"{HEADER}\r\nreferrals,Northam,2022-06,9\r{GOOD}\n".encode(), ("referrals", "2022-04", 7)),
    ("a header that ends in empty cells", XLSX, book(_formatted_heading), ("referrals", "2022-04", 7)),
    ("two bytes a letter with its mark", CSV, lines(GOOD).encode("utf-16"), ("referrals", "2022-04", 7)),
    ("odd spaces around a number", CSV, lines("referrals,\xa0Northam\u2003,2022-04,\xa012\u202f").encode(), ("referrals", "2022-04", 12)),
    ("a line separator", CSV, lines(GOOD, "\u2028referrals,Northam,2022-05,8").encode(), ("referrals", "2022-05", 8)),
    ("a negative nought", CSV, lines("referrals,Northam,2022-04,-0").encode(), ("referrals", "2022-04", 0)),
    ("a quarter before its year", CSV, lines("offences,Northam,Q2 2022/23,7").encode(), ("offences", "2022-23-Q2", 7)),
    ("a quarter after its year", CSV, lines("offences,Northam,2022-23 Q2,7").encode(), ("offences", "2022-23-Q2", 7)),
    ("a month in words", CSV, lines("referrals,Northam,April 2022,7").encode(), ("referrals", "2022-04", 7)),
    ("dates counted from 1904", XLSX, book(_in_1904), ("workers", "2022-06-30", 12)),
    ("a sheet with a chart alone", XLSX, book(_chart), ("referrals", "2022-04", 7)),
    ("an empty hidden column", XLSX, book(_beside_hidden), ("referrals", "2022-04", 7)),
    ("a share too small for a decimal point", XLSX, book(lambda _, s: s.append(["rereferral_share", "Northam", "2022-05", 1e-05])),
     ("rereferral_share", "2022-05", 1e-05)),
    ("a protected sheet", XLSX, book(_protected), ("referrals", "2022-04", 7)),
    ("links to other workbooks", XLSX, parts(same, **{"xl/externalLinks/externalLink1.xml": b"<a/>"}), ("referrals", "2022-04", 7)),
    ("a date as its month", XLSX, book(lambda _, s: s.append(["referrals", "Northam", datetime(2022, 5, 1), 8])), ("referrals", "2022-05", 8)),
]  # fmt: skip
"""Files that look odd and are sound, with a figure that must be read from each."""
