"""The documentation says what there is: every command, every target, every link, and examples that run."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from sphinx.util.inventory import InventoryFile

import threatlib
from threatlib.cli import cli
from threatlib.errors import EXIT_CODES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "GLOSSARY.md")]
PAGES += [page for page in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in page.parts]
INSIDE = ("briefing", "pipeline", "starting", "forms", "cli", "figures.")
"""Rooms whose names nobody imports but the house itself."""


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


def test_public_names_are_what_they_say() -> None:
    for name in threatlib.__all__:
        assert getattr(threatlib, name) is not None
        assert name in dir(threatlib)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        threatlib.nothing  # noqa: B018


def test_the_changelog_lists_numbers_that_change() -> None:
    assert "### Numbers that change" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation as pages; a warning (a link that leads nowhere, say) is a failure."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.xdist_group("docs")
def test_every_public_name_is_in_the_documentation(built: Path) -> None:
    inventory = InventoryFile.loads((built / "objects.inv").read_bytes(), uri="").data
    there = {name for kind in inventory if kind.startswith("py:") for name in inventory[kind]}
    wanted = [(threatlib, name) for name in threatlib.__all__ if name != "__version__"]
    wanted += [(module, name) for module in _modules() for name in _public(module)]
    # a name may be documented where it is defined, or where it is offered
    lost = {f"{m.__name__}.{n}" for m, n in wanted if not {f"{m.__name__}.{n}", f"{_home(m, n)}.{n}"} & there}
    assert not lost


@pytest.mark.xdist_group("docs")
def test_every_command_and_exit_code_is_in_the_documentation(built: Path) -> None:
    text = re.sub(r"<[^>]+>", "", (built / "reference" / "command-line.html").read_text(encoding="utf-8"))
    for name, command in _commands(cli):
        assert name in text, name
        for option in command.params:
            assert not isinstance(option, click.Option) or option.opts[0] in text, f"{name} {option.opts}"
    codes = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in codes


def _modules() -> list[ModuleType]:
    names = [m.name for m in pkgutil.walk_packages(threatlib.__path__, "threatlib.") if "._" not in m.name]
    wanted = [name for name in names if not name.removeprefix("threatlib.").startswith(INSIDE)]
    return [importlib.import_module(name) for name in wanted if name.count(".") == 1 or ".stats." in name]


def _public(module: ModuleType) -> list[str]:
    """What `__all__` names, or else the functions and classes that are the module's own."""
    if hasattr(module, "__all__"):
        return [
            name
            for name in module.__all__
            if inspect.isfunction(getattr(module, name)) or inspect.isclass(getattr(module, name))
        ]
    own = [(n, v) for n, v in vars(module).items() if inspect.isfunction(v) or inspect.isclass(v)]
    return [name for name, value in own if not name.startswith("_") and value.__module__ == module.__name__]


def _home(module: ModuleType, name: str) -> str:
    return str(getattr(module, name).__module__)


def _commands(group: click.Group, before: str = "threatlib") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        found.append((f"{before} {name}", command))
        if isinstance(command, click.Group):
            found += _commands(command, f"{before} {name}")
    return found
