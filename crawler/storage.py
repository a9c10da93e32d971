"""What disk and database can refuse, told as the cause and what to do about it."""

import errno
import os
import sqlite3
from enum import Enum
from pathlib import Path

from sqlalchemy.exc import DBAPIError


class StorageFault(Enum):
    """Why something could not be stored or read. The values are the cause and the remedy as an operator reads them."""

    FULL = ("the disk is full", "free some space")
    READ_ONLY = ("it can only be read", "let this user write to the file and its folder, or name others with --data")
    DEVICE = ("the disk reports an error", "look into the system's log, and keep a copy of what can still be read")
    LOCKED = ("another process has held the database for {waited:g} s", "end that process, or wait for it to end")
    DAMAGED = ("the database is damaged", "keep a copy of the file, then use presswatch restore FILE")
    FOREIGN = ("this file is no SQLite database", "name the right one, or move this file away")
    UNREACHABLE = ("it cannot be opened", "check that its folder exists, and that this user may write to it")
    PLACE = ("it cannot be written there", "put right what is in the way")

    @property
    def meets_everything(self) -> bool:
        """Whether whatever is stored next meets the same fault; else it is that of one place alone."""
        return self is not StorageFault.PLACE


class StorageError(Exception):
    """Something cannot be stored or read; the message says what, why, and what to do."""

    def __init__(self, message: str, fault: StorageFault | None = None) -> None:
        super().__init__(message)
        self.fault = fault

    @property
    def ends_a_run(self) -> bool:
        """Whether nothing more may be fetched, because it could not be stored."""
        return self.fault is None or self.fault.meets_everything


# SQLite's primary result codes, https://sqlite.org/rescode.html. Codes that are not here, such as that of a
# constraint, say something about the statement and nothing about the storage.
_DATABASE_FAULTS = {
    sqlite3.SQLITE_FULL: StorageFault.FULL,
    sqlite3.SQLITE_BUSY: StorageFault.LOCKED,
    sqlite3.SQLITE_LOCKED: StorageFault.LOCKED,
    sqlite3.SQLITE_PROTOCOL: StorageFault.LOCKED,
    sqlite3.SQLITE_CORRUPT: StorageFault.DAMAGED,
    sqlite3.SQLITE_NOTADB: StorageFault.FOREIGN,
    sqlite3.SQLITE_READONLY: StorageFault.READ_ONLY,
    sqlite3.SQLITE_PERM: StorageFault.READ_ONLY,
    sqlite3.SQLITE_IOERR: StorageFault.DEVICE,
    sqlite3.SQLITE_CANTOPEN: StorageFault.UNREACHABLE,
}
_FILE_FAULTS = {
    errno.ENOSPC: StorageFault.FULL,
    errno.EDQUOT: StorageFault.FULL,
    errno.EROFS: StorageFault.READ_ONLY,
    errno.EIO: StorageFault.DEVICE,
}


def database_error(error: DBAPIError | sqlite3.Error, shown: str, *, waited: float) -> StorageError | None:
    """The driver's error in words; None when it is none of the storage.

    Args:
        error: as the driver or SQLAlchemy raised it.
        shown: the database's path, or its URL without the password.
        waited: seconds that were waited for another process.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    fault = None if code is None else _DATABASE_FAULTS.get(code & 0xFF)
    if fault is None:
        return None
    told, remedy = fault.value
    name = getattr(cause, "sqlite_errorname", code)
    return StorageError(f"{shown}: {told.format(waited=waited)} ({name}): {remedy}", fault)


def file_error(error: OSError, path: Path) -> StorageError:
    """A refused read or write of the file or folder `path` in words."""
    fault = _FILE_FAULTS.get(error.errno or 0, StorageFault.PLACE)
    told, remedy = fault.value
    return StorageError(f"{path}: {told} ({error.strerror or error}): {remedy}", fault)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` survive a power cut.

    Raises:
        OSError: the disk refused.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
