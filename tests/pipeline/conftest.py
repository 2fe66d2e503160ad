"""A small partnership and its two pages in a store; the stores it is tried on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from tests.faults.running import DONE, DRAW, PAGES, notebook
from tests.forked import assessed_once
from tests.small import QUARTER, folder
from threatlib.briefing import pages
from threatlib.cli import cli
from threatlib.pipeline.stores import Store


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket on an S3 server of this machine; the usual variables lead to it."""
    server = pytest.importorskip("moto.server", reason="no S3 server to try it on (moto[server])")
    pytest.importorskip("s3fs", reason="s3fs is not installed (threatlib[s3])")
    import logging

    import s3fs

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        s3fs.S3FileSystem().mkdir("bucket")
        yield "s3://bucket"
    running.stop()


@pytest.fixture(params=["memory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place of the test's own in a store of either kind."""
    root = "memory://" if request.param == "memory" else f"{request.getfixturevalue('s3')}/"
    return f"{root}{tmp_path.name}"


@dataclass
class Afar:
    """A partnership whose data and outputs are in a store."""

    root: Path
    url: str

    @property
    def data(self) -> Store:
        return Store(f"{self.url}/data")

    @property
    def out(self) -> Store:
        return Store(f"{self.url}/out")

    def run(self, *words: str) -> Result:
        places = ["--data", self.data.url, "--out", self.out.url, "--notebooks", str(self.root / "notebooks")]
        return CliRunner().invoke(cli, ["run", QUARTER, *places, *words])

    def published(self) -> dict[str, bytes]:
        """What is to be seen below the outputs."""
        return {name: self.out.read(name) or b"" for name in self.out.names()}


@pytest.fixture(scope="session")
def assessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where assessments are kept that several tests need."""
    return tmp_path_factory.mktemp("assessed")


@pytest.fixture
def afar(url: str, assessed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Afar:
    assessed_once(assessed, monkeypatch.setattr)
    for name in [name for name in pages.PAGES if name not in PAGES]:
        monkeypatch.delitem(pages.PAGES, name)
    monkeypatch.setenv("THREATLIB_PDF", "0")
    code = SimpleNamespace(__file__=str(tmp_path / "code" / "__init__.py"))  # it may be edited while this test runs
    monkeypatch.setattr(sys.modules["threatlib.pipeline.plan"], "threatlib", code)
    (tmp_path / "notebooks").mkdir()
    for name in PAGES:
        notebook(tmp_path / "notebooks" / f"{name}.ipynb", DRAW, DONE)
    made = Afar(tmp_path, url)
    made.data.put(folder(tmp_path / "small"), "small")
    return made
