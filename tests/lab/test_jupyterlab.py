"""JupyterLab as an analyst meets it: started, every notebook opened, Run All clicked, every cell run without an error.

One server and one window serve them all; each notebook has a kernel of its own, and the kernels run side by side.
With THREATLIB_TEST_SCREENSHOTS set to a folder, pictures of each finished notebook are left there.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.reader import NotJSONError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
TOKEN = "only-for-this-test"
LONGEST = 240

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("jupyterlab")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as someone has it, in a folder of its own: a notebook saved here changes nothing there."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return folder


@pytest.fixture(scope="module")
def server(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={project}", "--ServerApp.port_retries=0"]
    own = {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "data")}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=project, env={**os.environ, **own}, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(240):
            if process.poll() is not None:
                pytest.fail(f"JupyterLab did not start:\n{(home / 'log').read_text()[-2000:]}")
            try:
                _asked(url, "api/status")
                break
            except OSError:
                time.sleep(0.25)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def lab(server: str) -> Iterator[Any]:
    """The window, with every notebook opened by a double click and Run All clicked in each."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(f"{server}/lab/workspaces/test/tree/notebooks?token={TOKEN}&reset")
        for name in NOTEBOOKS:
            page.locator(".jp-DirListing-item", has_text=f"{name}.ipynb").dblclick()
            _tab(page, name).wait_for()
            _until(lambda name=name: _kernel(server, name) in ("idle", "starting", "busy"), "the kernel to start")
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        yield page
        opened.close()


def _asked(url: str, path: str, method: str = "GET") -> Any:
    request = urllib.request.Request(f"{url}/{path}", headers={"Authorization": f"token {TOKEN}"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        body = answer.read()
    return json.loads(body) if body else None


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_all_finishes_without_error(name: str, project: Path, server: str, lab: Any) -> None:
    path = project / "notebooks" / f"{name}.ipynb"
    for cell in _until(lambda: _finished(lab, server, name, path), "every cell to run"):
        wrong = [output for output in cell.outputs if output.output_type == "error"]
        assert not wrong, f"{name}: {wrong[0].ename}: {wrong[0].evalue}"
        said = [output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stderr"]
        assert not [text for text in said if "Warning" in text], f"{name}: {said}"
    folder = os.environ.get("THREATLIB_TEST_SCREENSHOTS")
    if folder:
        _pictures(lab, Path(folder), name)


def _pictures(page: Any, folder: Path, name: str) -> None:
    """The notebook from top to end, a window at a time."""
    panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer")
    for number in range(12):
        at = panel.evaluate("(it, top) => { it.scrollTop = top; return it.scrollTop }", 750 * number)
        page.wait_for_timeout(700)
        page.screenshot(path=str(folder / f"lab-{name}-{number + 1}.png"))
        if at + panel.evaluate("it => it.clientHeight") >= panel.evaluate("it => it.scrollHeight"):
            break


def _tab(page: Any, name: str) -> Any:
    return page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text=f"{name}.ipynb")


def _kernel(server: str, name: str) -> str:
    for session in _asked(server, "api/sessions"):
        if session["path"].endswith(f"{name}.ipynb"):
            return str(session["kernel"]["execution_state"])
    return ""


def _finished(page: Any, server: str, name: str, path: Path) -> list[Any]:
    """The notebook's code cells as saved, once each has run or one has failed; none before."""
    if _kernel(server, name) != "idle":
        return []
    _tab(page, name).click()
    page.keyboard.press("Control+s")
    page.wait_for_timeout(300)
    cells = _code(path)
    failed = any(output.output_type == "error" for cell in cells for output in cell.outputs)
    return cells if failed or all(cell.execution_count for cell in cells if cell.source.strip()) else []


def _code(path: Path) -> list[Any]:
    """The code cells of a notebook; none while the server is still writing it (it empties the file, then fills it)."""
    try:
        book = nbformat.read(path, as_version=4)
    except NotJSONError:
        return []
    return [cell for cell in book.cells if cell.cell_type == "code"]


def _until(done: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if found := done():
            return found
        time.sleep(0.5)
    pytest.fail(f"waited {LONGEST} s for {what}")
