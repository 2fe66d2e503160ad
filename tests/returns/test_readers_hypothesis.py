"""The readers under arbitrary bytes, tables and workbooks: observations or problems, never an unexpected exception."""

from __future__ import annotations

import atexit
import csv
import functools
import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.returns.small import HEADER, partnership, receive, workbook
from threatlib import observations, returns
from threatlib.catalogue import Definitions, load
from threatlib.observations import HAS_VALUE, HIDDEN
from threatlib.returns.meaning import doubts

FEW = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))

LIKELY = st.sampled_from(
    ["indicator", "area", "period", "value", "status", "note", "numerator", "denominator", "breakdown", "referrals",
     "rereferral_share", "workers", "plans", "Northam", "Southam", "2022-04", "2022-23-Q1", "2022-06-30", "2021-22",
     "7", "0", "1,234", "12%", "<5", "*", "c", "[z]", "n/k", "", " ", "-", "=1+1", "provisional", "withheld", "\ufeff",
     '"', ";", "\t", "\n"]
)  # fmt: skip
CELLS = st.one_of(LIKELY, st.text(max_size=12))
TABLES = st.lists(st.lists(CELLS, max_size=8), max_size=12)
HEADED = TABLES.map(lambda rows: [[*HEADER.split(","), "status", "numerator"], *rows])
BYTES = st.one_of(
    st.binary(max_size=400),
    st.tuples(
        st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04", b"sep=;\n"]),
        st.binary(max_size=200),
    ).map(b"".join),
    st.tuples(st.just(HEADER.encode() + b"\n"), st.binary(max_size=300)).map(b"".join),
)  # fmt: skip
PLAIN = st.characters(min_codepoint=32, max_codepoint=0xD7FF)
SCALARS = st.one_of(
    LIKELY.filter(lambda text: "\ufeff" not in text), st.none(), st.integers(-(10**9), 10**9), st.booleans(),
    st.dates(),
    st.floats(allow_nan=False, allow_infinity=False), st.text(PLAIN, max_size=12),
)  # fmt: skip


def as_csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


@functools.cache
def world() -> tuple[Path, Definitions]:
    """One partnership for all examples: each begins with an empty register."""
    place = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    folder = partnership(Path(place) / "small")
    return folder, load(folder)


def read(name: str, content: bytes) -> tuple[pd.DataFrame, list[returns.Problem]]:
    folder, definitions = world()
    shutil.rmtree(folder / "returns", ignore_errors=True)
    (folder / "register.csv").write_text("file,sha256,agency,period,received_on,supersedes,kind,note\n")
    receive(folder, f"returns/2022-23-Q1/northam_council.{name}", content)
    table, _, problems = returns.read(folder, definitions)
    doubts(table, definitions)
    assert list(table.columns) == list(observations.COLUMNS)
    has = table["status"].isin(HAS_VALUE)
    assert (table["value"].notna() == has).all()
    assert table.loc[~has & ~table["status"].isin(HIDDEN), ["lower", "upper"]].isna().all(axis=None)
    assert all(str(problem).startswith("returns/2022-23-Q1/northam_council.") for problem in problems)
    return table, problems


def on_bytes(raw: bytes) -> None:
    read("csv", raw)
    _, problems = read("xlsx", raw)
    assert problems


def on_tables(rows: list[list[str]]) -> None:
    read("csv", as_csv(rows))


def on_workbooks(rows: list[list[object]]) -> None:
    read("xlsx", workbook(("Return", [HEADER.split(","), *rows])))


DRIVERS: list[tuple[Callable[..., None], st.SearchStrategy[object]]] = [
    (on_bytes, BYTES),
    (on_tables, TABLES),
    (on_tables, HEADED),
    (on_workbooks, st.lists(st.lists(SCALARS, max_size=5), max_size=6)),
]
NAMES = ["bytes", "tables", "tables under a header", "workbooks"]


@pytest.mark.parametrize(("driver", "strategy"), DRIVERS, ids=NAMES)
def test_whatever_comes_is_figures_or_problems(
    driver: Callable[..., None], strategy: st.SearchStrategy[object]
) -> None:
    settings(FEW, max_examples=75)(given(strategy)(driver))()


@pytest.mark.nightly
@pytest.mark.parametrize(("driver", "strategy"), DRIVERS, ids=NAMES)
def test_ten_thousand_times(driver: Callable[..., None], strategy: st.SearchStrategy[object]) -> None:
    settings(MANY, max_examples=2_500)(given(strategy)(driver))()
