"""Every kind of leak, planted by hand in a clean briefing: both the comparison of bytes and the auditor go red.

The briefing is one of a pair with the same Release. Each leak is made from the true figures, as a file would hold it if
its protection were switched off; so the two folders differ afterwards in the files it was planted in and no others, and
the auditor narrows the very figure it was made from.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from tests.disclosure.inprocess import briefed, fixed
from tests.disclosure.pairs import EARLIER, QUARTERS, Figures, Key, World, written
from threatlib.briefing.audit import audit
from threatlib.stats.rates import rate
from threatlib.stats.spc import xmr

QUARTER = "2022-23-Q2"
PAGE = "demand.html"
POPULATION = 60_000


@dataclass(frozen=True)
class Side:
    """One of the pair: its partnership's folder under the outputs, and what is true in it."""

    folder: Path
    truth: Figures

    @property
    def briefing(self) -> Path:
        return self.folder / QUARTER


@dataclass(frozen=True)
class Pair:
    made: World
    sides: tuple[Side, Side]
    cell: Key
    """A small withheld figure that differs between the two, the newest of its series."""


def _world(c: float) -> World:
    """One area: a total and three parts; in the newest quarter a takes what c leaves, and both are withheld."""
    quarters = ((31, 12, 9), (30, 11, 7), (33, 14, 8), (32 - c, 8, c))
    first: Figures = {("n", "Hackney", "", p): float(v) for p, v in zip(EARLIER, range(44, 60, 2), strict=True)}
    for period, values in zip(QUARTERS, quarters, strict=True):
        row = {"n": sum(values), **dict(zip("abc", values, strict=True))}
        first |= {(name, "Hackney", "", period): float(v) for name, v in row.items()}
    second = first | {("a", "Hackney", "", QUARTERS[0]): 32.0, ("n", "Hackney", "", QUARTERS[0]): 53.0}
    sums = [(("n", "Hackney", "", p), [(i, "Hackney", "", p) for i in "abc"]) for p in QUARTERS]
    return World("dfe", (first, second), sums, [{"id": "n", "parts": ["a", "b", "c"]}, *({"id": i} for i in "abc")])


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Pair:
    """Two briefings each of a pair: a total and its parts, over two quarters' runs."""
    room, sides = tmp_path_factory.mktemp("clean"), []
    with pytest.MonkeyPatch.context() as patch:
        fixed(patch)
        for name, made in (("one", _world(2)), ("two", _world(3))):
            briefed(written(made, room / "data" / name), made, room / name, patch)
            sides.append(Side(room / name / "p", made.editions[-1]))
    return Pair(made, (sides[0], sides[1]), ("c", "Hackney", "", QUARTER))


def _files(side: Side) -> dict[str, bytes]:
    return {p.relative_to(side.folder).as_posix(): p.read_bytes() for p in side.folder.rglob("*") if p.is_file()}


def test_the_clean_pair_is_the_same_and_gives_nothing_away(clean):
    assert _files(clean.sides[0]) == _files(clean.sides[1])
    for quarter, _ in clean.made.runs:
        found = audit(clean.sides[0].folder / quarter)
        assert len(found) == 2
        assert found[~found["safe"].astype(bool)].empty, found[~found["safe"].astype(bool)].to_string()


# The leaks: each takes a side and the cell, and writes what an unprotected file would hold


def _observations(side: Side) -> tuple[Path, pd.DataFrame]:
    path = side.briefing / "tables" / "observations.csv"
    return path, pd.read_csv(path, dtype=str, keep_default_na=False)


def _at(frame: pd.DataFrame, cell: Key) -> pd.Series:
    return (frame[["indicator", "area", "breakdown", "period"]] == list(cell)).all(axis=1)


def _source(side: Side, cell: Key) -> str:
    """What a number of the cell's row names as its source on a page."""
    _, frame = _observations(side)
    hidden = frame[frame["status"] == "withheld"].reset_index(drop=True)
    turn = hidden.groupby(["file", "sheet"]).cumcount() + 1
    return f"{hidden['file'][0]}:c{turn[_at(hidden, cell)].item()}"


def _add_to_page(side: Side, text: str) -> None:
    path = side.briefing / PAGE
    path.write_text(path.read_text(encoding="utf-8").replace("</main>", f"{text}</main>"), encoding="utf-8")


