"""A folder of seed files, imported. A file that is no seed is told, and the rest goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawler.books import Book
from crawler.config.models import Config
from crawler.database import Database
from crawler.intake import intake_run
from pipelines.archive.store import Archive
from pipelines.seeds.read import read_seed
from pipelines.seeds.seed import Seed, SeedError
from pipelines.seeds.store import SeedResult, SeedStore, source_of


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
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportedFolder:
    files: tuple[ImportedFile, ...]
    books: tuple[Book, ...]


def import_folder(
    folder: Path, database: Database, config: Config, archive: Path, now: Callable[[], datetime]
) -> ImportedFolder:
    """Store every seed in `folder` in a run of its own. The caller holds the run lock."""
    found = read_folder(folder, config)
    store = SeedStore(database, Archive(database, archive, config, now), config, now)
    sources = {source_of(item.seed, config) for item in found if item.seed is not None}
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
    zone = config.settings.timezone
    try:
        raw = _bytes_of(path, config.settings.safety.max_body_mb)
        seed = read_seed(raw, path.name, zone)
        source = config.source(source_of(seed, config))
        if source is not None and source.timezone != zone:
            seed = read_seed(raw, path.name, source.timezone)
    except OSError as error:
        return SeedFile(name=path.name, seed=None, fault=f"{path.name}: cannot be read: {error.strerror}")
    except SeedError as error:
        return SeedFile(name=path.name, seed=None, fault=str(error))
    return SeedFile(name=path.name, seed=seed)


def _bytes_of(path: Path, most_mb: float) -> bytes:
    size = path.stat().st_size
    if size > most_mb * 1024 * 1024:
        raise SeedError(f"{path.name}: has {size} bytes, more than max_body_mb: {most_mb:g}")
    return path.read_bytes()
