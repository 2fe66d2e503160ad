"""How long charts take to draw and pages to export: ``python benchmarks/charts.py [DATA_FOLDER]``.

Each chart is drawn as a page has it (a wide and a narrow drawing, alternative text, table) on ordinary cases of the
style guide, and set beside bare matplotlib: one figure with as many points and texts, saved as SVG once. CPU seconds of
one thread. With a partnership's folder (``data/demo``) its pages are made and exported too.
"""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from matplotlib.figure import Figure as Drawing

from threatlib import pipeline
from threatlib.briefing import gallery
from threatlib.briefing.export import export
from threatlib.briefing.pages import PAGES, Page
from threatlib.figures import Figure

ORDINARY = ("some withheld", "huge values", "names written from right to left")
REPEATS = 3


def cpu(work: Callable[[], object]) -> float:
    """Least CPU seconds of a few runs."""
    taken = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def bare(figure: Figure) -> float:
    """CPU seconds of one plain matplotlib drawing with the same number of lines, points and texts."""
    svg = figure.svg.decode()
    texts, marks = len(re.findall("<text", svg)), max(len(re.findall("<use", svg)), 1)

    def draw() -> None:
        drawing = Drawing(figsize=(7.7, 3.3))
        ax = drawing.subplots()
        ax.plot(range(marks), range(marks), "o-")
        for i in range(max(texts - 10, 0)):
            ax.text(i % marks, i % marks, "a label of usual length")
        drawing.savefig(io.BytesIO(), format="svg")

    return cpu(draw)


def charts() -> None:
    cases = [case for case in gallery.CASES if case.name in ORDINARY]
    gallery.charts_of(cases[:1])  # fonts and imports
    print("| chart | milliseconds, both drawings | bare matplotlib, one drawing | ratio a drawing |\n|---|---|---|---|")
    ours, plain = [], []
    for name, draw in gallery.CHARTS.items():
        took = sum(cpu(lambda case=case, draw=draw: draw(case)) for case in cases) / len(cases)
        beside = sum(bare(draw(case)) for case in cases) / len(cases)
        ours.append(took)
        plain.append(beside)
        print(f"| {name} | {1000 * took:.0f} | {1000 * beside:.0f} | {took / 2 / beside:.1f} |")
    mean, beside = sum(ours) / len(ours), sum(plain) / len(plain)
    print(f"| mean | {1000 * mean:.0f} | {1000 * beside:.0f} | {mean / 2 / beside:.1f} |")


def pages(folder: Path) -> None:
    dataset = pipeline.load(folder)
    assessment = pipeline.assess(dataset, dataset.quarters()[-1])
    print("\n| page | charts | seconds to draw it all | seconds to export | kilobytes |\n|---|---|---|---|---|")
    for name in PAGES:
        page = Page(name, assessment)
        book = nbformat.read(Path("notebooks") / f"{name}.ipynb", 4)
        begun = time.process_time()
        for cell in book.cells:
            if cell.cell_type == "code" and (call := re.match(r"page\.(\w+)\(\)", cell.source)):
                shown = getattr(getattr(page, call[1])(), "html", None)
                if shown is not None:
                    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": str(shown)})]
        drawn = time.process_time()
        html = export(book, page=page.info())
        exported = time.process_time() - drawn
        print(f"| {name} | {html.count('<picture')} | {drawn - begun:.2f} | {exported:.2f} | {len(html) // 1000} |")


if __name__ == "__main__":
    charts()
    if len(sys.argv) > 1:
        pages(Path(sys.argv[1]))
