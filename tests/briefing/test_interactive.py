"""What an analyst sees in JupyterLab wears the page's style; what a run displays is the bare piece."""

from __future__ import annotations

import re

from tests.small import WORLD, assessed
from threatlib.briefing.pages import Page


def test_only_an_opened_notebook_brings_the_style_along() -> None:
    assessment = assessed(*WORLD)
    bare = Page("demand", assessment, run_id="000001").findings()
    shown = Page("demand", assessment).findings()
    assert "<style>" not in bare._repr_html_()
    assert shown._repr_html_().startswith("<style>.threatlib {")
    assert shown._repr_html_().endswith(f'<div class="threatlib">{bare._repr_html_()}</div>')


def test_the_style_reaches_nothing_but_the_piece() -> None:
    style = re.findall(r"<style>(.*?)</style>", Page("demand", assessed(*WORLD)).method()._repr_html_(), re.DOTALL)[0]
    assert not re.findall(r"(?<![\w.-])(?::root|body|main)(?![\w-])", style)
    depths = [
        style[: found.start()].count("{") - style[: found.start()].count("}") for found in re.finditer("{", style)
    ]
    assert depths[0] == 0
    assert min(depths[1:]) == 1
    assert style.count("{") == style.count("}")
