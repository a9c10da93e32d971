"""presswatch status: whether it is alive, what is sick, what waits, what comes next."""

import sys

import click
from rich.console import Console

from crawler.cli.app import App, FailedError, NotFoundError, print_document, with_app
from crawler.cli.near import nearest
from crawler.cli.shown import show
from crawler.database import Database, newest_revision
from crawler.lock import holders_of, lock_file
from crawler.schedule.heartbeat import is_alive, read_beat
from pipelines.health.speech import Speech
from pipelines.health.status import status_of
from pipelines.health.status_model import Status
from pipelines.health.status_text import status_parts


@click.command()
@click.argument("name", required=False, default="", metavar="[SOURCE]")
@click.option("--check", is_flag=True, help="Exit with 1 when presswatch is not well; for a monitor.")
@with_app
def status(app: App, *, name: str, check: bool) -> None:
    """Say whether presswatch is alive, what is sick, what waits and what comes next; of one SOURCE all there is.

    It reads only, also while a run goes on. Not well is: a source fails or is silent, no run begins, the last one ended
    with a fault of presswatch itself, a digest is over an hour late, books do not balance, or nothing is watched. A
    source that fails is shown at once, and counts from its second failed poll in a row, or once it has failed for an
    hour.
    """
    if name and app.config.source(name) is None:
        known = [source.name for source in app.config.sources]
        raise NotFoundError(f"no source is named {name}; {nearest(name, known)}")
    found = read_status(app, name)
    if app.json:
        print_document(found)
    else:
        speech = Speech(language=app.language, now=found.at, zone=app.config.settings.zone)
        show(status_parts(found, speech), Console())
    if check and not found.is_well:
        sys.exit(1)


def read_status(app: App, name: str) -> Status:
    """
    Raises:
        NotFoundError: there is no database.
        FailedError: it is of another presswatch.
    """
    database = app.database_as_it_is
    lock = lock_file(app.data, app.config.settings.database)
    try:
        _check_schema(database)
        with database.read() as connection:
            return status_of(
                connection,
                app.config,
                app.clock.now(),
                beat=read_beat(app.data),
                is_at_work=lambda process: bool(holders_of(lock)) or is_alive(process),
                name=name,
            )
    finally:
        database.close()


def _check_schema(database: Database) -> None:
    """What only reads brings no database up to date."""
    found, wanted = database.revision(), newest_revision()
    if found != wanted:
        told = f"{database.path or 'the database'} is at schema {found or 'none'}, and this presswatch reads {wanted}"
        raise FailedError(f"{told}: run presswatch migrate, or the presswatch that wrote it")
