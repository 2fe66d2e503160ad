"""Run a notebook with papermill in a kernel of its own, and believe only what can be proved about how it ended.

papermill marks every cell completed even when a kernel died or a cell called ``sys.exit``; so a notebook counts as
finished only if each code cell ran, none has an error output, and the last cell left its sentinel with the run's id.
"""

from __future__ import annotations

import ast
import copy
import difflib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from threatlib.errors import KernelError, NotebookError, UsageError

SENTINEL = "application/vnd.threatlib.done+json"
CELL_SECONDS = 300
START_SECONDS = 120


def read_parameters(notebook: Path) -> dict[str, Any]:
    """Names and defaults of a notebook's parameters, read without running it.

    Raises
    ------
    UsageError
        If the notebook does not have exactly one cell tagged ``parameters``, first among its code cells, made of plain
        assignments of literals.
    """
    book = _open(notebook)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    tagged = [i for i, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", [])]
    if tagged != [0]:
        raise UsageError(
            f"{notebook}: found {len(tagged)} cells tagged 'parameters', wanted one, before any other code. "
            "Tag the first code cell 'parameters'."
        )
    found: dict[str, Any] = {}
    for node in ast.parse(code[0].source).body:
        if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
            raise UsageError(f"{notebook}: the parameters cell holds more than assignments (line {node.lineno}).")
        try:
            found[node.targets[0].id] = ast.literal_eval(node.value)
        except ValueError as fault:
            raise UsageError(f"{notebook}: parameter '{node.targets[0].id}' has no literal default.") from fault
    return found


def check_parameters(notebook: Path, given: Mapping[str, Any]) -> None:
    """Refuse a parameter the notebook does not have, or one of another type, before any kernel starts.

    Raises
    ------
    UsageError
        Naming every fault, with the nearest name that does exist.
    """
    defaults = read_parameters(notebook)
    faults = []
    for name, value in given.items():
        if name not in defaults:
            near = difflib.get_close_matches(name, defaults, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            faults.append(f"'{name}' is not one of its parameters: {', '.join(defaults)}.{hint}")
        elif type(value) is not type(defaults[name]):
            wanted, got = type(defaults[name]).__name__, type(value).__name__
            faults.append(f"'{name}' is {got} ({value!r}), wanted {wanted}.")
    if faults:
        raise UsageError("\n".join(f"{notebook.name}: {fault}" for fault in faults))


def execute(notebook: Path, output: Path, parameters: Mapping[str, Any], *, run_id: str, log: Path) -> Any:
    """Run a notebook and return it executed; `output` holds it in any case, for whoever must find out what failed.

    Parameters
    ----------
    notebook, output : Path
        Where it is read from and written to; the kernel's current folder is the output's.
    parameters : mapping
        JSON values only; checked against the notebook first.
    run_id : str
        What the sentinel of the last cell must carry.
    log : Path
        Receives what the kernel writes to its standard error.

    Raises
    ------
    NotebookError, KernelError
        If it did not run to its end.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    check_parameters(notebook, parameters)
    sockets = Path(tempfile.mkdtemp(prefix="tl-"))
    try:
        papermill.execute_notebook(
            _open(notebook),
            str(output).replace("{", "{{").replace("}", "}}"),
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            log_output=False,
            kernel_manager_class=_manager(output.parent, sockets, log),
            execution_timeout=CELL_SECONDS,
            start_timeout=START_SECONDS,
            shutdown_kernel="immediate",
        )
    except papermill.PapermillExecutionError as fault:
        raise NotebookError(f"{notebook.name}, cell {fault.cell_index + 1}: {fault.ename}: {fault.evalue}") from fault
    except CellTimeoutError as fault:
        raise KernelError(f"{notebook.name}: a cell ran for more than {CELL_SECONDS} seconds.") from fault
    except (DeadKernelError, RuntimeError) as fault:
        raise KernelError(f"{notebook.name}: the kernel died ({str(fault).splitlines()[0]}).") from fault
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
    book = _open(output)
    _prove_finished(notebook.name, book, run_id)
    return book


def _open(path: Path) -> Any:
    import nbformat

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def _manager(folder: Path, sockets: Path, log: Path) -> type:
    """A kernel manager for one notebook: this Python, private sockets, its own folder, its stderr in the log."""
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            if os.name == "posix":
                self.transport = "ipc"
                self.ip = str(sockets / "k")

        def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
            return [sys.executable, "-m", "ipykernel_launcher", "-f", self.connection_file, *(extra_arguments or [])]

        async def _async_start_kernel(self, **options: Any) -> None:
            options["cwd"] = str(folder)
            options["env"] = {**os.environ, **_ENVIRONMENT, **options.get("env", {})}
            with log.open("ab") as stream:
                options["stderr"] = stream
                await super()._async_start_kernel(**options)

        start_kernel = _async_start_kernel

    return Manager


_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


def _prove_finished(name: str, book: Any, run_id: str) -> None:
    code = [cell for cell in book.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(code, start=1):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors:
            raise NotebookError(f"{name}, code cell {number}: {errors[0].ename}: {_uncoloured(errors[0].evalue)}")
        if cell.execution_count is None:
            raise NotebookError(f"{name}: stopped before code cell {number} of {len(code)}.")
    found = [output.data[SENTINEL] for output in code[-1].outputs if SENTINEL in output.get("data", {})]
    if [mark.get("run_id") for mark in found] != [run_id]:
        raise KernelError(f"{name}: its last cell did not report the end of the run; the kernel stopped early.")


def _uncoloured(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def tidied(book: Any, run_id: str) -> str:
    """An executed notebook as it is published: without clocks, machine names or anything else of the run itself."""
    from nbformat import writes

    kept = copy.deepcopy(book)
    kept.metadata = {name: kept.metadata[name] for name in ("kernelspec", "title") if name in kept.metadata}
    for cell in kept.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.output_type != "stream"]
    text: str = writes(kept)  # type: ignore[no-untyped-call]
    return text.replace(run_id, "run") + "\n"
