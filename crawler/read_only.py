"""An SQLite database in WAL mode on a file system that is read-only: how it can be read all the same."""

import os
from pathlib import Path
from urllib.parse import quote

from crawler.storage import StorageError, StorageFault

# What a file looks like that somebody else writes by another mount, whose log comes and goes.
CHANGED_UNDER_US = {StorageFault.DAMAGED, StorageFault.UNREACHABLE}


def changed_under_us(path: Path) -> str:
    """What is told where a database on a read-only file system could not be read."""
    return (
        f"{path}: it could not be read on this read-only file system, where it may be written by another mount "
        "meanwhile: ask again, or ask where it is written; only if that fails as well is it damaged"
    )


def on_read_only_disk(path: Path) -> bool:
    """Whether nobody may write beside this file, whatever its rights are."""
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:  # there is no such folder, as opening the file will tell
        return False


def read_only_uri(path: Path) -> str:
    """What SQLite opens `path` by, where it can make no -wal and no -shm: https://sqlite.org/wal.html#readonly

    Raises:
        StorageError: some of what is stored is in a log that cannot be read.
    """
    log, index = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        logged = log.stat().st_size
    except FileNotFoundError:
        logged = 0
    if not logged:
        # Taken for unchanging, it is read without a log. Who writes it by another mount has a log there.
        return f"{uri}&immutable=1"
    if not index.exists():
        raise StorageError(
            f"{path}: its file system is read-only, and what stands in {log.name} cannot be read without {index.name}: "
            "copy the data folder to where you may write, and name that with --data"
        )
    return uri
