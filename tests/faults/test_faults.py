"""Whatever goes wrong: the exit code says what, a message and a report say why, and readers keep the last briefing."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.running import DONE, DRAW, PAGES, World, contents
from tests.small import QUARTER
from threatlib.briefing import publish
from threatlib.pipeline.plan import records_of

pytestmark = [
    pytest.mark.xdist_group("faults"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are killed and counted as Linux has them"),
]
KILL = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
STRAYS = """
import os, pathlib, subprocess, time
started = subprocess.Popen(["sleep", "300"], start_new_session=True, cwd="/")
note = pathlib.Path({note!r})
note.write_text(f"{{started.pid}}\\n")
if not os.fork():
    os.setsid()
    if not os.fork():
        with note.open("a") as left:
            left.write(f"{{os.getpid()}}\\n")
        os.chdir("/")
        time.sleep(300)
    os._exit(0)
while len(note.read_text().split()) < 2:
    time.sleep(0.05)
"""
"""A process in a session of its own, and one that is nobody's child any more."""


@pytest.fixture
def survived(world: World) -> Iterator[World]:
    """A world whose published briefing, and whose tidiness, are as they were when the test is over."""
    before = contents(world.published)
    assert "index.html" in before
    yield world
    assert contents(world.published) == before
    assert world.settled(), f"processes left behind: {world.alive()}"
    assert not list((world.out / ".staging").iterdir())


def refused(world: World, code: int, said: str, *words: str, report: bool = True, **environment: str) -> None:
    """The next run fails as it should, and leaves what it should."""
    done = world.run(*words, **environment)
    assert done.code == code, done.out + done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert "Ready to read" not in done.out
    last = world.records()[-1]
    if report:
        assert (last.status, last.exit_code) == ("failed", code)
        page = Path(last.report).read_text()
        assert "NOT FOR PUBLICATION" in page
        assert said in page or said.replace("'", "&#39;") in page
        assert last.report in done.err
    else:
        assert last.status == "published"


@pytest.mark.parametrize(
    ("sources", "code", "said"),
    [
        pytest.param(["raise ValueError('the data are odd')", DONE], 1, "cell 2: ValueError: the data", id="exception"),
        pytest.param(["def", DONE], 1, "cell 2: SyntaxError", id="syntax"),
        pytest.param([DRAW, "import sys; sys.exit(0)", DONE], 1, "cell 3: SystemExit: 0", id="sys.exit"),
        pytest.param([DRAW, "import os; os._exit(0)", DRAW, DONE], 4, "the kernel died", id="exit-middle"),
        pytest.param([DRAW, DONE + "\nimport os; os._exit(0)"], 4, "the kernel died", id="exit-last"),
        pytest.param([DRAW, KILL, DRAW, DONE], 4, "the kernel died", id="killed-middle"),
        pytest.param([DRAW, f"{DONE}\n{KILL}"], 4, "the kernel died", id="killed-last"),
        pytest.param([DRAW], 4, "did not report the end of the run", id="no-sentinel"),
        pytest.param([DRAW, DONE.replace("run_id}", "'old'}")], 4, "did not report the end", id="sentinel-of-another"),
        pytest.param(["import shutil, os; shutil.rmtree(os.getcwd())", DONE], 8, "cannot be written", id="rm-rf"),
        pytest.param(
            ["from IPython.display import HTML\nHTML('<h2>A</h2><script src=\"https://a.b/c.js\"></script>')", DONE],
            5, "pages did not pass their checks", id="bad-page",
        ),
    ],
)  # fmt: skip
def test_a_notebook_that_fails(survived: World, sources: list[str], code: int, said: str) -> None:
    survived.spoil(*sources)
    refused(survived, code, said)


def test_a_cell_that_runs_too_long(survived: World) -> None:
    survived.spoil("import time; time.sleep(99)", DONE)
    refused(survived, 4, "a cell ran for more than 2 seconds", "--cell-seconds", "2")


