"""A partnership whose every figure can be worked out by hand: two areas, their sum, a neighbour and England."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from threatlib.assessment import Assessment, build
from threatlib.assessment.commentary import commentary
from threatlib.catalogue import Annotations, Catalogue, Definitions, Partnership, Requirement, Threats
from threatlib.catalogue.commentary import Comment
from threatlib.disclosure import Release, protection
from threatlib.observations import COLUMNS, HAS_VALUE, settle, with_bases
from threatlib.periods import Period, parse
from threatlib.signals import signals

QUARTER = "2022-23-Q2"

PARTNERSHIP = """
name: Small Partnership
data_kind: real
areas:
  - {name: Northam}
  - {name: Southam, small: true}
  - {name: Northam and Southam, parts: [Northam, Southam]}
  - {name: Midham, role: comparator}
  - {name: England, role: comparator}
agencies:
  - {name: Council, footprint: [Northam, Southam, Northam and Southam, Midham, England], aliases: [council]}
rules:
  dfe: {name: One to five withheld, withhold_from: 1, withhold_to: 5}
  none: {name: Nothing withheld, withhold_from: 0, withhold_to: 0}
audiences:
  partners: {title: Partners, rule: dfe, marking: Small numbers are withheld.}
  internal: {title: Internal, rule: none, marking: Internal. Nothing is withheld.}
default_audience: partners
severity_weights: {workforce: 2.0}
undated_periods: {some time: [2021-04-01, 2022-03-31]}
"""

CATALOGUE = """
indicators:
  - {id: referrals, name: Referrals, definition: Referrals received., unit: count, polarity: neither, theme: demand,
     agency: Council, frequency: quarterly, denominator: population_children, comparators: [Midham, England]}
  - {id: offences, name: Offences, definition: Offences recorded., unit: count, polarity: higher_is_worse,
     theme: csa, agency: Council, frequency: quarterly, comparators: [Midham]}
  - {id: seen_in_time, name: Seen in time, definition: Share seen in time., unit: percent, polarity: lower_is_worse,
     theme: demand, agency: Council, frequency: quarterly, comparators: [Midham, England]}
  - {id: workers, name: Social workers, definition: In post., unit: fte, polarity: lower_is_worse, theme: workforce,
     agency: Council, frequency: snapshot, disclosive: false}
  - {id: population_children, name: Children, definition: Children aged 0 to 17., unit: count, polarity: neither,
     theme: context, agency: Council, frequency: snapshot, disclosive: false}
"""

THREATS = """
threats:
  - id: demand
    name: Demand
    subtopics:
      - id: front-door
        name: Front door
        page: demand
        links: [Too few workers]
        items:
          - {id: referrals, name: Referrals, standing: measured, indicators: [referrals, seen_in_time]}
          - {id: rumour, name: Rumour, standing: hypothesis, narrative: It is said that more will come.}
      - id: offences
        name: Offences
        page: csa
        items: [{id: offences, name: Offences, standing: measured, indicators: [offences]}]
  - id: workforce
    name: Workforce
    subtopics:
      - {id: posts, name: Posts, page: workforce,
         items: [{id: workers, name: Workers, standing: measured, indicators: [workers]}]}
