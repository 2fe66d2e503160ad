"""Read together: work and the staff who meet it, and one harm as several agencies record it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threatlib.assessment.linked import COLUMNS, words
from threatlib.assessment.sentences import plain
from threatlib.assessment.years import changes, dispersion, quarters
from threatlib.catalogue import Annotation, Definitions
from threatlib.catalogue.links import Coupling, Harm
from threatlib.observations import HAS_VALUE
from threatlib.stats.contrasts import rate_ratio
from threatlib.stats.together import together

__all__ = ["COLUMNS", "coupling", "words"]

LAGS = 2
"""Quarters by which one agency may follow another."""
CONFIDENCE = 0.95
NEAR = pd.Timedelta(days=370)
"""How far from the end of the work's year staff may have been counted."""
_Answer = dict[str, Any]
_Floats = NDArray[np.float64]


def coupling(table: pd.DataFrame, totals: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """One row for each pair read together and each area that has both (`COLUMNS`).

    Parameters
    ----------
    table, totals : DataFrame
        What the audience may see up to the quarter's end (`years.known`), and its complete years (`years.years`).

    Notes
    -----
    Work for each worker is a year's work over the staff counted within that year (the mean of the counts), or, where
    none was, on the nearest day, which the sentence then names; its change is a ratio of rates with the work's own
    dispersion. Whether two agencies' counts move together is asked of each quarter's change on the year before, at lags
    up to two quarters (`stats.together`); whether they have parted this year, of the ratio of their two changes.
    """
    own = table[(table["role"] == "local") & (table["breakdown"] == "")]
    totals = totals[(totals["breakdown"] == "") & totals["area"].isin(definitions.partnership.local_areas)]
    parts = []
    for pair in definitions.catalogue.couplings:
        parts += list(_staffed(pair, own, totals))
    for harm in definitions.catalogue.harms:
        parts += list(_seen(harm, own, totals, definitions.annotations.annotations))
    names = {i.id: (i.name, i.theme) for i in definitions.catalogue.indicators}
    rows = []
    for part in parts:
        row = dict.fromkeys(COLUMNS, np.nan) | dict.fromkeys(("sentence", "marks", "note"), "") | part
        row["name"], row["theme"] = names[str(row["indicator"])]
        row["other_name"] = names[str(row["other"])][0]
        rows.append(row | {"sentence": plain(words(row))})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _staffed(pair: Coupling, own: pd.DataFrame, totals: pd.DataFrame) -> Iterator[_Answer]:
    """Work for each worker now and a year earlier, by area."""
    work = totals[(totals["indicator"] == pair.demand) & totals["value"].notna()]
    for area, part in work.groupby("area", sort=False):
        here = own[own["area"] == area]
        both = [_year(part, here, pair, back) for back in (0, 1)]
        if both[0] is None:
            continue
        now, before = both[0], both[1] or {}
        found: _Answer = {
            "kind": "workload", "link": pair.name, "area": area, "indicator": pair.demand, "other": pair.workforce,
            "period": now["period"], "note": now["note"], "marks": now["marks"],
            "rows": f"{now['rows']} {before.get('rows', '')}".strip(),
        }  # fmt: skip
        for name in ("work", "staff", "each", "vacancies", "caseload", "absence"):
            found |= {name: now[name], f"{name}_before": before.get(name, np.nan)}
        ratio = rate_ratio(
            now["work"], now["staff"], before.get("work", np.nan), before.get("staff", np.nan),
            dispersion=dispersion(here[here["indicator"] == pair.demand]),
        )  # fmt: skip
        ends = {"change": ratio.value, "change_lower": ratio.lower, "change_upper": ratio.upper, "p": ratio.p}
        found |= {name: float(end) for name, end in ends.items()}
        yield found | {"verdict": _way(float(ratio.lower), float(ratio.upper), ("more", "less", "no clear change"))}


def _year(part: pd.DataFrame, here: pd.DataFrame, pair: Coupling, back: int) -> _Answer | None:
    """One year's work and the staff who met it; None without either."""
    chosen = part[part["back"] == back]
    if chosen.empty:
        return None
    year = chosen.iloc[0]
    staff, note, rows = _mean(here, pair.workforce, year)
    if not staff > 0:
        return None
    found: _Answer = {
        "period": year["period"], "marks": year["marks"], "work": float(year["value"]), "staff": staff, "note": note,
        "each": float(year["value"]) / staff, "rows": f"{year['rows']} {rows}",
    }  # fmt: skip
    for name in ("vacancies", "caseload", "absence"):
        indicator = getattr(pair, name)
        value, _, sources = _mean(here, indicator, year) if indicator else (np.nan, "", "")
        found |= {name: value, "rows": f"{found['rows']} {sources}".strip()}
    return found


def _mean(here: pd.DataFrame, indicator: str, year: pd.Series) -> tuple[float, str, str]:
    """The mean of the figures of a year, or the nearest one with a note of its date; and their rows."""
    rows = here[(here["indicator"] == indicator) & here["status"].isin(HAS_VALUE)]
    inside = rows[(rows["end"] >= year["first"]) & (rows["end"] <= year["end"])]
    if len(inside):
        newest = inside[inside["kind"] == inside["kind"].iloc[-1]]
        return float(newest["value"].mean()), "", " ".join(newest["obs"])
    apart = (rows["end"] - year["end"]).abs()
    if rows.empty or apart.min() > NEAR:
        return np.nan, "", ""
    nearest = rows.loc[apart.idxmin()]
    return float(nearest["value"]), str(nearest["end"].date()), str(nearest["obs"])


def _seen(
    harm: Harm, own: pd.DataFrame, totals: pd.DataFrame, annotations: tuple[Annotation, ...]
) -> Iterator[_Answer]:
    """Each pair of agencies' counts of one harm, by area."""
    there = own[own["indicator"].isin(harm.seen_by)]
    for area, part in there.groupby("area", sort=False):
        series = {name: part[part["indicator"] == name] for name in harm.seen_by}
        series = {name: rows for name, rows in series.items() if len(rows)}
        ends = sorted(set(quarters(part)["end"]))
        moves = {name: changes(rows, annotations, ends)[0] for name, rows in series.items()}
        spread = {name: dispersion(rows) for name, rows in series.items()}
        for first, second in combinations(moves, 2):
            said = together(moves[first], moves[second], lags=LAGS, confidence=CONFIDENCE)
            found: _Answer = {
                "kind": "harm", "link": harm.name, "area": area, "indicator": first, "other": second,
                "correlation": float(said.correlation), "correlation_lower": float(said.lower),
                "correlation_upper": float(said.upper), "p": float(said.p), "lag": int(said.lag),
                "pairs": int(said.n), "needed": said.needed,
                "verdict": _way(float(said.lower), float(said.upper), ("together", "opposite", "no sign of it")),
            }  # fmt: skip
            yield found | _parted(totals[totals["area"] == area], (first, second), [spread[first], spread[second]])


def _parted(totals: pd.DataFrame, pair: tuple[str, str], spread: list[float]) -> _Answer:
    """This year's change of each, and whether the two have parted by more than either varies anyway."""
    found: _Answer = {}
    logs, variances, rows = [], [], []
    for name, indicator, phi in zip(("first", "second"), pair, spread, strict=True):
        part = totals[(totals["indicator"] == indicator) & (totals["back"] <= 1)].set_index("back")
        if not {0, 1} <= set(part.index) or part["value"].isna().any():
            return {"rows": " ".join(str(r) for r in totals.loc[totals["indicator"].isin(pair), "rows"][:2])}
        now, then = float(part.loc[0, "value"]), float(part.loc[1, "value"])  # type: ignore[arg-type]
        ratio = rate_ratio(now, 1.0, then, 1.0, confidence=CONFIDENCE, dispersion=phi)
        ends = {"change": ratio.value, "change_lower": ratio.lower, "change_upper": ratio.upper}
        found |= {f"{name}_{end}": float(part) for end, part in ends.items()} | {f"{name}_value": now}
        found |= {f"{name}_before": then, "period": str(part.loc[0, "period"])}
        logs.append(np.log((now + 0.5) / (then + 0.5)))
        variances.append(phi / (now + 0.5) + phi / (then + 0.5))
        rows += [str(part.loc[0, "rows"]), str(part.loc[1, "rows"])]
    apart, error = logs[0] - logs[1], float(np.sqrt(sum(variances)))
    ends = {"apart": apart, "apart_lower": apart - 1.96 * error, "apart_upper": apart + 1.96 * error}
    return found | {name: float(np.exp(end)) for name, end in ends.items()} | {"rows": " ".join(rows)}


def _way(lower: float, upper: float, said: tuple[str, str, str]) -> str:
    """Which side of no change an interval lies on; a ratio's no change is 1, a correlation's 0."""
    if not (np.isfinite(lower) and np.isfinite(upper)):
        return "cannot say"
    none = 1.0 if said[0] == "more" else 0.0
    return said[0] if lower > none else said[1] if upper < none else said[2]