def test_a_notebook_that_runs_too_long(survived: World) -> None:
    survived.spoil(*["import time; time.sleep(1)"] * 60, DONE)
    refused(survived, 4, "ran for more than 4 seconds", "--notebook-seconds", "4")


def test_a_notebook_that_prints_500_mb(survived: World) -> None:
    survived.spoil("for _ in range(500): print('x' * 1_000_000)", DONE)
    refused(survived, 4, "displayed or printed more than 64 MB")


def test_a_notebook_that_writes_500_mb(survived: World) -> None:
    survived.spoil("with open('big', 'wb') as big:\n    for _ in range(500): big.write(bytes(1_000_000))", DONE)
    refused(survived, 1, "File too large")


@pytest.mark.parametrize("sources", [[DRAW, KILL, DONE], [DRAW, f"{DONE}\n{KILL}"]], ids=["middle", "last"])
def test_a_kernel_that_was_not_forked_is_killed(survived: World, sources: list[str]) -> None:
    survived.spoil(*sources)
    refused(survived, 4, "the kernel died", THREATLIB_KERNELS="ordinary")


def test_kernels_without_sockets_on_the_disk(world: World) -> None:
    """Where a socket's path would be too long for the system, kernels listen on TCP: the bytes are the same."""
    deep = world.root / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    fixed = {"SOURCE_DATE_EPOCH": "1668000000", "THREATLIB_RUN_ID": "the-run", "GIT_DIR": "/nowhere"}
    said = "import os; print(os.environ['HOME'])"  # printed, so not published
    world.spoil(said, DRAW, DONE)
    assert world.run(**fixed).code == 0
    before = contents(world.published)
    note = world.root / "transport"
    asked = f"import pathlib; pathlib.Path({str(note)!r}).write_text(get_ipython().kernel.parent.transport)"
    world.spoil(asked, DRAW, DONE)
    assert world.run(TMPDIR=str(deep), **fixed).code == 0
    assert note.read_text() == "tcp"
    found = contents(world.published)
    assert {name for name in before if before[name] != found[name]} <= {"manifest.json", "notebooks/demand.ipynb"}


def test_the_process_that_forks_kernels_is_killed(survived: World) -> None:
    """Its kernels end with it: the run fails, and the next one is right again."""
    survived.spoil(DRAW, "import os, signal; os.kill(os.getppid(), signal.SIGKILL)", "import time; time.sleep(9)", DONE)
    refused(survived, 4, "the kernel died")


def test_the_process_that_writes_the_tables_is_killed(world: World) -> None:
    """The tables are then written here, and are the same."""
    tables = {name: said for name, said in contents(world.published).items() if name.startswith("tables")}
    for at, apart in (("", True), ("before threatlib.pipeline.run.tables", False)):
        assert world.run(at=at).code == 0
        log = (
            records_of(world.data, world.out) / "small" / QUARTER / "runs" / f"{len(world.records()):06d}" / "log.jsonl"
        )
        (said,) = [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == "tables"]
        assert said["apart"] == apart
        assert tables.items() <= contents(world.published).items()
        assert whole(world)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("how", ["ordinary", "forked"])
def test_the_run_is_told_to_end(survived: World, signum: int, code: int, how: str) -> None:
    survived.spoil("import time; time.sleep(60)", DONE)
    run = survived.start(THREATLIB_KERNELS=how)
    run.says("1 of 2")
    run.signal(signum)
    assert run.end(20).code == code
    assert "Interrupted; what was not finished was not published." in run.err
    last = survived.records()[-1]
    assert (last.status, last.exit_code) == ("failed", code)
    assert "NOT FOR PUBLICATION" in Path(last.report).read_text()


def gone(note: Path, seconds: float = 5) -> bool:
    """Whether the processes noted are gone before long: who was killed is there until his parent has looked."""
    until = time.monotonic() + seconds
    there = note.read_text().split()
    while time.monotonic() < until and (there := [pid for pid in there if Path("/proc", pid).exists()]):
        time.sleep(0.05)
    return not there