def _show(side: Side, cells: list[Key]) -> None:
    """Print figures in the table of figures as if they were not withheld."""
    path, frame = _observations(side)
    for cell in cells:
        at = _at(frame, cell)
        frame.loc[at, ["value", "lower", "upper"]] = f"{side.truth[cell]:g}"
        frame.loc[at, "status"] = "reported"
    frame.to_csv(path, index=False)


def figure(side: Side, cell: Key) -> None:
    _add_to_page(side, f'<p><data value="{side.truth[cell]:g}" data-from="{_source(side, cell)}">?</data></p>')


def rates(side: Side, cell: Key) -> None:
    _table(side, cell, rate=side.truth[cell] / POPULATION * 10_000)


def intervals(side: Side, cell: Key) -> None:
    ends = rate(np.array([side.truth[cell]]), np.array([float(POPULATION)]))
    _table(side, cell, rate_lower=ends.lower[0], rate_upper=ends.upper[0])


def _table(side: Side, cell: Key, **numbers: float) -> None:
    row = dict(zip(("indicator", "area", "breakdown", "period"), cell, strict=True))
    frame = pd.DataFrame([{**row, "status": "withheld", "denominator": POPULATION, **numbers}])
    frame.to_csv(side.briefing / "tables" / "more.csv", index=False)


def _series(side: Side, cell: Key) -> np.ndarray:
    return np.array([v for k, v in sorted(side.truth.items(), key=lambda f: f[0][3]) if k[:3] == cell[:3]])


def limits(side: Side, cell: Key) -> None:
    _table(side, cell, limit_upper=float(xmr(_series(side, cell)).upper[-1]))


def centre_lines(side: Side, cell: Key) -> None:
    _table(side, cell, centre=float(xmr(_series(side, cell)).centre[-1]))


def _chart(side: Side, cell: Key, marks: str) -> None:
    """A chart of the series with its scale, its table (the newest withheld), and marks in place of `{y}`."""
    values = [8.0, 12.0, 9.0, 11.0, side.truth[cell]]
    ticks = "".join(
        f'<g id="ytick_{n}"><path d="M 10 {200 - 10 * v} L 90 {200 - 10 * v}"/><text>{v}</text></g>'
        for n, v in enumerate((0, 5, 10), 1)
    )
    drawn = "".join(marks.format(x=20 + 15 * i, y=200 - 10 * v) for i, v in enumerate(values))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><g id="axis">{ticks}</g><g id="line2d_9">{drawn}</g></svg>'
    rows = "".join(f'<tr><td><data value="{v:g}" data-from="run:{i}">{v:g}</data></td></tr>'
                   for i, v in enumerate(values[:-1]))  # fmt: skip
    hidden = f'<tr><td>[c] <span data-from="{_source(side, cell)}" data-interval="1 5">1 to 5</span></td></tr>'
    image = base64.b64encode(svg.encode()).decode()
    _add_to_page(
        side, f'<figure><img src="data:image/svg+xml;base64,{image}"><table>{rows}{hidden}</table></figure>'
    )  # fmt: skip


def chart_coordinates(side: Side, cell: Key) -> None:
    _chart(side, cell, '<circle cx="{x}" cy="{y}"/>')


def sparkline(side: Side, cell: Key) -> None:
    series = _series(side, cell)
    points = " ".join(f"{4 + 20 * i},{22 - 0.6 * v:.2f}" for i, v in enumerate(series))
    _add_to_page(
        side,
        f'<table><tr><td><span data-from="{_source(side, cell)}">1 to 5</span></td>'
        f'<td><svg class="spark" viewBox="0 0 96 26"><polyline points="{points}"/></svg></td></tr></table>',
    )


def _sentence(side: Side, cell: Key) -> str:
    return f"Measure {cell[0]} ({cell[1]}) fell to {side.truth[cell]:g} in {QUARTER}"


def alt_text(side: Side, cell: Key) -> None:
    _add_to_page(side, f'<img src="data:," alt="Line chart. {_sentence(side, cell)}.">')


def titles(side: Side, cell: Key) -> None:
    _add_to_page(side, f"<h3>{_sentence(side, cell)}</h3>")


