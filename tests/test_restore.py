"""presswatch restore: whole or not at all, and nothing that is no backup of ours."""

import hashlib
import io
import json
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from backups import call, contents, live, members
from click.testing import CliRunner
from rig import START, Rig

from crawler.backup.form import SUMS, sum_line
from crawler.backup.restore import restore_backup
from crawler.cli import cli
from crawler.storage import StorageError


@pytest.fixture
def lived(rig, site):
    live(rig, site)
    return rig


@pytest.fixture
def file(tmp_path):
    return tmp_path / "presswatch.tgz"


def repacked(file, change):
    """Write the backup again with its members as `change` makes them of (name, content) pairs."""
    pairs = change(list(members(file).items()))
    with tarfile.open(file, "w:gz") as tar:
        for name, content in pairs:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def sealed(pairs):
    """With a seal that fits, as somebody who means harm would make it."""
    kept = [(name, content) for name, content in pairs if name != SUMS]
    named = [(getattr(name, "name", name), content) for name, content in kept]
    lines = b"".join(sum_line(name, hashlib.sha256(content).hexdigest()) for name, content in named)
    return [*kept, (SUMS, lines)]


def test_a_folder_that_is_not_empty_is_left_alone(lived, file):
    call(lived, "backup", file)
    before = contents(lived.data)
    result = call(lived, "restore", file)
    assert result.exit_code == 2
    assert f"the data folder {lived.data} is not empty, and a restore overwrites nothing; move what is there" in (
        result.stderr
    )
    assert contents(lived.data) == before


def test_an_empty_folder_is_restored_into(lived, file, tmp_path):
    call(lived, "backup", file)
    (tmp_path / "new").mkdir()
    assert call(lived, "restore", file, data=tmp_path / "new").exit_code == 0
    assert len(contents(tmp_path / "new" / "archive")) == 3


def replaced(name, content):
    return lambda pairs: [(found, content if found == name else old) for found, old in pairs]


def without(name):
    return lambda pairs: [(found, content) for found, content in pairs if found != name]


def with_member(name, kind=tarfile.REGTYPE, link=""):
    def change(pairs):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        content = b"x" if kind == tarfile.REGTYPE else b""
        return sealed([*pairs[:-1], (info, content)])

    return change


DAMAGED = {
    "a changed file": (replaced("config/themes.yaml", b"{}"), "config/themes.yaml is not what was packed"),
    "a changed manifest": (
        lambda pairs: [(pairs[0][0], pairs[0][1].replace(b'"articles": 3', b'"articles": 4')), *pairs[1:]],
        "manifest.json is not what was packed",
    ),
    "a changed seal": (replaced(SUMS, b"nonsense\n"), "manifest.json is not what was packed"),
    "a longer seal": (
        lambda pairs: [*pairs[:-1], (SUMS, pairs[-1][1] + b"0  more\n")],
        "it does not hold what it lists",
    ),
    "no seal": (without(SUMS), "it ends before its SHA256SUMS"),
    "a lost file": (without("config/themes.yaml"), "config/themes.yaml is not what was packed"),
    "members after the seal": (lambda pairs: [*pairs, ("archive/more.md", b"x")], "it does not hold what it lists"),
    "a path out of the folder": (with_member("archive/../../evil.md"), "may not be unpacked"),
    "an absolute path": (with_member("/tmp/evil.md"), "/tmp/evil.md may not be unpacked"),
    "a link": (with_member("archive/link.md", tarfile.SYMTYPE, "/etc/passwd"), "archive/link.md may not be unpacked"),
    "a hard link": (with_member("archive/l.md", tarfile.LNKTYPE, "presswatch.db"), "archive/l.md may not be unpacked"),
    "a device": (with_member("archive/device", tarfile.CHRTYPE), "archive/device may not be unpacked"),
    "a place of its own": (with_member("run.lock"), "run.lock may not be unpacked: no backup holds such a member"),
    "a file twice": (with_member("config/themes.yaml"), "config/themes.yaml is in it twice"),
}


