"""presswatch init: a configuration of one's own, begun from the shipped one."""

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from crawler.backup.scratch import scratch_folder
from crawler.cli.app import App, print_document, with_app
from crawler.config.places import shipped_config
from crawler.storage import file_error, sync_folder

_SCRATCH = ".presswatch-init-"
_SHOWN = 5  # of what lies in a folder that is not empty


@dataclass(frozen=True, kw_only=True)
class CopiedConfig:
    """What became of each shipped file, as paths below `folder`."""

    folder: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]  # were there already


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--missing", is_flag=True, help="Add only the files that DIR lacks, and leave the others as they are.")
@with_app
def init(app: App, *, folder: Path, missing: bool) -> None:
    """Copy the shipped configuration into DIR, to be made your own. Nothing that is there is ever overwritten.

    A file in DIR overrides the shipped one; of those that you delete, the shipped one counts again. Sources are read
    from DIR alone.
    """
    target = _checked(folder, missing=missing)
    copied = copy_config(shipped_config(), target)
    if app.json:
        print_document(copied)
    else:
        click.echo(_told(copied))


def _checked(folder: Path, *, missing: bool) -> Path:
    """The folder itself, behind all links.

    Raises:
        click.UsageError: it is no folder, or holds something and `missing` is not said.
    """
    if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
        raise click.UsageError(f"{folder} is not a folder; name a new or an empty one")
    target = folder.resolve()
    found = sorted(path.name for path in target.iterdir()) if target.is_dir() else []
    if found and not missing:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise click.UsageError(
            f"{folder} is not empty: there is {', '.join(found[:_SHOWN])}{more}; name a new or an empty folder, "
            "or add the files it lacks with --missing"
        )
    return target


def copy_config(shipped: Path, target: Path) -> CopiedConfig:
    """Copy the files of `shipped` that `target` lacks: all of them or, when one cannot be written, none.

    Raises:
        StorageError: the disk refuses; `target` is as it was.
    """
    files = sorted(_files_of(shipped))
    wanted = [file for file in files if not os.path.lexists(target / file)]
    # Beside a new folder, which is renamed whole; inside one that is there, whose owner and rights stay.
    parent = target if target.is_dir() else target.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(parent, _SCRATCH) as scratch:
            for file in wanted:
                _copy(shipped / file, scratch / file)
            if target.is_dir():
                _move_in(scratch, target, wanted)
            else:
                scratch.rename(target)
        sync_folder(parent)
    except OSError as error:
        raise file_error(error, target) from error
    kept = tuple(file for file in files if file not in wanted)
    return CopiedConfig(folder=target, written=tuple(wanted), kept=kept)


def _files_of(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in place.parts):
            yield place


def _copy(source: Path, target: Path) -> None:
    """The content alone: an installed file may be read-only, and this one is there to be edited."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())


def _move_in(scratch: Path, target: Path, files: Sequence[Path]) -> None:
    """
    Raises:
        OSError: one cannot be put in place; those before it are taken out again.
    """
    made: list[Path] = []
    try:
        for file in files:
            for folder in reversed((target / file).parents):
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
            (scratch / file).rename(target / file)
            made.append(target / file)
    except OSError:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink()
        raise


def _told(copied: CopiedConfig) -> str:
    if not copied.written:
        return f"{copied.folder} lacks none of the {len(copied.kept)} shipped files: nothing was written"
    tops = [file for file in copied.written if len(file.parts) == 1]
    folders = sorted({file.parts[0] for file in copied.written if len(file.parts) > 1})
    told = [str(file) for file in tops]
    told += [f"{name}/ ({sum(file.parts[0] == name for file in copied.written)} files)" for name in folders]
    kept = f"; {len(copied.kept)} that were there are left as they are" if copied.kept else ""
    command = f"presswatch --config {shlex.quote(str(copied.folder))}"
    return "\n".join(
        [
            f"{copied.folder}: {len(copied.written)} files written: {', '.join(told)}{kept}",
            "next:",
            f"  1. set contact in {copied.folder / 'presswatch.yaml'}: nothing is crawled without one",
            f"  2. look through {copied.folder / 'sources'}: enabled: true or false, and the terms you have read",
            f"  3. {command} doctor, then the first crawl: {command} crawl",
        ]
    )
