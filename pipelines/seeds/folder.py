"""A folder of seed files, imported. A file that is no seed is told, and the rest goes on."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawler.books import Book
from crawler.config.models import Config
from crawler.database import Database
from crawler.intake import intake_run
from pipelines.archive.store import Archive
from pipelines.copies.fingerprint import text_hash
from pipelines.seeds.read import read_seed
from pipelines.seeds.seed import Seed, SeedError
from pipelines.seeds.source import source_of
from pipelines.seeds.store import SeedResult, SeedStore

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class SeedFile:
    """A file, and the seed it holds or the fault that it holds none."""

    name: str
    seed: Seed | None
    fault: str = ""  # a line that names the file


@dataclass(frozen=True, kw_only=True)
class ImportedFile:
    """What became of one file."""

    file: str
    result: SeedResult
    title: str = ""
    source: str = ""
    path: str = ""  # of its archive file, below the archive folder
    fault: str = ""  # why it is refused; or, where it is stored, why its archive file could not be written


@dataclass(frozen=True, kw_only=True)
class ImportedFolder:
    files: tuple[ImportedFile, ...]
    books: tuple[Book, ...]


def import_folder(
    folder: Path, database: Database, config: Config, archive: Path, now: Callable[[], datetime]
) -> ImportedFolder:
    """Store every seed in `folder` in a run of its own. The caller holds the run lock.

    Raises:
        StorageError: nothing more can be stored. What was imported until then is.
    """
    found = read_folder(folder, config)
    seeds = [item.seed for item in found if item.seed is not None]
    beside = {text_hash(seed.text, seed.title) for seed in seeds}
    store = SeedStore(database, Archive(database, archive, config, now), config, now, beside)
    sources = {source_of(seed, config) for seed in seeds}
    with intake_run(database, command="seeds import", now=now, sources=sources) as run:
        files = tuple(_imported(store, item, run.number) for item in found)
    return ImportedFolder(files=files, books=run.books)


def read_folder(folder: Path, config: Config) -> tuple[SeedFile, ...]:
    """Every file directly in `folder`, by name; hidden ones are passed over."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return tuple(_read(path, config) for path in files)


def _imported(store: SeedStore, item: SeedFile, run: int) -> ImportedFile:
    if item.seed is None:
        return ImportedFile(file=item.name, result=SeedResult.REFUSED, fault=item.fault)
    stored = store.store(item.seed, run=run, file=item.name)
    return ImportedFile(
        file=item.name,
        result=stored.result,
        title=item.seed.title,
        source=stored.source,
        path=stored.path,
        fault=f"{item.name}: {stored.fault}" if stored.fault else "",
    )


def _read(path: Path, config: Config) -> SeedFile:
    zone, name = config.settings.timezone, _shown(path.name)
    try:
        raw = _bytes_of(path, name, config.settings.safety.max_body_mb)
        seed = read_seed(raw, name, zone)
        source = config.source(source_of(seed, config))
        if source is not None and source.timezone != zone:
            seed = read_seed(raw, name, source.timezone)
    except OSError as error:
        return SeedFile(name=name, seed=None, fault=f"{name}: cannot be read: {error.strerror}")
    except SeedError as error:
        return SeedFile(name=name, seed=None, fault=str(error))
    return SeedFile(name=name, seed=seed)


def _shown(name: str) -> str:
    """A file's name as it can be told in a line and stored: bytes that are no UTF-8, as in old archives, as \\x…"""
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("ascii", "backslashreplace")
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), name)


def _bytes_of(path: Path, name: str, most_mb: float) -> bytes:
    size = path.stat().st_size
    if size > most_mb * 1024 * 1024:
        raise SeedError(f"{name}: has {size} bytes, more than max_body_mb: {most_mb:g}")
    return path.read_bytes()
