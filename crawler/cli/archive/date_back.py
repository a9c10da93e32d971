"""presswatch archive date-back: what a clock that ran ahead has stored."""

import sys

import click

from crawler.cli.app import App, print_document, with_app
from crawler.cli.lock import locked
from pipelines.digest.issue import bring_digests_back


@click.command("date-back")
@with_app
def date_back(app: App) -> None:
    """Date back to now what a clock that ran ahead has stored, so that digests go on. It cannot be undone.

    For when `digest --check` tells that a digest was cut in the future, the clock is right again, and you do not want
    to wait for that day. Nothing is lost without it. Make a backup first. Exit code 1 when nothing was changed.
    """
    with locked(app):
        moved = bring_digests_back(app.existing_database, app.clock.now(), app.data / "digests")
    if app.json:
        print_document({"dated_back": moved})
    elif moved:
        click.echo("what lay ahead is dated back to now; presswatch digest goes on from here")
    else:
        click.echo("nothing looks as if a clock had run ahead by more than a day; nothing was changed", err=True)
    sys.exit(0 if moved else 1)
