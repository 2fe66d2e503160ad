"""The requirements' file, changed one question at a time: raise, answer, close; each change is whole or not made.

Rows that are not concerned stay byte for byte as they are. A text that a spreadsheet would run as a formula is refused.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

from threatlib.catalogue.questions import rows_of
from threatlib.catalogue.threats import Requirement
from threatlib.errors import DataError, LockedError, OutputError, UsageError
from threatlib.periods import parse

FILE = "requirements.csv"
KINDS: tuple[str, ...] = get_args(Requirement.model_fields["kind"].annotation)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FIRST_REF = "IR-01"


def day_of(text: str) -> date | None:
    """The last day of what is written (a day or a period); none where it is empty or neither."""
    try:
        return parse(text).end if text else None
    except ValueError:
        return None


def waits_for(ref: str, requirements: Sequence[Requirement]) -> list[str]:
    """Open questions that must be answered before this one, the nearest first; a circle is gone round once."""
    known = {r.ref: r for r in requirements}
    passed = {ref: False}
    here = known[ref].depends_on
    while here in known and here not in passed:
        passed[here] = known[here].status == "open"
        here = known[here].depends_on
    return [name for name, is_open in passed.items() if is_open]


def raise_(folder: Path, fields: Mapping[str, str], *, threats: Sequence[str], on: date) -> str:
    """Add a question and return its ref (the next number if `fields` names none).

    Raises
    ------
    UsageError
        If a field does not fit what is there: an unknown threat, kind or dependency, a ref or origin already used, a
        text that begins a formula, an empty question.
    """
    with _changing(folder) as book:
        new = {name: _clean(name, text) for name, text in fields.items() if text}
        new.setdefault("ref", _next_ref([r.ref for r in book.requirements]))
        new.setdefault("raised", on.isoformat())
        book.check_new(new, threats)
        book.add({**new, "status": "open"})
        return new["ref"]


def answer(folder: Path, ref: str, text: str, *, on: date, regardless: bool = False) -> list[str]:
    """Write the answer of an open question, and return the refs of those that waited for it.

    Raises
    ------
    UsageError
        If it is not there, closed, or waits for a question that is open (unless `regardless`).
    """
    with _changing(folder) as book:
        found = book.find(ref, "answer")
        book.check_free(found, regardless)
        said = _clean("answer", text)
        if not said:
            raise UsageError(f"{ref}: found no answer, wanted what was found out, in words.")
        book.set(ref, {"answer": said, "status": "answered", "answered": on.isoformat()})
        return book.waiting(ref)


def close(folder: Path, ref: str, *, on: date, text: str = "", regardless: bool = False) -> list[str]:
    """Close an answered question (or answer and close it at once), and return the refs of those that waited for it.

    Raises
    ------
    UsageError
        If it has no answer, is closed, or waits for a question that is open (unless `regardless`).
    """
    with _changing(folder) as book:
        found = book.find(ref, "close")
        book.check_free(found, regardless)
        said = _clean("answer", text) or found.answer
        if not said:
            raise UsageError(f"{ref}: it has no answer. Give one with --answer; a question is closed by its answer.")
        book.set(ref, {"answer": said, "status": "closed", "answered": found.answered or on.isoformat()})
        return book.waiting(ref)


@dataclass
class _Book:
    """A requirements file in memory: each record's own text beside its fields."""

    path: Path
    header: list[str]
    records: list[str]
    requirements: list[Requirement]
    newline: str

    def find(self, ref: str, wish: str) -> Requirement:
        found = next((r for r in self.requirements if r.ref == ref), None)
        if found is None:
            there = ", ".join(r.ref for r in self.requirements) or "none"
            raise UsageError(f"{self.path}: no requirement '{ref}' to {wish}; there are {there}.")
        if found.status == "closed":
            raise UsageError(f"{ref}: it is closed already. Raise a new one if the question is open again.")
        return found

    def check_free(self, found: Requirement, regardless: bool) -> None:
        open_ = waits_for(found.ref, self.requirements)
        if open_ and not regardless:
            raise UsageError(
                f"{found.ref}: it waits for {open_[0]}, which is open. Answer that first, or say --regardless."
            )

    def waiting(self, ref: str) -> list[str]:
        return [r.ref for r in self.requirements if r.depends_on == ref and r.status == "open"]

    def check_new(self, new: Mapping[str, str], threats: Sequence[str]) -> None:
        refs = {r.ref: r for r in self.requirements}
        if not new.get("question"):
            raise UsageError("question: found none, wanted one in words.")
        if new["ref"] in refs:
            raise UsageError(f"ref: '{new['ref']}' is used already; leave --ref out and the next number is taken.")
        if new.get("threat", "") not in threats:
            raise UsageError(
                f"threat: found '{new.get('threat', '')}', wanted a threat or sub-topic of threats.yaml: "
                f"{', '.join(threats)}."
            )
        if new.get("kind", "") not in KINDS:
            raise UsageError(f"kind: found '{new.get('kind', '')}', wanted one of {', '.join(KINDS)}.")
        earlier = refs.get(new.get("depends_on", ""))
        if new.get("depends_on") and (earlier is None or earlier.status == "closed"):
            why = "is closed already" if earlier else "is no ref"
            raise UsageError(f"depends-on: '{new['depends_on']}' {why}; leave --depends-on out, or name an open one.")
        for name in ("due", "raised"):
            if new.get(name) and day_of(new[name]) is None:
                raise UsageError(f"{name}: found '{new[name]}', wanted a day such as 2022-11-30 or a quarter.")
        source = new.get("raised_from")
        again = [r.ref for r in self.requirements if source and r.raised_from == source and r.status == "open"]
        if again:
            raise UsageError(f"{source}: {again[0]} was raised from it and is open still.")

    def add(self, fields: Mapping[str, str]) -> None:
        self._widen(fields)
        if self.records and not self.records[-1].endswith(("\n", "\r")):
            self.records[-1] += self.newline
        self.requirements.append(Requirement.model_validate(fields))
        self.records.append(self._written(fields))

    def set(self, ref: str, fields: Mapping[str, str]) -> None:
        self._widen(fields)
        place = next(n for n, r in enumerate(self.requirements) if r.ref == ref)
        changed = {**self.requirements[place].model_dump(), **fields}
        ended = self.records[place + 1].endswith(("\n", "\r"))
        written = self._written(changed)
        self.requirements[place] = Requirement.model_validate(changed)
        self.records[place + 1] = written if ended else written.rstrip("\r\n")

    def _widen(self, fields: Mapping[str, str]) -> None:
        """Add a column that a change needs to the header; the other rows stay as they are, and read as empty there."""
        new = [name for name in fields if fields[name] and name not in self.header]
        if new:
            self.header += new
            mark = "\ufeff" if self.records[0].startswith("\ufeff") else ""
            self.records[0] = mark + _line(self.header, self.newline)

    def _written(self, fields: Mapping[str, str]) -> str:
        return _line([fields.get(name, "") for name in self.header], self.newline)


