"""How gently hosts are asked, by what the server itself saw: spacing, number at once, wishes, and who asks."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from rig import CONTACT, START, Answer, article_page, book_of, feed

from crawler import __version__

HOUR = timedelta(hours=1)


class Watched:
    """A server that notes when each request came by the run's clock, and how many of a host it has at once."""

    def __init__(self, rig, site):
        self._rig, self._site = rig, site
        self.came: list[tuple[datetime, str]] = []
        self.most = 0
        self._now = 0

    def serve(self, where, answer):
        async def seen(request):
            self.came.append((self._rig.clock.now(), where))
            self._now += 1
            self.most = max(self.most, self._now)
            await asyncio.sleep(0.01)  # of the server's: so that two that come together meet
            self._now -= 1
            return answer

        self._site.routes[where] = seen

    def gaps(self):
        """Seconds between one request and the next."""
        times = [moment for moment, _ in self.came]
        return [(after - before).total_seconds() for before, after in pairwise(times)]


@pytest.fixture
def watched(rig, site):
    return Watched(rig, site)


def page(number):
    return Answer(article_page(f"机器人{number}", f"第{number}台机器人今天走进了工厂，工程师在旁记录。" * 20))


@pytest.fixture
def press(rig, watched):
    """Two sources on three subdomains of one domain, and redirects between them."""
    rig.source(url="https://a.press.example/feed", politeness={"delay": "2s"})
    rig.source("beta", "https://c.press.example/feed", politeness={"delay": "3s", "concurrency": 2})
    for name in "abc":
        watched.serve(f"{name}.press.example/robots.txt", Answer(status=404))
    watched.serve("a.press.example/feed", Answer(feed("https://b.press.example/1", "https://b.press.example/2")))
    watched.serve("c.press.example/feed", Answer(feed("https://a.press.example/3", "https://c.press.example/4")))
    watched.serve("b.press.example/1", Answer(status=302, headers={"Location": "https://c.press.example/moved"}))
    watched.serve("c.press.example/moved", page(1))
    for where, number in (("b.press.example/2", 2), ("a.press.example/3", 3), ("c.press.example/4", 4)):
        watched.serve(where, page(number))
    return rig


# -- spacing -----------------------------------------------------------------------------------------------------------


def test_a_domain_is_asked_one_at_a_time_whoever_asks_and_whatever_its_subdomain(press, watched):
    press.crawl()
    assert len(watched.came) == 10
    assert (watched.most, min(watched.gaps())) == (1, 3.0)  # the more careful of the two sources
    assert press.outcomes() == {"1": "kept", "2": "kept", "3": "kept", "4": "kept"}


def test_the_pause_is_kept_from_one_run_to_the_next(press, watched):
    press.crawl()
    last = watched.came[-1][0]
    [[noted]] = press.query("SELECT last_request_at FROM host WHERE name = 'press.example'")
    assert datetime.fromisoformat(noted).replace(tzinfo=UTC) == last
    press.crawl(poll_now=True)
    assert min(watched.gaps()) == 3.0
    assert len(watched.came) > 10


@pytest.mark.parametrize(
    ("delay", "robots", "seconds"),
    [
        ("5s", "", 5), ("5s", "Crawl-delay: 1\n", 5), ("5s", "Crawl-delay: 20\n", 20),
        ("5s", "Crawl-delay: 3600\n", 60),
        ("90s", "Crawl-delay: 3600\n", 90), ("5s", "Crawl-delay: -4\n", 5), ("5s", "Crawl-delay: soon\n", 5),
        ("0s", "Crawl-delay: 0.5\n", 0.5),
    ],
)  # fmt: skip
def test_the_longer_of_the_configured_and_the_crawl_delay_counts_up_to_a_minute(rig, watched, delay, robots, seconds):
    rig.source(politeness={"delay": delay})
    watched.serve("alpha.example/robots.txt", Answer(f"User-agent: *\n{robots}Disallow: /no\n"))
    watched.serve("alpha.example/feed", Answer(feed("https://alpha.example/1", "https://alpha.example/2")))
    watched.serve("alpha.example/1", page(1))
    watched.serve("alpha.example/2", page(2))
    rig.crawl()
    assert watched.gaps() == [seconds] * 3
    rig.crawl(poll_now=True)  # robots.txt is fresh, and its delay known from the first request on
    assert watched.gaps()[3:] == [seconds]


def test_a_pause_longer_than_the_run_is_left_to_the_next(rig, watched):
    rig.source(politeness={"delay": "50s"})
    watched.serve("alpha.example/robots.txt", Answer(status=404))
    watched.serve("alpha.example/feed", Answer(feed("https://alpha.example/1")))
    watched.serve("alpha.example/1", page(1))
    report = rig.crawl(until=START + timedelta(seconds=70))
    assert (report.time_over, rig.outcomes(), len(watched.came)) == (True, {"1": None}, 2)
    rig.crawl()
    assert (watched.gaps(), rig.outcomes()) == ([50, 50], {"1": "kept"})


# -- wishes ------------------------------------------------------------------------------------------------------------

