"""The briefing as plain text for an e-mail: the sentences of the executive's page, in lines of a readable length."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from html import unescape
from pathlib import Path

from threatlib import wording
from threatlib.assessment import Assessment
from threatlib.briefing.abbreviations import explained_at_first_use
from threatlib.briefing.pages import SUMMARY, overview, screen
from threatlib.briefing.pages.words import DIRECTIONS

_WIDTH = 72
_DROPPED = re.compile(r"<svg.*?</svg>|<h2.*?</h2>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def write(folder: Path, assessment: Assessment) -> None:
    """Write the summary beside the pages."""
    (folder / SUMMARY).write_text(text(assessment), encoding="utf-8")


def text(assessment: Assessment) -> str:
    """Who, when and for whom; the threats; the key messages; what changed; what cannot be seen; where to read on."""
    at = assessment.data_as_at
    head = [
        assessment.partnership,
        f"Strategic Threat Assessment, {wording.period_words(str(assessment.quarter))}",
        f"Data as at {at.day} {at:%B %Y}. {overview.status(assessment)}. For {assessment.protection.title}.",
        assessment.protection.marking,
        "" if assessment.data_kind == "real" else "SIMULATED DATA: every figure is invented.",
    ]
    parts = [
        "\n".join(_wrapped(line) for line in head if line),
        _part("The threats", _threats(assessment)),
        _part("Key messages", _lines(explained_at_first_use(overview.messages(assessment), assessment.abbreviations))),
        _part("What changed since last quarter", _lines(screen.changed(assessment))),
        _part("What we cannot see", _lines(screen.unseen(assessment))),
        _wrapped("Open briefing.html for the evidence, and data_quality.html for what is wrong with it."),
    ]
    return "\n\n".join(parts) + "\n"


def _threats(assessment: Assessment) -> Iterable[str]:
    for record in assessment.tables["threats"].to_dict("records"):
        way = DIRECTIONS[record["direction"]][2]
        yield f"{record['name']}: {way}. Severity: {record['severity']}. Confidence: {record['confidence']}."


def _part(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title.upper(), *(_wrapped(line, "- ") for line in lines)])


def _wrapped(line: str, mark: str = "") -> str:
    return textwrap.fill(line, _WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark), break_long_words=False)


def _lines(html: str) -> list[str]:
    """Each paragraph and list item of a piece without its tags; links say nothing in an e-mail."""
    bare = _DROPPED.sub("", re.sub(r"<p><a .*?</p>", "", str(html), flags=re.DOTALL))
    cells = re.findall(r"<(?:li|p)\b[^>]*>(.*?)</(?:li|p)>", bare, re.DOTALL)
    return [" ".join(unescape(_TAG.sub("", cell)).split()) for cell in cells]
