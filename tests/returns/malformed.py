"""Malformed returns, made by code: each with what must be said of it."""

# ruff: noqa: E501  a message is kept whole, so that it can be searched for

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date

from tests.returns.small import HEADER, workbook

GOOD = "referrals,Northam,2022-04,7"
CSV, XLSX = "northam_council.csv", "northam_council.xlsx"
DIGITS = "Write digits; '*' if suppressed; leave blank if not returned."

Content = str | bytes | Callable[[], bytes]
Case = tuple[str, str, Content, str]
"""Its name, its file's name, its content, and what must be said (the file's name left out)."""


def lines(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def sheet(*rows: tuple[object, ...], header: str = HEADER) -> Callable[[], bytes]:
    return lambda: workbook(("Return", [header.split(","), *rows]))


def parts(change: Callable[[str, bytes], bytes | None], **more: bytes) -> Callable[[], bytes]:
    """A sound workbook with its parts changed, dropped (None) or added."""

    def make() -> bytes:
        out = io.BytesIO()
        source = zipfile.ZipFile(io.BytesIO(sheet(("referrals", "Northam", "2022-04", 7))()))
        with source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                content = change(name, source.read(name))
                if content is not None:
                    target.writestr(name, content)
            for name, content in more.items():
                target.writestr(name, content)
        return out.getvalue()

    return make


def same(_: str, content: bytes) -> bytes:
    return content


def in_sheet(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, content: content.replace(old, new) if name.endswith("sheet1.xml") else content


def _bomb() -> bytes:
    out = io.BytesIO()
    target = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with target, target.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
        for _ in range(300):
            part.write(b"0" * 2**20)
    return out.getvalue()


def bad(
    name: str, cell: str, wanted: str = "a whole number", indicator: str = "referrals", period: str = "2022-04"
) -> Case:
    shown = f"'{cell}'" if cell else "nothing"
    quoted = f'"{cell}"' if "," in cell else cell
    content = lines(f"{indicator},Northam,{period},{quoted}")
    return name, CSV, content, f", row 2, 'value': found {shown}, wanted {wanted}. {DIGITS}"


WANTED = "wanted indicator, area, period, value and, if need be, numerator, denominator, breakdown, status, note, agency, " \
    "unit, basis. Name each column once, as in the return form, or declare the layout under layouts/."  # fmt: skip
NO_HEADER = "found no header row, wanted a row with indicator, area, period, value. Use the return form, or declare the " \
    "layout under layouts/."  # fmt: skip
DAMAGED = ": found a damaged workbook, wanted a workbook that Excel opens without a warning. Open it in Excel, save it anew " \
    "as .xlsx, and send that."  # fmt: skip
ASK = "Ask the sender for a plain .xlsx workbook or a .csv file."
NO_TEXT = (
    ": found bytes that are not text, wanted a CSV file in UTF-8. Save it anew as 'CSV UTF-8', or send the workbook."
)
STATUSES = "reported, provisional, estimated, not_returned, not_collected, not_applicable, suppressed_by_source"
NO_BOOK = f": found a file that is not a workbook inside, or a damaged one, wanted a plain .xlsx workbook. {ASK}"


def _numbers() -> Iterator[Case]:
    for name, cell in (
        ("a letter for a digit", "2l4"), ("a word", "twelve"), ("a decimal comma", "12,5"), ("a continental number", "1.234,5"),
        ("a thousand with a gap", "1 234"), ("an exponent", "1.2E+05"), ("a range", "5-9"), ("a plus sign at the end", "12+"),
        ("a currency", "£12"), ("a question mark", "?"), ("a formula in text", "=SUM(A1:A3)"), ("a date for a number", "01/05/2022"),
        ("an error of Excel", "#REF!"), ("not a number", "NaN"), ("infinity", "inf"), ("a tick", "yes"), ("two numbers", "12 13"),
        ("a negative count", "-4"), ("half a child", "2.5"), ("a percentage of a count", "12%"), ("html", "<b>12</b>"),
        ("more than", ">5"), ("less than nothing", "<0"), ("arabic digits", "\u0661\u0662"), ("a wide digit", "\uff17"),
    ):  # fmt: skip
        yield bad(name, cell)
    yield bad("a share in words", "half", "a percentage", "rereferral_share")
    yield bad("a full-time equivalent in words", "about 12", "a number", "workers", "2022-06-30")


def _fields() -> Iterator[Case]:
    period = "wanted a period such as 2022-23-Q1, 2022-04, 2022-23, 2022-04/2022-09 or 2022-03-31. Correct the period."
    for name, text, wanted in (
        ("a season", "spring", period), ("a thirteenth month", "2022-13", ""), ("a fifth quarter", "2022-23-Q5", period),
        ("a year that skips one", "2021-23-Q1", "wanted a period that exists ('2021-23' is not a financial year"), ("no period", "", period),
        ("a day that is not there", "2022-02-30", ""), ("a period that ends before it starts", "2022-09/2022-04", ""),
    ):  # fmt: skip
        shown = f"'{text}'" if text else "nothing"
        yield name, CSV, lines(f"referrals,Northam,{text},7"), f", row 2, 'period': found {shown}, {wanted}"
    yield "an unknown indicator", CSV, lines("referals,Northam,2022-04,7"), \
        ", row 2, 'indicator': found 'referals', wanted an indicator of catalogue.yaml. Did you mean 'referrals'? `threatlib catalogue` lists them."  # fmt: skip
    yield "no indicator", CSV, lines(",Northam,2022-04,7"), ", row 2, 'indicator': found nothing, wanted an indicator"
    yield "an unknown area", CSV, lines("referrals,Nordham,2022-04,7"), \
        ", row 2, 'area': found 'Nordham', wanted one of England, Northam, Northam and Southam, Southam. Did you mean 'Northam'? Use the area's name"  # fmt: skip
    yield "an area in small letters", CSV, lines("referrals,northam,2022-04,7"), ", row 2, 'area': found 'northam'"
    header = f"{HEADER},status,numerator,denominator"
    yield "an unknown status", CSV, lines(f"{GOOD},sent,,", header=header), \
        f", row 2, 'status': found 'sent', wanted one of {STATUSES}. Correct or clear it."  # fmt: skip
    yield "the gate's own status", CSV, lines("referrals,Northam,2022-04,,withheld,,", header=header), \
        ", row 2, 'status': found 'withheld', wanted one of"  # fmt: skip
    yield "a number said to be missing", CSV, lines(f"{GOOD},not_returned,,", header=header), \
        ", row 2, 'status': found 'not_returned', wanted a status that agrees with the value."  # fmt: skip
    yield "nothing said to be reported", CSV, lines("referrals,Northam,2022-04,,reported,,", header=header), \
        ", row 2, 'status': found 'reported', wanted a status that agrees with the value."  # fmt: skip
    yield "a numerator in words", CSV, lines("rereferral_share,Northam,2022-04,7,,few,", header=header), \
        ", row 2, 'numerator': found 'few', wanted a number or blank. Write digits, or leave it blank."  # fmt: skip
    yield "a denominator in words", CSV, lines("rereferral_share,Northam,2022-04,7,,,all", header=header), \
        ", row 2, 'denominator': found 'all', wanted a number or blank."  # fmt: skip


def _headers() -> Iterator[Case]:
    yield "no header", CSV, f"{GOOD}\n", f", row 1: {NO_HEADER}"
    yield "only title rows", CSV, "Northam Council\nFirst quarter\n", f", row 1: {NO_HEADER}"
    yield "only blank lines", CSV, "\n\n\n", f", row 1: {NO_HEADER}"
    yield (
        "no area",
        CSV,
        lines("referrals,2022-04,7", header="indicator,period,value"),
        f", row 1: found no column 'area', {WANTED}",
    )
    yield "no value", CSV, lines("referrals,Northam,2022-04", header="indicator,area,period"), \
        f", row 1: found no column 'value', {WANTED}"  # fmt: skip
    yield (
        "a column twice",
        CSV,
        lines(f"{GOOD},8", header=f"{HEADER},value"),
        f", row 1: found column 'value' twice, {WANTED}",
    )
    yield (
        "a column nobody knows",
        CSV,
        lines(f"{GOOD},8", header=f"{HEADER},stauts"),
        f", row 1: found column 'stauts', {WANTED}",
    )
    yield "a thousand without quotes", CSV, lines("referrals,Northam,2022-04,1,234"), \
        ", row 2: found '234' in a column without a name, wanted as many cells as the header has columns. Give the column " \
        "its name, or clear the cell; in a CSV, put quotes around a cell with a comma."  # fmt: skip
    yield "a second header", CSV, lines(GOOD, HEADER), ", row 3, 'value': found 'value', wanted a number."
    yield (
        "a total under the table",
        CSV,
        lines(GOOD, "Total,,,7"),
        ", row 3, 'indicator': found 'Total', wanted an indicator",
    )


def _encodings() -> Iterator[Case]:
    yield "an empty file", CSV, b"", ": found an empty file, wanted a return. Ask the sender to send it again."
    yield "a picture", CSV, b"\x89PNG\r\n\x1a\n" + bytes(range(256)), NO_TEXT
    yield "nothing but zero bytes", CSV, bytes(2000), NO_TEXT
    yield "a compressed file", CSV, gzip.compress(lines(GOOD).encode(), mtime=0), NO_TEXT
    yield "half of a two-byte encoding", CSV, b"\xff\xfe" + lines(GOOD).encode("utf-16-le")[:-1], NO_TEXT
    yield "two bytes a letter and no mark", CSV, lines(GOOD).encode("utf-16-le"), NO_TEXT
    yield "a quotation mark that never closes", CSV, lines(GOOD, '"referrals,Northam,2022-05,7', GOOD), \
        ", row 3: found a line that is not CSV (unexpected end of data), wanted cells between delimiters, with quotes opened " \
        "and closed. Look for a stray quotation mark in or above this row."  # fmt: skip
    yield (
        "a quotation mark inside a cell",
        CSV,
        lines('"referrals"x,Northam,2022-04,7'),
        ", row 2: found a line that is not CSV",
    )
    yield "a million columns", CSV, lambda: f"{HEADER}{',' * 1_000_000}\n".encode(), \
        ", row 1: found 1,000,004 columns, wanted at most 2,000 columns. Send the table alone"  # fmt: skip
    yield "a field as long as a book", CSV, lambda: lines(f'referrals,Northam,2022-04,"{"7" * 200_000}"').encode(), \
        ", row 2: found a line that is not CSV (field larger than field limit"  # fmt: skip


def _workbooks() -> Iterator[Case]:
    yield "text called a workbook", XLSX, lines(GOOD), NO_BOOK
    yield "an old workbook", XLSX, bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), \
        f": found an old or password-protected workbook, wanted a plain .xlsx workbook. {ASK}"  # fmt: skip
    yield "half a workbook", XLSX, lambda: parts(same)()[:900], NO_BOOK
    yield "a zip that is no workbook", XLSX, parts(lambda *_: None, **{"readme.txt": b"hello"}), DAMAGED
    yield (
        "a workbook without its sheet",
        XLSX,
        parts(lambda n, c: None if n.endswith("sheet1.xml") else c),
        f", row 1: {NO_HEADER}",
    )
    yield "a workbook with a broken sheet", XLSX, parts(in_sheet(b"</row>", b"</rw>")), DAMAGED
    far = b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData>'
    yield "a row of a number beyond all sheets", XLSX, parts(in_sheet(b"</sheetData>", far)), \
        ", sheet 'Return': found more than 1,048,576 rows, wanted at most 1,048,576 rows, as many as Excel has."  # fmt: skip
    yield (
        "a workbook with entities",
        XLSX,
        parts(in_sheet(b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet')),
        DAMAGED,
    )
    yield "a workbook with macros", XLSX, parts(same, **{"xl/vbaProject.bin": b"x"}), \
        ": found a workbook with macros, wanted a workbook without macros. Save it as .xlsx without macros."  # fmt: skip
    yield "a workbook that unpacks to too much", XLSX, _bomb, \
        f": found a workbook that unpacks to 300 MiB, wanted at most 256 MiB unpacked. {ASK}"  # fmt: skip
    yield (
        "a workbook of notes",
        XLSX,
        lambda: workbook(("Notes", [["Nothing this quarter"]])),
        f", sheet 'Notes', row 1: {NO_HEADER}",
    )
    yield "a formula without its value", XLSX, sheet(("referrals", "Northam", "2022-04", "=3+4")), \
        ", sheet 'Return', row 2, 'value': found a formula without its value, wanted the value of every formula stored with it."  # fmt: skip
    yield "a date for a number in a workbook", XLSX, \
        lambda: workbook(("Return", [HEADER.split(","), ["referrals", "Northam", "2022-04", date(2022, 5, 1)]])), \
        f", sheet 'Return', row 2, 'value': found '2022-05-01', wanted a whole number. {DIGITS}"  # fmt: skip
    yield "a cell at the far end", XLSX, lambda: workbook(("Return", [HEADER.split(",") + [""] * 3000 + ["x"]])), \
        ", sheet 'Return', row 1: found 3,005 columns, wanted at most 2,000 columns."  # fmt: skip
    yield "an error of Excel in a workbook", XLSX, sheet(("referrals", "Northam", "2022-04", "#DIV/0!")), \
        f", sheet 'Return', row 2, 'value': found '#DIV/0!', wanted a whole number. {DIGITS}"  # fmt: skip


def _kinds() -> Iterator[Case]:
    for suffix in ("xls", "xlsm", "ods", "pdf", "zip", "parquet"):
        yield f"a .{suffix} file", f"northam_council.{suffix}", b"anything", \
            f": found a .{suffix} file, wanted a .csv or .xlsx file. {ASK}"  # fmt: skip
    yield (
        "a file of nobody",
        "someone.csv",
        lines(GOOD),
        ": found a file name that names no agency, wanted one of Northam Council",
    )


CASES: list[Case] = [*_numbers(), *_fields(), *_headers(), *_encodings(), *_workbooks(), *_kinds()]
