"""presswatch crawl: one run, and what is told of it."""

import asyncio
import math
import shlex
import sys
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from crawler.books import Book
from crawler.cli.app import App, print_document, with_app
from crawler.cli.choose import select_sources
from crawler.cli.earlier_runs import NONE_EARLIER
from crawler.cli.lock import LockedError, locked
from crawler.cli.progress import shown_progress
from crawler.cli.replaying import read_recording, replay, tell_if_nothing_was_polled, warc_files
from crawler.cli.telling import earlier_of, note_told, tell
from crawler.config.models import Source
from crawler.outcomes import Outcome
from crawler.run import Run
from crawler.run_report import RunReport
from pipelines.digest.all_due import issue_all_due

_LONGEST_MINUTES = 60 * 24 * 365  # a year; a clock cannot add more than some thousand


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
@click.option(
    "--max-minutes",
    "minutes",
    metavar="N",
    type=click.FloatRange(min=0, min_open=True, max=_LONGEST_MINUTES),
    callback=lambda context, parameter, value: _finite(value),
    help="End in order once N minutes are over, after the pages under way; fractions are allowed.",
)
@with_app
def crawl(
    app: App,
    /,
    *,
    names: tuple[str, ...],
    captures: tuple[Path, ...],
    spider: str | None,
    minutes: float | None,
    **flags: bool,
) -> None:
    """Visit what is due: poll, fetch, extract, judge, store. A named SOURCE is polled now, due or not."""
    if names and flags["poll_all"]:
        raise click.UsageError("give either --all or the names of sources")
    if captures:
        _check_replay(app, minutes)
    scope = select_sources(app.config, names, spider=spider)
    if not captures:
        app.check_may_ask()
    until = app.clock.now() + timedelta(minutes=minutes) if minutes else None
    try:
        with locked(app, patient=bool(names) and not flags["if_idle"]):
            if captures:
                report = _replay(app, scope, captures)
            else:
                report = run_crawl(app, scope, poll_now=bool(names) or flags["poll_all"], until=until)
                _tell_if_time_was_too_short(report)
            is_told = _tell(app, report, nothing_watched=not scope, everything=bool(captures))
            if flags["then_digest"] and not report.halted:
                now = report.ended if captures else app.clock.now()
                issue_all_due(app.database, app.config, now, app.data / "digests")
    except LockedError as error:
        if flags["if_idle"]:
            return
        raise LockedError(f"{error.message}, or use --if-idle in cron") from error
    sys.exit(exit_code(report, strict=flags["strict"]) if is_told else ExitCode.INTERNAL)


def _check_replay(app: App, minutes: float | None) -> None:
    """
    Raises:
        click.UsageError: an option is given that goes with live runs alone.
    """
    if app.route:
        raise click.UsageError("give either --replay or --route: a replay sends no request")
    if minutes:
        raise click.UsageError("give either --replay or --max-minutes: a replay goes by the times of its recording")


def _finite(minutes: float | None) -> float | None:
    if minutes is not None and not math.isfinite(minutes):
        raise click.BadParameter("it is not a number of minutes")
    return minutes


def _replay(app: App, scope: tuple[Source, ...], captures: tuple[Path, ...]) -> RunReport:
    report = replay(app, scope, read_recording(warc_files(captures)))
    tell_if_nothing_was_polled(report)
    return report


def _tell_if_time_was_too_short(report: RunReport) -> None:
    """Runs that are always too short to poll anything must not look like good ones."""
    if report.time_over and report.due and not report.polls:
        told = f"the time of --max-minutes was up before the first poll, though {report.due} were due"
        click.echo(f"presswatch run {report.number}: {told}; give it more", err=True)


def run_crawl(app: App, scope: tuple[Source, ...], *, poll_now: bool, until: datetime | None = None) -> RunReport:
    """One run under the lock the caller holds, its progress shown on a terminal."""
    with shown_progress(Console(stderr=True), shown=sys.stderr.isatty()) as shown:
        run = Run(
            config=app.config,
            database=app.database,
            clock=app.clock,
            data=app.data,
            scope=scope,
            lock=app.lock,
            poll_now=poll_now,
            route=app.route,
            until=until,
            watch=shown.watch,
            progress=shown.progress,
        )
        return asyncio.run(run.crawl_until_signal(shlex.join(sys.argv[1:])[:200]))


def _tell(app: App, report: RunReport, *, nothing_watched: bool, everything: bool) -> bool:
    """Whether it could be told."""
    if app.json:
        print_document(report_document(report))
    everything = everything or app.verbose or sys.stderr.isatty()
    zone = app.config.settings.zone
    is_told = tell(
        report,
        to_person=sys.stdout.isatty() and not app.json,
        nothing_watched=nothing_watched,
        zone=zone,
        earlier=NONE_EARLIER if everything else earlier_of(app.database, report, zone),
    )
    if is_told:
        note_told(app.database, report)
    return is_told


def exit_code(report: RunReport, *, strict: bool) -> ExitCode:
    if report.errors or report.halted or report.unread or not report.balances:
        return ExitCode.INTERNAL
    if report.nothing_polled or (strict and report.polls_failed > 0):
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