@pytest.mark.parametrize("how", ["ordinary", "forked"])
@pytest.mark.parametrize("end", [DONE, KILL], ids=["finished", "killed"])
def test_what_a_notebook_leaves_running_is_ended(world: World, how: str, end: str) -> None:
    note = world.root / "strays"
    world.spoil(STRAYS.format(note=str(note)), end)
    assert world.run(THREATLIB_KERNELS=how).code == (0 if end == DONE else 4)
    assert gone(note)
    assert world.settled()


def test_what_a_run_that_was_killed_left_running_is_ended_by_the_next(world: World) -> None:
    """Of kernels that were forked nothing is left even then."""
    note, good = world.root / "strays", (world.notebooks / f"{PAGES[1]}.ipynb").read_bytes()
    for how in ("forked", "ordinary"):
        note.unlink(missing_ok=True)
        world.spoil(STRAYS.format(note=str(note)), "import time; time.sleep(60)", DONE)
        run = world.start(THREATLIB_KERNELS=how)
        while not note.exists() or len(note.read_text().split()) < 2:
            assert run.running()
            time.sleep(0.05)
        run.signal(signal.SIGKILL)
        run.end()
        (world.notebooks / f"{PAGES[1]}.ipynb").write_bytes(good)
        if how == "ordinary":
            assert world.run().code == 0
        assert world.settled()
        assert gone(note)


def test_a_kernel_that_stands_still(survived: World) -> None:
    survived.spoil(DRAW, "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", DONE)
    refused(survived, 4, "a cell ran for more than 2 seconds", "--cell-seconds", "2")


def test_a_kernel_that_closes_its_own_output(world: World) -> None:
    world.spoil(DRAW, "import os; os.close(0); os.close(1); os.close(2)", DRAW.replace("rose", "fell"), DONE)
    assert world.run().code == 0
    assert "Referrals fell" in (world.published / "demand.html").read_text()


def test_a_kernel_that_closes_everything(survived: World) -> None:
    survived.spoil(DRAW, "import os; os.closerange(3, 256)", DRAW, DONE)
    refused(survived, 4, "demand.ipynb", "--cell-seconds", "5")


STEPS = [
    "before threatlib.pipeline.run._fill",
    "before threatlib.briefing.internal.mark",
    "before threatlib.manifest.write",
    "after threatlib.manifest.write",
    "after threatlib.disclosure.ledger.append",
    "before threatlib.briefing.publish._swap",
    "before threatlib.briefing.publish._exchanged",
    "after threatlib.briefing.publish._exchanged",
    "after threatlib.briefing.publish._swap",
    "before threatlib.briefing.publish._shelve",
    "before threatlib.pipeline.run.write_whole",
]
del STEPS[1]  # only internal briefings are marked


