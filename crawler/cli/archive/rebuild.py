"""presswatch archive rebuild: files from rows."""

import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.text import Text

from crawler.cli.app import App, print_document, with_app
from crawler.cli.lock import locked
from crawler.text import one_line
from pipelines.archive.rebuild import Rebuild, Rebuilt
from pipelines.archive.store import Archive


@click.command()
@click.option("--all", "everything", is_flag=True, help="Write every file, not only those that differ.")
@with_app
def rebuild(app: App, *, everything: bool) -> None:
    """Write the files again that are missing, edited or behind their rows, byte for byte as the rows say.

    An edited file is kept under another name first; a file that no row names is left alone.
    """
    folder, database = app.data / "archive", app.existing_database
    console = Console(stderr=True)
    with locked(app), console.status("comparing rows and files ...", spinner="dots") as status:
        archive = Archive(database, folder, app.config, app.clock.now)
        done = Rebuild(database, folder, app.config, archive).run(
            everything=everything, watch=lambda path: status.update(Text(path))
        )
    if app.json:
        print_document(asdict(done))
    else:
        _tell(done)
    for fault in done.faults:
        click.echo(one_line(fault), err=True)
    sys.exit(1 if done.faults else 0)


def _tell(done: Rebuilt) -> None:
    for path in done.kept_aside:
        click.echo(f"kept aside: archive/{one_line(path)} was edited by hand")
    for path in done.unknown:
        click.echo(f"left alone: archive/{one_line(path)} is named by no row")
    click.echo(f"{len(done.written)} files written, {len(done.removed)} leftovers removed")
