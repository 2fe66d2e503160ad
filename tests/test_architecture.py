"""The house: who may import whom, and what the top level promises."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA_NAMES = {"jupyter-client": "jupyter_client"}


def _contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [linter, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder / "src"), "PATH": str(linter.parent), "LC_ALL": "C.UTF-8"},
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold_as_they_stand(copy: Path) -> None:
    done = _contracts(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("room", "upward"),
    [
        ("observations/table.py", "from threatlib.signals import CHECKS"),
        ("disclosure", "from threatlib.briefing import publish"),
        ("stats/rates.py", "import pandas"),
        ("stats/rates.py", "from threatlib.periods import parse"),
        ("errors.py", "from threatlib.cli import main"),
    ],
)
def test_a_planted_upward_import_turns_them_red(copy: Path, room: str, upward: str) -> None:
    place = copy / "src" / "threatlib" / room
    place = place / "__init__.py" if place.is_dir() else place if place.is_file() else place.with_suffix(".py")
    place.write_text(place.read_text(encoding="utf-8") + f"\n{upward}\n", encoding="utf-8")
    done = _contracts(copy)
    assert done.returncode != 0
    assert "BROKEN" in done.stdout


def test_contracts_have_no_exceptions() -> None:
    for contract in PROJECT["tool"]["importlinter"]["contracts"]:
        assert not contract.get("ignore_imports"), contract["name"]


def test_stats_imports_numpy_scipy_and_errors_only() -> None:
    allowed = {"numpy", "scipy", "threatlib.errors", "threatlib.stats"} | set(sys.stdlib_module_names)
    for path in (ROOT / "src/threatlib/stats").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name if name.startswith("threatlib.") else name.split(".")[0]
                assert any(top == a or top.startswith(f"{a}.") for a in allowed), f"{path.name} imports {name}"


def test_importing_the_package_does_nothing() -> None:
    code = "import sys, threatlib; heavy = {'pandas', 'numpy', 'yaml', 'pydantic'} & set(sys.modules); print(*heavy)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert done.stderr == ""


def test_conda_and_pip_name_the_same_dependencies() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    named = {entry.replace(" ", "") for entry in conda if isinstance(entry, str)}
    wanted = {f"python{PROJECT['project']['requires-python']}", "pip"}
    extras = [entry for extra in PROJECT["project"]["optional-dependencies"].values() for entry in extra]
    for entry in [*PROJECT["project"]["dependencies"], *extras]:
        name = re.match(r"[a-z0-9-]+", entry)
        assert name is not None
        wanted.add(entry.replace(name[0], CONDA_NAMES.get(name[0], name[0]), 1).replace(" ", ""))
    assert named == wanted


def test_the_lock_has_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--index-url" not in lock
    assert "http://" not in lock
    assert "https://" not in lock
    pins = re.findall(
        r"^[a-z0-9][a-z0-9._-]*==[^\n]*\\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.MULTILINE
    )
    assert len(pins) == len(re.findall(r"^[a-z0-9][a-z0-9._-]*==", lock, re.MULTILINE))


def test_every_dependency_is_locked_and_every_import_declared() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    declared = set()
    extras = [entry for extra in PROJECT["project"]["optional-dependencies"].values() for entry in extra]
    for entry in [*PROJECT["project"]["dependencies"], *extras]:
        name = re.match(r"[a-z0-9-]+", entry)
        assert name is not None
        declared.add(name[0])
        assert re.search(rf"^{name[0]}==", lock, re.MULTILINE), name[0]
    modules = {"yaml": "pyyaml", "jupyter_client": "jupyter-client"}
    used = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used.add(node.module.split(".")[0])
    outside = used - set(sys.stdlib_module_names) - {"threatlib"}
    assert {modules.get(name, name) for name in outside} <= declared


@pytest.mark.xdist_group("house")
def test_what_shares_a_folder_is_given_to_one_worker(request: pytest.FixtureRequest) -> None:
    """Groups vanish without a word where pytest and pytest-xdist disagree; then two workers write into one folder."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process: nothing to group")
    assert request.node.nodeid.endswith("@house")
