"""Bad weather: what publishers, clocks, disks and operators can do to a run, and what must not come of it."""

import asyncio
import os
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
from rig import START, Answer, article_page, book_of, feed

from crawler.clock import VirtualClock
from crawler.fetch.pace import Pace
from crawler.items import HostMemory
from crawler.outcomes import Outcome

A, B, C = (f"https://alpha.example/{name}" for name in "abc")
ROBOT = article_page("机器人进厂")


@pytest.fixture
def three(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A, B, C))
    for name in "abc":
        site.routes[f"alpha.example/{name}"] = Answer(article_page(f"机器人{name}", f"第{name}台机器人走进工厂。" * 12))
    return rig


# -- publishers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [3_000, 100_000])
def test_links_of_any_length_neither_hang_a_run_nor_stay_pending(rig, site, length):
    links = [f"{A}?{number}{'x' * length}" for number in range(4)]
    site.routes["alpha.example/feed"] = Answer(feed(*links, B))
    site.routes["alpha.example/b"] = Answer(ROBOT)
    book = book_of(rig.crawl())
    assert (book.carried_out, book.outcomes[Outcome.KEPT]) == (0, 1)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("where", ["feed", "page"])
def test_a_body_that_is_not_what_its_content_encoding_says_is_the_publishers_fault(rig, site, encoding, where):
    lying = Answer("plain", headers={"Content-Encoding": encoding})
    site.routes["alpha.example/feed"] = lying if where == "feed" else Answer(feed(A))
    site.routes["alpha.example/a"] = lying
    report = rig.crawl()
    assert (report.errors, report.polls_failed) == ((), int(where == "feed"))
    ends = [] if where == "feed" else [(0.5, None)]
    assert rig.query("SELECT attempts, outcome FROM entry") == ends


def test_a_redirect_to_no_address_is_the_publishers_fault(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "http://[bad/x"})
    assert rig.crawl().errors == ()
    assert rig.query("SELECT attempts FROM entry") == [(1.0,)]


def test_bytes_in_a_header_that_are_no_utf8_do_no_harm(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(
        ROBOT, headers={"X-Title": "新闻".encode("gbk").decode("utf-8", "surrogateescape")}
    )
    assert rig.crawl().errors == ()
    assert rig.outcomes() == {"a": "kept"}


def test_a_silly_crawl_delay_is_capped(rig, site):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nCrawl-delay: 1e300\n")
    site.routes["alpha.example/feed"] = Answer(feed())
    assert rig.crawl().errors == ()
    assert [(wait.until - wait.asked_at).total_seconds() for wait in rig.clock.waits] == [60]


def test_a_short_link_with_a_query_is_no_front_page(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "/?p=17"})
    site.routes["alpha.example/"] = Answer(ROBOT)
    rig.crawl()
    assert rig.outcomes() == {"a": "kept"}


def test_the_publishers_ttl_holds_also_when_nothing_changed(rig, site):
    body = feed().replace("<title>t</title>", "<title>t</title><ttl>600</ttl>")
    site.routes["alpha.example/feed"] = Answer(body)
    for _ in range(2):
        rig.crawl(poll_now=True)
    [(due,)] = rig.query("SELECT next_due FROM endpoint")
    assert datetime.fromisoformat(due).replace(tzinfo=UTC) - rig.clock.now() == timedelta(minutes=600)


def test_rows_that_cannot_be_read_are_told(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed("javascript:alert(1)", "file:///etc/passwd", A))
    site.routes["alpha.example/a"] = Answer(ROBOT)
    told = "https://alpha.example/feed: 2 rows look like entries but could not be read"
    assert book_of(rig.crawl()).error == told


# -- politeness --------------------------------------------------------------------------------------------------


def test_after_retry_after_nothing_more_is_asked_in_the_same_run(three, site):
    site.routes["alpha.example/a"] = Answer(status=429, headers={"Retry-After": "3600"})
    report = three.crawl()
    assert site.pages() == ["alpha.example/feed", "alpha.example/a"]
    assert three.outcomes() == {"a": None, "b": None, "c": None}
    asks = "https://alpha.example: the server asks us to slow down: HTTP 429"
    assert book_of(report).error == f"{asks}; it is left alone until 2025-03-03 01:00 UTC"


def test_retry_after_of_robots_holds_the_host(rig, site):
    site.routes["alpha.example/robots.txt"] = Answer(status=503, headers={"Retry-After": "36000"})
    rig.crawl()
    rig.clock.move_by(timedelta(hours=9))
    rig.crawl(poll_now=True)
    assert len(site.hits) == 1


