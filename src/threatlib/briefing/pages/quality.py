"""What is wrong, missing or disputed in the figures, with the arithmetic done again."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from markupsafe import Markup

from threatlib import wording
from threatlib.assessment import Assessment
from threatlib.briefing.components import notes, number_html, period_html, status_html, table_html
from threatlib.briefing.fragments import slug
from threatlib.briefing.pages.words import AS_PRINTED, counted

VERDICTS = {
    "agrees": "agrees with what is printed",
    "disagrees": "disagrees with what is printed",
    "worked_out": "nothing printed to compare with",
    "cannot_be_checked": "cannot be checked from the figures shown",
}
KINDS = {
    "gap": "Gap",
    "break": "Break in recording",
    "definition": "Change of definition",
    "shock": "Shock",
    "fault": "Known fault",
    "conflict": "Conflict",
    "exclusion": "Left out",
}


def conflicts(assessment: Assessment) -> Markup:
    """Each declared conflict: the figures side by side, which one is used and why, and the arithmetic done again."""
    entries = assessment.tables["annotations"]
    figures, checks = assessment.tables["conflicts"], assessment.tables["checks"]
    parts = []
    for entry in entries[entries["kind"] == "conflict"].to_dict("records"):
        parts.append(
            _conflict(entry, figures[figures["conflict"] == entry["id"]], checks[checks["conflict"] == entry["id"]])
        )
    if not parts:
        return Markup("<p>No conflict is declared.</p>")
    wrong = checks["other_base"].notna().sum()
    lead = Markup("<p>{} are declared; in {} a change was divided by the new value, not the old one.</p>").format(
        counted(len(parts), "conflict", "conflicts"),
        counted(int(wrong), "of them", "conflicts.wrong_base", plural="of them"),
    )
    return lead + Markup("\n").join(parts)


def _conflict(entry: dict[Any, Any], figures: pd.DataFrame, checks: pd.DataFrame) -> Markup:
    parts = [
        Markup('<h3 id="{}">{}</h3>\n<p>{} {}</p>').format(
            entry["id"],
            entry["title"],
            entry["reason"],
            Markup('<span class="source">{}</span>').format(entry["said_by"]),
        )
    ]
    if len(figures):
        shown = figures.assign(
            label=figures["label"].str.replace("_", " "),
            role=figures["role"].map(ROLES),
            unit=figures["unit"].replace(AS_PRINTED),
        )
        parts.append(
            table_html(
                shown,
                caption=f"{entry['title']}: figures side by side",
                row_header="label",
                columns={"label": "Figure", "value": "Printed", "role": "Use"},
                id=f"{entry['id']}-figures",
                as_cards=True,
            )
        )
    if len(checks):
        parts.append(notes([_check(check) for check in checks.to_dict("records")], kind="arithmetic"))
    if entry["why"]:
        parts.append(Markup("<p><strong>Which is used, and why:</strong> {}</p>").format(entry["why"]))
    return Markup('<section class="conflict" aria-labelledby="{}">\n{}\n</section>').format(
        entry["id"], Markup("\n").join(parts)
    )


ROLES = {"used": "used", "disputed": "disputed", "context": "for the arithmetic"}


def _check(check: dict[Any, Any]) -> Markup:
    said = Markup("{} ").format(check["says"]) if check["says"] else Markup("")
    result = _figure(check["result"], check)
    printed = Markup("; printed {}").format(_figure(check["printed"], check)) if _stated(check) else Markup("")
    other = Markup("")
    if math.isfinite(check["other_base"]):
        other = Markup(" Divided by the new value it would be {}: the printed figure has the wrong base.").format(
            _figure(check["other_base"], check)
        )
    return Markup("{}{}: {}{}: {}.{}").format(
        said, check["formula"].capitalize(), result, printed, VERDICTS[check["verdict"]], other
    )


def _stated(check: dict[Any, Any]) -> bool:
    return math.isfinite(check["printed"]) or check["printed_status"] == "withheld"


def _figure(value: float, check: dict[Any, Any]) -> Markup:
    if not math.isfinite(value):
        return status_html("withheld")
    return number_html(wording.number(round(value, 1), check["unit"]), value, check["rows"])


def declared(assessment: Assessment) -> Markup:
    """Gaps, breaks, shocks and changes of definition, with who said so."""
    entries = assessment.tables["annotations"]
    entries = entries[entries["kind"] != "conflict"]
    if entries.empty:
        return Markup("<p>No gap, break or other oddity is declared.</p>")
    names = assessment.tables["catalogue"].set_index("id")["name"]
    shown = pd.DataFrame(
        {
            "id": entries["id"],
            "title": [
                Markup('<span id="{}">{}</span>').format(e["id"], e["title"]) for e in entries.to_dict("records")
            ],
            "kind": entries["kind"].map(KINDS),
            "when": [_when(e) for e in entries.to_dict("records")],
            "what": [", ".join(names.get(i, i) for i in ids) or "every measure" for ids in entries["indicators"]],
            "reason": entries["reason"],
            "said_by": entries["said_by"],
        }
    )
    return table_html(
        shown,
        caption="Declared gaps, breaks and other oddities",
        row_header="title",
        columns={
            "title": "What",
            "kind": "Kind",
            "when": "When",
            "what": "Measures",
            "reason": "Why",
            "said_by": "Source",
        },
        as_cards=True,
    )


def _when(entry: dict[Any, Any]) -> Markup:
    ends = [period_html(label) for label in (entry["start"], entry["end"]) if isinstance(label, str)]
    return Markup(" to ").join(dict.fromkeys(ends)) or Markup("throughout")


def coverage(assessment: Assessment) -> Markup:
    """How many figures each agency's files hold, and in what state."""
    table = assessment.observations
    local = table[(table["role"] == "local") & (table["basis"] != "computed")]
    states = [
        "reported",
        "provisional",
        "estimated",
        "not_returned",
        "not_collected",
        "suppressed_by_source",
        "withheld",
    ]
    rows = []
    for agency, part in local.groupby("agency", sort=True):
        counts = part["status"].value_counts()
        row: dict[str, Any] = {
            "agency": agency,
            "rows": f"run:coverage.{slug(str(agency))}",
            "latest": part["period"].iloc[part["end"].argmax()],
        }
        rows.append(row | {state: int(counts.get(state, 0)) for state in states})
    if not rows:
        return Markup("<p>No return has been received yet.</p>")
    frame = pd.DataFrame(rows, columns=["agency", "latest", "rows", *states])
    shown = [state for state in states if frame[state].sum()]
    return table_html(
        frame,
        caption="Figures received, by agency and state",
        row_header="agency",
        columns={"agency": "Agency", **{state: state.replace("_", " ").capitalize() for state in shown}},
        as_cards=True,
    )


def left_out(assessment: Assessment) -> Markup:
    """What the sources hold that is not assessed, and why."""
    groups = assessment.tables["left_out"]
    if groups.empty:
        return Markup("<p>Every indicator of the sources is assessed.</p>")
    return notes(
        [
            Markup("{}: {}").format(counted(len(g["ids"]), "indicator", f"left_out.{n}"), g["reason"])
            for n, g in enumerate(groups.to_dict("records"))
        ]
    )
