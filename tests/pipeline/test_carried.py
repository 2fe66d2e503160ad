"""Data and outputs in a store: the same briefing, old or new and never a mix, resumable, its records kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.pipeline.conftest import Afar
from tests.small import QUARTER, folder
from threatlib.errors import OutputError
from threatlib.manifest import KEY_FILE, faults
from threatlib.pipeline import brief
from threatlib.pipeline.carried import published_in, records_at
from threatlib.pipeline.stores import Store

pytestmark = pytest.mark.xdist_group("runs")
AT = f"small/{QUARTER}"
REAL_PUT, REAL_CREATE = Store.put, Store.create
one_store = pytest.mark.parametrize("url", ["memory"], indirect=True)


def test_a_briefing_in_a_store(afar: Afar) -> None:
    """Published, left alone while nothing changes, made anew; a page leads to the newest, whole."""
    done = afar.run()
    assert done.exit_code == 0, done.output
    assert f"{afar.out.url}/{AT}/index.html" in done.output
    run = published_in(afar.out, AT)
    assert run.startswith("000001-")
    afar.out.fetch(f"{AT}/{run}", afar.root / "fetched")
    assert not faults(afar.root / "fetched")
    before = afar.published()
    assert json.loads(afar.run("--resume", "--json").stdout)[0]["status"] == "unchanged"
    assert afar.published() == before
    if afar.url.startswith("s3"):
        return
    done = afar.run()
    assert done.exit_code == 0, done.output
    assert published_in(afar.out, AT).startswith("000002-")
    kept = {name: content for name, content in before.items() if not name.endswith(f"{AT}/index.html")}
    assert {name: content for name, content in afar.published().items() if name in kept} == kept
    assert afar.out.names("small/released/dfe") == ["000001.csv", "000002.csv"]
    records = Store(records_at(afar.data.url, afar.out.url))
    runs = [json.loads(records.read(f"{AT}/runs/00000{n}/run.json") or b"") for n in (1, 2)]
    assert [entry["status"] for entry in runs] == ["published", "published"]
    assert runs[1]["target"] == f"{afar.out.url}/{AT}"
    assert json.loads(records.read("heartbeat.json") or b"")["failed"] == []


@one_store
def test_its_bytes_are_those_of_a_briefing_made_on_disk(afar: Afar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1668000000")
    monkeypatch.setenv("THREATLIB_RUN_ID", "the-run")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # the commit may change between the two
    assert afar.run().exit_code == 0
    data = folder(afar.root / "data" / "small").parent
    (data / KEY_FILE).write_bytes(afar.data.read(KEY_FILE) or b"")
    made = brief(str(data / "small"), QUARTER, out=str(afar.root / "out"), notebooks=str(afar.root / "notebooks"))
    here = Path(made.folder)
    names = sorted(path.relative_to(here).as_posix() for path in here.rglob("*") if path.is_file())
    at = f"{AT}/000001-the-run"
    assert names == afar.out.names(at)
    assert {name: (here / name).read_bytes() for name in names} == {
        name: afar.out.read(f"{at}/{name}") for name in names
    }
    ledger = (afar.root / "out" / "small" / "released" / "dfe.csv").read_bytes()
    assert afar.out.read("small/released/dfe/000001.csv") == ledger


@pytest.fixture
def memory(afar: Afar) -> Afar:
    """With a briefing already published, on the store that is the quicker one."""
    assert afar.run().exit_code == 0
    return afar


@one_store
def test_what_goes_wrong_leaves_the_last_briefing(memory: Afar, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is lost at each step of putting a briefing up; data that cannot be used."""
    before = memory.published()
    first = published_in(memory.out, AT)
    for step, lost in enumerate((f"{AT}/000002", "released", AT)):
        with monkeypatch.context() as patch:
            patch.setattr(Store, "put", _losing(lost))
            patch.setattr(Store, "create", _not_created if lost == "released" else Store.create)
            done = memory.run()
        assert done.exit_code == (6 if lost == "released" else 8), done.output
        assert "The last briefing is unchanged." in done.stderr
        assert published_in(memory.out, AT) == first
        assert {k: v for k, v in memory.published().items() if k in before} == before
        records = Store(records_at(memory.data.url, memory.out.url))
        run = json.loads(records.read(f"{AT}/runs/{step + 2:06d}/run.json") or b"")
        assert run["status"] == "failed"
        assert run["report"].startswith(memory.data.url)
        assert b"NOT FOR PUBLICATION" in (records.read(f"{AT}/runs/{step + 2:06d}/report.html") or b"")
    (memory.root / "spoilt").mkdir()
    (memory.root / "spoilt" / "council.csv").write_text("indicator,area,period,value\n")
    memory.data.put(memory.root / "spoilt", f"small/returns/{QUARTER}")
    done = memory.run()
    assert done.exit_code == 3
    assert f"{memory.data.url}/small" in done.stderr, "a place is told by its URL"
    assert f"{memory.data.url}/.state" in done.stderr
    assert "/tl-" not in done.stderr
    assert published_in(memory.out, AT) == first


def _losing(lost: str) -> Callable[..., None]:
    def put(self: Store, here: Path, under: str, names: Iterable[str] | None = None) -> None:
        if self.url.endswith("/out") and (under == lost or under.startswith(f"{lost}-")):
            raise OutputError(f"{self.url}: cannot be written (the line is dead).")
        REAL_PUT(self, here, under, names)

    return put


def _not_created(self: Store, name: str, content: bytes) -> bool:
    return False if name.startswith("small/released") else REAL_CREATE(self, name, content)


@one_store
def test_who_is_there_is_said(afar: Afar) -> None:
    done = afar.run("nobody")
    assert "no partnership 'nobody'; there are small." in str(done.exception)
    done = afar.run("--scheduler", "local")
    assert "workers are others" in str(done.exception)


def test_where_records_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("THREATLIB_RECORDS", raising=False)
    assert records_at("s3://b/data/", "s3://b/out").startswith("s3://b/data/.state/")
    assert records_at("s3://b/data", "s3://b/out") == records_at("s3://b/data/", "s3://b/out/")
    assert records_at("s3://b/data", "s3://b/out") != records_at("s3://b/data", "s3://b/other")
    assert Path(records_at(str(tmp_path), "s3://b/out")).parent == tmp_path.parent / ".threatlib"
    monkeypatch.setenv("THREATLIB_RECORDS", str(tmp_path / "kept"))
    assert Path(records_at("s3://b/data", "s3://b/out")).parent == tmp_path / "kept"
