"""The command line: parses, calls, prints, gives the exit code. Each command's work is done elsewhere."""

from __future__ import annotations

import csv
import errno
import gc
import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from threatlib import cli_data, cli_requirements, cli_runs
from threatlib._version import __version__
from threatlib.errors import EXIT_CODES, INTERRUPTED, OutputError, UserError

if TYPE_CHECKING:
    from threatlib.pipeline import Outcome

_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)
"""What a disk says that does not let us; any other fault of it is our own defect."""

_CODES = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {words}" for code, words in EXIT_CODES.items())


@click.group(epilog=_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="threatlib")
def cli() -> None:
    """Quarterly threat assessments for safeguarding children partnerships."""


_DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Folder of the partnerships.",
)


@cli.command()
@click.argument("quarter")
@click.argument("partnerships", nargs=-1)
@click.option("--data", default="data", show_default=True, help="Folder of the partnerships, or its URL.")
@click.option("--out", default="outputs", show_default=True, help="Where briefings go: a folder or a URL.")
@click.option("--notebooks", type=click.Path(path_type=Path),
              help="Where the notebooks are; those of ./notebooks, or else threatlib's own, if not given.")  # fmt: skip
@click.option("--audience", default="", help="One of the partnership's audiences; its default one if not given.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="What was known on this day.")
@click.option("--jobs", type=click.IntRange(1), show_default="2", help="Notebooks run at a time. More than six, "
              "for several partnerships: briefings made at a time, on a cluster of this machine.")  # fmt: skip
@click.option("--scheduler", default="", metavar="ADDRESS", help="Dask scheduler whose workers make the briefings; "
              "'local' for a cluster of this machine, of --jobs workers.")  # fmt: skip
@click.option("--resume/--force", default=False, help="Leave alone what is published and has not changed since; or "
              "make everything anew, as without either.")  # fmt: skip
@click.option("--cell-seconds", type=click.IntRange(1), default=300, show_default=True, help="Longest run of a cell.")
@click.option("--notebook-seconds", type=click.IntRange(1), default=1200, show_default=True,
              help="Longest run of a notebook.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="How each partnership's run ended, as JSON, and nothing else.")
def run(
    quarter: str, partnerships: tuple[str, ...], data: str, out: str, notebooks: Path | None, audience: str,
    as_of: datetime | None, jobs: int | None, scheduler: str, resume: bool, cell_seconds: int, notebook_seconds: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Make the briefings of QUARTER (such as 2022-23-Q2) for every partnership, or for those named.

    "latest" as QUARTER stands for the newest quarter that a partnership has data for. Where one of several
    partnerships fails the others go on; the exit code is that of the first that failed.
    """
    from threatlib import pipeline
    from threatlib.briefing.kernels import Limits
    from threatlib.briefing.zygote import LAZY

    gc.set_threshold(*LAZY)
    with pipeline.heeded():
        outcomes = pipeline.brief_quarter(
            data,
            partnerships,
            quarter,
            out=out,
            notebooks=pipeline.notebooks_in(notebooks),
            audience=audience,
            as_of=as_of.date().isoformat() if as_of else "",
            jobs=jobs,
            scheduler=scheduler,
            resume=resume,
            limits=Limits(cell_seconds=cell_seconds, notebook_seconds=notebook_seconds),
            say=partial(_say, err=as_json),
        )
    if as_json:
        _say(json.dumps([asdict(outcome) for outcome in outcomes], indent=2, ensure_ascii=False))
    _tell(outcomes, quiet=as_json)


def _say(line: str, *, err: bool = False) -> None:
    """Print a line; where nobody listens any more the run goes on, and its exit code still says how it ended."""
    try:
        click.echo(line, err=err)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if err else 1)


def _tell(outcomes: list[Outcome], *, quiet: bool) -> None:
    """What is ready to read, what failed, and the exit code."""
    failed = [outcome for outcome in outcomes if outcome.exit_code]
    ready = [outcome for outcome in outcomes if not outcome.exit_code]
    if ready and not quiet:
        _say("\nReady to read:")
        for outcome in ready:
            _say(f"  {outcome.index}")
    for outcome in failed:
        _say(f"threatlib: {outcome.message}", err=True)
        if outcome.report:
            _say(f"  What failed, not for publication: {outcome.report}", err=True)
    if failed:
        if len(outcomes) > 1:
            names = ", ".join(outcome.partnership for outcome in failed)
            _say(f"{len(failed)} of {len(outcomes)} failed: {names}. Mend them and run again with --resume.", err=True)
        sys.exit(failed[0].exit_code)


for _command in (cli_runs.runs, cli_runs.open_, cli_runs.compare, cli_runs.doctor):
    cli.add_command(_command)
for _command in (cli_data.check, cli_data.template, cli_data.import_, cli_data.init, cli_requirements.requirements):
    cli.add_command(_command)


@cli.command()
@click.argument("indicator", required=False)
@_DATA
@click.option("--partnership", default="", help="Whose catalogue; the first partnership's if not given.")
@click.option("--csv", "as_csv", is_flag=True, help="All indicators as CSV.")
def catalogue(indicator: str | None, data: Path, partnership: str, as_csv: bool) -> None:
    """What is measured, and how."""
    from threatlib import pipeline
    from threatlib.catalogue import load
    from threatlib.errors import UsageError

    if indicator and as_csv:
        raise UsageError("catalogue: --csv lists every indicator; leave out the indicator, or --csv.")
    folder = pipeline.partnerships(data, [partnership] if partnership else [])[0]
    entries = load(folder).catalogue
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        columns = ("id", "name", "theme", "unit", "frequency", "agency", "polarity", "denominator")
        writer.writerow(columns)
        writer.writerows([getattr(entry, name) or "" for name in columns] for entry in entries.indicators)
    elif indicator:
        if indicator not in entries.by_id:
            raise UsageError(
                f"{folder}: no indicator '{indicator}' in its catalogue. `threatlib catalogue` lists them."
            )
        shown: dict[str, Any] = entries.by_id[indicator].model_dump()
        for name, value in shown.items():
            if value not in (None, "", ()):
                click.echo(f"{name.replace('_', ' ')}: {'; '.join(value) if isinstance(value, tuple) else value}")
    else:
        for entry in entries.indicators:
            click.echo(f"{entry.id}  {entry.name}")


@cli.command()
@click.argument("output_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_DATA
@click.option("--disclosure", is_flag=True, help="Attack the folder: the tightest interval of each withheld count.")
def verify(output_dir: Path, data: Path, disclosure: bool) -> None:
    """Prove a published folder: its checksums, and that the same inputs give the same tables.

    OUTPUT_DIR is a folder of this machine: fetch a briefing that is in a store first.
    """
    from threatlib import pipeline
    from threatlib.errors import VerificationError

    unsafe = 0
    if disclosure:
        from threatlib.briefing.audit import audit

        click.echo(f"{output_dir}: what follows from what is published for each withheld count ...", err=True)
        table = audit(output_dir)
        click.echo(table.to_string(index=False) if len(table) else "no count is withheld")
        unsafe = int((~table["safe"].astype(bool)).sum()) if len(table) else 0
        click.echo(
            f"{output_dir}: {len(table)} withheld counts, {unsafe} of them narrowed; now the checksums and tables ...",
            err=True,
        )
    found = pipeline.verify(output_dir, data)
    many = "1 withheld count" if unsafe == 1 else f"{unsafe} withheld counts"
    found += [f"{many} can be narrowed below the rule's range."] if unsafe else []
    if found:
        raise VerificationError("\n".join([f"{output_dir}: not as it was published:", *(f"  {f}" for f in found)]))
    click.echo(f"{output_dir}: as published")


def main() -> None:
    """Run the command line; faults of the user's make one message and an exit code, not a traceback."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt) as end:
        cause = end.__cause__ or end.__context__
        click.echo("Interrupted; what was not finished was not published.", err=True)
        sys.exit(getattr(cause, "exit_code", INTERRUPTED))
    except click.ClickException as fault:
        fault.show()
        sys.exit(2)
    except UserError as fault:
        click.echo(f"threatlib: {fault}", err=True)
        sys.exit(fault.exit_code)
    except OSError as fault:
        if fault.errno not in _REFUSED:
            raise
        what = f"{fault.filename or 'a file'}: {fault.strerror}"
        click.echo(f"threatlib: {what}. Make room, or give this account leave to read and write there.", err=True)
        sys.exit(OutputError.exit_code)
