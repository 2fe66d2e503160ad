"""YAML as people write it, read once and for all: what cannot be read is said with its line, and nothing is guessed.

A file is looked through before it is built: a key written twice would lose the first, a short file can say of itself
that it is there a billion times over, and brackets inside brackets can bring an interpreter down.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _Safe
except ImportError:  # no libyaml on this machine: slower, otherwise the same
    from yaml import SafeLoader as _Safe  # type: ignore[assignment]

MAX_BYTES = 16 * 2**20
"""Largest file of definitions."""

MAX_DEPTH = 50
"""How deep lists and entries may lie in each other."""

MAX_NODES = 200_000
"""Most cells a file may have, those that aliases repeat counted each time."""

LIKE_IT = 200
"""Faults of one file that are listed one by one; the rest are counted."""

TOO_LONG = "an entry that does not fit"
"""What stands for what was found where that is longer than a line."""

_SHOWN = 80


class NotYaml(Exception):
    """Why a file cannot be read: what was found and at which line (from 1, 0 if of the whole), what was wanted."""

    def __init__(self, found: str, wanted: str, todo: str, line: int = 0) -> None:
        self.found, self.wanted, self.todo, self.line = found, wanted, todo, line
        place = f"line {line}: " if line else ""
        super().__init__(f"{place}found {found}, wanted {wanted}. {todo}")


def read_yaml(path: Path) -> Any:
    """A file's content as lists, entries, texts and numbers.

    Raises
    ------
    NotYaml
        If it cannot be read.
    FileNotFoundError
        If it is not there.
    """
    if path.exists() and not path.is_file():
        raise NotYaml("no file" if not path.is_dir() else "a folder", "a file", "Put the file itself there.")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as fault:
        raise NotYaml(
            f"a file that cannot be read ({fault.strerror})", "one that can", "Give leave to read it."
        ) from fault
    if len(raw) > MAX_BYTES:
        raise NotYaml(
            f"{len(raw) / 2**20:,.0f} MiB", f"at most {MAX_BYTES // 2**20} MiB", "Take out what is not needed."
        )
    try:
        return parse_yaml(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise NotYaml("bytes that are not UTF-8", "text in UTF-8", "Save it anew as UTF-8.", line) from fault


def parse_yaml(text: str) -> Any:
    """A text's content; see `read_yaml`."""
    try:
        _look_through(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        why = " ".join(filter(None, (fault.context, fault.problem)))
        raise NotYaml(f"no YAML ({why})", "YAML", _MEND, mark.line + 1 if mark else 0) from fault
    except yaml.YAMLError as fault:
        raise NotYaml(f"no YAML ({' '.join(str(fault).split())})", "YAML", _MEND) from fault


_MEND = "Mend the line, or put the whole text between quotation marks."
_KINDS = {"timestamp": "a day that exists", "int": "a whole number of a size that can be", "float": "a number",
          "bool": "true or false"}  # fmt: skip


class _Loader(_Safe):
    """Where a cell is not what it says it is (a 30 February, a number of words), its line is named."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (yaml.YAMLError, MemoryError):
            raise
        except Exception as fault:  # each kind of cell stumbles in its own way over what it is not
            wanted = _KINDS.get(str(node.tag).rpartition(":")[2], "what its tag says")
            raise NotYaml(shown(node.value), wanted, _MEND, node.start_mark.line + 1) from fault


@dataclass
class _Open:
    """A list or entry that has begun: its anchor, what it holds so far, and the keys of an entry with their lines."""

    anchor: str | None
    entry: bool
    nodes: int = 1
    keys: dict[str, int] | None = None
    key_next: bool = True


def _look_through(text: str) -> None:
    """Refuse keys that come twice, what lies too deep, and aliases that make too much of a file."""
    sizes: dict[str, int] = {}
    above: list[_Open] = []
    for event in yaml.parse(text, Loader=_Safe):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            done = above.pop()
            nodes, anchor = done.nodes, done.anchor
        elif isinstance(event, yaml.CollectionStartEvent):
            _as_key(above, None, line)
            above.append(_Open(event.anchor, isinstance(event, yaml.MappingStartEvent)))
            if len(above) > MAX_DEPTH:
                found = f"lists and entries more than {MAX_DEPTH} deep in each other"
                raise NotYaml(found, f"at most {MAX_DEPTH}", "Look for stray brackets or indents.", line)
            continue
        elif isinstance(event, yaml.AliasEvent):
            _as_key(above, None, line)
            if event.anchor not in sizes:
                found = f"'*{event.anchor}', which stands for nothing before it"
                raise NotYaml(found, "an anchor that ends above", "Write the text itself there.", line)
            nodes, anchor = sizes[event.anchor], None
        elif isinstance(event, yaml.ScalarEvent):
            _as_key(above, event.value, line)
            nodes, anchor = 1, event.anchor
        else:
            continue
        if anchor:
            sizes[anchor] = nodes
        if above:
            above[-1].nodes += nodes
        if above and above[-1].nodes > MAX_NODES:
            found = f"more than {MAX_NODES:,} cells, those counted that '*' repeats"
            raise NotYaml(found, "a file that a person could have written", "Write out what is meant.", line)


def _as_key(above: list[_Open], text: str | None, line: int) -> None:
    """Note a key of the entry that is being read (none is no plain text), and refuse it a second time."""
    here = above[-1] if above else None
    if here is None or not here.entry:
        return
    if here.key_next:
        if text is None:
            raise NotYaml("a name that is no plain text", "a name before the colon", "Write the name itself.", line)
        here.keys = here.keys or {}
        if text in here.keys:
            found = f"'{text[:_SHOWN]}' a second time in one entry (first in line {here.keys[text]})"
            raise NotYaml(found, "each name once", "Remove one of the two.", line)
        here.keys[text] = line
    here.key_next = not here.key_next


class _Brief(reprlib.Repr):
    """What was found, in few words, whatever it is."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring, self.maxother, self.maxlong = 3, 2 * _SHOWN, 2 * _SHOWN, 2 * _SHOWN

    def repr_int(self, x: int, level: int) -> str:  # noqa: ARG002  as reprlib calls it
        return repr(x) if x.bit_length() < 4 * _SHOWN else "a number of very many digits"


def shown(value: object) -> str:
    """A cell as it stands in a message; an entry or list that is longer than a line is called so."""
    text = _Brief().repr(value)
    if len(text) <= _SHOWN:
        return text
    return f"'{value[:_SHOWN]}...'" if isinstance(value, str) else TOO_LONG
