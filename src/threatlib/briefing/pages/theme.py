"""A theme's page: each sub-topic with its table, its charts, what else could explain it, and who must find out what."""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from threatlib import figures, wording
from threatlib.assessment import Assessment
from threatlib.assessment.sentences import headline
from threatlib.briefing.components import figure_html, level_html, notes, requirements_table, snapshot_html
from threatlib.briefing.fragments import arrow_html, slug
from threatlib.briefing.pages.words import ARROWS, DIRECTIONS, sentences, snapshot
from threatlib.figures import Caption
from threatlib.periods import parse

CHARTS_A_SUBTOPIC = 3
POINTS_FOR_A_LINE = 5
STANDINGS = {
    "measured": "measured here",
    "reported": "reported by an agency",
    "published": "published elsewhere",
    "hypothesis": "hypothesis",
}


def subtopics(assessment: Assessment, theme: str) -> Markup:
    """Every sub-topic of the tree that belongs on this page."""
    chosen = assessment.tables["subtopics"]
    chosen = chosen[chosen["page"] == theme]
    drawn: set[str] = set()
    return Markup("\n").join(_subtopic(assessment, record, drawn) for record in chosen.to_dict("records"))


def lead(assessment: Assessment, theme: str) -> Markup:
    """The theme's findings, worst first, or a plain statement that nothing moved."""
    found = assessment.findings
    here = found[(found["theme"] == theme) & (found["status"] != "cleared") & (found["breakdown"] == "")]
    said = sentences(assessment, here, 5)
    return notes(said or [Markup(_nothing(assessment.signals, theme))], kind="findings")  # noqa: S704 - our own words


def _nothing(signals: pd.DataFrame, theme: str) -> str:
    """Why a theme has no finding: level and "cannot be said" must not read alike."""
    arrows = signals.loc[signals["main"].astype(bool) & (signals["theme"] == theme), "arrow"]
    if (arrows == "level").any():
        return (
            "Nothing of this theme that could be compared moved; some figures could not be judged, as their rows say."
        )
    return "Whether anything of this theme moved cannot be said: no figure allows a comparison that is sure enough."


def _subtopic(assessment: Assessment, record: dict[Any, Any], drawn: set[str]) -> Markup:
    tree = assessment.tables["tree"]
    items = tree[tree["subtopic_id"] == record["id"]]
    wanted = [i for names in items["indicators"] for i in names.split()]
    signals = assessment.signals
    main = signals[signals["main"].astype(bool) & signals["indicator"].isin(wanted)] if len(signals) else signals
    parts = [Markup('<h3 id="{}">{}</h3>').format(record["id"], record["name"]), _verdict(record), _items(items)]
    if len(main):
        whole = main[main["breakdown"] == ""]
        paired = whole["previous_rows"] != ""
        for part, words, anchor in (
            (whole[paired], "latest figures and change", "table"),
            (whole[~paired], "figures with no earlier one to compare", "once"),
        ):
            if len(part):
                caption = f"{record['name']}: {words}"
                parts.append(snapshot_html(snapshot(assessment, part), caption=caption, id=f"{record['id']}-{anchor}"))
        parts += [_groups(assessment, main[main["breakdown"] != ""], record), *charts(assessment, whole, record, drawn)]
    others = _alternatives(assessment, wanted)
    if others:
        parts += [Markup("<h4>Other explanations that stay open</h4>"), notes(others)]
    asked = assessment.requirements
    asked = asked[asked["threat"].isin([record["id"]])] if len(asked) else asked
    if len(asked):
        parts.append(requirements_table(asked, caption=f"{record['name']}: requirements"))
    return Markup('<section class="subtopic" aria-labelledby="{}">\n{}\n</section>').format(
        record["id"], Markup("\n").join(parts)
    )


def _groups(assessment: Assessment, rows: pd.DataFrame, record: dict[Any, Any]) -> Markup:
    """The same figures by group, folded away: they explain a change, they do not head the page."""
    if rows.empty:
        return Markup("")
    table = snapshot_html(
        snapshot(assessment, rows), caption=f"{record['name']}: by group", id=f"{record['id']}-groups"
    )
    return Markup("<details><summary>The same by group</summary>\n{}</details>").format(table)


def _verdict(record: dict[Any, Any]) -> Markup:
    arrow, judgement, words = DIRECTIONS[record["direction"]]
    confidence = ("Low", "Moderate", "High").index(record["confidence"]) + 1
    return Markup('<p class="verdict">{}. {}. Confidence: {}.</p>').format(
        arrow_html(arrow, judgement, words),
        record["why"].capitalize(),
        level_html(record["confidence"].lower(), confidence, 3, "confidence"),
    )


def _items(items: pd.DataFrame) -> Markup:
    """What is told in words, each with its standing and source."""
    told = items[items["narrative"] != ""].to_dict("records")
    if not told:
        return Markup("")
    return notes(
        [
            Markup("<strong>{}</strong> ({}): {} {}").format(
                item["item"], STANDINGS[item["standing"]], item["narrative"],
                Markup('<span class="source">{}</span>').format(_source(item)),
            )
            for item in told
        ]
    )  # fmt: skip


