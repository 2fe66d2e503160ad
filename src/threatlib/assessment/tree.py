"""The threat tree of a quarter: each threat and sub-topic with its direction, severity, confidence and standing."""

from __future__ import annotations

import pandas as pd

from threatlib.assessment.findings import SEVERITIES
from threatlib.catalogue import Definitions

DIRECTIONS = ("worsening", "mixed", "improving", "rising", "falling", "level", "cannot_say")
COLUMNS = (
    *("threat_id", "threat", "subtopic_id", "subtopic", "page", "item_id", "item", "standing", "indicators"),
    *("narrative", "source", "dated", "owner", "links", "direction", "severity", "confidence", "figures", "why"),
)
_SEVERITY = [word for _, word in reversed(SEVERITIES)]
_CONFIDENCE = ("Low", "Moderate", "High")


def tree(definitions: Definitions, signals: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """One row an item; `direction`, `severity` and `confidence` are those of the item's own indicators."""
    rows = []
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
                            "links": "; ".join(sub.links),
                        },
                        **judge(set(item.indicators), signals, findings),
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def summary(table: pd.DataFrame, signals: pd.DataFrame, findings: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Threats or sub-topics (`by` is ``threat`` or ``subtopic``), each judged from all the indicators below it."""
    rows = []
    for (key, name), part in table.groupby([f"{by}_id", by], sort=False):
        indicators = {i for names in part["indicators"] for i in names.split()}
        words = part["standing"].value_counts()
        rows.append(
            {"id": key, "name": name, "page": part["page"].iloc[0], "items": len(part)}
            | {
                standing: int(words.get(standing, 0))
                for standing in ("measured", "reported", "published", "hypothesis")
            }
            | judge(indicators, signals, findings)
        )
    return pd.DataFrame(rows)


def judge(indicators: set[str], signals: pd.DataFrame, findings: pd.DataFrame) -> dict[str, object]:
    """Direction, severity and confidence of a set of indicators, and why."""
    main = signals[signals["main"].astype(bool) & signals["indicator"].isin(indicators)] if len(signals) else signals
    here = findings[findings["indicator"].isin(indicators) & (findings["status"] != "cleared")]
    worse, better = here[here["judgement"] == "worse"], here[here["judgement"] == "better"]
    base: dict[str, object] = {"figures": len(main), "severity": "Not rated", "confidence": "Low"}
    if len(worse) or len(better):
        direction = "mixed" if len(worse) and len(better) else "worsening" if len(worse) else "improving"
        moved = worse if len(worse) else better
        base["severity"] = max(worse["severity"], key=_SEVERITY.index) if len(worse) else "Not rated"
        base["confidence"] = _middle(moved)
        return base | {"direction": direction, "why": _counted(len(worse), len(better))}
    level = int((main["arrow"] == "level").sum()) if len(main) else 0
    if level and not len(here) and 2 * level >= len(main):
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
    most = "most" if level else "the"
    none = "no figure has been received" if indicators else "no figure: the evidence is told in words"
    why = f"{most} figures do not allow a comparison" if len(main) else none
    return base | {"direction": "cannot_say", "why": why}


def _middle(moved: pd.DataFrame) -> str:
    """The middling confidence of several findings, the lower of two."""
    return str(sorted(moved["confidence"], key=_CONFIDENCE.index)[(len(moved) - 1) // 2])


def _counted(worse: int, better: int) -> str:
    parts = [word for number, word in ((worse, "got worse"), (better, "got better")) if number]
    return f"some figures {' and some '.join(parts)}"
