"""A line while somebody waits, where somebody is there to see it."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from threatlib.pipeline.progress import waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def without_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)


def test_a_terminal_sees_it_and_forgets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with waiting("Reading data/demo"):
        assert sys.stderr.getvalue().endswith("Reading data/demo ...")  # type: ignore[attr-defined]
    assert sys.stderr.getvalue().endswith("\r\x1b[K")  # type: ignore[attr-defined]


def test_a_file_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting("Reading data/demo"):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_notebook_keeps_how_long_it_took_even_if_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def display(line: dict[str, str], **_: Any) -> SimpleNamespace:
        shown.append(line["text/plain"])
        return SimpleNamespace(update=lambda line, raw: shown.append(line["text/plain"]))

    shell = SimpleNamespace(kernel=object())
    notebook = SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    with pytest.raises(KeyError), waiting("Reading data/demo"):
        raise KeyError
    assert shown[0] == "Reading data/demo ..."
    assert shown[1].startswith("Reading data/demo: 0.0")