def test_a_redirects_target_is_held_itself_and_not_the_host_that_led_there(three, site):
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "https://gamma.example/x"})
    site.routes["alpha.example/b"] = Answer(status=302, headers={"Location": "https://gamma.example/y"})
    site.routes["gamma.example/x"] = Answer(status=429, headers={"Retry-After": "7200"})
    three.crawl()
    assert "gamma.example/y" not in site.hits
    assert three.outcomes() == {"a": None, "b": None, "c": "kept"}
    site.hits.clear()
    three.clock.move_by(timedelta(hours=1))
    three.crawl()
    assert "gamma.example/y" not in site.hits


def test_a_redirects_target_keeps_its_own_pace_over_runs(rig, site):
    rig.source(politeness={"delay": "0s"})
    site.routes["alpha.example/feed"] = Answer(feed("https://gamma.example/x"))
    site.routes["gamma.example/x"] = Answer(ROBOT)
    rig.crawl()
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "https://gamma.example/y"})
    rig.clock.waits.clear()
    rig.crawl(poll_now=True)
    assert "pace of gamma.example" in [wait.reason for wait in rig.clock.waits]


def test_concurrency_is_as_configured_and_starts_are_spaced(rig, site):
    together = most = 0

    async def slow(request):
        nonlocal together, most
        together += 1
        most = max(most, together)
        await asyncio.sleep(0.05)
        together -= 1
        return Answer(status=404)

    rig.source(politeness={"delay": "3s", "concurrency": 4})
    site.routes["alpha.example/feed"] = Answer(feed(*[f"{A}{number}" for number in range(12)]))
    site.routes.update({f"alpha.example/a{number}": slow for number in range(12)})
    rig.crawl()
    assert most == 4
    assert {(wait.until - wait.asked_at).total_seconds() for wait in rig.clock.waits} == {3}
    assert len(rig.clock.waits) == 13


def test_who_leads_to_a_held_host_is_not_asked_again_before_its_pause_is_over(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "https://gamma.example/x"})
    site.routes["gamma.example/x"] = Answer(status=429, headers={"Retry-After": "7200"})
    rig.source("beta", "https://beta.example/feed")
    site.routes["beta.example/feed"] = Answer(status=302, headers={"Location": "https://gamma.example/feed"})
    site.routes["gamma.example/feed"] = Answer(status=500)
    for _ in range(6):
        rig.crawl()
        rig.clock.move_by(timedelta(minutes=15))
    assert (site.hits.count("alpha.example/a"), site.hits.count("beta.example/feed")) == (1, 2)
    assert rig.query("SELECT attempts FROM entry") == [(0.25,)]


def test_a_hosts_wish_outlives_a_process_that_dies_at_once(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=429, headers={"Retry-After": "7200"})
    remembered = []

    def look(line):
        remembered.extend(rig.query("SELECT next_due FROM host WHERE name = 'alpha.example'"))

    rig.crawl(watch=look)
    assert remembered[-1] != (None,)


def test_a_host_that_is_waited_for_keeps_its_one_connection_when_it_is_declared():
    async def two_at_once():
        pace = Pace(VirtualClock(START), _Known(), lambda: "", asyncio.Event())
        together, most = 0, 0

        async def ask():
            nonlocal together, most
            async with pace.turn("h"):
                together += 1
                most = max(most, together)
                await asyncio.sleep(0)
                together -= 1

        first = asyncio.ensure_future(ask())
        await asyncio.sleep(0)
        pace.declare("h", delay=timedelta(0), concurrency=1)
        await asyncio.gather(first, ask(), ask())
        return most

    assert asyncio.run(two_at_once()) == 1


class _Known:
    def host_memory(self, host):
        return HostMemory(last_request=START)


# -- clocks ------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_once_wrong_stops_nothing(three, site):
    """One run in the year 2030 by mistake, then the right time again."""
    three.source(articles={"max_age": "36500d"})
    site.routes["alpha.example/b"] = Answer(status=503)
    right = three.clock.now()
    three.clock.move_by(timedelta(days=5 * 365))
    three.crawl()
    three.clock = type(three.clock)(right)
    site.hits.clear()
    site.routes["alpha.example/b"] = Answer(ROBOT)
    report = three.crawl()
    assert (report.due, report.polls_succeeded) == (1, 1)
    assert three.clock.now() - right < timedelta(minutes=1)
    assert "alpha.example/b" in site.hits


