"""The old briefing or the new one, never a mix and never nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from threatlib.briefing.publish import _exchanged, lock, publish, staging
from threatlib.errors import LockedError, OutputError


def contents(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def new(room: Path, text: str = "new") -> Path:
    folder = room / "briefing"
    (folder / "tables").mkdir(parents=True)
    (folder / "index.html").write_text(text)
    (folder / "tables" / "a.csv").write_text(text)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Last quarter's run of the same quarter, with a file that the new one has not."""
    folder = tmp_path / "small" / "2022-23-Q2"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("old")
    (folder / "old.html").write_text("old")
    return folder


def test_the_first_briefing_makes_its_own_place(tmp_path: Path) -> None:
    with staging(tmp_path, "run") as room:
        publish(new(room), tmp_path / "small" / "2022-23-Q2")
    assert contents(tmp_path) == {"small/2022-23-Q2/index.html": "new", "small/2022-23-Q2/tables/a.csv": "new"}


def test_the_new_briefing_replaces_the_old_one_whole(tmp_path: Path, target: Path) -> None:
    with staging(tmp_path, "run") as room:
        publish(new(room), target)
    assert contents(target) == {"index.html": "new", "tables/a.csv": "new"}
    assert not list((tmp_path / ".staging").iterdir())


def test_the_folders_change_places_in_one_step(tmp_path: Path, target: Path) -> None:
    """Whoever looks while a briefing is published always finds one."""
    with staging(tmp_path, "run") as room:
        staged = new(room)
        if not _exchanged(staged, target):
            pytest.skip("this file system cannot exchange folders")
        assert contents(target) == {"index.html": "new", "tables/a.csv": "new"}
        assert contents(staged) == {"index.html": "old", "old.html": "old"}


def test_without_that_step_two_moves_do_it(tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threatlib.briefing.publish._exchanged", lambda one, other: False)
    with staging(tmp_path, "run") as room:
        publish(new(room), target)
    assert contents(target) == {"index.html": "new", "tables/a.csv": "new"}
    assert not list((tmp_path / ".staging").iterdir())


def test_an_exchange_that_cannot_be_is_refused_and_changes_nothing(tmp_path: Path, target: Path) -> None:
    assert not _exchanged(tmp_path / "nowhere", target)
    assert contents(target) == {"index.html": "old", "old.html": "old"}


@pytest.mark.parametrize("failing", ["aside", "in"])
def test_if_a_move_fails_the_old_one_stays(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    before, move = contents(target), Path.rename

    def rename(self: Path, to: Path) -> Path:
        moving_in = Path(to) == target and self.name == "briefing"
        if moving_in if failing == "in" else self == target:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return move(self, to)

    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr("threatlib.briefing.publish._exchanged", lambda one, other: False)
    with (
        pytest.raises(OutputError, match=r"Device or resource busy\); the last briefing is unchanged"),
        staging(tmp_path, "run") as room,
    ):
        publish(new(room), target)
    assert contents(target) == before
    assert not list((tmp_path / ".staging").iterdir())


def test_a_disk_that_is_full_when_files_are_flushed_leaves_the_old_one(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(target)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"), staging(tmp_path, "run") as room:
        publish(new(room), target)
    assert contents(target) == before


def test_a_failed_run_leaves_no_staging(tmp_path: Path) -> None:
    def fail() -> None:
        with staging(tmp_path, "run") as room:
            new(room)
            raise RuntimeError("the run failed")

    with pytest.raises(RuntimeError):
        fail()
    assert not list((tmp_path / ".staging").iterdir())


def test_an_output_folder_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError, match=r"cannot be written .*Choose another folder with --out"), \
            staging(tmp_path / "out", "run"):  # fmt: skip
        pass
    with pytest.raises(OutputError, match="cannot be written"), lock(tmp_path / "out", "small"):
        pass


def test_one_run_of_a_partnership_at_a_time(tmp_path: Path) -> None:
    with (
        lock(tmp_path, "small"),
        pytest.raises(LockedError, match="small: another run of this partnership is under way"),
        lock(tmp_path, "small"),
    ):
        pass
    with lock(tmp_path, "small"), lock(tmp_path, "other"):
        pass


def test_the_lock_is_gone_after_a_failure_and_after_a_death(tmp_path: Path) -> None:
    def fail() -> None:
        with lock(tmp_path, "small"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    dying = (
        "import os, sys; from pathlib import Path; from threatlib.briefing.publish import lock\n"
        "with lock(Path(sys.argv[1]), 'small'):\n    os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", dying, tmp_path], check=False).returncode == 9
    with lock(tmp_path, "small"):
        pass
