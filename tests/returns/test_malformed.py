"""Malformed files: the right message at the right place, no traceback, and nothing written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tests.returns.hostile import MORE, ODD_BUT_SOUND
from tests.returns.malformed import CASES, CSV, GOOD, Case, Content, lines
from tests.returns.misleading import MISLEADING
from tests.returns.small import partnership
from threatlib.catalogue import load
from threatlib.cli_data import check
from threatlib.errors import DataError
from threatlib.returns.checking import check as check_folder

PLACE = "returns/2022-23-Q1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    partnership(tmp_path / "data" / "small")
    briefing = tmp_path / "outputs" / "small" / "2021-22-Q4" / "index.html"
    briefing.parent.mkdir(parents=True)
    briefing.write_text("last quarter's briefing")
    return tmp_path


def tree(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def refused(root: Path) -> str:
    """What `threatlib check` says; the folders must stand as they stood."""
    before = tree(root)
    done = CliRunner().invoke(check, ["--data", str(root / "data"), "--received-on", "2022-07-20"])
    assert isinstance(done.exception, DataError), repr(done.exception)
    assert done.exception.exit_code == 3
    assert tree(root) == before
    return done.output


def test_there_are_at_least_sixty() -> None:
    assert len({name for name, *_ in ALL}) == len(ALL)
    assert len(CASES) >= 60
    assert len(MORE) >= 40
    assert len(MISLEADING) >= 20


ALL: list[Case] = [*CASES, *MORE, *MISLEADING]


@pytest.mark.parametrize(("file", "content", "said"), [case[1:] for case in ALL], ids=[case[0] for case in ALL])
def test_a_malformed_file(root: Path, file: str, content: Content, said: str) -> None:
    raw = content() if callable(content) else content.encode() if isinstance(content, str) else content
    path = root / "data" / "small" / PLACE / file
    path.parent.mkdir(parents=True)
    path.write_bytes(raw)
    assert f"{(root / 'data' / 'small').as_posix()}/{PLACE}/{file}{said}" in refused(root)


@pytest.mark.parametrize(
    ("file", "content", "wanted"), [case[1:] for case in ODD_BUT_SOUND], ids=[case[0] for case in ODD_BUT_SOUND]
)
def test_a_file_that_looks_odd_and_is_sound(
    root: Path, file: str, content: Content, wanted: tuple[str, str, float]
) -> None:
    path = root / "data" / "small" / PLACE / file
    path.parent.mkdir(parents=True)
    path.write_bytes(content() if callable(content) else bytes(content))  # type: ignore[arg-type]
    folder = root / "data" / "small"
    checked = check_folder(folder, load(folder), date(2022, 7, 20))
    assert [str(p) for p in checked.problems if not p.doubt] == []
    figures = checked.table[["indicator", "period", "value"]].itertuples(index=False, name=None)
    assert wanted in list(figures)
    assert not (np.signbit(checked.table["value"]) & (checked.table["value"] == 0)).any()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_called_as_a_file_and_is_none(root: Path, make: Callable[[Path], None]) -> None:
    path = root / "data" / "small" / PLACE / CSV
    path.parent.mkdir(parents=True)
    make(path)
    assert f"{PLACE}/{CSV}: found no file, wanted a file. Put the file back, or remove its entry." in refused(root)


def test_a_file_that_may_not_be_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = root / "data" / "small" / PLACE / CSV
    path.parent.mkdir(parents=True)
    path.write_text(lines(GOOD))
    opened = Path.open

    def shut(self: Path, *how: str, **more: str) -> object:
        if self == path and how == ("rb",):
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return opened(self, *how, **more)  # type: ignore[call-overload]

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", shut)
        checked = check_folder(root / "data" / "small", load(root / "data" / "small"), date(2022, 7, 20))
    assert [str(p) for p in checked.problems] == [
        f"{PLACE}/{CSV}: found a file that may not be read, wanted a file that may be read. Give the account that runs "
        "threatlib leave to read it."
    ]


def test_a_name_that_ends_a_line(root: Path) -> None:
    place = root / "data" / "small" / PLACE
    place.mkdir(parents=True)
    (place / "northam_council\n.csv").write_text(lines(GOOD))
    assert f"{PLACE}/northam_council\\n.csv: found a name with what nobody can see, wanted a name of" in refused(root)


def test_what_windows_leaves_beside_the_files_is_passed_over(root: Path) -> None:
    place = root / "data" / "small" / PLACE
    place.mkdir(parents=True)
    for name in ("Thumbs.db", "desktop.ini", "~$northam_council.xlsx", ".DS_Store", "README.md"):
        (place / name).write_bytes(b"x")
    before = tree(root)
    done = CliRunner().invoke(check, ["--data", str(root / "data"), "--received-on", "2022-07-20"])
    assert (done.exit_code, tree(root)) == (0, before)


def test_a_layout_that_is_a_symbolic_link(root: Path) -> None:
    secret = root / "secret.yaml"
    secret.write_text("password: hunter2")
    (root / "data" / "small" / "layouts").mkdir()
    (root / "data" / "small" / "layouts" / "camhs.yaml").symlink_to(secret)
    said = refused(root)
    assert "layouts/camhs.yaml: found a symbolic link, wanted a file of its own. Put the file itself there." in said
    assert "hunter2" not in said


def test_a_symbolic_link(root: Path) -> None:
    secret = root / "secret.csv"
    secret.write_text(lines(GOOD))
    place = root / "data" / "small" / PLACE
    place.mkdir(parents=True)
    (place / CSV).symlink_to(secret)
    said = refused(root)
    assert f"{PLACE}/{CSV}: found a symbolic link, wanted a file of its own inside the partnership's folder." in said


def test_a_folder_that_is_a_symbolic_link(root: Path) -> None:
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / CSV).write_text(lines(GOOD))
    (root / "data" / "small" / "returns").mkdir()
    (root / "data" / "small" / PLACE).symlink_to(elsewhere)
    with (root / "data" / "small" / "register.csv").open("a") as register:
        register.write(f"{PLACE}/{CSV},0,Northam Council,2022-23-Q1,2022-07-20,,return,\n")
    assert f"{PLACE}/{CSV}: found a symbolic link" in refused(root)


@pytest.mark.parametrize("name", ["../secret.csv", "returns/../../secret.csv", "/etc/hosts"])
def test_a_path_that_climbs_out_of_the_folder(root: Path, name: str) -> None:
    (root / "data" / "secret.csv").write_text(lines(GOOD))
    with (root / "data" / "small" / "register.csv").open("a") as register:
        register.write(f"{name},0,Northam Council,2022-23-Q1,2022-07-20,,return,\n")
    assert f"{name}: found a path that leads out of the folder" in refused(root)


def test_a_file_that_is_gone(root: Path) -> None:
    with (root / "data" / "small" / "register.csv").open("a") as register:
        register.write(f"{PLACE}/{CSV},0,Northam Council,2022-23-Q1,2022-07-20,,return,\n")
    assert f"{PLACE}/{CSV}: found no file, wanted a file. Put the file back, or remove its entry." in refused(root)


@pytest.mark.parametrize(
    ("content", "said"),
    [("file,sha256\n", "row 1: found no column agency"), ('"file', "found a table that cannot be read"),
     ("\xff\xfe", "register.csv")],
)  # fmt: skip
def test_a_register_that_cannot_be_read(root: Path, content: str, said: str) -> None:
    (root / "data" / "small" / "register.csv").write_bytes(content.encode("latin-1"))
    assert said in refused(root)