# -- config ------------------------------------------------------------------------------------------------------


def test_a_corrected_filter_is_seen_although_the_feed_did_not_change(three, site):
    three.source(articles={"url": "/nothing"})
    assert book_of(three.crawl()).found == 0
    three.source(articles={"url": "/[abc]$"})
    assert book_of(three.crawl(poll_now=True)).found == 3


def test_an_entry_of_a_source_switched_off_is_fetched_for_another_that_announces_it(rig, site):
    site.routes["alpha.example/feed"] = site.routes["beta.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = [Answer(status=503), Answer(ROBOT)]
    rig.crawl()
    rig.source(enabled=False)
    rig.source("beta", "https://beta.example/feed")
    rig.clock.move_by(timedelta(hours=1))
    report = rig.crawl()
    assert rig.outcomes() == {"a": "kept"}
    assert (book_of(report).carried_in, book_of(report).outcomes[Outcome.KEPT], book_of(report).error) == (1, 1, "")


def test_two_failing_endpoints_are_both_told(rig, site):
    rig.source(endpoints=[{"url": "https://alpha.example/one"}, {"url": "https://alpha.example/two"}])
    error = book_of(rig.crawl()).error
    assert [line.split(":")[1] for line in error.splitlines()] == ["//alpha.example/one", "//alpha.example/two"]


# -- disks, databases, signals -----------------------------------------------------------------------------------


def test_an_archive_file_that_cannot_be_written_is_told_and_the_sources_are_crawled(three, site):
    three.data.mkdir()
    (three.data / "archive").mkdir()
    (three.data / "archive" / "alpha").write_text("in the way")
    three.crawl()
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/new"))
    report = three.crawl(poll_now=True)
    assert len(report.errors) == 3
    assert all("cannot be written" in error for error in report.errors)
    assert "alpha.example/new" in site.hits
    (three.data / "archive" / "alpha").unlink()
    assert three.crawl().errors == ()
    assert len(three.files()) == 3


def test_one_hosts_broken_visit_stops_no_other_and_the_books_are_closed(rig, site, monkeypatch):
    rig.source("beta", "https://beta.example/feed")
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["beta.example/feed"] = Answer(feed("https://beta.example/b"))
    site.routes["beta.example/b"] = Answer(ROBOT)
    from crawler.ledger import Ledger  # noqa: PLC0415

    really = Ledger.claim

    def claim(self, name, **more):
        if name == "alpha.example":
            raise RuntimeError("database is locked")
        return really(self, name, **more)

    monkeypatch.setattr(Ledger, "claim", claim)
    report = rig.crawl()
    assert report.errors == ("visit of alpha.example: RuntimeError: database is locked",)
    assert (rig.outcomes(), report.balances) == ({"b": "kept"}, True)
    assert rig.query("SELECT count(*) FROM run WHERE ended IS NULL") == [(0,)]


def test_a_failed_item_does_not_write_its_page_into_the_log(rig, site, monkeypatch, caplog):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(article_page("机器人", "机器人" * 100_000))
    monkeypatch.setattr("pipelines.archive.store.Archive.store", lambda *args, **more: 1 / 0)
    rig.crawl()
    assert len(caplog.text) < 20_000


def test_sigterm_ends_the_run_after_the_page_under_way(three, site):
    """The page under way is stored, the next is not asked, and waiting for its turn is given up at once."""
    three.clock = RealTime()
    three.source(politeness={"delay": "30s"})
    page = site.routes["alpha.example/a"]

    def stop_us(request):
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        return page

    three.source(politeness={"delay": "0s"})
    site.routes["alpha.example/robots.txt"] = Answer(status=404)
    site.routes["alpha.example/a"] = stop_us
    three.clock.pause_after = 3
    report = three.crawl()
    assert report.stopped == "stopped by SIGTERM"
    assert three.outcomes() == {"a": "kept", "b": None, "c": None}
    assert (report.errors, report.balances, book_of(report).carried_out) == ((), True, 2)


class RealTime:
    """A clock whose waits last until somebody ends them, once `pause_after` waits were asked for."""

    def __init__(self):
        self.pause_after = 0
        self._asked = 0
        self._now = START

    def now(self):
        return self._now

    async def wait_until(self, moment, reason):
        self._asked += 1
        if self._asked >= self.pause_after:
            await asyncio.Event().wait()