"""

REQUIREMENTS = (
    {
        "ref": "R1",
        "threat": "front-door",
        "kind": "analysis",
        "question": "Why?",
        "owner": "Ana",
        "due": "2022-12-31",
        "status": "open",
    },
    {"ref": "R2", "threat": "front-door", "kind": "decision", "question": "What now?", "status": "closed"},
    {"ref": "R3", "threat": "workforce", "kind": "collection", "question": "Who left?", "status": "open"},
)

SHOCK = {"id": "heat-wave", "kind": "shock", "title": "Heat wave", "reason": "Everybody stayed at home.",
         "said_by": "Council", "status": "accepted", "start": "2022-07", "end": "2022-08"}  # fmt: skip
BREAK = {"id": "new-system", "kind": "break", "title": "New system", "reason": "It counts differently.",
         "said_by": "Council", "status": "settled", "start": "2022-04"}  # fmt: skip
GAP = {"id": "lost-records", "kind": "gap", "title": "Lost records", "reason": "The server burnt.",
       "said_by": "Council", "status": "accepted", "start": "2019-04", "end": "2019-09"}  # fmt: skip
FAULT = {"id": "double-entry", "kind": "fault", "title": "Entered twice", "reason": "Two clerks.",
         "said_by": "Council", "status": "open", "start": "2022-07", "end": "2022-09"}  # fmt: skip


def declared(entry: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """An annotation with some of its fields changed."""
    return {**entry, **changed}


def definitions(*annotations: Mapping[str, Any]) -> Definitions:
    return Definitions(
        partnership=Partnership.model_validate(yaml.safe_load(PARTNERSHIP)),
        catalogue=Catalogue.model_validate(yaml.safe_load(CATALOGUE)),
        threats=Threats.model_validate(yaml.safe_load(THREATS)),
        requirements=tuple(Requirement.model_validate(entry) for entry in REQUIREMENTS),
        annotations=Annotations.model_validate({"annotations": list(annotations)}),
    )


def figure(indicator: str, period: str, value: float | None, area: str = "Northam", **more: Any) -> dict[str, Any]:
    """One figure; `more` holds any other column of the tidy table."""
    unit = {"seen_in_time": "percent", "workers": "fte"}.get(indicator, "count")
    when = parse(period) if period != "some time" else Period(parse("2021-22").end, parse("2021-22").start,
                                                              "undated", period)  # fmt: skip
    known = {"lower": value, "upper": value, "status": "reported" if value is not None else "not_returned"}
    return {
        **dict.fromkeys((name for name, kind in COLUMNS.items() if kind == "str"), ""),
        **{"indicator": indicator, "agency": "Council", "area": area, "period": when.label, "kind": when.kind},
        **{"start": pd.Timestamp(when.start), "end": pd.Timestamp(when.end), "value": value, "unit": unit, **known},
        **{"basis": "stated", "role": "comparator" if area in ("Midham", "England") else "local", "file": "a.csv"},
        **{"received_on": pd.Timestamp(2022, 10, 20), "source": "return", "used": True, **more},
    }


def withheld(indicator: str, period: str, low: float, high: float, area: str = "Northam") -> dict[str, Any]:
    return figure(indicator, period, None, area, lower=low, upper=high, status="withheld")


def quarters(indicator: str, values: Sequence[float], last: str = QUARTER, **more: Any) -> list[dict[str, Any]]:
    """A series of quarters that ends in `last`."""
    end = pd.Period(f"{parse(last).end:%Y-%m}", "Q-DEC")
    found = []
    for back, value in enumerate(reversed(values)):
        day = (end - back).end_time
        year = day.year if day.month >= 4 else day.year - 1
        found.append(
            figure(indicator, f"{year}-{(year + 1) % 100:02d}-Q{(day.month - 4) % 12 // 3 + 1}", value, **more)
        )
    return found[::-1]


def release(rows: Sequence[Mapping[str, Any]], entries: Definitions) -> Release:
    """What the partners may see, marked with what is declared, each figure with its base."""
    table = pd.DataFrame([{**row, "row": n, "obs": f"a.csv:{n}"} for n, row in enumerate(rows, start=2)])
    table = table.reindex(columns=list(COLUMNS)).astype(COLUMNS)
    table, _ = settle(table, entries.annotations.annotations)
    table = with_bases(table, entries)
    hidden = ~table["status"].isin(HAS_VALUE) & table["lower"].notna()
    return Release(table, protection(entries, "partners"), int(hidden.sum()))


def asked(
    *rows: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]] = (), quarter: str = QUARTER
) -> pd.DataFrame:
    """The signals of some figures."""
    entries = definitions(*annotations)
    return signals(release(rows, entries), entries, parse(quarter))


def main_of(*rows: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]] = ()) -> pd.Series:
    """The one main signal of some figures."""
    found = asked(*rows, annotations=annotations)
    found = found[found["main"].astype(bool)]
    assert len(found) == 1
    return found.iloc[0]


def assessed(
    *rows: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]] = (), quarter: str = QUARTER
) -> Assessment:
    entries = definitions(*annotations)
    return build(
        release(rows, entries), entries, slug="small", quarter=parse(quarter), as_of=None, problems=pd.DataFrame()
    )


def commented(assessment: Assessment) -> Assessment:
    """The same with a comment on every threat and sub-topic, each of its own words."""
    tables = assessment.tables
    ids = [*tables["threats"]["id"], *tables["subtopics"]["id"]]
    words = tuple(
        Comment(threat=id, quarter=QUARTER, author="A. Analyst", date=date(2022, 10, 20), text=f"Words on {id}.")
        for id in ids
    )
    written = commentary(words, parse(QUARTER), assessment.protection.audience)
    return dataclasses.replace(assessment, tables={**tables, "commentary": written})


WORLD = (
    figure("population_children", "2021-06-30", 10_000),
    figure("population_children", "2021-06-30", 1_000, "Southam"),
    figure("population_children", "2021-06-30", 20_000, "Midham"),
    figure("referrals", "2021-22-Q2", 400),
    figure("referrals", QUARTER, 800),
    figure("referrals", QUARTER, 500, "Midham"),
    withheld("referrals", "2021-22-Q2", 1, 5, "Southam"),
    figure("referrals", QUARTER, 40, "Southam"),
    figure("offences", "2021-22-Q2", 100),
    figure("offences", QUARTER, 200),
    figure("seen_in_time", "2021-22-Q2", 80, numerator=320, denominator=400),
    figure("seen_in_time", QUARTER, 80, numerator=640, denominator=800),
    figure("workers", "2022-09-30", 50),
)
"""Referrals double in Northam and rise in Southam, offences double, timeliness stays, workers have no past."""


def folder(path: Path, *annotations: Mapping[str, Any]) -> Path:
    """The same definitions as a partnership's folder, with a return that holds most of `WORLD`."""
    path.mkdir(parents=True)
    for name, text in (("partnership", PARTNERSHIP), ("catalogue", CATALOGUE), ("threats", THREATS)):
        (path / f"{name}.yaml").write_text(text, encoding="utf-8")
    (path / "annotations.yaml").write_text(yaml.safe_dump({"annotations": list(annotations)}), encoding="utf-8")
    pd.DataFrame(REQUIREMENTS).to_csv(path / "requirements.csv", index=False)
    lines = ["indicator,area,period,value,numerator,denominator"]
    for row in WORLD:
        value = row["value"] if row["value"] is not None else row["upper"]
        base = [f"{row[name]:g}" if row.get(name) else "" for name in ("numerator", "denominator")]
        lines.append(",".join([row["indicator"], row["area"], row["period"], f"{value:g}", *base]))
    content = "\n".join(lines) + "\n"
    file = path / "returns" / QUARTER / "council.csv"
    file.parent.mkdir(parents=True)
    file.write_text(content, encoding="utf-8")
    digest = hashlib.sha256(content.encode()).hexdigest()
    (path / "register.csv").write_text(
        "file,sha256,agency,period,received_on,supersedes,kind,note\n"
        f"returns/{QUARTER}/council.csv,{digest},Council,{QUARTER},2022-10-20,,return,\n",
        encoding="utf-8",
    )
    return path
