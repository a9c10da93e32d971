"""presswatch migrate: the database brought up to date, with a copy of what it was."""

from typing import Any

import click

from crawler.cli.app import App, print_document, with_app
from crawler.cli.lock import locked
from crawler.database import Migration


@click.command()
@with_app
def migrate(app: App) -> None:
    """Bring the database up to this version's schema.

    Every command that opens it does so by itself; here it can be done at a time of your choice. The database as it
    was is kept beside it, as presswatch.db.before-SCHEMA, for as long as retention.deleted in presswatch.yaml says.
    """
    database = app.database_as_it_is
    try:
        with locked(app, database):
            done = database.migrate()
    finally:
        database.close()
    if app.json:
        print_document(_document(done))
    else:
        click.echo(_told(done))


def _document(done: Migration) -> dict[str, Any]:
    return {"database": done.database, "from": done.before, "to": done.after, "copy": done.copy}


def _told(done: Migration) -> str:
    if done.before == done.after:
        return f"{done.database}: schema {done.after}, nothing to do"
    kept = f"; as it was it is kept as {done.copy}" if done.copy else ""
    return f"{done.database}: schema {done.before or 'none'} → {done.after}{kept}"
