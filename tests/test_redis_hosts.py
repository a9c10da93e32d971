"""Pace and robots.txt answers that outlive a process: the same in the ledger and in Redis, and between processes."""

import asyncio
import json
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import monotonic

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from rig import CONTACT, Rig, article_page, feed

from crawler.clock import RealClock, VirtualClock
from crawler.database import Database
from crawler.fetch.pace import NotNowError, Pace
from crawler.fetch.replay import NoMemories
from crawler.fetch.robots import FRESH_FOR, Robots, RobotsAnswer, RobotsRefusedError, RobotsUnreachableError
from crawler.fetch.robots_cache import DatabaseRobotsCache
from crawler.fetch.turns import NoOthers, Reply
from crawler.ledger import Ledger
from crawler.shared.link import Link
from crawler.shared.robots_cache import RedisRobotsCache
from crawler.shared.turns import RedisTurns

START = datetime(2025, 3, 3, tzinfo=UTC)
DELAY = timedelta(seconds=2)
LONGEST = timedelta(seconds=40)
RULES = "User-agent: *\nDisallow: /private\n"
ORIGIN = "https://alpha.example"


@dataclass(kw_only=True)
class Process:
    """What one process has of what is shared: a pace and a robots cache, on a clock of its own."""

    clock: VirtualClock
    pace: Pace
    robots: object


@dataclass
class InLedger:
    """Processes that follow each other on one SQLite file."""

    url: str
    _open: list = field(default_factory=list)

    @asynccontextmanager
    async def process(self, now=START):
        database, clock = Database.open(self.url), VirtualClock(now)
        ledger = Ledger(database)
        pace = Pace(clock, ledger, lambda: "", asyncio.Event())
        try:
            yield Process(clock=clock, pace=pace, robots=DatabaseRobotsCache(database))
        finally:
            ledger.remember_hosts(pace.take_changes())
            database.close()


@dataclass
class InRedis:
    """Processes that have nothing in common but a server."""

    url: str

    @asynccontextmanager
    async def process(self, now=START):
        link, clock = Link(self.url), VirtualClock(now)
        turns = RedisTurns(link, longest=LONGEST)
        pace = Pace(clock, NoMemories(), lambda: "", asyncio.Event(), turns=turns)
        try:
            yield Process(clock=clock, pace=pace, robots=RedisRobotsCache(link))
        finally:
            await link.close()


@pytest.fixture(params=["sqlite", "redis"])
def shared(request, tmp_path):
    if request.param == "sqlite":
        return InLedger(f"sqlite:///{tmp_path}/ledger.db")
    return InRedis(request.getfixturevalue("redis_url"))


async def ask(process, host="alpha.example", **politeness):
    process.pace.declare(host, **({"delay": DELAY, "concurrency": 1} | politeness))
    async with process.pace.turn(host):
        return process.clock.now()


@pytest.mark.parametrize("concurrency", [1, 3])
def test_the_next_process_keeps_the_pause_after_the_last_request_of_the_one_before(shared, concurrency):
    async def two():
        async with shared.process() as first:
            await ask(first, concurrency=concurrency)
        async with shared.process(START + timedelta(seconds=0.5)) as second:
            return await ask(second, concurrency=concurrency), await ask(second, "beta.example")

    asked, elsewhere = asyncio.run(two())
    assert (asked, elsewhere) == (START + DELAY, asked)


def test_a_pause_that_is_over_is_not_waited_for(shared):
    async def two():
        async with shared.process() as first:
            await ask(first)
        async with shared.process(START + timedelta(seconds=9)) as second:
            return await ask(second)

    assert asyncio.run(two()) == START + timedelta(seconds=9)


def test_a_host_that_wants_to_be_left_alone_is_left_alone_by_the_next_process(shared):
    until_then = START + timedelta(hours=3)

    async def two():
        async with shared.process() as first:
            first.pace.hold("alpha.example", until_then)
            first.pace.hold("alpha.example", START + timedelta(hours=1))
        async with shared.process(START + timedelta(minutes=1)) as second:
            with pytest.raises(NotNowError, match="left alone until") as refused:
                await ask(second)
            assert second.pace.held_until("alpha.example") == until_then
        async with shared.process(until_then) as third:
            return refused.value.until, await ask(third)

    assert asyncio.run(two()) == (until_then, until_then)


