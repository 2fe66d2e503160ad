"""The ids of a catalogue as attributes, so that Tab completes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from threatlib.errors import UsageError
from threatlib.explore.show import nearest, table_html


class Names(Mapping[str, str]):
    """Indicators by id: ``q.indicators.csc_referrals`` is the id, ``q.indicators["csc_referrals"]`` its name.

    Parameters
    ----------
    entries : Mapping of str to str
        Id to name, in the catalogue's order.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, key: str) -> str:
        if key not in self._entries:
            raise KeyError(unknown(key, self._entries))
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __getattr__(self, name: str) -> str:
        if name.startswith("_") or name not in self._entries:
            raise AttributeError(unknown(name, self._entries))
        return name

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._entries]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._entries)

    def find(self, words: str) -> Names:
        """The indicators whose id or name has all of the words in it."""
        wanted = words.casefold().split()
        return Names({k: v for k, v in self._entries.items() if all(w in f"{k} {v}".casefold() for w in wanted)})

    def __repr__(self) -> str:
        width = max((len(key) for key in self._entries), default=0)
        return "\n".join(f"{key:<{width}}  {name}" for key, name in self._entries.items()) or "(none)"

    def _repr_html_(self) -> str:
        return table_html(["id", "name"], list(self._entries.items()), caption=f"{len(self)} indicators")


def unknown(name: str, known: Mapping[str, str]) -> str:
    """What to say of an indicator that is not in the catalogue."""
    return f"no indicator '{name}' in the catalogue{nearest(name, known)}"


def checked(name: str, known: Mapping[str, str]) -> str:
    """The id, if it is one.

    Raises
    ------
    UsageError
        With the nearest id there is.
    """
    if name not in known:
        raise UsageError(unknown(name, known))
    return name


def partnership_near(wanted: Path) -> str:
    """The end of what is said of a folder that holds no partnership: those there are in it, or beside it, or in
    ``data``; nothing where there are none."""
    for place in (wanted, wanted.parent, Path("data")):
        there = [str(found.parent) for found in sorted(place.glob("*/partnership.yaml"))]
        if there:
            return nearest(str(place / wanted.name), there) + f" There is {', '.join(there)}."
    return "."
