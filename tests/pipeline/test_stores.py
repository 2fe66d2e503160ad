"""A store as a folder: what is put there comes back, and of two who create one object one is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatlib.errors import DataError, OutputError, UsageError
from threatlib.pipeline.stores import Store, is_url, local

pytestmark = pytest.mark.xdist_group("runs")


@pytest.mark.parametrize(
    ("place", "far"),
    [("data", False), ("/srv/data", False), ("file:///srv/data", False), ("memory://data", True), ("s3://b/x", True)],
)
def test_what_is_a_url(place: str, far: bool) -> None:
    assert is_url(place) is far


def test_a_file_url_is_a_path() -> None:
    assert local("file:///srv/my%20data") == Path("/srv/my data")
    assert local("data") == Path("data")


def test_what_is_put_comes_back(url: str, tmp_path: Path) -> None:
    here, there, store = tmp_path / "here", tmp_path / "there", Store(url)
    assert (store.names(), store.folders(), store.read("a.csv"), store.fetch("x", there)) == ([], [], None, [])
    (here / "deep er").mkdir(parents=True)
    (here / "deep er" / "[1]*.csv").write_text("1,2\n")
    (here / "a.html").write_bytes(b"")
    store.put(here, "x")
    (here / "a.html").write_text("<p>")
    store.put(here, "y", ["a.html"])
    assert store.names() == ["x/a.html", "x/deep er/[1]*.csv", "y/a.html"]
    assert store.names("x") == ["a.html", "deep er/[1]*.csv"]
    assert store.folders() == ["x", "y"]
    assert store.folders("x") == ["deep er"]
    assert (store.read("x/a.html"), store.read("y/a.html")) == (b"", b"<p>")
    assert store.fetch("x", there) == ["a.html", "deep er/[1]*.csv"]
    assert (there / "deep er" / "[1]*.csv").read_text() == "1,2\n"
    store.remove(["x/a.html"])
    assert store.names() == ["x/deep er/[1]*.csv", "y/a.html"]


def test_only_the_first_creates_an_object(url: str) -> None:
    store = Store(url)
    assert store.create("one", b"first") is True
    assert store.create("one", b"second") is False
    assert store.read("one") == b"first"


def test_names_that_lead_out_of_a_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(f"memory://{tmp_path.name}")
    monkeypatch.setattr(store._place[0], "find", lambda top: [f"{top}/a.csv", f"{top}/../up.csv"])
    with pytest.raises(DataError, match=r"an object named '\.\./up\.csv', wanted names without '\.\.'"):
        store.fetch("", tmp_path)


def test_what_cannot_be_reached(s3: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Protocol not known: odd\. Use a folder, or a URL that fsspec knows"):
        Store("odd://place").names()
    (tmp_path / "a").touch()
    with pytest.raises(OutputError, match="s3://none: cannot be written"):
        Store("s3://none").put(tmp_path, "", ["a"])
    with pytest.raises(OutputError, match="cannot be written"):
        Store("s3://none").create("a", b"")


def test_a_store_whose_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", absent)
    with pytest.raises(UsageError, match=r"pip install threatlib\[s3\]"):
        Store("s3://bucket").names()