@contextmanager
def _changing(folder: Path) -> Iterator[_Book]:
    """The file as a book, kept from other changes; written back whole if no fault is raised."""
    path = folder / FILE
    with _alone(folder):
        before = _read(path)
        book = _book(path, before)
        yield book
        text = "".join(book.records).encode("utf-8")
        staged = path.with_name(f".{FILE}.{os.getpid()}")
        try:
            with staged.open("wb") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
            shutil.copymode(path, staged)
            staged.replace(path)
        except OSError as fault:
            raise OutputError(f"{path}: cannot be written ({fault.strerror}). Nothing was changed.") from fault
        finally:
            with suppress(OSError):
                staged.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep two changes apart; released by the system if the process dies."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: the file is changed by one person at a time
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as fault:
        raise UsageError(f"{folder}: cannot be read ({fault.strerror}).") from fault
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as fault:
        raise LockedError(f"{folder / FILE}: somebody else is changing it. Try again in a moment.") from fault
    finally:
        os.close(handle)


def _read(path: Path) -> str:
    """The file's text, if it is one in which nothing is wrong: what cannot be read would be lost when it is changed."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as fault:
        raise DataError(f"{path}: the file is missing. Its header is {','.join(Requirement.model_fields)}.") from fault
    _, faults = rows_of(raw)
    if faults:
        raise DataError("the questions cannot be changed as they stand:", [f"{path}{fault}" for fault in faults])
    return raw.decode("utf-8")


def _book(path: Path, text: str) -> _Book:
    """Split a file into records, each with its own text (a quoted field may hold line ends)."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    records, rows = [], []
    for row in csv.reader(lines()):
        records.append("".join(taken))
        rows.append(row)
        taken.clear()
    header = [name.removeprefix("\ufeff").strip() for name in rows[0]]
    while header and not header[-1]:
        header.pop()
    found = []
    for place, row in reversed(list(enumerate(rows[1:], start=1))):
        if any(row):
            found.append(Requirement.model_validate(dict(zip(header, row, strict=False))))
        else:  # an empty line belongs to the record before it
            records[place - 1] += records.pop(place)
    newline = "\r\n" if records[0].endswith("\r\n") else "\n"
    return _Book(path, header, records, found[::-1], newline)


def _line(fields: Sequence[str], newline: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator=newline).writerow(fields)
    return out.getvalue()


def _next_ref(refs: Sequence[str]) -> str:
    """The number after the highest one, written as the others are: ``IR-13`` after ``IR-12``, ``R10`` after ``R9``."""
    numbered = [match for match in (re.fullmatch(r"(.*?)(\d+)", ref) for ref in refs) if match]
    if not numbered:
        return _FIRST_REF
    last = max(numbered, key=lambda match: int(match[2]))
    width = len(last[2]) if len({len(match[2]) for match in numbered}) == 1 else 0
    return f"{last[1]}{int(last[2]) + 1:0{width}d}"


def _clean(name: str, text: str) -> str:
    """One line of text that no spreadsheet runs as a formula."""
    words = " ".join(text.split())
    if words.startswith(_FORMULA_STARTS) or text.startswith(_FORMULA_STARTS):
        raise UsageError(
            f"{name}: found '{words[:20]}', which a spreadsheet would run as a formula; begin with a word."
        )
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in words):
        raise UsageError(f"{name}: found a control character, wanted plain text.")
    return words