def _source(item: dict[Any, Any]) -> str:
    return ", ".join(part for part in (item["source"], item["dated"]) if part)


def charts(assessment: Assessment, main: pd.DataFrame, record: dict[Any, Any], drawn: set[str]) -> list[Markup]:
    """Lines where there is a history, and one chart of all changes where there is none.

    `drawn` holds the signals that the page has a line of already, and is added to: a line stands once on a page.
    """
    found: list[Markup] = []
    main = main[~main["signal_id"].isin(drawn)]
    order = {"worse": 0, "better": 1, "neither": 2}
    ranked = main.assign(order=main["judgement"].map(order).fillna(3)).sort_values("order", kind="stable")
    for row in ranked.to_dict("records"):
        past = assessment.history(row)
        if past["value"].notna().sum() >= POINTS_FOR_A_LINE and len(found) < CHARTS_A_SUBTOPIC:
            found.append(_line(assessment, row, past))
            drawn.add(row["signal_id"])
    rest = main[(main["measure"] == "ratio") & main["change"].notna() & ~main["signal_id"].isin(drawn)]
    rest = rest[rest["change_lower"].notna() & rest["change_upper"].map(lambda v: v < 1e6)]
    if len(rest) >= 2:
        found.append(_changes(assessment, rest, record))
    return found


def _line(assessment: Assessment, row: dict[Any, Any], past: pd.DataFrame) -> Markup:
    noted = assessment.tables["annotations"]
    here = noted[[_about(entry, row) for entry in noted.to_dict("records")]]
    frame = past.rename(columns={"end": "period_end", "obs": "rows"})
    frame = frame[["period", "period_end", "value", "lower", "upper", "status", "marks", "rows"]]
    caption = Caption(
        id=f"line-{slug(row['signal_id'])}",
        headline=headline(row),
        subtitle=f"{row['name']}, {wording.UNIT_WORDS.get(row['unit'], row['unit'])}, {row['area']}",
        source=f"{row['agency']}; files as registered",
        marking=_marking(assessment),
    )
    gaps = [(g["start"], g["end"], g["title"]) for g in here[here["kind"] == "gap"].to_dict("records") if _dated(g)]
    breaks = [(b["start"], b["title"]) for b in here[here["kind"].isin(["break", "definition"])].to_dict("records")]
    return figure_html(
        figures.time_series(
            frame,
            caption,
            unit=row["unit"],
            gaps=[(_first(start), _last(end), label) for start, end, label in gaps],
            breaks=[(_first(start), label) for start, label in breaks if isinstance(start, str)],
        )
    )


def _changes(assessment: Assessment, rows: pd.DataFrame, record: dict[Any, Any]) -> Markup:
    frame = pd.DataFrame(
        {
            "label": rows["name"] + ", " + rows["area"] + rows["marks"].map(lambda marks: _disputed(assessment, marks)),
            "change": 100 * (rows["change"] - 1),
            "lower": 100 * (rows["change_lower"] - 1),
            "upper": 100 * (rows["change_upper"] - 1),
            "direction": rows["arrow"].map(ARROWS),
            "judgement": rows["judgement"].where(rows["judgement"].isin(["better", "worse"]), ""),
            "rows": rows["rows"] + " " + rows["previous_rows"],
        }
    )
    moved = rows["arrow"].isin(["up", "down"]).any()
    headline = "what moved beyond chance, and what did not" if moved else "nothing moved beyond what chance explains"
    caption = Caption(
        id=f"changes-{record['id']}",
        headline=f"{record['name']}: {headline}",
        subtitle="Change from the earlier to the latest period, per cent, with its interval",
        source="Comparisons of the table above",
        marking=_marking(assessment),
    )
    return figure_html(figures.changes(frame, caption))


def _disputed(assessment: Assessment, marks: str) -> str:
    noted = assessment.tables["annotations"]
    conflicts = set(noted.loc[noted["kind"] == "conflict", "id"])
    return " (disputed)" if conflicts & set(marks.split()) else ""


def _marking(assessment: Assessment) -> str:
    return "" if assessment.data_kind == "real" else "SIMULATED DATA"


def _alternatives(assessment: Assessment, indicators: list[str]) -> list[str]:
    found = assessment.findings
    here = found[found["indicator"].isin(indicators)]["alternatives"]
    return list(dict.fromkeys(text for cell in here for text in str(cell).split(" | ") if text))


def _about(entry: dict[Any, Any], row: dict[Any, Any]) -> bool:
    return (not entry["indicators"] or row["indicator"] in entry["indicators"]) and (
        not entry["areas"] or row["area"] in entry["areas"]
    )


def _dated(gap: dict[Any, Any]) -> bool:
    return isinstance(gap["start"], str) and isinstance(gap["end"], str)


def _first(label: str) -> pd.Timestamp:
    return pd.Timestamp(parse(label).start)


def _last(label: str) -> pd.Timestamp:
    return pd.Timestamp(parse(label).end)
