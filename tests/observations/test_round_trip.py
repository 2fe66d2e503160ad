"""Round trip: observations written by us and read again are equal, statuses included."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.returns.small import partnership, receive
from threatlib import returns
from threatlib.catalogue import load
from threatlib.observations import HAS_VALUE, STATUSES, as_returned

ROOT = Path(__file__).resolve().parents[2]
SAME = ["indicator", "agency", "area", "breakdown", "period", "kind", "start", "end", "value", "status", "numerator",
        "denominator", "unit", "basis", "note"]  # fmt: skip

figures = st.fixed_dictionaries(
    {
        "indicator": st.sampled_from(["workers", "rereferral_share"]),
        "area": st.sampled_from(["Northam", "Southam"]),
        "breakdown": st.sampled_from(["", "Girls", 'a "quoted" name', "comma, inside", "=1+1", "two\nlines"]),
        "period": st.sampled_from(["2022-04", "2022-06-30", "2022-23-Q1", "2021-22", "2022-04/2022-09"]),
        "status": st.sampled_from([status for status in STATUSES if status != "withheld"]),
        "value": st.floats(-1e9, 1e9, allow_nan=False, width=64),
        "numerator": st.one_of(st.none(), st.integers(0, 10**6)),
        "note": st.sampled_from(["", "na\u00efve", "@note", "-", "1,234"]),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(figures, min_size=1, max_size=12))
def test_what_is_written_is_read_again(rows: list[dict[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = partnership(Path(place) / "small")
        first = pd.DataFrame(rows).assign(agency="Police")
        has = first["status"].isin(HAS_VALUE)
        first["value"] = [
            np.format_float_positional(v, trim="-") if h else "" for v, h in zip(first["value"], has, strict=True)
        ]
        receive(folder, "returns/2022-23-Q1/police.csv", first.to_csv(index=False), agency="Police")
        _round(folder)


def _round(folder: Path) -> None:
    definitions = load(folder)
    table, _, problems = returns.read(folder, definitions)
    assert [str(p) for p in problems] == []
    with tempfile.TemporaryDirectory() as place:
        twin = Path(place) / "twin"
        twin.mkdir()
        for path in folder.glob("*.*"):
            (twin / path.name).write_bytes(path.read_bytes())
        (twin / "register.csv").write_text("file,sha256,agency,period,received_on,supersedes,kind,note\n")
        receive(twin, "returns/2022-23-Q1/all.csv", as_returned(table), agency="Somebody")
        again, _, problems = returns.read(twin, load(twin))
        assert [str(p) for p in problems] == []
    pd.testing.assert_frame_equal(table[SAME], again[SAME])


def test_the_demo_partnership_is_read_again_as_it_was() -> None:
    _round(ROOT / "data" / "demo")
