"""Tables from frames: a caption, headings with scopes, never a blank cell, and every number with its source rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from threatlib import wording
from threatlib.briefing.fragments import (
    arrow_html,
    flag_html,
    known,
    lines,
    marks_html,
    number_html,
    records,
    slug,
    status_html,
    text_of,
)
from threatlib.observations import HAS_VALUE

_KEPT_BACK = ("unit", "rows", "status", "lower", "upper")
_PERIODS = ("period", "previous_period", "comparator_period", "first_period")


def table_html(
    frame: pd.DataFrame,
    *,
    caption: str,
    row_header: str,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    id: str = "",
    note: str = "",
    as_cards: bool = False,
) -> Markup:
    """Any frame as an accessible table.

    Parameters
    ----------
    frame : DataFrame
        Text and numbers. The rows a number comes from stand in ``<column>_rows`` or else in `rows`; a missing number
        is shown by ``<column>_status`` or `status`, with its interval where `lower` and `upper` are known.
    caption : str
    row_header : str
        The column that names the rows.
    columns : mapping, optional
        Columns to show, in order, with their headings; by default every column with its name in plain words.
    units : mapping, optional
        Unit of a numeric column; else the row's `unit`, else a count.
    id : str, optional
        Anchor; by default made from the caption.
    note : str, optional
        A sentence under the caption.
    as_cards : bool
        On a narrow page, a card a row in place of a table to scroll sideways.
    """
    shown = dict(columns) if columns else _all_columns(frame)
    numeric = {c for c in shown if c in frame and pd.api.types.is_numeric_dtype(frame[c])}
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="number"') if c in numeric else "", title)
        for c, title in shown.items()
    )
    body = Markup("\n").join(_row(record, shown, row_header, units or {}, numeric) for record in records(frame))
    return _framed(caption, note, head, body or _nothing(len(shown)), id or slug(caption), as_cards=as_cards)


def snapshot_html(
    frame: pd.DataFrame, *, caption: str, quality_page: str = "data_quality.html", id: str = "", note: str = ""
) -> Markup:
    """The table at the head of a sub-topic: one row a measure and area, as it is now and as it was.

    Parameters
    ----------
    frame : DataFrame
        `measure`, `area`, `unit`, `period`, `value`, `rows`, `direction`; and where they apply `agency`, `status`,
        `lower`, `upper`, `previous`, `previous_period`, `previous_status`, `previous_rows`, `change`, `change_unit`,
        `change_lower`, `change_upper`, `change_words` (why there is none), `rate` (in `rate_unit`), `rate_lower`,
        `rate_upper`, `comparator`, `comparator_name`, `comparator_rows`, `judgement`, `flag` (why it stands out),
        `history` (list of numbers), `marks` (ids of annotations, space between), `mark_words` (what to call them).
    quality_page : str
        Page on which the marks are explained.
    """
    filled = [{name: cell(record, quality_page) for name, cell in _SNAPSHOT.items()} for record in records(frame)]
    names = [n for n in _SNAPSHOT if n not in _ONLY_WHERE_PRESENT or any(cells[n] for cells in filled)]
    if why := _nothing_before(frame):
        names = [n for n in names if n not in _ONLY_WITH_A_CHANGE]
        note = note or f"Whether any of these changed cannot be said: {why}."
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in names)
    body = Markup("\n").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            cells[names[0]], Markup("").join(_labelled(name, cells[name]) for name in names[1:])
        )
        for cells in filled
    )
    return _framed(
        caption, note, head, body or _nothing(len(names)), id or slug(caption), as_cards=True, kind="snapshot"
    )


def _nothing_before(frame: pd.DataFrame) -> str:
    """The one reason why no row has a change; empty where a row has an earlier figure or the reasons differ."""
    rows = records(frame)
    if any(known(row.get("change")) or text_of(row, "previous_period") for row in rows):
        return ""
    whys = {(text_of(row, "direction"), text_of(row, "flag"), text_of(row, "change_words")) for row in rows}
    return "".join(why for said, flag, why in whys if said == "cannot be said" and not flag) if len(whys) == 1 else ""


def _labelled(name: str, cell: Markup, side: str = "") -> Markup:
    """A cell that knows its heading; where it does not apply it says so, and a card leaves it out."""
    empty = status_html("not_applicable")
    kind = " ".join(part for part in (side, "na" if cell in ("", empty) else "") if part)
    classed = Markup(' class="{}"').format(kind) if kind else Markup("")
    return Markup('<td data-label="{}"{}>{}</td>').format(name, classed, cell or empty)


def _nothing(columns: int) -> Markup:
    return Markup('<tr><td colspan="{}">No rows to show.</td></tr>').format(columns)


def _framed(caption: str, note: str, head: Markup, body: Markup, id: str, *, as_cards: bool, kind: str = "") -> Markup:
    small = Markup('<span class="note">{}</span>').format(note) if note else Markup("")
    table = Markup(
        '<table class="{}" id="{}"><caption id="{}-caption">{}{}</caption>\n'
        "<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody></table>"
    ).format(f"{kind} {'cards' if as_cards else 'plain'}".strip(), id, id, caption, small, head, body)
    if as_cards:
        return Markup('<div class="table">{}</div>\n').format(table)
    return Markup('<section class="table scroll" aria-labelledby="{}-caption" tabindex="0">{}</section>\n').format(
        id, table
    )


def _all_columns(frame: pd.DataFrame) -> dict[str, str]:
    names = [str(c) for c in frame.columns if c not in _KEPT_BACK and not str(c).endswith(("_rows", "_status"))]
    return {name: name.replace("_", " ").capitalize() for name in names}


def _row(
    record: dict[str, Any], shown: Mapping[str, str], row_header: str, units: Mapping[str, str], numeric: set[str]
) -> Markup:
    cells = []
    for column, title in shown.items():
        cell = _cell(record, column, units.get(column))
        if column == row_header:
            cells.append(Markup('<th scope="row">{}</th>').format(cell))
        else:
            cells.append(_labelled(title, cell, "number" if column in numeric else ""))
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _cell(record: dict[str, Any], column: str, unit: str | None) -> Markup:
    value = record.get(column)
    unit = unit or text_of(record, "unit") or "count"
    rows = text_of(record, f"{column}_rows") or text_of(record, "rows")
    if known(value):
        way = 1 if column.endswith("upper") else -1 if column.endswith("lower") else 0
        printed = wording.end(float(value), way) if way else float(value)
        text = number_html(wording.number(printed, unit), float(value), rows)
        status = text_of(record, "status") if column == "value" else ""
        return text + Markup(" ") + status_html(status) if status in ("provisional", "estimated") else text
    if isinstance(value, Markup):
        return value
    if _missing(value):
        return _absent(record, column, unit, rows)
    if column in _PERIODS:
        return _period(str(value))
    return escape(value)


def _absent(record: dict[str, Any], column: str, unit: str, rows: str) -> Markup:
    """Why there is no value; only the main value has the row's own status and interval."""
    if column != "value":
        return status_html(text_of(record, f"{column}_status") or "not_applicable")
    lower, upper = record.get("lower"), record.get("upper")
    status = text_of(record, "value_status") or text_of(record, "status")
    if status in ("", *HAS_VALUE):
        status = "withheld" if known(lower) and known(upper) else "not_returned"
    return status_html(status, lower, upper, unit=unit, rows=rows)