@pytest.mark.parametrize("fault", DAMAGED)
def test_a_backup_that_was_changed_is_refused_and_leaves_nothing_behind(lived, file, tmp_path, fault):
    call(lived, "backup", file)
    change, says = DAMAGED[fault]
    repacked(file, change)
    before = set(tmp_path.rglob("*"))
    result = call(lived, "restore", file, data=tmp_path / "deep" / "new")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {file}: the backup is damaged (")
    assert says in result.stderr
    assert result.stderr.endswith("): nothing was restored; take another one\n")
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_a_backup_that_broke_off_is_refused_and_leaves_nothing_behind(lived, file, tmp_path, share):
    call(lived, "backup", file)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    result = call(lived, "restore", file, data=tmp_path / "new")
    assert result.exit_code == 1
    assert "the backup is damaged (" in result.stderr
    assert sorted(found.name for found in tmp_path.iterdir()) == ["config", "data", file.name]


@pytest.mark.parametrize("position", [0.1, 0.5, 0.9])
def test_a_backup_with_a_flipped_bit_is_refused(lived, file, tmp_path, position):
    call(lived, "backup", file)
    content = bytearray(file.read_bytes())
    content[int(len(content) * position)] ^= 0x10
    file.write_bytes(content)
    result = call(lived, "restore", file, data=tmp_path / "new")
    assert result.exit_code == 1
    assert "the backup is damaged (" in result.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("what", ["text", "another tar", "empty tar", "another manifest", "of another format"])
def test_a_file_that_is_no_backup_is_told(rig, file, tmp_path, what):
    if what == "text":
        file.write_text("not a backup\n" * 100)
    else:
        content = json.dumps({"format": 2} if what == "of another format" else {"manifest_version": 3}).encode()
        with tarfile.open(file, "w:gz") as tar:
            if what != "empty tar":
                info = tarfile.TarInfo("a.txt" if what == "another tar" else "manifest.json")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    result = call(rig, "restore", file)
    told = "this is no backup of presswatch; name a file that presswatch backup wrote"
    assert (result.exit_code, result.stderr) == (1, f"Error: {file}: {told}\n")
    assert not rig.data.exists()


def test_a_backup_of_a_newer_presswatch_is_refused(lived, file, tmp_path):
    with closing(sqlite3.connect(lived.data / "presswatch.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    call(lived, "backup", file)
    result = call(lived, "restore", file, data=tmp_path / "new")
    assert (result.exit_code, (tmp_path / "new").exists()) == (1, False)
    assert result.stderr == (
        f"Error: {file} was made by presswatch 0.1.0 at schema 9999, which this one (0005) does not know: "
        "it is newer; install that one\n"
    )


def test_a_file_that_is_not_there_is_bad_usage(rig, file):
    assert call(rig, "restore", file).exit_code == 2


def test_a_disk_that_is_full_restores_nothing(lived, file, tmp_path, monkeypatch):
    call(lived, "backup", file)
    really = Path.open

    def full(self, mode="r", *arguments, **more):
        if "x" in mode and "archive" in str(self):
            raise OSError(28, "No space left on device", str(self))
        return really(self, mode, *arguments, **more)

    monkeypatch.setattr(Path, "open", full)
    result = call(lived, "restore", file, data=tmp_path / "new")
    told = "the disk is full (No space left on device): free some space; nothing was restored"
    assert (result.exit_code, result.stderr) == (1, f"Error: {tmp_path}/new: {told}\n")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["config", "data", file.name]


def test_the_restored_installation_of_another_rig_is_whole(lived, file, tmp_path, site):
    """A new machine: the backup's own configuration is enough to go on with."""
    call(lived, "backup", file)
    other = Rig(tmp_path / "machine", route=site.url)
    assert call(other, "restore", file).exit_code == 0
    moved = other.data / "config-from-backup"
    result = CliRunner().invoke(
        cli, ["--config", str(moved), "--data", str(other.data), "--now", START.isoformat(), "digest"]
    )
    assert (result.exit_code, "机器人one" in result.stdout) == (0, True)


# -- a database that lies elsewhere ------------------------------------------------------------------------------------

KILLED_WRITER = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("UPDATE article SET title = 'of the old database'")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def elsewhere(lived, file, tmp_path):
    """Where the configuration wants the database; there is a backup, and the old database died while it was written."""
    path = tmp_path / "ledger" / "press.db"
    path.parent.mkdir()
    lived.write("presswatch.yaml", {"min_free_mb": 0, "database": f"sqlite:///{path}"})
    (lived.data / "presswatch.db").rename(path)
    assert call(lived, "backup", file).exit_code == 0
    killed = subprocess.run([sys.executable, "-c", KILLED_WRITER, str(path)], check=False)
    assert (killed.returncode, path.with_name("press.db-wal").stat().st_size > 0) == (-9, True)
    path.rename(path.with_name("press.db.old"))
    return path


def titles(path):
    with closing(sqlite3.connect(path)) as connection:
        return {title for [title] in connection.execute("SELECT title FROM article")}


def test_the_log_of_a_killed_writer_is_not_read_into_the_restored_database(lived, file, tmp_path, elsewhere):
    before = contents(elsewhere.parent)
    refused = call(lived, "restore", file, data=tmp_path / "new")
    assert refused.exit_code == 2
    assert f"{elsewhere}-wal is left of another database, and would be read as the restored one's; move it away" in (
        refused.stderr
    )
    assert (contents(elsewhere.parent), (tmp_path / "new").exists()) == (before, False)
    for end in ("-wal", "-shm"):
        elsewhere.with_name(f"press.db{end}").rename(elsewhere.with_name(f"press.db.old{end}"))
    assert call(lived, "restore", file, data=tmp_path / "new").exit_code == 0
    assert titles(elsewhere) == {"机器人one", "机器人two", "机器人three"}
    assert titles(elsewhere.with_name("press.db.old")) == {"of the old database"}


@pytest.mark.parametrize("name", ["press.db", "press.db-wal", "press.db-shm", "press.db-journal"])
def test_what_appears_where_the_database_is_to_be_meanwhile_is_left_alone(file, tmp_path, elsewhere, name):
    for end in ("-wal", "-shm"):
        elsewhere.with_name(f"press.db{end}").unlink()
    appeared = elsewhere.with_name(name)
    with pytest.raises(StorageError, match=f"{name} is there, and was left alone: nothing was restored"):
        restore_backup(file, tmp_path / "new", elsewhere, watch=lambda line: appeared.write_text("another's"))
    assert (appeared.read_text(), (tmp_path / "new").exists()) == ("another's", False)


def test_the_log_of_a_database_that_lay_in_its_own_archive_is_not_restored(lived, file, tmp_path):
    call(lived, "backup", file)
    repacked(file, with_member("archive/press.db-wal"))
    path = tmp_path / "new" / "archive" / "press.db"
    lived.write("presswatch.yaml", {"min_free_mb": 0, "database": f"sqlite:///{path}"})
    assert call(lived, "restore", file, data=tmp_path / "new").exit_code == 0
    assert not path.with_name("press.db-wal").exists()
    assert titles(path) == {"机器人one", "机器人two", "机器人three"}
