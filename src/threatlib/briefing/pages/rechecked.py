"""What was said before, looked at again: figures that have been revised, and claims of reports worked out anew."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from markupsafe import Markup

from threatlib import wording
from threatlib.assessment import Assessment
from threatlib.briefing.components import number_html, status_html, table_html
from threatlib.briefing.fragments import known
from threatlib.briefing.pages.words import counted

MOST = 40
"""Revised figures shown on the page; the table to download has all of them."""

VERDICTS = {
    "agrees": ("agrees", "agree"),
    "disagrees": ("disagrees", "disagree"),
    "cannot_be_checked": ("cannot be checked", "cannot be checked"),
}
"""What can come of a claim: said of one, and of several."""


def revisions(assessment: Assessment) -> Markup:
    """Figures that were different before: what they were, what they are, and by how much they changed."""
    table = assessment.tables["revisions"]
    since = "the briefings of earlier quarters" if assessment.protection.withholds else "what was known at its end"
    if table.empty:
        words = (
            "Nothing that is shown here was different in {}."
            if assessment.protection.withholds
            else "Against {}, nothing has changed."
        )
        return Markup("<p>{}</p>").format(words.format(since))
    lead = Markup("<p>{} different from {}{}.</p>\n").format(
        counted(len(table), "figure is", "revisions", plural="figures are"), since,
        f"; the {MOST} largest changes are shown" if len(table) > MOST else "",
    )  # fmt: skip
    names = assessment.tables["catalogue"].set_index("id")["name"]
    shown = [_revised(record, names) for record in table.head(MOST).to_dict("records")]
    return lead + table_html(
        pd.DataFrame(shown),
        caption="Figures that were revised",
        row_header="measure",
        columns={
            "measure": "Measure",
            "area": "Area",
            "period": "Period",
            "was": "Was",
            "is": "Is",
            "change": "Change",
        },
        as_cards=True,
    )


def _revised(record: dict[Any, Any], names: pd.Series) -> dict[str, object]:
    group = f" ({record['breakdown'].replace('=', ': ')})" if record["breakdown"] else ""
    before, after = record["before_obs"] or "run:released", record["after_obs"] or "run:released"
    return {
        "measure": f"{names.get(record['indicator'], record['indicator'])}{group}",
        "area": record["area"],
        "period": record["period"],
        "was": _side(record["before"], record["before_status"], record["unit"], before),
        "is": _side(record["after"], record["after_status"], record["unit"], after),
        "change": _change(record, f"{before} {after}"),
    }


def _side(value: float, status: str, unit: str, rows: str) -> Markup:
    if not known(value):
        return Markup("withdrawn") if status == "withdrawn" else status_html(status)
    number = number_html(wording.number(value, unit or "count"), value, rows)
    return number + (Markup(" ") + status_html(status) if status in ("provisional", "estimated") else Markup(""))


def _change(record: dict[Any, Any], rows: str) -> Markup:
    if not known(record["change"]):
        return status_html("not_applicable")
    if record["change"] == 0:
        return Markup("its status only")
    unit = record["unit"] or "count"
    by = number_html(
        wording.signed(record["change"], "percentage_points" if unit == "percent" else unit), record["change"], rows
    )
    if not known(record["percent"]) or unit == "percent":
        return by
    return by + Markup(", {}").format(
        number_html(wording.signed(record["percent"], "percent_change"), record["percent"], rows)
    )


def claims(assessment: Assessment) -> Markup:
    """Claims of reports, each worked out again from its own figures where all of them may be shown."""
    table = assessment.tables["claims"]
    if table.empty:
        return Markup("<p>No claim of a report is listed to be worked out again.</p>")
    names = assessment.tables["catalogue"].set_index("id")["name"]
    tally = table["verdict"].value_counts()
    parts = [
        counted(int(tally[verdict]), one, f"claims.{verdict}", plural=several)
        for verdict, (one, several) in VERDICTS.items()
        if verdict in tally
    ]
    lead = Markup("<p>Of {}, {}.</p>\n").format(counted(len(table), "claim", "claims"), Markup(", ").join(parts))
    shown = [_claim(record, names) for record in table.to_dict("records")]
    return lead + table_html(
        pd.DataFrame(shown),
        caption="What reports claim, worked out again",
        row_header="claim",
        columns={"claim": "Claim", "what": "What is claimed", "right": "Worked out again", "verdict": "Verdict"},
        as_cards=True,
    )


def _claim(record: dict[Any, Any], names: pd.Series) -> dict[str, object]:
    about = names.get(record["about"], "") if record["about"] else ""
    place = ": ".join(filter(None, (record["at"], about)))
    number = number_html(wording.number(record["claim"]), float(record["claim"]), "run:claims")
    return {
        "claim": Markup("{}{}").format(number, f". {place}" if place else ""),
        "what": _stated(record),
        "right": _percent(record["result"], record) if known(record["result"]) else status_html("not_applicable"),
        "verdict": Markup("{}{}").format(VERDICTS[record["verdict"]][0].capitalize(), _because(record)),
    }


def _stated(record: dict[Any, Any]) -> Markup:
    if not record["rows"]:
        return status_html("withheld") if record["check"] else Markup("no change or share that can be read")
    first, second = (
        number_html(wording.number(record[n], "count"), record[n], record["rows"]) for n in ("first", "second")
    )
    stated = _percent(record["stated"], record)
    if record["check"] == "change":
        return Markup("a change of {} from {} to {}").format(stated, first, second)
    return Markup("{} of {}, or {}").format(first, second, stated)


def _percent(value: float, record: dict[Any, Any]) -> Markup:
    return number_html(wording.number(round(value, 1), "percent"), value, record["rows"])


def _because(record: dict[Any, Any]) -> Markup:
    """Why it cannot be checked, or the base on which it would agree."""
    if math.isfinite(record["other_base"]):
        return Markup(": the change was divided by the new number, not the old one")
    if math.isfinite(record["base"]):
        base = number_html(wording.number(round(record["base"], 1), "count"), record["base"], record["rows"])
        return Markup("; it would agree on a base of {}").format(base)
    return Markup(": {}").format(record["reason"]) if record["reason"] else Markup("")
