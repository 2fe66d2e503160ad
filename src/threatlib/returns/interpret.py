"""Rows of text to observations: indicator, area, period, value and status, each checked, all files at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.catalogue import Definitions
from threatlib.errors import meant
from threatlib.observations import COLUMNS, HAS_VALUE, STATUSES, empty, periods_of
from threatlib.periods import Period
from threatlib.returns.cells import Column, Numbers, numbers
from threatlib.returns.problems import LIKE_IT, Problem
from threatlib.returns.rows import FIELDS, Rows

_HINTS = {"monthly": "month", "snapshot": "snapshot"}
_SENDABLE = tuple(status for status in STATUSES if status != "withheld")
_BASES = ("stated", "derived_from_change", "computed", "forecast")
_PERCENTAGES = ("percent", "percent_change", "percentage_points")

Mask = NDArray[np.bool_]


def interpret(rows: Rows, definitions: Definitions) -> tuple[pd.DataFrame, list[Problem]]:
    """Text to values, statuses and periods (see `observations.COLUMNS`); what does not fit is a problem, left out."""
    if not len(rows):
        return empty(), []
    column = {name: rows.column(name) for name in (*FIELDS, "cell", "letter")}
    work = _Work(rows, column, definitions, rows.place, rows.row, [])
    work.refuse_unknown()
    work.refuse_contradictions()
    periods = work.periods()
    figures = {name: numbers(column[name]) for name in ("value", "numerator", "denominator")}
    status = work.statuses(figures)
    known = column["indicator"].map(lambda name: name in definitions.catalogue.by_id, "bool")
    keep = np.flatnonzero(~work.bad & known)
    return work.table(keep, periods, figures, status), work.problems


@dataclass
class _Work:
    """The rows under the reading: `bad` marks those that have a problem."""

    rows: Rows
    column: dict[str, Column]
    definitions: Definitions
    place: NDArray[np.int32]
    row: NDArray[np.int32]
    problems: list[Problem]

    def __post_init__(self) -> None:
        self.bad: Mask = np.zeros(len(self.rows), dtype=bool)

    def refuse(
        self, where: Mask, name: str, wanted: str | NDArray[Any], todo: str, known: Collection[str] = ()
    ) -> None:
        """Note a problem for every marked row, naming the column as its sender does, and the `known` name nearest."""
        fresh = np.flatnonzero(where)
        self.bad |= where
        counts: dict[int, int] = {}
        for index in map(int, fresh):
            number = int(self.place[index])
            place = self.rows.places[number]
            counts[number] = counts.get(number, 0) + 1
            if counts[number] > LIKE_IT:
                continue
            heading = place.headings.get(name, name).strip() or name
            if name == "value" and self.column["cell"][index]:
                heading = self.column["cell"][index]
            found = self.column[name][index]
            shown = f"'{found[:80]}'" if found else "nothing"
            asked = wanted if isinstance(wanted, str) else str(wanted[index])
            advice = f"{meant(found, known)} {todo}".strip()
            self.problems.append(Problem(place.file, place.sheet, int(self.row[index]), heading, shown, asked, advice))
        for index, count in counts.items():
            if count > LIKE_IT:
                place = self.rows.places[index]
                more = f"{count - LIKE_IT:,} more problems like the ones above"
                asked = wanted if isinstance(wanted, str) else "what is said above"
                self.problems.append(Problem(place.file, place.sheet, 0, name, more, asked, todo))

    def refuse_unknown(self) -> None:
        catalogue, partnership = self.definitions.catalogue, self.definitions.partnership
        names = {*catalogue.by_id, *catalogue.left_out_reasons}
        unknown = self.column["indicator"].map(lambda name: name not in names, "bool")
        self.refuse(unknown, "indicator", "an indicator of catalogue.yaml", "`threatlib catalogue` lists them.", names)
        areas = {area.name for area in partnership.areas}
        stray = self.column["area"].map(lambda name: name not in areas, "bool")
        self.refuse(
            stray, "area", f"one of {', '.join(sorted(areas))}", "Use the area's name as in partnership.yaml.", areas
        )

    def refuse_contradictions(self) -> None:
        """What a return says beside its figures and the partnership's definitions do not: unit, basis, agency."""
        own, partnership = self._returned(), self.definitions.partnership
        units = {i.id: i.unit for i in self.definitions.catalogue.indicators}
        indicator = self.column["indicator"]
        other = self.column["unit"].paired(
            indicator, lambda unit, name: unit.lower() not in ("", units.get(name, unit))
        )
        wanted = indicator.map(lambda name: f"{units.get(name, '')}, the unit of this indicator")
        self.refuse(own & other.astype(bool), "unit", wanted, "Send the figure in that unit, or clear the cell.")
        stray = self.column["basis"].map(lambda basis: basis not in ("", *_BASES), "bool")
        self.refuse(own & stray, "basis", f"one of {', '.join(_BASES)}", "Correct or clear it.")
        nobody = self.column["agency"].map(lambda name: bool(name) and not partnership.agency_named(name), "bool")
        names = ", ".join(sorted(agency.name for agency in partnership.agencies))
        self.refuse(own & nobody, "agency", f"one of {names}", "Use the agency's name as in partnership.yaml.")

    def periods(self) -> NDArray[Any]:
        """The period of every row (None where it cannot be read), each spelling read once."""
        often = {i.id: _HINTS.get(i.frequency, "") for i in self.definitions.catalogue.indicators}
        kinds = ("", *_HINTS.values())
        hint = self.column["indicator"].map(lambda name: kinds.index(often.get(name, "")), "int64")
        said = self.column["kind"].map(lambda kind: kinds.index(kind) if kind in kinds else 0, "int64")
        period = self.column["period"]
        keys = np.where(said > 0, said, hint) * len(period.distinct) + period.codes
        codes, distinct = pd.factorize(keys)
        pairs = [(period.distinct[key % len(period.distinct)], kinds[key // len(period.distinct)]) for key in distinct]
        read = periods_of(pairs, self.definitions.partnership.undated_periods)
        found = np.empty(len(pairs), dtype=object)
        wanted = np.empty(len(pairs), dtype=object)
        for position, pair in enumerate(pairs):
            answer = read[pair]
            found[position] = answer if isinstance(answer, Period) else None
            wanted[position] = "" if isinstance(answer, Period) else _wanted(answer)
        lost = np.array([period is None for period in found], dtype=bool)[codes]
        self.refuse(lost, "period", wanted[codes], "Correct the period.")
        return found[codes]

    def statuses(self, figures: dict[str, Numbers]) -> NDArray[Any]:
        """The status of every row: what is said of it, else what its value says; numbers that cannot be are refused."""
        units = {i.id: i.unit for i in self.definitions.catalogue.indicators}
        indicator, value = self.column["indicator"], figures["value"]
        whole = indicator.map(lambda name: units.get(name) == "count", "bool")
        share = indicator.map(lambda name: units.get(name) in _PERCENTAGES, "bool")
        known = indicator.map(lambda name: name in units, "bool")
        wanted = np.where(whole, "a whole number", np.where(share, "a percentage", "a number"))
        odd = whole & ~np.isnan(value.value) & ((value.value < 0) | (np.nan_to_num(value.value) % 1 != 0))
        wrong = value.bad | (value.percent & known & ~share) | (odd & self._returned())
        self.refuse(wrong, "value", wanted, "Write digits; '*' if suppressed; leave blank if not returned.")
        for name in ("numerator", "denominator"):
            self.refuse(figures[name].bad, name, "a number or blank", "Write digits, or leave it blank.")
            below = share & self._returned() & (np.nan_to_num(figures[name].value) < 0)
            self.refuse(below | figures[name].percent, name, "a count or blank", "Write digits, or leave it blank.")
        said = self.column["status"].map(str.lower)
        there = self.column["status"].map(lambda text: text != "", "bool")
        stray = there & self.column["status"].map(lambda text: text.lower() not in _SENDABLE, "bool")
        self.refuse(stray, "status", f"one of {', '.join(_SENDABLE)}", "Correct or clear it.")
        has = self.column["status"].map(lambda text: text.lower() in HAS_VALUE, "bool")
        clash = there & ~stray & ~value.bad & (has != ~np.isnan(value.value))
        self.refuse(
            clash,
            "status",
            "a status that agrees with the value",
            "A number has a status with a value, a blank has not.",
        )
        return np.where(there, said, value.status)

    def _returned(self) -> Mask:
        """Rows that agencies sent: a report may print half a count, a return may not."""
        own = np.array([place.source in ("return", "simulated") for place in self.rows.places], dtype=bool)
        return np.asarray(own[self.place], dtype=bool)

    def table(
        self, keep: NDArray[np.int64], periods: NDArray[Any], figures: dict[str, Numbers], status: NDArray[Any]
    ) -> pd.DataFrame:
        """The rows that are kept, as observations."""
        if not len(keep):
            return empty()
        places, partnership = self.rows.places, self.definitions.partnership
        of = self.place[keep]
        units = {i.id: i.unit for i in self.definitions.catalogue.indicators}
        roles = {area.name: area.role for area in partnership.areas}
        role = self.column["area"].map(lambda name: roles.get(name, "local"))[keep]
        said_role = self.column["role"].map(lambda name: name or "local")[keep]
        section, offset = self.column["section"], self.column["offset"]
        data: dict[str, Any] = {
            "obs": self._ids(keep),
            "agency": self._agencies(keep),
            "status": status[keep],
            "unit": self.column["indicator"].map(lambda name: units.get(name, ""))[keep],
            "basis": self.column["basis"].map(lambda basis: basis or "stated")[keep],
            "role": np.where(role == "comparator", role, said_role),
            "locator": section.paired(offset, lambda where, place: f"{where} @{place}" if place else "")[keep],
            "file": np.array([place.file for place in places], dtype=object)[of],
            "sheet": np.array([place.sheet for place in places], dtype=object)[of],
            "row": self.row[keep],
            "received_on": np.array([place.received_on for place in places], dtype="datetime64[s]")[of],
            "source": np.array([place.source for place in places], dtype=object)[of],
            "used": np.ones(len(keep), dtype=bool),
            "marks": np.full(len(keep), "", dtype=object),
        }
        data |= {name: self.column[name].text[keep] for name in ("indicator", "area", "breakdown", "said", "note")}
        data |= {name: getattr(figures["value"], name)[keep] for name in ("value", "lower", "upper")}
        data |= {name: figures[name].value[keep] for name in ("numerator", "denominator")}
        data |= _days(periods[keep])
        # one column at a time into its final kind: as a whole a large table would be there four times over
        return pd.DataFrame({name: pd.Series(data.pop(name), dtype=kind) for name, kind in COLUMNS.items()}, copy=False)

    def _ids(self, keep: NDArray[np.int64]) -> NDArray[Any]:
        """The id of every row that is kept: its file and sheet, its row, and its column where the row has several."""
        prefix = [place.prefix for place in self.rows.places]
        letters = self.column["letter"].map(lambda letter: f":{letter}" if letter else "")[keep]
        told = zip(self.place[keep], self.row[keep], letters, strict=True)
        return np.fromiter((f"{prefix[p]}:{row}{letter}" for p, row, letter in told), dtype=object, count=len(keep))

    def _agencies(self, keep: NDArray[np.int64]) -> NDArray[Any]:
        """The agency a figure is of, under its one name; the file's sender where the row says nothing."""

        def one_name(text: str) -> str:
            agency = self.definitions.partnership.agency_named(text)
            return agency.name if agency else text

        said = self.column["agency"].map(one_name)[keep]
        sender = Column.of([place.agency for place in self.rows.places]).map(one_name)[self.place[keep]]
        return np.where(said == "", sender, said)


def _wanted(fault: ValueError) -> str:
    """What a period's own complaint says was wanted."""
    words = str(fault)
    if ", wanted " in words:
        return words.split(", wanted ", 1)[1]
    why = words.split("', ", 1)[-1]
    return f"a period that exists ({why})"


def _days(periods: NDArray[Any]) -> dict[str, Any]:
    codes, _ = pd.factorize(np.fromiter(map(id, periods), dtype=np.int64, count=len(periods)))
    distinct = periods[np.unique(codes, return_index=True)[1]]

    def spread(values: Iterable[Any], kind: str) -> NDArray[Any]:
        return np.array(list(values), dtype=kind)[codes]

    return {
        "period": spread((p.label for p in distinct), "object"),
        "kind": spread((p.kind for p in distinct), "object"),
        "start": spread((p.start for p in distinct), "datetime64[s]"),
        "end": spread((p.end for p in distinct), "datetime64[s]"),
    }
