"""What can hardly be among official downloads: an older release over a newer one, a share below nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from threatlib.observations import KEY
from threatlib.returns.figures_sent import codes, doubt, rows
from threatlib.returns.official import FOLDER
from threatlib.returns.problems import Problem

_SERIES = ["source_id", "indicator", "agency", "area", "breakdown", "kind"]


def downloads(table: pd.DataFrame, register: pd.DataFrame) -> list[Problem]:
    """Doubts about official downloads: figures (`observations.COLUMNS`) of every file, and the register."""
    known = table[table["file"].str.startswith(f"{FOLDER}/") & ~table["file"].isin(register["supersedes"])]
    if known.empty:
        return []
    return [*_overtaken(known), *_impossible(known)]


def clashes(new: pd.DataFrame, others: pd.DataFrame) -> list[Problem]:
    """Figures of a download that stand in it twice, or otherwise in another file received on the same day."""
    both = pd.concat([others, new], ignore_index=True) if len(others) else new
    both = both[both["received_on"].isin(new["received_on"])]
    said = both["value"].astype(object).where(both["value"].notna(), both["status"])
    both = both.assign(figure=codes(both, KEY), said=said)
    several = both.groupby("figure")["said"].transform("nunique") > 1
    odd = both[several & both["figure"].isin(both.loc[both["file"].isin(new["file"]), "figure"])]
    return [*_twice(odd[odd["file"].isin(new["file"])]), *_same_day(odd, new)]


def _twice(odd: pd.DataFrame) -> Iterator[Problem]:
    first = odd.groupby("figure")[["row", "said"]].transform("first")
    for row, place, said in zip(rows(odd), first["row"], first["said"], strict=True):
        if row["said"] != said:
            found = f"{row['said']} for {_figure(row)}, which is {said} in row {place}"
            yield Problem(row["file"], row["sheet"], int(row["row"]), "", found, "one value for each figure",
                          "Download it again; if it is so at the publisher's, ask them.")  # fmt: skip


def _same_day(odd: pd.DataFrame, new: pd.DataFrame) -> Iterator[Problem]:
    theirs = odd[~odd["file"].isin(new["file"])]
    for file, many in theirs.groupby("file")["figure"].nunique().items():
        what = "1 figure that is" if many == 1 else f"{many} figures that are"
        found = f"{what} different in {file}, received on the same day"
        todo = (
            "Of two releases the one received last counts: bring the newer one in with a later --received-on, or give "
            "the older one an earlier received_on in register.csv."
        )
        yield Problem(str(new["file"].iloc[0]), "", 0, "", found, "one value for each figure of a day", todo)


def _overtaken(known: pd.DataFrame) -> Iterator[Problem]:
    """Downloads received after one of the same source that goes further, whose figures count before that one's."""
    known = known.assign(source_id=known["file"].str.split("/").str[1])
    known = known.assign(series=codes(known, _SERIES), figure=codes(known, ["source_id", *KEY]))
    again = known[known.groupby("figure")["file"].transform("nunique") > 1]
    if again.empty:
        return
    ends = known.groupby(["series", "file"])["end"].max().rename("last").reset_index()
    again = again.merge(ends, on=["series", "file"])[["figure", "file", "received_on", "last"]]
    pairs = again.merge(again, on="figure", suffixes=("", "_other"))
    over = pairs[(pairs["received_on"] > pairs["received_on_other"]) & (pairs["last"] < pairs["last_other"])]
    for (file, other), figures in over.groupby(["file", "file_other"]):
        found = f"an older release that counts before {other} for {figures['figure'].nunique()} figures: it ends on " \
            f"{figures['last'].max():%Y-%m-%d}, that on {figures['last_other'].max():%Y-%m-%d}"  # fmt: skip
        todo = "If it is the older release, write the day it was published as its received_on in register.csv."
        yield Problem(
            str(file), "", 0, "", found, "releases received in the order of their publication", todo, doubt=True
        )


def _impossible(known: pd.DataFrame) -> Iterator[Problem]:
    """Shares outside 0 to 100, and fewer than none of what cannot be below nothing."""
    share = known["unit"] == "percent"
    wrong = known[np.where(share, (known["value"] < 0) | (known["value"] > 100), known["value"] < 0)]
    for row in rows(wrong[~wrong["unit"].isin(_BELOW_NOTHING)]):
        percent = row["unit"] == "percent"
        found = f"{row['value']:,.10g}{'%' if percent else ''} for {_figure(row)}"
        wanted = "a percentage from 0 to 100" if percent else "nothing or more"
        yield doubt(row, "value", found, wanted, "Ask the publisher about it.")


def _figure(row: Mapping[Any, Any]) -> str:
    return ", ".join(filter(None, (row["indicator"], row["area"], row["breakdown"], row["period"])))


_BELOW_NOTHING = ("gbp", "percent_change", "percentage_points", "points")
"""Units of changes and of money owed."""