@pytest.mark.parametrize("step", STEPS)
def test_the_run_is_killed_where_it_hurts_most(world: World, step: str) -> None:
    """Readers see the old briefing or the new one, whole; the next run needs no hand."""
    old = contents(world.published)
    run = world.run(at=step)
    assert run.code == -signal.SIGKILL, run.out + run.err
    assert world.settled()
    found = contents(world.published)
    assert found == old or whole(world)
    again = world.run("--resume")
    assert again.code == 0, again.err
    assert whole(world)
    assert not list((world.out / ".staging").iterdir())


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moments", [7, pytest.param(20, marks=pytest.mark.nightly)])
def test_the_run_is_ended_at_any_moment(world: World, signum: int, moments: int) -> None:
    """21 moments in all, drawn at random, and 20 for each signal at night; publishing included.

    A moment may come after the end, more so where the first run was slow: then others are drawn.
    """
    old = contents(world.published)
    begun = time.monotonic()
    assert world.run().code == 0
    takes = time.monotonic() - begun
    drawn = random.Random(20_220_930 + signum)
    ended = number = 0
    while number < moments or (ended < moments // 2 and number < 4 * moments):
        number += 1
        seen = contents(world.published)
        run = world.start(THREATLIB_KERNELS="ordinary" if number % 7 == 3 else "forked")
        run.says("1 file")
        time.sleep(drawn.uniform(0, takes))
        if run.running():
            run.signal(signum)
        run.end(20)
        assert run.code in (0, -signum if signum == signal.SIGKILL else 128 + signum), run.out + run.err
        ended += run.code != 0
        assert world.settled(), f"processes left behind: {world.alive()}"
        assert contents(world.published) == seen or whole(world)
    assert ended >= moments // 2
    assert world.run("--resume").code == 0
    assert whole(world)
    assert set(contents(world.published)) == set(old)
    assert not list((world.out / ".staging").iterdir())


def whole(world: World) -> bool:
    """Whether the published folder is what its own manifest says."""
    from threatlib.manifest import faults

    return not faults(world.published)


@pytest.fixture
def small_disk(world: World) -> Iterator[World]:
    """The outputs on a disk of 96 MB."""
    room = world.root / "room"
    room.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", room], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    shutil.copytree(world.out, room / "out")
    shutil.rmtree(world.out)
    records = records_of(world.data, world.out)
    world.out.symlink_to(room / "out")
    records.rename(records_of(world.data, world.out))
    before = contents(world.published)
    try:
        yield world
        assert contents(world.published) == before
        assert world.settled()
    finally:
        subprocess.run(["umount", "--lazy", room], check=True)


def test_a_disk_that_is_full_already(small_disk: World) -> None:
    (small_disk.root / "room" / "full").write_bytes(bytes(90 * 2**20))
    refused(small_disk, 8, "MB free, wanted 64", report=False)


def test_a_disk_that_fills_up_while_the_run_is_under_way(small_disk: World) -> None:
    fill = "try:\n    open('full', 'wb').write(bytes(200_000_000))\nexcept OSError as fault:\n    print(fault)"
    small_disk.spoil(DRAW, fill, DONE)
    refused(small_disk, 8, "No space left on device")


def test_an_output_folder_that_is_read_only(small_disk: World) -> None:
    room = small_disk.root / "room"
    subprocess.run(["mount", "-o", "remount,ro", room], check=True)
    refused(small_disk, 8, "cannot be written", report=False)


def test_an_output_folder_that_is_a_file(survived: World) -> None:
    (survived.root / "file").write_text("in the way")
    refused(survived, 8, "found a file, wanted a folder", "--out", str(survived.root / "file"), report=False)


def test_records_that_cannot_be_kept(survived: World) -> None:
    (survived.root / "file").write_text("in the way")
    refused(survived, 8, "the record of the run cannot be written", THREATLIB_RECORDS=str(survived.root / "file"),
            report=False)  # fmt: skip


def test_two_runs_at_once(survived: World) -> None:
    with publish.lock(survived.out, "small"):
        refused(survived, 6, "small: another run of this partnership is under way")


def test_a_clock_that_was_moved_back(world: World) -> None:
    """Runs are told apart and put in order by their numbers, not by the clock."""
    assert world.run(SOURCE_DATE_EPOCH="1000000000").code == 0
    assert world.run(SOURCE_DATE_EPOCH="999999999").code == 0
    found = world.records()
    assert [run.number for run in found] == [1, 2, 3]
    assert found[1].run_id.startswith("20010909T014640")
    assert found[2].started < found[1].started < found[0].started
    assert whole(world)


def test_a_kernel_of_another_environment_is_not_taken(world: World) -> None:
    """A kernel installed for the user under the same name starts another Python; ours is started all the same."""
    spec = world.root / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["/nonexistent", "{connection_file}"], "display_name": "x"}')
    done = world.run(JUPYTER_PATH=str(world.root / "jupyter"), JUPYTER_DATA_DIR=str(world.root / "jupyter"))
    assert done.code == 0, done.err