def _missing(value: Any) -> bool:
    return value is None or isinstance(value, float) or value is pd.NaT or value is pd.NA or str(value).strip() == ""


def _period(label: str) -> Markup:
    return Markup('<span class="period" data-period="{}">{}</span>').format(label, wording.period_short(label))


def _measure(record: dict[str, Any], quality_page: str) -> Markup:
    place = " · ".join(p for p in (text_of(record, "area"), text_of(record, "agency")) if p)
    return lines(record["measure"], place, marks_html(record, quality_page))


def _dated(record: dict[str, Any], column: str, period: str) -> Markup:
    label = text_of(record, period)
    status = text_of(record, "status") if column == "value" else text_of(record, f"{column}_status")
    cell = _cell({**record, f"{column}_status": status or "not_applicable"}, column, None)
    unit = text_of(record, "unit")
    suffix = wording.SUFFIXES.get(unit, "")
    if known(record.get(column)) and suffix.startswith(" "):
        cell = Markup(str(cell).replace(f"{suffix}</data>", "</data>", 1))  # noqa: S704 - escaped when it was made
        return lines(cell, _unbroken(suffix.strip()), _period(label) if label else None)
    return lines(cell, _period(label) if label else None)


def _unbroken(words: str) -> Markup:
    return Markup('<span class="ends">{}</span>').format(words) if words else Markup("")


