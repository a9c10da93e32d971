"""Whether rows and files of the archive agree. Reads only, and holds no more than a few articles at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from crawler.config.models import Config
from crawler.database import Database, StorageError
from crawler.tables import article, run, version
from pipelines.archive.aside import EDITED, is_leftover
from pipelines.archive.facts import Filing, filings
from pipelines.archive.files import render, sha256
from pipelines.archive.findings import Finding, Kind
from pipelines.archive.tree import names_below
from pipelines.archive.verify_rows import database_findings, row_findings

_BATCH = 200  # articles held at once


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much there is to check."""

    articles: int
    versions: int
    files: int  # that the rows name
    running: int | None  # a run that has not ended: what it is writing may be seen half done


def extent(database: Database) -> Extent:
    with database.read() as connection:
        counts = select(func.count(), func.count().filter(article.c.path != "")).select_from(article)
        articles, files = connection.execute(counts).one()
        versions = connection.scalars(select(func.count()).select_from(version)).one()
        running = connection.scalars(select(func.max(run.c.id)).where(run.c.ended.is_(None))).one()
    return Extent(articles=articles, versions=versions, files=files, running=running)


def verify(database: Database, config: Config, folder: Path) -> Iterator[Finding]:
    """All that is wrong. Where the database itself is damaged, nothing that is read from it is worth telling."""
    damage = _damage(database)
    yield from damage
    if damage:
        return
    with database.read() as connection:
        yield from row_findings(connection)
        yield from _file_findings(connection, config, folder)
        yield from folder_findings(connection, folder)


def _damage(database: Database) -> list[Finding]:
    found = []
    try:
        with database.read() as connection:
            for finding in database_findings(connection):
                found.append(finding)  # noqa: PERF402  # what was found before the check itself broke
    except StorageError as error:
        found.append(Finding(kind=Kind.DATABASE, detail=str(error)))
    return found


@dataclass(frozen=True, kw_only=True)
class FileState:
    """One article's file, looked at."""

    entry: int
    path: str
    finding: Finding | None


def file_states(connection: Connection, config: Config, folder: Path, after: int) -> list[FileState]:
    """The next files that the rows name, of the articles with an entry id above `after`; none when that was all."""
    has_version = select(version.c.entry).where(version.c.entry == article.c.entry).exists()
    wanted = select(article.c.entry).where(article.c.path != "", article.c.entry > after, has_version)
    numbers = connection.scalars(wanted.order_by(article.c.entry).limit(_BATCH)).all()
    return [
        FileState(entry=number, path=str(item.path), finding=_file_finding(folder, number, item))
        for number, item in sorted(filings(connection, config, numbers).items())
    ]


def _file_findings(connection: Connection, config: Config, folder: Path) -> Iterator[Finding]:
    after = 0
    while states := file_states(connection, config, folder, after):
        after = states[-1].entry
        yield from (state.finding for state in states if state.finding is not None)


def _file_finding(folder: Path, number: int, item: Filing) -> Finding | None:
    path = str(item.path)
    try:
        found = sha256((folder / path).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Finding(kind=Kind.MISSING, path=path, entry=number, detail="the row names it, and it is not there")
    except OSError as error:
        return Finding(kind=Kind.UNREADABLE, path=path, entry=number, detail=str(error.strerror or error))
    if found == sha256(render(item.facts)):
        return None
    if found == item.written_hash:
        return Finding(kind=Kind.STALE, path=path, entry=number, detail="its rows have changed since it was written")
    return Finding(kind=Kind.EDITED, path=path, entry=number, detail="it is not what presswatch wrote there")


def folder_findings(connection: Connection, folder: Path) -> Iterator[Finding]:
    """Files that no row names, and what cannot be read."""
    # Both come in the order of their bytes, so that they can be compared without holding either.
    paths = select(article.c.path).where(article.c.path != "").order_by(article.c.path)
    named = iter(connection.scalars(paths.execution_options(yield_per=_BATCH)))
    known = next(named, None)
    for name in names_below(folder):
        if isinstance(name, OSError):
            place = Path(name.filename).relative_to(folder).as_posix()
            yield Finding(kind=Kind.UNREADABLE, path=place, detail=str(name.strerror or name))
            continue
        while known is not None and known.encode() < name.encode("utf-8", "surrogateescape"):
            known = next(named, None)
        if name != known:
            yield from _unnamed(name)


def _unnamed(path: str) -> Iterator[Finding]:
    name = path.rpartition("/")[2]
    if is_leftover(name):
        yield Finding(kind=Kind.LEFTOVER, path=path, detail="a writer died before it was whole")
    elif f".md{EDITED}" in name:
        yield Finding(kind=Kind.KEPT_ASIDE, path=path, detail="somebody edited it, and presswatch wrote the file anew")
    elif name.endswith(".md"):
        yield Finding(kind=Kind.UNKNOWN, path=path, detail="no row names it")