def test_a_kernel_that_cannot_start(survived: World) -> None:
    (survived.root / "shadow").mkdir()
    (survived.root / "shadow" / "ipykernel_launcher.py").write_text("raise SystemExit('no kernel here')")
    refused(survived, 4, "the kernel died", PYTHONPATH=str(survived.root / "shadow"),
            THREATLIB_KERNELS="ordinary")  # fmt: skip
    assert "no kernel here" in Path(survived.records()[-1].report).read_text()


def test_figures_that_are_corrupt(survived: World) -> None:
    survived.returned.write_bytes(survived.returned.read_bytes()[:-40] + b"\xff\xfe\x00")
    refused(survived, 3, "council.csv")


@pytest.mark.parametrize("how", ["changed", "gone"])
def test_figures_that_change_while_the_run_is_under_way(survived: World, how: str) -> None:
    path = survived.returned
    spoil = f"pathlib.Path({str(path)!r})" + (".unlink()" if how == "gone" else ".open('ab').write(b'x')")
    survived.spoil(DRAW, f"import pathlib; {spoil}; None", DONE)
    refused(survived, 3, "changed while the briefing was made")


def test_a_record_of_releases_that_was_changed(survived: World) -> None:
    (record,) = (survived.out / "small" / "released").iterdir()
    record.write_text(record.read_text().replace("1", "7", 1))
    refused(survived, 3, "what was")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "the notebook is missing"),
        ("{", "something that is not a notebook"),
        ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "found 0 cells tagged 'parameters'"),
    ],
    ids=["missing", "broken", "empty"],
)
def test_a_notebook_that_is_none(survived: World, text: str | None, said: str) -> None:
    path = survived.notebooks / f"{PAGES[0]}.ipynb"
    path.unlink() if text is None else path.write_text(text)
    refused(survived, 2, said, report=False)


def test_the_last_eight_runs_and_briefings_are_kept(world: World) -> None:
    shelf, before = publish.shelved(world.out, "small", QUARTER), contents(world.published)
    logs = records_of(world.data, world.out) / "small" / QUARTER / "runs"
    for number in range(1, 10):
        (shelf / f"{number:06d}").mkdir(parents=True)
        (logs / f"{number:06d}").mkdir(exist_ok=True)
    assert world.run().code == 0
    assert [path.name for path in sorted(shelf.iterdir())] == [f"{n:06d}" for n in range(4, 11)]
    assert contents(shelf / "000010") == before
    assert [path.name for path in sorted(logs.iterdir())] == [f"{n:06d}" for n in range(3, 11)]


def test_what_was_left_by_a_run_that_was_killed_is_cleared_by_the_next(world: World) -> None:
    left = world.out / ".staging" / "small" / "briefing"
    left.mkdir(parents=True)
    (left / "index.html").write_text("half")
    sockets = Path(tempfile.gettempdir()) / "tl-4194999-killed"  # no process has a number as high as this
    sockets.mkdir()
    assert world.run().code == 0
    assert not list((world.out / ".staging").iterdir())
    assert not sockets.exists()
    assert "half" not in (world.published / "index.html").read_text()


def test_a_run_that_resumes_repeats_only_what_failed(world: World) -> None:
    good = (world.notebooks / f"{PAGES[1]}.ipynb").read_bytes()
    world.spoil("import time; time.sleep(2)", "raise ValueError('odd')", DONE)  # the other page is done by then
    (world.notebooks / f"{PAGES[0]}.ipynb").write_bytes(good.replace(b"rose", b"fell"))
    assert world.run().code == 1
    (world.notebooks / f"{PAGES[1]}.ipynb").write_bytes(good)
    again = world.run("--resume")
    assert again.code == 0, again.err
    assert "Executive overview  unchanged" in again.out
    assert "Demand  unchanged" not in again.out
    assert "Referrals fell" in (world.published / "briefing.html").read_text()
    assert whole(world)
    assert "nothing has changed since" in world.run("--resume").out
    world.spoil(DRAW.replace("rose", "stood still"), DONE)
    assert "Referrals stood still" not in (world.published / "demand.html").read_text()
    assert world.run("--resume").code == 0
    assert "Referrals stood still" in (world.published / "demand.html").read_text()
