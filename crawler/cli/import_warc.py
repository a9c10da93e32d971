"""presswatch import: the pages of WARC files, by the same road as live ones."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from crawler.cli.app import App, FailedError, print_document, with_app
from crawler.cli.choose import unknown_source
from crawler.cli.crawl import ExitCode, exit_code, report_document
from crawler.cli.lock import locked
from crawler.cli.telling import tell
from crawler.config.models import Source
from crawler.database import StorageError
from crawler.intake import intake_run
from crawler.outcomes import Outcome
from crawler.run_report import RunReport
from pipelines.archive.store import Archive
from pipelines.imports.importer import FileCount, Importer


@click.command(name="import")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--source", "name", metavar="NAME", help="Read every page by this source's rules, whatever its address.")
@with_app
def import_warc(app: App, /, *, files: tuple[Path, ...], name: str | None) -> None:
    """Take in the pages of WARC files (.warc or .warc.gz): those of crawl's captures, or another crawler's.

    Lists and feeds of configured sources that stand in them tell dates and titles. A page belongs to the source that
    announces it, else to one that watches its site, else to a new one named after the site.
    """
    source = app.config.source(name) if name else None
    if name and source is None:
        raise unknown_source(name, (item.name for item in app.config.sources), app.config)
    try:
        with locked(app):
            report, counts = take_files(app, tuple(dict.fromkeys(files)), source)
    except (OSError, StorageError) as error:
        told = f"the import broke off: {error}; what it had taken in is stored, and a second import goes on from there"
        raise FailedError(told) from error
    if app.json:
        print_document(report_document(report))
    else:
        for count in counts:
            click.echo(_summary(count))
        click.echo(_total(report))
    is_told = tell(report, to_person=sys.stdout.isatty() and not app.json, zone=app.config.settings.zone)
    sys.exit(exit_code(report, strict=False) if is_told else ExitCode.INTERNAL)


def take_files(app: App, files: tuple[Path, ...], source: Source | None) -> tuple[RunReport, list[FileCount]]:
    """One run under the lock the caller holds."""
    database, now = app.database, app.clock.now
    archive = Archive(database, app.data / "archive", app.config, now)
    importer = Importer(app.config, database, archive, now=now, fixed=source)
    started, command = now(), shlex.join(sys.argv[1:])[:200]
    with intake_run(database, command=command, now=now, sources=()) as run:
        counts = importer.take(run.number, files)
    report = RunReport(
        number=run.number,
        started=started,
        ended=now(),
        books=run.books,
        due=0,
        errors=tuple(importer.faults),
        stopped="",
        unread=(*(count.broken for count in counts if count.broken), *importer.refused),
    )
    _tell_unreadable(counts, importer)
    return report, counts


def _tell_unreadable(counts: Sequence[FileCount], importer: Importer) -> None:
    """Records and lists that are not what they should be: another crawler's or publisher's fault, and no failure."""
    for count in counts:
        if count.unreadable:
            told = f"{len(count.unreadable)} records cannot be read, such as {count.unreadable[0]}"
            click.echo(f"{count.path}: {told}", err=True)
    for fault in importer.unread_lists:
        click.echo(fault, err=True)


def _summary(count: FileCount) -> str:
    parts = [f"{count.pages} pages", f"{count.lists} lists", f"{count.others} other responses left aside"]
    if count.unreadable:
        parts.append(f"{len(count.unreadable)} that cannot be read")
    return f"{count.path}: {', '.join(parts)}"


def _total(report: RunReport) -> str:
    ended = {outcome.value: sum(book.outcomes[outcome] for book in report.books) for outcome in Outcome}
    counts = {**ended, "known": sum(book.known for book in report.books)}
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"run {report.number}: {told or 'no page was found'}"
