"""robots.txt: what each answer means, how long it holds, and that nobody slips past while it is being read."""

import asyncio
import contextlib
import gzip
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from aiohttp import web
from rig import START, Answer, Rig, article_page, book_of, feed, serving
from scrapy import Request

from crawler import settings as scrapy_settings
from crawler.fetch.failures import Failure
from crawler.fetch.robots import Robots, RobotsAnswer, RobotsRefusedError, RobotsUnreachableError
from crawler.spiders.source import SourceSpider

NOW = datetime(2025, 3, 3, tzinfo=UTC)
ORIGIN = "https://alpha.example"
RULES = "User-agent: *\nDisallow: /private\nCrawl-delay: 3\n\nUser-agent: presswatch\nDisallow: /not-for-us\n"


class Memory(dict):
    """A cache that forgets with the test."""

    async def load(self, origin):
        return self.get(origin)

    async def save(self, origin, answer):
        self[origin] = answer


class Host:
    """Answers one after the other, and counts how often it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    async def fetch(self, url):
        assert url == "https://alpha.example/robots.txt"
        self.asked += 1
        await asyncio.sleep(0)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def check(path, host, cache=None, now=NOW):
    robots = Robots(cache if cache is not None else Memory(), lambda: now)
    return asyncio.run(robots.check(f"https://alpha.example{path}", host.fetch))


@pytest.mark.parametrize("status", [404, 400, 410, 451, 302], ids=str)
def test_a_host_without_rules_allows_everything(status):
    assert check("/private", Host((status, RULES))) is None


@pytest.mark.parametrize("status", [0, 304, 401, 403, 429, 500, 503, 567], ids=str)
def test_rules_that_cannot_be_read_mean_wait_whatever_the_body_says(status):
    with pytest.raises(RobotsUnreachableError):
        check("/", Host((status, "User-agent: *\nAllow: /\n")))


@pytest.mark.parametrize("path", ["/not-for-us", "/not-for-us/deeper"])
def test_the_group_that_names_us_is_ours(path):
    with pytest.raises(RobotsRefusedError, match="forbids"):
        check(path, Host((200, RULES)))
    assert check("/private", Host((200, RULES))) is None


def test_the_general_group_holds_where_none_names_us_and_its_delay_is_told():
    general = RULES.split("\n\n", maxsplit=1)[0]
    assert check("/public", Host((200, general))) == 3.0
    with pytest.raises(RobotsRefusedError):
        check("/private", Host((200, general)))


def test_an_answer_holds_a_day_and_a_failure_half_an_hour():
    cache, host = Memory(), Host((503, ""), (404, ""))
    for minutes, asked in [(0, 1), (29, 1), (31, 2), (31 + 23 * 60, 2), (31 + 24 * 60, 3)]:
        try:
            check("/", host, cache, NOW + timedelta(minutes=minutes))
        except RobotsUnreachableError:
            assert minutes < 31
        assert host.asked == asked


@pytest.mark.parametrize("failure", [(503, ""), (0, "no connection"), (403, "User-agent: *\nAllow: /\n")], ids=str)
def test_known_rules_outlive_a_failure_and_are_asked_for_again_soon(failure):
    stored = RobotsAnswer(status=200, body=RULES, fetched_at=NOW - timedelta(days=2))
    cache, host, clock = (
        Memory({ORIGIN: stored}),
        Host(failure, failure, (200, "User-agent: *\nDisallow: /new\n")),
        [NOW],
    )
    robots = Robots(cache, lambda: clock[0])

    def refused(path):
        try:
            asyncio.run(robots.check(f"{ORIGIN}{path}", host.fetch))
        except RobotsRefusedError:
            return True
        return False

    for minutes, asked, old, new in [
        (0, 1, True, False),
        (29, 1, True, False),
        (31, 2, True, False),
        (62, 3, False, True),
    ]:
        clock[0] = NOW + timedelta(minutes=minutes)
        assert (refused("/not-for-us"), refused("/new"), host.asked) == (old, new, asked)
        # How old the rules are is not forgotten.
        assert (cache[ORIGIN].fetched_at, cache[ORIGIN].body) == (stored.fetched_at, RULES) or new


@pytest.mark.parametrize("known", [(200, RULES), (404, ""), (503, "")], ids=["rules", "no rules", "no answer"])
@pytest.mark.parametrize(
    ("moved", "asked"),
    [(timedelta(minutes=29), 0), (timedelta(hours=-1), 1), (timedelta(days=-40), 1), (timedelta(days=1), 1)],
    ids=["on", "back", "far back", "a day on"],
)
def test_an_origin_is_asked_again_after_a_clock_was_set_back(known, moved, asked):
    clock, host = [NOW], Host(known, (200, "User-agent: *\nDisallow:\n"))
    robots = Robots(Memory(), lambda: clock[0])

    async def both():
        with contextlib.suppress(RobotsUnreachableError):
            await robots.check(f"{ORIGIN}/a", host.fetch)
        clock[0] += moved
        with contextlib.suppress(RobotsUnreachableError):
            await robots.check(f"{ORIGIN}/a", host.fetch)

    asyncio.run(both())
    assert host.asked == 1 + asked


def test_while_rules_hold_on_an_origin_is_asked_every_half_hour_by_all_runs_together():
    cache = Memory({ORIGIN: RobotsAnswer(status=200, body=RULES, fetched_at=NOW - timedelta(days=2))})
    host = Host((503, ""))
    for minutes in range(0, 120, 5):
        assert check("/public", host, cache, NOW + timedelta(minutes=minutes)) is None
    assert host.asked == 4
    assert check("/public", Host((200, "")), cache, NOW + timedelta(minutes=121)) is None
    assert cache[ORIGIN].asked_at is None


@pytest.mark.parametrize(
    ("stored", "asked"),
    [((503, ""), 1), ((0, "no connection"), 1), ((404, ""), 0), ((200, RULES), 0)],
    ids=["503", "no answer", "none", "rules"],
)
def test_a_run_that_is_wanted_now_asks_once_where_the_run_before_could_not_read(stored, asked):
    async def many():
        cache, host = Memory(), Host((503, ""))
        cache[ORIGIN] = RobotsAnswer(status=stored[0], body=stored[1], fetched_at=NOW - timedelta(minutes=5))
        robots = Robots(cache, lambda: NOW, tries_anew=True)
        for number in range(9):
            with contextlib.suppress(RobotsUnreachableError):
                await robots.check(f"{ORIGIN}/{number}", host.fetch)
        return host.asked

    assert asyncio.run(many()) == asked


@pytest.mark.parametrize("tries_anew", [False, True])
def test_it_is_told_whether_this_run_asked(tries_anew):
    async def told():
        stored = RobotsAnswer(status=503, body="", fetched_at=NOW)
        robots = Robots(Memory({ORIGIN: stored}), lambda: NOW, tries_anew=tries_anew)
        with pytest.raises(RobotsUnreachableError) as caught:
            await robots.check(f"{ORIGIN}/a", Host((503, "")).fetch)
        return caught.value.asked

    assert asyncio.run(told()) is tries_anew


@pytest.mark.parametrize(
    ("known", "age", "waits"),
    [
        pytest.param((200, RULES), timedelta(days=29), False, id="rules of this month"),
        pytest.param((200, RULES), timedelta(days=31), True, id="rules that are too old"),
        pytest.param((404, ""), timedelta(days=2), True, id="that there were none"),
        pytest.param((200, RULES), timedelta(days=-2), False, id="rules by a clock that was wrong"),
    ],
)
def test_what_holds_while_an_origin_cannot_be_asked(known, age, waits):
    stored = RobotsAnswer(status=known[0], body=known[1], fetched_at=NOW - age)
    if waits:
        with pytest.raises(RobotsUnreachableError):
            check("/public", Host((503, "")), Memory({ORIGIN: stored}))
    else:
        assert check("/public", Host((503, "")), Memory({ORIGIN: stored})) is None


@pytest.mark.parametrize(
    ("stored", "answer"),
    [(None, (200, RULES)), (timedelta(days=2), (503, "")), (timedelta(days=-2), (503, ""))],
    ids=["new", "stale", "by a clock that was wrong"],
)
def test_an_origin_is_loaded_and_asked_for_once_in_a_run(stored, answer):
    class Counting(Memory):
        loads = 0

        async def load(self, origin):
            self.loads += 1
            return await super().load(origin)

    async def ask_many():
        cache, host = Counting(), Host(answer)
        if stored is not None:
            cache[ORIGIN] = RobotsAnswer(status=200, body=RULES, fetched_at=NOW - stored)
        robots = Robots(cache, lambda: NOW)
        for number in range(9):
            await robots.check(f"{ORIGIN}/{number}", host.fetch)
        return cache.loads, host.asked

    assert asyncio.run(ask_many()) == (1, 1)


@pytest.mark.parametrize(
    "other",
    ["http://alpha.example", "https://alpha.example:8443", "https://www.alpha.example", "https://beta.example"],
)
def test_schemes_hosts_and_ports_have_rules_of_their_own(other):
    asked = []

    async def fetch(url):
        asked.append(url)
        return (200, "User-agent: *\nDisallow: /\n") if url.startswith(f"{ORIGIN}/") else (404, "")

    async def both():
        robots = Robots(Memory(), lambda: NOW)
        with pytest.raises(RobotsRefusedError):
            await robots.check(f"{ORIGIN}:443/a", fetch)  # the port it has anyway
        await robots.check(f"{other}/a", fetch)

    asyncio.run(both())
    assert asked == [f"{ORIGIN}/robots.txt", f"{other}/robots.txt"]


def test_a_refusal_names_the_line_and_when_it_was_read():
    with pytest.raises(RobotsRefusedError) as refused:
        check("/not-for-us/a", Host((200, RULES + "Disallow: /not-for-us/\x1b[31m" + "x" * 999)))
    told = f"read 2025-03-03 00:00 UTC, forbids {ORIGIN}/not-for-us/a in line 6: disallow: /not-for-us"
    assert str(refused.value) == f"{ORIGIN}/robots.txt, {told}"


def test_all_who_ask_at_once_wait_for_one_request():
    async def ask_six():
        robots, host = Robots(Memory(), lambda: NOW), Host((200, "User-agent: *\nDisallow: /\n"))
        checks = [robots.check(f"https://alpha.example/{number}", host.fetch) for number in range(6)]
        return await asyncio.gather(*checks, return_exceptions=True), host.asked

    results, asked = asyncio.run(ask_six())
    assert asked == 1
    assert all(isinstance(result, RobotsRefusedError) for result in results)


# -- no page slips past -----------------------------------------------------------------------------------------------

FORBIDDING = "User-agent: *\nDisallow: /\n"
PAGES = [f"alpha.example/{number}" for number in range(6)]
SCRAPYS_OWN = {
    "DOWNLOADER_MIDDLEWARES": {
        **scrapy_settings.DOWNLOADER_MIDDLEWARES,
        "crawler.fetch.robots_middleware.RobotsMiddleware": None,
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": 900,
    },
    "ROBOTSTXT_OBEY": True,
}


@pytest.fixture
def six_at_once(rig, site, monkeypatch):
    """Crawls the pages of PAGES, all started together as the first requests to their host; how many were asked for."""

    async def start(spider):
        for page in PAGES:
            yield Request(
                f"https://{page}",
                callback=lambda response: None,
                errback=lambda failure: None,
                meta={"source": "alpha"},
            )

    def crawl(robots, settings=None, concurrency=6):
        rig.source(politeness={"delay": "0s", "concurrency": concurrency})
        site.routes["alpha.example/robots.txt"] = robots
        site.routes.update(dict.fromkeys(PAGES, Answer("page")))
        monkeypatch.setattr(SourceSpider, "start", start)
        for name, value in (settings or {}).items():
            monkeypatch.setattr(scrapy_settings, name, value, raising=False)
        rig.crawl()
        return len(site.pages())

    return crawl


@pytest.mark.parametrize("concurrency", [1, 6])
@pytest.mark.parametrize(
    ("robots", "reach"),
    [
        (Answer(FORBIDDING), 0),
        (Answer("User-agent: *\nAllow: /\n", status=503), 0),
        (Answer(b"half", headers={"Content-Encoding": "gzip"}), 0),
        (Answer(FORBIDDING, status=404), 6),
    ],
    ids=["forbidden", "not readable", "broken", "none"],
)
def test_six_first_requests_started_together_do_not_slip_past(six_at_once, site, robots, reach, concurrency):
    assert six_at_once(robots, concurrency=concurrency) == reach
    assert site.hits.count("alpha.example/robots.txt") == 1


def test_six_first_requests_to_a_host_that_hangs_up_do_not_slip_past(six_at_once, site):
    async def hang_up(request):
        request.transport.close()
        return Answer()

    assert six_at_once(hang_up) == 0
    assert set(site.hits) == {"alpha.example/robots.txt"}


def test_the_rig_sees_what_slips_past_scrapys_own_middleware(six_at_once, site, monkeypatch):
    """So that the zeroes above mean something: in the very same crawl Scrapy 2.19 lets pages through."""

    def of_our_source(url, *, meta, **more):  # our door counts by source
        return Request(url, meta={**meta, "source": "alpha"}, **more)

    monkeypatch.setattr("scrapy.downloadermiddlewares.robotstxt.Request", of_our_source)
    assert six_at_once(Answer(FORBIDDING), SCRAPYS_OWN) > 0
    assert "alpha.example/robots.txt" in site.hits


def test_a_redirect_into_a_forbidden_place_is_refused_there(rig, site):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /private\n")
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "/private/a"})
    rig.crawl()
    assert rig.outcomes() == {"a": "refused"}
    assert "alpha.example/private/a" not in site.hits


@pytest.mark.parametrize(
    "path",
    ["./private/x", "a/../private/x", "a/%2e%2e/private/x", "a/.%2E/./private/x", "/private/x", "a/..%2fprivate/x"],
)
def test_no_spelling_of_a_forbidden_place_passes(path):
    rules = (200, "User-agent: *\nDisallow: /private\n")
    with pytest.raises(RobotsRefusedError, match="/private/x in line 2"):
        check(f"/{path}", Host(rules))
    assert check(f"/private/../{path.replace('private', 'public')}", Host(rules)) is None


def test_the_place_that_was_judged_is_the_one_that_is_asked_for(rig, site):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /private\n")
    site.routes["alpha.example/feed"] = Answer(
        feed(f"{ORIGIN}/a/%2e%2e/private/x", f"{ORIGIN}/private/%2e%2e/open", f"{ORIGIN}/o/../also")
    )
    site.routes.update(
        {f"alpha.example/{page}": Answer(article_page(f"机器人{page}")) for page in ("open", "also", "private/x")}
    )
    rig.crawl()
    assert {hit for hit in site.hits if "feed" not in hit} == {
        f"alpha.example/{page}" for page in ("robots.txt", "open", "also")
    }
    assert list(rig.outcomes().values()).count("refused") == 1


def test_the_rules_of_a_host_that_a_redirect_leads_to_hold_there(rig, site):
    links = [f"{ORIGIN}/{number}" for number in range(3)]
    rig.source(politeness={"delay": "0s", "concurrency": 3})
    site.routes["alpha.example/feed"] = Answer(feed(*links))
    for number in range(3):
        away = Answer(status=302, headers={"Location": f"https://beta.example/{number}"})
        site.routes[f"alpha.example/{number}"] = away
    site.routes["beta.example/robots.txt"] = Answer(FORBIDDING)
    rig.crawl()
    assert set(rig.outcomes().values()) == {"refused"}
    assert [hit for hit in site.hits if hit.startswith("beta")] == ["beta.example/robots.txt"]


# -- over HTTP: redirects, sizes, codings -----------------------------------------------------------------------------


def hop(to):
    return Answer(status=301, headers={"Location": to})


def chain(length, last):
    """Redirects from robots.txt, one after the other."""
    places = ["robots.txt", *(f"r{number}" for number in range(length))]
    hops = {f"alpha.example/{here}": hop(f"/{there}") for here, there in pairwise(places)}
    return hops | {f"alpha.example/{places[-1]}": last}


@pytest.fixture
def outcome(rig, site):
    """What becomes of the article /private/a of alpha.example, by the answers to its robots.txt."""

    def outcome(routes):
        if not isinstance(routes, dict):
            routes = {"alpha.example/robots.txt": routes}
        rig.source(politeness={"delay": "0s", "concurrency": 1})
        site.routes["alpha.example/feed"] = Answer(feed(f"{ORIGIN}/private/a"))
        site.routes["alpha.example/private/a"] = Answer(article_page("机器人进厂"))
        site.routes.update(routes)
        report = rig.crawl()
        assert report.errors == ()
        return rig.outcomes().get("private/a", "not polled")

    return outcome


PRIVATE = "User-agent: *\nDisallow: /private\n"
GZIP = {"Content-Encoding": "gzip"}
TAIL = "# nothing\n" * 3_000_000


@pytest.mark.parametrize(
    ("routes", "ends"),
    [
        pytest.param(
            {"alpha.example/robots.txt": hop("/r"), "alpha.example/r": Answer(PRIVATE)}, "refused", id="moved"
        ),
        pytest.param(
            {"alpha.example/robots.txt": hop("https://beta.example/r"), "beta.example/r": Answer(PRIVATE)},
            "refused",
            id="moved to another host",
        ),
        pytest.param(chain(5, Answer(PRIVATE)), "refused", id="five redirects"),
        pytest.param(chain(6, Answer(PRIVATE)), "kept", id="six redirects"),
        pytest.param(hop("/robots.txt"), "kept", id="a circle"),
        pytest.param(hop("https://[/"), "kept", id="to no address"),
        pytest.param(hop("ftp://alpha.example/robots.txt"), "not polled", id="to another protocol"),
        pytest.param(hop("https://user:word@alpha.example/r"), "not polled", id="to an address with a password"),
        pytest.param(Answer(PRIVATE, status=302), "kept", id="to nowhere"),
        pytest.param(chain(1, Answer(status=503)), "not polled", id="to an error"),
        pytest.param(Answer(PRIVATE + TAIL), "refused", id="thirty megabytes"),
        pytest.param(Answer(TAIL + PRIVATE), "kept", id="rules behind thirty megabytes"),
        pytest.param(
            Answer(gzip.compress((PRIVATE + TAIL).encode()), headers=GZIP), "refused", id="thirty, compressed"
        ),
        pytest.param(Answer(PRIVATE.encode("utf-16")), "refused", id="UTF-16"),
        pytest.param(Answer(article_page("首页")), "kept", id="a page"),
        pytest.param(Answer("User-agent: *\nCrawl-delay: 1e300\nRequest-rate: 1/1d\n"), "kept", id="a pause of years"),
        pytest.param(Answer("User-agent: *\nCrawl-delay: NaN\n"), "kept", id="a pause that is no number"),
    ],
)
def test_what_becomes_of_an_article_by_its_robots_txt(outcome, routes, ends):
    assert outcome(routes) == ends


def test_one_that_leads_to_a_held_host_is_asked_for_once_and_its_pages_wait(rig, site):
    rig.source(politeness={"delay": "0s"})
    rig.source("gamma", "https://gamma.example/feed", politeness={"delay": "0s"})
    site.routes["gamma.example/feed"] = Answer(feed(*(f"{ORIGIN}/{number}" for number in range(9))))
    site.routes["alpha.example/robots.txt"] = hop("https://beta.example/robots.txt")
    site.routes["beta.example/robots.txt"] = Answer(status=429, headers={"Retry-After": "80000"})
    asked = []
    for _ in range(2):
        site.hits.clear()
        rig.crawl()
        asked.append([site.hits.count(f"{host}.example/robots.txt") for host in ("alpha", "beta")])
        rig.clock.move_by(timedelta(minutes=40))
    assert asked == [[1, 1], [1, 0]]
    [(status, told)] = rig.query(f"SELECT status, body FROM robots WHERE origin = '{ORIGIN}'")
    assert (status, "beta.example asked to be left alone" in told) == (0, True)


def test_the_rules_hold_for_the_origin_that_was_asked_not_for_the_one_that_answered(rig, site, outcome):
    routes = {
        "alpha.example/robots.txt": hop("https://beta.example/robots.txt"),
        "beta.example/robots.txt": Answer(PRIVATE),
    }
    assert outcome(routes) == "refused"
    assert [origin for [origin] in rig.query("SELECT origin FROM robots")] == [ORIGIN]


@pytest.mark.parametrize("length", [None, 10**12], ids=["in pieces", "with a length"])
def test_of_an_endless_one_no_more_is_read_than_counts(outcome, site, length):
    sent = []

    async def endless(request):
        response = web.StreamResponse(headers={"Content-Length": str(length)} if length else {})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError, RuntimeError):
            await response.write(PRIVATE.encode())
            while sum(sent) < 50_000_000:
                await response.write(b"# on and on\n" * 5000)
                sent.append(60_000)
        return response

    site.routes["alpha.example/robots.txt"] = endless
    assert outcome(endless) == "refused"
    assert sum(sent) < 20_000_000  # what fits into the buffers between the two


def test_a_redirect_to_an_address_behind_the_guard_is_waited_for_and_never_followed(tmp_path, site):
    rig = Rig(tmp_path)
    rig.write("presswatch.yaml", {"safety": {"allow_networks": ["127.0.0.1/32"]}, "min_free_mb": 0})
    rig.source(url=f"{site.url}/feed")
    host = site.url.removeprefix("http://")
    with serving("127.0.0.2") as hidden:
        port = hidden.url.rsplit(":", 1)[1]
        hidden.routes[f"127.0.0.2:{port}/robots.txt"] = Answer("")
        site.routes[f"{host}/robots.txt"] = hop(f"{hidden.url}/robots.txt")
        site.routes[f"{host}/feed"] = Answer(feed(f"{site.url}/a"))
        report = rig.crawl()
        assert (hidden.hits, site.pages()) == ([], [])
    assert Failure.ROBOTS_UNREACHABLE in book_of(report).error
    assert rig.query("SELECT status FROM robots") == [(0,)]


@pytest.mark.parametrize(("asked", "slept", "told"), [("30", 30, False), ("86400", 60, True)])
def test_a_pause_is_kept_up_to_a_ceiling_which_is_told_once(rig, site, caplog, asked, slept, told):
    rig.source(politeness={"delay": "0s", "concurrency": 1})
    site.routes["alpha.example/robots.txt"] = Answer(f"User-agent: *\nCrawl-delay: {asked}\n")
    site.routes["alpha.example/feed"] = Answer(feed(f"{ORIGIN}/a", f"{ORIGIN}/b"))
    with caplog.at_level("INFO"):
        rig.crawl()
    assert (rig.clock.now() - START).total_seconds() == 3 * slept
    assert caplog.text.count("asks for 86400 s between two requests; 60 s are kept") == told
