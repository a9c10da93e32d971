"""The ring between runs: what expires goes, and files and rows that disagree are made to agree."""

import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, delete, func, select

from crawler.captures.index import rows_of
from crawler.captures.members import whole_members
from crawler.config.models import Retention
from crawler.database import Database, insert_for
from crawler.storage import sync_folder
from crawler.tables import capture, meta

OPEN_FILE = "captures_open"  # the row of `meta` that names the file being written
# The row of `meta` that names the files without rows of their own, with their sizes: all that they hold is known from
# others. It goes when rows do, for it may then be true no more.
_NOTHING_NEW = "captures_nothing_new"
_FILE = re.compile(r"(?P<begun>\d{8}T\d{6}Z)-run\d+\.warc\.gz")
_BATCH = 500  # rows in one INSERT


@dataclass(frozen=True, kw_only=True)
class RingRules:
    """How much is kept. A megabyte is a million bytes."""

    max_age: timedelta
    max_bytes: int

    @classmethod
    def of(cls, retention: Retention) -> Self:
        return cls(max_age=retention.captures, max_bytes=retention.captures_mb * 1_000_000)


@dataclass(frozen=True, kw_only=True)
class RingFile:
    name: str
    newest: datetime  # time of its newest record
    size: int  # bytes


def files_to_drop(files: Iterable[RingFile], rules: RingRules, *, now: datetime, room: int = 0) -> tuple[str, ...]:
    """The files whose newest record has expired, and then the oldest until the rest leaves `room` bytes free."""
    ordered = sorted(files, key=lambda file: (file.newest, file.name))
    dropped = [file for file in ordered if file.newest < now - rules.max_age]
    kept = [file for file in ordered if file.newest >= now - rules.max_age]
    size = sum(file.size for file in kept) + room
    for file in kept:
        if size <= rules.max_bytes:
            break
        dropped.append(file)
        size -= file.size
    return tuple(file.name for file in dropped)


def prune_ring(
    folder: Path, database: Database, rules: RingRules, *, now: datetime, spare: str = "", room: int = 0
) -> tuple[str, ...]:
    """Delete the files that are to go, with their rows.

    Args:
        folder: of the captures.
        database: that has their rows.
        rules: how much is kept.
        now: what ages are reckoned from.
        spare: a file that neither goes nor counts: the one being written.
        room: bytes that must be free for it.

    Returns:
        The names of the deleted files.

    Raises:
        OSError: a file cannot be deleted; its rows stay.
    """
    dropped = files_to_drop(ring_files(folder, database, spare=spare), rules, now=now, room=room)
    for name in dropped:
        drop_file(folder, database, name)
    return dropped


def drop_file(folder: Path, database: Database, name: str) -> None:
    """Delete a file of the ring and its rows.

    Raises:
        OSError: it cannot be deleted; its rows stay.
    """
    with database.write() as connection:
        _forget_files(connection, [name])
        (folder / name).unlink(missing_ok=True)


def mend_ring(folder: Path, database: Database) -> None:
    """Make rows and files agree after a process died, or somebody removed or brought files.

    A record that was being written is cut off, rows without a file are deleted, files without rows are read again.

    Raises:
        OSError: the folder or a file cannot be read or written.
        NotByRecordError: a file that is called like one of the ring is none.
    """
    for left_over in folder.glob("*.tmp") if folder.is_dir() else ():
        left_over.unlink()
    with database.read() as connection:
        known = set(connection.scalars(select(capture.c.file).distinct()))
        torn = connection.scalar(select(meta.c.value).where(meta.c.name == OPEN_FILE))
    if torn in ring_names(folder):
        _cut_torn_end(folder / torn)
    names = ring_names(folder)
    gone = known.difference(names)
    if gone:
        with database.write() as connection:
            _forget_files(connection, gone)
    nothing_new = _nothing_new(database)
    for name in names:
        if name == torn or (name not in known and nothing_new.get(name) != (folder / name).stat().st_size):
            index_file(folder / name, database)
    if torn is not None:
        with database.write() as connection:
            connection.execute(delete(meta).where(meta.c.name == OPEN_FILE))


def ring_names(folder: Path) -> tuple[str, ...]:
    """The ring's files, oldest run first; whatever else lies in the folder is none of them.

    Raises:
        NotADirectoryError: a file is where the folder should be.
    """
    if not folder.exists():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if is_ring_file(path.name)))


def is_ring_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None


def ring_size(folder: Path, *, spare: str = "") -> int:
    """Bytes of all files but `spare`."""
    return sum((folder / name).stat().st_size for name in ring_names(folder) if name != spare)


def ring_files(folder: Path, database: Database, *, spare: str = "") -> list[RingFile]:
    """The ring's files but `spare`, with the time of their newest record."""
    with database.read() as connection:
        newest = {
            row.file: row.newest
            for row in connection.execute(
                select(capture.c.file, func.max(capture.c.at).label("newest")).group_by(capture.c.file)
            )
        }
    return [
        RingFile(name=name, newest=newest.get(name) or _begun(name), size=(folder / name).stat().st_size)
        for name in ring_names(folder)
        if name != spare
    ]


def _begun(name: str) -> datetime:
    return datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def index_file(path: Path, database: Database) -> None:
    """Give a file the rows of what stands in it, in place of those it had."""
    rows = list(rows_of(path))
    with database.write() as connection:
        connection.execute(delete(capture).where(capture.c.file == path.name))
        for start in range(0, len(rows), _BATCH):
            statement = insert_for(connection)(capture).on_conflict_do_nothing()
            connection.execute(statement, rows[start : start + _BATCH])
        if connection.scalar(select(capture.c.url).where(capture.c.file == path.name).limit(1)) is None:
            _note_nothing_new(connection, path)


def _cut_torn_end(path: Path) -> None:
    """Leave the whole records alone; delete a file that has none but its first, which only says who began it."""
    ends = [member.end for member in whole_members(path)]
    if len(ends) < 2:
        path.unlink()
        sync_folder(path.parent)
    elif ends[-1] < path.stat().st_size:
        os.truncate(path, ends[-1])


def _nothing_new(database: Database) -> dict[str, int]:
    with database.read() as connection:
        noted = connection.scalar(select(meta.c.value).where(meta.c.name == _NOTHING_NEW))
    found: dict[str, int] = json.loads(noted) if noted else {}
    return found


def _note_nothing_new(connection: Connection, path: Path) -> None:
    noted = connection.scalar(select(meta.c.value).where(meta.c.name == _NOTHING_NEW))
    value = json.dumps({**(json.loads(noted) if noted else {}), path.name: path.stat().st_size})
    made = insert_for(connection)(meta).values(name=_NOTHING_NEW, value=value)
    connection.execute(made.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _forget_files(connection: Connection, names: Collection[str]) -> None:
    """Delete the rows of files that are there no more, or soon will not be."""
    gone: Sequence[str] = sorted(names)
    for start in range(0, len(gone), _BATCH):
        connection.execute(delete(capture).where(capture.c.file.in_(gone[start : start + _BATCH])))
    connection.execute(delete(meta).where(meta.c.name == _NOTHING_NEW))
