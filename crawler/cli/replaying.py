"""crawl --replay: the whole road again, from captures instead of the network."""

import asyncio
import dataclasses
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from sqlalchemy import func, select

from crawler.books import Book, summed
from crawler.captures.members import NotByRecordError
from crawler.captures.reading import BrokenFileError
from crawler.captures.recording import Recording, load_recording
from crawler.cli.app import App, FailedError, NotFoundError
from crawler.clock import VirtualClock
from crawler.config.models import Source
from crawler.database import Database
from crawler.fetch.replay import Replay
from crawler.run import Run
from crawler.run_report import RunReport
from crawler.tables import run as run_table


def warc_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The files, and those of each folder in the order of their names.

    Raises:
        NotFoundError: a folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.warc.gz")) if path.is_dir() else [path]
        if not inside:
            raise NotFoundError(f"the folder {path} holds no .warc.gz file; name one that does, or the files")
        found += inside
    return tuple(dict.fromkeys(found))


def read_recording(files: Sequence[Path]) -> Recording:
    """
    Raises:
        FailedError: a file cannot be read, or no response stands in any of them.
    """
    try:
        recording = load_recording(files)
    except (OSError, NotByRecordError, BrokenFileError) as error:
        raise FailedError(str(error)) from error
    if not recording.takes:
        named = ", ".join(map(str, files))
        raise FailedError("\n".join([f"no captured response can be read in {named}", *recording.faults]))
    return recording


def replay(app: App, scope: tuple[Source, ...], recording: Recording) -> RunReport:
    """A run for each session of the recording, at its time, told as one. The caller holds the run lock."""
    first = recording.sessions()[0].start
    clock = VirtualClock(max(app.given_now or first, _after_the_last_run(app.database)))
    report = combined(asyncio.run(_live_again(app, scope, recording, clock)))
    return dataclasses.replace(report, unread=recording.faults)


async def _live_again(
    app: App, scope: tuple[Source, ...], recording: Recording, clock: VirtualClock
) -> list[RunReport]:
    reports: list[RunReport] = []
    sessions, console = recording.sessions(), Console(stderr=True)
    for session in track(sessions, "replaying", console=console, transient=True, disable=not console.is_terminal):
        clock.move_to(session.start)
        run = Run(
            config=app.config,
            database=app.database,
            clock=clock,
            data=app.data,
            scope=scope,
            lock=app.lock,
            replay=Replay(recording, session, last=session is sessions[-1]),
            watch=lambda line: None,
        )
        reports.append(await run.crawl_until_signal(shlex.join(sys.argv[1:])[:200]))
        if reports[-1].stopped:
            break
    return reports


def combined(reports: Sequence[RunReport]) -> RunReport:
    """Runs that followed each other as one report, under the number of the last."""
    names = sorted({book.source for report in reports for book in report.books})
    lines = [[book for report in reports for book in report.books if book.source == name] for name in names]
    books: tuple[Book, ...] = tuple(map(summed, lines))
    return RunReport(
        number=reports[-1].number,
        started=reports[0].started,
        ended=reports[-1].ended,
        books=books,
        due=sum(report.due for report in reports),
        errors=tuple(dict.fromkeys(error for report in reports for error in report.errors)),
        stopped=reports[-1].stopped,
        hindered=reports[-1].hindered,
        halted=reports[-1].halted,
        closed=reports[-1].closed,
    )


def tell_if_nothing_was_polled(report: RunReport) -> None:
    if not report.due:
        click.echo(
            "no list or feed of a crawled source answers in these captures, so nothing was announced; "
            "presswatch import reads pages without their lists",
            err=True,
        )


def _after_the_last_run(database: Database) -> datetime:
    """A second after the ledger's last run, for its times must not go back."""
    with database.read() as connection:
        last = connection.scalar(select(func.max(func.coalesce(run_table.c.ended, run_table.c.started))))
    return last + timedelta(seconds=1) if last else datetime.min.replace(tzinfo=UTC)
