"""The runbook's ways back from a backup, typed into a shell as they stand there."""

import os
import shlex
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from backups import call, live
from deployment import BACKUPS, CHECKOUT, PLACES, blocks, read, section
from rig import START

RUNBOOK = read("RUNBOOK.md")
RESTORE = blocks(section(RUNBOOK, "the database is damaged"))
OURS = "presswatch.db"


@pytest.fixture
def lived(rig, site):
    live(rig, site)
    rig.data.chmod(0o750)
    (rig.folder / "backups").mkdir()
    return rig


def typed(rig, line):
    """What a line of the runbook comes to in the folders of `rig`, its aliases included."""
    programs = rig.folder / "programs"
    programs.mkdir(exist_ok=True)
    called = shlex.join([sys.executable, "-m", "crawler.cli", "--now", START.isoformat()])
    for name, does in {"presswatch": called, "presswatch-sh": "sh"}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {does} "$@"\n')
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "PRESSWATCH_CONFIG": str(rig.config),
        "PRESSWATCH_DATA": str(rig.data),
    }
    backups = rig.folder / "backups"
    for there, place in {PLACES[3]: rig.data, PLACES[1]: rig.config, BACKUPS: backups}.items():
        line = line.replace(there, str(place))
    return subprocess.run(["bash", "-c", line], check=False, env=environment, capture_output=True, text=True)


def go_through(rig, lines):
    for line in lines:
        done = typed(rig, line)
        assert (line, done.returncode, done.stderr) == (line, 0, "")


def titles(database):
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [title for [title] in connection.execute("SELECT title FROM article ORDER BY entry")]


def test_a_damaged_database_is_replaced_with_its_log(lived):
    database, damaged = lived.data / OURS, lived.data / "damaged"
    before = titles(database)
    assert call(lived, "backup", lived.folder / "backups" / "day-1.tar.gz").exit_code == 0
    with closing(sqlite3.connect(database)) as dead:  # stays open, so that the log stays
        dead.execute("PRAGMA wal_autocheckpoint = 0")
        dead.execute("DELETE FROM sighting")
        dead.execute("UPDATE article SET title = 'after the backup'")
        dead.commit()
        assert (lived.data / f"{OURS}-wal").stat().st_size > 0
        go_through(lived, RESTORE)
        assert titles(database) == before
        assert (damaged / f"{OURS}-wal").stat().st_size > 0
    assert not (lived.data / "restored").exists()
    assert list((lived.data / "captures").glob("*.warc.gz"))
    assert stat.S_IMODE(lived.data.stat().st_mode) == 0o750


def test_what_was_kept_aside_before_is_never_written_over(lived):
    """The folder of an earlier accident is in the way, and the line that would fill it does nothing."""
    (lived.data / "damaged").mkdir()
    [line] = [line for line in RESTORE if "mkdir damaged" in line]
    assert typed(lived, line).returncode == 1
    assert (lived.data / OURS).exists()


def test_the_configuration_comes_out_of_the_backup_on_a_new_machine(lived):
    known = {path.name: path.read_bytes() for path in (lived.config / "sources").iterdir()}
    assert call(lived, "backup", lived.folder / "backups" / "move.tar.gz").exit_code == 0
    lived.config.rename(lived.folder / "old")
    pack, *steps = blocks(section(RUNBOOK, "Move to another machine"))
    assert "backup --with-captures" in pack
    go_through(lived, steps)
    assert {path.name: path.read_bytes() for path in (lived.config / "sources").iterdir()} == known


def test_the_older_database_takes_the_place_of_the_newer_with_its_log(lived):
    [line] = [line for line in blocks(section(RUNBOOK, "Update, and back")) if "NNNN" in line]
    older, newer = lived.data / f"{OURS}.before-0003", lived.data / "newer"
    with closing(sqlite3.connect(lived.data / OURS)) as open_still:
        open_still.execute("VACUUM INTO ?", [str(older)])
        before = titles(older)
        open_still.execute("UPDATE article SET title = 'after the update'")
        open_still.commit()
        go_through(lived, [line.replace("NNNN", "0003")])
        assert titles(lived.data / OURS) == before
        assert {f"{OURS}-wal", older.name} <= {path.name for path in newer.iterdir()}
