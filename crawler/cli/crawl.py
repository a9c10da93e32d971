"""presswatch crawl: one run, and what is told of it."""

import asyncio
import shlex
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler.books import Book
from crawler.cli.app import App, print_document, with_app
from crawler.cli.choose import select_sources
from crawler.cli.lock import LockedError, locked
from crawler.cli.replaying import read_recording, replay, tell_if_nothing_was_polled, warc_files
from crawler.config.models import Source
from crawler.outcomes import Outcome
from crawler.run import Run, RunReport
from pipelines.digest.all_due import issue_all_due


class ExitCode(IntEnum):
    """How a run ended, as design section 13 numbers it; LockedError and bad usage have the other numbers."""

    COMPLETED = 0
    INTERNAL = 1
    NOTHING_POLLED = 3


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--all", "poll_all", is_flag=True, help="Poll every enabled source now, due or not.")
@click.option("--then-digest", is_flag=True, help="Afterwards issue the digests that are due.")
@click.option("--if-idle", is_flag=True, help="When another run holds the lock, end at once and in silence.")
@click.option("--strict", is_flag=True, help="Exit with 3 when any source failed.")
@click.option(
    "--replay",
    "captures",
    metavar="WARC",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Live by this .warc.gz, or all in this folder, instead of the network; may be given several times.",
)
@click.option("--spider", hidden=True, help="Only sources this spider is for: what `scrapy crawl SPIDER` asks for.")
@with_app
def crawl(
    app: App, /, *, names: tuple[str, ...], captures: tuple[Path, ...], spider: str | None, **flags: bool
) -> None:
    """Visit what is due: poll, fetch, extract, judge, store. A named SOURCE is polled now, due or not."""
    if captures and app.route:
        raise click.UsageError("give either --replay or --route: a replay sends no request")
    scope = select_sources(app.config, names, spider=spider)
    try:
        with locked(app):
            report = _crawl_or_replay(app, scope, captures, poll_now=bool(names) or flags["poll_all"])
            if app.json:
                print_document(report_document(report))
            tell(report, to_person=sys.stdout.isatty() and not app.json, nothing_watched=not scope)
            if flags["then_digest"] and not report.halted:
                issue_all_due(
                    app.database, app.config, report.ended if captures else app.clock.now(), app.data / "digests"
                )
    except LockedError as error:
        if flags["if_idle"]:
            return
        raise LockedError(f"{error.message}, or use --if-idle in cron") from error
    sys.exit(exit_code(report, strict=flags["strict"]))


def _crawl_or_replay(app: App, scope: tuple[Source, ...], captures: tuple[Path, ...], *, poll_now: bool) -> RunReport:
    if not captures:
        return run_crawl(app, scope, poll_now=poll_now)
    report = replay(app, scope, read_recording(warc_files(captures)))
    tell_if_nothing_was_polled(report)
    return report


def run_crawl(app: App, scope: tuple[Source, ...], *, poll_now: bool) -> RunReport:
    """One run under the lock the caller holds, its progress shown on a terminal."""
    console = Console(stderr=True)
    with console.status("visiting hosts ...", spinner="dots") as status:
        run = Run(
            config=app.config,
            database=app.database,
            clock=app.clock,
            data=app.data,
            scope=scope,
            poll_now=poll_now,
            route=app.route,
            watch=lambda line: status.update(Text(line)),  # not markup: titles may hold brackets
        )
        return asyncio.run(run.crawl_until_signal(shlex.join(sys.argv[1:])[:200]))


def exit_code(report: RunReport, *, strict: bool) -> ExitCode:
    if report.errors or report.halted or report.unread or not report.balances:
        return ExitCode.INTERNAL
    nothing_polled = report.due > 0 and report.polls_succeeded == 0
    if nothing_polled or (strict and report.polls_failed > 0):
        return ExitCode.NOTHING_POLLED
    return ExitCode.COMPLETED


def report_document(report: RunReport) -> dict[str, Any]:
    """`crawl --json`, as design section 13 fixes it."""
    sources = [{"name": book.source, **_counters(book), "error": book.error or None} for book in report.books]
    counted = _counters(Book(source="", outcomes=dict.fromkeys(Outcome, 0)))
    return {
        "run": report.number,
        "started": report.started,
        "ended": report.ended,
        "sources": sources,
        "totals": {name: sum(int(source[name] or 0) for source in sources) for name in counted},
    }


def _counters(book: Book) -> dict[str, int | None]:
    return {
        "carried_in": book.carried_in,
        "found": book.found,
        **{outcome.value: book.outcomes[outcome] for outcome in Outcome},
        "carried_out": book.carried_out,
        "known": book.known,
        "requests": book.requests,
        "bytes": book.bytes,
    }


def tell(report: RunReport, *, to_person: bool, nothing_watched: bool) -> None:
    """A table for a person; what went wrong for everybody, on stderr, so that cron mails it."""
    if to_person:
        Console().print(_table(report))
    if nothing_watched:
        click.echo("no source is enabled: nothing is watched; see the folder sources/ of the configuration", err=True)
    for book in report.books:
        for error in book.error.splitlines():
            click.echo(f"{book.source}: {error}", err=True)
        if not book.balances:
            click.echo(f"{book.source}: the books of run {report.number} do not balance: {_sum(book)}", err=True)
    for text in (*report.unread, *(f"internal failure: {error}" for error in report.errors)):
        click.echo(text, err=True)
    if report.stopped:
        click.echo(_early_end(report), err=True)


def _early_end(report: RunReport) -> str:
    closing = "" if report.closed else ", which also closes the books of this one"
    cause = report.halted or report.stopped
    return f"the run ended early: {cause}; what is pending stays for the next one{closing}"


def _table(report: RunReport) -> Table:
    document = report_document(report)
    # Outcomes that came to nothing are left out, so that the table fits a terminal.
    outcomes = [outcome.value for outcome in Outcome if document["totals"][outcome.value]]
    columns = ["carried_in", "found", *outcomes, "carried_out", "known", "requests"]
    table = Table(title=f"run {report.number}", caption="carried in + found = outcomes + carried out")
    table.add_column("source", no_wrap=True)
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for source in document["sources"]:
        table.add_row(source["name"], *(str(source[name] or "·") for name in columns))
    return table


def _sum(book: Book) -> str:
    return f"{book.carried_in} + {book.found} ≠ {sum(book.outcomes.values())} + {book.carried_out}"
