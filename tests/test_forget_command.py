"""presswatch forget: killed, refused or misused, it loses nothing else, and the same command finishes."""

import gzip
import json
import shutil
import subprocess
import sys

import pytest
from archive_rows import DAY, NOON
from forgetting import BODY, TITLE, URL, all_is_well, forget, keep, named_in
from house import House
from sqlalchemy import select

from crawler.database import Database, sqlite_url
from crawler.tables import article as article_table
from crawler.tombstones import buried


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.keep(1)
    yield made
    made.database.close()


# -- interrupted ------------------------------------------------------------------------------------------------------

KILLED_AT = """
import contextlib, os, signal, sys
from pathlib import Path
from crawler.cli import main
from crawler.database import Database

left = int(sys.argv.pop(1))

def event():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

write = Database.write

@contextlib.contextmanager
def counted_write(self):
    with write(self) as connection:
        yield connection
        event()
    event()

def counted(function):
    def call(*arguments, **options):
        result = function(*arguments, **options)
        event()
        return result
    return call

Database.write, Database.scrub = counted_write, counted(Database.scrub)
Path.unlink, Path.replace = counted(Path.unlink), counted(Path.replace)
main()
"""


def killed_after(house, events):
    """Forget in a process of its own that kills itself after so many writes; whether it came so far."""
    places = ["--config", house.folder / "config", "--data", house.data, "--now", (NOON + DAY).isoformat()]
    command = [sys.executable, "-c", KILLED_AT, str(events), *map(str, places), "forget", URL, "--reason", "x", "--yes"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode in {0, -9}, run.stderr
    return run.returncode == -9


@pytest.mark.parametrize("waits", [False, True], ids=["stored", "pending"])
def test_killed_at_any_instant_the_same_command_finishes(house, tmp_path, waits):
    if waits:
        house.rows.an_entry(key="url:chenfeng.example/7", url=URL, title=TITLE)
    else:
        keep(house)
        house.keep(8, TITLE + "转", body=BODY, source="xinchao")
        house.issue()
    house.database.scrub()
    house.database.close()
    as_it_was = shutil.copytree(house.data, tmp_path / "as it was")
    events = 1
    while killed_after(house, events):
        assert forget(house).exit_code == 0
        if not waits:
            assert forget(house, "https://xinchao.example/8").exit_code == 0
        assert named_in(house) == set(), events
        assert all_is_well(house), events
        assert house.call("explain", URL).stdout.startswith("已于 ")
        house.database.close()
        shutil.rmtree(house.data)
        shutil.copytree(as_it_was, house.data)
        events += 1
    assert events > 5


def test_a_digest_that_cannot_be_written_keeps_the_article_for_another_try(house, monkeypatch):
    keep(house)
    house.issue()

    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.digest.files.write_atomically", refuse)
    result = forget(house)
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert house.query("SELECT count(*) FROM entry") == [(2,)]
    assert all_is_well(house)
    monkeypatch.undo()
    assert forget(house).exit_code == 0
    assert named_in(house) == set()


def test_a_file_that_cannot_be_removed_is_told(house, monkeypatch):
    path = house.path_of(keep(house))
    unlink = type(path).unlink

    def refuse(self, **options):
        if self == path:
            raise PermissionError(13, "Permission denied", str(path))
        unlink(self, **options)

    monkeypatch.setattr(type(path), "unlink", refuse)
    result = forget(house)
    assert result.exit_code == 1
    assert f"not all could be removed ({path}: Permission denied); see to that, and forget it again" in result.stderr
    assert all_is_well(house)


def test_a_capture_file_that_cannot_be_taken_apart_goes_as_a_whole(house, monkeypatch):
    keep(house)
    monkeypatch.setattr("crawler.captures.members.LARGEST_MEMBER", 1000)
    path = house.data / "captures" / "20250303T000000Z-run1.warc.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(bytes(2000)))
    result = forget(house)
    assert (result.exit_code, path.exists()) == (0, False)
    assert path.name in result.stderr
    assert named_in(house) == set()


def test_somebody_who_reads_an_older_state_is_told_of(house, monkeypatch):
    monkeypatch.setitem(Database.open.__func__.__kwdefaults__, "busy_seconds", 0.05)
    keep(house)
    other = Database(sqlite_url(house.data / "presswatch.db"))
    with other.read() as connection:
        connection.execute(select(article_table.c.title)).all()
        result = forget(house)
        assert result.exit_code == 0
        assert (
            "another process reads the database: until it ends, the log beside it holds what was removed"
            in result.stdout
        )
    other.close()
    assert forget(house).exit_code == 0
    assert named_in(house) == set()


@pytest.mark.parametrize("when", ["at once", "when it was forgotten already"])
def test_the_copies_that_migrations_kept_go_too_and_it_says_so(house, when):
    keep(house)
    house.database.copy_to(house.data / "presswatch.db.before-0002")
    shutil.copyfile(house.data / "presswatch.db.before-0002", house.data / ".presswatch.db.before-0002.tmp")
    if when != "at once":
        kept = (house.data / "presswatch.db.before-0002").read_bytes()
        forget(house)
        (house.data / "presswatch.db.before-0002").write_bytes(kept)
    result = forget(house)
    assert f"{house.data}/presswatch.db.before-0002 is removed: the database as it was before a migration\n" in (
        result.stdout
    )
    assert named_in(house) == set()
    assert json.loads(forget(house, URL, "--json").stdout)["safety_copies"] == []


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param([URL, "--reason", "x"], "there is no terminal to ask on: add --yes", id="nobody to ask"),
        pytest.param([URL, "--yes"], "Missing option '--reason'", id="no reason"),
        pytest.param([URL, "--yes", "--reason", " "], "--reason expects a few words", id="an empty reason"),
        pytest.param([TITLE, "--yes", "--reason", "x"], " forget 编号\n  2　无人问津", id="a title"),
        pytest.param(["样机", "--yes", "--reason", "x"], " forget 编号\n  1　第1台", id="a part of one"),
        pytest.param(
            ["没有的", "--yes", "--reason", "x"], "nothing is known of 没有的; give its whole URL", id="nothing"
        ),
        pytest.param(["99", "--yes", "--reason", "x"], "nothing is known of 99", id="no such id"),
    ],
)
def test_what_cannot_be_meant_changes_nothing_and_ends_with_2(house, arguments, told):
    keep(house)
    result = house.call("forget", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert house.query("SELECT count(*) FROM entry") == [(2,)]


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 1, 2), ("y\n", 0, 1)])
def test_on_a_terminal_it_asks(house, monkeypatch, answer, code, left):
    keep(house)
    monkeypatch.setattr("crawler.cli.forget.is_terminal", lambda: True)
    result = house.call("forget", URL, "--reason", "x", input=answer)
    assert f"Forget entry 2 of chenfeng (kept), {TITLE}, for good? [y/N]: " in result.stderr
    assert result.exit_code == code
    assert house.query("SELECT count(*) FROM entry") == [(left,)]