def differences_in_words(side: Side, cell: Key) -> None:
    """Fell by so many from a figure that is shown."""
    _, frame = _observations(side)
    series = frame[(frame[["indicator", "area", "breakdown"]] == list(cell[:3])).all(axis=1)]
    before = series[(series["status"] == "reported") & (series["period"] < QUARTER)].iloc[-1]
    change = float(before["value"]) - side.truth[cell]
    word = "fell" if change >= 0 else "rose"
    _add_to_page(side, f"<li>Measure {cell[0]} ({cell[1]}) {word} by {abs(change):g}</li>")


def file_names(side: Side, cell: Key) -> None:
    (side.briefing / f"measure-{cell[0]}-{cell[1]}-{QUARTER}-was-{side.truth[cell]:g}.txt").write_text("")


def tooltips(side: Side, cell: Key) -> None:
    _add_to_page(side, f"<svg><rect/><title>{_sentence(side, cell)}</title></svg>")


def comments(side: Side, cell: Key) -> None:
    _add_to_page(side, f"<!-- {_sentence(side, cell)} -->")


def embedded_json(side: Side, cell: Key) -> None:
    row = dict(zip(("indicator", "area", "breakdown", "period"), cell, strict=True))
    text = json.dumps({"rows": [{**row, "value": side.truth[cell]}]})
    _add_to_page(side, f'<script type="application/json">{text}</script>')


def _notebook(side: Side, cell: dict) -> None:
    path = side.briefing / "notebooks" / "demand.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    book["cells"].append(cell)
    path.write_text(json.dumps(book), encoding="utf-8")


def notebook_source(side: Side, cell: Key) -> None:
    _notebook(
        side, {"cell_type": "code", "source": ["# why is this so\n", f"# {_sentence(side, cell)}"], "outputs": []}
    )


def notebook_outputs(side: Side, cell: Key) -> None:
    tag = f'<data value="{side.truth[cell]:g}" data-from="{_source(side, cell)}">?</data>'
    output = {"output_type": "display_data", "data": {"text/html": [tag]}, "metadata": {}}
    _notebook(side, {"cell_type": "code", "source": [], "outputs": [output]})


def hidden_sheet(side: Side, cell: Key) -> None:
    path = side.briefing / "tables.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("cache")
    sheet.sheet_state = "veryHidden"
    sheet.append(["indicator", "area", "breakdown", "period", "status", "value"])
    sheet.append([*cell, "withheld", side.truth[cell]])
    book.save(path)


def workbook_cache(side: Side, cell: Key) -> None:
    """A formula shows nothing, but its last result is kept in the file."""
    path = side.briefing / "tables.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("sum")
    sheet.append(["indicator", "area", "breakdown", "period", "status", "value"])
    sheet.append([*cell, "withheld", "=1+1"])
    book.save(path)
    _rezipped(path, lambda text: text.replace("<f>1+1</f><v></v>", f"<f>1+1</f><v>{side.truth[cell]:g}</v>")
              .replace("<f>1+1</f><v />", f"<f>1+1</f><v>{side.truth[cell]:g}</v>"))  # fmt: skip


def document_metadata(side: Side, cell: Key) -> None:
    path = side.briefing / "tables.xlsx"
    _rezipped(path, lambda text: re.sub(r"<dc:title>[^<]*", f"<dc:title>{_sentence(side, cell)}", text))


def page_metadata(side: Side, cell: Key) -> None:
    _add_to_page(side, f'<meta name="description" content="{_sentence(side, cell)}">')


def _rezipped(path: Path, change: Callable[[str], str]) -> None:
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(
                zipfile.ZipInfo(name), change(content.decode()).encode() if name.endswith(".xml") else content
            )


def row_order(side: Side, cell: Key) -> None:
    """A table of the newest quarter's figures, sorted by their true size."""
    _, frame = _observations(side)
    rows = frame[frame["unit"] == "count"].copy()
    keys = zip(*(rows[name] for name in ("indicator", "area", "breakdown", "period")), strict=True)
    rows["true"] = [side.truth.get(key, -1.0) for key in keys]
    rows = rows[(rows["status"] == "reported") | _at(rows, cell)].sort_values("true", kind="stable")
    rows.drop(columns="true").to_csv(side.briefing / "tables" / "largest.csv", index=False)


def manifest_digests(side: Side, cell: Key) -> None:
    path = side.briefing / "manifest.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    for entry in record["inputs"]:
        entry["digest"] = f"sha256:{abs(hash(tuple(side.truth.items()))):064x}"
    path.write_text(json.dumps(record), encoding="utf-8")


