"""The commands that bring figures in: check, template, import, init. They parse, call, print; the work is elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

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


_SINCE = click.option(
    "--revisions",
    "since",
    metavar="QUARTER",
    default="",
    help="Show instead which figures known at the end of QUARTER have changed since, and by how much.",
)
_CLAIMED = click.option(
    "--claims",
    "claimed",
    is_flag=True,
    help="Show instead every claim of published/claims.yaml and every conflict, worked out again.",
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
@_SINCE
@_CLAIMED
def check(
    partnerships: tuple[str, ...], data: Path, form: str, received_on: datetime | None, since: str, claimed: bool
) -> None:
    """Every problem in the files received; new files in which nothing is wrong are registered.

    Says all problems at once, each with file, sheet, row, column, what was found, what was wanted and what to do, and
    what is probably wrong ("doubts", claims of reports that do not work out among them). Ends with exit code 3 if there
    is a problem; doubts alone do not stop a run. What it shows is for the analyst: nothing is withheld.
    """
    if since or claimed:
        _look(partnerships, data, form, since)
        return
    from threatlib.catalogue import load
    from threatlib.catalogue import partnerships as folders
    from threatlib.claims import findings
    from threatlib.disclosure.words import doubts as spoken_of
    from threatlib.returns import shown
    from threatlib.returns.checking import check as check_folder

    found = []
    for folder in folders(data, partnerships):
        definitions = load(folder)
        checked = check_folder(folder, definitions, _day(received_on))
        doubts = [*(p for p in checked.problems if p.doubt), *findings(definitions.claims), *spoken_of(definitions)]
        found += [problem.under(folder.as_posix()) for problem in (*checked.faults, *doubts)]
        if form != "text":
            continue
        for name in checked.registered:
            click.echo(f"{folder.as_posix()}/{name}: registered")
        for title, chosen in (("", checked.faults), ("to look at: ", doubts)):
            for problem in chosen:
                click.echo(f"{title}{problem.under(folder.as_posix())}")
        files, figures = _many(len(checked.register), "file"), _many(len(checked.table), "figure")
        what = f"{_many(len(checked.faults), 'problem')}, {len(doubts)} to look at"
        click.echo(f"{folder.as_posix()}: {files}, {figures}, {what}")
    if form != "text":
        click.echo(shown(found, form))
    wrong = sum(not problem.doubt for problem in found)
    if wrong:
        raise DataError(f"{_many(wrong, 'problem')} in the data.")


def _look(partnerships: tuple[str, ...], data: Path, form: str, since: str) -> None:
    """Tables for the analyst: what was revised since the end of a quarter, or every claim worked out again."""
    import pandas as pd

    from threatlib import observations, pipeline, returns
    from threatlib.claims import worked_out
    from threatlib.errors import UsageError
    from threatlib.periods import parse

    try:
        period = parse(since) if since else None
    except ValueError as fault:
        raise UsageError(f"--revisions: {fault}.") from fault
    tables = []
    for folder in pipeline.partnerships(data, partnerships):
        dataset = pipeline.load(folder)
        if period is None:
            table = worked_out(dataset.table, dataset.definitions)
        else:
            table = observations.revisions(dataset.received, period.end, None, dataset.register)
        tables.append(table.assign(partnership=folder.name)[["partnership", *table.columns]])
        if form == "text":
            for row in table.to_dict("records"):
                click.echo(f"{folder.name}: {_worked_out(row) if period is None else _revised(row)}")
            what = "claim" if period is None else f"figure known on {period.end} that has changed"
            many = (
                _many(len(table), what)
                if period is None or len(table) == 1
                else (f"{len(table) or 'no'} figures known on {period.end} that have changed")
            )
            click.echo(f"{folder.as_posix()}: {many}")
    if form != "text":
        click.echo(returns.as_text(pd.concat(tables, ignore_index=True), form))


def _revised(row: dict[Any, Any]) -> str:
    def side(name: str) -> str:
        return f"{row[name]:,.10g}" if row[name] == row[name] else row[f"{name}_status"].replace("_", " ")

    by = f" ({row['change']:+,.10g}" if row["change"] else ""
    by = "" if row["change"] != row["change"] else by
    by += f", {row['percent']:+.1f}%)" if by and row["percent"] == row["percent"] else ")" if by else ""
    figure = ", ".join(filter(None, (row["indicator"], row["agency"], row["area"], row["breakdown"], row["period"])))
    places = " -> ".join(filter(None, (row["before_obs"], row["after_obs"])))
    status = f", {row['before_status']} -> {row['after_status']}" if row["before_status"] != row["after_status"] else ""
    return f"{figure}: {side('before')} -> {side('after')}{by}{status} [{places}]"


def _worked_out(row: dict[Any, Any]) -> str:
    words = f"'{row['says']}' " if row["says"] else ""
    result = f", worked out {round(row['result'], 1):,.10g}" if row["result"] == row["result"] else ""
    stated = f", stated {row['stated']:,.10g}" if row["stated"] == row["stated"] else ""
    return f"{row['claim']}: {words}{row['check']}{stated}{result}: {row['verdict'].replace('_', ' ')}" + (
        f" ({row['why']})" if row["why"] else ""
    )


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
    what = (
        _many(done.neighbours, "neighbour") if done.neighbours else f"{_many(done.figures, 'figure')} of the catalogue"
    )
    click.echo(f"{folders[0].as_posix()}/{done.file}: registered, {what}")
    for doubt in done.doubts:
        click.echo(f"to look at: {doubt.under(folders[0].as_posix())}")
    if done.absent:
        click.echo(f"It says nothing of {', '.join(done.absent)}; if it should, mend the name or code in "
                   f"{folders[0].as_posix()}/partnership.yaml.")  # fmt: skip


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
    from threatlib.starting import area_of, start

    pairs = [(area.partition("=")[0].strip(), area.partition("=")[2].strip()) for area in areas]
    try:
        period = parse(quarter) if quarter else default_quarter(_day(None))
    except ValueError as fault:
        raise UsageError(f"quarter: {fault}.") from fault
    if period.kind != "quarter":
        raise UsageError(f"quarter: found '{quarter}', wanted a financial quarter such as 2022-23-Q2.")
    places = " and ".join(area for area, _ in pairs) or area_of(name)
    called = title or f"{places} Safeguarding Children Partnership"
    folder = start(data, name, pairs, called, period)
    if not pairs:
        click.echo(f"No --area was given: the one area is called '{places}'. Change it in {folder.as_posix()}/"
                   "partnership.yaml to the local authority's name and code before anything is imported.")  # fmt: skip
    click.echo(f"{folder.as_posix()}: ready. Read {folder.as_posix()}/README.md next.")