SENT = "Mon, 03 Mar 2025 00:00:00 GMT"
LATER = START + 2 * HOUR
WISHES = [
    pytest.param("7200", 2 * HOUR, id="seconds"),
    pytest.param(format_datetime(LATER, usegmt=True), 2 * HOUR, id="RFC 5322 date"),
    pytest.param("Monday, 03-Mar-25 02:00:00 GMT", 2 * HOUR, id="RFC 850 date"),
    pytest.param("Mon Mar  3 02:00:00 2025", 2 * HOUR, id="asctime date"),
    pytest.param("9999999999", 24 * HOUR, id="absurd seconds"),
    pytest.param("Fri, 31 Dec 2199 23:59:59 GMT", 24 * HOUR, id="absurd date"),
    pytest.param("0", None, id="none"),
    pytest.param("-60", None, id="negative"),
    pytest.param("Sun, 02 Mar 2025 00:00:00 GMT", None, id="past"),
    pytest.param("soon", None, id="words"),
    pytest.param("", None, id="no header"),
]
WHERE = ["robots.txt", "feed", "1"]


def held(rig):
    """For how long the host is left alone, from START on."""
    [[until]] = rig.query("SELECT next_due FROM host WHERE name = 'alpha.example'")
    return until and datetime.fromisoformat(until).replace(tzinfo=UTC) - START


def answers(site, where, status, wish):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/1"))
    site.routes["alpha.example/1"] = page(1)
    headers = {"Date": SENT, **({"Retry-After": wish} if wish else {})}
    body = site.routes.get(f"alpha.example/{where}", Answer(status=404)).body if status < 300 else ""
    site.routes[f"alpha.example/{where}"] = Answer(body, status=status, headers=headers)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(("wish", "expected"), WISHES)
def test_a_wish_with_429_is_kept_for_the_whole_host_and_told_once(rig, site, where, wish, expected):
    rig.source(politeness={"delay": "0s"})
    answers(site, where, 429, wish)
    report = rig.crawl()
    assert held(rig) == (expected or timedelta(minutes=10))  # without one that can be kept
    assert book_of(report).error.count("it is left alone until") == 1
    asked = len(site.hits)
    rig.clock.move_to(START + held(rig) - timedelta(seconds=1))
    rig.crawl(poll_now=True)
    assert len(site.hits) == asked
    rig.clock.move_by(timedelta(minutes=31))  # a robots.txt that was no answer is asked for again after half an hour
    rig.crawl(poll_now=True)
    assert len(site.hits) > asked


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(
    ("status", "wish", "expected"),
    [
        (503, "7200", 2 * HOUR), (503, "", None), (500, "7200", 2 * HOUR), (200, "7200", None), (301, "7200", None),
        (404, "7200", None), (403, "7200", None),
    ],
)  # fmt: skip
def test_a_wish_is_kept_where_the_server_is_overburdened_and_nowhere_else(rig, site, where, status, wish, expected):
    rig.source(politeness={"delay": "0s"})
    answers(site, where, status, wish)
    rig.crawl()
    assert held(rig) == expected


def test_a_server_whose_clock_differs_is_left_alone_for_as_long_as_it_means(rig, site):
    rig.source(politeness={"delay": "0s"})
    site.routes["alpha.example/feed"] = Answer(
        status=429,
        headers={"Date": "Mon, 03 Mar 2025 05:00:00 GMT", "Retry-After": "Mon, 03 Mar 2025 06:00:00 GMT"},
    )
    rig.crawl()
    assert held(rig) == HOUR  # not six


# -- who asks ----------------------------------------------------------------------------------------------------------


def test_every_request_says_who_asks_and_nothing_else(rig, site):
    """The whole of what the server sees: a list, a page, robots.txt, both again, and a redirect."""
    rig.write("presswatch.yaml", {"contact": CONTACT, "min_free_mb": 0, "revisit": ["24h"]})
    cookie = {"Set-Cookie": "id=1; Path=/", "ETag": '"v1"', "Last-Modified": SENT}
    site.routes["alpha.example/feed"] = Answer(
        feed("https://alpha.example/1", "https://alpha.example/2"), headers=cookie
    )
    site.routes["alpha.example/1"] = Answer(page(1).body, headers=cookie)
    site.routes["alpha.example/2"] = Answer(status=302, headers={**cookie, "Location": "https://alpha.example/moved"})
    site.routes["alpha.example/moved"] = page(2)
    rig.crawl()
    rig.clock.move_by(25 * HOUR)
    rig.crawl()
    common = {
        "Host": "alpha.example",
        "User-Agent": f"presswatch/{__version__} (+{CONTACT})",
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.6",
        "Accept-Encoding": "gzip, deflate, br, zstd",
    }
    of_robots = {**common, "Accept": "text/plain,*/*;q=0.5", "Accept-Encoding": "identity"}
    known = {"If-None-Match": '"v1"', "If-Modified-Since": SENT}
    seen = list(zip(site.hits, site.seen, strict=True))
    assert [where for where, _ in seen[:5]] == [
        "alpha.example/robots.txt", "alpha.example/feed", "alpha.example/1", "alpha.example/2", "alpha.example/moved",
    ]  # fmt: skip
    assert [headers for _, headers in seen[:5]] == [of_robots] + [common] * 4
    again = dict(seen[5:])
    assert again["alpha.example/robots.txt"] == of_robots
    assert again["alpha.example/feed"] == again["alpha.example/1"] == {**common, **known}