def test_a_clock_that_was_wrong_holds_nobody_up(shared):
    async def two():
        async with shared.process(START + timedelta(days=1000)) as ahead:
            await ask(ahead)
            ahead.pace.hold("alpha.example", ahead.clock.now() + timedelta(hours=3))
        async with shared.process() as right:
            try:
                return await ask(right) - START
            except NotNowError as refused:
                right.clock.move_to(refused.until)
                return await ask(right) - START

    # The ledger disbelieves such a wish, and Redis keeps it for no longer than any host is left alone.
    assert asyncio.run(two()) <= timedelta(hours=24) + DELAY


def test_rules_are_asked_for_once_a_day_by_all_processes(shared):
    asked = []

    async def fetch(url):
        asked.append(url)
        return (200, RULES) if len(asked) == 1 else (503, "")

    async def three():
        for now in (START, START + FRESH_FOR / 2, START + FRESH_FOR + timedelta(hours=1)):
            async with shared.process(now) as process:
                await Robots(process.robots, process.clock.now).check(f"{ORIGIN}/public", fetch)

    asyncio.run(three())
    # At the third the origin cannot be asked, and the rules that were read hold on.
    assert asked == [f"{ORIGIN}/robots.txt"] * 2


LARGE = "User-agent: *\n# 新闻\U0001f916\r\n" + "".join(f"Disallow: /private/{number}\n" for number in range(23_000))


@pytest.mark.parametrize(
    ("first", "later", "days", "allowed"),
    [
        ((200, RULES), (503, ""), 2, [True, False]),
        ((200, RULES), (503, ""), 29, [True, False]),
        ((200, RULES), (0, "no connection"), 31, [None, None]),
        ((404, ""), (503, ""), 2, [None, None]),
        ((200, RULES), (404, ""), 2, [True, True]),
        ((503, ""), (200, RULES), 2, [True, False]),
        ((200, LARGE), (503, ""), 2, [True, False]),
        ((200, LARGE), None, 0.9, [True, False]),  # not asked again
        ((403, ""), None, 0.01, [None, None]),
    ],
)
def test_what_the_next_process_may_fetch(shared, first, later, days, allowed):
    """None: it has to wait."""

    async def verdict(process, answer, path):
        async def fetch(url):
            return answer

        try:
            await Robots(process.robots, process.clock.now).check(f"{ORIGIN}{path}", fetch)
        except RobotsUnreachableError:
            return None
        except RobotsRefusedError:
            return False
        return True

    async def two():
        async with shared.process() as one:
            await verdict(one, first, "/public")
        async with shared.process(START + timedelta(days=days)) as other:
            return [await verdict(other, later, path) for path in ("/public", "/private/7")]

    assert asyncio.run(two()) == allowed


@pytest.mark.parametrize("asked_at", [None, START + timedelta(days=2)], ids=["", "asked again"])
@pytest.mark.parametrize(
    "answer",
    [(200, RULES), (404, ""), (503, "上游"), (0, "no answer: x"), (200, LARGE)],
    ids=lambda answer: str(answer)[:20],
)
def test_an_answer_comes_back_as_it_was(shared, answer, asked_at):
    fetched_at = START + timedelta(microseconds=7)
    kept = RobotsAnswer(status=answer[0], body=answer[1], fetched_at=fetched_at, asked_at=asked_at)

    async def both():
        async with shared.process() as first:
            assert await first.robots.load(ORIGIN) is None
            await first.robots.save(ORIGIN, kept)
        async with shared.process() as second:
            return await second.robots.load(ORIGIN), await second.robots.load("https://beta.example")

    assert asyncio.run(both()) == (kept, None)


# -- Redis alone ------------------------------------------------------------------------------------------------------


def test_a_wish_that_another_process_heard_goes_into_our_ledger_too(redis_url):
    until_then = START + timedelta(hours=3)

    async def two():
        async with InRedis(redis_url).process() as first:
            first.pace.hold("alpha.example", until_then)
        async with InRedis(redis_url).process() as second:
            with pytest.raises(NotNowError):
                await ask(second)
            return second.pace.take_changes()["alpha.example"].not_before

    assert asyncio.run(two()) == until_then


def test_all_that_is_kept_of_hosts_expires(redis_url):
    async def live():
        async with InRedis(redis_url).process() as process:
            await ask(process)
            await ask(process, "beta.example", concurrency=3)
            process.pace.hold("gamma.example", START + timedelta(hours=3))
            await process.robots.save(ORIGIN, RobotsAnswer(status=200, body=RULES, fetched_at=START))

    asyncio.run(live())
    with Redis.from_url(redis_url, decode_responses=True) as client:
        lifetimes = {key: client.ttl(key) / 3600 for key in client.scan_iter()}
    assert {key: round(hours) for key, hours in lifetimes.items()} == {
        "presswatch:host:alpha.example": 1,
        "presswatch:host:beta.example": 1,
        "presswatch:host:gamma.example": 25,
        f"presswatch:robots:{ORIGIN}": 720,
    }


