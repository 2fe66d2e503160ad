"""The files for schedulers: they parse, and what they start is a command of ours with options that exist."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from threatlib.cli import cli

FOLDER = Path(__file__).parents[1] / "schedule"
STARTED = sorted(
    {
        found
        for path in FOLDER.iterdir()
        for found in re.findall(r"bin/threatlib ([^|>&\n]+)", path.read_text(encoding="utf-8"))
    }
)


def test_every_scheduler_runs_and_watches() -> None:
    assert {words.split()[0] for words in STARTED} == {"run", "doctor"}


@pytest.mark.parametrize("words", STARTED)
def test_what_is_started_is_a_command_with_options_that_exist(words: str) -> None:
    name, *rest = [word.strip() for word in shlex.split(words)]
    command = cli.commands[name]
    context = command.make_context(name, rest)
    if name == "run":
        assert context.params["resume"] is True


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.timer")) + sorted(FOLDER.glob("*.service")), ids=lambda p: p.name
)
def test_units_parse_and_name_units_that_are_there(path: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    assert unit["Unit"]["Description"]
    if path.suffix == ".timer":
        assert unit["Timer"]["Persistent"] == "true"
        assert path.with_suffix(".service").is_file()
    for name in unit["Unit"].get("OnFailure", "").split():
        assert (FOLDER / name.replace("%n", "").replace("@.", "@.")).is_file()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.timer")), ids=lambda p: p.name)
def test_systemd_understands_the_calendar(path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed here")
    when = re.findall(r"OnCalendar=(.*)", path.read_text(encoding="utf-8"))[0]
    subprocess.run(["systemd-analyze", "calendar", when], check=True, capture_output=True)


def test_systemd_finds_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` on copies that find their command: an unknown key or type is a line of output."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed here")
    command = tmp_path / ".venv" / "bin" / "threatlib"
    command.parent.mkdir(parents=True)
    command.touch(mode=0o755)
    units = [path for path in FOLDER.iterdir() if path.suffix in (".service", ".timer")]
    for path in units:
        text = path.read_text(encoding="utf-8").replace("/srv/threat-briefings", str(tmp_path))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    words = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / path.name) for path in units)]
    done = subprocess.run(
        words, capture_output=True, text=True, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert len(units) == 5


def test_cron_lines_have_five_times_and_a_command() -> None:
    lines = [line for line in (FOLDER / "crontab").read_text().splitlines() if re.match(r"\d", line)]
    assert [line.split()[:5] for line in lines] == [["0", "6", "25", "1,4,7,10", "*"], ["0", "8", "*", "*", "1"]]


def test_the_workflow_is_monthly_and_keeps_itself_on() -> None:
    flow = yaml.safe_load((FOLDER / "quarterly.yml").read_text(encoding="utf-8"))
    minute, hour, day, month, weekday = flow[True]["schedule"][0]["cron"].split()  # YAML reads "on" as true
    assert (month, weekday) == ("*", "*")
    assert int(day) <= 28
    assert 0 <= int(minute) < 60
    assert 0 <= int(hour) < 24
    assert flow["permissions"]["actions"] == "write"
    last = flow["jobs"]["run"]["steps"][-1]
    assert last["if"] == "always()"
    assert last["run"].endswith('actions/workflows/quarterly.yml/enable"')
