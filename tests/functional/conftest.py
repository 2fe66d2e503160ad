"""The quarter's briefings, made once for all the tests that look at them."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.forked import completed

ROOT = Path(__file__).parents[2]
QUARTER = "2022-23-Q2"
PARTNERSHIPS = ("city-hackney", "demo")


_RECORDS = tempfile.mkdtemp(prefix="threatlib-records-")
atexit.register(shutil.rmtree, _RECORDS, ignore_errors=True)


def threatlib(*words: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line as a person types it, without a terminal; a new process, which has the imports behind it."""
    given = {"NO_COLOR": "1", "THREATLIB_RECORDS": _RECORDS, **environment}
    return completed(*map(str, words), cwd=cwd, environment=given)


def threatlib_anew(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in a process that shares nothing with any other, the seed of hashes included."""
    given = {**os.environ, "NO_COLOR": "1", "THREATLIB_RECORDS": _RECORDS, **environment}
    words_ = [sys.executable, "-m", "threatlib", *map(str, words)]
    return subprocess.run(
        words_, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=given, check=False
    )


@pytest.fixture(scope="session")
def briefings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder after the quarter was run for both partnerships."""
    out = tmp_path_factory.mktemp("outputs")
    made = os.environ.get("THREATLIB_TEST_BRIEFINGS")
    if made:
        return Path(made)
    done = threatlib_anew("run", QUARTER, "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out
