"""A notebook counts as finished only if it can be proved: faults that papermill alone would miss."""

from __future__ import annotations

import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from threatlib.briefing import parameters, runner
from threatlib.briefing.kernels import Limits
from threatlib.errors import KernelError, NotebookError, UsageError

RUN = "20220930T000000-abc"
DONE = (
    "from IPython.display import display\n"
    f"display({{'{runner.SENTINEL}': {{'run_id': run_id}}, 'text/plain': 'done'}}, raw=True)"
)


def book(folder: Path, *sources: str) -> Path:
    cells = [new_code_cell('run_id = "interactive"', metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    path = folder / "small.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def run(folder: Path, *sources: str, **limits: int) -> nbformat.NotebookNode:
    room = folder / "room {odd}"
    room.mkdir()
    where, log = room / "small.ipynb", room / "kernel.log"
    given = {"run_id": RUN}
    return runner.execute(book(folder, *sources), where, given, run_id=RUN, log=log, limits=Limits(**limits))


def test_a_whole_notebook_is_run_in_its_room_and_handed_back(tmp_path: Path) -> None:
    done = run(tmp_path, "import os; print(os.path.basename(os.getcwd()))", DONE)
    assert done.cells[2].outputs[0].text == "room {odd}\n"


@pytest.mark.parametrize(
    ("sources", "error", "said"),
    [
        (["raise ValueError('odd')", DONE], NotebookError, "ValueError: odd"),
        (["import sys; sys.exit(0)", "late = 1", DONE], (NotebookError, KernelError), "small.ipynb"),
        (["import os; os._exit(0)", DONE], KernelError, "small.ipynb"),
        ([DONE, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"], KernelError, "small.ipynb"),
        (["fine = 1"], KernelError, "did not report the end of the run"),
        ([DONE.replace("run_id}", "'another'}")], KernelError, "did not report the end of the run"),
    ],
)
def test_what_did_not_end_is_not_believed(
    tmp_path: Path, sources: list[str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        run(tmp_path, *sources)


def test_a_cell_that_never_ends_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match="a cell ran for more than 2 seconds, and was ended") as raised:
        run(tmp_path, "import time; time.sleep(60)", DONE, cell_seconds=2)
    assert (raised.value.cell, raised.value.source) == (2, "import time; time.sleep(60)")


def test_a_notebook_that_never_ends_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=r"small\.ipynb: ran for more than 3 seconds"):
        run(tmp_path, *["import time; time.sleep(1)"] * 60, DONE, notebook_seconds=3)


def test_a_notebook_that_displays_without_end_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=r"small\.ipynb: displayed or printed more than 1 MB"):
        run(tmp_path, "while True: print('x' * 10_000)", DONE, output_bytes=2**20)


def test_no_file_grows_beyond_the_limit(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="File too large"):
        run(tmp_path, "open('big', 'wb').write(bytes(2**20))", DONE, file_bytes=2**18)


def test_a_process_that_a_notebook_started_ends_with_it(tmp_path: Path) -> None:
    start = "import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\np.pid"
    done = run(tmp_path, start, DONE)
    pid = int(done.cells[2].outputs[0].data["text/plain"])
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it is still there")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"run_id": 3}, "'run_id' is int"),
        ({"run": "x"}, "Did you mean 'run_id'?"),
        ({"quarter": "x", "run_id": None}, "'quarter' is not one of its parameters"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_unrun(tmp_path: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        parameters.check(book(tmp_path, DONE), given)


def test_a_published_notebook_has_no_clock_and_no_machine(tmp_path: Path) -> None:
    done = run(tmp_path, DONE)
    text = runner.tidied(done, RUN)
    assert RUN not in text
    assert "papermill" not in nbformat.reads(text, as_version=4).metadata
    assert text == runner.tidied(done, RUN)
