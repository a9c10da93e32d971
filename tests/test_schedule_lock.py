"""Who waits for the run lock where a daemon works, and who does not."""

import os
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from filelock import FileLock
from rig import CONTACT

from crawler.cli import cli, lock
from crawler.cli.lock import LockedError, locked
from crawler.config.models import Settings
from crawler.database import Database, sqlite_url
from crawler.lock import run_lock
from crawler.schedule.heartbeat import FRESH, Beat, write_beat
from crawler.schedule.shifts import SLICE

NOW = datetime(2025, 3, 3, tzinfo=UTC)  # stands for the time of the test
BEAT = Beat(
    pid=os.getpid(),
    host=socket.gethostname(),
    version="1",
    started=NOW,
    beat=NOW,
    doing="crawl",
    next_poll=None,
    next_digest=None,
    ended=False,
)
NO_DAEMON = {
    "none": None,
    "ended": {"ended": True},
    "silent": {"beat": BEAT.beat - 2 * FRESH},
    "gone": {"pid": 2**22 + 1},  # more than any process has
}


def say(data, **changed):
    """Have the daemon's last sign of life lie in `data`, as old as `changed` says from now."""
    told = replace(BEAT, **changed)
    write_beat(data, replace(told, beat=datetime.now(UTC) + (told.beat - NOW)))


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "_LOOK_EVERY", timedelta(milliseconds=5))
    return SimpleNamespace(data=tmp_path, config=SimpleNamespace(settings=Settings()), lock=None)


@pytest.mark.parametrize("changed", NO_DAEMON.values(), ids=NO_DAEMON)
def test_where_no_daemon_works_nobody_waits(app, capsys, changed):
    if changed is not None:
        say(app.data, **changed)
    with run_lock(app.data), pytest.raises(LockedError), locked(app):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("host", [BEAT.host, "another-container"])
def test_where_one_works_its_run_is_waited_for_and_that_is_told_once(app, capsys, host):
    say(app.data, host=host)
    held = FileLock(app.data / "run.lock", thread_local=False)
    held.acquire()
    timer = threading.Timer(0.1, held.release)
    timer.start()
    with locked(app):
        assert app.lock is not None
        assert not held.is_locked
    timer.join()
    who = f"the daemon works here (process {BEAT.pid} on {host})"
    assert capsys.readouterr().err == f"{who}: waiting for its run to end, at most 6 minutes ...\n"
    assert SLICE + timedelta(seconds=30) <= lock.LONGEST_WAIT


def test_after_the_longest_wait_it_is_held_as_it_is_elsewhere(app, monkeypatch):
    monkeypatch.setattr(lock, "LONGEST_WAIT", timedelta(milliseconds=20))
    say(app.data)
    with run_lock(app.data), pytest.raises(LockedError, match="another run holds"), locked(app):
        pass


@pytest.mark.parametrize(
    ("words", "code", "waits"),
    [
        (["crawl"], 4, False),
        (["crawl", "--all"], 4, False),
        (["crawl", "--if-idle"], 0, False),
        (["crawl", "--if-idle", "alpha"], 0, False),
        (["crawl", "alpha"], 4, True),
        (["archive", "prune"], 4, True),
    ],
)
def test_what_cron_calls_waits_for_nobody(rig, monkeypatch, words, code, waits):
    rig.write("presswatch.yaml", {"contact": CONTACT, "min_free_mb": 0})
    monkeypatch.setattr(lock, "LONGEST_WAIT", timedelta(0))
    with run_lock(rig.data):
        Database.open(sqlite_url(rig.data / "presswatch.db")).close()
        say(rig.data)
        command = ["--config", str(rig.config), "--data", str(rig.data), *words]
        answer = CliRunner().invoke(cli, command, prog_name="presswatch")
    assert (answer.exit_code, "waiting for its run" in answer.stderr) == (code, waits)
