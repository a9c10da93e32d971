"""presswatch seeds: the articles that show what is meant."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from crawler.cli.app import App, FailedError, NotFoundError, print_document, with_app
from crawler.cli.crawl import ExitCode
from crawler.cli.lock import locked
from crawler.cli.options import leading_options
from pipelines.seeds.folder import ImportedFile, import_folder
from pipelines.seeds.store import SeedResult


@click.group()
@leading_options
def seeds() -> None:
    """Bring in the articles that show what is meant."""


@seeds.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_app
def import_seeds(app: App, *, folder: Path) -> None:
    """Store the seed articles in FOLDER: Hugo Markdown, pages of a WeChat mirror, text of a Discuz! portal.

    Importing again changes nothing. A file that is no seed is told, and the rest goes on; the exit code is then 2.
    It is 1 when a seed is stored and its archive file cannot be written.
    """
    with locked(app):
        imported = import_folder(folder, app.database, app.config, app.data / "archive", app.clock.now)
    if not imported.files:
        raise NotFoundError(f"{folder} holds no file; name the folder with the seed articles")
    if app.json:
        print_document({"files": imported.files})
    tell(imported.files, to_person=not app.json)
    if not all(book.balances for book in imported.books):
        raise FailedError("the books of this import do not balance; see presswatch explain of each seed")
    if any(item.result is SeedResult.REFUSED for item in imported.files):
        sys.exit(2)
    if any(item.fault for item in imported.files):
        sys.exit(ExitCode.INTERNAL)


def tell(files: Sequence[ImportedFile], *, to_person: bool) -> None:
    """What became of each file: faults on stderr for everybody, the rest for a person."""
    for item in files:
        if item.fault:
            click.echo(item.fault, err=True)
        if to_person and item.result is not SeedResult.REFUSED:
            click.echo(f"{item.result}  {item.title}  archive/{item.path}")
