"""Numbers of people in what people write: narratives, answers, reasons, commentary.

The gate cannot read, but it can see "3 children". A number of people that the rule withholds, or that stands in words
about measures of which something is withheld and is not shown for any of them, is printed as ``[c]``. What is masked
follows from the words, the rule and the Release alone, so it tells nothing of the figures that are withheld.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from threatlib.catalogue import Definitions, Entry, Rule
from threatlib.disclosure.gate import Release
from threatlib.returns import Problem

MASK = "[c]"
Change = Callable[[str, Collection[str], bool], str]
"""A text, the indicators it is about, and whether its numbers may be in letters, to another text."""
_WRITTEN = ("narrative", "answer", "text")
"""Fields that are written anew each quarter: numbers in them count in letters, too."""
_DECLARED = ("question", "title", "reason", "why", "says")
_LETTERS = dict(
    zip(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), range(1, 10), strict=True)
)
_PEOPLE = (
    r"child(?:ren)?|young (?:people|persons?)|pupils?|bab(?:y|ies)|infants?|girls?|boys?|teenagers?|siblings?"
    r"|famil(?:y|ies)|victims?|patients?|mothers?|fathers?|parents?|cases?|plans?|referrals?|assessments?|offences?|deaths?|admissions?"
    r"|attendances?|allegations?|incidents?|disclosures?|conferences?"
)
_COUNT = re.compile(
    rf"(?<![\w.,/£-])(?P<number>\d{{1,4}}|{'|'.join(_LETTERS)})"
    rf"(?P<rest>\s+(?:(?!for\b|per\b|of\b|and\b|or\b|in\b|to\b|a\b|an\b|the\b|weeks?\b|days?\b|months?\b|years?\b)[a-z-]+\s+)"
    rf"{{0,2}}(?:{_PEOPLE})\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Mask:
    """What may stand in words: numbers outside the rule, and where something is withheld only those that are shown."""

    rule: Rule
    shown: dict[str, set[float]]
    hidden: Collection[str]

    def apply(self, text: str, ids: Collection[str], *, letters: bool) -> str:
        unsafe = any(i in self.hidden for i in ids)
        allowed = set().union(*(self.shown.get(i, set()) for i in ids)) if unsafe else set()

        def masked(found: re.Match[str]) -> str:
            number = found["number"].lower()
            if number in _LETTERS and not letters:
                return found[0]
            count = _LETTERS[number] if number in _LETTERS else int(number)
            small = max(self.rule.withhold_from, 1) <= count <= self.rule.withhold_to
            return f"{MASK}{found['rest']}" if small or (unsafe and count not in allowed) else found[0]

        return _COUNT.sub(masked, text)


def spoken(definitions: Definitions, release: Release) -> Definitions:
    """The definitions with every number of people masked that the audience may not see.

    Parameters
    ----------
    definitions : Definitions
    release : Release
        What the same audience is shown in figures.
    """
    if not release.protection.withholds:
        return definitions
    table = release.table
    counts = table[table["unit"].isin(["count", "fte"])]
    shown = {str(i): set(values.dropna()) for i, values in counts.groupby("indicator")["value"]}
    hidden = frozenset(table.loc[table["status"] == "withheld", "indicator"])
    mask = _Mask(release.protection.rule, shown, hidden)
    return _changed(definitions, lambda text, ids, letters: mask.apply(text, ids, letters=letters))


def doubts(definitions: Definitions) -> list[Problem]:
    """Numbers of people in the partnership's own words that its default audience will see masked."""
    partnership = definitions.partnership
    rule = partnership.rules[partnership.audiences[partnership.default_audience].rule]
    mask, found = _Mask(rule, {}, ()), []

    def noted(text: str, ids: Collection[str], letters: bool) -> str:
        if mask.apply(text, ids, letters=letters) != text:
            found.append(text)
        return text

    _changed(definitions, noted)
    return [
        Problem(
            "threats.yaml, requirements.csv, annotations.yaml or commentary", "", 0, text[:60],
            next(m[0] for m in _COUNT.finditer(text)),
            f"no number of people from {max(rule.withhold_from, 1)} to {rule.withhold_to}",
            f"Write it without the number; in a briefing it is shown as {MASK}.", doubt=True,
        )
        for text in found
    ]  # fmt: skip


def _changed(definitions: Definitions, change: Change) -> Definitions:
    """Definitions with every free text changed, each with the indicators it is about."""
    under: dict[str, set[str]] = {}
    for threat in definitions.threats.threats:
        for sub in threat.subtopics:
            ids = {i for item in sub.items for i in item.indicators}
            under.setdefault(threat.id, set()).update(ids)
            under[sub.id] = ids

    def about(entry: Entry) -> Collection[str]:
        named = getattr(entry, "indicators", ()) or under.get(getattr(entry, "threat", ""), set())
        return tuple(i for i in named if isinstance(i, str))

    def walked(entry: Any, ids: Collection[str]) -> Any:
        if isinstance(entry, tuple):
            return tuple(walked(part, ids) for part in entry)
        if not isinstance(entry, Entry):
            return entry
        own = about(entry) or ids
        return entry.model_copy(update=dict(_fields(entry, own, change, walked)))

    parts = {
        name: walked(getattr(definitions, name), ()) for name in ("threats", "requirements", "annotations", "comments")
    }
    return definitions.model_copy(update=parts)


def _fields(entry: Entry, ids: Collection[str], change: Change, walked: Any) -> Iterator[tuple[str, Any]]:
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        if isinstance(value, str) and name in (*_WRITTEN, *_DECLARED):
            yield name, change(value, ids, name in _WRITTEN)
        elif isinstance(value, (Entry, tuple)) and value and not isinstance(value, str):
            yield name, walked(value, ids)
