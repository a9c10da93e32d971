"""The ring between runs: what expires goes, and files and rows that disagree are made to agree."""

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
from crawler.tables import capture, meta

OPEN_FILE = "captures_open"  # the row of `meta` that names the file being written
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
        connection.execute(delete(capture).where(capture.c.file == name))
        (folder / name).unlink(missing_ok=True)


def mend_ring(folder: Path, database: Database) -> None:
    """Make rows and files agree after a process died, or somebody removed or brought files.

    A record that was being written is cut off, rows without a file are deleted, files without rows are read again.

    Raises:
        OSError: the folder or a file cannot be read or written.
        NotByRecordError: a file that is called like one of the ring is none.
    """
    names = ring_names(folder)
    for left_over in folder.glob("*.tmp") if folder.is_dir() else ():
        left_over.unlink()
    with database.read() as connection:
        known = set(connection.scalars(select(capture.c.file).distinct()))
        torn = connection.scalar(select(meta.c.value).where(meta.c.name == OPEN_FILE))
    if torn in names:
        _cut_torn_end(folder / torn)
        names = ring_names(folder)
    for name in names:
        if name == torn or name not in known:
            _index(folder / name, database)
    gone = known.difference(names)
    if gone or torn is not None:
        with database.write() as connection:
            _forget_files(connection, gone)
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


def _cut_torn_end(path: Path) -> None:
    """Leave the whole records alone; delete a file that has none but its first, which only says who began it."""
    ends = [member.offset + len(member.raw) for member in whole_members(path)]
    if len(ends) < 2:
        path.unlink()
    elif ends[-1] < path.stat().st_size:
        os.truncate(path, ends[-1])


def _index(path: Path, database: Database) -> None:
    """Give a file its rows."""
    rows = list(rows_of(path))
    if not rows:
        return
    with database.write() as connection:
        for start in range(0, len(rows), _BATCH):
            statement = insert_for(connection)(capture).on_conflict_do_nothing()
            connection.execute(statement, rows[start : start + _BATCH])


def _forget_files(connection: Connection, names: Collection[str]) -> None:
    gone: Sequence[str] = sorted(names)
    for start in range(0, len(gone), _BATCH):
        connection.execute(delete(capture).where(capture.c.file.in_(gone[start : start + _BATCH])))
