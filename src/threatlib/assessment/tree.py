"""The threat tree of a quarter: each threat and sub-topic with its direction, severity, confidence and standing."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from threatlib.assessment.findings import SEVERITIES
from threatlib.assessment.memory import GONE
from threatlib.catalogue import Definitions, Item

DIRECTIONS = ("worsening", "mixed", "improving", "rising", "falling", "level", "cannot_say")
COLUMNS = (
    *("threat_id", "threat", "subtopic_id", "subtopic", "page", "item_id", "item", "standing", "indicators"),
    *("narrative", "source", "dated", "owner", "lacks", "links", "priority", "risks"),
    *("direction", "severity", "confidence", "figures", "why"),
)
"""Columns of the tree: `lacks` says what an item told in words has not got, a day or an owner."""
_SEVERITY = [word for _, word in reversed(SEVERITIES)]
_CONFIDENCE = ("Low", "Moderate", "High")


def tree(definitions: Definitions, signals: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """One row an item; `direction`, `severity` and `confidence` are those of the item's own indicators."""
    rows = []
    if len(signals):  # a few columns of many: they are looked through once for each item
        signals = signals.loc[signals["main"].astype(bool), ["main", "indicator", "arrow"]]
    for threat in definitions.threats.threats:
        for sub in threat.subtopics:
            for item in sub.items:
                rows.append(
                    {
                        **{"threat_id": threat.id, "threat": threat.name, "subtopic_id": sub.id, "subtopic": sub.name},
                        **{"page": sub.page, "item_id": item.id, "item": item.name, "standing": item.standing},
                        **{"indicators": " ".join(item.indicators), "narrative": item.narrative},
                        **{
                            "source": item.source,
                            "dated": item.dated,
                            "owner": item.owner,
                            "lacks": _lacks(item),
                            "links": "; ".join(sub.links),
                            "priority": sub.priority or threat.priority,
                            "risks": "; ".join(sub.risks),
                        },
                        **judge(set(item.indicators), signals, findings),
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _lacks(item: Item) -> str:
    """What a narrative must have to stand beside a figure, which has its day and its agency: a day and an owner."""
    if not item.narrative:
        return ""
    return " ".join(name for name in ("dated", "owner") if not getattr(item, name))


def summary(
    table: pd.DataFrame, signals: pd.DataFrame, findings: pd.DataFrame, *, by: str,
    before: tuple[pd.DataFrame, pd.DataFrame] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Threats or sub-topics, each judged from all the indicators below it, with what changed.

    `with_figures` counts the items any of whose figures was received, whatever their declared standing.

    Parameters
    ----------
    table : DataFrame
        As `tree` gives it.
    signals, findings : DataFrame
        Of the quarter; findings that no longer stand tell what changed and judge nothing.
    by : str
        ``threat`` or ``subtopic``.
    before : tuple of DataFrame, optional
        Signals and findings of the quarter before, from the same figures.
    """
    rows = []
    for (key, name), part in table.groupby([f"{by}_id", by], sort=False):
        indicators = {i for names in part["indicators"] for i in names.split()}
        words = part["standing"].value_counts()
        now = judge(indicators, signals, findings)
        was = judge(indicators, *before) if before is not None else {"direction": "", "severity": ""}
        here = findings[findings["indicator"].isin(indicators)]
        rows.append(
            {"id": key, "name": name, "page": part["page"].iloc[0], "items": len(part)}
            | {"with_figures": int((part["figures"] > 0).sum())}
            | {
                standing: int(words.get(standing, 0))
                for standing in ("measured", "reported", "published", "hypothesis")
            }
            | now
            | {"priority": _all(part["priority"]), "risks": _all(part["risks"])}
            | {"was_direction": was["direction"], "was_severity": was["severity"]}
            | {"changed": _changed(now, was, here["status"])}
        )
    return pd.DataFrame(rows)


def _all(words: pd.Series) -> str:
    return "; ".join(dict.fromkeys(text for text in words if text))


_SAID = {
    "new": "new",
    "worsening": "getting worse",
    "cleared": "no longer standing",
    "revised away": "gone with corrected figures",
}


def _changed(now: Mapping[str, object], was: Mapping[str, object], statuses: pd.Series) -> str:
    """What changed since the quarter before, in a sentence or two; that nothing did is said too."""
    told = [
        f"{noun}: {WORDS.get(str(now[name]), now[name])}, {_before(was[name])}."
        for name, noun in (("direction", "Direction"), ("severity", "Severity"))
        if was[name] and was[name] != now[name]
    ]
    counts = statuses.value_counts()
    parts = [f"{counts[status]} {words}" for status, words in _SAID.items() if counts.get(status)]
    if parts:
        told.append(f"Findings: {', '.join(parts)}.")
    return " ".join(told) or "Nothing changed since the quarter before."


WORDS = {"cannot_say": "cannot be said", "Not rated": "not rated"}
"""Directions and severities that are not words themselves."""


def _before(word: object) -> str:
    return "which could not be said before" if word == "cannot_say" else f"was {WORDS.get(str(word), word)}"


def judge(indicators: set[str], signals: pd.DataFrame, findings: pd.DataFrame) -> dict[str, object]:
    """Direction, severity and confidence of a set of indicators, and why."""
    main = signals[signals["main"].astype(bool) & signals["indicator"].isin(indicators)] if len(signals) else signals
    here = findings[findings["indicator"].isin(indicators) & ~findings["status"].isin(GONE)]
    worse, better = here[here["judgement"] == "worse"], here[here["judgement"] == "better"]
    base: dict[str, object] = {"figures": len(main), "severity": "Not rated", "confidence": "Low"}
    if len(worse) or len(better):
        direction = "mixed" if len(worse) and len(better) else "worsening" if len(worse) else "improving"
        moved = worse if len(worse) else better
        base["severity"] = max(worse["severity"], key=_SEVERITY.index) if len(worse) else "Not rated"
        base["confidence"] = _middle(moved)
        return base | {"direction": direction, "why": _counted(len(worse), len(better))}
    level = int((main["arrow"] == "level").sum()) if len(main) else 0
    if not len(here) and 2 * level > len(main):
        return base | {
            "direction": "level",
            "confidence": "Moderate",
            "why": "no figure moved beyond what chance explains",
        }
    if len(here):
        ways = set(here["direction"])
        direction = "rising" if ways == {"up"} else "falling" if ways == {"down"} else "mixed"
        why = "figures moved; whether more or fewer of these is better or worse they do not say by themselves"
        return base | {"direction": direction, "confidence": _middle(here), "why": why}
    most = "half of the" if level and 2 * level == len(main) else "most" if level else "the"
    none = "no figure has been received" if indicators else "no figure: the evidence is told in words"
    why = f"{most} figures do not allow a comparison" if len(main) else none
    return base | {"direction": "cannot_say", "why": why}


def _middle(moved: pd.DataFrame) -> str:
    """The middling confidence of several findings, the lower of two."""
    return str(sorted(moved["confidence"], key=_CONFIDENCE.index)[(len(moved) - 1) // 2])


def _counted(worse: int, better: int) -> str:
    parts = [word for number, word in ((worse, "got worse"), (better, "got better")) if number]
    return f"some figures {' and some '.join(parts)}"
