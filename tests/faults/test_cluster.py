"""The quarter on a cluster: the same bytes, and nothing half-published whatever becomes of a worker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.running import DONE, DRAW, World, contents
from threatlib.manifest import faults

distributed = pytest.importorskip("distributed", reason="Dask Distributed is not installed (threatlib[cluster])")

ROOT = Path(__file__).parents[2]
FIXED = {"SOURCE_DATE_EPOCH": "1668000000", "THREATLIB_RUN_ID": "the-run", "GIT_DIR": "/nowhere"}
LOSE_IT_ONCE = (
    "import os, pathlib, signal\n"
    "lost = pathlib.Path({lost!r})\n"
    "if not lost.exists():\n"
    "    lost.touch()\n"
    "    os.kill(os.getppid(), signal.SIGKILL)"
)
"""A kernel that was started the ordinary way is the worker's child."""
pytestmark = [
    pytest.mark.xdist_group("faults"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are killed as Linux has them"),
]


class Cluster:
    """A scheduler in this process, and workers in processes with folders of their own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._here = distributed.LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50)
        self.address = str(self._here.scheduler_address)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.folders: list[Path] = []

    def worker(self) -> None:
        """One more worker."""
        folder = self._root / f"machine-{len(self.workers)}"
        folder.mkdir()
        self.folders.append(folder)
        words = ["-m", "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        words += ["--local-directory", str(folder), "--preload", "tests.faults.two_pages"]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        given = {"PYTHONPATH": path, "THREATLIB_KERNELS": "ordinary", "THREATLIB_PDF": "0", **FIXED}
        said = (folder / "said").open("wb")
        self.workers.append(
            subprocess.Popen(
                [sys.executable, *words], cwd=folder, env={**os.environ, **given}, stdout=said, stderr=said
            )
        )

    def there(self, number: int) -> None:
        """Wait until so many workers are there, or more: an earlier test may have lost one, or not have run."""
        until = time.monotonic() + 240
        while len(self._here.scheduler_info["workers"]) < number:
            assert time.monotonic() < until, "the workers never came"
            time.sleep(0.1)

    def losses(self, number: int) -> None:
        """How often a unit may lose its worker."""
        self._here.scheduler.allowed_failures = number

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self._here.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.worker()
        made.worker()
        made.there(2)
        yield made
    finally:
        made.close()


@pytest.fixture
def two(world: World) -> World:
    """A second partnership beside the first, nothing of it published yet."""
    shutil.copytree(world.data / "small", world.data / "other")
    return world


def test_two_workers_in_folders_of_their_own_give_the_same_bytes_as_one_process(two: World, cluster: Cluster) -> None:
    shutil.rmtree(two.out)
    done = two.run(**FIXED)
    assert done.code == 0, done.err
    serial = contents(two.out)
    shutil.rmtree(two.out)
    done = two.run("--scheduler", cluster.address, "--data", "data", "--out", "out", **FIXED)
    assert done.code == 0, done.err
    assert all((folder / "ran").exists() for folder in cluster.folders), "both workers had something to do"
    assert contents(two.out) == serial


def test_one_fails_and_the_other_is_published(two: World, cluster: Cluster) -> None:
    before = contents(two.published)
    good = two.returned.read_text()
    two.returned.write_text(good + "spoilt\n")
    done = two.run("--scheduler", cluster.address, "--json")
    assert done.code == 3, done.err
    ended = {outcome["partnership"]: outcome for outcome in json.loads(done.out)}
    assert ended["small"]["status"] == "failed"
    assert "council.csv" in ended["small"]["message"]
    assert "NOT FOR PUBLICATION" in Path(ended["small"]["report"]).read_text()
    assert ended["other"]["status"] == "published"
    assert contents(two.published) == before
    assert "1 of 2 failed: small. Mend them and run again with --resume." in done.err
    two.returned.write_text(good)
    with (two.data / "small" / "annotations.yaml").open("a") as noted:
        noted.write("# mended\n")
    again = two.run("--scheduler", cluster.address, "--resume", "--json")
    assert {outcome["partnership"]: outcome["status"] for outcome in json.loads(again.out)} == {
        "small": "published",
        "other": "unchanged",
    }


def test_a_worker_is_lost_in_the_middle_and_another_takes_its_place(world: World, cluster: Cluster) -> None:
    lost = world.root / "lost"
    world.spoil(LOSE_IT_ONCE.format(lost=str(lost)), DRAW, DONE)
    done = world.run("--scheduler", cluster.address)
    assert done.code == 0, done.err
    assert lost.exists()
    assert [worker.poll() for worker in cluster.workers].count(-signal.SIGKILL) == 1
    assert not faults(world.published)
    assert not list((world.out / ".staging").iterdir())


def test_a_unit_that_loses_every_worker_leaves_the_last_briefing(world: World, cluster: Cluster) -> None:
    before = contents(world.published)
    cluster.losses(0)
    cluster.there(1)
    world.spoil("import os, signal; os.kill(os.getppid(), signal.SIGKILL)", DONE)
    done = world.run("--scheduler", cluster.address)
    assert done.code == 4
    assert "small: lost with the worker that it ran on. Run it again with --resume." in done.err
    assert contents(world.published) == before


def test_there_is_no_scheduler(world: World) -> None:
    before = contents(world.published)
    done = world.run("--scheduler", "nowhere")
    assert done.code == 2
    assert "--scheduler: nobody answers at nowhere" in done.err
    assert contents(world.published) == before


def test_dask_is_not_installed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from threatlib.errors import UsageError
    from threatlib.pipeline import brief_quarter

    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setattr("threatlib.pipeline.quarter._reachable", lambda *_: None)
    with pytest.raises(UsageError, match=r"pip install threatlib\[cluster\]"):
        brief_quarter(str(world.data), [], "latest", out=str(world.out), notebooks=world.notebooks, scheduler="local")
