"""presswatch backup: an installation in one file, taken while it is at work, and made again byte by byte."""

import hashlib
import json
import os
import sqlite3
import subprocess
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from backups import call, contents, live, members
from bad_weather import files_fail_at
from old_schema import make_database_at_0001, schema_of, write_filed_files
from rig import START, Answer, feed

from crawler.backup.form import FOLDERS, SUMS, Manifest
from crawler.backup.make import make_backup
from crawler.database import Database, StorageError, sqlite_url


@pytest.fixture
def lived(rig, site):
    live(rig, site)
    return rig


@pytest.fixture
def file(tmp_path):
    return tmp_path / "presswatch.tgz"


def dump(path):
    """The database's content as SQL, but for what a restore without captures leaves out."""
    left_out = ("search_index", 'INSERT INTO "capture"')
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if not any(part in line for part in left_out)]


# -- the round trip ----------------------------------------------------------------------------------------------------


def test_what_was_backed_up_is_restored_byte_by_byte_and_goes_on(lived, site, file, tmp_path):
    assert call(lived, "backup", file).exit_code == 0
    before, data = dump(lived.data / "presswatch.db"), tmp_path / "elsewhere" / "data"
    assert call(lived, "restore", file, data=data).exit_code == 0
    for folder in ("archive", "digests"):
        assert contents(data / folder) == contents(lived.data / folder)
    assert len(contents(data / "archive")) == 3
    assert dump(data / "presswatch.db") == before
    assert contents(data / "config-from-backup") == contents(lived.config)
    assert call(lived, "digest", data=data).stdout == call(lived, "digest").stdout
    site.hits.clear()
    document = json.loads(call(lived, "crawl", "--all", "--json", data=data).stdout)
    assert (document["totals"]["found"], document["totals"]["carried_out"]) == (0, 0)
    assert site.pages() == ["alpha.example/feed"]
    assert contents(data / "archive") == contents(lived.data / "archive")


def test_a_restored_row_finds_its_file_as_it_was_written(lived, file, tmp_path):
    call(lived, "backup", file)
    call(lived, "restore", file, data=tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new" / "presswatch.db")) as connection:
        rows = connection.execute("SELECT path, file_hash FROM article WHERE filed").fetchall()
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents(tmp_path / "new/archive").items()}
    assert dict(rows) == hashes


def test_the_operators_own_files_in_the_archive_are_kept_and_half_written_ones_are_not(lived, file):
    place = lived.data / "archive" / "alpha"
    (place / "note.txt").write_text("mine")
    (place / "01-x.md.edited-aaaaaaaa").write_text("edited by hand")
    (place / ".0123456789abcdef.tmp").write_text("half")
    call(lived, "backup", file)
    names = set(members(file))
    assert {"archive/alpha/note.txt", "archive/alpha/01-x.md.edited-aaaaaaaa"} <= names
    assert not any(name.endswith(".tmp") for name in names)


@pytest.mark.parametrize(("flags", "kept"), [([], False), (["--with-captures"], True)])
def test_captures_are_kept_when_asked_for(lived, file, tmp_path, flags, kept):
    (lived.data / "captures").mkdir(exist_ok=True)
    (lived.data / "captures" / "ring.warc.gz").write_bytes(b"warc")
    with closing(sqlite3.connect(lived.data / "presswatch.db")) as connection, connection:
        connection.execute("DELETE FROM capture")
        connection.execute(
            "INSERT INTO capture VALUES ('https://a.example/', 'd', 'ring.warc.gz', '2025-03-03 00:00:00')"
        )
    call(lived, "backup", file, *flags)
    assert call(lived, "restore", file, data=tmp_path / "new").exit_code == 0
    assert (tmp_path / "new" / "captures" / "ring.warc.gz").exists() == kept
    with closing(sqlite3.connect(tmp_path / "new" / "presswatch.db")) as connection:
        assert connection.execute("SELECT count(*) FROM capture").fetchone() == (int(kept),)


