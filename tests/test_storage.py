"""The driver's and the disk's own errors, told as cause and remedy; what is no fault of the storage stays itself."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from bad_weather import sqlite_error
from sqlalchemy.exc import OperationalError

from crawler.database import Database, sqlite_url
from crawler.storage import StorageError, StorageFault, database_error, file_error


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (sqlite3.SQLITE_FULL, StorageFault.FULL),
        (sqlite3.SQLITE_BUSY, StorageFault.LOCKED),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StorageFault.LOCKED),
        (sqlite3.SQLITE_LOCKED_SHAREDCACHE, StorageFault.LOCKED),
        (sqlite3.SQLITE_CORRUPT, StorageFault.DAMAGED),
        (sqlite3.SQLITE_CORRUPT_INDEX, StorageFault.DAMAGED),
        (sqlite3.SQLITE_NOTADB, StorageFault.FOREIGN),
        (sqlite3.SQLITE_READONLY_DBMOVED, StorageFault.READ_ONLY),
        (sqlite3.SQLITE_PERM, StorageFault.READ_ONLY),
        (sqlite3.SQLITE_IOERR_FSYNC, StorageFault.DEVICE),
        (sqlite3.SQLITE_IOERR_SHORT_READ, StorageFault.DEVICE),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, StorageFault.UNREACHABLE),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, None),
        (sqlite3.SQLITE_ERROR, None),
        (None, None),
    ],
)
def test_what_each_code_of_sqlite_says(code, fault):
    raised = sqlite_error(code, "SQLITE_X")
    wrapped = OperationalError("INSERT", {}, raised)
    for error in (raised, wrapped):
        told = database_error(error, "/data/presswatch.db", waited=30)
        assert (told.fault if told else None) == fault


@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [
        ("FULL", sqlite3.SQLITE_FULL, "the disk is full (SQLITE_X): free some space"),
        (
            "LOCKED",
            sqlite3.SQLITE_BUSY,
            "another process has held the database for 30 s (SQLITE_X): end that process, or wait for it to end",
        ),
        (
            "DAMAGED",
            sqlite3.SQLITE_CORRUPT,
            "the database is damaged (SQLITE_X): keep a copy of the file, then use presswatch restore FILE",
        ),
        (
            "UNREACHABLE",
            sqlite3.SQLITE_CANTOPEN,
            "it cannot be opened (SQLITE_X): check that its folder exists, and that this user may write to it",
        ),
        (
            "DEVICE",
            sqlite3.SQLITE_IOERR,
            (
                "the disk reports an error (SQLITE_X): "
                "look into the system's log, and keep a copy of what can still be read"
            ),
        ),
    ],
)
def test_each_fault_has_its_cause_and_its_remedy(fault, code, told):
    error = database_error(sqlite_error(code, "SQLITE_X"), "/data/presswatch.db", waited=30.0)
    assert str(error) == f"/data/presswatch.db: {told}"
    assert error.fault is StorageFault[fault]


@pytest.mark.parametrize("fault", StorageFault)
def test_only_the_fault_of_one_place_lets_a_run_go_on(fault):
    assert StorageError("told", fault).ends_a_run == (fault is not StorageFault.PLACE)


def test_a_fault_of_no_known_kind_ends_a_run():
    assert StorageError("told").ends_a_run


def test_a_file_that_is_refused_is_told_with_its_path():
    told = file_error(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Path("/data/archive/a.md"))
    assert str(told) == "/data/archive/a.md: the disk is full (No space left on device): free some space"


def test_a_statement_that_is_wrong_is_no_fault_of_the_storage(tmp_path):
    database = Database.open(sqlite_url(tmp_path / "press.db"))
    with pytest.raises(OperationalError, match="no such table"), database.write() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    database.close()


def test_an_impatient_database_gives_up_at_once(tmp_path):
    database = Database.open(sqlite_url(tmp_path / "press.db"))  # which waits for 30 s
    other = sqlite3.connect(tmp_path / "press.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database.wait_no_more()
    with pytest.raises(StorageError, match="another process has held the database"), database.write():
        pass
    other.close()
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 0
    database.close()
