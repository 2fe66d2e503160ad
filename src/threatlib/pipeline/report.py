"""The page about a run that failed: for the analyst who must find out why, never for readers of briefings."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup, escape

from threatlib.errors import CellError, UserError

_LINES = 20
_PAGE = Markup("""<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>NOT FOR PUBLICATION: run that failed, {title}</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}}
pre{{overflow-x:auto;background:#f3f2f1;padding:1rem;white-space:pre-wrap}}dt{{font-weight:bold}}
.mark{{background:#801650;color:#fff;padding:.5rem 1rem;font-weight:bold}}</style></head>
<body><main><p class="mark">NOT FOR PUBLICATION. It may show figures that are withheld.</p>
<h1>The run failed: {title}</h1>
<p>{message}</p>
<p>Nothing was published; the last briefing stands as it did. Mend the cause, then run
<code>{again}</code></p>
<h2>What was asked for</h2>
<dl>{asked}</dl>
{parts}</main></body></html>
""")


def report(asked: Mapping[str, str], fault: BaseException, kernel_log: Path) -> str:
    """A whole HTML page: what failed, for whom, in which cell, the last lines of traceback and log, how to go on."""
    parts = []
    if isinstance(fault, CellError) and fault.source:
        parts.append(_part(f"{fault.notebook}, cell {fault.cell}", fault.source))
    if isinstance(fault, CellError):
        trace = fault.traceback
    else:
        trace = "" if isinstance(fault, UserError) else "".join(traceback.format_exception(fault))
    if trace:
        parts.append(_part(f"The last {_LINES} lines of the traceback", _tail(trace)))
    log = _log(kernel_log)
    if log:
        parts.append(_part("The end of the kernels' own log", _tail(log)))
    return str(
        _PAGE.format(
            title=f"{asked['partnership']}, {asked['quarter']}",
            message=Markup("<br>").join(str(fault).splitlines() or [type(fault).__name__]),
            again=f"threatlib run {asked['quarter']} {asked['partnership']} --resume",
            asked=Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*pair) for pair in asked.items() if pair[1]),
            parts=Markup("\n").join(parts),
        )
    )


def _part(title: str, text: str) -> Markup:
    return Markup("<h2>{}</h2>\n<pre>{}</pre>").format(title, escape(text))


def _tail(text: str) -> str:
    return "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()[-_LINES:])


def _log(path: Path) -> str:
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 20_000))
            return log.read().decode("utf-8", "replace")
    except OSError:
        return ""