def test_a_database_that_lies_elsewhere_is_kept_and_restored_to_where_the_configuration_wants_it(lived, file, tmp_path):
    (tmp_path / "ledger").mkdir()
    (lived.data / "presswatch.db").rename(tmp_path / "ledger" / "press.db")
    settings = {"min_free_mb": 0, "database": f"sqlite:///{tmp_path}/ledger/press.db"}
    lived.write("presswatch.yaml", settings)
    before = dump(tmp_path / "ledger" / "press.db")
    assert call(lived, "backup", file).exit_code == 0
    refused = call(lived, "restore", file, data=tmp_path / "new")
    assert (refused.exit_code, (tmp_path / "new").exists()) == (2, False)
    assert f"the database {tmp_path}/ledger/press.db exists, and a restore overwrites nothing" in refused.stderr
    lived.write("presswatch.yaml", {**settings, "database": f"sqlite:///{tmp_path}/other/press.db"})
    assert call(lived, "restore", file, data=tmp_path / "new").exit_code == 0
    assert dump(tmp_path / "other" / "press.db") == before
    assert not (tmp_path / "new" / "presswatch.db").exists()
    assert call(lived, "crawl", data=tmp_path / "new").exit_code == 0
    lived.write("presswatch.yaml", {**settings, "database": f"sqlite:///{tmp_path}/third/db/press.db"})
    assert call(lived, "restore", file, data=tmp_path / "third").exit_code == 0
    assert dump(tmp_path / "third" / "db" / "press.db") == before


def test_names_of_any_kind_survive(lived, file, tmp_path):
    strange = [b"line\nend.md", b"back\\slash.md", b"\xff\xfe.md", "很长的名字".encode() * 15, b" space .md"]
    place = os.fsencode(lived.data / "archive" / "alpha")
    for name in strange:
        Path(os.fsdecode(place + b"/" + name)).write_bytes(name)
    assert call(lived, "backup", file).exit_code == 0
    assert call(lived, "restore", file, data=tmp_path / "new").exit_code == 0
    assert contents(tmp_path / "new" / "archive") == contents(lived.data / "archive")


def test_sha256sum_can_check_a_backup_that_was_unpacked(lived, file, tmp_path):
    (lived.data / "archive" / "alpha" / "back\\slash\n.md").write_text("x")
    call(lived, "backup", file)
    with tarfile.open(file) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    checked = subprocess.run(["sha256sum", "-c", "--quiet", SUMS], cwd=tmp_path / "out", check=False)
    assert checked.returncode == 0


# -- taken from a database at work -------------------------------------------------------------------------------------


def test_the_copy_is_one_view_of_a_database_that_is_being_written(lived, file):
    """Another connection commits all the while; what it writes is in the copy whole or not at all."""
    path, enough, rounds = lived.data / "presswatch.db", threading.Event(), []
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("CREATE TABLE pair (a INTEGER, b BLOB)")
        writer.execute("INSERT INTO pair VALUES (1, zeroblob(10)), (1, zeroblob(5000000)), (1, zeroblob(10))")

    def write():
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as writer:
            while not enough.is_set():
                writer.execute("UPDATE pair SET a = a + 1")
                rounds.append(1)

    thread, database = threading.Thread(target=write), Database(sqlite_url(path))
    thread.start()
    try:
        make_backup(database, {name: lived.data / name for name in FOLDERS}, file, START)
    finally:
        enough.set()
        thread.join()
        database.close()
    assert rounds
    file.with_name("copy.db").write_bytes(members(file)["presswatch.db"])
    with closing(sqlite3.connect(file.with_name("copy.db"))) as copy:
        assert copy.execute("SELECT count(*), min(a) = max(a) FROM pair").fetchone() == (3, 1)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_backup_waits_for_no_writer_and_no_run(lived, file):
    with closing(sqlite3.connect(lived.data / "presswatch.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM sighting")
        assert call(lived, "backup", file).exit_code == 0
    file.with_name("copy.db").write_bytes(members(file)["presswatch.db"])
    with closing(sqlite3.connect(file.with_name("copy.db"))) as copy:
        assert copy.execute("SELECT count(*) FROM sighting").fetchone() == (3,)


def test_a_backup_leaves_the_database_at_its_schema(rig, file):
    make_database_at_0001(rig.data / "presswatch.db")
    assert call(rig, "backup", file).exit_code == 0
    assert Manifest.from_json(members(file)["manifest.json"]).schema == "0001"
    assert schema_of(rig.data / "presswatch.db") == "0001"


def test_an_older_backup_is_brought_up_to_date(rig, site, file, tmp_path):
    make_database_at_0001(rig.data / "presswatch.db")
    with closing(sqlite3.connect(rig.data / "presswatch.db")) as old, old:
        old.execute("UPDATE entry SET key = 'url:news.qq.com/rain/a/20250303A01ABC00' WHERE id = 3")
    write_filed_files(rig.data / "archive")
    call(rig, "backup", file)
    result = call(rig, "restore", file, data=tmp_path / "new")
    assert "the database was brought from schema 0001 to 0005" in result.stdout
    assert schema_of(tmp_path / "new" / "presswatch.db") == "0005"
    with closing(sqlite3.connect(tmp_path / "new" / "presswatch.db")) as new:
        assert new.execute("SELECT key FROM entry WHERE id = 3").fetchone() == ("qq:20250303A01ABC",)
    assert not list((tmp_path / "new").glob("*.before-*")), "the backup is the copy"
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    assert call(rig, "crawl", data=tmp_path / "new").exit_code == 0
    assert len(contents(tmp_path / "new" / "archive")) == 2


# -- what is told ------------------------------------------------------------------------------------------------------


def test_the_document_of_a_backup(lived, file):
    document = json.loads(call(lived, "backup", file, "--json").stdout)
    assert document == {
        "file": str(file),
        "bytes": file.stat().st_size,
        "created": START.isoformat(),
        "presswatch": "0.1.0",
        "schema": "0005",
        "rows": {"entries": 3, "articles": 3, "versions": 3, "digests": 1},
        "files": {"config": 4, "archive": 3, "digests": 6},
        "left_out": [],
    }


def test_the_document_of_a_restore(lived, file, tmp_path):
    call(lived, "backup", file)
    data = tmp_path / "new"
    assert json.loads(call(lived, "restore", file, "--json", data=data).stdout) == {
        "data": str(data),
        "database": f"{data}/presswatch.db",
        "config": f"{data}/config-from-backup",
        "created": START.isoformat(),
        "schema": {"from": "0005", "to": "0005"},
        "articles": 3,
        "files": 13,
    }


def test_a_backup_under_cron_is_silent(lived, file):
    result = call(lived, "backup", file)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_what_is_no_file_is_left_out_and_told(lived, file, tmp_path):
    (tmp_path / "big").mkdir()
    (lived.data / "archive" / "linked").symlink_to(tmp_path / "big")
    os.mkfifo(lived.data / "archive" / "pipe")
    result = call(lived, "backup", file)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"left out: {lived.data}/archive/{name} (neither a file nor a folder of its own)" for name in ("linked", "pipe")
    ]


