"""Return forms: an Excel workbook for one agency and one quarter, which reads back with nothing to map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from threatlib.catalogue import Agency, Definitions, Indicator
from threatlib.observations import STATUSES
from threatlib.periods import Period, financial_year, month, quarter_of, shift, snapshot, span

COLUMNS = (
    "indicator", "name", "area", "breakdown", "period", "value", "numerator", "denominator", "status", "last period",
    "last value", "note",
)  # fmt: skip
_WIDTHS = (34, 40, 26, 18, 22, 12, 12, 12, 20, 22, 12, 50)
_HEADER_ROW = 4
_SPARE = 20
"""Blank rows under the printed ones, for figures nobody foresaw."""

_SHORTHAND = ("*", "<5", "[c]", "[x]", "[z]", "n/k")
_HOW = (
    "Fill in the yellow cells of the sheet 'Return'; leave everything else as it is.",
    "Value: write digits. 0 if there were none; * if the count is too small to send; [z] if it does not apply.",
    "Leave the value blank if it is not known, and say why in the note. Never write 0 for a figure that is missing.",
    "Numerator and denominator: the two counts behind a percentage.",
    "Status: 'provisional' if the figure will change, 'estimated' if it was not counted.",
    "Last value: what was sent for the period before, to compare.",
    "The sheet 'Definitions' says what each indicator counts.",
)


def form_name(agency: Agency, quarter: Period) -> str:
    """A file name that `threatlib check` knows the agency by."""
    slug = re.sub(r"[^a-z0-9]+", "_", agency.name.lower().replace("'", "")).strip("_")
    return f"{slug}_{quarter}.xlsx"


def form(definitions: Definitions, table: pd.DataFrame, agency: Agency, quarter: Period) -> Workbook | None:
    """The return form of an agency for a quarter; None if the catalogue asks nothing of it then.

    Parameters
    ----------
    definitions : Definitions
        The partnership's definitions.
    table : DataFrame
        What was received so far (`observations.COLUMNS`), for last values and for who sends what of which area.
    agency : Agency
        Who fills it in.
    quarter : Period
        A financial quarter.
    """
    rows = list(_asked(definitions, table, agency, quarter))
    if not rows:
        return None
    book = Workbook()
    book.properties.created = book.properties.modified = datetime.combine(quarter.end, datetime.min.time())
    sheet = book.active
    sheet.title = "Return"
    _put(sheet, 1, 1, f"{agency.name}: return for {quarter}", bold=True)
    _put(sheet, 2, 1, definitions.partnership.name)
    for place, name in enumerate(COLUMNS, start=1):
        _put(sheet, _HEADER_ROW, place, name, bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS[place - 1]
    for number, row in enumerate(rows, start=_HEADER_ROW + 1):
        for place, name in enumerate(COLUMNS, start=1):
            _put(sheet, number, place, row.get(name, ""))
    sheet.freeze_panes = sheet.cell(_HEADER_ROW + 1, 3)
    last = _HEADER_ROW + len(rows) + _SPARE
    _shade(sheet, last)
    _lists(book, definitions, agency)
    _validate(sheet, last, len(agency.footprint))
    _definitions(book, definitions, {row["indicator"] for row in rows})
    return book


def _asked(definitions: Definitions, table: pd.DataFrame, agency: Agency, quarter: Period) -> Iterator[dict[str, Any]]:
    """The figures that are due: of every indicator the agency answers for, every area it is of, and every period."""
    spelled = {agency.name.casefold(), *(alias.casefold() for alias in agency.aliases)}
    own = table[table["agency"] == agency.name]
    latest = own.sort_values("received_on", kind="stable").drop_duplicates(
        ["indicator", "area", "breakdown", "period"], keep="last"
    )
    keys = zip(latest["indicator"], latest["area"], latest["breakdown"], latest["period"], strict=True)
    marks = latest["status"].map(STATUSES)
    known = dict(zip(keys, latest["value"].astype(object).where(latest["value"].notna(), marks), strict=True))
    combined = {area.name for area in definitions.partnership.areas if area.parts}
    for indicator in definitions.catalogue.indicators:
        if not spelled & {name.casefold() for name in (indicator.agency, *indicator.also_from)}:
            continue
        sent = own[own["indicator"] == indicator.id]
        plain = [area for area in agency.footprint if area not in combined] or list(agency.footprint)
        series = list(dict.fromkeys(zip(sent["area"], sent["breakdown"], strict=True))) or [(a, "") for a in plain]
        for area, breakdown in series:
            for period, before in _due(indicator, quarter):
                key = (indicator.id, area, breakdown, before.label)
                yield {
                    "indicator": indicator.id, "name": indicator.name, "area": area, "breakdown": breakdown,
                    "period": period.label, "last period": before.label,
                    "last value": known.get(key, ""),
                }  # fmt: skip


def _due(indicator: Indicator, quarter: Period) -> list[tuple[Period, Period]]:
    """The periods that a quarter's return is asked for, each with the one before it."""
    end, before = quarter.end, shift(quarter, -1)
    if indicator.frequency == "monthly":
        first = quarter.start.month
        months = [month(quarter.start.year, first + step) for step in range(3)]
        return [(m, shift(m, -1)) for m in months]
    if indicator.frequency == "quarterly":
        return [(quarter, before)]
    if indicator.frequency == "snapshot":
        return [(snapshot(end), snapshot(before.end))]
    if indicator.frequency == "half_yearly" and end.month in (9, 3):
        half = span(shift(quarter, -1).start, end)
        return [(half, shift(half, -1))]
    if indicator.frequency == "annual" and end.month == 3:
        year = financial_year(end.year - 1)
        return [(year, shift(year, -1))]
    return []


