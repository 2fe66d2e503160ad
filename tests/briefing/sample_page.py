"""A small executed notebook with one of everything, and the page around it: proof for export, lint and the browser."""

from __future__ import annotations

from functools import cache

import pandas as pd
from markupsafe import Markup
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from threatlib.briefing import components as c
from threatlib.briefing.export import PageInfo
from threatlib.figures import Caption, bands, changes, comparison, paired_change, threat_matrix, time_series

MARK = "SIMULATED DATA"


def referrals() -> pd.DataFrame:
    """Twelve quarters: two not returned, one withheld, one flagged, the last provisional."""
    ends = pd.date_range("2019-06-30", periods=12, freq="QE")
    labels = [f"{y}-{(y + 1) % 100:02d}-Q{q}" for y in (2019, 2020, 2021) for q in (1, 2, 3, 4)]
    values = [310.0, 298, 305, 312, 301, 290, None, None, None, 320, 401, 388]
    status = ["reported"] * 6 + ["not_returned"] * 2 + ["withheld", "reported", "reported", "provisional"]
    frame = pd.DataFrame({"period": labels, "period_end": ends, "value": values, "status": status})
    frame["lower"] = frame["value"].where(frame["status"] != "withheld", 1.0)
    frame["upper"] = frame["value"].where(frame["status"] != "withheld", 5.0)
    frame["flag"] = ["above expected" if v == 401 else "" for v in values]
    frame["expected_lower"], frame["expected_upper"] = 270.0, 345.0
    frame["rows"] = [f"returns.csv:{i + 2}" for i in range(12)]
    return frame


def areas() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area": ["Elmstead", "Barrow", "Northmoor", "England"],
            "value": [45.3, None, 38.0, 41.0],
            "lower": [41.0, 10.0, 33.0, None],
            "upper": [49.9, 55.0, 43.0, None],
            "status": ["reported", "withheld", "reported", "reported"],
            "role": ["local", "local", "neighbour", "average"],
            "rows": ["returns.csv:20", "returns.csv:21", "official.csv:4", "official.csv:5"],
        }
    )


@cache
def figures() -> tuple[Markup, ...]:
    def caption(id: str, headline: str, subtitle: str) -> Caption:
        return Caption(id, headline, subtitle, "Returns of the fictional partnership", MARK)

    pairs = pd.DataFrame(
        {"label": ["Done in time", "Seen again"], "previous": [60.0, 15.0], "value": [82.0, 9.7],
         "rows": ["returns.csv:30", "returns.csv:31"], "previous_rows": ["returns.csv:32", "returns.csv:33"]}
    )  # fmt: skip
    moved = pd.DataFrame(
        {"label": ["Referrals", "Plans"], "change": [38.0, -12.0], "lower": [30.0, -30.0], "upper": [46.0, 9.0],
         "direction": ["up", "cannot be said"], "judgement": ["worse", ""], "rows": ["returns.csv:40"] * 2}
    )  # fmt: skip
    waits = pd.DataFrame(
        {"row": ["March", "March", "June", "June"], "band": ["under a year", "over a year"] * 2,
         "value": [90.0, 10.0, 80.0, 20.0], "rows": ["returns.csv:50"] * 4}
    )  # fmt: skip
    threats = pd.DataFrame({"name": ["Workforce", "Emerging issues"], "severity": ["high", "low"],
                            "likelihood": ["likely", "unlikely"], "confidence": ["high", "low"]})  # fmt: skip
    drawn = [
        time_series(
            referrals(), caption("fig-referrals", "Referrals are above what was expected", "Referrals, each quarter"),
            gaps=[("2020-10-01", "2021-03-31", "Records lost")], breaks=[("2020-01-01", "A new definition")],
        ),
        comparison(areas(), caption("fig-areas", "Elmstead is in the middle", "Plans per child"), unit="per_10k"),
        paired_change(pairs, caption("fig-pairs", "Timeliness recovered", "Per cent, two years"), unit="percent"),
        changes(moved, caption("fig-changes", "Referrals rose most", "Change on the year before")),
        bands(waits, caption("fig-waits", "More wait over a year", "Share waiting, by length")),
        threat_matrix(threats, caption("fig-matrix", "Workforce is the greater threat", "Severity against likelihood"),
                      severities=["low", "high"], likelihoods=["unlikely", "likely"]),
    ]  # fmt: skip
    return tuple(c.figure_html(figure) for figure in drawn)


