"""Each quarter held against the one before: new, continuing, worsening, cleared, revised away.

What was said last time is worked out from what was released last time: the ledger holds every figure of every earlier
briefing, and what was said of them follows from them. Nothing is remembered that was not published.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from threatlib.disclosure import Release
from threatlib.observations import KEY
from threatlib.periods import Period, parse

STATES = ("new", "worsening", "continuing", "cleared", "revised away")
"""Every status of a finding."""
GONE = STATES[-2:]
"""Those of findings that no longer stand."""
_TOLD = ["status", "value", "lower", "upper"]


def last_told(history: pd.DataFrame | None, quarter: Period) -> Period | None:
    """The latest quarter before this one of which the ledger holds a release."""
    if history is None or history.empty:
        return None
    earlier = [parse(label) for label in history["quarter"].unique()]
    return max((period for period in earlier if period.end < quarter.end), default=None)


def as_released(release: Release, history: pd.DataFrame | None, until: Period) -> Release | None:
    """Today's Release with the figures as they stood in the briefing of an earlier quarter.

    Parameters
    ----------
    release : Release
        Today's.
    history : DataFrame, optional
        The ledger of this audience (`disclosure.ledger.read`).
    until : Period
        The quarter of that briefing.

    Returns
    -------
    Release or None
        Without the figures that came later; none where the ledger holds no release up to that quarter.

    Notes
    -----
    The ledger has no numerators: a percentage that was revised keeps its denominator and loses its numerator, which
    then follows from the two.
    """
    if history is None or history.empty:
        return None
    told = history[history["quarter"].map(lambda label: parse(label).end <= until.end)]
    if told.empty:
        return None
    table = release.table
    stood = _match(table, told)
    place, same = stood["place"].to_numpy(), stood["same"].to_numpy()
    kept = place >= 0
    out = table[kept].copy()
    old = told.iloc[place[kept]].reset_index(drop=True)
    changed = ~same[kept]
    for name in _TOLD:
        out[name] = np.where(changed, old[name].to_numpy(), out[name].to_numpy())
    out.loc[changed, "numerator"] = np.nan
    return replace(release, table=out.astype(table.dtypes.to_dict()).reset_index(drop=True))


def _match(table: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """For each row of today the place of what the ledger last told of it (-1: nothing), and whether it is the same.

    One figure may be printed more than once with several values: a row is as it was if any of those last told is its
    own.
    """
    told = told.reset_index(drop=True)
    final = told[told["release"] == told.groupby(KEY)["release"].transform("max")]
    places: dict[tuple[str, ...], list[int]] = {}
    for place, key in zip(final.index, final[KEY].itertuples(index=False, name=None), strict=True):
        places.setdefault(tuple(key), []).append(int(place))
    spoken = [_words(row) for row in told[_TOLD].itertuples(index=False, name=None)]
    found, same = [], []
    rows = zip(
        table[KEY].itertuples(index=False, name=None), table[_TOLD].itertuples(index=False, name=None), strict=True
    )
    for key, now in rows:
        candidates = places.get(tuple(key), [])
        own = [place for place in candidates if spoken[place] == _words(now)]
        found.append((own or candidates or [-1])[-1])
        same.append(bool(own))
    return pd.DataFrame({"place": np.array(found, dtype=np.int64), "same": np.array(same, dtype=bool)})


def _words(told: Iterable[object]) -> tuple[str, ...]:
    return tuple("" if part != part else str(part) for part in told)


def compared(
    now: pd.DataFrame, before: pd.DataFrame, said: pd.DataFrame | None, still: set[tuple[str, ...]], series: list[str]
) -> pd.DataFrame:
    """Findings with their status, followed by those that no longer stand.

    Parameters
    ----------
    now, before : DataFrame
        Findings of this quarter and of the one before, both from today's figures.
    said : DataFrame, optional
        Findings of the last briefing from the figures it had (`as_released`).
    still : set of tuple
        Series that can be compared in this quarter: silence clears nothing.
    series : list of str
        Columns that name a series.

    Returns
    -------
    DataFrame
        `status` is ``new``, ``continuing`` (before or in the last briefing as well), ``worsening`` (a continuing one
        for the worse whose change, at the nearer end of its interval, is beyond the whole change of the quarter
        before), ``cleared`` (stood a quarter ago on today's figures, and does not now) or ``revised away`` (stood in
        the last briefing, and never did on today's figures).
    """
    then = before.drop_duplicates("finding_id").set_index("finding_id")
    told = set() if said is None or said.empty else set(said["finding_id"])
    status = [
        _status(row, then.loc[row["finding_id"]] if row["finding_id"] in then.index else None, told)
        for row in now.to_dict("records")
    ]
    standing = set(now["finding_id"])
    keys = pd.Series(list(zip(*(before[name] for name in series), strict=True)), before.index, dtype=object)
    gone = before[~before["finding_id"].isin(standing) & keys.isin(list(still))]
    lost = before.iloc[:0] if said is None else said[~said["finding_id"].isin(standing | set(before["finding_id"]))]
    parts = [now.assign(status=status), gone.assign(status="cleared"), lost.assign(status="revised away")]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _status(row: dict[object, object] | dict[str, object], earlier: pd.Series | None, told: set[object]) -> str:
    fields = {str(name): value for name, value in row.items()}
    if earlier is None:
        return "continuing" if fields["finding_id"] in told else "new"
    worse = fields["judgement"] == "worse" and fields["measure"] == earlier["measure"]
    if worse and _nearer(fields) > _whole({str(name): value for name, value in earlier.items()}):
        return "worsening"
    return "continuing"


def _nearer(row: dict[str, object]) -> float:
    """The end of the interval nearer to no change, in the direction of the change; NaN if it is not known."""
    up = row["direction"] == "up"
    low, high = float(str(row["lower"])), float(str(row["upper"]))
    if row["measure"] == "ratio":
        return low if up else (1 / high if high else np.inf)
    return low if up else -high


def _whole(row: dict[str, object]) -> float:
    """The change itself, on the same scale."""
    up = row["direction"] == "up"
    value, base = float(str(row["value"])), float(str(row["expected"]))
    if row["measure"] == "ratio":
        top, under = (value, base) if up else (base, value)
        return top / under if under else np.inf
    return value - base if up else base - value