def test_nothing_beside_the_configuration_gets_into_a_backup(lived, file):
    (lived.config / ".env").write_text("SECRET=1")
    (lived.config / "sources" / ".hidden.txt").write_text("SECRET=1")
    call(lived, "backup", file)
    assert sorted(name for name in members(file) if name.startswith("config/")) == [
        "config/presswatch.yaml", "config/sources/alpha.yaml", "config/subscriptions.yaml", "config/themes.yaml",
    ]  # fmt: skip


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("there.tgz", "there.tgz exists already; name another file, or move it away"),
        ("none/b.tgz", "none does not exist; make it first"),
        ("-", "a backup is written to a file; name one"),
    ],
)
def test_a_file_that_cannot_be_made_is_bad_usage(lived, tmp_path, name, says):
    (tmp_path / "there.tgz").write_text("precious")
    result = call(lived, "backup", name if name == "-" else tmp_path / name)
    assert result.exit_code == 2
    assert says in result.stderr
    assert (tmp_path / "there.tgz").read_text() == "precious"


def test_without_a_database_there_is_nothing_to_back_up(rig, file):
    result = call(rig, "backup", file)
    assert (result.exit_code, file.exists(), rig.data.exists()) == (2, False, False)
    assert "holds no presswatch.db: run presswatch crawl first" in result.stderr


def test_a_damaged_database_makes_no_backup(lived, file):
    path = lived.data / "presswatch.db"
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    result = call(lived, "backup", file)
    assert (result.exit_code, file.exists()) == (1, False)
    assert f"{path}: the database is damaged" in result.stderr
    assert result.stderr.endswith("keep a copy of the file, then use presswatch restore FILE; no backup was written\n")
    assert sorted(found.name for found in file.parent.iterdir()) == ["config", "data"]


@pytest.mark.parametrize("step", ["fsync", "fsync of the folder"])
def test_a_disk_that_is_full_makes_no_backup(lived, file, monkeypatch, step):
    with files_fail_at(step, monkeypatch):
        result = call(lived, "backup", file)
    assert result.exit_code == 1
    told = "the disk is full (No space left on device): free some space; no backup was written"
    assert result.stderr == f"Error: {file}: {told}\n"
    assert sorted(found.name for found in file.parent.iterdir()) == ["config", "data"]


def test_a_copy_that_finds_its_disk_full_names_the_place_it_is_copied_to(lived, tmp_path, monkeypatch):
    database, really = Database(sqlite_url(lived.data / "presswatch.db")), sqlite3.connect

    def connect(path, **more):
        connection = really(path, **more)
        if Path(path).name == "copy.db":
            connection.execute("PRAGMA max_page_count=3")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    place = f"copying {lived.data}/presswatch.db into {tmp_path}: the disk is full"
    with pytest.raises(StorageError, match=place):
        database.copy_to(tmp_path / "copy.db")
    database.close()
