"""The analyst's own words about a threat in a quarter: dated, signed, and carried forward until confirmed.

One Markdown file a threat (or sub-topic) and quarter, ``commentary/<id>/<quarter>.md``, begins with who wrote it:

    ---
    author: A. Analyst, strategic data analyst
    date: 2022-10-20
    ---
    Referrals rose after the new front door opened.

``confirms: 2022-23-Q1`` instead of a text says that the words of that quarter were read again and still hold.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from threatlib.catalogue.entry import Entry
from threatlib.catalogue.yaml_files import NotYaml, parse_yaml
from threatlib.periods import Period, parse

FOLDER = "commentary"

State = Literal["written", "confirmed", "not_reviewed"]


class Comment(Entry):
    """What somebody wrote (or confirmed) about a threat in a quarter; `audiences` empty means all of them."""

    threat: str
    quarter: str
    author: str = Field(min_length=1)
    dated: date = Field(alias="date")
    audiences: tuple[str, ...] = ()
    confirms: str | None = None
    text: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> Comment:
        if bool(self.text) == bool(self.confirms):
            raise ValueError("wanted either a text, or 'confirms' with the quarter whose text still holds")
        return self

    @property
    def period(self) -> Period:
        return parse(self.quarter)


class Standing(Entry):
    """A comment as it stands in a quarter: ``written`` for it, ``confirmed`` for it, or ``not_reviewed`` since."""

    comment: Comment
    state: State
    reviewed_by: str = ""
    reviewed_on: date | None = None


def standing(comments: Iterable[Comment], quarter: Period, audience: str) -> list[Standing]:
    """What is to be shown: for each threat the latest words up to the quarter, and whether anyone has read them since.

    A comment that is not for the audience is as if it were not there.
    """
    mine = [c for c in comments if (not c.audiences or audience in c.audiences) and c.period <= quarter]
    found = []
    for threat in dict.fromkeys(c.threat for c in mine):
        there = {c.quarter: c for c in mine if c.threat == threat}
        latest = max(there.values(), key=lambda c: c.period)
        words = latest
        while words.confirms and words.confirms in there:
            words = there[words.confirms]
        if words.confirms:
            continue  # it confirms what this audience may not see
        if latest.period != quarter:
            found.append(Standing(comment=words, state="not_reviewed"))
        elif latest is words:
            found.append(Standing(comment=words, state="written"))
        else:
            found.append(
                Standing(comment=words, state="confirmed", reviewed_by=latest.author, reviewed_on=latest.dated)
            )
    return found


def read(folder: Path, threats: Iterable[str], audiences: Iterable[str], problems: list[str]) -> tuple[Comment, ...]:
    """Every comment of a partnership; what is wrong is added to `problems`, with its file and what to do."""
    found: list[Comment] = []
    known, may_see = set(threats), set(audiences)
    for path in sorted((folder / FOLDER).glob("*/*.md")):
        comment = _comment(path, problems)
        if comment is None:
            continue
        if comment.threat not in known:
            problems.append(f"{path}: no threat or sub-topic '{comment.threat}' in threats.yaml; rename the folder.")
        problems += [
            f"{path}: no audience '{name}' in partnership.yaml." for name in comment.audiences if name not in may_see
        ]
        found.append(comment)
    written = {(c.threat, c.quarter) for c in found}
    problems += [
        f"{folder / FOLDER / c.threat / c.quarter}.md: it confirms {c.confirms}; there is no comment of that quarter."
        for c in found
        if c.confirms and ((c.threat, c.confirms) not in written or parse(c.confirms) >= c.period)
    ]
    return tuple(found)


def _comment(path: Path, problems: list[str]) -> Comment | None:
    try:
        raw = path.read_text(encoding="utf-8-sig")
        fence, head, text = raw.split("---\n", 2)
        said: Any = parse_yaml(head)
        if fence.strip() or not isinstance(said, dict):
            raise ValueError
        if parse(path.stem).kind != "quarter":
            problems.append(f"{path}: wanted a file named by a quarter, such as 2022-23-Q2.md.")
            return None
    except UnicodeDecodeError:
        problems.append(f"{path}: not readable as UTF-8; save it as UTF-8.")
        return None
    except OSError as fault:
        problems.append(f"{path}: cannot be read ({fault.strerror}); put the file itself there.")
        return None
    except (ValueError, NotYaml) as fault:
        named = f" ({fault})" if str(fault) else ""
        problems.append(f"{path}: wanted '---', author and date, '---', then the text{named}.")
        return None
    try:
        return Comment.model_validate({**said, "threat": path.parent.name, "quarter": path.stem, "text": _meant(text)})
    except ValidationError as fault:
        problems += [f"{path}: {'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}." for e in fault.errors()]
        return None


def _meant(text: str) -> str:
    """The text without what its author does not mean to be read: HTML comments (one that does not end goes to the
    end), and characters that cannot be seen, which can turn the order of words on a page around."""
    shown = re.sub(r"<!--.*?(?:-->|\Z)", "", text, flags=re.DOTALL)
    return "".join(c for c in shown if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf"))
