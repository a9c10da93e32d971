"""A data folder on a read-only file system: what only reads reads it, and what cannot be done is told by its cause."""

import os
import shutil
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
from archive_rows import StoredRows

from crawler.database import Database, sqlite_url
from crawler.read_only import on_read_only_disk, read_only_uri
from crawler.storage import StorageError, StorageFault
from crawler.tables import run

MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
READS = """
import sys
from pathlib import Path
from sqlalchemy import select
from crawler.database import Database, sqlite_url
from crawler.tables import article
database = Database.open(sqlite_url(Path(sys.argv[1]) / "presswatch.db"))
with database.read() as connection:
    print(connection.scalars(select(article.c.title)).all())
"""


def on_a_read_only_mount(folder, *command):
    """The result of a command that sees `folder` read-only."""
    call = ["unshare", "--mount", "sh", "-c", MOUNTED, str(folder), *command]
    return subprocess.run(call, capture_output=True, text=True, check=False)


@pytest.fixture
def read_only(monkeypatch):
    """The file system, from now on; nothing is denied, so that a write would show."""

    def declared():
        monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY))

    return declared


@pytest.fixture
def stored(tmp_path):
    """A database that is whole, with one article."""
    folder = tmp_path / "a #1? folder%"
    folder.mkdir()
    database = Database.open(sqlite_url(folder / "presswatch.db"))
    StoredRows(database).an_article(1, "题")
    database.close()
    return folder / "presswatch.db"


@pytest.mark.skipif(
    shutil.which("unshare") is None or on_a_read_only_mount("/tmp", "true").returncode != 0,
    reason="this user may mount nothing",
)
@pytest.mark.parametrize("live", [False, True], ids=["closed", "with the log of a writer that is at work"])
def test_a_read_only_mount_is_read(stored, live):
    writer = sqlite3.connect(stored)
    if live:
        writer.execute("UPDATE article SET title = '新题'")
        writer.commit()
    else:
        writer.close()
    result = on_a_read_only_mount(stored.parent, sys.executable, "-c", READS, str(stored.parent))
    assert (result.stdout.strip(), result.stderr) == ("['新题']" if live else "['题']", "")
    writer.close()


def test_reading_makes_no_file_and_writing_is_told_by_its_cause(stored, read_only):
    read_only()
    before = sorted(stored.parent.iterdir())
    database = Database.open(sqlite_url(stored))
    with pytest.raises(StorageError, match="it can only be read") as told, database.write() as connection:
        connection.execute(run.delete())
    assert told.value.fault is StorageFault.READ_ONLY
    database.close()
    assert sorted(stored.parent.iterdir()) == before


def test_an_older_schema_is_told_with_why_it_stays(tmp_path, read_only):
    sqlite3.connect(tmp_path / "presswatch.db").close()
    read_only()
    with pytest.raises(StorageError, match=r"is at schema none, .* its file system is read-only"):
        Database.open(sqlite_url(tmp_path / "presswatch.db"))


@pytest.mark.parametrize(
    ("beside", "uri"),
    [
        pytest.param({}, "?mode=ro&immutable=1", id="no log"),
        pytest.param({"-wal": b""}, "?mode=ro&immutable=1", id="an empty log"),
        pytest.param({"-wal": b"x", "-shm": b"x"}, "?mode=ro", id="a log with its index"),
    ],
)
def test_how_it_is_opened_is_by_what_lies_beside_it(stored, beside, uri):
    for end, content in beside.items():
        stored.with_name(stored.name + end).write_bytes(content)
    assert read_only_uri(stored).endswith(f"presswatch.db{uri}")


def test_a_log_that_cannot_be_read_is_told(stored):
    stored.with_name("presswatch.db-wal").write_bytes(b"x")
    with pytest.raises(StorageError, match=r"read-only, and what stands in presswatch.db-wal cannot be read"):
        read_only_uri(stored)


def test_a_folder_that_is_not_there_is_no_read_only_one(tmp_path):
    assert not on_read_only_disk(tmp_path / "gone" / "presswatch.db")
    assert not on_read_only_disk(tmp_path / "presswatch.db")
