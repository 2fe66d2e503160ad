"""A partnership small enough to read at a glance, written into a temporary folder."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PARTNERSHIP = """
name: Small Safeguarding Children Partnership
data_kind: real
areas:
  - {name: Northam, code: E09000012}
  - {name: Southam, code: E09000001, small: true}
  - {name: Northam and Southam, parts: [Northam, Southam]}
  - {name: England, code: E92000001, role: comparator}
agencies:
  - {name: Northam Council, footprint: [Northam], aliases: [northam_council, NC]}
  - {name: Police, footprint: [Northam, Southam], aliases: [police]}
rules:
  dfe: {name: One to five withheld, withhold_from: 1, withhold_to: 5, source: DfE}
audiences:
  partners: {title: Partners, rule: dfe, marking: Small numbers are withheld.}
default_audience: partners
"""

CATALOGUE = """
indicators:
  - {id: referrals, name: Referrals, definition: Referrals received., unit: count, polarity: neither, theme: demand,
     agency: Northam Council, frequency: monthly}
  - {id: rereferrals, name: Re-referrals, definition: Referrals within a year of another., unit: count,
     polarity: neither, theme: demand, agency: Northam Council, frequency: monthly}
  - {id: rereferral_share, name: Re-referral share, definition: Share of referrals., unit: percent,
     polarity: higher_is_worse, theme: demand, agency: Northam Council, frequency: monthly, numerator: rereferrals,
     denominator: referrals}
  - {id: workers, name: Social workers, definition: In post., unit: fte, polarity: lower_is_worse, theme: workforce,
     agency: Northam Council, frequency: snapshot, disclosive: false}
  - {id: offences, name: Offences, definition: Offences recorded., unit: count, polarity: higher_is_worse,
     theme: csa, agency: Police, frequency: quarterly, denominator: population_children}
  - {id: plans, name: Plans, definition: Plans in the year., unit: count, polarity: neither, theme: demand,
     agency: Northam Council, frequency: annual, parts: [plans_neglect, plans_other]}
  - {id: plans_neglect, name: Plans for neglect, definition: Plans for neglect., unit: count, polarity: neither,
     theme: demand, agency: Northam Council, frequency: annual}
  - {id: plans_other, name: Other plans, definition: Other plans., unit: count, polarity: neither, theme: demand,
     agency: Northam Council, frequency: annual}
  - {id: population_children, name: Children, definition: Children aged 0 to 17., unit: count, polarity: neither,
     theme: context, agency: Northam Council, frequency: snapshot, disclosive: false}
"""

THREATS = """
threats:
  - id: demand
    name: Demand
    subtopics:
      - {id: front-door, name: Front door, page: demand, items: [
          {id: referrals, name: Referrals, standing: measured, indicators: [referrals]}]}
"""

REQUIREMENTS = "ref,threat,kind,question,owner,raised,due,depends_on,status,answer\n"

HEADER = "indicator,area,period,value"


def partnership(folder: Path, annotations: str = "annotations: []") -> Path:
    """Write a partnership's definitions, with nothing received yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("partnership.yaml", PARTNERSHIP),
        ("catalogue.yaml", CATALOGUE),
        ("threats.yaml", THREATS),
        ("annotations.yaml", annotations),
        ("requirements.csv", REQUIREMENTS),
        ("register.csv", "file,sha256,agency,period,received_on,supersedes,kind,note\n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def receive(
    folder: Path, name: str, content: str | bytes, *, agency: str = "Northam Council", on: str = "2022-07-20",
    kind: str = "return", supersedes: str = "",
) -> Path:  # fmt: skip
    """Put a file into the folder and register it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(raw)
    with (folder / "register.csv").open("a", encoding="utf-8") as register:
        digest = hashlib.sha256(raw).hexdigest()
        register.write(f"{name},{digest},{agency},2022-23-Q1,{on},{supersedes},{kind},\n")
    return path


def workbook(*sheets: tuple[str, Sequence[Sequence[Any]]]) -> bytes:
    """An Excel workbook of the given sheets, as bytes."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
