"""Every example in the documentation is run as it stands, page by page, in a folder with a copy of the data.

The fictional partnership is read and assessed once for all pages that leave it as it is. A ``console`` block holds
commands after ``$`` and what they print, with ``...`` for what is left out; a ``python`` one is run in the names of its
page. What only sets a machine up (``sh``, or ``make``) is left to the gate, which does it; of the README's own figures
only that step is.
"""

from __future__ import annotations

import doctest
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import threatlib
from threatlib import pipeline
from threatlib.pipeline import Dataset, load

ROOT = Path(__file__).parents[1]
RUN_ON = re.MULTILINE | re.DOTALL
FENCE = re.compile(r"^```(console|python)\n(.*?)^```", RUN_ON)
README = (ROOT / "README.md").read_text(encoding="utf-8")
_QUICK = {"COLUMNS": "100", "THREATLIB_PDF": "0"}
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)]
PAGES = [page for page in PAGES if FENCE.search(page.read_text(encoding="utf-8"))]

pytestmark = pytest.mark.xdist_group("examples")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def read() -> dict[str, Dataset]:
    """What was read before, by the content of the folder."""
    return {}


@pytest.fixture
def project(place: Path, read: dict[str, Dataset], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same folder for every page, with nothing in it but the data as they are kept."""
    without = shutil.ignore_patterns(".ipynb_checkpoints", ".digest-key", ".state", "__pycache__")
    for name in ("data", "notebooks"):
        shutil.copytree(ROOT / name, place / name, ignore=without)
    monkeypatch.chdir(place)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr(pipeline, "load", lambda folder: _remembered(read, Path(folder)))
    yield place
    shutil.rmtree(place)
    place.mkdir()


def _remembered(read: dict[str, Dataset], folder: Path) -> Dataset:
    content = hashlib.sha256(str(folder.resolve()).encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(str(path).encode() + path.read_bytes())
    key = content.hexdigest()
    if key not in read:
        read[key] = load(folder)
    return read[key]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path, project: Path) -> None:
    names: dict[str, object] = {"__name__": "example"}
    for kind, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            exec(compile(block, page.name, "exec"), names)
        elif "$ make " not in block:  # the gate does it
            for command, printed in _commands(block):
                _matches(command, printed, _run(command, project))


def test_the_readme_s_way_to_own_figures_is_the_tutorial_s(project: Path) -> None:
    (block,) = re.findall(r"## Your own figures\n\n```sh\nsource .venv/bin/activate[^\n]*\n(.*?)^```", README, RUN_ON)
    rows = [f"csc_referrals,Leeds,2026-0{month},{900 + month}" for month in (4, 5, 6)]
    (project / "theirs.csv").write_text("\n".join(["indicator,area,period,value", *rows]) + "\n", encoding="utf-8")
    *before, last = block.splitlines()
    assert "leeds_childrens_services.csv: registered" in "".join(_run(command, project) for command in before)
    tutorial = (ROOT / "docs" / "tutorial" / "first-briefing.md").read_text(encoding="utf-8")
    assert f"$ {last}\n" in tutorial  # where it is run


def test_the_example_of_the_package_runs(project: Path) -> None:
    assert doctest.testmod(threatlib).failed == 0


def _commands(block: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and _goes_on(found[-1][0]):
            found[-1] = (f"{found[-1][0]}\n{line}", [])
        else:
            found[-1][1].append(line)
    return found


def _goes_on(command: str) -> bool:
    """Whether a command has not ended yet: a backslash, or a text given after ``<<'END'``."""
    here = re.search(r"<<'(\w+)'", command)
    return command.endswith("\\") or (here is not None and not command.endswith(f"\n{here[1]}"))


def _run(command: str, folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=folder, env={**os.environ, **_QUICK, "PATH": path},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
    )  # fmt: skip
    # an example may show a refusal: then the page says which exit code
    shown = re.search(r"# exit code (\d+)", command)
    assert done.returncode == (int(shown[1]) if shown else 0), done.stdout
    return done.stdout


def _matches(command: str, printed: list[str], output: str) -> None:
    """Whether the lines shown are printed in their order; ``...`` alone is any lines, inside a line any words."""
    lines, at, anywhere = output.splitlines(), 0, True
    for shown in printed:
        if shown.strip() == "...":
            anywhere = True
            continue
        pattern = re.compile(re.escape(shown.rstrip()).replace(r"\.\.\.", ".*"))
        found = [n for n in range(at, len(lines)) if pattern.fullmatch(lines[n].rstrip())]
        assert found, f"$ {command}\nprinted\n{output}\nand not\n{shown}"
        assert anywhere or found[0] == at, f"$ {command}\nprinted\n{output}\nand something before\n{shown}"
        at, anywhere = found[0] + 1, False
