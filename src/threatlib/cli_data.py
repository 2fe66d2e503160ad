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


@click.command()
@click.argument("agency")
@click.argument("quarter")
@DATA
@click.option("--partnership", default="", help="Whose form; the first partnership's if not given.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write; named after the agency if not given.")
def template(agency: str, quarter: str, data: Path, partnership: str, out: Path | None) -> None:
    """An Excel return form for AGENCY and QUARTER (such as 2022-23-Q2), to be filled in and sent back."""
    from threatlib import forms, returns
    from threatlib.catalogue import load, partnerships
    from threatlib.errors import OutputError, UsageError
    from threatlib.periods import parse

    folder = partnerships(data, [partnership] if partnership else [])[0]
    definitions = load(folder)
    found = forms.agency_of(definitions, agency)
    if found is None:
        names = ", ".join(a.name for a in definitions.partnership.agencies)
        raise UsageError(f"{folder}: no agency '{agency}'; there are {names}.")
    try:
        period = parse(quarter)
    except ValueError as fault:
        raise UsageError(f"quarter: {fault}.") from fault
    if period.kind != "quarter":
        raise UsageError(f"quarter: found '{quarter}', wanted a financial quarter such as 2022-23-Q2.")
    table, _, _ = returns.read(folder, definitions)
    book = forms.form(definitions, table, found, period)
    if book is None:
        raise UsageError(f"{folder}: catalogue.yaml asks nothing of {found.name} for {period}.")
    target = out or Path(forms.form_name(found, period))
    try:
        book.save(target)
    except OSError as fault:
        raise OutputError(f"{target}: cannot be written ({fault.strerror}).") from fault
    click.echo(f"{target}: to be filled in and put into {folder.as_posix()}/returns/{period}/")


@click.command(name="import")
@click.argument("source")
@click.argument("file", type=click.Path(path_type=Path))
@DATA
@click.option("--partnership", default="", help="Whose folder; needed if there are several partnerships.")
@_RECEIVED
def import_(source: str, file: Path, data: Path, partnership: str, received_on: datetime | None) -> None:
    """Bring an official download in: FILE is checked against SOURCE's columns, copied untouched, and registered.

    A file whose columns have changed is refused, with the difference.
    """
    from threatlib.catalogue import load, partnerships
    from threatlib.errors import UsageError
    from threatlib.returns.importing import import_file

    folders = partnerships(data, [partnership] if partnership else [])
    if len(folders) > 1:
        raise UsageError(f"{data}: several partnerships; say which with --partnership {folders[0].name}.")
    done = import_file(folders[0], load(folders[0]), source, file, _day(received_on))
    click.echo(f"{folders[0].as_posix()}/{done.file}: registered, {_many(done.figures, 'figure')} of the catalogue")


@click.command()
@click.argument("name")
@DATA
@click.option("--area", "areas", multiple=True, metavar="NAME[=CODE]", help="A local authority; once for each.")
@click.option("--title", default="", help="The partnership's name in full.")
@click.option("--quarter", default="", help="Of the first return; the last full quarter if not given.")
def init(name: str, data: Path, areas: tuple[str, ...], title: str, quarter: str) -> None:
    """A new partnership's folder NAME: definitions to start from, return forms, and where to download the rest."""
    from threatlib.errors import UsageError
    from threatlib.forms import default_quarter
    from threatlib.periods import parse
    from threatlib.starting import start

    pairs = [(area.partition("=")[0].strip(), area.partition("=")[2].strip()) for area in areas]
    try:
        period = parse(quarter) if quarter else default_quarter(_day(None))
    except ValueError as fault:
        raise UsageError(f"quarter: {fault}.") from fault
    if period.kind != "quarter":
        raise UsageError(f"quarter: found '{quarter}', wanted a financial quarter such as 2022-23-Q2.")
    called = title or f"{' and '.join(area for area, _ in pairs)} Safeguarding Children Partnership"
    folder = start(data, name, pairs, called, period)
    click.echo(f"{folder.as_posix()}: ready. Read {folder.as_posix()}/README.md next.")
