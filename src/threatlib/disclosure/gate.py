"""The one gate: observations go in, a Release for one audience comes out, and nothing above can reach the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from threatlib.catalogue import Definitions, Rule
from threatlib.disclosure.cells import COUNTABLE, SHARES, Reading, read, rounded
from threatlib.disclosure.feasible import Web
from threatlib.disclosure.past import Past
from threatlib.disclosure.relations import Relation, relations_of
from threatlib.disclosure.secure import secure
from threatlib.disclosure.vanished import with_vanished
from threatlib.observations import HAS_VALUE, figure_id, references

ORDER = ["indicator", "agency", "area", "breakdown", "end", "start", "period", "file", "sheet", "row"]
"""Order of a Release, and of the choices made for it: an agency may sort its file by the very values withheld."""
WORD = "internal"
"""What a briefing from which nothing is withheld is called."""


@dataclass(frozen=True, slots=True)
class Protection:
    """An audience and the rule it is served under."""

    audience: str
    title: str
    marking: str
    rule: Rule

    @property
    def withholds(self) -> bool:
        """Whether anything can be withheld from this audience at all."""
        return self.rule.withhold_to >= max(self.rule.withhold_from, 1)


@dataclass(frozen=True, slots=True)
class Release:
    """What an audience may see, in the shape of the observations.

    `table` has the columns of `observations.COLUMNS`; a withheld figure has status ``withheld``, no value, and the
    interval [`lower`, `upper`] anyone may know (`upper` is NaN where no bound can be stated). `exposed` names (by
    `obs`) the withheld figures that cannot be protected, because what gives them away has been published already.
    """

    table: pd.DataFrame
    protection: Protection
    withheld: int
    exposed: tuple[str, ...] = ()


def protection(definitions: Definitions, audience: str) -> Protection:
    """The rule an audience is served under; where it withholds nothing, the marking says so whatever was written.

    Raises
    ------
    KeyError
        If the partnership has no such audience.
    """
    chosen = definitions.partnership.audiences[audience]
    rule = definitions.partnership.rules[chosen.rule]
    found = Protection(audience, chosen.title, chosen.marking, rule)
    if found.withholds or WORD in chosen.marking.casefold():
        return found
    return replace(found, marking=f"{WORD.upper()}: nothing is withheld. {chosen.marking}".strip())


def protect(
    observations: pd.DataFrame,
    audience: Protection,
    history: pd.DataFrame | None = None,
    *,
    definitions: Definitions,
) -> Release:
    """Withhold what the audience may not see.

    Parameters
    ----------
    observations : DataFrame
        The tidy table with bases filled in (`observations.with_bases`).
    audience : Protection
        Who will read it, under which rule.
    history : DataFrame, optional
        What was released before (`ledger.read`; or rows of earlier Releases, `release` telling them apart). What was
        withheld stays withheld; what was shown counts as known.
    definitions : Definitions
        Which indicators count people, and what adds up to what.

    Notes
    -----
    Primary: a count of people c with `withhold_from` <= c <= `withhold_to`, and zero only if the rule includes it;
    the same for the numerator n and remainder N - n of a share. Secondary: while an outsider who knows every relation
    could narrow a withheld cell below the rule's range, further cells are withheld, as few as can be
    (`choose.choose`). The intervals stated for cells withheld for the sake of others are worked out from the released
    rows alone.
    """
    table = observations.sort_values(ORDER, kind="stable", ignore_index=True)
    if not audience.withholds:
        return Release(table, audience, 0)
    rule = audience.rule
    full, printed = with_vanished(table, history, definitions), len(table)
    reading = read(full, rule, definitions, printed)
    relations = relations_of(full, reading.own, reading.cells, rule, definitions)
    past = Past(history, full, reading, rule)
    web, exposed = secure(reading, relations, past, rule)
    hidden = _hidden(full, reading, web, definitions) | past.withheld_rows
    hidden[printed:] = False
    ends = _stated(web, rule)
    out = _blank(full, hidden, _gone(web)[reading.based_on], reading, ends, rule)[:printed]
    out = _placeless(out, hidden[:printed], definitions)
    own = reading.own[:printed]
    lost = tuple(str(o) for o in out.loc[np.isin(own, exposed) & (own >= 0), "obs"])
    return Release(out, audience, int(hidden.sum()), lost)


def _hidden(table: pd.DataFrame, reading: Reading, web: Web, definitions: Definitions) -> np.ndarray:
    """Rows that tell a withheld cell: itself, a share made from it, a change that begins or ends at it."""
    gone = _gone(web)
    hidden: np.ndarray = gone[reading.own] | gone[reading.hangs_on].any(axis=1)
    hidden[list(web.silent)] = True
    hidden &= table["status"].isin(HAS_VALUE).to_numpy()
    counts = hidden & table["unit"].isin(COUNTABLE).to_numpy()
    hidden |= _changes(table, counts, definitions)
    hidden |= _printed(table, counts, definitions)
    return hidden


def _gone(web: Web) -> np.ndarray:
    """Whether each cell is withheld; the last entry, which -1 finds, is False."""
    gone = np.zeros(len(web.cells.value) + 1, dtype=bool)
    gone[list(web.withheld)] = True
    return gone


def _changes(table: pd.DataFrame, hidden: np.ndarray, definitions: Definitions) -> np.ndarray:
    """Stated changes of which an end is withheld (or may be: the earlier end is up to about a year before)."""
    found: np.ndarray = np.zeros(len(table), dtype=bool)
    of = {i.id: i.change_of for i in definitions.catalogue.indicators if i.change_of}
    gone = table.loc[hidden, ["indicator", "area", "end"]]
    for position in np.flatnonzero(table["indicator"].isin(of) & table["status"].isin(HAS_VALUE)):
        row = table.iloc[position]
        ends = gone.loc[(gone["indicator"] == of[str(row["indicator"])]) & (gone["area"] == row["area"]), "end"]
        found[position] = bool(((ends <= row["end"]) & (ends > row["start"] - pd.Timedelta(days=800))).any())
    return found


def _printed(table: pd.DataFrame, hidden: np.ndarray, definitions: Definitions) -> np.ndarray:
    """Printed results of arithmetic that a conflict does again on a withheld count."""
    found = np.zeros(len(table), dtype=bool)
    entries = [a for a in definitions.annotations.annotations if a.kind == "conflict" and a.checks]
    if not entries or not hidden.any():
        return found
    place = references(table) | {obs: [i] for i, obs in enumerate(table["obs"]) if obs}
    for entry in entries:
        rows = {name: place.get(figure.row or figure_id(entry, name), []) for name, figure in entry.figures.items()}
        for check in entry.checks:
            if check.printed and any(hidden[r] for name in check.of for r in rows[name]):
                found[rows[check.printed]] = True
    return found & table["status"].isin(HAS_VALUE).to_numpy()


def _stated(web: Web, rule: Rule) -> tuple[np.ndarray, np.ndarray]:
    """Interval stated for each cell: the rule's for primary ones, for others what the shown cells around leave open."""
    cells = web.cells
    count = len(cells.value)
    low, high = np.array(cells.value), np.array(cells.value)
    shown = rounded(pd.Series(cells.value), rule).to_numpy()
    for c in range(count):
        if c in web.hushed or c in cells.unprinted:
            low[c], high[c] = 0.0, np.inf
        elif web.small(c) or c in cells.told:
            low[c], high[c] = cells.low[c], cells.high[c]
        elif c in web.withheld:
            low[c], high[c] = web.floor_of(c), np.inf
        elif cells.lean[c] != (0, 0):
            low[c] = max(shown[c] - rule.round_to // 2, rule.withhold_to + 1)
            high[c] = shown[c] + rule.round_to // 2
    numbers = sorted({n for c in web.withheld for n in web.touching.get(c, ())})
    numbers = [n for n in numbers if cells.gone.isdisjoint(web.relations[n].cells)]  # revised since, it may be
    for _ in range(3):
        for number in numbers:
            _narrow(web.relations[number], web, low, high)
    return low, high


def _narrow(relation: Relation, web: Web, low: np.ndarray, high: np.ndarray) -> None:
    """Tighten the stated ends of open cells, in place, by one relation."""
    where, sign = np.array(relation.cells), np.array(relation.signs)
    for i, cell in enumerate(relation.cells):
        if cell not in web.opened and cell not in web.hushed:
            continue
        others = np.arange(len(where)) != i
        down, up = low[where[others]], high[where[others]]
        turned = -sign[i] * sign[others]
        low[cell] = max(low[cell], np.where(turned > 0, down, -up).sum())
        high[cell] = min(high[cell], np.where(turned > 0, up, -down).sum())


def _blank(
    table: pd.DataFrame,
    hidden: np.ndarray,
    base_hidden: np.ndarray,
    reading: Reading,
    ends: tuple[np.ndarray, np.ndarray],
    rule: Rule,
) -> pd.DataFrame:
    """Rows as the audience sees them; where `base_hidden`, without the count they are held against."""
    out = table.copy()
    counted = table["unit"].isin(COUNTABLE).to_numpy()
    stated = hidden & counted & (reading.own >= 0)
    for name, end in (("lower", ends[0]), ("upper", ends[1])):
        found = np.append(end, np.nan)[reading.own]  # a row that is no cell has the index -1, and no end
        known = np.where(np.isfinite(found), found, np.nan)
        out[name] = np.where(stated, known, np.where(hidden, np.nan, out[name]))
    out.loc[hidden, ["value", "numerator", "denominator"]] = np.nan
    out.loc[hidden, "status"] = "withheld"
    out["note"] = ""  # free text may repeat any number, its own or another row's
    series = table["indicator"] + "|" + table["area"] + "|" + table["breakdown"]
    out.loc[series.isin(series[hidden]), "said"] = ""  # a direction bounds the withheld figure it comes from
    shares = table["unit"].isin(SHARES).to_numpy() & ~hidden
    out.loc[~shares, "numerator"] = np.nan
    out.loc[base_hidden, "denominator"] = np.nan
    if rule.round_to > 1:
        round_ = counted & ~hidden & (out["status"].isin(HAS_VALUE)).to_numpy() & _people(reading)
        out.loc[round_, "value"] = rounded(out.loc[round_, "value"], rule)
        out.loc[round_, "lower"] = out.loc[round_, "value"] - rule.round_to / 2
        out.loc[round_, "upper"] = out.loc[round_, "value"] + rule.round_to / 2
        for name in ("numerator", "denominator"):
            out.loc[shares, name] = rounded(out.loc[shares, name], rule)
        out.loc[shares, "value"] = out.loc[shares, "value"].round()
        out.loc[shares, "lower"] = (out.loc[shares, "value"] - 0.5).clip(lower=0)
        out.loc[shares, "upper"] = out.loc[shares, "value"] + 0.5
    return out


def _placeless(out: pd.DataFrame, hidden: np.ndarray, definitions: Definitions) -> pd.DataFrame:
    """Withheld rows by their turn in the Release: in a file sorted by value, a row's place tells its size.

    Only what a declared conflict points at keeps its place in the report, whose order is that of its sentences.
    """
    moved = hidden & (out["role"] != "printed").to_numpy()
    rows = out[moved]
    turn = rows.groupby(["file", "sheet"], sort=False).cumcount() + 1
    sheet = ("#" + rows["sheet"]).where(rows["sheet"] != "", "")
    named = dict(zip(rows["obs"], rows["file"] + sheet + ":c" + turn.astype(str), strict=True))
    out["obs"] = [named.get(o) or " ".join(named.get(part, part) for part in o.split(" ")) for o in out["obs"]]
    place = references(out)
    spoken = {f.row for a in definitions.annotations.annotations for f in a.figures.values() if f.row}
    kept = {position for name in spoken for position in place.get(name, ())}
    out.loc[moved, "row"] = 0
    out.loc[moved & ~out.index.isin(kept), "locator"] = ""
    return out


def _people(reading: Reading) -> np.ndarray:
    """Rows whose cell is printed rounded."""
    leaning = np.array([*(lean != (0, 0) for lean in reading.cells.lean), False])
    return np.asarray(leaning[reading.own])
