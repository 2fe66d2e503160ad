"""The command line in this process: help, exit codes, and the text of every refusal."""

from __future__ import annotations

import csv
import errno
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.small import QUARTER, folder
from threatlib import __version__, cli, manifest
from threatlib.errors import EXIT_CODES, INTERRUPTED, DataError, LockedError, UserError, VerificationError
from threatlib.pipeline.plan import records_of

COMMANDS = {
    *("run", "check", "init", "template", "import", "verify", "catalogue", "requirements"),
    *("runs", "open", "compare", "doctor"),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder(tmp_path / "data" / "small")
    return tmp_path / "data"


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.cli, [str(word) for word in words])


def ended(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    """Exit code of the command as a person types it."""
    monkeypatch.setattr(sys, "argv", ["threatlib", *map(str, words)])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_help_lists_every_command_and_every_exit_code() -> None:
    text = invoke("--help").output
    assert set(cli.cli.commands) == COMMANDS
    for name in COMMANDS:
        assert f"\n  {name} " in text
    for code, words in EXIT_CODES.items():
        assert f"{code:>3}  {words}" in text
    assert {kind.exit_code for kind in UserError.__subclasses__()} < set(EXIT_CODES)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_and_every_option_says_what_it_is(name: str) -> None:
    done = invoke(name, "--help")
    assert done.exit_code == 0
    command = cli.cli.commands[name]
    assert command.help
    for option in command.params:
        assert option.param_type_name == "argument" or getattr(option, "help", ""), option.name


def test_help_imports_nothing_that_is_slow() -> None:
    """0.15 s is not enough for any of these; a clock in a test would measure who else uses the machine."""
    slow = {
        "numpy",
        "pandas",
        "scipy",
        "matplotlib",
        "seaborn",
        "pydantic",
        "yaml",
        "jupyter_client",
        "papermill",
        "fsspec",
    }
    ask = f"import sys, threatlib.cli; print(*sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_kinds_of_requirement_in_the_help_are_the_catalogues() -> None:
    from threatlib.catalogue.requirements import KINDS

    assert f"One of {', '.join(KINDS)}." in " ".join(invoke("requirements", "raise", "--help").output.split())


def test_version() -> None:
    assert invoke("--version").output == f"threatlib, version {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dance",), "No such command 'dance'"),
        (("run",), "Missing argument 'QUARTER'"),
        (("run", QUARTER, "--colour"), "No such option"),
        (("run", QUARTER, "--jobs", "0"), "0 is not in the range x>=1"),
        (("run", QUARTER, "--as-of", "soon"), "'soon' does not match the format '%Y-%m-%d'"),
        (("verify", "nowhere"), "Directory 'nowhere' does not exist"),
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2(
    words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, *words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "2022-23"), "quarter: found '2022-23', wanted a financial quarter such as 2022-23-Q2."),
        (("run", "soon"), "quarter: found 'soon', wanted a period such as 2022-23-Q1"),
        (("run", "2030-31-Q1"), "no data for 2030-31-Q1; there are data from 2021-22-Q1 to 2022-23-Q2."),
        (("run", QUARTER, "large"), "no partnership 'large'; there are small."),
        (("catalogue", "nonsense"), "no indicator 'nonsense' in its catalogue. `threatlib catalogue` lists them."),
        (
            ("catalogue", "offences", "--csv"),
            "catalogue: --csv lists every indicator; leave out the indicator, or --csv.",
        ),
        (("run", QUARTER, "--out", ""), "--out: found nothing, wanted a folder or a URL."),
        (("catalogue", "--partnership", "large"), "no partnership 'large'; there are small."),
        (("template", "Choir", QUARTER), "no agency 'Choir'; there are Council."),
        (("template", "Council", "2022-23"), "quarter: found '2022-23', wanted a financial quarter such as"),
    ],
)
def test_what_can_be_mended_is_said_without_a_traceback(
    words: tuple[str, ...], said: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, *words, "--data", data) == 2
    told = capsys.readouterr()
    assert told.err.startswith("threatlib: ")
    assert said in told.err
    assert "Traceback" not in told.err + told.out


