"""presswatch backup: the whole installation in one file."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from crawler.backup.form import ARCHIVE, CAPTURES, CONFIG, DIGESTS
from crawler.backup.make import Backup, make_backup
from crawler.cli.app import App, print_document, with_app


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--with-captures", is_flag=True, help="Also keep the captured responses, which may be large.")
@with_app
def backup(app: App, *, file: Path, with_captures: bool) -> None:
    """Write database, archive, digests and configuration into FILE, a gzipped tar.

    It may be called while a crawl is at work. FILE must not exist. What can be had from the environment, such as
    passwords, is not in it.
    """
    folders = {CONFIG: app.config_folder} | {name: app.data / name for name in (ARCHIVE, DIGESTS)}
    if with_captures:
        folders[CAPTURES] = app.data / CAPTURES
    target = _checked(file, [folder for name, folder in folders.items() if name != CONFIG])
    console = Console(stderr=True)
    database = app.database_as_it_is
    try:
        with console.status("making the backup ...", spinner="dots") as status:
            written = make_backup(
                database, folders, target, app.clock.now(), watch=lambda line: status.update(Text(line))
            )
    finally:
        database.close()
    for path in written.left_out:
        click.echo(f"left out: {path} (neither a file nor a folder of its own)", err=True)
    if app.json:
        print_document(_document(written))
    elif sys.stdout.isatty():
        click.echo(_told(written))


def _checked(file: Path, packed: Iterable[Path]) -> Path:
    if str(file) == "-":
        raise click.UsageError("a backup is written to a file; name one")
    if file.exists() or file.is_symlink():
        raise click.UsageError(f"{file} exists already; name another file, or move it away")
    if not file.parent.is_dir():
        raise click.UsageError(f"the folder {file.parent} does not exist; make it first")
    for folder in packed:
        if file.parent.resolve().is_relative_to(folder.resolve()):
            raise click.UsageError(f"{file} lies in {folder}, and would hold itself; name a file that lies elsewhere")
    return file.absolute()


def _document(written: Backup) -> dict[str, Any]:
    manifest = written.manifest
    return {
        "file": written.file,
        "bytes": written.bytes,
        "created": manifest.created,
        "presswatch": manifest.presswatch,
        "schema": manifest.schema,
        "rows": {
            "entries": manifest.entries,
            "articles": manifest.articles,
            "versions": manifest.versions,
            "digests": manifest.digests,
        },
        "files": written.files,
        "left_out": written.left_out,
    }


def _told(written: Backup) -> str:
    files = ", ".join(f"{count} of {name}" for name, count in written.files.items() if count) or "none"
    return (
        f"{written.file}: {written.bytes / 1_000_000:.1f} MB; the database with {written.manifest.articles} articles; "
        f"files: {files}"
    )
