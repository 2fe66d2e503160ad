"""A small partnership's real six notebooks: both ways of starting kernels, and what is kept of its runs."""

from __future__ import annotations

import csv
import io
import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.faults.running import contents
from tests.small import QUARTER, folder
from threatlib import cli, pipeline
from threatlib.briefing import kernels
from threatlib.pipeline.plan import records_of

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
pytestmark = pytest.mark.xdist_group("runs")


def made(root: Path, out: Path, **how: object) -> pipeline.Outcome:
    done = pipeline.brief(str(root / "data" / "small"), QUARTER, out=str(out), notebooks=str(NOTEBOOKS), **how)  # type: ignore[arg-type]
    assert done.exit_code == 0, done.message
    return done


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: one the ordinary way, the same with forked kernels, and one after a figure was corrected."""
    root = tmp_path_factory.mktemp("runs")
    folder(root / "data" / "small")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("THREATLIB_PDF", "0")
        patched.setenv("THREATLIB_KERNELS", "ordinary")
        made(root, root / "ordinary")
        patched.setenv("THREATLIB_KERNELS", "forked")
        made(root, root / "out")
        path = root / "data" / "small" / "returns" / QUARTER / "council.csv"
        path.write_text(path.read_text().replace(f"offences,Northam,{QUARTER},200", f"offences,Northam,{QUARTER},300"))
        register = root / "data" / "small" / "register.csv"
        from threatlib.returns import digest

        head, line = register.read_text().splitlines()
        fields = line.split(",")
        fields[1] = digest(path)
        register.write_text(f"{head}\n{','.join(fields)}\n")
        made(root, root / "out")
    return root


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.cli, [str(word) for word in words])


def test_both_ways_give_the_same_bytes(root: Path) -> None:
    """But for the manifest, which says when."""
    earlier = root / "out" / ".earlier" / "small" / QUARTER / "000001"
    one, other = contents(root / "ordinary" / "small" / QUARTER), contents(earlier)
    assert one.pop("manifest.json") != other.pop("manifest.json")
    assert len(one) > 20
    assert one == other


def test_a_run_leaves_a_log_of_what_it_did_and_how_long_it_took(root: Path) -> None:
    state = records_of(root / "data", root / "out") / "small" / QUARTER / "runs"
    lines = [json.loads(line) for line in (state / "000001" / "log.jsonl").read_text().splitlines()]
    assert lines[0]["event"] == "started"
    assert lines[-1]["event"] == "published"
    assert {line["page"] for line in lines if line["event"] == "page"} == {
        p.stem for p in NOTEBOOKS.glob("*.ipynb")
    } - {"explore"}
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


def test_compare_with_itself_and_with_what_is_not_kept(root: Path) -> None:
    ids = [
        run["run_id"]
        for run in json.loads(invoke("runs", "--json", "--data", root / "data", "--out", root / "out").output)
    ]
    words = ("compare", "small", QUARTER, "--out", root / "out")
    assert "no finding and no figure differs" in invoke(*words, ids[0], ids[0]).output
    assert "found 0 kept briefings of run 'soon'" in str(invoke(*words, "soon", ids[0]).exception)
    assert "found 1 runs, wanted two or none" in str(invoke(*words, ids[0]).exception)
    assert "no briefing is published there" in str(invoke("compare", "large", *words[2:]).exception)
    only = ("compare", "small", QUARTER, "--out", root / "ordinary")
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
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    how = {"out": str(tmp_path / "out"), "notebooks": str(tmp_path / "notebooks"), "resume": True}
    ways = [pipeline.brief(str(tmp_path / "data" / "small"), QUARTER, **how).status for _ in range(2)]  # type: ignore[arg-type]
    (tmp_path / "requirements.lock").write_text("numpy==1\n")
    ways.append(pipeline.brief(str(tmp_path / "data" / "small"), QUARTER, **how).status)  # type: ignore[arg-type]
    (tmp_path / "out" / "small" / QUARTER / "index.html").write_text("spoilt")
    ways.append(pipeline.brief(str(tmp_path / "data" / "small"), QUARTER, **how).status)  # type: ignore[arg-type]
    assert ways == ["published", "unchanged", "published", "published"]


def test_doctor_is_content_and_then_is_not(root: Path, tmp_path: Path) -> None:
    words = ("doctor", "--data", root / "data", "--out", root / "out", "--notebooks", NOTEBOOKS)
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
