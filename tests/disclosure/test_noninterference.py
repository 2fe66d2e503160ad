"""Two data sets that differ only in what is withheld give the same published files, byte for byte.

The pairs are partnerships' folders on the disk (`pairs`), the files those of a whole run each (`inprocess`): pages,
executed notebooks, tables, workbook, manifest, and the record of releases beside them. Every byte under the output
folder is compared.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.disclosure.inprocess import briefed, fixed
from tests.disclosure.pairs import QUARTERS, pairs, written
from tests.disclosure.pairs import world as made_world

PAIRS = 200
FEW = 3


def _received(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(folder.rglob("*.csv")) if p.name != "register.csv")


def _all_the_same(number: int, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = size = 0
    differ: dict[str, list[str]] = {}
    kinds: dict[tuple[str, int], int] = {}
    for made, one, two in pairs(number, room):
        assert _received(one) != _received(two), "the pair does not differ at all"
        first = briefed(one, made, one.parents[1] / "out-one", monkeypatch)
        second = briefed(two, made, two.parents[1] / "out-two", monkeypatch)
        if names := [name for name in {**first, **second} if first.get(name) != second.get(name)]:
            differ[one.parent.parent.name] = names
            print(f"world {one.parent.parent.name}: {names}")
            continue
        assert "withheld" in first[f"p/{made.runs[-1][0]}/tables/observations.csv"].decode()
        files, size = files + len(first), size + sum(map(len, first.values()))
        kinds[made.audience, len(made.editions)] = kinds.get((made.audience, len(made.editions)), 0) + 1
        shutil.rmtree(one.parents[1])
    print(f"{number - len(differ)} pairs, {files} files, {size / 1e6:.0f} MB the same on both sides; {kinds}")
    assert not differ


@pytest.mark.parametrize("number", [FEW, pytest.param(PAIRS, marks=pytest.mark.nightly)])
def test_what_differs_only_in_withheld_values_is_published_the_same(tmp_path, monkeypatch, number):
    fixed(monkeypatch)
    _all_the_same(number, tmp_path, monkeypatch)


@pytest.mark.nightly
def test_through_real_kernels_and_with_pdfs_too(tmp_path, monkeypatch):
    fixed(monkeypatch, in_process=False, pdf=True)
    _all_the_same(3, tmp_path, monkeypatch)


@pytest.mark.nightly
def test_this_process_runs_notebooks_as_a_kernel_does(tmp_path, monkeypatch):
    """One run each way: pages, tables and notebooks are the same bytes."""
    made = made_world(1)
    folder = written(made, tmp_path / "data")
    fixed(monkeypatch, in_process=False)
    real = briefed(folder, made, tmp_path / "kernels", monkeypatch)
    fixed(monkeypatch)
    ours = briefed(folder, made, tmp_path / "here", monkeypatch)
    assert list(real) == list(ours)
    assert [name for name in real if real[name] != ours[name]] == []


KINDS = {
    "figures on the page": r"<data [^>]*>[^<]*</data>",
    "chart coordinates": r'<use [^>]*y="[^"]*"|<path d="[^"]*" clip-path',
    "sparklines": r'<polyline points="[^"]*"',
    "alt text": r'(?:alt|aria-label)="[^"]*"|<desc[^>]*>[^<]*</desc>',
    "titles and tooltips": r"<figcaption.*?</figcaption>|<h\d.*?</h\d>|<title.*?</title>",
    "sentences": r"<li[^>]*>.*?</li>",
}
"""Where in a page a number may hide, as patterns."""


def _with_drawings(html: str) -> str:
    """A page and the text of the drawings in it."""
    return html + "".join(
        base64.b64decode(drawing).decode() for drawing in re.findall(r"data:image/svg\+xml;base64,([^\"]*)", html)
    )


def test_with_the_gate_switched_off_every_kind_of_content_differs(tmp_path, monkeypatch):
    """The comparison of bytes has teeth: it looks at every place that a leak could take."""
    fixed(monkeypatch)
    first, second = (replace(made_world(seed), editions=made_world(seed).editions[-1:]) for seed in (5, 9))
    risen = {key: 10 * value if key[3] == QUARTERS[-1] else value for key, value in second.editions[0].items()}
    second = replace(second, editions=(risen,))
    files = []
    for name, world in (("one", first), ("two", second)):
        folder = written(world, tmp_path / "data" / name)
        bare = folder / "partnership.yaml"
        bare.write_text(json.dumps({**json.loads(bare.read_text()), "default_audience": "internal"}))
        found = briefed(folder, world, tmp_path / name, monkeypatch)
        files.append({p.rsplit("-internal/", 1)[-1]: text for p, text in found.items() if "-internal/" in p})
    assert list(files[0]) == list(files[1])
    assert {name for name in files[0] if "internal" not in Path(name).name} == {"manifest.json"}
    differ = {name for name in files[0] if files[0][name] != files[1][name]}
    assert {
        "manifest.json", "demand-internal.html", "tables-internal.xlsx", "tables/observations-internal.csv",
        "tables/signals-internal.csv", "notebooks/demand-internal.ipynb",
    } <= differ  # fmt: skip
    pages = [_with_drawings(text["demand-internal.html"].decode()) for text in files]
    for kind, pattern in KINDS.items():
        found = [re.findall(pattern, text, flags=re.DOTALL) for text in pages]
        assert found[0], f"the page holds no {kind}"
        assert found[0] != found[1], kind
    digests = [json.loads(text["manifest.json"])["inputs"] for text in files]
    assert digests[0] != digests[1]
