"""Intelligence requirements from the command line: list, raise, answer, close. The work is elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from threatlib.cli_data import DATA
from threatlib.errors import UsageError

if TYPE_CHECKING:
    from threatlib.assessment import Assessment

_KINDS = ("analysis", "collection", "information", "continuing action", "decision")
"""The catalogue's, said here too so that the help need not import it."""
_STATUSES = ("open", "answered", "closed", "all")
_ON = click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day it counts from; today if not given.")
_OUT = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("outputs"),
    show_default=True,
    help="Where briefings go: what was released before stays withheld or shown as it was.",
)
_REGARDLESS = click.option("--regardless", is_flag=True, help="Even if it waits for a question that is open.")


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command: whose requirements, and where."""
    who = click.option(
        "--partnership", default="", help="Whose requirements; needed if there are several partnerships."
    )
    return DATA(who(command))


@click.group()
def requirements() -> None:
    """The questions that somebody must answer: list, raise, answer and close them."""


@requirements.command(name="list")
@_common
@_OUT
@click.option("--quarter", default="", help="Held against this quarter's findings; the newest with data if not given.")
@click.option("--status", type=click.Choice(_STATUSES), default="open", show_default=True, help="Which to show.")
@click.option("--overdue", is_flag=True, help="Only those that are overdue.")
@click.option("--orphaned", is_flag=True, help="Only those that nobody owns or that lead nowhere any more.")
@click.option("--proposed", is_flag=True, help="Instead, what the quarter's findings and gaps would have asked.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="What was known, and overdue, on this day.")
def list_(
    data: Path, partnership: str, out: Path, quarter: str, status: str, overdue: bool, orphaned: bool, proposed: bool,
    as_csv: bool, on: datetime | None,
) -> None:  # fmt: skip
    """Every open question with its age, owner and due date, and what is in its way."""
    from threatlib.assessment.requirements import followed
    from threatlib.catalogue import load
    from threatlib.periods import quarter_of

    folder = _folder(data, partnership)
    made = _assessed(folder, out, quarter, on.date() if on else None)
    if proposed:
        table = made.tables["proposed"]
        line = "{source}  {threat}  {kind}: {question}"
    else:
        day, asked = _day(on), load(folder).requirements
        table = followed(asked, made.findings, made.tables["gaps"], quarter=quarter_of(day), as_of=day)
        table = table[(table["status"] == status) | (status == "all")]
        table = table[(table["overdue"] | (not overdue)) & ((table["orphaned"] != "") | (not orphaned))]
        line = "{ref}  {status}  {kind}, {threat}: {question}"
    if as_csv:
        table.to_csv(sys.stdout, index=False, lineterminator="\n")
        return
    for row in table.to_dict("records"):
        click.echo(line.format_map(row))
        if not proposed:
            click.echo(f"    {_standing(row)}")
    click.echo(f"{made.slug}, {made.quarter}: {len(table)} {'proposed' if proposed else 'shown'}")


def _standing(row: dict[Any, Any]) -> str:
    """Owner, due date and age in a line, then what is in the way, then the answer."""
    from pandas import isna

    quarters = row["age_quarters"]
    age = "not dated" if isna(quarters) else f"{int(quarters)} quarter{'' if quarters == 1 else 's'} old"
    said = f"owner: {row['owner'] or 'none'}; due: {row['due'] or 'no date'}; {age}. {row['notes']}".strip()
    return f"{said} Answer: {row['answer']}" if row["answer"] else said


@requirements.command(name="raise")
@_common
@click.option("--question", default="", help="In words; taken over from the finding or gap if not given.")
@click.option("--threat", default="", help="A threat or sub-topic of threats.yaml.")
@click.option("--kind", default="", help=f"One of {', '.join(_KINDS)}.")
@click.option("--owner", default="", help="Who will answer it.")
@click.option("--due", default="", help="A day such as 2022-11-30, or a quarter.")
@click.option("--depends-on", default="", help="The question that must be answered first.")
@click.option("--from", "source", default="", metavar="ID", help="The finding (F-...) or gap (G-...) it comes from.")
@_OUT
@click.option("--quarter", default="", help="Whose finding or gap that is; the newest with data if not given.")
@click.option("--ref", default="", help="Its reference; the next number if not given.")
@_ON
def raise_(
    data: Path, partnership: str, out: Path, source: str, quarter: str, on: datetime | None, **fields: str
) -> None:
    """Ask a new question, by hand or from a finding or gap (`threatlib requirements list --proposed` shows them)."""
    from threatlib.catalogue import load
    from threatlib.catalogue import requirements as file

    folder = _folder(data, partnership)
    asked = {**_from(folder, out, quarter, source), **{name: text for name, text in fields.items() if text}}
    tree = load(folder).threats.threats
    threats = [name for threat in tree for name in (threat.id, *(sub.id for sub in threat.subtopics))]
    ref = file.raise_(folder, asked, threats=threats, on=_day(on))
    click.echo(f"{folder.as_posix()}/{file.FILE}: {ref} raised")
    for lost in [name for name in ("owner", "due") if not asked.get(name)]:
        click.echo(f"{ref}: it has no {lost} yet")


@requirements.command()
@click.argument("ref")
@_common
@click.option("--answer", "text", required=True, help="What was found out, in words.")
@_REGARDLESS
@_ON
def answer(ref: str, data: Path, partnership: str, text: str, regardless: bool, on: datetime | None) -> None:
    """Write down the answer to REF; it stays in the list until it is closed."""
    from threatlib.catalogue import requirements as file

    folder = _folder(data, partnership)
    _told(folder, ref, "answered", file.answer(folder, ref, text, on=_day(on), regardless=regardless))


@requirements.command()
@click.argument("ref")
@_common
@click.option("--answer", "text", default="", help="What was found out, if that was not written down yet.")
@_REGARDLESS
@_ON
def close(ref: str, data: Path, partnership: str, text: str, regardless: bool, on: datetime | None) -> None:
    """Close REF, which needs an answer."""
    from threatlib.catalogue import requirements as file

    folder = _folder(data, partnership)
    _told(folder, ref, "closed", file.close(folder, ref, text=text, on=_day(on), regardless=regardless))


def _told(folder: Path, ref: str, what: str, waited: list[str]) -> None:
    from threatlib.catalogue.requirements import FILE

    click.echo(f"{folder.as_posix()}/{FILE}: {ref} {what}")
    for other in waited:
        click.echo(f"{other}: it waited for {ref}, and can go on")


def _from(folder: Path, out: Path, quarter: str, source: str) -> dict[str, str]:
    """What a finding or a gap would ask."""
    if not source:
        return {}
    made = _assessed(folder, out, quarter, None)
    table = made.tables["proposed"]
    found = table[table["source"] == source].to_dict("records")
    if not found:
        raise UsageError(
            f"{source}: no finding or gap of {made.slug} in {made.quarter} that nobody has asked about. "
            "`threatlib requirements list --proposed` shows those there are."
        )
    row = {str(name): str(value) for name, value in found[0].items()}
    return {"threat": row["threat"], "kind": row["kind"], "question": row["question"], "raised_from": source}


def _assessed(folder: Path, out: Path, quarter: str, day: date | None) -> Assessment:
    """The partnership as its default audience may see it: a question must not tell what a page would withhold."""
    from threatlib import pipeline
    from threatlib.disclosure import ledger
    from threatlib.pipeline.plan import released

    dataset = pipeline.load(folder, strict=False)
    there = dataset.quarters(day)
    if not there:
        raise UsageError(f"{folder}: there are no data yet, so nothing can be listed; raise, answer and close work.")
    wanted = quarter or str(there[-1])
    audience = dataset.definitions.partnership.default_audience
    told = ledger.read(released(out / dataset.slug, dataset.definitions, audience))
    return pipeline.assess(dataset, wanted, day, audience=audience, history=told)


def _folder(data: Path, partnership: str) -> Path:
    from threatlib.catalogue import partnerships

    folders = partnerships(data, [partnership] if partnership else [])
    if len(folders) > 1:
        names = ", ".join(folder.name for folder in folders)
        raise UsageError(f"{data}: several partnerships ({names}); say which with --partnership {folders[0].name}.")
    return folders[0]


def _day(given: datetime | None) -> date:
    return (given or datetime.now()).date()
