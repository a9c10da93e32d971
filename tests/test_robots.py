"""robots.txt: what each answer means, how long it holds, and that nobody slips past while it is being read."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from rig import Answer, feed
from scrapy import Request

from crawler.fetch.robots import Robots, RobotsAnswer, RobotsRefusedError, RobotsUnreachableError
from crawler.spiders.source import SourceSpider

NOW = datetime(2025, 3, 3, tzinfo=UTC)
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


@pytest.mark.parametrize("status", [0, 401, 403, 429, 500, 503, 567], ids=str)
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


def test_known_rules_outlive_a_failure_and_are_asked_for_again_soon():
    cache = Memory({"https://alpha.example": RobotsAnswer(status=200, body=RULES, fetched_at=NOW - timedelta(days=2))})
    host = Host((503, ""))
    assert check("/public", host, cache) is None
    with pytest.raises(RobotsRefusedError):
        check("/not-for-us", host, cache, NOW + timedelta(minutes=29))
    assert host.asked == 1
    check("/public", host, cache, NOW + timedelta(minutes=31))
    assert host.asked == 2


def test_all_who_ask_at_once_wait_for_one_request():
    async def ask_six():
        robots, host = Robots(Memory(), lambda: NOW), Host((200, "User-agent: *\nDisallow: /\n"))
        checks = [robots.check(f"https://alpha.example/{number}", host.fetch) for number in range(6)]
        return await asyncio.gather(*checks, return_exceptions=True), host.asked

    results, asked = asyncio.run(ask_six())
    assert asked == 1
    assert all(isinstance(result, RobotsRefusedError) for result in results)


@pytest.mark.parametrize(
    ("robots", "reach"),
    [
        (Answer("User-agent: *\nDisallow: /\n"), 0),
        (Answer("User-agent: *\nAllow: /\n", status=503), 0),
        (Answer("User-agent: *\nDisallow: /\n", status=404), 6),
    ],
    ids=["forbidden", "not readable", "none"],
)
def test_six_first_requests_started_together_do_not_slip_past(rig, site, robots, reach, monkeypatch):
    """Scrapy 2.19's own middleware lets four or five of these six through."""

    async def six_at_once(spider):
        for number in range(6):
            yield Request(
                f"https://alpha.example/{number}",
                callback=lambda response: None,
                errback=lambda failure: None,
                meta={"source": "alpha"},
            )

    rig.source(politeness={"delay": "0s", "concurrency": 6})
    site.routes["alpha.example/robots.txt"] = robots
    site.routes.update({f"alpha.example/{number}": Answer("page") for number in range(6)})
    monkeypatch.setattr(SourceSpider, "start", six_at_once)
    rig.crawl()
    assert site.hits.count("alpha.example/robots.txt") == 1
    assert len(site.pages()) == reach


def test_a_redirect_into_a_forbidden_place_is_refused_there(rig, site):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /private\n")
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "/private/a"})
    rig.crawl()
    assert rig.outcomes() == {"a": "refused"}
    assert "alpha.example/private/a" not in site.hits
