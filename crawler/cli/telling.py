"""What a run's report is told to whom, and that it was: so that what nobody was told is told by the next run."""

import logging
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from crawler import books
from crawler.cli.earlier_runs import NONE_EARLIER, EarlierRuns, earlier_runs
from crawler.cli.report import report_lines
from crawler.cli.summary import show_summary
from crawler.database import Database, StorageError
from crawler.run_report import RunReport

logger = logging.getLogger(__name__)

_UTC = ZoneInfo("UTC")


def tell(
    report: RunReport,
    *,
    to_person: bool,
    nothing_watched: bool = False,
    zone: ZoneInfo = _UTC,
    earlier: EarlierRuns = NONE_EARLIER,
) -> bool:
    """A table for a person; what went wrong for everybody, on stderr, so that cron mails it.

    Args:
        report: of the run.
        to_person: who looks at stdout.
        nothing_watched: no source is enabled.
        zone: the installation's.
        earlier: what runs before it told and need not be told again.

    Returns:
        Whether it could be told.
    """
    if to_person:
        show_summary(Console(), report)
    try:
        for line in report_lines(report, zone, earlier, nothing_watched=nothing_watched):
            click.echo(line, err=True)
    except OSError as error:
        # A full disk, or a reader that has gone. The log most likely goes the same way; the work is done all the same.
        logger.warning("the report of run %d cannot be told: %s", report.number, error)
        return False
    return True


def earlier_of(database: Database, report: RunReport, zone: ZoneInfo) -> EarlierRuns:
    """What runs before this one told; nothing where there is nothing to tell, or the database cannot say."""
    if not report_lines(report, zone):
        return NONE_EARLIER
    try:
        with database.read() as connection:
            return earlier_runs(connection, report, zone)
    except StorageError as error:
        # Then all is told: of a run that could not store anything, as of any other.
        logger.info("the books of earlier runs cannot be read: %s", error)
        return NONE_EARLIER


def note_told(database: Database, report: RunReport) -> None:
    """Note that a report was told. Where that cannot be noted the next run tells it again."""
    if not any(line.error for line in report.books):
        return
    try:
        with database.write() as connection:
            books.note_told(connection, report.number)
    except StorageError as error:
        logger.info("that run %d was told of cannot be noted: %s", report.number, error)