def _put(sheet: Any, row: int, column: int, value: Any, *, bold: bool = False) -> None:
    """Write a cell; text is text, whatever it begins with."""
    if value == "":
        return
    cell = sheet.cell(row, column, value)
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
        cell.number_format = "@"
    cell.font = Font(bold=bold)


def _shade(sheet: Any, last: int) -> None:
    to_fill, greyed = PatternFill("solid", fgColor="FFF6D6"), Font(color="595959")
    for row in range(_HEADER_ROW + 1, last + 1):
        for place, name in enumerate(COLUMNS, start=1):
            cell = sheet.cell(row, place)
            if name in ("value", "numerator", "denominator", "status", "note"):
                cell.fill = to_fill
            elif name.startswith("last"):
                cell.font = greyed
            if name == "note":
                cell.alignment = Alignment(wrap_text=True)


def _lists(book: Workbook, definitions: Definitions, agency: Agency) -> None:
    """What the dropdowns offer, on a hidden sheet."""
    sheet = book.create_sheet("Lists")
    sheet.sheet_state = "hidden"
    statuses = [status for status in STATUSES if status != "withheld"]
    ids = [indicator.id for indicator in definitions.catalogue.indicators]
    for place, values in enumerate((statuses, _SHORTHAND, agency.footprint, ids), start=1):
        for row, value in enumerate(values, start=1):
            _put(sheet, row, place, value)


def _validate(sheet: Any, last: int, areas: int) -> None:
    first = _HEADER_ROW + 1

    def over(name: str) -> str:
        letter = get_column_letter(COLUMNS.index(name) + 1)
        return f"{letter}{first}:{letter}{last}"

    statuses = len(STATUSES) - 1
    for name, listed in (("status", f"Lists!$A$1:$A${statuses}"), ("area", f"Lists!$C$1:$C${areas}"),
                         ("indicator", "Lists!$D$1:$D$2000")):  # fmt: skip
        rule = DataValidation(type="list", formula1=listed, allow_blank=True)
        rule.error, rule.errorTitle = "Choose one of the list.", name.capitalize()
        rule.add(over(name))
        sheet.add_data_validation(rule)
    cell = f"{get_column_letter(COLUMNS.index('value') + 1)}{first}"
    number = DataValidation(
        type="custom", allow_blank=True,
        formula1=f"OR(ISNUMBER({cell}),COUNTIF(Lists!$B$1:$B${len(_SHORTHAND)},\"~\"&{cell})>0,"
        f"COUNTIF(Lists!$B$1:$B${len(_SHORTHAND)},{cell})>0)",
    )  # fmt: skip
    number.error, number.errorTitle = (
        f"Write digits, or one of {' '.join(_SHORTHAND)}; leave blank if not known.",
        "Value",
    )
    number.add(over("value"))
    sheet.add_data_validation(number)
    for name in ("numerator", "denominator"):
        rule = DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
        rule.error, rule.errorTitle = "Write digits, or leave it blank.", name.capitalize()
        rule.add(over(name))
        sheet.add_data_validation(rule)


def _definitions(book: Workbook, definitions: Definitions, asked: set[str]) -> None:
    sheet = book.create_sheet("Definitions")
    for place, (name, width) in enumerate(
        (("id", 34), ("called", 40), ("what it counts", 80), ("formula", 50), ("unit", 14)), 1
    ):
        _put(sheet, 1, place, name, bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = width
    for row, indicator in enumerate((i for i in definitions.catalogue.indicators if i.id in asked), start=2):
        for place, text in enumerate(
            (indicator.id, indicator.name, indicator.definition, indicator.formula, indicator.unit), start=1
        ):
            _put(sheet, row, place, text)
            sheet.cell(row, place).alignment = Alignment(wrap_text=True, vertical="top")
    how = book.create_sheet("How to fill it in")
    how.column_dimensions["A"].width = 110
    for row, line in enumerate(_HOW, start=1):
        _put(how, row, 1, line)


def agency_of(definitions: Definitions, text: str) -> Agency | None:
    """The agency a command names: by its name, an alias, or either as a file name has it."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower().replace("'", "")).strip("_")
    for agency in definitions.partnership.agencies:
        spelled = (agency.name, *agency.aliases)
        if plain in {re.sub(r"[^a-z0-9]+", "_", s.lower().replace("'", "")).strip("_") for s in spelled}:
            return agency
    return None


def default_quarter(day: Any) -> Period:
    """The last quarter that was over on a day."""
    return shift(quarter_of(day), -1)
