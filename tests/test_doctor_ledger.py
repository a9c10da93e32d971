"""The doctor's look at the database, the runs, what is watched, and Redis."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from archive_rows import DAY, HOUR, NOON, StoredRows, a_source
from sqlalchemy import insert, text, update

from crawler.config.models import Config, SeedReference, Settings, Subscription, Theme, Words
from crawler.database import Database, newest_revision, sqlite_url
from crawler.doctor import ledger
from crawler.doctor.ledger import Ledger
from crawler.doctor.rhythm import check_last_run, check_rhythm
from crawler.doctor.watched import (
    check_contact,
    check_endpoints,
    check_sources,
    check_subscriptions,
    check_themes,
)
from crawler.lock import holders_of, lock_file, run_lock
from crawler.outcomes import DONE_WITHOUT
from crawler.schedule.heartbeat import Beat
from crawler.tables import run
from pipelines.health.cuts import Cut, Digests

MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "presswatch.db"


@pytest.fixture
def database(path):
    opened = Database.open(sqlite_url(path))
    yield opened
    opened.close()


def told(findings):
    return [(finding.grade.value, finding.found) for finding in findings]


def grades(findings):
    return [finding.grade.value for finding in findings]


# -- the database -----------------------------------------------------------------------------------------------------


def test_a_sound_database_is_ok_and_left_as_it_is(database, path):
    StoredRows(database).a_run(ended=NOON)
    database.close()
    before = path.read_bytes()
    assert grades(Ledger(path).check()) == ["ok", "ok"]
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if file.name != "presswatch.db.opening"] == ["presswatch.db"]


def test_without_a_database_nothing_was_crawled_yet(path):
    [found] = Ledger(path).check()
    assert (found.grade, "nothing was crawled yet" in found.found) == ("note", True)
    assert Ledger(path).facts is None
    assert not path.exists()


def test_a_database_in_memory_is_told():
    assert grades(Ledger(None).check()) == ["note"]
    assert Ledger(None).facts is None


def test_an_empty_file_is_a_fault(path):
    path.touch()
    assert grades(Ledger(path).check()) == ["fault"]


def test_a_file_of_something_else_is_a_fault_with_the_way_out(path):
    path.write_bytes(b"no database at all " * 500)
    [found] = Ledger(path).check()
    assert (found.grade, str(path) in found.found) == ("fault", True)
    assert found.todo == "name the right one, or move this file away"
    assert Ledger(path).facts is None


def test_a_damaged_database_is_a_fault(database, path):
    with database.write() as connection:
        connection.execute(text("INSERT INTO meta VALUES ('long', :long)"), {"long": "x" * 200_000})
    database.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 60_000)
        file.write(b"\xff" * 20_000)
    found = list(Ledger(path).check())
    assert "fault" in grades(found)
    assert "presswatch restore FILE" in found[-1].todo


@pytest.mark.parametrize(
    ("revision", "grade", "todo"),
    [("0003", "note", "presswatch migrate"), ("9999", "fault", "newer presswatch"), (None, "note", "presswatch crawl")],
)
def test_a_schema_of_another_version_is_told(database, path, revision, grade, todo):
    with database.write() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision:
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    found = next(iter(Ledger(path).check()))
    assert (found.grade, todo in found.todo) == (grade, True)
    assert Ledger(path).facts is None


def test_a_database_that_another_process_holds_is_a_fault_in_words(database, path, monkeypatch):
    monkeypatch.setattr(ledger, "_WAIT", 0.01)
    database.close()
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("PRAGMA journal_mode=DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        [found] = Ledger(path).check()
    assert (found.grade, found.todo) == ("fault", "end that process, or wait for it to end")


def test_a_database_too_large_to_be_checked_in_time_is_told_so(database, path, monkeypatch):
    monkeypatch.setattr(ledger, "_PATIENCE", -1)
    monkeypatch.setattr(ledger, "_STEPS", 1)
    [*_, found] = Ledger(path).check()
    assert (found.grade, "too large" in found.found) == ("ok", True)


def test_a_path_with_signs_of_its_own_is_opened(tmp_path):
    path = tmp_path / "a?b%20#c.db"
    Database.open(sqlite_url(path)).close()
    assert grades(Ledger(path).check()) == ["ok", "ok"]


def test_what_the_ledger_knows(database, path):
    rows = StoredRows(database)
    live = rows.a_run(ended=NOON - HOUR, books={"chenfeng": {"polls": 2, "polls_failed": 1}, "xinchao": {"polls": 0}})
    failed = rows.a_run(ended=NOON, books={"xinchao": {"polls": 1, "polls_failed": 1}})
    rows.a_run(ended=NOON + DAY, books={"demo": {"polls": 1}})
    with database.write() as connection:
        connection.execute(update(run).where(run.c.id.in_([live, failed])).values(live=True))
    rows.a_digest(cut_to=NOON - DAY)
    rows.a_digest(cut_to=NOON - 2 * DAY)
    rows.an_entry(origin="seed")
    facts = Ledger(path).facts
    assert facts.proven == {"chenfeng"}
    assert (facts.newest_live, facts.newest_simulated) == (NOON, NOON + DAY)
    assert [cut.cut_to for cut in facts.digests.cuts["daily"]] == [NOON - 2 * DAY, NOON - DAY]
    assert facts.seeds == 1
    assert facts.last_run.number == 4
    assert facts.digests.polled_since == NOON - 30 * DAY  # the run that StoredRows begins with


def facts(**given):
    values = {
        "last_run": None,
        "newest_live": None,
        "newest_simulated": None,
        "proven": frozenset(),
        "seeds": 0,
        "digests": Digests(cuts={}, polled_since=None),
    }
    return ledger.LedgerFacts(**values | given)


def a_last_run(**given):
    values = {
        "number": 7,
        "command": "crawl",
        "process": 4711,
        "started": NOON - HOUR,
        "ended": NOON,
        "interrupted": False,
        "error": "",
    }
    return facts(last_run=ledger.LastRun(**values | given))


# -- runs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "alive", "grade", "says"),
    [
        ({}, False, "ok", "run 7 ended at 2025-03-03 04:00 UTC"),
        ({"error": "the disk is full\nno"}, False, "warning", "run 7 ended with a fault: the disk is full; no"),
        ({"error": f"Redis is away; {DONE_WITHOUT}"}, False, "ok", "run 7 ended at"),
        ({"interrupted": True, "error": "interrupted"}, False, "note", "run 7 was interrupted: interrupted"),
        ({"ended": None}, True, "ok", "process 4711, began at 2025-03-03 03:00 UTC and is at work"),
        ({"ended": None, "started": NOON - 7 * HOUR}, True, "warning", "and is still at work"),
        ({"ended": None}, False, "note", "and died"),
    ],
)
def test_how_the_last_run_ended(given, alive, grade, says):
    [found] = check_last_run(a_last_run(**given), (), NOON, lambda process: alive)
    assert (found.grade, says in found.found) == (grade, True)


def test_who_holds_the_lock_is_at_work_also_where_its_process_has_another_number():
    [_, found] = check_last_run(a_last_run(ended=None), (12,), NOON, lambda process: False)
    assert (found.grade, "is at work" in found.found) == ("ok", True)


def test_whether_a_process_is_at_work_is_asked_of_the_machine():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    grades = [
        next(iter(check_last_run(a_last_run(ended=None, process=process), (), NOON))).grade
        for process in (os.getpid(), done.pid)
    ]
    assert grades == ["ok", "note"]


def test_where_nothing_ran_nothing_is_said():
    assert list(check_last_run(None, (), NOON)) == list(check_last_run(facts(), (), NOON)) == []


def test_who_holds_the_run_lock_is_read_off_the_kernels_list(tmp_path):
    kernel = Path("/proc/locks")
    if not kernel.exists():
        pytest.skip("this system does not list its locks")
    lock = lock_file(tmp_path)
    with run_lock(tmp_path):
        assert holders_of(lock) == (os.getpid(),)
        [found, *_] = check_last_run(None, (os.getpid(),), NOON)
    assert (found.check, str(os.getpid()) in found.found) == ("lock", True)
    assert holders_of(lock) == ()


def test_one_who_waits_for_the_lock_or_is_in_another_container_does_not_hold_it(tmp_path):
    lock = tmp_path / "run.lock"
    lock.touch()
    seen = lock.stat()
    place = f"{os.major(seen.st_dev):02x}:{os.minor(seen.st_dev):02x}:{seen.st_ino}"
    lines = (
        f"1: FLOCK  ADVISORY  WRITE 0 {place} 0 EOF\n"
        f"1: -> FLOCK  ADVISORY  WRITE 12 {place} 0 EOF\n"
        f"2: FLOCK  ADVISORY  WRITE 13 {place}1 0 EOF\n"
        f"3: POSIX  ADVISORY  READ 14 {place} 0 EOF\n"
    )
    assert holders_of(lock, lines) == (14,)
    assert holders_of(tmp_path / "none", lines) == ()


def a_beat(beat):
    facts = {"version": "0.1.0", "started": beat, "doing": "idle", "next_poll": None, "next_digest": None}
    return Beat(pid=12, host="press", beat=beat, ended=False, **facts)


@pytest.mark.parametrize(
    ("started", "beat", "expected"),
    [
        (None, None, ["note"]),
        (NOON - HOUR, None, ["ok"]),
        (NOON - 25 * HOUR, None, ["warning"]),
        (None, NOON - MINUTE, ["ok"]),
        (NOON - 25 * HOUR, NOON - MINUTE, ["ok", "ok"]),
        (NOON - 25 * HOUR, NOON - HOUR, ["note", "warning"]),
        (NOON - HOUR, NOON - 4 * MINUTE, ["note", "ok"]),
    ],
)
def test_cron_or_the_daemon_must_be_running(started, beat, expected):
    known = a_last_run(started=started) if started else facts()
    sign = a_beat(beat) if beat else None
    assert grades(check_rhythm(known, sign, NOON)) == expected


def test_a_daemon_that_ended_in_order_is_not_at_work():
    ended = replace(a_beat(NOON - MINUTE), ended=True)
    assert grades(check_rhythm(a_last_run(started=NOON - 25 * HOUR), ended, NOON)) == ["note", "warning"]


# -- what is watched --------------------------------------------------------------------------------------------------


def a_config(**given):
    values = {"folder": Path("/etc/presswatch"), "sources": (a_source("chenfeng"), a_source("xinchao"))}
    return Config(**values | given)


def test_a_contact_is_asked_for():
    assert check_contact(a_config()).grade == "fault"
    assert check_contact(a_config(settings=Settings(contact="desk@presswatch-reader.org"))).grade == "ok"


def test_sources_are_counted_and_the_unproven_the_unread_and_the_switched_off_named():
    config = a_config(
        sources=(
            a_source("chenfeng", terms={"read": "2025-03-01"}),
            a_source("xinchao", terms={"url": "https://x.example/t"}),
            a_source("lao", enabled=False, disabled_because="Its robots.txt\nforbids us."),
            a_source("jiu", enabled=False),
        )
    )
    found = list(check_sources(config, facts(proven=frozenset({"chenfeng"}))))
    assert told(found) == [
        ("ok", "2 enabled in /etc/presswatch/sources"),
        ("note", "no live run has polled xinchao: they are unproven"),
        ("note", "the terms of xinchao are unread"),
        ("note", "switched off: lao, jiu"),
    ]
    assert found[2].details == ("xinchao https://x.example/t",)
    assert found[3].details == ("lao: Its robots.txt forbids us.", "jiu: no reason is given")


def test_no_enabled_source_is_a_warning():
    [found] = check_sources(a_config(sources=()), None)
    assert found.grade == "warning"


def test_without_a_ledger_nobody_is_called_unproven():
    assert "unproven" not in str(list(check_sources(a_config(), None)))


def test_two_enabled_sources_that_ask_the_same_are_told():
    same = {"url": "https://a.example/api", "post_json": {"page": {"n": 1}}}
    twins = [a_source("a").model_copy(update={"endpoints": endpoints_of(same)}) for _ in range(2)]
    other = a_source("c").model_copy(update={"endpoints": endpoints_of(same | {"post_json": {"page": {"n": 2}}})})
    off = twins[0].model_copy(update={"name": "d", "enabled": False})
    sources = (twins[0], twins[1].model_copy(update={"name": "b"}), other, off)
    assert told(check_endpoints(a_config(sources=sources))) == [("warning", "a and b both poll https://a.example/api")]
    assert list(check_endpoints(a_config())) == []


def endpoints_of(*given):
    return tuple(type(a_source("x").endpoints[0]).model_validate(facts) for facts in given)


def test_themes_without_seeds_and_seeds_that_are_not_imported_are_notes():
    bare = Theme(name="a", title="A", words=Words(plain=("x",)))
    seeded = bare.model_copy(update={"name": "b", "seeds": (SeedReference(title="t"),)})
    config = a_config(themes=(bare, seeded))
    assert told(check_themes(config, facts())) == [
        ("note", "no seed shows what is meant by a"),
        ("note", "no seed article is stored: verdicts go by words alone"),
    ]
    assert grades(check_themes(a_config(themes=(seeded,)), facts(seeds=3))) == ["ok"]
    assert grades(check_themes(a_config(themes=(seeded,)), None)) == []


def test_a_subscription_to_a_source_that_is_switched_off_is_told():
    config = a_config(
        sources=(a_source("chenfeng"), a_source("lao", enabled=False)),
        subscriptions=(Subscription(name="daily", sources=("chenfeng", "lao")), Subscription(name="all")),
    )
    assert told(check_subscriptions(config, None, NOON)) == [("warning", "daily wants lao, switched off")]


# A subscription at 08:00 in Shanghai, 00:00 UTC; NOON is 04:00 UTC of the same day.
@pytest.mark.parametrize(
    ("cut", "polled", "now", "grade"),
    [
        (NOON - 4 * HOUR, NOON - 9 * DAY, NOON, "ok"),
        (NOON - 4 * HOUR - DAY, NOON - 9 * DAY, NOON, "warning"),
        (NOON - 4 * HOUR - DAY, NOON - 9 * DAY, NOON - 3 * HOUR - MINUTE, "ok"),  # not an hour late: cron will come
        (None, None, NOON, "ok"),  # nothing was crawled yet
        (None, NOON - HOUR + MINUTE, NOON, "ok"),
        (None, NOON - 3 * HOUR, NOON, "warning"),
    ],
)
def test_a_digest_that_should_have_been_issued_is_late(cut, polled, now, grade):
    config = a_config(subscriptions=(Subscription(name="daily", at="08:00"),))
    last = cut and Cut(date=cut.date().isoformat(), cut_from=cut - DAY, cut_to=cut, issued=cut)
    known = facts(digests=Digests(cuts={"daily": (last,)} if last else {}, polled_since=polled))
    assert grades(check_subscriptions(config, known, now)) == [grade]


def test_a_digest_that_was_cut_in_the_future_is_told_with_what_to_do():
    config = a_config(subscriptions=(Subscription(name="daily", at="08:00"),))
    last = Cut(date="2025-03-09", cut_from=NOON, cut_to=NOON + 6 * DAY, issued=NOON + 6 * DAY)
    [found] = check_subscriptions(config, facts(digests=Digests(cuts={"daily": (last,)}, polled_since=NOON)), NOON)
    assert (found.grade, "daily (of 2025-03-09) was cut in the future" in found.found) == ("warning", True)
    assert "set the clock right" in found.todo


def test_without_subscriptions_no_digest_is_made():
    assert grades(check_subscriptions(a_config(), None, NOON)) == ["note"]


def test_the_schema_of_the_table_here_is_todays(database):
    """`facts` reads columns of the newest schema."""
    assert database.revision() == newest_revision()
    with database.write() as connection:
        connection.execute(insert(run).values(command="x", process=1, started=NOON, live=True))
