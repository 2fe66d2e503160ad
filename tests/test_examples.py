"""Every example in the documentation is run as it stands, page by page, in a folder with a copy of the data.

A ``console`` block holds commands after ``$`` and what they print, with ``...`` for what is left out; a ``python`` one
is run in the names of its page. What only sets a machine up (``sh``) is left to the gate, which does it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if FENCE.search(page.read_text(encoding="utf-8"))]
PAGES = [page for page in PAGES if "_build" not in page.parts]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("data", "notebooks"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints", ".digest-key")
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path, project: Path) -> None:
    names: dict[str, object] = {"__name__": "example"}
    for kind, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            exec(compile(block, page.name, "exec"), names)
        else:
            for command, printed in _commands(block):
                _matches(command, printed, _run(command, project))


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
        ["bash", "-o", "pipefail", "-c", command], cwd=folder, env={**os.environ, "PATH": path, "COLUMNS": "100"},
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