def test_a_wish_to_be_left_alone_outlives_the_requests_before_and_after_it(redis_url):
    async def live():
        async with InRedis(redis_url).process() as process:
            await ask(process)
            process.pace.hold("alpha.example", START + timedelta(hours=20))
        async with InRedis(redis_url).process(START + timedelta(hours=21)) as later:
            await ask(later)

    asyncio.run(live())
    with Redis.from_url(redis_url) as client:
        assert client.ttl("presswatch:host:alpha.example") > 24 * 3600


@pytest.mark.parametrize("foreign", ["", "{}", "[]", "no JSON", '{"status": "x", "body": "", "fetched_at": ""}'])
def test_what_is_no_answer_of_ours_allows_nothing(redis_url, foreign):
    with Redis.from_url(redis_url) as client:
        client.set(f"presswatch:robots:{ORIGIN}", foreign)

    async def unreachable(url):
        return 503, ""

    async def check():
        async with InRedis(redis_url).process() as process:
            await Robots(process.robots, process.clock.now).check(f"{ORIGIN}/x", unreachable)

    with pytest.raises(RobotsUnreachableError):
        asyncio.run(check())


def test_nobody_asks_while_another_waits_for_its_answer(redis_url):
    """Two processes on the machine's clock; the first gets its answer when the test says so."""
    delay, order = timedelta(milliseconds=30), []

    async def two():
        links = [Link(redis_url), Link(redis_url)]
        one, other = (
            Pace(RealClock(), NoMemories(), lambda: "", asyncio.Event(), turns=RedisTurns(link, longest=LONGEST))
            for link in links
        )
        for pace in (one, other):
            pace.declare("h", delay=delay, concurrency=1)

        async def second():
            async with other.turn("h"):
                order.append("second")

        async with one.turn("h"):
            waiting = asyncio.ensure_future(second())
            for _ in range(5):  # looks of the other one at least, each a round trip
                await links[0].client.ping()
                await asyncio.sleep(0)
            order.append("answered")
        answered = monotonic()
        await waiting
        passed = monotonic() - answered
        for link in links:
            await link.close()
        return passed

    passed = asyncio.run(two())
    assert order == ["answered", "second"]
    assert passed >= delay.total_seconds() - 0.002  # times are kept in milliseconds


def test_one_who_died_with_a_turn_is_waited_for_no_longer_than_an_answer_takes(redis_url):
    async def two():
        async with InRedis(redis_url).process() as died:
            # Not by its Pace, which would end the turn when the loop ends, by a connection that nobody closes.
            await died.pace._turns.take("alpha.example", now=START, delay=DELAY, alone=True)
        async with InRedis(redis_url).process() as other:
            return await ask(other)

    assert asyncio.run(two()) == START + LONGEST


REQUESTS = st.lists(st.tuples(st.booleans(), st.integers(0, 3000), st.booleans()), max_size=12)


@settings(max_examples=40, deadline=None)
@given(REQUESTS)
def test_no_two_turns_are_nearer_than_the_pause_whoever_takes_them(redis_server_url, requests):
    """Requests as (whose, milliseconds after the one before, alone)."""

    async def live():
        links = [Link(redis_server_url), Link(redis_server_url)]
        who = [RedisTurns(link, longest=LONGEST) for link in links]
        await links[0].client.flushdb()
        now, ends = START, []
        for first, later, alone in requests:
            now += timedelta(milliseconds=later)
            turns = who[0 if first else 1]
            while (reply := await turns.take("h", now=now, delay=DELAY, alone=alone)) != Reply():
                now += reply.wait
            ends.append(now)
            if alone:
                await turns.end("h", now=now)
        for link in links:
            await link.close()
        return ends

    ends = asyncio.run(live())
    assert all(later - earlier >= DELAY for earlier, later in pairwise(ends))