def _change(record: dict[str, Any]) -> Markup:
    unit = text_of(record, "change_unit") or "percent_change"
    rows = f"{text_of(record, 'rows')} {text_of(record, 'previous_rows')}".strip()
    if not known(record.get("change")):
        return lines(status_html("not_applicable"), text_of(record, "change_words"))
    return _estimate(record, "change", unit, rows, wording.signed)


def _direction(record: dict[str, Any]) -> Markup:
    direction = text_of(record, "direction") or "cannot be said"
    unsaid = direction == "cannot be said" and known(record.get("change"))
    why = text_of(record, "change_words") if unsaid else ""
    return lines(arrow_html(direction, text_of(record, "judgement")), why, flag_html(text_of(record, "flag")))


def _rate(record: dict[str, Any]) -> Markup:
    if not known(record.get("rate")):
        return Markup("")
    rows = text_of(record, "rate_rows") or text_of(record, "rows")
    return _estimate(record, "rate", text_of(record, "rate_unit") or "per_10k", rows, wording.number)


def _estimate(record: dict[str, Any], column: str, unit: str, rows: str, write: Callable[[float, str], str]) -> Markup:
    """A number, its unit where that is longer than a sign, and its interval, each on a line."""
    value = float(record[column])
    whole = write(value, unit)
    bare = write(value, "count")
    short, suffix = (bare, whole.removeprefix(bare).strip()) if " " in whole and whole.startswith(bare) else (whole, "")
    unit_words = _unbroken(suffix)
    ends = _ends(record, column, unit, rows, sign=write is wording.signed)
    return lines(number_html(short, value, rows), unit_words, ends)


def _comparator(record: dict[str, Any]) -> Markup:
    value, name = record.get("comparator"), text_of(record, "comparator_name")
    if not known(value):
        return Markup("")
    label = text_of(record, "comparator_period")
    return lines(
        _cell(record, "comparator", text_of(record, "comparator_unit") or None), name, _period(label) if label else None
    )


def _trend(record: dict[str, Any]) -> Markup:
    from threatlib.figures import sparkline  # drawing is slow to import, and most commands draw nothing

    return Markup(sparkline(record.get("history") or []))  # noqa: S704 - made of numbers only


def _ends(record: dict[str, Any], column: str, unit: str, rows: str, *, sign: bool) -> Markup:
    lower, upper = record.get(f"{column}_lower"), record.get(f"{column}_upper")
    if not known(lower) or not known(upper):
        return Markup("")
    text = wording.interval(
        float(lower), float(upper), unit if unit in ("percent", "percent_change") else "count", sign=sign
    )
    return Markup('<span class="ends" data-from="{}" data-interval="{:.10g} {:.10g}">{}</span>').format(
        rows, float(lower), float(upper), text
    )


def data_columns(frame: pd.DataFrame) -> Sequence[str]:
    """Columns of a figure's table that a reader may take away as CSV."""
    return [str(c) for c in frame.columns if not str(c).endswith("rows")]


_SNAPSHOT: dict[str, Callable[[dict[str, Any], str], Markup]] = {
    "Measure": _measure,
    "Latest": lambda record, _: _dated(record, "value", "period"),
    "Previous": lambda record, _: _dated(record, "previous", "previous_period"),
    "Change": lambda record, _: _change(record),
    "Rate": lambda record, _: _rate(record),
    "Comparator": lambda record, _: _comparator(record),
    "Direction": lambda record, _: _direction(record),
    "Trend": lambda record, _: _trend(record),
}
_ONLY_WHERE_PRESENT = ("Rate", "Comparator", "Trend")
_ONLY_WITH_A_CHANGE = ("Previous", "Change", "Direction")
