"""Each page as a tagged PDF, where Chromium is at hand: a courtesy copy, the page itself is the publication.

Chromium is spoken to through two pipes (the DevTools protocol), so that one process prints every page and nothing
listens on a port. It writes the time and numbers of its own into a PDF; those are replaced, so that the same page gives
the same bytes.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

SECONDS = 120
"""How long the printing of one briefing may take."""

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_OPTIONS = {"preferCSSPageSize": True, "printBackground": True, "generateTaggedPDF": True,
            "generateDocumentOutline": True}  # fmt: skip
_START = "import os, sys; [os.dup2(int(sys.argv[i]), i + 2) for i in (1, 2)]; os.execv(sys.argv[3], sys.argv[3:])"
"""Chromium reads from file descriptor 3 and writes to 4."""

_ON_PAPER = """document.querySelectorAll('a[href]').forEach(link => {
  if (!/^(#|https?:|mailto:)/.test(link.getAttribute('href'))) link.removeAttribute('href')
})"""
"""A link to another file of the folder would be printed with the path of the machine that printed it."""

_PAGE = re.compile(r'<li><a href="([\w-]+)\.html"[^>]*>([^<]+)</a></li>')
_SUMMARY = re.compile(r'<li><a href="summary[\w-]*\.txt"[^\n]*</li>\n')

_DATE = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)(\d{14})")
_NODE = re.compile(rb"node\d{8}")
_FIXED = b"20000101000000"


def write(folder: Path, jobs: int = 1) -> str:
    """Print every page of a finished folder beside itself, with `jobs` browsers, and say in a sentence what was done.

    ``THREATLIB_PDF=0`` leaves PDFs out. A Chromium that is missing or fails never stops a run: the sentence says so.
    """
    program = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    if os.environ.get("THREATLIB_PDF") == "0":
        return "PDF left out: THREATLIB_PDF is 0."
    if program is None:
        return f"PDF left out: none of {', '.join(_PROGRAMS)} is on the PATH."
    pages = sorted(folder.glob("*.html"), key=lambda page: page.stat().st_size)  # taken from the end: longest first
    printed: dict[Path, bytes] = {}
    try:
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for part in pool.map(lambda _: _printed(program, pages), range(jobs)):
                    printed |= part
            finally:
                pages.clear()  # whoever is still printing after a fault, or the end of the run, stops there
    except (ImportError, OSError, ValueError, KeyError) as fault:
        return f"PDF left out: {Path(program).name} did not print ({fault})."
    for file, data in printed.items():
        file.write_bytes(data)
    for index in folder.glob("index*.html"):  # an unpublished briefing's has another name
        _link(index)
    return f"PDF: {len(printed)} pages printed."


def _printed(program: str, waiting: list[Path]) -> dict[Path, bytes]:
    """What one browser prints of the pages waiting, taking one at a time."""
    done: dict[Path, bytes] = {}
    with _browser(program) as browser:
        while True:
            try:
                page = waiting.pop()
            except IndexError:
                return done
            done[page.with_suffix(".pdf")] = _normal(browser.printed(page))


def _link(index: Path) -> None:
    """Name the PDFs among the files of the index, after the summary: not before, for they may not have come to be."""
    html = index.read_text(encoding="utf-8")
    pages = _PAGE.findall(html[: html.find("</nav>")])
    links = "".join(
        f'<li><a href="{name}.pdf" download>{title}, to print</a> <span>PDF</span></li>\n' for name, title in pages
    )
    index.write_text(_SUMMARY.sub(lambda found: found[0] + links, html, count=1), encoding="utf-8")


def _normal(pdf: bytes) -> bytes:
    """The same PDF with a fixed date and its nodes counted from nought, each as long as before: no offset moves."""
    counted = {name: b"node%08d" % i for i, name in enumerate(sorted(set(_NODE.findall(pdf))))}
    return _NODE.sub(lambda found: counted[found[0]], _DATE.sub(rb"\g<1>" + _FIXED, pdf))


class _Browser:
    """The two ends of the pipes: a message is JSON ended by a zero byte."""

    def __init__(self, to: BinaryIO, back: BinaryIO) -> None:
        self._to, self._back, self._read, self._count = to, back, b"", 0
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self._call("Page.enable", {}, self._session)

    def printed(self, page: Path) -> bytes:
        """A page as it prints on A4."""
        self._call("Page.navigate", {"url": page.resolve().as_uri()}, self._session)
        while self._message().get("method") != "Page.loadEventFired":
            pass
        self._call("Runtime.evaluate", {"expression": _ON_PAPER}, self._session)
        return base64.b64decode(self._call("Page.printToPDF", _OPTIONS, self._session)["data"])

    def _call(self, method: str, params: dict[str, Any], session: str = "") -> dict[str, Any]:
        self._count += 1
        asked = {"id": self._count, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self._to.write(json.dumps(asked).encode() + b"\0")
        self._to.flush()
        while (answer := self._message()).get("id") != self._count:
            pass
        if "error" in answer:
            raise ValueError(f"{method}: {answer['error']['message']}")
        return dict(answer["result"])

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            part = os.read(self._back.fileno(), 1 << 16)
            if not part:
                raise OSError("it ended early")
            self._read += part
        text, _, self._read = self._read.partition(b"\0")
        return dict(json.loads(text))


@contextmanager
def _browser(program: str) -> Iterator[_Browser]:
    """A Chromium with a profile of its own, ended with the block or when its time is up."""
    ours_in, theirs_out = (_high(end) for end in os.pipe())
    theirs_in, ours_out = (_high(end) for end in os.pipe())
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(  # noqa: S603  a program from the PATH, no text from the data
            [sys.executable, "-IS", "-c", _START, str(theirs_in), str(theirs_out), program, *_FLAGS, *root,
             f"--user-data-dir={profile}"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        limit = threading.Timer(SECONDS, process.kill)
        limit.start()
        try:
            with open(ours_out, "wb") as to, open(ours_in, "rb") as back:  # noqa: PTH123  pipes, not paths
                yield _Browser(to, back)
        finally:
            limit.cancel()
            process.terminate()
            process.wait(timeout=20)


def _high(end: int) -> int:
    """The same end of a pipe under a number that 3 and 4 cannot overwrite."""
    import fcntl  # not there on Windows, where nothing is printed

    moved = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(end)
    return moved