@pytest.mark.parametrize("query", [URL, "url:chenfeng.example/7", " url:chenfeng.example/7 "])
def test_it_is_named_by_url_or_key(house, query):
    keep(house)
    document = json.loads(forget(house, query, "--json").stdout)
    assert (document["entry"], document["was_known"], document["versions"]) == (2, True, 1)
    assert [path.startswith("chenfeng/2025/03/03-") for path in document["files"]] == [True]


def test_what_was_never_seen_is_not_taken_in_either(house):
    result = forget(house, "https://nobody.example/1")
    assert result.stdout.startswith("https://nobody.example/1 was never seen; it will not be taken in\n")
    with house.database.read() as connection:
        assert "url:nobody.example/1" in buried(connection, ["url:nobody.example/1"])


def test_an_id_is_taken_only_where_its_article_is_shown(house, monkeypatch):
    keep(house)
    result = forget(house, "2")
    assert result.exit_code == 2
    assert "2 may be another article's by now: with --yes give its key, url:chenfeng.example/7" in result.stderr
    monkeypatch.setattr("crawler.cli.forget.is_terminal", lambda: True)
    assert house.call("forget", "2", "--reason", "x", input="y\n").exit_code == 0
    assert house.query("SELECT id FROM entry") == [(1,)]


def test_an_id_that_became_anothers_while_it_was_asked_for_takes_nothing(house, monkeypatch):
    keep(house)

    def meanwhile(*arguments, **options):
        assert forget(house).exit_code == 0
        assert house.keep(8) == 2  # SQLite gives the highest id again

    monkeypatch.setattr("crawler.cli.forget.is_terminal", lambda: True)
    monkeypatch.setattr("crawler.cli.forget.click.confirm", meanwhile)
    result = house.call("forget", "2", "--reason", "x")
    assert (result.exit_code, house.query("SELECT title FROM article WHERE entry = 2")) == (1, [("第8台样机亮相",)])
    assert "another process has just forgotten it" in result.stderr


def test_forgetting_twice_takes_nobody_who_led_there(house):
    keep(house)
    other = house.keep(70, "另一个标题", body=BODY, final_key="url:chenfeng.example/7")
    for _ in range(2):
        assert forget(house).exit_code == 0
    assert house.query("SELECT id, key FROM entry WHERE id > 1") == [(other, "url:chenfeng.example/70")]
    assert house.call("explain", URL).stdout.startswith("已于 ")


def test_where_another_announcement_led_is_asked_for_by_its_id(house):
    house.keep(70, "另一个标题", final_key="url:chenfeng.example/7")
    result = forget(house)
    assert result.exit_code == 2
    assert " forget 编号\n  2　另一个标题" in result.stderr
    assert house.query("SELECT count(*) FROM entry") == [(2,)]


def test_forgetting_twice_says_so(house):
    keep(house)
    forget(house)
    assert forget(house).stdout.startswith(f"{URL} was forgotten on 2025-03-04 already; nothing more is left of it\n")
    document = json.loads(forget(house, URL, "--json").stdout)
    assert document["already_forgotten"].startswith("2025-03-04T04:00:00")


def test_a_number_that_is_no_id_is_not_taken_for_a_part_of_a_title(house):
    house.keep(7, "2025 年度回顾")
    result = forget(house, "2025")
    assert result.exit_code == 2
    assert " forget 编号\n  2　2025 年度回顾" in result.stderr
    assert house.query("SELECT count(*) FROM entry") == [(2,)]
