"""presswatch restore: an installation made again from its backup."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from crawler.backup.restore import Restored, restore_backup
from crawler.cli.app import App, print_document, with_app
from crawler.database import companions


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_app
def restore(app: App, *, file: Path) -> None:
    """Make the data folder again from FILE, which presswatch backup wrote.

    The folder given with --data must be empty, or not be there yet. The backup's configuration is put into its
    folder config-from-backup; copy it to where it is to be used.
    """
    data = _checked(app.data).absolute()
    elsewhere = _checked_database(app)
    with Console(stderr=True).status("restoring ...", spinner="dots") as status:
        restored = restore_backup(file, data, elsewhere, watch=lambda line: status.update(Text(line)))
    if app.json:
        print_document(_document(restored))
    else:
        click.echo(_told(file, restored))


def _checked(data: Path) -> Path:
    if data.is_mount():
        raise click.UsageError(f"{data} is a mount point, which cannot be replaced; name a folder below it with --data")
    if data.is_symlink():
        raise click.UsageError(f"{data} is a link, which cannot be replaced; name the folder itself with --data")
    if data.exists() and any(data.iterdir()):
        raise click.UsageError(
            f"the data folder {data} is not empty, and a restore overwrites nothing; "
            "move what is there away, or name another folder with --data"
        )
    return data


def _checked_database(app: App) -> Path | None:
    """Where the configuration wants the database, when that is not in the data folder."""
    if not app.config.settings.database:
        return None
    path = app.database_path
    if path is None:
        raise click.UsageError(f"the database {app.config.settings.database} is no file; name one in presswatch.yaml")
    if path.exists():
        raise click.UsageError(
            f"the database {path} exists, and a restore overwrites nothing; move it away, with its -wal and -shm"
        )
    if left := companions(path):
        raise click.UsageError(
            f"{left[0]} is left of another database, and would be read as the restored one's; "
            f"move it away, together with that database, and whatever else is named {path.name}-wal, -shm or -journal"
        )
    return path.absolute()


def _document(restored: Restored) -> dict[str, Any]:
    manifest = restored.manifest
    return {
        "data": restored.data,
        "database": restored.database,
        "config": restored.config,
        "created": manifest.created,
        "schema": {"from": manifest.schema, "to": restored.schema},
        "articles": manifest.articles,
        "files": restored.files,
    }


def _told(file: Path, restored: Restored) -> str:
    manifest = restored.manifest
    created = manifest.created.isoformat(timespec="seconds")
    lines = [f"{restored.data}: {manifest.articles} articles and {restored.files} files as of {created}, from {file}"]
    if manifest.schema != restored.schema:
        lines.append(f"the database was brought from schema {manifest.schema} to {restored.schema}")
    if restored.config is not None:
        lines.append(f"its configuration is in {restored.config}; copy it to where it is to be used")
    return "\n".join(lines)
