"""What the daemon does when: nobody waits long for a slow host, and no fault of one is another's."""

import asyncio
import gc
import logging
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from types import SimpleNamespace

import pytest
import virtual_days
from filelock import FileLock
from house import House
from rig import Answer, article_page, feed
from test_crawl_report import a_report
from virtual_days import VirtualDays

from crawler.clock import VirtualClock
from crawler.database import Database
from crawler.host_visits import HostVisits
from crawler.lock import run_lock
from crawler.run import Run
from crawler.run_report import TIME_IS_UP
from crawler.schedule import daemon, digest_times, shifts
from crawler.schedule.daemon import StuckError
from crawler.schedule.shifts import ASIDE, SLICE
from crawler.storage import StorageError

START = datetime(2025, 3, 3, 0, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def hours(rig, site, monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger="presswatch.schedule")
    site.routes["alpha.example/feed"] = Answer(feed())
    return VirtualDays(rig, monkeypatch, start=START, tick_every=MINUTE)


def told(caplog, words):
    return [record.getMessage() for record in caplog.records if words in record.getMessage()]


@pytest.mark.parametrize("hosts_at_once", [1, 8])
def test_a_slow_host_with_many_pages_keeps_no_quick_one_waiting(hours, rig, site, hosts_at_once):
    rig.write("presswatch.yaml", {"min_free_mb": 0, "hosts_at_once": hosts_at_once})
    asked = {"alpha": [], "quick": []}

    def at(name, answer):
        def noted(request):
            asked[name].append(hours.clock.now())
            return answer

        return noted

    links = [f"https://alpha.example/{number}" for number in range(40)]
    rig.source(politeness={"delay": "60s"}, endpoints=[{"url": "https://alpha.example/feed", "every": "6h"}])
    site.routes["alpha.example/feed"] = at("alpha", Answer(feed(*links, published=format_datetime(START))))
    for number in range(40):
        page = article_page(f"机器人{number}", f"第{number}台机器人今天走进了工厂，工程师记录它的动作。" * 6)
        site.routes[f"alpha.example/{number}"] = at("alpha", Answer(page))
    rig.source("quick", "https://quick.example/feed", endpoints=[{"url": "https://quick.example/feed", "every": "5m"}])
    site.routes["quick.example/feed"] = at("quick", Answer(feed()))
    hours.live(START + HOUR)
    longest = max(later - before for before, later in pairwise(asked["quick"]))
    assert longest <= 5 * MINUTE + SLICE + 2 * MINUTE
    assert len(asked["quick"]) >= 60 // 12
    assert set(rig.outcomes().values()) == {"kept"}
    assert len(asked["alpha"]) == 41
    assert min(later - before for before, later in pairwise(asked["alpha"])) >= MINUTE
    assert all(report.balances and not report.ended_early for report in hours.reports)


def test_while_somebody_else_crawls_it_waits_and_says_so_once(hours, rig, site, caplog):
    lock = FileLock(rig.data / "run.lock")
    lock.acquire()
    hours.at_jump = lambda: hours.clock.now() >= START + 5 * MINUTE and lock.release()
    hours.live(START + 10 * MINUTE)
    assert [report.started for report in hours.reports] == [START + 6 * MINUTE]
    assert len(told(caplog, "another run holds")) == 1


def test_a_full_disk_is_tried_now_and_then_not_every_minute(hours, rig, site, caplog):
    rig.write("presswatch.yaml", {"min_free_mb": 10**9})
    hours.live(START + HOUR)
    assert len(hours.reports) == HOUR // ASIDE
    assert site.hits == []


def test_a_visit_that_breaks_is_tried_now_and_then_though_others_are_due_every_minute(hours, rig, site, monkeypatch):
    rig.source("quick", "https://quick.example/feed", endpoints=[{"url": "https://quick.example/feed", "every": "1m"}])
    site.routes["quick.example/feed"] = Answer(feed())
    run_spider, asked = HostVisits._run_spider, []

    async def breaks(self, sources, visit):
        if visit.lease.host == "alpha.example":
            asked.append(hours.clock.now())
            raise RuntimeError("nobody thought of this")
        await run_spider(self, sources, visit)

    monkeypatch.setattr(HostVisits, "_run_spider", breaks)
    hours.live(START + 2 * ASIDE)
    assert len(asked) == 2
    assert len(hours.reports) == 2 * ASIDE // MINUTE
    assert {report.due for report in hours.reports if not report.errors} == {1}


def test_what_keeps_every_run_from_beginning_is_told_once_and_so_is_its_end(hours, monkeypatch, caplog):
    monkeypatch.setattr(virtual_days, "run_lock", away := Away("Redis cannot be used"))
    hours.at_jump = lambda: hours.clock.now() >= START + 10 * MINUTE and away.come_back()
    hours.live(START + 15 * MINUTE)
    assert len(told(caplog, "Redis cannot be used")) == 1
    assert len(told(caplog, "crawl: it can be done again")) == 1
    assert len(hours.reports) == 1


class Away:
    """A run lock that cannot be had until it comes back."""

    def __init__(self, why):
        self._why = why

    def come_back(self):
        self._why = ""

    def __call__(self, data):
        if self._why:
            raise StorageError(self._why)
        return run_lock(data)


def test_what_is_refused_at_the_end_of_a_slice_is_told_and_not_tried_again_at_once(hours, monkeypatch, caplog):
    async def crawl(self, command):
        assert len(hours.reports) < 2, "it is tried again at once"
        return a_report(stopped=TIME_IS_UP, halted="the disk is full")

    monkeypatch.setattr(Run, "crawl", crawl)
    hours.live(START + 2 * ASIDE)
    assert [report.halted for report in hours.reports] == ["the disk is full"] * 2
    assert told(caplog, "broke") == []


def test_between_two_slices_others_get_the_lock(hours, monkeypatch):
    """A slow host keeps the daemon at work without an end; the lock is free for a moment after each slice."""
    free = []

    async def crawl(self, command):
        return a_report(stopped=TIME_IS_UP)

    async def wait_until(moment, reason):
        assert moment - hours.clock.now() >= timedelta(seconds=1)
        with run_lock(hours.rig.data):
            free.append(reason)
        if len(free) == 3:
            hours.daemon.stop("enough")

    monkeypatch.setattr(Run, "crawl", crawl)
    hours.clock.wait_until = wait_until
    hours.live(START + HOUR)
    assert free == ["others may have the run lock"] * 3


def test_told_to_end_it_begins_no_further_digest_and_waits_for_no_lock_for_long(tmp_path, monkeypatch):
    config = SimpleNamespace(subscriptions=[SimpleNamespace(name=name) for name in ("first", "second")])
    database = Database("sqlite://")
    times = digest_times.DigestTimes(ledger=lambda: database, clock=VirtualClock(START), folder=tmp_path)
    begun = []

    def issue_due(database, config, subscription, now, folder, *, wait):
        begun.append((subscription.name, wait))
        times.stop()

    monkeypatch.setattr(digest_times, "issue_due", issue_due)
    times.issue(config)
    assert begun == [("first", digest_times.LOCK_SECONDS)]
    assert digest_times.LOCK_SECONDS <= 10


def test_a_host_that_wants_to_be_left_alone_starts_no_run(hours, rig, site):
    link = "https://alpha.example/one"
    site.routes["alpha.example/feed"] = Answer(feed(link, published=format_datetime(START)))
    site.routes["alpha.example/one"] = [
        Answer(status=429, headers={"Retry-After": "5400"}),
        Answer(article_page("机器人一号")),
    ]
    hours.live(START + 3 * HOUR)
    assert rig.outcomes() == {"one": "kept"}
    first, second, *_ = hours.reports
    assert second.started - first.started >= timedelta(seconds=5400)
    # Its polls are due every half hour and none is made before it may be asked.
    assert len(hours.reports) <= 5


def test_what_breaks_in_a_tick_is_told_and_the_next_one_goes_on(hours, rig, monkeypatch, caplog):
    work, calls = shifts.Shifts.work, []

    async def breaks_twice(self, config):
        calls.append(hours.clock.now())
        if len(calls) < 3:
            raise RuntimeError("something nobody thought of")
        await work(self, config)

    monkeypatch.setattr(shifts.Shifts, "work", breaks_twice)
    hours.live(START + 5 * MINUTE)
    assert [report.started for report in hours.reports] == [START + 2 * MINUTE]
    assert len(told(caplog, "crawl broke")) == 1
    assert len(told(caplog, "crawl: it can be done again")) == 1


def test_a_digest_that_cannot_be_written_keeps_no_other_and_is_tried_again(hours, rig, caplog):
    rig.write("subscriptions.yaml", {"subscriptions": [{"name": "first"}, {"name": "second"}]})
    in_the_way = rig.data / "digests" / "first"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("")
    hours.at_jump = lambda: hours.clock.now() >= START + 5 * MINUTE and in_the_way.is_file() and in_the_way.unlink()
    hours.live(START + 10 * MINUTE)
    for name in ("first", "second"):
        assert (rig.data / "digests" / name / "2025-03-03.md").is_file()
    assert len(told(caplog, "is tried every minute")) == 1
    assert told(caplog, "first can be issued again")


def test_a_fault_in_one_digest_is_told_and_the_others_are_issued(hours, rig, monkeypatch, caplog):
    rig.write("subscriptions.yaml", {"subscriptions": [{"name": "first"}, {"name": "second"}]})
    issue_due = digest_times.issue_due

    def breaks(database, config, subscription, now, folder, *, wait):
        if subscription.name == "first":
            raise KeyError("nobody thought of this")
        return issue_due(database, config, subscription, now, folder, wait=wait)

    monkeypatch.setattr(digest_times, "issue_due", breaks)
    hours.live(START + 5 * MINUTE)
    assert hours.query("SELECT subscription FROM digest") == [("second",)]
    assert len(told(caplog, "the digest first cannot be issued")) == 1


def test_a_clock_that_is_set_is_noticed_and_what_is_due_is_done_at_once(hours, rig):
    hours.set_clock(START + 2 * MINUTE, START - 3 * HOUR)
    hours.set_clock(START - 3 * HOUR + 5 * MINUTE, START + 9 * HOUR)
    hours.live(START + 9 * HOUR + 5 * MINUTE)
    started = [report.started for report in hours.reports]
    assert started[0] == START
    assert START + 9 * HOUR in started


# What such a run holds open is the next process's to be without.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_run_that_does_not_end_ends_the_daemon(hours, rig, site, monkeypatch):
    monkeypatch.setattr(shifts, "LONGEST_END", timedelta(0))
    monkeypatch.setattr(daemon, "BEAT", timedelta(milliseconds=20))
    gate = threading.Event()

    async def never(request):
        hours.daemon.stop("enough") if not hours.is_over else None
        await asyncio.to_thread(gate.wait)
        return Answer(status=500)

    site.routes["alpha.example/feed"] = never
    try:
        with pytest.raises(StuckError):
            hours.live(START + HOUR)
    finally:
        gate.set()
        gc.collect()


def test_what_is_kept_after_the_clock_was_set_back_is_in_the_next_digest(tmp_path):
    house = House(tmp_path)
    house.keep(1)
    house.issue()
    house.now -= 2 * HOUR
    house.keep(2, "放回去的时钟")
    house.now += timedelta(days=1, hours=2)
    digest = house.issue(house.now).digest
    assert [line.title for section in digest.sections for line in section.lines] == ["放回去的时钟"]