def snapshot() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"measure": "Referrals", "area": "Elmstead", "agency": "Elmstead Council", "unit": "count",
             "period": "2021-22-Q3", "value": 401, "rows": "returns.csv:12", "previous": 320,
             "previous_period": "2021-22-Q2", "previous_rows": "returns.csv:11", "change": 25.3, "change_lower": 8.1,
             "change_upper": 45.4, "rate": 62.1, "rate_lower": 56.2, "rate_upper": 68.5, "direction": "up",
             "judgement": "worse", "history": [310, 298, None, 320, 401], "marks": "new-definition lost-records",
             "mark_words": "see caveats"},
            {"measure": "Plans <b>for</b> abuse", "area": "Barrow", "unit": "count", "period": "2022-03-31",
             "value": None, "status": "withheld", "lower": 1, "upper": 5, "rows": "returns.csv:14", "previous": 0,
             "previous_period": "2021-03-31", "previous_rows": "returns.csv:13", "change_words": "too small to compare",
             "direction": "cannot be said", "history": []},
        ]
    )  # fmt: skip


def cards() -> Markup:
    sentence = Markup("{} of {} measures got worse.").format(
        c.number_html("7", 7, "returns.csv:60"), c.number_html("12", 12, "returns.csv:60")
    )
    return c.threat_cards(
        pd.DataFrame(
            [
                {"name": "Workforce", "direction": "up", "judgement": "worse", "severity": "severe",
                 "confidence": "High", "sentence": sentence, "href": "workforce.html"},
                {"name": "Emerging issues", "direction": "cannot be said", "severity": "", "confidence": "low",
                 "sentence": "Low because safe, or low because unseen."},
            ]
        )
    )  # fmt: skip


def notebook() -> NotebookNode:
    def cell(*parts: object, id: str) -> NotebookNode:
        html = new_output("display_data", data={"text/html": "".join(map(str, parts)), "text/plain": "plain"})
        return new_code_cell("secret_input = 1", outputs=[html], id=id)

    result = new_output("execute_result", data={"text/html": "<p>A result.</p>"}, execution_count=1)
    noise = [new_output("stream", text="printed noise"), new_output("display_data", data={"text/plain": "plain noise"})]
    requirements = pd.DataFrame(
        [{"ref": "First", "question": "Why?", "kind": "analysis", "owner": "", "due": "", "status": "open"}]
    )
    return new_notebook(
        cells=[
            new_markdown_cell("# The notebook's own title\n\nAn opening sentence.", id="title"),
            cell("<h2>The threats</h2>", cards(), c.key_messages(["Referrals rose.", "Waits grew."]), id="cards"),
            new_markdown_cell("## Demand\n\nSee [what is lost](#new-definition) & <script>x</script>.", id="md"),
            cell(c.snapshot_html(snapshot(), caption="Demand at a glance", quality_page=""), id="snapshot"),
            new_code_cell("x", outputs=[*noise, result], execution_count=1, id="result"),
            cell(*figures(), id="figures"),
            new_markdown_cell("## Demand\n\n### Requirements", id="again"),
            cell(c.requirements_table(requirements), c.heading(3, "A new definition", "new-definition"),
                 c.heading(3, "Lost records", "lost-records"), c.shorthand(["[c]", "[x]"]), id="rest"),
            new_code_cell("x", outputs=[new_output("display_data", data={"text/html": "<p>Only for us.</p>"})],
                          metadata={"tags": ["remove-cell"]}, id="removed"),
        ]
    )  # fmt: skip


def page(**changes: object) -> PageInfo:
    settings: dict[str, object] = {
        "file": "demand.html", "title": "Demand", "partnership": "Elmstead & Barrow Partnership",
        "quarter": "October to December 2021", "audience": "Safeguarding partners", "data_as_at": "31 January 2022",
        "pages": (("index.html", "Overview"), ("demand.html", "Demand")), "marking": "For partners only",
        "simulated": True, "provenance": {"Made by": "threatlib"}, "label": "2021-22-Q3",
    }  # fmt: skip
    return PageInfo(**(settings | changes))  # type: ignore[arg-type]
