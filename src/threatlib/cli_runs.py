"""The commands about runs that were made: runs, open, compare, doctor. They parse, call, print."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from threatlib.cli_data import DATA
from threatlib.errors import UnfitError, UsageError

OUT = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("outputs"),
    show_default=True,
    help="Where briefings go; of briefings in a store, a folder that they were fetched into.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON, and nothing else.")
_AUDIENCE = click.option("--internal", "is_internal", is_flag=True, help="The internal briefing of the quarter.")


@click.command()
@click.argument("partnerships", nargs=-1)
@DATA
@OUT
@click.option("--failed", is_flag=True, help="Only those that failed.")
@_JSON
def runs(partnerships: tuple[str, ...], data: Path, out: Path, failed: bool, as_json: bool) -> None:
    """Runs that were made, oldest first, and how each ended."""
    from threatlib.pipeline import doctor, records
    from threatlib.pipeline.plan import records_of

    found = [run for run in records.runs(records_of(data, out), partnerships) if not failed or run.exit_code]
    if as_json:
        click.echo(json.dumps([asdict(run) for run in found], indent=2, ensure_ascii=False))
        return
    for run in found:
        said = run.message.splitlines()[0] if run.message else ""
        took = f"{run.seconds:.0f} s" if run.finished else "not ended"
        head = f"{run.partnership}  {run.quarter}  {run.audience}  run {run.number}  {run.started}"
        click.echo(f"{head}  {run.status}  {took}  {run.run_id}{f'  {run.exit_code}: {said}' if said else ''}")
        if run.report:
            click.echo(f"  {run.report}")
    last = doctor.last_run(data, out)
    click.echo(f"Last run: {last[0]:%d %B %Y, %H:%M} UTC" if last else f"No run has been made into {out} yet.")


@click.command(name="open")
@click.argument("partnership")
@click.argument("quarter", required=False)
@OUT
@_AUDIENCE
@click.option("--print", "only_print", is_flag=True, help="Say where it is; open nothing.")
def open_(partnership: str, quarter: str | None, out: Path, is_internal: bool, only_print: bool) -> None:
    """Open a published briefing: QUARTER's, or the newest."""
    from threatlib.briefing.internal import WORD, marked

    there = sorted(path.parent.name for path in (out / partnership).glob("*/manifest.json"))
    there = [name for name in there if name.endswith(f"-{WORD}") == is_internal]
    name = f"{quarter}-{WORD}" if quarter and is_internal else quarter or (there[-1] if there else "")
    if name not in there:
        raise UsageError(
            f"{out / partnership}: no briefing of {quarter or 'any quarter'}; there are {there or 'none'}."
        )
    index = out / partnership / name / (marked("index.html") if is_internal else "index.html")
    click.echo(str(index))
    if not only_print:
        click.launch(str(index))


@click.command()
@click.argument("partnership")
@click.argument("quarter")
@click.argument("runs", nargs=-1)
@OUT
@_AUDIENCE
@click.option("--csv", "as_csv", is_flag=True, help="Every difference, as CSV.")
@click.option("--lines", type=click.IntRange(1), default=40, show_default=True, help="Differences shown at most.")
def compare(
    partnership: str, quarter: str, runs: tuple[str, ...], out: Path, is_internal: bool, as_csv: bool, lines: int
) -> None:
    """Which findings and figures differ between two kept briefings of QUARTER.

    RUNS are the ids of two runs (their beginning or end is enough); the last two that were published if not given.
    """
    from threatlib.briefing.internal import WORD
    from threatlib.pipeline import comparing

    if len(runs) not in (0, 2):
        raise UsageError(f"compare: found {len(runs)} runs, wanted two or none. `threatlib runs` lists them.")
    there = comparing.kept(out, partnership, f"{quarter}-{WORD}" if is_internal else quarter)
    old, new = (comparing.choose(there, runs[n] if runs else "", n - 2) for n in (0, 1))
    found = comparing.compare(old, new)
    if as_csv:
        click.echo(found.to_csv(index=False, lineterminator="\n"), nl=False)
        return
    click.echo(f"{partnership} {quarter}: run {old.run_id} and run {new.run_id}")
    for table, rows in found.groupby("table", sort=False):
        counts = rows.groupby("change", sort=False)["what"].nunique()
        click.echo(f"{table}: {', '.join(f'{count} {change}' for change, count in counts.items())}")
    for _, change, what, field, before, after in found.head(lines).to_numpy(dtype=str):
        said = f"{field}: {before} -> {after}" if change == "changed" else before or after
        click.echo(f"  {change}  {what}  {said}")
    if len(found) > lines:
        click.echo(f"  and {len(found) - lines} more; --csv shows all")
    if not len(found):
        click.echo("no finding and no figure differs")


@click.command()
@DATA
@OUT
@click.option("--notebooks", type=click.Path(path_type=Path), help="Where the notebooks are.")
@click.option(
    "--days", type=click.IntRange(1), default=100, show_default=True, help="A run is late after so many days."
)
@_JSON
def doctor(data: Path, out: Path, notebooks: Path | None, days: int, as_json: bool) -> None:
    """Whether this machine is fit to make briefings, and whether they were made in time."""
    from threatlib.pipeline import doctor as examine
    from threatlib.pipeline.plan import notebooks_in

    found = examine.doctor(data, out, notebooks_in(notebooks), days=days)
    if as_json:
        click.echo(json.dumps([asdict(check) for check in found], indent=2, ensure_ascii=False))
    else:
        for check in found:
            click.echo(f"{check.state:<5} {check.name:<20} {check.found}")
        for run in examine.ended(data, out):
            click.echo(f"look  {'killed':<20} {run} was begun and never ended")
    bad = [check for check in found if check.state == examine.BAD]
    if bad:
        raise UnfitError("\n".join(f"{check.name}: {check.found}" for check in bad))