def _percentages(side: Side, top: Key, base: float, share: float) -> None:
    """A percentage of the cell, with its base, in the table of figures."""
    path, frame = _observations(side)
    row = frame[frame["unit"] == "count"].iloc[0].to_dict()
    row |= dict(zip(("indicator", "area", "breakdown", "period"), ("share_of_c", *top[1:]), strict=True))
    row |= {"value": f"{share:.4f}", "lower": "", "upper": "", "status": "reported", "unit": "percent"}
    row |= {"numerator": "", "denominator": f"{base:g}"}
    pd.concat([frame, pd.DataFrame([row])]).to_csv(path, index=False)
    path = side.briefing / "tables" / "catalogue.csv"
    entries = pd.read_csv(path, dtype=str, keep_default_na=False)
    entry = {**entries.iloc[0], "id": "share_of_c", "numerator": top[0], "denominator": ""}
    pd.concat([entries, pd.DataFrame([entry])]).to_csv(path, index=False)


def percentages(side: Side, cell: Key) -> None:
    _percentages(side, cell, 40, 100 * side.truth[cell] / 40)


def margins(side: Side, cell: Key) -> None:
    """Primary figures stay withheld, all others are shown: totals less the rest."""
    _show(side, [k for k, v in side.truth.items() if not 1 <= v <= 5 and k[3] == cell[3]])


def differences(side: Side, cell: Key) -> None:
    """Denominator less numerator: what is left over of a whole is shown beside the whole."""
    whole = ("n", *cell[1:])
    rest = [(name, *cell[1:]) for name in "abc" if name != cell[0]]
    _show(side, [whole, *rest])


def year_to_date(side: Side, cell: Key) -> None:
    """One half-year less the quarter before."""
    path, frame = _observations(side)
    before = (*cell[:3], "2022-23-Q1")
    _show(side, [before])
    _, frame = _observations(side)
    row = frame[_at(frame, before)].iloc[0].to_dict()
    total = f"{side.truth[before] + side.truth[cell]:g}"
    row |= {"period": "2022-04/2022-09", "value": total, "lower": total, "upper": total}
    pd.concat([frame, pd.DataFrame([row])]).to_csv(path, index=False)


def history(side: Side, cell: Key) -> None:
    """An earlier briefing showed it."""
    later = side.briefing
    earlier = Side(side.folder, side.truth)
    shutil.copytree(later, side.folder / "2022-23-Q4")
    path = side.folder / "2022-23-Q4" / "tables" / "observations.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    at = _at(frame, cell)
    frame.loc[at, ["value", "lower", "upper"]] = f"{earlier.truth[cell]:g}"
    frame.loc[at, "status"] = "reported"
    frame.to_csv(path, index=False)


LEAKS = (
    figure, rates, intervals, limits, centre_lines, chart_coordinates, sparkline, alt_text, titles, file_names,
    tooltips, comments, embedded_json, notebook_source, notebook_outputs, hidden_sheet, workbook_cache,
    document_metadata, page_metadata, row_order, manifest_digests, percentages, margins, differences,
    differences_in_words, year_to_date, history,
)  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_a_planted_leak_is_caught(tmp_path, clean, leak):
    sides = []
    cell = ("a", *clean.cell[1:]) if leak is row_order else clean.cell  # no shown figure is as small as a small one
    for name, side in zip(("one", "two"), clean.sides, strict=True):
        shutil.copytree(side.folder, tmp_path / name / "p")
        sides.append(Side(tmp_path / name / "p", side.truth))
        leak(sides[-1], cell)
    first, second = (_files(side) for side in sides)
    assert first != second, "the comparison of bytes does not see it"
    for side in sides:
        found = audit(side.briefing).set_index(["indicator", "area", "breakdown", "period"])
        unsafe = found[~found["safe"].astype(bool)]
        if leak is manifest_digests:  # a plain checksum: every figure of the file can be tried out
            assert len(unsafe) == len(found)
        elif cell in found.index:
            row = found.loc[cell]
            assert not row["safe"], found.to_string()
            assert row["lower"] <= side.truth[cell] <= row["upper"]
            assert row["how"]
        else:
            raise AssertionError("the cell is not withheld any more")