def test_two_crawls_of_one_host_keep_its_pause_between_them(tmp_path, site, redis_url):
    """Two installations with a ledger each, as two real processes, live against one server."""
    host, delay, spans = site.url.removeprefix("http://"), 0.15, []

    async def slow(request):
        began = monotonic()
        await asyncio.sleep(0.05)  # an answer takes its time
        spans.append((began, monotonic()))
        path = request.rel_url.path
        if path == "/robots.txt":
            return web.Response(status=404)
        if path == "/feed":
            return web.Response(text=feed(*(f"{site.url}/{name}" for name in "abc")), content_type="text/xml")
        return web.Response(
            text=article_page(f"机器人{path}", f"第{path}台机器人走进工厂。" * 9), content_type="text/html"
        )

    for path in ("robots.txt", "feed", "a", "b", "c"):
        site.routes[f"{host}/{path}"] = slow
    running = [start_crawl(tmp_path / name, site, redis_url, delay) for name in ("one", "two")]
    told = [process.communicate(timeout=180) for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert [json.loads(stdout)["totals"]["kept"] for stdout, _ in told] == [3, 3]
    assert all(later[0] - earlier[1] >= delay - 0.002 for earlier, later in pairwise(sorted(spans)))
    assert site.hits.count(f"{host}/robots.txt") <= 2
    assert len(site.pages()) == 8


def start_crawl(folder, site, redis_url, delay):
    rig = Rig(folder)
    rig.write(
        "presswatch.yaml",
        {"min_free_mb": 0, "contact": CONTACT, "redis_url": redis_url, "safety": {"allow_networks": ["127.0.0.1/32"]}},
    )
    rig.source(url=f"{site.url}/feed", politeness={"delay": f"{delay}s"}, articles={"max_age": "36500d"})
    options = ["--config", rig.config, "--data", rig.data, "--json", "crawl"]
    command = [sys.executable, "-m", "crawler.cli", *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_link_tells_once_that_the_server_is_away_and_uses_it_again(redis_server, caplog):
    caplog.set_level("INFO", logger="crawler.shared")

    async def live():
        link = Link(redis_server.url, ask_again_after=0)
        said = [await link.ask(lambda client: client.get("x"), "unknown")]
        for _ in range(2):
            await asyncio.to_thread(redis_server.kill)
            said += [await link.ask(lambda client: client.get("x"), "unknown") for _ in range(3)]
            await asyncio.to_thread(redis_server.start)
            said.append(await link.ask(lambda client: client.get("x"), "unknown"))
        await link.close()
        return said

    assert asyncio.run(live()) == [None, *["unknown"] * 3, None, *["unknown"] * 3, None]
    levels = [record.levelname for record in caplog.records]
    assert (levels.count("WARNING"), levels.count("INFO")) == (1, 3)
    assert ["cannot be used: Connection refused" in record.message for record in caplog.records] == [
        True,
        False,
        True,
        False,
    ]


def test_while_a_server_is_silent_one_caller_waits_and_no_other(redis_server):
    async def live():
        link = Link(redis_server.url, timeout=0.2, ask_again_after=60)
        await link.client.ping()
        redis_server.fall_silent()
        began = monotonic()
        for _ in range(50):
            assert await link.ask(lambda client: client.get("x"), "unknown") == "unknown"
        passed = monotonic() - began
        redis_server.speak_again()
        await link.close()
        return passed, link.told

    passed, told = asyncio.run(live())
    assert 0.2 <= passed < 2
    assert "no answer within 0.2 s" in told


def test_a_restart_between_two_calls_is_not_even_noticed(redis_server, caplog):
    async def live():
        async with InRedis(redis_server.url).process() as process:
            await process.robots.save(ORIGIN, RobotsAnswer(status=200, body=RULES, fetched_at=START))
            await ask(process)
            await asyncio.to_thread(redis_server.kill)
            await asyncio.to_thread(redis_server.start)
            return await ask(process), await process.robots.load(ORIGIN)

    asked, rules = asyncio.run(live())
    assert asked == START + DELAY
    assert rules.body == RULES
    assert not caplog.records


def test_without_a_server_a_run_keeps_its_own_pace_and_holds(redis_server):
    redis_server.kill()

    async def live():
        async with InRedis(redis_server.url).process() as process:
            asked = [await ask(process), await ask(process)]
            process.pace.hold("alpha.example", START + timedelta(hours=3))
            with pytest.raises(NotNowError):
                await ask(process)
            return asked

    assert asyncio.run(live()) == [START, START + DELAY]


def test_no_request_goes_out_when_the_run_was_stopped_while_others_were_asked():
    stopped, ended = [], []

    class Slow(NoOthers):
        async def take(self, host, **facts):
            stopped.append("stopped by SIGTERM")
            return Reply()

        async def end(self, host, *, now):
            ended.append(host)

    async def live():
        pace = Pace(VirtualClock(START), NoMemories(), lambda: "".join(stopped), asyncio.Event(), turns=Slow())
        async with pace.turn("h"):
            raise AssertionError("the turn was given")

    with pytest.raises(NotNowError, match="SIGTERM"):
        asyncio.run(live())
    assert ended == ["h"]


def test_a_run_that_has_no_redis_does_not_import_it():
    script = "import sys, crawler.cli.crawl, crawler.run, crawler.cli.lock; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
