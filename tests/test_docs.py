"""The documentation says what there is: every command, every target, every link, and examples that run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import threatlib
from threatlib.cli import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "GLOSSARY.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_in_the_readme_and_has_help(command: str) -> None:
    assert f"`{command}`" in README
    assert cli.commands[command].help


def test_every_make_target_for_people_is_in_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE):
        if target != "help":
            assert f"`make {target}`" in README or f"$ make {target}" in README, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})


def test_public_names_are_what_they_say() -> None:
    for name in threatlib.__all__:
        assert getattr(threatlib, name) is not None
        assert name in dir(threatlib)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        threatlib.nothing  # noqa: B018


def test_the_package_docstring_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert doctest.testmod(threatlib).failed == 0


def test_the_changelog_lists_numbers_that_change() -> None:
    assert "### Numbers that change" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
