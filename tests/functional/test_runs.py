"""What is kept of a small partnership's runs, and the commands that look at it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.faults.running import DONE, DRAW, PAGES, notebook
from tests.forked import assessed_once
from tests.small import QUARTER, folder
from threatlib import cli, pipeline
from threatlib.briefing import kernels, pages
from threatlib.pipeline.plan import records_of
from threatlib.returns import digest

pytestmark = pytest.mark.xdist_group("runs")


def made(root: Path, out: Path, **how: object) -> pipeline.Outcome:
    how = {"notebooks": str(root / "notebooks"), **how}
    done = pipeline.brief(str(root / "data" / "small"), QUARTER, out=str(out), **how)  # type: ignore[arg-type]
    assert done.exit_code == 0, done.message
    return done


@pytest.fixture(scope="module", autouse=True)
def two_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A briefing of two pages that draw nothing: what is kept of a run does not depend on what its pages show."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in pages.PAGES if name not in PAGES]:
            patched.delitem(pages.PAGES, name)
        patched.setenv("THREATLIB_PDF", "0")
        assessed_once(tmp_path_factory.mktemp("assessed"), patched.setattr)
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: the second after a figure was corrected."""
    root = tmp_path_factory.mktemp("runs")
    folder(root / "data" / "small")
    (root / "notebooks").mkdir()
    for name in PAGES:
        notebook(root / "notebooks" / f"{name}.ipynb", DRAW, DONE)
    made(root, root / "out")
    path = root / "data" / "small" / "returns" / QUARTER / "council.csv"
    path.write_text(path.read_text().replace(f"offences,Northam,{QUARTER},200", f"offences,Northam,{QUARTER},300"))
    register = root / "data" / "small" / "register.csv"
    head, line = register.read_text().splitlines()
    fields = line.split(",")
    fields[1] = digest(path)
    register.write_text(f"{head}\n{','.join(fields)}\n")
    made(root, root / "out")
    return root


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.cli, [str(word) for word in words])


def test_a_run_leaves_a_log_of_what_it_did_and_how_long_it_took(root: Path) -> None:
    state = records_of(root / "data", root / "out") / "small" / QUARTER / "runs"
    lines = [json.loads(line) for line in (state / "000001" / "log.jsonl").read_text().splitlines()]
    assert lines[0]["event"] == "started"
    assert lines[-1]["event"] == "published"
    assert {line["page"] for line in lines if line["event"] == "page"} == set(PAGES)
    assert len({line["run_id"] for line in lines}) == 1
    assert all(one["elapsed"] <= two["elapsed"] for one, two in pairwise(lines))


def test_nothing_that_depends_on_what_is_withheld_is_under_the_outputs(root: Path) -> None:
    assert {path.name for path in (root / "out").iterdir()} == {".earlier", ".locks", ".staging", "small"}
    assert not list((root / "out").rglob("*.pickle"))
    assert not list((root / "out").rglob("log.jsonl"))


def test_runs_lists_them_in_order(root: Path) -> None:
    words = ("runs", "--data", root / "data", "--out", root / "out")
    lines = invoke(*words).output.splitlines()
    assert [line.split("  ")[3] for line in lines[:2]] == ["run 1", "run 2"]
    assert all("  published  " in line for line in lines[:2])
    assert lines[-1] == "No run has been made into " + str(root / "out") + " yet."  # the unit alone leaves no heartbeat
    found = json.loads(invoke(*words, "--json").output)
    assert [run["number"] for run in found] == [1, 2]
    assert json.loads(invoke(*words, "--failed", "--json").output) == []
    assert json.loads(invoke(*words, "large", "--json").output) == []


def test_compare_says_which_findings_and_figures_differ(root: Path) -> None:
    done = invoke("compare", "small", QUARTER, "--out", root / "out")
    assert done.exit_code == 0, done.output
    assert "observations: 1 changed" in done.output
    assert f"changed  offences | Council | Northam | {QUARTER}  value: 200.0 -> 300.0" in done.output
    rows = list(csv.DictReader(io.StringIO(invoke("compare", "small", QUARTER, "--csv", "--out", root / "out").output)))
    assert {row["table"] for row in rows} == {"findings", "observations"}
    assert {(row["field"], row["old"], row["new"]) for row in rows if row["table"] == "observations"} >= {
        ("value", "200.0", "300.0")
    }


def test_compare_with_itself_and_with_what_is_not_kept(root: Path, tmp_path: Path) -> None:
    ids = [
        run["run_id"]
        for run in json.loads(invoke("runs", "--json", "--data", root / "data", "--out", root / "out").output)
    ]
    words = ("compare", "small", QUARTER, "--out", root / "out")
    assert "no finding and no figure differs" in invoke(*words, ids[0], ids[0]).output
    assert "found 0 kept briefings of run 'soon'" in str(invoke(*words, "soon", ids[0]).exception)
    assert "found 1 runs, wanted two or none" in str(invoke(*words, ids[0]).exception)
    assert "no briefing is published there" in str(invoke("compare", "large", *words[2:]).exception)
    shutil.copytree(root / "out" / "small", tmp_path / "small")
    only = ("compare", "small", QUARTER, "--out", tmp_path)
    assert "only one briefing is kept" in str(invoke(*only).exception)


def test_open_says_where_the_briefing_is(root: Path) -> None:
    words = ("--print", "--out", root / "out")
    assert invoke("open", "small", *words).output == f"{root / 'out' / 'small' / QUARTER / 'index.html'}\n"
    assert f"no briefing of 2020-21-Q1; there are ['{QUARTER}']" in str(
        invoke("open", "small", "2020-21-Q1", *words).exception
    )
    assert "there are none" in str(invoke("open", "large", *words).exception)


def test_what_has_changed_is_made_anew_and_what_has_not_is_left_alone(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "data", tmp_path / "data", ignore=shutil.ignore_patterns(".state"))
    shutil.copytree(root / "notebooks", tmp_path / "notebooks")
    ways = [made(tmp_path, tmp_path / "out", resume=True).status for _ in range(2)]
    (tmp_path / "requirements.lock").write_text("numpy==1\n")
    ways.append(made(tmp_path, tmp_path / "out", resume=True).status)
    (tmp_path / "out" / "small" / QUARTER / "index.html").write_text("spoilt")
    ways.append(made(tmp_path, tmp_path / "out", resume=True).status)
    assert ways == ["published", "unchanged", "published", "published"]


def test_doctor_is_content_and_then_is_not(root: Path, tmp_path: Path) -> None:
    words = ("doctor", "--data", root / "data", "--out", root / "out", "--notebooks", root / "notebooks")
    found = {check["name"]: check for check in json.loads(invoke(*words, "--json").output)}
    assert {name for name, check in found.items() if check["state"] == "bad"} == set()
    assert "this environment's Python" in found["kernel"]["found"]
    assert "no run has been made" in found["last run"]["found"]
    heartbeat = records_of(root / "data", root / "out") / "heartbeat.json"
    heartbeat.write_text('{"at": "2020-01-31T06:00:00+00:00", "failed": []}')
    try:
        done = invoke(*words)
        assert "bad   last run             no run since 31 January 2020" in done.output
        assert getattr(done.exception, "exit_code", 0) == 9
    finally:
        heartbeat.unlink()


def test_a_zygote_is_shared_by_the_runs_of_a_process(root: Path) -> None:
    assert len(kernels._zygotes) <= 1
