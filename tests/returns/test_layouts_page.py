"""The page on layouts shows what is read: its examples load, and its table of numbers is the code's."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from threatlib.returns.cells import SHORTHAND, Column, numbers
from threatlib.returns.layouts import Layout
from threatlib.returns.safety import MAX_BYTES, MAX_COLUMNS, MAX_UNPACKED

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "layouts.md").read_text(encoding="utf-8")


def test_the_examples_are_layouts() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    ids = [Layout.model_validate(entry).id for block in blocks for entry in yaml.safe_load(block)["layouts"]]
    assert ids == ["front-door", "staff"]


def test_every_shorthand_is_on_the_page_under_its_meaning() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", PAGE.split("## Numbers")[1].split("## What")[0], re.MULTILINE)
    told = {cell: meaning for cells, meaning in rows for cell in re.findall(r"`([^`]+)`", cells)}
    for written, (status, _, _) in SHORTHAND.items():
        words = {"suppressed_by_source": r"suppressed|rounds|unreliable"}.get(status, status.replace("_", " "))
        assert re.search(words, told[written] if written else PAGE)
    for written in ("12,5", "1.2E+05", "2l4"):
        assert numbers(Column.of([written])).bad[0]


def test_the_limits_are_the_codes() -> None:
    assert f"files over {MAX_BYTES // 2**20} MiB" in PAGE
    assert f"more than {MAX_UNPACKED // 2**20}" in PAGE.replace("\n", " ")
    assert f"more than {MAX_COLUMNS:,} columns" in PAGE
