"""What goes wrong around a run, said so that it can be mended."""

from __future__ import annotations

import errno
import importlib
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.small import QUARTER
from tests.small import folder as small
from threatlib.errors import DataError, KernelError, OutputError
from threatlib.pipeline import unit

plan = importlib.import_module("threatlib.pipeline.plan")
OUT, DATA = Path("/srv/out"), Path("/srv/data/small")


@pytest.mark.parametrize(
    ("number", "file", "kind", "said"),
    [
        (errno.ENOSPC, None, OutputError, "/srv/out: cannot be written"),
        (errno.EDQUOT, "/srv/out/small/a.csv", OutputError, "/srv/out: cannot be written"),
        (errno.EFBIG, None, OutputError, "/srv/out: cannot be written"),
        (errno.ENOSPC, "/tmp/tl-1-a/kernel.json", OutputError, "/tmp/tl-1-a/kernel.json: cannot be written"),
        (errno.EACCES, "/srv/out/small/a.csv", OutputError, "/srv/out: cannot be written"),
        (errno.ENOENT, "/srv/data/small/register.csv", DataError, "/srv/data/small/register.csv: cannot be read"),
        (errno.EACCES, "/somewhere/else", OSError, "/somewhere/else"),
        (errno.ECONNRESET, None, OSError, "reset"),
    ],
)
def test_faults_of_the_disk_name_the_place_and_what_to_do(
    number: int, file: str | None, kind: type[Exception], said: str
) -> None:
    words = {errno.ECONNRESET: "reset"}.get(number, "no")
    fault = unit._of_the_disk(OSError(number, words, file), OUT, DATA)
    assert isinstance(fault, kind)
    assert said in str(fault)


def test_data_replaced_while_they_are_read_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(tmp_path / "data" / "small")
    where = {"out": tmp_path / "out", "notebooks": Path(__file__).parents[2] / "notebooks", "records": tmp_path / "rec"}
    assert not plan.plan(tmp_path / "data" / "small", QUARTER, **where).changed()
    real = plan.load

    def load(folder: Path) -> object:
        dataset = real(folder)
        (folder / "requirements.csv").open("a").write("\n")
        return dataset

    monkeypatch.setattr(plan, "load", load)
    assert plan.plan(tmp_path / "data" / "small", QUARTER, **where).changed()


@pytest.mark.skipif(sys.platform == "win32", reason="limits are those of POSIX systems")
def test_too_few_open_files_are_raised_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    for soft, hard in ((64, 4096), (1024, 4096), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, found=(soft, hard): found)
        plan._may_open()
    assert asked == [(plan.FILES_NEEDED, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (40, 40))
    with pytest.raises(KernelError, match="may have 40 files open here, wanted 256"):
        plan._may_open()


def test_a_run_goes_on_though_nobody_listens() -> None:
    def gone(_: str) -> None:
        raise BrokenPipeError

    unit._told(gone)("demo  1 of 6")
    script = "from threatlib.cli import _say; _say('x' * 200_000); _say('on'); _say('err', err=True)"
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    assert run.stderr.read() == b"err\n"
    assert run.wait() == 0
