"""The package as others get it: built, installed where there is no repository, and used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

import threatlib

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.xdist_group("packaging")


def _done(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    # the dependencies lie in another environment, and with them what Jupyter looks for beside its own Python
    env = {**os.environ, "JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter")}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel made from the sdist, as a package index would have it."""
    folder = tmp_path_factory.mktemp("dist")
    made = _done(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=ROOT)
    assert made.returncode == 0, made.stderr
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        names = archive.getnames()
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from Python 3.11.4 on
        archive.extractall(folder, **safely)
    assert not [name for name in names if "/data/" in name or "/tests/" in name or ".digest-key" in name]
    source = next(path for path in folder.iterdir() if path.is_dir())
    made = _done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    assert made.returncode == 0, made.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the dependencies but not with the repository, and the wheel in it."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=False, symlinks=True)
    own = home / "bin" / "python"
    site = Path(_done(own, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).stdout.strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", own, "--disable-pip-version-check", "install", "--no-deps")
    done = _done(*pip, "--no-index", "--force-reinstall", "--target", site, wheel, cwd=home)
    assert done.returncode == 0, done.stderr
    return own


def test_the_installed_one_is_not_the_repository_s(python: Path, tmp_path: Path) -> None:
    done = _done(python, "-c", "import threatlib; print(threatlib.__file__)", cwd=tmp_path)
    assert str(ROOT) not in done.stdout
    done = _done(python, "-m", "threatlib", "--version", cwd=tmp_path)
    assert threatlib.__version__ in done.stdout


def test_a_partnership_is_started_and_briefed_without_the_repository(python: Path, tmp_path: Path) -> None:
    started = _done(python, "-m", "threatlib", "init", "demo2", "--quarter", "2026-27-Q1", cwd=tmp_path)
    assert started.returncode == 0, started.stderr
    done = _done(python, "-m", "threatlib", "run", "2026-27-Q1", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    published = tmp_path / "outputs" / "demo2" / "2026-27-Q1"
    assert (published / "index.html").is_file()
    assert (published / "manifest.json").is_file()
    checked = _done(python, "-m", "threatlib", "verify", published, cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_it_pulls_nothing_that_only_developers_need(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(entry for entry in archive.namelist() if entry.endswith("METADATA"))
        metadata = message_from_string(archive.read(name).decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    everyone = {_name(entry) for entry in metadata.get_all("Requires-Dist", []) if "extra ==" not in entry}
    assert everyone == {_name(entry) for entry in project["project"]["dependencies"]}
    assert not everyone & {_name(entry) for entry in project["dependency-groups"]["dev"]}
    assert metadata["Version"] == threatlib.__version__


def test_the_completion_of_a_shell_knows_the_commands(python: Path, tmp_path: Path) -> None:
    run = "import os, sys; sys.argv = ['threatlib']; from threatlib.cli import main; main()"
    asked = {"_THREATLIB_COMPLETE": "bash_complete", "COMP_WORDS": "threatlib ver", "COMP_CWORD": "1", "PATH": "/bin"}
    done = subprocess.run([python, "-c", run], cwd=tmp_path, env=asked, capture_output=True, text=True, check=False)
    assert "verify" in done.stdout


def _name(entry: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", entry)
    assert found is not None
    return found[0].lower().replace("_", "-")
