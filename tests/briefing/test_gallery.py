"""The style guide: every chart and component on data that break layouts, drawn without a warning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from threatlib.briefing import gallery
from threatlib.briefing.lint import lint


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    return gallery.write(tmp_path_factory.mktemp("gallery")).read_text(encoding="utf-8")


def test_it_has_every_chart_on_every_case_and_passes_the_examiner(html: str) -> None:
    assert len(re.findall("<figure ", html)) == len(gallery.CHARTS) * len(gallery.CASES)
    assert [fault for fault in lint(html, simulated=True) if "bytes, wanted" not in fault] == []


def test_every_public_chart_is_in_it() -> None:
    from threatlib import figures

    drawings = set(figures.__all__) - {"Caption", "Figure", "sparkline"}
    source = Path(gallery.__file__).read_text(encoding="utf-8")
    assert {name for name in drawings if f"figures.{name}(" not in source} == set()


def test_a_warning_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import warnings

    def noisy() -> str:
        warnings.warn("a glyph is missing", UserWarning, stacklevel=1)
        return ""

    monkeypatch.setattr(gallery, "gallery", noisy)
    with pytest.raises(UserWarning, match="a glyph is missing"):
        gallery.write(tmp_path)
