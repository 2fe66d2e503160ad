"""The commands that bring figures in: check, template, import, init. They parse, call, print; the work is elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from threatlib.errors import DataError

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("data"),
    show_default=True,
    help="Folder of the partnerships.",
)
_RECEIVED = click.option(
    "--received-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day new files were received; today if not given.",
)


def _day(given: datetime | None) -> date:
    return (given or datetime.now()).date()


def _many(count: int, thing: str) -> str:
    return f"{count or 'no'} {thing}{'' if count == 1 else 's'}"


@click.command()
@click.argument("partnerships", nargs=-1)
@DATA
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True,
              help="How problems are shown.")  # fmt: skip
@_RECEIVED
def check(partnerships: tuple[str, ...], data: Path, form: str, received_on: datetime | None) -> None:
    """Every problem in the files received; new files in which nothing is wrong are registered.

    Says all problems at once, each with file, sheet, row, column, what was found, what was wanted and what to do, and
    what is probably wrong ("doubts"). Ends with exit code 3 if there is a problem; doubts alone do not stop a run.
    """
    from threatlib.catalogue import load
    from threatlib.catalogue import partnerships as folders
    from threatlib.returns import shown
    from threatlib.returns.checking import check as check_folder

    found = []
    for folder in folders(data, partnerships):
        checked = check_folder(folder, load(folder), _day(received_on))
        found += [problem.under(folder.as_posix()) for problem in checked.problems]
        if form != "text":
            continue
        doubts = len(checked.problems) - len(checked.faults)
        for name in checked.registered:
            click.echo(f"{folder.as_posix()}/{name}: registered")
        for title, chosen in (("", checked.faults), ("to look at: ", [p for p in checked.problems if p.doubt])):
            for problem in chosen:
                click.echo(f"{title}{problem.under(folder.as_posix())}")
        files, figures = _many(len(checked.register), "file"), _many(len(checked.table), "figure")
        what = f"{_many(len(checked.faults), 'problem')}, {doubts} to look at"
        click.echo(f"{folder.as_posix()}: {files}, {figures}, {what}")
    if form != "text":
        click.echo(shown(found, form))
    wrong = sum(not problem.doubt for problem in found)
    if wrong:
        raise DataError(f"{_many(wrong, 'problem')} in the data.")
