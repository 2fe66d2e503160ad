"""axe-core and html-validate, installed from npm beside this file (`package.json` pins them), and what they say."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Window

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
AXE = MODULES / "axe-core" / "axe.min.js"
VALIDATOR = MODULES / "html-validate" / "bin" / "html-validate.mjs"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]


def installed() -> None:
    """Install what `package-lock.json` pins, once; skip the test where that cannot be done.

    Several processes may ask at the same time (workers of one run, two runs in one checkout): one installs beside
    the others and moves the finished folder into place, so that nobody ever sees half of it.
    """
    if _there():
        return
    npm = _program("npm")
    if npm is None:
        pytest.skip("no npm: axe-core and html-validate cannot be installed")
    with _alone(), tempfile.TemporaryDirectory(dir=HERE, prefix=".installing-") as made:
        if _there():
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, made)
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=made, capture_output=True, text=True,
            timeout=300, check=False, env=_path(),
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"npm could not install axe-core and html-validate: {done.stderr.strip()[-200:]}")
        shutil.rmtree(MODULES, ignore_errors=True)
        (Path(made) / MODULES.name).rename(MODULES)


def _there() -> bool:
    return AXE.is_file() and VALIDATOR.is_file()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of this folder's modules."""
    fcntl = pytest.importorskip("fcntl")
    with (HERE / "package.json").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def violations(tab: Window, *, best_practice: bool = False) -> list[str]:
    """What axe-core finds on the page that is open, each with the first element it is about."""
    tags = [*STANDARD, *(["best-practice"] if best_practice else [])]
    tab.ask(AXE.read_text(encoding="utf-8") + ";0")
    options = {"runOnly": tags, "resultTypes": ["violations"], "iframes": False, "preload": False}
    script = f"axe.run(document, {json.dumps(options)}).then(found => found.violations.map("
    script += "v => `${v.id}: ${v.help} (${v.nodes[0].html.slice(0, 120)})`))"
    answer: dict[str, Any] = tab.call(
        "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, timeout=60_000
    )
    return list(answer["result"]["value"])


def invalid(pages: Sequence[Path]) -> list[str]:
    """Errors and warnings of html-validate, under its own recommended rules."""
    node = _program("node")
    if node is None:
        pytest.skip("no node: html-validate cannot run")
    done = subprocess.run(
        [node, str(VALIDATOR), "--preset", "recommended", "-f", "json", *map(str, pages)],
        capture_output=True, text=True, timeout=120, check=False, cwd=HERE,
    )  # fmt: skip
    return [
        f"{Path(page['filePath']).name}:{m['line']}: {m['ruleId']}: {m['message']}"
        for page in json.loads(done.stdout)
        for m in page["messages"]
    ]


def _program(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.is_file() else shutil.which(name)


def _path() -> dict[str, str]:
    """The environment with node on its PATH: npm starts it by name."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