def test_a_data_folder_without_partnerships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "run", QUARTER, "--data", tmp_path) == 2
    assert (
        "no partnership in it (a folder with partnership.yaml). `threatlib init` makes one." in capsys.readouterr().err
    )


def test_an_audience_that_does_not_exist(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ("run", QUARTER, "--data", data, "--out", tmp_path / "out", "--notebooks", "notebooks")
    done = invoke(*words, "--audience", "press")
    assert done.exit_code == 2
    assert "no audience 'press'; it has partners, internal" in done.stderr
    assert not (tmp_path / "out").exists()
    assert not (records_of(data, tmp_path / "out") / "small").exists()


def test_data_that_cannot_be_used_end_with_3_and_every_problem(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data / "small" / "returns" / QUARTER / "council.csv"
    path.write_text(path.read_text() + "offences,Northam,2022-23-Q2,2l4,,\n")
    assert ended(monkeypatch, "run", QUARTER, "--data", data) == DataError.exit_code == 3
    assert "council.csv" in capsys.readouterr().err


def test_a_missing_notebook_stops_a_run_before_anything_is_made(data: Path, tmp_path: Path) -> None:
    done = invoke("run", QUARTER, "--data", data, "--out", tmp_path / "out", "--notebooks", tmp_path)
    assert "briefing.ipynb: the notebook is missing." in str(done.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (LockedError("small: another run"), 6, "threatlib: small: another run\n"),
        (VerificationError("changed"), 7, "threatlib: changed\n"),
        (
            OSError(errno.EROFS, "Read-only file system", "data/register.csv"),
            8,
            "threatlib: data/register.csv: Read-only file system. Make room, or give this account leave to read and "
            "write there.\n",
        ),
        (KeyboardInterrupt(), INTERRUPTED, "Interrupted; what was not finished was not published.\n"),
    ],
)
def test_whatever_a_command_raises_has_its_own_exit_code(
    raised: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("threatlib.pipeline.brief_quarter", fail)
    assert ended(monkeypatch, "run", QUARTER) == code
    assert capsys.readouterr().err.lstrip() == said


@pytest.mark.parametrize("defect", [ZeroDivisionError, FileNotFoundError])
def test_a_defect_of_ours_shows_its_traceback(defect: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise defect

    monkeypatch.setattr("threatlib.pipeline.brief_quarter", fail)
    with pytest.raises(defect):
        ended(monkeypatch, "run", QUARTER)


def test_the_catalogue_as_a_list_as_csv_and_one_entry(data: Path) -> None:
    lines = invoke("catalogue", "--data", data).output.splitlines()
    assert lines[0] == "referrals  Referrals"
    assert len(lines) == 5
    rows = list(csv.DictReader(io.StringIO(invoke("catalogue", "--csv", "--data", data).output)))
    assert list(rows[0]) == ["id", "name", "theme", "unit", "frequency", "agency", "polarity", "denominator"]
    assert rows[0]["denominator"] == "population_children"
    assert rows[1]["denominator"] == ""
    one = invoke("catalogue", "referrals", "--data", data).output
    assert "comparators: Midham; England\n" in one
    assert "formula" not in one


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "outputs" / "elsewhere" / QUARTER
    path.mkdir(parents=True)
    (path / "index.html").write_text("one")
    manifest.write(path / "manifest.json", {"partnership": "elsewhere", "outputs": manifest.outputs(path)})
    return path


def test_a_published_folder_is_proved(published: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke("verify", published, "--data", data).output == f"{published}: as published\n"
    assert json.loads((published / "manifest.json").read_text())["outputs"]


def test_a_folder_that_changed_is_not(
    published: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (published / "index.html").write_text("two")
    assert ended(monkeypatch, "verify", published, "--data", data) == VerificationError.exit_code == 7
    assert "index.html: its contents changed since it was published." in capsys.readouterr().err
