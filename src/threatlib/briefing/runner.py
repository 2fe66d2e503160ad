"""Run a notebook with papermill in a kernel of its own, and believe only what can be proved about how it ended.

papermill marks every cell completed even when a kernel died or a cell called ``sys.exit``; so a notebook counts as
finished only if each code cell ran, none has an error output, and the last cell left its sentinel with the run's id.
"""

from __future__ import annotations

import copy
import logging
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from threatlib.briefing import parameters
from threatlib.briefing.kernels import INJECTED, Kernel, Kernels, Limits, manager, sockets
from threatlib.errors import KernelError, NotebookError, OutputError

SENTINEL = "application/vnd.threatlib.done+json"
_ENGINE = "threatlib"


def execute(
    notebook: Path,
    output: Path,
    given: Mapping[str, Any],
    *,
    run_id: str,
    log: Path,
    kernels: Kernels | None = None,
    limits: Limits | None = None,
) -> Any:
    """Run a notebook and return it executed; `output` holds it in any case, for whoever must find out what failed.

    Parameters
    ----------
    notebook, output : Path
        Where it is read from and written to; the kernel's current folder is the output's.
    given : mapping
        Its parameters, JSON values only; checked against the notebook first.
    run_id : str
        What the sentinel of the last cell must carry.
    log : Path
        Receives what the kernel writes to its standard error.
    kernels : Kernels, optional
        The run's kernels, so that whoever ends the run ends this one too.

    Raises
    ------
    NotebookError, KernelError
        If it did not run to its end.
    OutputError
        If there was no room to write it.
    """
    bounds = limits or Limits()
    parameters.check(notebook, given)
    with sockets() as private, (kernels or Kernels()).one(bounds.notebook_seconds) as kernel:
        kernel.mark = str(private)
        how = manager(output.parent, private, log, kernel, bounds)
        _run(notebook, output, dict(given), how, kernel, bounds)
        if kernel.reason:
            raise KernelError(f"{notebook.name}: {kernel.reason}, and was ended.", **_where(kernel, notebook.name))
    book = opened(output)
    _prove_finished(notebook.name, book, run_id)
    return book


def _run(notebook: Path, output: Path, given: dict[str, Any], how: type, kernel: Kernel, limits: Limits) -> None:
    """Have papermill run it, and say in our words what papermill, nbclient and zmq say in theirs."""
    papermill = _papermill()
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    name = notebook.name
    try:
        papermill.execute_notebook(
            opened(notebook),
            str(output).replace("{", "{{").replace("}", "}}"),
            parameters=given,
            engine_name=_ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            kernel_manager_class=how,
            watched=kernel,
            limits=limits,
        )
    except papermill.PapermillExecutionError as fault:
        raise NotebookError(
            f"{name}, cell {kernel.cell}: {fault.ename}: {_uncoloured(fault.evalue)}",
            traceback="\n".join(fault.traceback), **_where(kernel, name),
        ) from fault  # fmt: skip
    except CellTimeoutError as fault:
        why = kernel.reason or f"a cell ran for more than {limits.cell_seconds} seconds"
        raise KernelError(f"{name}: {why}, and was ended.", **_where(kernel, name)) from fault
    except (DeadKernelError, RuntimeError) as fault:
        why = kernel.reason or f"the kernel died ({str(fault).splitlines()[0]})"
        raise KernelError(f"{name}: {why}.", **_where(kernel, name)) from fault
    except OSError as fault:
        raise OutputError(f"{output.parent}: cannot be written ({fault.strerror or fault}).") from fault


@cache
def _papermill() -> Any:
    """papermill with an engine of ours: it stops a notebook that displays without end."""
    # jsonschema, if this is there, builds a grammar of internationalised addresses on import: 0.9 s for nothing here
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import papermill
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines
    from papermill.log import logger

    class Client(PapermillNotebookClient):  # type: ignore[misc]
        watched: Kernel
        most = displayed = 0

        def process_message(self, message: Any, *more: Any, **options: Any) -> Any:
            self.displayed += _size(message["content"])
            if self.displayed > self.most:
                self.watched.end(f"displayed or printed more than {self.most // 2**20} MB")
                return None
            return super().process_message(message, *more, **options)

    class Engine(NBClientEngine):  # type: ignore[misc]
        @classmethod
        def execute_managed_notebook(
            cls, nb_man: Any, kernel_name: str, *, watched: Kernel, limits: Limits, kernel_manager_class: type, **_: Any
        ) -> Any:
            client = Client(
                nb_man,
                kernel_name=kernel_name,
                kernel_manager_class=kernel_manager_class,
                timeout=limits.cell_seconds,
                startup_timeout=limits.start_seconds,
                shutdown_kernel="immediate",
                on_cell_execute=watched.at,
                log=logger,
            )
            client.watched, client.most = watched, limits.output_bytes
            return client.execute()

    papermill_engines.register(_ENGINE, Engine)
    logger.addHandler(logging.NullHandler())  # what it has to say is in what it raises
    return papermill


def _size(content: Mapping[str, Any]) -> int:
    shown = content.get("data")
    return len(content.get("text", "")) + (sum(len(str(part)) for part in shown.values()) if shown else 0)


def opened(path: Path) -> Any:
    """A notebook as nbformat reads it."""
    import nbformat

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def _where(kernel: Kernel, name: str) -> dict[str, Any]:
    """The cell a kernel was in when it went: the last one begun."""
    return {"notebook": name, "cell": kernel.cell, "source": kernel.source}


def _prove_finished(name: str, book: Any, run_id: str) -> None:
    cells = [cell for cell in book.cells if INJECTED not in cell.metadata.get("tags", [])]
    code = [(n, cell) for n, cell in enumerate(cells, start=1) if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in code:
        found: dict[str, Any] = {"notebook": name, "cell": number, "source": cell.source}
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors:
            said = f"{errors[0].ename}: {_uncoloured(errors[0].evalue)}"
            trace = "\n".join(errors[0].get("traceback", []))
            raise NotebookError(f"{name}, cell {number}: {said}", traceback=trace, **found)
        if cell.execution_count is None:
            raise NotebookError(f"{name}: stopped before cell {number}, with more to run.", **found)
    number, last = code[-1]
    marks = [output.data[SENTINEL] for output in last.outputs if SENTINEL in output.get("data", {})]
    if [mark.get("run_id") for mark in marks] != [run_id]:
        raise KernelError(
            f"{name}: its last cell did not report the end of the run; the kernel stopped early.",
            notebook=name, cell=number, source=last.source,
        )  # fmt: skip


def _uncoloured(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def tidied(book: Any, run_id: str) -> str:
    """An executed notebook as it is published: without clocks, machine names or anything else of the run itself."""
    from nbformat import writes

    kept = copy.deepcopy(book)
    kept.metadata = {name: kept.metadata[name] for name in ("kernelspec", "title") if name in kept.metadata}
    for cell in kept.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.output_type != "stream"]
    text: str = writes(kept)  # type: ignore[no-untyped-call]
    return text.replace(run_id, "run") + "\n"
